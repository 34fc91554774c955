//! Twilio reports a message, or what became of one; or one has waited in the queue.

use std::{process::ExitCode, time::Duration};

use gateway::{Event, NotARequest, answer};
use lambda_http::{
    Error, LambdaEvent, aws_lambda_events::apigw::ApiGatewayV2httpResponse, lambda_runtime::run, service_fn,
};
use serde::Serialize;
use serde_json::value::RawValue;
use sms_forward::{
    SmsForward,
    late::{Batch, Leftover},
};
use twilify::{
    config::{self, Aws, Messages, Settings},
    log, metrics,
    secrets::{self, Parameters},
    start::{self, Lazy},
    transport::{Http, WHILE_SOMEONE_WAITS},
    twilio::Rejection,
};

/// How long an event waits for the parameters that the start did not get. Half a second more may go to the connection with
/// Okta, and nine and a half to the work itself. Lambda ends the event after fourteen.
const PATIENCE: Duration = Duration::from_millis(3500);

/// What an invocation comes to.
#[derive(Serialize)]
#[serde(untagged)]
enum Answer {
    /// To API Gateway.
    Web(Box<ApiGatewayV2httpResponse>),
    /// To the queue.
    Queue(Leftover),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    log::ended(serve().await)
}

async fn serve() -> Result<(), Error> {
    let settings = Settings::from_env()?;
    log::start(settings.log);
    metrics::start(&settings.metrics);
    let messages = Messages::from_env()?;
    let http = Http::new(WHILE_SOMEONE_WAITS, config::roots()?);
    let aws = Aws::from_env()?;
    let open = async |patience| open(&http, &aws, &settings, &messages, patience).await;
    let (function, ()) = tokio::join!(Lazy::start(open), start::connect(&http, settings.twilio_api.clone()));
    let function = function?;
    let handle = async |event: LambdaEvent<Box<RawValue>>| {
        let answer = async {
            match function.get(PATIENCE).await {
                Ok(function) => respond(function, event.payload.get()).await,
                // Twilio hands a text to the queue then, and what is in the queue stays there.
                Err(error) => Err(error.into()),
            }
        };
        log::invocation(&event.context.request_id, answer).await
    };
    // On the heap, because the runtime moves it from layer to layer.
    run(service_fn(|event| Box::pin(handle(event)))).await
}

async fn open(
    http: &Http,
    aws: &Aws,
    settings: &Settings,
    messages: &Messages,
    patience: Duration,
) -> Result<SmsForward, secrets::Error> {
    let parameters = Parameters::fetch(http, aws, settings, patience).await?;
    let webhooks = parameters.webhooks(settings)?;
    let account = parameters.account(http, settings)?;
    let switchboard = parameters.switchboard(http, settings)?;
    switchboard.connect().await;
    Ok(SmsForward::new(webhooks, switchboard, account, settings.messaging_service.clone(), messages.clone()))
}

async fn respond(function: &SmsForward, event: &str) -> Result<Answer, Error> {
    match serde_json::from_str::<Event<'_>>(event) {
        Ok(event) => {
            let request = event.try_into().map_err(|error: NotARequest| Rejection::Malformed(error.part()));
            Ok(Answer::Web(Box::new(answer(function.respond(request).await))))
        }
        Err(not_an_event) => {
            let batch = serde_json::from_str::<Batch>(event).map_err(|_| not_an_event)?;
            Ok(Answer::Queue(function.work_off(batch).await))
        }
    }
}
