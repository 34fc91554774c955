//! The [runtime API], from which a process fetches its invocations.
//!
//! [runtime API]: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::Value;
use tokio::sync::{Mutex, Notify, mpsc};

use super::lambda::Failed;
use crate::clock::Clock;

/// The longest result of an invocation, in bytes.
///
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
const LONGEST_RESULT: usize = 6 << 20;

/// What stands between one process and whoever invokes it.
pub(super) struct Runtime {
    pub(super) invocations: Mutex<mpsc::Receiver<Value>>,
    pub(super) results: mpsc::Sender<Result<Value, Failed>>,
    /// Told when the process asks for an invocation.
    pub(super) ready: Arc<Notify>,
    /// How long an invocation may take.
    pub(super) timeout: Duration,
    pub(super) clock: Clock,
}

pub(super) fn router(runtime: Runtime) -> Router {
    Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{id}/response", post(respond))
        .route("/2018-06-01/runtime/invocation/{id}/error", post(fail))
        .route("/2018-06-01/runtime/init/error", post(fail))
        .layer(DefaultBodyLimit::max(LONGEST_RESULT))
        .with_state(Arc::new(runtime))
}

async fn next(State(runtime): State<Arc<Runtime>>) -> Response {
    static REQUESTS: AtomicU64 = AtomicU64::new(1);

    runtime.ready.notify_one();
    let Some(event) = runtime.invocations.lock().await.recv().await else {
        return StatusCode::GONE.into_response();
    };
    let id = format!("00000000-0000-4000-8000-{:012x}", REQUESTS.fetch_add(1, Ordering::Relaxed));
    let deadline = (runtime.clock.now() + runtime.timeout).as_millisecond();
    let headers = [
        ("lambda-runtime-aws-request-id", id),
        ("lambda-runtime-deadline-ms", deadline.to_string()),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:us-east-1:123456789012:function:sandbox".to_owned(),
        ),
        ("lambda-runtime-trace-id", "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0".to_owned()),
    ];
    (headers, Json(event)).into_response()
}

/// The runtime does not call its JSON JSON, so this takes whatever it sends.
async fn respond(State(runtime): State<Arc<Runtime>>, Path(_id): Path<String>, body: Bytes) -> StatusCode {
    let result = serde_json::from_slice(&body)
        .map_err(|error| Failed::new("Runtime.InvalidResponse", format!("not JSON: {error}")));
    let _ = runtime.results.send(result).await;
    StatusCode::ACCEPTED
}

async fn fail(State(runtime): State<Arc<Runtime>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let kind = headers.get("lambda-runtime-function-error-type").and_then(|kind| kind.to_str().ok());
    let kind = body["errorType"].as_str().or(kind).unwrap_or("Unknown");
    let message = body["errorMessage"].as_str().unwrap_or_default();
    let _ = runtime.results.send(Err(Failed::new(kind, message))).await;
    StatusCode::ACCEPTED
}
