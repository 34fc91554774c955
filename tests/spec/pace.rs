//! How fast the provisioner asks the vendors: it leaves room for calls, and hurries where there is plenty.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use sandbox::{Employee, Fault, Refuses, World};

use crate::{CALLER, COMPANY_NUMBER, a_world_with_ada, calls::CONNECTED};

fn hire(world: &World, count: usize) {
    for index in 0..count {
        let mobile = format!("+1415555{:04}", 1000 + index);
        world.okta.hire(Employee::named(&format!("N{index}"), "Doe").mobile(&mobile));
        world.twilio.sells(&format!("+1925{:07}", 3_290_000 + index));
    }
}

fn served(world: &World) -> usize {
    world.okta.everybody().iter().filter(|it| it.attribute("primaryPhone").is_some()).count()
}

#[tokio::test]
async fn while_two_hundred_people_are_hired_every_call_of_the_first_minute_connects() {
    let world = a_world_with_ada().await;
    // So that a call depends on Okta.
    world.ssm.delete("/twilify/seal-key");
    world.configure("TWILIFY_MAX_PURCHASES", "200").await;
    world.run_provisioner().await.unwrap();
    hire(&world, 200);
    world.okta.allows(60, Duration::from_mins(1));
    let calls = async {
        for call in 1..=12 {
            tokio::time::sleep(Duration::from_millis(500)).await;
            assert_eq!(world.call(CALLER, COMPANY_NUMBER).await.to_string(), CONNECTED, "call {call}");
        }
    };
    tokio::select! {
        report = world.run_provisioner() => panic!("200 people take longer than a few seconds: {report:?}"),
        () = calls => {}
    }
    // Each of them takes two of the forty writes in a minute that are not reserved for others.
    assert!(served(&world) > 12, "{} people have a number by now", served(&world));
}

#[tokio::test]
async fn a_run_leaves_a_third_of_okta_s_allowance_and_waits() {
    let world = World::start().await.unwrap();
    hire(&world, 30);
    world.okta.allows(30, Duration::from_secs(4));
    world.run_provisioner().await.unwrap();
    assert_eq!(served(&world), 30);
    assert!(world.okta.most_in_a_window() <= 20, "{} of 30 requests", world.okta.most_in_a_window());
}

/// A world in which so many people wait for a number and as many numbers are in the pool.
async fn a_company_with_a_pool(count: usize) -> World {
    let world = World::start().await.unwrap();
    for index in 0..count {
        let number = format!("+1925{:07}", 3_290_000 + index);
        world.okta.hire(Employee::named(&format!("N{index}"), "Doe").mobile(&format!("+1415555{index:04}")));
        world.twilio.owns(&number);
        world.twilio.change(&number, |it| "twilify:pool".clone_into(&mut it.friendly_name));
    }
    for health in [&world.okta.health, &world.twilio.health] {
        health.fails(Fault::Takes(Duration::from_millis(20)));
    }
    world
}

#[tokio::test]
async fn a_run_has_more_requests_under_way_while_the_vendors_answer_quickly_and_never_more_than_sixteen() {
    let world = a_company_with_a_pool(200).await;
    world.run_provisioner().await.unwrap();
    assert_eq!(served(&world), 200);
    let (at_okta, at_twilio) = (world.okta.health.load().0, world.twilio.health.load().0);
    assert!((9..=16).contains(&at_okta) && at_twilio <= 16, "{at_okta} at Okta, {at_twilio} at Twilio");
}

#[tokio::test]
async fn a_run_has_fewer_requests_under_way_after_one_was_too_many() {
    for vendor in ["Okta", "Twilio"] {
        let world = a_company_with_a_pool(60).await;
        let health = if vendor == "Okta" { &world.okta.health } else { &world.twilio.health };
        health.takes_at_once(8);
        world.run_provisioner().await.unwrap();
        assert_eq!(served(&world), 60);
        let (_, refused) = health.load();
        assert!((1..=20).contains(&refused), "{refused} requests were too many for {vendor}");
    }
}

#[tokio::test]
async fn who_has_to_wait_because_okta_asks_for_fewer_requests_is_told_so_and_nothing_else_is_blamed() {
    let world = World::start().await.unwrap();
    hire(&world, 8);
    // Their numbers were bought before and carry their labels.
    for index in 0..6 {
        let label = format!("twilify:{}", Employee::named(&format!("N{index}"), "").id());
        let number = format!("+1925{:07}", 3_290_000 + index);
        world.twilio.owns(&number);
        world.twilio.change(&number, |it| it.friendly_name.clone_from(&label));
    }
    world.gives_provisioner(Duration::from_secs(40));
    world.okta.health.fails_on("POST /api", usize::MAX, Fault::LimitsRate(50));
    let report = world.run_provisioner().await.unwrap();
    let postponed = report["postponed"].as_array().unwrap();
    assert_eq!(postponed.len(), 8, "{report:#}");
    for entry in postponed {
        assert!(entry["text"].as_str().unwrap().contains("Okta asks for fewer requests"), "{report:#}");
    }
    assert_eq!(report["failed"].as_array().map(Vec::len), Some(0), "{report:#}");
}

#[tokio::test]
async fn mobiles_that_cannot_be_cleaned_up_do_not_keep_a_new_employee_from_a_number() {
    let world = World::start().await.unwrap();
    for index in 0..60 {
        let name = format!("N{index}");
        let employee = Employee::named(&name, "Doe").mobile(&format!("(415) 555-{:04}", 1000 + index));
        world.okta.hire(employee.company_number(&format!("+1212555{index:04}")));
        world.okta.refuses_writes_to(&name, Refuses::Mastered);
    }
    world.okta.hire(Employee::named("Grace", "Hopper").mobile("+14155550111"));
    world.twilio.sells("+19253290000");
    // There is time to begin for a few seconds, and in them Okta takes twenty requests of each kind.
    world.okta.allows(30, Duration::from_mins(1));
    world.gives_provisioner(Duration::from_secs(36));
    let report = world.run_provisioner().await.unwrap();
    assert!(report["postponed"].as_array().is_some_and(|it| it.len() >= 20), "{report:#}");
    assert_eq!(world.okta.profile("Grace", "primaryPhone").as_deref(), Some("+19253290000"), "{report:#}");
}

#[tokio::test]
async fn a_twilio_that_is_too_busy_for_half_a_second_is_asked_four_times_at_the_most_and_answers_then() {
    let world = World::start().await.unwrap();
    hire(&world, 1);
    let refused = Arc::new(AtomicUsize::new(0));
    let (count, mut ends) = (Arc::clone(&refused), None);
    world.twilio.health.fails_as(move |_| {
        let ends = ends.get_or_insert_with(|| Instant::now() + Duration::from_millis(500));
        let is_busy = Instant::now() < *ends;
        count.fetch_add(usize::from(is_busy), Ordering::Relaxed);
        is_busy.then_some(Fault::Answers(429, r#"{"code":20429}"#))
    });
    world.run_provisioner().await.unwrap();
    let refused = refused.load(Ordering::Relaxed);
    assert!(
        (1..=4).contains(&refused),
        "{refused} requests in half a second are refused for the whole company"
    );
    assert_eq!(served(&world), 1);
}

#[tokio::test]
async fn a_number_is_added_to_the_messaging_service_although_twilio_is_too_busy_for_a_moment() {
    let world = World::start().await.unwrap();
    world.configure("TWILIFY_MESSAGING_SERVICE_SID", sandbox::MESSAGING_SERVICE_SID).await;
    hire(&world, 1);
    world.twilio.health.fails_on("POST /v1/Services", 1, Fault::Answers(429, r#"{"code":20429}"#));
    world.run_provisioner().await.unwrap();
    assert_eq!(world.twilio.enrolled().len(), 1, "texts to the United States wait for the next run");
}
