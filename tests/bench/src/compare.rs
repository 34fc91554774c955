//! Two builds of a function, measured in turn, so that whatever else the machine does hits both.

use std::path::{Path, PathBuf};

use anyhow::Result;
use sandbox::{binary, say};

use crate::{
    a_world, callgrind,
    process::{init, median, some_traffic},
    traffic::{Asks, Function},
};

/// How often the builds take turns, and with how many events.
const TURNS: usize = 11;
const EVENTS: u32 = 200;

/// Measures `other` and the present build in turn.
pub(crate) async fn compare(other: &Path) -> Result<()> {
    let function = Function::told_by(other)?;
    let builds = [binary(function.name())?.clone(), other.canonicalize()?];
    say(&format!("{function}: this build, {}, and by how much that differs", other.display()));
    let mut sizes = Vec::new();
    for build in &builds {
        sizes.push(std::fs::metadata(build)?.len() as f64 / 1024.);
    }
    row("binary, KiB", &sizes);
    let world = a_world(Asks::Seldom).await?;
    let times = init(&world, function, &[&builds[0], &builds[1]]).await?;
    row("start, µs of processor time", &times.iter().map(|it| it.as_secs_f64() * 1e6).collect::<Vec<_>>());
    for asks in [Asks::Seldom, Asks::Always] {
        let mut counted = Vec::new();
        for build in &builds {
            counted.extend(callgrind::count(&a_world(asks).await?, function, build).await?);
        }
        if asks == Asks::Seldom {
            row("start, instructions", &counted.iter().map(|it| it.init).collect::<Vec<_>>());
        }
        let events: Vec<_> = counted.iter().filter_map(|it| it.events).collect();
        if asks == Asks::Seldom {
            row("first event, instructions", &events.iter().map(|it| it[0]).collect::<Vec<_>>());
        }
        row(&format!("{asks}, instructions"), &events.iter().map(|it| it[1]).collect::<Vec<_>>());
        if function != Function::Provisioner {
            row(&format!("{asks}, µs of processor time"), &in_turn(function, &builds, asks).await?);
        }
    }
    Ok(())
}

/// Lets both builds have events in turn.
async fn in_turn(function: Function, builds: &[PathBuf; 2], asks: Asks) -> Result<[f64; 2]> {
    let worlds = [a_world(asks).await?, a_world(asks).await?];
    for (world, build) in worlds.iter().zip(builds) {
        world.runs(function.name(), vec![build.into()]).await;
        function.has_an_event(world).await?;
    }
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..TURNS {
        for (world, times) in worlds.iter().zip(&mut times) {
            times.push(some_traffic(world, function, EVENTS).await?.cpu);
        }
    }
    Ok(times.map(|it| median(it).as_secs_f64() * 1e6))
}

fn row(what: &str, of_builds: &[f64]) {
    if let [this, other] = of_builds {
        say(&format!("{what:<48} {this:>12.0} {other:>12.0} {:>+8.1} %", (other / this - 1.) * 100.));
    }
}
