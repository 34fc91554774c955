//! Okta, as the directory of employees.
//!
//! <https://developer.okta.com/docs/api/openapi/okta-management/management/tag/User/>

mod error;
mod org;
mod pace;
mod page;
mod publishers;
mod standing;
mod wire;

use std::{fmt, sync::Arc, time::Instant};

use http::{Method, StatusCode, header};
use reqwest::RequestBuilder;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use url::Url;

use self::pace::{Endpoint, Pace};
pub use self::{
    error::{Error, Refusal, Subject, Unwritable},
    org::{NotAnOrg, OrgUrl},
    publishers::Publishers,
    standing::{Allowance, Glance, Right, is_there},
    wire::{Attribute, NotAnAttribute, Unreadable},
};
use crate::{
    Employee, EmployeeId, Status, metrics,
    phone::{CompanyNumber, MobileNumber},
    start,
    transport::{Answer, Failure, Http, MOST_PAGES},
};

/// The most employees Okta puts on a page.
const PAGE: &str = "200";

/// With exactly these three, Okta spares itself the work of looking up what nobody asked for.
const LEAN: &str =
    r#"application/json; okta-response="omitCredentials,omitCredentialsLinks,omitTransitioningToStatus""#;

/// An Okta [API token]. It cannot be printed, compared or copied out of this module.
///
/// [API token]: https://developer.okta.com/docs/guides/create-an-api-token/main/
#[derive(Clone, Debug)]
pub struct ApiToken(SecretString);

impl ApiToken {
    /// Takes the token from wherever it was kept.
    #[must_use]
    pub fn new(token: SecretString) -> Self {
        Self(token)
    }
}

/// The employees of one Okta org.
#[derive(Clone, Debug)]
pub struct Directory {
    http: Http,
    org: OrgUrl,
    token: ApiToken,
    company_phone: Attribute,
    pace: Option<Arc<Pace>>,
}

/// The employees of a list.
#[derive(Debug, Default)]
pub struct Listing {
    /// Those whose description can be read.
    pub employees: Vec<Employee>,
    /// The others.
    pub unreadable: Vec<Unreadable>,
}

/// The state of a profile at the moment it was read, so that a write can say what it builds on.
#[derive(Clone)]
pub struct Revision {
    employee: EmployeeId,
    etag: Option<String>,
    /// What the attribute for the company number held, as JSON.
    company_phone: Value,
}

impl fmt::Debug for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Revision({}, {:?})", self.employee.0, self.etag)
    }
}

impl Directory {
    /// Opens the directory; no request is made yet.
    ///
    /// The company number is in the profile attribute `company_phone`.
    #[must_use]
    pub fn new(http: Http, org: OrgUrl, token: ApiToken, company_phone: Attribute) -> Self {
        Self { http, org, token, company_phone, pace: None }
    }

    /// Opens a connection to Okta, so that the first request finds one. See [`start::connect`].
    pub async fn connect(&self) {
        start::connect(&self.http, self.url(".well-known/okta-organization")).await;
    }

    /// The same directory for somebody who has time until `deadline`. It makes up to sixteen requests at a time, and
    /// where two thirds of a rate limit are used up, it waits until the limit is reset, if the deadline
    /// allows: the rest is for the functions that answer calls and texts.
    ///
    /// Without this there are a few seconds, because a caller is on the line: a read is tried once
    /// more, if that is likely to help soon.
    #[must_use]
    pub fn until(&self, deadline: Instant) -> Self {
        Self { pace: Some(Arc::new(Pace::until(deadline))), ..self.clone() }
    }

    /// Reads one employee as they are at this moment, with the [`Revision`] that a write needs.
    pub async fn find(&self, id: &EmployeeId) -> Result<Option<(Employee, Revision)>, Error> {
        match self.get::<wire::User>(self.user(id)).await {
            Ok((answer, user)) => {
                let etag = answer.headers.get(header::ETAG).and_then(|etag| etag.to_str().ok());
                let revision = Revision {
                    employee: id.clone(),
                    etag: etag.map(ToOwned::to_owned),
                    company_phone: user.attribute(self.company_phone.as_str()),
                };
                Ok(Some((user.into_employee(&self.company_phone), revision)))
            }
            Err(Error::Refused(refusal)) if refusal.code == wire::NO_SUCH_USER => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Finds who signs in to Okta with `login`, which looks like a mail address.
    pub async fn find_by_login(&self, login: &str) -> Result<Option<Employee>, Error> {
        // Okta takes a login wherever it takes an id.
        let found = self.find(&EmployeeId(login.to_owned())).await?;
        Ok(found.map(|(employee, _)| employee))
    }

    /// Lists the employees, page after page: everybody but those who have left, or, with `search`,
    /// whoever that [search expression] finds, those who have left included.
    ///
    /// A user who cannot be read does not keep the others from being listed. A page that cannot be read is an error.
    ///
    /// [search expression]: https://developer.okta.com/docs/reference/core-okta-api/#filter
    pub async fn list(&self, search: Option<&str>) -> Result<Listing, Error> {
        let mut url = self.url("api/v1/users");
        url.query_pairs_mut()
            .append_pair("limit", PAGE)
            .append_pair("fields", &wire::fields(&self.company_phone));
        if let Some(search) = search {
            url.query_pairs_mut().append_pair("search", search);
        }
        let mut listing = Listing::default();
        for _ in 0..MOST_PAGES {
            let next = match self.get::<Vec<Value>>(url.clone()).await {
                Ok((answer, users)) => {
                    for user in users {
                        match wire::User::read(user) {
                            Ok(user) => listing.employees.push(user.into_employee(&self.company_phone)),
                            Err(unreadable) => listing.unreadable.push(unreadable),
                        }
                    }
                    let request = || format!("GET {}", url.path());
                    page::next(&answer.headers, self.org.url()).map_err(|page::Unusable| {
                        Error::Unreachable { request: request(), source: Failure::Link }
                    })?
                }
                // In an org where people have many groups, a full page can be more than Okta manages.
                Err(error) if error.is_too_slow() => Some(page::halved(&url).ok_or(error)?),
                Err(error) => return Err(error),
            };
            let Some(next) = next else { return Ok(listing) };
            url = next;
        }
        Err(Error::Unreachable { request: format!("GET {}", url.path()), source: Failure::Endless })
    }

    /// Writes `number` into a profile as its company number, unless the profile was changed since
    /// it was read ([`Error::Conflict`]). Nothing else in the profile is touched.
    pub async fn assign(&self, revision: &Revision, number: &CompanyNumber) -> Result<(), Error> {
        self.write(revision, self.company_phone.as_str(), number.as_e164()).await
    }

    /// Writes what the attribute for the company number holds already, under the same condition as
    /// [`assign`](Self::assign): it changes nothing, and shows whether Okta takes a write to this profile.
    ///
    /// Whether Okta refuses it for an attribute of another system is documented nowhere.
    pub async fn rehearse(&self, revision: &Revision) -> Result<(), Error> {
        // Okta may keep blank text as null, which would look as if somebody else had changed it.
        let is_blank = revision.company_phone.as_str().is_some_and(|text| text.trim().is_empty());
        let value = if is_blank { Value::Null } else { revision.company_phone.clone() };
        self.write(revision, self.company_phone.as_str(), value).await
    }

    /// Empties a profile's company number, under the same condition as [`assign`](Self::assign).
    pub async fn unassign(&self, revision: &Revision) -> Result<(), Error> {
        self.write(revision, self.company_phone.as_str(), Value::Null).await
    }

    /// Writes `mobile` into a profile in place of what was typed there, under the same condition
    /// as [`assign`](Self::assign).
    pub async fn clean_mobile(&self, revision: &Revision, mobile: &MobileNumber) -> Result<(), Error> {
        self.write(revision, wire::MOBILE, mobile.as_e164()).await
    }

    async fn write(
        &self,
        revision: &Revision,
        attribute: &str,
        value: impl Into<Value>,
    ) -> Result<(), Error> {
        let url = self.user(&revision.employee);
        let path = url.path().to_owned();
        let profile: Value = json!({ "profile": { attribute: value.into() } });
        let request = || {
            let request = self.http.client().post(url.clone()).body(profile.to_string());
            let request = request.header(header::CONTENT_TYPE, "application/json");
            match &revision.etag {
                Some(etag) => request.header(header::IF_MATCH, etag),
                None => request,
            }
        };
        let answer = self.send(Method::POST, &path, request).await?;
        let user: wire::User = answer.json().map_err(|source| unreachable(&Method::POST, &path, source))?;
        // Okta merges what is written at the same moment without `If-Match`, and one of the writers loses. And a change
        // of the status does not change the `ETag`.
        let is_written = user.attribute(attribute) == profile["profile"][attribute];
        let has_left = user.into_employee(&self.company_phone).status == Status::Left;
        if is_written && !has_left { Ok(()) } else { Err(Error::Conflict) }
    }

    async fn get<T: serde::de::DeserializeOwned>(&self, url: Url) -> Result<(Answer, T), Error> {
        let path = url.path().to_owned();
        let request = || self.http.client().get(url.clone()).header(header::CONTENT_TYPE, LEAN);
        let answer = match self.send(Method::GET, &path, request).await {
            Err(error)
                if self.pace.is_none()
                    && let Some(pause) = error.passes_in() =>
            {
                tokio::time::sleep(pause).await;
                self.send(Method::GET, &path, request).await
            }
            answer => answer,
        }?;
        let value = answer.json().map_err(|source| unreachable(&Method::GET, &path, source))?;
        Ok((answer, value))
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        request: impl Fn() -> RequestBuilder,
    ) -> Result<Answer, Error> {
        let token = format!("SSWS {}", self.token.0.expose_secret());
        loop {
            let request = request().header(header::AUTHORIZATION, &token);
            let request = request.header(header::ACCEPT, "application/json");
            let turn = match &self.pace {
                Some(pace) => Some(pace.begin(Endpoint::of(&method, path)).await.ok_or(Error::Throttled)?),
                None => None,
            };
            let began = Instant::now();
            let answer = self.http.send(request).await;
            metrics::took("OktaLatency", began.elapsed());
            let answer = answer.map_err(|source| unreachable(&method, path, source))?;
            if let Some(turn) = turn {
                turn.learn(&answer);
            }
            match answer.status {
                status if status.is_success() => return Ok(answer),
                StatusCode::PRECONDITION_FAILED => return Err(Error::Conflict),
                // A request that was one too many has not been carried out.
                StatusCode::TOO_MANY_REQUESTS if self.pace.is_some() => {}
                status => {
                    let failure: wire::Failure = answer.json().unwrap_or_default();
                    let refusal = failure.into_refusal(format!("{method} {path}"), status);
                    let is_throttled = status == StatusCode::TOO_MANY_REQUESTS;
                    let pause = is_throttled.then(|| pace::pause(&answer));
                    return Err(Error::Refused(Refusal { pause, ..refusal }));
                }
            }
        }
    }

    fn user(&self, EmployeeId(id): &EmployeeId) -> Url {
        let mut url = self.url("api/v1/users/");
        url.path_segments_mut().expect("https URLs have a path").pop_if_empty().push(id);
        url
    }

    fn url(&self, path: &str) -> Url {
        self.org.url().join(path).expect("paths are written in this module")
    }
}

fn unreachable(method: &Method, path: &str, source: Failure) -> Error {
    Error::Unreachable { request: format!("{method} {path}"), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_of_a_revision_tells_whose_it_is_and_no_number() {
        let revision = Revision {
            employee: EmployeeId("00uada".to_owned()),
            etag: Some("W/\"1\"".to_owned()),
            company_phone: "+12125550199".into(),
        };
        assert_eq!(format!("{revision:?}"), r#"Revision(00uada, Some("W/\"1\""))"#);
    }
}
