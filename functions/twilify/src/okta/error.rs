//! What can go wrong with Okta, and what to do about it.

use std::{fmt, time::Duration};

use http::StatusCode;

use crate::{
    EmployeeId,
    transport::{Failure, jittered},
};

/// How long a caller waits for Okta to take another request: of the four and a half seconds that Okta has, half a second
/// is for that request.
const SHORT: Duration = Duration::from_secs(4);

/// How long to wait before a request is repeated that failed at once.
const MOMENT: Duration = Duration::from_millis(100);

/// Okta did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Okta understood the request and would not fulfil it.
    #[error(transparent)]
    Refused(Refusal),
    /// Somebody else changed the profile after it was read, so nothing was written.
    #[error("the profile was changed in Okta by somebody else at the same moment")]
    Conflict,
    /// Okta asks for fewer requests until after the time that there is, so this one was not made.
    #[error("Okta asks for fewer requests, and there is no time to wait until it takes more")]
    Throttled,
    /// Several people who work here publish the same company number.
    #[error("{} publish the same company number; remove it from all profiles but one", ids(.0))]
    Ambiguous(Vec<EmployeeId>),
    /// No usable answer came.
    #[error("Okta did not answer {request} as it should")]
    Unreachable {
        /// Method and path.
        request: String,
        /// What happened instead.
        source: Failure,
    },
}

/// Why Okta would not, in [its own terms].
///
/// [its own terms]: https://developer.okta.com/docs/reference/error-codes/
#[derive(Debug, thiserror::Error)]
pub struct Refusal {
    /// Method and path.
    pub request: String,
    /// The HTTP status.
    pub status: StatusCode,
    /// Okta's `errorCode`, like `E0000011`.
    pub code: String,
    /// Okta's `errorSummary` and, because it often says only that something is wrong, up to three of its `errorCauses`, like
    /// `login: The field cannot be left blank`. [Fit for a log](crate::phone::redacted).
    pub summary: String,
    /// Okta's `errorId`, which its support asks for.
    pub id: String,
    /// If it was one request too many: how long until Okta takes another.
    pub pause: Option<Duration>,
}

impl Error {
    /// Whether Okta took too long over it: a page that it cannot put together in time is a 500, says
    /// its documentation, or no answer at all.
    pub(super) fn is_too_slow(&self) -> bool {
        match self {
            Self::Refused(refusal) => [500, 504].contains(&refusal.status.as_u16()),
            Self::Unreachable { source, .. } => matches!(source, Failure::NoAnswer(_)),
            Self::Conflict | Self::Throttled | Self::Ambiguous(_) => false,
        }
    }

    /// Whether Okta did answer, with something that cannot be read.
    #[must_use]
    pub fn is_unreadable(&self) -> bool {
        matches!(self, Self::Unreachable { source: Failure::Unexpected { status, .. }, .. } if status.is_success())
    }

    /// After how long the same request may well work, for somebody who has a few seconds; `None` if it is
    /// not worth another try.
    pub(super) fn passes_in(&self) -> Option<Duration> {
        let pause = match self {
            Self::Refused(refusal) if refusal.status.is_server_error() => MOMENT,
            Self::Refused(refusal) => refusal.pause.filter(|pause| *pause <= SHORT)?,
            Self::Unreachable { source, .. } if source.is_of_a_connection() => MOMENT,
            _ => return None,
        };
        Some(jittered(pause).min(SHORT))
    }
}

/// What a refusal is about: who or what has to change before the same request works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// This profile. Those of other employees may well be written.
    Profile(Unwritable),
    /// The token, the org or our request: it will be the same for everybody.
    Token,
    /// Nothing: the same request works some minutes later.
    Later,
}

/// Why Okta does not write a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unwritable {
    /// Another system, like Active Directory, is the source of the attribute.
    Mastered,
    /// The token's owner may not change this employee. So it is with super administrators, if the owner is none.
    /// If it is so with everybody, it is the token that has to change.
    NotPermitted,
    /// The profile does not meet the schema of its user type. Okta validates all of it, whatever is written.
    Invalid,
    /// The employee's status does not allow it.
    Status,
}

impl Unwritable {
    /// What somebody can do about it.
    #[must_use]
    pub fn remedy(self) -> &'static str {
        match self {
            Self::Mastered => {
                "another system is the source of the attribute: in Okta's profile editor let the attribute inherit from Okta"
            }
            Self::NotPermitted => {
                "the token's owner may not change this profile, as it is with a super administrator's: put a number from the \
                 pool into it by hand, and the next run adopts it"
            }
            Self::Invalid => "correct the profile, or add the attribute to its user type",
            Self::Status => "the employee's status does not allow it: look at their account in Okta",
        }
    }
}

impl Refusal {
    /// What the refusal is about.
    ///
    /// <https://developer.okta.com/docs/reference/error-codes/>
    #[must_use]
    pub fn is_about(&self) -> Subject {
        match (self.status.as_u16(), self.code.as_str()) {
            (403, _) if self.is_mastered_elsewhere() => Subject::Profile(Unwritable::Mastered),
            (403, "E0000006") => Subject::Profile(Unwritable::NotPermitted),
            (403, "E0000038") => Subject::Profile(Unwritable::Status),
            (400, "E0000001") => Subject::Profile(Unwritable::Invalid),
            (409 | 429, _) => Subject::Later,
            _ => Subject::Token,
        }
    }

    /// Whether Okta would not answer this question, and may well answer another one: a search may be too long or too
    /// complex, or not allowed with `or`. Which of the statuses it is then no document says.
    pub(super) fn is_about_the_question(&self) -> bool {
        [400, 403, 414].contains(&self.status.as_u16())
    }

    /// Whether the attribute cannot be changed in Okta, because it comes from another system.
    #[must_use]
    pub fn is_mastered_elsewhere(&self) -> bool {
        ["E0000023", "E0000075", "E0000077"].contains(&self.code.as_str())
    }

    /// What an administrator can do about it.
    #[must_use]
    pub fn remedy(&self) -> Option<&'static str> {
        Some(match (self.status.as_u16(), self.code.as_str()) {
            (401, _) => {
                "create a new API token in Okta and store it in the parameter okta/token; a token dies after \
                 thirty days without use, and with the account that made it"
            }
            (403, _) if self.is_mastered_elsewhere() => {
                "another system is the source of this attribute; in Okta's profile editor let the attribute \
                 inherit from Okta"
            }
            (400, "E0000001") => "correct in Okta what it says about this profile",
            (403, "E0000038") => "the employee has been deactivated",
            (403, _) => "give the token's owner the right to view and edit users",
            (404, "E0000007") => "the employee has been deleted",
            (409, "E0000112") => "the account is being activated; try again in some minutes",
            (404, _) => "check the parameter okta/org-url",
            (429, _) => "wait a minute, or raise the token's share of the rate limit in Okta",
            (503, "E0000010") => "Okta is read-only for maintenance; try again later",
            (500..=599, _) => "try again later, see status.okta.com",
            _ => return None,
        })
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { request, status, code, summary, id, .. } = self;
        write!(f, "Okta answered {request} with {status}")?;
        if !code.is_empty() {
            write!(f, " ({code}: {summary}; Okta's error id is {id})")?;
        }
        self.remedy().map_or(Ok(()), |remedy| write!(f, "; {remedy}"))
    }
}

fn ids(employees: &[EmployeeId]) -> String {
    employees.iter().map(|id| id.0.as_str()).collect::<Vec<_>>().join(" and ")
}

#[cfg(test)]
mod tests;
