//! The numbers an account owns, or could.
//!
//! <https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource>

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    EmployeeId,
    phone::{CompanyNumber, NotE164},
};

/// What our labels begin with. Numbers without it are somebody else's.
const MARK: &str = "twilify:";

/// What follows the mark on a number that waits for an employee.
const POOL: &str = "pool";

/// Twilio's name for a number an account owns: `PN` and 32 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(transparent)]
pub struct NumberSid(pub(super) String);

/// Three digits that a North American number begins with, like 925.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AreaCode(u16);

/// The text is not an area code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a North American area code like 925")]
pub struct NotAnAreaCode;

/// What is written on a number at Twilio, as its `FriendlyName`. Ours begin with `twilify:` and say
/// whose the number is; together with an employee's id that stays below Twilio's 64 characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Label(String);

/// Whose a number is, as its label says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// An employee's: `twilify:` and their id.
    Employee(EmployeeId),
    /// Nobody's, and to be given to the next employee who needs one: `twilify:pool`.
    Pool,
    /// Not one of ours.
    Stranger,
}

/// A number the account owns.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Listed")]
pub struct OwnedNumber {
    /// Twilio's name for it.
    pub sid: NumberSid,
    /// The number itself; it is a `CompanyNumber` although nobody may have it yet.
    pub number: CompanyNumber,
    /// What is written on it.
    pub label: Label,
    pub(super) voice: Hook,
    pub(super) voice_fallback: Hook,
    pub(super) sms: Hook,
    pub(super) sms_fallback: Hook,
    /// Whether an application or a trunk of Twilio's takes its calls or messages before any webhook.
    pub overridden: bool,
}

/// Where something is reported, and how.
pub(super) type Hook = (Option<String>, Option<String>);

/// A number as Twilio lists it. One that is not ours may be anything, like a short code.
#[derive(Deserialize)]
pub(super) struct Listed {
    sid: NumberSid,
    phone_number: String,
    friendly_name: Option<String>,
    #[serde(default)]
    voice_url: Option<String>,
    #[serde(default)]
    voice_method: Option<String>,
    #[serde(default)]
    voice_fallback_url: Option<String>,
    #[serde(default)]
    voice_fallback_method: Option<String>,
    #[serde(default)]
    sms_url: Option<String>,
    #[serde(default)]
    sms_method: Option<String>,
    #[serde(default)]
    sms_fallback_url: Option<String>,
    #[serde(default)]
    sms_fallback_method: Option<String>,
    #[serde(default)]
    voice_application_sid: Option<String>,
    #[serde(default)]
    trunk_sid: Option<String>,
    #[serde(default)]
    sms_application_sid: Option<String>,
}

impl TryFrom<Listed> for OwnedNumber {
    type Error = NotE164;

    fn try_from(listed: Listed) -> Result<Self, NotE164> {
        let before = [listed.voice_application_sid, listed.trunk_sid, listed.sms_application_sid];
        Ok(Self {
            overridden: before.into_iter().flatten().any(|sid| !sid.is_empty()),
            sid: listed.sid,
            number: listed.phone_number.parse()?,
            label: Label(listed.friendly_name.unwrap_or_default()),
            voice: (listed.voice_url, listed.voice_method),
            voice_fallback: (listed.voice_fallback_url, listed.voice_fallback_method),
            sms: (listed.sms_url, listed.sms_method),
            sms_fallback: (listed.sms_fallback_url, listed.sms_fallback_method),
        })
    }
}

impl Label {
    /// The label of `employee`'s number.
    #[must_use]
    pub fn of(employee: &EmployeeId) -> Self {
        Self(format!("{MARK}{}", employee.0))
    }

    /// The label of a number that waits for an employee.
    #[must_use]
    pub fn pool() -> Self {
        Self(format!("{MARK}{POOL}"))
    }

    /// Whose the number is.
    #[must_use]
    pub fn owner(&self) -> Owner {
        match self.0.strip_prefix(MARK) {
            Some(POOL) => Owner::Pool,
            // Whatever else somebody has written there is not taken for an employee who has left.
            Some(id) => id.parse().map_or(Owner::Stranger, Owner::Employee),
            None => Owner::Stranger,
        }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl OwnedNumber {
    /// Whether it is in `area`.
    #[must_use]
    pub fn is_in(&self, area: AreaCode) -> bool {
        self.number.as_e164().starts_with(&format!("+1{area}"))
    }
}

impl FromStr for AreaCode {
    type Err = NotAnAreaCode;

    fn from_str(text: &str) -> Result<Self, NotAnAreaCode> {
        let code = text.parse().map_err(|_| NotAnAreaCode)?;
        if text.len() == 3 && (200..1000).contains(&code) { Ok(Self(code)) } else { Err(NotAnAreaCode) }
    }
}

impl fmt::Display for AreaCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_says_whose_a_number_is() {
        let ada = EmployeeId("00ub0oNGTSWTBKOLGLNR".to_owned());
        assert_eq!(Label::of(&ada).as_str(), "twilify:00ub0oNGTSWTBKOLGLNR");
        assert_eq!(Label::of(&ada).owner(), Owner::Employee(ada));
        assert_eq!(Label::pool().owner(), Owner::Pool);
        for label in [
            "(925) 329-4108",
            "",
            "twilify",
            "twilify:",
            "Twilify:00u1",
            "twilify:Pool",
            "twilify:front-desk",
        ] {
            assert_eq!(Label(label.to_owned()).owner(), Owner::Stranger, "{label}");
        }
    }

    #[test]
    fn an_area_code_is_three_digits_and_begins_with_two_at_least() {
        assert_eq!("925".parse::<AreaCode>().unwrap().to_string(), "925");
        for text in ["", "92", "9255", "125", "025", "+92", "abc", "-25"] {
            assert_eq!(text.parse::<AreaCode>(), Err(NotAnAreaCode), "{text}");
        }
    }
}
