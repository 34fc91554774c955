//! What happens when someone texts a company number.

use std::time::{Duration, Instant};

use insta::assert_snapshot;
use sandbox::{Fault, Message, World};

use crate::{CALLER, COMPANY_NUMBER, MOBILE, a_world_with_ada};

/// What has arrived on Ada's mobile, from her company number.
fn inbox(world: &World) -> Vec<String> {
    let text = |Message { from, body, .. }: Message| {
        assert_eq!(from, COMPANY_NUMBER);
        body
    };
    world.twilio.inbox(MOBILE).into_iter().map(text).collect()
}

#[tokio::test]
async fn a_text_to_a_company_number_reaches_its_employees_mobile() {
    let world = a_world_with_ada().await;
    let answer = world.text(CALLER, COMPANY_NUMBER, "Lunch at noon? 🥪\nBring Grace & Hedy.").await;
    assert_eq!((answer.status, answer.content_type.as_str()), (200, "text/xml; charset=utf-8"));
    assert_snapshot!(answer.body, @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <Response/>
    "#);
    assert_eq!(inbox(&world), ["From: +14155550123\n\nLunch at noon? 🥪\nBring Grace & Hedy."]);
}

#[tokio::test]
async fn a_sender_without_a_number_is_shown_as_they_are() {
    let world = a_world_with_ada().await;
    for sender in ["72975", "MYBANK", "whatsapp:+14155550123"] {
        world.text(sender, COMPANY_NUMBER, "Hello").await;
    }
    let expected =
        ["72975", "MYBANK", "+14155550123 (WhatsApp)"].map(|sender| format!("From: {sender}\n\nHello"));
    assert_eq!(inbox(&world), expected);
}

#[tokio::test]
async fn the_longest_text_arrives_whole_and_in_order() {
    let world = a_world_with_ada().await;
    let text = "It was the best of times. ".repeat(61);
    world.text(CALLER, COMPANY_NUMBER, &text).await;
    let [first, second] = inbox(&world).try_into().unwrap();
    let first = first.strip_prefix("From: +14155550123 (1/2)\n\n").unwrap();
    let second = second.strip_prefix("From: +14155550123 (2/2)\n\n").unwrap();
    assert_eq!(format!("{first}{second}"), text);
}

#[tokio::test]
async fn a_text_to_a_number_that_is_nobodys_is_taken_and_goes_nowhere() {
    let world = a_world_with_ada().await;
    world.okta.set_status("Ada", "DEPROVISIONED");
    assert_eq!(world.text(CALLER, COMPANY_NUMBER, "Hello").await.status, 200);
    assert_eq!(inbox(&world), [""; 0]);
}

#[tokio::test]
async fn a_text_that_could_not_be_forwarded_is_reported_to_twilio_as_a_failure() {
    let world = a_world_with_ada().await;
    world.configure("TWILIFY_LAST_KNOWN_DAYS", "0").await;
    world.twilio.change(COMPANY_NUMBER, |it| it.sms_fallback_url.clear());
    world.okta.health.fails(Fault::Answers(500, ""));
    assert_eq!(world.text(CALLER, COMPANY_NUMBER, "Hello").await.status, 503);
    world.okta.health.recovers();
    for fault in
        [Fault::Answers(500, ""), Fault::Answers(429, r#"{"code":20429}"#), Fault::Cuts, Fault::Hangs]
    {
        world.twilio.health.fails(fault);
        assert_eq!(world.text(CALLER, COMPANY_NUMBER, "Hello").await.status, 503);
    }
    assert_eq!(inbox(&world), [""; 0]);
}

#[tokio::test]
async fn a_text_that_twilio_will_never_deliver_is_logged_with_the_reason_and_not_tried_again() {
    let world = a_world_with_ada().await;
    let unsubscribed = r#"{"code":21610,"message":"Attempt to send to unsubscribed recipient +18182179229"}"#;
    world.twilio.health.fails(Fault::Answers(400, unsubscribed));
    assert_eq!(world.text(CALLER, COMPANY_NUMBER, "Hello").await.status, 200);
    let log = world.logged("https://www.twilio.com/docs/api/errors/21610").await;
    assert!(!log.contains("forwarded a message"), "{log}");
}

#[tokio::test]
async fn texts_go_on_while_the_auth_token_is_replaced() {
    let world = a_world_with_ada().await;
    world.ssm.put_secure("/twilify/twilio/auth-token", "sandbox-auth-token, its-successor");
    world.configure("TWILIFY_LOG", "info").await;
    assert_eq!(world.text(CALLER, COMPANY_NUMBER, "before").await.status, 200);
    world.twilio.promotes_auth_token("its-successor");
    assert_eq!(world.text(CALLER, COMPANY_NUMBER, "after").await.status, 200);
    assert_eq!(inbox(&world), ["From: +14155550123\n\nbefore", "From: +14155550123\n\nafter"]);
}

#[tokio::test]
async fn an_api_key_sends_texts_in_place_of_the_auth_token() {
    let world = a_world_with_ada().await;
    world.ssm.put("/twilify/twilio/api-key-sid", sandbox::TWILIO_API_KEY_SID);
    world.ssm.put_secure("/twilify/twilio/api-key-secret", sandbox::TWILIO_API_KEY_SECRET);
    world.twilio.promotes_auth_token("another-token");
    world.ssm.put_secure("/twilify/twilio/auth-token", "another-token");
    assert_eq!(world.text(CALLER, COMPANY_NUMBER, "Hello").await.status, 200);
    assert_eq!(inbox(&world), ["From: +14155550123\n\nHello"]);
    world.ssm.put_secure("/twilify/twilio/api-key-secret", "a wrong one");
    world.configure("TWILIFY_LOG", "info").await;
    assert_eq!(world.text(CALLER, COMPANY_NUMBER, "Hello").await.status, 503);
}

#[tokio::test]
async fn however_slow_okta_and_twilio_are_there_is_an_answer_in_time() {
    let world = a_world_with_ada().await;
    world.twilio.health.fails(Fault::Hangs);
    let started = Instant::now();
    assert_eq!(world.text(CALLER, COMPANY_NUMBER, &"long ".repeat(320)).await.status, 503);
    world.okta.health.fails(Fault::Hangs);
    assert_eq!(world.text(CALLER, COMPANY_NUMBER, "Hello").await.status, 503);
    assert!(started.elapsed() < Duration::from_secs(20), "two texts took {:?}", started.elapsed());
}

#[tokio::test]
async fn through_a_messaging_service_a_text_still_comes_from_the_company_number() {
    let world = a_world_with_ada().await;
    world.configure("TWILIFY_MESSAGING_SERVICE_SID", sandbox::MESSAGING_SERVICE_SID).await;
    world.run_provisioner().await.unwrap();
    assert_eq!(world.twilio.enrolled(), [COMPANY_NUMBER]);
    assert_eq!(world.text(CALLER, COMPANY_NUMBER, "Hello").await.status, 200);
    assert_eq!(inbox(&world), ["From: +14155550123\n\nHello"]);
}

#[tokio::test]
async fn neither_what_was_written_nor_to_whom_reaches_the_log() {
    let world = a_world_with_ada().await;
    world.configure("TWILIFY_LOG", "trace").await;
    world.text(CALLER, COMPANY_NUMBER, "our little secret").await;
    world.twilio.health.fails(Fault::Hangs);
    world.text(CALLER, COMPANY_NUMBER, "our little secret").await;
    world.logged("forwarded a message").await;
    let log = world.logged("cannot forward a message").await;
    for secret in ["little", &CALLER[2..], &COMPANY_NUMBER[2..], &MOBILE[2..]] {
        assert!(!log.contains(secret), "{secret} is in the log:\n{log}");
    }
}
