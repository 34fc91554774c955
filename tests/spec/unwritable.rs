//! Employees whose profiles take no company number: they are named, and nobody else waits for them.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use sandbox::{Employee, Fault, Refuses, World};
use serde_json::Value;

/// Why a profile cannot be written, for one person after the other.
const REASONS: [Refuses; 4] = [
    Refuses::Mastered,
    Refuses::SuperAdmin,
    Refuses::InvalidProfile("login: Username must be in the form of an email address"),
    Refuses::NoSuchAttribute,
];

/// A world with so many employees who wait for a number. Where `is_unwritable` says so, the profile takes none, each for
/// another one of the reasons, of which the first is that another system is the source of the attribute.
async fn a_company_of(count: usize, is_unwritable: impl Fn(usize) -> bool) -> World {
    let world = World::start().await.unwrap();
    let mut obstructed = 0;
    for index in 0..count {
        let name = format!("N{index}");
        world.okta.hire(Employee::named(&name, "Doe").mobile(&format!("+1415555{:04}", 100 + index)));
        if is_unwritable(index) {
            world.okta.refuses_writes_to(&name, REASONS[obstructed % REASONS.len()]);
            obstructed += 1;
        }
    }
    for index in 0..2 * count {
        world.twilio.sells(&format!("+1925{:07}", 3_290_000 + index));
    }
    world
}

/// How many have a number of their own, which carries their label.
pub(super) fn served(world: &World) -> usize {
    let owned = world.twilio.owned();
    let mut numbers = HashSet::new();
    for employee in world.okta.everybody() {
        let Some(number) = employee.attribute("primaryPhone") else { continue };
        let owned = owned.iter().find(|it| it.phone_number == number).unwrap();
        assert_eq!(owned.friendly_name, format!("twilify:{}", employee.id()));
        assert!(numbers.insert(number.to_owned()), "two people have {number}");
    }
    numbers.len()
}

/// How many numbers wait in the pool.
fn pooled(world: &World) -> usize {
    world.twilio.owned().iter().filter(|it| it.friendly_name == "twilify:pool").count()
}

fn texts(report: &Value, part: &str) -> Vec<String> {
    let entries = report[part].as_array().unwrap().iter();
    entries.map(|it| it["text"].as_str().or(it.as_str()).unwrap().to_owned()).collect()
}

fn unfinished(failed: &sandbox::Failed) -> Value {
    assert_eq!(failed.kind, "Unfinished", "{}", failed.message);
    serde_json::from_str(&failed.message).unwrap()
}

#[tokio::test]
async fn of_a_thousand_employees_of_whom_a_hundred_cannot_be_written_the_others_are_served_by_the_first_run()
{
    for no_ops in [false, true] {
        // The first fifty stand at the head of the list, the others are scattered.
        let world = a_company_of(1000, |index| index < 50 || index % 19 == 0).await;
        let unwritable = world.okta.everybody().len() - 900;
        assert_eq!(unwritable, 100, "{unwritable}");
        world.okta.accepts_no_ops_on_mastered(no_ops);
        world.configure("TWILIFY_MAX_PURCHASES", "1000").await;
        let report = world.run_provisioner().await.unwrap();
        assert_eq!(served(&world), 900, "no-ops: {no_ops}");
        // What was bought for somebody whose profile then took no number is in the pool.
        assert_eq!(world.twilio.purchases(), 900 + pooled(&world), "no-ops: {no_ops}");
        assert!(pooled(&world) <= if no_ops { 16 } else { 0 }, "{}", pooled(&world));
        assert!(texts(&report, "findings").len() <= 5, "many alike are one finding: {report:#}");
        for _ in 0..2 {
            world.run_provisioner().await.unwrap();
            assert_eq!(
                (served(&world), world.twilio.purchases()),
                (900, 900 + pooled(&world)),
                "no-ops: {no_ops}"
            );
            assert!(pooled(&world) <= if no_ops { 16 } else { 0 }, "{}", pooled(&world));
        }
        // A new employee gets a number from the pool, if there is one.
        let (before, spare) = (world.twilio.purchases(), pooled(&world).min(1));
        world.okta.hire(Employee::named("Late", "Comer").mobile("+14155559999"));
        world.run_provisioner().await.unwrap();
        assert_eq!((served(&world), world.twilio.purchases()), (901, before + 1 - spare), "no-ops: {no_ops}");
    }
}

#[tokio::test]
async fn those_who_cannot_be_written_do_not_use_up_what_a_run_may_buy() {
    for no_ops in [false, true] {
        let world = a_company_of(40, |index| index < 20).await;
        world.okta.accepts_no_ops_on_mastered(no_ops);
        world.configure("TWILIFY_MAX_PURCHASES", "10").await;
        for (run, expected) in [(1, 10), (2, 20)] {
            world.run_provisioner().await.unwrap();
            assert_eq!(served(&world), expected, "run {run}, no-ops: {no_ops}");
            assert_eq!(world.twilio.purchases(), expected + pooled(&world), "run {run}, no-ops: {no_ops}");
        }
    }
}

#[tokio::test]
async fn a_number_from_the_pool_goes_to_somebody_whose_profile_takes_it() {
    for no_ops in [false, true] {
        let world = a_company_of(3, |index| index < 2).await;
        world.okta.accepts_no_ops_on_mastered(no_ops);
        world.twilio.owns("+14157770000");
        world.twilio.change("+14157770000", |it| it.friendly_name = "twilify:pool".to_owned());
        world.run_provisioner().await.unwrap();
        assert_eq!(
            world.okta.profile("N2", "primaryPhone").as_deref(),
            Some("+14157770000"),
            "no-ops: {no_ops}"
        );
        assert_eq!(world.twilio.purchases(), 0, "no-ops: {no_ops}");
    }
}

#[tokio::test]
async fn each_of_a_few_is_named_with_the_reason_and_what_to_do() {
    let world = a_company_of(6, |index| index < 5).await;
    let report = world.run_provisioner().await.unwrap();
    let findings = texts(&report, "findings");
    for (name, reason) in [
        ("N0 Doe", "let the attribute inherit from Okta"),
        ("N1 Doe", "super administrator"),
        ("N2 Doe", "correct the profile"),
        ("N3 Doe", "correct the profile"),
        ("N4 Doe", "let the attribute inherit from Okta"),
    ] {
        assert!(findings.iter().any(|it| it.contains(name) && it.contains(reason)), "{name}: {findings:#?}");
    }
    assert_eq!((findings.len(), world.twilio.purchases()), (5, 1), "{findings:#?}");
}

#[tokio::test]
async fn when_the_token_may_not_write_nothing_is_bought_and_the_run_fails() {
    let world = a_company_of(100, |_| false).await;
    world.okta.token_may_only_read();
    let report = unfinished(&world.run_provisioner().await.unwrap_err());
    assert_eq!(world.twilio.purchases(), 0);
    let [failed] = &texts(&report, "failed")[..] else { panic!("{report:#}") };
    assert!(failed.contains("give the token's owner the right to view and edit users"), "{failed}");
    assert_eq!((texts(&report, "postponed").len(), texts(&report, "findings").len()), (100, 0), "{report:#}");
    let writes = world.okta.health.requests().iter().filter(|it| it.starts_with("POST")).count();
    // Twenty that were refused, those under way by then, and five on whom it was tried.
    assert!(writes <= 20 + 32 + 5, "{writes} profiles were tried one by one");
}

#[tokio::test]
async fn when_the_token_may_not_write_any_more_the_run_fails_for_the_first_one_who_is_hired() {
    let world = a_company_of(3, |_| false).await;
    world.run_provisioner().await.unwrap();
    world.okta.hire(Employee::named("Late", "Comer").mobile("+14155559999"));
    world.okta.token_may_only_read();
    let report = unfinished(&world.run_provisioner().await.unwrap_err());
    assert!(texts(&report, "failed")[0].contains("give the token's owner the right"), "{report:#}");
    assert_eq!(world.twilio.purchases(), 3);
}

#[tokio::test]
async fn while_okta_has_no_answer_to_a_write_nothing_is_bought() {
    for fault in [Fault::Answers(503, r#"{"errorCode":"E0000010"}"#), Fault::Cuts, Fault::Answers(401, "{}")]
    {
        let world = a_company_of(30, |_| false).await;
        world.okta.health.fails_on("POST /api", 10_000, fault.clone());
        for _ in 0..2 {
            let report = unfinished(&world.run_provisioner().await.unwrap_err());
            assert_eq!(world.twilio.purchases(), 0, "{fault:?}");
            assert!(texts(&report, "failed").len() <= 15, "{fault:?}: {report:#}");
        }
        world.okta.health.recovers();
        world.run_provisioner().await.unwrap();
        assert_eq!((served(&world), world.twilio.purchases()), (30, 30), "{fault:?}");
    }
}

#[tokio::test]
async fn somebody_who_is_still_being_activated_waits_for_a_later_run() {
    for no_ops in [false, true] {
        let world = a_company_of(2, |_| false).await;
        world.okta.accepts_no_ops_on_mastered(no_ops);
        world.okta.refuses_writes_to("N0", Refuses::Busy);
        let report = world.run_provisioner().await.unwrap();
        assert!(texts(&report, "postponed")[0].contains("N0 Doe"), "{report:#}");
        assert_eq!(texts(&report, "findings"), [""; 0]);
        world.okta.takes_writes_to("N0");
        world.run_provisioner().await.unwrap();
        assert_eq!((served(&world), world.twilio.purchases()), (2, 2), "no-ops: {no_ops}");
    }
}

#[tokio::test]
async fn a_mobile_that_cannot_be_cleaned_because_of_the_profile_is_no_failure() {
    let world = a_company_of(1, |_| false).await;
    world.run_provisioner().await.unwrap();
    world.okta.set("N0", "mobilePhone", "(415) 555-0100");
    for why in [Refuses::InvalidProfile("login: too old"), Refuses::SuperAdmin] {
        world.okta.refuses_writes_to("N0", why);
        let report = world.run_provisioner().await.unwrap();
        let findings = texts(&report, "findings").concat();
        assert!(findings.contains("A phone number of N0 Doe cannot be cleaned up in Okta"), "{report:#}");
    }
    world.okta.refuses_writes_to("N0", Refuses::Busy);
    assert_eq!(texts(&world.run_provisioner().await.unwrap(), "postponed").len(), 1);
}

#[tokio::test]
async fn an_attribute_that_no_profile_has_makes_the_run_fail_and_buys_nothing() {
    let world = a_company_of(60, |_| false).await;
    world.configure("TWILIFY_COMPANY_PHONE_ATTRIBUTE", "companyPhnoe").await;
    let report = unfinished(&world.run_provisioner().await.unwrap_err());
    assert_eq!((texts(&report, "failed").len(), world.twilio.purchases()), (1, 0), "{report:#}");
    assert_eq!(texts(&report, "findings"), [""; 0]);
}

#[tokio::test]
async fn where_nothing_is_for_sale_it_is_said_of_no_more_than_would_have_got_a_number() {
    let world = World::start().await.unwrap();
    for index in 0..30 {
        let employee = Employee::named(&format!("N{index}"), "Doe");
        world.okta.hire(employee.mobile(&format!("+1415555{:04}", 100 + index)));
    }
    world.configure("TWILIFY_MAX_PURCHASES", "10").await;
    let report = unfinished(&world.run_provisioner().await.unwrap_err());
    assert_eq!((texts(&report, "failed").len(), texts(&report, "postponed").len()), (10, 20), "{report:#}");
}

#[tokio::test]
async fn an_operator_who_assigns_a_number_hears_that_the_profile_does_not_take_it() {
    let world = a_company_of(1, |_| true).await;
    world.twilio.owns("+14157770000");
    world.twilio.change("+14157770000", |it| it.friendly_name = "twilify:pool".to_owned());
    for no_ops in [false, true] {
        world.okta.accepts_no_ops_on_mastered(no_ops);
        let said = world.operator().run(&["assign", "+14157770000", "N0", "--yes"]).await;
        assert_eq!(said.status, 1, "{said:?}");
        assert!(said.remarks.contains("N0 Doe gets no company number"), "{said:?}");
        assert_eq!((served(&world), pooled(&world)), (0, 1));
    }
}

#[tokio::test]
async fn super_administrators_who_are_the_only_holders_do_not_keep_the_others_from_their_numbers() {
    let world = a_company_of(2, |_| false).await;
    world.run_provisioner().await.unwrap();
    // The pilot's two holders and one who waits at the head of the list.
    for index in 2..53 {
        let name = format!("N{index}");
        world.okta.hire(Employee::named(&name, "Doe").mobile(&format!("+1415555{:04}", 100 + index)));
        world.twilio.sells(&format!("+1925{:07}", 3_300_000 + index));
    }
    for name in ["N0", "N1", "N2"] {
        world.okta.refuses_writes_to(name, Refuses::SuperAdmin);
    }
    // The others' profiles are read more slowly, so that the refusal is known first.
    let is_about_another = |it: &str| {
        it.starts_with("GET /api/v1/users/")
            && !it.contains("xn0")
            && !it.contains("xn1")
            && !it.ends_with("xn2")
    };
    world.okta.health.fails_when(is_about_another, Fault::Takes(Duration::from_millis(300)));
    let report = world.run_provisioner().await.unwrap();
    assert_eq!((served(&world), world.twilio.purchases()), (52, 52), "{report:#}");
}

#[tokio::test]
async fn a_second_in_which_no_profile_can_be_read_keeps_nobody_from_their_number() {
    let world = a_company_of(100, |_| false).await;
    world.configure("TWILIFY_MAX_PURCHASES", "100").await;
    let mut first = None;
    let is_in_that_second = move |it: &str| {
        it.starts_with("GET /api/v1/users/")
            && first.get_or_insert_with(Instant::now).elapsed() < Duration::from_secs(1)
    };
    world.okta.health.fails_when(is_in_that_second, Fault::Answers(503, ""));
    let report = world.run_provisioner().await.unwrap();
    assert_eq!((served(&world), world.twilio.purchases()), (100, 100), "{report:#}");
}

#[tokio::test]
async fn whose_profile_takes_no_number_is_named_with_the_reason_even_if_the_number_cannot_be_pooled() {
    let world = a_company_of(1, |_| true).await;
    world.okta.accepts_no_ops_on_mastered(true);
    let mut purchases = 0;
    let is_after_the_purchase = move |it: &str| {
        purchases += usize::from(it.starts_with("POST /2010"));
        it.starts_with("POST /2010") && purchases > 1
    };
    world.twilio.health.fails_when(is_after_the_purchase, Fault::Answers(503, ""));
    let report = world.run_provisioner().await.unwrap();
    assert!(
        texts(&report, "findings").concat().contains("let the attribute inherit from Okta"),
        "{report:#}"
    );
    assert_eq!((world.twilio.purchases(), pooled(&world)), (1, 0));
}
