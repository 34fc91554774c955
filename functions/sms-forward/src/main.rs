//! Twilio reports a message: look the employee up, then send it on.

use std::{convert::Infallible, process::ExitCode, time::Duration};

use lambda_http::{Error, Request, Response, http::StatusCode, run, service_fn};
use sms_forward::Outcome;
use twilify::{
    Causes,
    config::Settings,
    log,
    secrets::Parameters,
    switchboard::{Source, Switchboard, Unreached},
    transport::{Http, WHILE_SOMEONE_WAITS},
    twilio::{
        self, Account, IncomingMessage, MessagingResponse, MessagingServiceSid, OutgoingMessage, Webhooks,
    },
};

struct SmsForward {
    webhooks: Webhooks,
    switchboard: Switchboard,
    account: Account,
    service: Option<MessagingServiceSid>,
}

/// How long all of it may take: Twilio waits fifteen seconds, and a cold start needs some of them.
const BUDGET: Duration = Duration::from_secs(10);

/// Something that might work another time, so Twilio is told that it did not.
struct NotForwarded;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    log::ended(serve().await)
}

async fn serve() -> Result<(), Error> {
    let settings = Settings::from_env()?;
    log::start(settings.log);
    let http = Http::new(WHILE_SOMEONE_WAITS);
    let parameters = Parameters::fetch(&http, &settings).await?;
    let function = SmsForward {
        webhooks: parameters.webhooks(&settings)?,
        switchboard: parameters.switchboard(&http, &settings)?,
        account: parameters.account(&http, &settings)?,
        service: settings.messaging_service,
    };
    run(service_fn(|request| function.respond(request))).await
}

impl SmsForward {
    /// Refuses what Twilio did not sign, and tells Twilio whether the message was dealt with.
    async fn respond(&self, request: Request) -> Result<Response<String>, Infallible> {
        let message = match self.webhooks.accept::<IncomingMessage>(&request) {
            Ok(message) => message,
            Err(rejection) => {
                tracing::warn!(reason = %rejection, "refused a request");
                return Ok(rejection.into());
            }
        };
        let done = tokio::time::timeout(BUDGET, self.forward(&message)).await.unwrap_or_else(|_| {
            tracing::error!(message_sid = message.sid.0, "no time is left to forward a message");
            Err(NotForwarded)
        });
        let mut response = Response::from(MessagingResponse);
        if let Err(NotForwarded) = done {
            *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        }
        Ok(response)
    }

    async fn forward(&self, message: &IncomingMessage) -> Result<(), NotForwarded> {
        let message_sid = &message.sid.0;
        let outcome = match &message.to {
            None => Outcome::NotInService,
            Some(to) => {
                let found = self.switchboard.find(to, &message.hint).await;
                if let Err(Unreached::Unknown(silence)) = &found {
                    tracing::error!(message_sid, error = %Causes(silence), "cannot forward a message");
                }
                Outcome::of(message, to, found, self.service.as_ref())
            }
        };
        match outcome {
            Outcome::TryLater => return Err(NotForwarded),
            Outcome::NotInService => tracing::warn!(message_sid, "the number texted is nobody's"),
            Outcome::NoMobile { employee, reason } => {
                tracing::warn!(message_sid, employee = employee.0, %reason, "the employee has no usable mobile number");
            }
            Outcome::Forward { employee, source, messages } => match self.send(&messages).await {
                Ok(()) => {
                    let by_last_known_route = source == Source::LastKnown;
                    tracing::info!(
                        message_sid,
                        employee = employee.0,
                        by_last_known_route,
                        "forwarded a message"
                    );
                }
                Err(error) => {
                    tracing::error!(message_sid, employee = employee.0, error = %Causes(&error), "cannot forward a message");
                    // What Twilio refuses for good it would refuse again.
                    return match error {
                        twilio::Error::Refused(refusal) if refusal.is_final() => Ok(()),
                        _ => Err(NotForwarded),
                    };
                }
            },
        }
        Ok(())
    }

    /// Sends the parts of a message in their order.
    async fn send(&self, messages: &[OutgoingMessage]) -> Result<(), twilio::Error> {
        for message in messages {
            self.account.send(message).await?;
        }
        Ok(())
    }
}
