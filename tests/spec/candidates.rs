//! Numbers for sale that were looked at and not bought, and steps for which there is no time.

use std::time::Duration;

use sandbox::{Employee, Fault, Refuses, World};
use serde_json::Value;

/// A world with so many employees who wait for a number, and with so many numbers for sale.
async fn a_company_of(count: usize, for_sale: usize) -> World {
    let world = World::start().await.unwrap();
    for index in 0..count {
        let employee = Employee::named(&format!("N{index}"), "Doe");
        world.okta.hire(employee.mobile(&format!("+1415555{:04}", 100 + index)));
    }
    sell(&world, 0..for_sale);
    world
}

fn sell(world: &World, numbers: std::ops::Range<usize>) {
    numbers.for_each(|index| world.twilio.sells(&format!("+1925{:07}", 3_290_000 + index)));
}

fn texts(report: &Value, part: &str) -> Vec<String> {
    let entries = report[part].as_array().unwrap().iter();
    entries.map(|entry| entry["text"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn what_an_okta_with_thirty_requests_a_minute_has_no_time_for_is_postponed_and_none_of_it_failed() {
    let world = a_company_of(300, 60).await;
    world.configure("TWILIFY_MAX_PURCHASES", "300").await;
    world.gives_provisioner(Duration::from_secs(40));
    for _ in 0..3 {
        let mut left = 31;
        world.okta.health.fails_as(move |_| {
            left = usize::saturating_sub(left, 1);
            (left == 0).then_some(Fault::LimitsRate(50))
        });
        let report = world.run_provisioner().await.unwrap();
        assert_eq!(report["counts"]["failed"], 0);
        // Purchases, or numbers that the run before has bought and had no time to write.
        assert!(!texts(&report, "changes").is_empty(), "{report:#}");
        assert!(texts(&report, "postponed").len() > 250, "{report:#}");
        world.okta.health.recovers();
    }
    sell(&world, 60..310);
    world.gives_provisioner(Duration::from_mins(15));
    world.run_provisioner().await.unwrap();
    assert_eq!(world.twilio.purchases(), 300);
}

#[tokio::test]
async fn a_candidate_that_was_not_bought_is_there_for_the_next_employee() {
    // One of them is still there when all are served, so that nobody hears that none is for sale.
    let world = a_company_of(10, 3).await;
    for index in 0..8 {
        world.okta.refuses_writes_to(&format!("N{index}"), Refuses::Mastered);
    }
    world.run_provisioner().await.unwrap();
    assert_eq!(world.twilio.purchases(), 2);
    assert!(["N8", "N9"].iter().all(|it| world.okta.profile(it, "primaryPhone").is_some()));
}

#[tokio::test]
async fn while_twilio_asks_for_fewer_requests_people_wait_and_nothing_is_sold_out() {
    let world = a_company_of(10, 12).await;
    world.twilio.health.fails_on("POST /2010", 10_000, Fault::Answers(429, r#"{"code":20429}"#));
    let report = world.run_provisioner().await.unwrap();
    assert_eq!((texts(&report, "postponed").len(), texts(&report, "failed").len()), (10, 0), "{report:#}");
    world.twilio.health.recovers();
    world.run_provisioner().await.unwrap();
    assert_eq!(world.twilio.purchases(), 10);
}

#[tokio::test]
async fn a_number_that_twilio_does_not_sell_us_keeps_nobody_but_one_from_theirs() {
    let world = a_company_of(3, 5).await;
    // It takes an address, which we do not give.
    let address = Fault::Answers(400, r#"{"code":21631,"message":"Phone Number Requires an Address"}"#);
    world.twilio.health.fails_on("POST /2010", 1, address);
    let failed = world.run_provisioner().await.unwrap_err();
    let report: Value = serde_json::from_str(&failed.message).unwrap();
    assert_eq!((texts(&report, "failed").len(), world.twilio.purchases()), (1, 2), "{report:#}");
}
