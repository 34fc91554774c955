//! What there is to do. Pure: it reads nothing but its arguments, and it cannot fail.

mod absent;
mod findings;
mod numbers;
mod step;

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;
use twilify::{
    CompanyNumber, Employee, EmployeeId, Status,
    config::Provisioning,
    okta::Unreadable,
    phone::{Country, NotDialable, Territory},
    seal::{LastKnown, Seal},
    twilio::{OwnedNumber, Owner, Route},
};

use self::numbers::Numbers;
pub use self::step::{Change, Step, Who};

/// What is known about the world before anything is changed.
#[derive(Clone, Debug, Default)]
pub struct Observation {
    /// The employees that are served.
    pub employees: Vec<Employee>,
    /// Those whom Okta lists too, but describes so that nobody can read it.
    pub unreadable: Vec<Unreadable>,
    /// All numbers the account owns, whoever bought them.
    pub numbers: Vec<OwnedNumber>,
    /// Whose numbers are ours although they are not among the employees: what became of them.
    pub absent: HashMap<EmployeeId, Absence>,
    /// The numbers that are in the Messaging Service, if there is one.
    pub enrolled: Option<HashSet<CompanyNumber>>,
}

impl Observation {
    /// Whether Okta lists `employee`, but describes them so that nobody can read it.
    pub(crate) fn cannot_read(&self, employee: &EmployeeId) -> bool {
        self.unreadable.iter().any(|it| it.id.as_ref() == Some(employee))
    }

    /// The numbers that must not be bought: those the account owned a moment ago, and those that stand in
    /// a profile, where another run may just have written them.
    pub(crate) fn taken(&self, country: Country) -> HashSet<CompanyNumber> {
        let owned = self.numbers.iter().map(|it| it.number.clone());
        let held = self
            .employees
            .iter()
            .filter_map(|it| it.company_number.as_ref()?.without_extension(country).ok());
        owned.chain(held.map(CompanyNumber::new)).collect()
    }

    /// Those who work here and publish a number that carries their label.
    pub(crate) fn holders(&self, territory: &Territory) -> Vec<EmployeeId> {
        let numbers = Numbers::of(self, territory.home);
        let publishes = |it: &Employee| {
            numbers.labelled(&it.id).iter().any(|owned| it.publishes(&owned.number, territory))
        };
        let working = self.employees.iter().filter(|it| it.status == Status::Working && publishes(it));
        working.map(|it| it.id.clone()).collect()
    }
}

/// Why somebody with a number is not among the employees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absence {
    /// They left, at the time that Okta gives.
    Left(Option<Timestamp>),
    /// Okta does not know them. They were deleted, or the token may not see them any more.
    Missing,
    /// They work here, but whom to serve is narrowed down, or the token may not see them.
    NotServed,
}

/// What a plan goes by besides the world.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// What to buy, for whom.
    pub settings: &'a Provisioning,
    /// How a number without a country code is read, and where mobiles may be.
    pub territory: &'a Territory,
    /// What seals the last known mobiles, if anything does.
    pub seal: Option<&'a Seal>,
    /// The time against which the quarantine of leavers and the age of seals are measured.
    pub now: Timestamp,
}

/// What to do, in order, and what not to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// One change after the other.
    pub steps: Vec<Step>,
    /// Whose mobile number is no good, so that they get no company number.
    pub refused: Vec<(Who, Unusable)>,
    /// Who has to wait for another run, because this one buys no more numbers.
    pub postponed: Vec<Who>,
    /// What somebody should look at, and what to do about it.
    pub findings: Vec<String>,
}

/// Why a mobile number is no good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// Nobody could or should dial it.
    #[error(transparent)]
    NotDialable(#[from] NotDialable),
    /// A call to it would come back here, again and again.
    #[error("it is itself a number of this account, so calls would go round in circles")]
    Ours,
}

/// Decides what it takes for everyone who works here and has a mobile to have a company number.
///
/// What costs nothing and may spare a purchase comes before any purchase.
#[must_use]
pub fn plan(world: &Observation, rules: &Rules<'_>) -> Plan {
    let Rules { settings, territory, .. } = rules;
    let numbers = Numbers::of(world, territory.home);
    let mut plan = Plan { findings: findings::findings(world, &numbers, territory.home), ..Plan::default() };
    let mut steps: BTreeMap<Phase, Vec<Step>> = BTreeMap::new();
    let mut pool = numbers.pool(settings);
    let mut purchases = settings.max_purchases;
    for employee in world.employees.iter().filter(|it| it.status == Status::Working) {
        let mobile = numbers.usable_mobile(employee, territory);
        let last_known = match &mobile {
            Some(Ok(mobile)) => Some(LastKnown { mobile: mobile.clone(), name: employee.name.spoken() }),
            _ => None,
        };
        let who = Who { last_known, ..Who::from(employee) };
        for &number in numbers.labelled(&employee.id) {
            // Only what is published rings the employee, so nothing else may while Okta does not answer.
            let is_next = || numbers.labelled(&employee.id).first() == Some(&number);
            let is_theirs = if employee.company_number.is_some() {
                employee.publishes(&number.number, territory)
            } else {
                is_next() && !numbers.claims.contains_key(&number.number)
            };
            let who = Who { last_known: who.last_known.clone().filter(|_| is_theirs), ..who.clone() };
            if let Some(change) = rerouted(number, &who, rules) {
                steps.entry(Phase::of(&change)).or_default().push(Step { who, change });
            }
        }
        let mut step = |change: Change| {
            steps.entry(Phase::of(&change)).or_default().push(Step { who: who.clone(), change });
        };
        let mobile = match mobile {
            None => continue,
            Some(Ok(mobile)) => mobile,
            Some(Err(reason)) => {
                plan.refused.push((who, reason));
                continue;
            }
        };
        if employee.mobile.as_ref().is_some_and(|typed| !typed.is(mobile.as_e164())) {
            step(Change::Clean(mobile));
        }
        if let Some(typed) = &employee.company_number {
            match numbers.named_only_by(employee) {
                Some(number) if matches!(number.label.owner(), Owner::Stranger | Owner::Pool) => {
                    step(Change::Adopt(number.clone()));
                }
                Some(number)
                    if number.label.owner() == Owner::Employee(employee.id.clone())
                        && !typed.is(number.number.as_e164()) =>
                {
                    step(Change::CleanCompanyNumber(number.number.clone()));
                }
                _ => {}
            }
            continue;
        }
        if let Some(&number) = numbers.labelled(&employee.id).first() {
            // Somebody may have moved it to another profile, which is theirs to put right.
            if !numbers.claims.contains_key(&number.number) {
                step(Change::Assign(number.clone()));
            }
        } else if let Some(number) = pool.pop() {
            step(Change::TakeFromPool(number.clone()));
        } else if purchases > 0 {
            purchases -= 1;
            step(Change::Buy);
        } else {
            plan.postponed.push(who);
        }
    }
    for number in numbers.of_nobody_who_can_be_called(world).filter(|it| it.sealed().is_some()) {
        let change = Change::Unseal(number.clone());
        steps.entry(Phase::of(&change)).or_default().push(Step { who: Who::owner(number), change });
    }
    for number in
        numbers.ours().filter(|it| world.enrolled.as_ref().is_some_and(|all| !all.contains(&it.number)))
    {
        let change = Change::Enroll(number.clone());
        steps.entry(Phase::of(&change)).or_default().push(Step { who: Who::owner(number), change });
    }
    for number in absent::found(world, &numbers) {
        let change = Change::NoteFound(number.clone());
        steps.entry(Phase::of(&change)).or_default().push(Step { who: Who::owner(number), change });
    }
    let gone = absent::gone(world, rules, &numbers);
    for step in gone.steps {
        steps.entry(Phase::of(&step.change)).or_default().push(step);
    }
    plan.findings.extend(gone.finding);
    plan.steps = steps.into_values().flatten().collect();
    plan
}

/// What it takes for calls and messages on `number` to be reported to us, and with whatever a webhook has to
/// know; `None` if they are.
fn rerouted(
    number: &OwnedNumber,
    who: &Who,
    Rules { settings, seal, now, .. }: &Rules<'_>,
) -> Option<Change> {
    let sealed = number.sealed();
    if !number.follows(&Route::of(&settings.public_url, &who.employee, sealed.as_ref())) {
        return Some(Change::Reroute(number.clone()));
    }
    match (&who.last_known, sealed, seal) {
        (Some(known), sealed, Some(seal)) => {
            let opened = sealed.and_then(|it| seal.open(&it, &number.number, &who.employee, *now));
            let is_current = opened.is_some_and(|(it, time)| it == *known && !seal.is_aged(time, *now));
            (!is_current).then(|| Change::Seal(number.clone()))
        }
        (_, Some(_), _) => Some(Change::Unseal(number.clone())),
        (_, None, _) => None,
    }
}

/// The order of the steps.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    Unseal,
    Assign,
    Reroute,
    Adopt,
    TakeFromPool,
    Buy,
    Enroll,
    NoteFound,
    NoteMissing,
    Retire,
    Seal,
    // Calls and texts are forwarded without it, and it may use up all that a run may write at Okta.
    Clean,
    CleanCompanyNumber,
}

impl Phase {
    pub(crate) fn of(change: &Change) -> Self {
        match change {
            Change::Clean(_) => Self::Clean,
            Change::CleanCompanyNumber(_) => Self::CleanCompanyNumber,
            Change::Assign(_) => Self::Assign,
            Change::Reroute(_) => Self::Reroute,
            Change::Seal(_) => Self::Seal,
            Change::Unseal(_) => Self::Unseal,
            Change::Adopt(_) => Self::Adopt,
            Change::TakeFromPool(_) => Self::TakeFromPool,
            Change::Buy => Self::Buy,
            Change::Enroll(_) => Self::Enroll,
            Change::NoteFound(_) => Self::NoteFound,
            Change::NoteMissing(..) => Self::NoteMissing,
            Change::Retire(..) => Self::Retire,
        }
    }
}

#[cfg(test)]
mod tests;
