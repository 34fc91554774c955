//! Gives every employee with a mobile number a company number.
//!
//! Observe, [`plan()`], [`apply()`], [`Report`]: the plan compares what the directory says with what
//! the account owns and decides, and cannot touch either. A dry run is a plan that nobody applies.

mod apply;
mod plan;
mod report;

use twilify::{config::Provisioning, okta, okta::Directory, phone::Country, twilio, twilio::Account};

pub use self::{
    apply::apply,
    plan::{Change, Plan, Step, Who, plan},
    report::{Entry, Report},
};

/// What the provisioner works with.
#[derive(Debug)]
pub struct Provisioner {
    /// Where the employees are.
    pub directory: Directory,
    /// Where the numbers are.
    pub account: Account,
    /// What to buy, for whom.
    pub settings: Provisioning,
    /// Where to buy, and how to read a number without a country code.
    pub country: Country,
}

/// Nothing was done, because it could not be seen what there is to do.
#[derive(Debug, thiserror::Error)]
pub enum NotObserved {
    /// The employees are unknown.
    #[error("could not list the employees, so nothing was changed")]
    Employees(#[from] okta::Error),
    /// The numbers are unknown.
    #[error("could not list the company numbers, so nothing was changed")]
    Numbers(#[from] twilio::Error),
}

impl Provisioner {
    /// Makes one run. A dry run reports what a run would do, and changes nothing.
    pub async fn run(&self, dry_run: bool) -> Result<Report, NotObserved> {
        let employees = self.directory.list(self.settings.okta_search.as_deref()).await?;
        let owned = self.account.list().await?;
        let plan = plan(&employees, &owned, self.country, self.settings.max_purchases);
        Ok(if dry_run { Report::of_a_dry_run(plan) } else { apply(self, plan).await })
    }
}
