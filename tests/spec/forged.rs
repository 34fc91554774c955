//! Signatures, marks and seals that are nearly right: each is refused, and only the whole one opens the door.

use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD},
};
use sandbox::{Delivery, Fault, World};

use crate::{
    CALLER, COMPANY_NUMBER, MOBILE, a_world_with_ada,
    calls::{CONNECTED, TRY_LATER},
    late::worked_off,
};

/// Other words than `genuine`, which is the Base64 of some bytes: parts of the bytes, of the word, and the same bytes written
/// in another way.
fn forgeries(genuine: &str) -> Vec<String> {
    let padded = genuine.ends_with('=');
    let bytes = BASE64_STANDARD.decode(genuine);
    let bytes = bytes.or_else(|_| BASE64_URL_SAFE_NO_PAD.decode(genuine)).unwrap();
    let again = |bytes: &[u8]| {
        if padded { BASE64_STANDARD.encode(bytes) } else { BASE64_URL_SAFE_NO_PAD.encode(bytes) }
    };
    let hex = bytes.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    let mut forged = vec![
        "=".to_owned(),
        "AAAA".to_owned(),
        again(&[0; 20]),
        again(&[0; 32]),
        again(&[&bytes[..], &[0]].concat()),
        again(&[&[0], &bytes[..]].concat()),
        again(&[&bytes[..], &bytes[..]].concat()),
        again(genuine.as_bytes()),
        again(hex.as_bytes()),
        hex.to_uppercase(),
        hex,
        genuine.to_lowercase(),
        genuine.to_uppercase(),
        genuine.chars().rev().collect(),
        format!("{genuine}="),
        format!("{genuine}A"),
        format!("={genuine}"),
        format!("{genuine},{genuine}"),
        format!("{genuine}, {}", again(&[0; 20])),
        format!("{}, {genuine}", again(&[0; 20])),
        format!("{genuine} {genuine}"),
        format!("{genuine}%3D"),
        format!("\"{genuine}\""),
        format!("sha1={genuine}"),
        BASE64_STANDARD.encode(&bytes),
        BASE64_STANDARD_NO_PAD.encode(&bytes),
        BASE64_URL_SAFE.encode(&bytes),
        BASE64_URL_SAFE_NO_PAD.encode(&bytes),
    ];
    for length in 0..bytes.len() {
        let (first, rest) = bytes.split_at(length);
        forged.extend([again(first), again(rest), again(&[first, &vec![0; rest.len()]].concat())]);
        let flipped = [first, &[rest[0] ^ 1], &rest[1..]].concat();
        forged.push(again(&flipped));
    }
    for position in 0..genuine.len() {
        let (before, after) = genuine.split_at(position);
        let other = if after.starts_with('A') { 'B' } else { 'A' };
        forged.extend([
            before.to_owned(),
            format!("{before} {after}"),
            format!("{before}{other}{}", &after[1..]),
        ]);
    }
    forged.sort();
    forged.dedup();
    // A header or a line has no blanks at its ends.
    forged.retain(|it| it.trim() != genuine);
    assert!(forged.len() > 100, "{forged:?}");
    forged
}

/// A webhook for each door, of which the call's has a signature that is written in another way in a URL.
fn webhooks(world: &World) -> Vec<Delivery> {
    let mut calls = std::iter::repeat_with(|| world.twilio.a_call(CALLER, COMPANY_NUMBER));
    let call = calls.find(|it| it.signature(&world.twilio).contains(['+', '/'])).unwrap();
    let text = world.twilio.a_text(CALLER, COMPANY_NUMBER, "Hello");
    let again = world.twilio.owned()[0].voice_fallback_url.clone();
    let failed = call.url().to_owned();
    vec![
        call.clone(),
        text.clone(),
        call.clone().to_url(|_| again).with("ErrorCode", "11200").with("ErrorUrl", &failed),
        call.ended("call-forward/after?name=QWRh", "busy"),
        text.to_url(|url| url.replace("/sms-forward?", "/sms-forward/status?"))
            .with("MessageStatus", "delivered"),
    ]
}

async fn assert_refused(world: &World, webhook: &Delivery, signatures: &[&str]) {
    let answer = world.twilio.deliver(&webhook.clone().signed_as(signatures)).await;
    let (url, said) = (webhook.url(), (answer.status, answer.body.as_str()));
    assert_eq!(said, (403, ""), "somebody who is not Twilio gets in at {url} with {signatures:?}");
}

#[tokio::test]
async fn nothing_but_twilios_whole_signature_opens_a_door() {
    let world = a_world_with_ada().await;
    for webhook in &webhooks(&world) {
        let genuine = webhook.signature(&world.twilio);
        let forged = forgeries(&genuine);
        for signature in &forged {
            assert_refused(&world, webhook, &[signature]).await;
        }
        assert_refused(&world, webhook, &[""]).await;
        assert_refused(&world, webhook, &[&genuine, &genuine]).await;
        assert_refused(&world, webhook, &[&genuine, "AAAA"]).await;
        assert_refused(&world, webhook, &["AAAA", &genuine]).await;
        let answer = world.twilio.deliver(&webhook.clone().signed_as(&[&genuine])).await;
        assert!([200, 204].contains(&answer.status), "Twilio itself is refused at {}", webhook.url());
    }
    let sent = world.twilio.inbox(MOBILE).len();
    assert_eq!(sent, 1, "only the text that Twilio has signed is forwarded");
}

#[tokio::test]
async fn a_signature_of_another_request_opens_no_door() {
    let world = a_world_with_ada().await;
    let all = webhooks(&world);
    for webhook in &all {
        for other in &all {
            if other.url() != webhook.url() {
                assert_refused(&world, webhook, &[&other.signature(&world.twilio)]).await;
            }
        }
        let others: [fn(Delivery) -> Delivery; 6] = [
            |it| it.with("From", "+14155550199"),
            |it| it.with("Extra", "1"),
            |it| it.without("AccountSid"),
            |it| it.to_url(|url| format!("{url}&x=1")),
            |it| it.to_url(|url| url.replace("http://", "https://")),
            |it| it.to_url(|url| url.replace("127.0.0.1", "127.0.0.2")),
        ];
        for other in others {
            assert_refused(&world, webhook, &[&other(webhook.clone()).signature(&world.twilio)]).await;
        }
    }
}

#[tokio::test]
async fn nothing_but_the_whole_signature_brings_a_text_out_of_the_queue() {
    let world = a_world_with_ada().await;
    world.late.set_speed(1_000_000);
    world.late.set_batch_size(10);
    let later = world.twilio.owned()[0].sms_fallback_url.clone();
    let text = world.twilio.a_text(CALLER, COMPANY_NUMBER, "Hello").to_url(|_| later.clone());
    let form: Vec<_> = text.form().iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let body = url_encoded(&form);
    let genuine = text.signature(&world.twilio);
    let forged = forgeries(&genuine);
    for signature in &forged {
        world.late.put(body.clone(), &[("signature", signature), ("url", &later)]);
    }
    worked_off(&world).await;
    let arrived = world.twilio.inbox(MOBILE).len();
    assert_eq!(
        (arrived, world.late.dead().len()),
        (0, forged.len()),
        "a text arrives that nobody has signed"
    );
    world.late.put(body, &[("signature", &genuine), ("url", &later)]);
    worked_off(&world).await;
    assert_eq!((world.twilio.inbox(MOBILE).len(), world.late.dead().len()), (1, forged.len()));
}

fn url_encoded(form: &[(&str, &str)]) -> String {
    let plain = |text: &str| {
        let escaped = |byte: u8| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        };
        text.bytes().map(escaped).collect::<String>()
    };
    let fields = form.iter().map(|(name, value)| format!("{}={}", plain(name), plain(value)));
    fields.collect::<Vec<_>>().join("&")
}

#[tokio::test]
async fn nothing_but_a_links_whole_mark_shows_a_picture() {
    let world = a_world_with_ada().await;
    world.twilio.picture(CALLER, COMPANY_NUMBER, "Look!", &[("image/png", b"png")]).await;
    let [message] = world.twilio.inbox_of(MOBILE, 1).await.try_into().unwrap();
    let (link, genuine) = message.media_urls[0].split_once("&signature=").unwrap();
    let asked = world.twilio.health.requests().len();
    for mark in forgeries(genuine) {
        // A blank and a line's end get lost in a URL, so they are written out.
        let mark = mark.replace(' ', "%20").replace('"', "%22");
        let (status, body) = world.twilio.fetches(&format!("{link}&signature={mark}")).await;
        assert_eq!((status, body.len()), (404, 0), "a stranger sees the picture with the mark {mark}");
    }
    assert_eq!(world.twilio.health.requests().len(), asked, "Twilio was asked for the picture");
    let genuine = world.twilio.fetches(&format!("{link}&signature={genuine}")).await;
    assert_eq!(genuine, (200, b"png".to_vec()));
}

/// Twilio has signed all of these URLs, as it does when somebody has changed one in its console.
#[tokio::test]
async fn nothing_but_a_whole_seal_names_a_mobile() {
    let world = a_world_with_ada().await;
    let voice_url = world.twilio.owned()[0].voice_url.clone();
    let (url, genuine) = voice_url.split_once("&route=").unwrap();
    world.okta.health.fails(Fault::LimitsRate(60));
    let heard = async |seal: &str| {
        let call = world.twilio.a_call(CALLER, COMPANY_NUMBER);
        let call = call.to_url(|_| format!("{url}&route={seal}"));
        world.twilio.follow(call).await.to_string()
    };
    for seal in &forgeries(genuine) {
        let seal = seal.replace(' ', "+").replace('"', "%22");
        assert_eq!(heard(&seal).await, TRY_LATER, "the seal {seal} was opened");
    }
    assert_eq!(heard(genuine).await, CONNECTED);
}
