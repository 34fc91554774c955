//! How long leavers keep their numbers.

use sandbox::{Employee, World};

use super::{AT_ONCE, DAY, HOUR, MINUTE, a_world_with_a_clock};
use crate::COMPANY_NUMBER;

/// A world with Ada, and with Joan, who stays, in which numbers go to the pool.
async fn a_world_with_a_pool() -> World {
    let world = a_world_with_a_clock().await;
    world.okta.hire(Employee::named("Joan", "Clarke").mobile("+14155550122"));
    world.twilio.sells("+19253290000");
    world.configure("TWILIFY_RETIRE", "pool").await;
    world.run_provisioner().await.unwrap();
    world
}

/// Whether Ada's number is in the pool after another run.
async fn is_in_the_pool(world: &World) -> bool {
    world.run_provisioner().await.unwrap();
    let owned = world.twilio.owned().into_iter().find(|it| it.phone_number == COMPANY_NUMBER);
    owned.unwrap().friendly_name == "twilify:pool"
}

#[tokio::test]
async fn a_leaver_keeps_their_number_for_thirty_days() {
    let world = a_world_with_a_pool().await;
    world.okta.leaves("Ada", 0);
    for (time, pooled) in [(AT_ONCE, false), (30 * DAY - MINUTE, false), (2 * MINUTE, true)] {
        world.clock.passes(time);
        assert_eq!(is_in_the_pool(&world).await, pooled, "{} minutes later", time.as_mins());
    }
}

#[tokio::test]
async fn a_setting_says_how_many_days_a_leaver_keeps_their_number() {
    let world = a_world_with_a_pool().await;
    world.configure("TWILIFY_RETIRE_AFTER_DAYS", "2").await;
    world.okta.leaves("Ada", 0);
    for (time, pooled) in [(2 * DAY - MINUTE, false), (2 * MINUTE, true)] {
        world.clock.passes(time);
        assert_eq!(is_in_the_pool(&world).await, pooled, "{} minutes later", time.as_mins());
    }
}

#[tokio::test]
async fn somebody_whom_okta_does_not_know_keeps_their_number_for_thirty_days_from_the_run_that_noticed() {
    let world = a_world_with_a_pool().await;
    world.clock.passes(100 * DAY);
    world.okta.deletes("Ada");
    for (time, pooled) in [(AT_ONCE, false), (29 * DAY, false), (DAY, true)] {
        world.clock.passes(time);
        assert_eq!(is_in_the_pool(&world).await, pooled, "{} minutes later", time.as_mins());
    }
}

#[tokio::test]
async fn somebody_who_comes_back_for_an_hour_begins_the_thirty_days_anew() {
    let world = a_world_with_a_pool().await;
    world.okta.leaves("Ada", 0);
    world.clock.passes(29 * DAY);
    assert!(!is_in_the_pool(&world).await);
    world.okta.set_status("Ada", "ACTIVE");
    world.clock.passes(HOUR);
    assert!(!is_in_the_pool(&world).await);
    world.okta.leaves("Ada", 0);
    world.clock.passes(29 * DAY);
    assert!(!is_in_the_pool(&world).await);
    world.clock.passes(DAY + MINUTE);
    assert!(is_in_the_pool(&world).await);
}
