//! What becomes of the numbers of those who leave.

use sandbox::{Employee, World};

use crate::{COMPANY_NUMBER, a_world_with_ada};

/// A world with Ada, and with Joan, who stays.
async fn a_world_that(retires: &str) -> World {
    let world = a_world_with_ada().await;
    world.okta.hire(Employee::named("Joan", "Clarke").mobile("+14155550122"));
    world.twilio.sells("+19253290000");
    world.run_provisioner().await.unwrap();
    world.configure("TWILIFY_RETIRE", retires).await;
    world
}

fn label(world: &World) -> Option<String> {
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
async fn the_number_of_somebody_whom_okta_has_deleted_is_retired() {
    let world = a_world_that("pool").await;
    world.okta.deletes("Ada");
    world.run_provisioner().await.unwrap();
    assert_eq!(label(&world).as_deref(), Some("twilify:pool"));
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
