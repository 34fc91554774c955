//! Pictures and other files that came with a message, and are at Twilio.
//!
//! <https://www.twilio.com/docs/messaging/api/media-resource>

use std::str::FromStr;

use http::{Method, header};

use super::{Account, Error, MessageSid, NotASid, Refusal, redirect};
use crate::transport::{Answer, Failure};

/// How many redirects lead to a file. Twilio uses one.
const MOST_REDIRECTS: usize = 3;

/// Twilio's name for a file: `ME` and 32 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaSid(pub String);

/// A file, as Twilio has it.
pub struct File {
    /// What it is, like `image/jpeg`.
    pub content_type: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

impl Account {
    /// Fetches a file.
    pub async fn file(&self, message: &MessageSid, media: &MediaSid) -> Result<File, Error> {
        let answer = self.media(Method::GET, message, media).await?;
        let content_type = answer.headers.get(header::CONTENT_TYPE).and_then(|it| it.to_str().ok());
        let content_type = content_type.unwrap_or("application/octet-stream").to_owned();
        Ok(File { content_type, bytes: answer.into_bytes() })
    }

    /// How long a file is, in bytes; `None` if Twilio does not say.
    pub async fn file_length(&self, message: &MessageSid, media: &MediaSid) -> Result<Option<u64>, Error> {
        let answer = self.media(Method::HEAD, message, media).await?;
        let length = answer.headers.get(header::CONTENT_LENGTH).and_then(|it| it.to_str().ok());
        Ok(length.and_then(|it| it.parse().ok()))
    }

    /// Twilio asks for the account's credentials and then sends us to where the file is, which is somebody
    /// else's server, and no business of theirs.
    async fn media(&self, method: Method, message: &MessageSid, media: &MediaSid) -> Result<Answer, Error> {
        let mut url = self.url(&format!("Messages/{}/Media/{}", message.0, media.0));
        let request = format!("{method} {}", url.path());
        let unreachable = |source| Error::Unreachable { request: request.clone(), source };
        let mut answer = self.request(method.clone(), &url, None, true).await?;
        for _ in 0..MOST_REDIRECTS {
            if !answer.status.is_redirection() {
                break;
            }
            let location = answer.headers.get(header::LOCATION).and_then(|it| it.to_str().ok());
            let next = location.and_then(|it| url.join(it).ok());
            url = next.ok_or_else(|| unreachable(Failure::Link))?;
            if !redirect::is_allowed(&url, &self.api).await {
                return Err(unreachable(Failure::Link));
            }
            let request = self.http.client().request(method.clone(), url.clone());
            answer = self.http.send(request).await.map_err(unreachable)?;
        }
        if answer.status.is_success() {
            return Ok(answer);
        }
        Err(Error::Refused(Refusal { request, status: answer.status, code: 0, message: String::new() }))
    }
}

impl FromStr for MediaSid {
    type Err = NotASid;

    fn from_str(text: &str) -> Result<Self, NotASid> {
        NotASid::check("ME", text).map(Self)
    }
}
