//! TwiML, the instructions Twilio follows.
//!
//! <https://www.twilio.com/docs/voice/twiml>

use std::{
    fmt::{self, Display, Write as _},
    str::FromStr,
};

use http::{HeaderValue, Response, header};

use super::{CallEndpoint, Leg};
use crate::phone::{MobileNumber, PhoneNumber};

/// What Twilio should do with a call, one verb after the other; after the last one it hangs up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VoiceResponse {
    voice: Voice,
    verbs: Vec<Verb>,
}

/// What Twilio should answer to a message: usually nothing, for we forward messages by ourselves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessagingResponse(Option<String>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Verb {
    Say(String),
    Pause(RingTime),
    Dial(Dial),
}

/// Rings a phone and connects the caller to it. As the first verb it lets them hear the ringing, and the
/// call begins to cost when the phone is answered; after any other verb the call has been answered already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dial {
    /// Which phone.
    pub to: MobileNumber,
    /// What it shows: the caller's number or one of ours.
    pub caller_id: PhoneNumber,
    /// How long it rings.
    pub ring: RingTime,
    /// Where Twilio has asked what to do. What came of the dial it tells [`CallEndpoint::After`], by a URL that is
    /// relative to this one.
    pub asked_at: CallEndpoint,
    /// What is known of it in the [`EndedDial`](super::EndedDial) that Twilio tells.
    pub leg: Leg,
}

/// Who speaks; Twilio's own choice where it is not said.
///
/// <https://www.twilio.com/docs/voice/twiml/say#voice>
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Voice {
    /// Its name at Twilio.
    pub name: Option<VoiceName>,
    /// The language it believes to be reading.
    pub language: Option<Language>,
}

/// One of Twilio's [voices], like `Polly.Joanna` or `Polly.Mía-Generative`: up to 64 letters of any script, digits, dots, hyphens
/// and underscores, of which the first is a letter.
///
/// [voices]: https://www.twilio.com/docs/voice/twiml/say/text-speech#available-voices-and-languages
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VoiceName(String);

/// The text cannot be the name of a voice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a voice of Twilio's, like Polly.Joanna")]
pub struct NotAVoice;

/// A language tag, like `en-GB`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Language(String);

/// The text is not a language tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a language tag like en-US")]
pub struct NotALanguage;

/// How long a phone rings, in seconds: 5 to 600, to which Twilio adds about five.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RingTime(u16);

/// The text is not a time for which Twilio lets a phone ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a number of seconds from 5 to 600")]
pub struct NotARingTime;

impl VoiceResponse {
    /// Says nothing and does nothing, which is to hang up.
    #[must_use]
    pub fn new(voice: Voice) -> Self {
        Self { voice, verbs: Vec::new() }
    }

    /// Reads `text` to the caller.
    #[must_use]
    pub fn say(self, text: impl Display) -> Self {
        self.then(Verb::Say(text.to_string()))
    }

    /// Waits as long as a phone rings that nobody answers, with the five seconds that Twilio adds. As the first verb it lets the
    /// caller hear the ringing, because Twilio [answers the call](https://www.twilio.com/docs/voice/twiml/pause) only then.
    #[must_use]
    pub fn pause(self, ring: RingTime) -> Self {
        self.then(Verb::Pause(ring))
    }

    /// Connects the caller to a phone.
    #[must_use]
    pub fn dial(self, dial: Dial) -> Self {
        self.then(Verb::Dial(dial))
    }

    fn then(mut self, verb: Verb) -> Self {
        self.verbs.push(verb);
        self
    }
}

impl MessagingResponse {
    /// Sends `text` back to the sender, from the number that they have texted.
    #[must_use]
    pub fn reply(text: impl Display) -> Self {
        Self(Some(text.to_string()))
    }
}

impl FromStr for VoiceName {
    type Err = NotAVoice;

    fn from_str(text: &str) -> Result<Self, NotAVoice> {
        // None of these has to be escaped in an attribute.
        let well_formed = text.chars().count() <= 64
            && text.starts_with(char::is_alphabetic)
            && text.chars().all(|char| char.is_alphanumeric() || ".-_".contains(char));
        if well_formed { Ok(Self(text.to_owned())) } else { Err(NotAVoice) }
    }
}

impl FromStr for Language {
    type Err = NotALanguage;

    fn from_str(text: &str) -> Result<Self, NotALanguage> {
        let mut parts = text.split('-');
        let language = parts.next().filter(|it| (2..=3).contains(&it.len()));
        let well_formed = language.is_some_and(|it| it.bytes().all(|byte| byte.is_ascii_alphabetic()))
            && text.len() <= 20
            && parts.all(|it| !it.is_empty() && it.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        if well_formed { Ok(Self(text.to_owned())) } else { Err(NotALanguage) }
    }
}

impl FromStr for RingTime {
    type Err = NotARingTime;

    fn from_str(text: &str) -> Result<Self, NotARingTime> {
        let seconds = text.parse().map_err(|_| NotARingTime)?;
        if (5..=600).contains(&seconds) { Ok(Self(seconds)) } else { Err(NotARingTime) }
    }
}

impl Display for VoiceResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response>\n")?;
        self.verbs.iter().try_for_each(|verb| {
            f.write_str("  ")?;
            verb.write(f, &self.voice)?;
            f.write_str("\n")
        })?;
        f.write_str("</Response>\n")
    }
}

impl Display for MessagingResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")?;
        match &self.0 {
            Some(text) => writeln!(f, "<Response>\n  <Message>{}</Message>\n</Response>", Escaped(text)),
            None => f.write_str("<Response/>\n"),
        }
    }
}

impl Verb {
    fn write(&self, f: &mut fmt::Formatter<'_>, voice: &Voice) -> fmt::Result {
        match self {
            Self::Say(text) => write!(f, "<Say{voice}>{}</Say>", Escaped(text)),
            Self::Pause(RingTime(seconds)) => write!(f, r#"<Pause length="{}"/>"#, seconds + 5),
            Self::Dial(Dial { to, caller_id, ring: RingTime(seconds), asked_at, leg }) => write!(
                f,
                r#"<Dial answerOnBridge="true" callerId="{}" timeout="{seconds}" action="{}?{leg}"><Number>{}</Number></Dial>"#,
                caller_id.as_e164(),
                asked_at.to_after(),
                to.as_e164()
            ),
        }
    }
}

/// The attributes of `<Say>`.
impl Display for Voice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(VoiceName(name)) = &self.name {
            write!(f, r#" voice="{name}""#)?;
        }
        if let Some(Language(tag)) = &self.language {
            write!(f, r#" language="{tag}""#)?;
        }
        Ok(())
    }
}

/// Text as it may stand between two tags. What [XML 1.0 has no place for] is left out.
///
/// [XML 1.0 has no place for]: https://www.w3.org/TR/xml/#charsets
struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut written = 0;
        for (at, special) in self.0.match_indices(is_special) {
            f.write_str(&self.0[written..at])?;
            f.write_str(match special {
                "&" => "&amp;",
                "<" => "&lt;",
                ">" => "&gt;",
                "\t" | "\n" | "\r" => " ",
                _ => "",
            })?;
            written = at + special.len();
        }
        f.write_str(&self.0[written..])
    }
}

fn is_special(char: char) -> bool {
    matches!(char, '&' | '<' | '>' | '\0'..' ' | '\u{fffe}' | '\u{ffff}')
}

impl From<VoiceResponse> for Response<String> {
    fn from(twiml: VoiceResponse) -> Self {
        // There is room for all that we say to a caller, so that nothing is moved while it is written.
        let mut text = String::with_capacity(1024);
        write!(text, "{twiml}").expect("a string takes whatever is written");
        xml(text)
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
        let twiml = VoiceResponse::default().say("Zoë & <Sons> \u{0}\u{b}\u{fffe}🎩\r\n");
        insta::assert_snapshot!(twiml, @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <Response>
          <Say>Zoë &amp; &lt;Sons&gt; 🎩  </Say>
        </Response>
        "#);
    }

    fn ada() -> Leg {
        Leg { name: Some("Ada".to_owned()), retry: None }
    }

    #[test]
    fn verbs_are_done_one_after_the_other_by_the_voice_that_was_chosen() {
        let dial = |asked_at| Dial {
            to: "+14155550100".parse().unwrap(),
            caller_id: "+14155550123".parse().unwrap(),
            ring: "20".parse().unwrap(),
            asked_at,
            leg: ada(),
        };
        let voice = Voice { name: "Polly.Amy".parse().ok(), language: "en-GB".parse().ok() };
        let twiml = VoiceResponse::new(voice)
            .say("Hello")
            .pause("20".parse().unwrap())
            .dial(dial(CallEndpoint::Incoming))
            .dial(dial(CallEndpoint::Again))
            .dial(dial(CallEndpoint::After));
        insta::assert_snapshot!(twiml, @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <Response>
          <Say voice="Polly.Amy" language="en-GB">Hello</Say>
          <Pause length="25"/>
          <Dial answerOnBridge="true" callerId="+14155550123" timeout="20" action="call-forward/after?name=QWRh"><Number>+14155550100</Number></Dial>
          <Dial answerOnBridge="true" callerId="+14155550123" timeout="20" action="after?name=QWRh"><Number>+14155550100</Number></Dial>
          <Dial answerOnBridge="true" callerId="+14155550123" timeout="20" action="after?name=QWRh"><Number>+14155550100</Number></Dial>
        </Response>
        "#);
    }

    #[test]
    fn an_answer_is_xml() {
        let answer = Response::<String>::from(VoiceResponse::default().say("Hello"));
        assert!(answer.body().contains("<Say>Hello</Say>"), "{}", answer.body());
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "text/xml; charset=utf-8");
        let reply = Response::<String>::from(MessagingResponse::reply("1 < 2"));
        assert!(reply.body().ends_with("<Response>\n  <Message>1 &lt; 2</Message>\n</Response>\n"));
        let nothing = Response::<String>::from(MessagingResponse::default());
        assert!(nothing.body().ends_with("\n<Response/>\n"), "{}", nothing.body());
    }

    #[test]
    fn a_voice_a_language_and_a_time_are_what_twilio_knows_as_such() {
        let longest = format!("P{}", "x".repeat(63));
        for name in ["man", "Polly.Mía-Generative", "Google.en-US-Chirp3-HD-Aoede", "a_1", &longest] {
            assert!(name.parse::<VoiceName>().is_ok(), "{name}");
        }
        for name in ["", "1man", ".man", "a b", "a\"", "a>", &format!("{longest}x")] {
            assert_eq!(name.parse::<VoiceName>(), Err(NotAVoice), "{name}");
        }
        let longest = "en-12345678-12345678";
        for tag in ["en", "fil", "en-GB", "es-419", "zh-Hant-TW", longest] {
            assert!(tag.parse::<Language>().is_ok(), "{tag}");
        }
        for tag in ["", "e", "engl", "e1", "en-", "en--GB", "en_GB", "en-G B", "-en", &format!("{longest}9")]
        {
            assert_eq!(tag.parse::<Language>(), Err(NotALanguage), "{tag}");
        }
        assert!("5".parse::<RingTime>().is_ok() && "600".parse::<RingTime>().is_ok());
        for text in ["", "4", "601", "-5", "five", "70000"] {
            assert_eq!(text.parse::<RingTime>(), Err(NotARingTime), "{text}");
        }
    }
}
