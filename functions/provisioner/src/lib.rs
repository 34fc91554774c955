//! Gives every employee with a mobile number a company number.
//!
//! [`Observation`], [`plan()`], apply, [`Report`]: the plan compares what the directory says
//! with what the account owns and decides, and cannot touch either. A dry run is a plan that nobody
//! applies. It is safe to run at any moment, after any crash, and twice at once.

mod apply;
mod observe;
mod plan;
mod report;
mod shelf;

use std::time::{Duration, Instant};

use jiff::Timestamp;
use twilify::{
    config::Provisioning,
    okta::Directory,
    phone::Country,
    twilio::{Account, MessagingService},
};

pub use self::{
    observe::NotObserved,
    plan::{Absence, Change, Observation, Plan, Step, Unusable, Who, plan},
    report::{Entry, Report},
};

/// How many steps are under way at once, and so how many requests at Okta and at Twilio. An Okta
/// token may have 18 at once in a free org, and Twilio suggests few.
pub(crate) const AT_ONCE: usize = 4;

/// How long before the deadline no new step is begun: no step takes longer, if all goes wrong that
/// goes wrong sometimes.
const RESERVE: Duration = Duration::from_secs(30);

/// What the provisioner works with.
#[derive(Clone, Debug)]
pub struct Provisioner {
    /// Where the employees are.
    pub directory: Directory,
    /// Where the numbers are.
    pub account: Account,
    /// What the numbers have to be in to text people in the United States.
    pub messaging_service: Option<MessagingService>,
    /// What to buy, for whom.
    pub settings: Provisioning,
    /// Where to buy, and how to read a number without a country code.
    pub country: Country,
}

impl Provisioner {
    /// Makes one run, which begins no step later than shortly before `deadline`. A dry run reports
    /// what a run would do, and changes nothing.
    pub async fn run(&self, dry_run: bool, deadline: Instant) -> Result<Report, NotObserved> {
        let last_start = deadline.checked_sub(RESERVE).unwrap_or(deadline);
        let patient = Self {
            directory: self.directory.until(last_start),
            account: self.account.until(last_start),
            ..self.clone()
        };
        let world = observe::observe(&patient).await?;
        let plan = plan(&world, &self.settings, self.country, Timestamp::now());
        if dry_run {
            return Ok(Report::of_a_dry_run(plan));
        }
        let owned = world.numbers.into_iter().map(|it| it.number).collect();
        Ok(apply::apply(&patient, plan, owned, last_start).await)
    }
}
