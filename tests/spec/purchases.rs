//! Purchases of which nobody knows whether they were made: no number too many, and nobody without one in the end.

use std::{collections::HashSet, sync::Arc};

use sandbox::{Employee, Fault, World};

use crate::unwritable::served;

/// A purchase.
const PURCHASE: &str =
    "POST /2010-04-01/Accounts/AC00000000000000000000000000000000/IncomingPhoneNumbers.json";

/// Twilio's word for a number that cannot be bought, also because it is ours already.
const NOT_AVAILABLE: Fault = Fault::Answers(400, r#"{"code":21422,"message":"not available"}"#);

/// A world with so many employees who wait for a number, and twice as many numbers for sale.
async fn a_company_of(count: usize) -> World {
    let world = World::start().await.unwrap();
    for index in 0..count {
        let employee = Employee::named(&format!("N{index}"), "Doe");
        world.okta.hire(employee.mobile(&format!("+1415555{:04}", 100 + index)));
    }
    for index in 0..2 * count {
        world.twilio.sells(&format!("+1925{:07}", 3_290_000 + index));
    }
    world
}

#[tokio::test]
async fn while_nobody_knows_whether_twilio_sells_no_more_than_five_numbers_are_bought() {
    for (fault, made) in [
        (Fault::LosesReply, 5),
        (Fault::Denies(500), 5),
        (Fault::Denies(504), 5),
        (Fault::Cuts, 0),
        (Fault::Answers(503, "{}"), 0),
    ] {
        let world = a_company_of(20).await;
        world.twilio.health.fails_on(PURCHASE, usize::MAX, fault.clone());
        world.run_provisioner().await.unwrap_err();
        assert_eq!(
            world.twilio.purchases(),
            made,
            "{fault:?}: numbers that may be paid for and serve nobody"
        );
        world.twilio.health.recovers();
        world.run_provisioner().await.unwrap();
        assert_eq!((served(&world), world.twilio.purchases()), (20, 20), "{fault:?}");
    }
}

#[tokio::test]
async fn a_number_that_twilio_calls_sold_after_a_lost_reply_is_the_employees_if_it_is_ours() {
    let world = a_company_of(1).await;
    world.twilio.health.fails_on(PURCHASE, 1, Fault::LosesReply);
    world.twilio.health.fails_on(PURCHASE, 1, NOT_AVAILABLE);
    world.run_provisioner().await.unwrap();
    assert_eq!((served(&world), world.twilio.purchases()), (1, 1));
}

#[tokio::test]
async fn a_number_that_somebody_else_has_bought_after_a_lost_request_is_passed_over() {
    let world = a_company_of(1).await;
    world.twilio.health.fails_on(PURCHASE, 1, Fault::Cuts);
    world.twilio.health.fails_on(PURCHASE, 1, NOT_AVAILABLE);
    world.run_provisioner().await.unwrap();
    assert_eq!((served(&world), world.twilio.purchases()), (1, 1));
    assert_eq!(world.okta.profile("N0", "primaryPhone").as_deref(), Some("+19253290001"), "the next one");
}

#[tokio::test]
async fn a_number_that_another_run_has_labelled_after_a_lost_reply_is_left_to_its_employee() {
    let world = a_company_of(1).await;
    let (twilio, number) = (world.twilio.clone(), "+19253290000");
    let labels = Fault::First(Arc::new(move || {
        twilio.change(number, |it| "twilify:00uxxxxxxxxxxxxgrace".clone_into(&mut it.friendly_name));
    }));
    world.twilio.health.fails_on(PURCHASE, 1, Fault::LosesReply);
    world.twilio.health.fails_on(PURCHASE, 1, NOT_AVAILABLE);
    world.twilio.health.fails_when(|it| it.contains("?PhoneNumber=%2B19253290000"), labels);
    world.run_provisioner().await.unwrap();
    assert_eq!(world.okta.profile("N0", "primaryPhone").as_deref(), Some("+19253290001"), "the next one");
}

#[tokio::test]
async fn a_purchase_that_may_have_been_made_is_reported_as_such_even_if_another_attempt_is_refused() {
    let world = a_company_of(1).await;
    world.twilio.health.fails_on(PURCHASE, 1, Fault::LosesReply);
    world.twilio.health.fails_on(PURCHASE, 1, Fault::Answers(401, "{}"));
    let failed = world.run_provisioner().await.unwrap_err().message;
    assert!(failed.contains("Twilio did not answer POST") && !failed.contains("401"), "{failed}");
    world.run_provisioner().await.unwrap();
    assert_eq!((served(&world), world.twilio.purchases()), (1, 1));
}

#[tokio::test]
async fn an_area_code_that_twilio_knows_no_numbers_of_is_passed_over_and_any_other_complaint_is_not() {
    // <https://www.twilio.com/docs/api/errors/21452>
    let nothing = r#"{"code":21452,"message":"No phone numbers found in the specified area code"}"#;
    let other = r#"{"code":20001,"message":"Unknown parameters"}"#;
    for (complaint, purchases) in [(nothing, 1), (other, 0)] {
        let world = a_company_of(1).await;
        world.twilio.sells("+14155550142");
        world.twilio.health.fails_when(|it| it.contains("AreaCode=925"), Fault::Answers(400, complaint));
        let report = world.run_provisioner().await;
        assert_eq!(report.is_ok(), purchases == 1, "{report:?}");
        assert_eq!(world.twilio.purchases(), purchases, "{complaint}: a number of the second choice");
    }
}

#[tokio::test]
async fn numbers_that_twilio_does_not_sell_us_are_tried_once_each_and_do_not_count_as_bought() {
    let world = a_company_of(0).await;
    for index in 0..10 {
        world.okta.hire(Employee::named(&format!("N{index}"), "Doe").mobile(&format!("+1415555{index:04}")));
        let number = format!("+1925{:07}", 3_290_000 + index);
        if index < 7 { world.twilio.sells_with_an_address(&number) } else { world.twilio.sells(&number) }
    }
    world.run_provisioner().await.unwrap_err();
    let tried = world.twilio.health.requests().into_iter().filter(|it| it == PURCHASE).count();
    assert_eq!((served(&world), tried), (3, 10), "they keep others from numbers that are for sale");
}

#[tokio::test]
async fn a_number_that_was_not_sold_because_of_our_credentials_is_there_for_the_next_employee() {
    for status in [401, 403] {
        let world = a_company_of(0).await;
        world.okta.hire(Employee::named("Ada", "Lovelace").mobile("+14155550111"));
        world.okta.hire(Employee::named("Grace", "Hopper").mobile("+14155550112"));
        world.twilio.sells("+19253290000");
        world.twilio.health.fails_on(PURCHASE, 1, Fault::Answers(status, "{}"));
        world.run_provisioner().await.unwrap_err();
        assert_eq!(
            (served(&world), world.twilio.purchases()),
            (1, 1),
            "{status}: the only number is not sold"
        );
    }
}

#[tokio::test]
async fn while_okta_takes_only_what_changes_nothing_five_numbers_are_bought_in_all_runs_together() {
    let world = a_company_of(20).await;
    // The first write to each profile is the rehearsal.
    let mut rehearsed = HashSet::new();
    world.okta.health.fails_as(move |request| {
        let fails = request.starts_with("POST ") && !rehearsed.insert(request.to_owned());
        fails.then_some(Fault::Answers(503, "{}"))
    });
    for run in 1..=3 {
        world.run_provisioner().await.unwrap_err();
        assert_eq!(world.twilio.purchases(), 5, "run {run}: numbers that cost money and serve nobody");
    }
    world.okta.health.recovers();
    world.run_provisioner().await.unwrap();
    assert_eq!((served(&world), world.twilio.purchases()), (20, 20));
}

#[tokio::test]
async fn fifty_people_get_their_numbers_from_one_search() {
    let world = a_company_of(50).await;
    world.run_provisioner().await.unwrap();
    let is_search = |it: &&String| it.contains("/AvailablePhoneNumbers/");
    let searches = world.twilio.health.requests().iter().filter(is_search).count();
    assert_eq!((served(&world), searches), (50, 1));
}
