//! The telephone network: somebody calls or texts a number, and Twilio posts a webhook.

use std::time::Duration;

use http::{Method, header};
use twilify::{
    transport::{Http, Roots},
    twilio::AuthToken,
};

use super::{ACCOUNT_SID, Message, Number, Twilio};
use crate::server::lock;

/// How long Twilio waits for an answer, [the time to connect included](https://www.twilio.com/docs/api/errors/11205).
pub(super) const PATIENCE: Duration = Duration::from_secs(15);

/// What Twilio posts.
const FORM: &str = "application/x-www-form-urlencoded; charset=UTF-8";

/// A webhook on its way to us, with whatever is wrong with it.
#[derive(Clone, Debug)]
pub struct Delivery {
    url: String,
    method: Method,
    form: Vec<(String, String)>,
    content_type: &'static str,
    signature: Signature,
}

#[derive(Clone, Debug)]
enum Signature {
    Twilios,
    Missing,
    By(String),
    Of(Box<Delivery>),
    Written(Vec<String>),
}

/// What came back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// What the body is said to be.
    pub content_type: String,
    /// The body.
    pub body: String,
}

pub(super) fn client() -> reqwest::Client {
    Http::new(PATIENCE, Roots::mozilla()).client().clone()
}

impl Twilio {
    /// Texts `body` to `to` from `from`.
    ///
    /// # Panics
    ///
    /// If the account does not own `to`.
    pub async fn text(&self, from: &str, to: &str, body: &str) -> Answer {
        self.take(self.a_text(from, to, body)).await
    }

    /// The webhook of a text message, with the fields that [Twilio documents]: the three names of a message are the same.
    ///
    /// [Twilio documents]: https://www.twilio.com/docs/messaging/guides/webhook-request
    ///
    /// # Panics
    ///
    /// If the account does not own `to`.
    #[must_use]
    pub fn a_text(&self, from: &str, to: &str, body: &str) -> Delivery {
        let Number { sms_url, sms_method, .. } = self.number(to);
        let mut state = lock(&self.state);
        let sid = state.new_sid("SM");
        state.messages.push(Message::new(sid.clone(), "inbound", [from, to], body, self.clock.now()));
        drop(state);
        let form = [
            ("ToCountry", "US"),
            ("ToState", "CA"),
            ("ToCity", "WALNUT CREEK"),
            ("ToZip", "94598"),
            ("FromCountry", "US"),
            ("FromState", "CA"),
            ("FromCity", "SAN FRANCISCO"),
            ("FromZip", ""),
            ("MessageSid", sid.as_str()),
            ("SmsSid", sid.as_str()),
            ("SmsMessageSid", sid.as_str()),
            ("AccountSid", ACCOUNT_SID),
            ("From", from),
            ("To", to),
            ("Body", body),
            ("NumMedia", "0"),
            ("NumSegments", "1"),
            ("SmsStatus", "received"),
            ("ApiVersion", "2010-04-01"),
        ];
        Delivery::new(sms_url, &sms_method, &form)
    }

    /// Posts a webhook.
    ///
    /// # Panics
    ///
    /// If no answer comes within the fifteen seconds that Twilio waits.
    pub async fn deliver(&self, delivery: &Delivery) -> Answer {
        self.attempt(delivery).await.expect("an answer within fifteen seconds")
    }

    /// Posts a webhook; `None` if no whole answer comes in time.
    pub(super) async fn attempt(&self, delivery: &Delivery) -> Option<Answer> {
        let patience = lock(&self.state).patience;
        tokio::time::timeout(patience, self.post(delivery)).await.ok()?.ok()
    }

    async fn post(&self, delivery: &Delivery) -> reqwest::Result<Answer> {
        let Delivery { url, method, form, content_type, signature } = delivery;
        let mut request =
            self.http.request(method.clone(), url).header(header::USER_AGENT, "TwilioProxy/1.1");
        for signature in signature.over(url, form, self) {
            request = request.header("x-twilio-signature", signature);
        }
        let request = request
            .header(header::CONTENT_TYPE, *content_type)
            .header("i-twilio-idempotency-token", "2a7e1ae2-3c2e-4e5f-8f0a-000000000000")
            .body(serde_urlencoded::to_string(form).expect("pairs of strings are a form"));
        let response = request.send().await?;
        let content_type = response.headers().get(header::CONTENT_TYPE);
        let content_type = content_type.and_then(|it| it.to_str().ok()).unwrap_or_default().to_owned();
        Ok(Answer { status: response.status().as_u16(), content_type, body: response.text().await? })
    }

    pub(super) fn number(&self, number: &str) -> Number {
        let owned = self.owned();
        owned.into_iter().find(|it| it.phone_number == number).expect("the account owns this number")
    }
}

impl Signature {
    /// A value for each header.
    fn over(&self, url: &str, form: &[(String, String)], twilio: &Twilio) -> Vec<String> {
        match self {
            Self::Missing => Vec::new(),
            Self::Twilios => vec![twilio.auth_token().sign(url, form)],
            Self::By(token) => vec![AuthToken::new(token.as_str().into()).sign(url, form)],
            Self::Of(original) => vec![twilio.auth_token().sign(&original.url, &original.form)],
            Self::Written(signatures) => signatures.clone(),
        }
    }
}

impl Delivery {
    pub(super) fn new(url: String, method: &str, form: &[(&str, &str)]) -> Self {
        let form = form.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let method = if method == "GET" { Method::GET } else { Method::POST };
        Self { url, method, form, content_type: FORM, signature: Signature::Twilios }
    }

    /// The same as a line for a shell.
    #[must_use]
    pub fn curl(&self, twilio: &Twilio) -> String {
        let Self { url, form, signature, .. } = self;
        let signature = signature.over(url, form, twilio).concat();
        let form = serde_urlencoded::to_string(form).unwrap_or_default();
        format!("curl -s -w '%{{http_code}}\\n' -H 'X-Twilio-Signature: {signature}' '{url}' -d '{form}'")
    }

    /// Where it goes.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What is posted.
    #[must_use]
    pub fn form(&self) -> &[(String, String)] {
        &self.form
    }

    pub(super) fn field(&self, name: &str) -> &str {
        self.form.iter().find(|(it, _)| it == name).map_or("", |(_, value)| value)
    }

    /// The signature that Twilio puts on it.
    #[must_use]
    pub fn signature(&self, twilio: &Twilio) -> String {
        twilio.auth_token().sign(&self.url, &self.form)
    }

    /// Puts these signatures on it, each in a header of its own.
    #[must_use]
    pub fn signed_as(self, signatures: &[&str]) -> Self {
        let signatures = signatures.iter().map(|it| (*it).to_owned()).collect();
        Self { signature: Signature::Written(signatures), ..self }
    }

    /// Leaves the signature out.
    #[must_use]
    pub fn unsigned(self) -> Self {
        Self { signature: Signature::Missing, ..self }
    }

    /// Signs with another token.
    #[must_use]
    pub fn signed_with(self, token: &str) -> Self {
        Self { signature: Signature::By(token.to_owned()), ..self }
    }

    /// Changes a field, adding it if need be, and signs what comes out.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.form.retain(|(it, _)| it != name);
        self.form.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Leaves a field out, and signs what is left.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.form.retain(|(it, _)| it != name);
        self
    }

    /// Sends it to another URL, made from the right one, and signs that.
    #[must_use]
    pub fn to_url(mut self, url: impl FnOnce(&str) -> String) -> Self {
        self.url = url(&self.url);
        self
    }

    /// The characters that are signed: the URL, then the names and values in the order of the names, with [nothing
    /// between them](https://www.twilio.com/docs/usage/security#validating-requests).
    #[must_use]
    pub fn signed_characters(&self) -> String {
        let mut fields: Vec<_> = self.form.iter().collect();
        fields.sort();
        let fields = fields.into_iter().flat_map(|(name, value)| [name.as_str(), value]);
        std::iter::once(self.url.as_str()).chain(fields).collect()
    }

    /// The same characters with the same signature, cut into another URL and other fields.
    ///
    /// # Panics
    ///
    /// If they are other characters.
    #[must_use]
    pub fn cut_into(self, url: &str, form: &[(&str, &str)]) -> Self {
        let form = form.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let characters = self.signed_characters();
        let cut = self.tampered(|it| Self { url: url.to_owned(), form, ..it });
        assert_eq!(cut.signed_characters(), characters, "nothing is added or taken away");
        cut
    }

    /// Sends it with another method.
    #[must_use]
    pub fn by(self, method: Method) -> Self {
        Self { method, ..self }
    }

    /// Says that the form is something else.
    #[must_use]
    pub fn called(self, content_type: &'static str) -> Self {
        Self { content_type, ..self }
    }

    /// Changes the delivery after Twilio has signed it.
    #[must_use]
    pub fn tampered(self, change: impl FnOnce(Self) -> Self) -> Self {
        let original = Box::new(self.clone());
        Self { signature: Signature::Of(original), ..change(self) }
    }
}
