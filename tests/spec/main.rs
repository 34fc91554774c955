//! What the product does, and how it is held together.

#![expect(clippy::unwrap_used, reason = "a test fails where it finds the world other than it should be")]

mod anything;
mod architecture;
mod attributes;
mod caller_ids;
mod calls;
mod candidates;
mod chaos;
mod circles;
mod claims;
mod cli;
mod convergence;
mod delivering;
mod dialling;
mod directory;
mod fallback;
mod finding;
mod following;
mod forged;
mod forgetting;
mod fuzzing;
mod hopeless;
mod late;
mod leavers;
mod ledger;
mod load;
mod meanwhile;
mod messages;
mod numbers;
mod observing;
mod outages;
mod outcomes;
mod own_number;
mod pace;
mod patience;
mod pictures;
mod provisioning;
mod purchases;
mod queues;
mod reconciling;
mod recutting;
mod redirects;
mod refusals;
mod remarks;
mod secrets;
mod security;
mod signatures;
mod slow_log;
mod starting;
mod stops;
#[cfg(target_os = "linux")]
mod time;
mod unforwarded;
mod unreadable;
mod unwritable;
mod writes;

use sandbox::{Employee, World};

/// Held by whatever keeps the whole machine busy, so that no other such thing does at the same time.
static BUSY: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// Someone outside.
const CALLER: &str = "+14155550123";

/// The number Ada publishes.
const COMPANY_NUMBER: &str = "+19253294108";

/// The phone in Ada's pocket.
const MOBILE: &str = "+18182179229";

/// A world in which Ada has been given her company number, and in which every call and text asks Okta anew.
async fn a_world_with_ada() -> World {
    let world = World::start().await.unwrap();
    world.configure("TWILIFY_REMEMBER_SECONDS", "0").await;
    ada_gets_a_number(&world).await;
    world
}

/// A world in which Ada has been given her company number.
async fn a_world_that_remembers_ada() -> World {
    let world = World::start().await.unwrap();
    ada_gets_a_number(&world).await;
    world
}

async fn ada_gets_a_number(world: &World) {
    world.okta.hire(Employee::named("Ada", "Lovelace").mobile("(818) 217-9229"));
    world.twilio.sells(COMPANY_NUMBER);
    world.run_provisioner().await.unwrap();
}
