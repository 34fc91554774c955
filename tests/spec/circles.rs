//! Texts that come back: they are not forwarded again, and all others are.

use sandbox::{Message, World};

use crate::{CALLER, COMPANY_NUMBER, MOBILE, a_world_with_ada};

/// Somebody else's company number.
const GRACES_NUMBER: &str = "+19253294109";

fn bodies(messages: Vec<Message>) -> Vec<String> {
    messages.into_iter().map(|it| it.body).collect()
}

/// Forwards to `COMPANY_NUMBER` whatever has arrived at Ada's mobile after the first `seen` messages, as another
/// company's twilify would, and says how much has arrived then.
async fn a_round(world: &World, seen: usize) -> usize {
    for Message { from, body, .. } in world.twilio.inbox(MOBILE).split_off(seen) {
        // The other number is Ada's mobile as far as Okta knows, so it is a text from herself.
        world.text("+14155550177", COMPANY_NUMBER, &format!("From: {from}\n\n{body}")).await;
    }
    world.twilio.inbox(MOBILE).len()
}

#[tokio::test]
async fn a_strangers_text_that_begins_like_one_of_ours_is_forwarded_every_time() {
    let world = a_world_with_ada().await;
    for text in [
        format!("From: {COMPANY_NUMBER}\n\nFrom: {CALLER}\n\nHello"),
        format!("From: {COMPANY_NUMBER} I got a text, was that you?"),
        "From: +14155550199\n\nHello".to_owned(),
        "From: +14155550199\n\nHello".to_owned(),
        format!("From: {COMPANY_NUMBER}\n\n"),
        format!("{}Hello", format!("From: {COMPANY_NUMBER}\n\n").repeat(3)),
    ] {
        let before = world.twilio.inbox(MOBILE).len();
        assert_eq!(world.text(CALLER, COMPANY_NUMBER, &text).await.status, 200);
        let arrived = bodies(world.twilio.inbox(MOBILE)).split_off(before);
        assert_eq!(arrived, [format!("From: {CALLER}\n\n{text}")]);
    }
}

#[tokio::test]
async fn two_companies_that_forward_to_each_other_come_to_an_end() {
    let world = a_world_with_ada().await;
    world.configure("TWILIFY_METRICS", "phones").await;
    for text in ["Hello".to_owned(), "long ".repeat(320)] {
        let before = world.twilio.inbox(MOBILE).len();
        world.text(CALLER, COMPANY_NUMBER, &text).await;
        let mut seen = before;
        for _ in 0..8 {
            let now = a_round(&world, seen).await;
            if now == seen {
                break;
            }
            seen = now;
        }
        let arrived = bodies(world.twilio.inbox(MOBILE)).split_off(before);
        assert!(arrived.len() <= 4, "{}: {arrived:#?}", text.len());
        assert_eq!(a_round(&world, seen).await, seen, "it goes on");
    }
    world.logged(r#""TextsNotForwarded":1"#).await;
}

#[tokio::test]
async fn they_come_to_an_end_even_if_twilios_log_shows_nothing() {
    let world = a_world_with_ada().await;
    world.twilio.behaves(|it| it.log_takes = std::time::Duration::from_hours(1));
    world.text(CALLER, COMPANY_NUMBER, "Hello").await;
    let mut seen = 0;
    for _ in 0..14 {
        seen = a_round(&world, seen).await;
    }
    assert!(seen <= 11, "{:#?}", bodies(world.twilio.inbox(MOBILE)));
}

#[tokio::test]
async fn a_text_from_a_company_number_of_the_account_is_not_forwarded() {
    let world = a_world_with_ada().await;
    world.twilio.owns(GRACES_NUMBER);
    world.text(GRACES_NUMBER, COMPANY_NUMBER, "From: +14155550199\n\nHello").await;
    let [remark] = bodies(world.twilio.inbox(MOBILE)).try_into().unwrap();
    assert!(remark.contains("it came from another company number (+19253294109)"), "{remark}");
}

#[tokio::test]
async fn of_what_has_come_back_the_employee_is_told_what_is_true() {
    let world = a_world_with_ada().await;
    world.text(CALLER, COMPANY_NUMBER, "Hello").await;
    a_round(&world, 0).await;
    let [_, remark] = bodies(world.twilio.inbox(MOBILE)).try_into().unwrap();
    assert_eq!(
        remark,
        "A text to your company number was not forwarded: it had been forwarded from here before, and came back from \
         +14155550177."
    );
}
