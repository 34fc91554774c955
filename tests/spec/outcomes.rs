//! What is done when Twilio's answer does not tell whether it has done what it was asked.

use futures_util::future::join;
use sandbox::{Fault, World};

use crate::{CALLER, COMPANY_NUMBER, MOBILE, a_world_with_ada};

/// The request that sends a message.
const SEND: &str = "POST /2010-04-01/Accounts/AC00000000000000000000000000000000/Messages.json";

fn arrived(world: &World) -> Vec<String> {
    world.twilio.inbox(MOBILE).into_iter().map(|it| it.body).collect()
}

/// A gateway in front of Twilio answers like this when it has lost Twilio's own answer.
#[tokio::test]
async fn whichever_server_error_hides_that_a_text_was_sent_it_counts_as_sent_and_arrives_once() {
    let with = async |status| {
        let world = a_world_with_ada().await;
        world.twilio.health.fails_on(SEND, 1, Fault::Denies(status));
        let answer = world.text(CALLER, COMPANY_NUMBER, "Hello").await;
        assert_eq!(answer.status, 200, "{status}: a text that was sent waits to be sent again");
        assert_eq!(arrived(&world), ["From: +14155550123\n\nHello"], "{status}");
        assert_eq!(world.late.waiting(), 0, "{status}");
    };
    join(with(502), with(504)).await;
}

#[tokio::test]
async fn whichever_server_error_meets_the_text_of_a_lost_picture_it_is_sent_again() {
    let with = async |status| {
        let world = a_world_with_ada().await;
        world.twilio.picture(CALLER, COMPANY_NUMBER, "Look!", &[("image/png", b"png")]).await;
        let [picture] = world.twilio.inbox_of(MOBILE, 1).await.try_into().unwrap();
        world.twilio.health.fails_on(SEND, 1, Fault::Answers(status, ""));
        let answer = world.twilio.report(&picture, "undelivered", 30019).await;
        let [_, text] = arrived(&world).try_into().unwrap_or_else(|_| panic!("{status}: the text is lost"));
        assert!(text.contains("Look!") && text.contains("could not be delivered"), "{text}");
        assert_eq!(answer.status, 204, "{status}");
    };
    join(with(502), with(504)).await;
}
