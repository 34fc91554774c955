//! TwiML.

use http::{Request, Response};
use roxmltree::Document;
use twilify::{
    EmployeeId,
    seal::Sealed,
    twilio::{AuthToken, CallEndpoint, Dial, EndedDial, Hint, Leg, MessagingResponse, Voice, VoiceResponse},
};

use crate::{TOKEN, door::webhooks, line};

/// Whatever is said is well-formed XML that says just that, but for characters that XML cannot have, and nothing of it
/// is taken for a verb.
///
/// # Panics
///
/// If that is not so.
pub fn twiml(bytes: &[u8]) {
    let (name, text) = line(bytes);
    let text = String::from_utf8_lossy(text);
    let employee = Some(EmployeeId("00uada".to_owned()));
    let hint = Hint { employee, sealed: Some(Sealed(name.clone())), stopped: false };
    let dial = Dial {
        to: "+14155550100".parse().expect("a number"),
        caller_id: "+14155550123".parse().expect("a number"),
        ring: "30".parse().expect("a time"),
        asked_at: CallEndpoint::Incoming,
        leg: Leg { name: Some(name.clone()), retry: Some(hint.clone()) },
    };
    let voice = Response::<String>::from(VoiceResponse::new(Voice::default()).say(&text).dial(dial));
    assert_eq!(verbs(voice.body()), [("Say".to_owned(), said(&text)), ("Dial".to_owned(), String::new())]);
    let reply = Response::<String>::from(MessagingResponse::reply(&text));
    assert_eq!(verbs(reply.body()), [("Message".to_owned(), said(&text))]);
    let url = format!("https://phones.example.com/{}", action(voice.body()));
    // No seal looks so, and a URL that does is taken for one that was cut anew.
    if url.contains("AccountSid") {
        return;
    }
    let form = [
        ("AccountSid", "AC00000000000000000000000000000001"),
        ("CallSid", "CA00000000000000000000000000000001"),
        ("DialCallStatus", "busy"),
    ];
    let form = form.map(|(name, value)| (name.into(), value.into()));
    let ended = Request::post(&url)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("x-twilio-signature", AuthToken::new(TOKEN.into()).sign(&url, &form))
        .body(serde_urlencoded::to_string(&form).expect("a form"))
        .expect("a request");
    let ended: EndedDial = webhooks().accept(&ended).expect("it is signed");
    let retry = ended.leg.retry.expect("it may be rung once more");
    assert_eq!(retry.employee, hint.employee);
    assert!(
        retry.sealed.is_none_or(|it| Some(it) == hint.sealed),
        "a seal comes back as it went out, or not at all"
    );
    assert_eq!(ended.leg.name.unwrap_or_default(), name, "the name comes back as it went out");
}

/// The verbs of a response, and what stands in each.
fn verbs(xml: &str) -> Vec<(String, String)> {
    let document = Document::parse(xml).unwrap_or_else(|error| panic!("{error}: {xml}"));
    let root = document.root_element();
    assert_eq!(root.tag_name().name(), "Response");
    let verbs = root.children().filter(roxmltree::Node::is_element);
    verbs
        .map(|it| {
            let texts: String =
                it.children().filter_map(|it| it.is_text().then(|| it.text()).flatten()).collect();
            (it.tag_name().name().to_owned(), texts)
        })
        .collect()
}

fn action(xml: &str) -> String {
    let document = Document::parse(xml).expect("it has been read before");
    let dial = document.descendants().find(|it| it.has_tag_name("Dial")).expect("it dials");
    dial.attribute("action").expect("an action").to_owned()
}

/// What can be said of `text` in XML.
fn said(text: &str) -> String {
    let spaces = text.replace(['\t', '\n', '\r'], " ");
    spaces.chars().filter(|it| !matches!(it, '\0'..' ' | '\u{fffe}' | '\u{ffff}')).collect()
}
