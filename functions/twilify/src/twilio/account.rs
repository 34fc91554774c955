//! Twilio's REST API, as the account that owns the company numbers.
//!
//! <https://www.twilio.com/docs/usage/api>

use std::{fmt, str::FromStr, sync::Arc, time::Instant};

use http::{Method, StatusCode, header};
use secrecy::{ExposeSecret, SecretString};
use serde::{
    Deserialize,
    de::{DeserializeOwned, IgnoredAny},
};
use url::Url;

use super::{
    AreaCode, AuthTokens, Error, Label, NumberSid, OwnedNumber, Refusal, Route, backoff, number::Listed,
};
use crate::{
    limiter::Limiter,
    metrics,
    phone::{CompanyNumber, Country, redacted},
    transport::{Answer, Failure, Http, MOST_PAGES, limiter},
};

/// The most numbers Twilio puts on a page.
const PAGE: usize = 1000;

/// How many more numbers to look at than are needed: any may be sold to someone else in the meantime.
const CANDIDATES: usize = 20;

/// Twilio's name for an account: `AC` and 32 hexadecimal digits. Not a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountSid(String);

/// The text is not a SID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not {0} and 32 hexadecimal digits")]
pub struct NotASid(&'static str);

/// What Twilio's REST API asks for.
#[derive(Clone, Debug)]
pub enum Credentials {
    /// An [API key], which can be limited and revoked.
    ///
    /// [API key]: https://www.twilio.com/docs/iam/api-keys
    ApiKey {
        /// `SK` and 32 hexadecimal digits.
        sid: String,
        /// Shown once, when the key was made.
        secret: SecretString,
    },
    /// The account's own tokens. During a rotation one of them is refused, then the other is tried.
    AuthTokens(AuthTokens),
}

/// A Twilio account.
#[derive(Clone, Debug)]
pub struct Account {
    pub(super) http: Http,
    pub(super) api: Url,
    sid: AccountSid,
    credentials: Credentials,
    deadline: Option<Instant>,
    limiter: Option<Arc<Limiter>>,
}

impl Account {
    /// Takes charge of an account; no request is made yet.
    #[must_use]
    pub fn new(http: Http, api: Url, sid: AccountSid, credentials: Credentials) -> Self {
        Self { http, api, sid, credentials, deadline: None, limiter: None }
    }

    /// The same account for somebody who has time until `deadline`: it makes up to sixteen requests at a time, and
    /// where Twilio says that there are too many at once, it tries again a little later.
    ///
    /// Without this nobody waits: a caller is on the line.
    #[must_use]
    pub fn until(&self, deadline: Instant) -> Self {
        Self { deadline: Some(deadline), limiter: Some(Arc::new(limiter())), ..self.clone() }
    }

    /// Lists numbers for sale in `area` that can both talk and text. None of them is reserved.
    ///
    /// At least `count` of them, if there are so many and Twilio tells of so many at once.
    pub async fn search(
        &self,
        country: Country,
        area: AreaCode,
        count: usize,
    ) -> Result<Vec<CompanyNumber>, Error> {
        #[derive(Deserialize)]
        struct Page {
            available_phone_numbers: Vec<Available>,
        }
        #[derive(Deserialize)]
        struct Available {
            phone_number: String,
        }

        let mut url = self.url(&format!("AvailablePhoneNumbers/{country}/Local.json"));
        url.query_pairs_mut()
            .append_pair("AreaCode", &area.to_string())
            .append_pair("VoiceEnabled", "true")
            .append_pair("SmsEnabled", "true")
            .append_pair("PageSize", &(count + CANDIDATES).min(PAGE).to_string());
        let page: Page = self.get(&url).await?;
        Ok(page.available_phone_numbers.into_iter().filter_map(|it| it.phone_number.parse().ok()).collect())
    }

    /// Buys `number`, labels it and sets its route, all in one request, so that a number without a
    /// label is never one of ours.
    ///
    /// Buying a number that the account already owns changes it and costs nothing, so this may be
    /// repeated when the answer got lost.
    pub async fn buy(
        &self,
        number: &CompanyNumber,
        label: &Label,
        route: &Route,
    ) -> Result<OwnedNumber, Error> {
        let mut form = vec![("PhoneNumber", number.as_e164()), ("FriendlyName", label.as_str())];
        form.extend(route.fields());
        self.post(&self.url("IncomingPhoneNumbers.json"), &form).await
    }

    /// Lists the numbers the account owns, page after page, whoever bought them.
    pub async fn list(&self) -> Result<Vec<OwnedNumber>, Error> {
        let mut url = self.url("IncomingPhoneNumbers.json");
        url.query_pairs_mut().append_pair("PageSize", &PAGE.to_string());
        self.pages(url).await
    }

    /// Finds `number` among those the account owns.
    pub async fn find(&self, number: &CompanyNumber) -> Result<Option<OwnedNumber>, Error> {
        let mut url = self.url("IncomingPhoneNumbers.json");
        url.query_pairs_mut().append_pair("PhoneNumber", number.as_e164());
        // Twilio finds numbers that contain what it is asked for.
        Ok(self.pages(url).await?.into_iter().find(|it| it.number == *number))
    }

    async fn pages(&self, mut url: Url) -> Result<Vec<OwnedNumber>, Error> {
        #[derive(Deserialize)]
        struct Page {
            incoming_phone_numbers: Vec<Listed>,
            next_page_uri: Option<String>,
        }

        let mut numbers = Vec::new();
        for _ in 0..MOST_PAGES {
            let page: Page = self.get(&url).await?;
            numbers.extend(page.incoming_phone_numbers.into_iter().filter_map(|it| it.try_into().ok()));
            let Some(next) = page.next_page_uri else { return Ok(numbers) };
            url = self.next_page(&url, &next)?;
        }
        Err(Error::endless(&url))
    }

    /// The page after `page`, of which Twilio says that it is `next`.
    pub(super) fn next_page(&self, page: &Url, next: &str) -> Result<Url, Error> {
        let unusable =
            |_| Error::Unreachable { request: format!("GET {}", page.path()), source: Failure::Link };
        let next = self.api.join(next).map_err(unusable)?;
        // Whatever host a link names, the credentials go to the one that was configured.
        let mut url = page.clone();
        url.set_path(next.path());
        url.set_query(next.query());
        Ok(url)
    }

    /// Writes `label` on a number and sets where calls and messages on it are reported.
    pub async fn update(
        &self,
        number: &NumberSid,
        label: &Label,
        route: &Route,
    ) -> Result<OwnedNumber, Error> {
        let mut form = vec![("FriendlyName", label.as_str())];
        form.extend(route.fields());
        form.extend(Route::clearing());
        self.post(&self.url(&format!("IncomingPhoneNumbers/{}.json", number.0)), &form).await
    }

    /// Notes on one of our numbers that its employee wants no texts, or does again. Nothing else about
    /// the number is changed.
    pub async fn note_stopped(&self, number: &OwnedNumber, stopped: bool) -> Result<(), Error> {
        let Some(url) = number.sms_url_if_stopped(stopped) else { return Ok(()) };
        let resource = self.url(&format!("IncomingPhoneNumbers/{}.json", number.sid.0));
        self.post::<IgnoredAny>(&resource, &[("SmsUrl", &url)]).await.map(drop)
    }

    /// Sets where calls and messages on a number are reported, and nothing else.
    pub async fn reroute(&self, number: &NumberSid, route: &Route) -> Result<(), Error> {
        let url = self.url(&format!("IncomingPhoneNumbers/{}.json", number.0));
        self.post::<IgnoredAny>(&url, &route.fields()).await.map(drop)
    }

    /// Writes `label` on a number, and changes nothing else.
    pub async fn relabel(&self, number: &NumberSid, label: &Label) -> Result<(), Error> {
        let url = self.url(&format!("IncomingPhoneNumbers/{}.json", number.0));
        self.post::<IgnoredAny>(&url, &[("FriendlyName", label.as_str())]).await.map(drop)
    }

    /// Gives a number back to Twilio, which may sell it to somebody else. There is no undoing it.
    pub async fn release(&self, number: &NumberSid) -> Result<(), Error> {
        let url = self.url(&format!("IncomingPhoneNumbers/{}.json", number.0));
        self.request(Method::DELETE, &url, None, false).await.map(drop)
    }

    pub(super) async fn get<T: DeserializeOwned>(&self, url: &Url) -> Result<T, Error> {
        self.json(Method::GET, url, None).await
    }

    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        url: &Url,
        form: &[(&str, &str)],
    ) -> Result<T, Error> {
        let form = serde_urlencoded::to_string(form).expect("pairs of strings are a form");
        self.json(Method::POST, url, Some(form)).await
    }

    async fn json<T: DeserializeOwned>(
        &self,
        method: Method,
        url: &Url,
        form: Option<String>,
    ) -> Result<T, Error> {
        let request = format!("{method} {}", url.path());
        let answer = self.request(method, url, form, false).await?;
        answer.json().map_err(|source| Error::Unreachable { request, source })
    }

    /// Makes a request with one pair of credentials after the other until one is not refused, and,
    /// if there is time, again when there were too many requests at once. Neither kind of refused
    /// request has been carried out. A redirect is an answer only where somebody knows what to do with it.
    pub(super) async fn request(
        &self,
        method: Method,
        url: &Url,
        form: Option<String>,
        may_redirect: bool,
    ) -> Result<Answer, Error> {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Complaint {
            code: u32,
            message: String,
        }

        let name = || format!("{method} {}", url.path());
        let mut logins = self.credentials.logins(&self.sid).peekable();
        let mut pauses = backoff::pauses(self.deadline);
        while let Some((user, password)) = logins.peek().copied() {
            let mut request =
                self.http.client().request(method.clone(), url.clone()).basic_auth(user, Some(password));
            if let Some(form) = &form {
                request = request
                    .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                    .body(form.clone());
            }
            let turn = match &self.limiter {
                Some(limiter) => Some(limiter.enter().await),
                None => None,
            };
            let began = Instant::now();
            let answer = self.http.send(request).await;
            metrics::took("TwilioLatency", began.elapsed());
            let answer = answer.map_err(|source| Error::Unreachable { request: name(), source })?;
            let status = answer.status;
            match turn {
                Some(turn) if status == StatusCode::TOO_MANY_REQUESTS => turn.refused(),
                Some(turn) => turn.done(),
                None => {}
            }
            if status.is_success() || (status.is_redirection() && may_redirect) {
                return Ok(answer);
            }
            if status == StatusCode::TOO_MANY_REQUESTS
                && let Some(pause) = pauses.next()
            {
                tokio::time::sleep(pause).await;
                continue;
            }
            logins.next();
            if status == StatusCode::UNAUTHORIZED && logins.peek().is_some() {
                continue;
            }
            let Complaint { code, message } = answer.json().unwrap_or_default();
            let message = redacted(&message);
            return Err(Error::Refused(Refusal { request: name(), status, code, message }));
        }
        unreachable!("there is at least one login, and the last one returns")
    }

    pub(super) fn url(&self, resource: &str) -> Url {
        self.account_url(&format!("/{resource}"))
    }

    pub(super) fn account_url(&self, rest: &str) -> Url {
        let path = format!("2010-04-01/Accounts/{}{rest}", self.sid.0);
        self.api.join(&path).expect("paths are written in this module")
    }
}

impl Credentials {
    fn logins<'a>(&'a self, account: &'a AccountSid) -> impl Iterator<Item = (&'a str, &'a str)> {
        let (key, tokens) = match self {
            Self::ApiKey { sid, secret } => (Some((sid.as_str(), secret.expose_secret())), None),
            Self::AuthTokens(tokens) => (None, Some(tokens)),
        };
        let tokens = tokens.into_iter().flat_map(AuthTokens::iter);
        key.into_iter().chain(tokens.map(|token| (account.0.as_str(), token.expose())))
    }
}

impl FromStr for AccountSid {
    type Err = NotASid;

    fn from_str(text: &str) -> Result<Self, NotASid> {
        NotASid::check("AC", text).map(Self)
    }
}

impl NotASid {
    /// The SID in `text`, if it is one of `kind`.
    pub(super) fn check(kind: &'static str, text: &str) -> Result<String, Self> {
        let digits = text.trim().strip_prefix(kind).ok_or(Self(kind))?;
        let well_formed = digits.len() == 32 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        if well_formed { Ok(text.trim().to_owned()) } else { Err(Self(kind)) }
    }
}

impl fmt::Display for AccountSid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests;
