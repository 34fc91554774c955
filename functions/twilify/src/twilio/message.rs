//! Messages that the account sends, and its log of them.
//!
//! <https://www.twilio.com/docs/messaging/api/message-resource>

use std::{str::FromStr, time::Instant};

use jiff::{Timestamp, fmt::rfc2822};
use serde::{Deserialize, Deserializer};
use url::Url;

use super::{Account, Error, MessagingServiceSid, NotASid};
use crate::{
    phone::{CompanyNumber, MobileNumber},
    transport::MOST_PAGES,
};

/// How many messages to read at once: the most that Twilio puts on a page.
const PAGE: &str = "1000";

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
    /// When the search ends although there is more to read, because somebody waits.
    pub deadline: Option<Instant>,
}

/// What a search in the log has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Searched {
    /// There is such a message.
    Found,
    /// There is none.
    NotThere,
    /// There was more to read at the deadline.
    OutOfTime,
}

impl Logged {
    /// Whether its text is `text`, as far as that can be seen: a Messaging Service may have replaced characters by plain
    /// ones.
    #[must_use]
    pub fn says(&self, text: &str) -> bool {
        self.body == text || folded(&self.body).eq(folded(text))
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
        let search = Search { from, to, since, deadline: None };
        let all = |message| {
            messages.push(message);
            false
        };
        self.search_log(search, all).await?;
        Ok(messages)
    }

    /// Looks for a message in the log that is `wanted`. They are read from the newest on, and no further than that; at least
    /// one page, whatever the deadline.
    ///
    /// The list is not narrowed by `DateSent`: a message that Twilio has only just taken has no such date yet, and it is
    /// the one that matters.
    pub async fn search_log(
        &self,
        Search { from, to, since, deadline }: Search<'_>,
        mut wanted: impl FnMut(Logged) -> bool,
    ) -> Result<Searched, Error> {
        #[derive(Deserialize)]
        struct Page {
            messages: Vec<Logged>,
            next_page_uri: Option<String>,
        }

        let mut url = self.url("Messages.json");
        url.query_pairs_mut().append_pair("From", from).append_pair("To", to).append_pair("PageSize", PAGE);
        for _ in 0..MOST_PAGES {
            let page: Page = self.get(&url).await?;
            let goes_back_further = page.messages.iter().any(|it| it.date_created < since);
            if page.messages.into_iter().filter(|it| it.date_created >= since).any(&mut wanted) {
                return Ok(Searched::Found);
            }
            let next = page.next_page_uri.filter(|_| !goes_back_further);
            let Some(next) = next else { return Ok(Searched::NotThere) };
            if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                return Ok(Searched::OutOfTime);
            }
            url = self.next_page(&url, &next)?;
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

/// The letters and digits of `text`, without the characters that Smart Encoding replaces, or puts in their place.
///
/// <https://www.twilio.com/docs/messaging/services/smart-encoding-char-list>
fn folded(text: &str) -> impl Iterator<Item = char> {
    text.chars().flat_map(|it| {
        let kept = match it {
            '\u{bc}' => "14",
            '\u{bd}' => "12",
            '\u{be}' => "34",
            _ => "",
        };
        // Unicode calls some of the replaced signs letters: apostrophes and accents (U+02B0 to U+02FF), clicks that
        // look like bars and exclamation marks (U+01C0 to U+01C3).
        let is_sign = ('\u{2b0}'..='\u{2ff}').contains(&it) || ('\u{1c0}'..='\u{1c3}').contains(&it);
        let is_kept = (it.is_alphabetic() && !is_sign) || it.is_ascii_digit();
        kept.chars().chain(is_kept.then_some(it))
    })
}

fn text_or_nothing<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

fn rfc2822_time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    let text = String::deserialize(deserializer)?;
    rfc2822::DateTimeParser::new().parse_timestamp(&text).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logged(body: &str) -> Logged {
        let message = serde_json::json!({
            "sid": "SM1", "from": "+19253294108", "to": "+18182179229", "body": body, "direction": "outbound-api",
            "date_created": "Sun, 22 Nov 2026 12:00:00 +0000",
        });
        serde_json::from_value(message).unwrap()
    }

    #[test]
    fn a_text_is_recognised_with_and_without_smart_encoding() {
        for (written, rewritten) in [
            ("\u{201c}It\u{2019}s\u{a0}late\u{2026}\u{201d}", "\"It's late...\""),
            ("\u{bc} + \u{bd} \u{2013} \u{be}", "1/4 + 1/2 - 3/4"),
            ("O\u{2bc}Hara\u{1c3} \u{2ca}a\u{2cb}", "O'Hara! 'a'"),
        ] {
            assert!(logged(rewritten).says(written), "{written}");
            assert!(logged(written).says(written), "{written}");
        }
        for (one, other) in [("Yes", "No"), ("12:30", "12:31"), ("はい", "いいえ"), ("Müller", "Möller")]
        {
            assert!(!logged(one).says(other), "{one}");
        }
    }
}
