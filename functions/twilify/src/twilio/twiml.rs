//! TwiML, the instructions Twilio follows.
//!
//! <https://www.twilio.com/docs/voice/twiml>

use std::fmt::{self, Display, Write as _};

use http::{HeaderValue, Response, header};

use crate::phone::{MobileNumber, PhoneNumber};

/// What Twilio should do with a call, one verb after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VoiceResponse(Vec<Verb>);

/// What Twilio should answer to a message: nothing, for we forward messages by ourselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MessagingResponse;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Verb {
    Say(String),
    Dial(Dial),
}

/// Rings a phone and connects the caller to it, who hears it ring until somebody answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dial {
    to: MobileNumber,
    caller_id: PhoneNumber,
}

impl VoiceResponse {
    /// Says nothing and does nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads `text` to the caller.
    #[must_use]
    pub fn say(self, text: impl Into<String>) -> Self {
        self.then(Verb::Say(text.into()))
    }

    /// Connects the caller to a phone.
    #[must_use]
    pub fn dial(self, dial: Dial) -> Self {
        self.then(Verb::Dial(dial))
    }

    fn then(mut self, verb: Verb) -> Self {
        self.0.push(verb);
        self
    }
}

impl Dial {
    /// Rings `mobile`, which shows `caller_id`: the caller's number or one of ours.
    #[must_use]
    pub fn to(mobile: MobileNumber, caller_id: PhoneNumber) -> Self {
        Self { to: mobile, caller_id }
    }
}

impl Display for VoiceResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response>\n")?;
        self.0.iter().try_for_each(|verb| writeln!(f, "  {verb}"))?;
        f.write_str("</Response>\n")
    }
}

impl Display for MessagingResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response/>\n")
    }
}

impl Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Say(text) => write!(f, "<Say>{}</Say>", Escaped(text)),
            Self::Dial(Dial { to, caller_id }) => write!(
                f,
                r#"<Dial answerOnBridge="true" callerId="{}"><Number>{}</Number></Dial>"#,
                caller_id.as_e164(),
                to.as_e164()
            ),
        }
    }
}

/// Text as it may stand between two tags. What [XML 1.0 has no place for] is left out.
///
/// [XML 1.0 has no place for]: https://www.w3.org/TR/xml/#charsets
struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|char| match char {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '\t' | '\n' | '\r' => f.write_char(' '),
            '\0'..' ' | '\u{fffe}' | '\u{ffff}' => Ok(()),
            char => f.write_char(char),
        })
    }
}

impl From<VoiceResponse> for Response<String> {
    fn from(twiml: VoiceResponse) -> Self {
        xml(twiml.to_string())
    }
}

impl From<MessagingResponse> for Response<String> {
    fn from(twiml: MessagingResponse) -> Self {
        xml(twiml.to_string())
    }
}

fn xml(twiml: String) -> Response<String> {
    let mut response = Response::new(twiml);
    let content_type = HeaderValue::from_static("text/xml; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_break_out_of_their_element() {
        let twiml = VoiceResponse::new().say("Zoë & <Sons> \u{0}\u{b}\u{fffe}🎩\r\n");
        insta::assert_snapshot!(twiml, @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <Response>
          <Say>Zoë &amp; &lt;Sons&gt; 🎩  </Say>
        </Response>
        "#);
    }
}
