//! A number that somebody publishes is given to nobody else, also if `OktaSearch` leaves its holder out.

use sandbox::{Employee, World};

use crate::{CALLER, COMPANY_NUMBER, a_world_that_remembers_ada, a_world_with_ada};

const GRACES_MOBILE: &str = "+14155550198";
const IN_SALES: &str = r#"profile.department eq "Sales""#;

/// Hires Grace, whom the search leaves out, and who publishes `number`.
fn grace_publishes(world: &World, number: &str) {
    world.okta.hire(Employee::named("Grace", "Hopper").mobile(GRACES_MOBILE).company_number(number));
}

fn hire_charles_in_sales(world: &World) {
    world.okta.hire(Employee::named("Charles", "Babbage").mobile("+14155550199"));
    world.okta.set("Charles", "department", "Sales");
    world.twilio.sells("+19253294109");
}

/// Who gets a text to `number`: Grace, and nobody else.
async fn grace_gets_the_texts_to(world: &World, number: &str) {
    world.text(CALLER, number, "Hello Grace").await;
    assert_eq!(world.twilio.inbox(GRACES_MOBILE).len(), 1);
}

#[tokio::test]
async fn a_number_of_the_pool_that_somebody_who_is_not_served_publishes_stays_theirs() {
    let world = a_world_that_remembers_ada().await;
    world.twilio.owns("+14157770000");
    world.twilio.change("+14157770000", |it| "twilify:pool".clone_into(&mut it.friendly_name));
    world.okta.set("Ada", "department", "Sales");
    grace_publishes(&world, "+14157770000");
    hire_charles_in_sales(&world);
    world.configure("TWILIFY_OKTA_SEARCH", IN_SALES).await;
    world.run_provisioner().await.unwrap();
    assert_eq!(world.okta.profile("Charles", "primaryPhone").as_deref(), Some("+19253294109"), "another one");
    assert_eq!(world.okta.profile("Grace", "primaryPhone").as_deref(), Some("+14157770000"));
}

#[tokio::test]
async fn a_leavers_number_that_was_taken_over_by_hand_stays_the_successors() {
    let world = a_world_that_remembers_ada().await;
    world.configure("TWILIFY_RETIRE", "pool").await;
    world.okta.hire(Employee::named("Joan", "Clarke").mobile("+14155550122"));
    world.twilio.sells("+19253290000");
    world.run_provisioner().await.unwrap();
    world.okta.set("Joan", "department", "Sales");
    world.configure("TWILIFY_OKTA_SEARCH", IN_SALES).await;
    world.okta.leaves("Ada", 31);
    world.run_provisioner().await.unwrap();
    grace_publishes(&world, COMPANY_NUMBER);
    hire_charles_in_sales(&world);
    world.run_provisioner().await.unwrap();
    assert_eq!(world.okta.profile("Charles", "primaryPhone").as_deref(), Some("+19253294109"), "another one");
    grace_gets_the_texts_to(&world, COMPANY_NUMBER).await;
}

#[tokio::test]
async fn a_number_that_was_passed_on_by_hand_stays_there_when_its_former_owner_comes_back() {
    let world = a_world_with_ada().await;
    world.okta.set("Ada", "department", "Sales");
    world.configure("TWILIFY_OKTA_SEARCH", IN_SALES).await;
    world.okta.leaves("Ada", 5);
    grace_publishes(&world, COMPANY_NUMBER);
    world.okta.set_status("Ada", "ACTIVE");
    world.okta.set("Ada", "primaryPhone", "");
    world.twilio.sells("+19253290000");
    let report = world.run_provisioner().await.unwrap();
    assert_ne!(world.okta.profile("Ada", "primaryPhone").as_deref(), Some(COMPANY_NUMBER));
    assert!(report["postponed"].to_string().contains("somebody else has the number"), "{report:#}");
    grace_gets_the_texts_to(&world, COMPANY_NUMBER).await;
}
