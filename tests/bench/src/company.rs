//! The provisioner in a company of ten thousand.

use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, ensure};
use sandbox::{Employee, World};

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

pub(crate) async fn measure(table: &mut Table) -> Result<()> {
    let world = World::start().await?;
    world.configure("TWILIFY_MAX_PURCHASES", &EMPLOYEES.to_string()).await;
    for index in 0..EMPLOYEES {
        let mobile = format!("+1415{:07}", 5_550_000 + index);
        world.okta.hire(Employee::named(&format!("N{index}"), "Doe").mobile(&mobile));
        world.twilio.sells(&format!("+1925{:07}", 3_290_000 + index));
    }
    world.starts(Provisioner.name()).await?;
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
