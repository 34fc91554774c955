//! The parameters in AWS Systems Manager.

use std::{
    fmt,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, anyhow};
use aws_config::{BehaviorVersion, SdkConfig, timeout::TimeoutConfig};
use aws_sdk_ssm::{
    Client,
    config::ProvideCredentials as _,
    error::{ProvideErrorMetadata as _, SdkError},
    operation::put_parameter::PutParameterError,
    types::{Parameter, ParameterStringFilter, ParameterType},
};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::sleep;
use twilify::{Causes, aws::http_client, config::roots, secrets, transport::Http};

use super::{Item, Kept, is_secret, known_names};
use crate::{aws::complaint, terminal::say};

/// Where the parameters are, unless somebody says otherwise.
const PATH: &str = "/twilify";

/// How long AWS may take over a request: as long as the provisioner may over a run.
const PATIENCE: Duration = Duration::from_mins(16);

/// How long it may take over anything else.
const USUAL_PATIENCE: Duration = Duration::from_secs(20);

/// What the name of the copy ends in that a secret has while it is encrypted.
const COPY: &str = ".encrypted";

/// For how long a name may be refused after its deletion. AWS asks for
/// [30 seconds](https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DeleteParameter.html).
const HELD: Duration = Duration::from_mins(1);

/// How long to wait before a refused name is tried again.
const PAUSE: Duration = Duration::from_secs(3);

/// The parameters below a path.
pub(crate) struct Ssm {
    client: Client,
    config: SdkConfig,
    path: String,
}

impl Ssm {
    /// Finds credentials and a region where the AWS CLI finds them.
    pub(crate) async fn open(path: Option<&str>) -> Result<Self> {
        let http = Http::new(PATIENCE, roots()?);
        let config = aws_config::defaults(BehaviorVersion::latest())
            .http_client(http_client(&http))
            .timeout_config(TimeoutConfig::builder().operation_timeout(USUAL_PATIENCE).build())
            .load()
            .await;
        let remedy = "run `aws configure`, or say --local to keep the settings on this machine";
        if config.region().is_none_or(|region| region.as_ref().is_empty()) {
            return Err(anyhow!("there is no AWS region to look in; {remedy}"));
        }
        let credentials = config.credentials_provider().context("there are no AWS credentials")?;
        let found = credentials.provide_credentials().await;
        found
            .map_err(|error| anyhow!("{}", Causes(&error)))
            .with_context(|| format!("there are no AWS credentials that work; {remedy}"))?;
        let path = path.unwrap_or(PATH).trim_end_matches('/').to_owned();
        Ok(Self { client: Client::new(&config), config, path })
    }

    pub(super) fn flags(&self) -> String {
        if self.path == PATH { String::new() } else { format!(" --parameter-path {}", self.path) }
    }

    pub(super) fn config(&self) -> &SdkConfig {
        &self.config
    }

    /// Reads what this program knows of, and nothing else that may be below the path.
    pub(super) async fn load(&self) -> Result<Kept> {
        let names: Vec<_> = known_names().map(|name| format!("{}/{name}", self.path)).collect();
        let read = secrets::read(&self.client, &names).await.map_err(complaint);
        let read = read.with_context(|| format!("could not read the parameters in {self}"))?;
        let mut kept = Kept::default();
        for Parameter { name, value, r#type, .. } in read {
            let (Some(name), Some(value)) = (name, value) else { continue };
            let Some(name) = name.strip_prefix(&format!("{}/", self.path)) else { continue };
            if is_secret(name) && r#type != Some(ParameterType::SecureString) {
                kept.in_clear.insert(name.to_owned());
            }
            kept.values.insert(name.to_owned(), value.trim().into());
        }
        Ok(kept)
    }

    /// Stores `items`. Secrets are encrypted with `key_id`, else with the key that encrypts those that are there.
    pub(super) async fn save(&self, items: &[Item], kept: &Kept, key_id: Option<&str>) -> Result<()> {
        let key_id = match key_id {
            Some(key_id) => Some(key_id.to_owned()),
            None if items.iter().any(|item| is_secret(&item.name)) => self.key_id(kept).await?,
            None => None,
        };
        for Item { name, value } in items {
            let secret = is_secret(name);
            let kind = if secret { ParameterType::SecureString } else { ParameterType::String };
            let key_id = key_id.clone().filter(|_| secret);
            if kept.in_clear.contains(name) {
                self.encrypt(name, value, key_id).await?;
                continue;
            }
            // Of a parameter that is there the type cannot be changed.
            let kind = Some(kind).filter(|_| kept.get(name).is_none());
            self.put(name, value, kind, key_id).await?;
        }
        Ok(())
    }

    async fn put(
        &self,
        name: &str,
        value: &SecretString,
        kind: Option<ParameterType>,
        key_id: Option<String>,
    ) -> Result<()> {
        let stored = self.try_put(name, value, kind, key_id).await.map_err(complaint);
        stored.with_context(|| format!("could not store {}/{name} in AWS Systems Manager", self.path))
    }

    async fn try_put(
        &self,
        name: &str,
        value: &SecretString,
        kind: Option<ParameterType>,
        key_id: Option<String>,
    ) -> Result<(), SdkError<PutParameterError>> {
        let request = self.client.put_parameter().name(format!("{}/{name}", self.path));
        let request = request.value(value.expose_secret()).set_type(kind).set_key_id(key_id).overwrite(true);
        request.send().await.map(drop)
    }

    /// Stores a secret encrypted that is there in the clear.
    ///
    /// The type of a parameter cannot be changed, so it is deleted first. An encrypted copy has another name until the secret
    /// is stored again, so that the secret survives whatever happens in between.
    async fn encrypt(&self, name: &str, value: &SecretString, key_id: Option<String>) -> Result<()> {
        let (path, copy) = (&self.path, format!("{name}{COPY}"));
        let kind = Some(ParameterType::SecureString);
        self.put(&copy, value, kind.clone(), key_id.clone()).await.with_context(|| {
            format!("could not encrypt {path}/{name}, which is stored in the clear, so it was left as it is")
        })?;
        self.reads(&copy, value).await?;
        say(format_args!(
            "{path}/{name} is stored in the clear. It is stored again encrypted, which may take a minute; \
             until then there is a copy, {path}/{copy}."
        ));
        self.delete(name).await?;
        let deadline = Instant::now() + HELD;
        while let Err(error) = self.try_put(name, value, kind.clone(), key_id.clone()).await {
            if error.code() == Some("AccessDeniedException") || Instant::now() >= deadline {
                return Err(complaint(error)).with_context(|| {
                    format!(
                        "could not store {path}/{name} in AWS Systems Manager; its value is in {path}/{copy}, encrypted: \
                         run `twilify init` again with that value, then delete the copy"
                    )
                });
            }
            sleep(PAUSE).await;
        }
        self.reads(name, value).await.with_context(|| format!("there is a copy, {path}/{copy}"))?;
        self.delete(&copy).await
    }

    async fn delete(&self, name: &str) -> Result<()> {
        let name = format!("{}/{name}", self.path);
        let deleted = self.client.delete_parameter().name(&name).send().await;
        deleted.map_err(complaint).with_context(|| format!("could not delete {name}"))?;
        Ok(())
    }

    /// Fails unless the parameter has this value.
    async fn reads(&self, name: &str, value: &SecretString) -> Result<()> {
        let name = format!("{}/{name}", self.path);
        let read = secrets::read(&self.client, std::slice::from_ref(&name)).await.map_err(complaint);
        let read = read.with_context(|| format!("could not read {name}, which was just stored"))?;
        if read.iter().any(|it| it.value.as_deref() == Some(value.expose_secret())) {
            return Ok(());
        }
        Err(anyhow!("{name} was stored, but cannot be read; run `twilify init` again"))
    }

    /// The key of one's own that encrypts the secrets, if there is one. AWS uses its own for whatever is stored
    /// without naming one, whatever it was encrypted with before.
    async fn key_id(&self, kept: &Kept) -> Result<Option<String>> {
        let secrets = kept.iter().filter(|(name, _)| is_secret(name));
        let names: Vec<_> = secrets.map(|(name, _)| format!("{}/{name}", self.path)).collect();
        if names.is_empty() {
            return Ok(None);
        }
        let filter = ParameterStringFilter::builder().key("Name").option("Equals").set_values(Some(names));
        // A page may be empty although there are more.
        let request = self.client.describe_parameters().parameter_filters(filter.build()?);
        let mut pages = request.into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(complaint).context(
                "could not see which key encrypts the secrets, so nothing was stored; name it with --key-id, or \
                 alias/aws/ssm if there is none of your own",
            )?;
            let mut keys = page.parameters.unwrap_or_default().into_iter().filter_map(|it| it.key_id);
            let own = keys.find(|key| key != AWSS_OWN_KEY);
            if own.is_some() {
                return Ok(own);
            }
        }
        Ok(None)
    }
}

/// What AWS encrypts with if nobody names a key.
const AWSS_OWN_KEY: &str = "alias/aws/ssm";

impl fmt::Display for Ssm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let region = self.config.region().map_or("", |region| region.as_ref());
        write!(f, "AWS Systems Manager, below {} in {region}", self.path)
    }
}
