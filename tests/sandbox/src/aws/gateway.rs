//! An API Gateway HTTP API: requests in, events with payload format 2.0 to the functions.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::{Path, Request, State},
    http::{HeaderMap, Method, StatusCode, Uri, header, response},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{MethodFilter, on, post},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{lambda::Function, sqs::Queues};
use crate::{
    clock::Clock,
    server::{lock, serve},
};

/// Which routes take so few requests a second that some are turned away.
#[derive(Clone, Default)]
pub(crate) struct Throttle {
    buckets: Arc<Mutex<BTreeMap<&'static str, Bucket>>>,
    clock: Clock,
}

/// The tokens of a route: a request takes one, and new ones come in evenly.
struct Bucket {
    per_second: u32,
    tokens: f64,
    /// When the tokens were counted, if a request has come since the limit was set.
    counted: Option<Timestamp>,
}

/// Serves the routes of `template.yaml`, each with its method: there is nothing else. What comes to `later`
/// goes into `queues`, and what `throttle` says is turned away.
pub(crate) fn start(
    listener: TcpListener,
    routes: &[(MethodFilter, &str, &Arc<Function>)],
    later: &str,
    queues: &Queues,
    throttle: &Throttle,
) {
    let mut all = Router::new().route(later, post(enqueue)).with_state(queues.clone());
    for (method, path, function) in routes {
        all = all.merge(Router::new().route(path, on(*method, invoke)).with_state(Arc::clone(function)));
    }
    let all = all.fallback(not_found).method_not_allowed_fallback(not_found);
    serve(listener, all.layer(middleware::from_fn_with_state(throttle.clone(), Throttle::limit)));
}

impl Throttle {
    pub(crate) fn new(clock: &Clock) -> Self {
        Self { clock: clock.clone(), ..Self::default() }
    }

    /// Lets so many requests to `path` through in a second. At the first of them others have used up all tokens.
    pub(crate) fn set(&self, path: &'static str, per_second: u32) {
        lock(&self.buckets).insert(path, Bucket { per_second, tokens: 0.0, counted: None });
    }

    /// Each route has a limit of its own, which is a token bucket.
    ///
    /// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html>
    async fn limit(State(throttle): State<Self>, request: Request, next: Next) -> Response {
        let now = throttle.clock.now();
        let is_taken = lock(&throttle.buckets).get_mut(request.uri().path()).is_none_or(|it| it.takes(now));
        if !is_taken {
            return (StatusCode::TOO_MANY_REQUESTS, Json(json!({ "message": "Too Many Requests" })))
                .into_response();
        }
        next.run(request).await
    }
}

impl Bucket {
    /// Whether there is a token for a request at the time `now`. There are never more than come in a second.
    fn takes(&mut self, now: Timestamp) -> bool {
        let per_second = f64::from(self.per_second);
        let new = self.counted.map_or(0.0, |then| now.duration_since(then).as_secs_f64() * per_second);
        self.tokens = (self.tokens + new).min(per_second);
        self.counted = Some(now);
        let is_there = self.tokens >= 1.0;
        self.tokens -= if is_there { 1.0 } else { 0.0 };
        is_there
    }
}

async fn not_found() -> Response {
    (StatusCode::NOT_FOUND, Json(json!({ "message": "Not Found" }))).into_response()
}

/// The integration with SQS: the body, and as attributes the signature and the URL; and an empty answer.
///
/// SQS refuses an attribute without a value, so what nobody has signed does not get into the queue:
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html>
async fn enqueue(
    State(queues): State<Queues>,
    Path(owner): Path<String>,
    headers: HeaderMap,
    body: String,
) -> StatusCode {
    let header = |name| headers.get(name).and_then(|it| it.to_str().ok()).unwrap_or_default();
    let signature = header("x-twilio-signature");
    if signature.is_empty() || body.is_empty() {
        return StatusCode::BAD_REQUEST;
    }
    let url = format!("http://{}/sms-forward/later/{owner}", header("host"));
    let body = if queues.are_in_base64() { BASE64_STANDARD.encode(body) } else { body };
    queues.put(body, &[("signature", signature), ("url", &url)]);
    StatusCode::NO_CONTENT
}

async fn invoke(
    State(function): State<Arc<Function>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let event = event(&method, &uri, &headers, &body, function.now());
    // Whoever hangs up in the meantime does not end what was begun.
    let result = tokio::spawn(async move { function.invoke(event).await }).await;
    match result.ok().and_then(Result::ok).and_then(|result| response(&result)) {
        Some(response) => response,
        None => (StatusCode::INTERNAL_SERVER_ERROR, Json(json!({ "message": "Internal Server Error" })))
            .into_response(),
    }
}

/// The event that API Gateway makes of a request.
pub(crate) fn event(method: &Method, uri: &Uri, headers: &HeaderMap, body: &Bytes, now: Timestamp) -> Value {
    let text = |value: &header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let mut joined: BTreeMap<&str, String> = BTreeMap::new();
    let mut cookies = Vec::new();
    for (name, value) in headers {
        if name == header::COOKIE {
            cookies.extend(text(value).split(';').map(|cookie| cookie.trim().to_owned()));
        } else {
            let all = joined.entry(name.as_str()).or_default();
            if !all.is_empty() {
                all.push(',');
            }
            all.push_str(&text(value));
        }
    }
    let host = headers.get(header::HOST).map(text).unwrap_or_default();
    joined.insert("x-amzn-trace-id", "Root=1-5759e988-bd862e3fe1be46a994272793".to_owned());
    joined.insert("x-forwarded-for", "127.0.0.1".to_owned());
    joined.insert("x-forwarded-port", host.rsplit_once(':').map_or("80", |(_, port)| port).to_owned());
    joined.insert("x-forwarded-proto", "http".to_owned());
    let query = uri.query().unwrap_or_default();
    let mut parameters: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        let all = parameters.entry(name.into_owned()).or_default();
        let separator = if all.is_empty() { "" } else { "," };
        *all = format!("{all}{separator}{value}");
    }
    // Text is passed as text; a form, of all things, is not text to API Gateway.
    let content_type = joined.get("content-type").map_or("", String::as_str);
    let is_text = content_type.starts_with("text/") || content_type.starts_with("application/json");
    let mut event = json!({
        "version": "2.0",
        "routeKey": format!("{method} {}", uri.path()),
        "rawPath": uri.path(),
        "rawQueryString": query,
        "headers": joined,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "sandbox",
            "domainName": host,
            "domainPrefix": host.split(['.', ':']).next(),
            "http": {
                "method": method.as_str(),
                "path": uri.path(),
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": headers.get(header::USER_AGENT).map(text).unwrap_or_default(),
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": format!("{method} {}", uri.path()),
            "stage": "$default",
            "time": now.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(),
            "timeEpoch": now.as_millisecond(),
        },
        "isBase64Encoded": !body.is_empty() && !is_text,
    });
    if !parameters.is_empty() {
        event["queryStringParameters"] = json!(parameters);
    }
    if !cookies.is_empty() {
        event["cookies"] = json!(cookies);
    }
    if !body.is_empty() {
        let body =
            if is_text { String::from_utf8_lossy(body).into_owned() } else { BASE64_STANDARD.encode(body) };
        event["body"] = json!(body);
    }
    event
}

/// The response that API Gateway makes of a function's result; `None` if it makes no sense.
fn response(result: &Value) -> Option<Response> {
    let status = u16::try_from(result["statusCode"].as_u64()?).ok()?;
    let mut response: response::Builder = Response::builder().status(status);
    for (name, value) in result["headers"].as_object().into_iter().flatten() {
        response = response.header(name, value.as_str()?);
    }
    for cookie in result["cookies"].as_array().into_iter().flatten() {
        response = response.header(header::SET_COOKIE, cookie.as_str()?);
    }
    let body = result["body"].as_str().unwrap_or_default();
    let body =
        if result["isBase64Encoded"] == true { BASE64_STANDARD.decode(body).ok()? } else { body.into() };
    response.body(Body::from(body)).ok()
}
