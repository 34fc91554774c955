//! `scripts/bench`: what the provisioner costs in a company of ten thousand.

use std::time::Instant;

use anyhow::{Result, anyhow, ensure};
use sandbox::{Employee, World, say};

const EMPLOYEES: usize = 10_000;

/// What one run took.
struct Figures {
    employees_pages: usize,
    numbers_pages: usize,
    searches: usize,
    others: usize,
    seconds: f64,
}

#[tokio::main]
async fn main() -> Result<()> {
    let world = World::start().await?;
    world.configure("TWILIFY_MAX_PURCHASES", &EMPLOYEES.to_string()).await;
    for index in 0..EMPLOYEES {
        world.okta.hire(
            Employee::named(&format!("N{index}"), "Doe").mobile(&format!("+1415{:07}", 5_550_000 + index)),
        );
        world.twilio.sells(&format!("+1925{:07}", 3_290_000 + index));
    }

    let (pages, lists) = (EMPLOYEES.div_ceil(200), EMPLOYEES.div_ceil(1000));
    let first = run(&world).await?;
    ensure!(world.twilio.purchases() == EMPLOYEES, "{} numbers were bought", world.twilio.purchases());
    say(&format!("first provisioning of {EMPLOYEES} employees, in {:.1} s", first.seconds));
    line("requests to buy, read and write", first.others, 3 * EMPLOYEES);
    line("searches", first.searches, lists + 1);
    line("pages of employees", first.employees_pages, pages);
    line("pages of numbers, before and after", first.numbers_pages, 1 + lists);

    let idle = run(&world).await?;
    say(&format!("a run with nothing to do, in {:.1} s", idle.seconds));
    line("pages of employees", idle.employees_pages, pages);
    line("pages of numbers", idle.numbers_pages, lists);
    line("other requests", idle.searches + idle.others, 0);
    if let Some(memory) = world.provisioners_peak_memory().await {
        line("peak memory of both runs, MiB", usize::try_from(memory >> 20)?, 64);
    }
    Ok(())
}

async fn run(world: &World) -> Result<Figures> {
    let requests = || [world.okta.health.requests(), world.twilio.health.requests()];
    let before = requests().map(|all| all.len());
    let started = Instant::now();
    world.run_provisioner().await.map_err(|failed| anyhow!(failed.message))?;
    let seconds = started.elapsed().as_secs_f64();
    let after = requests();
    let new: Vec<&String> = after.iter().zip(before).flat_map(|(all, before)| &all[before..]).collect();
    let count = |part: &str| new.iter().filter(|it| it.contains(part)).count();
    let employees_pages = count("GET /api/v1/users?");
    let numbers_pages = count("IncomingPhoneNumbers.json?");
    let searches = count("AvailablePhoneNumbers");
    let others = new.len() - employees_pages - numbers_pages - searches;
    Ok(Figures { employees_pages, numbers_pages, searches, others, seconds })
}

fn line(what: &str, figure: usize, target: usize) {
    let mark = if figure <= target { "✓" } else { "✗" };
    say(&format!("  {mark} {what:<40} {figure:>7}   at most {target}"));
}
