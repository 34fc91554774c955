//! Sending messages, each once.
//!
//! Twilio sends a message as often as it is told to. So what was certainly not sent is sent again, and what may
//! have been is looked up in Twilio's log first. The log lags, so a message that it does not show after a failure waits
//! in the queue, and is looked up again before the next attempt.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use twilify::twilio::{self, Account, Direction, IncomingMessage, Logged, OutgoingMessage, Search, Searched};

use crate::circle::Returned;

/// How often a message is tried that was certainly not sent.
pub(crate) const ATTEMPTS: usize = 3;

/// How long after a failure Twilio's log is asked, or Twilio itself again.
pub(crate) const PAUSE: Duration = Duration::from_millis(500);

/// How far back the log is searched for what went out, at most.
const HINDSIGHT: SignedDuration = SignedDuration::from_hours(24);

/// How long a text may have been in the queues before it went out: seven hours, see `template.yaml`, and some more.
const HOURS_IN_THE_QUEUE: SignedDuration = SignedDuration::from_hours(8);

/// How long before now a text has come in that has not been in the queue: Twilio waits fifteen seconds, and clocks differ.
pub(crate) const JUST_NOW: SignedDuration = SignedDuration::from_mins(1);

/// How long the log may take. What is not found by then counts as not sent: a text that arrives twice is better than one
/// that never arrives because of a long log. A request that has been made is waited for, so it may be four seconds more.
const READING: Duration = Duration::from_secs(3);

/// What the log says when it was not read to the end in that time.
const TOO_LONG: &str = "Twilio's log takes too long to read, so a text may arrive twice";

/// How long the same remark is not repeated to the same person.
const SILENCE: SignedDuration = SignedDuration::from_hours(1);

/// A message was not sent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotSent {
    /// Twilio says so.
    #[error(transparent)]
    Refused(twilio::Error),
    /// As far as is known, or can be seen now.
    #[error(transparent)]
    Unknown(twilio::Error),
}

impl NotSent {
    /// Twilio's error code; zero if it gave none.
    pub(crate) fn code(&self) -> u32 {
        match self {
            Self::Refused(error) | Self::Unknown(error) => error.code().unwrap_or_default(),
        }
    }

    /// Whether it would be refused again.
    pub(crate) fn is_final(&self) -> bool {
        matches!(self, Self::Refused(twilio::Error::Refused(refusal)) if refusal.is_final())
    }
}

/// What sends the messages that one incoming message leads to.
pub(crate) struct Delivery<'a> {
    account: Account,
    message: &'a IncomingMessage,
    attempt: Attempt,
}

/// Which attempt to forward a message it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attempt {
    /// Twilio has just reported the message.
    First,
    /// It has waited in the queue, out of which it has come so often. It may have been sent before.
    Late(u32),
}

impl<'a> Delivery<'a> {
    pub(crate) fn new(
        account: &Account,
        message: &'a IncomingMessage,
        attempt: Attempt,
        deadline: Instant,
    ) -> Self {
        Self { account: account.until(deadline), message, attempt }
    }

    /// Whether the message has waited in the queue.
    pub(crate) fn is_late(&self) -> bool {
        self.attempt != Attempt::First
    }

    /// Whether the message may wait some minutes more for files that are not there yet: the third time out of the queue
    /// is five minutes after it came in, and files take seconds.
    pub(crate) fn may_wait_for_files(&self) -> bool {
        match self.attempt {
            Attempt::First => true,
            Attempt::Late(times) => times < 3,
        }
    }

    /// Sends `messages` in their order, up to the first that cannot be sent.
    pub(crate) async fn send(&self, messages: &[OutgoingMessage]) -> Result<(), NotSent> {
        for message in messages {
            self.send_one(message).await?;
        }
        Ok(())
    }

    async fn send_one(&self, outgoing: &OutgoingMessage) -> Result<(), NotSent> {
        if self.is_late() && self.was_sent(outgoing).await.map_err(NotSent::Unknown)? {
            return Ok(());
        }
        let mut attempt = 1;
        loop {
            let Err(error) = self.account.send(outgoing).await else { return Ok(()) };
            if !error.is_of_unknown_outcome() && !error.was_not_carried_out() {
                return Err(NotSent::Refused(error));
            }
            tokio::time::sleep(PAUSE).await;
            if error.is_of_unknown_outcome() {
                let was_sent = self.was_sent(outgoing).await.unwrap_or(false);
                return if was_sent { Ok(()) } else { Err(NotSent::Unknown(error)) };
            }
            if attempt == ATTEMPTS {
                return Err(NotSent::Unknown(error));
            }
            attempt += 1;
        }
    }

    /// Whether Twilio's log has `outgoing`. The same sender may have written the same more than once, so there have to be
    /// as many that went out as came in.
    async fn was_sent(&self, outgoing: &OutgoingMessage) -> Result<bool, twilio::Error> {
        let IncomingMessage { sid, from: sender, to_address, body, .. } = self.message;
        let OutgoingMessage { from: company_number, to: mobile, body: forwarded, .. } = outgoing;
        let end = Instant::now() + READING;
        let came_in = self.came_in().await?;
        let before = came_in - HOURS_IN_THE_QUEUE;
        let (mut others, mut some_lately) = (0, false);
        // A text from the hours before those may have waited, and gone out in them.
        let since = before - HOURS_IN_THE_QUEUE;
        let came = Search { from: sender, to: to_address, since, deadline: Some(end) };
        let searched = self
            .account
            .search_log(came, |it| {
                if it.direction == Direction::Inbound && it.sid != *sid && it.says(body) {
                    others += 1;
                    some_lately |= it.date_created >= before;
                }
                false
            })
            .await?;
        if searched == Searched::OutOfTime {
            tracing::warn!(TOO_LONG);
            return Ok(false);
        }
        // What went out before this text came in can only be for another one, so it is not read without need.
        let (since, others) = if some_lately { (before, others) } else { (came_in, 0) };
        let (from, to) = (company_number.as_e164(), mobile.as_e164());
        let mut sent = 0;
        let searched = self
            .account
            .search_log(Search { from, to, since, deadline: Some(end) }, |it| {
                sent += usize::from(it.direction == Direction::Outbound && it.says(forwarded));
                sent > others
            })
            .await?;
        if searched == Searched::OutOfTime {
            tracing::warn!(TOO_LONG);
        }
        Ok(searched == Searched::Found)
    }

    /// When the message came in, or some moments before that.
    async fn came_in(&self) -> Result<Timestamp, twilio::Error> {
        let now = Timestamp::now();
        if !self.is_late() {
            return Ok(now - JUST_NOW);
        }
        match self.account.message(&self.message.sid).await {
            Ok(logged) => Ok(logged.date_created.max(now - HINDSIGHT)),
            // It does not tell whether it was forwarded, so it need not be there.
            Err(twilio::Error::Refused(_)) => Ok(now - HINDSIGHT),
            Err(error) => Err(error),
        }
    }

    /// Whether a remark of ours was made a short while ago: two machines must not answer each other for ever.
    pub(crate) async fn was_said(&self, from: &str, to: &str, remark: &str) -> Result<bool, twilio::Error> {
        let search = Search { from, to, since: Timestamp::now() - SILENCE, deadline: None };
        let is_it = |it: Logged| it.direction == Direction::Outbound && it.says(remark);
        Ok(self.account.search_log(search, is_it).await? == Searched::Found)
    }

    /// Whether what has come back went out from one number to another in the last hours.
    pub(crate) async fn was_forwarded(
        &self,
        from: &str,
        to: &str,
        returned: &Returned<'_>,
    ) -> Result<bool, twilio::Error> {
        let deadline = Some(Instant::now() + READING);
        let search = Search { from, to, since: Timestamp::now() - HOURS_IN_THE_QUEUE, deadline };
        let is_it = |it: Logged| it.direction == Direction::Outbound && returned.is_of(&it);
        Ok(self.account.search_log(search, is_it).await? == Searched::Found)
    }
}
