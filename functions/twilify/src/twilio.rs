//! Twilio: the account that owns the company numbers, the webhooks that come in and the TwiML that
//! goes back.

mod account;
mod backoff;
mod error;
mod leg;
mod media;
mod message;
mod messaging;
mod number;
mod redirect;
mod route;
mod signature;
mod standing;
mod twiml;
mod webhook;

pub use self::{
    account::{Account, AccountSid, Credentials, NotASid},
    error::{Error, Meaning, NOT_PERMITTED, Refusal, is_stopped, meaning},
    leg::Leg,
    media::{File, MediaSid},
    message::{Direction, Logged, MessageSid, OutgoingMessage, Search},
    messaging::{MessagingService, MessagingServiceSid},
    number::{AreaCode, Label, NotAnAreaCode, NumberSid, OwnedNumber, Owner},
    route::{CallEndpoint, Hint, Route},
    signature::{AuthToken, AuthTokens},
    standing::{Balance, ServiceStanding, Standing},
    twiml::{
        Dial, Language, MessagingResponse, NotALanguage, NotARingTime, NotAVoice, RingTime, Voice, VoiceName,
        VoiceResponse,
    },
    webhook::{
        Attestation, CallEvent, CallSid, Called, Channel, DialStatus, EndedDial, Form, IncomingCall,
        IncomingMedia, IncomingMessage, MessageStatus, Rejection, SecondAttempt, Webhook, Webhooks,
    },
};
