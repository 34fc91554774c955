//! Forwarding a message: whose is it, what goes out, and what became of that.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use jiff::Timestamp;
use twilify::{
    Causes, CompanyNumber, PhoneNumber,
    config::Messages,
    metrics,
    switchboard::{Destination, Source, Switchboard, Unreached},
    twilio::{
        self, Account, IncomingMessage, MessageSid, MessagingResponse, MessagingServiceSid, OutgoingMessage,
        Webhooks,
    },
};
use url::Url;

use crate::{
    NotForwarded, Outcome,
    delivery::{Delivery, NotSent},
    files::Files,
    handled::Handled,
    log_failure, text,
    words::Words,
};

/// How long all of it may take: Twilio waits fifteen seconds, and a cold start needs some of them.
const BUDGET: Duration = Duration::from_secs(10);

/// How long Twilio is asked again.
const ASKING: Duration = Duration::from_secs(8);

/// How long Twilio may take to tell how long the files are.
const FOR_LENGTHS: Duration = Duration::from_secs(2);

/// The keywords that Twilio obeys and answers by itself: no more texts, please.
///
/// <https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out>
const STOP: &[&str] = &["STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"];

/// Texts again, please.
const START: &[&str] = &["START", "YES", "UNSTOP", "OPTIN"];

/// What is this?
const HELP: &[&str] = &["HELP", "INFO"];

/// What forwards messages.
#[derive(Debug)]
pub struct SmsForward {
    pub(crate) webhooks: Webhooks,
    switchboard: Switchboard,
    pub(crate) account: Account,
    /// The Messaging Service to send through, if there is one.
    pub(crate) service: Option<MessagingServiceSid>,
    settings: Messages,
    pub(crate) handled: Handled,
}

impl SmsForward {
    /// A function that has not handled anything yet.
    #[must_use]
    pub fn new(
        webhooks: Webhooks,
        switchboard: Switchboard,
        account: Account,
        service: Option<MessagingServiceSid>,
        settings: Messages,
    ) -> Self {
        Self { webhooks, switchboard, account, service, settings, handled: Handled::default() }
    }

    /// Forwards a message, unless that has been done. `again` says that it may have been done by another
    /// process.
    pub(crate) async fn forward_once(
        &self,
        message: &IncomingMessage,
        again: bool,
    ) -> Result<MessagingResponse, NotForwarded> {
        let MessageSid(message_sid) = &message.sid;
        if self.handled.contains(&message.sid) {
            tracing::info!(message_sid, "a message has come once more");
            return Ok(MessagingResponse::default());
        }
        let done = tokio::time::timeout(BUDGET, self.forward(message, again)).await.unwrap_or_else(|_| {
            tracing::error!(message_sid, "no time is left to forward a message");
            Err(NotForwarded)
        });
        if done.is_ok() {
            self.handled.add(&message.sid);
        }
        done
    }

    async fn forward(
        &self,
        message: &IncomingMessage,
        again: bool,
    ) -> Result<MessagingResponse, NotForwarded> {
        let delivery = Delivery::new(&self.account, message, again, Instant::now() + ASKING);
        let Some(to) = &message.to else {
            Outcome::NotInService.log(&message.sid);
            return Ok(MessagingResponse::default());
        };
        let found = self.switchboard.find(to, &message.hint).await;
        if let Err(Unreached::Unknown(silence)) = &found {
            log_failure(&message.sid, silence);
        }
        let outcome = Outcome::of(&message.from, found);
        outcome.log(&message.sid);
        match outcome {
            Outcome::TryLater => Err(NotForwarded),
            Outcome::NotInService | Outcome::NoMobile { .. } => Ok(MessagingResponse::default()),
            Outcome::Oneself(destination) => self.answer_oneself(message, to, &destination, &delivery).await,
            Outcome::Forward(destination) => self.send_on(message, to, &destination, &delivery).await,
        }
    }

    /// Tells an employee that their own company number is no correspondent.
    async fn answer_oneself(
        &self,
        message: &IncomingMessage,
        to: &CompanyNumber,
        destination: &Destination,
        delivery: &Delivery<'_>,
    ) -> Result<MessagingResponse, NotForwarded> {
        let keyword = message.body.trim().to_ascii_uppercase();
        for (words, stopped) in [(STOP, true), (START, false)] {
            if words.contains(&keyword.as_str()) {
                self.note_stopped(to, stopped).await;
                return Ok(MessagingResponse::default());
            }
        }
        if HELP.contains(&keyword.as_str()) {
            return Ok(MessagingResponse::default());
        }
        let remark = Words::Oneself.to_string();
        let said = delivery.was_said(to.as_e164(), destination.mobile.as_e164(), &remark).await;
        Ok(if said.unwrap_or(true) { MessagingResponse::default() } else { MessagingResponse::reply(remark) })
    }

    async fn send_on(
        &self,
        message: &IncomingMessage,
        to: &CompanyNumber,
        destination: &Destination,
        delivery: &Delivery<'_>,
    ) -> Result<MessagingResponse, NotForwarded> {
        let MessageSid(message_sid) = &message.sid;
        let Destination { employee, source, .. } = destination;
        if self.is_from_a_company_number(message, to).await {
            tracing::warn!(
                message_sid,
                employee = employee.0,
                "a text came from a company number, so it is not forwarded"
            );
            self.explain_the_circle(message, to, destination, delivery).await;
            return Ok(MessagingResponse::default());
        }
        let Err(not_sent) = self.send_with_files(message, to, destination, delivery).await else {
            let by_last_known_route = *source == Source::LastKnown;
            tracing::info!(message_sid, employee = employee.0, by_last_known_route, "forwarded a message");
            if message.hint.stopped {
                self.note_stopped(to, false).await;
            }
            return Ok(MessagingResponse::default());
        };
        let code = not_sent.code();
        let meaning = twilio::meaning(code);
        tracing::error!(
            message_sid,
            employee = employee.0,
            code,
            error = %Causes(&not_sent),
            meaning = meaning.map(|it| it.what),
            remedy = meaning.map(|it| it.remedy),
            "cannot forward a message"
        );
        if !not_sent.is_final() {
            return Err(NotForwarded);
        }
        metrics::count("MessagesRefused", ("ErrorCode", &code.to_string()));
        if twilio::is_stopped(code) && !message.hint.stopped {
            self.note_stopped(to, true).await;
        }
        Ok(self.tell_sender(message, to, delivery).await)
    }

    /// Sends the message with its files, or without them where they are not taken.
    async fn send_with_files(
        &self,
        message: &IncomingMessage,
        to: &CompanyNumber,
        destination: &Destination,
        delivery: &Delivery<'_>,
    ) -> Result<(), NotSent> {
        let files = self.files(message).await;
        // Only North America has pictures in messages.
        let files = if files.links.is_empty() || destination.mobile.as_e164().starts_with("+1") {
            files
        } else {
            files.without_links()
        };
        let sent = delivery.send(&self.composed(message, to, destination, &files)).await;
        match &sent {
            Err(error)
                if error.is_final() && !files.links.is_empty() && !is_about_the_mobile(error.code()) =>
            {
                delivery.send(&self.composed(message, to, destination, &files.without_links())).await
            }
            _ => sent,
        }
    }

    fn composed(
        &self,
        message: &IncomingMessage,
        to: &CompanyNumber,
        destination: &Destination,
        files: &Files,
    ) -> Vec<OutgoingMessage> {
        let bodies = text::forwarded(&message.from, &message.body, &files.notes);
        let bodies = bodies.into_iter().enumerate();
        let composed = bodies.map(|(index, body)| {
            let media = if index == 0 { files.links.clone() } else { Vec::new() };
            self.outgoing(&message.base, to, destination, body, media)
        });
        composed.collect()
    }

    fn outgoing(
        &self,
        base: &str,
        to: &CompanyNumber,
        destination: &Destination,
        body: String,
        media: Vec<Url>,
    ) -> OutgoingMessage {
        OutgoingMessage {
            from: to.clone(),
            to: destination.mobile.clone(),
            body,
            status_callback: crate::status::callback(base, Some(&destination.employee), !media.is_empty()),
            media,
            service: self.service.clone(),
        }
    }

    /// The files of a message, sorted, with links to those that go out.
    async fn files(&self, message: &IncomingMessage) -> Files {
        let now = Timestamp::now();
        let lengths = message.media.iter().map(async |file| {
            let length = self.account.file_length(&message.sid, file.sid.as_ref()?);
            // Whatever is unknown is taken for short enough.
            tokio::time::timeout(FOR_LENGTHS, length).await.ok()?.ok()?
        });
        let lengths = join_all(lengths).await;
        let files = message.media.iter().cloned().zip(lengths).collect();
        Files::of(&message.sid, files, |link| link.url(&message.base, &self.webhooks, now))
    }

    /// Whether the sender is itself one of our numbers. Those send nothing but forwarded texts, so that Twilio
    /// needs to be asked only about what looks like one; and what has been here before needs no asking.
    async fn is_from_a_company_number(&self, message: &IncomingMessage, to: &CompanyNumber) -> bool {
        let Ok(sender) = message.from.parse::<CompanyNumber>() else { return false };
        let Some(forwarded) = message.body.strip_prefix("From: ") else { return false };
        forwarded.starts_with(to.as_e164()) || matches!(self.account.find(&sender).await, Ok(Some(_)))
    }

    /// Tells the employee, at most once an hour. If that fails, it is only a remark that is missing.
    async fn explain_the_circle(
        &self,
        message: &IncomingMessage,
        to: &CompanyNumber,
        destination: &Destination,
        delivery: &Delivery<'_>,
    ) {
        let remark = Words::FromACompanyNumber(&message.from).to_string();
        let said = delivery.was_said(to.as_e164(), destination.mobile.as_e164(), &remark).await;
        if matches!(said, Ok(false)) {
            let remark = self.outgoing(&message.base, to, destination, remark, Vec::new());
            if let Err(error) = self.account.send(&remark).await {
                log_failure(&message.sid, &error);
            }
        }
    }

    /// Tells the sender that a message could not be delivered, if that is wanted and they have a phone, at most
    /// once an hour.
    async fn tell_sender(
        &self,
        message: &IncomingMessage,
        to: &CompanyNumber,
        delivery: &Delivery<'_>,
    ) -> MessagingResponse {
        let remark = Words::NotDelivered.to_string();
        let wanted = self.settings.notify_sender && message.from.parse::<PhoneNumber>().is_ok();
        if wanted && matches!(delivery.was_said(to.as_e164(), &message.from, &remark).await, Ok(false)) {
            MessagingResponse::reply(remark)
        } else {
            MessagingResponse::default()
        }
    }

    /// Writes at Twilio that an employee wants no texts, or does again, so that a report can tell.
    pub(crate) async fn note_stopped(&self, number: &CompanyNumber, stopped: bool) {
        let noted = match self.account.find(number).await {
            Ok(Some(number)) => self.account.note_stopped(&number, stopped).await,
            other => other.map(drop),
        };
        if let Err(error) = noted {
            tracing::warn!(error = %Causes(&error), "cannot note that an employee has texted STOP or START");
        }
    }
}

impl NotSent {
    /// Twilio's error code; zero if it gave none.
    fn code(&self) -> u32 {
        match self {
            Self::Refused(error) | Self::Unknown(error) => error.code().unwrap_or_default(),
        }
    }

    /// Whether it would be refused again.
    fn is_final(&self) -> bool {
        matches!(self, Self::Refused(twilio::Error::Refused(refusal)) if refusal.is_final())
    }
}

/// Whether a message without files would be refused for the same reason.
pub(crate) fn is_about_the_mobile(code: u32) -> bool {
    [21211, 21408, 21610, 21614, 30002, 30003, 30005].contains(&code)
}
