//! What no step can put right, and what somebody should do about it.

mod attributes;

use std::collections::HashSet;

use twilify::{Employee, Status, okta::Unreadable, phone::Country, twilio::Owner};

use super::{Absence, Numbers, Observation};

pub(super) fn findings(world: &Observation, numbers: &Numbers<'_>, home: Country) -> Vec<String> {
    let mut findings: Vec<String> = world.unreadable.iter().map(unreadable).collect();
    findings.extend(attributes::findings(world, numbers, home));
    for (number, claims) in numbers.claims.iter().filter(|(_, claims)| claims.len() > 1) {
        findings.push(format!(
            "{} have the same company number ({}), so calls to it reach the one whose label it carries, or nobody. Remove it from all \
             profiles but one.",
            list(claims.iter().map(|it| it.name.full())),
            number.as_e164()
        ));
    }
    for (owner, owned) in numbers.by_owner.iter().filter(|(_, owned)| owned.len() > 1) {
        findings.push(format!(
            "{} numbers ({}) carry the label of one employee ({}). Relabel those they do not use as twilify:pool.",
            owned.len(),
            list(owned.iter().map(|it| it.number.as_e164().to_owned())),
            owner.0
        ));
    }
    for (number, claims) in &numbers.claims {
        let [employee] = claims[..] else { continue };
        if attributes::has_extension(employee, home) {
            continue;
        }
        findings.extend(match numbers.all.get(number.as_e164()).map(|it| it.label.owner()) {
            Some(Owner::Employee(id)) if id == employee.id => None,
            Some(Owner::Employee(id)) => Some(format!(
                "The profile of {} names a company number ({}) that carries the label of another employee ({}). Correct the \
                 profile, or the label at Twilio.",
                employee.name.full(),
                number.as_e164(),
                id.0
            )),
            Some(Owner::Pool | Owner::Stranger) => None,
            None => Some(of_another_account(employee, numbers)),
        });
    }
    let here: HashSet<_> =
        world.employees.iter().filter(|it| it.status != Status::Left).map(|it| &it.id).collect();
    for (owner, owned) in &numbers.by_owner {
        let known = here.contains(owner) || world.cannot_read(owner);
        let absence = match world.absent.get(owner) {
            _ if known => continue,
            Some(Absence::NotServed) => continue,
            Some(Absence::Left(_)) => "who has left",
            Some(Absence::Missing) => "whom Okta does not know, or does not show to the token,",
            None => "who is not among those that are served",
        };
        findings.push(format!(
            "Somebody ({}) {absence} still has {}. TWILIFY_RETIRE says what becomes of such numbers; to reuse one now, label it \
             twilify:pool at Twilio, to give it up, release it there.",
            owner.0,
            list(owned.iter().map(|it| it.number.as_e164().to_owned()))
        ));
    }
    for employee in &world.employees {
        for number in numbers.labelled(&employee.id).iter().filter(|it| it.is_stopped()) {
            findings.push(format!(
                "{} has texted STOP to their company number ({}), so no text reaches them. Tell them to text START to it.",
                employee.name.full(),
                number.number.as_e164()
            ));
        }
    }
    findings
}

fn unreadable(Unreadable { id, why }: &Unreadable) -> String {
    let id = id.as_ref().map_or("without an id", |id| &id.0);
    format!(
        "Okta lists somebody ({id}) whose description cannot be read: {why}. Nothing is changed for them, and a number that \
         they have stays theirs. Look at their profile in Okta, or ask Okta's support."
    )
}

fn of_another_account(employee: &Employee, numbers: &Numbers<'_>) -> String {
    let name = employee.name.full();
    match numbers.labelled(&employee.id).first() {
        Some(labelled) => format!(
            "The profile of {name} names a company number that this account does not own, while {} carries their label. Put \
             that one into the profile, or relabel it as twilify:pool.",
            labelled.number.as_e164()
        ),
        None => format!(
            "The profile of {name} names a company number that this account does not own, so they get none. Empty the \
             attribute to give them one."
        ),
    }
}

fn list(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(" and ")
}
