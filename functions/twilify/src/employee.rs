//! The people who get company numbers.

use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::phone::{CompanyNumber, MobileNumber, NotDialable, Territory, TypedNumber};

/// Okta's identifier of a user, like `00ub0oNGTSWTBKOLGLNR`. Not personal: logs may carry it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EmployeeId(pub String);

/// The text is not an employee's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the id of a user in Okta, like 00ub0oNGTSWTBKOLGLNR")]
pub struct NotAnEmployeeId;

impl FromStr for EmployeeId {
    type Err = NotAnEmployeeId;

    fn from_str(text: &str) -> Result<Self, NotAnEmployeeId> {
        let well_formed = text.starts_with("00u")
            && text.len() <= 40
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if well_formed { Ok(Self(text.to_owned())) } else { Err(NotAnEmployeeId) }
    }
}

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
    /// It is a company number, so a call might come back again and again.
    #[error("it is a company number itself, so calls might go round in circles")]
    Loop,
    /// It sends its calls to the company number, which would send them back.
    #[error("it forwards its calls to the company number, so this call would go round in circles")]
    SentBack,
}

impl Employee {
    /// The mobile that rings when somebody calls `company_number`, if it is within `territory`.
    pub fn reachable(
        &self,
        company_number: &CompanyNumber,
        territory: &Territory,
    ) -> Result<MobileNumber, Unreachable> {
        let mobile = self.mobile.as_ref().ok_or(Unreachable::NoNumber)?.dialled_within(territory)?;
        if mobile.as_e164() == company_number.as_e164() { Err(Unreachable::Loop) } else { Ok(mobile) }
    }

    /// Whether `number` is the one they publish, in any notation and with any extension.
    #[must_use]
    pub fn publishes(&self, number: &CompanyNumber, territory: &Territory) -> bool {
        let published = self.company_number.as_ref().and_then(|it| it.without_extension(territory.home).ok());
        published.is_some_and(|published| published.as_e164() == number.as_e164())
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
    pub fn spoken(&self) -> String {
        let mut names = [&self.first, &self.display].into_iter().flatten();
        names.find_map(|name| speakable(name)).unwrap_or_else(|| "your party".to_owned())
    }

    /// What the IT department reads, in one line: first and last name, else the display name.
    #[must_use]
    pub fn full(&self) -> String {
        let name = match (&self.first, &self.last) {
            (Some(first), Some(last)) => format!("{first} {last}"),
            (Some(name), None) | (None, Some(name)) => name.clone(),
            (None, None) => self.display.clone().unwrap_or_else(|| "an employee without a name".to_owned()),
        };
        name.replace(char::is_control, " ")
    }
}

/// The longest name that is spoken, in characters.
const LONGEST_NAME: usize = 40;

/// `name` as a voice can read it, in one line; `None` if there is no letter or digit in it.
fn speakable(name: &str) -> Option<String> {
    let blanks = |char: char| char.is_control() || char.is_whitespace();
    let words: Vec<_> = name.split(blanks).filter(|word| !word.is_empty()).collect();
    let name: String = words.join(" ").chars().take(LONGEST_NAME).collect();
    name.contains(char::is_alphanumeric).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spoken(first: &str, display: &str) -> String {
        Name { first: Some(first.to_owned()), display: Some(display.to_owned()), ..Name::default() }.spoken()
    }

    #[test]
    fn a_name_is_spoken_as_far_as_a_voice_can_read_it() {
        assert_eq!(spoken("Ada", "Countess"), "Ada");
        assert_eq!(spoken(" Ada\u{7}\r\n  Maria ", ""), "Ada Maria");
        assert_eq!(spoken("🎩", "Countess"), "Countess");
        assert_eq!(spoken("\u{0}", "…"), "your party");
        assert_eq!(spoken(&"é".repeat(5000), ""), "é".repeat(40));
    }

    #[test]
    fn an_id_is_nothing_but_letters_and_digits() {
        assert!("00ub0oNGTSWTBKOLGLNR".parse::<EmployeeId>().is_ok());
        for text in ["", "me", "ada@example.com", "00u1/lifecycle/deactivate", "00u1?x", "00u…"] {
            assert_eq!(text.parse::<EmployeeId>(), Err(NotAnEmployeeId), "{text}");
        }
        assert!(format!("00u{}", "x".repeat(99)).parse::<EmployeeId>().is_err());
    }

    #[test]
    fn a_name_is_written_in_one_line_with_whatever_of_it_there_is() {
        let name = |first: Option<&str>, last: Option<&str>, display: Option<&str>| {
            let [first, last, display] = [first, last, display].map(|it| it.map(ToOwned::to_owned));
            Name { first, last, display }.full()
        };
        assert_eq!(name(Some("Ada"), Some("Lovelace"), Some("Countess")), "Ada Lovelace");
        assert_eq!(name(Some("Ada"), None, Some("Countess")), "Ada");
        assert_eq!(name(None, Some("Lovelace"), None), "Lovelace");
        assert_eq!(name(None, None, Some("The\nCountess")), "The Countess");
        assert_eq!(name(None, None, None), "an employee without a name");
    }

    #[test]
    fn a_phone_rings_unless_it_is_missing_unusable_or_the_company_number_itself() {
        let territory = Territory { home: "US".parse().unwrap(), mobiles: "US,CA".parse().unwrap() };
        let number: CompanyNumber = "+19253294108".parse().unwrap();
        let employee = |mobile: &str, published: &str| Employee {
            id: EmployeeId("00uada".to_owned()),
            status: Status::Working,
            status_changed: None,
            name: Name::default(),
            mobile: TypedNumber::new(mobile),
            company_number: TypedNumber::new(published),
        };
        let reachable = |mobile: &str| employee(mobile, "").reachable(&number, &territory);
        assert_eq!(reachable("(818) 217-9229").unwrap().as_e164(), "+18182179229");
        assert_eq!(reachable(""), Err(Unreachable::NoNumber));
        assert_eq!(reachable("n/a"), Err(Unreachable::NotDialable(NotDialable::NotANumber)));
        assert_eq!(reachable("(925) 329-4108"), Err(Unreachable::Loop));
        let publishes = |published: &str| employee("", published).publishes(&number, &territory);
        assert!(publishes("+19253294108") && publishes("(925) 329-4108 ext. 12"));
        assert!(!publishes("") && !publishes("n/a") && !publishes("+19253294109"));
    }
}
