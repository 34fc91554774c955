//! Who publishes a number.

use url::Url;

use super::{Directory, Error, Refusal, wire};
use crate::{
    Employee, Status,
    phone::{CompanyNumber, PhoneNumber, Territory},
};

/// The employees who publish a number, as far as Okta finds them.
#[derive(Debug)]
pub struct Publishers {
    /// Those who work here.
    pub working: Vec<Employee>,
    /// Why Okta did not look for other notations than `+19253294108`, if it did not.
    pub others_refused: Option<Refusal>,
}

impl Directory {
    /// Finds who publishes `number`, in any of its usual notations, among those who work here.
    ///
    /// Okta's index may be seconds, and in bad times a minute, behind a change, and it still names people who have
    /// left: they are passed over. Two who work here and publish the same number are
    /// [`Error::Ambiguous`], because to pick one would hand a stranger the other's calls.
    pub async fn find_by_company_number(
        &self,
        number: &CompanyNumber,
        territory: &Territory,
    ) -> Result<Option<Employee>, Error> {
        let mut working = self.publishers(number, territory).await?.working;
        if working.len() > 1 {
            return Err(Error::Ambiguous(working.into_iter().map(|it| it.id).collect()));
        }
        Ok(working.pop())
    }

    /// Finds everybody who works here and publishes `number`, with two searches at the same time: for the E.164
    /// form, and for the other usual notations.
    ///
    /// The second search takes an `or`, which Okta [refuses] if the role of the token's owner has attribute
    /// conditions. Then the first one counts alone. It is made even if the first finds
    /// somebody: a number that its owner has in another notation must not ring somebody who has copied it in
    /// E.164 form. For the same reason a search that fails for another cause, like too many requests or a timeout, makes
    /// both of them fail. Each is retried alone first, if Okta may answer within seconds.
    ///
    /// [refuses]: https://help.okta.com/en-us/content/topics/security/custom-admin-role/permission-conditions.htm
    pub async fn publishers(
        &self,
        number: &CompanyNumber,
        territory: &Territory,
    ) -> Result<Publishers, Error> {
        let [e164, others @ ..] = &PhoneNumber::from(number.clone()).notations()[..] else {
            return Ok(Publishers { working: Vec::new(), others_refused: None });
        };
        let (found, others) = tokio::join!(self.search(std::slice::from_ref(e164)), self.search(others));
        let mut users = found?;
        let mut others_refused = None;
        match others {
            Ok(more) => users.extend(more),
            Err(Error::Refused(refusal)) if refusal.is_about_the_question() => others_refused = Some(refusal),
            Err(error) => return Err(error),
        }
        let employees = users.into_iter().map(|user| user.into_employee(&self.company_phone));
        // The index may remember a number that the profile it comes with has not any more.
        let working = |it: &Employee| it.status == Status::Working && it.publishes(number, territory);
        let mut working: Vec<_> = employees.filter(working).collect();
        // Okta compares without regard to case and may find somebody twice.
        working.sort_by(|a, b| a.id.cmp(&b.id));
        working.dedup_by(|a, b| a.id == b.id);
        Ok(Publishers { working, others_refused })
    }

    async fn search(&self, notations: &[String]) -> Result<Vec<wire::User>, Error> {
        let mut url: Url = self.url("api/v1/users");
        let alternatives = notations.iter().map(|it| format!(r#"profile.{} eq "{it}""#, self.company_phone));
        let search = alternatives.collect::<Vec<_>>().join(" or ");
        // Some of the matches may have left, so that two would not be enough to see one who has not.
        url.query_pairs_mut().append_pair("search", &search).append_pair("limit", "10");
        Ok(self.get(url).await?.1)
    }
}
