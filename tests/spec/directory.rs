//! The Okta client and the Okta org, and likewise Twilio's, beyond what one employee shows.

use std::sync::Arc;

use sandbox::{Employee, Fault, MESSAGING_SERVICE_SID, Refuses, World};

use crate::COMPANY_NUMBER;

#[tokio::test]
async fn employees_on_later_pages_are_not_forgotten() {
    let world = World::start().await.unwrap();
    for number in 0..450 {
        world.okta.hire(Employee::named(&format!("N{number}"), "Doe"));
    }
    world.okta.hire(Employee::named("Zoe", "Last").mobile("+18182179229"));
    world.twilio.sells(COMPANY_NUMBER);
    world.run_provisioner().await.unwrap();
    assert_eq!(world.okta.profile("Zoe", "primaryPhone").as_deref(), Some(COMPANY_NUMBER));
    let pages = world.okta.health.requests().iter().filter(|it| it.contains("/api/v1/users?")).count();
    assert_eq!(pages, 3);
}

#[tokio::test]
async fn a_number_bought_earlier_is_found_on_the_last_page_of_the_account() {
    let world = World::start().await.unwrap();
    for number in 0..1200 {
        world.twilio.owns(&format!("+1212555{number:04}"));
    }
    world.okta.hire(Employee::named("Ada", "Lovelace").mobile("+18182179229"));
    world.twilio.sells(COMPANY_NUMBER);
    world.kill_provisioner_after_change(2);
    world.run_provisioner().await.unwrap_err();
    world.run_provisioner().await.unwrap();
    assert_eq!(world.twilio.purchases(), 1);
    assert_eq!(world.okta.profile("Ada", "primaryPhone").as_deref(), Some(COMPANY_NUMBER));
}

#[tokio::test]
async fn a_profile_is_changed_in_one_attribute_and_only_as_it_was_read() {
    let world = World::start().await.unwrap();
    world.okta.hire(Employee::named("Ada", "Lovelace").mobile("+18182179229").with("department", "Engines"));
    world.twilio.sells(COMPANY_NUMBER);
    let okta = world.okta.clone();
    // Somebody in HR saves the profile between our reading it and our writing it.
    let saves = Arc::new(move || okta.set("Ada", "department", "Analytics"));
    world.twilio.health.fails_on("POST ", 1, Fault::First(saves));
    world.run_provisioner().await.unwrap();
    assert_eq!(world.okta.profile("Ada", "department").as_deref(), Some("Analytics"));
    assert_eq!(world.okta.profile("Ada", "primaryPhone").as_deref(), Some(COMPANY_NUMBER));
    assert_eq!(world.twilio.purchases(), 1);
    let writes = world.okta.health.requests().iter().filter(|it| it.starts_with("POST ")).count();
    assert_eq!(writes, 3, "the rehearsal, a write that met a newer profile, and the write");
}

#[tokio::test]
async fn a_list_of_employees_without_an_end_is_given_up_and_nothing_is_done() {
    let world = World::start().await.unwrap();
    world.okta.hire(Employee::named("Ada", "Lovelace").mobile("+18182179229"));
    world.okta.lists_for_ever();
    world.twilio.sells(COMPANY_NUMBER);
    let error = world.run_provisioner().await.unwrap_err();
    assert_eq!(error.kind, "NotObserved");
    assert!(error.message.contains("goes on after 2000 pages"), "{}", error.message);
    assert_eq!(world.twilio.purchases(), 0);
}

#[tokio::test]
async fn a_list_of_numbers_without_an_end_is_given_up_and_nothing_is_done() {
    let world = World::start().await.unwrap();
    world.okta.hire(Employee::named("Ada", "Lovelace").mobile("+18182179229"));
    world.twilio.sells(COMPANY_NUMBER);
    let again = r#"{"incoming_phone_numbers":[],"next_page_uri":"/2010-04-01/Accounts/AC1/IncomingPhoneNumbers.json?Page=1"}"#;
    world
        .twilio
        .health
        .fails_when(|it| it.contains("/IncomingPhoneNumbers.json"), Fault::Answers(200, again));
    let error = world.run_provisioner().await.unwrap_err();
    assert_eq!(error.kind, "NotObserved");
    assert!(error.message.contains("goes on after 2000 pages"), "{}", error.message);
    assert_eq!(world.twilio.purchases(), 0);
}

#[tokio::test]
async fn a_list_of_a_messaging_services_numbers_without_an_end_is_given_up_and_nothing_is_done() {
    let world = World::start().await.unwrap();
    world.okta.hire(Employee::named("Ada", "Lovelace").mobile("+18182179229"));
    world.twilio.sells(COMPANY_NUMBER);
    world.configure("TWILIFY_MESSAGING_SERVICE_SID", MESSAGING_SERVICE_SID).await;
    let again =
        r#"{"phone_numbers":[],"meta":{"next_page_url":"https://messaging.twilio.com/v1/Services?Page=1"}}"#;
    world.twilio.health.fails_when(|it| it.contains("/PhoneNumbers"), Fault::Answers(200, again));
    let error = world.run_provisioner().await.unwrap_err();
    assert_eq!(error.kind, "NotObserved");
    assert!(error.message.contains("goes on after 2000 pages"), "{}", error.message);
    assert_eq!(world.twilio.purchases(), 0);
}

/// What a run says, however it ends.
async fn report(world: &World) -> String {
    match world.run_provisioner().await {
        Ok(report) => report.to_string(),
        Err(failed) => failed.message,
    }
}

#[tokio::test]
async fn the_reason_why_okta_takes_no_number_is_told() {
    let world = World::start().await.unwrap();
    world.okta.hire(Employee::named("Ada", "Lovelace").mobile("+18182179229"));
    world.twilio.sells(COMPANY_NUMBER);
    let why = "login: Username must be in the form of an email address";
    world.okta.refuses_writes_to("Ada", Refuses::InvalidProfile(why));
    let report = report(&world).await;
    assert!(report.contains(why), "{report}");
}

#[tokio::test]
async fn a_phone_number_in_the_reason_does_not_reach_the_log() {
    let world = World::start().await.unwrap();
    world.okta.hire(Employee::named("Ada", "Lovelace").mobile("+18182179229"));
    world.twilio.sells(COMPANY_NUMBER);
    world.okta.refuses_writes_to("Ada", Refuses::InvalidProfile("mobilePhone: +18182179229 is not valid"));
    let report = report(&world).await;
    assert!(report.contains("is not valid"), "{report}");
    assert!(!world.log().concat().contains("8182179229"), "{:#?}", world.log());
}

#[tokio::test]
async fn a_write_that_somebody_elses_has_overwritten_is_repeated() {
    let world = World::start().await.unwrap();
    world.okta.hire(Employee::named("Ada", "Lovelace").mobile("+18182179229"));
    world.twilio.sells(COMPANY_NUMBER);
    world.okta.tells_no_etags();
    world.okta.loses_a_write();
    world.run_provisioner().await.unwrap();
    assert_eq!(world.okta.profile("Ada", "primaryPhone").as_deref(), Some(COMPANY_NUMBER));
    assert_eq!(world.twilio.purchases(), 1);
}

#[tokio::test]
async fn who_leaves_at_the_moment_in_which_they_get_a_number_does_not_keep_it() {
    let world = World::start().await.unwrap();
    world.okta.hire(Employee::named("Ada", "Lovelace").mobile("+18182179229"));
    world.twilio.sells(COMPANY_NUMBER);
    world.okta.lets_leavers_be_edited();
    let okta = world.okta.clone();
    // The status is not part of the `ETag`.
    let leaves = Arc::new(move || okta.leaves("Ada", 0));
    world.okta.health.fails_on("POST /api/v1/users", 1, Fault::First(leaves));
    let report = world.run_provisioner().await.unwrap();
    assert_eq!(report["counts"]["changes"], 0, "{report:#}");
    assert!(world.twilio.owned().iter().all(|it| it.friendly_name == "twilify:pool"), "{report:#}");
}

#[tokio::test]
async fn a_list_that_okta_refuses_is_asked_for_once_and_one_that_takes_too_long_again_with_half_the_page() {
    for (status, limits) in [(403, &["limit=200"][..]), (500, &["limit=200", "limit=100"])] {
        let world = World::start().await.unwrap();
        world.okta.hire(Employee::named("Ada", "Lovelace").mobile("+18182179229"));
        world.twilio.sells(COMPANY_NUMBER);
        world.okta.health.fails_on("GET /api/v1/users?", 1, Fault::Answers(status, ""));
        let run = world.run_provisioner().await;
        let mut requests = world.okta.health.requests();
        requests.retain(|it| it.starts_with("GET /api/v1/users?"));
        let asked: Vec<_> = requests
            .iter()
            .flat_map(|it| it.split(['?', '&']).filter(|it| it.starts_with("limit=")))
            .collect();
        assert_eq!(
            asked, limits,
            "Okta is asked for the list again in vain after a {status}, or not with half the page"
        );
        assert_eq!(run.is_ok(), status == 500, "{status}");
    }
}
