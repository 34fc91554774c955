//! AWS Systems Manager's parameters, behind its JSON protocol.
//!
//! <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html>

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::server::{Health, listen, lock, serve_vendor};

/// The key that may read the parameters.
pub(crate) const ACCESS_KEY_ID: &str = "AKIASANDBOX";

/// A parameter store.
#[derive(Clone)]
pub struct Ssm {
    /// How it is doing.
    pub health: Health,
    parameters: Arc<Mutex<BTreeMap<String, Parameter>>>,
    url: String,
}

#[derive(Clone)]
struct Parameter {
    kind: &'static str,
    value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct GetParameters {
    names: Vec<String>,
    #[serde(default)]
    with_decryption: bool,
}

impl Ssm {
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let (listener, url) = listen(0).await?;
        let ssm = Self { health: Health::default(), parameters: Arc::default(), url };
        let router = Router::new().route("/", post(answer)).with_state(ssm.clone());
        serve_vendor(listener, &ssm.health, router);
        Ok(ssm)
    }

    /// Where it answers.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Stores a parameter in the clear.
    pub fn put(&self, name: &str, value: &str) {
        self.store(name, "String", value);
    }

    /// Stores a parameter encrypted.
    pub fn put_secure(&self, name: &str, value: &str) {
        self.store(name, "SecureString", value);
    }

    /// Takes a parameter away.
    pub fn delete(&self, name: &str) {
        lock(&self.parameters).remove(name);
    }

    fn store(&self, name: &str, kind: &'static str, value: &str) {
        lock(&self.parameters).insert(name.to_owned(), Parameter { kind, value: value.to_owned() });
    }
}

async fn answer(State(ssm): State<Ssm>, headers: HeaderMap, body: Bytes) -> Response {
    let header =
        |name| headers.get(name).and_then(|it: &header::HeaderValue| it.to_str().ok()).unwrap_or_default();
    let signed = header("authorization").strip_prefix("AWS4-HMAC-SHA256 Credential=");
    if !signed.is_some_and(|it| it.starts_with(ACCESS_KEY_ID) && it.contains("/ssm/aws4_request")) {
        return failure(
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
        );
    }
    if header("x-amz-target") != "AmazonSSM.GetParameters"
        || header("content-type") != "application/x-amz-json-1.1"
    {
        return failure("UnknownOperationException", "The sandbox knows GetParameters only.");
    }
    let request: GetParameters = match serde_json::from_slice(&body) {
        Ok(request) => request,
        Err(error) => return failure("SerializationException", &error.to_string()),
    };
    if request.names.is_empty() || request.names.len() > 10 {
        return failure("ValidationException", "Member must have length between 1 and 10");
    }
    let stored = lock(&ssm.parameters);
    let (mut parameters, mut invalid) = (Vec::new(), Vec::new());
    for name in request.names {
        match stored.get(&name) {
            None => invalid.push(name),
            Some(Parameter { kind, value }) => {
                let sealed = *kind == "SecureString" && !request.with_decryption;
                let value = if sealed { "AQICAHsandbox" } else { value };
                parameters.push(json!({ "Name": name, "Type": kind, "Value": value, "Version": 1 }));
            }
        }
    }
    json_response(StatusCode::OK, &json!({ "Parameters": parameters, "InvalidParameters": invalid }))
}

fn failure(kind: &str, message: &str) -> Response {
    json_response(StatusCode::BAD_REQUEST, &json!({ "__type": kind, "message": message }))
}

fn json_response(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/x-amz-json-1.1")], Json(body).into_response().into_body())
        .into_response()
}
