//! Windows of minutes, hours and days, on both sides of their edge.
//!
//! The clock of the world is moved, and the functions and the operator's program go by it: see `sandbox/src/clock.rs`.

mod calls;
mod provisioner;
mod texts;

use std::time::Duration;

use sandbox::World;

use crate::ada_gets_a_number;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// A world whose clock can be moved, in which Ada has been given her company number.
async fn a_world_with_a_clock() -> World {
    let world = World::start().await.unwrap();
    world.gets_a_clock().await.unwrap();
    ada_gets_a_number(&world).await;
    world
}
