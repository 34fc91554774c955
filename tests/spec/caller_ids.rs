//! Whose number a mobile shows, where the networks do not take the caller's.

use sandbox::{Fault, World};

use crate::{
    CALLER, COMPANY_NUMBER, MOBILE, a_world_with_ada,
    calls::{CONNECTED, CONNECTED_SHOWING_THE_COMPANY},
};

const REFUSED: &str = "\
The caller hears: Please wait. You are being connected to Ada.
+18182179229 cannot be rung showing +14155550123
";

const RINGS_SHOWING_THE_COMPANY: &str = "+18182179229 rings and shows +19253294108\n";

const REFUSED_SHOWING_THE_COMPANY: &str = "+18182179229 cannot be rung showing +19253294108\n";

const NOT_AVAILABLE: &str = "The caller hears: Ada is not available. Goodbye.\n";

/// A world in which Ada's network refuses the caller's number.
async fn a_world_with_a_strict_network() -> World {
    let world = a_world_with_ada().await;
    world.twilio.networks_refuse(CALLER);
    world
}

async fn call(world: &World) -> String {
    world.call(CALLER, COMPANY_NUMBER).await.to_string()
}

#[tokio::test]
async fn a_number_that_no_network_accepts_is_not_shown() {
    let world = a_world_with_ada().await;
    for impossible in
        ["+10000000000", "+11155550123", "+14150550123", "+14151550123", "+1415555012", "+141555501234"]
    {
        let call = world.call(impossible, COMPANY_NUMBER).await.to_string();
        assert_eq!(call, CONNECTED_SHOWING_THE_COMPANY, "{impossible}");
    }
}

#[tokio::test]
async fn a_possible_number_of_another_country_is_shown() {
    let world = a_world_with_ada().await;
    for possible in ["+442071838750", "+37255501", "+493012345", "+18765550123"] {
        let call = world.call(possible, COMPANY_NUMBER).await.to_string();
        assert_eq!(call, CONNECTED.replace(CALLER, possible));
    }
}

#[tokio::test]
async fn a_mobile_whose_network_refuses_the_callers_number_rings_showing_the_company_number() {
    let world = a_world_with_a_strict_network().await;
    assert_eq!(call(&world).await, format!("{REFUSED}{RINGS_SHOWING_THE_COMPANY}"));
    world.twilio.dials_end("no-answer");
    assert_eq!(call(&world).await, format!("{REFUSED}{RINGS_SHOWING_THE_COMPANY}{NOT_AVAILABLE}"));
}

#[tokio::test]
async fn a_mobile_that_cannot_be_rung_at_all_is_tried_twice_and_then_its_owner_is_not_available() {
    let world = a_world_with_a_strict_network().await;
    world.twilio.networks_refuse(COMPANY_NUMBER);
    assert_eq!(call(&world).await, format!("{REFUSED}{REFUSED_SHOWING_THE_COMPANY}{NOT_AVAILABLE}"));
    world.logged("Twilio could not ring the mobile;").await;
}

#[tokio::test]
async fn a_mobile_that_was_to_show_the_company_number_is_not_tried_twice() {
    let world = a_world_with_a_strict_network().await;
    world.twilio.networks_refuse(COMPANY_NUMBER);
    world.configure("TWILIFY_CALLER_ID", "company").await;
    let refused = REFUSED.replace(CALLER, COMPANY_NUMBER);
    assert_eq!(call(&world).await, format!("{refused}{NOT_AVAILABLE}"));
}

#[tokio::test]
async fn the_second_try_finds_the_last_known_mobile_while_okta_is_down() {
    let world = a_world_with_a_strict_network().await;
    world.okta.health.fails(Fault::Answers(500, ""));
    assert_eq!(call(&world).await, format!("{REFUSED}{RINGS_SHOWING_THE_COMPANY}"));
}

#[tokio::test]
async fn the_second_try_needs_no_employee_in_the_url_of_the_first() {
    let world = a_world_with_a_strict_network().await;
    let call =
        world.twilio.a_call(CALLER, COMPANY_NUMBER).to_url(|_| format!("{}/call-forward", world.url()));
    let heard = world.twilio.follow(call).await.to_string();
    assert_eq!(heard, format!("{REFUSED}{RINGS_SHOWING_THE_COMPANY}"));
}

#[tokio::test]
async fn the_second_try_follows_a_second_attempt_of_the_webhook_too() {
    let world = a_world_with_a_strict_network().await;
    world.throttles("/call-forward", 1);
    world.throttles("/call-forward/after", 1);
    assert_eq!(call(&world).await, format!("{REFUSED}{RINGS_SHOWING_THE_COMPANY}"));
}

#[tokio::test]
async fn who_has_left_since_the_first_try_is_not_rung() {
    let world = a_world_with_a_strict_network().await;
    let call = world.twilio.a_call(CALLER, COMPANY_NUMBER);
    let action = action(&world.twilio.deliver(&call).await.body);
    world.okta.set_status("Ada", "SUSPENDED");
    let answer = world.twilio.deliver(&call.ended(&action, "failed")).await.body;
    assert!(answer.contains("Ada is not available.") && !answer.contains("<Dial"), "{answer}");
}

#[tokio::test]
async fn a_mobile_that_is_busy_or_has_rung_is_not_tried_again() {
    let world = a_world_with_ada().await;
    for status in ["busy", "no-answer", "completed", "canceled"] {
        world.twilio.dials_end(status);
        assert_eq!(call(&world).await.matches("rings").count(), 1, "{status}");
    }
}

#[tokio::test]
async fn what_the_second_try_has_to_know_is_signed_and_tells_no_number() {
    let world = a_world_with_a_strict_network().await;
    let call = world.twilio.a_call(CALLER, COMPANY_NUMBER);
    let action = action(&world.twilio.deliver(&call).await.body);
    for personal in [MOBILE, CALLER, COMPANY_NUMBER] {
        assert!(!action.contains(&personal[1..]), "{action}");
    }
    let ended = call.ended(&action, "failed");
    assert!(world.twilio.deliver(&ended).await.body.contains("<Dial"));
    let other = ended.clone().tampered(|it| it.to_url(|url| url.replace("xada", "xadx")));
    assert_eq!(world.twilio.deliver(&other).await.status, 403);
    let other = ended.tampered(|it| it.with("To", "+19253294109"));
    assert_eq!(world.twilio.deliver(&other).await.status, 403);
}

/// The URL that Twilio asks when the phone that `twiml` rings, rings no more.
fn action(twiml: &str) -> String {
    let action = twiml.split("action=\"").nth(1).unwrap().split('"').next().unwrap();
    action.replace("&amp;", "&")
}
