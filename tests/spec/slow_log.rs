//! Twilio's log of messages while it is slow: no text waits for it for ever, and none is taken for another.

use std::time::Duration;

use sandbox::{Fault, World};

use crate::{CALLER, COMPANY_NUMBER, MOBILE, a_world_with_ada, late::worked_off};

/// The request that sends a message.
const SEND: &str = "POST /2010-04-01/Accounts/AC00000000000000000000000000000000/Messages.json";

fn bodies(world: &World) -> Vec<String> {
    world.twilio.inbox(MOBILE).into_iter().map(|it| it.body).collect()
}

/// Lets every request to the log take so long.
fn takes(world: &World, time: Duration) {
    world
        .twilio
        .health
        .fails_when(|it| it.starts_with("GET") && it.contains("/Messages"), Fault::Takes(time));
}

#[tokio::test]
async fn a_late_text_in_two_parts_arrives_whole_and_once_while_the_log_is_slow() {
    let world = a_world_with_ada().await;
    world.late.set_speed(100_000);
    world.twilio.health.fails_on(SEND, 1, Fault::Answers(401, r#"{"code":20003}"#));
    takes(&world, Duration::from_millis(1700));
    assert_eq!(world.text(CALLER, COMPANY_NUMBER, &"long ".repeat(320)).await.status, 503);
    worked_off(&world).await;
    let arrived = bodies(&world);
    assert_eq!((arrived.len(), world.late.dead()), (2, vec![]));
    assert!(arrived[0].contains(" (1/2)\n\n") && arrived[1].contains(" (2/2)\n\n"));
}

#[tokio::test]
async fn a_late_text_arrives_although_no_page_of_the_log_comes_in_time() {
    let world = a_world_with_ada().await;
    world.late.set_speed(100_000);
    world.twilio.health.fails_on(SEND, 1, Fault::Answers(401, r#"{"code":20003}"#));
    takes(&world, Duration::from_secs(5));
    assert_eq!(world.text(CALLER, COMPANY_NUMBER, "Hello").await.status, 503);
    worked_off(&world).await;
    assert_eq!((bodies(&world), world.late.dead()), (vec![format!("From: {CALLER}\n\nHello")], vec![]));
}

#[tokio::test]
async fn a_late_text_arrives_although_a_page_of_the_log_is_too_long_to_read() {
    let world = a_world_with_ada().await;
    world.late.set_speed(100_000);
    world.twilio.health.fails_on(SEND, 1, Fault::Answers(401, r#"{"code":20003}"#));
    let page: &str = " ".repeat((8 << 20) + 1).leak();
    world
        .twilio
        .health
        .fails_when(|it| it.starts_with("GET") && it.contains("/Messages.json"), Fault::Answers(200, page));
    assert_eq!(world.text(CALLER, COMPANY_NUMBER, "Hello").await.status, 503);
    worked_off(&world).await;
    assert_eq!((bodies(&world), world.late.dead()), (vec![format!("From: {CALLER}\n\nHello")], vec![]));
}

#[tokio::test]
async fn who_writes_the_same_again_is_read_twice_although_the_log_shows_the_first_only_while_it_is_read() {
    let world = a_world_with_ada().await;
    // The log is asked for the first time before it shows the first text, and for the second time after that.
    world.twilio.behaves(|it| it.log_takes = Duration::from_secs(3));
    world.text(CALLER, COMPANY_NUMBER, "ok").await;
    world.twilio.health.fails_on(SEND, 1, Fault::Cuts);
    takes(&world, Duration::from_millis(1700));
    assert_eq!(world.text(CALLER, COMPANY_NUMBER, "ok").await.status, 503);
    world.twilio.health.recovers();
    worked_off(&world).await;
    assert_eq!(bodies(&world), [format!("From: {CALLER}\n\nok"), format!("From: {CALLER}\n\nok")]);
}

#[tokio::test]
async fn texts_that_differ_in_an_emoji_or_a_digit_of_another_script_alone_are_not_taken_for_each_other() {
    for (first, second) in [("\u{1f44d}", "\u{2764}\u{fe0f}"), ("\u{661}", "\u{662}")] {
        let world = a_world_with_ada().await;
        world.text(CALLER, COMPANY_NUMBER, first).await;
        let [sent] = world.twilio.inbox(MOBILE).try_into().unwrap();
        assert!(sent.body.ends_with(first));
        let pictures = world.twilio.picture(CALLER, COMPANY_NUMBER, first, &[("image/png", b"png")]).await;
        let other = world.twilio.picture(CALLER, COMPANY_NUMBER, second, &[("image/png", b"png")]).await;
        assert_eq!((pictures.status, other.status), (200, 200));
        let inbox = world.twilio.inbox_of(MOBILE, 3).await;
        let lost = |text: &str| {
            inbox.iter().find(|it| !it.media_urls.is_empty() && it.body.ends_with(text)).unwrap().clone()
        };
        world.twilio.report(&lost(first), "undelivered", 30019).await;
        world.twilio.health.fails_on(SEND, 1, Fault::Cuts);
        world.twilio.report(&lost(second), "undelivered", 30019).await;
        let inbox = world.twilio.inbox(MOBILE);
        assert_eq!(inbox.len(), 5, "{first} and {second}");
        assert!(inbox[4].body.contains(&format!("{second}\n\n(A picture")), "{}", inbox[4].body);
    }
}
