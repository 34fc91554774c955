//! How employees get their company numbers.

use insta::assert_snapshot;
use sandbox::{Employee, Fault, World};
use serde_json::Value;

use crate::{CALLER, COMPANY_NUMBER, MOBILE};

/// A world with Randall, whose mobile is typed the way people do, and numbers for sale.
async fn a_world_with_randall() -> World {
    let world = World::start().await.unwrap();
    world.okta.hire(Employee::named("Randall", "Degges").mobile("(818) 217-9229"));
    world.twilio.sells(COMPANY_NUMBER);
    world.twilio.sells("+19253294109");
    world
}

/// The lines of one part of a report.
fn lines(report: &Value, part: &str) -> String {
    let lines = report[part].as_array().unwrap().iter().map(|entry| entry["text"].as_str().unwrap());
    lines.collect::<Vec<_>>().join("\n")
}

/// The report of a run in which something failed.
fn unfinished(failed: &sandbox::Failed) -> Value {
    assert_eq!(failed.kind, "Unfinished");
    serde_json::from_str(&failed.message).unwrap()
}

#[tokio::test]
async fn an_employee_with_a_mobile_gets_a_company_number() {
    let world = a_world_with_randall().await;
    let report = world.run_provisioner().await.unwrap();
    assert_snapshot!(lines(&report, "changes"), @r"
    Purchased a new company number (+19253294108) for Randall Degges.
    Cleaned up the formatting of a phone number (+18182179229) for Randall Degges.
    ");
    assert_eq!(world.okta.profile("Randall", "mobilePhone").as_deref(), Some(MOBILE));
    assert_eq!(world.okta.profile("Randall", "primaryPhone").as_deref(), Some(COMPANY_NUMBER));
    let [number] = world.twilio.owned().try_into().unwrap();
    assert_eq!(number.friendly_name, format!("twilify:{}", Employee::named("Randall", "Degges").id()));
    let query = format!("?employee={}&route=", Employee::named("Randall", "Degges").id());
    let sealed = number.voice_url.strip_prefix(&format!("{}/call-forward{query}", world.url())).unwrap();
    assert_eq!(number.sms_url, format!("{}/sms-forward{query}{sealed}", world.url()));
    assert_eq!((number.voice_method.as_str(), number.sms_method.as_str()), ("POST", "POST"));
}

#[tokio::test]
async fn a_second_run_finds_nothing_to_do() {
    let world = a_world_with_randall().await;
    world.run_provisioner().await.unwrap();
    let report = world.run_provisioner().await.unwrap();
    assert_eq!(lines(&report, "changes"), "");
    assert_eq!(world.twilio.purchases(), 1);
}

#[tokio::test]
async fn a_dry_run_tells_what_it_would_do_and_changes_nothing() {
    let world = a_world_with_randall().await;
    let report = world.plan_provisioning().await.unwrap();
    assert_eq!(report["dry_run"], true);
    assert_snapshot!(lines(&report, "changes"), @r"
    Purchase a new company number for Randall Degges.
    Clean up the formatting of a phone number (+18182179229) for Randall Degges.
    ");
    let changes = |it: &String| !it.starts_with("GET ");
    assert!(!world.okta.health.requests().iter().any(changes), "{:?}", world.okta.health.requests());
    assert!(!world.twilio.health.requests().iter().any(changes), "{:?}", world.twilio.health.requests());
}

#[tokio::test]
async fn killed_between_buying_and_assigning_the_next_run_buys_nothing_and_assigns_the_number() {
    let world = a_world_with_randall().await;
    world.okta.set("Randall", "mobilePhone", MOBILE);
    // The first request that could change something is the rehearsal in Okta.
    world.kill_provisioner_after_change(2);
    assert_eq!(world.run_provisioner().await.unwrap_err().kind, "Runtime.ExitError");
    assert_eq!(world.twilio.purchases(), 1);
    assert_eq!(world.okta.profile("Randall", "primaryPhone"), None);

    let report = world.run_provisioner().await.unwrap();
    assert_snapshot!(
        lines(&report, "changes"),
        @"Assigned a company number bought earlier (+19253294108) to Randall Degges."
    );
    assert_eq!(world.twilio.purchases(), 1);
    assert_eq!(world.okta.profile("Randall", "primaryPhone").as_deref(), Some(COMPANY_NUMBER));
    assert_snapshot!(world.call(CALLER, COMPANY_NUMBER).await, @r"
    The caller hears: Please wait. You are being connected to Randall.
    +18182179229 rings and shows +14155550123
    ");
}

#[tokio::test]
async fn numbers_come_from_the_first_area_code_that_has_one_that_can_talk_and_text() {
    let world = World::start().await.unwrap();
    world.okta.hire(Employee::named("Randall", "Degges").mobile(MOBILE));
    world.twilio.sells("+12125550199");
    world.twilio.sells_with("+19255550100", true, false);
    world.twilio.sells_with("+19255550101", false, true);
    world.twilio.sells("+14155550142");
    let report = world.run_provisioner().await.unwrap();
    assert_snapshot!(
        lines(&report, "changes"),
        @"Purchased a new company number (+14155550142) for Randall Degges."
    );
}

#[tokio::test]
async fn where_no_number_is_left_the_employee_is_reported_and_the_others_keep_theirs() {
    let world = World::start().await.unwrap();
    world.okta.hire(Employee::named("Randall", "Degges").mobile(MOBILE));
    world.okta.hire(Employee::named("Ada", "Lovelace").mobile("+14155550111"));
    world.twilio.sells(COMPANY_NUMBER);
    let report = unfinished(&world.run_provisioner().await.unwrap_err());
    assert_snapshot!(
        lines(&report, "changes"),
        @"Purchased a new company number (+19253294108) for Randall Degges."
    );
    assert_snapshot!(
        lines(&report, "failed"),
        @"Ada Lovelace: could not buy: no number is for sale in any of the area codes 925, 415; add another area code."
    );
}

#[tokio::test]
async fn a_mobile_number_that_is_no_good_is_reported_and_the_others_go_on() {
    let world = a_world_with_randall().await;
    world.twilio.owns("+13105550000");
    for (name, mobile) in [
        ("Ada", "ask at the desk"),
        ("Grace", "415-555-0100 ext. 12"),
        ("Hedy", "+44 7400 123456"),
        ("Joan", "1-900-234-5678"),
        ("Mary", "(310) 555-0000"),
    ] {
        world.okta.hire(Employee::named(name, "Doe").mobile(mobile));
    }
    let report = world.run_provisioner().await.unwrap();
    assert_snapshot!(lines(&report, "refused"), @r"
    The mobile number of Ada Doe is unusable: it is not a phone number.
    The mobile number of Grace Doe is unusable: it has an extension, so it is not the number of a mobile phone.
    The mobile number of Hedy Doe is unusable: it is in a country that TWILIFY_MOBILE_COUNTRIES does not list.
    The mobile number of Joan Doe is unusable: it is a premium-rate, shared-cost or toll-free number, to which no calls are forwarded.
    The mobile number of Mary Doe is unusable: it is itself a number of this account, so calls would go round in circles.
    ");
    assert_eq!(world.okta.profile("Ada", "mobilePhone").as_deref(), Some("ask at the desk"));
    assert_eq!((world.twilio.purchases(), world.twilio.owned().len()), (1, 2));
}

#[tokio::test]
async fn who_has_no_mobile_or_does_not_work_here_gets_no_number() {
    let world = a_world_with_randall().await;
    world.okta.hire(Employee::named("Ada", "Lovelace"));
    for (name, status) in [("Grace", "SUSPENDED"), ("Hedy", "STAGED"), ("Joan", "DEPROVISIONED")] {
        world.okta.hire(Employee::named(name, "Doe").mobile("+14155550111").status(status));
    }
    world.run_provisioner().await.unwrap();
    assert_eq!(world.twilio.purchases(), 1);
}

#[tokio::test]
async fn numbers_without_our_label_are_left_alone() {
    let world = a_world_with_randall().await;
    world.twilio.owns("+19253290000");
    let [before] = world.twilio.owned().try_into().unwrap();
    world.run_provisioner().await.unwrap();
    assert_eq!(world.twilio.owned()[0], before);
}

#[tokio::test]
async fn one_run_buys_no_more_than_it_may() {
    let world = a_world_with_randall().await;
    world.okta.hire(Employee::named("Ada", "Lovelace").mobile("+14155550111"));
    world.configure("TWILIFY_MAX_PURCHASES", "1").await;
    let report = world.run_provisioner().await.unwrap();
    assert_snapshot!(lines(&report, "postponed"), @"Ada Lovelace has to wait for another run: this one buys no more numbers.");
    assert_eq!(world.twilio.purchases(), 1);
    let report = world.run_provisioner().await.unwrap();
    assert_snapshot!(
        lines(&report, "changes"),
        @"Purchased a new company number (+19253294109) for Ada Lovelace."
    );
}

#[tokio::test]
async fn only_those_the_search_expression_finds_are_served() {
    let world = a_world_with_randall().await;
    world.okta.hire(Employee::named("Ada", "Lovelace").mobile("+14155550111").with("department", "Sales"));
    world.configure("TWILIFY_OKTA_SEARCH", r#"profile.department eq "Sales""#).await;
    let report = world.run_provisioner().await.unwrap();
    assert_snapshot!(
        lines(&report, "changes"),
        @"Purchased a new company number (+19253294108) for Ada Lovelace."
    );
}

#[tokio::test]
async fn what_cannot_be_seen_is_not_changed() {
    let world = a_world_with_randall().await;
    world.okta.health.fails(Fault::Answers(
        401,
        r#"{"errorCode":"E0000011","errorSummary":"Invalid token provided","errorId":"oae1"}"#,
    ));
    let failed = world.run_provisioner().await.unwrap_err();
    assert_eq!((failed.kind.as_str(), world.twilio.purchases()), ("NotObserved", 0));
    assert_snapshot!(failed.message, @"could not list the employees, so nothing was changed: Okta answered GET /api/v1/users with 401 Unauthorized (E0000011: Invalid token provided; Okta's error id is oae1); create a new API token in Okta and store it in the parameter okta/token; a token dies after thirty days without use, and with the account that made it");
    world.okta.health.recovers();
    world.twilio.health.fails(Fault::Answers(200, r#"{"incoming_phone_numbers":[{"sid":"PN1"}]}"#));
    assert_eq!(world.run_provisioner().await.unwrap_err().kind, "NotObserved");
    assert_eq!((world.twilio.purchases(), world.okta.profile("Randall", "primaryPhone")), (0, None));
}

#[tokio::test]
async fn another_profile_attribute_can_hold_the_company_number() {
    let world = a_world_with_randall().await;
    world.okta.adds_attribute("companyPhone");
    world.configure("TWILIFY_COMPANY_PHONE_ATTRIBUTE", "companyPhone").await;
    world.run_provisioner().await.unwrap();
    assert_eq!(world.okta.profile("Randall", "primaryPhone"), None);
    assert_eq!(world.okta.profile("Randall", "companyPhone").as_deref(), Some(COMPANY_NUMBER));
    assert!(world.call(CALLER, COMPANY_NUMBER).await.to_string().contains("+18182179229 rings"));
}

#[tokio::test]
async fn a_mistyped_dry_run_is_refused_and_buys_nothing() {
    let world = a_world_with_randall().await;
    for event in [r#"{"dryrun":true}"#, r#"{"DryRun":true}"#, r#"{"dry_run":"yes"}"#, "[]", "null"] {
        let failed = world.invoke_provisioner(serde_json::from_str(event).unwrap()).await.unwrap_err();
        assert_eq!(failed.kind, "Unreadable", "{event}");
    }
    assert_eq!(world.twilio.purchases(), 0);
    world.invoke_provisioner(serde_json::json!({})).await.unwrap();
    assert_eq!(world.twilio.purchases(), 1);
}

#[tokio::test]
async fn the_log_of_a_run_that_failed_tells_no_phone_number_either() {
    let world = a_world_with_randall().await;
    world.okta.hire(Employee::named("Ada", "Lovelace").mobile("(415) 555-0111"));
    world.okta.health.fails_on("POST /api/v1/users/00uxxxxxxxxxxxxxxada", 9, Fault::Answers(500, ""));
    world.run_provisioner().await.unwrap_err();
    let log = world.logged("Unfinished").await;
    for number in [&MOBILE[2..], &COMPANY_NUMBER[2..], "4155550111", "3294109"] {
        assert!(!log.contains(number), "{number} is in the log:\n{log}");
    }
}

#[tokio::test]
async fn the_log_tells_who_was_changed_and_no_phone_number() {
    let world = a_world_with_randall().await;
    world.run_provisioner().await.unwrap();
    let log = world.logged(Employee::named("Randall", "Degges").id()).await;
    assert!(!log.contains(&MOBILE[2..]) && !log.contains(&COMPANY_NUMBER[2..]), "{log}");
}
