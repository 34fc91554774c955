//! What is accepted and what is refused, and what is read out of it.

mod cut_anew;

use url::form_urlencoded;

use super::*;
use crate::{
    phone::{CompanyNumber, PhoneNumber},
    twilio::AuthToken,
};

const TOKEN: &str = "12345";
const CALL_URL: &str = "https://phones.example.com/call-forward?employee=00uada";
const ACCOUNT: (&str, &str) = ("AccountSid", "AC00000000000000000000000000000001");
const CALL_SID: &str = "CA00000000000000000000000000000002";
const TEXT_SID: &str = "SM00000000000000000000000000000003";
const CALL: [(&str, &str); 4] =
    [("CallSid", CALL_SID), ("From", "+14155550123"), ("To", "+19253294108"), ACCOUNT];
const TEXT_URL: &str = "https://phones.example.com/sms-forward?employee=00uada";
const TEXT: [(&str, &str); 4] =
    [("MessageSid", TEXT_SID), ("From", "+14155550123"), ("To", "+19253294108"), ACCOUNT];

fn webhooks() -> Webhooks {
    Webhooks::new(AuthTokens::parse(TOKEN).unwrap(), None)
}

/// `fields`, with `others` in the place of those of the same name.
fn with<'a>(fields: &[(&'a str, &'a str)], others: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let kept = fields.iter().filter(|(name, _)| others.iter().all(|(other, _)| other != name));
    kept.chain(others).copied().collect()
}

fn signature(url: &str, fields: &[(&str, &str)]) -> String {
    let fields: Vec<_> = fields.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    AuthToken::new(TOKEN.into()).sign(url, &fields)
}

/// What arrives at `url` when Twilio has signed `signed` and posted `fields` to it.
fn posted_to(url: &str, signed: &str, fields: &[(&str, &str)]) -> Request<Vec<u8>> {
    let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    Request::post(url)
        .header("x-twilio-signature", signature(signed, fields))
        .header("content-type", "application/x-www-form-urlencoded; charset=UTF-8")
        .body(form.into_bytes())
        .unwrap()
}

fn posted(url: &str, fields: &[(&str, &str)]) -> Request<Vec<u8>> {
    posted_to(url, url, fields)
}

fn call(others: &[(&str, &str)]) -> IncomingCall {
    webhooks().accept(&posted(CALL_URL, &with(&CALL, others))).unwrap()
}

fn text(others: &[(&str, &str)]) -> IncomingMessage {
    webhooks().accept(&posted(TEXT_URL, &with(&TEXT, others))).unwrap()
}

fn ended(url: &str, status: &str) -> EndedDial {
    webhooks().accept(&posted(url, &[ACCOUNT, ("CallSid", CALL_SID), ("DialCallStatus", status)])).unwrap()
}

fn reported(others: &[(&str, &str)]) -> MessageStatus {
    let url = "https://phones.example.com:8443/sms-forward/status?employee=00uada&media=1";
    let report = [ACCOUNT, ("MessageSid", TEXT_SID), ("MessageStatus", "undelivered")];
    webhooks().accept(&posted(url, &with(&report, others))).unwrap()
}

fn refusal(request: &Request<Vec<u8>>) -> Option<Rejection> {
    webhooks().accept::<IncomingCall>(request).err()
}

#[test]
fn whatever_is_not_twilios_is_refused_with_its_reason() {
    let changed = |change: fn(&mut Request<Vec<u8>>)| {
        let mut request = posted(CALL_URL, &CALL);
        change(&mut request);
        refusal(&request)
    };
    assert_eq!(changed(|_| {}), None);
    assert_eq!(changed(|it| *it.method_mut() = Method::GET), Some(Rejection::Method));
    assert_eq!(changed(|it| drop(it.headers_mut().remove("x-twilio-signature"))), Some(Rejection::Unsigned));
    assert_eq!(changed(|it| drop(it.headers_mut().remove("content-type"))), Some(Rejection::NotAForm));
    assert_eq!(changed(|it| it.body_mut().extend(b"&Digits=1")), Some(Rejection::Forged));
    assert_eq!(
        changed(|it| *it.uri_mut() = Uri::from_static("https://phones.example.com/call-forward")),
        Some(Rejection::Forged)
    );
    assert_eq!(refusal(&posted(CALL_URL, &CALL[1..])), Some(Rejection::Incomplete("CallSid")));
    assert_eq!(refusal(&posted(CALL_URL, &[CALL[0], CALL[1], ACCOUNT])), Some(Rejection::Incomplete("To")));
    assert_eq!(refusal(&posted(CALL_URL, &CALL[..3])), Some(Rejection::Incomplete("AccountSid")));
}

#[test]
fn a_form_may_be_as_long_as_it_may_be_and_no_longer() {
    let padded = |length: usize| {
        let bare = posted(CALL_URL, &with(&CALL, &[("Padding", "")])).body().len();
        let padding = "x".repeat(length - bare);
        posted(CALL_URL, &with(&CALL, &[("Padding", &padding)]))
    };
    assert_eq!(refusal(&padded(64 * 1024)), None);
    assert_eq!(refusal(&padded(64 * 1024 + 1)), Some(Rejection::TooLong));
    assert_eq!(Rejection::TooLong.to_string(), "its form is longer than 64 KiB");
}

#[test]
fn a_stranger_is_told_nothing_but_a_status() {
    let status = |rejection: Rejection| {
        let response = Response::<String>::from(rejection);
        assert_eq!(response.body(), "");
        response.status().as_u16()
    };
    assert_eq!(status(Rejection::Method), 405);
    assert_eq!(status(Rejection::NotFound), 404);
    assert_eq!(status(Rejection::NotAForm), 415);
    assert_eq!(status(Rejection::TooLong), 413);
    assert_eq!([status(Rejection::Unsigned), status(Rejection::Forged)], [403, 403]);
    assert_eq!(status(Rejection::CutAnew("…")), 403);
    assert_eq!([status(Rejection::Malformed("path")), status(Rejection::Incomplete("To"))], [400, 400]);
}

#[test]
fn twilio_may_sign_the_port_of_the_scheme_or_not() {
    let arrives = |url: &str, signed: &str| refusal(&posted_to(url, signed, &CALL)).is_none();
    assert!(arrives("https://a.example/call-forward", "https://a.example:443/call-forward"));
    assert!(arrives("http://a.example/call-forward", "http://a.example:80/call-forward"));
    assert!(!arrives("https://a.example/call-forward", "https://a.example:80/call-forward"));
    assert!(!arrives("http://a.example/call-forward", "http://a.example:443/call-forward"));
    assert!(arrives("https://a.example:8443/call-forward", "https://a.example:8443/call-forward"));
    assert!(arrives("https://a.example:8443/call-forward", "https://a.example/call-forward"));
    assert!(!arrives("https://a.example:8443/call-forward", "https://a.example:443/call-forward"));
}

#[test]
fn a_url_without_a_query_is_signed_without_a_question_mark() {
    let url = "https://phones.example.com/call-forward";
    assert_eq!(refusal(&posted(url, &CALL)), None);
    assert_eq!(refusal(&posted_to(url, &format!("{url}?"), &CALL)), Some(Rejection::Forged));
}

#[test]
fn behind_a_proxy_its_url_is_what_counts() {
    let public = "https://phones.example.com:8443/twilio/";
    let webhooks = Webhooks::new(AuthTokens::parse(TOKEN).unwrap(), Some(public.parse().unwrap()));
    let signed = "https://phones.example.com:8443/twilio/sms-forward?employee=00uada";
    let arrives = "https://gateway.example/sms-forward?employee=00uada";
    let message: IncomingMessage = webhooks.accept(&posted_to(arrives, signed, &TEXT)).unwrap();
    assert_eq!(message.base, "https://phones.example.com:8443/twilio");
    let unproxied = webhooks.accept::<IncomingMessage>(&posted(arrives, &TEXT));
    assert_eq!(unproxied.err(), Some(Rejection::Forged));
}

#[test]
fn what_has_waited_in_the_queue_is_read_like_anything_else() {
    let url = "https://phones.example.com/sms-forward/later/00uada";
    let accepted = |url: &str, signature: &str| {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(TEXT).finish();
        webhooks().accept_late::<IncomingMessage>(url, signature, &form)
    };
    let message = accepted(url, &signature(url, &TEXT)).ok().unwrap();
    assert_eq!((message.sid.0.as_str(), message.base.as_str()), (TEXT_SID, "https://phones.example.com"));
    assert_eq!(message.hint.employee.unwrap().0, "00uada");
    assert_eq!(accepted(url, &signature(CALL_URL, &TEXT)).err(), Some(Rejection::Forged));
    assert_eq!(accepted("not a URL", &signature(url, &TEXT)).err(), Some(Rejection::NotFound));
}

#[test]
fn a_call_says_who_calls_and_whom() {
    let call = call(&[("ForwardedFrom", "+14155550177")]);
    assert_eq!(call.sid, CallSid(CALL_SID.to_owned()));
    assert_eq!(call.from, Some("+14155550123".parse::<PhoneNumber>().unwrap()));
    assert_eq!(call.forwarded_from, Some("+14155550177".parse::<PhoneNumber>().unwrap()));
    assert_eq!(call.to, Some("+19253294108".parse::<CompanyNumber>().unwrap()));
    assert_eq!(call.hint.employee.unwrap().0, "00uada");
}

#[test]
fn whoever_withholds_their_number_calls_from_none() {
    for from in ["+266696687", "+7378742833", "+2562533", "+8656696", "+86282452253", "Anonymous", ""] {
        assert_eq!(call(&[("From", from)]).from, None, "{from}");
    }
    assert_eq!(call(&[("To", "sip:ada@example.com")]).to, None);
}

#[test]
fn a_rung_phone_has_rung_to_one_of_five_ends() {
    let url = "https://phones.example.com/call-forward/after?name=QWRhICYgQ28&x=1";
    for (status, end) in [
        ("completed", DialStatus::Answered),
        ("answered", DialStatus::Answered),
        ("busy", DialStatus::Busy),
        ("no-answer", DialStatus::Unanswered),
        ("canceled", DialStatus::Canceled),
        ("failed", DialStatus::Failed),
        ("what Twilio thinks of next", DialStatus::Failed),
    ] {
        let ended = ended(url, status);
        assert_eq!((ended.sid.0.as_str(), ended.status), (CALL_SID, end), "{status}");
        assert_eq!(ended.leg.name.as_deref(), Some("Ada & Co"));
    }
    for unreadable in ["x=1", "name=", "name=Ada+%26+Co", "name=_w", "name=QWRhICYgQ28="] {
        let url = format!("https://phones.example.com/call-forward/after?{unreadable}");
        assert_eq!(ended(&url, "busy").leg.name, None, "{unreadable}");
    }
}

#[test]
fn a_message_says_what_came_with_it() {
    let sid = "ME00000000000000000000000000000001";
    let url = format!("https://api.twilio.com/2010-04-01/Accounts/AC1/Messages/MM1/Media/{sid}");
    let message = text(&[
        ("From", "32665"),
        ("Body", "Hello"),
        ("NumMedia", "2"),
        ("MediaUrl0", &url),
        ("MediaContentType0", "Image/JPEG; name=x"),
        ("MediaUrl2", &url),
    ]);
    assert_eq!((message.from.as_str(), message.body.as_str()), ("32665", "Hello"));
    assert_eq!(message.base, "https://phones.example.com");
    let picture = IncomingMedia { sid: sid.parse().ok(), content_type: "image/jpeg".to_owned() };
    assert!(picture.sid.is_some());
    let unknown = IncomingMedia { sid: None, content_type: String::new() };
    assert_eq!(message.media, [picture, unknown]);
}

#[test]
fn a_message_has_ten_files_at_most_and_may_have_nothing_at_all() {
    assert_eq!(text(&[("NumMedia", "4000000000")]).media.len(), 10);
    for none in ["", "0"] {
        assert_eq!(text(&[("NumMedia", none)]).media, []);
    }
    let message = text(&[]);
    assert_eq!((message.body.as_str(), message.media.len()), ("", 0));
}

#[test]
fn a_report_says_what_became_of_which_message() {
    let report = reported(&[("ErrorCode", "30003")]);
    assert_eq!((report.sid.0.as_str(), report.is_lost, report.code), (TEXT_SID, true, 30003));
    assert_eq!(report.employee.unwrap().0, "00uada");
    assert!(report.had_media);
    assert_eq!(report.base, "https://phones.example.com:8443");
    assert!(reported(&[("MessageStatus", "failed")]).is_lost);
    for kept in ["queued", "sent", "delivered", "canceled"] {
        let report = reported(&[("MessageStatus", kept)]);
        assert_eq!((report.is_lost, report.code), (false, 0), "{kept}");
    }
}

#[test]
fn a_mark_is_ours_as_long_as_its_token_is_one_of_ours() {
    let with = |tokens| Webhooks::new(AuthTokens::parse(tokens).unwrap(), None);
    let mark = webhooks().mark("a file");
    assert!(webhooks().marked("a file", &mark) && with("new, 12345").marked("a file", &mark));
    assert!(!webhooks().marked("another file", &mark) && !with("new").marked("a file", &mark));
}

#[test]
fn a_second_attempt_is_about_what_the_first_one_was_about() {
    let again = "https://phones.example.com/call-forward/again?employee=00uada";
    let after = "https://phones.example.com/call-forward/after?name=QWRh";
    let accepted =
        |fields: &[(&str, &str)]| webhooks().accept::<SecondAttempt>(&posted(again, fields)).unwrap();
    let claims = |fields: &[(&str, &str)]| {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        SecondAttempt::claims_to_follow_a_dial(form.as_bytes())
    };
    let of_the_call = with(&CALL, &[("ErrorCode", "11200"), ("ErrorUrl", CALL_URL)]);
    let SecondAttempt { code, event } = accepted(&of_the_call);
    assert!(matches!(event, CallEvent::Incoming(call) if call.hint.employee.is_some()));
    assert_eq!((code, claims(&of_the_call)), (Some(11200), false));
    let of_the_end = with(&of_the_call, &[("ErrorUrl", after)]);
    let SecondAttempt { event, .. } = accepted(&of_the_end);
    assert!(
        matches!(event, CallEvent::Ended(it) if it.leg.name.as_deref() == Some("Ada") && it.status == DialStatus::Unknown)
    );
    let without_a_url = with(&CALL, &[("DialCallStatus", "busy")]);
    let SecondAttempt { code, event } = accepted(&without_a_url);
    assert!(matches!(event, CallEvent::Ended(it) if it.leg.name.is_none() && it.status == DialStatus::Busy));
    assert_eq!((code, claims(&of_the_end), claims(&without_a_url)), (None, true, true));
    assert!(!claims(&CALL));
}

#[test]
fn a_message_says_on_which_channel_it_came() {
    for (from, to, channel, name) in [
        ("+14155550123", "+19253294108", Channel::Text, "text"),
        ("whatsapp:+14155550123", "whatsapp:+19253294108", Channel::WhatsApp, "WhatsApp"),
        ("rcs:+14155550123", "rcs:+19253294108", Channel::Rcs, "RCS"),
    ] {
        let message = text(&[("From", from), ("To", to)]);
        assert_eq!((message.channel, message.channel.name()), (channel, name));
        assert_eq!((message.sender(), message.from.as_str()), ("+14155550123", from));
        assert_eq!(message.to, "+19253294108".parse().ok(), "{from}");
        assert_eq!(message.to_address, to);
    }
    let other = text(&[("From", "messenger:1"), ("To", "messenger:2")]);
    assert_eq!((other.channel, other.sender()), (Channel::Text, "messenger:1"));
    assert_eq!(other.to, None);
}
