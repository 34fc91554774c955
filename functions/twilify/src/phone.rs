//! Phone numbers: strict ones, the two roles they play, and what people type.

mod nanp;
mod redact;
mod typed;

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

pub use self::{
    redact::redacted,
    typed::{Countries, Country, NotACountry, NotDialable, Territory, TypedNumber},
};

/// A phone number in [E.164] form: a `+`, then eight to fifteen digits, the first not zero.
///
/// It has no `Display`, and its `Debug` hides all but the last four digits, so a number reaches
/// a log or a message in full only where someone wrote [`as_e164`](Self::as_e164).
///
/// [E.164]: https://www.itu.int/rec/T-REC-E.164
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PhoneNumber(String);

/// The text is not an E.164 phone number. It is not repeated here: it may be personal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an E.164 phone number (a plus sign, then eight to fifteen digits)")]
pub struct NotE164;

impl PhoneNumber {
    /// The number as every telephone network understands it, like `+14155550100`.
    #[must_use]
    pub fn as_e164(&self) -> &str {
        &self.0
    }
}

impl FromStr for PhoneNumber {
    type Err = NotE164;

    fn from_str(text: &str) -> Result<Self, NotE164> {
        let digits = text.strip_prefix('+').ok_or(NotE164)?;
        let well_formed = (8..=15).contains(&digits.len())
            && !digits.starts_with('0')
            && digits.bytes().all(|digit| digit.is_ascii_digit());
        if well_formed { Ok(Self(text.to_owned())) } else { Err(NotE164) }
    }
}

impl TryFrom<String> for PhoneNumber {
    type Error = NotE164;

    fn try_from(text: String) -> Result<Self, NotE164> {
        text.parse()
    }
}

impl From<PhoneNumber> for String {
    fn from(number: PhoneNumber) -> Self {
        number.0
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hidden, last_four) = self.0.split_at(self.0.len() - 4);
        write!(f, "+{}{last_four}", "•".repeat(hidden.len() - 1))
    }
}

macro_rules! role {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(PhoneNumber);

        impl $name {
            /// Gives `number` this role.
            #[must_use]
            pub fn new(number: PhoneNumber) -> Self {
                Self(number)
            }

            /// The number as every telephone network understands it, like `+14155550100`.
            #[must_use]
            pub fn as_e164(&self) -> &str {
                self.0.as_e164()
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }

        impl From<$name> for PhoneNumber {
            fn from(number: $name) -> Self {
                number.0
            }
        }

        impl FromStr for $name {
            type Err = NotE164;

            fn from_str(text: &str) -> Result<Self, NotE164> {
                text.parse().map(Self)
            }
        }
    };
}

role! {
    /// The number an employee publishes: bought from Twilio, kept in Okta, in `primaryPhone` or another attribute.
    CompanyNumber
}

role! {
    /// The number of the phone in an employee's pocket. Callers never learn it.
    MobileNumber
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_e164_is_a_phone_number() {
        for number in ["+14155550100", "+442071838750", "+37255501", "+123456789012345"] {
            assert_eq!(number.parse::<PhoneNumber>().unwrap().as_e164(), number);
        }
        for text in [
            "",
            "+",
            "14155550100",
            "+0155550100",
            "+1415555",
            "+1 415 555 0100",
            "+1234567890123456",
            "+1415555010a",
            "+１４１５５５５０１００",
        ] {
            assert_eq!(text.parse::<PhoneNumber>(), Err(NotE164), "{text:?}");
        }
    }

    #[test]
    fn as_json_a_number_is_its_digits_and_nothing_else_is_a_number() {
        let number: CompanyNumber = serde_json::from_str(r#""+14155550100""#).unwrap();
        assert_eq!(serde_json::to_string(&number).unwrap(), r#""+14155550100""#);
        assert!(serde_json::from_str::<MobileNumber>(r#""4155550100""#).is_err());
        assert_eq!(MobileNumber::new(PhoneNumber::from(number)).as_e164(), "+14155550100");
    }

    #[test]
    fn debug_shows_no_more_than_the_last_four_digits() {
        let number: MobileNumber = "+14155550100".parse().unwrap();
        insta::assert_snapshot!(format!("{number:?}"), @"+•••••••0100");
    }
}
