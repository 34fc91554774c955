//! `twilify release`, `assign` and `route`: one thing at a time.

use anyhow::{Context as _, Result, anyhow, bail};
use provisioner::{Change, Plan, Provisioner, Report, Step, Who};
use twilify::{
    CompanyNumber, Employee, EmployeeId, PhoneNumber, Status,
    seal::LastKnown,
    twilio::{Label, OwnedNumber, Owner, Route},
};

use crate::{
    arguments::Arguments,
    provisioning::{carry_out, survey},
    setup::Setup,
    terminal::{agreed, good, say},
};

/// Takes a number from whoever has it, and gives it back to Twilio, or to the pool.
pub(crate) async fn release(
    Arguments { flags, yes, .. }: &Arguments,
    number: &PhoneNumber,
    pool: bool,
) -> Result<()> {
    let provisioner = Setup::read(flags).await?.provisioner()?;
    let world = survey(&provisioner).await?.world;
    let owned = owned(&world.numbers, number)?;
    let number = number.as_e164();
    if owned.label.owner() == Owner::Stranger {
        bail!(
            "{number} has no label of twilify's, so twilify leaves it alone; release it in Twilio's console"
        );
    }
    let holders = holders(&provisioner, &world.employees, owned).await?;
    for holder in &holders {
        say(format_args!("{} has {number}, and will have none.", holder.name.full()));
        if holder.status == Status::Working && holder.mobile.is_some() {
            say("They work here, so the next run of the provisioner gives them another one.");
        }
    }
    let question = if pool {
        format!("Put {number} into the pool, for the next employee?")
    } else {
        format!("Give {number} back to Twilio? There is no undoing it.")
    };
    if !agreed(&question, *yes)? {
        bail!("nothing was changed");
    }
    for holder in &holders {
        unassign(&provisioner, holder, &owned.number).await?;
    }
    let Provisioner { account, settings, .. } = &provisioner;
    if pool {
        let route = Route::pool(&settings.public_url);
        account.update(&owned.sid, &Label::pool(), &route).await?;
        say(format_args!("{} {number} waits in the pool.", good("✓")));
    } else {
        account.release(&owned.sid).await?;
        say(format_args!("{} {number} is Twilio's again.", good("✓")));
    }
    Ok(())
}

/// Everybody who has the number in their profile, be they served or not.
async fn holders(
    provisioner: &Provisioner,
    employees: &[Employee],
    owned: &OwnedNumber,
) -> Result<Vec<Employee>> {
    let Provisioner { directory, territory, .. } = provisioner;
    let has_it = |it: &Employee| it.status != Status::Left && it.publishes(&owned.number, territory);
    let mut holders: Vec<_> = employees.iter().filter(|it| has_it(it)).cloned().collect();
    let mut others = Vec::new();
    if let Owner::Employee(id) = owned.label.owner() {
        others.extend(directory.find(&id).await?.map(|(employee, _)| employee));
    }
    if holders.is_empty() {
        others.extend(directory.find_by_company_number(&owned.number, territory).await?);
    }
    for other in others.into_iter().filter(has_it) {
        if !holders.iter().any(|it| it.id == other.id) {
            holders.push(other);
        }
    }
    Ok(holders)
}

/// Takes the number out of a profile, if it is still there.
async fn unassign(provisioner: &Provisioner, holder: &Employee, number: &CompanyNumber) -> Result<()> {
    let Provisioner { directory, territory, .. } = provisioner;
    let found = directory.find(&holder.id).await?;
    let Some((_, revision)) = found.filter(|(it, _)| it.publishes(number, territory)) else { return Ok(()) };
    directory.unassign(&revision).await.with_context(|| {
        format!(
            "could not take the number out of the profile of {}, so it was not released",
            holder.name.full()
        )
    })
}

/// Gives an employee a number that the account owns.
pub(crate) async fn assign(
    Arguments { flags, yes, .. }: &Arguments,
    number: &PhoneNumber,
    employee: &str,
) -> Result<()> {
    let setup = Setup::read(flags).await?;
    let provisioner = setup.provisioner()?;
    let mut survey = survey(&provisioner).await?;
    let owned = owned(&survey.world.numbers, number)?.clone();
    let employee = find(&provisioner, &survey.world.employees, employee).await?;
    let name = employee.name.full();
    let territory = &provisioner.territory;
    let number = number.as_e164();
    if employee.publishes(&owned.number, territory) && owned.label == Label::of(&employee.id) {
        say(format_args!("{name} has {number} already."));
        return Ok(());
    }
    if employee.status != Status::Working {
        bail!("{name} does not work here, or not now, so they get no number");
    }
    let mobile = employee.reachable(&owned.number, territory);
    let mobile = mobile.with_context(|| format!("the mobile of {name} is unusable"))?;
    if employee.company_number.is_some() {
        bail!("{name} has a company number already; take it from them first: twilify release NUMBER --pool");
    }
    let others = survey.world.employees.iter().filter(|it| it.id != employee.id && it.status != Status::Left);
    let of_another = |it: &&Employee| {
        it.publishes(&owned.number, territory) || owned.label.owner() == Owner::Employee(it.id.clone())
    };
    if let Some(other) = others.into_iter().find(of_another) {
        bail!(
            "{number} is {}'s; take it from them first: twilify release {number} --pool",
            other.name.full()
        );
    }
    let question = match owned.label.owner() {
        Owner::Stranger => format!("{number} is not one of twilify's. Make it one, and give it to {name}?"),
        Owner::Pool | Owner::Employee(_) => format!("Give {number} to {name}?"),
    };
    if !agreed(&question, *yes)? {
        bail!("nothing was changed");
    }
    let last_known = provisioner.seal.as_ref().map(|_| LastKnown { mobile, name: employee.name.spoken() });
    let who = Who { last_known, ..Who::from(&employee) };
    let steps = vec![Step { who, change: Change::TakeFromPool(owned) }];
    survey.plan = Plan { steps, ..Plan::default() };
    succeeded(&carry_out(&provisioner, survey, true).await)?;
    say(format_args!("{} {name} has {number}.", good("✓")));
    Ok(())
}

/// Points the numbers that lead elsewhere at the webhooks.
pub(crate) async fn route(
    Arguments { flags, yes, .. }: &Arguments,
    number: Option<&PhoneNumber>,
) -> Result<()> {
    let provisioner = Setup::read(flags).await?.provisioner()?;
    let mut survey = survey(&provisioner).await?;
    if let Some(number) = number
        && owned(&survey.world.numbers, number)?.label.owner() == Owner::Stranger
    {
        let number = number.as_e164();
        bail!("{number} has no label of twilify's; to make it somebody's: twilify assign {number} EMPLOYEE");
    }
    let wanted = |it: &OwnedNumber| number.is_none_or(|number| it.number.as_e164() == number.as_e164());
    survey.plan.steps.retain(|it| matches!(&it.change, Change::Reroute(owned) if wanted(owned)));
    let url = &provisioner.settings.public_url;
    if survey.plan.steps.is_empty() {
        say(format_args!("Calls and texts lead to {url} already."));
        return Ok(());
    }
    survey.plan.steps.iter().for_each(say);
    if !agreed(&format!("Let calls and texts lead to {url}?"), *yes)? {
        bail!("nothing was changed");
    }
    succeeded(&carry_out(&provisioner, survey, false).await)
}

/// The employee whom somebody means by an id, a login or a name.
async fn find(provisioner: &Provisioner, employees: &[Employee], text: &str) -> Result<Employee> {
    let Provisioner { directory, .. } = provisioner;
    let nobody = || format!("there is nobody called {text} in Okta");
    if let Ok(id) = text.parse::<EmployeeId>() {
        let found = directory.find(&id).await?;
        return found.map(|(employee, _)| employee).with_context(nobody);
    }
    if text.contains('@') {
        return directory.find_by_login(text).await?.with_context(nobody);
    }
    let is_meant = |it: &&Employee| it.name.full().to_lowercase().contains(&text.to_lowercase());
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
        None => Ok(()),
    }
}
