//! The text that follows its lost picture: Twilio reports a lost message once, so there is no later attempt.

use std::time::Duration;

use sandbox::{Fault, Message, World};

use crate::{CALLER, COMPANY_NUMBER, MOBILE, a_world_with_ada};

/// The request that sends a message.
const SEND: &str = "POST /2010-04-01/Accounts/AC00000000000000000000000000000000/Messages.json";

/// The request that reads Twilio's log.
const LOG: &str = "GET /2010-04-01/Accounts/AC00000000000000000000000000000000/Messages.json";

/// The request for one message.
const MESSAGE: &str = "GET /2010-04-01/Accounts/AC00000000000000000000000000000000/Messages/MM";

/// A picture that Ada is sent with a text, as the `nth` message.
async fn a_picture(world: &World, text: &str, nth: usize) -> Message {
    world.twilio.picture(CALLER, COMPANY_NUMBER, text, &[("image/png", b"png")]).await;
    world.twilio.inbox_of(MOBILE, nth).await.pop().unwrap()
}

/// With which status the report is answered that the picture was lost, and how many messages Ada has then.
async fn is_lost(world: &World, picture: &Message) -> (u16, usize) {
    let status = world.twilio.report(picture, "undelivered", 30019).await.status;
    (status, world.twilio.inbox(MOBILE).len())
}

#[tokio::test]
async fn another_lost_picture_with_the_same_words_is_not_taken_for_the_text_that_follows() {
    let world = a_world_with_ada().await;
    // There is no room for the note, so what follows has the words of both pictures.
    let text = "x".repeat(1560);
    a_picture(&world, &text, 1).await;
    let picture = a_picture(&world, &text, 2).await;
    world.twilio.health.fails_on(SEND, 1, Fault::Answers(500, ""));
    assert_eq!(is_lost(&world, &picture).await, (204, 4), "the text is lost without an alarm");
    let inbox = world.twilio.inbox(MOBILE);
    assert!(inbox[2].body.contains(&text) && inbox[3].body.contains("could not be delivered"));
}

#[tokio::test]
async fn an_attempt_that_the_log_shows_only_after_twilio_was_busy_is_not_repeated() {
    let world = a_world_with_ada().await;
    let picture = a_picture(&world, "Look!", 1).await;
    world.twilio.behaves(|it| it.log_takes = Duration::from_secs(2));
    world.twilio.health.fails_on(SEND, 1, Fault::LosesReply);
    // The second attempt, with all its retries.
    world.twilio.health.fails_on(SEND, 6, Fault::Answers(429, r#"{"code":20429}"#));
    assert_eq!(is_lost(&world, &picture).await, (204, 2), "the text arrives twice");
    let sent = world.twilio.health.requests().iter().filter(|it| it.starts_with(SEND)).count();
    assert_eq!(sent, 8, "the picture, the text, and what Twilio was too busy for");
}

#[tokio::test]
async fn no_alarm_rings_for_a_text_whose_third_attempt_has_arrived_without_an_answer() {
    let world = a_world_with_ada().await;
    let picture = a_picture(&world, "Look!", 1).await;
    world.twilio.health.fails_on(SEND, 2, Fault::Answers(500, ""));
    world.twilio.health.fails_on(SEND, 1, Fault::LosesReply);
    assert_eq!(is_lost(&world, &picture).await, (204, 2), "an alarm rings for a text that has arrived");
}

#[tokio::test]
async fn no_alarm_rings_for_a_text_that_has_arrived_although_the_next_attempt_is_refused() {
    let world = a_world_with_ada().await;
    let picture = a_picture(&world, "Look!", 1).await;
    world.twilio.behaves(|it| it.log_takes = Duration::from_millis(800));
    world.twilio.health.fails_on(SEND, 1, Fault::LosesReply);
    world.twilio.health.fails_on(SEND, 1, Fault::Answers(400, r#"{"code":21610}"#));
    assert_eq!(is_lost(&world, &picture).await, (204, 2), "an alarm rings for a text that has arrived");
}

#[tokio::test]
async fn a_log_that_does_not_answer_leaves_time_for_all_attempts() {
    let world = a_world_with_ada().await;
    let picture = a_picture(&world, "Look!", 1).await;
    world.twilio.health.fails_on(MESSAGE, 1, Fault::Takes(Duration::from_millis(700)));
    world.twilio.health.fails_on(LOG, usize::MAX, Fault::Hangs);
    world.twilio.health.fails_on(SEND, 2, Fault::Answers(500, ""));
    assert_eq!(is_lost(&world, &picture).await, (204, 2), "the text is lost");
}
