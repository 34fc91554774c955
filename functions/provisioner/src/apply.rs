//! Carrying a plan out.

mod assign;
mod buy;
mod doubt;
mod outcome;
mod supply;
mod unwritable;
mod verify;

use std::{
    collections::HashSet,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    time::Instant,
};

use futures_util::{StreamExt as _, stream};
use jiff::{Timestamp, civil::Date};
use tokio::sync::{Semaphore, SemaphorePermit};
use twilify::{
    Causes, CompanyNumber, EmployeeId, MobileNumber, Status,
    config::Fate,
    limiter::Limiter,
    twilio::{Label, MessagingService, OwnedNumber, Owner, Route},
};

use self::{
    doubt::Doubt,
    outcome::{Failure, Later, NotDone, Outcome, Taken},
    supply::Supply,
    unwritable::Profiles,
};
use crate::{
    AT_ONCE, Change, Deadline, Plan, Provisioner, QUICK_STEP, Report, Step, Watch, Who, plan::Phase,
    shelf::Shelf,
};

/// The most numbers that may wait for Okta to take them. If so many do, no more are bought: something
/// is wrong with the token or the org, and numbers cost money.
const MOST_WAITING: usize = 5;

/// How many purchases may be under way at once as soon as Okta has taken a number in this run. Until then it is
/// [`MOST_WAITING`].
const MOST_BUYING: usize = 32;

struct Work<'a> {
    provisioner: &'a Provisioner,
    deadline: Deadline,
    watch: Watch<'a>,
    /// When it began to look at the world.
    began: Timestamp,
    /// So that no more is begun than the vendors get done.
    steps: Limiter,
    supply: Supply<'a>,
    waiting: Waiting,
    doubt: Doubt,
    purchases: AtomicUsize,
}

/// The numbers that were bought and that Okta has not taken.
struct Waiting {
    /// A permit for each that may still join them.
    permits: Semaphore,
    count: AtomicUsize,
    is_proven: AtomicBool,
}

impl Waiting {
    fn new() -> Self {
        let (count, is_proven) = (AtomicUsize::new(0), AtomicBool::new(false));
        Self { permits: Semaphore::new(MOST_WAITING), count, is_proven }
    }

    /// Takes note of one more. If there is a `permit` for it, that one is not given back.
    fn one_more(&self, permit: Option<SemaphorePermit<'_>>) {
        match permit {
            Some(permit) => permit.forget(),
            None => drop(self.permits.forget_permits(1)),
        }
        if self.count.fetch_add(1, Ordering::Relaxed) + 1 >= MOST_WAITING {
            self.permits.close();
        }
    }

    /// Takes note that Okta has taken a number, so that more can be bought at once.
    fn is_proven(&self) {
        if !self.is_proven.swap(true, Ordering::Relaxed) {
            self.permits.add_permits(MOST_BUYING - MOST_WAITING);
        }
    }
}

/// What is known of the world besides the plan.
pub(crate) struct Known {
    /// The numbers that are somebody's already.
    pub(crate) taken: HashSet<CompanyNumber>,
    /// Those who have a number of ours.
    pub(crate) holders: Vec<EmployeeId>,
    /// When the world was looked at.
    pub(crate) began: Timestamp,
}

/// Does what `plan` says, as far as `deadline` allows.
/// A step that fails is reported and does not keep the others from being tried.
pub(crate) async fn apply(
    provisioner: &Provisioner,
    mut plan: Plan,
    known: Known,
    deadline: Deadline,
    watch: Watch<'_>,
) -> Report {
    let purchases = plan.steps.iter().filter(|step| step.change == Change::Buy).count();
    // One is bought in place of a number of the pool that turns out to be somebody else's.
    let from_pool = plan.steps.iter().filter(|step| matches!(step.change, Change::TakeFromPool(_))).count();
    let allowed = (purchases + from_pool).min(provisioner.settings.max_purchases);
    stand_in(&mut plan);
    let waiting = plan.steps.iter().filter(|step| step.change.writes_number());
    let work = Work {
        provisioner,
        deadline,
        watch,
        began: known.began,
        steps: Limiter::new(AT_ONCE, QUICK_STEP),
        doubt: Doubt::new(known.holders, waiting.map(|step| step.who.employee.clone()).collect()),
        supply: Supply::new(Shelf::new(provisioner, purchases, known.taken), allowed),
        waiting: Waiting::new(),
        purchases: AtomicUsize::new(0),
    };
    let mut report = Report::default();
    report.leave(plan.refused, &[], plan.findings);
    let (mut written, mut crossed, mut profiles) = (Vec::new(), false, Profiles::default());
    for phase in phases(&plan.steps) {
        let mut outcomes = stream::iter(phase.iter().map(|step| work.take_in_time(step))).buffered(AT_ONCE);
        for step in phase {
            let Some(outcome) = outcomes.next().await else { break };
            match &outcome {
                Outcome::Done(number) if step.change.writes_number() => {
                    written.push((step.who.clone(), number.clone()));
                }
                Outcome::NotDone(NotDone::Later(Later::Changed)) => crossed = true,
                _ => {}
            }
            report.add(step, outcome, &mut profiles, watch);
        }
    }
    profiles.report(&work.doubt, &mut report);
    if !written.is_empty() {
        let verified = work.verify(&written, crossed, &mut report);
        if tokio::time::timeout_at(deadline.abandon.into(), verified).await.is_err() {
            report.find(
                "There was no time left to look whether another run was at work at the same time; see whether two people \
                 have the same company number."
                    .to_owned(),
            );
        }
    }
    report.counts.purchases = work.purchases.into_inner();
    report.counted()
}

/// Lets those who are beyond what the run may buy stand in for those whose profiles take no number: they come
/// last, and get what is left.
fn stand_in(plan: &mut Plan) {
    let buy = |who| Step { who, change: Change::Buy };
    let place = plan.steps.partition_point(|step| Phase::of(&step.change) <= Phase::Buy);
    plan.steps.splice(place..place, std::mem::take(&mut plan.postponed).into_iter().map(buy));
}

/// The steps of one kind after those of another: an employee has at most one of each kind that touches
/// their profile, so those of one kind do not get in each other's way.
fn phases(steps: &[Step]) -> impl Iterator<Item = &[Step]> {
    steps.chunk_by(|a, b| a.change.kind() == b.change.kind())
}

impl Work<'_> {
    /// Takes a step, if there is time for it. To abandon one is no worse than to be killed in it: the
    /// next run completes it.
    async fn take_in_time(&self, step: &Step) -> Outcome {
        let turn = self.steps.enter().await;
        if Instant::now() >= self.deadline.last_start {
            return Later::NoTime.into();
        }
        if self.watch.stop.load(Ordering::Relaxed) {
            return Later::Stopped.into();
        }
        let taken = tokio::time::timeout_at(self.deadline.abandon.into(), self.take(step)).await;
        turn.done();
        match taken {
            Ok(Ok(number)) => Outcome::Done(number),
            Ok(Err(why)) => Outcome::NotDone(why),
            Err(_) => Later::NoTime.into(),
        }
    }

    /// Takes a step, and returns the number that it was about.
    async fn take(&self, Step { who, change }: &Step) -> Result<String, NotDone> {
        let number = change.number().unwrap_or_default().to_owned();
        let done = match change {
            _ if change.writes_number() && self.doubt.is_certain() => Err(Later::OktaTakesNone.into()),
            Change::Clean(mobile) => self.clean(who, mobile).await,
            Change::CleanCompanyNumber(wanted) => self.clean_company_number(who, wanted).await,
            Change::Assign(owned) => self.assign(who, owned).await,
            Change::Reroute(owned) => self.label(who, owned).await,
            Change::Seal(owned) | Change::Unseal(owned) => self.reroute(who, owned).await,
            Change::Adopt(owned) => self.adopt(who, owned).await,
            Change::TakeFromPool(owned) => match self.take_from_pool(who, owned).await {
                // Another number does as well.
                Err(NotDone::Later(Later::Claimed)) => return self.buy_and_learn(who).await,
                done => done,
            },
            Change::Buy => return self.buy_and_learn(who).await,
            Change::Enroll(owned) => self.enroll(owned).await,
            Change::NoteMissing(owned, day) => self.note_missing(who, owned, *day).await,
            Change::NoteFound(owned) => self.note_found(owned).await,
            Change::Retire(owned, fate) => self.retire(who, owned, *fate).await,
        };
        if change.writes_number() {
            self.learn(done.as_ref().map(drop)).await;
        }
        done.map(|()| number)
    }

    async fn buy_and_learn(&self, who: &Who) -> Result<String, NotDone> {
        let bought = self.buy(who).await;
        self.learn(bought.as_ref().map(drop)).await;
        bought
    }

    async fn clean(&self, who: &Who, mobile: &MobileNumber) -> Taken {
        let Provisioner { directory, territory, .. } = self.provisioner;
        let (employee, revision) = directory.find(&who.employee).await?.ok_or(Later::Changed)?;
        let typed = employee.mobile.and_then(|typed| typed.parse(territory.home).ok());
        if typed.is_none_or(|number| number.as_e164() != mobile.as_e164()) {
            return Err(Later::Changed.into());
        }
        Ok(directory.clean_mobile(&revision, mobile).await?)
    }

    /// Writes the employee's label on a number and sends its calls and messages to us.
    async fn label(&self, who: &Who, owned: &OwnedNumber) -> Taken {
        // What somebody else has texted to it does not concern a new owner.
        let is_theirs = owned.label.owner() == Owner::Employee(who.employee.clone());
        let route = self.route(who, &owned.number).noting(owned.is_stopped() && is_theirs);
        self.provisioner.account.update(&owned.sid, &Label::of(&who.employee), &route).await?;
        Ok(())
    }

    /// Writes what is last known of the employee into a number's webhooks, or takes it out. The label stays as
    /// it is: somebody may have changed it since it was looked at.
    async fn reroute(&self, who: &Who, owned: &OwnedNumber) -> Taken {
        let Provisioner { account, settings, .. } = self.provisioner;
        let route = match owned.label.owner() {
            Owner::Pool => Route::pool(&settings.public_url),
            Owner::Employee(_) | Owner::Stranger => self.route(who, &owned.number).noting(owned.is_stopped()),
        };
        Ok(account.reroute(&owned.sid, &route).await?)
    }

    /// Where calls and messages go on `number`, once it is the employee's.
    fn route(&self, who: &Who, number: &CompanyNumber) -> Route {
        let Provisioner { settings, seal, .. } = self.provisioner;
        let sealed = seal.as_ref().zip(who.last_known.as_ref());
        let sealed = sealed.map(|(seal, known)| seal.seal(known, number, &who.employee, self.began));
        Route::of(&settings.public_url, &who.employee, sealed.as_ref())
    }

    /// Puts a number into the pool, and returns it as it is then.
    async fn pool(&self, owned: &OwnedNumber) -> Result<OwnedNumber, NotDone> {
        let Provisioner { account, settings, .. } = self.provisioner;
        Ok(account.update(&owned.sid, &Label::pool(), &Route::pool(&settings.public_url)).await?)
    }

    /// Adds a number to the Messaging Service. If that fails, the plan of the next run has it.
    async fn try_to_enroll(&self, who: &Who, owned: &OwnedNumber) {
        if let Err(NotDone::Failed(failure)) = self.enroll(owned).await {
            let error = Causes(&failure);
            tracing::error!(employee = who.employee.0, %error, "could not add a number to the Messaging Service");
        }
    }

    async fn enroll(&self, owned: &OwnedNumber) -> Taken {
        if let Some(service) = &self.provisioner.messaging_service {
            MessagingService::add(service, &owned.sid).await?;
        }
        Ok(())
    }

    /// Takes the number from an employee who has left or is missing, if that is still so at this moment.
    async fn retire(&self, who: &Who, owned: &OwnedNumber, fate: Fate) -> Taken {
        let employee = self.provisioner.directory.find(&who.employee).await?;
        if employee.is_some_and(|(employee, _)| employee.status != Status::Left) {
            return Err(Later::Changed.into());
        }
        // Somebody may have passed it on, and there is no undoing a release.
        let Provisioner { directory, territory, .. } = self.provisioner;
        let heir = directory.find_by_company_number(&owned.number, territory).await?;
        if !self.is_unchanged(owned).await? || heir.is_some() {
            return Err(Later::Changed.into());
        }
        match fate {
            Fate::Pool => drop(self.pool(owned).await?),
            Fate::Release => self.provisioner.account.release(&owned.sid).await?,
        }
        Ok(())
    }

    /// Notes on a number since when its employee is missing, if they still are at this moment.
    async fn note_missing(&self, who: &Who, owned: &OwnedNumber, since: Date) -> Taken {
        let Provisioner { account, directory, .. } = self.provisioner;
        if directory.find(&who.employee).await?.is_some() || !self.is_unchanged(owned).await? {
            return Err(Later::Changed.into());
        }
        Ok(account.relabel(&owned.sid, &Label::missing(&who.employee, since)).await?)
    }

    async fn note_found(&self, owned: &OwnedNumber) -> Taken {
        // An earlier step of this run may have written the label anew.
        let Owner::Employee(employee) = owned.label.owner() else { return Err(Later::Changed.into()) };
        if !self.is_unchanged(owned).await? {
            return Ok(());
        }
        Ok(self.provisioner.account.relabel(&owned.sid, &Label::of(&employee)).await?)
    }

    /// Whether a number has the label that it had when the world was looked at.
    async fn is_unchanged(&self, owned: &OwnedNumber) -> Result<bool, NotDone> {
        let now = self.provisioner.account.find(&owned.number).await?;
        Ok(now.is_some_and(|it| it.label == owned.label))
    }
}

#[cfg(test)]
mod tests;
