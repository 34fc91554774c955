//! `twilify release`, `assign` and `route`: one thing at a time.
//!
//! What somebody has agreed to is looked at once more before it is done: while they thought about it, the schedule may
//! have run.

use anyhow::{Context as _, Result, anyhow, bail};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use provisioner::{Change, Observation, Plan, Provisioner, Report, Step, Survey, Who};
use twilify::{
    CompanyNumber, Employee, EmployeeId, MobileNumber, PhoneNumber, Status,
    seal::LastKnown,
    twilio::{Label, OwnedNumber, Owner, Route},
};

use crate::{
    arguments::Arguments,
    provisioning::{carry_out, survey},
    setup::Setup,
    terminal::{Declined, agreed, good, say},
};

/// Takes a number from whoever has it, and gives it back to Twilio, or to the pool.
pub(crate) async fn release(
    Arguments { flags, yes, .. }: &Arguments,
    number: &PhoneNumber,
    pool: bool,
) -> Result<()> {
    let provisioner = Setup::read(flags).await?.provisioner()?;
    let seen = Holding::of(&provisioner, &survey(&provisioner).await?.world, number).await?;
    let number_text = number.as_e164();
    if seen.owned.label.owner() == Owner::Stranger {
        bail!("{number_text} has no label of twilify's, so it is left alone; release it in Twilio's console");
    }
    for holder in &seen.holders {
        say(format_args!("{} has {number_text}, and will have none.", holder.name.full()));
        if holder.status == Status::Working && holder.mobile.is_some() {
            say(if pool {
                "They work here, so the next run of the provisioner gives them a number: this one, if it is still in the pool."
            } else {
                "They work here, so the next run of the provisioner gives them another one."
            });
        }
    }
    let question = if pool {
        format!("Put {number_text} into the pool, for the next employee?")
    } else {
        format!("Give {number_text} back to Twilio? There is no undoing it.")
    };
    if !agreed(&question, *yes)? {
        return Err(Declined.into());
    }
    let now = Holding::of(&provisioner, &survey(&provisioner).await?.world, number).await?;
    if now != seen {
        bail!("somebody has changed something in the meantime, so nothing was changed; look again");
    }
    for holder in &now.holders {
        unassign(&provisioner, holder, &now.owned.number).await.with_context(|| {
            let name = holder.name.full();
            format!("could not take the number out of the profile of {name}, so it was not released")
        })?;
    }
    let Provisioner { account, settings, .. } = &provisioner;
    if pool {
        account.update(&now.owned.sid, &Label::pool(), &Route::pool(&settings.public_url)).await?;
        say(format_args!("{} {number_text} waits in the pool.", good("✓")));
    } else {
        account.release(&now.owned.sid).await?;
        // A run that had begun before may have written it again, by its label.
        let (mut names, mut causes) = (Vec::new(), Vec::new());
        for holder in &now.holders {
            if let Err(error) = unassign(&provisioner, holder, &now.owned.number).await {
                names.push(holder.name.full());
                causes.push(format!("{error:#}"));
            }
        }
        if !names.is_empty() {
            let (profiles, names) =
                (if names.len() == 1 { "profile" } else { "profiles" }, names.join(" and "));
            bail!(
                "{number_text} is Twilio's again, but it may still stand in the {profiles} of {names}; look, and remove it \
                 there: {}",
                causes.join("; ")
            );
        }
        say(format_args!("{} {number_text} is Twilio's again.", good("✓")));
    }
    Ok(())
}

/// Takes the number out of a profile, if it is still there.
async fn unassign(provisioner: &Provisioner, holder: &Employee, number: &CompanyNumber) -> Result<()> {
    let Provisioner { directory, territory, .. } = provisioner;
    let found = directory.find(&holder.id).await?;
    let Some((_, revision)) = found.filter(|(it, _)| it.publishes(number, territory)) else { return Ok(()) };
    Ok(directory.unassign(&revision).await?)
}

/// A number, and who has it.
#[derive(PartialEq, Eq)]
struct Holding {
    owned: OwnedNumber,
    /// Everybody who has it in their profile, be they served or not.
    holders: Vec<Employee>,
    /// The employee whom its label names, also if they have left; `None` if Okta does not show them.
    labelled: Option<Employee>,
}

impl Holding {
    async fn of(provisioner: &Provisioner, world: &Observation, number: &PhoneNumber) -> Result<Self> {
        let Provisioner { directory, territory, .. } = provisioner;
        let owned = owned(&world.numbers, number)?.clone();
        let labelled = match owned.label.owner() {
            Owner::Employee(id) => directory.find(&id).await?.map(|(employee, _)| employee),
            Owner::Pool | Owner::Stranger => None,
        };
        let has_it = |it: &&Employee| it.status != Status::Left && it.publishes(&owned.number, territory);
        let mut holders: Vec<_> = world.employees.iter().filter(has_it).cloned().collect();
        let mut others: Vec<_> = labelled.iter().cloned().collect();
        if holders.is_empty() {
            others.extend(directory.find_by_company_number(&owned.number, territory).await?);
        }
        for other in others.into_iter().filter(|it| has_it(&it)) {
            if !holders.iter().any(|it| it.id == other.id) {
                holders.push(other);
            }
        }
        Ok(Self { owned, holders, labelled })
    }

    /// Somebody else than `employee` who has it, or is to have it.
    fn somebody_else(&self, employee: &EmployeeId) -> Option<&Employee> {
        let labelled = self.labelled.iter().filter(|it| it.status != Status::Left);
        self.holders.iter().chain(labelled).find(|it| it.id != *employee)
    }
}

/// Gives an employee a number that the account owns.
pub(crate) async fn assign(
    Arguments { flags, yes, .. }: &Arguments,
    number: &PhoneNumber,
    employee: &str,
) -> Result<()> {
    let provisioner = Setup::read(flags).await?.provisioner()?;
    let seen = survey(&provisioner).await?.world;
    let employee = find(&provisioner, &seen.employees, employee).await?;
    let (name, number_text) = (employee.name.full(), number.as_e164());
    let holding = Holding::of(&provisioner, &seen, number).await?;
    let label = Label::of(&employee.id);
    if employee.publishes(&holding.owned.number, &provisioner.territory) && holding.owned.label == label {
        say(format_args!("{name} has {number_text} already."));
        return Ok(());
    }
    may_have(&provisioner, &seen, &employee, &holding)?;
    let question = match holding.owned.label.owner() {
        Owner::Stranger => {
            format!("{number_text} is not one of twilify's. Make it one, and give it to {name}?")
        }
        Owner::Employee(id) if id != employee.id && holding.labelled.is_none() => {
            let whose = format!("{number_text} is {}'s, whom Okta does not show", id.0);
            if *yes && !missing_for_long(&provisioner, &holding.owned.label) {
                bail!(
                    "{whose}: they were deleted, or the token may not see them; if they have left, take it from them \
                     first: twilify release {number_text} --pool"
                );
            }
            say("Whom Okta does not show was deleted, or the token may not see them.");
            format!("{whose}. Give it to {name}?")
        }
        Owner::Employee(id) if id != employee.id => {
            format!("{number_text} was {}'s, who has left. Give it to {name}?", id.0)
        }
        Owner::Pool | Owner::Employee(_) => format!("Give {number_text} to {name}?"),
    };
    if !agreed(&question, *yes)? {
        return Err(Declined.into());
    }
    let mut survey = survey(&provisioner).await?;
    let now = Holding::of(&provisioner, &survey.world, number).await?;
    if now != holding {
        bail!("somebody has changed something in the meantime, so nothing was changed; look again");
    }
    let mobile = may_have(&provisioner, &survey.world, &employee, &now)?;
    let last_known = Some(LastKnown { mobile, name: employee.name.spoken() });
    let who = Who { last_known, ..Who::from(&employee) };
    let change = match now.owned.label.owner() {
        Owner::Pool => Change::TakeFromPool(now.owned),
        // A number from outside the pool must not get into it because Okta refuses it. So Okta comes first, and until then
        // the number keeps its label and its webhooks.
        Owner::Stranger | Owner::Employee(_) => {
            write(&provisioner, &employee, &now.owned.number).await?;
            Change::Adopt(now.owned)
        }
    };
    survey.plan = Plan { steps: vec![Step { who, change }], ..Plan::default() };
    succeeded(&carry_out(&provisioner, survey, true).await)?;
    say(format_args!("{} {name} has {number_text}.", good("✓")));
    Ok(())
}

/// Whether the provisioner would put the number into the pool, because its employee is missing for longer than numbers
/// are kept.
fn missing_for_long(Provisioner { settings, .. }: &Provisioner, label: &Label) -> bool {
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    let kept = SignedDuration::from_hours(24 * i64::from(settings.retire_after_days));
    label.missing_since().is_some_and(|day| today.duration_since(day) >= kept)
}

/// Writes `number` into a profile without one, unless it is there already.
async fn write(provisioner: &Provisioner, employee: &Employee, number: &CompanyNumber) -> Result<()> {
    let Provisioner { directory, territory, .. } = provisioner;
    let name = employee.name.full();
    let untouched =
        || format!("could not write the number into the profile of {name}, so nothing was changed at Twilio");
    let (found, revision) = directory.find(&employee.id).await?.with_context(untouched)?;
    if found.publishes(number, territory) {
        return Ok(());
    }
    if found.company_number.is_some() || found.status != Status::Working {
        bail!("somebody has changed the profile of {name} in the meantime, so nothing was changed at Twilio");
    }
    directory.assign(&revision, number).await.with_context(untouched)
}

/// The mobile of `employee`, if they may have the number, or why not.
fn may_have(
    provisioner: &Provisioner,
    world: &Observation,
    employee: &Employee,
    holding: &Holding,
) -> Result<MobileNumber> {
    let (name, number) = (employee.name.full(), &holding.owned.number);
    if employee.status != Status::Working {
        bail!("{name} does not work here, or not now, so they get no number");
    }
    let mobile = employee.reachable(number, &provisioner.territory);
    let mobile = mobile.with_context(|| format!("the mobile of {name} is unusable"))?;
    if world.numbers.iter().any(|it| it.number.as_e164() == mobile.as_e164()) {
        bail!("the mobile of {name} is itself a number of this account, so calls would go round in circles");
    }
    if employee.company_number.is_some() && !employee.publishes(number, &provisioner.territory) {
        bail!("{name} has a company number already; take it from them first: twilify release NUMBER --pool");
    }
    if let Some(other) = holding.somebody_else(&employee.id) {
        let (number, other) = (number.as_e164(), other.name.full());
        bail!("{number} is {other}'s; take it from them first: twilify release {number} --pool");
    }
    Ok(mobile)
}

/// Points the numbers that lead elsewhere at the webhooks.
pub(crate) async fn route(
    Arguments { flags, yes, .. }: &Arguments,
    number: Option<&PhoneNumber>,
) -> Result<()> {
    let provisioner = Setup::read(flags).await?.provisioner()?;
    let url = provisioner.settings.public_url.clone();
    let seen = Strays::of(survey(&provisioner).await?, &provisioner, number)?;
    if seen.is_empty() {
        say(format_args!("Calls and texts lead to {url} already."));
        return Ok(());
    }
    seen.survey.plan.steps.iter().for_each(say);
    for number in &seen.pool {
        say(format_args!(
            "Point the company number ({}) in the pool at the webhooks.",
            number.number.as_e164()
        ));
    }
    if !agreed(&format!("Let calls and texts lead to {url}?"), *yes)? {
        return Err(Declined.into());
    }
    let now = Strays::of(survey(&provisioner).await?, &provisioner, number)?;
    if (&now.survey.plan, &now.pool) != (&seen.survey.plan, &seen.pool) {
        bail!("somebody has changed something in the meantime, so nothing was changed; look again");
    }
    for number in &now.pool {
        provisioner.account.update(&number.sid, &Label::pool(), &Route::pool(&url)).await?;
    }
    succeeded(&carry_out(&provisioner, now.survey, false).await)
}

/// The numbers of ours that lead elsewhere.
struct Strays {
    /// Those with an employee's label, as steps.
    survey: Survey,
    /// Those in the pool.
    pool: Vec<OwnedNumber>,
}

impl Strays {
    /// All of them, or the one with this number.
    fn of(mut survey: Survey, provisioner: &Provisioner, only: Option<&PhoneNumber>) -> Result<Self> {
        if let Some(number) = only
            && owned(&survey.world.numbers, number)?.label.owner() == Owner::Stranger
        {
            let number = number.as_e164();
            bail!(
                "{number} has no label of twilify's; to make it somebody's: twilify assign {number} EMPLOYEE"
            );
        }
        let url = &provisioner.settings.public_url;
        let wanted = |it: &&OwnedNumber| only.is_none_or(|only| it.number.as_e164() == only.as_e164());
        let mut steps = survey.plan.steps;
        steps.retain(|it| matches!(&it.change, Change::Reroute(owned) if wanted(&owned)));
        let mut pool = Vec::new();
        for number in survey.world.numbers.iter().filter(wanted) {
            match number.label.owner() {
                Owner::Pool if !number.follows(&Route::pool(url)) => pool.push(number.clone()),
                // Those who do not work here now are not in the plan.
                Owner::Employee(id)
                    if !number.follows(&Route::of(url, &id, number.sealed().as_ref()))
                        && !steps.iter().any(|it| it.change == Change::Reroute(number.clone())) =>
                {
                    let known = survey.world.employees.iter().find(|it| it.id == id).map(Who::from);
                    let who = known.unwrap_or(Who { name: id.0.clone(), employee: id, last_known: None });
                    steps.push(Step { who, change: Change::Reroute(number.clone()) });
                }
                _ => {}
            }
        }
        survey.plan = Plan { steps, ..Plan::default() };
        Ok(Self { survey, pool })
    }

    fn is_empty(&self) -> bool {
        self.pool.is_empty() && self.survey.plan.steps.is_empty()
    }
}

/// The employee whom somebody means by an id, a login or a name.
async fn find(provisioner: &Provisioner, employees: &[Employee], text: &str) -> Result<Employee> {
    let Provisioner { directory, .. } = provisioner;
    let nobody = || format!("there is nobody called {text} in Okta");
    if let Ok(id) = text.parse::<EmployeeId>() {
        return directory.find(&id).await?.map(|(employee, _)| employee).with_context(nobody);
    }
    if text.contains('@') {
        return directory.find_by_login(text).await?.with_context(nobody);
    }
    // A whole name, or a whole part of one: nobody is to get a number by a slip of somebody's fingers.
    let wanted = text.to_lowercase();
    let is_meant = |it: &&Employee| {
        let name = it.name.full().to_lowercase();
        name == wanted || name.split_whitespace().any(|part| part == wanted)
    };
    let found: Vec<_> = employees.iter().filter(|it| it.status != Status::Left).filter(is_meant).collect();
    match found[..] {
        [] => bail!(nobody()),
        [employee] => Ok(employee.clone()),
        _ => {
            let names: Vec<_> = found.iter().map(|it| format!("{} ({})", it.name.full(), it.id.0)).collect();
            bail!("{text} may be {}; say which by their id", names.join(" or "))
        }
    }
}

fn owned<'a>(numbers: &'a [OwnedNumber], number: &PhoneNumber) -> Result<&'a OwnedNumber> {
    let number = number.as_e164();
    let found = numbers.iter().find(|it| it.number.as_e164() == number);
    found.with_context(|| format!("{number} is not a number of the account; see: twilify status"))
}

/// Fails with what was not done.
fn succeeded(report: &Report) -> Result<()> {
    match report.failed.iter().chain(&report.postponed).next() {
        Some(entry) => Err(anyhow!("{}", entry.text)),
        // What somebody has to put right in a profile is a finding.
        None if report.changes.is_empty() => Err(anyhow!("{}", report.findings.join(" "))),
        None => Ok(()),
    }
}
