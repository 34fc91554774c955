//! The changes a plan can consist of, and how they read.

use std::fmt::{self, Display};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use twilify::{
    CompanyNumber, Employee, EmployeeId, MobileNumber,
    config::Fate,
    seal::LastKnown,
    twilio::{OwnedNumber, Owner},
};

/// One change for one employee.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// For whom.
    pub who: Who,
    /// What.
    pub change: Change,
}

/// A change at Okta or Twilio.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Write the mobile number into the profile in E.164 form, in place of what was typed.
    Clean(MobileNumber),
    /// Likewise the company number.
    CleanCompanyNumber(CompanyNumber),
    /// Write a number into the profile that has the employee's label already: an earlier run bought
    /// it, or they are back.
    Assign(OwnedNumber),
    /// Point a number at our webhooks that has the employee's label and leads elsewhere.
    Reroute(OwnedNumber),
    /// Seal the employee's mobile, as it is now, into the webhook URLs of their number.
    Seal(OwnedNumber),
    /// Take the sealed mobile out of the webhook URLs of a number whose employee cannot be called now.
    Unseal(OwnedNumber),
    /// Label a number of the account that the profile names, and point it at our webhooks.
    Adopt(OwnedNumber),
    /// Give the employee a number that waits for one.
    TakeFromPool(OwnedNumber),
    /// Buy a number, with the employee written on it, then write it into the profile.
    Buy,
    /// Add a number to the Messaging Service.
    Enroll(OwnedNumber),
    /// Note on the number since which day its employee cannot be found in Okta.
    NoteMissing(OwnedNumber, Date),
    /// Take that note off again: the employee is back in Okta.
    NoteFound(OwnedNumber),
    /// Take the number from someone who has left, or whom Okta has not shown since the day on its label.
    Retire(OwnedNumber, Fate),
}

/// An employee, as a report names them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Who {
    /// Who they are in Okta.
    pub employee: EmployeeId,
    /// What they are called, if it is known.
    pub name: String,
    /// What is to be sealed into the webhook URLs of their number, if they can be called.
    #[serde(skip)]
    pub last_known: Option<LastKnown>,
}

impl Who {
    /// Whoever's label a number has.
    pub(super) fn owner(number: &OwnedNumber) -> Self {
        let (employee, name) = match number.label.owner() {
            Owner::Employee(id) => (id.clone(), id.0),
            Owner::Pool | Owner::Stranger => (EmployeeId(String::new()), "whoever had it last".to_owned()),
        };
        Self { employee, name, last_known: None }
    }
}

impl From<&Employee> for Who {
    fn from(employee: &Employee) -> Self {
        Self { employee: employee.id.clone(), name: employee.name.full(), last_known: None }
    }
}

impl Change {
    /// Whether it ends with a company number in a profile that had none.
    #[must_use]
    pub fn writes_number(&self) -> bool {
        matches!(self, Self::Assign(_) | Self::TakeFromPool(_) | Self::Buy)
    }

    /// What it is called in a log, where no number may appear.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Clean(_) => "clean",
            Self::CleanCompanyNumber(_) => "clean company number",
            Self::Assign(_) => "assign",
            Self::Reroute(_) => "reroute",
            Self::Seal(_) => "seal",
            Self::Unseal(_) => "unseal",
            Self::Adopt(_) => "adopt",
            Self::TakeFromPool(_) => "take from pool",
            Self::Buy => "buy",
            Self::Enroll(_) => "enroll",
            Self::NoteMissing(..) => "note missing",
            Self::NoteFound(_) => "note found",
            Self::Retire(_, Fate::Pool) => "retire to pool",
            Self::Retire(_, Fate::Release) => "release",
        }
    }

    /// What the step says once it is done, with the company number that came of it in full.
    #[must_use]
    pub fn done(&self, number: &str, name: &str) -> String {
        match self {
            Self::Clean(_) | Self::CleanCompanyNumber(_) => {
                format!("Cleaned up the formatting of a phone number ({number}) for {name}.")
            }
            Self::Assign(_) => format!("Assigned a company number bought earlier ({number}) to {name}."),
            Self::Reroute(_) => format!("Pointed the company number ({number}) of {name} at the webhooks."),
            Self::Seal(_) => {
                format!("Sealed the mobile of {name} into the webhooks of their company number ({number}).")
            }
            Self::Unseal(_) => {
                format!("Took the mobile of {name} out of the webhooks of the company number ({number}).")
            }
            Self::Adopt(_) => {
                format!("Adopted the company number ({number}) that the profile of {name} names.")
            }
            Self::TakeFromPool(_) => format!("Assigned a company number from the pool ({number}) to {name}."),
            Self::Buy => format!("Purchased a new company number ({number}) for {name}."),
            Self::Enroll(_) => {
                format!("Added the company number ({number}) of {name} to the Messaging Service.")
            }
            Self::NoteMissing(_, day) => {
                format!(
                    "Noted on the company number ({number}) of {name} that they cannot be found in Okta since {day}."
                )
            }
            Self::NoteFound(_) => {
                format!("Noted on the company number ({number}) of {name} that they are in Okta again.")
            }
            Self::Retire(owned, Fate::Pool) => {
                format!("Put the company number ({number}) of {name}, {}, into the pool.", absence(owned))
            }
            Self::Retire(owned, Fate::Release) => {
                format!("Released the company number ({number}) of {name}, {}.", absence(owned))
            }
        }
    }

    /// The number it is about, in E.164 form; a number yet to be bought has none.
    #[must_use]
    pub fn number(&self) -> Option<&str> {
        match self {
            Self::Clean(number) => Some(number.as_e164()),
            Self::CleanCompanyNumber(number) => Some(number.as_e164()),
            _ => self.owned().map(|owned| owned.number.as_e164()),
        }
    }

    /// The number of the account that it is about, if it is about one.
    pub(crate) fn owned(&self) -> Option<&OwnedNumber> {
        match self {
            Self::Assign(number)
            | Self::Reroute(number)
            | Self::Seal(number)
            | Self::Unseal(number)
            | Self::Adopt(number)
            | Self::TakeFromPool(number)
            | Self::Enroll(number)
            | Self::NoteMissing(number, _)
            | Self::NoteFound(number)
            | Self::Retire(number, _) => Some(number),
            Self::Clean(_) | Self::CleanCompanyNumber(_) | Self::Buy => None,
        }
    }
}

/// Why the employee of a number does not need it any more, as a relative clause.
fn absence(owned: &OwnedNumber) -> String {
    match owned.label.missing_since() {
        Some(day) => format!("whom Okta has not shown since {day}"),
        None => "who has left".to_owned(),
    }
}

impl Display for Step {
    /// The step in words, with whatever number it is about in full.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, number) = (&self.who.name, self.change.number().unwrap_or_default());
        match &self.change {
            Change::Clean(_) | Change::CleanCompanyNumber(_) => {
                write!(f, "Clean up the formatting of a phone number ({number}) for {name}.")
            }
            Change::Assign(_) => write!(f, "Assign the company number bought earlier ({number}) to {name}."),
            Change::Reroute(_) => write!(f, "Point the company number ({number}) of {name} at the webhooks."),
            Change::Seal(_) => {
                write!(f, "Seal the mobile of {name} into the webhooks of their company number ({number}).")
            }
            Change::Unseal(_) => {
                write!(f, "Take the mobile of {name} out of the webhooks of the company number ({number}).")
            }
            Change::Adopt(_) => {
                write!(f, "Adopt the company number ({number}) that the profile of {name} names.")
            }
            Change::TakeFromPool(_) => {
                write!(f, "Assign a company number from the pool ({number}) to {name}.")
            }
            Change::Buy => write!(f, "Purchase a new company number for {name}."),
            Change::Enroll(_) => {
                write!(f, "Add the company number ({number}) of {name} to the Messaging Service.")
            }
            Change::NoteMissing(_, day) => {
                write!(
                    f,
                    "Note on the company number ({number}) of {name} that they cannot be found in Okta since {day}."
                )
            }
            Change::NoteFound(_) => {
                write!(f, "Note on the company number ({number}) of {name} that they are in Okta again.")
            }
            Change::Retire(owned, Fate::Pool) => {
                write!(f, "Put the company number ({number}) of {name}, {}, into the pool.", absence(owned))
            }
            Change::Retire(owned, Fate::Release) => {
                write!(f, "Release the company number ({number}) of {name}, {}.", absence(owned))
            }
        }
    }
}
