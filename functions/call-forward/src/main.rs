//! Twilio asks what to do with a call: look the employee up, then answer.

use std::{convert::Infallible, process::ExitCode, time::Duration};

use call_forward::Outcome;
use lambda_http::{Error, Request, Response, run, service_fn};
use twilify::{
    Causes,
    config::Settings,
    log,
    okta::Directory,
    phone::Country,
    secrets::{self, Parameters},
    transport::{Http, WHILE_SOMEONE_WAITS},
    twilio::{IncomingCall, VoiceResponse, Webhooks},
};

/// How long finding out may take: Twilio waits fifteen seconds, and a cold start needs some of them.
const BUDGET: Duration = Duration::from_secs(8);

struct CallForward {
    webhooks: Webhooks,
    directory: Directory,
    country: Country,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    log::ended(serve().await)
}

async fn serve() -> Result<(), Error> {
    let settings = Settings::from_env()?;
    log::start(settings.log);
    let http = Http::new(WHILE_SOMEONE_WAITS);
    let parameters = Parameters::fetch(&http, &settings, secrets::FOR_CALLS).await?;
    let function = CallForward {
        webhooks: parameters.webhooks(&settings)?,
        directory: parameters.directory(&http, &settings)?,
        country: settings.country,
    };
    run(service_fn(|request| function.respond(request))).await
}

impl CallForward {
    /// Refuses what Twilio did not sign. Whatever else goes wrong, the caller hears about it.
    async fn respond(&self, request: Request) -> Result<Response<String>, Infallible> {
        let call = match self.webhooks.accept::<IncomingCall>(&request) {
            Ok(call) => call,
            Err(rejection) => {
                tracing::warn!(reason = %rejection, "refused a request");
                return Ok(rejection.into());
            }
        };
        let outcome = tokio::time::timeout(BUDGET, self.outcome(&call)).await.unwrap_or_else(|_| {
            tracing::error!(call = call.sid.0, "no time is left to connect a call");
            Outcome::TryLater
        });
        outcome.log(&call);
        Ok(VoiceResponse::from(outcome).into())
    }

    async fn outcome(&self, call: &IncomingCall) -> Outcome {
        let Some(to) = call.to.clone() else { return Outcome::NotInService };
        match self.directory.find_by_company_number(&to).await {
            Ok(employee) => Outcome::of(call.from.clone(), to, employee, self.country),
            Err(error) => {
                tracing::error!(call = call.sid.0, error = %Causes(&error), "cannot connect a call");
                Outcome::TryLater
            }
        }
    }
}
