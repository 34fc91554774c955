//! What is deployed: the provisioner, as AWS Lambda has it.

use std::{collections::HashMap, time::Duration};

use anyhow::{Context as _, Result, bail};
use aws_config::{SdkConfig, timeout::TimeoutConfig};
use aws_sdk_lambda::{error::SdkError, primitives::Blob};
use jiff::Timestamp;
use provisioner::Report;
use serde::Deserialize;
use serde_json::json;

use crate::aws::complaint;

/// The longest that a function may run.
const LONGEST_RUN: Duration = Duration::from_mins(15);

/// The line with which a run tells CloudWatch that it has come to its end.
const A_RUN: &str = "{ $.ProvisionerRuns = 1 }";

/// The deployed provisioner.
pub(crate) struct Deployment {
    config: SdkConfig,
    function: String,
    environment: HashMap<String, String>,
    log_group: Option<String>,
    deployed: Option<Timestamp>,
}

/// What an invocation that failed says of itself.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Failure {
    error_type: String,
    error_message: String,
}

impl Deployment {
    /// Looks how `function` is configured.
    pub(crate) async fn find(config: &SdkConfig, function: &str) -> Result<Self> {
        let found = aws_sdk_lambda::Client::new(config).get_function_configuration().function_name(function);
        let found =
            found.send().await.map_err(complaint).with_context(|| {
                format!("could not see how the deployed function {function} is configured")
            })?;
        Ok(Self {
            config: config.clone(),
            function: function.to_owned(),
            environment: found.environment.and_then(|it| it.variables).unwrap_or_default(),
            log_group: found.logging_config.and_then(|it| it.log_group),
            // AWS leaves the colon out of the offset.
            deployed: found.last_modified.and_then(|time| time.replace("+0000", "Z").parse().ok()),
        })
    }

    /// What its environment says.
    pub(crate) fn setting(&self, variable: &str) -> Option<String> {
        self.environment.get(variable).filter(|value| !value.trim().is_empty()).cloned()
    }

    /// When it was last deployed, if AWS says so.
    pub(crate) fn deployed(&self) -> Option<Timestamp> {
        self.deployed
    }

    /// Invokes it and waits for its report. A run that could not do everything has one as well.
    pub(crate) async fn run(&self, dry_run: bool) -> Result<Report> {
        let patient = self
            .config
            .to_builder()
            .timeout_config(TimeoutConfig::builder().operation_timeout(LONGEST_RUN).build())
            // A run that was started is not started again because its answer got lost.
            .retry_config(aws_config::retry::RetryConfig::disabled())
            .build();
        let event = if dry_run { json!({ "dry_run": true }) } else { json!({}) };
        let invocation = aws_sdk_lambda::Client::new(&patient)
            .invoke()
            .function_name(&self.function)
            .payload(Blob::new(event.to_string()));
        let answer = invocation.send().await.map_err(|error| match error {
            refused @ SdkError::ServiceError(_) => complaint(refused).context(format!(
                "AWS did not run {}; if a run is under way, this one has to wait until that is over",
                self.function
            )),
            lost => complaint(lost).context(format!(
                "the answer of {} did not arrive; it may be at work all the same, see its log",
                self.function
            )),
        })?;
        let payload = answer.payload.map(Blob::into_inner).unwrap_or_default();
        if answer.function_error.is_none() {
            return serde_json::from_slice(&payload)
                .context("the function's report is not one of this version");
        }
        let failure: Failure =
            serde_json::from_slice(&payload).context("the function failed and does not say why")?;
        if failure.error_type == "Unfinished" {
            return serde_json::from_str(&failure.error_message)
                .context("the function's report is not one of this version");
        }
        bail!("{} ({})", failure.error_message, failure.error_type);
    }

    /// When a run last came to its end that was no dry run, if one did after `since`. It need not have done everything.
    pub(crate) async fn last_run(&self, since: Timestamp) -> Result<Option<Timestamp>> {
        let default = format!("/aws/lambda/{}", self.function);
        let group = self.log_group.as_deref().unwrap_or(&default);
        let mut pages = aws_sdk_cloudwatchlogs::Client::new(&self.config)
            .filter_log_events()
            .log_group_name(group)
            .start_time(since.as_millisecond())
            .filter_pattern(A_RUN)
            .into_paginator()
            .send();
        let mut last = None;
        while let Some(page) = pages.next().await {
            let page = page.map_err(complaint);
            let page = page.with_context(|| format!("could not look into the log group {group}"))?;
            let times = page.events.unwrap_or_default().into_iter().filter_map(|event| event.timestamp);
            last = last.max(times.max());
        }
        Ok(last.and_then(|time| Timestamp::from_millisecond(time).ok()))
    }
}
