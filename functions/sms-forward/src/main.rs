//! Twilio reports a message: look the employee up, then send it on.

use std::{convert::Infallible, process::ExitCode};

use lambda_http::{Error, Request, Response, http::StatusCode, run, service_fn};
use sms_forward::Outcome;
use twilify::{
    Causes,
    config::Settings,
    log,
    okta::Directory,
    phone::Country,
    secrets::{self, Parameters},
    transport::{Http, WHILE_SOMEONE_WAITS},
    twilio::{self, Account, IncomingMessage, MessagingResponse, OutgoingMessage, Webhooks},
};

struct SmsForward {
    webhooks: Webhooks,
    directory: Directory,
    account: Account,
    country: Country,
}

/// Something that may work if it is tried again, so Twilio is told that it did not.
struct NotForwarded;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match serve().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            log::cannot_start(&*error);
            ExitCode::FAILURE
        }
    }
}

async fn serve() -> Result<(), Error> {
    let settings = Settings::from_env()?;
    log::start(settings.log);
    let http = Http::new(WHILE_SOMEONE_WAITS);
    let parameters = Parameters::fetch(&http, &settings, secrets::FOR_THE_ACCOUNT).await?;
    let function = SmsForward {
        webhooks: parameters.webhooks(&settings)?,
        directory: parameters.directory(&http, &settings)?,
        account: parameters.account(&http, &settings)?,
        country: settings.country,
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
        let mut response = Response::from(MessagingResponse);
        if let Err(NotForwarded) = self.forward(&message).await {
            *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        }
        Ok(response)
    }

    async fn forward(&self, message: &IncomingMessage) -> Result<(), NotForwarded> {
        let sid = &message.sid;
        let outcome = match &message.to {
            None => Outcome::NotInService,
            Some(to) => match self.directory.find_by_company_number(to).await {
                Ok(employee) => Outcome::of(message, to, employee, self.country),
                Err(error) => {
                    tracing::error!(message_sid = sid, error = %Causes(&error), "cannot forward a message");
                    return Err(NotForwarded);
                }
            },
        };
        match outcome {
            Outcome::Forward { employee, messages } => {
                self.send(sid, &messages).await?;
                tracing::info!(message_sid = sid, employee = employee.0, "forwarded a message");
            }
            Outcome::NotInService => tracing::warn!(message_sid = sid, "the number texted is nobody's"),
            Outcome::NoMobile { employee, reason } => {
                let reason = reason.map_or_else(|| "there is none".to_owned(), |reason| reason.to_string());
                tracing::warn!(
                    message_sid = sid,
                    employee = employee.0,
                    reason,
                    "the employee has no usable mobile number"
                );
            }
        }
        Ok(())
    }

    /// Sends the parts of a message in their order. What Twilio refuses it will refuse again.
    async fn send(&self, sid: &str, messages: &[OutgoingMessage]) -> Result<(), NotForwarded> {
        for message in messages {
            if let Err(error) = self.account.send(message).await {
                tracing::error!(message_sid = sid, error = %Causes(&error), "cannot forward a message");
                return match error {
                    twilio::Error::Refused(refusal) if refusal.is_final() => Ok(()),
                    _ => Err(NotForwarded),
                };
            }
        }
        Ok(())
    }
}
