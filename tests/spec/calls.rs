//! What happens when someone calls a company number.

use std::time::{Duration, Instant};

use insta::assert_snapshot;
use sandbox::{Employee, Fault};

use crate::{CALLER, COMPANY_NUMBER, MOBILE, a_world_with_ada};

const CONNECTED: &str = "\
The caller hears: Please wait. You are being connected to Ada.
+18182179229 rings and shows +14155550123
The caller hears: Goodbye.
";

const CONNECTED_SHOWING_THE_COMPANY: &str = "\
The caller hears: Please wait. You are being connected to Ada.
+18182179229 rings and shows +19253294108
The caller hears: Goodbye.
";

const NOT_IN_SERVICE: &str = "\
The caller hears: Sorry, this number is not in service. Goodbye.
";

const NOT_REACHABLE: &str = "\
The caller hears: Sorry, this person cannot be reached by phone. Goodbye.
";

const TRY_LATER: &str = "\
The caller hears: Sorry, your call cannot be connected right now. Please try again later. Goodbye.
";

#[tokio::test]
async fn a_call_to_a_company_number_rings_its_employees_mobile() {
    let world = a_world_with_ada().await;
    let call = world.call(CALLER, COMPANY_NUMBER).await;
    assert_snapshot!(call, @r"
    The caller hears: Please wait. You are being connected to Ada.
    +18182179229 rings and shows +14155550123
    The caller hears: Goodbye.
    ");
    assert_snapshot!(call.answer.body, @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <Response>
      <Say>Please wait. You are being connected to Ada.</Say>
      <Dial answerOnBridge="true" callerId="+14155550123"><Number>+18182179229</Number></Dial>
      <Say>Goodbye.</Say>
    </Response>
    "#);
}

#[tokio::test]
async fn a_mobile_rings_in_whatever_notation_its_number_was_typed() {
    let world = a_world_with_ada().await;
    for typed in ["(818) 217-9229", "818.217.9229", "1-818-217-9229", MOBILE] {
        world.okta.set("Ada", "mobilePhone", typed);
        assert_eq!(world.call(CALLER, COMPANY_NUMBER).await.to_string(), CONNECTED);
    }
}

#[tokio::test]
async fn a_caller_who_withholds_their_number_is_connected_all_the_same() {
    let world = a_world_with_ada().await;
    for withheld in ["anonymous", "Restricted", "+266696687", "sip:someone@example.com", "client:web", ""] {
        assert_eq!(world.call(withheld, COMPANY_NUMBER).await.to_string(), CONNECTED_SHOWING_THE_COMPANY);
    }
}

#[tokio::test]
async fn a_name_with_characters_that_xml_keeps_for_itself_is_spoken() {
    let world = a_world_with_ada().await;
    world.okta.set("Ada", "firstName", "Ada <& Söhne> \u{7}🎩");
    assert_snapshot!(world.call(CALLER, COMPANY_NUMBER).await, @r"
    The caller hears: Please wait. You are being connected to Ada <& Söhne> 🎩.
    +18182179229 rings and shows +14155550123
    The caller hears: Goodbye.
    ");
}

#[tokio::test]
async fn a_number_that_is_nobodys_is_not_in_service() {
    let world = a_world_with_ada().await;
    world.okta.set("Ada", "primaryPhone", "");
    assert_eq!(world.call(CALLER, COMPANY_NUMBER).await.to_string(), NOT_IN_SERVICE);
}

#[tokio::test]
async fn a_number_that_okta_remembers_and_the_profile_has_no_more_rings_nobody() {
    let world = a_world_with_ada().await;
    world.okta.health.fails(Fault::Answers(
        200,
        r#"[{"id":"00u1","status":"ACTIVE","profile":{"mobilePhone":"+14155550199","primaryPhone":"+19255550000"}}]"#,
    ));
    assert_eq!(world.call(CALLER, COMPANY_NUMBER).await.to_string(), NOT_IN_SERVICE);
}

#[tokio::test]
async fn an_employee_without_a_usable_mobile_cannot_be_reached() {
    let world = a_world_with_ada().await;
    for mobile in ["", "ask at the desk", "555-1234", "818-217-9229 ext. 12", "(925) 329-4108"] {
        world.okta.set("Ada", "mobilePhone", mobile);
        assert_eq!(world.call(CALLER, COMPANY_NUMBER).await.to_string(), NOT_REACHABLE);
    }
}

#[tokio::test]
async fn nobody_is_connected_to_someone_who_has_left() {
    let world = a_world_with_ada().await;
    for status in ["DEPROVISIONED", "SUSPENDED", "STAGED"] {
        world.okta.set_status("Ada", status);
        assert_eq!(world.call(CALLER, COMPANY_NUMBER).await.to_string(), NOT_IN_SERVICE);
    }
}

#[tokio::test]
async fn a_leaver_who_still_has_the_number_in_their_profile_does_not_get_the_successors_calls() {
    let world = a_world_with_ada().await;
    let leaver = Employee::named("Charles", "Babbage").mobile("+14155550199").company_number(COMPANY_NUMBER);
    world.okta.hire(leaver.status("DEPROVISIONED"));
    assert_eq!(world.call(CALLER, COMPANY_NUMBER).await.to_string(), CONNECTED);
}

#[tokio::test]
async fn a_number_that_two_employees_claim_rings_neither_and_the_log_names_both() {
    let world = a_world_with_ada().await;
    let claimant =
        Employee::named("Charles", "Babbage").mobile("+14155550199").company_number(COMPANY_NUMBER);
    let id = claimant.id().to_owned();
    world.okta.hire(claimant);
    assert_eq!(world.call(CALLER, COMPANY_NUMBER).await.to_string(), TRY_LATER);
    let ada = Employee::named("Ada", "Lovelace").id().to_owned();
    let log = world.logged("cannot connect a call").await;
    assert!(log.contains(&id) && log.contains(&ada), "{log}");
}

#[tokio::test]
async fn whatever_is_wrong_with_okta_the_caller_hears_about_it_in_time() {
    let world = a_world_with_ada().await;
    for fault in [
        Fault::Answers(500, r#"{"errorCode":"E0000009","errorSummary":"Internal Server Error"}"#),
        Fault::Answers(401, r#"{"errorCode":"E0000011","errorSummary":"Invalid token provided"}"#),
        Fault::Answers(429, r#"{"errorCode":"E0000047","errorSummary":"API call exceeded rate limit"}"#),
        Fault::Answers(502, "<html>Bad Gateway</html>"),
        Fault::Answers(200, r#"[{"id":"#),
        Fault::Answers(200, r#"{"unexpected":true}"#),
        Fault::Cuts,
        Fault::Hangs,
    ] {
        world.okta.health.fails(fault.clone());
        let started = Instant::now();
        assert_eq!(world.call(CALLER, COMPANY_NUMBER).await.to_string(), TRY_LATER);
        assert!(started.elapsed() < Duration::from_secs(10), "{fault:?} took {:?}", started.elapsed());
    }
    world.okta.health.recovers();
    assert_eq!(world.call(CALLER, COMPANY_NUMBER).await.to_string(), CONNECTED);
}

#[tokio::test]
async fn one_call_takes_one_request_to_okta() {
    let world = a_world_with_ada().await;
    let before = world.okta.health.requests().len();
    let _ = world.call(CALLER, COMPANY_NUMBER).await;
    assert_eq!(
        world.okta.health.requests()[before..],
        ["GET /api/v1/users?search=profile.primaryPhone+eq+%22%2B19253294108%22&limit=10"]
    );
}

#[tokio::test]
async fn no_personal_number_reaches_the_log() {
    let world = a_world_with_ada().await;
    world.configure("TWILIFY_LOG", "trace").await;
    let _ = world.call(CALLER, COMPANY_NUMBER).await;
    world
        .okta
        .health
        .fails(Fault::Answers(400, r#"{"errorCode":"E0000001","errorSummary":"bad: +18182179229"}"#));
    let _ = world.call(CALLER, COMPANY_NUMBER).await;
    world.okta.health.fails(Fault::Hangs);
    let _ = world.call(CALLER, COMPANY_NUMBER).await;
    world.logged("connecting a call").await;
    world.logged("E0000001").await;
    let log = world.logged("no answer").await;
    for number in [CALLER, COMPANY_NUMBER, MOBILE] {
        assert!(!log.contains(&number[2..]), "{number} is in the log:\n{log}");
    }
}
