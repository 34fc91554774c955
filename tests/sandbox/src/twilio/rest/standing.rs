//! How the account and its Messaging Service stand.

use axum::{Json, Router, extract::State, middleware, response::IntoResponse, routing::get};
use http::{HeaderMap, StatusCode, header};
use serde_json::json;

use super::{Failure, Reply, authenticate};
use crate::{
    server::lock,
    twilio::{ACCOUNT_SID, API_KEY_SID, MESSAGING_SERVICE_SID, Standing, Twilio},
};

/// The account that a subaccount is part of.
const MAIN_ACCOUNT_SID: &str = "AC0000000000000000000000000000000f";

pub(in crate::twilio) fn router(twilio: &Twilio) -> Router {
    let account = format!("/2010-04-01/Accounts/{ACCOUNT_SID}");
    let service = format!("/v1/Services/{MESSAGING_SERVICE_SID}");
    Router::new()
        .route(&format!("{account}.json"), get(standing))
        .route(&format!("{account}/Balance.json"), get(balance))
        .route(&service, get(messaging_service))
        .route(&format!("{service}/Compliance/Usa2p"), get(campaigns))
        .layer(middleware::from_fn_with_state(twilio.clone(), authenticate))
        .with_state(twilio.clone())
}

/// Nothing for an API key, unless it is a main one.
async fn standing(State(twilio): State<Twilio>, headers: HeaderMap) -> Reply {
    let authorization =
        headers.get(header::AUTHORIZATION).and_then(|it| it.to_str().ok()).unwrap_or_default();
    if authorization == super::basic(API_KEY_SID, crate::twilio::API_KEY_SECRET) {
        return Err(Failure(StatusCode::UNAUTHORIZED, 20003, "Authenticate".to_owned()));
    }
    let standing = lock(&twilio.state).standing.clone();
    Ok(Json(json!({
        "sid": ACCOUNT_SID,
        "friendly_name": "Example, Inc.",
        "status": standing.status,
        "type": standing.kind,
        "owner_account_sid": if standing.is_subaccount { MAIN_ACCOUNT_SID } else { ACCOUNT_SID },
    }))
    .into_response())
}

/// A subaccount has no balance of its own. Which error says so is documented nowhere.
///
/// <https://www.twilio.com/docs/iam/api/subaccounts>
async fn balance(State(twilio): State<Twilio>) -> Reply {
    let Standing { balance, is_subaccount, .. } = lock(&twilio.state).standing;
    if is_subaccount {
        return Err(super::not_found().await);
    }
    Ok(Json(json!({ "account_sid": ACCOUNT_SID, "balance": balance, "currency": "USD" })).into_response())
}

async fn messaging_service(State(twilio): State<Twilio>) -> Reply {
    let defers = lock(&twilio.state).standing.defers_to_numbers;
    Ok(Json(json!({
        "sid": MESSAGING_SERVICE_SID,
        "friendly_name": "Company phones",
        "inbound_request_url": null,
        "use_inbound_webhook_on_number": defers,
    }))
    .into_response())
}

async fn campaigns(State(twilio): State<Twilio>) -> Reply {
    let campaign = lock(&twilio.state).standing.campaign;
    let compliance: Vec<_> = campaign.iter().map(|status| json!({ "campaign_status": status })).collect();
    Ok(Json(json!({ "compliance": compliance, "meta": { "key": "compliance", "next_page_url": null } }))
        .into_response())
}
