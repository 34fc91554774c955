//! Whether an org is there, what a token may do, and how often: for whoever looks whether everything is set up.

use http::{Method, StatusCode, header};
use serde_json::Value;

use super::{Directory, Error, OrgUrl, unreachable, wire};
use crate::{
    EmployeeId, Status,
    transport::{Failure, Http},
};

/// What is left of the [rate limit] on listing users.
///
/// [rate limit]: https://developer.okta.com/docs/reference/rl-best-practices/
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// How many requests the token may make in a minute: its own share of what the org takes, half of it unless an
    /// administrator has changed that.
    pub limit: u32,
    /// How many are left in this one.
    pub remaining: u32,
}

/// What can be seen at a glance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glance {
    /// What is left of the rate limit, if Okta says so.
    pub allowance: Option<Allowance>,
    /// A few people who work here.
    pub people: Vec<EmployeeId>,
}

/// Whether a token may write a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// It may.
    Granted,
    /// It may not: its owner lacks the right, or lacks it for this person, who is a super administrator, say.
    Missing,
    /// Nobody may, as long as this person's status is what it is.
    NotInThisStatus,
}

/// How many people are looked at to find some who work here.
const PEOPLE: &str = "20";

/// An `ETag` in Okta's form that no profile has.
const NOBODYS: &str = "W/\"0000000000000000000000000000000000000000000000000000000000000000\"";

/// Okta's word for an `ETag` that it cannot read.
const NOT_AN_ETAG: &str = "E0000242";

/// Okta's word for what cannot be done to somebody with this status.
const NOT_IN_THIS_STATUS: &str = "E0000038";

/// Whether there is an Okta org at `org`, which Okta [tells everybody]. An [`Error::Refused`] does not say that there is
/// none: too many requests were made, or Okta is out of order.
///
/// # Panics
///
/// Never: a base URL takes any path.
///
/// [tells everybody]: https://developer.okta.com/docs/api/openapi/okta-management/management/tag/OrgSettingMetadata/
pub async fn is_there(http: &Http, org: &OrgUrl) -> Result<(), Error> {
    #[derive(serde::Deserialize)]
    struct Metadata {
        #[serde(rename = "id")]
        _id: String,
    }

    let url = org.url().join(".well-known/okta-organization").expect("this is a path");
    let path = url.path().to_owned();
    let failed = |source: Failure| unreachable(&Method::GET, &path, source);
    let answer = http.send(http.client().get(url)).await.map_err(failed)?;
    if answer.status == StatusCode::TOO_MANY_REQUESTS || answer.status.is_server_error() {
        let failure: wire::Failure = answer.json().unwrap_or_default();
        return Err(Error::Refused(failure.into_refusal(format!("GET {path}"), answer.status)));
    }
    answer.json::<Metadata>().map_err(failed).map(drop)
}

impl Directory {
    /// Reads as little as there is to read: of everybody, or of those whom `search` finds.
    pub async fn glance(&self, search: Option<&str>) -> Result<Glance, Error> {
        let mut url = self.url("api/v1/users");
        let fields = wire::fields(&self.company_phone);
        url.query_pairs_mut().append_pair("limit", PEOPLE).append_pair("fields", &fields);
        if let Some(search) = search {
            url.query_pairs_mut().append_pair("search", search);
        }
        let (answer, users) = self.get::<Vec<Value>>(url).await?;
        let people = users.into_iter().filter_map(|user| wire::User::read(user).ok());
        let people = people.map(|user| user.into_employee(&self.company_phone));
        let number = |name: &str| answer.headers.get(name)?.to_str().ok()?.parse().ok();
        let (limit, remaining) = (number("x-rate-limit-limit"), number("x-rate-limit-remaining"));
        Ok(Glance {
            allowance: limit.zip(remaining).map(|(limit, remaining)| Allowance { limit, remaining }),
            people: people.filter(|it| it.status == Status::Working).map(|it| it.id).collect(),
        })
    }

    /// Whether the token may write into the profile of `employee`.
    ///
    /// Okta is asked to change nothing, on a condition that does not hold.
    pub async fn may_edit(&self, employee: &EmployeeId) -> Result<Right, Error> {
        let url = self.user(employee);
        let path = url.path().to_owned();
        let request = || {
            let request = self.http.client().post(url.clone()).body(r#"{"profile":{}}"#);
            request.header(header::CONTENT_TYPE, "application/json").header(header::IF_MATCH, NOBODYS)
        };
        match self.send(Method::POST, &path, request).await {
            Ok(_) | Err(Error::Conflict) => Ok(Right::Granted),
            Err(Error::Refused(refusal)) if refusal.code == NOT_AN_ETAG => Ok(Right::Granted),
            Err(Error::Refused(refusal)) if refusal.code == NOT_IN_THIS_STATUS => Ok(Right::NotInThisStatus),
            Err(Error::Refused(refusal)) if refusal.status == StatusCode::FORBIDDEN => Ok(Right::Missing),
            Err(error) => Err(error),
        }
    }
}
