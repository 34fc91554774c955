//! The parameters in AWS Systems Manager.

use std::{collections::BTreeMap, fmt, time::Duration};

use anyhow::{Context as _, Result, anyhow};
use aws_config::{BehaviorVersion, SdkConfig, timeout::TimeoutConfig};
use aws_sdk_ssm::{
    Client,
    config::ProvideCredentials as _,
    types::{ParameterTier, ParameterType},
};
use secrecy::{ExposeSecret as _, SecretString};
use twilify::{Causes, aws::http_client, transport::Http};

use super::{Item, is_secret};
use crate::aws::complaint;

/// How long AWS may take over a request: as long as the provisioner may over a run.
const PATIENCE: Duration = Duration::from_mins(16);

/// How long it may take over anything else.
const USUAL_PATIENCE: Duration = Duration::from_secs(20);

/// The parameters below a path.
pub(crate) struct Ssm {
    client: Client,
    config: SdkConfig,
    path: String,
}

impl Ssm {
    /// Finds credentials and a region where the AWS CLI finds them.
    pub(crate) async fn open(path: Option<&str>) -> Result<Self> {
        let config = aws_config::defaults(BehaviorVersion::latest())
            .http_client(http_client(&Http::new(PATIENCE)))
            .timeout_config(TimeoutConfig::builder().operation_timeout(USUAL_PATIENCE).build())
            .load()
            .await;
        let remedy = "run `aws configure`, or say --local to keep the settings on this machine";
        if config.region().is_none() {
            return Err(anyhow!("there is no AWS region to look in; {remedy}"));
        }
        let credentials = config.credentials_provider().context("there are no AWS credentials")?;
        let found = credentials.provide_credentials().await;
        found
            .map_err(|error| anyhow!("{}", Causes(&error)))
            .with_context(|| format!("there are no AWS credentials that work; {remedy}"))?;
        let path = path.unwrap_or("/twilify").trim_end_matches('/').to_owned();
        Ok(Self { client: Client::new(&config), config, path })
    }

    pub(super) fn config(&self) -> &SdkConfig {
        &self.config
    }

    pub(super) async fn load(&self) -> Result<BTreeMap<String, SecretString>> {
        let mut pages = self
            .client
            .get_parameters_by_path()
            .path(&self.path)
            .recursive(true)
            .with_decryption(true)
            .into_paginator()
            .send();
        let mut values = BTreeMap::new();
        while let Some(page) = pages.next().await {
            let page = page
                .map_err(complaint)
                .with_context(|| format!("could not read the parameters in {self}"))?;
            for parameter in page.parameters.unwrap_or_default() {
                if let (Some(name), Some(value)) = (parameter.name, parameter.value)
                    && let Some(name) = name.strip_prefix(&format!("{}/", self.path))
                {
                    values.insert(name.to_owned(), value.trim().into());
                }
            }
        }
        Ok(values)
    }

    pub(super) async fn save(&self, items: &[Item], key_id: Option<&str>) -> Result<()> {
        for Item { name, value } in items {
            let secret = is_secret(name);
            let kind = if secret { ParameterType::SecureString } else { ParameterType::String };
            self.client
                .put_parameter()
                .name(format!("{}/{name}", self.path))
                .value(value.expose_secret())
                .r#type(kind)
                .tier(ParameterTier::Standard)
                .set_key_id(key_id.filter(|_| secret).map(ToOwned::to_owned))
                .overwrite(true)
                .send()
                .await
                .map_err(complaint)
                .with_context(|| format!("could not store {}/{name} in AWS Systems Manager", self.path))?;
        }
        Ok(())
    }
}

impl fmt::Display for Ssm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let region = self.config.region().map_or("", |region| region.as_ref());
        write!(f, "AWS Systems Manager, below {} in {region}", self.path)
    }
}
