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
    phone::Territory,
    seal::Seal,
    twilio::{Account, MessagingService},
};

pub use self::{
    observe::NotObserved,
    plan::{Absence, Change, Observation, Plan, Rules, Step, Unusable, Who, plan},
    report::{Entry, Report},
};

/// How many steps are under way at once, and so how many requests at Okta and at Twilio. An Okta
/// token may have 18 at once in a free org, and Twilio suggests few.
pub(crate) const AT_ONCE: usize = 4;

/// How long before the end no new step is begun.
const RESERVE: Duration = Duration::from_secs(30);

/// How long before the end what is not done is abandoned, so that there is time to say so.
const FAREWELL: Duration = Duration::from_secs(3);

/// What must be over when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    last_start: Instant,
    abandon: Instant,
}

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
    /// Where to buy, how to read a number without a country code, and where mobiles may be.
    pub territory: Territory,
    /// What seals the last known mobiles into the webhook URLs.
    pub seal: Option<Seal>,
}

impl Provisioner {
    /// Makes one run, which begins no step later than half a minute before `end`. A dry run reports what
    /// a run would do, and changes nothing.
    pub async fn run(&self, dry_run: bool, end: Instant) -> Result<Report, NotObserved> {
        // What is seen is no newer than this.
        let now = Timestamp::now();
        let before = |time| end.checked_sub(time).unwrap_or(end);
        let deadline = Deadline { last_start: before(RESERVE), abandon: before(FAREWELL) };
        let patient = Self {
            directory: self.directory.until(deadline.last_start),
            account: self.account.until(deadline.last_start),
            ..self.clone()
        };
        let world = tokio::time::timeout_at(deadline.last_start.into(), observe::observe(&patient)).await;
        let world = world.map_err(|_| NotObserved::TooSlow)??;
        let rules =
            Rules { settings: &self.settings, territory: &self.territory, seal: self.seal.as_ref(), now };
        let plan = plan(&world, &rules);
        if dry_run {
            return Ok(Report::of_a_dry_run(plan));
        }
        let taken = world.taken(self.territory.home);
        Ok(apply::apply(&patient, plan, taken, deadline, now).await)
    }
}
