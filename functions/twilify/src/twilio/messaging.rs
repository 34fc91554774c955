//! A Messaging Service, which registered senders in the United States belong to.
//!
//! <https://www.twilio.com/docs/messaging/api/phonenumber-resource>

use std::{collections::HashSet, fmt, str::FromStr};

use serde::{Deserialize, de::IgnoredAny};
use url::Url;

use super::{Account, Error, NotASid, NumberSid};
use crate::{
    phone::CompanyNumber,
    transport::{Failure, MOST_PAGES},
};

/// Twilio's word for a number that is in the service already, which is what we want.
///
/// <https://www.twilio.com/docs/api/errors/21710>
const THERE_ALREADY: u32 = 21710;

/// Twilio's name for a Messaging Service: `MG` and 32 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessagingServiceSid(String);

/// A Messaging Service of an account.
#[derive(Clone, Debug)]
pub struct MessagingService {
    pub(super) account: Account,
    pub(super) service: Url,
    numbers: Url,
}

impl MessagingService {
    /// Takes charge of a service; no request is made yet. `api` is the base URL of Twilio's messaging
    /// API, which is on a host of its own.
    ///
    /// # Panics
    ///
    /// Never: a base URL takes any path.
    #[must_use]
    pub fn new(account: Account, api: &Url, MessagingServiceSid(sid): &MessagingServiceSid) -> Self {
        let url = |rest| api.join(&format!("v1/Services/{sid}{rest}")).expect("this is a path");
        Self { account, service: url(""), numbers: url("/PhoneNumbers") }
    }

    /// The same service, asked as `account` asks. See [`Account::until`].
    #[must_use]
    pub fn through(&self, account: &Account) -> Self {
        Self { account: account.clone(), ..self.clone() }
    }

    /// Lists the numbers in the service, page after page.
    pub async fn list(&self) -> Result<HashSet<CompanyNumber>, Error> {
        #[derive(Deserialize)]
        struct Page {
            phone_numbers: Vec<Member>,
            meta: Meta,
        }
        #[derive(Deserialize)]
        struct Member {
            phone_number: CompanyNumber,
        }
        #[derive(Deserialize)]
        struct Meta {
            next_page_url: Option<String>,
        }

        let mut url = self.numbers.clone();
        url.query_pairs_mut().append_pair("PageSize", "1000");
        let mut numbers = HashSet::new();
        for _ in 0..MOST_PAGES {
            let page: Page = self.account.get(&url).await?;
            numbers.extend(page.phone_numbers.into_iter().map(|it| it.phone_number));
            let Some(next) = page.meta.next_page_url else { return Ok(numbers) };
            let unusable =
                |_| Error::Unreachable { request: format!("GET {}", url.path()), source: Failure::Link };
            let next = self.numbers.join(&next).map_err(unusable)?;
            // Whatever host a link names, the credentials go to the one that was configured.
            url.set_query(next.query());
        }
        Err(Error::endless(&url))
    }

    /// Adds a number to the service. It takes no more than 400, unless Twilio has raised that.
    pub async fn add(&self, NumberSid(number): &NumberSid) -> Result<(), Error> {
        match self.account.post::<IgnoredAny>(&self.numbers, &[("PhoneNumberSid", number)]).await {
            Err(error) if error.code() == Some(THERE_ALREADY) => Ok(()),
            other => other.map(drop),
        }
    }
}

impl MessagingServiceSid {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for MessagingServiceSid {
    type Err = NotASid;

    fn from_str(text: &str) -> Result<Self, NotASid> {
        NotASid::check("MG", text).map(Self)
    }
}

impl fmt::Display for MessagingServiceSid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_called_by_its_sid() {
        let text = "MG00000000000000000000000000000001";
        let sid: MessagingServiceSid = text.parse().unwrap();
        assert_eq!((sid.as_str(), sid.to_string().as_str()), (text, text));
        assert!("AC00000000000000000000000000000001".parse::<MessagingServiceSid>().is_err());
    }
}
