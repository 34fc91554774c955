//! Windows of minutes, hours and days, on both sides of their edge.
//!
//! The clock of the world is moved, and the functions and the operator's program go by it: see `sandbox/src/clock.rs`.

mod calls;
mod provisioner;
mod texts;

use jiff::SignedDuration;
use sandbox::World;
use serde_json::Value;

use crate::{CALLER, COMPANY_NUMBER, ada_gets_a_number};

const AT_ONCE: SignedDuration = SignedDuration::ZERO;
const SECOND: SignedDuration = SignedDuration::from_secs(1);
const MINUTE: SignedDuration = SignedDuration::from_mins(1);
const HOUR: SignedDuration = SignedDuration::from_hours(1);
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// A world whose clock can be moved, in which Ada has been given her company number.
async fn a_world_with_a_clock() -> World {
    let world = World::start().await.unwrap();
    world.gets_a_clock().await.unwrap();
    ada_gets_a_number(&world).await;
    world
}

#[tokio::test]
async fn what_is_counted_is_counted_for_the_time_at_which_it_happened() {
    let world = a_world_with_a_clock().await;
    world.clock.passes(200 * DAY);
    let before = world.clock.now().as_millisecond();
    world.call(CALLER, COMPANY_NUMBER).await;
    let log = world.logged("CallsConnected").await;
    let line: Value =
        serde_json::from_str(log.lines().find(|it| it.contains("CallsConnected")).unwrap()).unwrap();
    let counted = line["_aws"]["Timestamp"].as_i64().unwrap();
    // CloudWatch drops what it takes for older than two weeks.
    assert!(
        (before..=world.clock.now().as_millisecond()).contains(&counted),
        "{counted} is not about {before}"
    );
}
