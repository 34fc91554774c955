//! Calls.

use super::{Called, Form, Rejection, Webhook};
use crate::{
    phone::{CompanyNumber, PhoneNumber},
    twilio::{CallEndpoint, Hint, Leg},
};

/// What some networks send in place of a withheld number: ANONYMOUS, RESTRICTED, BLOCKED, UNKNOWN
/// and UNAVAILABLE, as the letters on the keys.
const WITHHELD: [&str; 5] = ["+266696687", "+7378742833", "+2562533", "+8656696", "+86282452253"];

/// Someone is calling a company number. Nobody but [`Webhooks::accept`](super::Webhooks::accept) can make one.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct IncomingCall {
    /// Twilio's name for the call.
    pub sid: CallSid,
    /// Who is calling; `None` if they withhold their number or have none, as on SIP.
    pub from: Option<PhoneNumber>,
    /// The number they dialled; `None` if it was not a number but a SIP address, say.
    pub to: Option<CompanyNumber>,
    /// Whether the network vouches for `from`.
    pub attestation: Attestation,
    /// The phone that sent the call here, if the network says so.
    pub forwarded_from: Option<PhoneNumber>,
    /// Whose number it is, as far as the URL says.
    pub hint: Hint,
}

/// Whether a network vouches for a caller's number.
///
/// <https://www.twilio.com/docs/voice/trusted-calling-with-shakenstir>
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Attestation {
    /// The caller's own network knows that they may use the number, and nobody has sent the call on.
    Full,
    /// Anybody may pretend to have the number.
    #[default]
    Less,
}

/// The phone that we had rung rings no more. Nobody but [`Webhooks::accept`](super::Webhooks::accept) can make one.
///
/// <https://www.twilio.com/docs/voice/twiml/dial#action>
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EndedDial {
    /// Twilio's name for the call.
    pub sid: CallSid,
    /// The number that the caller dialled; `None` if it was not a number, or Twilio does not say.
    pub to: Option<CompanyNumber>,
    /// What came of it.
    pub status: DialStatus,
    /// What we wrote into the URL about it.
    pub leg: Leg,
}

/// Twilio asks again about a call, at the number's fallback URL, because another webhook of the call has failed. Nobody
/// but [`Webhooks::accept`](super::Webhooks::accept) can make one.
///
/// <https://www.twilio.com/docs/usage/security/availability-reliability>
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SecondAttempt {
    /// Twilio's error code, which says [how the other one failed](https://www.twilio.com/docs/api/errors).
    pub code: Option<u32>,
    /// What the other one was about.
    pub event: CallEvent,
}

/// What a webhook of a call is about.
#[derive(Clone, Debug)]
pub enum CallEvent {
    /// Somebody calls.
    Incoming(IncomingCall),
    /// The phone that we had rung rings no more.
    Ended(EndedDial),
}

/// What came of ringing a phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DialStatus {
    /// It was answered, and somebody has hung up.
    Answered,
    /// It was busy.
    Busy,
    /// It rang, and nobody answered.
    Unanswered,
    /// It could not be rung.
    Failed,
    /// The caller gave up while it rang.
    Canceled,
    /// Twilio does not say.
    Unknown,
}

/// Twilio's name for a call: `CA` and 32 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallSid(pub String);

impl Webhook for IncomingCall {
    fn read(form: &Form<'_>, called: &Called<'_>) -> Result<Self, Rejection> {
        let from = form.get("From").filter(|from| !WITHHELD.contains(from));
        Ok(Self {
            sid: CallSid(form.required("CallSid")?.to_owned()),
            from: from.and_then(|from| from.parse().ok()),
            to: form.required("To")?.parse().ok(),
            attestation: match form.get("StirVerstat") {
                Some("TN-Validation-Passed-A") => Attestation::Full,
                _ => Attestation::Less,
            },
            forwarded_from: form.get("ForwardedFrom").and_then(|from| from.parse().ok()),
            hint: Hint::read(called.path, called.query),
        })
    }
}

impl Webhook for EndedDial {
    fn read(form: &Form<'_>, called: &Called<'_>) -> Result<Self, Rejection> {
        form.required("DialCallStatus")?;
        Self::asked_with(form, called.query)
    }
}

impl EndedDial {
    /// Reads the form, and the query of the action URL.
    fn asked_with(form: &Form<'_>, query: &str) -> Result<Self, Rejection> {
        Ok(Self {
            sid: CallSid(form.required("CallSid")?.to_owned()),
            to: form.get("To").and_then(|to| to.parse().ok()),
            status: match form.get("DialCallStatus") {
                Some("completed" | "answered") => DialStatus::Answered,
                Some("busy") => DialStatus::Busy,
                Some("no-answer") => DialStatus::Unanswered,
                Some("canceled") => DialStatus::Canceled,
                Some(_) => DialStatus::Failed,
                None => DialStatus::Unknown,
            },
            leg: Leg::read(query),
        })
    }
}

impl Webhook for SecondAttempt {
    fn read(form: &Form<'_>, called: &Called<'_>) -> Result<Self, Rejection> {
        let query = failed_url(form).1;
        Ok(Self {
            code: form.get("ErrorCode").and_then(|code| code.parse().ok()),
            event: if follows_a_dial(form) {
                CallEvent::Ended(EndedDial::asked_with(form, query)?)
            } else {
                CallEvent::Incoming(IncomingCall::read(form, called)?)
            },
        })
    }
}

impl SecondAttempt {
    /// Whether `form` is about a call whose dialled phone rings no more. Nobody has checked who sent it.
    #[must_use]
    pub fn claims_to_follow_a_dial(form: &[u8]) -> bool {
        follows_a_dial(&Form::parse(form))
    }
}

fn follows_a_dial(form: &Form<'_>) -> bool {
    let path = failed_url(form).0;
    CallEndpoint::at(path) == Some(CallEndpoint::After) || form.get("DialCallStatus").is_some()
}

/// The URL of the webhook that failed, up to its question mark, and its query.
fn failed_url<'a>(form: &'a Form<'_>) -> (&'a str, &'a str) {
    let failed = form.get("ErrorUrl").unwrap_or_default();
    failed.split_once('?').unwrap_or((failed, ""))
}
