//! What can go wrong with Twilio, and where to read about it.

use std::fmt;

use http::StatusCode;

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

impl Error {
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
    /// Whether the same request would be refused again: it is neither about the credentials, which
    /// someone may put right, nor about the moment.
    #[must_use]
    pub fn is_final(&self) -> bool {
        self.status.is_client_error() && ![401, 403, 408, 429].contains(&self.status.as_u16())
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
