//! `twilify plan` and `twilify provision`.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use provisioner::{Ended, Entry, Provisioner, Report, Survey, Watch};

use crate::{
    arguments::{Arguments, Flags},
    deployment::Deployment,
    setup::Setup,
    terminal::{agreed, bad, faint, good, heading, progress, remark, say, table, waiting},
};

/// How long a run may take. Nobody is billed for it here, so longer than in Lambda.
const RUN: Duration = Duration::from_hours(2);

/// Shows what there is to do.
pub(crate) async fn plan(flags: &Flags, remote: bool, json: bool) -> Result<()> {
    let setup = Setup::read(flags).await?;
    let (report, owned) = if remote {
        (deployed(&setup)?.run(true).await?, None)
    } else {
        let survey = survey(&setup.provisioner()?).await?;
        (Report::of_a_dry_run(survey.plan), Some(survey.world.numbers.len()))
    };
    if json {
        say(serde_json::to_string_pretty(&report)?);
    } else {
        show(&report, owned);
    }
    Ok(())
}

/// Shows what there is to do, asks and does it. Fails if something was not done that could have been.
pub(crate) async fn provision(arguments: &Arguments, remote: bool, json: bool) -> Result<()> {
    let Arguments { flags, yes, .. } = arguments;
    if json && !yes {
        bail!("--json leaves no place for a question; say --yes as well");
    }
    let setup = Setup::read(flags).await?;
    let report = if remote {
        let deployment = deployed(&setup)?;
        if !yes {
            show(&deployment.run(true).await?, None);
            if !agreed("Let the deployed function do this?", false)? {
                bail!("nothing was changed");
            }
        }
        let spinner = waiting("The function is at work …");
        let report = deployment.run(false).await;
        spinner.finish_and_clear();
        report?
    } else {
        let provisioner = setup.provisioner()?;
        let Some(survey) = approved(&provisioner, *yes, json).await? else { bail!("nothing was changed") };
        carry_out(&provisioner, survey, json).await
    };
    if json {
        say(serde_json::to_string_pretty(&report)?);
    } else {
        if remote {
            report.changes.iter().for_each(|it| say(format_args!("{} {}", good("✓"), it.text)));
            report.failed.iter().for_each(|it| say(format_args!("{} {}", bad("✗"), it.text)));
        }
        summarise(&report);
    }
    match report.failed.len() {
        0 => Ok(()),
        failed => bail!("{failed} of these could not be done; run this again when the cause is gone"),
    }
}

/// What there is to do, once somebody has agreed to it; `None` if there is nothing. What has changed while they
/// thought about it is shown to them again.
async fn approved(provisioner: &Provisioner, yes: bool, json: bool) -> Result<Option<Survey>> {
    let mut seen = survey(provisioner).await?;
    loop {
        if !json {
            show(&Report::of_a_dry_run(seen.plan.clone()), Some(seen.world.numbers.len()));
        }
        if seen.plan.steps.is_empty() || yes {
            return Ok(Some(seen));
        }
        if !agreed("Do this?", yes)? {
            return Ok(None);
        }
        let now = survey(provisioner).await?;
        if now.plan == seen.plan {
            return Ok(Some(now));
        }
        heading("Something has changed in the meantime");
        seen = now;
    }
}

/// Carries a plan out and tells of each step. Ctrl-C lets what is under way come to its end, and begins nothing
/// more; whoever is more impatient presses it twice, and the next run completes what was begun.
pub(crate) async fn carry_out(provisioner: &Provisioner, survey: Survey, quiet: bool) -> Report {
    static STOP: AtomicBool = AtomicBool::new(false);

    let interrupted = tokio::spawn(async {
        if tokio::signal::ctrl_c().await.is_ok() {
            STOP.store(true, Ordering::Relaxed);
            remark("\nFinishing what is under way; press Ctrl-C again to leave even that to the next run …");
            if tokio::signal::ctrl_c().await.is_ok() {
                std::process::exit(130);
            }
        }
    });
    let bar = progress(survey.plan.steps.len());
    let ended = |ended: Ended<'_>| {
        if !quiet {
            bar.suspend(|| match ended {
                Ended::Done(line) => say(format_args!("{} {line}", good("✓"))),
                Ended::Left(line) => say(format_args!("{} {line}", faint("–"))),
                Ended::Failed(line) => say(format_args!("{} {line}", bad("✗"))),
            });
        }
        bar.inc(1);
    };
    let watch = Watch { stop: &STOP, ended: &ended };
    let report = provisioner.carry_out(survey, Instant::now() + RUN, watch).await;
    bar.finish_and_clear();
    interrupted.abort();
    report
}

/// Looks at everything and plans.
pub(crate) async fn survey(provisioner: &Provisioner) -> Result<Survey> {
    let spinner = waiting("Looking at Okta and Twilio …");
    let survey = provisioner.survey(Instant::now() + RUN).await;
    spinner.finish_and_clear();
    Ok(survey?)
}

fn deployed(setup: &Setup) -> Result<&Deployment> {
    setup.deployment.as_ref().context("there is no deployment that could be asked; run: sam deploy")
}

/// Shows a plan.
fn show(report: &Report, owned: Option<usize>) {
    if report.changes.is_empty() {
        say("There is nothing to do.");
    }
    let rows = report.changes.iter().map(|Entry { who, change, number, .. }| {
        let number = number.clone().unwrap_or_else(|| "a new one".to_owned());
        vec![change.clone().unwrap_or_default(), number, who.name.clone()]
    });
    table(&["change", "number", "employee"], rows);
    leftovers(report);
    let (more, counts) = (report.monthly_cost_change_usd, &report.counts);
    let now =
        owned.map(|owned| format!("; the account has {owned} now, for about {:.2} USD", monthly_usd(owned)));
    if now.is_some() || !report.changes.is_empty() {
        say(format_args!(
            "\n{} to buy, {} to give back: {more:+.2} USD a month{}.",
            counts.purchases,
            counts.released,
            now.unwrap_or_default()
        ));
    }
}

/// What so many numbers cost a month in the United States, in US dollars: an estimate.
pub(crate) fn monthly_usd(numbers: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "nobody owns so many numbers")]
    let numbers = numbers as f64;
    numbers * 1.15
}

/// What a plan or a run leaves to people.
fn leftovers(report: &Report) {
    let lines = |entries: &[Entry]| entries.iter().map(|it| it.text.clone()).collect::<Vec<_>>();
    for (title, lines) in [
        ("No company number for", lines(&report.refused)),
        ("Later", lines(&report.postponed)),
        ("To look at", report.findings.clone()),
    ] {
        if !lines.is_empty() {
            heading(title);
            lines.iter().for_each(say);
        }
    }
}

fn summarise(report: &Report) {
    let counts = &report.counts;
    say(format_args!(
        "\n{} changes; {} numbers bought, {} given back: {:+.2} USD a month.",
        counts.changes, counts.purchases, counts.released, report.monthly_cost_change_usd
    ));
}
