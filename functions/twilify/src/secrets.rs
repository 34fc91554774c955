//! The parameters in AWS Systems Manager: credentials, and the addresses that belong to them.
//!
//! <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html>

use std::{collections::HashMap, time::Duration};

use aws_sdk_ssm::{
    Client,
    error::{ProvideErrorMetadata as _, SdkError},
    operation::get_parameters::GetParametersError,
    types::Parameter,
};
use secrecy::{ExposeSecret, SecretString};
use tokio::task::JoinSet;

use crate::{
    Causes, aws,
    config::{Aws, Settings},
    okta::{ApiToken, Directory, NotAnOrg, OrgUrl},
    seal::{NotASealKey, Seal},
    switchboard::Switchboard,
    transport::Http,
    twilio::{Account, AccountSid, AuthTokens, Credentials as TwilioCredentials, NotASid, Webhooks},
};

/// A parameter, named as below `TWILIFY_PARAMETER_PATH`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Name(&'static str);

/// The Okta org's address, like `https://example.okta.com`.
pub const OKTA_ORG_URL: Name = Name("okta/org-url");
/// An Okta API token.
pub const OKTA_TOKEN: Name = Name("okta/token");
/// The Twilio account, `AC…`.
pub const TWILIO_ACCOUNT_SID: Name = Name("twilio/account-sid");
/// The auth token that Twilio signs webhooks with; two, separated by a comma, during a rotation.
pub const TWILIO_AUTH_TOKEN: Name = Name("twilio/auth-token");
/// An API key for Twilio's REST API, `SK…`; optional.
pub const TWILIO_API_KEY_SID: Name = Name("twilio/api-key-sid");
/// That API key's secret; optional.
pub const TWILIO_API_KEY_SECRET: Name = Name("twilio/api-key-secret");

/// The key that seals the last known mobiles into the webhook URLs; optional.
pub const SEAL_KEY: Name = Name("seal-key");

/// The most names that Systems Manager takes with a request.
const MOST_NAMES: usize = 10;

/// What every function reads.
pub const ALL: [Name; 7] = [
    OKTA_ORG_URL,
    OKTA_TOKEN,
    TWILIO_AUTH_TOKEN,
    TWILIO_ACCOUNT_SID,
    TWILIO_API_KEY_SID,
    TWILIO_API_KEY_SECRET,
    SEAL_KEY,
];

/// The values of some parameters.
#[derive(Debug)]
pub struct Parameters {
    path: String,
    values: HashMap<String, SecretString>,
}

/// The parameters are not there, or not right.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// SSM did not answer, or not with sense. It may next time.
    #[error("AWS Systems Manager does not answer, so the parameters below {path} could not be read")]
    Unanswered {
        /// Where they were looked for.
        path: String,
        /// What happened.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// SSM would not tell.
    #[error("could not read the parameters below {path} from AWS Systems Manager")]
    Unreadable {
        /// Where they were looked for.
        path: String,
        /// AWS's complaint.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A parameter is not there.
    #[error("there is no parameter {0} in AWS Systems Manager; store it there")]
    Missing(String),
    /// The Okta org's address is wrong.
    #[error("the parameter {name} is unusable")]
    Org {
        /// The parameter.
        name: String,
        /// What is wrong with it.
        source: NotAnOrg,
    },
    /// The key of the seal is wrong.
    #[error("the parameter {name} is unusable")]
    SealKey {
        /// The parameter.
        name: String,
        /// What is wrong with it.
        source: NotASealKey,
    },
    /// A SID is wrong.
    #[error("the parameter {name} is unusable")]
    Sid {
        /// The parameter.
        name: String,
        /// What is wrong with it.
        source: NotASid,
    },
}

/// Reads the parameters with these `names`, as many of them as there are. It makes a request for each ten, all at once.
///
/// # Panics
///
/// Never: nobody aborts the requests.
pub async fn read(client: &Client, names: &[String]) -> Result<Vec<Parameter>, SdkError<GetParametersError>> {
    let ask = |names: &[String]| {
        let request = client.get_parameters().set_names(Some(names.to_vec())).with_decryption(true).send();
        async { request.await.map(|it| it.parameters.unwrap_or_default()) }
    };
    let mut chunks = names.chunks(MOST_NAMES).map(ask);
    let Some(first) = chunks.next() else { return Ok(Vec::new()) };
    let mut others: JoinSet<_> = chunks.collect();
    let mut parameters = first.await?;
    while let Some(more) = others.join_next().await {
        parameters.extend(more.expect("nobody aborts them")?);
    }
    Ok(parameters)
}

impl Name {
    /// The name below the path, like `okta/token`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl Parameters {
    /// The parameters below `path`, with `values` by their names below it, like `okta/token`.
    pub fn new(path: &str, values: impl IntoIterator<Item = (Name, SecretString)>) -> Self {
        let values = values.into_iter().map(|(Name(name), value)| (format!("{path}/{name}"), value));
        Self { path: path.to_owned(), values: values.collect() }
    }

    /// Reads them all, which takes no longer than `patience`.
    pub async fn fetch(
        http: &Http,
        aws: &Aws,
        settings: &Settings,
        patience: Duration,
    ) -> Result<Self, Error> {
        let path = &settings.parameter_path;
        let names = ALL.map(|Name(name)| format!("{path}/{name}"));
        // On the heap, for the future of an AWS request is large, and that of every event would be, too.
        let read = Box::pin(read(&aws::ssm(http, aws, patience), &names)).await;
        let parameters = read.map_err(|error| {
            let status = error.raw_response().map(aws_smithy_runtime_api::http::Response::status);
            let refused = status.is_some_and(|it| it.is_client_error() && it.as_u16() != 429);
            let throttled = error.code().is_some_and(|code| code.contains("Throttl"));
            let path = path.clone();
            let source = error.into_source().unwrap_or_else(Into::into);
            if refused && !throttled {
                Error::Unreadable { path, source }
            } else {
                Error::Unanswered { path, source }
            }
        })?;
        // Whoever stored a value from a file has stored the line's end with it.
        let values =
            parameters.into_iter().filter_map(|it| Some((it.name?, it.value?.trim().into()))).collect();
        Ok(Self { path: path.clone(), values })
    }

    /// The directory these parameters open.
    pub fn directory(&self, http: &Http, settings: &Settings) -> Result<Directory, Error> {
        let token = ApiToken::new(self.required(OKTA_TOKEN)?.clone());
        Ok(Directory::new(http.clone(), self.org()?, token, settings.company_phone.clone()))
    }

    /// The org that these parameters name.
    pub fn org(&self) -> Result<OrgUrl, Error> {
        let org = self.required(OKTA_ORG_URL)?.expose_secret().parse();
        org.map_err(|source| Error::Org { name: self.name(OKTA_ORG_URL), source })
    }

    /// The door these parameters open to Twilio.
    pub fn webhooks(&self, settings: &Settings) -> Result<Webhooks, Error> {
        Ok(Webhooks::new(self.auth_tokens()?, settings.public_url.clone()))
    }

    /// The Twilio account these parameters give power over: with the API key, if there is one,
    /// else with the auth token.
    pub fn account(&self, http: &Http, settings: &Settings) -> Result<Account, Error> {
        let credentials = match self.get(TWILIO_API_KEY_SID) {
            Some(key) => TwilioCredentials::ApiKey {
                sid: key.expose_secret().to_owned(),
                secret: self.required(TWILIO_API_KEY_SECRET)?.clone(),
            },
            None => TwilioCredentials::AuthTokens(self.auth_tokens()?),
        };
        Ok(Account::new(http.clone(), settings.twilio_api.clone(), self.account_sid()?, credentials))
    }

    /// The name of that account.
    pub fn account_sid(&self) -> Result<AccountSid, Error> {
        let sid = self.required(TWILIO_ACCOUNT_SID)?.expose_secret().parse();
        sid.map_err(|source| Error::Sid { name: self.name(TWILIO_ACCOUNT_SID), source })
    }

    /// What finds the employee behind a company number.
    ///
    /// A seal key that is none is no reason to let nobody be called: the log says what is wrong with it,
    /// and there is no seal.
    pub fn switchboard(&self, http: &Http, settings: &Settings) -> Result<Switchboard, Error> {
        let seal = self.seal(settings).unwrap_or_else(|error| {
            tracing::error!(error = %Causes(&error), "while Okta does not answer, nobody can be reached");
            None
        });
        Ok(Switchboard::new(
            self.directory(http, settings)?,
            self.account(http, settings)?,
            seal,
            settings.territory.clone(),
            settings.remember,
            settings.last_known,
        ))
    }

    /// The seal on the last known mobiles; `None` if there is no key, or `TWILIFY_LAST_KNOWN_DAYS` is 0.
    pub fn seal(&self, settings: &Settings) -> Result<Option<Seal>, Error> {
        let key = self.get(SEAL_KEY).filter(|_| !settings.last_known.is_zero());
        let seal = key.map(|key| Seal::new(key, settings.last_known)).transpose();
        seal.map_err(|source| Error::SealKey { name: self.name(SEAL_KEY), source })
    }

    fn auth_tokens(&self) -> Result<AuthTokens, Error> {
        let tokens = AuthTokens::parse(self.required(TWILIO_AUTH_TOKEN)?.expose_secret());
        tokens.ok_or_else(|| Error::Missing(self.name(TWILIO_AUTH_TOKEN)))
    }

    fn required(&self, name: Name) -> Result<&SecretString, Error> {
        self.get(name).ok_or_else(|| Error::Missing(self.name(name)))
    }

    fn get(&self, name: Name) -> Option<&SecretString> {
        self.values.get(&self.name(name))
    }

    fn name(&self, Name(name): Name) -> String {
        format!("{}/{name}", self.path)
    }
}
