//! Sending messages, each once.
//!
//! Twilio sends a message as often as it is told to. So what was certainly not sent is sent again, and what may
//! have been is looked up in Twilio's log first. The log lags, so a message that it does not show after a failure waits
//! in the queue, and is looked up again before the next attempt.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use tokio::time::timeout;
use twilify::twilio::{self, Account, Direction, IncomingMessage, Logged, OutgoingMessage, Search};

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

/// How long the log may take, all requests together.
const READING: Duration = Duration::from_secs(5);

/// At which try out of the queue a text is sent although the log takes too long to read: the last one in the first queue, nine
/// minutes after the text came in. A text that arrives twice is better than one that never arrives.
const MOST_TRIES_FOR_THE_LOG: u32 = 5;

/// How long the same remark is not repeated to the same person.
const SILENCE: SignedDuration = SignedDuration::from_hours(1);

/// A message was not sent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotSent {
    /// Twilio says so.
    #[error(transparent)]
    Refused(twilio::Error),
    /// Twilio's log takes too long to say whether it was sent before.
    #[error("Twilio's log takes too long to read, so the text waits in the queue")]
    LogTooSlow,
    /// Nobody knows whether it was sent, or it may be sent another time.
    #[error(transparent)]
    Unknown(twilio::Error),
}

impl NotSent {
    /// Twilio's error code; zero if it gave none.
    pub(crate) fn code(&self) -> u32 {
        match self {
            Self::Refused(error) | Self::Unknown(error) => error.code().unwrap_or_default(),
            Self::LogTooSlow => 0,
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

    /// Sends `messages` in their order, up to the first that cannot be sent. Those that were sent before are left out.
    pub(crate) async fn send(&self, messages: &[OutgoingMessage]) -> Result<(), NotSent> {
        let sent = match self.attempt {
            Attempt::First => vec![false; messages.len()],
            Attempt::Late(times) => match self.were_sent(messages).await? {
                Some(sent) => sent,
                None if times < MOST_TRIES_FOR_THE_LOG => return Err(NotSent::LogTooSlow),
                None => {
                    tracing::warn!("Twilio's log takes too long to read, so a text may arrive twice");
                    vec![false; messages.len()]
                }
            },
        };
        for (message, _) in messages.iter().zip(sent).filter(|(_, sent)| !sent) {
            self.send_one(message).await?;
        }
        Ok(())
    }

    async fn send_one(&self, outgoing: &OutgoingMessage) -> Result<(), NotSent> {
        let mut attempt = 1;
        loop {
            let Err(error) = self.account.send(outgoing).await else { return Ok(()) };
            if !error.is_of_unknown_outcome() && !error.was_not_carried_out() {
                return Err(NotSent::Refused(error));
            }
            tokio::time::sleep(PAUSE).await;
            if error.is_of_unknown_outcome() {
                let sent = self.were_sent(std::slice::from_ref(outgoing)).await;
                let was_sent = matches!(sent, Ok(Some(sent)) if sent == [true]);
                return if was_sent { Ok(()) } else { Err(NotSent::Unknown(error)) };
            }
            if attempt == ATTEMPTS {
                return Err(NotSent::Unknown(error));
            }
            attempt += 1;
        }
    }

    /// Which of `messages`, all to the same mobile, Twilio's log has. `None` if it takes too long to read.
    async fn were_sent(&self, messages: &[OutgoingMessage]) -> Result<Option<Vec<bool>>, NotSent> {
        match timeout(READING, self.look_up(messages)).await {
            Ok(Ok(sent)) => Ok(Some(sent)),
            Ok(Err(error)) if !error.is_too_long() => Err(NotSent::Unknown(error)),
            Ok(Err(_)) | Err(_) => Ok(None),
        }
    }

    /// The same sender may have written the same more than once, so there have to be as many that went out as came in.
    ///
    /// What went out is read first: the log lags, so a text that went out may be there although the one that came in later
    /// is not, but not the other way round.
    async fn look_up(&self, messages: &[OutgoingMessage]) -> Result<Vec<bool>, twilio::Error> {
        let came_in = self.came_in().await?;
        let lately = self.count_sent(messages, came_in, 0).await?;
        // What went out before this text came in can only be for another one, so it is not read without need.
        if lately.iter().all(|count| *count == 0) {
            return Ok(vec![false; messages.len()]);
        }
        let before = came_in - HOURS_IN_THE_QUEUE;
        let others = self.others_came(before - HOURS_IN_THE_QUEUE).await?;
        if others.iter().all(|time| *time < before) {
            return Ok(lately.into_iter().map(|count| count > 0).collect());
        }
        let sent = self.count_sent(messages, before, others.len()).await?;
        Ok(sent.into_iter().map(|count| count > others.len()).collect())
    }

    /// How often each of `messages` went out since then. Nobody needs to know of more than `enough` and one more.
    async fn count_sent(
        &self,
        messages: &[OutgoingMessage],
        since: Timestamp,
        enough: usize,
    ) -> Result<Vec<usize>, twilio::Error> {
        let mut counts = vec![0; messages.len()];
        let Some(OutgoingMessage { from, to, .. }) = messages.first() else { return Ok(counts) };
        let search = Search { from: from.as_e164(), to: to.as_e164(), since };
        let count = |it: Logged| {
            if it.direction == Direction::Outbound {
                for (count, message) in counts.iter_mut().zip(messages) {
                    *count += usize::from(it.says(&message.body));
                }
            }
            counts.iter().all(|count| *count > enough)
        };
        self.account.search_log(search, count).await?;
        Ok(counts)
    }

    /// When the same sender has written the same in other messages since then.
    async fn others_came(&self, since: Timestamp) -> Result<Vec<Timestamp>, twilio::Error> {
        let IncomingMessage { sid, from, to_address, body, .. } = self.message;
        let mut times = Vec::new();
        let note = |it: Logged| {
            if it.direction == Direction::Inbound && it.sid != *sid && it.says(body) {
                times.push(it.date_created);
            }
            false
        };
        self.account.search_log(Search { from, to: to_address, since }, note).await?;
        Ok(times)
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
        let search = Search { from, to, since: Timestamp::now() - SILENCE };
        let is_it = |it: Logged| it.direction == Direction::Outbound && it.says(remark);
        self.account.search_log(search, is_it).await
    }

    /// Whether what has come back went out from one number to another in the last hours.
    pub(crate) async fn was_forwarded(
        &self,
        from: &str,
        to: &str,
        returned: &Returned<'_>,
    ) -> Result<bool, twilio::Error> {
        let search = Search { from, to, since: Timestamp::now() - HOURS_IN_THE_QUEUE };
        let is_it = |it: Logged| it.direction == Direction::Outbound && returned.is_of(&it);
        timeout(READING, self.account.search_log(search, is_it)).await.unwrap_or(Ok(false))
    }
}
