//! Messages that the account sends, and its log of them.
//!
//! <https://www.twilio.com/docs/messaging/api/message-resource>

use std::{collections::HashSet, str::FromStr};

use jiff::{Timestamp, fmt::rfc2822};
use serde::{Deserialize, Deserializer};
use url::Url;

use super::{Account, Error, MessagingServiceSid, NotASid};
use crate::{
    phone::{CompanyNumber, MobileNumber},
    transport::MOST_PAGES,
};

/// How many messages the first page of the log has. Nearly always it is the only one, and a short page comes quickly.
const FIRST_PAGE: &str = "100";

/// How many the further pages have: the most that Twilio puts on one.
const FURTHER_PAGES: &str = "1000";

/// Twilio's name for a message: `SM` or `MM` and 32 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(transparent)]
pub struct MessageSid(pub String);

/// A message on its way out. It has no `Debug`: what people write stays out of the log.
#[derive(Clone, PartialEq, Eq)]
pub struct OutgoingMessage {
    /// Always one of ours.
    pub from: CompanyNumber,
    /// An employee's mobile.
    pub to: MobileNumber,
    /// The text, of 1 to 1600 characters.
    pub body: String,
    /// Where Twilio finds the pictures and other files that go with it, at most ten.
    pub media: Vec<Url>,
    /// The Messaging Service that `from` is in and through which it is sent, if there is one.
    pub service: Option<MessagingServiceSid>,
    /// Where Twilio tells what becomes of it.
    pub status_callback: Url,
}

/// A message in the account's log. It has no `Debug`: what people write stays out of our log.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct Logged {
    /// Twilio's name for it.
    pub sid: MessageSid,
    /// Who sent it, in Twilio's words.
    pub from: String,
    /// Who got it, in Twilio's words.
    pub to: String,
    /// The text.
    #[serde(default, deserialize_with = "text_or_nothing")]
    pub body: String,
    /// How many files it has, in digits.
    #[serde(default, deserialize_with = "text_or_nothing")]
    num_media: String,
    /// Whether it came in or went out.
    pub direction: Direction,
    /// When Twilio took it.
    #[serde(deserialize_with = "rfc2822_time")]
    pub date_created: Timestamp,
}

/// Whether a message came in or went out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Direction {
    /// Somebody sent it to one of our numbers.
    #[serde(rename = "inbound")]
    Inbound,
    /// We sent it.
    #[serde(other)]
    Outbound,
}

/// Which part of the log is searched.
#[derive(Clone, Copy)]
pub struct Search<'a> {
    /// Who sent the messages, in Twilio's words.
    pub from: &'a str,
    /// Who got them, in Twilio's words.
    pub to: &'a str,
    /// When Twilio took the oldest of them.
    pub since: Timestamp,
}

impl Logged {
    /// Whether its text is `text`, or may be what a Messaging Service with Smart Encoding has made of it. The text may also
    /// have come back from a service that has rewritten it.
    #[must_use]
    pub fn says(&self, text: &str) -> bool {
        self.body == text || is_rewritten(text, &self.body) || is_rewritten(&self.body, text)
    }

    /// How many pictures and other files it has.
    #[must_use]
    pub fn files(&self) -> usize {
        self.num_media.parse().unwrap_or_default()
    }
}

impl Account {
    /// Sends a message. It must not be repeated when the answer got lost: Twilio would send it twice.
    /// [`search_log`](Self::search_log) tells whether it did.
    pub async fn send(&self, message: &OutgoingMessage) -> Result<MessageSid, Error> {
        #[derive(Deserialize)]
        struct Message {
            sid: MessageSid,
        }

        let OutgoingMessage { from, to, body, media, service, status_callback } = message;
        let mut form = vec![
            ("From", from.as_e164()),
            ("To", to.as_e164()),
            ("Body", body),
            ("StatusCallback", status_callback.as_str()),
            // A Messaging Service would replace curly quotes and the like, and the log would show another text.
            ("SmartEncoded", "false"),
        ];
        form.extend(media.iter().map(|url| ("MediaUrl", url.as_str())));
        // With the service alone Twilio would choose another employee's number.
        form.extend(service.iter().map(|service| ("MessagingServiceSid", service.as_str())));
        let message: Message = self.post(&self.url("Messages.json"), &form).await?;
        Ok(message.sid)
    }

    /// Lists the messages from one number to another that Twilio took at `since` or later, the newest
    /// first.
    pub async fn messages_since(&self, from: &str, to: &str, since: Timestamp) -> Result<Vec<Logged>, Error> {
        let mut messages = Vec::new();
        let search = Search { from, to, since };
        let all = |message| {
            messages.push(message);
            false
        };
        self.search_log(search, all).await?;
        Ok(messages)
    }

    /// Whether there is a message in the log that is `wanted`. They are read from the newest on, and no further than that.
    ///
    /// The list is not narrowed by `DateSent`: a message that Twilio has only just taken has no such date yet, and it is
    /// the one that matters.
    pub async fn search_log(
        &self,
        Search { from, to, since }: Search<'_>,
        mut wanted: impl FnMut(Logged) -> bool,
    ) -> Result<bool, Error> {
        #[derive(Deserialize)]
        struct Page {
            messages: Vec<Logged>,
            next_page_uri: Option<String>,
        }

        let list = |page_size| {
            let mut url = self.url("Messages.json");
            url.query_pairs_mut().extend_pairs([("From", from), ("To", to), ("PageSize", page_size)]);
            url
        };
        let (mut url, mut seen) = (list(FIRST_PAGE), HashSet::new());
        for number in 0..MOST_PAGES {
            let page: Page = self.get(&url).await?;
            let goes_back_further = page.messages.iter().any(|it| it.date_created < since);
            let mut new = page.messages.into_iter().filter(|it| it.date_created >= since);
            // The first long page begins with what was on the short one.
            if new.any(|it| seen.insert(it.sid.clone()) && wanted(it)) {
                return Ok(true);
            }
            let Some(next) = page.next_page_uri.filter(|_| !goes_back_further) else { return Ok(false) };
            url = if number == 0 { list(FURTHER_PAGES) } else { self.next_page(&url, &next)? };
        }
        Err(Error::endless(&url))
    }

    /// Reads one message from the log.
    pub async fn message(&self, MessageSid(sid): &MessageSid) -> Result<Logged, Error> {
        self.get(&self.url(&format!("Messages/{sid}.json"))).await
    }
}

impl FromStr for MessageSid {
    type Err = NotASid;

    fn from_str(text: &str) -> Result<Self, NotASid> {
        NotASid::check("SM", text).or_else(|_| NotASid::check("MM", text)).map(Self)
    }
}

/// Whether Smart Encoding may have made `plain` of `text`: it replaces typographic characters by plain ones, and leaves
/// everything else as it is.
///
/// <https://www.twilio.com/docs/messaging/services/smart-encoding-char-list>
fn is_rewritten(text: &str, plain: &str) -> bool {
    text.chars().any(is_typographic) && !plain.chars().any(is_typographic) && kept(text).eq(kept(plain))
}

/// The characters of `text` that are neither replaced by Smart Encoding nor put in the place of others.
fn kept(text: &str) -> impl Iterator<Item = char> {
    text.chars().flat_map(|it| {
        let fraction = match it {
            '\u{bc}' => "14",
            '\u{bd}' => "12",
            '\u{be}' => "34",
            _ => "",
        };
        let is_kept = !is_typographic(it) && (!it.is_ascii() || it.is_ascii_alphanumeric());
        fraction.chars().chain(is_kept.then_some(it))
    })
}

/// Whether Smart Encoding may replace a character: quotes, dashes, bars, spaces and the like. An emoji is none of them.
fn is_typographic(char: char) -> bool {
    match char {
        // Unicode calls some of these letters: apostrophes and accents, and clicks that look like bars.
        '\u{a0}'..='\u{bf}' | '\u{1c0}'..='\u{1c3}' | '\u{2b0}'..='\u{2ff}' => true,
        '\u{80}'..='\u{25ff}'
        | '\u{2758}'..='\u{275e}'
        | '\u{29f5}'..='\u{29f9}'
        | '\u{3000}'..='\u{303f}'
        | '\u{fe10}'..='\u{ffef}' => !char.is_alphanumeric(),
        _ => false,
    }
}

fn text_or_nothing<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

fn rfc2822_time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    let text = String::deserialize(deserializer)?;
    rfc2822::DateTimeParser::new().parse_timestamp(&text).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests;
