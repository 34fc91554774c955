//! What becomes of the numbers of those who have left.

use super::*;

/// A world in which so many people are gone, and Ada is not.
fn leavers(count: usize, absence: Absence) -> Observation {
    let name = |index: usize| format!("Gone{index}");
    let number = |index: usize| {
        owned(&format!("+1212555{index:04}"), &format!("twilify:{}", id(&name(index)).0), &name(index))
    };
    Observation {
        employees: vec![employee("Ada", "+14155550100", "+12125559999")],
        numbers: std::iter::once(adas("+12125559999")).chain((0..count).map(number)).collect(),
        absent: (0..count).map(|index| (id(&name(index)), absence)).collect(),
        ..Observation::default()
    }
}

fn plan_to_retire(world: &Observation, retire: Retire) -> Plan {
    let settings = Provisioning { retire, ..settings() };
    plan(world, &Rules { settings: &settings, territory: &territory(), seal: None, now: now() })
}

fn retired(world: &Observation, retire: Retire) -> Vec<String> {
    plan_to_retire(world, retire).steps.iter().map(ToString::to_string).collect()
}

#[test]
fn a_leavers_number_is_retired_after_the_quarantine_and_only_if_somebody_wants_that() {
    let pool = Retire::To(Fate::Pool);
    assert_eq!(retired(&leavers(1, days_ago(400)), Retire::Keep), [""; 0]);
    assert_eq!(retired(&leavers(1, days_ago(29)), pool), [""; 0]);
    assert_eq!(retired(&leavers(1, Absence::Left(None)), pool), [""; 0]);
    assert_eq!(retired(&leavers(1, Absence::NotServed), pool), [""; 0]);
    let pooled = ["Put the company number (+12125550000) of 00ugone0, who has left, into the pool."];
    let released = ["Release the company number (+12125550000) of 00ugone0, who has left."];
    assert_eq!(retired(&leavers(1, days_ago(30)), pool), pooled);
    assert_eq!(retired(&leavers(1, days_ago(30)), Retire::To(Fate::Release)), released);
    assert_eq!(retired(&leavers(1, Absence::Deleted), pool), pooled);
    assert_eq!(
        retired(&leavers(1, Absence::Deleted), Retire::To(Fate::Release)),
        pooled,
        "since when is unknown"
    );
}

#[test]
fn a_leavers_number_that_somebody_else_uses_by_now_is_not_retired() {
    let mut world = leavers(1, days_ago(400));
    world.employees.push(employee("Grace", "+14155550101", "(212) 555-0000"));
    assert_eq!(retired(&world, Retire::To(Fate::Release)), [""; 0]);
}

#[test]
fn when_nobody_with_a_number_is_left_it_is_rather_the_wrong_org() {
    let mut world = leavers(1, Absence::Deleted);
    world.employees.clear();
    world.numbers.remove(0);
    assert_eq!(retired(&world, Retire::To(Fate::Pool)), [""; 0]);
}

#[test]
fn when_too_many_have_left_at_once_none_is_retired_and_somebody_is_told() {
    let release = Retire::To(Fate::Release);
    assert_eq!(retired(&leavers(5, days_ago(40)), release).len(), 5);
    let world = leavers(6, days_ago(40));
    assert_eq!(retired(&world, release), [""; 0]);
    let plan = plan_to_retire(&world, release);
    assert!(plan.findings.iter().any(|it| it.contains("none was retired")), "{:?}", plan.findings);
}

#[test]
fn of_many_numbers_one_run_retires_a_tenth() {
    let mut world = leavers(8, days_ago(40));
    let employees: Vec<_> = (0..71).map(|index| format!("Here{index}")).collect();
    world.employees.extend(employees.iter().map(|name| employee(name, "+14155550100", "")));
    world.numbers.extend(employees.iter().enumerate().map(|(index, name)| {
        owned(&format!("+1310555{index:04}"), &format!("twilify:{}", id(name).0), name)
    }));
    let is_retired = |it: &Step| matches!(it.change, Change::Retire(..));
    let retired = |world: &Observation| {
        plan_to_retire(world, Retire::To(Fate::Pool)).steps.iter().filter(|it| is_retired(it)).count()
    };
    assert_eq!((world.numbers.len(), retired(&world)), (80, 8));
    world.numbers.pop();
    assert_eq!(retired(&world), 0, "8 of 79");
}

#[test]
fn somebody_without_a_number_does_not_show_that_it_is_the_right_org() {
    let mut world = leavers(1, Absence::Deleted);
    world.employees[0].status = Status::Left;
    world.employees.push(employee("Grace", "", ""));
    assert_eq!(retired(&world, Retire::To(Fate::Pool)), [""; 0]);
    world.employees[0].status = Status::Paused;
    assert_eq!(retired(&world, Retire::To(Fate::Pool)).len(), 1);
}

#[test]
fn whoever_still_has_a_number_is_found_and_what_became_of_them() {
    let findings = |absence| plan_to_retire(&leavers(1, absence), Retire::Keep).findings.concat();
    assert!(findings(days_ago(1)).starts_with("Somebody (00ugone0) who has left still has +12125550000."));
    assert!(
        findings(Absence::Deleted).starts_with("Somebody (00ugone0) who has been deleted in Okta still has")
    );
    assert_eq!(findings(Absence::NotServed), "");
}
