//! Gives every employee with a mobile number a company number.
//!
//! [`Observation`], [`plan()`], apply, [`Report`]: the plan compares what the directory says
//! with what the account owns and decides, and cannot touch either. A dry run is a plan that nobody
//! applies. It is safe to run at any moment, after any crash, and twice at once.

mod apply;
mod names;
mod observe;
mod plan;
mod report;
mod shelf;

use std::{
    sync::atomic::AtomicBool,
    time::{Duration, Instant},
};

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
    report::{Counts, Ended, Entry, Report},
};

/// The most steps that are under way at once: enough to keep both vendors busy. How many requests are under way at each
/// of them is the clients' decision; see [`Directory::until`] and [`Account::until`].
pub(crate) const AT_ONCE: usize = 32;

/// No more steps are begun at the same time if one takes longer, so that those under way are done well before the end.
pub(crate) const QUICK_STEP: Duration = Duration::from_secs(4);

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

/// What was seen of the world, and what is to be done about it.
#[derive(Clone, Debug)]
pub struct Survey {
    /// What there is.
    pub world: Observation,
    /// What to do. Whoever wants less done takes steps out.
    pub plan: Plan,
    /// What is seen is no newer than this.
    began: Timestamp,
}

/// Who looks on while a plan is carried out, and may end that early.
#[derive(Clone, Copy)]
pub struct Watch<'a> {
    /// Whether no further step is to be begun. Those under way are completed all the same.
    pub stop: &'a AtomicBool,
    /// Told how each step ended, in order.
    pub ended: &'a (dyn Fn(Ended<'_>) + Sync),
}

impl Watch<'static> {
    /// Nobody looks on, and nothing but the deadline ends it.
    #[must_use]
    pub fn nobody() -> Self {
        static NEVER: AtomicBool = AtomicBool::new(false);

        Self { stop: &NEVER, ended: &|_| () }
    }
}

impl Provisioner {
    /// Makes one run, which begins no step later than half a minute before `end`. A dry run reports what
    /// a run would do, and changes nothing.
    pub async fn run(&self, dry_run: bool, end: Instant) -> Result<Report, NotObserved> {
        let survey = self.survey(end).await?;
        if dry_run {
            return Ok(Report::of_a_dry_run(survey.plan));
        }
        Ok(self.carry_out(survey, end, Watch::nobody()).await)
    }

    /// Looks at everything, to be done half a minute before `end`, and plans.
    pub async fn survey(&self, end: Instant) -> Result<Survey, NotObserved> {
        let began = Timestamp::now();
        let deadline = Deadline::of(end);
        let patient = self.patient(deadline);
        let seen = observe::observe(&patient);
        let seen = tokio::time::timeout_at(deadline.last_start.into(), seen).await;
        let world = seen.map_err(|_| NotObserved::TooSlow)??;
        let Self { settings, territory, seal, .. } = self;
        let plan = plan(&world, &Rules { settings, territory, seal: seal.as_ref(), now: began });
        Ok(Survey { world, plan, began })
    }

    /// Does what the plan says, and begins no step later than half a minute before `end`.
    pub async fn carry_out(&self, survey: Survey, end: Instant, watch: Watch<'_>) -> Report {
        let Survey { world, plan, began } = survey;
        let deadline = Deadline::of(end);
        let known = apply::Known {
            taken: world.taken(self.territory.home),
            holders: world.holders(&self.territory),
            began,
        };
        apply::apply(&self.patient(deadline), plan, known, deadline, watch).await
    }

    /// The same, with clients that wait as long as the vendors ask them to, if there is time.
    fn patient(&self, deadline: Deadline) -> Self {
        let account = self.account.until(deadline.last_start);
        Self {
            directory: self.directory.until(deadline.last_start),
            messaging_service: self.messaging_service.as_ref().map(|it| it.through(&account)),
            account,
            ..self.clone()
        }
    }
}

impl Deadline {
    fn of(end: Instant) -> Self {
        let before = |time| end.checked_sub(time).unwrap_or(end);
        Self { last_start: before(RESERVE), abandon: before(FAREWELL) }
    }
}
