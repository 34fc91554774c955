//! Messages: what is sent, what came in, and the files that came with it.
//!
//! <https://www.twilio.com/docs/messaging/api/message-resource>

use std::time::Duration;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use jiff::Timestamp;
use serde_json::{Value, json};
use twilify::PhoneNumber;

use super::{Failure, Fields, Reply, bad};
use crate::{
    server::lock,
    twilio::{
        ACCOUNT_SID, Twilio,
        message::{File, Message, Quirks},
    },
};

pub(super) fn router() -> Router<Twilio> {
    Router::new()
        .route("/Messages.json", get(list).post(send))
        .route("/Messages/{message}", get(read))
        .route("/Messages/{message}/Media/{media}", get(media))
}

/// Where the files are that came with messages: somebody else's server, which must never see the account's
/// credentials.
pub(in crate::twilio) fn storage(twilio: &Twilio) -> Router {
    Router::new().route("/{media}", get(stored)).with_state(twilio.clone())
}

async fn list(State(twilio): State<Twilio>, RawQuery(query): RawQuery) -> Reply {
    let query = Fields::of_query(query);
    let size = query.page_size(50)?;
    let page: usize = query.get("Page").and_then(|page| page.parse().ok()).unwrap_or_default();
    let is = |name, value: &str| query.get(name).is_none_or(|wanted| wanted == value);
    let state = lock(&twilio.state);
    let now = twilio.clock.now();
    let is_there = |it: &Message| it.age(now) >= state.quirks.log_takes;
    let wanted = |it: &&Message| is("From", &it.from) && is("To", &it.to) && is_there(it);
    let found: Vec<_> = state.messages.iter().rev().filter(wanted).collect();
    let messages: Vec<_> = found.iter().skip(page * size).take(size).map(|it| it.json()).collect();
    let next = (found.len() > (page + 1) * size).then(|| {
        let mut others = query.0.clone();
        others.retain(|(name, _)| name != "Page");
        others.push(("Page".to_owned(), (page + 1).to_string()));
        let query = serde_urlencoded::to_string(others).expect("pairs of strings are a query");
        format!("/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json?{query}")
    });
    Ok(Json(json!({ "messages": messages, "page_size": size, "next_page_uri": next })).into_response())
}

async fn read(State(twilio): State<Twilio>, Path(message): Path<String>) -> Reply {
    let sid = message.strip_suffix(".json").unwrap_or_default();
    let state = lock(&twilio.state);
    let message = state.messages.iter().find(|it| it.sid == sid).ok_or_else(not_found)?;
    Ok(Json(message.json()).into_response())
}

/// A file is somewhere else, at an address that is good for a short time.
async fn media(
    State(twilio): State<Twilio>,
    method: Method,
    Path((message, media)): Path<(String, String)>,
) -> Reply {
    let state = lock(&twilio.state);
    let message = state.messages.iter().find(|it| it.sid == message).ok_or_else(not_found)?;
    let Quirks { media_takes, media_without_head, .. } = state.quirks;
    if message.age(twilio.clock.now()) < media_takes || (media_without_head && method == Method::HEAD) {
        return Err(not_found());
    }
    message.media.iter().find(|it| it.sid == media).ok_or_else(not_found)?;
    let storage = state.redirect.unwrap_or(&twilio.storage_url);
    let location = format!("{storage}/{media}?Expires=1&Signature=x");
    Ok((StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, location)]).into_response())
}

async fn stored(State(twilio): State<Twilio>, Path(media): Path<String>, headers: HeaderMap) -> Response {
    let mut state = lock(&twilio.state);
    if headers.contains_key(header::AUTHORIZATION) {
        state.credentials_leaked = true;
        return StatusCode::BAD_REQUEST.into_response();
    }
    let file = state.messages.iter().flat_map(|it| &it.media).find(|it| it.sid == media).cloned();
    match file {
        Some(File { content_type, bytes, .. }) => {
            ([(header::CONTENT_TYPE, content_type)], bytes).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn send(State(twilio): State<Twilio>, headers: HeaderMap, body: Bytes) -> Reply {
    let form = Fields::of_body(&headers, &body)?;
    let message = twilio.accept(&form)?;
    let answer = message.json();
    twilio.send(message);
    Ok((StatusCode::CREATED, Json(answer)).into_response())
}

impl Twilio {
    /// The message that `form` asks for, if Twilio would send it.
    fn accept(&self, form: &Fields) -> Result<Message, Failure> {
        let required =
            |name, code| form.get(name).ok_or_else(|| bad(code, format!("A '{name}' is required.")));
        let (to, from, body) = (required("To", 21604)?, required("From", 21603)?, required("Body", 21602)?);
        let media: Vec<_> = form.all("MediaUrl");
        let mut state = lock(&self.state);
        if to.parse::<PhoneNumber>().is_err() {
            return Err(bad(21211, format!("The 'To' number {to} is not a valid phone number.")));
        }
        if !state.owned.iter().any(|it| it.phone_number == from) {
            return Err(bad(
                21606,
                format!("The 'From' phone number {from} is not an SMS-capable number of yours."),
            ));
        }
        if to == from {
            return Err(bad(21266, "'To' and 'From' number cannot be the same".to_owned()));
        }
        let service = form.get("MessagingServiceSid");
        let has_stopped = state.stopped.iter().any(|(mobile, number)| {
            let counts = number
                .as_ref()
                .is_none_or(|it| it == from || (service.is_some() && state.enrolled.contains(it)));
            mobile == to && counts
        });
        if has_stopped {
            return Err(bad(21610, format!("Attempt to send to unsubscribed recipient {to}")));
        }
        if body.encode_utf16().count() > 1600 {
            return Err(bad(
                21617,
                "The concatenated message body exceeds the 1600 character limit.".to_owned(),
            ));
        }
        if media.len() > 10 {
            return Err(bad(21623, "Number of media files exceeds allowed limit".to_owned()));
        }
        if !media.is_empty() && (!state.takes_media || !to.starts_with("+1")) {
            return Err(bad(21612, format!("The 'To' number {to} cannot get media from this number.")));
        }
        if service.is_some() && !state.enrolled.iter().any(|it| it == from) {
            return Err(bad(21606, format!("The 'From' number {from} is not in the Messaging Service.")));
        }
        let callback = form.get("StatusCallback").unwrap_or_default();
        if !callback.is_empty() && url::Url::parse(callback).is_err() {
            return Err(bad(21609, "The 'StatusCallback' URL is not a valid URL.".to_owned()));
        }
        // Services have Smart Encoding unless somebody switches it off.
        let is_smart = state.quirks.always_smart || form.get("SmartEncoded") != Some("false");
        let body = if service.is_some() && is_smart { smart(body) } else { body.to_owned() };
        let kind = if media.is_empty() { "SM" } else { "MM" };
        let mut message =
            Message::new(state.new_sid(kind), "outbound-api", [from, to], &body, self.clock.now());
        message.media_urls = media;
        callback.clone_into(&mut message.status_callback);
        Ok(message)
    }
}

/// What Smart Encoding makes of a text: plain characters, if that is possible for all of them, or else the same text.
///
/// <https://www.twilio.com/docs/messaging/services/smart-encoding-char-list>
fn smart(body: &str) -> String {
    let replaced: String = body
        .chars()
        .map(|it| match it {
            '\u{201c}' | '\u{201d}' | '\u{ab}' | '\u{bb}' => "\"".to_owned(),
            '\u{2018}' | '\u{2019}' | '\u{2bc}' => "'".to_owned(),
            '\u{2013}' | '\u{2014}' => "-".to_owned(),
            '\u{2026}' => "...".to_owned(),
            '\u{bd}' => "1/2".to_owned(),
            '\u{a0}' => " ".to_owned(),
            other => other.to_string(),
        })
        .collect();
    if replaced.is_ascii() { replaced } else { body.to_owned() }
}

impl Message {
    /// How long before `now` it was sent or came in.
    fn age(&self, now: Timestamp) -> Duration {
        Duration::try_from(now.duration_since(self.created)).unwrap_or_default()
    }

    fn json(&self) -> Value {
        let Self { sid, from, to, body, direction, .. } = self;
        json!({
            "sid": sid,
            "account_sid": ACCOUNT_SID,
            "status": if *direction == "inbound" { "received" } else { "queued" },
            "direction": direction,
            "from": from,
            "to": to,
            "body": body,
            "date_created": jiff::fmt::rfc2822::to_string(&self.created.to_zoned(jiff::tz::TimeZone::UTC)).unwrap_or_default(),
            "date_sent": null,
            "num_segments": "1",
            "num_media": self.media.len().max(self.media_urls.len()).to_string(),
            "error_code": null,
            "error_message": null,
            "uri": format!("/2010-04-01/Accounts/{ACCOUNT_SID}/Messages/{sid}.json"),
        })
    }
}

fn not_found() -> Failure {
    Failure(StatusCode::NOT_FOUND, 20404, "The requested resource was not found".to_owned())
}
