//! Carrying a plan out.

mod assign;
mod buy;
mod verify;

use std::{
    collections::HashSet,
    sync::atomic::{AtomicUsize, Ordering},
    time::Instant,
};

use futures_util::{StreamExt as _, stream};
use jiff::Timestamp;
use tokio::sync::{Mutex, Semaphore, SemaphorePermit};
use twilify::{
    Causes, CompanyNumber, MobileNumber, Status,
    config::Fate,
    limiter::Limiter,
    okta, twilio,
    twilio::{Label, MessagingService, OwnedNumber, Owner, Route},
};

use crate::{
    AT_ONCE, Change, Deadline, Ended, Plan, Provisioner, QUICK_STEP, Report, Step, Watch, Who, shelf::Shelf,
};

/// The most numbers that may wait for Okta to take them. If so many do, no more are bought: something
/// is wrong with the token or the profiles, and numbers cost money.
const MOST_WAITING: usize = 5;

/// How a step that was not done ended.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("could not read or write their profile")]
    Okta(#[from] okta::Error),
    #[error("Twilio did not do it")]
    Twilio(#[from] twilio::Error),
    #[error("bought {0}, but could not write it into their profile; the next run tries again")]
    Unwritten(String, #[source] Box<Failure>),
    #[error("no number is for sale in any of the area codes {0}; add another area code")]
    SoldOut(String),
}

/// A step that is left to another run, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Later {
    /// The deadline is near.
    NoTime,
    /// Okta asks for fewer requests until the deadline.
    Throttled,
    /// Whoever looks on has ended the run.
    Stopped,
    /// Too many numbers wait already.
    TooManyWaiting,
    /// What the step is about has changed since it was planned.
    Changed,
    /// Another system is the source of the number.
    Uncleaned,
}

/// Whether a step was taken, or is left to another run; or how it failed.
type Taken = Result<Result<(), Later>, Failure>;

enum Outcome {
    /// Done, with the number in full.
    Done(String),
    Later(Later),
    Failed(Failure),
}

struct Work<'a> {
    provisioner: &'a Provisioner,
    deadline: Deadline,
    watch: Watch<'a>,
    /// When it began to look at the world.
    began: Timestamp,
    /// So that no more is begun than the vendors get done.
    steps: Limiter,
    shelf: Mutex<Shelf<'a>>,
    waiting: Waiting,
    purchases: AtomicUsize,
}

/// The numbers that were bought and that Okta has not taken.
struct Waiting {
    /// A permit for each that may still join them.
    permits: Semaphore,
    count: AtomicUsize,
}

impl Waiting {
    fn new() -> Self {
        Self { permits: Semaphore::new(MOST_WAITING), count: AtomicUsize::new(0) }
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
}

/// Does what `plan` says, where the numbers in `taken` are somebody's already, as far as `deadline` allows. It
/// is made of what was there when the run `began`.
/// A step that fails is reported and does not keep the others from being tried.
pub(crate) async fn apply(
    provisioner: &Provisioner,
    plan: Plan,
    taken: HashSet<CompanyNumber>,
    deadline: Deadline,
    began: Timestamp,
    watch: Watch<'_>,
) -> Report {
    let needed = plan.steps.iter().filter(|step| step.change == Change::Buy).count();
    let work = Work {
        provisioner,
        deadline,
        watch,
        began,
        steps: Limiter::new(AT_ONCE, QUICK_STEP),
        shelf: Mutex::new(Shelf::new(provisioner, needed, taken)),
        waiting: Waiting::new(),
        purchases: AtomicUsize::new(0),
    };
    let mut report = Report::default();
    report.leave(plan.refused, &plan.postponed, plan.findings);
    let (mut written, mut crossed) = (Vec::new(), false);
    for phase in phases(&plan.steps) {
        let mut outcomes = stream::iter(phase.iter().map(|step| work.take_in_time(step))).buffered(AT_ONCE);
        for step in phase {
            let Some(outcome) = outcomes.next().await else { break };
            match &outcome {
                Outcome::Done(number) if step.change.writes_number() => {
                    written.push((step.who.clone(), number.clone()));
                }
                Outcome::Later(Later::Changed) => crossed = true,
                _ => {}
            }
            (watch.ended)(report.add(step, outcome));
        }
    }
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
            return Outcome::Later(Later::NoTime);
        }
        if self.watch.stop.load(Ordering::Relaxed) {
            return Outcome::Later(Later::Stopped);
        }
        let taken = tokio::time::timeout_at(self.deadline.abandon.into(), self.take(step)).await;
        turn.done();
        match taken {
            Ok(Outcome::Failed(Failure::Okta(okta::Error::Throttled))) => Outcome::Later(Later::Throttled),
            Err(_) => Outcome::Later(Later::NoTime),
            Ok(outcome) => outcome,
        }
    }

    async fn take(&self, Step { who, change }: &Step) -> Outcome {
        let number = change.number().unwrap_or_default().to_owned();
        let done = match change {
            Change::Clean(mobile) => self.clean(who, mobile).await,
            Change::CleanCompanyNumber(wanted) => self.clean_company_number(who, wanted).await,
            Change::Assign(owned) => self.assign(who, owned).await,
            Change::Reroute(owned) => self.label(who, owned).await,
            Change::Seal(owned) | Change::Unseal(owned) => self.reroute(who, owned).await,
            Change::Adopt(owned) => self.adopt(who, owned).await,
            Change::TakeFromPool(owned) => self.take_from_pool(who, owned).await,
            Change::Buy => return self.buy(who).await.unwrap_or_else(Outcome::Failed),
            Change::Enroll(owned) => self.enroll(owned).await,
            Change::Retire(owned, fate) => self.retire(who, owned, *fate).await,
        };
        match done {
            Ok(Ok(())) => Outcome::Done(number),
            Ok(Err(later)) => Outcome::Later(later),
            Err(failure) => Outcome::Failed(failure),
        }
    }

    async fn clean(&self, who: &Who, mobile: &MobileNumber) -> Taken {
        let Provisioner { directory, territory, .. } = self.provisioner;
        let Some((employee, revision)) = directory.find(&who.employee).await? else {
            return Ok(Err(Later::Changed));
        };
        let typed = employee.mobile.and_then(|typed| typed.parse(territory.home).ok());
        if typed.is_none_or(|number| number.as_e164() != mobile.as_e164()) {
            return Ok(Err(Later::Changed));
        }
        match directory.clean_mobile(&revision, mobile).await {
            Ok(()) => Ok(Ok(())),
            Err(okta::Error::Conflict) => Ok(Err(Later::Changed)),
            // Where HR keeps the numbers Okta may not change them. Nothing is lost: everybody who reads
            // the number here understands it as it was typed.
            Err(okta::Error::Refused(refusal)) if refusal.is_mastered_elsewhere() => {
                Ok(Err(Later::Uncleaned))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Writes the employee's label on a number and sends its calls and messages to us.
    async fn label(&self, who: &Who, owned: &OwnedNumber) -> Taken {
        // What somebody else has texted to it does not concern a new owner.
        let stopped = owned.is_stopped() && owned.label == Label::of(&who.employee);
        let route = self.route(who, &owned.number).noting(stopped);
        self.provisioner.account.update(&owned.sid, &Label::of(&who.employee), &route).await?;
        Ok(Ok(()))
    }

    /// Writes what is last known of the employee into a number's webhooks, or takes it out. The label stays as
    /// it is: somebody may have changed it since it was looked at.
    async fn reroute(&self, who: &Who, owned: &OwnedNumber) -> Taken {
        let Provisioner { account, settings, .. } = self.provisioner;
        let route = match owned.label.owner() {
            Owner::Pool => Route::pool(&settings.public_url),
            Owner::Employee(_) | Owner::Stranger => self.route(who, &owned.number).noting(owned.is_stopped()),
        };
        account.reroute(&owned.sid, &route).await?;
        Ok(Ok(()))
    }

    /// Where calls and messages go on `number`, once it is the employee's.
    fn route(&self, who: &Who, number: &CompanyNumber) -> Route {
        let Provisioner { settings, seal, .. } = self.provisioner;
        let sealed = seal.as_ref().zip(who.last_known.as_ref());
        let sealed = sealed.map(|(seal, known)| seal.seal(known, number, &who.employee, self.began));
        Route::of(&settings.public_url, &who.employee, sealed.as_ref())
    }

    async fn pool(&self, owned: &OwnedNumber) -> Result<(), Failure> {
        let Provisioner { account, settings, .. } = self.provisioner;
        account.update(&owned.sid, &Label::pool(), &Route::pool(&settings.public_url)).await?;
        Ok(())
    }

    /// Adds a number to the Messaging Service. If that fails, the plan of the next run has it.
    async fn try_to_enroll(&self, who: &Who, owned: &OwnedNumber) {
        if let Err(failure) = self.enroll(owned).await {
            let error = Causes(&failure);
            tracing::error!(employee = who.employee.0, %error, "could not add a number to the Messaging Service");
        }
    }

    async fn enroll(&self, owned: &OwnedNumber) -> Taken {
        if let Some(service) = &self.provisioner.messaging_service {
            MessagingService::add(service, &owned.sid).await?;
        }
        Ok(Ok(()))
    }

    /// Takes the number from whoever has left, if at this moment they still have.
    async fn retire(&self, who: &Who, owned: &OwnedNumber, fate: Fate) -> Taken {
        let employee = self.provisioner.directory.find(&who.employee).await?;
        if employee.is_some_and(|(employee, _)| employee.status != Status::Left) {
            return Ok(Err(Later::Changed));
        }
        // Somebody may have passed it on, and there is no undoing a release.
        let label = self.provisioner.account.find(&owned.number).await?.map(|it| it.label);
        let Provisioner { directory, territory, .. } = self.provisioner;
        let heir = directory.find_by_company_number(&owned.number, territory).await?;
        if label.as_ref() != Some(&owned.label) || heir.is_some() {
            return Ok(Err(Later::Changed));
        }
        match fate {
            Fate::Pool => self.pool(owned).await?,
            Fate::Release => self.provisioner.account.release(&owned.sid).await?,
        }
        Ok(Ok(()))
    }
}

impl Report {
    fn add(&mut self, Step { who, change }: &Step, outcome: Outcome) -> Ended<'_> {
        match outcome {
            Outcome::Done(number) => self.done(who, change, &number),
            Outcome::Later(Later::Uncleaned) => self.find(format!(
                "A phone number of {} comes from another system, so its formatting cannot be cleaned up in Okta. Calls \
                 and texts are forwarded all the same.",
                who.name
            )),
            Outcome::Later(later) => self.later(who, later.reason()),
            Outcome::Failed(failure) => self.failed(who, change.kind(), &Causes(&failure)),
        }
    }
}

impl Later {
    fn reason(self) -> &'static str {
        match self {
            Self::NoTime => "there was no time left in this run",
            Self::Throttled => "Okta asks for fewer requests, and there was no time left to wait",
            Self::Stopped => "this one was ended early",
            Self::TooManyWaiting => {
                "Okta does not take the numbers that were bought already; see what failed, and no more are bought until that is \
                 put right"
            }
            Self::Changed => "something changed while this ran",
            Self::Uncleaned => "another system is the source of the number",
        }
    }
}
