//! Texts while something is down: each arrives, and each once.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use sandbox::{Delivery, Fault, World, say};

use crate::{CALLER, COMPANY_NUMBER, MOBILE, a_world_with_ada};

/// The request that sends a message.
const SEND: &str = "POST /2010-04-01/Accounts/AC00000000000000000000000000000000/Messages.json";

/// What has arrived, without whom it is from.
fn arrived(world: &World) -> Vec<String> {
    let text =
        |body: String| body.split_once("\n\n").map_or_else(|| body.clone(), |(_, text)| text.to_owned());
    world.twilio.inbox(MOBILE).into_iter().map(|it| text(it.body)).collect()
}

/// Where Ada's texts wait.
fn later(world: &World) -> String {
    let owned = world.twilio.owned().into_iter().find(|it| it.phone_number == COMPANY_NUMBER);
    owned.unwrap().sms_fallback_url
}

/// Waits until nothing is left in the queues.
pub(crate) async fn worked_off(world: &World) {
    for _ in 0..3600 {
        if world.late.waiting() == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{} messages still wait", world.late.waiting());
}

#[tokio::test]
async fn whatever_is_wrong_with_okta_and_twilio_a_text_arrives_once() {
    let once = 1;
    let always = usize::MAX;
    for (what, at_okta, times, fault) in [
        ("Okta: 429, reset in a minute", true, always, Fault::LimitsRate(60)),
        ("Okta: 500", true, always, Fault::Answers(500, "")),
        ("Okta: 500 once", true, once, Fault::Answers(500, "")),
        ("Okta: cut", true, always, Fault::Cuts),
        ("Okta: answers after 16 s", true, always, Fault::Takes(Duration::from_secs(16))),
        ("Okta: bad JSON", true, always, Fault::Answers(200, "{")),
        ("Twilio: 429", false, always, Fault::Answers(429, r#"{"code":20429}"#)),
        ("Twilio: 429 once", false, once, Fault::Answers(429, r#"{"code":20429}"#)),
        ("Twilio: 500", false, always, Fault::Answers(500, "")),
        ("Twilio: 500 once", false, once, Fault::Answers(500, "")),
        ("Twilio: 500 after acceptance", false, always, Fault::Denies(500)),
        ("Twilio: 401", false, always, Fault::Answers(401, r#"{"code":20003}"#)),
        ("Twilio: cut", false, always, Fault::Cuts),
        ("Twilio: reply lost after acceptance", false, once, Fault::LosesReply),
        ("Twilio: replies always lost after acceptance", false, always, Fault::LosesReply),
    ] {
        let world = a_world_with_ada().await;
        let health = if at_okta { &world.okta.health } else { &world.twilio.health };
        health.fails_on(if at_okta { "GET /api/v1/users" } else { SEND }, times, fault);
        let started = Instant::now();
        let answer = world.text(CALLER, COMPANY_NUMBER, "Hello").await;
        let at_once = world.twilio.inbox(MOBILE).len();
        let time = started.elapsed();
        assert!(time < Duration::from_secs(11), "{what}: {time:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
        health.recovers();
        worked_off(&world).await;
        say(&format!(
            "| {what} | {} | {at_once} | {} | {:.1} s |",
            answer.status,
            arrived(&world).len(),
            time.as_secs_f32()
        ));
        assert_eq!(arrived(&world), ["Hello"], "{what}");
    }
}

#[tokio::test]
async fn what_may_have_been_sent_is_not_sent_again_before_the_log_has_been_read() {
    let world = a_world_with_ada().await;
    world.twilio.health.fails_on(SEND, usize::MAX, Fault::Denies(503));
    world
        .twilio
        .health
        .fails_when(|it| it.starts_with("GET") && it.contains("Messages"), Fault::Answers(500, ""));
    assert_eq!(world.text(CALLER, COMPANY_NUMBER, "Hello").await.status, 503);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(arrived(&world), ["Hello"]);
    world.twilio.health.recovers();
    worked_off(&world).await;
    assert_eq!(arrived(&world), ["Hello"]);
}

#[tokio::test]
async fn a_text_waits_while_twilio_fails_and_its_log_has_no_end() {
    let world = a_world_with_ada().await;
    world.twilio.health.fails_on(SEND, usize::MAX, Fault::Answers(500, ""));
    let again = r#"{"messages":[],"next_page_uri":"/2010-04-01/Accounts/AC1/Messages.json?Page=1"}"#;
    world
        .twilio
        .health
        .fails_when(|it| it.starts_with("GET") && it.contains("Messages.json"), Fault::Answers(200, again));
    assert_eq!(world.text(CALLER, COMPANY_NUMBER, "Hello").await.status, 503);
    world.twilio.health.recovers();
    worked_off(&world).await;
    assert_eq!(arrived(&world), ["Hello"]);
}

#[tokio::test]
async fn a_text_that_twilio_accepts_long_after_everybody_has_hung_up_arrives_once() {
    let world = a_world_with_ada().await;
    world.late.set_speed(3);
    world.twilio.health.fails_on(SEND, 1, Fault::Takes(Duration::from_secs(16)));
    assert_eq!(world.text(CALLER, COMPANY_NUMBER, "Hello").await.status, 503);
    assert_eq!(world.late.waiting(), 1);
    worked_off(&world).await;
    assert_eq!(arrived(&world), ["Hello"]);
}

#[tokio::test]
async fn what_cannot_be_forwarded_for_hours_rests_with_the_dead_letters() {
    let world = a_world_with_ada().await;
    world.late.set_speed(100_000);
    world.twilio.health.fails_on(SEND, usize::MAX, Fault::Answers(401, r#"{"code":20003}"#));
    world.text(CALLER, COMPANY_NUMBER, "Hello").await;
    worked_off(&world).await;
    let [letter] = world.late.dead().try_into().unwrap();
    assert!(letter.contains("Body=Hello"), "{letter}");
}

#[tokio::test]
async fn a_webhook_that_comes_twice_is_forwarded_once() {
    let world = a_world_with_ada().await;
    let text = world.twilio.a_text(CALLER, COMPANY_NUMBER, "Hello");
    for _ in 0..2 {
        assert_eq!(world.twilio.deliver(&text).await.status, 200);
    }
    assert_eq!(arrived(&world), ["Hello"]);
    // By another process it is seen in Twilio's log, if it comes out of the queue.
    world.configure("TWILIFY_LOG", "info").await;
    let late = text.to_url(|_| later(&world)).with("ErrorCode", "11200");
    assert_eq!(world.twilio.deliver(&late).await.status, 204);
    worked_off(&world).await;
    assert_eq!(arrived(&world), ["Hello"]);
}

#[tokio::test]
async fn who_writes_the_same_twice_is_read_twice() {
    let world = a_world_with_ada().await;
    world.text(CALLER, COMPANY_NUMBER, "ok").await;
    world.twilio.health.fails_on(SEND, 5, Fault::Answers(401, r#"{"code":20003}"#));
    assert_eq!(world.text(CALLER, COMPANY_NUMBER, "ok").await.status, 503);
    worked_off(&world).await;
    assert_eq!(arrived(&world), ["ok", "ok"]);
}

#[tokio::test]
async fn of_a_long_text_only_the_part_that_is_missing_is_sent_later() {
    let world = a_world_with_ada().await;
    let mut sent = 0;
    let second = move |request: &str| {
        sent += usize::from(request.starts_with(SEND));
        request.starts_with(SEND) && sent == 2
    };
    world.twilio.health.fails_when(second, Fault::Answers(401, r#"{"code":20003}"#));
    assert_eq!(world.text(CALLER, COMPANY_NUMBER, &"long ".repeat(320)).await.status, 503);
    assert_eq!(world.twilio.inbox(MOBILE).len(), 1);
    worked_off(&world).await;
    let [first, second] = world.twilio.inbox(MOBILE).try_into().unwrap();
    assert!(first.body.contains(" (1/2)\n\n") && second.body.contains(" (2/2)\n\n"));
}

#[tokio::test]
async fn what_is_not_signed_with_our_token_rests_with_the_dead_letters() {
    let world = a_world_with_ada().await;
    world.late.set_speed(100_000);
    let text = world.twilio.a_text(CALLER, COMPANY_NUMBER, "Hello");
    let late = text.clone().to_url(|_| later(&world));
    let changes: [fn(Delivery) -> Delivery; 2] =
        [|it| it.signed_with("a guess"), |it| it.tampered(|it| it.with("Body", "Buy now!"))];
    for change in changes {
        world.twilio.deliver(&change(late.clone())).await;
    }
    // A signature for the other path is none for this one.
    let moved = text.tampered(|it| it.to_url(|_| later(&world)));
    world.twilio.deliver(&moved).await;
    worked_off(&world).await;
    assert_eq!((world.late.dead().len(), arrived(&world)), (3, vec![]));
}

#[tokio::test]
async fn a_text_that_waits_while_the_auth_token_is_replaced_arrives() {
    let world = a_world_with_ada().await;
    world.ssm.put_secure("/twilify/twilio/auth-token", "its-successor");
    world.configure("TWILIFY_LOG", "info").await;
    assert_eq!(world.text(CALLER, COMPANY_NUMBER, "Hello").await.status, 403);
    tokio::time::sleep(Duration::from_millis(200)).await;
    world.ssm.put_secure("/twilify/twilio/auth-token", "its-successor, sandbox-auth-token");
    world.configure("TWILIFY_LOG", "info").await;
    worked_off(&world).await;
    assert_eq!((arrived(&world), world.late.dead().len()), (vec!["Hello".to_owned()], 0));
}

#[tokio::test]
async fn a_late_text_finds_its_employee_as_any_other_does() {
    let world = a_world_with_ada().await;
    world.okta.searches_lag();
    world.okta.set("Ada", "primaryPhone", "1 (925) 3294108");
    world.twilio.health.fails_on(SEND, 1, Fault::Answers(401, r#"{"code":20003}"#));
    assert_eq!(world.text(CALLER, COMPANY_NUMBER, "Hello").await.status, 503);
    worked_off(&world).await;
    assert_eq!(arrived(&world), ["Hello"]);
    assert!(world.okta.health.requests().iter().all(|it| !it.contains("search=")));
}

#[tokio::test]
async fn a_log_that_cannot_be_read_is_no_refusal_of_the_text() {
    let world = a_world_with_ada().await;
    world.twilio.health.fails_on(SEND, 1, Fault::Answers(401, r#"{"code":20003}"#));
    assert_eq!(world.text("MYBANK", COMPANY_NUMBER, "Hello").await.status, 503);
    world.twilio.health.fails_on(
        "GET /2010-04-01/Accounts/AC00000000000000000000000000000000/Messages",
        2,
        Fault::Answers(400, r#"{"code":21212}"#),
    );
    worked_off(&world).await;
    assert_eq!(arrived(&world), ["Hello"]);
}

#[tokio::test]
async fn what_somebody_may_still_put_right_is_tried_again() {
    let world = a_world_with_ada().await;
    for code in ["21611", "21606", "20404", "21705"] {
        let body: &str = format!(r#"{{"code":{code}}}"#).leak();
        world.twilio.health.fails_on(SEND, 1, Fault::Answers(400, body));
        assert_eq!(world.text(CALLER, COMPANY_NUMBER, code).await.status, 503);
    }
    worked_off(&world).await;
    assert_eq!(arrived(&world).len(), 4);
}

#[tokio::test]
async fn two_people_who_write_the_same_long_text_are_both_read_to_the_end() {
    let world = a_world_with_ada().await;
    let text = "long ".repeat(320);
    world.text(CALLER, COMPANY_NUMBER, &text).await;
    let mut sent = 0;
    let second = move |request: &str| {
        sent += usize::from(request.starts_with(SEND));
        request.starts_with(SEND) && sent == 2
    };
    world.twilio.health.fails_when(second, Fault::Answers(401, r#"{"code":20003}"#));
    assert_eq!(world.text("+14155550124", COMPANY_NUMBER, &text).await.status, 503);
    worked_off(&world).await;
    let [_, _, first, second] = world.twilio.inbox(MOBILE).try_into().unwrap();
    assert!(first.body.starts_with("From: +14155550124 (1/2)\n\n"), "{:.60}", first.body);
    assert!(second.body.starts_with("From: +14155550124 (2/2)\n\n"), "{:.60}", second.body);
}

#[tokio::test]
async fn without_a_seal_texts_wait_until_okta_is_back() {
    let world = a_world_with_ada().await;
    world.configure("TWILIFY_LAST_KNOWN_DAYS", "0").await;
    world.okta.health.fails(Fault::Answers(503, ""));
    assert_eq!(world.text(CALLER, COMPANY_NUMBER, "Hello").await.status, 503);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!((world.late.waiting(), arrived(&world).len()), (1, 0));
    world.okta.health.recovers();
    worked_off(&world).await;
    assert_eq!(arrived(&world), ["Hello"]);
}

#[test]
fn any_text_in_any_script_arrives_whole_in_parts_that_twilio_takes() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let world = runtime.block_on(a_world_with_ada());
    let config = proptest::test_runner::Config { cases: 60, failure_persistence: None, ..Default::default() };
    let text = prop_oneof![
        ".{0,1600}",
        "[a-zé€ ]{1500,1600}",
        "[日本語ελληνικά]{800,1600}",
        "(👩‍👩‍👧‍👦|🇺🇸|e\u{301}){100,200}",
    ];
    let text = text.prop_map(|text: String| {
        let mut length = 0;
        text.chars()
            .take_while(|it| {
                length += it.len_utf16();
                length <= 1600
            })
            .collect::<String>()
    });
    let outcome = proptest::test_runner::TestRunner::new(config).run(&text, |text| {
        let before = world.twilio.inbox(MOBILE).len();
        runtime.block_on(world.text(CALLER, COMPANY_NUMBER, &text));
        let parts = world.twilio.inbox(MOBILE).split_off(before);
        let text_of =
            |part: &str| part.split_once("\n\n").map_or_else(String::new, |(_, text)| text.to_owned());
        let joined: String = parts.iter().map(|it| text_of(&it.body)).collect();
        prop_assert_eq!(joined, text);
        prop_assert!(parts.iter().all(|it| it.body.encode_utf16().count() <= 1600));
        Ok(())
    });
    outcome.unwrap();
}
