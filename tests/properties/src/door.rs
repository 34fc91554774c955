//! What comes in from API Gateway and out of the queue.

use call_forward::{Caller, Outcome, after, ring_again, to_be_rung_again};
use gateway::{Event, answer};
use http::{HeaderName, HeaderValue, Request, Uri};
use jiff::SignedDuration;
use sms_forward::{SmsForward, late::Batch};
use twilify::{
    config::{CallerId, Calls, Messages, base_url},
    okta::{ApiToken, Directory},
    phone::Territory,
    switchboard::Switchboard,
    twilio::{
        Account, AuthToken, AuthTokens, CallEndpoint, CallEvent, Credentials, EndedDial, IncomingCall,
        Rejection, SecondAttempt, Voice, VoiceResponse, Webhooks,
    },
};

use crate::{
    TOKEN, line,
    vendor::{self, VENDOR},
    wait,
};

/// Where Twilio reaches us.
const BASE: &str = "https://phones.example.com";

/// An employee and an empty account, whatever is asked.
const EVERYTHING: &str = r#"{"id":"00uada","status":"ACTIVE","profile":{"firstName":"Ada","lastName":"Lovelace",
"mobilePhone":"+14155550100","primaryPhone":"+19253294108"},"sid":"SM00000000000000000000000000000001","messages":[],
"incoming_phone_numbers":[],"next_page_uri":null}"#;

/// Whatever comes in, signed or not, the functions answer with a status, and one that Twilio knows what to do with.
///
/// The lines are a path with a query, a method, a signature and a content type; what follows is the form. Without a
/// method it is a POST of a form that Twilio has signed. Out of the queue it is a batch as JSON.
///
/// # Panics
///
/// If there is no such answer.
pub fn door(bytes: &[u8]) {
    vendor::says(200, EVERYTHING);
    if let Ok(batch) = serde_json::from_slice::<Batch>(bytes) {
        wait(sms_forward().work_off(batch));
        return;
    }
    let Some(request) = request(bytes) else { return };
    is_answered(Ok(request.clone()));
    if let Ok(call) = webhooks().accept(&request) {
        is_connected_or_told_why_not(call, CallEndpoint::Incoming);
    }
    if let Ok(ended) = webhooks().accept::<EndedDial>(&request) {
        is_followed(&ended, CallEndpoint::After);
    }
    match webhooks().accept(&request).map(|SecondAttempt { event, .. }| event) {
        Ok(CallEvent::Incoming(call)) => is_connected_or_told_why_not(call, CallEndpoint::Again),
        Ok(CallEvent::Ended(ended)) => is_followed(&ended, CallEndpoint::Again),
        Err(_) => {}
    }
}

fn is_followed(ended: &EndedDial, asked_at: CallEndpoint) {
    is_twiml(after(ended, &calls()));
    if let Some((to, hint)) = to_be_rung_again(ended)
        && let Ok(found) = wait(switchboard().find(to, hint))
    {
        is_twiml(ring_again(found, to.clone(), &calls(), asked_at));
    }
}

fn is_connected_or_told_why_not(call: IncomingCall, asked_at: CallEndpoint) {
    let IncomingCall { from, to: Some(to), attestation, forwarded_from, hint, .. } = call else { return };
    let found = wait(switchboard().find(&to, &hint));
    let caller = Caller { number: from, attestation, forwarded_from };
    let outcome = Outcome::of(caller, to, found, CallerId::Caller);
    outcome.log();
    is_twiml(outcome.twiml(&calls(), asked_at, hint));
}

/// Whatever is said to be an event of API Gateway: if it is one, it is answered.
///
/// # Panics
///
/// If there is no such answer.
pub fn event(bytes: &[u8]) {
    vendor::says(200, EVERYTHING);
    let Ok(event) = serde_json::from_slice::<Event<'_>>(bytes) else { return };
    is_answered(Request::try_from(event).map_err(|error| Rejection::Malformed(error.part())));
}

fn is_answered(request: Result<Request<Vec<u8>>, Rejection>) {
    let response = wait(sms_forward().respond(request));
    let status = response.status().as_u16();
    assert!([200, 204, 400, 403, 404, 405, 413, 415, 502, 503].contains(&status), "{status}");
    serde_json::to_string(&answer(response)).expect("an answer is JSON");
}

fn is_twiml(response: VoiceResponse) {
    let response = http::Response::<String>::from(response);
    assert_eq!(response.status(), 200);
    roxmltree::Document::parse(response.body())
        .unwrap_or_else(|error| panic!("{error}: {}", response.body()));
}

fn request(bytes: &[u8]) -> Option<Request<Vec<u8>>> {
    let (path, rest) = line(bytes);
    let (method, rest) = line(rest);
    let (signature, rest) = line(rest);
    let (content_type, form) = line(rest);
    let uri: Uri = format!("{BASE}{path}").parse().ok()?;
    let twilios = || {
        let fields = serde_urlencoded::from_bytes::<Vec<(String, String)>>(form).unwrap_or_default();
        AuthToken::new(TOKEN.into()).sign(&uri.to_string(), &fields)
    };
    let is_twilios = method.is_empty();
    let headers = [
        ("x-twilio-signature", if is_twilios { twilios() } else { signature }),
        (
            "content-type",
            if is_twilios { "application/x-www-form-urlencoded".to_owned() } else { content_type },
        ),
    ];
    let mut request = Request::new(form.to_vec());
    *request.method_mut() = if is_twilios { http::Method::POST } else { method.parse().ok()? };
    *request.uri_mut() = uri;
    for (name, value) in headers {
        request.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_str(&value).ok()?);
    }
    Some(request)
}

pub(crate) fn webhooks() -> Webhooks {
    Webhooks::new(AuthTokens::parse(TOKEN).expect("a token"), None)
}

fn account() -> Account {
    let sid = "AC00000000000000000000000000000000".parse().expect("a SID");
    let tokens = AuthTokens::parse(TOKEN).expect("a token");
    Account::new(vendor::http(), base_url(&VENDOR).expect("a URL"), sid, Credentials::AuthTokens(tokens))
}

fn switchboard() -> Switchboard {
    let org = VENDOR.parse().expect("an org");
    let attribute = "primaryPhone".parse().expect("an attribute");
    let directory = Directory::new(vendor::http(), org, ApiToken::new(TOKEN.into()), attribute);
    let territory =
        Territory { home: "US".parse().expect("a country"), mobiles: "US,CA".parse().expect("countries") };
    Switchboard::new(directory, account(), None, territory, SignedDuration::ZERO, SignedDuration::ZERO)
}

pub(crate) fn sms_forward() -> SmsForward {
    SmsForward::new(webhooks(), switchboard(), account(), None, Messages { notify_sender: true })
}

fn calls() -> Calls {
    Calls {
        greeting: true,
        voice: Voice::default(),
        caller_id: CallerId::Caller,
        ring: "30".parse().expect("a time"),
    }
}
