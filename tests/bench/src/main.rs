//! `scripts/bench`: what the functions cost, against what they may cost.

#![expect(clippy::cast_precision_loss, reason = "nothing that is counted here has more than 52 bits")]

mod callgrind;
mod company;
mod compare;
mod parts;
mod process;
mod table;
mod traffic;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow};
use clap::Parser;
use sandbox::{Employee, World, binary, build_as_deployed, say};
use serde_json::json;

use self::{
    table::{Table, What},
    traffic::{Asks, FUNCTIONS, Function},
};

/// Where files go.
const TARGET: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target");

/// Measures the release build on this machine, and writes the figures to target/bench.json.
///
/// Instructions are counted by valgrind's callgrind, where there is one.
#[derive(Parser)]
struct Arguments {
    /// Measures another build of a function, too, and says how the two differ. The function is told by the name
    /// of the file or of a folder that it is in.
    #[arg(long, value_name = "BINARY")]
    compare: Option<PathBuf>,
    /// Profiles the start and the events of a build of a function, for `callgrind_annotate` to show. It says where
    /// the time goes if the build was made with `CARGO_PROFILE_RELEASE_STRIP=none`.
    #[arg(long, value_name = "BINARY", conflicts_with = "compare")]
    profile: Option<PathBuf>,
    /// Measures the provisioner alone, in companies where many are hired at once.
    #[arg(long, conflicts_with_all = ["compare", "profile"])]
    company: bool,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    build_as_deployed();
    if let Some(other) = arguments.compare {
        return compare::compare(&other).await;
    }
    if let Some(build) = arguments.profile {
        return profile(&build).await;
    }
    let mut table = Table::default();
    if arguments.company {
        measure_companies(&mut table).await?;
        say(&format!("\n{}", table.markdown()));
        return Ok(());
    }
    for function in FUNCTIONS {
        say(&format!("measuring {function}"));
        measure(function, &mut table).await?;
    }
    say("measuring what a webhook is made of");
    parts::measure(&mut table)?;
    measure_companies(&mut table).await?;
    say(&format!("\n{}", machine()));
    say(&format!("\n{}", table.markdown()));
    let file = Path::new(TARGET).join("bench.json");
    let all = json!({ "machine": machine(), "figures": table.json() });
    std::fs::write(&file, format!("{all:#}\n")).with_context(|| format!("{}", file.display()))?;
    say("The figures are in target/bench.json, too.");
    Ok(())
}

async fn measure_companies(table: &mut Table) -> Result<()> {
    say("measuring a company that hires thousands at once");
    company::measure_hires(table).await?;
    say("measuring a company of ten thousand");
    company::measure(table).await
}

async fn profile(build: &Path) -> Result<()> {
    let function = Function::told_by(build)?;
    for (what, events, asks) in
        [("start", 0, Asks::Seldom), ("remembered", 400, Asks::Seldom), ("from-okta", 400, Asks::Always)]
    {
        let out = Path::new(TARGET).join(format!("callgrind.{function}.{what}"));
        callgrind::profile(&a_world(asks).await?, function, build, events, &out).await?;
        say(&format!("callgrind_annotate {}", out.canonicalize()?.display()));
    }
    Ok(())
}

/// Measures one function by itself.
async fn measure(function: Function, table: &mut Table) -> Result<()> {
    let binary = binary(function.name())?;
    table.add_size(function, binary)?;
    let world = a_world(Asks::Seldom).await?;
    let init = process::init(&world, function, &[binary]).await?;
    table.add_time(function, What::InitTime, init[0]);
    if let Some(instructions) = callgrind::count(&world, function, binary).await? {
        table.add(function, What::InitInstructions, instructions.init);
        if let Some([first, event]) = instructions.events {
            table.add(function, What::FirstEvent, first);
            table.add(function, What::EventRemembered, event);
        }
    }
    if function == Function::Provisioner {
        return Ok(());
    }
    let traffic = process::traffic(&a_world(Asks::Seldom).await?, function).await?;
    table.add_time(function, What::TimeRemembered, traffic.cpu);
    table.add(function, What::Throughput, 1. / traffic.cpu.as_secs_f64());
    table.add(function, What::ToOktaRemembered, traffic.to_okta);
    let world = a_world(Asks::Always).await?;
    let traffic = process::traffic(&world, function).await?;
    table.add_time(function, What::TimeFromOkta, traffic.cpu);
    table.add(function, What::Memory, traffic.peak_memory);
    table.add(function, What::ToOkta, traffic.to_okta);
    table.add(function, What::ToTwilio, traffic.to_twilio);
    if let Some(instructions) = callgrind::count(&world, function, binary).await?
        && let Some([_, event]) = instructions.events
    {
        table.add(function, What::EventFromOkta, event);
    }
    Ok(())
}

/// A world, with TLS, in which Ada has a company number.
async fn a_world(asks: Asks) -> Result<World> {
    let world = World::start_over_tls().await?;
    world.configure("TWILIFY_REMEMBER_SECONDS", asks.remember_seconds()).await;
    world.okta.hire(Employee::named("Ada", "Lovelace").mobile(traffic::MOBILE));
    world.twilio.sells(traffic::COMPANY_NUMBER);
    world.run_provisioner().await.map_err(|failed| anyhow!(failed.message))?;
    Ok(world)
}

/// What the figures were measured on.
fn machine() -> String {
    let cpus = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus.lines().find_map(|line| line.strip_prefix("model name")?.split(": ").nth(1));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{}, {cores} cores, {}", model.unwrap_or("unknown processor"), std::env::consts::ARCH)
}
