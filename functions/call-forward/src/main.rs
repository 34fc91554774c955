//! Twilio asks what to do with a call, and again when the phone that rang rings no more.

use std::{process::ExitCode, time::Duration};

use call_forward::{Caller, Outcome, after, ended, ring_again, to_be_rung_again};
use gateway::{Event, answer};
use http::{Request, Response};
use lambda_http::{Error, LambdaEvent, lambda_runtime::run, service_fn};
use serde_json::value::RawValue;
use tokio::time::Instant;
use twilify::{
    Causes,
    config::{self, Aws, Calls, Settings},
    log, metrics,
    secrets::{self, Parameters},
    start::Lazy,
    switchboard::{Switchboard, Unreached},
    transport::{Http, WHILE_SOMEONE_WAITS},
    twilio::{
        CallEndpoint, CallEvent, EndedDial, Hint, IncomingCall, Rejection, SecondAttempt, VoiceResponse,
        Webhooks,
    },
};

/// How long an event waits for the parameters that the start did not get.
const PATIENCE: Duration = Duration::from_secs(6);

/// How long a caller waits, the start of the function included. Twilio gives up after [15 seconds][timeout], which include its
/// connection to the gateway, and the function is ended after 14. The longest start that gets no parameters takes 7 seconds. It
/// leaves 6.5: up to 6 for the parameters, and the rest for Okta.
///
/// [timeout]: https://www.twilio.com/docs/api/errors/11205
const LONGEST_WAIT: Duration = Duration::from_millis(13_500);

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
    let http = Http::new(WHILE_SOMEONE_WAITS, config::roots()?);
    let aws = Aws::from_env()?;
    let open = async |patience| CallForward::open(&http, &aws, &settings, &calls, patience).await;
    let function = Lazy::start(open).await?;
    let handle = async |LambdaEvent { payload, context }: LambdaEvent<Box<RawValue>>| {
        let event: Event<'_> = serde_json::from_str(payload.get())?;
        let deadline = Instant::now() + LONGEST_WAIT.saturating_sub(function.took());
        let response = async {
            match function.get(PATIENCE).await {
                Ok(function) => Ok(function.respond(event, deadline).await),
                Err(error @ secrets::Error::Unanswered { .. }) => {
                    Ok(without_parameters(&error, event, &calls))
                }
                Err(error) => Err(error),
            }
        };
        Ok::<_, Error>(answer(log::invocation(&context.request_id, response).await?))
    };
    // On the heap, because the runtime moves it from layer to layer.
    run(service_fn(|event| Box::pin(handle(event)))).await
}

/// Nobody can tell whether this is Twilio's, so it is told what everybody may know. After a call that is what is true whether
/// anybody has answered or not.
fn without_parameters(error: &secrets::Error, event: Event<'_>, settings: &Calls) -> Response<String> {
    tracing::error!(error = %Causes(error), "cannot see what Twilio wants");
    metrics::count("ParametersUnread");
    let asked_at = CallEndpoint::at(&event.path()).unwrap_or(CallEndpoint::Incoming);
    let has_ended = match asked_at {
        CallEndpoint::Incoming => false,
        CallEndpoint::After => true,
        CallEndpoint::Again => Request::try_from(event)
            .is_ok_and(|request| SecondAttempt::claims_to_follow_a_dial(request.body())),
    };
    if has_ended {
        return ended(settings).into();
    }
    Outcome::TryLater.log();
    Outcome::TryLater.twiml(settings, asked_at, Hint::default()).into()
}

impl CallForward {
    async fn open(
        http: &Http,
        aws: &Aws,
        settings: &Settings,
        calls: &Calls,
        patience: Duration,
    ) -> Result<Self, secrets::Error> {
        let parameters = Parameters::fetch(http, aws, settings, patience).await?;
        let webhooks = parameters.webhooks(settings)?;
        let switchboard = parameters.switchboard(http, settings)?;
        switchboard.connect().await;
        Ok(Self { webhooks, switchboard, settings: calls.clone() })
    }

    /// Refuses what Twilio did not sign. Whatever else goes wrong, the caller hears about it.
    async fn respond(&self, event: Event<'_>, deadline: Instant) -> Response<String> {
        self.twiml(event, deadline).await.map_or_else(
            |rejection| {
                tracing::warn!(reason = %rejection, "refused a request");
                metrics::count("RequestsRefused");
                rejection.into()
            },
            Response::from,
        )
    }

    async fn twiml(&self, event: Event<'_>, deadline: Instant) -> Result<VoiceResponse, Rejection> {
        let request = Request::try_from(event).map_err(|error| Rejection::Malformed(error.part()))?;
        let asked_at = CallEndpoint::at(request.uri().path()).ok_or(Rejection::NotFound)?;
        let event = match asked_at {
            CallEndpoint::Incoming => CallEvent::Incoming(self.webhooks.accept(&request)?),
            CallEndpoint::After => CallEvent::Ended(self.webhooks.accept(&request)?),
            CallEndpoint::Again => {
                let SecondAttempt { code, event, .. } = self.webhooks.accept(&request)?;
                tracing::warn!(code, "Twilio asks again, because a webhook of this call has failed");
                metrics::count("CallsAskedAgain");
                event
            }
        };
        Ok(match event {
            CallEvent::Incoming(call) => self.connect(call, asked_at, deadline).await,
            CallEvent::Ended(dial) => self.after(&dial, asked_at, deadline).await,
        })
    }

    async fn connect(&self, call: IncomingCall, asked_at: CallEndpoint, deadline: Instant) -> VoiceResponse {
        let IncomingCall { from, to, attestation, forwarded_from, hint, .. } = call;
        let outcome = match to {
            None => Outcome::NotInService,
            Some(to) => {
                let found = self.switchboard.find_until(deadline, &to, &hint).await;
                if let Err(Unreached::Unknown(silence)) = &found {
                    tracing::error!(error = %Causes(silence), "cannot connect a call");
                }
                let caller = Caller { number: from, attestation, forwarded_from };
                Outcome::of(caller, to, found, self.settings.caller_id)
            }
        };
        outcome.log();
        outcome.twiml(&self.settings, asked_at, hint)
    }

    async fn after(&self, dial: &EndedDial, asked_at: CallEndpoint, deadline: Instant) -> VoiceResponse {
        if let Some((to, hint)) = to_be_rung_again(dial)
            && let Ok(found) = self.switchboard.find_until(deadline, to, hint).await
        {
            return ring_again(found, to.clone(), &self.settings, asked_at);
        }
        after(dial, &self.settings)
    }
}
