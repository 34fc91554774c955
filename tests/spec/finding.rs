//! Whose number it is: how an employee is found, and for how long that is believed.

use std::time::Duration;

use sandbox::{Employee, Fault, World};

use crate::{
    CALLER, COMPANY_NUMBER, MOBILE, a_world_that_remembers_ada, a_world_with_ada, ada_gets_a_number,
    calls::{CONNECTED, NOT_IN_SERVICE, TRY_LATER},
};

/// Calls Ada's number as if the webhook's URL had this `query`.
async fn call_with(world: &World, query: &str) -> String {
    let call = world.twilio.a_call(CALLER, COMPANY_NUMBER);
    let call = call.to_url(|_| format!("{}/call-forward{query}", world.url()));
    world.twilio.follow(call).await.to_string()
}

/// What Okta is asked while `something` happens.
async fn asked(world: &World, something: impl Future) -> Vec<String> {
    let before = world.okta.health.requests().len();
    something.await;
    world.okta.health.requests().split_off(before)
}

fn read(first_name: &str) -> String {
    format!("GET /api/v1/users/{}", Employee::named(first_name, "").id())
}

/// Somebody else with Ada's company number.
fn claimant() -> Employee {
    Employee::named("Charles", "Babbage").mobile("+14155550199").company_number(COMPANY_NUMBER)
}

#[tokio::test]
async fn one_call_takes_one_request_to_okta_and_none_to_twilio() {
    let world = a_world_with_ada().await;
    let before = world.twilio.health.requests().len();
    assert_eq!(asked(&world, world.call(CALLER, COMPANY_NUMBER)).await, [read("Ada")]);
    assert_eq!(world.twilio.health.requests().len(), before);
}

#[tokio::test]
async fn a_number_that_was_assigned_a_second_ago_can_be_called() {
    let world = World::start().await.unwrap();
    world.okta.hire(Employee::named("Ada", "Lovelace").mobile(MOBILE));
    world.twilio.sells(COMPANY_NUMBER);
    world.okta.searches_lag();
    world.run_provisioner().await.unwrap();
    assert_eq!(call_with(&world, "").await, NOT_IN_SERVICE, "a search does not find her yet");
    assert_eq!(world.call(CALLER, COMPANY_NUMBER).await.to_string(), CONNECTED);
}

#[tokio::test]
async fn a_number_whose_url_names_nobody_or_somebody_else_is_searched_for() {
    let world = a_world_with_ada().await;
    world.okta.hire(Employee::named("Grace", "Hopper").mobile("+14155550188"));
    let grace = Employee::named("Grace", "").id().to_owned();
    let before = world.okta.health.requests().len();
    for query in [
        String::new(),
        "?employee=".to_owned(),
        format!("?employee={grace}"),
        "?employee=00unobody".to_owned(),
        "?employee=../../groups&route=x".to_owned(),
        "?employee=00u1%22%20or%20status".to_owned(),
    ] {
        assert_eq!(call_with(&world, &query).await, CONNECTED, "{query}");
    }
    let asked = world.okta.health.requests().split_off(before);
    assert!(asked.iter().all(|it| !it.contains("groups") && !it.contains("status")), "{asked:?}");
}

#[tokio::test]
async fn a_company_number_is_found_in_whatever_notation_it_was_typed() {
    let world = a_world_with_ada().await;
    for typed in ["(925) 329-4108", "925-329-4108", "925.329.4108", "9253294108", "1-925-329-4108"] {
        world.okta.set("Ada", "primaryPhone", typed);
        assert_eq!(world.call(CALLER, COMPANY_NUMBER).await.to_string(), CONNECTED, "read: {typed}");
        assert_eq!(call_with(&world, "").await, CONNECTED, "searched for: {typed}");
    }
}

#[tokio::test]
async fn a_number_that_a_search_finds_and_the_profile_has_no_more_rings_nobody() {
    let world = a_world_with_ada().await;
    world.okta.health.fails_on("GET /api/v1/users?search", 1, Fault::Answers(
        200,
        r#"[{"id":"00u1","status":"ACTIVE","profile":{"mobilePhone":"+14155550199","primaryPhone":"+19255550000"}}]"#,
    ));
    assert_eq!(call_with(&world, "").await, NOT_IN_SERVICE);
}

#[tokio::test]
async fn a_number_that_two_employees_claim_rings_neither_and_the_log_names_both() {
    let world = a_world_with_ada().await;
    world.okta.hire(claimant());
    assert_eq!(call_with(&world, "").await, TRY_LATER);
    let log = world.logged("cannot connect a call").await;
    let error = log.lines().find(|line| line.contains("cannot connect a call")).unwrap();
    for id in [claimant().id(), Employee::named("Ada", "").id()] {
        assert!(error.contains(id), "{error}");
    }
}

#[tokio::test]
async fn who_writes_a_colleagues_number_into_their_own_profile_does_not_get_the_colleagues_calls() {
    let world = a_world_with_ada().await;
    world.okta.hire(claimant());
    assert_eq!(world.call(CALLER, COMPANY_NUMBER).await.to_string(), CONNECTED);
}

#[tokio::test]
async fn a_successor_gets_the_calls_before_the_number_has_been_led_to_them() {
    let world = a_world_with_ada().await;
    world.okta.leaves("Ada", 0);
    world.okta.hire(claimant());
    let call = world.call(CALLER, COMPANY_NUMBER).await.to_string();
    assert!(call.contains("Charles") && call.contains("+14155550199 rings"), "{call}");
}

#[tokio::test]
async fn who_was_found_is_remembered_for_a_while_and_not_asked_for_again() {
    let world = a_world_that_remembers_ada().await;
    world.configure("TWILIFY_REMEMBER_SECONDS", "2").await;
    assert_eq!(asked(&world, world.call(CALLER, COMPANY_NUMBER)).await, [read("Ada")]);
    world.okta.set("Ada", "mobilePhone", "+14155550188");
    let again = async { assert_eq!(world.call(CALLER, COMPANY_NUMBER).await.to_string(), CONNECTED) };
    assert_eq!(asked(&world, again).await, [""; 0]);
    tokio::time::sleep(Duration::from_secs(2)).await;
    let call = world.call(CALLER, COMPANY_NUMBER).await.to_string();
    assert!(call.contains("+14155550188 rings"), "{call}");
}

#[tokio::test]
async fn nobody_and_no_phone_is_not_remembered() {
    let world = a_world_that_remembers_ada().await;
    world.okta.set_status("Ada", "SUSPENDED");
    assert_eq!(world.call(CALLER, COMPANY_NUMBER).await.to_string(), NOT_IN_SERVICE);
    world.okta.set_status("Ada", "ACTIVE");
    assert_eq!(world.call(CALLER, COMPANY_NUMBER).await.to_string(), CONNECTED);
}

#[tokio::test]
async fn a_text_finds_its_employee_as_a_call_does() {
    let world = a_world_that_remembers_ada().await;
    assert_eq!(asked(&world, world.text(CALLER, COMPANY_NUMBER, "one")).await, [read("Ada")]);
    assert_eq!(asked(&world, world.text(CALLER, COMPANY_NUMBER, "two")).await, [""; 0]);
    assert_eq!(world.twilio.inbox(MOBILE).len(), 2);
}

#[tokio::test]
async fn nothing_that_somebody_dials_becomes_part_of_a_question_to_okta() {
    let world = a_world_with_ada().await;
    for to in [
        r#"+19253294108" or profile.login sw ""#,
        r#"" or status eq "ACTIVE"#,
        "+19253294108'",
        "+1925329410８",
        "sip:ada@example.com",
        "",
    ] {
        let call = world.twilio.a_call(CALLER, COMPANY_NUMBER).with("To", to);
        let called =
            async { assert_eq!(world.twilio.follow(call).await.to_string(), NOT_IN_SERVICE, "{to}") };
        assert_eq!(asked(&world, called).await, [""; 0], "{to}");
    }
}

#[tokio::test]
async fn a_number_is_found_by_a_token_whose_role_has_conditions_and_may_not_search_with_or() {
    for status in [400, 403, 414] {
        let world = a_world_with_ada().await;
        world.okta.token_has_conditions(status);
        assert_eq!(call_with(&world, "").await, CONNECTED, "{status}");
        assert_eq!(call_with(&world, "?employee=00unobody").await, CONNECTED, "{status}");
        world.okta.set("Ada", "primaryPhone", "");
        assert_eq!(call_with(&world, "").await, NOT_IN_SERVICE, "{status}");
    }
}

#[tokio::test]
async fn who_takes_a_number_that_its_owner_has_in_another_notation_does_not_get_the_calls() {
    let world = a_world_with_ada().await;
    world.okta.set("Ada", "primaryPhone", "(925) 329-4108");
    world.okta.hire(claimant());
    assert_eq!(call_with(&world, "").await, TRY_LATER);
}

#[tokio::test]
async fn a_search_that_okta_answers_in_part_is_not_believed() {
    let world = a_world_with_ada().await;
    world.okta.health.fails_when(|it| it.contains("search=") && it.contains("+or+"), Fault::Answers(500, ""));
    assert_eq!(call_with(&world, "").await, TRY_LATER);
}

#[tokio::test]
async fn who_works_here_is_found_behind_nine_who_have_left_and_had_the_number() {
    let world = World::start().await.unwrap();
    for index in 0..9 {
        let former = Employee::named(&format!("N{index}"), "Doe").company_number(COMPANY_NUMBER);
        world.okta.hire(former.status("DEPROVISIONED"));
    }
    ada_gets_a_number(&world).await;
    assert_eq!(call_with(&world, "").await, CONNECTED, "Okta lists her after them");
}
