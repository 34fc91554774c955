//! Writes of numbers into profiles that fail, or of which nobody knows what became of them.

use std::time::Duration;

use sandbox::{Employee, Fault, World};
use serde_json::Value;

use crate::{CALLER, COMPANY_NUMBER};

const MOBILE: &str = "+14155550111";

/// A world in which Ada waits for a number.
async fn a_world_in_which_ada_waits() -> World {
    let world = World::start().await.unwrap();
    world.okta.hire(Employee::named("Ada", "Lovelace").mobile(MOBILE));
    world.twilio.sells(COMPANY_NUMBER);
    world
}

/// Breaks so many writes after the rehearsal, which is the first write to Ada's profile.
fn breaks_writes(world: &World, times: usize, fault: &Fault) {
    let (mut writes, fault) = (0, fault.clone());
    world.okta.health.fails_as(move |request| {
        writes += usize::from(request.starts_with("POST "));
        let breaks = request.starts_with("POST ") && (2..2 + times).contains(&writes);
        breaks.then(|| fault.clone())
    });
}

/// How many writes Okta was asked for.
fn writes(world: &World) -> usize {
    world.okta.health.requests().iter().filter(|it| it.starts_with("POST ")).count()
}

fn label(world: &World) -> String {
    world.twilio.owned()[0].friendly_name.clone()
}

/// The label of a number of Ada's.
fn adas() -> String {
    format!("twilify:{}", Employee::named("Ada", "").id())
}

#[tokio::test]
async fn a_write_that_was_made_although_its_reply_is_lost_is_found_in_the_profile_and_not_made_again() {
    for fault in [Fault::LosesReply, Fault::Denies(500), Fault::Denies(504)] {
        let world = a_world_in_which_ada_waits().await;
        breaks_writes(&world, 1, &fault);
        let report = world.run_provisioner().await.unwrap();
        assert_eq!(report["counts"]["purchases"], 1, "{fault:?}: {report:#}");
        assert_eq!((writes(&world), label(&world)), (2, adas()), "{fault:?}");
        let call = world.call(CALLER, COMPANY_NUMBER).await.to_string();
        assert!(call.contains(&format!("{MOBILE} rings")), "{fault:?}: {call}");
    }
}

#[tokio::test]
async fn a_write_is_tried_three_times_if_it_may_work_and_once_if_it_cannot() {
    let conflict = r#"{"errorCode":"E0000231","errorSummary":"…"}"#;
    let invalid = r#"{"errorCode":"E0000003","errorSummary":"…"}"#;
    for (fault, tried, kept) in [
        (Fault::Answers(400, invalid), 1, true),
        (Fault::Answers(503, "{}"), 3, true),
        (Fault::Cuts, 3, true),
        // Somebody else is at work on the profile, so the number goes to the next employee.
        (Fault::Answers(412, conflict), 3, false),
    ] {
        let world = a_world_in_which_ada_waits().await;
        world.gives_provisioner(Duration::from_secs(40));
        breaks_writes(&world, usize::MAX - 2, &fault);
        let _ = world.run_provisioner().await;
        assert_eq!(writes(&world), 1 + tried, "{fault:?}");
        assert_eq!(label(&world) == adas(), kept, "{fault:?}: {}", label(&world));
        world.okta.health.recovers();
        world.run_provisioner().await.unwrap();
        assert_eq!(world.okta.profile("Ada", "primaryPhone").as_deref(), Some(COMPANY_NUMBER), "{fault:?}");
        assert_eq!((world.twilio.purchases(), label(&world)), (1, adas()), "{fault:?}");
    }
}

#[tokio::test]
async fn a_write_that_works_the_third_time_is_a_write() {
    let world = a_world_in_which_ada_waits().await;
    breaks_writes(&world, 2, &Fault::Answers(503, "{}"));
    let report: Value = world.run_provisioner().await.unwrap();
    assert_eq!((writes(&world), &report["counts"]["failed"]), (4, &0.into()), "{report:#}");
    assert_eq!(world.okta.profile("Ada", "primaryPhone").as_deref(), Some(COMPANY_NUMBER));
}
