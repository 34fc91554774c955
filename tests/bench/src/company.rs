//! The provisioner in a company of ten thousand, and in one that hires many at once.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, ensure};
use sandbox::{Employee, Fault, World};

use crate::{
    table::{Table, What},
    traffic::Function::Provisioner,
};

const EMPLOYEES: usize = 10_000;

/// What one run took.
struct Run {
    requests: f64,
    cpu: Duration,
    peak_memory: f64,
}

/// How long the vendors take for each request of those who are hired.
const EACH: Duration = Duration::from_millis(20);

/// How many requests a minute Okta allows then: more than is needed.
const ALLOWED: u32 = 30_000;

pub(crate) async fn measure(table: &mut Table) -> Result<()> {
    let world = a_company_of(EMPLOYEES).await?;
    let first = run(&world).await?;
    ensure!(world.twilio.purchases() == EMPLOYEES, "{} numbers were bought", world.twilio.purchases());
    table.add(Provisioner, What::Company, first.requests);
    table.add_time(Provisioner, What::CompanyTime, first.cpu);
    let idle = run(&world).await?;
    table.add(Provisioner, What::CompanyIdle, idle.requests);
    table.add_time(Provisioner, What::CompanyIdleTime, idle.cpu);
    table.add(Provisioner, What::CompanyMemory, idle.peak_memory);
    Ok(())
}

/// Measures how long it takes until many who were hired at once have their numbers.
pub(crate) async fn measure_hires(table: &mut Table) -> Result<()> {
    for (what, hires) in [(What::ThousandHires, 1000), (What::ThreeThousandHires, 3000)] {
        let world = a_company_of(hires).await?;
        world.okta.allows(ALLOWED, Duration::from_mins(1));
        world.okta.health.fails(Fault::Takes(EACH));
        world.twilio.health.fails(Fault::Takes(EACH));
        let began = Instant::now();
        world.run_provisioner().await.map_err(|failed| anyhow!(failed.message))?;
        table.add_time(Provisioner, what, began.elapsed());
        ensure!(world.twilio.purchases() == hires, "{} numbers were bought", world.twilio.purchases());
        let most = world.okta.most_in_a_window();
        ensure!(most <= ALLOWED / 3 * 2, "{most} requests in a minute leave less than a third of {ALLOWED}");
    }
    Ok(())
}

async fn a_company_of(employees: usize) -> Result<World> {
    let world = World::start().await?;
    world.configure("TWILIFY_MAX_PURCHASES", &employees.to_string()).await;
    for index in 0..employees {
        let mobile = format!("+1415{:07}", 5_550_000 + index);
        world.okta.hire(Employee::named(&format!("N{index}"), "Doe").mobile(&mobile));
        world.twilio.sells(&format!("+1925{:07}", 3_290_000 + index));
    }
    world.starts(Provisioner.name()).await?;
    Ok(world)
}

async fn run(world: &World) -> Result<Run> {
    let usage =
        async || world.usage(Provisioner.name()).await.context("only Linux tells what a process uses");
    let requests = || world.okta.health.requests().len() + world.twilio.health.requests().len();
    let (before, requests_before) = (usage().await?, requests());
    world.run_provisioner().await.map_err(|failed| anyhow!(failed.message))?;
    let after = usage().await?;
    Ok(Run {
        requests: (requests() - requests_before) as f64,
        cpu: after.cpu_time.saturating_sub(before.cpu_time),
        peak_memory: after.peak_memory as f64,
    })
}
