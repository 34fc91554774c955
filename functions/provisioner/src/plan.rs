//! What there is to do. Pure: it reads nothing but its arguments, and it cannot fail.

mod findings;
mod step;

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};
use twilify::{
    CompanyNumber, Employee, EmployeeId, Status,
    config::{Fate, Provisioning, Retire},
    phone::{Country, NotDialable},
    twilio::{Label, OwnedNumber, Owner, Route},
};

pub use self::step::{Change, Step, Who};

/// What is known about the world before anything is changed.
#[derive(Clone, Debug, Default)]
pub struct Observation {
    /// The employees that are served.
    pub employees: Vec<Employee>,
    /// All numbers the account owns, whoever bought them.
    pub numbers: Vec<OwnedNumber>,
    /// Whose numbers are ours although they are not among the employees: what became of them.
    pub absent: HashMap<EmployeeId, Absence>,
    /// The numbers that are in the Messaging Service, if there is one.
    pub enrolled: Option<HashSet<CompanyNumber>>,
}

impl Observation {
    /// The numbers that must not be bought: those the account owned a moment ago, and those that stand in
    /// a profile, where another run may just have written them.
    pub(crate) fn taken(&self, country: Country) -> HashSet<CompanyNumber> {
        let owned = self.numbers.iter().map(|it| it.number.clone());
        let held = self.employees.iter().filter_map(|it| it.company_number.as_ref()?.dialled(country).ok());
        owned.chain(held.map(CompanyNumber::new)).collect()
    }
}

/// Why somebody with a number is not among the employees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absence {
    /// They left, at the time that Okta gives.
    Left(Option<Timestamp>),
    /// Okta has forgotten them.
    Deleted,
    /// They work here, but whom to serve is narrowed down.
    NotServed,
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
/// Mobile numbers without a country code are read as in `country`. Steps that cost nothing come
/// first. `now` is the time at which leavers are held against the quarantine.
#[must_use]
pub fn plan(world: &Observation, settings: &Provisioning, country: Country, now: Timestamp) -> Plan {
    let numbers = Numbers::of(world, country);
    let mut plan = Plan { findings: findings::findings(world, &numbers), ..Plan::default() };
    let mut steps: BTreeMap<Phase, Vec<Step>> = BTreeMap::new();
    let mut pool = numbers.pool(settings);
    let mut purchases = settings.max_purchases;
    for employee in world.employees.iter().filter(|it| it.status == Status::Working) {
        let who = Who::from(employee);
        let mut step = |change: Change| {
            steps.entry(Phase::of(&change)).or_default().push(Step { who: who.clone(), change });
        };
        for &number in numbers.labelled(&employee.id) {
            if !number.follows(&Route::of(&settings.public_url, &employee.id)) {
                step(Change::Reroute(number.clone()));
            }
        }
        let Some(typed) = &employee.mobile else { continue };
        let mobile = match typed.mobile(country, &settings.mobile_countries) {
            Ok(mobile) if numbers.contains(mobile.as_e164()) => {
                plan.refused.push((who, Unusable::Ours));
                continue;
            }
            Ok(mobile) => mobile,
            Err(reason) => {
                plan.refused.push((who, reason.into()));
                continue;
            }
        };
        if !typed.is(mobile.as_e164()) {
            step(Change::Clean(mobile));
        }
        if let Some(typed) = &employee.company_number {
            match numbers.named_only_by(employee) {
                Some(number) if matches!(number.label.owner(), Owner::Stranger | Owner::Pool) => {
                    step(Change::Adopt(number.clone()));
                }
                Some(number)
                    if number.label == Label::of(&employee.id) && !typed.is(number.number.as_e164()) =>
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
    for number in
        numbers.ours().filter(|it| world.enrolled.as_ref().is_some_and(|all| !all.contains(&it.number)))
    {
        let change = Change::Enroll(number.clone());
        steps.entry(Phase::of(&change)).or_default().push(Step { who: Who::owner(number), change });
    }
    match leavers(world, settings, &numbers, now) {
        Ok(leavers) => steps.entry(Phase::Retire).or_default().extend(leavers),
        Err(finding) => plan.findings.push(finding),
    }
    plan.steps = steps.into_values().flatten().collect();
    plan
}

/// The order of the steps.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Clean,
    CleanCompanyNumber,
    Assign,
    Reroute,
    Adopt,
    TakeFromPool,
    Buy,
    Enroll,
    Retire,
}

impl Phase {
    fn of(change: &Change) -> Self {
        match change {
            Change::Clean(_) => Self::Clean,
            Change::CleanCompanyNumber(_) => Self::CleanCompanyNumber,
            Change::Assign(_) => Self::Assign,
            Change::Reroute(_) => Self::Reroute,
            Change::Adopt(_) => Self::Adopt,
            Change::TakeFromPool(_) => Self::TakeFromPool,
            Change::Buy => Self::Buy,
            Change::Enroll(_) => Self::Enroll,
            Change::Retire(..) => Self::Retire,
        }
    }
}

/// The steps that take their numbers from those who left long enough ago, or why there are none:
/// when many seem to have left at once, it is Okta that is wrong, or we are asking another org.
fn leavers(
    world: &Observation,
    settings: &Provisioning,
    numbers: &Numbers<'_>,
    now: Timestamp,
) -> Result<Vec<Step>, String> {
    let Retire::To(fate) = settings.retire else { return Ok(Vec::new()) };
    let quarantine = SignedDuration::from_hours(24 * i64::from(settings.retire_after_days));
    let is_due = |owner: &EmployeeId| match world.absent.get(owner) {
        Some(Absence::Deleted) => true,
        Some(Absence::Left(Some(since))) => now.duration_since(*since) >= quarantine,
        Some(Absence::Left(None) | Absence::NotServed) | None => false,
    };
    // A number that a profile names is in use, whosever label it carries.
    let unused = |it: &&OwnedNumber| !numbers.claims.contains_key(&it.number);
    let due = numbers.by_owner.iter().filter(|(owner, _)| is_due(owner)).flat_map(|(_, numbers)| numbers);
    let due: Vec<&OwnedNumber> = due.copied().filter(unused).collect();
    if due.is_empty() {
        return Ok(Vec::new());
    }
    if !world.employees.iter().any(|it| it.status != Status::Left && !numbers.labelled(&it.id).is_empty()) {
        return Err("Nobody who has a number seems to work here any more, so no number was retired. Look whether the \
                    parameter okta/org-url names the right org."
            .to_owned());
    }
    let ours = numbers.ours().count();
    let most = (ours / 10).max(5);
    if due.len() > most {
        return Err(format!(
            "{} of {ours} numbers belong to people who have left, which is more than the {most} that one run retires, so \
             none was retired. If so many have really left, retire their numbers by hand; if not, look at Okta.",
            due.len()
        ));
    }
    let step = |it: &OwnedNumber| {
        let who = Who::owner(it);
        // When somebody was deleted nobody knows, so their number is not given away for good.
        let deleted = world.absent.get(&who.employee) == Some(&Absence::Deleted);
        let fate = if deleted { Fate::Pool } else { fate };
        Step { who, change: Change::Retire(it.clone(), fate) }
    };
    Ok(due.into_iter().map(step).collect())
}

/// The account's numbers, by whom they belong to and by who claims them.
struct Numbers<'a> {
    all: HashMap<&'a str, &'a OwnedNumber>,
    by_owner: BTreeMap<EmployeeId, Vec<&'a OwnedNumber>>,
    /// Who names each number in their profile, whether it is the account's or not.
    claims: BTreeMap<CompanyNumber, Vec<&'a Employee>>,
    country: Country,
}

impl<'a> Numbers<'a> {
    fn of(world: &'a Observation, country: Country) -> Self {
        let mut by_owner: BTreeMap<EmployeeId, Vec<&OwnedNumber>> = BTreeMap::new();
        for number in &world.numbers {
            if let Owner::Employee(id) = number.label.owner() {
                by_owner.entry(id).or_default().push(number);
            }
        }
        // So that two runs that see the same world make the same plan.
        for numbers in by_owner.values_mut() {
            numbers.sort_by(|a, b| a.number.cmp(&b.number));
        }
        let mut claims: BTreeMap<CompanyNumber, Vec<&Employee>> = BTreeMap::new();
        for employee in world.employees.iter().filter(|it| it.status != Status::Left) {
            if let Some(Ok(number)) = employee.company_number.as_ref().map(|it| it.dialled(country)) {
                claims.entry(CompanyNumber::new(number)).or_default().push(employee);
            }
        }
        let all = world.numbers.iter().map(|it| (it.number.as_e164(), it)).collect();
        Self { all, by_owner, claims, country }
    }

    fn contains(&self, number: &str) -> bool {
        self.all.contains_key(number)
    }

    /// The numbers with an employee's label.
    fn ours(&self) -> impl Iterator<Item = &'a OwnedNumber> {
        self.by_owner.values().flatten().copied()
    }

    fn labelled(&self, employee: &EmployeeId) -> &[&'a OwnedNumber] {
        self.by_owner.get(employee).map_or(&[], Vec::as_slice)
    }

    /// The account's number that `employee`'s profile names, if no other profile does.
    fn named_only_by(&self, employee: &Employee) -> Option<&'a OwnedNumber> {
        let number = CompanyNumber::new(employee.company_number.as_ref()?.dialled(self.country).ok()?);
        let alone = self.claims.get(&number).is_some_and(|claims| claims.len() == 1);
        if alone { self.all.get(number.as_e164()).copied() } else { None }
    }

    /// The numbers that wait for an employee, the best last.
    fn pool(&self, settings: &Provisioning) -> Vec<&'a OwnedNumber> {
        let waits =
            |it: &&&OwnedNumber| it.label.owner() == Owner::Pool && !self.claims.contains_key(&it.number);
        let mut pool: Vec<_> = self.all.values().filter(waits).copied().collect();
        let rank = |it: &OwnedNumber| {
            settings.area_codes.iter().position(|area| it.is_in(*area)).unwrap_or(usize::MAX)
        };
        pool.sort_by(|a, b| (rank(b), &b.number).cmp(&(rank(a), &a.number)));
        pool
    }
}

#[cfg(test)]
mod tests;
