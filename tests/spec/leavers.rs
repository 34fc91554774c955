//! What becomes of the numbers of those who leave.

use jiff::{SignedDuration, Timestamp};
use sandbox::{Employee, Hidden, World};

use crate::{COMPANY_NUMBER, a_world_with_ada};

/// A world with Ada, and with Joan, who stays.
pub(super) async fn a_world_that(retires: &str) -> World {
    let world = a_world_with_ada().await;
    world.okta.hire(Employee::named("Joan", "Clarke").mobile("+14155550122"));
    world.twilio.sells("+19253290000");
    world.run_provisioner().await.unwrap();
    world.configure("TWILIFY_RETIRE", retires).await;
    world
}

/// What is written on Ada's number; `None` if the account does not own it any more.
pub(super) fn label(world: &World) -> Option<String> {
    world.twilio.owned().into_iter().find(|it| it.phone_number == COMPANY_NUMBER).map(|it| it.friendly_name)
}

#[tokio::test]
async fn by_default_a_leavers_number_is_kept_and_somebody_is_told() {
    let world = a_world_with_ada().await;
    let before = label(&world);
    world.okta.leaves("Ada", 400);
    let report = world.run_provisioner().await.unwrap();
    assert_eq!(label(&world), before);
    assert!(report["findings"][0].as_str().unwrap().contains(COMPANY_NUMBER), "{report:#}");
}

#[tokio::test]
async fn a_leavers_number_goes_to_the_pool_after_the_quarantine_and_from_there_to_the_next_employee() {
    let world = a_world_that("pool").await;
    world.okta.leaves("Ada", 29);
    world.run_provisioner().await.unwrap();
    assert_ne!(label(&world).as_deref(), Some("twilify:pool"), "in quarantine");
    world.okta.leaves("Ada", 31);
    world.run_provisioner().await.unwrap();
    assert_eq!(label(&world).as_deref(), Some("twilify:pool"));
    world.okta.hire(Employee::named("Grace", "Hopper").mobile("+14155550111"));
    world.run_provisioner().await.unwrap();
    assert_eq!(world.okta.profile("Grace", "primaryPhone").as_deref(), Some(COMPANY_NUMBER));
    assert_eq!(world.twilio.purchases(), 2, "Ada's and Joan's");
    let call = world.call("+14155550123", COMPANY_NUMBER).await.to_string();
    assert!(call.contains("Grace") && call.contains("+14155550111 rings"), "{call}");
}

#[tokio::test]
async fn a_leavers_number_is_released_after_the_quarantine() {
    let world = a_world_that("release").await;
    world.okta.leaves("Ada", 31);
    let report = world.run_provisioner().await.unwrap();
    assert_eq!(label(&world), None);
    assert_eq!(report["monthly_cost_change_usd"], -1.15);
}

#[tokio::test]
async fn a_number_that_somebody_has_passed_on_by_hand_is_not_released() {
    let world = a_world_that("release").await;
    world.okta.leaves("Ada", 31);
    // She is not among those that are served, so only the last look before the release can find her.
    world.okta.hire(Employee::named("Grace", "Hopper").mobile("+14155550111").company_number(COMPANY_NUMBER));
    world.okta.set("Joan", "department", "Sales");
    world.configure("TWILIFY_OKTA_SEARCH", r#"profile.department eq "Sales""#).await;
    world.run_provisioner().await.unwrap();
    assert!(label(&world).is_some(), "released");
}

#[tokio::test]
async fn somebody_who_is_suspended_or_not_served_keeps_their_number() {
    let world = a_world_that("release").await;
    let before = label(&world);
    world.okta.set_status("Ada", "SUSPENDED");
    world.run_provisioner().await.unwrap();
    world.okta.set_status("Ada", "ACTIVE");
    world.configure("TWILIFY_OKTA_SEARCH", r#"profile.department eq "Sales""#).await;
    world.run_provisioner().await.unwrap();
    assert_eq!(label(&world), before);
}

#[tokio::test]
async fn somebody_who_comes_back_in_the_quarantine_gets_the_same_number() {
    let world = a_world_that("pool").await;
    world.okta.leaves("Ada", 10);
    world.run_provisioner().await.unwrap();
    world.okta.set_status("Ada", "ACTIVE");
    world.okta.set("Ada", "primaryPhone", "");
    world.run_provisioner().await.unwrap();
    assert_eq!(world.okta.profile("Ada", "primaryPhone").as_deref(), Some(COMPANY_NUMBER));
    assert_eq!(world.twilio.purchases(), 2, "Ada's and Joan's");
}

#[tokio::test]
async fn when_everybody_seems_to_have_left_nobodys_number_is_touched() {
    let world = World::start().await.unwrap();
    for index in 0..20 {
        world.okta.hire(
            Employee::named(&format!("N{index}"), "Doe").mobile(&format!("+1415555{:04}", 100 + index)),
        );
        world.twilio.sells(&format!("+1925{:07}", 3_290_000 + index));
    }
    world.configure("TWILIFY_RETIRE", "release").await;
    world.run_provisioner().await.unwrap();
    for index in 0..6 {
        world.okta.leaves(&format!("N{index}"), 40);
    }
    let report = world.run_provisioner().await.unwrap();
    assert_eq!(world.twilio.owned().len(), 20);
    assert!(report["findings"].to_string().contains("none was retired"), "{report:#}");
    world.okta.set_status("N5", "ACTIVE");
    world.run_provisioner().await.unwrap();
    assert_eq!(world.twilio.owned().len(), 15, "five are believed");
}

/// Ada's label with the note that she has been missing for so many days.
fn missing_for(days: i64) -> String {
    let day = (Timestamp::now() - SignedDuration::from_hours(24 * days)).to_string();
    format!("twilify:{};missing={}", Employee::named("Ada", "").id(), &day[..10])
}

#[tokio::test]
async fn somebody_whom_okta_does_not_know_any_more_keeps_their_number_for_the_quarantine() {
    let world = a_world_that("pool").await;
    world.okta.deletes("Ada");
    world.run_provisioner().await.unwrap();
    assert_eq!(label(&world), Some(missing_for(0)), "since when she is missing is noted");
    let report = world.run_provisioner().await.unwrap();
    assert_eq!(
        (label(&world), &report["counts"]["changes"]),
        (Some(missing_for(0)), &0.into()),
        "{report:#}"
    );
    world.twilio.change(COMPANY_NUMBER, |it| it.friendly_name = missing_for(29));
    world.run_provisioner().await.unwrap();
    assert_eq!(label(&world), Some(missing_for(29)), "in quarantine");
    world.twilio.change(COMPANY_NUMBER, |it| it.friendly_name = missing_for(31));
    world.run_provisioner().await.unwrap();
    assert_eq!(label(&world).as_deref(), Some("twilify:pool"));
}

#[tokio::test]
async fn somebody_whom_the_token_may_not_see_for_a_while_loses_nothing() {
    for hidden in [Hidden::LikeADeletedUser, Hidden::Forbidden] {
        let world = a_world_that("release").await;
        let before = label(&world);
        world.okta.hides("Ada", hidden);
        world.run_provisioner().await.unwrap();
        world.twilio.change(COMPANY_NUMBER, |it| {
            if it.friendly_name.contains("missing") {
                it.friendly_name = missing_for(20);
            }
        });
        world.run_provisioner().await.unwrap();
        world.okta.shows("Ada");
        world.run_provisioner().await.unwrap();
        assert_eq!(label(&world), before, "{hidden:?}");
        let call = world.call("+14155550123", COMPANY_NUMBER).await.to_string();
        assert!(call.contains("+18182179229 rings"), "{call}");
        // The days are counted anew the next time.
        world.okta.hides("Ada", Hidden::LikeADeletedUser);
        world.run_provisioner().await.unwrap();
        assert_eq!(label(&world), Some(missing_for(0)), "{hidden:?}");
    }
}

#[tokio::test]
async fn by_default_nothing_is_noted_on_the_number_of_somebody_who_is_missing() {
    let world = a_world_that("keep").await;
    let before = label(&world);
    world.okta.deletes("Ada");
    world.run_provisioner().await.unwrap();
    assert_eq!(label(&world), before);
}

/// How many numbers carry the note that their employee is missing, and how many are in the pool.
fn noted_and_pooled(world: &World) -> (usize, usize) {
    let labels: Vec<_> = world.twilio.owned().into_iter().map(|it| it.friendly_name).collect();
    let noted = labels.iter().filter(|it| it.contains(";missing=")).count();
    (noted, labels.iter().filter(|it| *it == "twilify:pool").count())
}

#[tokio::test]
async fn when_unusually_many_are_missing_it_is_noted_and_none_of_their_numbers_is_retired() {
    let world = World::start().await.unwrap();
    for index in 0..20 {
        let employee = Employee::named(&format!("N{index}"), "Doe");
        world.okta.hire(employee.mobile(&format!("+1415555{:04}", 100 + index)));
        world.twilio.sells(&format!("+1925{:07}", 3_290_000 + index));
    }
    world.configure("TWILIFY_RETIRE", "pool").await;
    world.run_provisioner().await.unwrap();
    for index in 0..6 {
        world.okta.hides(&format!("N{index}"), Hidden::LikeADeletedUser);
    }
    world.okta.leaves("N19", 40);
    let report = world.run_provisioner().await.unwrap();
    assert!(report["findings"].to_string().contains("none was retired"), "{report:#}");
    assert_eq!(noted_and_pooled(&world), (6, 0));
    world.run_provisioner().await.unwrap();
    assert_eq!(noted_and_pooled(&world), (6, 1), "the next run believes that somebody has left");
    // Some were noted a day before the others.
    for number in world.twilio.owned() {
        if let Some((label, _)) = number.friendly_name.split_once(";missing=") {
            let days = if label.ends_with("n0") { 30 } else { 29 };
            let day = (Timestamp::now() - SignedDuration::from_hours(24 * days)).to_string();
            let label = format!("{label};missing={}", &day[..10]);
            world.twilio.change(&number.phone_number, |it| it.friendly_name = label);
        }
    }
    let report = world.run_provisioner().await.unwrap();
    assert_eq!(noted_and_pooled(&world), (6, 1), "{report:#}");
    assert!(report["findings"].to_string().contains("at the rights of the token"), "{report:#}");
}
