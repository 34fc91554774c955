//! An error as Okta puts it.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

/// <https://developer.okta.com/docs/reference/core-okta-api/#errors>
#[derive(Clone, Copy)]
pub(super) struct Failure {
    status: StatusCode,
    code: &'static str,
    summary: &'static str,
    /// The reason, where the summary only says that there is one.
    cause: Option<&'static str>,
}

pub(super) const NOT_FOUND: Failure =
    Failure::new(StatusCode::NOT_FOUND, "E0000007", "Not found: Resource not found (User)");

impl Failure {
    pub(super) const fn new(status: StatusCode, code: &'static str, summary: &'static str) -> Self {
        Self { status, code, summary, cause: None }
    }

    pub(super) const fn because(self, cause: &'static str) -> Self {
        Self { cause: Some(cause), ..self }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let Self { status, code, summary, cause } = self;
        let causes: Vec<Value> = cause.iter().map(|it| json!({ "errorSummary": it })).collect();
        let body = json!({
            "errorCode": code,
            "errorSummary": summary,
            "errorLink": code,
            "errorId": "oaesandbox",
            "errorCauses": causes,
        });
        (status, Json(body)).into_response()
    }
}
