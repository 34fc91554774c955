//! The way of one message to one employee: what goes out, and what became of that.

use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;
use twilify::{
    Causes, CompanyNumber, PhoneNumber, metrics,
    switchboard::{Destination, Source},
    twilio::{self, IncomingMessage, MessagingResponse, OutgoingMessage},
};
use url::Url;

use crate::{
    NotForwarded, SmsForward,
    delivery::{Delivery, NotSent},
    files::Files,
    log_failure,
    status::callback,
    text,
    words::Words,
};

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

/// The way of one message to one employee.
pub(crate) struct Passage<'a> {
    pub(crate) function: &'a SmsForward,
    pub(crate) message: &'a IncomingMessage,
    /// The number they publish.
    pub(crate) to: &'a CompanyNumber,
    pub(crate) destination: Destination,
    pub(crate) delivery: Delivery<'a>,
}

impl Passage<'_> {
    /// Tells an employee that their own company number is no correspondent.
    pub(crate) async fn answer_oneself(&self) -> MessagingResponse {
        let keyword = self.message.body.trim().to_ascii_uppercase();
        for (words, stopped) in [(STOP, true), (START, false)] {
            if words.contains(&keyword.as_str()) {
                self.function.note_stopped(self.to, stopped).await;
                return MessagingResponse::default();
            }
        }
        if HELP.contains(&keyword.as_str()) {
            return MessagingResponse::default();
        }
        let remark = Words::Oneself.to_string();
        let said =
            self.delivery.was_said(self.to.as_e164(), self.destination.mobile.as_e164(), &remark).await;
        if said.unwrap_or(true) { MessagingResponse::default() } else { MessagingResponse::reply(remark) }
    }

    /// Sends the message on, and says what became of it: to the log, at Twilio, and to the sender.
    pub(crate) async fn send_on(&self) -> Result<MessagingResponse, NotForwarded> {
        let Destination { employee, source, .. } = &self.destination;
        if self.is_from_a_company_number().await {
            tracing::warn!(
                employee = employee.0,
                "a text came from a company number, so it is not forwarded"
            );
            self.explain_the_circle().await;
            return Ok(MessagingResponse::default());
        }
        let Err(not_sent) = self.send_with_files().await else {
            let by_last_known_route = *source == Source::LastKnown;
            tracing::info!(employee = employee.0, by_last_known_route, "forwarded a message");
            metrics::count("TextsForwarded");
            metrics::add("TextsLate", usize::from(self.delivery.is_late()));
            metrics::add("TextsFromLastKnownRoute", usize::from(by_last_known_route));
            if self.message.hint.stopped {
                self.function.note_stopped(self.to, false).await;
            }
            return Ok(MessagingResponse::default());
        };
        let code = not_sent.code();
        let meaning = twilio::meaning(code);
        tracing::error!(
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
        metrics::count_by_code("MessagesRefused", code);
        if twilio::is_stopped(code) && !self.message.hint.stopped {
            self.function.note_stopped(self.to, true).await;
        }
        Ok(self.tell_sender().await)
    }

    /// Sends the message with its files, or without them where they are not taken.
    async fn send_with_files(&self) -> Result<(), NotSent> {
        let files = self.files().await;
        // Only North America has pictures in messages.
        let files = if files.links.is_empty() || self.destination.mobile.as_e164().starts_with("+1") {
            files
        } else {
            files.without_links()
        };
        let sent = self.delivery.send(&self.composed(&files)).await;
        match &sent {
            Err(error)
                if error.is_final() && !files.links.is_empty() && !is_about_the_mobile(error.code()) =>
            {
                self.delivery.send(&self.composed(&files.without_links())).await
            }
            _ => sent,
        }
    }

    fn composed(&self, files: &Files) -> Vec<OutgoingMessage> {
        let bodies = text::forwarded(&self.message.from, &self.message.body, &files.notes);
        let bodies = bodies.into_iter().enumerate();
        let composed = bodies.map(|(index, body)| {
            let media = if index == 0 { files.links.clone() } else { Vec::new() };
            self.outgoing(body, media)
        });
        composed.collect()
    }

    fn outgoing(&self, body: String, media: Vec<Url>) -> OutgoingMessage {
        OutgoingMessage {
            from: self.to.clone(),
            to: self.destination.mobile.clone(),
            body,
            status_callback: callback(
                &self.message.base,
                Some(&self.destination.employee),
                !media.is_empty(),
            ),
            media,
            service: self.function.service.clone(),
        }
    }

    /// The files of a message, sorted, with links to those that go out.
    async fn files(&self) -> Files {
        let now = Timestamp::now();
        let lengths = self.message.media.iter().map(async |file| {
            let length = self.function.account.file_length(&self.message.sid, file.sid.as_ref()?);
            // Whatever is unknown is taken for short enough.
            tokio::time::timeout(FOR_LENGTHS, length).await.ok()?.ok()?
        });
        let lengths = join_all(lengths).await;
        let files = self.message.media.iter().cloned().zip(lengths).collect();
        Files::of(&self.message.sid, files, |link| link.url(&self.message.base, &self.function.webhooks, now))
    }

    /// Whether the sender is itself one of our numbers. Those send nothing but forwarded texts, so that Twilio
    /// needs to be asked only about what looks like one; and what has been here before needs no asking.
    async fn is_from_a_company_number(&self) -> bool {
        let Ok(sender) = self.message.from.parse::<CompanyNumber>() else { return false };
        let Some(forwarded) = self.message.body.strip_prefix("From: ") else { return false };
        forwarded.starts_with(self.to.as_e164())
            || matches!(self.function.account.find(&sender).await, Ok(Some(_)))
    }

    /// Tells the employee, at most once an hour. If that fails, it is only a remark that is missing.
    async fn explain_the_circle(&self) {
        let remark = Words::FromACompanyNumber(&self.message.from).to_string();
        let said =
            self.delivery.was_said(self.to.as_e164(), self.destination.mobile.as_e164(), &remark).await;
        if matches!(said, Ok(false)) {
            let remark = self.outgoing(remark, Vec::new());
            if let Err(error) = self.function.account.send(&remark).await {
                log_failure(&error);
            }
        }
    }

    /// Tells the sender that a message could not be delivered, if that is wanted and they have a phone, at most
    /// once an hour.
    async fn tell_sender(&self) -> MessagingResponse {
        let remark = Words::NotDelivered.to_string();
        let wanted = self.function.settings.notify_sender && self.message.from.parse::<PhoneNumber>().is_ok();
        if wanted
            && matches!(
                self.delivery.was_said(self.to.as_e164(), &self.message.from, &remark).await,
                Ok(false)
            )
        {
            MessagingResponse::reply(remark)
        } else {
            MessagingResponse::default()
        }
    }
}

/// Whether a message without files would be refused for the same reason.
pub(crate) fn is_about_the_mobile(code: u32) -> bool {
    [21211, 21408, 21610, 21614, 30002, 30003, 30005].contains(&code)
}
