//! What Twilio tells us, once it has proved to be Twilio.
//!
//! <https://www.twilio.com/docs/usage/webhooks/webhooks-security>

mod call;
mod form;
mod message;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::{Method, Request, Response, StatusCode, Uri, header};
use url::Url;

pub use self::{
    call::{Attestation, CallEvent, CallSid, DialStatus, EndedDial, IncomingCall, SecondAttempt},
    form::Form,
    message::{Channel, IncomingMedia, IncomingMessage, MessageStatus},
};
use super::AuthTokens;
use crate::log;

/// The longest form that is read, in bytes. Twilio's own limits keep a webhook far below it.
const LONGEST_FORM: usize = 64 << 10;

/// The door Twilio's webhooks come through.
#[derive(Clone, Debug)]
pub struct Webhooks {
    tokens: AuthTokens,
    public_url: Option<Url>,
}

/// Something Twilio reports by webhook.
pub trait Webhook: Sized {
    /// Reads the fields of the form Twilio posted, and the URL it posted to.
    fn read(form: &Form<'_>, called: &Called<'_>) -> Result<Self, Rejection>;
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
    /// Its signature fits, but Twilio has not put it together so: the signature does not say where a field ends.
    #[error("it is signed, but {0}, so somebody may have cut it into other fields than Twilio's")]
    CutAnew(&'static str),
    /// It is no request that HTTP knows.
    #[error("its {0} makes no sense")]
    Malformed(&'static str),
    /// There is nothing at this path.
    #[error("there is nothing at its path")]
    NotFound,
    /// Twilio signed it, but it lacks a field that every such webhook has.
    #[error("it has no {0} field")]
    Incomplete(&'static str),
}

/// The URL that Twilio called.
pub struct Called<'a> {
    /// How it begins, up to our paths.
    pub begin: Begin<'a>,
    /// The path, as it arrived.
    pub path: &'a str,
    /// What comes after the question mark.
    pub query: &'a str,
}

/// How a URL begins: `scheme://host:port/path`, where the path comes before ours and has no slash at its end.
pub struct Begin<'a> {
    scheme: &'a str,
    host: &'a str,
    port: Option<u16>,
    path: &'a str,
}

impl Webhooks {
    /// Admits what is signed with one of `tokens`.
    ///
    /// Twilio signs the URL that it calls. Behind a proxy that is not the one that arrives here:
    /// then `public_url` says how it begins.
    #[must_use]
    pub fn new(tokens: AuthTokens, public_url: Option<Url>) -> Self {
        Self { tokens, public_url }
    }

    /// A mark that says that `text` is ours: whoever has not got the auth token cannot make one.
    #[must_use]
    pub fn mark(&self, text: &str) -> String {
        self.tokens.mark(text)
    }

    /// Whether `mark` was put on `text` by [`mark`](Self::mark), with this or with the previous auth token.
    #[must_use]
    pub fn marked(&self, text: &str, mark: &str) -> bool {
        self.tokens.marked(text, mark)
    }

    /// Checks the signature, then reads the form; a webhook can be had in no other way than this and
    /// [`accept_late`](Self::accept_late), which checks it as well.
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
        self.admit(request.uri(), signature.as_bytes(), body)
    }

    /// Does the same for a webhook that has waited in a queue: the URL that Twilio called, the signature, and the form as it
    /// came or in Base64. No document says which of the two API Gateway puts into a queue.
    pub fn accept_late<W: Webhook>(&self, url: &str, signature: &str, form: &str) -> Result<W, Rejection> {
        let url = url.parse().map_err(|_| Rejection::NotFound)?;
        match self.admit(&url, signature.as_bytes(), form.as_bytes()) {
            Err(Rejection::Forged) => {
                let decoded = BASE64_STANDARD.decode(form).map_err(|_| Rejection::Forged)?;
                self.admit(&url, signature.as_bytes(), &decoded)
            }
            admitted => admitted,
        }
    }

    fn admit<W: Webhook>(&self, url: &Uri, signature: &[u8], form: &[u8]) -> Result<W, Rejection> {
        let form = Form::parse(form);
        let begin = self.begin(url);
        let (path, query) = (url.path(), url.query().unwrap_or_default());
        let mark = if query.is_empty() { "" } else { "?" };
        let ports = [begin.port, begin.other_port()].into_iter();
        let urls = ports.map(|port| [begin.at(port).as_str(), path, mark, query].concat());
        if !self.tokens.signed(signature, urls, form.text()) {
            return Err(Rejection::Forged);
        }
        form.check(path, query)?;
        for (name, field) in [("CallSid", "call_sid"), ("MessageSid", "message_sid")] {
            if let Some(sid) = form.get(name) {
                log::is_about(field, sid);
            }
        }
        W::read(&form, &Called { begin, path, query })
    }

    /// How the URL began that Twilio has called.
    fn begin<'a>(&'a self, called: &'a Uri) -> Begin<'a> {
        match &self.public_url {
            Some(url) => Begin {
                scheme: url.scheme(),
                host: url.host_str().unwrap_or_default(),
                port: url.port(),
                path: url.path().trim_end_matches('/'),
            },
            None => Begin {
                scheme: called.scheme_str().unwrap_or("https"),
                host: called.host().unwrap_or_default(),
                port: called.port_u16(),
                path: "",
            },
        }
    }
}

impl Begin<'_> {
    /// Twilio is of two minds about the port that it signs, so its own libraries try both: with it, even
    /// where it is the scheme's own, and without it.
    fn other_port(&self) -> Option<u16> {
        match self.port {
            Some(_) => None,
            None if self.scheme == "http" => Some(80),
            None => Some(443),
        }
    }

    fn at(&self, port: Option<u16>) -> String {
        let Self { scheme, host, path, .. } = self;
        match port {
            Some(port) => format!("{scheme}://{host}:{port}{path}"),
            None => [scheme, "://", host, path].concat(),
        }
    }
}

impl Called<'_> {
    /// How the URL begins, without a slash at its end, like `https://phones.example.com`.
    fn base(&self) -> String {
        self.begin.at(self.begin.port)
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
            Rejection::Unsigned | Rejection::Forged | Rejection::CutAnew(_) => StatusCode::FORBIDDEN,
            Rejection::Malformed(_) | Rejection::Incomplete(_) => StatusCode::BAD_REQUEST,
        };
        response
    }
}

#[cfg(test)]
mod tests;
