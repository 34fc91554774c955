//! What is done when Twilio's answer does not tell whether it has done what it was asked.

use futures_util::future::join;
use sandbox::{Employee, Fault, MESSAGING_SERVICE_SID, World};

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

/// A world with a Messaging Service in which Ada is to get her number.
async fn a_world_with_a_service() -> World {
    let world = World::start().await.unwrap();
    world.configure("TWILIFY_MESSAGING_SERVICE_SID", MESSAGING_SERVICE_SID).await;
    world.okta.hire(Employee::named("Ada", "Lovelace").mobile(MOBILE));
    world.twilio.sells(COMPANY_NUMBER);
    world
}

#[tokio::test]
async fn a_run_to_which_twilio_says_that_there_is_too_much_at_once_tries_again() {
    let world = a_world_with_a_service().await;
    let too_many = || Fault::Answers(429, r#"{"code":20429}"#);
    for request in [
        "GET /2010-04-01/Accounts/AC00000000000000000000000000000000/AvailablePhoneNumbers",
        "POST /2010-04-01/Accounts/AC00000000000000000000000000000000/IncomingPhoneNumbers.json",
        "POST /v1/Services",
    ] {
        world.twilio.health.fails_on(request, 1, too_many());
    }
    let report = world.run_provisioner().await.unwrap();
    assert_eq!(report["counts"]["failed"], 0, "{report:#}");
    assert_eq!(world.twilio.enrolled(), [COMPANY_NUMBER], "texts come from a number outside of the service");
    let asked = world.twilio.health.requests();
    // One is needed, and any may be sold to somebody else in the meantime.
    assert!(
        asked.iter().any(|it| it.contains("AvailablePhoneNumbers") && it.contains("PageSize=21")),
        "{asked:?}"
    );
}

#[tokio::test]
async fn a_number_that_somebody_else_has_put_into_the_service_is_in_it_and_one_for_which_there_is_no_room_is_not()
 {
    for (answer, is_done) in [(r#"{"code":21710}"#, true), (r#"{"code":21714}"#, false)] {
        let world = a_world_with_a_service().await;
        world.twilio.health.fails_on("POST /v1/Services", usize::MAX, Fault::Answers(409, answer));
        world.run_provisioner().await.unwrap();
        assert_eq!(world.run_provisioner().await.is_ok(), is_done, "{answer}");
    }
}
