//! Profiles that take no number, in words.

use std::collections::BTreeMap;

use twilify::okta::{Refusal, Subject, Unwritable};

use super::{Later, doubt::Doubt};
use crate::{Change, Report, Step, Who, names};

/// The profiles that Okta did not write in this run, for reasons that are about them.
#[derive(Default)]
pub(super) struct Profiles(Vec<Profile>);

/// One of them.
struct Profile {
    who: Who,
    wanted: Wanted,
    why: Unwritable,
    refusal: Refusal,
}

/// What was to be written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Wanted {
    /// A company number.
    Number,
    /// The company number, in E.164 form, that carries the employee's label already.
    Theirs(String),
    /// A phone number in its clean form.
    CleanNotation,
}

impl Profiles {
    /// Takes note of a step that `refusal` has kept from being taken, and says it in a sentence; `Err` if the refusal or the
    /// step is not about writing a profile.
    pub(super) fn add(&mut self, Step { who, change }: &Step, refusal: Refusal) -> Result<String, Refusal> {
        let Subject::Profile(why) = refusal.is_about() else { return Err(refusal) };
        let wanted = match change {
            Change::Buy | Change::TakeFromPool(_) => Wanted::Number,
            Change::Assign(owned) => Wanted::Theirs(owned.number.as_e164().to_owned()),
            Change::Clean(_) | Change::CleanCompanyNumber(_) | Change::Adopt(_) => Wanted::CleanNotation,
            _ => return Err(refusal),
        };
        tracing::warn!(
            employee = who.employee.0,
            change = change.kind(),
            code = refusal.code,
            "Okta does not write the profile"
        );
        let profile = Profile { who: who.clone(), wanted, why, refusal };
        let sentence = profile.sentence();
        self.0.push(profile);
        Ok(sentence)
    }

    /// Reports them: a few one by one, many that are alike in one finding. If Okta refuses the same to everybody, that is
    /// one failure, and the employees wait.
    pub(super) fn report(self, doubt: &Doubt, report: &mut Report) {
        let mut alike: BTreeMap<(Wanted, String), Vec<Profile>> = BTreeMap::new();
        let mut is_told = false;
        for profile in self.0 {
            if doubt.is_general(&profile.refusal) && profile.wanted != Wanted::CleanNotation {
                if !is_told {
                    report.failed(&profile.who, "change this profile, nor any other", &profile.refusal);
                }
                is_told = true;
                report.later(&profile.who, Later::OktaTakesNone.reason());
                continue;
            }
            let wanted = match &profile.wanted {
                Wanted::Theirs(_) => Wanted::Theirs(String::new()),
                wanted => wanted.clone(),
            };
            alike.entry((wanted, profile.reason())).or_default().push(profile);
        }
        for ((wanted, reason), profiles) in alike {
            if profiles.len() <= names::FEW {
                for profile in &profiles {
                    report.find(profile.sentence());
                }
                continue;
            }
            let (count, names) =
                (profiles.len(), profiles.iter().map(|it| it.who.name.clone()).collect::<Vec<_>>());
            let names = names::list(&names);
            report.find(match wanted {
                Wanted::Number | Wanted::Theirs(_) => format!(
                    "{count} people get no company number, because Okta does not write it into their profiles: {reason}. They are {names}."
                ),
                Wanted::CleanNotation => format!(
                    "Phone numbers of {count} people cannot be cleaned up in Okta: {reason}. Calls and texts are forwarded all \
                     the same. They are {names}."
                ),
            });
        }
    }
}

impl Profile {
    fn sentence(&self) -> String {
        let (name, reason) = (&self.who.name, self.reason());
        match &self.wanted {
            Wanted::Number => format!(
                "{name} gets no company number, because Okta does not write it into the profile: {reason}."
            ),
            Wanted::Theirs(number) => format!(
                "{name} does not get the company number that carries their label ({number}), because Okta does not write it into \
                 the profile: {reason}. To give the number to somebody else, label it twilify:pool."
            ),
            Wanted::CleanNotation if self.why == Unwritable::Mastered => format!(
                "A phone number of {name} comes from another system, so its formatting cannot be cleaned up in Okta. Calls and \
                 texts are forwarded all the same."
            ),
            Wanted::CleanNotation => format!(
                "A phone number of {name} cannot be cleaned up in Okta: {reason}. Calls and texts are forwarded all the same."
            ),
        }
    }

    /// Why Okta does not write the profile, in its own words, and what somebody can do about it.
    fn reason(&self) -> String {
        let Refusal { code, summary, .. } = &self.refusal;
        format!("{summary} ({code}); {}", self.why.remedy())
    }
}
