//! The people who get company numbers.

use serde::{Deserialize, Serialize};

use crate::phone::TypedNumber;

/// Okta's identifier of a user, like `00ub0oNGTSWTBKOLGLNR`. Not personal: logs may carry it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EmployeeId(pub String);

/// Someone who works here, or did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Employee {
    /// Who they are in Okta.
    pub id: EmployeeId,
    /// Whether they still work here.
    pub status: Status,
    /// What they are called.
    pub name: Name,
    /// The phone in their pocket, as somebody typed it; without one they get no company number.
    pub mobile: Option<TypedNumber>,
    /// The number they publish, as their profile has it.
    pub company_number: Option<TypedNumber>,
}

/// What Okta's [user status] means for somebody's phone.
///
/// [user status]: https://help.okta.com/en-us/Content/Topics/users-groups-profiles/usgp-end-user-states.htm
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Works here, whatever the state of their password: `ACTIVE`, `PROVISIONED`, `RECOVERY`,
    /// `PASSWORD_EXPIRED`, `LOCKED_OUT`.
    Working,
    /// Not yet or not now, and states that Okta invents later: `STAGED`, `SUSPENDED`. They get
    /// no calls and no new number, and keep the one they have.
    Paused,
    /// Has left: `DEPROVISIONED`.
    Left,
}

/// What somebody is called. Every part may be missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Name {
    /// Given name.
    pub first: Option<String>,
    /// Family name.
    pub last: Option<String>,
    /// What they want to be called, if they told Okta.
    pub display: Option<String>,
}

impl Name {
    /// What a caller hears: the first name, else the display name, else “your party”.
    #[must_use]
    pub fn spoken(&self) -> &str {
        self.first.as_deref().or(self.display.as_deref()).unwrap_or("your party")
    }

    /// What the IT department reads: first and last name, else the display name.
    #[must_use]
    pub fn full(&self) -> String {
        match (&self.first, &self.last) {
            (Some(first), Some(last)) => format!("{first} {last}"),
            (Some(name), None) | (None, Some(name)) => name.clone(),
            (None, None) => self.display.clone().unwrap_or_else(|| "an employee without a name".to_owned()),
        }
    }
}
