//! Where the settings and secrets are kept: in AWS Systems Manager, where the functions read them, or, without
//! AWS, in a file on this machine.

mod profile;
mod ssm;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use anyhow::Result;
use aws_config::SdkConfig;
use secrecy::{ExposeSecret as _, SecretString};
use twilify::secrets::{ALL, Name, OKTA_TOKEN, SEAL_KEY, TWILIO_API_KEY_SECRET, TWILIO_AUTH_TOKEN};

pub(crate) use self::{profile::Profile, ssm::Ssm};
use crate::arguments::Flags;

/// The name of the parameter with the name of the deployed provisioner, which the template writes.
pub(crate) const PROVISIONER: &str = "deployment/provisioner";

/// Where things are kept.
pub(crate) enum Store {
    /// In AWS Systems Manager.
    Aws(Box<Ssm>),
    /// On this machine.
    Local(Profile),
}

/// What is kept, by the names of the parameters below their path, like `okta/token` or `area-codes`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Kept {
    values: BTreeMap<String, SecretString>,
    /// The secrets that Systems Manager does not encrypt.
    in_clear: BTreeSet<String>,
}

/// Something to be kept.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    /// Its name below the path.
    pub(crate) name: String,
    /// Its value.
    pub(crate) value: SecretString,
}

impl Store {
    /// The store that `flags` choose: without a choice the one on this machine, if there is one, else AWS.
    pub(crate) async fn choose(flags: &Flags) -> Result<Self> {
        let profile = Profile::of_this_person()?;
        if flags.local || (!flags.aws && profile.exists()) {
            return Ok(Self::Local(profile));
        }
        Ssm::open(flags.parameter_path.as_deref()).await.map(|ssm| Self::Aws(Box::new(ssm)))
    }

    /// The store on this machine.
    pub(crate) fn local() -> Result<Self> {
        Profile::of_this_person().map(Self::Local)
    }

    /// Everything that is kept.
    pub(crate) async fn load(&self) -> Result<Kept> {
        match self {
            Self::Aws(ssm) => ssm.load().await,
            Self::Local(profile) => Ok(Kept { values: profile.load()?, in_clear: BTreeSet::new() }),
        }
    }

    /// Keeps `items` besides what is `kept`. Secrets are encrypted in AWS with `key_id`, or with the key that
    /// encrypts the others, even if they were there in the clear.
    pub(crate) async fn save(&self, items: &[Item], kept: &Kept, key_id: Option<&str>) -> Result<()> {
        match self {
            Self::Aws(ssm) => ssm.save(items, kept, key_id).await,
            Self::Local(profile) => profile.save(items),
        }
    }

    /// What makes `twilify init` use the same store.
    pub(crate) fn flags(&self) -> String {
        match self {
            Self::Aws(ssm) => ssm.flags(),
            Self::Local(_) => " --local".to_owned(),
        }
    }

    /// The access to AWS, if that is where things are.
    pub(crate) fn aws(&self) -> Option<&SdkConfig> {
        match self {
            Self::Aws(ssm) => Some(ssm.config()),
            Self::Local(_) => None,
        }
    }
}

impl fmt::Display for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Aws(ssm) => ssm.fmt(f),
            Self::Local(profile) => profile.fmt(f),
        }
    }
}

impl Kept {
    pub(crate) fn get(&self, name: &str) -> Option<&SecretString> {
        self.values.get(name).filter(|value| !value.expose_secret().is_empty())
    }

    /// The setting that the environment variable `variable` holds for the functions.
    pub(crate) fn setting(&self, variable: &str) -> Option<String> {
        let name = variable.strip_prefix("TWILIFY_")?.to_ascii_lowercase().replace('_', "-");
        self.get(&name).map(|value| value.expose_secret().to_owned())
    }

    /// The secrets that Systems Manager does not encrypt, because somebody has stored them as `String`.
    pub(crate) fn in_clear(&self) -> impl Iterator<Item = &str> {
        self.in_clear.iter().map(String::as_str)
    }

    /// All that a person has set.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &SecretString)> {
        let set = self.values.iter().filter(|(name, _)| *name != PROVISIONER);
        set.map(|(name, value)| (name.as_str(), value))
    }

    /// Whether nobody has set anything.
    pub(crate) fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }
}

impl Item {
    pub(crate) fn new(name: &str, value: SecretString) -> Self {
        Self { name: name.to_owned(), value }
    }
}

/// What a person sets besides the parameters of the functions.
pub(crate) const AREA_CODES: &str = "area-codes";
pub(crate) const PUBLIC_URL: &str = "public-url";

/// All that this program reads.
fn known_names() -> impl Iterator<Item = &'static str> {
    ALL.into_iter().map(Name::as_str).chain([AREA_CODES, PUBLIC_URL, PROVISIONER])
}

/// Whether the parameter called `name` is a secret.
pub(crate) fn is_secret(name: &str) -> bool {
    [OKTA_TOKEN, TWILIO_AUTH_TOKEN, TWILIO_API_KEY_SECRET, SEAL_KEY].map(Name::as_str).contains(&name)
}
