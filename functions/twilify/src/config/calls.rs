//! What only call-forward needs to know.

use std::str::FromStr;

use super::{
    Error,
    switch::Switch,
    variables::{Variables, variable},
};
use crate::twilio::{RingTime, Voice};

/// How calls are put through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calls {
    /// Whether callers are told that they are being connected: `TWILIFY_GREETING`, `on` or `off`. Without
    /// it they hear the phone ring at once, and the call costs nothing until it is answered.
    pub greeting: bool,
    /// Who speaks: `TWILIFY_VOICE` and `TWILIFY_LANGUAGE`.
    pub voice: Voice,
    /// Whose number the mobile shows: `TWILIFY_CALLER_ID`.
    pub caller_id: CallerId,
    /// How long the mobile rings: `TWILIFY_RING_SECONDS`.
    pub ring: RingTime,
}

/// Whose number an employee's mobile shows when it rings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallerId {
    /// The caller's, if they have one to show: `caller`.
    Caller,
    /// The company number that was dialled: `company`.
    Company,
}

/// The text is neither of the two words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not caller or company")]
pub struct NotACallerId;

impl Calls {
    /// Reads them from the environment. None has to be there; a variable that is blank counts as unset.
    pub fn from_env() -> Result<Self, Error> {
        Self::read(variable)
    }

    pub(super) fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let variables = Variables(lookup);
        let Switch(greeting) = variables.parsed("TWILIFY_GREETING", "on")?;
        Ok(Self {
            greeting,
            voice: Voice {
                name: variables.optional("TWILIFY_VOICE")?,
                language: variables.optional("TWILIFY_LANGUAGE")?,
            },
            caller_id: variables.parsed("TWILIFY_CALLER_ID", "caller")?,
            ring: variables.parsed("TWILIFY_RING_SECONDS", "30")?,
        })
    }
}

impl FromStr for CallerId {
    type Err = NotACallerId;

    fn from_str(word: &str) -> Result<Self, NotACallerId> {
        match word {
            "caller" => Ok(Self::Caller),
            "company" => Ok(Self::Company),
            _ => Err(NotACallerId),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::variables, *};

    #[test]
    fn a_caller_is_greeted_and_their_number_shown_unless_told_otherwise() {
        let calls = Calls::read(variables(&[])).unwrap();
        assert!(calls.greeting);
        assert_eq!((calls.caller_id, calls.voice), (CallerId::Caller, Voice::default()));
        let other = Calls::read(variables(&[("TWILIFY_GREETING", "off"), ("TWILIFY_CALLER_ID", "company")]));
        assert_eq!(other.map(|it| (it.greeting, it.caller_id)), Ok((false, CallerId::Company)));
    }

    #[test]
    fn a_wrong_setting_is_named_with_what_is_wrong_with_it() {
        for (name, value, complaint) in [
            ("TWILIFY_GREETING", "yes", "not on or off"),
            ("TWILIFY_CALLER_ID", "+14155550100", "not caller or company"),
            ("TWILIFY_RING_SECONDS", "4", "not a number of seconds from 5 to 600"),
            ("TWILIFY_VOICE", "\"/><Dial", "not the name of a voice of Twilio's, like Polly.Joanna"),
            ("TWILIFY_VOICE", "Polly.Mi\u{301}a", "not the name of a voice of Twilio's, like Polly.Joanna"),
            ("TWILIFY_LANGUAGE", "English", "not a language tag like en-US"),
        ] {
            let error = Calls::read(variables(&[(name, value)])).unwrap_err();
            assert_eq!(error, Error::Invalid { name, complaint: complaint.to_owned() }, "{name}={value}");
        }
    }
}
