//! What becomes of messages after Twilio has taken them.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::time::timeout;
use twilify::{
    Causes, CompanyNumber, EmployeeId, MobileNumber, metrics,
    twilio::{self, Account, Direction, Logged, MessageSid, MessageStatus, OutgoingMessage, Search},
};
use url::Url;

use crate::{
    NotForwarded, SmsForward,
    delivery::{ATTEMPTS, JUST_NOW, PAUSE},
    passage::is_about_the_mobile,
    text,
    words::Words,
};

/// How long all of it may take.
const BUDGET: Duration = Duration::from_millis(9500);

/// How long one look into Twilio's log may take, so that there is time for all attempts and a look after each of them.
const LOOKING: Duration = Duration::from_secs(2);

/// The URL at which Twilio tells what becomes of a message to `employee`, below `base`.
///
/// # Panics
///
/// If `base` is no URL; it is where Twilio has just reached us.
pub(crate) fn callback(base: &str, employee: Option<&EmployeeId>, has_media: bool) -> Url {
    let mut url: Url =
        format!("{base}/sms-forward/status").parse().expect("Twilio has called a URL below it");
    if let Some(EmployeeId(employee)) = employee {
        url.query_pairs_mut().append_pair("employee", employee);
    }
    if has_media {
        url.query_pairs_mut().append_pair("media", "1");
    }
    url
}

impl SmsForward {
    /// Tells the log and CloudWatch of a message that is lost, and saves of it what can be saved.
    pub(crate) async fn follow_up(&self, status: &MessageStatus) -> Result<(), NotForwarded> {
        let MessageStatus { is_lost, code, employee, had_media, .. } = status;
        if !is_lost {
            return Ok(());
        }
        let meaning = twilio::meaning(*code);
        tracing::error!(
            employee = employee.as_ref().map(|it| it.0.as_str()),
            code,
            meaning = meaning.map(|it| it.what),
            remedy = meaning.map(|it| it.remedy),
            more = format!("https://www.twilio.com/docs/api/errors/{code}"),
            "a message was not delivered"
        );
        metrics::count_by_code("MessagesUndelivered", *code);
        let again = *had_media && !is_about_the_mobile(*code) && !self.handled.contains(&status.sid);
        let has_stopped = twilio::is_stopped(*code);
        if !again && !has_stopped {
            return Ok(());
        }
        let done = timeout(BUDGET, async {
            let lost = self.account.message(&status.sid).await?;
            if has_stopped && let Ok(number) = lost.from.parse() {
                self.note_stopped(&number, true).await;
            }
            if again { self.send_without_files(&lost, status).await } else { Ok(()) }
        });
        let done = done.await;
        // Twilio does not repeat the report because of our answer, so an alarm says that somebody should read the message in
        // Twilio's log. <https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides>
        metrics::add("TextsNotForwarded", usize::from(again && !matches!(done, Ok(Ok(())))));
        match done {
            Ok(Ok(())) => {
                self.handled.add(&status.sid);
                Ok(())
            }
            Ok(Err(error)) => {
                let error = Causes(&error);
                tracing::error!(
                    employee = employee.as_ref().map(|it| it.0.as_str()),
                    message_sid = status.sid.0,
                    %error,
                    "cannot send a message again without its files"
                );
                Err(NotForwarded)
            }
            Err(_) => {
                tracing::error!(
                    employee = employee.as_ref().map(|it| it.0.as_str()),
                    message_sid = status.sid.0,
                    "no time is left to send a message again without its files"
                );
                Err(NotForwarded)
            }
        }
    }

    /// Sends the text of a message whose files were not taken.
    async fn send_without_files(&self, lost: &Logged, status: &MessageStatus) -> Result<(), twilio::Error> {
        let (Ok(from), Ok(to)) = (lost.from.parse::<CompanyNumber>(), lost.to.parse::<MobileNumber>()) else {
            return Ok(());
        };
        let account = self.account.until(Instant::now() + BUDGET);
        for body in text::with_note(&lost.body, &Words::NoFiles(lost.files()).to_string()) {
            let outgoing = OutgoingMessage {
                from: from.clone(),
                to: to.clone(),
                body,
                media: Vec::new(),
                service: self.service.clone(),
                status_callback: callback(&status.base, status.employee.as_ref(), false),
            };
            self.send_once(&account, &outgoing, &lost.sid).await?;
        }
        Ok(())
    }

    /// Sends a message in place of one that was `lost`, and again if that fails: Twilio reports a lost message once, so there
    /// is no later attempt.
    async fn send_once(
        &self,
        account: &Account,
        outgoing: &OutgoingMessage,
        lost: &MessageSid,
    ) -> Result<(), twilio::Error> {
        let since = Timestamp::now() - JUST_NOW;
        // Whether any attempt may have been carried out: the log may show it only after a later one.
        let (mut attempt, mut is_unknown) = (1, false);
        loop {
            let error = match account.send(outgoing).await {
                Ok(sid) => {
                    self.handled.add(&sid);
                    return Ok(());
                }
                Err(error) => error,
            };
            is_unknown |= error.is_of_unknown_outcome();
            let may_work = error.is_of_unknown_outcome() || error.was_not_carried_out();
            let is_last = attempt == ATTEMPTS || !may_work;
            if is_last && !is_unknown {
                return Err(error);
            }
            tokio::time::sleep(PAUSE).await;
            if is_unknown && self.was_sent(outgoing, lost, since).await {
                return Ok(());
            }
            if is_last {
                return Err(error);
            }
            attempt += 1;
        }
    }

    /// Whether Twilio's log shows that a message was sent since then in place of one that was `lost`.
    async fn was_sent(
        &self,
        OutgoingMessage { from, to, body, .. }: &OutgoingMessage,
        lost: &MessageSid,
        since: Timestamp,
    ) -> bool {
        // A lost message may have the same words, but it has files. The text that followed another one may have them too.
        // Another process may have sent the same words in this minute. Then one of the two is missing.
        let is_it = |it: Logged| {
            let is_it = it.direction == Direction::Outbound
                && it.files() == 0
                && it.says(body)
                && it.sid != *lost
                && !self.handled.contains(&it.sid);
            if is_it {
                self.handled.add(&it.sid);
            }
            is_it
        };
        let search = Search { from: from.as_e164(), to: to.as_e164(), since };
        matches!(timeout(LOOKING, self.account.search_log(search, is_it)).await, Ok(Ok(true)))
    }
}
