//! `twilify doctor`: one check for each thing that can be wrong.

mod aws;
mod okta;
mod twilio;
mod webhooks;

use std::process::ExitCode;

use anyhow::Result;
use serde::Serialize;

use crate::{
    arguments::Flags,
    setup::Setup,
    terminal::{bad, faint, good, say, waiting, wrapped},
};

/// What came of a check.
#[derive(Debug, Serialize)]
struct Check {
    /// What was looked at.
    what: &'static str,
    outcome: Outcome,
    /// What was seen.
    finding: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    Good,
    Bad,
    /// There is nothing to look at, which may be as somebody wants it.
    Skipped,
}

/// Makes all checks and says what came of them; the exit status is 1 if one of them is bad.
pub(crate) async fn doctor(flags: &Flags, json: bool) -> Result<ExitCode> {
    let setup = Setup::read(flags).await;
    let spinner = waiting("Looking …");
    let checks = checks(setup).await;
    spinner.finish_and_clear();
    if json {
        say(serde_json::to_string_pretty(&checks)?);
    } else {
        checks.iter().for_each(Check::tell);
    }
    let bad = checks.iter().filter(|it| it.outcome == Outcome::Bad).count();
    if !json {
        say(match bad {
            0 => "\nAll is well.".to_owned(),
            1 => "\nOne thing is wrong.".to_owned(),
            _ => format!("\n{bad} things are wrong."),
        });
    }
    Ok(if bad == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn checks(setup: Result<Setup>) -> Vec<Check> {
    let setup = match setup {
        Ok(setup) => setup,
        Err(error) => {
            return vec![Check::failed("settings", &error)];
        }
    };
    let settings = match setup.provisioner() {
        Ok(_) => Check::good("settings", "all that is needed is there, and in the right form"),
        Err(error) => Check::failed("settings", &error),
    };
    let mut checks = vec![settings, seal(&setup)];
    checks.extend(in_clear(&setup));
    checks.extend(stale(&setup));
    checks.extend(okta::checks(&setup).await);
    checks.extend(twilio::checks(&setup).await);
    checks.extend(webhooks::checks(&setup).await);
    checks.push(aws::schedule(&setup).await);
    checks
}

/// The secrets that are not encrypted, so that the right to read parameters is enough to read them.
fn in_clear(setup: &Setup) -> Option<Check> {
    let names = setup.secrets_in_clear();
    (!names.is_empty()).then(|| {
        let names = names.join(", ");
        Check::bad(
            "stored secrets",
            format!("stored in the clear, as String and not as SecureString: {names}"),
            "store them encrypted: twilify init",
        )
    })
}

/// What is stored for the next deployment and is not deployed.
fn stale(setup: &Setup) -> impl Iterator<Item = Check> {
    setup.undeployed().into_iter().map(|(name, stored, deployed)| {
        Check::bad(
            "deployed settings",
            format!("{name} is stored as {stored}, and deployed as {deployed}"),
            "deploy again: scripts/deploy --guided; or store what is deployed: twilify init",
        )
    })
}

fn seal(setup: &Setup) -> Check {
    let what = "seal key";
    match setup.seal() {
        Ok(Some(_)) => Check::good(what, "calls and texts go to the last known mobile while Okta is down"),
        Ok(None) => Check::skipped(
            what,
            "there is none, so while Okta is down the phones are silent; twilify init makes one",
        ),
        Err(error) => Check::bad(what, format!("{error:#}"), "delete the parameter, and run: twilify init"),
    }
}

impl Check {
    fn good(what: &'static str, finding: impl Into<String>) -> Self {
        Self { what, outcome: Outcome::Good, finding: finding.into(), remedy: None }
    }

    fn bad(what: &'static str, finding: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { what, outcome: Outcome::Bad, finding: finding.into(), remedy: Some(remedy.into()) }
    }

    /// For an error that says itself what to do about it.
    fn failed(what: &'static str, error: &anyhow::Error) -> Self {
        Self { what, outcome: Outcome::Bad, finding: format!("{error:#}"), remedy: None }
    }

    fn skipped(what: &'static str, finding: impl Into<String>) -> Self {
        Self { what, outcome: Outcome::Skipped, finding: finding.into(), remedy: None }
    }

    fn tell(&self) {
        let Self { what, outcome, finding, remedy } = self;
        let mark = match outcome {
            Outcome::Good => good("✓"),
            Outcome::Bad => bad("✗"),
            Outcome::Skipped => faint("–"),
        };
        say(wrapped(&format!("{mark} {what}: {finding}"), "  "));
        if let Some(remedy) = remedy {
            say(wrapped(&format!("  → {remedy}"), "    "));
        }
    }
}
