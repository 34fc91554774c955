//! Everything that differs between two deployments and is no secret. The one place that reads the
//! environment.

mod base_url;
mod calls;
mod messages;
mod provisioning;
mod switch;
mod variables;

use jiff::SignedDuration;
use secrecy::SecretString;
use tracing::Level;
use url::Url;

use self::variables::{Variables, variable};
pub use self::{
    base_url::{NotABaseUrl, base_url},
    calls::{CallerId, Calls, NotACallerId},
    messages::Messages,
    provisioning::{Fate, NotAFate, Provisioning, Retire},
};
use crate::{okta::Attribute, phone::Territory, transport::Roots, twilio::MessagingServiceSid};

/// What every function needs to know.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the parameters are in SSM: `TWILIFY_PARAMETER_PATH`, without a slash at its end.
    pub parameter_path: String,
    /// What Twilio calls us: `TWILIFY_PUBLIC_URL`.
    pub public_url: Option<Url>,
    /// Where the phones are: `TWILIFY_COUNTRY` and `TWILIFY_MOBILE_COUNTRIES`.
    pub territory: Territory,
    /// Which attribute of a profile has the company number: `TWILIFY_COMPANY_PHONE_ATTRIBUTE`.
    pub company_phone: Attribute,
    /// Twilio's REST API: `TWILIO_API_URL`.
    pub twilio_api: Url,
    /// Twilio's messaging API, which is on a host of its own: `TWILIO_MESSAGING_URL`.
    pub twilio_messaging_api: Url,
    /// The Messaging Service that all company numbers belong to, if there is one:
    /// `TWILIFY_MESSAGING_SERVICE_SID`.
    pub messaging_service: Option<MessagingServiceSid>,
    /// How long a webhook believes what Okta said of an employee before it asks again:
    /// `TWILIFY_REMEMBER_SECONDS`.
    pub remember: SignedDuration,
    /// How old the last known mobile of an employee may be with which a webhook makes do while Okta does
    /// not answer, in days: `TWILIFY_LAST_KNOWN_DAYS`; with 0 it does not.
    pub last_known: SignedDuration,
    /// How much to log: `TWILIFY_LOG`.
    pub log: Level,
    /// Where the metrics are in CloudWatch: `TWILIFY_METRICS`.
    pub metrics: String,
}

/// The AWS region, its SSM and the credentials for it: what AWS tells its functions, under [its own names].
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

/// Whom to trust with credentials: the certificate authorities in the file that `SSL_CERT_FILE` names, as
/// OpenSSL does, or else Mozilla's.
pub fn roots() -> Result<Roots, Error> {
    let variables = Variables(variable);
    let Some(path) = variables.get("SSL_CERT_FILE") else { return Ok(Roots::mozilla()) };
    let invalid = |it: &dyn std::fmt::Display| variables::invalid("SSL_CERT_FILE", it);
    let pem = std::fs::read(path).map_err(|error| invalid(&error))?;
    Roots::read(&pem).map_err(|error| invalid(&error))
}

impl Settings {
    /// Reads them from the environment. None has to be there; a variable that is blank counts as unset.
    pub fn from_env() -> Result<Self, Error> {
        Self::read(variable)
    }

    /// Reads the settings where `lookup` finds them, by the names of the variables.
    ///
    /// # Panics
    ///
    /// Never: Twilio's own URLs are URLs.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let variables = Variables(lookup);
        let path = variables.parsed::<String>("TWILIFY_PARAMETER_PATH", "/twilify")?;
        Ok(Self {
            parameter_path: path.trim_end_matches('/').to_owned(),
            public_url: variables.url("TWILIFY_PUBLIC_URL")?,
            territory: Territory {
                home: variables.parsed("TWILIFY_COUNTRY", "US")?,
                mobiles: variables.parsed("TWILIFY_MOBILE_COUNTRIES", "US,CA")?,
            },
            company_phone: variables.parsed("TWILIFY_COMPANY_PHONE_ATTRIBUTE", "primaryPhone")?,
            twilio_api: match variables.url("TWILIO_API_URL")? {
                Some(url) => url,
                None => base_url("https://api.twilio.com").expect("this is one"),
            },
            twilio_messaging_api: match variables.url("TWILIO_MESSAGING_URL")? {
                Some(url) => url,
                None => base_url("https://messaging.twilio.com").expect("this is one"),
            },
            messaging_service: variables.optional("TWILIFY_MESSAGING_SERVICE_SID")?,
            remember: SignedDuration::from_secs(
                variables.parsed::<u16>("TWILIFY_REMEMBER_SECONDS", "60")?.into(),
            ),
            last_known: SignedDuration::from_hours(
                24 * i64::from(variables.parsed::<u8>("TWILIFY_LAST_KNOWN_DAYS", "7")?),
            ),
            log: variables.parsed("TWILIFY_LOG", "info")?,
            metrics: variables.parsed("TWILIFY_METRICS", "twilify")?,
        })
    }
}

impl Aws {
    /// Reads what Lambda puts into the environment: the region and the credentials, without which there is an error.
    pub fn from_env() -> Result<Self, Error> {
        Self::read(variable)
    }

    fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let variables = Variables(lookup);
        let secret = |name| variables.required(name).map(SecretString::from);
        Ok(Self {
            region: variables.required("AWS_REGION")?,
            ssm_endpoint: match variables.url("AWS_ENDPOINT_URL_SSM")? {
                Some(url) => Some(url),
                None => variables.url("AWS_ENDPOINT_URL")?,
            },
            access_key_id: variables.required("AWS_ACCESS_KEY_ID")?,
            secret_access_key: secret("AWS_SECRET_ACCESS_KEY")?,
            session_token: secret("AWS_SESSION_TOKEN").ok(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn variables(set: &[(&'static str, &'static str)]) -> impl Fn(&str) -> Option<String> {
        let set = set.to_vec();
        move |name: &str| set.iter().find(|(it, _)| *it == name).map(|(_, value)| (*value).to_owned())
    }

    #[test]
    fn everything_has_a_default_but_what_aws_sets() {
        let settings = Settings::read(variables(&[])).unwrap();
        assert_eq!(settings.parameter_path, "/twilify");
        assert_eq!(settings.public_url, None);
        assert_eq!(settings.territory.home.to_string(), "US");
        assert_eq!(settings.company_phone.to_string(), "primaryPhone");
        assert_eq!(settings.twilio_api.as_str(), "https://api.twilio.com/");
        assert_eq!(settings.log, Level::INFO);
        assert_eq!(settings.remember, SignedDuration::from_mins(1));
        assert_eq!(settings.last_known, SignedDuration::from_hours(7 * 24));
        let longest = Settings::read(variables(&[("TWILIFY_LAST_KNOWN_DAYS", "255")])).unwrap();
        assert_eq!(longest.last_known, SignedDuration::from_hours(255 * 24));
        assert_eq!(Aws::read(variables(&[("AWS_REGION", " ")])).err(), Some(Error::Missing("AWS_REGION")));
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
            let error = Settings::read(variables(&[(name, value)])).unwrap_err();
            assert_eq!(error, Error::Invalid { name, complaint: complaint.to_owned() }, "{name}={value}");
        }
    }
}
