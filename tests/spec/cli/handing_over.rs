//! `twilify assign` and `release`: what is looked at once more, and who is told what.

use std::sync::Arc;

use sandbox::{Employee, Fault, Okta, Operator, World};

use super::a_company_with_numbers;

const ADAS: &str = "+19253294109";

/// A number of the account that is nobody's and has no label of ours.
const FRONT_DESK: &str = "+13105550000";

const HEDYS_LABEL: &str = "twilify:00uxxxxxxxxxxxxxhedy";

/// A company in which everybody has a number but Hedy, and in which the front desk has one.
async fn a_company_that_hires_hedy() -> (World, Operator) {
    let (world, operator) = a_company_with_numbers().await;
    world.okta.hire(Employee::named("Hedy", "Lamarr").mobile("+14155550111"));
    world.twilio.owns(FRONT_DESK);
    world.twilio.change(FRONT_DESK, |it| "Front desk".clone_into(&mut it.friendly_name));
    (world, operator)
}

fn label(world: &World, number: &str) -> String {
    let owned = world.twilio.owned().into_iter().find(|it| it.phone_number == number);
    owned.expect("the account owns it").friendly_name
}

#[tokio::test]
async fn a_number_that_has_the_employees_label_and_is_in_no_profile_is_written_into_theirs() {
    let (world, operator) = a_company_that_hires_hedy().await;
    world.twilio.change(FRONT_DESK, |it| HEDYS_LABEL.clone_into(&mut it.friendly_name));
    let said = operator.run(&["assign", FRONT_DESK, "Hedy", "--yes"]).await;
    assert_eq!((said.status, said.result.as_str()), (0, "✓ Hedy Lamarr has +13105550000.\n"), "{said:?}");
    assert_eq!(world.okta.profile("Hedy", "primaryPhone").as_deref(), Some(FRONT_DESK));
}

/// Lets something happen right before Hedy is read for the last time, which is before her profile is written.
fn before_the_write(world: &World, happens: fn(&Okta)) {
    let okta = world.okta.clone();
    let hedy = format!("GET /api/v1/users/{}", Employee::named("Hedy", "").id());
    let happens = Fault::First(Arc::new(move || happens(&okta)));
    world.okta.health.fails_when(move |request| request == hedy, happens);
}

#[tokio::test]
async fn a_number_of_ones_own_is_not_given_to_somebody_who_has_just_changed() {
    for (what, happens) in [
        ("suspended", (|okta| okta.set_status("Hedy", "SUSPENDED")) as fn(&Okta)),
        ("left", |okta| okta.set_status("Hedy", "DEPROVISIONED")),
        ("has another number", |okta| okta.set("Hedy", "primaryPhone", "+13105550001")),
    ] {
        let (world, operator) = a_company_that_hires_hedy().await;
        before_the_write(&world, happens);
        let said = operator.run(&["assign", FRONT_DESK, "Hedy", "--yes"]).await;
        let complaint = "somebody has changed the profile of Hedy Lamarr in the meantime, so nothing was changed at Twilio";
        assert!(said.status == 1 && said.remarks.contains(complaint), "{what}: {said:?}");
        assert_eq!(label(&world, FRONT_DESK), "Front desk", "{what}");
        assert_ne!(world.okta.profile("Hedy", "primaryPhone").as_deref(), Some(FRONT_DESK), "{what}");
    }
}

#[tokio::test]
async fn who_is_deleted_at_that_moment_gets_no_number() {
    let (world, operator) = a_company_that_hires_hedy().await;
    before_the_write(&world, |okta| okta.deletes("Hedy"));
    let said = operator.run(&["assign", FRONT_DESK, "Hedy", "--yes"]).await;
    assert!(said.status == 1 && said.remarks.contains("nothing was changed at Twilio"), "{said:?}");
    assert_eq!(label(&world, FRONT_DESK), "Front desk");
}

#[tokio::test]
async fn a_number_that_was_written_at_that_moment_is_labelled_and_not_written_again() {
    let (world, operator) = a_company_that_hires_hedy().await;
    before_the_write(&world, |okta| okta.set("Hedy", "primaryPhone", "(310) 555-0000"));
    let said = operator.run(&["assign", FRONT_DESK, "Hedy", "--yes"]).await;
    assert_eq!((said.status, label(&world, FRONT_DESK).as_str()), (0, HEDYS_LABEL), "{said:?}");
}

#[tokio::test]
async fn a_name_means_those_who_have_not_left() {
    let (world, operator) = a_company_that_hires_hedy().await;
    world.okta.hire(Employee::named("Helen", "Lamarr").mobile("+14155550112").status("DEPROVISIONED"));
    world.configure("TWILIFY_OKTA_SEARCH", r#"profile.lastName eq "Lamarr""#).await;
    let said = operator.run(&["assign", FRONT_DESK, "LAMARR", "--yes"]).await;
    assert_eq!((said.status, said.result.as_str()), (0, "✓ Hedy Lamarr has +13105550000.\n"), "{said:?}");
}

#[tokio::test]
async fn who_will_get_another_number_by_themselves_is_told_from_who_will_not() {
    for (what, change, told) in [
        ("they work here", (|_| ()) as fn(&Okta), true),
        ("suspended", |okta| okta.set_status("Ada", "SUSPENDED"), false),
        ("without a mobile", |okta| okta.set("Ada", "mobilePhone", ""), false),
    ] {
        for (pool, next) in [(true, "gives them a number: this one"), (false, "gives them another one")] {
            let (world, operator) = a_company_with_numbers().await;
            change(&world.okta);
            let arguments = ["release", ADAS, "--yes", "--pool"];
            let said = operator.run(if pool { &arguments } else { &arguments[..3] }).await;
            assert_eq!(said.status, 0, "{what}: {said:?}");
            let line = "Ada Lovelace has +19253294109, and will have none.";
            assert_eq!(said.result.matches(line).count(), 1, "{said:?}");
            assert_eq!(said.result.contains(next), told, "{what}: {said:?}");
        }
    }
}

#[tokio::test]
async fn a_number_that_two_profiles_name_is_taken_out_of_both() {
    let (world, operator) = a_company_with_numbers().await;
    world.okta.set("Grace", "primaryPhone", "(925) 329-4109");
    let said = operator.run(&["release", ADAS, "--yes"]).await;
    assert_eq!(said.status, 0, "{said:?}");
    for name in ["Ada", "Grace"] {
        assert_eq!(world.okta.profile(name, "primaryPhone"), None, "{name} publishes a number of Twilio's");
    }
}

#[tokio::test]
async fn what_has_just_changed_in_a_profile_keeps_a_number_from_being_released() {
    let (world, operator) = a_company_with_numbers().await;
    let okta = world.okta.clone();
    let publishes = Arc::new(move || okta.set("Grace", "primaryPhone", ADAS));
    let mut lists = 0;
    let is_second_look = move |request: &str| {
        lists += usize::from(request.starts_with("GET /api/v1/users?limit=200"));
        request.starts_with("GET /api/v1/users?limit=200") && lists == 2
    };
    world.okta.health.fails_when(is_second_look, Fault::First(publishes));
    let said = operator.run(&["release", ADAS, "--yes"]).await;
    let complaint = "somebody has changed something in the meantime, so nothing was changed";
    assert!(said.status == 1 && said.remarks.contains(complaint), "{said:?}");
    assert_eq!(world.okta.profile("Ada", "primaryPhone").as_deref(), Some(ADAS));
    assert!(label(&world, ADAS).ends_with("xada"));
}

#[tokio::test]
async fn each_number_that_is_led_back_is_told_once_and_changed_once() {
    let (world, operator) = a_company_with_numbers().await;
    world.okta.set_status("Grace", "SUSPENDED");
    world.twilio.owns("+13105550002");
    world.twilio.change("+13105550002", |it| "twilify:pool".clone_into(&mut it.friendly_name));
    let numbers = [ADAS, "+19253294110", "+13105550002"];
    for number in numbers {
        world.twilio.change(number, |it| "https://elsewhere.example.com/".clone_into(&mut it.voice_url));
    }
    let posts = || world.twilio.health.requests().into_iter().filter(|it| it.starts_with("POST ")).count();
    let before = posts();
    let said = operator.run(&["route", "--yes"]).await;
    assert_eq!((said.status, posts() - before), (0, 3), "{said:?}");
    for number in numbers {
        let line = format!("Point the company number ({number}) ");
        assert_eq!(said.result.matches(&line).count(), 1, "{number}: {said:?}");
    }
    for (number, name) in [(ADAS, "Ada Lovelace"), ("+19253294110", "Grace Hopper")] {
        let line = format!("Point the company number ({number}) of {name} at the webhooks.");
        assert!(said.result.contains(&line), "{line}: {said:?}");
    }
}
