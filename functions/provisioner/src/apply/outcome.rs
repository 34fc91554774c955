//! How steps end.

use twilify::{
    Causes, okta,
    okta::{Refusal, Subject},
    twilio,
};

use super::unwritable::Profiles;
use crate::{Ended, Report, Step, Watch};

/// How a step ended.
pub(super) enum Outcome {
    /// It was done, with the number in full.
    Done(String),
    /// It was not.
    NotDone(NotDone),
}

/// Why a step was not done.
pub(super) enum NotDone {
    /// It is left to another run.
    Later(Later),
    /// Okta refused to read or write this profile, and not because of the token or the org.
    Unwritable(Refusal),
    /// It was tried and did not work.
    Failed(Failure),
}

/// Whether a step was taken.
pub(super) type Taken = Result<(), NotDone>;

/// How a step failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("could not read or write their profile")]
    Okta(#[from] okta::Error),
    #[error("Twilio did not do it")]
    Twilio(#[from] twilio::Error),
    #[error("bought {0}, but could not write it into their profile; the next run tries again")]
    Unwritten(String, #[source] Box<Failure>),
    #[error("no number is for sale in any of the area codes {0}; add another area code")]
    SoldOut(String),
}

/// Why a step is left to another run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Later {
    /// The deadline is near.
    NoTime,
    /// The operator who watches the run has ended it.
    Stopped,
    /// The run has bought as many numbers as it may.
    NoMore,
    /// Too many numbers wait already.
    TooManyWaiting,
    /// Okta takes no numbers at all.
    OktaTakesNone,
    /// Okta is still busy with the employee's account.
    Busy,
    /// Okta asks for fewer requests until the deadline.
    OktaThrottles,
    /// Twilio asks for fewer requests.
    TwilioThrottles,
    /// Somebody else who works here has the number in their profile.
    Claimed,
    /// What the step is about has changed since it was planned.
    Changed,
}

impl Later {
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::NoTime => "there was no time left in this run",
            Self::Stopped => "this one was ended early",
            Self::NoMore => "this one buys no more numbers",
            Self::TooManyWaiting => {
                "Okta does not take the numbers that were bought already; see what failed, and no more are bought until that is \
                 put right"
            }
            Self::OktaTakesNone => {
                "Okta takes no numbers at the moment; see what failed, and none are bought until that is put right"
            }
            Self::Busy => "Okta is still busy with their account",
            Self::OktaThrottles => "Okta asks for fewer requests, and there was no time left to wait",
            Self::TwilioThrottles => "Twilio asks for fewer requests",
            Self::Claimed => {
                "somebody else has the number in their profile; take it out there, or write that employee's label on the number"
            }
            Self::Changed => "something changed while this ran",
        }
    }
}

impl From<Later> for NotDone {
    fn from(later: Later) -> Self {
        Self::Later(later)
    }
}

impl From<Later> for Outcome {
    fn from(later: Later) -> Self {
        Self::NotDone(later.into())
    }
}

impl From<Failure> for NotDone {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<okta::Error> for NotDone {
    fn from(error: okta::Error) -> Self {
        match error {
            okta::Error::Throttled => Later::OktaThrottles.into(),
            okta::Error::Conflict => Later::Changed.into(),
            okta::Error::Refused(refusal) => match refusal.is_about() {
                Subject::Profile(_) => Self::Unwritable(refusal),
                Subject::Later => Later::Busy.into(),
                Subject::Token => Self::Failed(okta::Error::Refused(refusal).into()),
            },
            error => Self::Failed(error.into()),
        }
    }
}

impl From<twilio::Error> for NotDone {
    fn from(error: twilio::Error) -> Self {
        match error {
            twilio::Error::Refused(refusal) if refusal.status.as_u16() == 429 => {
                Later::TwilioThrottles.into()
            }
            error => Self::Failed(error.into()),
        }
    }
}

impl Report {
    /// Adds how a step ended, and tells those who look on.
    pub(super) fn add(&mut self, step: &Step, outcome: Outcome, profiles: &mut Profiles, watch: Watch<'_>) {
        let Step { who, change } = step;
        let failed = |report: &mut Self, failure: &Failure| {
            (watch.ended)(report.failed(who, change.kind(), &Causes(failure)));
        };
        match outcome {
            Outcome::Done(number) => (watch.ended)(self.done(who, change, &number)),
            // Who looks on knows this from the plan.
            Outcome::NotDone(NotDone::Later(Later::NoMore)) => {
                self.later(who, Later::NoMore.reason());
            }
            Outcome::NotDone(NotDone::Later(later)) => (watch.ended)(self.later(who, later.reason())),
            Outcome::NotDone(NotDone::Failed(failure)) => failed(self, &failure),
            Outcome::NotDone(NotDone::Unwritable(refusal)) => match profiles.add(step, refusal) {
                Ok(sentence) => (watch.ended)(Ended::Left(&sentence)),
                Err(refusal) => failed(self, &okta::Error::Refused(refusal).into()),
            },
        }
    }
}
