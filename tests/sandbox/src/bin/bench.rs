//! `scripts/bench`: what the provisioner costs in a company of ten thousand.

use std::time::Instant;

use anyhow::{Result, anyhow, ensure};
use sandbox::{Employee, World, say};

const EMPLOYEES: usize = 10_000;

/// What one run took.
struct Figures {
    okta: usize,
    twilio: usize,
    searches: usize,
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

    let first = run(&world).await?;
    ensure!(world.twilio.purchases() == EMPLOYEES, "{} numbers were bought", world.twilio.purchases());
    let steps = 3 * EMPLOYEES;
    let pages = EMPLOYEES.div_ceil(200) + 1;
    let check = EMPLOYEES.div_ceil(1000);
    say(&format!("first provisioning of {EMPLOYEES} employees, in {:.1} s", first.seconds));
    line(
        "requests to buy, read and write",
        first.okta + first.twilio - first.searches - pages - check,
        steps,
    );
    line("searches", first.searches, EMPLOYEES.div_ceil(1000) + 1);
    line("requests to look at the world before", pages, pages);
    line("requests to look at the numbers after", check, check);

    let idle = run(&world).await?;
    say(&format!("a run with nothing to do, in {:.1} s", idle.seconds));
    line("requests to Okta", idle.okta, EMPLOYEES.div_ceil(200));
    line("requests to Twilio", idle.twilio, EMPLOYEES.div_ceil(1000));
    if let Some(memory) = world.provisioners_peak_memory().await {
        line("peak memory of both runs, MiB", usize::try_from(memory >> 20)?, 64);
    }
    Ok(())
}

async fn run(world: &World) -> Result<Figures> {
    let requests = || (world.okta.health.requests().len(), world.twilio.health.requests());
    let (okta, twilio) = requests();
    let started = Instant::now();
    world.run_provisioner().await.map_err(|failed| anyhow!(failed.message))?;
    let seconds = started.elapsed().as_secs_f64();
    let (okta_after, twilio_after) = requests();
    let new = &twilio_after[twilio.len()..];
    let searches = new.iter().filter(|it| it.contains("AvailablePhoneNumbers")).count();
    Ok(Figures { okta: okta_after - okta, twilio: new.len(), searches, seconds })
}

fn line(what: &str, figure: usize, target: usize) {
    let mark = if figure <= target { "✓" } else { "✗" };
    say(&format!("  {mark} {what:<40} {figure:>7}   at most {target}"));
}
