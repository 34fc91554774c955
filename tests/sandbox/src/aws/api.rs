//! AWS's own APIs, as far as an operator's program calls them: Systems Manager, Lambda and CloudWatch Logs.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    lambda::{Failed, Function},
    ssm::{self, Ssm},
};
use crate::server::{listen_as, serve_vendor};

/// What is behind the APIs.
#[derive(Clone)]
struct Account {
    ssm: Ssm,
    provisioner: Arc<Function>,
}

/// Serves the APIs, all at one address, as a program finds them with `AWS_ENDPOINT_URL`.
pub(crate) async fn start(ssm: &Ssm, provisioner: &Arc<Function>) -> anyhow::Result<String> {
    let health = &ssm.health_for_operators;
    let (line, url) = listen_as(None, health).await?;
    let account = Account { ssm: ssm.clone(), provisioner: Arc::clone(provisioner) };
    let router = Router::new()
        .route("/", post(json_protocol))
        .route("/2015-03-31/functions/{name}/configuration", get(configuration))
        .route("/2015-03-31/functions/{name}/invocations", post(invoke))
        .with_state(account);
    serve_vendor(line, health, router);
    Ok(url)
}

/// The services whose operations stand in a header.
async fn json_protocol(State(account): State<Account>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers.get("x-amz-target").and_then(|it| it.to_str().ok()).unwrap_or_default();
    if target != "Logs_20140328.FilterLogEvents" {
        return ssm::answer(State(account.ssm), headers, body).await;
    }
    if let Err(failure) = ssm::authenticated(&headers, "logs") {
        return failure.into_response();
    }
    let request: Value = serde_json::from_slice(&body).unwrap_or_default();
    if request["logGroupName"] != account.provisioner.log_group() {
        let message = "The specified log group does not exist.";
        return ssm::Failure("ResourceNotFoundException", message.to_owned()).into_response();
    }
    if request["filterPattern"] != "{ $.ProvisionerRuns = 1 }" {
        let message = "The sandbox finds nothing but runs of the provisioner.";
        return ssm::Failure("InvalidParameterException", message.to_owned()).into_response();
    }
    let since = request["startTime"].as_i64().unwrap_or_default();
    let runs = account.provisioner.last_run().map(Timestamp::as_millisecond);
    let events: Vec<_> = runs
        .filter(|time| *time >= since)
        .map(|time| json!({ "logStreamName": "sandbox", "timestamp": time, "message": r#"{"ProvisionerRuns":1}"# }))
        .into_iter()
        .collect();
    ssm::json_response(StatusCode::OK, &json!({ "events": events, "searchedLogStreams": [] }))
}

async fn configuration(
    State(account): State<Account>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response {
    if let Some(refusal) = refusal(&account, &name, &headers) {
        return refusal;
    }
    Json(json!({
        "FunctionName": name,
        "FunctionArn": format!("arn:aws:lambda:us-east-1:123456789012:function:{name}"),
        "Runtime": "provided.al2023",
        "LastModified": format!("{:.3}", account.provisioner.deployed()).replace('Z', "+0000"),
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "Environment": { "Variables": account.provisioner.environment() },
        "LoggingConfig": { "LogFormat": "Text", "LogGroup": account.provisioner.log_group() },
    }))
    .into_response()
}

async fn invoke(
    State(account): State<Account>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if let Some(refusal) = refusal(&account, &name, &headers) {
        return refusal;
    }
    let event = serde_json::from_slice(&body).unwrap_or_default();
    // Whoever hangs up in the meantime does not end what was begun.
    match tokio::spawn(async move { account.provisioner.invoke(event).await }).await {
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Ok(Ok(result)) => Json(result).into_response(),
        Ok(Err(Failed { kind, message })) => {
            let failure = Json(json!({ "errorType": kind, "errorMessage": message }));
            let unhandled = [("x-amz-function-error", HeaderValue::from_static("Unhandled"))];
            (unhandled, failure).into_response()
        }
    }
}

/// The answer to whoever may not ask, or asks for another function.
fn refusal(account: &Account, name: &str, headers: &HeaderMap) -> Option<Response> {
    if let Err(failure) = ssm::authenticated(headers, "lambda") {
        return Some(failure.into_response());
    }
    if name == account.provisioner.name() {
        return None;
    }
    let message = json!({ "Type": "User", "Message": format!("Function not found: {name}") });
    let kind = [("x-amzn-errortype", "ResourceNotFoundException")];
    Some((StatusCode::NOT_FOUND, kind, Json(message)).into_response())
}
