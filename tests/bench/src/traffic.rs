//! The events that functions are measured with.

use std::{fmt, path::Path};

use anyhow::{Context as _, Result, anyhow, ensure};
use sandbox::World;

pub(crate) const MOBILE: &str = "+18182179229";
pub(crate) const COMPANY_NUMBER: &str = "+19253294108";
const CALLER: &str = "+14155550123";

pub(crate) const FUNCTIONS: [Function; 3] =
    [Function::CallForward, Function::SmsForward, Function::Provisioner];

/// A function that is deployed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Function {
    CallForward,
    SmsForward,
    Provisioner,
}

/// How often Okta is asked about an employee.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asks {
    /// Once: then they are remembered.
    Seldom,
    /// Every time.
    Always,
}

impl Function {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::CallForward => "call-forward",
            Self::SmsForward => "sms-forward",
            Self::Provisioner => "provisioner",
        }
    }

    /// The function that the name of a build or of a folder that it is in tells, like
    /// `target/release/call-forward` or `.aws-sam/build/CallForward/bootstrap`.
    pub(crate) fn told_by(path: &Path) -> Result<Self> {
        let parts = path.iter().rev().map(|it| it.to_string_lossy().to_lowercase().replace('-', ""));
        let is = |part: &str, function: &Self| part.starts_with(&function.name().replace('-', ""));
        let told = parts.into_iter().find_map(|part| FUNCTIONS.into_iter().find(|it| is(&part, it)));
        told.with_context(|| format!("{} tells no function", path.display()))
    }

    /// Lets the function have one event of the kind it is there for, and looks whether it has done what it should.
    pub(crate) async fn has_an_event(self, world: &World) -> Result<()> {
        let twilio = &world.twilio;
        let (webhook, done) = match self {
            Self::CallForward => (twilio.a_call(CALLER, COMPANY_NUMBER), "<Dial"),
            Self::SmsForward => (twilio.a_text(CALLER, COMPANY_NUMBER, "Hello"), "<Response/>"),
            Self::Provisioner => {
                return world.run_provisioner().await.map(drop).map_err(|failed| anyhow!(failed.message));
            }
        };
        let answer = twilio.deliver(&webhook).await;
        ensure!(answer.status == 200 && answer.body.contains(done), "{self} answers {answer:?}");
        Ok(())
    }
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Asks {
    /// What `TWILIFY_REMEMBER_SECONDS` has to be for that.
    pub(crate) fn remember_seconds(self) -> &'static str {
        match self {
            Self::Seldom => "3600",
            Self::Always => "0",
        }
    }
}

impl fmt::Display for Asks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Seldom => "event, employee remembered",
            Self::Always => "event, employee read from Okta",
        })
    }
}
