//! Okta's JSON, and what it means here.

use std::{fmt, str::FromStr};

use http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::Refusal;
use crate::{
    Employee, EmployeeId, Name, Status,
    phone::{TypedNumber, redacted},
};

/// The profile attribute with the number of the phone in somebody's pocket.
pub(super) const MOBILE: &str = "mobilePhone";

/// Okta's word for a user it does not have; any other 404 says that the request went astray.
pub(super) const NO_SUCH_USER: &str = "E0000007";

/// The name of a profile attribute, like `primaryPhone`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute(String);

/// The text cannot be the name of a profile attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the variable name of an Okta profile attribute, like primaryPhone")]
pub struct NotAnAttribute;

impl Attribute {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Attribute {
    type Err = NotAnAttribute;

    /// The name becomes part of search expressions, so nothing but letters, digits and `_` will do.
    fn from_str(name: &str) -> Result<Self, NotAnAttribute> {
        let well_formed = name.len() <= 100
            && name.starts_with(|first: char| first.is_ascii_alphabetic())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if well_formed { Ok(Self(name.to_owned())) } else { Err(NotAnAttribute) }
    }
}

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The projection that asks for what a [`User`] needs and no more.
pub(super) fn fields(company_phone: &Attribute) -> String {
    format!("id,status,statusChanged,profile:(firstName,lastName,displayName,{MOBILE},{company_phone})")
}

/// A user whom Okta lists and whose description cannot be read. They are there all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// Who it is, if that can be read.
    pub id: Option<EmployeeId>,
    /// What is wrong with the description. It repeats nothing of it.
    pub why: &'static str,
}

/// A user, of which Okta promises little: attributes may be absent, null or blank.
#[derive(Deserialize)]
pub(super) struct User {
    id: String,
    #[serde(default)]
    status: String,
    #[serde(default, rename = "statusChanged")]
    status_changed: Option<String>,
    #[serde(default)]
    profile: Map<String, Value>,
}

impl User {
    pub(super) fn read(user: Value) -> Result<Self, Unreadable> {
        let id = user["id"].as_str().map(|id| EmployeeId(id.to_owned()));
        let has_profile = user["profile"].is_object();
        serde_json::from_value(user).map_err(|_| Unreadable {
            id,
            why: if has_profile {
                "its id, status or time of change is not text"
            } else {
                "it has no profile"
            },
        })
    }

    /// What an attribute holds; null if it is absent.
    pub(super) fn attribute(&self, name: &str) -> Value {
        self.profile.get(name).cloned().unwrap_or_default()
    }

    pub(super) fn into_employee(self, company_phone: &Attribute) -> Employee {
        let Self { id, status, status_changed, profile } = self;
        let text = |attribute: &str| {
            let text = profile.get(attribute)?.as_str()?.trim();
            (!text.is_empty()).then(|| text.to_owned())
        };
        let number = |attribute: &str| TypedNumber::new(profile.get(attribute)?.as_str()?);
        Employee {
            id: EmployeeId(id),
            status: match status.as_str() {
                "ACTIVE" | "PROVISIONED" | "RECOVERY" | "PASSWORD_EXPIRED" | "LOCKED_OUT" => Status::Working,
                "DEPROVISIONED" => Status::Left,
                _ => Status::Paused,
            },
            status_changed: status_changed.and_then(|time| time.parse().ok()),
            name: Name { first: text("firstName"), last: text("lastName"), display: text("displayName") },
            mobile: number(MOBILE),
            company_number: number(company_phone.as_str()),
        }
    }
}

/// <https://developer.okta.com/docs/reference/error-codes/>
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Failure {
    #[serde(rename = "errorCode")]
    code: String,
    #[serde(rename = "errorSummary")]
    summary: String,
    #[serde(rename = "errorId")]
    id: String,
    #[serde(rename = "errorCauses")]
    causes: Vec<Cause>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Cause {
    #[serde(rename = "errorSummary")]
    summary: String,
}

/// The most causes of a refusal that are kept.
const MOST_CAUSES: usize = 3;

impl Failure {
    pub(super) fn into_refusal(self, request: String, status: StatusCode) -> Refusal {
        let name = |text: String| text.chars().filter(char::is_ascii_graphic).take(40).collect();
        let causes = self.causes.iter().map(|it| &it.summary).filter(|it| !it.is_empty());
        let said = std::iter::once(&self.summary).chain(causes.take(MOST_CAUSES));
        let summary = said.map(|it| redacted(it)).collect::<Vec<_>>().join("; ");
        Refusal { request, status, code: name(self.code), summary, id: name(self.id), pause: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn primary_phone() -> Attribute {
        "primaryPhone".parse().unwrap()
    }

    fn employee(user: Value) -> Employee {
        serde_json::from_value::<User>(user).unwrap().into_employee(&primary_phone())
    }

    #[test]
    fn what_is_absent_null_or_blank_is_missing() {
        for profile in [
            serde_json::json!({}),
            serde_json::json!({ "firstName": null, "mobilePhone": null, "primaryPhone": null }),
            serde_json::json!({ "firstName": " ", "mobilePhone": "", "primaryPhone": 5 }),
        ] {
            let employee =
                employee(serde_json::json!({ "id": "00u1", "status": "ACTIVE", "profile": profile }));
            assert_eq!((employee.mobile, employee.company_number), (None, None));
            assert_eq!(employee.name.spoken(), "your party");
        }
    }

    #[test]
    fn only_those_who_work_here_are_working() {
        for (status, meaning) in [
            ("ACTIVE", Status::Working),
            ("PASSWORD_EXPIRED", Status::Working),
            ("RECOVERY", Status::Working),
            ("LOCKED_OUT", Status::Working),
            ("PROVISIONED", Status::Working),
            ("STAGED", Status::Paused),
            ("SUSPENDED", Status::Paused),
            ("SOMETHING_NEW", Status::Paused),
            ("", Status::Paused),
            ("DEPROVISIONED", Status::Left),
        ] {
            let employee = employee(serde_json::json!({ "id": "00u1", "status": status, "profile": {} }));
            assert_eq!(employee.status, meaning, "{status}");
        }
    }

    #[test]
    fn an_attribute_cannot_smuggle_anything_into_a_search() {
        for name in ["", "1phone", "primary phone", r#"a eq "b" or c"#, "phone-number", "téléphone"] {
            assert_eq!(name.parse::<Attribute>(), Err(NotAnAttribute), "{name}");
        }
    }

    #[test]
    fn the_name_of_an_attribute_is_letters_digits_and_underscores() {
        for name in ["primaryPhone", "a", "company_phone_2", &"a".repeat(100)] {
            assert_eq!(name.parse::<Attribute>().unwrap().to_string(), name);
        }
        for name in ["_phone", "a ", &"a".repeat(101)] {
            assert_eq!(name.parse::<Attribute>(), Err(NotAnAttribute), "{name}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_user_who_cannot_be_read_is_told() {
        let unreadable = |user: Value| User::read(user).map(|_| ()).unwrap_err();
        let id = Some(EmployeeId("00u1".to_owned()));
        let no_profile = Unreadable { id: id.clone(), why: "it has no profile" };
        assert_eq!(unreadable(serde_json::json!({ "id": "00u1", "profile": null })), no_profile);
        let not_text = "its id, status or time of change is not text";
        let status = serde_json::json!({ "id": "00u1", "status": 5, "profile": {} });
        assert_eq!(unreadable(status), Unreadable { id, why: not_text });
        let no_id = serde_json::json!({ "id": 5, "profile": {} });
        assert_eq!(unreadable(no_id), Unreadable { id: None, why: not_text });
    }

    #[test]
    fn of_a_refusal_the_summary_and_three_of_its_causes_are_kept_without_numbers() {
        let failure = serde_json::json!({
            "errorCode": format!("E00 00001\u{7}{}", "x".repeat(100)),
            "errorSummary": "Api validation failed",
            "errorId": "oae\n1",
            "errorCauses": [
                { "errorSummary": "mobile: +14155550100 is taken" },
                { "errorSummary": "" },
                {},
                { "errorSummary": "two" },
                { "errorSummary": "three" },
                { "errorSummary": "four" },
            ],
        });
        let failure: Failure = serde_json::from_value(failure).unwrap();
        let refusal = failure.into_refusal("POST /".to_owned(), StatusCode::BAD_REQUEST);
        assert_eq!(refusal.code, format!("E0000001{}", "x".repeat(32)));
        assert_eq!(refusal.id, "oae1");
        assert!(refusal.summary.starts_with("Api validation failed; mobile: "), "{}", refusal.summary);
        assert!(refusal.summary.ends_with("; two; three"), "{}", refusal.summary);
        assert!(!refusal.summary.contains("5550100"), "{}", refusal.summary);
        assert_eq!((refusal.status, refusal.pause), (StatusCode::BAD_REQUEST, None));
    }
}
