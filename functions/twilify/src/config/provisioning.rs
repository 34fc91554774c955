//! What only the provisioner needs to know.

use std::str::FromStr;

use url::Url;

use super::{
    Error,
    variables::{Variables, invalid, variable},
};
use crate::twilio::AreaCode;

/// The settings of the provisioner alone.
#[derive(Clone, Debug)]
pub struct Provisioning {
    /// What Twilio is to call: `TWILIFY_PUBLIC_URL`, which the provisioner cannot do without.
    pub public_url: Url,
    /// Where numbers are bought, best first: `TWILIFY_AREA_CODES`.
    pub area_codes: Vec<AreaCode>,
    /// The most numbers one run buys: `TWILIFY_MAX_PURCHASES`.
    pub max_purchases: usize,
    /// Whom to serve, as an Okta search expression: `TWILIFY_OKTA_SEARCH`.
    pub okta_search: Option<String>,
    /// What becomes of the numbers of those who leave: `TWILIFY_RETIRE`.
    pub retire: Retire,
    /// How long a leaver's number stays theirs, in days: `TWILIFY_RETIRE_AFTER_DAYS`.
    pub retire_after_days: u16,
}

/// What becomes of the numbers of those who leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retire {
    /// Nothing: `keep`.
    Keep,
    /// After the quarantine, `pool` or `release`.
    To(Fate),
}

/// What becomes of a number that is taken from its employee.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It waits for the next employee: `pool`.
    Pool,
    /// It is given back to Twilio and costs nothing any more: `release`.
    Release,
}

/// The text is none of the three words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not keep, pool or release")]
pub struct NotAFate;

impl Provisioning {
    /// Reads them from the environment: `TWILIFY_PUBLIC_URL` and `TWILIFY_AREA_CODES`, without which there is an error, and
    /// the others, which have defaults.
    pub fn from_env() -> Result<Self, Error> {
        Self::read(variable)
    }

    /// Reads the settings where `lookup` finds them, by the names of the variables.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let variables = Variables(lookup);
        let public_url = variables.url("TWILIFY_PUBLIC_URL")?;
        let area_codes = variables.required("TWILIFY_AREA_CODES")?;
        Ok(Self {
            public_url: public_url.ok_or(Error::Missing("TWILIFY_PUBLIC_URL"))?,
            area_codes: area_codes
                .split(',')
                .map(|code| code.trim().parse().map_err(|it| invalid("TWILIFY_AREA_CODES", &it)))
                .collect::<Result<_, _>>()?,
            max_purchases: variables.parsed("TWILIFY_MAX_PURCHASES", "50")?,
            okta_search: variables.get("TWILIFY_OKTA_SEARCH"),
            retire: variables.parsed("TWILIFY_RETIRE", "keep")?,
            retire_after_days: variables.parsed("TWILIFY_RETIRE_AFTER_DAYS", "30")?,
        })
    }
}

impl FromStr for Retire {
    type Err = NotAFate;

    fn from_str(word: &str) -> Result<Self, NotAFate> {
        match word {
            "keep" => Ok(Self::Keep),
            "pool" => Ok(Self::To(Fate::Pool)),
            "release" => Ok(Self::To(Fate::Release)),
            _ => Err(NotAFate),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::variables, *};

    #[test]
    fn the_provisioner_needs_a_public_url_and_area_codes() {
        let url = ("TWILIFY_PUBLIC_URL", "https://phones.example.com/");
        let codes = ("TWILIFY_AREA_CODES", "925, 415");
        let provisioning = Provisioning::read(variables(&[url, codes])).unwrap();
        assert_eq!(provisioning.area_codes, ["925".parse().unwrap(), "415".parse().unwrap()]);
        assert_eq!(provisioning.max_purchases, 50);
        let error = |set: &[_]| Provisioning::read(variables(set)).unwrap_err().to_string();
        assert_eq!(error(&[url]), "the environment variable TWILIFY_AREA_CODES is not set");
        assert_eq!(error(&[codes]), "the environment variable TWILIFY_PUBLIC_URL is not set");
        assert_eq!(
            error(&[url, ("TWILIFY_AREA_CODES", "925,41")]),
            "the environment variable TWILIFY_AREA_CODES is unusable: not a North American area code like 925",
        );
    }
}
