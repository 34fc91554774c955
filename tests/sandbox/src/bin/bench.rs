//! `scripts/bench`: what calls and texts cost, and the provisioner in a company of ten thousand.

use std::time::Instant;

use anyhow::{Result, anyhow, ensure};
use sandbox::{Employee, World, say};

const EMPLOYEES: usize = 10_000;

/// How many calls and texts are measured.
const EVENTS: u32 = 2000;

const CALLER: &str = "+14155550123";

const COMPANY_NUMBER: &str = "+19253294108";

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
    calls_and_texts("remembered", "60").await?;
    calls_and_texts("read from Okta", "0").await?;
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
    if let Some(usage) = world.usage("provisioner").await {
        line("peak memory of both runs, MiB", usize::try_from(usage.peak_memory >> 20)?, 64);
    }
    Ok(())
}

/// Calls and texts one employee, who is asked for anew or remembered for some `seconds`.
async fn calls_and_texts(what: &str, seconds: &str) -> Result<()> {
    let world = World::start().await?;
    world.configure("TWILIFY_REMEMBER_SECONDS", seconds).await;
    world.configure("TWILIFY_LOG", "warn").await;
    world.okta.hire(Employee::named("Ada", "Lovelace").mobile("+18182179229"));
    world.twilio.sells(COMPANY_NUMBER);
    world.run_provisioner().await.map_err(|failed| anyhow!(failed.message))?;
    world.call(CALLER, COMPANY_NUMBER).await;
    world.text(CALLER, COMPANY_NUMBER, "Hello").await;
    let counts = || (world.okta.health.requests().len(), world.twilio.health.requests().len());
    for function in ["call-forward", "sms-forward"] {
        let (okta, twilio) = counts();
        let before = world.usage(function).await;
        for _ in 0..EVENTS {
            if function == "call-forward" {
                world.twilio.deliver(&world.twilio.a_call(CALLER, COMPANY_NUMBER)).await;
            } else {
                world.twilio.deliver(&world.twilio.a_text(CALLER, COMPANY_NUMBER, "Hello")).await;
            }
        }
        let (okta_after, twilio_after) = counts();
        say(&format!("{function}, {EVENTS} times, employee {what}"));
        say(&format!("    requests to Okta {}, to Twilio {}", okta_after - okta, twilio_after - twilio));
        if let (Some(before), Some(after)) = (before, world.usage(function).await) {
            let each = after.cpu_time.saturating_sub(before.cpu_time) / EVENTS;
            let memory = after.peak_memory >> 10;
            say(&format!("    {} µs on a processor each, peak memory {memory} KiB", each.as_micros()));
        }
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
