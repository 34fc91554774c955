//! The text that follows its lost picture: Twilio reports a lost message once, so there is no later attempt.

use sandbox::{Fault, Message, World};

use crate::{CALLER, COMPANY_NUMBER, MOBILE, a_world_with_ada};

/// The request that sends a message.
const SEND: &str = "POST /2010-04-01/Accounts/AC00000000000000000000000000000000/Messages.json";

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
