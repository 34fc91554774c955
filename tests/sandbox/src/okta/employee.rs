//! Someone in the org.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{Hidden, Refuses, corrupt::Corrupt};

/// Someone in the org, active unless told otherwise.
#[derive(Clone, Debug)]
pub struct Employee {
    id: String,
    pub(super) status: &'static str,
    pub(super) profile: Map<String, Value>,
    /// When they left.
    left: Option<Timestamp>,
    /// The attributes that cannot be changed here.
    pub(super) mastered_elsewhere: Vec<&'static str>,
    /// What is wrong with what Okta says of them.
    pub(super) corrupt: Option<Corrupt>,
    /// Why nobody can write the profile, if nobody can.
    pub(super) refuses: Option<Refuses>,
    /// What the token is told about them, if it cannot see them.
    pub(super) hidden: Option<Hidden>,
}

impl Employee {
    /// Someone with a name and no phones yet. First names are unique in the sandbox.
    #[must_use]
    pub fn named(first_name: &str, last_name: &str) -> Self {
        let mail = format!("{}@example.com", first_name.to_lowercase());
        let profile = json!({
            "login": mail,
            "email": mail,
            "firstName": first_name,
            "lastName": last_name,
            // These two are always there, even if they are empty; all others are absent then.
            "mobilePhone": null,
            "secondEmail": null,
        });
        let Value::Object(profile) = profile else { unreachable!("it is written as one") };
        let id = format!("00u{:x>17.17}", first_name.to_lowercase());
        Self {
            id,
            status: "ACTIVE",
            profile,
            left: None,
            mastered_elsewhere: Vec::new(),
            corrupt: None,
            refuses: None,
            hidden: None,
        }
    }

    /// Gives them a mobile, typed as `number`.
    #[must_use]
    pub fn mobile(self, number: &str) -> Self {
        self.with("mobilePhone", number)
    }

    /// Gives them a company number.
    #[must_use]
    pub fn company_number(self, number: &str) -> Self {
        self.with("primaryPhone", number)
    }

    /// Fills in an attribute of their profile.
    #[must_use]
    pub fn with(mut self, attribute: &str, value: &str) -> Self {
        self.set(attribute, value.into());
        self
    }

    /// Gives them another status, like `PROVISIONED`.
    #[must_use]
    pub fn status(self, status: &'static str) -> Self {
        Self { status, ..self }
    }

    /// Their id in Okta: twenty characters, made from the first name they came with.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Their status, like `ACTIVE`.
    #[must_use]
    pub fn status_name(&self) -> &'static str {
        self.status
    }

    /// What an attribute of their profile says.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.profile.get(name)?.as_str()
    }

    pub(super) fn leave(&mut self, at: Timestamp) {
        self.status = "DEPROVISIONED";
        self.left = Some(at);
    }

    pub(super) fn set(&mut self, attribute: &str, value: Value) {
        self.profile.insert(attribute.to_owned(), value);
    }

    /// A hash of the profile and of nothing else: it stays the same when only the status changes, and after a
    /// write that changes nothing. So it is in the traffic that Okta's Python SDK recorded.
    ///
    /// <https://github.com/okta/okta-sdk-python/tree/master/tests/integration/cassettes>
    pub(super) fn etag(&self) -> String {
        let mut hasher = DefaultHasher::new();
        for (attribute, value) in self.profile.iter().filter(|(_, value)| !value.is_null()) {
            (attribute, value.to_string()).hash(&mut hasher);
        }
        format!(r#"W/"{:064x}""#, hasher.finish())
    }

    pub(super) fn json(&self) -> Value {
        json!({
            "id": self.id(),
            "status": self.status,
            "created": "2026-01-05T09:00:00.000Z",
            "activated": "2026-01-05T09:00:00.000Z",
            "statusChanged": self.left.map_or_else(|| "2026-01-05T09:00:00.000Z".to_owned(), |time| format!("{time:.3}")),
            "lastLogin": null,
            "lastUpdated": "2026-01-05T09:00:00.000Z",
            "passwordChanged": null,
            "type": { "id": "otysandbox" },
            "profile": Corrupt::profile(self.corrupt, &self.profile),
            "credentials": { "provider": { "type": "OKTA", "name": "OKTA" } },
            "_links": { "self": { "href": format!("/api/v1/users/{}", self.id) } },
        })
    }
}
