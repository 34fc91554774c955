//! How a function starts, and goes on after Lambda has let it rest, while somebody is on the phone.

use std::time::Duration;

use sandbox::{Fault, World};
use tokio::time::timeout;

use crate::{
    CALLER, COMPANY_NUMBER, MOBILE, a_world_that_remembers_ada, ada_gets_a_number,
    calls::{CONNECTED, TRY_LATER},
    late::worked_off,
};

/// The longest that a start takes, whichever vendor does not answer.
const LONGEST: Duration = Duration::from_secs(2);

const FUNCTIONS: [&str; 2] = ["call-forward", "sms-forward"];

/// A world with TLS in which Ada has a company number, and every call and text asks Okta anew.
async fn a_world_with_ada_and_tls() -> World {
    let world = World::start_over_tls().await.unwrap();
    world.configure("TWILIFY_REMEMBER_SECONDS", "0").await;
    ada_gets_a_number(&world).await;
    world
}

#[tokio::test]
async fn the_first_call_and_text_find_connections_to_okta_and_twilio() {
    let world = a_world_with_ada_and_tls().await;
    for function in FUNCTIONS {
        world.starts(function).await.unwrap();
    }
    let before = (world.okta.health.connections(), world.twilio.health.connections());
    assert_eq!(world.call(CALLER, COMPANY_NUMBER).await.to_string(), CONNECTED);
    world.text(CALLER, COMPANY_NUMBER, "Hello").await;
    assert_eq!((world.okta.health.connections(), world.twilio.health.connections()), before);
    assert_eq!(world.twilio.inbox(MOBILE).len(), 1);
}

#[tokio::test]
async fn a_start_does_not_wait_for_vendors_that_do_not_answer() {
    let world = a_world_that_remembers_ada().await;
    for fault in [Fault::Hangs, Fault::Cuts, Fault::Answers(500, "{}")] {
        world.okta.health.fails(fault.clone());
        world.twilio.health.fails(fault.clone());
        for function in FUNCTIONS {
            timeout(LONGEST, world.starts(function)).await.expect("a start").unwrap();
        }
        world.okta.health.recovers();
        world.twilio.health.recovers();
        assert_eq!(world.call(CALLER, COMPANY_NUMBER).await.to_string(), CONNECTED, "{fault:?}");
    }
}

#[tokio::test]
async fn a_connection_that_was_closed_during_a_rest_is_replaced_before_it_is_used() {
    let world = a_world_with_ada_and_tls().await;
    assert_eq!(world.call(CALLER, COMPANY_NUMBER).await.to_string(), CONNECTED);
    world.text(CALLER, COMPANY_NUMBER, "Before").await;
    let (okta, twilio) = (world.okta.health.requests().len(), world.twilio.health.requests().len());
    for function in FUNCTIONS {
        world.freezes(function).await.unwrap();
    }
    world.okta.health.hangs_up();
    world.twilio.health.hangs_up();
    let (call, _, ()) = tokio::join!(
        world.call(CALLER, COMPANY_NUMBER),
        world.text(CALLER, COMPANY_NUMBER, "After"),
        // The event is there already when the process goes on, as with Lambda.
        async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            for function in FUNCTIONS {
                world.thaws(function).await.unwrap();
            }
        }
    );
    assert_eq!(call.to_string(), CONNECTED);
    assert_eq!(world.okta.health.requests().len() - okta, 2, "one for the call and one for the text");
    let log = world.logged("CallsConnected").await;
    let ours = |line: &&str| line.contains("CallsConnected") || line.contains("TextsForwarded");
    for line in log.lines().filter(ours) {
        let tries = line.split_once(r#""OktaLatency":["#).unwrap().1.split(']').next().unwrap();
        assert!(!tries.contains(','), "Okta was asked once more: {line}");
    }
    assert_eq!(world.twilio.health.requests().len() - twilio, 1, "one for the text");
    assert_eq!(world.twilio.inbox(MOBILE).len(), 2);
}

#[tokio::test]
async fn callers_are_told_to_try_later_while_aws_does_not_tell_the_secrets_and_then_they_are_connected() {
    let world = a_world_that_remembers_ada().await;
    for fault in
        [Fault::Hangs, Fault::Answers(500, "{}"), Fault::Answers(400, r#"{"__type":"ThrottlingException"}"#)]
    {
        world.configure("TWILIFY_LOG", "info").await;
        world.ssm.health.fails(fault.clone());
        assert_eq!(world.call(CALLER, COMPANY_NUMBER).await.to_string(), TRY_LATER, "{fault:?}");
        world.ssm.health.recovers();
        assert_eq!(world.call(CALLER, COMPANY_NUMBER).await.to_string(), CONNECTED, "{fault:?}");
    }
    world.logged("AWS Systems Manager does not answer").await;
}

#[tokio::test]
async fn after_a_call_one_hears_what_is_true_in_any_case_while_aws_does_not_tell_the_secrets() {
    let world = a_world_that_remembers_ada().await;
    // The function cannot know yet that it is Twilio who says so.
    let ended = world.twilio.a_call(CALLER, COMPANY_NUMBER).ended("call-forward/after?name=Ada", "no-answer");
    world.configure("TWILIFY_LOG", "info").await;
    world.ssm.health.fails(Fault::Answers(500, "{}"));
    let answer = world.twilio.deliver(&ended).await;
    assert_eq!(answer.status, 200);
    assert!(answer.body.contains("<Say>The call has ended. Goodbye.</Say>"), "{}", answer.body);
    world.logged("cannot see what Twilio wants").await;
}

#[tokio::test]
async fn a_second_attempt_after_a_call_says_that_it_has_ended_while_aws_does_not_tell_the_secrets() {
    let world = a_world_that_remembers_ada().await;
    let again = world.twilio.owned()[0].voice_fallback_url.clone();
    let ended =
        world.twilio.a_call(CALLER, COMPANY_NUMBER).ended("call-forward/after?name=QWRh", "completed");
    let failed = ended.url().to_owned();
    let again = ended.to_url(|_| again);
    let by_url = again.clone().without("DialCallStatus").with("ErrorUrl", &failed);
    world.configure("TWILIFY_LOG", "info").await;
    world.ssm.health.fails(Fault::Answers(500, "{}"));
    for again in [again, by_url] {
        let answer = world.twilio.deliver(&again).await;
        assert_eq!(answer.status, 200);
        assert!(answer.body.contains("<Say>The call has ended. Goodbye.</Say>"), "{}", answer.body);
    }
}

#[tokio::test]
async fn what_is_texted_while_aws_does_not_tell_the_secrets_arrives_later() {
    let world = a_world_that_remembers_ada().await;
    world.ssm.health.fails(Fault::Answers(500, "{}"));
    world.text(CALLER, COMPANY_NUMBER, "Hello").await;
    assert_eq!(world.twilio.inbox(MOBILE), []);
    world.ssm.health.recovers();
    worked_off(&world).await;
    assert_eq!(world.twilio.inbox(MOBILE).len(), 1);
}

#[tokio::test]
async fn nobody_is_told_a_secret_who_cannot_prove_who_they_are() {
    let world = a_world_with_ada_and_tls().await;
    world.configure("SSL_CERT_FILE", "").await;
    assert_eq!(world.call(CALLER, COMPANY_NUMBER).await.to_string(), TRY_LATER);
    assert_eq!(world.ssm.health.requests().len(), 1, "that of the provisioner, before");
}
