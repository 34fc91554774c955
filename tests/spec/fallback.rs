//! What happens to a call whose webhook fails: Twilio asks again at the number's fallback URL.

use std::time::Duration;

use sandbox::{FallbackFields, Fault, World};

use crate::{
    CALLER, COMPANY_NUMBER, a_world_that_remembers_ada, a_world_with_ada,
    calls::{CONNECTED, NOT_IN_SERVICE},
};

const NOT_AVAILABLE: &str = "The caller hears: Ada is not available. Goodbye.\n";

/// What Twilio itself says when there is no answer that it can follow.
const TWILIOS_OWN: &str = "An application error has occurred";

async fn call(world: &World) -> String {
    world.call(CALLER, COMPANY_NUMBER).await.to_string()
}

#[tokio::test]
async fn a_call_whose_function_dies_is_connected_by_the_next_process() {
    let world = a_world_with_ada().await;
    world.kills_call_forward();
    assert_eq!(call(&world).await, CONNECTED);
    world.logged("Twilio asks again").await;
}

#[tokio::test]
async fn a_call_that_the_gateway_turns_away_as_one_too_many_is_connected() {
    let world = a_world_with_ada().await;
    world.throttles("/call-forward", 1);
    assert_eq!(call(&world).await, CONNECTED);
}

#[tokio::test]
async fn a_call_for_which_there_is_no_answer_in_time_is_connected() {
    let world = a_world_with_ada().await;
    world.scales_to(2);
    world.starts("call-forward").await.unwrap();
    world.okta.health.fails_on("GET /api/v1/users", 1, Fault::Hangs);
    world.twilio.waits(Duration::from_secs(2));
    assert_eq!(call(&world).await, CONNECTED);
}

#[tokio::test]
async fn a_call_to_a_number_that_is_nobodys_gets_the_same_answer_at_the_second_attempt() {
    let world = a_world_with_ada().await;
    world.okta.set_status("Ada", "SUSPENDED");
    world.throttles("/call-forward", 1);
    assert_eq!(call(&world).await, NOT_IN_SERVICE);
}

#[tokio::test]
async fn a_second_attempt_finds_the_last_known_mobile_while_okta_is_down() {
    let world = a_world_with_ada().await;
    world.okta.health.fails(Fault::Answers(500, ""));
    world.throttles("/call-forward", 1);
    assert_eq!(call(&world).await, CONNECTED);
}

#[tokio::test]
async fn without_a_working_fallback_url_the_caller_hears_what_twilio_says() {
    let world = a_world_with_ada().await;
    world.call_forward_is_down(true);
    let heard = call(&world).await;
    assert!(heard.contains(TWILIOS_OWN), "{heard}");
    world.call_forward_is_down(false);
    world.twilio.change(COMPANY_NUMBER, |it| it.voice_fallback_url.clear());
    world.throttles("/call-forward", 1);
    let heard = call(&world).await;
    assert!(heard.contains(TWILIOS_OWN), "{heard}");
}

#[tokio::test]
async fn who_is_not_answered_hears_so_even_if_the_webhook_after_the_ringing_fails() {
    let world = a_world_with_ada().await;
    world.twilio.dials_end("no-answer");
    world.throttles("/call-forward/after", 1);
    assert_eq!(call(&world).await, format!("{CONNECTED}{NOT_AVAILABLE}"));
}

#[tokio::test]
async fn who_has_talked_is_not_connected_once_more_if_the_webhook_after_the_talk_fails() {
    let world = a_world_with_ada().await;
    world.throttles("/call-forward/after", 1);
    assert_eq!(call(&world).await, CONNECTED);
}

#[tokio::test]
async fn a_second_attempt_that_does_not_know_how_the_ringing_ended_says_what_is_true_in_any_case() {
    let world = a_world_with_ada().await;
    world.twilio.tells_fallback(FallbackFields::WithoutDial);
    for status in ["completed", "no-answer", "failed"] {
        world.twilio.dials_end(status);
        world.throttles("/call-forward/after", 1);
        let heard = call(&world).await;
        assert_eq!(heard, format!("{CONNECTED}The caller hears: The call has ended. Goodbye.\n"), "{status}");
    }
}

#[tokio::test]
async fn who_has_talked_is_not_connected_once_more_even_if_twilio_does_not_say_which_webhook_failed() {
    let world = a_world_with_ada().await;
    let again = world.twilio.owned()[0].voice_fallback_url.clone();
    let ended = world.twilio.a_call(CALLER, COMPANY_NUMBER).ended("call-forward/after", "completed");
    let answer = world.twilio.deliver(&ended.to_url(|_| again)).await;
    assert_eq!(answer.status, 200);
    assert!(!answer.body.contains("<Dial"), "{}", answer.body);
}

#[tokio::test]
async fn what_follows_a_second_attempt_is_asked_at_the_usual_place() {
    let world = a_world_with_ada().await;
    world.twilio.dials_end("busy");
    world.throttles("/call-forward", 1);
    assert_eq!(call(&world).await, format!("{CONNECTED}{NOT_AVAILABLE}"));
}

#[tokio::test]
async fn a_second_attempt_has_to_be_signed_as_well() {
    let world = a_world_with_ada().await;
    let again = world.twilio.owned()[0].voice_fallback_url.clone();
    let failed = world.twilio.a_call(CALLER, COMPANY_NUMBER);
    let url = failed.url().to_owned();
    let again = failed.clone().to_url(|_| again).with("ErrorCode", "11200").with("ErrorUrl", &url);
    assert_eq!(world.twilio.deliver(&again).await.status, 200);
    assert_eq!(world.twilio.deliver(&again.clone().unsigned()).await.status, 403);
    let elsewhere =
        again.clone().tampered(|it| it.with("ErrorUrl", "https://example.com/call-forward/after"));
    assert_eq!(world.twilio.deliver(&elsewhere).await.status, 403);
    let moved = failed.tampered(|it| it.to_url(|url| url.replace("/call-forward?", "/call-forward/again?")));
    assert_eq!(world.twilio.deliver(&moved).await.status, 403, "a first attempt is no second one");
}

#[tokio::test]
async fn a_number_from_before_gets_its_fallback_url_in_one_request() {
    let world = a_world_that_remembers_ada().await;
    world.twilio.change(COMPANY_NUMBER, |it| it.voice_fallback_url.clear());
    let before = world.twilio.health.requests().len();
    world.run_provisioner().await.unwrap();
    let requests = world.twilio.health.requests().split_off(before);
    let updates = requests.iter().filter(|it| it.starts_with("POST ")).count();
    let [adas] = world.twilio.owned().try_into().unwrap();
    assert_eq!(adas.voice_fallback_url, adas.voice_url.replace("/call-forward?", "/call-forward/again?"));
    assert_eq!((adas.voice_fallback_method.as_str(), updates), ("POST", 1), "{requests:?}");
    assert_eq!(world.plan_provisioning().await.unwrap()["changes"], serde_json::json!([]));
}
