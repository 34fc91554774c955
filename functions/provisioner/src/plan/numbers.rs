//! The account's numbers, looked at from all sides.

use std::collections::{BTreeMap, HashMap, HashSet};

use twilify::{
    CompanyNumber, Employee, EmployeeId, MobileNumber, Status,
    config::Provisioning,
    phone::{Country, Territory},
    twilio::{OwnedNumber, Owner},
};

use super::{Observation, Unusable};

/// The account's numbers, by whom they belong to and by who claims them.
pub(super) struct Numbers<'a> {
    pub(super) all: HashMap<&'a str, &'a OwnedNumber>,
    pub(super) by_owner: BTreeMap<EmployeeId, Vec<&'a OwnedNumber>>,
    /// Who names each number in their profile, whether it is the account's or not.
    pub(super) claims: BTreeMap<CompanyNumber, Vec<&'a Employee>>,
    country: Country,
}

impl<'a> Numbers<'a> {
    pub(super) fn of(world: &'a Observation, country: Country) -> Self {
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
        let all: HashMap<_, _> = world.numbers.iter().map(|it| (it.number.as_e164(), it)).collect();
        for employee in world.employees.iter().filter(|it| it.status != Status::Left) {
            let Some(typed) = &employee.company_number else { continue };
            let Ok(number) = typed.without_extension(country) else { continue };
            // Many people may have an extension of a number that is another telephone system's.
            if all.contains_key(number.as_e164()) || typed.dialled(country).is_ok() {
                claims.entry(CompanyNumber::new(number)).or_default().push(employee);
            }
        }
        Self { all, by_owner, claims, country }
    }

    pub(super) fn contains(&self, number: &str) -> bool {
        self.all.contains_key(number)
    }

    /// The numbers with an employee's label.
    pub(super) fn ours(&self) -> impl Iterator<Item = &'a OwnedNumber> {
        self.by_owner.values().flatten().copied()
    }

    pub(super) fn labelled(&self, employee: &EmployeeId) -> &[&'a OwnedNumber] {
        self.by_owner.get(employee).map_or(&[], Vec::as_slice)
    }

    /// The mobile of `employee` in E.164 form, if calls may go to it, or why not; `None` if they have none.
    pub(super) fn usable_mobile(
        &self,
        employee: &Employee,
        territory: &Territory,
    ) -> Option<Result<MobileNumber, Unusable>> {
        Some(match employee.mobile.as_ref()?.mobile(territory) {
            Ok(mobile) if self.contains(mobile.as_e164()) => Err(Unusable::Ours),
            mobile => mobile.map_err(Unusable::from),
        })
    }

    /// Whether anybody who works here has a number. If not, it is rather Okta that is wrong, or we are asking
    /// another org.
    pub(super) fn somebody_is_here(&self, world: &Observation) -> bool {
        world.employees.iter().any(|it| it.status != Status::Left && !self.labelled(&it.id).is_empty())
    }

    /// The numbers of the pool, and of those who do not work here, or not now, or are not served.
    pub(super) fn of_nobody_who_can_be_called(
        &self,
        world: &'a Observation,
    ) -> impl Iterator<Item = &'a OwnedNumber> {
        let working =
            world.employees.iter().filter(|it| it.status == Status::Working).map(|it| it.id.clone());
        let working: HashSet<EmployeeId> = working.collect();
        let certain = self.somebody_is_here(world);
        world.numbers.iter().filter(move |it| match it.label.owner() {
            Owner::Employee(id) => certain && !working.contains(&id) && !world.cannot_read(&id),
            Owner::Pool => true,
            Owner::Stranger => false,
        })
    }

    /// The account's number that `employee`'s profile names without an extension, if no other profile names it.
    pub(super) fn named_only_by(&self, employee: &Employee) -> Option<&'a OwnedNumber> {
        let number = CompanyNumber::new(employee.company_number.as_ref()?.dialled(self.country).ok()?);
        let alone = self.claims.get(&number).is_some_and(|claims| claims.len() == 1);
        if alone { self.all.get(number.as_e164()).copied() } else { None }
    }

    /// The numbers that wait for an employee, the best last.
    pub(super) fn pool(&self, settings: &Provisioning) -> Vec<&'a OwnedNumber> {
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
