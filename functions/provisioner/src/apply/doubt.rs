//! Whether Okta takes numbers at all: refusals that are about one profile look the same as those about the token.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::sync::OnceCell;
use twilify::{
    EmployeeId, okta,
    okta::{Refusal, Subject, Unwritable},
};

use super::{Failure, NotDone, Work};

/// After so many failed writes in a row, Okta takes no numbers in this run.
const MOST_FAILED: usize = 5;

/// After so many employees in a row whom the token may not change, with none whom it may, others are tried.
const MOST_NOT_PERMITTED: usize = 20;

/// On how many others it is tried whether the token may change anybody.
const OTHERS: usize = 5;

/// What this run knows about whether Okta takes numbers.
pub(super) struct Doubt {
    /// Those whose profile holds a number of ours, so that it could be written once.
    holders: Vec<EmployeeId>,
    /// Those who wait for a number.
    waiting: Vec<EmployeeId>,
    /// How many writes failed in a row, for reasons that are not about a profile.
    failed: AtomicUsize,
    /// How many employees in a row the token may not change.
    not_permitted: AtomicUsize,
    has_written: AtomicBool,
    stopped: AtomicBool,
    /// Whether the token may change nobody.
    powerless: OnceCell<bool>,
}

impl Doubt {
    pub(super) fn new(holders: Vec<EmployeeId>, waiting: Vec<EmployeeId>) -> Self {
        Self {
            holders,
            waiting,
            failed: AtomicUsize::new(0),
            not_permitted: AtomicUsize::new(0),
            has_written: AtomicBool::new(false),
            stopped: AtomicBool::new(false),
            powerless: OnceCell::new(),
        }
    }

    /// Whether it is of no use to write further numbers.
    pub(super) fn is_certain(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Whether the token may change nobody's profile.
    pub(super) fn is_about_the_token(&self) -> bool {
        self.powerless.get() == Some(&true)
    }
}

impl Work<'_> {
    /// Learns from how the attempt to write somebody's number ended.
    pub(super) async fn learn(&self, done: Result<(), &NotDone>) {
        let doubt = &self.doubt;
        match done {
            Ok(()) => {
                doubt.has_written.store(true, Ordering::Relaxed);
                doubt.failed.store(0, Ordering::Relaxed);
                doubt.not_permitted.store(0, Ordering::Relaxed);
            }
            Err(NotDone::Unwritable(refusal)) => {
                doubt.failed.store(0, Ordering::Relaxed);
                if is_not_permitted(refusal) {
                    self.suspect_the_token().await;
                } else {
                    doubt.not_permitted.store(0, Ordering::Relaxed);
                }
            }
            Err(NotDone::Failed(failure)) if failure.is_oktas() => {
                let failed = doubt.failed.fetch_add(1, Ordering::Relaxed) + 1;
                if failed >= MOST_FAILED || failure.is_about_credentials() {
                    doubt.stopped.store(true, Ordering::Relaxed);
                }
            }
            Err(NotDone::Failed(_) | NotDone::Later(_)) => {}
        }
    }

    /// One profile may not be changed: it is a super administrator's, say, or the token may change nobody's. What
    /// tells them apart is a write that changes nothing, to somebody who has got a number before, or, if nobody has,
    /// to some of those who wait.
    async fn suspect_the_token(&self) {
        let doubt = &self.doubt;
        let refused = doubt.not_permitted.fetch_add(1, Ordering::Relaxed) + 1;
        if doubt.has_written.load(Ordering::Relaxed) {
            return;
        }
        let others = if !doubt.holders.is_empty() {
            &doubt.holders
        } else if refused >= MOST_NOT_PERMITTED {
            &doubt.waiting
        } else {
            return;
        };
        if *doubt.powerless.get_or_init(|| self.may_change_none_of(others)).await {
            doubt.stopped.store(true, Ordering::Relaxed);
        }
    }

    /// Whether the token may change nobody among a few of `others`, who are taken from all parts of the list.
    async fn may_change_none_of(&self, others: &[EmployeeId]) -> bool {
        let directory = &self.provisioner.directory;
        let mut refused = false;
        let some = others.iter().rev().step_by(others.len().div_ceil(OTHERS));
        for employee in some {
            let Ok(Some((_, revision))) = directory.find(employee).await else { continue };
            match directory.rehearse(&revision).await {
                Ok(()) => return false,
                Err(okta::Error::Refused(refusal)) if is_not_permitted(&refusal) => refused = true,
                Err(_) => {}
            }
        }
        refused
    }
}

/// Whether the token may not change the employee, or nobody.
pub(super) fn is_not_permitted(refusal: &Refusal) -> bool {
    refusal.is_about() == Subject::Profile(Unwritable::NotPermitted)
}

impl Failure {
    fn is_oktas(&self) -> bool {
        match self {
            Self::Okta(_) => true,
            Self::Unwritten(_, failure) => failure.is_oktas(),
            Self::Twilio(_) | Self::SoldOut(_) => false,
        }
    }

    fn is_about_credentials(&self) -> bool {
        matches!(self, Self::Okta(okta::Error::Refused(refusal)) if refusal.status.as_u16() == 401)
    }
}
