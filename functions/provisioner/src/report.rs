//! What a run did, for whoever invoked it and for the log.

use std::fmt::Display;

use serde::Serialize;
use twilify::phone::NotDialable;

use crate::{Plan, Who};

/// What a run did, or, if it was a dry run, would do.
///
/// As JSON it is the function's result. It names employees and their numbers in full, which the
/// log does not.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// Whether nothing was changed.
    pub dry_run: bool,
    /// The changes, one line for each: what was done, or would be.
    pub changes: Vec<Entry>,
    /// Who gets no company number because of their mobile number, and why.
    pub refused: Vec<Entry>,
    /// Who has to wait for another run, and why.
    pub postponed: Vec<Entry>,
    /// What was tried and did not work. The next run tries again.
    pub failed: Vec<Entry>,
}

/// A line about an employee.
#[derive(Debug, Serialize)]
pub struct Entry {
    /// About whom.
    #[serde(flatten)]
    pub who: Who,
    /// The line.
    pub text: String,
}

impl Report {
    /// Reports what a plan would do.
    #[must_use]
    pub fn of_a_dry_run(plan: Plan) -> Self {
        let mut report = Self { dry_run: true, ..Self::default() };
        report.leave(plan.refused, plan.postponed);
        for step in plan.steps {
            let text = step.to_string();
            report.changes.push(Entry { who: step.who, text });
        }
        report
    }

    pub(crate) fn done(&mut self, who: Who, change: &str, text: String) {
        tracing::info!(employee = who.employee.0, change, "changed");
        self.changes.push(Entry { who, text });
    }

    pub(crate) fn failed(&mut self, who: Who, failure: &dyn Display) {
        tracing::error!(employee = who.employee.0, error = %failure, "failed");
        self.failed.push(Entry { text: format!("{}: {failure}.", who.name), who });
    }

    pub(crate) fn leave(&mut self, refused: Vec<(Who, NotDialable)>, postponed: Vec<Who>) {
        for (who, reason) in refused {
            tracing::warn!(employee = who.employee.0, %reason, "the mobile number is unusable");
            let text = format!("The mobile number of {} is unusable: {reason}.", who.name);
            self.refused.push(Entry { who, text });
        }
        if !postponed.is_empty() {
            tracing::warn!(employees = postponed.len(), "postponed, because a run buys only so many numbers");
        }
        for who in postponed {
            let text = format!("{} gets a company number in another run.", who.name);
            self.postponed.push(Entry { who, text });
        }
    }
}
