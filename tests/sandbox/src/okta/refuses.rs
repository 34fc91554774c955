//! Why Okta does not write one person's profile, although it writes those of others.

use axum::http::StatusCode;
use serde_json::{Map, Value};

use super::{Employee, failure::Failure};

/// Why Okta does not write one person's profile.
///
/// The codes are those of <https://developer.okta.com/docs/reference/error-codes/>.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refuses {
    /// Another system, like Active Directory, is the source of all attributes: 403 `E0000023`.
    Mastered,
    /// It is a super administrator's profile, and the token's owner is a lesser one: 403 `E0000006`, whatever the
    /// write says.
    ///
    /// <https://help.okta.com/en-us/content/topics/security/administrators-admin-comparison.htm>
    SuperAdmin,
    /// Something in the profile is not valid any more, and a partial update validates all of it: 400 `E0000001`
    /// with this cause, like `login: Username must be in the form of an email address`.
    ///
    /// <https://support.okta.com/help/s/article/updates-to-a-user-s-profile-via-post-user-api-always-validates-login-even-when-not-included>
    InvalidProfile(&'static str),
    /// The person's user type has no attribute for the company number: 400 `E0000001`. Each user type has a
    /// schema of its own.
    ///
    /// <https://developer.okta.com/docs/concepts/user-profiles/>
    NoSuchAttribute,
    /// The account is being activated at this moment: 409 `E0000112`.
    Busy,
}

/// What a write names, and how strict the org is.
pub(super) struct Touched<'a> {
    pub(super) profile: &'a Map<String, Value>,
    pub(super) no_ops_on_mastered: bool,
}

/// The answer to a write that names an attribute that is not in the schema.
pub(super) const UNDEFINED: Failure =
    Failure::new(StatusCode::BAD_REQUEST, "E0000001", "Api validation failed: profile")
        .because("profile property not defined in the schema");

const MASTERED: Failure = Failure::new(
    StatusCode::FORBIDDEN,
    "E0000023",
    "Operation failed because user profile is mastered under another system",
);

const NO_PERMISSION: Failure = Failure::new(
    StatusCode::FORBIDDEN,
    "E0000006",
    "You do not have permission to perform the requested action",
);

const BUSY: Failure = Failure::new(
    StatusCode::CONFLICT,
    "E0000112",
    "Cannot update this user because they are still being activated. Try again in a few minutes.",
);

impl Employee {
    /// Whether the token may write this profile at all.
    pub(super) fn check_right(&self) -> Result<(), Failure> {
        if self.refuses == Some(Refuses::SuperAdmin) { Err(NO_PERMISSION) } else { Ok(()) }
    }

    /// Whether Okta takes a write.
    pub(super) fn check_write(&self, touched: &Touched<'_>) -> Result<(), Failure> {
        let mut names = touched.profile.keys();
        let is_mastered = |(attribute, value): (&String, &Value)| {
            let by_another = self.refuses == Some(Refuses::Mastered)
                || self.mastered_elsewhere.contains(&attribute.as_str());
            let changes = self.profile.get(attribute).unwrap_or(&Value::Null) != value;
            by_another && (changes || !touched.no_ops_on_mastered)
        };
        match self.refuses {
            Some(Refuses::InvalidProfile(cause)) => {
                Err(Failure::new(StatusCode::BAD_REQUEST, "E0000001", "Api validation failed: login")
                    .because(cause))
            }
            Some(Refuses::NoSuchAttribute) if names.any(|it| it != "mobilePhone") => Err(UNDEFINED),
            Some(Refuses::Busy) => Err(BUSY),
            _ if touched.profile.iter().any(is_mastered) => Err(MASTERED),
            _ => Ok(()),
        }
    }
}
