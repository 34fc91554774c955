//! The numbers of those who do not work here any more, and of those whom Okta does not know.

use jiff::{SignedDuration, civil::Date, tz::TimeZone};
use twilify::{
    EmployeeId,
    config::{Fate, Retire},
    twilio::{Label, OwnedNumber, Owner},
};

use super::{Absence, Change, Numbers, Observation, Rules, Status, Step, Who};

/// The steps that retire the numbers of leavers after the quarantine, and that note on a number since when its employee
/// is missing; or why there are none. Where many seem to be gone at once, rather Okta is wrong, the token was
/// narrowed down, or we are asking another org.
pub(super) fn gone(
    world: &Observation,
    rules: &Rules<'_>,
    numbers: &Numbers<'_>,
) -> Result<Vec<Step>, String> {
    let Rules { settings, now, .. } = rules;
    let Retire::To(fate) = settings.retire else { return Ok(Vec::new()) };
    let today = now.to_zoned(TimeZone::UTC).date();
    let quarantine = SignedDuration::from_hours(24 * i64::from(settings.retire_after_days));
    let is_over = |day: Date| today.duration_since(day) >= quarantine;
    let mut changes = Vec::new();
    for (owner, owned) in &numbers.by_owner {
        // A number that a profile names is in use, whosever label it carries.
        for &number in owned.iter().filter(|it| !numbers.claims.contains_key(&it.number)) {
            changes.extend(match (world.absent.get(owner), number.label.missing_since()) {
                (Some(Absence::Left(Some(since))), _) if now.duration_since(*since) >= quarantine => {
                    Some(Change::Retire(number.clone(), fate))
                }
                // A number is not given away for good on the word that somebody is not found.
                (Some(Absence::Missing), Some(day)) if is_over(day) => {
                    Some(Change::Retire(number.clone(), Fate::Pool))
                }
                (Some(Absence::Missing), None) => Some(Change::NoteMissing(number.clone(), today)),
                _ => None,
            });
        }
    }
    if changes.is_empty() {
        return Ok(Vec::new());
    }
    if !numbers.somebody_is_here(world) {
        return Err("Nobody who has a number seems to work here any more, so no number was retired. Look whether the \
                    parameter okta/org-url names the right org."
            .to_owned());
    }
    let ours = numbers.ours().count();
    let most = (ours / 10).max(5);
    if changes.len() > most {
        return Err(format!(
            "{} of {ours} numbers belong to people who have left or whom Okta does not know, which is more than the {most} that \
             one run retires, so none was retired. If so many have really left, retire their numbers by hand; if not, look at \
             Okta, and at the rights of the token.",
            changes.len()
        ));
    }
    let step =
        |change: Change| Step { who: Who::owner(change.owned().expect("it is about a number")), change };
    Ok(changes.into_iter().map(step).collect())
}

/// The numbers that carry the note that somebody is missing, who is not.
pub(super) fn found<'a>(
    world: &'a Observation,
    numbers: &'a Numbers<'a>,
) -> impl Iterator<Item = &'a OwnedNumber> {
    let is_known = |owner: &EmployeeId| match world.absent.get(owner) {
        Some(absence) => *absence != Absence::Missing,
        None => world.employees.iter().any(|it| it.id == *owner && it.status != Status::Left),
    };
    numbers.ours().filter(move |number| match number.label.owner() {
        Owner::Employee(owner) => number.label != Label::of(&owner) && is_known(&owner),
        Owner::Pool | Owner::Stranger => false,
    })
}
