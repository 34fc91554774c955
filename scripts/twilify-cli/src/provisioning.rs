//! `twilify plan` and `twilify provision`.

use std::{
    collections::HashSet,
    process::ExitCode,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Result, anyhow, bail};
use provisioner::{Ended, Entry, Provisioner, Report, Survey, Watch};
use tokio::signal::unix::{SignalKind, signal};

use crate::{
    arguments::{Arguments, Flags},
    deployment::Deployment,
    setup::Setup,
    terminal::{
        Declined, agreed, bad, faint, good, heading, masked, progress, remark, say, table, waiting, wrapped,
    },
};

/// How long a run may take. Nobody is billed for it here, so longer than in Lambda.
const RUN: Duration = Duration::from_hours(2);

/// Shows what there is to do.
pub(crate) async fn plan(flags: &Flags, remote: bool, json: bool) -> Result<()> {
    let setup = Setup::read(flags).await?;
    let (report, owned) = if remote {
        (ask(deployed(&setup, flags)?, true).await?, None)
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
pub(crate) async fn provision(arguments: &Arguments, remote: bool, json: bool) -> Result<ExitCode> {
    let Arguments { flags, yes, .. } = arguments;
    if json && !yes {
        bail!("--json leaves no place for a question; say --yes as well");
    }
    let setup = Setup::read(flags).await?;
    let report = if remote {
        let deployment = deployed(&setup, flags)?;
        if !yes {
            show(&ask(deployment, true).await?, None);
            if !agreed("Let the deployed function do this?", false)? {
                return Err(Declined.into());
            }
        }
        let report = ask(deployment, false).await?;
        if !json {
            report.changes.iter().for_each(|it| say(format_args!("{} {}", good("✓"), it.text)));
            report.failed.iter().for_each(|it| say(format_args!("{} {}", bad("✗"), it.text)));
            leftovers(&report);
        }
        report
    } else {
        let provisioner = setup.provisioner()?;
        let Some(survey) = approved(&provisioner, *yes, json).await? else { return Err(Declined.into()) };
        if survey.plan.steps.is_empty() && !json {
            return Ok(ExitCode::SUCCESS);
        }
        carry_out(&provisioner, survey, json).await
    };
    if json {
        say(serde_json::to_string_pretty(&report)?);
    } else {
        summarise(&report);
    }
    if STOP.load(Ordering::Relaxed) {
        return Ok(ExitCode::from(130));
    }
    match report.failed.len() {
        0 => Ok(ExitCode::SUCCESS),
        failed => bail!("{failed} of these could not be done; run this again when the cause is gone"),
    }
}

/// Lets the deployed function do it, or say what it would do. It goes on even if nobody waits for it.
async fn ask(deployment: &Deployment, dry_run: bool) -> Result<Report> {
    let spinner = waiting("The function is at work …");
    let report = tokio::select! {
        report = deployment.run(dry_run) => report,
        () = interrupted() => Err(anyhow!("the function goes on by itself; its log tells what it does")),
    };
    spinner.finish_and_clear();
    report
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

/// Whether somebody has ended the run early.
static STOP: AtomicBool = AtomicBool::new(false);

/// Carries a plan out and tells of each step. Ctrl-C lets what is under way come to its end, and begins nothing
/// more; whoever is more impatient presses it twice, and the next run completes what was begun.
pub(crate) async fn carry_out(provisioner: &Provisioner, survey: Survey, quiet: bool) -> Report {
    let watcher = tokio::spawn(async {
        interrupted().await;
        STOP.store(true, Ordering::Relaxed);
        remark("\nFinishing what is under way; press Ctrl-C again to leave even that to the next run …");
        interrupted().await;
        std::process::exit(130);
    });
    let bar = progress(survey.plan.steps.len());
    let told = Mutex::new(HashSet::new());
    let tell = |mark: String, line: &str| {
        // What was told as a step ended is in the report as well.
        let is_new = told.lock().is_ok_and(|mut told| told.insert(line.to_owned()));
        if is_new && !quiet {
            bar.suspend(|| say(format_args!("{mark} {line}")));
        }
    };
    let ended = |ended: Ended<'_>| {
        match ended {
            Ended::Done(line) => tell(good("✓"), line),
            Ended::Left(line) => tell(faint("–"), line),
            Ended::Failed(line) => tell(bad("✗"), line),
        }
        bar.inc(1);
    };
    let found = survey.plan.findings.len();
    let watch = Watch { stop: &STOP, ended: &ended };
    let report = provisioner.carry_out(survey, Instant::now() + RUN, watch).await;
    // What came to light when all steps were taken.
    report.failed.iter().for_each(|it| tell(bad("✗"), &it.text));
    report.findings[found..].iter().for_each(|finding| tell(faint("–"), finding));
    bar.finish_and_clear();
    watcher.abort();
    report
}

/// Waits until somebody, or the system, wants an end.
async fn interrupted() {
    let [mut terminate, mut hang_up] = [SignalKind::terminate(), SignalKind::hangup()]
        .map(|kind| signal(kind).expect("the system lets a program listen to signals"));
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
        _ = hang_up.recv() => {}
    }
}

/// Looks at everything and plans.
pub(crate) async fn survey(provisioner: &Provisioner) -> Result<Survey> {
    let spinner = waiting("Looking at Okta and Twilio …");
    let survey = provisioner.survey(Instant::now() + RUN).await;
    spinner.finish_and_clear();
    Ok(survey?)
}

/// The deployed function, to which no flag is told.
fn deployed<'a>(setup: &'a Setup, flags: &Flags) -> Result<&'a Deployment> {
    let given = flags.settings();
    if !given.is_empty() {
        bail!(
            "the deployed function goes by its own settings, so leave out what you say here: {}",
            given.join(", ")
        );
    }
    setup.deployed()
}

/// Shows a plan.
fn show(report: &Report, owned: Option<usize>) {
    if report.changes.is_empty() {
        say("There is nothing to do.");
    }
    let rows = report.changes.iter().map(|Entry { who, change, number, .. }| {
        let change = change.as_deref().unwrap_or_default();
        let number = match number {
            Some(mobile) if change == "clean" => {
                mobile.parse().map_or_else(|_| String::new(), |mobile| masked(&mobile, false))
            }
            Some(number) => number.clone(),
            None => "a new one".to_owned(),
        };
        let change = if change == "clean" { "clean up mobile" } else { change };
        vec![change.to_owned(), number, who.name.clone()]
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
            for line in &lines {
                say(wrapped(line, "  "));
            }
        }
    }
}

fn summarise(report: &Report) {
    if report.changes.is_empty() && report.failed.is_empty() && report.postponed.is_empty() {
        say("There was nothing to do.");
        return;
    }
    let counts = &report.counts;
    say(format_args!(
        "\n{} changes; {} numbers bought, {} given back: {:+.2} USD a month.",
        counts.changes, counts.purchases, counts.released, report.monthly_cost_change_usd
    ));
}
