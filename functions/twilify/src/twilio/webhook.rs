//! What Twilio tells us, once it has proved to be Twilio.
//!
//! <https://www.twilio.com/docs/usage/webhooks/webhooks-security>

use http::{Method, Request, Response, StatusCode, Uri, header};
use url::{Url, form_urlencoded};

use super::{AuthTokens, Hint, MessageSid};
use crate::phone::{CompanyNumber, PhoneNumber};

/// The longest form that is read, in bytes. Twilio's own limits keep a webhook far below it.
const LONGEST_FORM: usize = 64 << 10;

/// What some networks send in place of a withheld number: ANONYMOUS, RESTRICTED, BLOCKED, UNKNOWN
/// and UNAVAILABLE, as the letters on the keys.
const WITHHELD: [&str; 5] = ["+266696687", "+7378742833", "+2562533", "+8656696", "+86282452253"];

/// The door Twilio's webhooks come through.
#[derive(Clone, Debug)]
pub struct Webhooks {
    tokens: AuthTokens,
    public_url: Option<Url>,
}

/// Something Twilio reports by webhook.
pub trait Webhook: Sized {
    /// Reads the fields of the form Twilio posted, and what comes after the question mark in the URL it
    /// posted to.
    fn read(form: &Form, query: &str) -> Result<Self, Rejection>;
}

/// The request was not one of Twilio's webhooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// It is a GET, say.
    #[error("it is not a POST")]
    Method,
    /// Its content is not a form.
    #[error("it does not carry a form")]
    NotAForm,
    /// Its form is longer than Twilio's ever are.
    #[error("its form is longer than {} KiB", LONGEST_FORM >> 10)]
    TooLong,
    /// Nobody signed it.
    #[error("it has no X-Twilio-Signature header")]
    Unsigned,
    /// Somebody else signed it, or it was changed on the way.
    #[error(
        "its signature does not match; if it came from Twilio, check that TWILIFY_PUBLIC_URL is the URL that \
         Twilio calls, and that the parameter twilio/auth-token is the account's"
    )]
    Forged,
    /// There is nothing at this path.
    #[error("there is nothing at its path")]
    NotFound,
    /// Twilio signed it, but it lacks a field that every such webhook has.
    #[error("it has no {0} field")]
    Incomplete(&'static str),
}

/// Someone is calling a company number. Nobody but [`Webhooks::accept`] can make one.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct IncomingCall {
    /// Twilio's name for the call.
    pub sid: CallSid,
    /// Who is calling; `None` if they withhold their number or have none, as on SIP.
    pub from: Option<PhoneNumber>,
    /// The number they dialled; `None` if it was not a number but a SIP address, say.
    pub to: Option<CompanyNumber>,
    /// The phone that sent the call here, if the network says so.
    pub forwarded_from: Option<PhoneNumber>,
    /// Whose number it is, as far as the URL says.
    pub hint: Hint,
}

/// The phone that we had rung rings no more. Nobody but [`Webhooks::accept`] can make one.
///
/// <https://www.twilio.com/docs/voice/twiml/dial#action>
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EndedDial {
    /// Twilio's name for the call.
    pub sid: CallSid,
    /// What came of it.
    pub status: DialStatus,
    /// Whose phone it was, as we wrote it into the URL.
    pub name: Option<String>,
}

/// What came of ringing a phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DialStatus {
    /// It was answered, and somebody has hung up.
    Answered,
    /// It was busy.
    Busy,
    /// It rang, and nobody answered.
    Unanswered,
    /// It could not be rung.
    Failed,
    /// The caller gave up while it rang.
    Canceled,
}

/// Someone has sent a message to a company number. It has no `Debug`: what people write stays out
/// of the log. Nobody but [`Webhooks::accept`] can make one.
#[derive(Clone)]
#[non_exhaustive]
pub struct IncomingMessage {
    /// Twilio's name for the message.
    pub sid: MessageSid,
    /// Who sent it, in Twilio's words: a number, a short code, a name, an address on a channel.
    pub from: String,
    /// The number they sent it to; `None` if it was not a number.
    pub to: Option<CompanyNumber>,
    /// The text, which may be empty.
    pub body: String,
    /// How many pictures and other files came with it.
    pub media: usize,
    /// Whose number it is, as far as the URL says.
    pub hint: Hint,
}

/// Twilio's name for a call: `CA` and 32 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallSid(pub String);

/// The fields of a posted form, decoded, in the order in which they came.
pub struct Form(Vec<(String, String)>);

impl Webhooks {
    /// Admits what is signed with one of `tokens`.
    ///
    /// Twilio signs the URL that it calls. Behind a proxy that is not the one that arrives here:
    /// then `public_url` says how it begins.
    #[must_use]
    pub fn new(tokens: AuthTokens, public_url: Option<Url>) -> Self {
        Self { tokens, public_url }
    }

    /// Checks the signature, then reads the form; a webhook can be had in no other way.
    pub fn accept<W: Webhook>(&self, request: &Request<impl AsRef<[u8]>>) -> Result<W, Rejection> {
        let body = request.body().as_ref();
        if request.method() != Method::POST {
            return Err(Rejection::Method);
        }
        if body.len() > LONGEST_FORM {
            return Err(Rejection::TooLong);
        }
        let signature = request.headers().get("x-twilio-signature").ok_or(Rejection::Unsigned)?;
        let content_type = request.headers().get(header::CONTENT_TYPE).map_or(&b""[..], |it| it.as_bytes());
        if !content_type.starts_with(b"application/x-www-form-urlencoded") {
            return Err(Rejection::NotAForm);
        }
        let form = Form(serde_urlencoded::from_bytes(body).map_err(|_| Rejection::NotAForm)?);
        if !self.tokens.signed(signature.as_bytes(), &self.urls(request.uri()), &form.0) {
            return Err(Rejection::Forged);
        }
        W::read(&form, request.uri().query().unwrap_or_default())
    }

    /// The URLs Twilio may have signed. It is of two minds about the port, so its own libraries try
    /// both: without it, and with it even where it is the scheme's own.
    fn urls(&self, requested: &Uri) -> [String; 2] {
        let (scheme, host, port, path) = match &self.public_url {
            Some(url) => (url.scheme(), url.host_str(), url.port(), url.path().trim_end_matches('/')),
            None => (requested.scheme_str().unwrap_or("https"), requested.host(), requested.port_u16(), ""),
        };
        let host = host.unwrap_or_default();
        let port = port.unwrap_or(if scheme == "http" { 80 } else { 443 });
        let query = requested.query().filter(|query| !query.is_empty());
        let query = query.map_or_else(String::new, |query| format!("?{query}"));
        let rest = format!("{path}{}{query}", requested.path());
        [format!("{scheme}://{host}{rest}"), format!("{scheme}://{host}:{port}{rest}")]
    }
}

impl Form {
    fn get(&self, name: &'static str) -> Option<&str> {
        self.0.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    fn required(&self, name: &'static str) -> Result<&str, Rejection> {
        self.get(name).ok_or(Rejection::Incomplete(name))
    }
}

impl Webhook for IncomingCall {
    fn read(form: &Form, query: &str) -> Result<Self, Rejection> {
        let from = form.get("From").filter(|from| !WITHHELD.contains(from));
        Ok(Self {
            sid: CallSid(form.required("CallSid")?.to_owned()),
            from: from.and_then(|from| from.parse().ok()),
            to: form.required("To")?.parse().ok(),
            forwarded_from: form.get("ForwardedFrom").and_then(|from| from.parse().ok()),
            hint: Hint::read(query),
        })
    }
}

impl Webhook for EndedDial {
    fn read(form: &Form, query: &str) -> Result<Self, Rejection> {
        let mut query = form_urlencoded::parse(query.as_bytes());
        Ok(Self {
            sid: CallSid(form.required("CallSid")?.to_owned()),
            status: match form.required("DialCallStatus")? {
                "completed" | "answered" => DialStatus::Answered,
                "busy" => DialStatus::Busy,
                "no-answer" => DialStatus::Unanswered,
                "canceled" => DialStatus::Canceled,
                _ => DialStatus::Failed,
            },
            name: query.find(|(parameter, _)| parameter == "name").map(|(_, name)| name.into_owned()),
        })
    }
}

impl Webhook for IncomingMessage {
    fn read(form: &Form, query: &str) -> Result<Self, Rejection> {
        Ok(Self {
            sid: MessageSid(form.required("MessageSid")?.to_owned()),
            from: form.get("From").unwrap_or_default().to_owned(),
            to: form.required("To")?.parse().ok(),
            body: form.get("Body").unwrap_or_default().to_owned(),
            media: form.get("NumMedia").and_then(|count| count.parse().ok()).unwrap_or_default(),
            hint: Hint::read(query),
        })
    }
}

impl From<Rejection> for Response<String> {
    /// Tells a stranger nothing but no.
    fn from(rejection: Rejection) -> Self {
        let mut response = Self::default();
        *response.status_mut() = match rejection {
            Rejection::Method => StatusCode::METHOD_NOT_ALLOWED,
            Rejection::NotFound => StatusCode::NOT_FOUND,
            Rejection::NotAForm => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Rejection::TooLong => StatusCode::PAYLOAD_TOO_LARGE,
            Rejection::Unsigned | Rejection::Forged => StatusCode::FORBIDDEN,
            Rejection::Incomplete(_) => StatusCode::BAD_REQUEST,
        };
        response
    }
}
