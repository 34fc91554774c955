//! How late texts get into their queues, and how long they are tried.

use std::time::Duration;

use sandbox::{Fault, World};

use crate::{CALLER, COMPANY_NUMBER, MOBILE, a_world_with_ada, late::worked_off};

/// The request that sends a message.
const SEND: &str = "POST /2010-04-01/Accounts/AC00000000000000000000000000000000/Messages.json";

/// What Twilio answers to wrong credentials.
const UNAUTHORIZED: Fault = Fault::Answers(401, r#"{"code":20003}"#);

fn bodies(world: &World) -> Vec<String> {
    world.twilio.inbox(MOBILE).into_iter().map(|it| it.body).collect()
}

#[tokio::test]
async fn a_text_is_tried_for_at_least_four_hours_whether_or_not_the_count_carries_over() {
    for anew in [false, true] {
        let world = a_world_with_ada().await;
        world.late.set_speed(100_000);
        if anew {
            world.late.counts_anew();
        }
        world.twilio.health.fails_on(SEND, usize::MAX, UNAUTHORIZED);
        world.text(CALLER, COMPANY_NUMBER, "Hello").await;
        worked_off(&world).await;
        let [last_try] = world.late.last_tries().try_into().unwrap();
        assert!(last_try >= Duration::from_hours(4), "anew: {anew}: {last_try:?}");
        assert!(last_try <= Duration::from_hours(8), "anew: {anew}: {last_try:?}");
    }
}

#[tokio::test]
async fn a_form_that_reaches_the_queue_in_base64_is_forwarded() {
    let world = a_world_with_ada().await;
    world.late.hands_over_base64();
    world.twilio.health.fails_on(SEND, 1, UNAUTHORIZED);
    assert_eq!(world.text(CALLER, COMPANY_NUMBER, "Grüße & 🥪").await.status, 503);
    worked_off(&world).await;
    assert_eq!(
        (bodies(&world), world.late.dead()),
        (vec!["From: +14155550123\n\nGrüße & 🥪".to_owned()], vec![])
    );
}

#[tokio::test]
async fn what_is_in_the_queue_without_our_attributes_rests_with_the_dead_letters() {
    let world = a_world_with_ada().await;
    world.late.set_speed(100_000);
    let form =
        "MessageSid=SM00000000000000000000000000000001&To=%2B19253294108&From=%2B14155550123&Body=Hello";
    world.late.put(form.to_owned(), &[]);
    world.late.put(form.to_owned(), &[("signature", "c2lnbmF0dXJl")]);
    world.late.put("not a form".to_owned(), &[("signature", "x"), ("url", "https:// /")]);
    worked_off(&world).await;
    assert_eq!((world.late.dead().len(), bodies(&world)), (3, vec![]));
}

#[tokio::test]
async fn what_nobody_has_signed_does_not_get_into_the_queue() {
    let world = a_world_with_ada().await;
    let later = world.twilio.owned()[0].sms_fallback_url.clone();
    let late = world.twilio.a_text(CALLER, COMPANY_NUMBER, "Hello").to_url(|_| later);
    assert_eq!(world.twilio.deliver(&late.unsigned()).await.status, 400);
    assert_eq!(world.late.waiting(), 0);
}

#[tokio::test]
async fn of_a_batch_that_takes_too_long_each_text_arrives_once() {
    let world = a_world_with_ada().await;
    world.late.set_batch_size(10);
    world.lambda_is_down(true);
    for index in 0..10 {
        world.text(CALLER, COMPANY_NUMBER, &format!("text {index}")).await;
    }
    world.twilio.health.fails_on(SEND, usize::MAX, Fault::Takes(Duration::from_millis(1800)));
    world.late.set_speed(100);
    world.lambda_is_down(false);
    let failures = world.late.failures();
    worked_off(&world).await;
    let mut arrived = bodies(&world);
    arrived.sort();
    let expected: Vec<_> = (0..10).map(|index| format!("From: {CALLER}\n\ntext {index}")).collect();
    assert_eq!((arrived, world.late.dead()), (expected, vec![]));
    assert_eq!(world.late.failures(), failures, "the function ran out of time");
}
