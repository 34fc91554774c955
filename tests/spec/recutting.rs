//! Twilio signs characters and not fields: a signature says neither where the URL ends nor where a field does.
//!
//! <https://www.twilio.com/docs/usage/security#validating-requests>

use sandbox::{Delivery, World};

use crate::{CALLER, COMPANY_NUMBER, MOBILE, a_world_with_ada};

/// What stands before the text in the form of every text.
const BEFORE_BODY: &str = "AccountSidAC00000000000000000000000000000000ApiVersion2010-04-01Body";

fn texts(world: &World) -> Vec<String> {
    world.twilio.inbox(MOBILE).into_iter().map(|it| it.body).collect()
}

/// The form of `text` with `changes`: another value, or none.
fn form<'a>(text: &'a Delivery, changes: &[(&'a str, Option<&'a str>)]) -> Vec<(&'a str, &'a str)> {
    let fields = text.form().iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let kept = fields.filter(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
    kept.chain(changes.iter().filter_map(|(name, value)| Some((*name, (*value)?)))).collect()
}

/// A text of the caller's that was captured, and what somebody has cut it into.
type Cut = fn(&World) -> Delivery;

/// Another sender, who stands in the text. The real one gets into a field that nobody reads.
fn another_sender(world: &World) -> Delivery {
    let text = world.twilio.a_text(CALLER, COMPANY_NUMBER, "Call me From+14155550199FromA");
    let swallowed = format!("From{CALLER}FromCitySAN FRANCISCO");
    let changes = [
        ("Body", Some("Call me ")),
        ("From", Some("+14155550199")),
        ("FromCity", None),
        ("FromA", Some(&*swallowed)),
    ];
    text.clone().cut_into(text.url(), &form(&text, &changes))
}

/// A longer URL: the fields before the text, and half of the text, become a part of it.
fn a_longer_url(world: &World) -> Delivery {
    let text = world.twilio.a_text(CALLER, COMPANY_NUMBER, &format!("&employee=00ueve{BEFORE_BODY}Hello"));
    let url = format!("{}{BEFORE_BODY}&employee=00ueve", text.url());
    text.clone().cut_into(&url, &form(&text, &[("Body", Some("Hello"))]))
}

/// A shorter URL: what it says of the employee becomes a field.
fn a_shorter_url(world: &World) -> Delivery {
    let text = world.twilio.a_text(CALLER, COMPANY_NUMBER, "Hello");
    let (path, query) = text.url().split_once('?').unwrap();
    let query = query.replacen("employee", "", 1);
    text.clone().cut_into(path, &form(&text, &[("?employee", Some(&*query))]))
}

/// A name that Twilio gives to no message, which stands in the text.
fn another_message(world: &World) -> Delivery {
    let text = world.twilio.a_text(CALLER, COMPANY_NUMBER, &format!("Hello{BEFORE_BODY}Hello"));
    let swallowed = BEFORE_BODY.replacen("Account", "", 1) + "Hello";
    text.clone()
        .cut_into(text.url(), &form(&text, &[("Account", Some(&*swallowed)), ("Body", Some("Hello"))]))
}

#[tokio::test]
async fn a_captured_text_is_not_cut_into_another_one() {
    let cuts: [(&str, Cut); 4] = [
        ("another sender", another_sender),
        ("a longer URL", a_longer_url),
        ("a shorter URL", a_shorter_url),
        ("another message", another_message),
    ];
    let world = a_world_with_ada().await;
    for (what, cut) in cuts {
        assert_eq!(world.twilio.deliver(&cut(&world)).await.status, 403, "{what}");
        assert_eq!(texts(&world), [""; 0], "{what}");
    }
}

#[tokio::test]
async fn a_text_that_reads_like_fields_arrives_as_it_was_written() {
    let world = a_world_with_ada().await;
    let odd = [
        "From+14155550199FromCountryUSMessageSidSM00000000000000000000000000000009To+19253294108".to_owned(),
        format!("&employee=00ueve{BEFORE_BODY}Hello"),
        "StirVerstatTN-Validation-Passed-A".to_owned(),
        "Body".to_owned(),
    ];
    for body in &odd {
        assert_eq!(world.text(CALLER, COMPANY_NUMBER, body).await.status, 200, "{body}");
    }
    let arrived = odd.map(|body| format!("From: {CALLER}\n\n{body}"));
    assert_eq!(texts(&world), arrived);
}

#[tokio::test]
async fn what_was_cut_anew_and_sent_to_the_queue_ends_with_the_dead_texts() {
    let world = a_world_with_ada().await;
    let later = world.twilio.owned()[0].sms_fallback_url.clone();
    let text = world.twilio.a_text(CALLER, COMPANY_NUMBER, "Call me From+14155550199FromA");
    let text = text.to_url(|_| later.clone());
    let swallowed = format!("From{CALLER}FromCitySAN FRANCISCO");
    let changes = [
        ("Body", Some("Call me ")),
        ("From", Some("+14155550199")),
        ("FromCity", None),
        ("FromA", Some(&*swallowed)),
    ];
    world.twilio.deliver(&text.clone().cut_into(&later, &form(&text, &changes))).await;
    for _ in 0..600 {
        if world.late.dead().len() == 1 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!((world.late.dead().len(), texts(&world)), (1, Vec::new()));
}
