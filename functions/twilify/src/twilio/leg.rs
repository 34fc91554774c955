//! What is known of a dialled leg when it has ended. It stands in the action URL, which Twilio signs.

use std::fmt::{self, Display};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use url::form_urlencoded;

use super::Hint;

/// The parameter of an action URL with the name, in Base64: [no signed URL contains an escape][escapes].
///
/// [escapes]: https://github.com/twilio/twilio-node/issues/621
const NAME: &str = "name";

/// What stands in an action URL if the phone may be rung once more. What was known when it was rung comes after it.
const RETRY: &str = "&retry=1";

/// A phone that is rung for a caller.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Leg {
    /// What the caller hears its owner called; `None` if the URL cannot be read, as one from before an upgrade.
    pub name: Option<String>,
    /// What is known about the call, if the phone showed the caller's number: if Twilio could not ring it, it may be rung once
    /// more, showing the company number.
    pub retry: Option<Hint>,
}

impl Leg {
    /// Reads the query of an action URL.
    pub(super) fn read(query: &str) -> Self {
        let mut parameters = form_urlencoded::parse(query.as_bytes());
        let name = parameters.find(|(parameter, _)| parameter == NAME);
        let name = name.and_then(|(_, value)| BASE64_URL_SAFE_NO_PAD.decode(value.as_ref()).ok());
        let name = name.and_then(|name| String::from_utf8(name).ok());
        let retry = query.split_once(RETRY).map(|(_, known)| Hint::read("", known));
        Self { name: name.filter(|name| !name.is_empty()), retry }
    }
}

/// The query of the action URL, as it may stand in an attribute.
impl Display for Leg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name.as_deref().unwrap_or_default();
        write!(f, "{NAME}={}", BASE64_URL_SAFE_NO_PAD.encode(name))?;
        let Some(hint) = &self.retry else { return Ok(()) };
        f.write_str("&amp;retry=1")?;
        hint.parameters().try_for_each(|(name, value)| write!(f, "&amp;{name}={value}"))
    }
}
