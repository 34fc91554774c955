//! Twilio: the account that owns the company numbers, the webhooks that come in and the TwiML that
//! goes back.

mod account;
mod error;
mod number;
mod signature;
mod twiml;
mod webhook;

pub use self::{
    account::{Account, AccountSid, Credentials, MessageSid, NotASid, OutgoingMessage},
    error::{Error, Refusal},
    number::{AreaCode, Label, NotAnAreaCode, NumberSid, OwnedNumber, Route},
    signature::{AuthToken, AuthTokens},
    twiml::{Dial, MessagingResponse, VoiceResponse},
    webhook::{CallSid, Form, IncomingCall, IncomingMessage, Rejection, Webhook, Webhooks},
};
