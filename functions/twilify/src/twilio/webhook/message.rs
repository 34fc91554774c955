//! Messages.

use url::form_urlencoded;

use super::{Called, Form, Rejection, Webhook};
use crate::{
    EmployeeId,
    phone::CompanyNumber,
    twilio::{Hint, MediaSid, MessageSid},
};

/// The most files Twilio takes with a message, and tells of.
const MOST_MEDIA: usize = 10;

/// Someone has sent a message to a company number. It has no `Debug`: what people write stays out
/// of the log. Nobody but [`Webhooks::accept`](super::Webhooks::accept) can make one.
///
/// <https://www.twilio.com/docs/messaging/guides/webhook-request>
#[derive(Clone)]
#[non_exhaustive]
pub struct IncomingMessage {
    /// Twilio's name for the message.
    pub sid: MessageSid,
    /// Who sent it, in Twilio's words: a number, a short code, a name, an address on a channel.
    pub from: String,
    /// The number they sent it to; `None` if it was not a number.
    pub to: Option<CompanyNumber>,
    /// The same, in Twilio's words.
    pub to_address: String,
    /// How it came.
    pub channel: Channel,
    /// The text, which may be empty.
    pub body: String,
    /// The pictures and other files that came with it.
    pub media: Vec<IncomingMedia>,
    /// Whose number it is, as far as the URL says.
    pub hint: Hint,
    /// Where Twilio reaches us, without a slash at the end, like `https://phones.example.com`.
    pub base: String,
}

/// How a message came. The addresses on every channel but the first begin with its name, like `whatsapp:+14155550123`.
///
/// <https://www.twilio.com/docs/messaging/channels>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// SMS or MMS.
    Text,
    /// `whatsapp:`.
    WhatsApp,
    /// `rcs:`.
    Rcs,
}

/// A picture or another file, which is at Twilio.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncomingMedia {
    /// Twilio's name for it; `None` if Twilio did not say where it is.
    pub sid: Option<MediaSid>,
    /// What it is, like `image/jpeg`, in lower case and without parameters.
    pub content_type: String,
}

/// What has become of a message that we sent.
///
/// <https://www.twilio.com/docs/messaging/guides/track-outbound-message-status>
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct MessageStatus {
    /// Twilio's name for the message.
    pub sid: MessageSid,
    /// Whether Twilio has given it up: it is `undelivered` or `failed`.
    pub is_lost: bool,
    /// Why, as one of [Twilio's error codes](https://www.twilio.com/docs/api/errors); zero if it does not say.
    pub code: u32,
    /// Whose mobile it was for, as we wrote it into the URL.
    pub employee: Option<EmployeeId>,
    /// Whether it had pictures or other files with it, as we wrote it into the URL.
    pub had_media: bool,
    /// Where Twilio reaches us, without a slash at the end.
    pub base: String,
}

impl IncomingMessage {
    /// Who sent it, without the name of the channel.
    #[must_use]
    pub fn sender(&self) -> &str {
        Channel::split(&self.from).1
    }
}

impl Channel {
    /// What people call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::WhatsApp => "WhatsApp",
            Self::Rcs => "RCS",
        }
    }

    /// The channel that an address is on, and the address without the channel's name.
    fn split(address: &str) -> (Self, &str) {
        match address.split_once(':') {
            Some(("whatsapp", rest)) => (Self::WhatsApp, rest),
            Some(("rcs", rest)) => (Self::Rcs, rest),
            _ => (Self::Text, address),
        }
    }
}

impl Webhook for IncomingMessage {
    fn read(form: &Form<'_>, called: &Called<'_>) -> Result<Self, Rejection> {
        let count = form.get("NumMedia").and_then(|count| count.parse().ok()).unwrap_or_default();
        let media = (0..MOST_MEDIA.min(count)).map(|index| {
            let url = form.get(&format!("MediaUrl{index}")).unwrap_or_default();
            let content_type = form.get(&format!("MediaContentType{index}")).unwrap_or_default();
            IncomingMedia {
                sid: url.rsplit('/').next().and_then(|sid| sid.parse().ok()),
                content_type: content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase(),
            }
        });
        let (from, to) = (form.required("From")?, form.required("To")?);
        Ok(Self {
            sid: MessageSid(form.required("MessageSid")?.to_owned()),
            from: from.to_owned(),
            to: Channel::split(to).1.parse().ok(),
            to_address: to.to_owned(),
            channel: Channel::split(from).0,
            body: form.get("Body").unwrap_or_default().to_owned(),
            media: media.collect(),
            hint: Hint::read(called.path, called.query),
            base: called.base(),
        })
    }
}

impl Webhook for MessageStatus {
    fn read(form: &Form<'_>, called: &Called<'_>) -> Result<Self, Rejection> {
        let parameter = |name| form_urlencoded::parse(called.query.as_bytes()).find(|(it, _)| it == name);
        Ok(Self {
            sid: MessageSid(form.required("MessageSid")?.to_owned()),
            is_lost: ["undelivered", "failed"].contains(&form.required("MessageStatus")?),
            code: form.get("ErrorCode").and_then(|code| code.parse().ok()).unwrap_or_default(),
            employee: parameter("employee").and_then(|(_, id)| id.parse().ok()),
            had_media: parameter("media").is_some(),
            base: called.base(),
        })
    }
}
