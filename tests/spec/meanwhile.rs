//! What somebody changes between the moment in which the provisioner looks at the world and the step that it then takes.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use sandbox::{Employee, Fault, Okta, Twilio, World};

use crate::{
    CALLER, COMPANY_NUMBER, MOBILE,
    leavers::{a_world_that, label},
};

/// Ada's label.
fn adas() -> String {
    format!("twilify:{}", Employee::named("Ada", "").id())
}

/// Ada's label with the note that she has been missing for so many days.
fn missing_for(days: i64) -> String {
    let day = (Timestamp::now() - SignedDuration::from_hours(24 * days)).to_string();
    format!("{};missing={}", adas(), &day[..10])
}

/// Lets something happen right before Ada is read for the second time: she was read once to make the plan, and is read
/// again by the step about her number.
fn before_the_step(world: &World, happens: impl Fn(&Okta, &Twilio) + Send + Sync + 'static) {
    let (okta, twilio) = (world.okta.clone(), world.twilio.clone());
    let adas = format!("GET /api/v1/users/{}", Employee::named("Ada", "").id());
    let mut reads = 0;
    let is_second = move |request: &str| {
        reads += usize::from(request == adas);
        request == adas && reads == 2
    };
    world.okta.health.fails_when(is_second, Fault::First(Arc::new(move || happens(&okta, &twilio))));
}

/// Ada comes back, with an empty profile.
fn is_rehired(okta: &Okta) {
    okta.set_status("Ada", "ACTIVE");
    okta.set("Ada", "primaryPhone", "");
}

/// Expects that Ada has her number after another run, and that calls to it reach her.
async fn ada_gets_the_same_number(world: &World) {
    world.run_provisioner().await.unwrap();
    assert_eq!(world.okta.profile("Ada", "primaryPhone").as_deref(), Some(COMPANY_NUMBER));
    let call = world.call(CALLER, COMPANY_NUMBER).await.to_string();
    assert!(call.contains(&format!("{MOBILE} rings")), "{call}");
    assert_eq!(world.twilio.purchases(), 2, "Ada's and Joan's");
}

#[tokio::test]
async fn who_is_rehired_before_their_number_is_retired_keeps_it() {
    for retires in ["release", "pool"] {
        let world = a_world_that(retires).await;
        world.okta.leaves("Ada", 31);
        before_the_step(&world, |okta, _| is_rehired(okta));
        let report = world.run_provisioner().await.unwrap();
        assert_eq!(label(&world), Some(adas()), "{retires}: {report:#}");
        assert!(report["postponed"].to_string().contains("something changed"), "{report:#}");
        ada_gets_the_same_number(&world).await;
    }
}

#[tokio::test]
async fn who_can_be_found_again_before_their_number_is_retired_keeps_it() {
    let world = a_world_that("pool").await;
    let before = label(&world);
    let ada = world.okta.everybody().into_iter().find(|it| it.attribute("firstName") == Some("Ada")).unwrap();
    world.okta.deletes("Ada");
    world.twilio.change(COMPANY_NUMBER, |it| it.friendly_name = missing_for(31));
    before_the_step(&world, move |okta, _| okta.hire(ada.clone()));
    world.run_provisioner().await.unwrap();
    assert_eq!(label(&world), Some(missing_for(31)));
    world.run_provisioner().await.unwrap();
    assert_eq!(label(&world), before, "the note is taken off");
}

#[tokio::test]
async fn a_number_that_somebody_relabels_before_it_is_retired_stays_as_they_labelled_it() {
    for retires in ["release", "pool"] {
        let world = a_world_that(retires).await;
        world.okta.leaves("Ada", 31);
        before_the_step(&world, |_, twilio| {
            twilio.change(COMPANY_NUMBER, |it| "Front desk".clone_into(&mut it.friendly_name));
        });
        world.run_provisioner().await.unwrap();
        assert_eq!(label(&world).as_deref(), Some("Front desk"), "{retires}");
    }
}

#[tokio::test]
async fn a_number_that_somebody_takes_over_before_it_is_retired_stays_theirs() {
    for retires in ["release", "pool"] {
        let world = a_world_that(retires).await;
        world.okta.leaves("Ada", 31);
        before_the_step(&world, |okta, _| {
            okta.hire(Employee::named("Grace", "Hopper").company_number(COMPANY_NUMBER));
        });
        world.run_provisioner().await.unwrap();
        assert_eq!(label(&world), Some(adas()), "{retires}");
    }
}

#[tokio::test]
async fn it_is_not_noted_that_somebody_is_missing_who_can_be_found_again() {
    let world = a_world_that("pool").await;
    let ada = world.okta.everybody().into_iter().find(|it| it.attribute("firstName") == Some("Ada")).unwrap();
    world.okta.deletes("Ada");
    before_the_step(&world, move |okta, _| okta.hire(ada.clone()));
    world.run_provisioner().await.unwrap();
    assert_eq!(label(&world), Some(adas()));
}

#[tokio::test]
async fn no_note_is_written_over_a_label_that_somebody_has_just_written() {
    let world = a_world_that("pool").await;
    world.okta.deletes("Ada");
    before_the_step(&world, |_, twilio| {
        twilio.change(COMPANY_NUMBER, |it| "Front desk".clone_into(&mut it.friendly_name));
    });
    world.run_provisioner().await.unwrap();
    assert_eq!(label(&world).as_deref(), Some("Front desk"));
}

#[tokio::test]
async fn no_note_is_taken_off_a_label_that_somebody_has_just_written() {
    let world = a_world_that("pool").await;
    world.twilio.change(COMPANY_NUMBER, |it| it.friendly_name = missing_for(5));
    let twilio = world.twilio.clone();
    let relabels = Arc::new(move || {
        twilio.change(COMPANY_NUMBER, |it| "Front desk".clone_into(&mut it.friendly_name));
    });
    let looks_again = |request: &str| request.contains("IncomingPhoneNumbers.json?PhoneNumber=");
    world.twilio.health.fails_when(looks_again, Fault::First(relabels));
    world.run_provisioner().await.unwrap();
    assert_eq!(label(&world).as_deref(), Some("Front desk"));
}

#[tokio::test]
async fn for_somebody_who_needs_no_number_any_more_none_is_bought() {
    for change in [
        |okta: &Okta| okta.set_status("Grace", "SUSPENDED"),
        |okta: &Okta| okta.set_status("Grace", "DEPROVISIONED"),
        |okta: &Okta| okta.set("Grace", "mobilePhone", ""),
        |okta: &Okta| okta.set("Grace", "primaryPhone", "+13105550000"),
    ] {
        for pooled in [false, true] {
            let world = World::start().await.unwrap();
            world.okta.hire(Employee::named("Grace", "Hopper").mobile("+14155550111"));
            world.twilio.sells("+19253290000");
            if pooled {
                world.twilio.owns("+14157770000");
                world.twilio.change("+14157770000", |it| "twilify:pool".clone_into(&mut it.friendly_name));
            }
            let okta = world.okta.clone();
            let is_read = format!("GET /api/v1/users/{}", Employee::named("Grace", "").id());
            let happens = Fault::First(Arc::new(move || change(&okta)));
            world.okta.health.fails_when(move |request| request == is_read, happens);
            let report = world.run_provisioner().await.unwrap();
            assert_eq!(world.twilio.purchases(), 0, "{report:#}");
            let labels: Vec<_> = world.twilio.owned().into_iter().map(|it| it.friendly_name).collect();
            assert!(labels.iter().all(|it| it == "twilify:pool"), "{labels:?}: {report:#}");
            let writes = world.okta.health.requests().into_iter().filter(|it| it.starts_with("POST"));
            assert_eq!(writes.count(), 0, "{report:#}");
        }
    }
}

#[tokio::test]
async fn somebody_whom_okta_lists_twice_gets_one_number() {
    let world = World::start().await.unwrap();
    // While people come and go, the pages of a list may overlap.
    for _ in 0..2 {
        world.okta.hire(Employee::named("Grace", "Hopper").mobile("+14155550111"));
    }
    for number in ["+19253290000", "+19253290001"] {
        world.twilio.sells(number);
    }
    world.run_provisioner().await.unwrap();
    assert_eq!(world.twilio.purchases(), 1);
}

#[tokio::test]
async fn a_number_that_another_run_labels_after_it_was_written_does_not_stay_in_the_profile() {
    let world = World::start().await.unwrap();
    world.okta.hire(Employee::named("Grace", "Hopper").mobile("+14155550111"));
    world.twilio.sells(COMPANY_NUMBER);
    let twilio = world.twilio.clone();
    let labels = Arc::new(move || {
        twilio.change(COMPANY_NUMBER, |it| it.friendly_name = adas());
    });
    let mut lists = 0;
    let is_second_list = move |request: &str| {
        lists += usize::from(request.contains("IncomingPhoneNumbers.json?PageSize="));
        request.contains("IncomingPhoneNumbers.json?PageSize=") && lists == 2
    };
    world.twilio.health.fails_when(is_second_list, Fault::First(labels));
    let failed = world.run_provisioner().await.unwrap_err();
    assert!(failed.message.contains("Grace Hopper: another run gave the number"), "{}", failed.message);
    assert_eq!(world.okta.profile("Grace", "primaryPhone"), None, "two people would have the same number");
    assert_eq!(label(&world), Some(adas()));
}

#[tokio::test]
async fn while_okta_does_not_say_what_became_of_somebody_nothing_is_changed() {
    for (fault, ends) in [
        (Fault::Answers(500, "{}"), true),
        (Fault::Answers(401, r#"{"errorCode":"E0000011"}"#), true),
        (Fault::Cuts, true),
        // Okta has her, and only what it says of her cannot be used.
        (Fault::Answers(403, r#"{"errorCode":"E0000006"}"#), false),
        (Fault::Answers(200, "{}"), false),
    ] {
        let world = a_world_that("release").await;
        world.okta.leaves("Ada", 31);
        world.okta.hire(Employee::named("Grace", "Hopper").mobile("+14155550111"));
        world.twilio.sells("+19253290001");
        let reads_ada = format!("GET /api/v1/users/{}", Employee::named("Ada", "").id());
        world.okta.health.fails_when(move |request| request == reads_ada, fault.clone());
        let report = world.run_provisioner().await;
        assert_eq!(label(&world), Some(adas()), "{fault:?}: {report:?}");
        let kind = report.err().map(|failed| failed.kind);
        assert_eq!(kind.as_deref(), ends.then_some("NotObserved"), "{fault:?}");
        assert_eq!(world.twilio.purchases(), if ends { 2 } else { 3 }, "{fault:?}");
    }
}

#[tokio::test]
async fn a_run_reads_those_whom_the_list_does_not_show_and_nobody_else_and_tells_who_has_left_from_who_is_not_served()
 {
    for (has_left, findings) in [(true, 1), (false, 0)] {
        let world = a_world_that("release").await;
        world.okta.set("Joan", "department", "Sales");
        world.configure("TWILIFY_OKTA_SEARCH", r#"profile.department eq "Sales""#).await;
        if has_left {
            world.okta.leaves("Ada", 1);
        }
        let before = world.okta.health.requests().len();
        let report = world.run_provisioner().await.unwrap();
        let requests = world.okta.health.requests().split_off(before);
        let reads: Vec<_> = requests.iter().filter(|it| it.starts_with("GET /api/v1/users/")).collect();
        assert_eq!(reads, [&format!("GET /api/v1/users/{}", Employee::named("Ada", "").id())]);
        let counts = &report["counts"];
        assert_eq!((&counts["postponed"], &counts["findings"]), (&0.into(), &findings.into()), "{report:#}");
    }
}
