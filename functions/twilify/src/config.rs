//! Everything that differs between two deployments and is no secret. The one place that reads the
//! environment.

use std::{fmt::Display, str::FromStr};

use secrecy::SecretString;
use tracing::Level;
use url::{Host, Url};

use crate::{
    okta::Attribute,
    phone::{Countries, Country},
    twilio::{AreaCode, MessagingServiceSid},
};

/// What every function needs to know.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the parameters are in SSM: `TWILIFY_PARAMETER_PATH`, without a slash at its end.
    pub parameter_path: String,
    /// What Twilio calls us: `TWILIFY_PUBLIC_URL`.
    pub public_url: Option<Url>,
    /// Where numbers are bought, and how a number without a country code is read:
    /// `TWILIFY_COUNTRY`.
    pub country: Country,
    /// Which attribute of a profile has the company number: `TWILIFY_COMPANY_PHONE_ATTRIBUTE`.
    pub company_phone: Attribute,
    /// Twilio's REST API: `TWILIO_API_URL`.
    pub twilio_api: Url,
    /// Twilio's messaging API, which is on a host of its own: `TWILIO_MESSAGING_URL`.
    pub twilio_messaging_api: Url,
    /// The Messaging Service that all company numbers belong to, if there is one:
    /// `TWILIFY_MESSAGING_SERVICE_SID`.
    pub messaging_service: Option<MessagingServiceSid>,
    /// How much to log: `TWILIFY_LOG`.
    pub log: Level,
    /// The AWS region, its SSM and the credentials for it.
    pub aws: Aws,
}

/// What AWS tells its functions, under [its own names].
///
/// [its own names]: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
#[derive(Clone, Debug)]
pub struct Aws {
    /// `AWS_REGION`.
    pub region: String,
    /// `AWS_ENDPOINT_URL_SSM` or `AWS_ENDPOINT_URL`, where SSM is not the region's own.
    pub ssm_endpoint: Option<Url>,
    /// `AWS_ACCESS_KEY_ID`.
    pub access_key_id: String,
    /// `AWS_SECRET_ACCESS_KEY`.
    pub secret_access_key: SecretString,
    /// `AWS_SESSION_TOKEN`.
    pub session_token: Option<SecretString>,
}

/// What only the provisioner needs to know.
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
    /// Where mobile numbers may be: `TWILIFY_MOBILE_COUNTRIES`.
    pub mobile_countries: Countries,
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

/// The deployment is incomplete.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A setting is absent.
    #[error("the environment variable {0} is not set")]
    Missing(&'static str),
    /// A setting cannot be understood. It is not repeated: a URL may hold a password.
    #[error("the environment variable {name} is unusable: {complaint}")]
    Invalid {
        /// Which setting.
        name: &'static str,
        /// What is wrong with it.
        complaint: String,
    },
}

/// The text is not the base of anybody's URLs. It is not repeated here: it may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotABaseUrl {
    /// It is no URL with a host.
    #[error("not a URL like https://example.com")]
    NotAUrl,
    /// It would send secrets in the clear.
    #[error("http:// is for this machine only; use https://")]
    Insecure,
    /// It goes on after its path.
    #[error("a base URL has nothing after a ? or a #")]
    Query,
    /// It carries credentials, which Twilio leaves out when it signs.
    #[error("a URL must not carry a name or a password")]
    Credentials,
}

impl Settings {
    /// Reads the environment.
    pub fn from_env() -> Result<Self, Error> {
        Self::read(&Variables(variable))
    }

    fn read(variables: &Variables<impl Fn(&str) -> Option<String>>) -> Result<Self, Error> {
        let path = variables.parsed::<String>("TWILIFY_PARAMETER_PATH", "/twilify")?;
        let secret = |name| variables.required(name).map(SecretString::from);
        Ok(Self {
            parameter_path: path.trim_end_matches('/').to_owned(),
            public_url: variables.url("TWILIFY_PUBLIC_URL")?,
            country: variables.parsed("TWILIFY_COUNTRY", "US")?,
            company_phone: variables.parsed("TWILIFY_COMPANY_PHONE_ATTRIBUTE", "primaryPhone")?,
            twilio_api: match variables.url("TWILIO_API_URL")? {
                Some(url) => url,
                None => base_url("https://api.twilio.com").expect("this is one"),
            },
            twilio_messaging_api: match variables.url("TWILIO_MESSAGING_URL")? {
                Some(url) => url,
                None => base_url("https://messaging.twilio.com").expect("this is one"),
            },
            messaging_service: match variables.get("TWILIFY_MESSAGING_SERVICE_SID") {
                Some(sid) => Some(sid.parse().map_err(|it| invalid("TWILIFY_MESSAGING_SERVICE_SID", &it))?),
                None => None,
            },
            log: variables.parsed("TWILIFY_LOG", "info")?,
            aws: Aws {
                region: variables.required("AWS_REGION")?,
                ssm_endpoint: match variables.url("AWS_ENDPOINT_URL_SSM")? {
                    Some(url) => Some(url),
                    None => variables.url("AWS_ENDPOINT_URL")?,
                },
                access_key_id: variables.required("AWS_ACCESS_KEY_ID")?,
                secret_access_key: secret("AWS_SECRET_ACCESS_KEY")?,
                session_token: secret("AWS_SESSION_TOKEN").ok(),
            },
        })
    }
}

impl Provisioning {
    /// Reads the environment.
    pub fn from_env() -> Result<Self, Error> {
        Self::read(&Variables(variable))
    }

    fn read(variables: &Variables<impl Fn(&str) -> Option<String>>) -> Result<Self, Error> {
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
            mobile_countries: variables.parsed("TWILIFY_MOBILE_COUNTRIES", "US,CA")?,
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

/// An environment, be it the process's or a test's.
struct Variables<F>(F);

impl<F: Fn(&str) -> Option<String>> Variables<F> {
    /// What a variable is set to. Templates like to set to nothing what they cannot leave out, so
    /// blank is unset.
    fn get(&self, name: &str) -> Option<String> {
        let value = (self.0)(name)?;
        let value = value.trim();
        (!value.is_empty()).then(|| value.to_owned())
    }

    fn required(&self, name: &'static str) -> Result<String, Error> {
        self.get(name).ok_or(Error::Missing(name))
    }

    fn parsed<T: FromStr<Err: Display>>(&self, name: &'static str, default: &str) -> Result<T, Error> {
        let value = self.get(name);
        value.as_deref().unwrap_or(default).parse().map_err(|it| invalid(name, &it))
    }

    fn url(&self, name: &'static str) -> Result<Option<Url>, Error> {
        self.get(name).map(|value| base_url(&value).map_err(|it| invalid(name, &it))).transpose()
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the place the lint points to")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn invalid(name: &'static str, complaint: &dyn Display) -> Error {
    Error::Invalid { name, complaint: complaint.to_string() }
}

/// Reads a base URL: `https://`, or `http://` on this machine's loopback interface, with nothing
/// behind the path. The path ends with a slash, so that URLs can be built with `join`.
pub fn base_url(text: &str) -> Result<Url, NotABaseUrl> {
    let mut url: Url = text.trim().parse().map_err(|_| NotABaseUrl::NotAUrl)?;
    let loopback = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => return Err(NotABaseUrl::NotAUrl),
    };
    match url.scheme() {
        "https" => {}
        "http" if loopback => {}
        "http" => return Err(NotABaseUrl::Insecure),
        _ => return Err(NotABaseUrl::NotAUrl),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(NotABaseUrl::Credentials);
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(NotABaseUrl::Query);
    }
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    const AWS: [(&str, &str); 3] =
        [("AWS_REGION", "us-east-1"), ("AWS_ACCESS_KEY_ID", "AKIA"), ("AWS_SECRET_ACCESS_KEY", "secret")];

    fn variables(set: &[(&'static str, &'static str)]) -> Variables<impl Fn(&str) -> Option<String>> {
        let set = [&AWS, set].concat();
        Variables(move |name: &str| {
            set.iter().rev().find(|(it, _)| *it == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn everything_has_a_default_but_what_aws_sets() {
        let settings = Settings::read(&variables(&[])).unwrap();
        assert_eq!(settings.parameter_path, "/twilify");
        assert_eq!(settings.public_url, None);
        assert_eq!(settings.country.to_string(), "US");
        assert_eq!(settings.company_phone.to_string(), "primaryPhone");
        assert_eq!(settings.twilio_api.as_str(), "https://api.twilio.com/");
        assert_eq!(settings.log, Level::INFO);
        assert_eq!(
            Settings::read(&variables(&[("AWS_REGION", " ")])).err(),
            Some(Error::Missing("AWS_REGION"))
        );
    }

    #[test]
    fn a_wrong_setting_is_named_with_what_is_wrong_with_it() {
        for (name, value, complaint) in [
            ("TWILIFY_COUNTRY", "America", "not a two-letter country code like US"),
            ("TWILIFY_PUBLIC_URL", "phones.example.com", "not a URL like https://example.com"),
            (
                "TWILIFY_PUBLIC_URL",
                "http://phones.example.com",
                "http:// is for this machine only; use https://",
            ),
            (
                "TWILIFY_PUBLIC_URL",
                "https://phones.example.com/?a",
                "a base URL has nothing after a ? or a #",
            ),
            ("TWILIO_API_URL", "https://me:secret@example.com", "a URL must not carry a name or a password"),
            (
                "TWILIFY_COMPANY_PHONE_ATTRIBUTE",
                "primary phone",
                "not the variable name of an Okta profile attribute, like primaryPhone",
            ),
        ] {
            let error = Settings::read(&variables(&[(name, value)])).unwrap_err();
            assert_eq!(error, Error::Invalid { name, complaint: complaint.to_owned() }, "{name}={value}");
        }
    }

    #[test]
    fn the_provisioner_needs_a_public_url_and_area_codes() {
        let url = ("TWILIFY_PUBLIC_URL", "https://phones.example.com/");
        let codes = ("TWILIFY_AREA_CODES", "925, 415");
        let provisioning = Provisioning::read(&variables(&[url, codes])).unwrap();
        assert_eq!(provisioning.area_codes, ["925".parse().unwrap(), "415".parse().unwrap()]);
        assert_eq!(provisioning.max_purchases, 50);
        let error = |set: &[_]| Provisioning::read(&variables(set)).unwrap_err().to_string();
        assert_eq!(error(&[url]), "the environment variable TWILIFY_AREA_CODES is not set");
        assert_eq!(error(&[codes]), "the environment variable TWILIFY_PUBLIC_URL is not set");
        assert_eq!(
            error(&[url, ("TWILIFY_AREA_CODES", "925,41")]),
            "the environment variable TWILIFY_AREA_CODES is unusable: not a North American area code like 925",
        );
    }

    #[test]
    fn plain_http_is_for_this_machine_only() {
        for url in ["http://127.0.0.1:9000", "http://[::1]/", "http://localhost:9000/"] {
            assert!(base_url(url).is_ok(), "{url}");
        }
        for url in ["http://127.0.0.1.example.com", "http://localhost.example.com", "http://10.0.0.1"] {
            assert_eq!(base_url(url), Err(NotABaseUrl::Insecure), "{url}");
        }
    }
}
