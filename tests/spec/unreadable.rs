//! Employees whose data from Okta cannot be read: they harm nobody else, and lose nothing.

use sandbox::{Corrupt, Employee, World};
use serde_json::Value;

use crate::{CALLER, COMPANY_NUMBER, MOBILE, a_world_with_ada, calls::CONNECTED};

const CORRUPTIONS: [Corrupt; 2] = [Corrupt::NoProfile, Corrupt::LoneSurrogate("department")];

fn hire_charles(world: &World) {
    world.okta.hire(Employee::named("Charles", "Babbage").mobile("+14155550199"));
    world.twilio.sells("+19253294109");
}

fn findings(report: &Value) -> String {
    report["findings"].to_string()
}

#[tokio::test]
async fn an_employee_who_cannot_be_read_does_not_keep_the_others_from_their_numbers() {
    for corrupt in CORRUPTIONS {
        let world = a_world_with_ada().await;
        world.okta.corrupts("Ada", corrupt);
        hire_charles(&world);
        let report = world.run_provisioner().await.unwrap();
        assert_eq!(
            world.okta.profile("Charles", "primaryPhone").as_deref(),
            Some("+19253294109"),
            "{corrupt:?}"
        );
        let named = findings(&report).contains(Employee::named("Ada", "").id());
        assert_eq!(named, corrupt == Corrupt::NoProfile, "{report:#}");
    }
}

#[tokio::test]
async fn an_employee_who_cannot_be_read_keeps_their_number_and_what_is_known_of_them() {
    let world = a_world_with_ada().await;
    world.configure("TWILIFY_RETIRE", "release").await;
    hire_charles(&world);
    world.run_provisioner().await.unwrap();
    let before = world.twilio.owned();
    world.okta.corrupts("Ada", Corrupt::NoProfile);
    let report = world.run_provisioner().await.unwrap();
    assert_eq!(report["counts"]["changes"], 0, "{report:#}");
    assert_eq!(report["counts"]["findings"], 1, "{report:#}");
    assert_eq!(world.twilio.owned(), before);
    assert_eq!(world.call(CALLER, COMPANY_NUMBER).await.to_string(), CONNECTED, "the last known mobile");
}

#[tokio::test]
async fn an_employee_who_is_not_served_and_cannot_be_read_keeps_their_number() {
    let world = a_world_with_ada().await;
    world.configure("TWILIFY_RETIRE", "release").await;
    hire_charles(&world);
    world.run_provisioner().await.unwrap();
    world.okta.set("Charles", "department", "Sales");
    world.configure("TWILIFY_OKTA_SEARCH", r#"profile.department eq "Sales""#).await;
    world.okta.corrupts("Ada", Corrupt::NoProfile);
    world.run_provisioner().await.unwrap();
    assert_eq!(world.twilio.owned().len(), 2);
}

#[tokio::test]
async fn half_a_character_in_a_profile_keeps_nobody_from_being_called() {
    for attribute in ["department", "firstName", "lastName"] {
        let world = a_world_with_ada().await;
        world.ssm.delete("/twilify/seal-key");
        world.configure("TWILIFY_LOG", "info").await;
        world.okta.corrupts("Ada", Corrupt::LoneSurrogate(attribute));
        for query in ["?employee=00uxxxxxxxxxxxxxxada", ""] {
            let call = world.twilio.a_call(CALLER, COMPANY_NUMBER);
            let call = call.to_url(|_| format!("{}/call-forward{query}", world.url()));
            let heard = world.twilio.follow(call).await.to_string();
            assert!(heard.contains(&format!("{MOBILE} rings")), "{attribute}, {query}: {heard}");
        }
    }
}

#[tokio::test]
async fn the_note_that_somebody_is_missing_is_taken_off_even_if_they_cannot_be_read() {
    let world = a_world_with_ada().await;
    world.configure("TWILIFY_RETIRE", "pool").await;
    hire_charles(&world);
    world.run_provisioner().await.unwrap();
    let label = format!("twilify:{}", Employee::named("Ada", "").id());
    let noted = format!("{label};missing=2026-01-01");
    world.twilio.change(COMPANY_NUMBER, |it| it.friendly_name = noted);
    world.okta.corrupts("Ada", Corrupt::NoProfile);
    world.run_provisioner().await.unwrap();
    let owned = world.twilio.owned().into_iter().find(|it| it.phone_number == COMPANY_NUMBER);
    assert_eq!(owned.map(|it| it.friendly_name), Some(label));
}
