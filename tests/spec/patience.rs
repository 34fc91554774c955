//! How long a function waits for Systems Manager, without which it knows no secret.

use std::time::{Duration, Instant};

use sandbox::{Fault, World};
use tokio::time::timeout;

use crate::{
    CALLER, COMPANY_NUMBER, MOBILE, a_world_that_remembers_ada,
    calls::{CONNECTED, TRY_LATER},
};

const SLOWLY: Fault = Fault::Takes(Duration::from_secs(3));

/// Lets all functions start anew when they are next needed.
async fn start_anew(world: &World) {
    world.configure("TWILIFY_LOG", "info").await;
}

#[tokio::test]
async fn while_systems_manager_takes_three_seconds_calls_connect_texts_arrive_and_the_provisioner_runs() {
    let world = a_world_that_remembers_ada().await;
    start_anew(&world).await;
    world.ssm.health.fails(SLOWLY);
    let run = async { world.run_provisioner().await.unwrap() };
    let text = world.text(CALLER, COMPANY_NUMBER, "Hello");
    let (call, text, _) = tokio::join!(world.call(CALLER, COMPANY_NUMBER), text, run);
    assert_eq!((call.to_string().as_str(), text.status), (CONNECTED, 200));
    assert_eq!(world.twilio.inbox(MOBILE).len(), 1);
}

#[tokio::test]
async fn a_caller_waits_three_seconds_for_what_a_start_did_not_get() {
    let world = a_world_that_remembers_ada().await;
    start_anew(&world).await;
    world.ssm.health.fails(Fault::Answers(500, "{}"));
    world.starts("call-forward").await.unwrap();
    world.starts("sms-forward").await.unwrap();
    world.ssm.health.fails(SLOWLY);
    let text = world.text(CALLER, COMPANY_NUMBER, "Hello");
    let (call, text) = tokio::join!(world.call(CALLER, COMPANY_NUMBER), text);
    assert_eq!((call.to_string().as_str(), text.status), (CONNECTED, 200));
    assert_eq!(world.twilio.inbox(MOBILE).len(), 1);
}

#[tokio::test]
async fn nobody_waits_longer_than_six_seconds_for_what_a_start_did_not_get() {
    let world = a_world_that_remembers_ada().await;
    start_anew(&world).await;
    world.ssm.health.fails(Fault::Answers(500, "{}"));
    world.starts("call-forward").await.unwrap();
    world.ssm.health.fails(Fault::Hangs);
    let started = Instant::now();
    assert_eq!(world.call(CALLER, COMPANY_NUMBER).await.to_string(), TRY_LATER);
    let waited = started.elapsed();
    assert!((Duration::from_secs(4)..Duration::from_millis(6900)).contains(&waited), "{waited:?}");
}

/// Lambda ends a start that takes ten seconds, and begins it again within the invocation.
///
/// <https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html>
#[tokio::test]
async fn a_start_ends_before_lambda_would_end_it() {
    let world = a_world_that_remembers_ada().await;
    world.ssm.health.fails(Fault::Hangs);
    for vendor in [&world.okta.health, &world.twilio.health] {
        vendor.fails(Fault::Hangs);
    }
    let start = async |function| timeout(Duration::from_secs(9), world.starts(function)).await;
    let (call_forward, sms_forward) = tokio::join!(start("call-forward"), start("sms-forward"));
    call_forward.expect("a start").unwrap();
    sms_forward.expect("a start").unwrap();
}

#[tokio::test]
async fn the_provisioner_runs_although_systems_manager_did_not_answer_when_it_started() {
    let world = a_world_that_remembers_ada().await;
    start_anew(&world).await;
    world.ssm.health.fails_on("POST /", 1, Fault::Hangs);
    world.run_provisioner().await.unwrap();
    world.logged("starts without its parameters").await;
}

#[tokio::test]
async fn a_run_for_which_the_secrets_cannot_be_read_fails_and_says_why() {
    let world = a_world_that_remembers_ada().await;
    start_anew(&world).await;
    world.ssm.health.fails(Fault::Answers(500, "{}"));
    let failed = world.run_provisioner().await.unwrap_err();
    assert_eq!(failed.kind, "ParametersUnread", "{}", failed.message);
    assert!(failed.message.contains("AWS Systems Manager does not answer"), "{}", failed.message);
}

#[tokio::test]
async fn a_caller_hears_something_before_twilio_gives_up_however_slow_all_are() {
    let world = a_world_that_remembers_ada().await;
    start_anew(&world).await;
    // The start waits in vain for seven seconds, and the event then gets its parameters late.
    world.ssm.health.fails_on("POST /", 1, Fault::Hangs);
    world.ssm.health.fails_when(|_| true, Fault::Takes(Duration::from_secs(5)));
    world.okta.health.fails(Fault::Hangs);
    let started = Instant::now();
    let heard = world.call(CALLER, COMPANY_NUMBER).await.to_string();
    let waited = started.elapsed();
    assert_eq!(heard, CONNECTED, "by the last known mobile, after {waited:?}");
    assert!((Duration::from_secs(11)..Duration::from_millis(14_900)).contains(&waited), "{waited:?}");
}
