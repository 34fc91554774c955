//! What a run did, for whoever invoked it and for the log.

use std::fmt::Display;

use serde::{Deserialize, Serialize};
use twilify::{config::Fate, metrics};

use crate::{Change, Plan, Unusable, Who};

/// What a local number costs a month in the United States, in cents of a US dollar. An estimate:
/// prices differ by country and contract.
///
/// <https://www.twilio.com/en-us/voice/pricing/us>
const CENTS_A_MONTH: i64 = 115;

/// What a run did, or, if it was a dry run, would do.
///
/// As JSON it is the function's result. It names employees and their numbers in full, which the
/// log does not.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Report {
    /// Whether nothing was changed.
    pub dry_run: bool,
    /// How many there are of each.
    pub counts: Counts,
    /// The changes, one line for each: what was done, or would be.
    pub changes: Vec<Entry>,
    /// Who gets no company number because of their mobile number, and why.
    pub refused: Vec<Entry>,
    /// What has to wait for another run, and why.
    pub postponed: Vec<Entry>,
    /// What was tried and did not work. The next run tries again.
    pub failed: Vec<Entry>,
    /// What somebody should look at, and what to do about it.
    pub findings: Vec<String>,
    /// How much more, or less, the numbers cost a month from now on, in US dollars: an estimate.
    pub monthly_cost_change_usd: f64,
}

/// The lengths of a report's lists, so that one need not read them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Changes made, or, in a dry run, to be made.
    pub changes: usize,
    /// Numbers bought.
    pub purchases: usize,
    /// Numbers given back.
    pub released: usize,
    /// Employees whose mobile is no good.
    pub refused: usize,
    /// Employees who have to wait for another run.
    pub postponed: usize,
    /// Changes that were tried and did not work.
    pub failed: usize,
    /// Things that somebody should look at.
    pub findings: usize,
}

impl Counts {
    /// Tells CloudWatch that a run has come to its end, and with what.
    pub fn measure(&self) {
        for (metric, count) in self.metrics() {
            metrics::add(metric, count);
        }
    }

    fn metrics(&self) -> [(&'static str, usize); 8] {
        let Self { changes, purchases, released, refused, postponed, failed, findings } = *self;
        [
            ("ProvisionerRuns", 1),
            ("ProvisioningChanges", changes),
            ("NumbersBought", purchases),
            ("NumbersReleased", released),
            ("ProvisioningRefused", refused),
            ("ProvisioningPostponed", postponed),
            ("ProvisioningFailed", failed),
            ("ProvisioningFindings", findings),
        ]
    }
}

/// A line about an employee.
#[derive(Debug, Serialize, Deserialize)]
pub struct Entry {
    /// About whom.
    #[serde(flatten)]
    pub who: Who,
    /// The line, a whole sentence with the numbers in full.
    pub text: String,
    /// What was done, or would be, like `buy`; only a change has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<String>,
    /// The number that a change is about, in E.164 form; one yet to be bought has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
}

/// How a step ended, in a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended<'a> {
    /// It was done.
    Done(&'a str),
    /// It is left to another run, or to somebody.
    Left(&'a str),
    /// It was tried and did not work.
    Failed(&'a str),
}

impl Entry {
    fn about(who: Who, text: String) -> Self {
        Self { who, text, change: None, number: None }
    }

    fn of(who: Who, change: &Change, number: Option<&str>, text: String) -> Self {
        let number = number.map(ToOwned::to_owned);
        Self { who, text, change: Some(change.kind().to_owned()), number }
    }
}

impl Report {
    /// Reports what a plan would do.
    #[must_use]
    pub fn of_a_dry_run(plan: Plan) -> Self {
        let mut report = Self { dry_run: true, ..Self::default() };
        report.leave(plan.refused, &plan.postponed, plan.findings);
        for step in plan.steps {
            let text = step.to_string();
            report.count(&step.change);
            report.changes.push(Entry::of(step.who, &step.change, step.change.number(), text));
        }
        report.counted()
    }

    pub(crate) fn done(&mut self, who: &Who, change: &Change, number: &str) -> Ended<'_> {
        tracing::info!(employee = who.employee.0, change = change.kind(), "changed");
        self.count(change);
        let text = change.done(number, &who.name);
        Ended::Done(added(&mut self.changes, Entry::of(who.clone(), change, Some(number), text)))
    }

    /// `what` follows the words “could not”.
    pub(crate) fn failed(&mut self, who: &Who, what: &str, failure: &dyn Display) -> Ended<'_> {
        let error = twilify::phone::redacted(&failure.to_string());
        tracing::error!(employee = who.employee.0, change = what, error, "failed");
        let text = format!("{}: could not {what}: {failure}.", who.name);
        Ended::Failed(added(&mut self.failed, Entry::about(who.clone(), text)))
    }

    pub(crate) fn later(&mut self, who: &Who, reason: &str) -> Ended<'_> {
        tracing::warn!(employee = who.employee.0, reason, "postponed");
        let text = format!("{} has to wait for another run: {reason}.", who.name);
        Ended::Left(added(&mut self.postponed, Entry::about(who.clone(), text)))
    }

    pub(crate) fn taken(&mut self, who: &Who, number: &str) {
        let text = format!(
            "{}: another run gave the number ({number}) to somebody else at the same time; the next run gives them one.",
            who.name
        );
        self.failed.push(Entry::about(who.clone(), text));
    }

    pub(crate) fn find(&mut self, finding: String) -> Ended<'_> {
        tracing::warn!(finding = twilify::phone::redacted(&finding), "found");
        self.findings.push(finding);
        Ended::Left(self.findings.last().map_or("", String::as_str))
    }

    pub(crate) fn leave(&mut self, refused: Vec<(Who, Unusable)>, postponed: &[Who], findings: Vec<String>) {
        for (who, reason) in refused {
            tracing::warn!(employee = who.employee.0, %reason, "the mobile number is unusable");
            let text = format!("The mobile number of {} is unusable: {reason}.", who.name);
            self.refused.push(Entry::about(who, text));
        }
        for who in postponed {
            self.later(who, "this one buys no more numbers");
        }
        for finding in findings {
            self.find(finding);
        }
    }

    /// The report, with everything counted.
    pub(crate) fn counted(mut self) -> Self {
        let Self { changes, refused, postponed, failed, findings, .. } = &self;
        let [changes, refused, postponed, failed] = [changes, refused, postponed, failed].map(Vec::len);
        self.counts = Counts { changes, refused, postponed, failed, findings: findings.len(), ..self.counts };
        let more = i64::try_from(self.counts.purchases).unwrap_or(i64::MAX);
        let less = i64::try_from(self.counts.released).unwrap_or(i64::MAX);
        #[expect(clippy::cast_precision_loss, reason = "nobody owns so many numbers")]
        let dollars = ((more - less) * CENTS_A_MONTH) as f64 / 100.0;
        self.monthly_cost_change_usd = dollars;
        self
    }

    fn count(&mut self, change: &Change) {
        self.counts.purchases += usize::from(self.dry_run && *change == Change::Buy);
        self.counts.released += usize::from(matches!(change, Change::Retire(_, Fate::Release)));
    }
}

/// The line of the entry that was added.
fn added(entries: &mut Vec<Entry>, entry: Entry) -> &str {
    entries.push(entry);
    entries.last().map_or("", |entry| entry.text.as_str())
}

#[cfg(test)]
mod tests;
