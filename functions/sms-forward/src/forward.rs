//! Forwarding a message, once: whose is it, and what is to become of it.

use std::time::{Duration, Instant};

use twilify::{
    Causes, CompanyNumber, PhoneNumber,
    config::Messages,
    switchboard::{Switchboard, Unreached},
    twilio::{Account, Hint, IncomingMessage, MessagingResponse, MessagingServiceSid, Owner, Webhooks},
};

use crate::{
    NotForwarded, Outcome,
    delivery::{Attempt, Delivery},
    handled::Handled,
    log_failure,
    passage::Passage,
    words::Words,
};

/// How long all of it may take: Twilio waits fifteen seconds, and a cold start needs some of them.
const BUDGET: Duration = Duration::from_millis(9500);

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

    /// Forwards a message, unless this process has done that.
    pub(crate) async fn forward_once(
        &self,
        message: &IncomingMessage,
        attempt: Attempt,
    ) -> Result<MessagingResponse, NotForwarded> {
        if self.handled.contains(&message.sid) {
            tracing::info!("a message has come once more");
            return Ok(MessagingResponse::default());
        }
        let done = tokio::time::timeout(BUDGET, self.forward(message, attempt)).await.unwrap_or_else(|_| {
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
        attempt: Attempt,
    ) -> Result<MessagingResponse, NotForwarded> {
        let Some(to) = &message.to else {
            Outcome::NoNumber.log();
            return Ok(MessagingResponse::default());
        };
        let outcome = self.outcome(message, to).await;
        outcome.log();
        let delivery = Delivery::new(&self.account, message, attempt, Instant::now() + ASKING);
        let destination = match outcome {
            Outcome::TryLater => return Err(NotForwarded),
            Outcome::NotInService | Outcome::NoMobile { .. } | Outcome::NoNumber => {
                return Ok(self.tell_sender(message, to, &delivery).await);
            }
            Outcome::Oneself(destination) => {
                let passage = Passage { function: self, message, to, destination, delivery };
                return Ok(passage.answer_oneself().await);
            }
            Outcome::Forward(destination) => destination,
        };
        Passage { function: self, message, to, destination, delivery }.send_on().await
    }

    /// What is to become of a message to `number`. Where neither the URL of the webhook nor Okta's search, which may be
    /// behind, says whose the number is, its label at Twilio may.
    async fn outcome(&self, message: &IncomingMessage, number: &CompanyNumber) -> Outcome {
        let mut found = self.switchboard.find(number, &message.hint).await;
        if matches!(found, Err(Unreached::Nobody)) && message.hint.employee.is_none() {
            match self.account.find(number).await.map(|it| it.map(|it| it.label.owner())) {
                Ok(Some(Owner::Employee(id))) => {
                    let hint = Hint { employee: Some(id), ..Hint::default() };
                    found = self.switchboard.find(number, &hint).await;
                }
                Ok(_) => {}
                Err(error) => {
                    log_failure(&error);
                    return Outcome::TryLater;
                }
            }
        }
        if let Err(Unreached::Unknown(silence)) = &found {
            log_failure(silence);
        }
        Outcome::of(message.sender(), found)
    }

    /// Tells the sender that a message could not be delivered, if that is wanted and they have a phone, at most
    /// once an hour. The answer to a message that has waited in the queue reaches nobody.
    pub(crate) async fn tell_sender(
        &self,
        message: &IncomingMessage,
        number: &CompanyNumber,
        delivery: &Delivery<'_>,
    ) -> MessagingResponse {
        let remark = Words::NotDelivered.to_string();
        let wanted =
            self.settings.notify_sender && !delivery.is_late() && message.from.parse::<PhoneNumber>().is_ok();
        if wanted && matches!(delivery.was_said(number.as_e164(), &message.from, &remark).await, Ok(false)) {
            MessagingResponse::reply(remark)
        } else {
            MessagingResponse::default()
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
