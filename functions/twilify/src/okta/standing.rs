//! Whether an org is there, what a token may do, and how often: for whoever looks whether everything is set up.

use http::{Method, StatusCode, header};

use super::{Directory, Error, OrgUrl, unreachable};
use crate::{
    EmployeeId,
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
    /// Somebody in the org, if there is anybody.
    pub somebody: Option<EmployeeId>,
}

/// An `ETag` in Okta's form that no profile has.
const NOBODYS: &str = "W/\"0000000000000000000000000000000000000000000000000000000000000000\"";

/// Okta's word for an `ETag` that it cannot read.
const NOT_AN_ETAG: &str = "E0000242";

/// Whether there is an Okta org at `org`, which Okta [tells everybody].
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
    answer.json::<Metadata>().map_err(failed).map(drop)
}

impl Directory {
    /// Reads as little as there is to read: of everybody, or of those whom `search` finds.
    pub async fn glance(&self, search: Option<&str>) -> Result<Glance, Error> {
        #[derive(serde::Deserialize)]
        struct User {
            id: EmployeeId,
        }

        let mut url = self.url("api/v1/users");
        url.query_pairs_mut().append_pair("limit", "1").append_pair("fields", "id");
        if let Some(search) = search {
            url.query_pairs_mut().append_pair("search", search);
        }
        let (answer, users) = self.get::<Vec<User>>(url).await?;
        let number = |name: &str| answer.headers.get(name)?.to_str().ok()?.parse().ok();
        let (limit, remaining) = (number("x-rate-limit-limit"), number("x-rate-limit-remaining"));
        Ok(Glance {
            allowance: limit.zip(remaining).map(|(limit, remaining)| Allowance { limit, remaining }),
            somebody: users.into_iter().next().map(|it| it.id),
        })
    }

    /// Whether the token may write into the profile of `employee`.
    ///
    /// Okta is asked to change nothing, on a condition that does not hold.
    pub async fn may_edit(&self, employee: &EmployeeId) -> Result<bool, Error> {
        let url = self.user(employee);
        let path = url.path().to_owned();
        let request = || {
            let request = self.http.client().post(url.clone()).body(r#"{"profile":{}}"#);
            request.header(header::CONTENT_TYPE, "application/json").header(header::IF_MATCH, NOBODYS)
        };
        match self.send(Method::POST, &path, request).await {
            Ok(_) | Err(Error::Conflict) => Ok(true),
            Err(Error::Refused(refusal)) if refusal.code == NOT_AN_ETAG => Ok(true),
            Err(Error::Refused(refusal)) if refusal.status == StatusCode::FORBIDDEN => Ok(false),
            Err(error) => Err(error),
        }
    }
}
