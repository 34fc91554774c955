//! The form that Twilio posts, and what its signature leaves open.
//!
//! Twilio signs the URL, then the name and the value of each field in the order of the names, with
//! [nothing between them](https://www.twilio.com/docs/usage/security#validating-requests). So one signature fits every way
//! to cut the same characters into a URL and fields, and a stranger chooses many of these characters: they write the
//! text. [`Form::check`] refuses the cuts that would change whose request it is.

use std::borrow::Cow;

use url::form_urlencoded;

use super::Rejection;
use crate::twilio::signature::signed_text;

/// The longest name of a field, in bytes. Twilio's longest are the names of SIP headers.
const LONGEST_NAME: usize = 128;

/// For how many fields there is room without moving them. Twilio sends about thirty.
const USUAL_FIELDS: usize = 32;

/// The longest address, in bytes: a SIP URI with its parameters.
const LONGEST_ADDRESS: usize = 512;

/// The field that Twilio's requests all have, and that sorts before all others.
const ACCOUNT: &str = "AccountSid";

/// The field that says how sure the network is of the caller's number.
const STIR: &str = "StirVerstat";

/// The fields with the two sides of a call or message. Each begins with a number, after a plus sign, or with the address
/// of a channel, after a colon.
const SIDES: [&str; 2] = ["From", "To"];

/// The channels that are no phone network.
const CHANNELS: [&str; 3] = ["whatsapp", "rcs", "messenger"];

/// The places that Twilio knows of a side, in `FromCity` and the like.
const PLACES: [&str; 4] = ["City", "Country", "State", "Zip"];

/// How the names of the fields with a call's SIP headers begin.
const HEADER: &str = "SipHeader_";

/// The bytes that Twilio's names consist of.
const IN_NAMES: [bool; 256] = {
    let mut bytes = [false; 256];
    let mut byte = 0u8;
    while byte < 128 {
        bytes[byte as usize] = byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        byte += 1;
    }
    bytes
};

/// The fields of a posted form, decoded, in the order in which they are signed.
pub struct Form<'a> {
    fields: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// All names and values, as they are signed after the URL.
    text: String,
}

impl<'a> Form<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Self {
        let mut fields = Vec::with_capacity(USUAL_FIELDS);
        fields.extend(form_urlencoded::parse(bytes));
        let text = signed_text(&mut fields);
        Self { fields, text }
    }
}

impl Form<'_> {
    /// What Twilio signs after the URL.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_ref())
    }

    pub(super) fn required(&self, name: &'static str) -> Result<&str, Rejection> {
        self.get(name).ok_or(Rejection::Incomplete(name))
    }

    /// Refuses a form that carries Twilio's signature but was cut into other fields than Twilio's, as far as that can be
    /// seen. `path` and `query` are those of the URL that was called.
    ///
    /// No rule here looks into a text, and none counts on a field that Twilio may leave out, but for the account's SID.
    pub(super) fn check(&self, path: &str, query: &str) -> Result<(), Rejection> {
        let (mut end, mut previous) = (0, "");
        let (mut account, mut body_end, mut stir, mut sides) = (None, 0, None, [None; 2]);
        for (name, value) in &self.fields {
            if name == previous {
                return Err(Rejection::CutAnew("a field comes twice"));
            }
            if !is_a_name(name) {
                return Err(Rejection::CutAnew("a field has a name that Twilio gives to none"));
            }
            if let Some(fault) = self.fault(name, value) {
                return Err(Rejection::CutAnew(fault));
            }
            let start = end;
            end += name.len() + value.len();
            match name.as_ref() {
                ACCOUNT => account = Some(start),
                "Body" => body_end = end,
                "From" => sides[0] = Some(start + name.len()),
                STIR => stir = Some(start),
                "To" => sides[1] = Some(start + name.len()),
                _ => {}
            }
            previous = name;
        }
        // Twilio's first field begins where the URL ends. If its name stands nowhere before it, the URL is the one
        // that Twilio called.
        let account = account.ok_or(Rejection::Incomplete(ACCOUNT))?;
        if [path, query, &self.text[..account]]
            .iter()
            .any(|it| has(it, 'S', |before, after| before.ends_with("Account") && after.starts_with("id")))
        {
            return Err(Rejection::CutAnew("there is something between its URL and its first field"));
        }
        // Whatever a stranger writes comes before the real sides. So if there is one more of them further on, these
        // are not the real ones.
        for (name, start) in SIDES.into_iter().zip(sides) {
            let start = start.unwrap_or(body_end);
            let rest = &self.text[start..];
            let is_channels = |before: &str| {
                CHANNELS.iter().any(|it| before.strip_suffix(it).is_some_and(|before| before.ends_with(name)))
            };
            let is_numbers = |before: &str| before.ends_with(name) && !self.is_header(start + before.len());
            if has(rest, '+', |before, _| is_numbers(before))
                || has(rest, ':', |before, _| is_channels(before))
            {
                return Err(Rejection::CutAnew("the number of another side stands in one of its fields"));
            }
        }
        if let Some(stir) = stir {
            let is_one_more = |before: &str, after: &str| {
                before.len() != stir + "Stir".len() && before.ends_with("Stir") && after.starts_with("erstat")
            };
            if has(&self.text, 'V', is_one_more) {
                return Err(Rejection::CutAnew("StirVerstat stands in one of its fields"));
            }
        }
        Ok(())
    }

    /// What is wrong with the value of a field whose form is known.
    fn fault(&self, name: &str, value: &str) -> Option<&'static str> {
        let count = || value.len() <= 10 && value.bytes().all(|byte| byte.is_ascii_digit());
        let (is_right, fault) = match name {
            ACCOUNT => (is_a_sid(value) && value.starts_with("AC"), "its AccountSid is not one"),
            "CallSid" => (is_a_sid(value), "its CallSid is not one"),
            "MessageSid" => (is_a_sid(value), "its MessageSid is not one"),
            "NumMedia" => (count(), "its NumMedia is not a number"),
            "NumSegments" => (count(), "its NumSegments is not a number"),
            "ErrorCode" => (count(), "its ErrorCode is not a number"),
            "From" | "To" => (
                value.len() <= LONGEST_ADDRESS && !self.is_a_place(name, value),
                "one of its addresses is not one",
            ),
            _ => return None,
        };
        (!is_right).then_some(fault)
    }

    /// Whether `value` is the rest of `FromCountryUS` or the like, after the real `From` became part of another field.
    ///
    /// Then the form has no `FromCountry`. A sender who is called `Zip` or `CityFM` usually comes with one, and one like
    /// `CityBank` has small letters, which Twilio's places have not.
    fn is_a_place(&self, name: &str, value: &str) -> bool {
        let is_rest = |it: &&str| {
            value.strip_prefix(*it).is_some_and(|rest| !rest.bytes().any(|byte| byte.is_ascii_lowercase()))
        };
        let is_field = |place| self.fields.iter().any(|(field, _)| field.strip_prefix(name) == Some(place));
        PLACES.into_iter().find(is_rest).is_some_and(|place| !is_field(place))
    }

    /// Whether the value of a SIP header, like `SipHeader_X-From`, begins at `at` in the text.
    ///
    /// Only calls have SIP headers. In a form with a `MessageSid`, and nothing else is accepted as a text, the name could
    /// have begun in the text that a stranger wrote.
    fn is_header(&self, at: usize) -> bool {
        let mut end = 0;
        let begins = |(name, value): &(Cow<'_, str>, Cow<'_, str>)| {
            let start = end + name.len();
            end = start + value.len();
            start == at && name.starts_with(HEADER)
        };
        self.get("MessageSid").is_none() && self.fields.iter().any(begins)
    }
}

/// Whether one of the characters `rare` in `text` has around it what `is_it` looks for: what is before it, and what is
/// after it. To look for a rare character first takes a fifth of the time that `str::contains` takes for a word.
fn has(text: &str, rare: char, is_it: impl Fn(&str, &str) -> bool) -> bool {
    text.match_indices(rare).any(|(at, it)| is_it(&text[..at], &text[at + it.len()..]))
}

/// Whether Twilio may call a field so: `MediaUrl0`, `SipHeader_X-Account`.
fn is_a_name(name: &str) -> bool {
    name.len() <= LONGEST_NAME
        && name.starts_with(|first: char| first.is_ascii_alphabetic())
        && (name.bytes().all(|byte| IN_NAMES[usize::from(byte)])
            // SIP allows more in the name of a header.
            || (name.starts_with(HEADER) && name.bytes().all(|byte| byte.is_ascii_graphic())))
}

/// Whether `value` is two letters and 32 hexadecimal digits.
fn is_a_sid(value: &str) -> bool {
    let (kind, digits) = value.as_bytes().split_at(value.len().min(2));
    digits.len() == 32 && kind.iter().all(u8::is_ascii_uppercase) && digits.iter().all(u8::is_ascii_hexdigit)
}
