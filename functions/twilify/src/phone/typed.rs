//! Phone numbers as people type them.

use std::{fmt, str::FromStr};

use rlibphonenumber::{PhoneNumberFormat, PhoneNumberType};

use super::{MobileNumber, PhoneNumber, nanp};

/// A phone number as somebody typed it into a profile, like `(818) 217-9229`.
///
/// Like a [`PhoneNumber`] it stays out of logs: its `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct TypedNumber(String);

/// A country whose numbers may be typed without a country code, like `US` (ISO 3166-1 alpha-2).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Country(rlibphonenumber::Region);

/// The text is not the two-letter code of a country that has phone numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a two-letter country code like US")]
pub struct NotACountry;

/// Nobody could dial what was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotDialable {
    /// It is not a phone number, or one that is too short or too long.
    #[error("it is not a phone number")]
    NotANumber,
    /// It looks like a phone number, but no such number is ever given out.
    #[error("no such phone number exists")]
    Invalid,
    /// It leads to a switchboard, not to a phone.
    #[error("it has an extension, so it is not the number of a mobile phone")]
    Extension,
    /// It costs whoever is called, or more than a call.
    #[error("it is a premium-rate, shared-cost or toll-free number, to which no calls are forwarded")]
    Priced,
    /// It is in a country whose mobile numbers get no company number.
    #[error("it is in a country that TWILIFY_MOBILE_COUNTRIES does not list")]
    Abroad,
}

/// Some countries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Countries(Vec<Country>);

/// Where the phones are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Territory {
    /// Where a number is that is typed without a country code, and where company numbers are bought:
    /// `TWILIFY_COUNTRY`.
    pub home: Country,
    /// Where calls and texts may be forwarded to: `TWILIFY_MOBILE_COUNTRIES`. Whoever can put any number
    /// into their profile could otherwise have the company call expensive islands.
    pub mobiles: Countries,
}

impl TypedNumber {
    /// What was typed; `None` if that is nothing but blanks.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty()).then(|| Self(text.to_owned()))
    }

    /// The number that a phone would ring, taking one that is already in E.164 form at its word: only one
    /// in another notation pays for [`parse`](Self::parse).
    pub fn dialled(&self, country: Country) -> Result<PhoneNumber, NotDialable> {
        self.0.parse().or_else(|_| self.parse(country))
    }

    /// What [`dialled`](Self::dialled) says of the text without the extension behind the number, if there is one: of
    /// `+1 415-200-0900 ext. 12`, or of `+14152000900#101` as some telephone systems write it.
    pub fn without_extension(&self, country: Country) -> Result<PhoneNumber, NotDialable> {
        self.0.parse().or_else(|_| e164(&valid(self.guess(country)?)?))
    }

    /// The number in E.164 form, read as in `country` and held against the numbering plans of
    /// the world ([libphonenumber]'s data).
    ///
    /// [libphonenumber]: https://github.com/google/libphonenumber
    pub fn parse(&self, country: Country) -> Result<PhoneNumber, NotDialable> {
        e164(&self.read(country)?)
    }

    /// What [`mobile`](Self::mobile) says, for the webhooks, where somebody is waiting: a clean number in the
    /// United States or Canada, if both are in the territory, is told by its area code alone and costs nothing.
    pub fn dialled_within(&self, territory: &Territory) -> Result<MobileNumber, NotDialable> {
        match self.0.parse() {
            Ok(number) if territory.mobiles.has_mainland() && nanp::is_mainland(&number) => {
                Ok(MobileNumber::new(number))
            }
            _ => self.mobile(territory),
        }
    }

    /// The number in E.164 form like [`parse`](Self::parse), if calls may be forwarded to it: it is within
    /// `territory`, and neither premium-rate nor toll-free.
    pub fn mobile(&self, Territory { home, mobiles }: &Territory) -> Result<MobileNumber, NotDialable> {
        let number = self.read(*home)?;
        match number.get_type() {
            PhoneNumberType::FixedLine
            | PhoneNumberType::Mobile
            | PhoneNumberType::FixedLineOrMobile
            | PhoneNumberType::VoIP
            | PhoneNumberType::PersonalNumber => {}
            _ => return Err(NotDialable::Priced),
        }
        let region = number.get_region_code();
        if !mobiles.0.iter().any(|Country(allowed)| Some(*allowed) == region) {
            return Err(NotDialable::Abroad);
        }
        e164(&number).map(MobileNumber::new)
    }

    fn read(&self, country: Country) -> Result<rlibphonenumber::PhoneNumber, NotDialable> {
        let number = self.guess(country)?;
        if number.extension.is_some() { Err(NotDialable::Extension) } else { valid(number) }
    }

    /// The number and the extension that the text has, whether or not there is such a number.
    fn guess(&self, country: Country) -> Result<rlibphonenumber::PhoneNumber, NotDialable> {
        rlibphonenumber::PhoneNumber::parse(&self.0, Some(country.0)).map_err(|_| NotDialable::NotANumber)
    }

    /// Whether `number` is what was typed, to the letter.
    #[must_use]
    pub fn is(&self, number: &str) -> bool {
        self.0 == number
    }
}

fn valid(number: rlibphonenumber::PhoneNumber) -> Result<rlibphonenumber::PhoneNumber, NotDialable> {
    if number.is_valid() { Ok(number) } else { Err(NotDialable::Invalid) }
}

fn e164(number: &rlibphonenumber::PhoneNumber) -> Result<PhoneNumber, NotDialable> {
    number.format_as(PhoneNumberFormat::E164).parse().map_err(|_| NotDialable::Invalid)
}

impl Countries {
    /// Whether both the United States and Canada are among them.
    fn has_mainland(&self) -> bool {
        use rlibphonenumber::Region;

        [Region::US, Region::CA].iter().all(|region| self.0.contains(&Country(*region)))
    }
}

impl FromStr for Countries {
    type Err = NotACountry;

    /// Reads codes that are separated by commas, like `US,CA`.
    fn from_str(codes: &str) -> Result<Self, NotACountry> {
        codes.split(',').map(|code| code.trim().parse()).collect::<Result<_, _>>().map(Self)
    }
}

impl fmt::Debug for TypedNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TypedNumber(•••)")
    }
}

impl FromStr for Country {
    type Err = NotACountry;

    fn from_str(code: &str) -> Result<Self, NotACountry> {
        // The library has a region for numbers that belong nowhere, which no country is.
        let code = Some(code.to_ascii_uppercase()).filter(|code| code.len() == 2 && code != "ZZ");
        let region = rlibphonenumber::Region::from_code(&code.ok_or(NotACountry)?);
        region.map(Self).map_err(|_| NotACountry)
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Country({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> TypedNumber {
        TypedNumber::new(text).unwrap()
    }

    fn us() -> Country {
        "US".parse().unwrap()
    }

    #[test]
    fn every_usual_notation_is_understood() {
        for text in [
            "+18182179229",
            "(818) 217-9229",
            "818-217-9229",
            "818.217.9229",
            " 8182179229 ",
            "1 818 217 9229",
            "+1 (818) 217-9229",
            "tel:+1-818-217-9229",
            "011 1 818 217 9229",
            "８１８２１７９２２９",
        ] {
            assert_eq!(typed(text).parse(us()).unwrap().as_e164(), "+18182179229", "{text:?}");
        }
    }

    #[test]
    fn a_foreign_number_keeps_its_country() {
        for (text, number) in [
            ("+55 11 92063-1063", "+5511920631063"),
            ("+375 801 100 0008", "+3758011000008"),
            ("+44 (0)20 7183 8750", "+442071838750"),
        ] {
            assert_eq!(typed(text).parse(us()).unwrap().as_e164(), number, "{text:?}");
        }
        assert_eq!(typed("07400 123456").parse("GB".parse().unwrap()).unwrap().as_e164(), "+447400123456");
    }

    #[test]
    fn what_nobody_could_dial_is_refused() {
        for (text, reason) in [
            ("call me", NotDialable::NotANumber),
            ("n/a", NotDialable::NotANumber),
            ("0", NotDialable::NotANumber),
            ("555-1234", NotDialable::Invalid),
            ("+1 000 000 0000", NotDialable::Invalid),
            ("818-217-9229 ext. 12", NotDialable::Extension),
        ] {
            assert_eq!(typed(text).parse(us()).unwrap_err(), reason, "{text:?}");
        }
        assert_eq!(TypedNumber::new("  "), None);
    }

    #[test]
    fn an_extension_can_be_left_out() {
        for text in
            ["+1 818-217-9229 ext. 12", "+18182179229#101", "(818) 217-9229 x7", "+18182179229", "8182179229"]
        {
            assert_eq!(typed(text).without_extension(us()).unwrap().as_e164(), "+18182179229", "{text:?}");
        }
        for text in ["n/a", "ext. 1234", "555-1234 ext. 1", "#101"] {
            assert!(typed(text).without_extension(us()).is_err(), "{text:?}");
        }
    }

    #[test]
    fn nothing_is_forwarded_to_expensive_numbers_or_faraway_places() {
        let territory = Territory { home: us(), mobiles: "US, CA".parse().unwrap() };
        let mobile = |text: &str| typed(text).mobile(&territory);
        assert_eq!(mobile("(818) 217-9229").unwrap().as_e164(), "+18182179229");
        assert_eq!(mobile("+1 416 555 0100").unwrap().as_e164(), "+14165550100", "Toronto");
        for (text, reason) in [
            ("+1 900 234 5678", NotDialable::Priced),
            ("1-800-356-9377", NotDialable::Priced),
            ("+1 876 555 0100", NotDialable::Abroad),
            ("+1 809 555 0100", NotDialable::Abroad),
            ("+44 7400 123456", NotDialable::Abroad),
            ("+44 909 8790000", NotDialable::Priced),
            ("555-1234", NotDialable::Invalid),
        ] {
            assert_eq!(mobile(text).unwrap_err(), reason, "{text:?}");
            assert_eq!(typed(text).dialled_within(&territory).unwrap_err(), reason, "{text:?}");
        }
    }

    #[test]
    fn a_country_that_shares_its_code_is_told_from_its_neighbour() {
        let in_the_us = Territory { home: us(), mobiles: "US".parse().unwrap() };
        let toronto = typed("+14165550100").dialled_within(&in_the_us);
        assert_eq!(toronto.unwrap_err(), NotDialable::Abroad);
        assert!(typed("+14155550100").dialled_within(&in_the_us).is_ok());
        let in_jamaica = Territory { home: us(), mobiles: "US,CA,JM".parse().unwrap() };
        assert!(typed("+18765550100").dialled_within(&in_jamaica).is_ok());
    }

    #[test]
    fn what_was_typed_stays_out_of_logs() {
        insta::assert_snapshot!(format!("{:?}", typed("(818) 217-9229")), @"TypedNumber(•••)");
    }

    #[test]
    fn a_country_is_two_letters() {
        assert_eq!("us".parse::<Country>().unwrap().to_string(), "US");
        assert_eq!(format!("{:?}", us()), "Country(US)");
        for text in ["", "USA", "U", "ZZ", "1"] {
            assert_eq!(text.parse::<Country>(), Err(NotACountry), "{text:?}");
        }
    }
}
