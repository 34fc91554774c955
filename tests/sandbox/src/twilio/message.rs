//! Messages, and how Twilio delivers them.

use std::time::Duration;

use http::{HeaderMap, Method, header};
use jiff::Timestamp;

use super::{Answer, Delivery, Twilio};
use crate::server::lock;

/// A message that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Twilio's name for it.
    pub sid: String,
    /// By which number.
    pub from: String,
    /// To which number.
    pub to: String,
    /// The text.
    pub body: String,
    /// The files with it.
    pub media: Vec<File>,
    /// Where Twilio fetched them.
    pub media_urls: Vec<String>,
    /// Where Twilio tells what becomes of it.
    pub status_callback: String,
    pub(super) direction: &'static str,
    pub(super) created: Timestamp,
}

/// What documents and reports say of Twilio's media and of its log of messages, and what nobody knows for certain. At first
/// media and messages are there at once.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quirks {
    /// How long after the webhook the media of a message can be fetched: 404 until then.
    ///
    /// <https://support.twilio.com/hc/en-us/articles/44750147594523>, <https://github.com/twilio/twilio-node/issues/636>
    pub media_takes: Duration,
    /// Whether media are 404 for HEAD although GET finds them. The documentation speaks of GET alone.
    pub media_without_head: bool,
    /// How long a message is not in the list of messages after it was sent or came in.
    ///
    /// <https://github.com/twilio/twilio-node/issues/647>: some seconds usually, "several hours sometimes".
    pub log_takes: Duration,
    /// Whether the Messaging Service rewrites a text although `SmartEncoded` is `false`. No document says which of
    /// the two counts.
    pub always_smart: bool,
}

/// A picture or another file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Twilio's name for it.
    pub sid: String,
    /// What it is, like `image/png`.
    pub content_type: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

impl Message {
    pub(super) fn new(
        sid: String,
        direction: &'static str,
        [from, to]: [&str; 2],
        body: &str,
        created: Timestamp,
    ) -> Self {
        Self {
            sid,
            from: from.to_owned(),
            to: to.to_owned(),
            body: body.to_owned(),
            media: Vec::new(),
            media_urls: Vec::new(),
            status_callback: String::new(),
            direction,
            created,
        }
    }
}

impl Twilio {
    /// Texts `body` and a file of each of these types to `to` from `from`.
    ///
    /// # Panics
    ///
    /// If the account does not own `to`.
    pub async fn picture(&self, from: &str, to: &str, body: &str, files: &[(&str, &[u8])]) -> Answer {
        let text = self.a_picture(from, to, body, files);
        self.take(text).await
    }

    /// The webhook of a message with a file of each of these types.
    ///
    /// # Panics
    ///
    /// If the account does not own `to`.
    #[must_use]
    pub fn a_picture(&self, from: &str, to: &str, body: &str, files: &[(&str, &[u8])]) -> Delivery {
        let text = self.a_text(from, to, body);
        let mut state = lock(&self.state);
        let media: Vec<_> = files
            .iter()
            .map(|(content_type, bytes)| File {
                sid: state.new_sid("ME"),
                content_type: (*content_type).to_owned(),
                bytes: bytes.to_vec(),
            })
            .collect();
        let message = state.messages.last_mut().expect("it has just come in");
        message.sid = message.sid.replacen("SM", "MM", 1);
        message.media.clone_from(&media);
        let sid = message.sid.clone();
        drop(state);
        let text =
            ["MessageSid", "SmsSid", "SmsMessageSid"].into_iter().fold(text, |it, name| it.with(name, &sid));
        let mut text = text.with("NumMedia", &files.len().to_string());
        for (index, file) in media.iter().enumerate() {
            let account = super::ACCOUNT_SID;
            let url = format!("{}/2010-04-01/Accounts/{account}/Messages/{sid}/Media/{}", self.url, file.sid);
            text = text.with(&format!("MediaUrl{index}"), &url);
            text = text.with(&format!("MediaContentType{index}"), &file.content_type);
        }
        text
    }

    /// The webhook of a message that came by another channel than SMS, like `whatsapp`, whose addresses begin with
    /// its name.
    ///
    /// <https://www.twilio.com/docs/whatsapp/api>, <https://www.twilio.com/docs/rcs>
    ///
    /// # Panics
    ///
    /// If the account does not own `to`.
    #[must_use]
    pub fn a_chat(&self, channel: &str, from: &str, to: &str, body: &str) -> Delivery {
        let text = self.a_text(from, to, body);
        let [from, to] = [from, to].map(|number| format!("{channel}:{number}"));
        let mut state = lock(&self.state);
        let message = state.messages.last_mut().expect("it has just come in");
        (message.from, message.to) = (from.clone(), to.clone());
        text.with("From", &from).with("To", &to)
    }

    /// Delivers the webhook of a message. If that fails, Twilio calls the number's fallback URL; if the answer
    /// has a reply in it, it is sent.
    pub async fn take(&self, text: Delivery) -> Answer {
        let (from, to) = (text.field("From").to_owned(), text.field("To").to_owned());
        let answer = self.deliver(&text).await;
        if answer.status >= 400 {
            let number = to.rsplit(':').next().unwrap_or_default();
            let fallback = self.number(number).sms_fallback_url;
            if !fallback.is_empty() {
                let url = text.url().to_owned();
                let late = text.to_url(|_| fallback).with("ErrorCode", "11200").with("ErrorUrl", &url);
                self.deliver(&late).await;
            }
        } else if let Some((_, reply)) = answer.body.split_once("<Message>") {
            let reply = reply.split("</Message>").next().unwrap_or_default();
            let sid = lock(&self.state).new_sid("SM");
            self.send(Message::new(sid, "outbound-reply", [&to, &from], reply, self.clock.now()));
        }
        answer
    }

    /// Sends a message, as soon as its files have been fetched: like Twilio twice, to see what they are and to
    /// have them. If that fails, the message does.
    pub(super) fn send(&self, message: Message) {
        lock(&self.state).messages.push(message.clone());
        let twilio = self.clone();
        if message.media_urls.is_empty() {
            lock(&self.state).arrived.push(message);
            return;
        }
        tokio::spawn(async move {
            let mut message = message;
            for url in &message.media_urls {
                match twilio.fetch(url).await {
                    Ok(file) => message.media.push(file),
                    Err(code) => return drop(twilio.report(&message, "failed", code).await),
                }
            }
            lock(&twilio.state).arrived.push(message);
        });
    }

    async fn fetch(&self, url: &str) -> Result<File, u32> {
        let head = self.http.request(Method::HEAD, url).send().await.map_err(|_| 11200u32)?;
        let answer = self.http.get(url).send().await.map_err(|_| 11200u32)?;
        let content_type = |answer: &reqwest::Response| {
            answer.headers().get(header::CONTENT_TYPE).and_then(|it| it.to_str().ok()).map(ToOwned::to_owned)
        };
        if !answer.status().is_success() || head.status() != answer.status() {
            return Err(11200);
        }
        let (Some(content_type), true) =
            (content_type(&answer), content_type(&head) == content_type(&answer))
        else {
            return Err(12300);
        };
        let name = answer.headers().get(header::CONTENT_DISPOSITION).and_then(|it| it.to_str().ok());
        let name = name.and_then(|it| it.split('"').nth(1)).unwrap_or_default().to_owned();
        if name.is_empty() || name.len() > 20 {
            return Err(12300);
        }
        let bytes = answer.bytes().await.map_err(|_| 11200u32)?.to_vec();
        Ok(File { sid: name, content_type, bytes })
    }

    /// What a browser is told of what is at a URL.
    ///
    /// # Panics
    ///
    /// If nothing is.
    pub async fn opens(&self, url: &str) -> HeaderMap {
        self.http.get(url).send().await.expect("an answer").headers().clone()
    }

    /// What is at a URL, and with which status.
    ///
    /// # Panics
    ///
    /// If nothing is.
    pub async fn fetches(&self, url: &str) -> (u16, Vec<u8>) {
        let answer = self.http.get(url).send().await.expect("an answer");
        (answer.status().as_u16(), answer.bytes().await.expect("a whole answer").to_vec())
    }

    /// Tells us what has become of a message: its status, like `undelivered`, and an error code.
    pub async fn report(&self, message: &Message, status: &str, code: u32) -> Answer {
        self.deliver(&self.a_report(message, status, code)).await
    }

    /// The webhook that tells us so.
    #[must_use]
    pub fn a_report(&self, message: &Message, status: &str, code: u32) -> Delivery {
        let code = code.to_string();
        let form = [
            ("MessageSid", message.sid.as_str()),
            ("SmsSid", message.sid.as_str()),
            ("MessageStatus", status),
            ("SmsStatus", status),
            ("ErrorCode", code.as_str()),
            ("From", message.from.as_str()),
            ("To", message.to.as_str()),
            ("AccountSid", super::ACCOUNT_SID),
            ("ApiVersion", "2010-04-01"),
        ];
        Delivery::new(message.status_callback.clone(), "POST", &form)
    }

    /// The messages that reached `number`, in order.
    #[must_use]
    pub fn inbox(&self, number: &str) -> Vec<Message> {
        lock(&self.state).arrived.iter().filter(|message| message.to == number).cloned().collect()
    }

    /// The messages that reached `number`, as soon as there are `count` of them.
    ///
    /// # Panics
    ///
    /// If there are not so many after half a minute.
    pub async fn inbox_of(&self, number: &str, count: usize) -> Vec<Message> {
        for _ in 0..600 {
            let inbox = self.inbox(number);
            if inbox.len() >= count {
                return inbox;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{number} has only got {:?}", self.inbox(number));
    }

    /// Lets somebody text STOP to every number: nothing is sent to `mobile` any more.
    pub fn stops(&self, mobile: &str) {
        lock(&self.state).stopped.push((mobile.to_owned(), None));
    }

    /// Lets somebody text STOP to one number. Without a Messaging Service that counts for this number alone, with one
    /// for all numbers in it.
    ///
    /// <https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out>, and of the pool
    /// <https://www.twilio.com/docs/proxy/opt-out-keywords>
    pub fn stops_at(&self, mobile: &str, number: &str) {
        lock(&self.state).stopped.push((mobile.to_owned(), Some(number.to_owned())));
    }

    /// Lets them text START.
    pub fn starts(&self, mobile: &str) {
        lock(&self.state).stopped.retain(|(it, _)| it != mobile);
    }

    /// Changes how the media and the log of messages behave.
    pub fn behaves(&self, change: impl FnOnce(&mut Quirks)) {
        change(&mut lock(&self.state).quirks);
    }

    /// Pretends that so many messages with this text have gone out just now.
    pub fn has_sent(&self, from: &str, to: &str, body: &str, so_many: usize) {
        let mut state = lock(&self.state);
        for _ in 0..so_many {
            let sid = state.new_sid("SM");
            state.messages.push(Message::new(sid, "outbound-api", [from, to], body, self.clock.now()));
        }
    }

    /// Lets Twilio refuse all messages with files.
    pub fn takes_no_media(&self) {
        lock(&self.state).takes_media = false;
    }

    /// Redirects everybody who asks for a file to a server at `url`.
    pub fn redirects_files_to(&self, url: &'static str) {
        lock(&self.state).redirect = Some(url);
    }

    /// Whether the account's credentials went to where files are stored.
    #[must_use]
    pub fn credentials_leaked(&self) -> bool {
        lock(&self.state).credentials_leaked
    }
}
