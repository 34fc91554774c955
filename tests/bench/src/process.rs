//! What the system says of a process: its time on a processor and its memory.

use std::{path::Path, time::Duration};

use anyhow::{Context as _, Result};
use sandbox::{Usage, World};

use crate::traffic::Function;

/// How often a function is started.
const STARTS: usize = 15;

/// How many events a process deals with before one looks at its memory.
const EVENTS: u32 = 2000;

/// What some events took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Traffic {
    /// Time on a processor, for each.
    pub(crate) cpu: Duration,
    /// The most memory the process has had, in bytes.
    pub(crate) peak_memory: f64,
    /// Requests to Okta, for each.
    pub(crate) to_okta: f64,
    /// Requests to Twilio, for each.
    pub(crate) to_twilio: f64,
}

/// The processor time that each of `builds` of a function takes until it asks for its first event: the median
/// of some starts, of all builds in turn.
pub(crate) async fn init(world: &World, function: Function, builds: &[&Path]) -> Result<Vec<Duration>> {
    let mut times = vec![Vec::new(); builds.len()];
    for _ in 0..STARTS {
        for (build, times) in builds.iter().zip(&mut times) {
            world.runs(function.name(), vec![build.into()]).await;
            world.starts(function.name()).await?;
            times.push(usage(world, function).await?.cpu_time);
        }
    }
    Ok(times.into_iter().map(median).collect())
}

/// Lets a function have many events.
pub(crate) async fn traffic(world: &World, function: Function) -> Result<Traffic> {
    world.starts(function.name()).await?;
    function.has_an_event(world).await?;
    some_traffic(world, function, EVENTS).await
}

/// Lets a function that runs have so many events more.
pub(crate) async fn some_traffic(world: &World, function: Function, events: u32) -> Result<Traffic> {
    let requests = || [&world.okta.health, &world.twilio.health].map(|it| it.requests().len());
    let (before, [to_okta, to_twilio]) = (usage(world, function).await?, requests());
    for _ in 0..events {
        function.has_an_event(world).await?;
    }
    let (after, [okta, twilio]) = (usage(world, function).await?, requests());
    let each = |requests: usize| requests as f64 / f64::from(events);
    Ok(Traffic {
        cpu: after.cpu_time.saturating_sub(before.cpu_time) / events,
        peak_memory: after.peak_memory as f64,
        to_okta: each(okta - to_okta),
        to_twilio: each(twilio - to_twilio),
    })
}

pub(crate) fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

async fn usage(world: &World, function: Function) -> Result<Usage> {
    world.usage(function.name()).await.context("only Linux tells what a process uses")
}
