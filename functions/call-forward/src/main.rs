//! Twilio asks what to do with a call, and again when the phone that rang rings no more.

use std::{convert::Infallible, process::ExitCode};

use call_forward::{Caller, Outcome, after};
use lambda_http::{Error, Request, RequestExt as _, Response, run, service_fn};
use twilify::{
    Causes,
    config::{Aws, Calls, Settings},
    log, metrics,
    secrets::Parameters,
    switchboard::{Switchboard, Unreached},
    transport::{Http, WHILE_SOMEONE_WAITS},
    twilio::{IncomingCall, Rejection, VoiceResponse, Webhooks},
};

struct CallForward {
    webhooks: Webhooks,
    switchboard: Switchboard,
    settings: Calls,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    log::ended(serve().await)
}

async fn serve() -> Result<(), Error> {
    let settings = Settings::from_env()?;
    log::start(settings.log);
    metrics::start(&settings.metrics);
    let calls = Calls::from_env()?;
    let http = Http::new(WHILE_SOMEONE_WAITS);
    let parameters = Parameters::fetch(&http, &Aws::from_env()?, &settings).await?;
    let function = CallForward {
        webhooks: parameters.webhooks(&settings)?,
        switchboard: parameters.switchboard(&http, &settings)?,
        settings: calls,
    };
    run(service_fn(async |request: Request| {
        let id = request.lambda_context().request_id;
        log::invocation(&id, function.respond(request)).await
    }))
    .await
}

impl CallForward {
    /// Refuses what Twilio did not sign. Whatever else goes wrong, the caller hears about it.
    async fn respond(&self, request: Request) -> Result<Response<String>, Infallible> {
        // A stage or a domain may have put something before the path.
        let path = request.uri().path();
        let twiml = if path.ends_with("/call-forward") {
            match self.webhooks.accept(&request) {
                Ok(call) => Ok(self.connect(call).await),
                Err(rejection) => Err(rejection),
            }
        } else if path.ends_with("/call-forward/after") {
            self.webhooks.accept(&request).map(|ended| after(&ended, &self.settings))
        } else {
            Err(Rejection::NotFound)
        };
        Ok(twiml.map_or_else(
            |rejection| {
                tracing::warn!(reason = %rejection, "refused a request");
                metrics::count("RequestsRefused");
                rejection.into()
            },
            Response::from,
        ))
    }

    async fn connect(&self, call: IncomingCall) -> VoiceResponse {
        let IncomingCall { from, to, forwarded_from, hint, .. } = call;
        let outcome = match to {
            None => Outcome::NotInService,
            Some(to) => {
                let found = self.switchboard.find(&to, &hint).await;
                if let Err(Unreached::Unknown(silence)) = &found {
                    tracing::error!(error = %Causes(silence), "cannot connect a call");
                }
                let caller = Caller { number: from, forwarded_from };
                Outcome::of(caller, to, found, self.settings.caller_id)
            }
        };
        outcome.log();
        outcome.twiml(&self.settings)
    }
}
