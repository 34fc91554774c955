//! The people who get company numbers.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::phone::{CompanyNumber, Country, MobileNumber, NotDialable, TypedNumber};

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
    /// Since when, if Okta says so.
    pub status_changed: Option<Timestamp>,
    /// What they are called.
    pub name: Name,
    /// The phone in their pocket, as somebody typed it; without one they get no company number.
    pub mobile: Option<TypedNumber>,
    /// The number they publish, as their profile has it.
    pub company_number: Option<TypedNumber>,
}

/// Why somebody's mobile cannot be rung.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreachable {
    /// There is no number in their profile.
    #[error("there is none in their profile")]
    NoNumber,
    /// Nobody could dial the one in their profile.
    #[error(transparent)]
    NotDialable(#[from] NotDialable),
    /// It is the company number itself, so a call would come back again and again.
    #[error("it is the company number itself, so a call would go round in circles")]
    Loop,
}

impl Employee {
    /// The mobile that rings when somebody calls `company_number`. A number without a country code is
    /// read as one of `country`.
    pub fn reachable(
        &self,
        company_number: &CompanyNumber,
        country: Country,
    ) -> Result<MobileNumber, Unreachable> {
        let mobile = self.mobile.as_ref().ok_or(Unreachable::NoNumber)?.dialled(country)?;
        if mobile.as_e164() == company_number.as_e164() {
            Err(Unreachable::Loop)
        } else {
            Ok(MobileNumber::new(mobile))
        }
    }
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
