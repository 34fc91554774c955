//! A Twilio account and the telephone network behind it.

mod calls;
mod message;
mod network;
mod rest;
mod script;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::Router;
use secrecy::SecretString;
use serde::Serialize;
use twilify::twilio::AuthToken;

pub use self::{
    message::{File, Message, Quirks},
    network::{Answer, Delivery},
    script::{Call, Heard},
};
use crate::{
    clock::Clock,
    line::Identity,
    server::{Health, listen, listen_as, lock, serve, serve_vendor},
};

/// The account's name.
pub const ACCOUNT_SID: &str = "AC00000000000000000000000000000000";

/// The account's auth token, as long as it is not replaced.
pub const AUTH_TOKEN: &str = "sandbox-auth-token";

/// An API key of the account, which opens the REST API whatever the auth token is.
pub const API_KEY_SID: &str = "SK00000000000000000000000000000000";

/// That key's secret.
pub const API_KEY_SECRET: &str = "sandbox-api-key-secret";

/// The account's Messaging Service.
pub const MESSAGING_SERVICE_SID: &str = "MG00000000000000000000000000000000";

/// A Twilio account.
#[derive(Clone)]
pub struct Twilio {
    /// How the REST API is doing.
    pub health: Health,
    state: Arc<Mutex<State>>,
    clock: Clock,
    http: reqwest::Client,
    url: String,
    storage_url: String,
}

struct State {
    auth_token: String,
    for_sale: Vec<ForSale>,
    owned: Vec<Number>,
    /// What came in and what went out.
    messages: Vec<Message>,
    /// What has arrived at somebody's phone.
    arrived: Vec<Message>,
    /// Who has texted STOP, and to which number; to every number if there is none.
    stopped: Vec<(String, Option<String>)>,
    /// Whether messages may have files.
    takes_media: bool,
    /// Where redirects lead to instead of to where the files are.
    redirect: Option<&'static str>,
    /// How the media and the log of messages behave.
    quirks: Quirks,
    /// Whether the credentials went where they had no business.
    credentials_leaked: bool,
    /// What searches go on to find, although it is sold.
    catalogue: Option<Vec<String>>,
    serial: u64,
    purchases: usize,
    /// The numbers in the Messaging Service.
    enrolled: Vec<String>,
    /// How it ends when a phone rings.
    dials_end: &'static str,
    /// What the networks of mobiles do not take for a caller's number.
    refused_caller_ids: Vec<String>,
    /// How long a webhook may take.
    patience: Duration,
    /// What a fallback URL is told.
    fallback_fields: FallbackFields,
    standing: Standing,
}

/// Which fields a fallback URL is told when the webhook failed that follows a dialled leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FallbackFields {
    /// Those of the request that failed, and `ErrorCode` and `ErrorUrl`.
    All,
    /// The same without `DialCallStatus` and the others about the leg.
    WithoutDial,
}

/// How the account and its Messaging Service stand.
#[derive(Clone, Debug)]
pub struct Standing {
    /// `active` or `suspended`.
    pub status: &'static str,
    /// `Full` or `Trial`.
    pub kind: &'static str,
    /// In US dollars.
    pub balance: &'static str,
    /// Whether another account pays, which has the money.
    pub is_subaccount: bool,
    /// Whether the Messaging Service leaves incoming messages to the webhook of the number.
    pub defers_to_numbers: bool,
    /// How the registration of its campaign stands, if it has one.
    pub campaign: Option<&'static str>,
}

struct ForSale {
    number: String,
    voice: bool,
    sms: bool,
    /// Whether Twilio sells it only to somebody who gives an address.
    needs_address: bool,
}

/// A number the account owns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Number {
    /// Twilio's name for it.
    pub sid: String,
    /// The number.
    pub phone_number: String,
    /// What is written on it.
    pub friendly_name: String,
    /// Asked what to do with a call.
    pub voice_url: String,
    /// How.
    pub voice_method: String,
    /// Asked when `voice_url` fails, and when any other webhook of the call does.
    pub voice_fallback_url: String,
    /// How.
    pub voice_fallback_method: String,
    /// Told about a message.
    pub sms_url: String,
    /// How.
    pub sms_method: String,
    /// Told about a message that `sms_url` did not take.
    pub sms_fallback_url: String,
    /// How.
    pub sms_fallback_method: String,
    /// What goes before `voice_url`.
    pub voice_application_sid: String,
    /// What goes before `sms_url`.
    pub sms_application_sid: String,
    /// What goes before both.
    pub trunk_sid: String,
}

impl Twilio {
    pub(crate) async fn start(identity: Option<&Identity>, clock: &Clock) -> anyhow::Result<Self> {
        let state = State {
            auth_token: AUTH_TOKEN.to_owned(),
            for_sale: Vec::new(),
            owned: Vec::new(),
            messages: Vec::new(),
            arrived: Vec::new(),
            stopped: Vec::new(),
            takes_media: true,
            redirect: None,
            quirks: Quirks::default(),
            credentials_leaked: false,
            catalogue: None,
            serial: 0,
            purchases: 0,
            enrolled: Vec::new(),
            dials_end: "completed",
            refused_caller_ids: Vec::new(),
            patience: network::PATIENCE,
            fallback_fields: FallbackFields::All,
            standing: Standing {
                status: "active",
                kind: "Full",
                balance: "42.00",
                is_subaccount: false,
                defers_to_numbers: true,
                campaign: Some("VERIFIED"),
            },
        };
        let (health, state) = (Health::new(clock), Arc::new(Mutex::new(state)));
        let (line, url) = listen_as(identity, &health).await?;
        let (storage, storage_url) = listen(0).await?;
        let clock = clock.clone();
        let twilio = Self { health, state, clock, http: network::client(), url, storage_url };
        serve(storage, rest::messages::storage(&twilio));
        let router =
            Router::new().nest(&format!("/2010-04-01/Accounts/{ACCOUNT_SID}"), rest::router(&twilio));
        let router = router.merge(rest::standing::router(&twilio));
        let router =
            router.nest(&format!("/v1/Services/{MESSAGING_SERVICE_SID}"), rest::messaging_service(&twilio));
        serve_vendor(line, &twilio.health, router.fallback(rest::not_found));
        Ok(twilio)
    }

    /// The REST API's address.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Puts a number up for sale that can talk and text.
    pub fn sells(&self, number: &str) {
        self.sells_with(number, true, true);
    }

    /// Puts a number up for sale that can talk, text, or both.
    pub fn sells_with(&self, number: &str, voice: bool, sms: bool) {
        let number = number.to_owned();
        lock(&self.state).for_sale.push(ForSale { number, voice, sms, needs_address: false });
    }

    /// Puts a number up for sale for which Twilio [asks for an address], which nobody gives.
    ///
    /// [asks for an address]: https://www.twilio.com/docs/api/errors/21631
    pub fn sells_with_an_address(&self, number: &str) {
        let for_sale = ForSale { number: number.to_owned(), voice: true, sms: true, needs_address: true };
        lock(&self.state).for_sale.push(for_sale);
    }

    /// Lets searches find, from now on, what is for sale at this moment, whatever is sold.
    pub fn searches_lag(&self) {
        let mut state = lock(&self.state);
        state.catalogue = Some(state.for_sale.iter().map(|it| it.number.clone()).collect());
    }

    /// Puts a number into the account's hands that somebody bought on Twilio's web site.
    pub fn owns(&self, number: &str) {
        let mut state = lock(&self.state);
        let sid = state.new_sid("PN");
        state.owned.push(Number::new(sid, number));
    }

    /// Changes what the account says of one of its numbers, as somebody may on Twilio's web site.
    ///
    /// # Panics
    ///
    /// If the account does not own `number`.
    pub fn change(&self, number: &str, change: impl FnOnce(&mut Number)) {
        let mut state = lock(&self.state);
        let number = state.owned.iter_mut().find(|it| it.phone_number == number);
        change(number.expect("the account owns this number"));
    }

    /// The numbers in the Messaging Service [`MESSAGING_SERVICE_SID`].
    #[must_use]
    pub fn enrolled(&self) -> Vec<String> {
        lock(&self.state).enrolled.clone()
    }

    /// The numbers the account owns.
    #[must_use]
    pub fn owned(&self) -> Vec<Number> {
        lock(&self.state).owned.clone()
    }

    /// How many numbers were bought.
    #[must_use]
    pub fn purchases(&self) -> usize {
        lock(&self.state).purchases
    }

    /// Lets phones that ring from now on end in this [`DialCallStatus`], like `busy`; else they are
    /// answered, and whoever answers hangs up first.
    ///
    /// [`DialCallStatus`]: https://www.twilio.com/docs/voice/twiml/dial#dialcallstatus-values
    pub fn dials_end(&self, status: &'static str) {
        lock(&self.state).dials_end = status;
    }

    /// Lets the networks of mobiles refuse calls that show `number`, although it is a possible one, as [some do].
    ///
    /// [some do]: https://www.twilio.com/docs/api/errors/13214
    pub fn networks_refuse(&self, number: &str) {
        lock(&self.state).refused_caller_ids.push(number.to_owned());
    }

    /// Lets Twilio wait for an answer no longer than `patience`, in place of fifteen seconds.
    pub fn waits(&self, patience: Duration) {
        lock(&self.state).patience = patience;
    }

    /// Chooses what a fallback URL is told, which no document settles.
    pub fn tells_fallback(&self, fields: FallbackFields) {
        lock(&self.state).fallback_fields = fields;
    }

    /// Changes how the account stands.
    pub fn stands(&self, change: impl FnOnce(&mut Standing)) {
        change(&mut lock(&self.state).standing);
    }

    /// Promotes a new auth token: from now on only this one signs and opens the REST API.
    pub fn promotes_auth_token(&self, token: &str) {
        token.clone_into(&mut lock(&self.state).auth_token);
    }

    fn auth_token(&self) -> AuthToken {
        AuthToken::new(SecretString::from(lock(&self.state).auth_token.clone()))
    }
}

impl State {
    fn new_sid(&mut self, kind: &str) -> String {
        self.serial += 1;
        format!("{kind}{:032x}", self.serial)
    }
}

impl Number {
    fn new(sid: String, number: &str) -> Self {
        Self {
            sid,
            phone_number: number.to_owned(),
            friendly_name: number.to_owned(),
            voice_url: String::new(),
            voice_method: "POST".to_owned(),
            voice_fallback_url: String::new(),
            voice_fallback_method: "POST".to_owned(),
            sms_url: String::new(),
            sms_method: "POST".to_owned(),
            sms_fallback_url: String::new(),
            sms_fallback_method: "POST".to_owned(),
            voice_application_sid: String::new(),
            sms_application_sid: String::new(),
            trunk_sid: String::new(),
        }
    }
}
