//! The numbers an account owns, or could.
//!
//! <https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource>

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use url::Url;

use crate::{EmployeeId, phone::CompanyNumber};

/// What our labels begin with. Numbers without it are somebody else's.
const MARK: &str = "twilify:";

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

/// What is written on a number at Twilio, as its `FriendlyName`. Ours say for whom a number was
/// bought: `twilify:` and the employee's id, which together stay below Twilio's 64 characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Label(String);

/// Where Twilio reports what happens on a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Asked what to do with a call, by POST.
    pub voice: Url,
    /// Told about a message, by POST.
    pub sms: Url,
}

/// A number the account owns.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct OwnedNumber {
    /// Twilio's name for it.
    pub sid: NumberSid,
    /// The number.
    #[serde(rename = "phone_number")]
    pub number: CompanyNumber,
    /// What is written on it.
    #[serde(rename = "friendly_name")]
    pub label: Label,
}

impl Label {
    /// The label of a number that was bought for `employee`.
    #[must_use]
    pub fn of(employee: &EmployeeId) -> Self {
        Self(format!("{MARK}{}", employee.0))
    }

    /// For whom the number was bought, if it is one of ours.
    #[must_use]
    pub fn employee(&self) -> Option<EmployeeId> {
        self.0.strip_prefix(MARK).map(|id| EmployeeId(id.to_owned()))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Route {
    /// The route to our functions, which are all below `public_url`.
    ///
    /// # Panics
    ///
    /// Never: a base URL takes any path.
    #[must_use]
    pub fn below(public_url: &Url) -> Self {
        let url = |path| public_url.join(path).expect("these are paths");
        Self { voice: url("call-forward"), sms: url("sms-forward") }
    }

    /// The fields that set this route.
    pub(super) fn fields(&self) -> [(&'static str, &str); 4] {
        [
            ("VoiceUrl", self.voice.as_str()),
            ("VoiceMethod", "POST"),
            ("SmsUrl", self.sms.as_str()),
            ("SmsMethod", "POST"),
        ]
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
    fn a_label_names_the_employee_and_other_labels_name_nobody() {
        let ada = EmployeeId("00ub0oNGTSWTBKOLGLNR".to_owned());
        assert_eq!(Label::of(&ada).as_str(), "twilify:00ub0oNGTSWTBKOLGLNR");
        assert_eq!(Label::of(&ada).employee(), Some(ada));
        assert_eq!(Label("(925) 329-4108".to_owned()).employee(), None);
    }

    #[test]
    fn an_area_code_is_three_digits_and_begins_with_two_at_least() {
        assert_eq!("925".parse::<AreaCode>().unwrap().to_string(), "925");
        for text in ["", "92", "9255", "125", "025", "+92", "abc", "-25"] {
            assert_eq!(text.parse::<AreaCode>(), Err(NotAnAreaCode), "{text}");
        }
    }
}
