//! What may be wrong with what Okta says of somebody. No document says that it ever is.

use axum::{
    http::header,
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value};

/// What is wrong with what Okta says of somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Corrupt {
    /// `"profile": null`.
    NoProfile,
    /// Half of a surrogate pair at the end of this attribute, which JSON's grammar allows and no string can hold.
    ///
    /// <https://www.rfc-editor.org/rfc/rfc8259#section-8.2>
    LoneSurrogate(&'static str),
}

/// Stands for the lone surrogate until the JSON is written.
const STAND_IN: char = '\u{e000}';

impl Corrupt {
    pub(super) fn profile(corrupt: Option<Self>, profile: &Map<String, Value>) -> Value {
        let mut profile = profile.clone();
        match corrupt {
            None => {}
            Some(Self::NoProfile) => return Value::Null,
            Some(Self::LoneSurrogate(attribute)) => {
                let value = profile.get(attribute).and_then(Value::as_str).unwrap_or_default();
                profile.insert(attribute.to_owned(), format!("{value}{STAND_IN}").into());
            }
        }
        Value::Object(profile)
    }
}

/// An answer with `value`.
pub(super) fn answer(value: &Value) -> Response {
    let json = value.to_string().replace(STAND_IN, r"\ud800");
    ([(header::CONTENT_TYPE, "application/json")], json).into_response()
}
