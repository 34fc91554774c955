//! The numbers of those who do not work here any more, and of those whom Okta does not know.

use jiff::{SignedDuration, civil::Date, tz::TimeZone};
use twilify::{
    EmployeeId,
    config::{Fate, Retire},
    twilio::{Label, OwnedNumber, Owner},
};

use super::{Absence, Change, Numbers, Observation, Rules, Status, Step, Who};

/// What becomes of the numbers of those who are gone.
#[derive(Default)]
pub(super) struct Gone {
    pub(super) steps: Vec<Step>,
    /// Why not all of their numbers are retired, if that is so.
    pub(super) finding: Option<String>,
}

/// The steps that retire the numbers of leavers after the quarantine, and that note on a number since when its employee
/// is missing.
///
/// A note harms nobody, so all are written. Where many are missing, rather Okta is wrong, the token was narrowed down, or
/// we are asking another org: then no number of a missing employee is retired, however old their notes are. In the run
/// that first sees so many missing, nobody's is.
pub(super) fn gone(world: &Observation, rules: &Rules<'_>, numbers: &Numbers<'_>) -> Gone {
    let Rules { settings, now, .. } = rules;
    let Retire::To(fate) = settings.retire else { return Gone::default() };
    let today = now.to_zoned(TimeZone::UTC).date();
    let quarantine = SignedDuration::from_hours(24 * i64::from(settings.retire_after_days));
    let is_over = |day: Date| today.duration_since(day) >= quarantine;
    let (mut of_leavers, mut of_missing, mut notes, mut missing) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for (owner, owned) in &numbers.by_owner {
        // A number that a profile names is in use, whosever label it carries.
        for &number in owned.iter().filter(|it| !numbers.claims.contains_key(&it.number)) {
            match (world.absent.get(owner), number.label.missing_since()) {
                // A note is taken off first, see `found`.
                (Some(Absence::Left(Some(since))), None) if now.duration_since(*since) >= quarantine => {
                    of_leavers.push(Change::Retire(number.clone(), fate));
                }
                (Some(Absence::Missing), since) => {
                    missing += 1;
                    match since {
                        None => notes.push(Change::NoteMissing(number.clone(), today)),
                        // A number is not given away for good on the word that somebody is not found.
                        Some(day) if is_over(day) => {
                            of_missing.push(Change::Retire(number.clone(), Fate::Pool));
                        }
                        Some(_) => {}
                    }
                }
                _ => {}
            }
        }
    }
    if of_leavers.is_empty() && missing == 0 {
        return Gone::default();
    }
    if !numbers.somebody_is_here(world) {
        let finding = "Nobody who has a number seems to work here any more, so no number was retired. Look whether the \
                       parameter okta/org-url names the right org.";
        return Gone { steps: Vec::new(), finding: Some(finding.to_owned()) };
    }
    let ours = numbers.ours().count();
    let most = (ours / 10).max(5);
    let mut finding = None;
    if missing > most {
        of_missing.clear();
        finding = Some(format!(
            "{missing} of {ours} numbers belong to people whom Okta does not know, which is more than the {most} that one run \
             retires, so none was retired of theirs. If they are really gone, retire their numbers by hand; if not, look at \
             Okta, and at the rights of the token."
        ));
    }
    let leavers = of_leavers.len();
    let mut retired = [of_leavers, of_missing].concat();
    if retired.len() > most || notes.len() > most {
        finding = Some(format!(
            "{} of {ours} numbers belong to people who have left or whom Okta does not know, which is more than the {most} that \
             one run retires, so none was retired. If so many have really left, retire their numbers by hand; if not, look at \
             Okta, and at the rights of the token.",
            leavers + missing
        ));
        retired.clear();
    }
    let step =
        |change: Change| Step { who: Who::owner(change.owned().expect("it is about a number")), change };
    Gone { steps: notes.into_iter().chain(retired).map(step).collect(), finding }
}

/// The numbers that carry the note that somebody is missing, who is not.
pub(super) fn found<'a>(
    world: &'a Observation,
    numbers: &'a Numbers<'a>,
) -> impl Iterator<Item = &'a OwnedNumber> {
    let is_known = |owner: &EmployeeId| match world.absent.get(owner) {
        Some(absence) => *absence != Absence::Missing,
        None => {
            world.employees.iter().any(|it| it.id == *owner && it.status != Status::Left)
                || world.cannot_read(owner)
        }
    };
    numbers.ours().filter(move |number| match number.label.owner() {
        Owner::Employee(owner) => number.label != Label::of(&owner) && is_known(&owner),
        Owner::Pool | Owner::Stranger => false,
    })
}
