//! Instructions, which valgrind counts: nearly the same on all machines of a kind, whatever else they do.

use std::{path::Path, process::Stdio};

use anyhow::{Context as _, Result};
use sandbox::World;
use tokio::process::Command;

use crate::traffic::Function;

/// How many events are counted together.
const EVENTS: u32 = 40;

/// How many instructions a function takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Instructions {
    /// From the start of the process until it asks for its first event.
    pub(crate) init: f64,
    /// For the first event, and for each that follows.
    pub(crate) events: Option<[f64; 2]>,
}

/// Counts the instructions of a build of a function in `world`; `None` if there is no valgrind.
pub(crate) async fn count(world: &World, function: Function, build: &Path) -> Result<Option<Instructions>> {
    let version = Command::new("valgrind").arg("--version").stdout(Stdio::null()).status().await;
    if !version.is_ok_and(|status| status.success()) {
        return Ok(None);
    }
    let init = total(world, function, build, 0).await?;
    if function == Function::Provisioner {
        return Ok(Some(Instructions { init, events: None }));
    }
    let one = total(world, function, build, 1).await?;
    let all = total(world, function, build, 1 + EVENTS).await?;
    let events = [one - init, (all - one) / f64::from(EVENTS)];
    Ok(Some(Instructions { init, events: Some(events) }))
}

/// The instructions of a process that deals with so many events.
async fn total(world: &World, function: Function, build: &Path, events: u32) -> Result<f64> {
    let out = tempfile::NamedTempFile::new()?;
    profile(world, function, build, events, out.path()).await?;
    let profile = std::fs::read_to_string(out.path())?;
    let totals = profile.lines().find_map(|line| line.strip_prefix("totals: "));
    totals.and_then(|it| it.trim().parse().ok()).context("callgrind tells no total")
}

/// Writes to `out` what callgrind says of a process that deals with so many events.
pub(crate) async fn profile(
    world: &World,
    function: Function,
    build: &Path,
    events: u32,
    out: &Path,
) -> Result<()> {
    let file = format!("--callgrind-out-file={}", out.display());
    let command = ["valgrind".into(), "--quiet".into(), "--tool=callgrind".into(), file.into(), build.into()];
    world.runs(function.name(), command.into()).await;
    world.starts(function.name()).await?;
    for _ in 0..events {
        function.has_an_event(world).await?;
    }
    world.ends(function.name()).await
}
