//! Sending messages, each once.
//!
//! Twilio sends a message as often as it is told to. So what was certainly not sent is sent again, and what may
//! have been is looked up in Twilio's log first.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use twilify::twilio::{self, Account, Direction, IncomingMessage, OutgoingMessage};

/// How often a message is tried.
const ATTEMPTS: usize = 3;

/// How long after a failure Twilio's log is asked, or Twilio itself again.
const PAUSE: Duration = Duration::from_millis(500);

/// How far back the log is searched for what went out.
const HINDSIGHT: SignedDuration = SignedDuration::from_hours(24);

/// How much further back it is searched for what came in, because that may have taken hours to go out.
const HOURS_IN_THE_QUEUE: SignedDuration = SignedDuration::from_hours(6);

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
    /// Whether this is not the first time, so that they may have been sent before.
    again: bool,
}

impl<'a> Delivery<'a> {
    pub(crate) fn new(
        account: &Account,
        message: &'a IncomingMessage,
        again: bool,
        deadline: Instant,
    ) -> Self {
        Self { account: account.until(deadline), message, again }
    }

    /// Whether the message has waited in the queue.
    pub(crate) fn is_late(&self) -> bool {
        self.again
    }

    /// Sends `messages` in their order, up to the first that cannot be sent.
    pub(crate) async fn send(&self, messages: &[OutgoingMessage]) -> Result<(), NotSent> {
        for message in messages {
            self.send_one(message).await?;
        }
        Ok(())
    }

    async fn send_one(&self, outgoing: &OutgoingMessage) -> Result<(), NotSent> {
        if self.again && self.was_sent(outgoing).await.map_err(NotSent::Unknown)? {
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
                match self.was_sent(outgoing).await {
                    Ok(true) => return Ok(()),
                    Ok(false) if error.is_over() => {}
                    Ok(false) | Err(_) => return Err(NotSent::Unknown(error)),
                }
            }
            if attempt == ATTEMPTS {
                return Err(NotSent::Unknown(error));
            }
            attempt += 1;
        }
    }

    /// Whether Twilio's log has `outgoing`. Somebody may have written the same more than once in the last day,
    /// so there have to be as many that went out as came in.
    async fn was_sent(&self, outgoing: &OutgoingMessage) -> Result<bool, twilio::Error> {
        let IncomingMessage { sid, from: sender, body, .. } = self.message;
        let OutgoingMessage { from: company_number, to: mobile, body: forwarded, .. } = outgoing;
        let since = Timestamp::now() - HINDSIGHT;
        let (company_number, mobile) = (company_number.as_e164(), mobile.as_e164());
        let sent = self.account.messages_since(company_number, mobile, since).await?;
        let sent =
            sent.iter().filter(|it| it.direction == Direction::Outbound && it.body == *forwarded).count();
        if sent == 0 {
            return Ok(false);
        }
        let came = self.account.messages_since(sender, company_number, since - HOURS_IN_THE_QUEUE).await?;
        let came = came.iter().filter(|it| it.direction == Direction::Inbound && it.from == *sender);
        let others = came.filter(|it| it.body == *body && it.sid != *sid).count();
        Ok(sent > others)
    }

    /// Whether a remark of ours was made a short while ago: two machines must not answer each other for ever.
    pub(crate) async fn was_said(&self, from: &str, to: &str, remark: &str) -> Result<bool, twilio::Error> {
        let lately = self.account.messages_since(from, to, Timestamp::now() - SILENCE).await?;
        Ok(lately.iter().any(|it| it.direction == Direction::Outbound && it.body == remark))
    }
}
