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

/// How far back the log is searched. Far longer than any message is tried, so that what lies at its edge does
/// not matter.
const HINDSIGHT: SignedDuration = SignedDuration::from_hours(24);

/// How long the same remark is not repeated to the same person.
const SILENCE: SignedDuration = SignedDuration::from_hours(1);

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

    /// Sends `messages` in their order, up to the first that cannot be sent.
    pub(crate) async fn send(&self, messages: &[OutgoingMessage]) -> Result<(), twilio::Error> {
        for message in messages {
            self.send_one(message).await?;
        }
        Ok(())
    }

    /// Sends a message. After an error, it may have been sent only if that was of unknown outcome and Twilio's
    /// log did not know of it.
    async fn send_one(&self, outgoing: &OutgoingMessage) -> Result<(), twilio::Error> {
        if self.again && self.was_sent(outgoing).await? {
            return Ok(());
        }
        let mut attempt = 1;
        loop {
            let Err(error) = self.account.send(outgoing).await else { return Ok(()) };
            let is_unknown = error.is_of_unknown_outcome();
            if is_unknown || error.was_not_carried_out() {
                tokio::time::sleep(PAUSE).await;
            }
            let again = if is_unknown {
                match self.was_sent(outgoing).await {
                    Ok(true) => return Ok(()),
                    // What Twilio has not answered it may still be busy with.
                    Ok(false) => matches!(error, twilio::Error::Refused(_)),
                    Err(_) => false,
                }
            } else {
                error.was_not_carried_out()
            };
            if !again || attempt == ATTEMPTS {
                return Err(error);
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
        let came = self.account.messages_since(sender, company_number, since).await?;
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
