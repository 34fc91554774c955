//! What a warm function remembers.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::{SignedDuration, Timestamp};

use super::{Destination, Source};
use crate::{CompanyNumber, EmployeeId, twilio::Hint};

/// The most numbers that are remembered, and the most hints for one. A destination takes some hundred bytes.
const CAPACITY: usize = 1000;
const HINTS: usize = 2;

/// What Okta said, and when. The clock on the wall counts, because others stand still while Lambda has the
/// function frozen.
#[derive(Debug)]
pub(super) struct Memory {
    /// What is known under the last hints of a number: calls and texts have one, and what was late has another.
    found: Mutex<HashMap<CompanyNumber, Vec<Known>>>,
    fresh: SignedDuration,
    lifetime: SignedDuration,
}

#[derive(Debug)]
struct Known {
    /// What the webhook's URL said: if the provisioner has changed that, what was found before means nothing
    /// any more.
    hint: Hint,
    destination: Destination,
    time: Timestamp,
}

impl Memory {
    /// An empty memory, which believes what it knows for the time `fresh`, and knows it for `lifetime`.
    pub(super) fn new(fresh: SignedDuration, lifetime: SignedDuration) -> Self {
        Self { found: Mutex::default(), fresh, lifetime }
    }

    /// What was found so short a time ago that nobody needs to ask again.
    pub(super) fn fresh(&self, number: &CompanyNumber, hint: &Hint, now: Timestamp) -> Option<Destination> {
        self.since(number, hint, now, self.fresh).map(|(destination, _)| destination)
    }

    /// What was found last, for when nobody can be asked.
    pub(super) fn last(
        &self,
        number: &CompanyNumber,
        hint: &Hint,
        now: Timestamp,
    ) -> Option<(Destination, Timestamp)> {
        let (destination, time) = self.since(number, hint, now, self.lifetime)?;
        Some((Destination { source: Source::LastKnown, ..destination }, time))
    }

    pub(super) fn remember(
        &self,
        number: &CompanyNumber,
        hint: &Hint,
        destination: Destination,
        now: Timestamp,
    ) {
        let mut found = self.lock();
        if found.len() >= CAPACITY
            && !found.contains_key(number)
            && let Some((oldest, _)) =
                found.iter().min_by_key(|(_, known)| known.iter().map(|it| it.time).max())
        {
            let oldest = oldest.clone();
            found.remove(&oldest);
        }
        let known = found.entry(number.clone()).or_default();
        // An older mobile or name counts under no hint any more, and neither does somebody else.
        known.retain(|it| it.hint != *hint && it.destination == destination);
        if known.len() == HINTS {
            known.remove(0);
        }
        known.push(Known { hint: hint.clone(), destination, time: now });
    }

    /// Forgets `number` under all its hints: Okta has said that it leads to no phone, or that two people claim it.
    pub(super) fn forget(&self, number: &CompanyNumber) {
        self.lock().remove(number);
    }

    /// Forgets `employee` under all hints of `number`: Okta has said that they do not have this number.
    pub(super) fn forget_employee(&self, number: &CompanyNumber, employee: &EmployeeId) {
        if let Some(known) = self.lock().get_mut(number) {
            known.retain(|it| it.destination.employee != *employee);
        }
    }

    fn since(
        &self,
        number: &CompanyNumber,
        hint: &Hint,
        now: Timestamp,
        limit: SignedDuration,
    ) -> Option<(Destination, Timestamp)> {
        let found = self.lock();
        let Known { destination, time, .. } = found.get(number)?.iter().find(|it| it.hint == *hint)?;
        // A clock that was set back makes nothing younger.
        let in_time = (SignedDuration::ZERO..limit).contains(&now.duration_since(*time));
        in_time.then(|| (destination.clone(), *time))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<CompanyNumber, Vec<Known>>> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::Sealed;

    const MINUTE: SignedDuration = SignedDuration::from_secs(60);

    fn number(serial: usize) -> CompanyNumber {
        format!("+1925{serial:07}").parse().unwrap()
    }

    fn hint(employee: &str) -> Hint {
        Hint { employee: employee.parse().ok(), ..Hint::default() }
    }

    fn ada() -> Destination {
        Destination {
            employee: "00uada".parse().unwrap(),
            name: "Ada".to_owned(),
            mobile: "+18182179229".parse().unwrap(),
            source: Source::Okta,
        }
    }

    fn noon() -> Timestamp {
        "2026-11-22T12:00:00Z".parse().unwrap()
    }

    /// A memory that has found Ada at noon.
    fn memory() -> Memory {
        let memory = Memory::new(MINUTE, MINUTE * 60);
        memory.remember(&number(1), &hint("00uada"), ada(), noon());
        memory
    }

    #[test]
    fn what_was_found_is_believed_for_a_minute_and_known_for_an_hour() {
        let (memory, ada_s) = (memory(), hint("00uada"));
        assert_eq!(memory.fresh(&number(1), &ada_s, noon() + MINUTE / 2), Some(ada()));
        assert_eq!(memory.fresh(&number(1), &ada_s, noon() + MINUTE), None);
        let (last, time) = memory.last(&number(1), &ada_s, noon() + MINUTE * 59).unwrap();
        assert_eq!((last.source, time), (Source::LastKnown, noon()));
        assert_eq!(memory.last(&number(1), &ada_s, noon() + MINUTE * 60), None);
    }

    #[test]
    fn it_is_not_taken_for_another_numbers_or_another_employees_or_tomorrows() {
        let memory = memory();
        assert_eq!(memory.fresh(&number(2), &hint("00uada"), noon()), None);
        assert_eq!(memory.fresh(&number(1), &hint("00ugrace"), noon()), None);
        assert_eq!(memory.fresh(&number(1), &hint("00uada"), noon() - MINUTE), None);
        memory.forget(&number(1));
        assert_eq!(memory.last(&number(1), &hint("00uada"), noon()), None);
    }

    #[test]
    fn what_was_found_for_a_late_text_and_for_one_in_time_is_known_under_both_hints_and_no_other() {
        let sealed = |seal: &str| Hint { sealed: Some(Sealed(seal.to_owned())), ..hint("00uada") };
        let memory = memory();
        memory.remember(&number(1), &sealed("new"), ada(), noon());
        assert_eq!(memory.fresh(&number(1), &sealed("new"), noon()), Some(ada()));
        assert_eq!(memory.fresh(&number(1), &hint("00uada"), noon()), Some(ada()));
        assert_eq!(memory.fresh(&number(1), &sealed("newer"), noon()), None, "the provisioner has been by");
        memory.remember(&number(1), &sealed("newer"), ada(), noon());
        assert_eq!(memory.fresh(&number(1), &hint("00uada"), noon()), None, "it was the oldest of three");
    }

    #[test]
    fn who_wants_nothing_remembered_has_nothing_believed() {
        let memory = Memory::new(SignedDuration::ZERO, MINUTE);
        memory.remember(&number(1), &hint("00uada"), ada(), noon());
        assert_eq!(memory.fresh(&number(1), &hint("00uada"), noon()), None);
        assert!(memory.last(&number(1), &hint("00uada"), noon()).is_some());
    }

    #[test]
    fn a_full_memory_loses_what_is_oldest() {
        let memory = memory();
        for serial in 2..=CAPACITY + 1 {
            let later = noon() + SignedDuration::from_millis(i64::try_from(serial).unwrap());
            memory.remember(&number(serial), &hint("00uada"), ada(), later);
        }
        assert_eq!(memory.lock().len(), CAPACITY);
        assert_eq!(memory.fresh(&number(1), &hint("00uada"), noon()), None);
        assert!(memory.fresh(&number(2), &hint("00uada"), noon() + MINUTE / 2).is_some());
    }

    #[test]
    fn a_full_memory_loses_nobody_when_somebody_is_found_again() {
        let memory = memory();
        for serial in 2..=CAPACITY {
            memory.remember(&number(serial), &hint("00uada"), ada(), noon());
        }
        memory.remember(&number(CAPACITY), &hint("00uada"), ada(), noon());
        assert_eq!(memory.lock().len(), CAPACITY);
        assert!(memory.fresh(&number(1), &hint("00uada"), noon()).is_some());
    }

    /// A memory that has found Ada at noon under two hints.
    fn memory_with_two_hints() -> Memory {
        let memory = memory();
        memory.remember(&number(1), &hint("00ugrace"), ada(), noon());
        memory
    }

    #[test]
    fn an_employee_or_a_number_is_forgotten_under_all_hints() {
        for is_forgotten in [true, false] {
            let memory = memory_with_two_hints();
            let employee = if is_forgotten { "00uada" } else { "00ugrace" };
            memory.forget_employee(&number(1), &employee.parse().unwrap());
            for hinted in ["00uada", "00ugrace"] {
                assert_eq!(memory.last(&number(1), &hint(hinted), noon()).is_none(), is_forgotten);
            }
        }
        let memory = memory_with_two_hints();
        memory.remember(&number(2), &hint("00uada"), ada(), noon());
        memory.forget(&number(1));
        for hinted in ["00uada", "00ugrace"] {
            assert_eq!(memory.last(&number(1), &hint(hinted), noon()), None);
        }
        assert!(memory.last(&number(2), &hint("00uada"), noon()).is_some(), "it is another number");
    }

    #[test]
    fn an_older_mobile_or_name_and_somebody_else_are_forgotten_under_all_hints() {
        let found = [
            Destination { mobile: "+14155550188".parse().unwrap(), ..ada() },
            Destination { name: "Augusta".to_owned(), ..ada() },
            Destination { employee: "00ugrace".parse().unwrap(), ..ada() },
        ];
        for found in found {
            let memory = memory_with_two_hints();
            memory.remember(&number(1), &hint("00uada"), found.clone(), noon());
            assert_eq!(memory.last(&number(1), &hint("00ugrace"), noon()), None, "{found:?}");
            assert_eq!(memory.fresh(&number(1), &hint("00uada"), noon()), Some(found));
        }
    }
}
