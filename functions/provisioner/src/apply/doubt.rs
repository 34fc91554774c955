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

/// After so many profiles in a row that take no number, with none that does, others are tried.
const MOST_REFUSED: usize = 20;

/// On how many of those who have a number, and of those who wait, it is tried whether Okta writes any profile.
const OTHERS: usize = 5;

/// What this run knows about whether Okta takes numbers.
pub(super) struct Doubt {
    /// Those whose profile holds a number of ours, so that it could be written once.
    holders: Vec<EmployeeId>,
    /// Those who wait for a number.
    waiting: Vec<EmployeeId>,
    /// How many writes failed in a row, for reasons that are not about a profile.
    failed: AtomicUsize,
    /// How many profiles in a row take no number.
    refused: AtomicUsize,
    has_written: AtomicBool,
    stopped: AtomicBool,
    /// The code of the refusal that everybody got on whom it was tried, if there is one.
    general: OnceCell<Option<String>>,
}

impl Doubt {
    pub(super) fn new(holders: Vec<EmployeeId>, waiting: Vec<EmployeeId>) -> Self {
        Self {
            holders,
            waiting,
            failed: AtomicUsize::new(0),
            refused: AtomicUsize::new(0),
            has_written: AtomicBool::new(false),
            stopped: AtomicBool::new(false),
            general: OnceCell::new(),
        }
    }

    /// Whether this run writes no further numbers, because Okta takes none.
    pub(super) fn is_certain(&self) -> bool {
        self.stopped.load(Ordering::Relaxed) || self.general().is_some()
    }

    /// Whether Okta gives this refusal to everybody.
    pub(super) fn is_general(&self, refusal: &Refusal) -> bool {
        self.general() == Some(&refusal.code)
    }

    /// Takes note that Okta has accepted a write, or the rehearsal of one: the token may write profiles.
    pub(super) fn has_written(&self) {
        self.has_written.store(true, Ordering::Relaxed);
        self.failed.store(0, Ordering::Relaxed);
        self.refused.store(0, Ordering::Relaxed);
    }

    /// Takes note of a step that failed for reasons that are not about a profile. Twilio's failures say nothing about Okta.
    fn has_failed(&self, failure: &Failure) {
        if !failure.is_oktas() {
            return;
        }
        let failed = self.failed.fetch_add(1, Ordering::Relaxed) + 1;
        if failed >= MOST_FAILED || failure.is_about_credentials() {
            self.stopped.store(true, Ordering::Relaxed);
        }
    }

    /// Takes note of a profile that takes no number, and tells whether it is time to try others.
    fn is_suspicious(&self, refusal: &Refusal) -> bool {
        self.failed.store(0, Ordering::Relaxed);
        let refused = self.refused.fetch_add(1, Ordering::Relaxed) + 1;
        let is_enough = if self.holders.is_empty() {
            refused >= MOST_REFUSED
        } else {
            // What else can be wrong with a profile was not wrong with theirs.
            refusal.is_about() == Subject::Profile(Unwritable::NotPermitted)
        };
        is_enough && !self.has_written.load(Ordering::Relaxed)
    }

    /// The code of the refusal that everybody gets. A single accepted write disproves it, also a later one.
    fn general(&self) -> Option<&String> {
        let has_written = self.has_written.load(Ordering::Relaxed);
        self.general.get().and_then(Option::as_ref).filter(|_| !has_written)
    }
}

impl Work<'_> {
    /// Learns from how the attempt to write somebody's number ended.
    pub(super) async fn learn(&self, done: Result<(), &NotDone>) {
        let doubt = &self.doubt;
        match done {
            Ok(()) => doubt.has_written(),
            Err(NotDone::Unwritable(refusal)) => self.suspect(refusal).await,
            Err(NotDone::Failed(failure)) => doubt.has_failed(failure),
            Err(NotDone::Later(_)) => {}
        }
    }

    /// A profile takes no number: it is a super administrator's, say, or the token may change nobody's. What tells
    /// them apart is a write that changes nothing, to some who have a number already and to some who wait for one. The
    /// holders alone do not tell: if the first to get numbers were super administrators, Okta refuses all of them.
    async fn suspect(&self, refusal: &Refusal) {
        let doubt = &self.doubt;
        if !doubt.is_suspicious(refusal) {
            return;
        }
        doubt
            .general
            .get_or_init(async || {
                let is_general = self.is_refused_to_all(&refusal.code).await;
                is_general.then(|| refusal.code.clone())
            })
            .await;
    }

    /// Whether Okta refuses with `code` to write the profiles of a few holders and of a few who wait, and writes none of them.
    async fn is_refused_to_all(&self, code: &str) -> bool {
        let Doubt { holders, waiting, .. } = &self.doubt;
        let directory = &self.provisioner.directory;
        let mut refused = false;
        for employee in some_of(holders).chain(some_of(waiting)) {
            let Ok(Some((_, revision))) = directory.find(employee).await else { continue };
            match directory.rehearse(&revision).await {
                Ok(()) => self.doubt.has_written(),
                Err(okta::Error::Refused(refusal)) if refusal.code == code => refused = true,
                Err(_) => {}
            }
            if self.doubt.has_written.load(Ordering::Relaxed) {
                return false;
            }
        }
        refused
    }
}

/// A few of `employees`, from all parts of the list.
fn some_of(employees: &[EmployeeId]) -> impl Iterator<Item = &EmployeeId> {
    employees.iter().rev().step_by(employees.len().div_ceil(OTHERS).max(1))
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

#[cfg(test)]
mod tests;
