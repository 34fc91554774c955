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
}

/// A world like [`leavers`], in which Okta does not know the others, and their labels say so since that many days.
fn missing(count: usize, days: Option<i64>) -> Observation {
    let mut world = leavers(count, Absence::Missing);
    let day = |days| (now() - SignedDuration::from_hours(24 * days)).to_zoned(TimeZone::UTC).date();
    for (index, number) in world.numbers.iter_mut().skip(1).enumerate() {
        if let Some(days) = days {
            number.label = Label::missing(&id(&format!("Gone{index}")), day(days));
        }
    }
    world
}

#[test]
fn that_somebody_is_missing_is_noted_first_and_their_number_goes_to_the_pool_after_the_quarantine() {
    let noted = [
        "Note on the company number (+12125550000) of 00ugone0 that they cannot be found in Okta since 2026-11-22.",
    ];
    let pooled = |day: &str| {
        format!(
            "Put the company number (+12125550000) of 00ugone0, whom Okta has not shown since {day}, into the pool."
        )
    };
    for fate in [Fate::Pool, Fate::Release] {
        assert_eq!(retired(&missing(1, None), Retire::To(fate)), noted);
        assert_eq!(retired(&missing(1, Some(29)), Retire::To(fate)), [""; 0]);
        assert_eq!(retired(&missing(1, Some(30)), Retire::To(fate)), [pooled("2026-10-23")]);
    }
    assert_eq!(retired(&missing(1, None), Retire::Keep), [""; 0]);
    assert_eq!(retired(&missing(1, Some(30)), Retire::Keep), [""; 0]);
}

#[test]
fn a_note_is_taken_off_the_number_of_somebody_who_is_not_missing() {
    let noted = ["Note on the company number (+12125550000) of 00ugone0 that they are in Okta again."];
    for absence in [Absence::NotServed, days_ago(1)] {
        let mut world = missing(1, Some(40));
        world.absent = [(id("Gone0"), absence)].into();
        assert_eq!(retired(&world, Retire::To(Fate::Pool)), noted, "{absence:?}");
    }
    let mut world = missing(1, Some(40));
    world.absent.clear();
    assert_eq!(retired(&world, Retire::Keep), [""; 0], "nobody has looked");
    world.employees.push(Employee { status: Status::Paused, ..employee("Gone0", "", "") });
    assert_eq!(retired(&world, Retire::Keep), noted);
}

#[test]
fn when_too_many_are_missing_it_is_noted_and_none_of_their_numbers_is_retired() {
    let pool = Retire::To(Fate::Pool);
    let changes = |world: &Observation| {
        let steps = plan_to_retire(world, pool).steps;
        let retired = steps.iter().filter(|it| matches!(it.change, Change::Retire(..))).count();
        (steps.len() - retired, retired)
    };
    let is_told = |world: &Observation| {
        let findings = plan_to_retire(world, pool).findings;
        findings.iter().any(|it| it.contains("at the rights of the token"))
    };
    assert_eq!(changes(&missing(5, Some(40))), (0, 5));
    for (days, expected) in [(None, (6, 0)), (Some(1), (0, 0)), (Some(40), (0, 0))] {
        let world = missing(6, days);
        assert!(is_told(&world), "{days:?}");
        assert_eq!(changes(&world), expected, "{days:?}");
    }
    // Seven are missing and two have left. Leavers wait only for the run that first sees that so many are missing.
    for (days, expected) in [(None, (7, 0)), (Some(1), (0, 2)), (Some(40), (0, 2))] {
        let mut world = missing(9, days);
        for (index, number) in world.numbers.iter_mut().skip(1).enumerate().take(2) {
            let leaver = id(&format!("Gone{index}"));
            number.label = Label::of(&leaver);
            world.absent.insert(leaver, days_ago(40));
        }
        assert_eq!(changes(&world), expected, "{days:?}");
    }
}

#[test]
fn the_note_on_the_number_of_somebody_who_has_left_is_taken_off_before_it_is_retired() {
    let mut world = missing(1, Some(40));
    world.absent = [(id("Gone0"), days_ago(40))].into();
    let noted = ["Note on the company number (+12125550000) of 00ugone0 that they are in Okta again."];
    assert_eq!(retired(&world, Retire::To(Fate::Pool)), noted);
}

#[test]
fn a_leavers_number_that_somebody_else_uses_by_now_is_not_retired() {
    let mut world = leavers(1, days_ago(400));
    world.employees.push(employee("Grace", "+14155550101", "(212) 555-0000"));
    assert_eq!(retired(&world, Retire::To(Fate::Release)), [""; 0]);
}

#[test]
fn when_nobody_with_a_number_is_left_it_is_rather_the_wrong_org() {
    let mut world = missing(1, Some(40));
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
    let mut world = missing(1, Some(40));
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
    assert!(findings(Absence::Missing).starts_with(
        "Somebody (00ugone0) whom Okta does not know, or does not show to the token, still has"
    ));
    assert_eq!(findings(Absence::NotServed), "");
}

#[test]
fn numbers_of_strangers_and_of_the_pool_do_not_raise_what_one_run_retires() {
    let (mut of_leavers, mut of_missing) = (leavers(6, days_ago(40)), missing(6, Some(40)));
    for world in [&mut of_leavers, &mut of_missing] {
        for index in 0..500 {
            let label = if index % 2 == 0 { "Reception" } else { "twilify:pool" };
            world.numbers.push(owned(&format!("+1310555{index:04}"), label, ""));
        }
        let plan = plan_to_retire(world, Retire::To(Fate::Release));
        let retired = plan.steps.iter().filter(|it| matches!(it.change, Change::Retire(..))).count();
        assert_eq!(retired, 0, "of a shared account, a whole company would lose its numbers at once");
        let finding = "6 of 7 numbers belong to people";
        assert!(plan.findings.iter().any(|it| it.starts_with(finding)), "{:?}", plan.findings);
    }
}

#[test]
fn in_the_run_that_first_sees_that_somebody_is_missing_leavers_wait_only_if_unusually_many_are() {
    for (count, expected) in [(5, (5, 2)), (6, (6, 0))] {
        let mut world = missing(count + 2, None);
        for index in 0..2 {
            world.absent.insert(id(&format!("Gone{index}")), days_ago(40));
        }
        let steps = plan_to_retire(&world, Retire::To(Fate::Pool)).steps;
        let retired = steps.iter().filter(|it| matches!(it.change, Change::Retire(..))).count();
        assert_eq!((steps.len() - retired, retired), expected, "{count} are missing");
    }
}
