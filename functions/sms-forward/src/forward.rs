//! Forwarding a message, once: whose is it, and what is to become of it.

use std::time::{Duration, Instant};

use twilify::{
    Causes, CompanyNumber,
    config::Messages,
    switchboard::{Switchboard, Unreached},
    twilio::{Account, IncomingMessage, MessagingResponse, MessagingServiceSid, Webhooks},
};

use crate::{NotForwarded, Outcome, delivery::Delivery, handled::Handled, log_failure, passage::Passage};

/// How long all of it may take: Twilio waits fifteen seconds, and a cold start needs some of them.
const BUDGET: Duration = Duration::from_secs(10);

/// How long Twilio is asked again.
const ASKING: Duration = Duration::from_secs(8);

/// What forwards messages.
#[derive(Debug)]
pub struct SmsForward {
    pub(crate) webhooks: Webhooks,
    switchboard: Switchboard,
    pub(crate) account: Account,
    /// The Messaging Service to send through, if there is one.
    pub(crate) service: Option<MessagingServiceSid>,
    pub(crate) settings: Messages,
    pub(crate) handled: Handled,
}

impl SmsForward {
    /// A function that has not handled anything yet.
    #[must_use]
    pub fn new(
        webhooks: Webhooks,
        switchboard: Switchboard,
        account: Account,
        service: Option<MessagingServiceSid>,
        settings: Messages,
    ) -> Self {
        Self { webhooks, switchboard, account, service, settings, handled: Handled::default() }
    }

    /// Forwards a message, unless that has been done. `again` says that it may have been done by another
    /// process.
    pub(crate) async fn forward_once(
        &self,
        message: &IncomingMessage,
        again: bool,
    ) -> Result<MessagingResponse, NotForwarded> {
        if self.handled.contains(&message.sid) {
            tracing::info!("a message has come once more");
            return Ok(MessagingResponse::default());
        }
        let done = tokio::time::timeout(BUDGET, self.forward(message, again)).await.unwrap_or_else(|_| {
            tracing::error!("no time is left to forward a message");
            Err(NotForwarded)
        });
        if done.is_ok() {
            self.handled.add(&message.sid);
        }
        done
    }

    async fn forward(
        &self,
        message: &IncomingMessage,
        again: bool,
    ) -> Result<MessagingResponse, NotForwarded> {
        let Some(to) = &message.to else {
            Outcome::NotInService.log();
            return Ok(MessagingResponse::default());
        };
        let found = self.switchboard.find(to, &message.hint).await;
        if let Err(Unreached::Unknown(silence)) = &found {
            log_failure(silence);
        }
        let outcome = Outcome::of(&message.from, found);
        outcome.log();
        let passage = |destination| {
            let delivery = Delivery::new(&self.account, message, again, Instant::now() + ASKING);
            Passage { function: self, message, to, destination, delivery }
        };
        match outcome {
            Outcome::TryLater => Err(NotForwarded),
            Outcome::NotInService | Outcome::NoMobile { .. } => Ok(MessagingResponse::default()),
            Outcome::Oneself(destination) => Ok(passage(destination).answer_oneself().await),
            Outcome::Forward(destination) => passage(destination).send_on().await,
        }
    }

    /// Writes at Twilio that an employee wants no texts, or does again, so that a report can tell.
    pub(crate) async fn note_stopped(&self, number: &CompanyNumber, stopped: bool) {
        let noted = match self.account.find(number).await {
            Ok(Some(number)) => self.account.note_stopped(&number, stopped).await,
            other => other.map(drop),
        };
        if let Err(error) = noted {
            tracing::warn!(error = %Causes(&error), "cannot note that an employee has texted STOP or START");
        }
    }
}
