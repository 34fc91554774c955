//! Texts that cannot be forwarded: none of them vanishes without a trace.

use sandbox::{Employee, World};

use crate::{CALLER, COMPANY_NUMBER, MOBILE, a_world_with_ada, late::worked_off};

/// What a sender is told.
const NOT_DELIVERED: &str = "Your message could not be delivered.";

/// What has arrived at somebody's phone.
fn bodies(world: &World, number: &str) -> Vec<String> {
    world.twilio.inbox(number).into_iter().map(|it| it.body).collect()
}

/// Lets everybody's texts be reported to a URL that names no employee.
fn use_a_plain_url(world: &World) {
    world.twilio.change(COMPANY_NUMBER, |it| it.sms_url = it.sms_url.split('?').next().unwrap().to_owned());
}

/// A world in which neither the URL nor Okta's index says yet whose the number is.
async fn a_world_whose_index_is_behind() -> World {
    let world = World::start().await.unwrap();
    world.okta.hire(Employee::named("Ada", "Lovelace").mobile(MOBILE));
    world.okta.searches_lag();
    world.twilio.sells(COMPANY_NUMBER);
    world.run_provisioner().await.unwrap();
    use_a_plain_url(&world);
    world
}

#[tokio::test]
async fn a_text_to_somebody_without_a_usable_mobile_is_counted_and_the_sender_is_told_once() {
    let world = a_world_with_ada().await;
    world.configure("TWILIFY_METRICS", "phones").await;
    world.configure("TWILIFY_NOTIFY_SENDER", "on").await;
    world.okta.set("Ada", "mobilePhone", "ext. 1234");
    for _ in 0..2 {
        assert_eq!(world.text(CALLER, COMPANY_NUMBER, "Hello").await.status, 200);
    }
    assert_eq!(bodies(&world, CALLER), [NOT_DELIVERED]);
    world.logged(r#""TextsNotForwarded":1"#).await;
}

#[tokio::test]
async fn a_text_to_somebody_who_is_suspended_or_gone_is_counted_and_the_sender_is_told() {
    for status in ["SUSPENDED", "DEPROVISIONED"] {
        let world = a_world_with_ada().await;
        world.configure("TWILIFY_METRICS", "phones").await;
        world.configure("TWILIFY_NOTIFY_SENDER", "on").await;
        world.okta.set_status("Ada", status);
        assert_eq!(world.text(CALLER, COMPANY_NUMBER, "Hello").await.status, 200);
        assert_eq!(bodies(&world, CALLER), [NOT_DELIVERED], "{status}");
        let log = world.logged(r#""TextsToNobody":1"#).await;
        assert!(!log.contains("TextsNotForwarded"), "{status}: {log}");
    }
}

#[tokio::test]
async fn by_default_the_sender_of_a_text_to_nobody_is_not_told() {
    let world = a_world_with_ada().await;
    world.okta.set_status("Ada", "SUSPENDED");
    world.text(CALLER, COMPANY_NUMBER, "Hello").await;
    world.okta.set_status("Ada", "ACTIVE");
    world.okta.set("Ada", "mobilePhone", "n/a");
    world.text(CALLER, COMPANY_NUMBER, "Hello").await;
    assert_eq!(bodies(&world, CALLER), [""; 0]);
}

#[tokio::test]
async fn a_text_to_a_plain_url_arrives_although_the_index_does_not_know_the_number_yet() {
    let world = a_world_whose_index_is_behind().await;
    world.text(CALLER, COMPANY_NUMBER, "Hello").await;
    worked_off(&world).await;
    assert_eq!(bodies(&world, MOBILE), ["From: +14155550123\n\nHello"]);
}

#[tokio::test]
async fn a_text_to_a_plain_url_waits_while_twilio_does_not_say_whose_the_number_is() {
    let world = a_world_whose_index_is_behind().await;
    world.twilio.health.fails_on(
        "GET /2010-04-01/Accounts/AC00000000000000000000000000000000/IncomingPhoneNumbers",
        1,
        sandbox::Fault::Answers(500, ""),
    );
    assert_eq!(world.text(CALLER, COMPANY_NUMBER, "Hello").await.status, 503);
    worked_off(&world).await;
    assert_eq!(bodies(&world, MOBILE), ["From: +14155550123\n\nHello"]);
}

#[tokio::test]
async fn a_text_to_a_plain_url_of_somebody_who_has_left_goes_nowhere_and_is_counted() {
    let world = a_world_with_ada().await;
    world.configure("TWILIFY_METRICS", "phones").await;
    use_a_plain_url(&world);
    world.okta.set_status("Ada", "DEPROVISIONED");
    assert_eq!(world.text(CALLER, COMPANY_NUMBER, "Hello").await.status, 200);
    world.logged(r#""TextsToNobody":1"#).await;
    assert_eq!((bodies(&world, MOBILE), world.late.waiting()), (vec![], 0));
}

#[tokio::test]
async fn a_message_by_another_channel_is_forwarded_and_says_how_it_came() {
    let world = a_world_with_ada().await;
    for channel in ["whatsapp", "rcs"] {
        let chat = world.twilio.a_chat(channel, CALLER, COMPANY_NUMBER, "Hello");
        assert_eq!(world.twilio.take(chat).await.status, 200);
    }
    let [whatsapp, rcs] = ["WhatsApp", "RCS"].map(|it| format!("From: {CALLER} ({it})\n\nHello"));
    assert_eq!(bodies(&world, MOBILE), [whatsapp, rcs]);
}

#[tokio::test]
async fn a_message_by_another_channel_arrives_once_if_its_answer_is_lost() {
    let world = a_world_with_ada().await;
    let send = "POST /2010-04-01/Accounts/AC00000000000000000000000000000000/Messages.json";
    world.twilio.health.fails_on(send, 1, sandbox::Fault::LosesReply);
    let chat = world.twilio.a_chat("whatsapp", CALLER, COMPANY_NUMBER, "Hello");
    world.twilio.take(chat).await;
    worked_off(&world).await;
    assert_eq!(bodies(&world, MOBILE), ["From: +14155550123 (WhatsApp)\n\nHello"]);
}

#[tokio::test]
async fn an_employee_who_writes_to_their_own_number_by_another_channel_gets_no_answer_as_a_text() {
    let world = a_world_with_ada().await;
    let chat = world.twilio.a_chat("whatsapp", MOBILE, COMPANY_NUMBER, "Hello");
    assert_eq!(world.twilio.take(chat).await.status, 200);
    assert_eq!(bodies(&world, MOBILE), [""; 0]);
}

#[tokio::test]
async fn a_message_to_what_is_no_number_is_counted() {
    let world = a_world_with_ada().await;
    world.configure("TWILIFY_METRICS", "phones").await;
    let text = world.twilio.a_text(CALLER, COMPANY_NUMBER, "Hello");
    let text = text.with("From", "rcs:+14155550123").with("To", "rcs:example_agent");
    assert_eq!(world.twilio.deliver(&text).await.status, 200);
    world.logged(r#""TextsNotForwarded":1"#).await;
    let log = world.logged("came to an address that is no phone number").await;
    assert!(!log.contains("example_agent") && !log.contains("nobody's"), "{log}");
}

#[tokio::test]
async fn a_text_to_a_plain_url_waits_while_okta_does_not_tell_of_the_owner() {
    let world = a_world_whose_index_is_behind().await;
    world
        .okta
        .health
        .fails_when(|it| it.starts_with("GET /api/v1/users/00u"), sandbox::Fault::Answers(500, ""));
    assert_eq!(world.text(CALLER, COMPANY_NUMBER, "Hello").await.status, 503);
    world.okta.health.recovers();
    worked_off(&world).await;
    assert_eq!(bodies(&world, MOBILE), ["From: +14155550123\n\nHello"]);
}

#[tokio::test]
async fn neither_a_text_that_is_not_forwarded_nor_its_sender_reaches_the_log() {
    let world = a_world_with_ada().await;
    world.configure("TWILIFY_LOG", "trace").await;
    let later = world.twilio.owned()[0].sms_fallback_url.clone();
    let text = world.twilio.a_text(CALLER, COMPANY_NUMBER, "our little secret").to_url(|_| later.clone());
    world.twilio.deliver(&text.signed_as(&["AAAA"])).await;
    world.logged("refused a request that was in the queue").await;
    world.text(COMPANY_NUMBER, COMPANY_NUMBER, "our little secret").await;
    world.text(MOBILE, COMPANY_NUMBER, "our little secret").await;
    world.text("WhatsApp:our little sender", COMPANY_NUMBER, "our little secret").await;
    world.okta.set("Ada", "mobilePhone", "ext. 1234");
    world.configure("TWILIFY_REMEMBER_SECONDS", "0").await;
    world.text(CALLER, COMPANY_NUMBER, "our little secret").await;
    let log = world.logged("the employee has no usable mobile number").await;
    for secret in ["little", &CALLER[2..], &COMPANY_NUMBER[2..], &MOBILE[2..]] {
        assert!(!log.contains(secret), "{secret} is in the log:\n{log}");
    }
}
