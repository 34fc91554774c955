//! Twilio's signature.

use http::{HeaderName, HeaderValue, Method, Request, Uri};
use twilify::twilio::{AuthToken, AuthTokens, IncomingMessage, Rejection, Webhooks};

use crate::{TOKEN, line};

/// What Twilio has signed.
const URL: &str = "https://phones.example.com/sms-forward?employee=00u1";

/// The text in it was written by a stranger, who knows what other fields Twilio sends.
const FORM: &str = "AccountSid=AC00000000000000000000000000000001&ApiVersion=2010-04-01\
    &Body=Hi%26x%3DAccountSidAC00000000000000000000000000000001ApiVersion2010-04-01BodyHi+From%2B14155550199FromA\
    &From=%2B14155550123&FromCity=SAN+FRANCISCO&MessageSid=SM00000000000000000000000000000001&NumMedia=0\
    &To=%2B19253294108";

/// What is signed is accepted. Whatever else is accepted consists of the characters that were signed, and is about the same
/// message from the same sender to the same number of the same employee: the method, the URL, the headers and the form
/// may be what they will.
///
/// The lines are a method, a URL, a signature and a content type; what follows is the form. A line that is empty is as
/// Twilio sent it.
///
/// # Panics
///
/// If something else is accepted, or what was signed is not.
pub fn signature(bytes: &[u8]) {
    let (method, rest) = line(bytes);
    let (url, rest) = line(rest);
    let (signature, rest) = line(rest);
    let (content_type, form) = line(rest);
    let signed = AuthToken::new(TOKEN.into()).sign(URL, &fields(FORM.as_bytes()).expect("it is a form"));
    let or = |text: String, twilios: &str| if text.is_empty() { twilios.to_owned() } else { text };
    let (method, url) = (or(method, "POST"), or(url, URL));
    let signature = or(signature, &signed);
    let content_type = or(content_type, "application/x-www-form-urlencoded");
    let form = if form.is_empty() { FORM.as_bytes() } else { form };

    let uri_text = url.clone();
    let (Ok(method), Ok(uri)) = (method.parse::<Method>(), url.parse::<Uri>()) else { return };
    let mut request = Request::new(form.to_vec());
    (*request.method_mut(), *request.uri_mut()) = (method, uri);
    for (name, value) in [("x-twilio-signature", &signature), ("content-type", &content_type)] {
        let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) else { return };
        request.headers_mut().append(HeaderName::from_static(name), value);
    }
    let webhooks = Webhooks::new(AuthTokens::parse(TOKEN).expect("a token"), None);
    let is_a_form = content_type.starts_with("application/x-www-form-urlencoded");
    let is_posted = *request.method() == Method::POST && is_a_form;
    let url = without_port(request.uri());
    holds(webhooks.accept(&request), is_posted && signature == signed, &url, form);
    let text = String::from_utf8_lossy(form);
    holds(webhooks.accept_late(&uri_text, &signature, &text), signature == signed, &url, text.as_bytes());
}

/// Whether what came of a request with `url` and `form` is right, where `is_signed` says whether the rest of it is as
/// Twilio sends it.
fn holds(accepted: Result<IncomingMessage, Rejection>, is_signed: bool, url: &str, form: &[u8]) {
    let sent = is_signed && url == URL && fields(form) == fields(FORM.as_bytes());
    let Ok(message) = accepted else {
        assert!(!sent, "what Twilio sent is refused");
        return;
    };
    assert!(is_signed && characters(url, form) == characters(URL, FORM.as_bytes()), "{url}: never signed");
    assert_eq!(message.sid.0, "SM00000000000000000000000000000001");
    assert!(message.from.starts_with("+14155550123"), "another sender");
    assert!(message.to.is_none_or(|it| it.as_e164() == "+19253294108"), "another number");
    assert_eq!(message.hint.employee.map(|it| it.0).as_deref(), Some("00u1"));
}

/// What is signed.
fn characters(url: &str, form: &[u8]) -> Option<String> {
    let fields = fields(form)?.into_iter().flat_map(|(name, value)| [name, value]);
    Some(std::iter::once(url.to_owned()).chain(fields).collect())
}

/// Twilio signs with or without a port, and a request has come to ours, whichever that is.
fn without_port(url: &Uri) -> String {
    let path = url.path_and_query().map_or("", |it| it.as_str());
    format!("{}://{}{path}", url.scheme_str().unwrap_or("https"), url.host().unwrap_or_default())
}

/// The fields that a signature is about: in any order, and each but once.
fn fields(form: &[u8]) -> Option<Vec<(String, String)>> {
    let mut fields: Vec<(String, String)> = serde_urlencoded::from_bytes(form).ok()?;
    fields.sort();
    fields.dedup();
    Some(fields)
}
