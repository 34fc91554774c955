//! Twilio's log of messages, from which we see what was sent: it lags, may be rewritten, and is long.

use std::time::Duration;

use sandbox::{Fault, World};

use crate::{CALLER, COMPANY_NUMBER, MOBILE, a_world_with_ada, late::worked_off};

/// The request that sends a message.
const SEND: &str = "POST /2010-04-01/Accounts/AC00000000000000000000000000000000/Messages.json";

fn bodies(world: &World) -> Vec<String> {
    world.twilio.inbox(MOBILE).into_iter().map(|it| it.body).collect()
}

#[tokio::test]
async fn what_may_have_been_sent_is_not_sent_again_while_the_log_lags_by_seconds() {
    for status in [500, 503] {
        let world = a_world_with_ada().await;
        world.late.set_speed(20);
        world.twilio.behaves(|it| it.log_takes = Duration::from_secs(2));
        world.twilio.health.fails_on(SEND, 1, Fault::Denies(status));
        assert_eq!(world.text(CALLER, COMPANY_NUMBER, "Hello").await.status, 503);
        worked_off(&world).await;
        assert_eq!(bodies(&world), ["From: +14155550123\n\nHello"], "{status}");
    }
}

#[tokio::test]
async fn a_text_arrives_although_the_log_shows_nothing_for_hours() {
    let world = a_world_with_ada().await;
    world.twilio.behaves(|it| it.log_takes = Duration::from_hours(3));
    world.twilio.health.fails_on(SEND, 1, Fault::Answers(500, ""));
    assert_eq!(world.text(CALLER, COMPANY_NUMBER, "Hello").await.status, 503);
    worked_off(&world).await;
    assert_eq!(bodies(&world), ["From: +14155550123\n\nHello"]);
}

/// A text as phones write it.
const CURLY: &str = "\u{201c}It\u{2019}s \u{bd} past\u{2026}\u{201d} \u{2014} Ada";

async fn with_a_service() -> World {
    let world = a_world_with_ada().await;
    world.configure("TWILIFY_MESSAGING_SERVICE_SID", sandbox::MESSAGING_SERVICE_SID).await;
    world.run_provisioner().await.unwrap();
    world
}

#[tokio::test]
async fn through_a_messaging_service_a_text_arrives_as_it_was_written() {
    let world = with_a_service().await;
    world.text(CALLER, COMPANY_NUMBER, CURLY).await;
    assert_eq!(bodies(&world), [format!("From: {CALLER}\n\n{CURLY}")]);
}

#[tokio::test]
async fn a_text_that_the_service_rewrites_all_the_same_is_found_in_the_log() {
    let world = with_a_service().await;
    world.twilio.behaves(|it| it.always_smart = true);
    world.twilio.health.fails_on(SEND, 1, Fault::LosesReply);
    world.text(CALLER, COMPANY_NUMBER, CURLY).await;
    worked_off(&world).await;
    assert_eq!(bodies(&world), ["From: +14155550123\n\n\"It's 1/2 past...\" - Ada"]);
}

#[tokio::test]
async fn texts_that_differ_in_letters_without_a_plain_form_are_not_taken_for_each_other() {
    let world = with_a_service().await;
    world.text(CALLER, COMPANY_NUMBER, "はい").await;
    world.twilio.health.fails_on(SEND, 1, Fault::Answers(500, ""));
    world.text(CALLER, COMPANY_NUMBER, "いいえ").await;
    worked_off(&world).await;
    assert_eq!(bodies(&world), ["From: +14155550123\n\nはい", "From: +14155550123\n\nいいえ"]);
}

#[tokio::test]
async fn four_thousand_texts_in_a_day_do_not_keep_another_from_its_employee() {
    for (what, fault, sent) in
        [("sent", Fault::LosesReply, 1), ("not sent", Fault::Answers(401, r#"{"code":20003}"#), 0)]
    {
        let world = a_world_with_ada().await;
        world.twilio.has_sent(COMPANY_NUMBER, MOBILE, "From: +14155550188\n\nDisk full", 4000);
        world.twilio.health.fails_on(SEND, 1, fault);
        // Twilio takes its time for a page.
        world.twilio.health.fails_when(
            |it| it.starts_with("GET") && it.contains("/Messages.json"),
            Fault::Takes(Duration::from_millis(400)),
        );
        assert_eq!(
            world.text(CALLER, COMPANY_NUMBER, "Hello").await.status,
            if sent == 1 { 200 } else { 503 }
        );
        worked_off(&world).await;
        assert_eq!((bodies(&world).len(), world.late.dead()), (1, vec![]), "{what}");
    }
}

#[tokio::test]
async fn a_log_that_takes_too_long_to_read_does_not_keep_a_text_from_its_employee() {
    let world = a_world_with_ada().await;
    world.late.set_speed(100_000);
    world.twilio.has_sent(COMPANY_NUMBER, MOBILE, "From: +14155550188\n\nDisk full", 20_000);
    world.twilio.health.fails_on(SEND, 1, Fault::Answers(401, r#"{"code":20003}"#));
    world.twilio.health.fails_when(
        |it| it.starts_with("GET") && it.contains("/Messages.json"),
        Fault::Takes(Duration::from_secs(2)),
    );
    assert_eq!(world.text(CALLER, COMPANY_NUMBER, "Hello").await.status, 503);
    assert_eq!(world.twilio.inbox_of(MOBILE, 1).await[0].body, "From: +14155550123\n\nHello");
    worked_off(&world).await;
    assert_eq!(world.late.dead(), [""; 0]);
}

#[tokio::test]
async fn a_log_that_is_slow_and_short_is_read_before_a_text_is_sent_again() {
    let world = a_world_with_ada().await;
    world.late.set_speed(10);
    world.twilio.behaves(|it| it.log_takes = Duration::from_secs(5));
    world.twilio.health.fails_on(SEND, 1, Fault::LosesReply);
    world.twilio.health.fails_when(
        |it| it.starts_with("GET") && it.contains("/Messages"),
        Fault::Takes(Duration::from_millis(1600)),
    );
    assert_eq!(world.text(CALLER, COMPANY_NUMBER, "Hello").await.status, 503);
    worked_off(&world).await;
    assert_eq!(bodies(&world), ["From: +14155550123\n\nHello"]);
}
