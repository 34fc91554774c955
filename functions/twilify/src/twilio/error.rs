//! What can go wrong with Twilio, and where to read about it.

use std::fmt;

use http::StatusCode;
use url::Url;

use crate::transport::Failure;

/// Twilio did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Twilio understood the request and would not fulfil it.
    #[error(transparent)]
    Refused(Refusal),
    /// No usable answer came.
    #[error("Twilio did not answer {request} as it should")]
    Unreachable {
        /// Method and path.
        request: String,
        /// What happened instead.
        source: Failure,
    },
}

/// Why Twilio would not, in [its own terms].
///
/// [its own terms]: https://www.twilio.com/docs/api/errors
#[derive(Debug, thiserror::Error)]
pub struct Refusal {
    /// Method and path.
    pub request: String,
    /// The HTTP status.
    pub status: StatusCode,
    /// Twilio's error code, like 21610; zero if it gave none.
    pub code: u32,
    /// Twilio's message, [fit for a log](crate::phone::redacted).
    pub message: String,
}

/// What an error code means for a message, and what to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meaning {
    /// What has happened.
    pub what: &'static str,
    /// What somebody can do.
    pub remedy: &'static str,
}

/// What `code` means, if it is one of [those](https://www.twilio.com/docs/api/errors) that forwarded messages
/// end with.
#[must_use]
pub fn meaning(code: u32) -> Option<Meaning> {
    let (what, remedy) = match code {
        21211 | 21614 => (
            "the mobile in the profile is not the number of a phone that takes texts",
            "correct the employee's mobile in Okta",
        ),
        21408 => (
            "the account may not text to the mobile's country",
            "allow the country in Twilio's console, under Messaging, Geo permissions",
        ),
        21606 | 21659..=21661 => (
            "the company number cannot send texts",
            "look at the number in Twilio's console; if it is new, wait until it is in the Messaging Service",
        ),
        STOPPED => ("the employee has texted STOP to their company number", "tell them to text START to it"),
        21612 => {
            ("there is no way from the company number to the mobile", "ask Twilio's support about the route")
        }
        11200 | 11751 | 12300 | 21620 | 30011 | 30019 | 63019 => {
            ("the file that came with it could not be delivered", "nothing; the text is sent without it")
        }
        30002 => ("the Twilio account is suspended", "look at Twilio's console"),
        30003 => ("the mobile is switched off or out of reach", "nothing; it may work another time"),
        30004 => ("the mobile or its carrier blocks the message", "ask the employee's carrier"),
        30005 => ("the mobile does not exist any more", "correct the employee's mobile in Okta"),
        30006 => {
            ("the mobile in the profile is a landline, or its carrier takes no texts", "correct it in Okta")
        }
        30007 => (
            "the carrier took the message for spam",
            "register the number for A2P 10DLC, or ask Twilio's support",
        ),
        30008 => ("the carrier does not say why", "nothing; it may work another time"),
        30022 | 30023 => {
            ("more messages than the A2P 10DLC campaign allows", "ask Twilio for a higher limit")
        }
        30032 | 30034 | 30035 => (
            "the company number is not registered, or not yet, for texts in the United States",
            "register an A2P 10DLC campaign and name its Messaging Service in MessagingServiceSid",
        ),
        _ => return None,
    };
    Some(Meaning { what, remedy })
}

/// Twilio's word for somebody who has texted STOP.
///
/// <https://www.twilio.com/docs/api/errors/21610>
const STOPPED: u32 = 21610;

/// Twilio's word for something that an API key is not allowed to see.
///
/// <https://www.twilio.com/docs/api/errors/20003>
pub const NOT_PERMITTED: u32 = 20003;

/// Whether `code` says that the recipient has texted STOP.
#[must_use]
pub fn is_stopped(code: u32) -> bool {
    code == STOPPED
}

impl Error {
    /// The list that goes on at `page` has no end.
    pub(super) fn endless(page: &Url) -> Self {
        Self::Unreachable { request: format!("GET {}", page.path()), source: Failure::Endless }
    }

    /// Whether the request was certainly not carried out, and may well be if it is made again at once.
    #[must_use]
    pub fn was_not_carried_out(&self) -> bool {
        match self {
            Self::Refused(refusal) => refusal.status == StatusCode::TOO_MANY_REQUESTS,
            Self::Unreachable { source, .. } => matches!(source, Failure::NotSent(_)),
        }
    }

    /// Whether nobody knows if the request was carried out.
    #[must_use]
    pub fn is_of_unknown_outcome(&self) -> bool {
        match self {
            Self::Refused(refusal) => refusal.status.is_server_error(),
            Self::Unreachable { source, .. } => !matches!(source, Failure::NotSent(_)),
        }
    }

    /// Whether there was no time for the answer, or too much of it.
    #[must_use]
    pub fn is_too_long(&self) -> bool {
        matches!(self, Self::Unreachable { source, .. } if source.is_too_long())
    }

    /// Whether what was asked for is not there, or not yet.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.status == StatusCode::NOT_FOUND)
    }

    /// Twilio's error code, if that is what it answered.
    #[must_use]
    pub fn code(&self) -> Option<u32> {
        match self {
            Self::Refused(refusal) => Some(refusal.code),
            Self::Unreachable { .. } => None,
        }
    }
}

impl Refusal {
    /// Whether the same message would be refused again, whatever somebody puts right in the next hours: it is
    /// about the recipient or the message itself.
    #[must_use]
    pub fn is_final(&self) -> bool {
        let codes = [21211, 21266, 21408, STOPPED, 21612, 21614, 21617, 21619, 21620, 21623];
        self.status.is_client_error() && (codes.contains(&self.code) || (30003..=30999).contains(&self.code))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { request, status, code, message } = self;
        write!(f, "Twilio answered {request} with {status}")?;
        match code {
            0 => Ok(()),
            code => {
                write!(f, " (error {code}: {message}); see https://www.twilio.com/docs/api/errors/{code}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(status: u16, code: u32) -> Refusal {
        let (request, message) = ("POST /x".to_owned(), "No.".to_owned());
        Refusal { request, status: StatusCode::from_u16(status).unwrap(), code, message }
    }

    fn refused(status: u16) -> Error {
        Error::Refused(refusal(status, 0))
    }

    fn unreachable(source: Failure) -> Error {
        Error::Unreachable { request: "POST /x".to_owned(), source }
    }

    #[test]
    fn after_a_server_error_nobody_knows_and_after_any_other_status_everybody_does() {
        for status in 300..600 {
            let error = refused(status);
            assert_eq!(error.is_of_unknown_outcome(), status >= 500, "{status}");
            assert_eq!(error.was_not_carried_out(), status == 429, "{status}");
            assert_eq!(error.is_missing(), status == 404, "{status}");
            assert!(!error.is_too_long(), "{status}");
        }
    }

    #[test]
    fn after_an_answer_that_cannot_be_read_nobody_knows() {
        let unexpected = Failure::Unexpected { status: StatusCode::OK, line: 1, column: 1 };
        for failure in [Failure::Link, Failure::Endless, unexpected] {
            let error = unreachable(failure);
            assert!(error.is_of_unknown_outcome() && !error.was_not_carried_out(), "{error:?}");
            assert!(!error.is_too_long() && !error.is_missing() && error.code().is_none(), "{error:?}");
        }
        let error = unreachable(Failure::TooLong);
        assert!(error.is_of_unknown_outcome() && !error.was_not_carried_out() && error.is_too_long());
        assert_eq!(Error::Refused(refusal(400, 21211)).code(), Some(21211));
    }

    #[test]
    fn what_is_about_the_recipient_or_the_message_is_final_if_twilio_has_understood_the_request() {
        let finals =
            [21211, 21266, 21408, 21610, 21612, 21614, 21617, 21619, 21620, 21623, 30003, 30034, 30999];
        for code in finals {
            assert!(refusal(400, code).is_final() && refusal(499, code).is_final(), "{code}");
            assert!(!refusal(500, code).is_final() && !refusal(399, code).is_final(), "{code}");
        }
        for code in [0, 20003, 20404, 20429, 21606, 21611, 30001, 30002, 31000] {
            assert!(!refusal(400, code).is_final(), "{code} may be put right within hours");
        }
        for code in [0, 21609, 21611, 30003] {
            assert!(!is_stopped(code), "{code}");
        }
        assert!(is_stopped(21610));
    }

    #[test]
    fn every_code_that_a_forwarded_message_ends_with_is_explained() {
        for (codes, what) in [
            (&[21211, 21614][..], "is not the number of a phone"),
            (&[21408], "may not text to the mobile's country"),
            (&[21606, 21659, 21660, 21661], "cannot send texts"),
            (&[21610], "has texted STOP"),
            (&[21612], "no way from the company number"),
            (&[11200, 11751, 12300, 21620, 30011, 30019, 63019], "the file that came with it"),
            (&[30002], "account is suspended"),
            (&[30003], "switched off or out of reach"),
            (&[30004], "blocks the message"),
            (&[30005], "does not exist any more"),
            (&[30006], "a landline"),
            (&[30007], "for spam"),
            (&[30008], "does not say why"),
            (&[30022, 30023], "more messages than"),
            (&[30032, 30034, 30035], "not registered"),
        ] {
            for code in codes {
                let explained = meaning(*code).unwrap();
                assert!(explained.what.contains(what), "{code}: {}", explained.what);
            }
        }
        for unknown in [0, 20003, 21658, 21662, 30001, 30009, 30033] {
            assert_eq!(meaning(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn a_refusal_names_its_code_if_there_is_one_and_where_to_read_about_it() {
        assert_eq!(refused(502).to_string(), "Twilio answered POST /x with 502 Bad Gateway");
        assert_eq!(
            refusal(400, 21211).to_string(),
            "Twilio answered POST /x with 400 Bad Request (error 21211: No.); see \
             https://www.twilio.com/docs/api/errors/21211"
        );
    }
}
