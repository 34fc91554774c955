//! The way of one message to one employee: what goes out, and what became of that.

use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;
use twilify::{
    Causes, CompanyNumber, metrics,
    switchboard::{Destination, Source},
    twilio::{self, Channel, IncomingMedia, IncomingMessage, MessagingResponse, OutgoingMessage},
};
use url::Url;

use crate::{
    NotForwarded, SmsForward,
    circle::Returned,
    delivery::{Delivery, NotSent},
    files::{Files, Length, Link},
    log_failure,
    status::callback,
    text,
    words::Words,
};

/// How long Twilio may take to tell how long the files are.
const FOR_LENGTHS: Duration = Duration::from_secs(2);

/// The pauses after which a file that is not there is asked for again in that time.
const ONCE_MORE: [Duration; 4] =
    [Duration::from_millis(200), Duration::from_millis(400), Duration::from_millis(800), Duration::ZERO];

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

/// Why a text would go round in circles.
#[derive(Clone, Copy, Debug, thiserror::Error)]
enum Circle {
    #[error("it came from a company number of the account")]
    FromACompanyNumber,
    #[error("it was forwarded from here before, and has come back")]
    CameBack,
    #[error("it has been here again and again")]
    Certain,
}

impl Passage<'_> {
    /// Tells an employee that their own company number is no correspondent.
    pub(crate) async fn answer_oneself(&self) -> MessagingResponse {
        // STOP on another channel does not count for texts, and a reply there would not be in the log of texts.
        if self.message.channel != Channel::Text {
            return MessagingResponse::default();
        }
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
        if let Some(circle) = self.circle().await {
            tracing::warn!(employee = employee.0, reason = %circle, "a text would go round in circles, so it is not forwarded");
            metrics::count("TextsNotForwarded");
            self.explain(circle).await;
            return Ok(MessagingResponse::default());
        }
        let Some(files) = self.files().await else {
            tracing::warn!(employee = employee.0, "a file is not at Twilio yet, so the message waits");
            return Err(NotForwarded);
        };
        let Err(not_sent) = self.send_with_files(files).await else {
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
        Ok(self.function.tell_sender(self.message, self.to, &self.delivery).await)
    }

    /// Sends the message with its files, or without them where they are not taken.
    async fn send_with_files(&self, files: Files) -> Result<(), NotSent> {
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
        let sender = match self.message.channel {
            Channel::Text => self.message.from.clone(),
            channel => format!("{} ({})", self.message.sender(), channel.name()),
        };
        let bodies = text::forwarded(&sender, &self.message.body, &files.notes);
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

    /// The files of a message, sorted, with links to those that go out. `None` if one of them is not there yet, and the
    /// message may wait for it.
    async fn files(&self) -> Option<Files> {
        let now = Timestamp::now();
        let lengths = join_all(self.message.media.iter().map(|file| self.length(file))).await;
        if lengths.contains(&Length::NotThere) && self.delivery.may_wait_for_files() {
            return None;
        }
        let files = self.message.media.iter().cloned().zip(lengths).collect();
        let link = |link: &Link| link.url(&self.message.base, &self.function.webhooks, now);
        Some(Files::of(&self.message.sid, files, link))
    }

    /// How long a file is. One that is not there is asked for again while there is time.
    async fn length(&self, file: &IncomingMedia) -> Length {
        let Some(sid) = &file.sid else { return Length::Unknown };
        let mut length = Length::Unknown;
        let asked = async {
            for pause in ONCE_MORE {
                length = match self.function.account.file_length(&self.message.sid, sid).await {
                    Ok(Some(bytes)) => Length::Known(bytes),
                    Err(error) if error.is_missing() => Length::NotThere,
                    _ => Length::Unknown,
                };
                if length != Length::NotThere {
                    return;
                }
                tokio::time::sleep(pause).await;
            }
        };
        let _ = tokio::time::timeout(FOR_LENGTHS, asked).await;
        length
    }

    /// Why the text would go round in circles, if it would. The account's numbers send nothing but forwarded texts, so that
    /// Twilio is asked only about what looks like one. If it does not answer, the text is forwarded: it will come back, and
    /// in the end it has been here for certain.
    async fn circle(&self) -> Option<Circle> {
        let IncomingMessage { from, body, .. } = self.message;
        if !body.starts_with("From: ") {
            return None;
        }
        if let Some(returned) = Returned::read(body, self.to) {
            if returned.is_certain() {
                return Some(Circle::Certain);
            }
            let (from, to) = (self.to.as_e164(), self.destination.mobile.as_e164());
            if self.delivery.was_forwarded(from, to, &returned).await.unwrap_or(false) {
                return Some(Circle::CameBack);
            }
        }
        let sender = from.parse::<CompanyNumber>().ok()?;
        let owned = self.function.account.find(&sender).await;
        matches!(owned, Ok(Some(_))).then_some(Circle::FromACompanyNumber)
    }

    /// Tells the employee, at most once an hour. If that fails, it is only a remark that is missing.
    async fn explain(&self, circle: Circle) {
        let remark = match circle {
            // Twilio's log lags, so that it would not show that this was said already.
            Circle::Certain => return,
            Circle::CameBack => Words::CameBack(&self.message.from),
            Circle::FromACompanyNumber => Words::FromACompanyNumber(&self.message.from),
        };
        let remark = remark.to_string();
        let said =
            self.delivery.was_said(self.to.as_e164(), self.destination.mobile.as_e164(), &remark).await;
        if matches!(said, Ok(false)) {
            let remark = self.outgoing(remark, Vec::new());
            if let Err(error) = self.function.account.send(&remark).await {
                log_failure(&error);
            }
        }
    }
}

/// Whether a message without files would be refused for the same reason.
pub(crate) fn is_about_the_mobile(code: u32) -> bool {
    [21211, 21408, 21610, 21614, 30002, 30003, 30005].contains(&code)
}
