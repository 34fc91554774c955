//! Profiles in which the attribute for the company number holds no number, or one with an extension.

use twilify::{
    Employee, Status,
    phone::{Country, NotDialable},
};

use crate::{
    names,
    plan::{Numbers, Observation},
};

/// What the provisioner leaves as it is in the attribute for the company number, and what somebody should do about it.
pub(super) fn findings(world: &Observation, numbers: &Numbers<'_>, home: Country) -> Vec<String> {
    let (mut unreadable, mut foreign, mut findings) = (Vec::new(), Vec::new(), Vec::new());
    for employee in world.employees.iter().filter(|it| it.status == Status::Working) {
        let Some(typed) = &employee.company_number else { continue };
        let labelled = numbers.labelled(&employee.id);
        match typed.without_extension(home) {
            // Without a mobile they get no number anyway.
            Err(_) if employee.mobile.is_none() && labelled.is_empty() => {}
            Err(_) => unreadable.push(employee),
            Ok(_) if !has_extension(employee, home) => {}
            Ok(number) if labelled.iter().any(|it| it.number.as_e164() == number.as_e164()) => findings.push(format!(
                "The profile of {} has an extension behind their company number ({}). Calls and texts to the number reach them, and \
                 the attribute is left as it is; take the extension away if the number is theirs alone.",
                employee.name.full(),
                number.as_e164()
            )),
            Ok(_) => foreign.push(employee),
        }
    }
    findings.extend(about(
        &unreadable,
        "a company number that nobody can dial",
        "Correct the attribute, or empty the attribute to give them one.",
    ));
    findings.extend(about(
        &foreign,
        "an extension of a number that is not theirs",
        "Empty the attribute to give them a number of their own.",
    ));
    findings
}

/// Whether a profile names a number with an extension.
pub(super) fn has_extension(employee: &Employee, home: Country) -> bool {
    employee.company_number.as_ref().is_some_and(|it| it.dialled(home) == Err(NotDialable::Extension))
}

/// One finding for each of a few, and one for all of many.
fn about(employees: &[&Employee], what: &str, remedy: &str) -> Vec<String> {
    let all: Vec<_> = employees.iter().map(|it| it.name.full()).collect();
    if all.len() > names::FEW {
        let (count, list) = (all.len(), names::list(&all));
        return vec![format!(
            "The profiles of {count} people name {what}, so they get none. {remedy} They are {list}."
        )];
    }
    all.iter().map(|name| format!("The profile of {name} names {what}, so they get none. {remedy}")).collect()
}
