//! How long it counts what is known of a phone.

use std::time::Duration;

use sandbox::{Fault, World};

use super::{DAY, HOUR, MINUTE, SECOND, a_world_with_a_clock};
use crate::{
    CALLER, COMPANY_NUMBER, MOBILE,
    calls::{CONNECTED, TRY_LATER},
};

/// What a caller hears.
async fn call(world: &World) -> String {
    world.call(CALLER, COMPANY_NUMBER).await.to_string()
}

#[tokio::test]
async fn a_new_mobile_rings_a_minute_after_the_call_before() {
    let world = a_world_with_a_clock().await;
    let moved = CONNECTED.replace(MOBILE, "+14155550188");
    assert_eq!(call(&world).await, CONNECTED);
    world.okta.set("Ada", "mobilePhone", "+14155550188");
    world.clock.passes(50 * SECOND);
    assert_eq!(call(&world).await, CONNECTED, "Okta has been asked although it was remembered");
    world.clock.passes(11 * SECOND);
    assert_eq!(call(&world).await, moved, "the old mobile rings");
}

#[tokio::test]
async fn while_okta_is_down_a_seal_is_good_for_a_week() {
    for (age, heard) in [(7 * DAY - MINUTE, CONNECTED), (7 * DAY + MINUTE, TRY_LATER), (90 * DAY, TRY_LATER)]
    {
        let world = a_world_with_a_clock().await;
        world.clock.passes(age);
        world.okta.health.fails(Fault::Answers(500, ""));
        assert_eq!(call(&world).await, heard, "a seal that is {} minutes old", age.as_mins());
    }
}

#[tokio::test]
async fn a_setting_says_how_many_days_a_seal_is_good() {
    for (age, heard) in [(2 * DAY - MINUTE, CONNECTED), (2 * DAY + MINUTE, TRY_LATER)] {
        let world = a_world_with_a_clock().await;
        world.configure("TWILIFY_LAST_KNOWN_DAYS", "2").await;
        world.clock.passes(age);
        world.okta.health.fails(Fault::Answers(500, ""));
        assert_eq!(call(&world).await, heard, "a seal that is {} minutes old", age.as_mins());
    }
}

#[tokio::test]
async fn while_okta_is_down_what_it_has_said_is_good_for_a_week() {
    let world = a_world_with_a_clock().await;
    world.ssm.delete("/twilify/seal-key");
    world.configure("TWILIFY_LOG", "info").await;
    assert_eq!(call(&world).await, CONNECTED);
    world.okta.health.fails(Fault::Answers(500, ""));
    world.clock.passes(7 * DAY - MINUTE);
    assert_eq!(call(&world).await, CONNECTED);
    world.clock.passes(2 * MINUTE);
    assert_eq!(call(&world).await, TRY_LATER);
}

#[tokio::test]
async fn a_seal_is_made_anew_when_half_of_its_time_is_over() {
    let world = a_world_with_a_clock().await;
    let changes = async || world.run_provisioner().await.unwrap()["counts"]["changes"].clone();
    world.clock.passes(3 * DAY + 12 * HOUR - MINUTE);
    assert_eq!(changes().await, 0, "too early");
    world.clock.passes(2 * MINUTE);
    assert_eq!(changes().await, 1, "too late: two missed runs, and nobody can be called while Okta is down");
    world.clock.passes(7 * DAY - MINUTE);
    world.okta.health.fails(Fault::Answers(500, ""));
    assert_eq!(call(&world).await, CONNECTED);
}

#[tokio::test]
async fn when_okta_s_allowance_of_a_minute_is_used_up_the_last_known_mobile_rings_until_the_minute_is_over() {
    let world = a_world_with_a_clock().await;
    world.configure("TWILIFY_REMEMBER_SECONDS", "0").await;
    world.okta.allows(2, Duration::from_mins(1));
    for _ in 0..2 {
        assert_eq!(call(&world).await, CONNECTED);
    }
    world.okta.set("Ada", "mobilePhone", "+14155550188");
    assert_eq!(call(&world).await, CONNECTED, "Okta takes no more requests in this minute");
    world.clock.passes(MINUTE);
    assert_eq!(call(&world).await, CONNECTED.replace(MOBILE, "+14155550188"), "Okta takes requests again");
}
