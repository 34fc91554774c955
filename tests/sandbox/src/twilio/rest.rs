//! Twilio's REST API, as strict as the real one in all that the functions touch.
//!
//! <https://www.twilio.com/docs/usage/api>

pub(super) mod messages;
pub(super) mod standing;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, RawQuery, Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use twilify::PhoneNumber;

use super::{ACCOUNT_SID, API_KEY_SECRET, API_KEY_SID, ForSale, Number, Twilio};
use crate::server::lock;

/// The most entries on a page.
const PAGE: usize = 1000;

/// The most numbers in a Messaging Service.
const POOL: usize = 400;

type Reply = Result<Response, Failure>;

/// An error as Twilio puts it.
pub(super) struct Failure(StatusCode, u32, String);

/// Names and values, from a query or a body.
struct Fields(Vec<(String, String)>);

pub(super) fn router(twilio: &Twilio) -> Router {
    Router::new()
        .route("/AvailablePhoneNumbers/{country}/Local.json", get(search))
        .route("/IncomingPhoneNumbers.json", get(list).post(buy))
        .route("/IncomingPhoneNumbers/{number}", post(update).delete(release))
        .merge(messages::router())
        .layer(middleware::from_fn_with_state(twilio.clone(), authenticate))
        .with_state(twilio.clone())
}

pub(super) fn messaging_service(twilio: &Twilio) -> Router {
    Router::new()
        .route("/PhoneNumbers", get(members).post(enroll))
        .layer(middleware::from_fn_with_state(twilio.clone(), authenticate))
        .with_state(twilio.clone())
}

pub(super) async fn not_found() -> Failure {
    Failure(StatusCode::NOT_FOUND, 20404, "The requested resource was not found".to_owned())
}

async fn authenticate(State(twilio): State<Twilio>, request: Request, next: Next) -> Reply {
    let token = lock(&twilio.state).auth_token.clone();
    let accepted = [basic(ACCOUNT_SID, &token), basic(API_KEY_SID, API_KEY_SECRET)];
    let authorization = request.headers().get(header::AUTHORIZATION).and_then(|it| it.to_str().ok());
    if !accepted.iter().any(|it| Some(it.as_str()) == authorization) {
        return Err(Failure(StatusCode::UNAUTHORIZED, 20003, "Authenticate".to_owned()));
    }
    if request.method() == Method::GET && request.headers().contains_key(header::CONTENT_TYPE) {
        return Err(Failure(StatusCode::FORBIDDEN, 20403, "A GET must not have a body".to_owned()));
    }
    Ok(next.run(request).await)
}

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")))
}

async fn search(
    State(twilio): State<Twilio>,
    Path(country): Path<String>,
    RawQuery(query): RawQuery,
) -> Reply {
    let query = Fields::of_query(query);
    if country != "US" {
        return Err(not_found().await);
    }
    let wanted = |name| query.get(name) == Some("true");
    let prefix = format!("+1{}", query.get("AreaCode").unwrap_or_default());
    let size = query.page_size(50)?;
    let state = lock(&twilio.state);
    let able = |it: &&ForSale| (it.voice || !wanted("VoiceEnabled")) && (it.sms || !wanted("SmsEnabled"));
    let for_sale = || state.for_sale.iter().filter(able).map(|it| it.number.clone()).collect();
    let found: Vec<String> = state.catalogue.clone().unwrap_or_else(for_sale);
    let numbers: Vec<_> = found
        .into_iter()
        .filter(|it| it.starts_with(&prefix))
        .take(size)
        .map(|number| {
            json!({
                "friendly_name": number,
                "phone_number": number,
                "lata": "722",
                "rate_center": "CNCD WNTCRK",
                "latitude": "37.900000",
                "longitude": "-122.060000",
                "locality": "Concord",
                "region": "CA",
                "postal_code": "94520",
                "iso_country": "US",
                "address_requirements": "none",
                "beta": false,
                "capabilities": { "voice": true, "SMS": true, "MMS": true },
            })
        })
        .collect();
    let uri = format!("/2010-04-01/Accounts/{ACCOUNT_SID}/AvailablePhoneNumbers/US/Local.json");
    Ok(Json(json!({ "available_phone_numbers": numbers, "uri": uri })).into_response())
}

async fn list(State(twilio): State<Twilio>, RawQuery(query): RawQuery) -> Reply {
    let query = Fields::of_query(query);
    let size = query.page_size(50)?;
    let page: usize = query.get("Page").and_then(|page| page.parse().ok()).unwrap_or_default();
    let state = lock(&twilio.state);
    // Part of a number is enough to find it.
    let wanted = query.get("PhoneNumber").unwrap_or_default();
    let found: Vec<_> = state.owned.iter().filter(|it| it.phone_number.contains(wanted)).collect();
    let numbers: Vec<_> = found.iter().skip(page * size).take(size).map(|it| it.json()).collect();
    let path = format!("/2010-04-01/Accounts/{ACCOUNT_SID}/IncomingPhoneNumbers.json");
    let next = (found.len() > (page + 1) * size)
        .then(|| format!("{path}?PageSize={size}&Page={}&PageToken=PA{page}", page + 1));
    Ok(Json(json!({
        "incoming_phone_numbers": numbers,
        "page": page,
        "page_size": size,
        "uri": format!("{path}?PageSize={size}&Page={page}"),
        "next_page_uri": next,
    }))
    .into_response())
}

async fn buy(State(twilio): State<Twilio>, headers: HeaderMap, body: Bytes) -> Reply {
    let form = Fields::of_body(&headers, &body)?;
    let number = form.get("PhoneNumber").ok_or_else(|| bad(21421, "PhoneNumber is missing"))?.to_owned();
    if number.parse::<PhoneNumber>().is_err() {
        return Err(bad(21421, format!("{number} is not a valid number")));
    }
    let mut state = lock(&twilio.state);
    // Buying what one has changes it, and costs nothing.
    if let Some(owned) = state.owned.iter_mut().find(|it| it.phone_number == number) {
        owned.set(&form)?;
        return Ok((StatusCode::CREATED, Json(owned.json())).into_response());
    }
    let Some(position) = state.for_sale.iter().position(|it| it.number == number) else {
        return Err(bad(21422, format!("{number} is not available.")));
    };
    if state.for_sale[position].needs_address {
        return Err(bad(21631, "Phone Number Requires an Address"));
    }
    let mut bought = Number::new(state.new_sid("PN"), &number);
    bought.set(&form)?;
    state.for_sale.remove(position);
    state.owned.push(bought.clone());
    state.purchases += 1;
    Ok((StatusCode::CREATED, Json(bought.json())).into_response())
}

async fn update(
    State(twilio): State<Twilio>,
    Path(resource): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Reply {
    let form = Fields::of_body(&headers, &body)?;
    let mut state = lock(&twilio.state);
    let sid = resource.strip_suffix(".json").unwrap_or_default();
    let number = state.owned.iter_mut().find(|it| it.sid == sid);
    let number = number.ok_or(Failure(StatusCode::NOT_FOUND, 20404, format!("{resource} was not found")))?;
    number.set(&form)?;
    Ok(Json(number.json()).into_response())
}

async fn release(State(twilio): State<Twilio>, Path(resource): Path<String>) -> Reply {
    let mut state = lock(&twilio.state);
    let sid = resource.strip_suffix(".json").unwrap_or_default();
    let position = state.owned.iter().position(|it| it.sid == sid);
    let position =
        position.ok_or(Failure(StatusCode::NOT_FOUND, 20404, format!("{resource} was not found")))?;
    let released = state.owned.remove(position);
    state.enrolled.retain(|number| *number != released.phone_number);
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn members(State(twilio): State<Twilio>) -> Reply {
    let state = lock(&twilio.state);
    let members: Vec<_> = state.enrolled.iter().map(|number| json!({ "phone_number": number })).collect();
    Ok(Json(json!({ "phone_numbers": members, "meta": { "next_page_url": null } })).into_response())
}

async fn enroll(State(twilio): State<Twilio>, headers: HeaderMap, body: Bytes) -> Reply {
    let form = Fields::of_body(&headers, &body)?;
    let mut state = lock(&twilio.state);
    let number = state.owned.iter().find(|it| Some(it.sid.as_str()) == form.get("PhoneNumberSid"));
    let number = number.ok_or_else(|| bad(21421, "PhoneNumberSid is not one of yours"))?.phone_number.clone();
    if state.enrolled.contains(&number) {
        let message = "Phone Number or Short Code is already in the Messaging Service.".to_owned();
        return Err(Failure(StatusCode::CONFLICT, 21710, message));
    }
    if state.enrolled.len() == POOL {
        let message = "Number pool size limit reached".to_owned();
        return Err(Failure(StatusCode::PRECONDITION_FAILED, 21714, message));
    }
    state.enrolled.push(number.clone());
    Ok((StatusCode::CREATED, Json(json!({ "phone_number": number }))).into_response())
}

impl Fields {
    fn of_query(query: Option<String>) -> Self {
        Self(serde_urlencoded::from_str(&query.unwrap_or_default()).unwrap_or_default())
    }

    fn of_body(headers: &HeaderMap, body: &[u8]) -> Result<Self, Failure> {
        let content_type = headers.get(header::CONTENT_TYPE).map_or(&b""[..], |it| it.as_bytes());
        if !content_type.starts_with(b"application/x-www-form-urlencoded") {
            return Err(Failure(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                20415,
                "Unsupported media type".to_owned(),
            ));
        }
        serde_urlencoded::from_bytes(body).map(Self).map_err(|_| bad(20001, "Unreadable form".to_owned()))
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(it, _)| it == name).map(|(_, value)| value.as_str()).filter(|it| !it.is_empty())
    }

    fn all(&self, name: &str) -> Vec<String> {
        self.0.iter().filter(|(it, _)| it == name).map(|(_, value)| value.clone()).collect()
    }

    fn page_size(&self, default: usize) -> Result<usize, Failure> {
        let size = self.get("PageSize").map_or(Ok(default), str::parse);
        match size {
            Ok(size @ 1..=PAGE) => Ok(size),
            _ => Err(bad(20001, "Page size must be between 1 and 1000".to_owned())),
        }
    }
}

impl Number {
    fn set(&mut self, form: &Fields) -> Result<(), Failure> {
        for (name, value) in &form.0 {
            let field = match name.as_str() {
                "PhoneNumber" => continue,
                "FriendlyName" if value.encode_utf16().count() > 64 => {
                    return Err(bad(20001, "FriendlyName may not exceed 64 characters".to_owned()));
                }
                "VoiceUrl" | "VoiceFallbackUrl" | "SmsUrl" | "SmsFallbackUrl"
                    if url::Url::parse(value).is_err() =>
                {
                    return Err(bad(21402, format!("{name} is not a valid URL")));
                }
                "VoiceMethod" | "VoiceFallbackMethod" | "SmsMethod" | "SmsFallbackMethod"
                    if !["GET", "POST"].contains(&value.as_str()) =>
                {
                    return Err(bad(21403, format!("{name} is not valid")));
                }
                "FriendlyName" => &mut self.friendly_name,
                "VoiceUrl" => &mut self.voice_url,
                "VoiceMethod" => &mut self.voice_method,
                "VoiceFallbackUrl" => &mut self.voice_fallback_url,
                "VoiceFallbackMethod" => &mut self.voice_fallback_method,
                "SmsUrl" => &mut self.sms_url,
                "SmsMethod" => &mut self.sms_method,
                "SmsFallbackUrl" => &mut self.sms_fallback_url,
                "SmsFallbackMethod" => &mut self.sms_fallback_method,
                "VoiceApplicationSid" => &mut self.voice_application_sid,
                "SmsApplicationSid" => &mut self.sms_application_sid,
                "TrunkSid" => &mut self.trunk_sid,
                _ => return Err(bad(20001, format!("the sandbox does not know {name}"))),
            };
            field.clone_from(value);
        }
        // <https://www.twilio.com/docs/api/errors/21405>
        if !self.voice_fallback_url.is_empty() && self.voice_url.is_empty() {
            return Err(bad(21405, "Cannot set VoiceFallbackUrl without setting Url"));
        }
        Ok(())
    }

    fn json(&self) -> Value {
        let mut json = json!(self);
        json["account_sid"] = ACCOUNT_SID.into();
        json["status"] = "in-use".into();
        json["origin"] = "twilio".into();
        json["capabilities"] = json!({ "voice": true, "sms": true, "mms": true, "fax": false });
        json["uri"] =
            format!("/2010-04-01/Accounts/{ACCOUNT_SID}/IncomingPhoneNumbers/{}.json", self.sid).into();
        json
    }
}

fn bad(code: u32, message: impl Into<String>) -> Failure {
    Failure(StatusCode::BAD_REQUEST, code, message.into())
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let Self(status, code, message) = self;
        let more_info = format!("https://www.twilio.com/docs/errors/{code}");
        let body =
            json!({ "code": code, "message": message, "more_info": more_info, "status": status.as_u16() });
        (status, Json(body)).into_response()
    }
}
