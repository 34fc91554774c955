//! Twilio's signature.

use http::{HeaderName, HeaderValue, Method, Request, Uri};
use twilify::twilio::{AuthToken, AuthTokens, Called, Form, Rejection, Webhook, Webhooks};

use crate::{TOKEN, line};

/// What Twilio has signed.
const URL: &str = "https://phones.example.com/call-forward?employee=00u1";
const FORM: &str = "CallSid=CA00000000000000000000000000000001&From=%2B14155550123&To=%2B19253294108";

struct Anything;

impl Webhook for Anything {
    fn read(_: &Form, _: &Called<'_>) -> Result<Self, Rejection> {
        Ok(Self)
    }
}

/// Nothing is accepted but what was signed, whatever the method, the URL, the headers and the form are.
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

    let (Ok(method), Ok(uri)) = (method.parse::<Method>(), url.parse::<Uri>()) else { return };
    let mut request = Request::new(form.to_vec());
    (*request.method_mut(), *request.uri_mut()) = (method, uri);
    for (name, value) in [("x-twilio-signature", &signature), ("content-type", &content_type)] {
        let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) else { return };
        request.headers_mut().append(HeaderName::from_static(name), value);
    }
    let webhooks = Webhooks::new(AuthTokens::parse(TOKEN).expect("a token"), None);
    let accepted = webhooks.accept::<Anything>(&request).is_ok();
    let is_a_form = content_type.starts_with("application/x-www-form-urlencoded");
    let is_twilios = *request.method() == Method::POST
        && is_a_form
        && signature == signed
        && fields(form) == fields(FORM.as_bytes())
        && without_port(request.uri()) == URL;
    assert_eq!(accepted, is_twilios, "{request:?}");

    let late = webhooks.accept_late::<Anything>(&url, &signature, &String::from_utf8_lossy(form)).is_ok();
    let is_twilios = signature == signed
        && fields(String::from_utf8_lossy(form).as_bytes()) == fields(FORM.as_bytes())
        && without_port(request.uri()) == URL;
    assert_eq!(late, is_twilios, "{url}");
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
