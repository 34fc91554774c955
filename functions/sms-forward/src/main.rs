//! Twilio reports a message, or what became of one; or one has waited in the queue.

use std::process::ExitCode;

use lambda_http::{
    Body, Error, LambdaEvent, aws_lambda_events::apigw::ApiGatewayV2httpResponse, lambda_runtime::run,
    request, service_fn,
};
use serde::Serialize;
use serde_json::value::RawValue;
use sms_forward::{
    SmsForward,
    late::{Batch, Leftover},
};
use twilify::{
    config::{Aws, Messages, Settings},
    log, metrics,
    secrets::Parameters,
    transport::{Http, WHILE_SOMEONE_WAITS},
};

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
    let http = Http::new(WHILE_SOMEONE_WAITS);
    let parameters = Parameters::fetch(&http, &Aws::from_env()?, &settings).await?;
    let function = SmsForward::new(
        parameters.webhooks(&settings)?,
        parameters.switchboard(&http, &settings)?,
        parameters.account(&http, &settings)?,
        settings.messaging_service,
        messages,
    );
    run(service_fn(async |event: LambdaEvent<Box<RawValue>>| {
        log::invocation(&event.context.request_id, respond(&function, event.payload.get())).await
    }))
    .await
}

async fn respond(function: &SmsForward, event: &str) -> Result<Answer, Error> {
    if let Ok(batch) = serde_json::from_str::<Batch>(event) {
        return Ok(Answer::Queue(function.work_off(batch).await));
    }
    let (parts, body) = function.respond(request::from_str(event)?).await.into_parts();
    let mut response = ApiGatewayV2httpResponse::default();
    response.status_code = parts.status.as_u16().into();
    response.headers = parts.headers;
    response.is_base64_encoded = matches!(body, Body::Binary(_));
    response.body = Some(body);
    Ok(Answer::Web(Box::new(response)))
}
