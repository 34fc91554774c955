//! Everything that a command works with.

use anyhow::{Context as _, Result, anyhow, bail};
use provisioner::Provisioner;
use secrecy::{ExposeSecret as _, SecretString};
use twilify::{
    config::{self, Provisioning, Settings, roots},
    okta::{Directory, OrgUrl},
    seal::Seal,
    secrets::{
        ALL, Name, OKTA_ORG_URL, OKTA_TOKEN, Parameters, TWILIO_ACCOUNT_SID, TWILIO_API_KEY_SECRET,
        TWILIO_API_KEY_SID, TWILIO_AUTH_TOKEN,
    },
    switchboard::Switchboard,
    transport::{Http, WHILE_NOBODY_WAITS},
    twilio::{Account, AccountSid, AuthToken, AuthTokens, MessagingService},
};
use url::Url;

use crate::{
    arguments::{Flags, flag},
    deployment::Deployment,
    store::{AREA_CODES, Kept, PROVISIONER, PUBLIC_URL, Store},
    terminal::{faint, remark},
};

/// Everything that a command works with. What flags and variables say goes before what the deployed function is
/// told, and that before what is kept.
pub(crate) struct Setup {
    pub(crate) http: Http,
    pub(crate) settings: Settings,
    kept: Kept,
    store: Store,
    deployment: Result<Option<Deployment>>,
    values: Vec<(Name, SecretString)>,
    parameters: Parameters,
    tokens: AuthTokens,
    provisioning: Result<Provisioning, config::Error>,
}

impl Setup {
    /// Reads everything, and complains of what is missing.
    pub(crate) async fn read(flags: &Flags) -> Result<Self> {
        let store = Store::choose(flags).await?;
        let given = [flags.parameters(), flags.settings()].concat().join(", ");
        remark(faint(match &*given {
            "" => format!("Settings: {store}"),
            given => format!("Settings: {store}; said here: {given}"),
        }));
        let kept = store.load().await?;
        let deployment = match (store.aws(), kept.get(PROVISIONER)) {
            (Some(aws), Some(function)) => Deployment::find(aws, function.expose_secret()).await.map(Some),
            _ => Ok(None),
        };
        let deployed = deployment.as_ref().ok().and_then(Option::as_ref);
        let lookup = |variable: &str| setting(flags, deployed, &kept, variable);
        let settings = Settings::read(lookup).map_err(|error| told(&error))?;
        let values = values(flags, &kept);
        let missing = missing(&values);
        if !missing.is_empty() {
            bail!("these are not set: {}; run: twilify init{}", missing.join(", "), store.flags());
        }
        let tokens = values.iter().find(|(name, _)| *name == TWILIO_AUTH_TOKEN);
        let tokens = tokens.and_then(|(_, it)| AuthTokens::parse(it.expose_secret()));
        Ok(Self {
            http: Http::new(WHILE_NOBODY_WAITS, roots()?),
            parameters: Parameters::new(&settings.parameter_path, values.clone()),
            values,
            tokens: tokens.context("the auth token is empty; run: twilify init")?,
            provisioning: Provisioning::read(lookup),
            settings,
            kept,
            store,
            deployment,
        })
    }

    /// Where the Okta org is.
    pub(crate) fn org(&self) -> Result<OrgUrl> {
        Ok(self.parameters.org()?)
    }

    pub(crate) fn directory(&self) -> Result<Directory> {
        Ok(self.parameters.directory(&self.http, &self.settings)?)
    }

    /// What tells the functions whose phone a number leads to.
    pub(crate) fn switchboard(&self) -> Result<Switchboard> {
        Ok(self.parameters.switchboard(&self.http, &self.settings)?)
    }

    pub(crate) fn account(&self) -> Result<Account> {
        Ok(self.parameters.account(&self.http, &self.settings)?)
    }

    /// The account's name, which Twilio puts into every request.
    pub(crate) fn account_sid(&self) -> Result<AccountSid> {
        Ok(self.parameters.account_sid()?)
    }

    /// The account, as whoever has its auth token, even if there is an API key.
    pub(crate) fn account_by_token(&self) -> Result<Account> {
        let is_of_a_key = |name| [TWILIO_API_KEY_SID, TWILIO_API_KEY_SECRET].contains(&name);
        let others = self.values.iter().filter(|(name, _)| !is_of_a_key(*name)).cloned();
        Ok(Parameters::new("", others).account(&self.http, &self.settings)?)
    }

    pub(crate) fn messaging_service(&self) -> Result<Option<MessagingService>> {
        let Settings { messaging_service, twilio_messaging_api, .. } = &self.settings;
        let account = self.account()?;
        Ok(messaging_service.as_ref().map(|sid| MessagingService::new(account, twilio_messaging_api, sid)))
    }

    /// What the deployed provisioner is, here.
    pub(crate) fn provisioner(&self) -> Result<Provisioner> {
        // Other settings than the deployed ones would make another plan.
        self.deployment()?;
        let settings = self.provisioning.clone();
        Ok(Provisioner {
            directory: self.directory()?,
            account: self.account()?,
            messaging_service: self.messaging_service()?,
            seal: self.seal()?,
            territory: self.settings.territory.clone(),
            settings: settings.map_err(|error| told(&error))?,
        })
    }

    /// What is deployed, if this program knows of anything.
    pub(crate) fn deployment(&self) -> Result<Option<&Deployment>> {
        match &self.deployment {
            Ok(deployment) => Ok(deployment.as_ref()),
            Err(error) => bail!("{error:#}"),
        }
    }

    /// What is deployed, which there has to be.
    pub(crate) fn deployed(&self) -> Result<&Deployment> {
        self.deployment()?.with_context(|| match &self.store {
            Store::Aws(_) => "there is no deployment that could be asked; run: scripts/deploy".to_owned(),
            Store::Local(_) => {
                format!("the settings are those in {}, where no deployment is known; say --aws", self.store)
            }
        })
    }

    /// What is stored and differs from what is deployed: its name, and both.
    pub(crate) fn undeployed(&self) -> Vec<(&'static str, String, String)> {
        let Ok(Some(deployment)) = self.deployment() else { return Vec::new() };
        let pairs = [(AREA_CODES, "TWILIFY_AREA_CODES"), (PUBLIC_URL, "TWILIFY_PUBLIC_URL")];
        let differs = |(name, variable)| {
            let stored = self.kept.setting(variable)?;
            let deployed = deployment.setting(variable)?;
            let same = stored.trim_end_matches('/') == deployed.trim_end_matches('/');
            (!same).then_some((name, stored, deployed))
        };
        pairs.into_iter().filter_map(differs).collect()
    }

    /// The secrets that Systems Manager does not encrypt.
    pub(crate) fn secrets_in_clear(&self) -> Vec<&str> {
        self.kept.in_clear().collect()
    }

    /// What seals the last known mobiles, if there is a key.
    pub(crate) fn seal(&self) -> Result<Option<Seal>> {
        Ok(self.parameters.seal(&self.settings)?)
    }

    /// Whom the provisioner serves, as a search expression, if not everybody.
    pub(crate) fn search(&self) -> Option<&str> {
        self.provisioning.as_ref().ok()?.okta_search.as_deref()
    }

    /// What Twilio calls.
    pub(crate) fn public_url(&self) -> Result<&Url> {
        let url = self.settings.public_url.as_ref();
        url.context("the public URL is not known; say --public-url, or run: twilify init")
    }

    /// The token that Twilio signs with: the first, while there are two.
    pub(crate) fn auth_token(&self) -> &AuthToken {
        self.tokens.first()
    }
}

/// What is said of a setting, by whoever goes first.
pub(crate) fn setting(
    flags: &Flags,
    deployment: Option<&Deployment>,
    kept: &Kept,
    variable: &str,
) -> Option<String> {
    let deployed = || deployment.and_then(|it| it.setting(variable));
    let given = flags.setting(variable).or_else(|| vendor(variable));
    given.or_else(deployed).or_else(|| kept.setting(variable))
}

/// Where the vendors are, if they are not where they usually are. This is for stand-ins.
#[expect(clippy::disallowed_methods, reason = "these two have no flag")]
fn vendor(variable: &str) -> Option<String> {
    let names = ["TWILIO_API_URL", "TWILIO_MESSAGING_URL"];
    if names.contains(&variable) { std::env::var(variable).ok() } else { None }
}

/// The parameters that are given or kept.
pub(crate) fn values(flags: &Flags, kept: &Kept) -> Vec<(Name, SecretString)> {
    let value = |name: Name| flags.parameter(name).or_else(|| kept.get(name.as_str()).cloned());
    ALL.into_iter().filter_map(|name| Some((name, value(name)?))).collect()
}

/// What is wrong with a setting, in the words of a command line.
fn told(error: &config::Error) -> anyhow::Error {
    match error {
        config::Error::Missing(variable) => {
            anyhow!("{} is not set; say it, or run: twilify init", flag(variable))
        }
        config::Error::Invalid { name, complaint } => anyhow!("{} is unusable: {complaint}", flag(name)),
    }
}

/// Which parameters are missing without which nothing works.
fn missing(values: &[(Name, SecretString)]) -> Vec<&'static str> {
    let needed = [OKTA_ORG_URL, OKTA_TOKEN, TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN];
    let given = |name: &Name| values.iter().any(|(it, _)| it == name);
    needed.into_iter().filter(|name| !given(name)).map(Name::as_str).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_what_nothing_works_without_is_missing() {
        let names = |names: &[Name]| {
            let values: Vec<_> = names.iter().map(|name| (*name, SecretString::from("x"))).collect();
            missing(&values)
        };
        assert_eq!(names(&[]), ["okta/org-url", "okta/token", "twilio/account-sid", "twilio/auth-token"]);
        assert_eq!(names(&[OKTA_TOKEN, OKTA_ORG_URL, TWILIO_ACCOUNT_SID]), ["twilio/auth-token"]);
        assert!(names(&[OKTA_TOKEN, OKTA_ORG_URL, TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN]).is_empty());
    }
}
