//! What happens on a call, read from TwiML as strictly as Twilio reads it.
//!
//! <https://www.twilio.com/docs/voice/twiml>

use std::fmt::{self, Display};

use roxmltree::{Document, Node};
use twilify::PhoneNumber;

use super::Answer;

/// A call, after it has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// What we told Twilio.
    pub answer: Answer,
    /// What we told it when the phone that was to ring rang no more, if it did.
    pub after: Option<Answer>,
    /// What came of it. The caller stays on the line to the end.
    pub script: Vec<Heard>,
}

/// Something that happens on a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// The caller hears a voice.
    Says(String),
    /// A phone rings.
    Rings {
        /// Whose.
        number: String,
        /// What it shows.
        caller_id: String,
    },
    /// Time goes by.
    Waits {
        /// What the caller hears meanwhile: ringing, if Twilio has not answered the call yet, or nothing.
        hears: &'static str,
        /// How long, in seconds.
        seconds: u16,
    },
    /// A phone does not ring, because its network does not take what it would show.
    Refused {
        /// Whose.
        number: String,
        /// What it would show.
        caller_id: String,
    },
    /// Twilio could not make sense of the answer, and plays its own recording.
    ApplicationError(String),
}

/// The telephone network that a call goes through.
pub(super) struct Network<'a> {
    /// The caller's number.
    pub(super) from: &'a str,
    /// The account's numbers, which, besides the caller's, are the only ones that a call may show.
    pub(super) owned: Vec<String>,
    /// What the networks of mobiles do not take for a caller's number.
    pub(super) refused: Vec<String>,
}

impl Network<'_> {
    /// Does what `answer` says, up to where Twilio asks again, and tells where that is. What Twilio cannot follow is an
    /// error, with its code.
    pub(super) fn follow(&self, answer: &Answer) -> Result<(Vec<Heard>, Option<String>), String> {
        if answer.status != 200 {
            return Err(format!("11200: status {}", answer.status));
        }
        if !["text/xml", "application/xml"].iter().any(|kind| answer.content_type.starts_with(kind)) {
            return Err(format!("12300: content type {:?}", answer.content_type));
        }
        if answer.body.len() > 64 << 10 {
            return Err("11750: more than 64 kB".to_owned());
        }
        let document = Document::parse(&answer.body).map_err(|error| format!("12100: {error}"))?;
        if document.root_element().tag_name().name() != "Response" {
            return Err("12100: no <Response>".to_owned());
        }
        let mut script = Vec::new();
        for verb in document.root_element().children().filter(Node::is_element) {
            let heard = match self.heard(verb)? {
                // Twilio answers a call only after a pause that comes first.
                Heard::Waits { seconds, .. } if script.is_empty() => {
                    Heard::Waits { hears: "ringing", seconds }
                }
                heard => heard,
            };
            script.push(heard);
            if let Some(action) = verb.attribute("action") {
                return Ok((script, Some(action.to_owned())));
            }
        }
        Ok((script, None))
    }

    fn heard(&self, verb: Node<'_, '_>) -> Result<Heard, String> {
        let Self { from, owned, refused } = self;
        let allow = |attributes: &[&str]| match verb.attributes().find(|it| !attributes.contains(&it.name()))
        {
            Some(attribute) => Err(format!("12200: attribute {}", attribute.name())),
            None => Ok(()),
        };
        match verb.tag_name().name() {
            "Say" => {
                allow(&["voice", "language", "loop"])?;
                let text = verb.text().unwrap_or_default().trim();
                if text.is_empty() || text.chars().count() > 4096 {
                    return Err("13520: nothing to say, or too much".to_owned());
                }
                Ok(Heard::Says(text.to_owned()))
            }
            // <https://www.twilio.com/docs/voice/twiml/pause>
            "Pause" => {
                allow(&["length"])?;
                let seconds = verb.attribute("length").unwrap_or("1").parse().ok().filter(|it| *it > 0);
                let seconds = seconds.ok_or_else(|| "12200: attribute length".to_owned())?;
                Ok(Heard::Waits { hears: "nothing", seconds })
            }
            "Dial" => {
                allow(&["action", "method", "answerOnBridge", "callerId", "timeout", "timeLimit"])?;
                let number = verb.children().find(|child| child.has_tag_name("Number"));
                let number = number.and_then(|it| it.text()).unwrap_or_default().trim().to_owned();
                let seconds = verb.attribute("timeout").unwrap_or("30").parse::<u16>();
                if !seconds.is_ok_and(|it| (5..=600).contains(&it)) {
                    return Err("12200: attribute timeout".to_owned());
                }
                if number.parse::<PhoneNumber>().is_err() {
                    return Err(format!("13223: {number:?} cannot be dialled"));
                }
                let caller_id = verb.attribute("callerId").unwrap_or(from).to_owned();
                if caller_id.parse::<PhoneNumber>().is_err()
                    || (caller_id != *from && !owned.contains(&caller_id))
                {
                    return Err(format!("13214: {caller_id:?} cannot be shown"));
                }
                if !is_possible(&caller_id) || refused.contains(&caller_id) {
                    return Ok(Heard::Refused { number, caller_id });
                }
                Ok(Heard::Rings { number, caller_id })
            }
            verb => Err(format!("12200: the sandbox does not know <{verb}>")),
        }
    }
}

/// Whether there can be such a number, which in North America has ten digits, of which neither the area code nor the
/// exchange begins with 0 or 1. Carriers send others too, and the networks of mobiles refuse them.
///
/// <https://www.nanpa.com/numbering>, <https://www.twilio.com/docs/api/errors/13214>
fn is_possible(number: &str) -> bool {
    let Some(national) = number.strip_prefix("+1") else { return true };
    national.len() == 10 && [&national[..3], &national[3..]].iter().all(|it| !it.starts_with(['0', '1']))
}

impl Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.script.iter().try_for_each(|heard| writeln!(f, "{heard}"))
    }
}

impl Display for Heard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Says(text) => write!(f, "The caller hears: {text}"),
            Self::Rings { number, caller_id } => write!(f, "{number} rings and shows {caller_id}"),
            Self::Waits { hears, seconds } => write!(f, "The caller hears {hears} for {seconds} seconds"),
            Self::Refused { number, caller_id } => {
                write!(f, "{number} cannot be rung showing {caller_id}")
            }
            Self::ApplicationError(error) => {
                write!(f, "The caller hears: An application error has occurred ({error})")
            }
        }
    }
}
