//! AWS Systems Manager's parameters, behind its JSON protocol.
//!
//! <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html>

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
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

use crate::{
    clock::Clock,
    line::Identity,
    server::{Health, listen_as, lock, serve_vendor},
};

/// The key that may read the parameters.
pub(crate) const ACCESS_KEY_ID: &str = "AKIASANDBOX";

/// What leads to the second page of a list.
const SECOND_PAGE: &str = "AAEAAsandbox";

/// How long the name of a deleted parameter is refused. "After deleting a parameter, wait for at least 30 seconds to
/// create a parameter with the same name." Here time runs faster.
///
/// <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DeleteParameter.html>
const HELD: Duration = Duration::from_secs(1);

/// A parameter store.
#[derive(Clone)]
pub struct Ssm {
    /// How it is doing for the functions.
    pub health: Health,
    /// How it and AWS's other APIs are doing for an operator's program.
    pub health_for_operators: Health,
    parameters: Arc<Mutex<BTreeMap<String, Parameter>>>,
    forbidden_keys: Arc<Mutex<Vec<String>>>,
    forbidden_names: Arc<Mutex<Vec<String>>>,
    /// Which names were deleted when.
    deleted: Arc<Mutex<BTreeMap<String, Instant>>>,
    url: String,
}

#[derive(Clone)]
struct Parameter {
    kind: String,
    value: String,
    key_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct GetParameters {
    names: Vec<String>,
    #[serde(default)]
    with_decryption: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DescribeParameters {
    parameter_filters: Vec<Filter>,
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DeleteParameter {
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Filter {
    key: String,
    option: String,
    values: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct PutParameter {
    name: String,
    value: String,
    r#type: Option<String>,
    key_id: Option<String>,
    #[serde(default)]
    overwrite: bool,
}

impl Ssm {
    pub(crate) async fn start(identity: Option<&Identity>, clock: &Clock) -> anyhow::Result<Self> {
        let health = Health::new(clock);
        let (line, url) = listen_as(identity, &health).await?;
        let ssm = Self {
            health,
            health_for_operators: Health::new(clock),
            parameters: Arc::default(),
            forbidden_keys: Arc::default(),
            forbidden_names: Arc::default(),
            deleted: Arc::default(),
            url,
        };
        let router = Router::new().route("/", post(answer)).with_state(ssm.clone());
        serve_vendor(line, &ssm.health, router);
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

    /// Stores a parameter encrypted with a key of one's own.
    pub fn put_with_key(&self, name: &str, value: &str, key_id: &str) {
        let (kind, key_id) = ("SecureString".to_owned(), Some(key_id.to_owned()));
        let parameter = Parameter { kind, value: value.to_owned(), key_id };
        lock(&self.parameters).insert(name.to_owned(), parameter);
    }

    /// Lets nobody encrypt anything with this key.
    pub fn forbids_key(&self, key_id: &str) {
        lock(&self.forbidden_keys).push(key_id.to_owned());
    }

    /// Lets nobody create a parameter of this name.
    pub fn forbids_name(&self, name: &str) {
        lock(&self.forbidden_names).push(name.to_owned());
    }

    /// What is stored under a name: its type, its value and the key that encrypts it, if somebody chose one.
    #[must_use]
    pub fn stored(&self, name: &str) -> Option<(String, String, Option<String>)> {
        let Parameter { kind, value, key_id } = lock(&self.parameters).get(name)?.clone();
        Some((kind, value, key_id))
    }

    /// The names of all parameters, in order.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        lock(&self.parameters).keys().cloned().collect()
    }

    /// Takes all parameters away but those that a deployment writes.
    pub fn clear(&self) {
        lock(&self.parameters).retain(|name, _| name.contains("/deployment/"));
    }

    /// Takes a parameter away.
    pub fn delete(&self, name: &str) {
        lock(&self.parameters).remove(name);
    }

    fn store(&self, name: &str, kind: &'static str, value: &str) {
        let parameter = Parameter { kind: kind.to_owned(), value: value.to_owned(), key_id: None };
        lock(&self.parameters).insert(name.to_owned(), parameter);
    }
}

pub(crate) async fn answer(State(ssm): State<Ssm>, headers: HeaderMap, body: Bytes) -> Response {
    if let Err(failure) = authenticated(&headers, "ssm") {
        return failure.into_response();
    }
    let answer = match text(&headers, "x-amz-target") {
        "AmazonSSM.GetParameters" => read(&body).and_then(|request| ssm.get_parameters(request)),
        "AmazonSSM.DescribeParameters" => read(&body).and_then(|request| ssm.describe_parameters(&request)),
        "AmazonSSM.DeleteParameter" => read(&body).and_then(|request| ssm.delete_parameter(&request)),
        "AmazonSSM.PutParameter" => read(&body).and_then(|request| ssm.put_parameter(request)),
        _ => {
            Err(Failure("UnknownOperationException", "The sandbox does not know this operation.".to_owned()))
        }
    };
    answer.map_or_else(IntoResponse::into_response, |answer| json_response(StatusCode::OK, &answer))
}

impl Ssm {
    fn get_parameters(&self, request: GetParameters) -> Result<Value, Failure> {
        if request.names.is_empty() || request.names.len() > 10 {
            return Err(Failure(
                "ValidationException",
                "Member must have length between 1 and 10".to_owned(),
            ));
        }
        let stored = lock(&self.parameters);
        let (mut parameters, mut invalid) = (Vec::new(), Vec::new());
        for name in request.names {
            match stored.get(&name) {
                None => invalid.push(name),
                Some(parameter) => parameters.push(parameter.json(&name, request.with_decryption)),
            }
        }
        Ok(json!({ "Parameters": parameters, "InvalidParameters": invalid }))
    }

    /// The first page has nothing on it but the token of the next one: the number of items on a page "can be between zero
    /// and the value of `MaxResults`", and there are more as long as there is a token.
    ///
    /// <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DescribeParameters.html>
    fn describe_parameters(&self, request: &DescribeParameters) -> Result<Value, Failure> {
        let [Filter { key, option, values }] = &request.parameter_filters[..] else {
            return Err(Failure("ValidationException", "the sandbox takes one filter".to_owned()));
        };
        if (key.as_str(), option.as_str()) != ("Name", "Equals") || values.is_empty() {
            return Err(Failure("InvalidFilterKey", "the sandbox knows Name Equals".to_owned()));
        }
        match request.next_token.as_deref() {
            None => return Ok(json!({ "Parameters": [], "NextToken": SECOND_PAGE })),
            Some(SECOND_PAGE) => {}
            Some(_) => {
                return Err(Failure("InvalidNextToken", "The specified token isn't valid.".to_owned()));
            }
        }
        let stored = lock(&self.parameters);
        let found = stored.iter().filter(|(name, _)| values.contains(name));
        let parameters: Vec<_> = found
            .map(|(name, Parameter { kind, key_id, .. })| {
                let own = Some("alias/aws/ssm").filter(|_| kind == "SecureString");
                json!({ "Name": name, "Type": kind, "KeyId": key_id.as_deref().or(own) })
            })
            .collect();
        Ok(json!({ "Parameters": parameters }))
    }

    fn delete_parameter(&self, request: &DeleteParameter) -> Result<Value, Failure> {
        let deleted = lock(&self.parameters).remove(&request.name);
        deleted.ok_or_else(|| Failure("ParameterNotFound", "The parameter couldn't be found.".to_owned()))?;
        lock(&self.deleted).insert(request.name.clone(), Instant::now());
        Ok(json!({}))
    }

    /// <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html>
    fn put_parameter(&self, request: PutParameter) -> Result<Value, Failure> {
        let PutParameter { name, value, r#type, key_id, overwrite, .. } = request;
        let mut stored = lock(&self.parameters);
        let before = stored.get(&name);
        if before.is_some() && !overwrite {
            return Err(Failure("ParameterAlreadyExists", "The parameter already exists.".to_owned()));
        }
        if before.is_some_and(|before| r#type.as_ref().is_some_and(|kind| *kind != before.kind)) {
            let message = "The parameter's type cannot be changed".to_owned();
            return Err(Failure("HierarchyTypeMismatchException", message));
        }
        let was_deleted = lock(&self.deleted).get(&name).is_some_and(|at| at.elapsed() < HELD);
        if before.is_none() && was_deleted {
            let message = "A parameter of this name was deleted less than 30 seconds ago.".to_owned();
            return Err(Failure("ParameterAlreadyExists", message));
        }
        if before.is_none() && lock(&self.forbidden_names).contains(&name) {
            let message = "User is not authorized to perform: ssm:PutParameter".to_owned();
            return Err(Failure("AccessDeniedException", message));
        }
        let kind = r#type.or_else(|| before.map(|it| it.kind.clone()));
        let kind =
            kind.ok_or_else(|| Failure("ValidationException", "A parameter type is required".to_owned()))?;
        if key_id.as_deref().is_some_and(|key| lock(&self.forbidden_keys).iter().any(|it| it == key)) {
            let message = "The ciphertext refers to a customer master key that you may not use.".to_owned();
            return Err(Failure("AccessDeniedException", message));
        }
        if value.is_empty() || (key_id.is_some() && kind != "SecureString") {
            return Err(Failure("ValidationException", "1 validation error detected".to_owned()));
        }
        stored.insert(name, Parameter { kind, value, key_id });
        Ok(json!({ "Version": 1, "Tier": "Standard" }))
    }
}

impl Parameter {
    fn json(&self, name: &str, decrypted: bool) -> Value {
        let Self { kind, value, .. } = self;
        let value = if kind == "SecureString" && !decrypted { "AQICAHsandbox" } else { value };
        json!({ "Name": name, "Type": kind, "Value": value, "Version": 1 })
    }
}

fn read<'a, T: Deserialize<'a>>(body: &'a Bytes) -> Result<T, Failure> {
    serde_json::from_slice(body).map_err(|error| Failure("SerializationException", error.to_string()))
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|it| it.to_str().ok()).unwrap_or_default()
}

/// Whether a request is signed for `service` with the one key there is.
pub(crate) fn authenticated(headers: &HeaderMap, service: &str) -> Result<(), Failure> {
    let signed = text(headers, "authorization").strip_prefix("AWS4-HMAC-SHA256 Credential=");
    let scope = format!("/{service}/aws4_request");
    if signed.is_some_and(|it| it.starts_with(ACCESS_KEY_ID) && it.contains(&scope)) {
        return Ok(());
    }
    let message = "The security token included in the request is invalid.";
    Err(Failure("UnrecognizedClientException", message.to_owned()))
}

/// An error as AWS puts it.
pub(crate) struct Failure(pub(crate) &'static str, pub(crate) String);

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let Self(kind, message) = self;
        json_response(StatusCode::BAD_REQUEST, &json!({ "__type": kind, "message": message }))
    }
}

pub(crate) fn json_response(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/x-amz-json-1.1")], Json(body).into_response().into_body())
        .into_response()
}
