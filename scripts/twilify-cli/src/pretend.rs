//! Pretending to be Twilio: a webhook, signed or not, and what comes back.

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use twilify::{
    PhoneNumber,
    transport::Http,
    twilio::{AccountSid, AuthToken},
};
use url::form_urlencoded;

/// What was answered.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

/// A webhook that Twilio could send.
#[derive(Clone)]
pub(crate) struct Pretence {
    url: String,
    form: Vec<(String, String)>,
}

impl Pretence {
    /// `from` calls `to`, a number of `account`.
    pub(crate) fn a_call(url: &str, account: &AccountSid, from: &PhoneNumber, to: &PhoneNumber) -> Self {
        let sid = sid("CA");
        let form = [
            ("CallSid", sid.as_str()),
            ("From", from.as_e164()),
            ("To", to.as_e164()),
            ("CallStatus", "ringing"),
            ("Direction", "inbound"),
            ("ApiVersion", "2010-04-01"),
        ];
        Self::new(url, account, &form)
    }

    /// `from` texts `body` to `to`, a number of `account`.
    pub(crate) fn a_text(
        url: &str,
        account: &AccountSid,
        from: &PhoneNumber,
        to: &PhoneNumber,
        body: &str,
    ) -> Self {
        let sid = sid("SM");
        let form = [
            ("MessageSid", sid.as_str()),
            ("From", from.as_e164()),
            ("To", to.as_e164()),
            ("Body", body),
            ("NumMedia", "0"),
            ("SmsStatus", "received"),
            ("ApiVersion", "2010-04-01"),
        ];
        Self::new(url, account, &form)
    }

    /// A message of `account` has been delivered.
    pub(crate) fn a_delivery(url: &str, account: &AccountSid) -> Self {
        Self::new(url, account, &[("MessageSid", sid("SM").as_str()), ("MessageStatus", "delivered")])
    }

    /// The phone that was rung for this call rings no more, which goes to where `action` says.
    pub(crate) fn ended(mut self, action: &str, status: &str) -> Result<Self> {
        let url = url::Url::parse(&self.url).and_then(|url| url.join(action));
        self.url = url.context("the answer names no URL for what comes after the ringing")?.into();
        self.form.push(("DialCallStatus".to_owned(), status.to_owned()));
        Ok(self)
    }

    fn new(url: &str, account: &AccountSid, form: &[(&str, &str)]) -> Self {
        let form = form.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let account = ("AccountSid".to_owned(), account.to_string());
        Self { url: url.to_owned(), form: std::iter::once(account).chain(form).collect() }
    }

    /// Posts it, signed with `token` if there is one.
    pub(crate) async fn post(&self, http: &Http, token: Option<&AuthToken>) -> Result<Answer> {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.form).finish();
        let request = http
            .client()
            .post(&self.url)
            .header("content-type", "application/x-www-form-urlencoded; charset=UTF-8")
            .body(form);
        let request = match token {
            Some(token) => request.header("x-twilio-signature", token.sign(&self.url, &self.form)),
            None => request,
        };
        let where_to = self.url.split('?').next().unwrap_or_default();
        let unanswered = || format!("there is no answer at {where_to}");
        let response = request.send().await.map_err(reqwest::Error::without_url).with_context(unanswered)?;
        let status = response.status().as_u16();
        let body = response.text().await.map_err(reqwest::Error::without_url).with_context(unanswered)?;
        Ok(Answer { status, body })
    }
}

/// A name that Twilio has given to nothing.
fn sid(kind: &str) -> String {
    format!("{kind}{:032x}", Timestamp::now().as_nanosecond())
}
