//! Provisioning when things go wrong: nothing is bought twice, and nothing that was bought is lost.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use sandbox::{Employee, Fault, Number, World};
use serde_json::Value;

/// A world with so many employees who wait for a number, and as many numbers as they like.
async fn a_company_of(count: usize) -> World {
    let world = World::start().await.unwrap();
    for index in 0..count {
        world.okta.hire(
            Employee::named(&format!("N{index}"), "Doe").mobile(&format!("+1415555{:04}", 100 + index)),
        );
    }
    for index in 0..2 * count {
        world.twilio.sells(&format!("+1925{:07}", 3_290_000 + index));
    }
    world
}

/// Expects that everybody has a number of their own, that `purchases` were made for that, that nothing
/// was lost on the way, and that another run has nothing to do.
async fn all_is_well(world: &World, purchases: usize) {
    assert_eq!((world.twilio.purchases(), stranded(world)), (purchases, Vec::<String>::new()));
    assert_eq!(world.twilio.owned().len(), purchases);
    everybody_has_a_number_of_their_own(world).await;
}

/// Expects that another run has nothing to do, because each employee has a number with their label.
async fn everybody_has_a_number_of_their_own(world: &World) {
    let mut numbers: Vec<String> = Vec::new();
    for employee in world.okta.everybody() {
        let number = employee.attribute("primaryPhone").expect("everybody has a number").to_owned();
        let owned = world.twilio.owned().into_iter().find(|it| it.phone_number == number).unwrap();
        assert_eq!(owned.friendly_name, format!("twilify:{}", employee.id()));
        numbers.push(number);
    }
    numbers.sort();
    numbers.dedup();
    assert_eq!(numbers.len(), world.okta.everybody().len(), "a number each");
    let plan = world.plan_provisioning().await.unwrap();
    assert_eq!(plan["changes"], serde_json::json!([]));
}

/// The numbers that carry an employee's label and are in nobody's profile.
fn stranded(world: &World) -> Vec<String> {
    let everybody = world.okta.everybody();
    let held = |number: &str| everybody.iter().any(|it| it.attribute("primaryPhone") == Some(number));
    let labelled = world.twilio.owned().into_iter().filter(|it| it.friendly_name != "twilify:pool");
    labelled.map(|it| it.phone_number).filter(|number| !held(number)).collect()
}

fn texts(report: &Value, part: &str) -> Vec<String> {
    let entries = report[part].as_array().unwrap().iter();
    entries.map(|entry| entry["text"].as_str().unwrap().to_owned()).collect()
}

fn unfinished(failed: &sandbox::Failed) -> Value {
    assert_eq!(failed.kind, "Unfinished", "{}", failed.message);
    serde_json::from_str(&failed.message).unwrap()
}

#[tokio::test]
async fn killed_at_any_step_the_next_run_completes_what_was_begun() {
    // Twenty rehearsals, purchases and profiles make sixty moments to die at.
    for moment in 1..=60 {
        let world = a_company_of(20).await;
        world.kill_provisioner_after_change(moment);
        assert_eq!(world.run_provisioner().await.unwrap_err().kind, "Runtime.ExitError", "moment {moment}");
        world.run_provisioner().await.unwrap();
        all_is_well(&world, 20).await;
    }
}

#[tokio::test]
async fn killed_while_it_gives_numbers_from_the_pool_the_next_run_completes_that_too() {
    // Five rehearsals, labels and profiles.
    for moment in 1..=15 {
        let world = a_company_of(5).await;
        for index in 0..5 {
            world.twilio.owns(&format!("+1415777{index:04}"));
            let number = world.twilio.owned().pop().unwrap().phone_number;
            world.twilio.change(&number, |it| it.friendly_name = "twilify:pool".to_owned());
        }
        world.kill_provisioner_after_change(moment);
        world.run_provisioner().await.unwrap_err();
        world.run_provisioner().await.unwrap();
        assert_eq!((world.twilio.purchases(), stranded(&world)), (0, Vec::new()), "moment {moment}");
        everybody_has_a_number_of_their_own(&world).await;
    }
}

#[tokio::test]
async fn two_runs_at_the_same_time_end_with_one_number_for_everybody() {
    for _ in 0..8 {
        let world = a_company_of(20).await;
        for result in world.run_two_provisioners().await {
            // Where both gave away the same number, one of them says so, and the next run makes it good.
            let failed = result.err().map(|failed| texts(&unfinished(&failed), "failed")).unwrap_or_default();
            assert!(failed.iter().all(|it| it.contains("another run gave the number")), "{failed:#?}");
        }
        world.run_provisioner().await.unwrap();
        let owned = world.twilio.owned();
        let spare = owned.iter().filter(|it| it.friendly_name == "twilify:pool").count();
        assert!(spare <= 8, "{spare} numbers too many: the runs want the same numbers for the same people");
        assert_eq!(stranded(&world), [""; 0]);
        assert_eq!((owned.len(), owned.len() - spare), (world.twilio.purchases(), 20));
        everybody_has_a_number_of_their_own(&world).await;
    }
}

#[tokio::test]
async fn a_number_that_was_taken_from_somebody_by_crossing_another_run_is_given_back() {
    for rival in ["N0", "N2"] {
        let world = a_company_of(3).await;
        let theirs = "+19253290001";
        let (okta, twilio) = (world.okta.clone(), world.twilio.clone());
        let label = format!("twilify:{}", Employee::named(rival, "Doe").id());
        // Another run gives the rival the number that this one has in mind for N1, and searches do not know it yet.
        let crosses = Arc::new(move || {
            twilio.owns(theirs);
            twilio.change(theirs, |it| it.friendly_name.clone_from(&label));
            okta.set(rival, "primaryPhone", theirs);
        });
        world.twilio.health.fails_on(
            "GET /2010-04-01/Accounts/AC00000000000000000000000000000000/Avail",
            1,
            Fault::First(crosses),
        );
        let report = unfinished(&world.run_provisioner().await.unwrap_err());
        assert!(texts(&report, "failed")[0].starts_with("N1 Doe: another run gave the number"), "{report:#}");
        assert_eq!(world.okta.profile(rival, "primaryPhone").as_deref(), Some(theirs));
        assert_eq!(world.okta.profile("N1", "primaryPhone"), None);
        world.run_provisioner().await.unwrap();
        assert_eq!(stranded(&world), [""; 0]);
        everybody_has_a_number_of_their_own(&world).await;
    }
}

#[tokio::test]
async fn a_purchase_whose_reply_is_lost_is_one_purchase() {
    for fault in [Fault::LosesReply, Fault::Cuts, Fault::Answers(500, ""), Fault::Answers(503, "")] {
        let world = a_company_of(3).await;
        world.twilio.health.fails_on("POST /2010", 1, fault);
        world.run_provisioner().await.unwrap();
        all_is_well(&world, 3).await;
    }
}

#[tokio::test]
async fn a_write_whose_reply_is_lost_or_that_fails_for_a_moment_is_repeated() {
    for fault in [Fault::LosesReply, Fault::Cuts, Fault::Answers(500, ""), Fault::Answers(503, "")] {
        let world = a_company_of(3).await;
        world.okta.health.fails_on("POST /api", 1, fault);
        world.run_provisioner().await.unwrap();
        all_is_well(&world, 3).await;
    }
}

#[tokio::test]
async fn when_a_vendor_asks_for_fewer_requests_the_run_waits_and_goes_on() {
    let world = a_company_of(3).await;
    let started = Instant::now();
    world.okta.health.fails_on("GET /api/v1/users?", 1, Fault::LimitsRate(1));
    world.okta.health.fails_on("POST /api", 1, Fault::LimitsRate(1));
    world.twilio.health.fails_on("GET /2010", 2, Fault::Answers(429, r#"{"code":20429}"#));
    world.twilio.health.fails_on("POST /2010", 3, Fault::Answers(429, r#"{"code":20429}"#));
    world.run_provisioner().await.unwrap();
    assert!(started.elapsed() > Duration::from_secs(2), "it did not wait until the limits were reset");
    all_is_well(&world, 3).await;
}

#[tokio::test]
async fn a_page_that_is_too_much_for_okta_is_asked_for_in_halves() {
    let world = a_company_of(30).await;
    let too_many = |request: &str| request.contains("limit=200") || request.contains("limit=100");
    world.okta.health.fails_when(too_many, Fault::Answers(500, r#"{"errorCode":"E0000009"}"#));
    world.run_provisioner().await.unwrap();
    all_is_well(&world, 30).await;
}

#[tokio::test]
async fn numbers_that_searches_still_find_after_they_were_sold_are_not_bought_again() {
    // More than the twenty that each search finds beyond what is needed.
    let world = a_company_of(30).await;
    world.twilio.searches_lag();
    world.run_provisioner().await.unwrap();
    all_is_well(&world, 30).await;
    world.okta.hire(Employee::named("Late", "Comer").mobile("+14155559999"));
    world.run_provisioner().await.unwrap();
    all_is_well(&world, 31).await;
}

#[tokio::test]
async fn a_number_that_somebody_else_was_quicker_to_buy_is_passed_over() {
    let world = a_company_of(3).await;
    let gone = Fault::Answers(400, r#"{"code":21422,"message":"not available"}"#);
    world.twilio.health.fails_on("POST /2010", 2, gone);
    world.run_provisioner().await.unwrap();
    all_is_well(&world, 3).await;
}

#[tokio::test]
async fn a_thousand_people_get_their_numbers_from_two_searches_at_the_most() {
    let world = a_company_of(1000).await;
    world.twilio.searches_lag();
    world.configure("TWILIFY_MAX_PURCHASES", "1000").await;
    world.run_provisioner().await.unwrap();
    all_is_well(&world, 1000).await;
    let searches =
        world.twilio.health.requests().iter().filter(|it| it.contains("AvailablePhoneNumbers")).count();
    assert!(searches <= 2, "{searches} searches");
}

#[tokio::test]
async fn while_okta_takes_no_numbers_only_a_handful_is_bought_in_all_runs_together() {
    let world = a_company_of(20).await;
    // It takes what changes nothing, so it is only seen after a purchase that it takes nothing else.
    world.okta.health.fails_as({
        let mut writes = 0;
        move |request| {
            writes += usize::from(request.starts_with("POST"));
            (request.starts_with("POST") && writes > 4).then_some(Fault::Answers(503, "{}"))
        }
    });
    for _ in 0..3 {
        let report = unfinished(&world.run_provisioner().await.unwrap_err());
        assert!((1..=5).contains(&world.twilio.purchases()), "{} numbers", world.twilio.purchases());
        assert!(texts(&report, "postponed")[0].contains("Okta"), "{report:#}");
    }
    world.okta.health.recovers();
    world.run_provisioner().await.unwrap();
    all_is_well(&world, 20).await;
}

#[tokio::test]
async fn when_twilio_does_not_answer_the_run_ends_in_time_and_says_what_is_left() {
    let world = a_company_of(20).await;
    world.gives_provisioner(Duration::from_secs(34));
    world.twilio.health.fails_on("POST /2010", 1000, Fault::Hangs);
    let report = world.run_provisioner().await.unwrap();
    assert_eq!((texts(&report, "changes").len(), texts(&report, "postponed").len()), (0, 20));
    world.twilio.health.recovers();
    world.run_provisioner().await.unwrap();
    all_is_well(&world, 20).await;
}

#[tokio::test]
async fn when_okta_takes_no_more_requests_in_the_time_there_is_the_rest_is_left_to_the_next_run() {
    let world = a_company_of(20).await;
    world.gives_provisioner(Duration::from_secs(40));
    world.okta.health.fails_on("POST /api", 1, Fault::LimitsRate(50));
    let report = world.run_provisioner().await.unwrap();
    assert!(texts(&report, "postponed").len() >= 16, "{report:#}");
    let requests = world.okta.health.requests().len();
    assert!(requests < 12, "Okta was asked {requests} times although it had had enough");
    world.okta.health.recovers();
    world.gives_provisioner(Duration::from_mins(15));
    world.run_provisioner().await.unwrap();
    all_is_well(&world, 20).await;
}

#[tokio::test]
async fn a_mobile_number_that_comes_from_another_system_is_used_as_it_is() {
    let world = a_company_of(1).await;
    world.okta.set("N0", "mobilePhone", "(415) 555-0100");
    world.okta.is_mastered_elsewhere("N0", "mobilePhone");
    let report = world.run_provisioner().await.unwrap();
    assert!(report["findings"][0].as_str().unwrap().contains("comes from another system"), "{report:#}");
    let number = world.okta.profile("N0", "primaryPhone").unwrap();
    assert!(world.call("+14155550123", &number).await.to_string().contains("+14155550100 rings"));
}

#[tokio::test]
async fn somebody_who_gets_a_number_from_an_administrator_meanwhile_keeps_it_and_ours_goes_to_the_pool() {
    let world = a_company_of(1).await;
    let okta = world.okta.clone();
    let fills = Arc::new(move || okta.set("N0", "primaryPhone", "+13105550000"));
    world.twilio.health.fails_on("POST /2010", 1, Fault::First(fills));
    world.run_provisioner().await.unwrap();
    assert_eq!(world.okta.profile("N0", "primaryPhone").as_deref(), Some("+13105550000"));
    let [number] = world.twilio.owned().try_into().unwrap();
    assert_eq!(number.friendly_name, "twilify:pool");
    world.okta.hire(Employee::named("Ada", "Lovelace").mobile("+14155559999"));
    world.run_provisioner().await.unwrap();
    assert_eq!(world.okta.profile("Ada", "primaryPhone"), Some(number.phone_number));
    assert_eq!(world.twilio.purchases(), 1);
}

#[tokio::test]
async fn when_time_runs_out_the_rest_is_left_to_the_next_run() {
    let world = a_company_of(20).await;
    world.gives_provisioner(Duration::from_secs(32));
    world.twilio.health.fails_on("POST /2010", 1000, Fault::Takes(Duration::from_secs(5)));
    let report = world.run_provisioner().await.unwrap();
    let (done, left) = (texts(&report, "changes").len(), texts(&report, "postponed").len());
    assert!(done > 0 && left > 0 && done + left == 20, "{done} done, {left} left");
    assert_eq!(stranded(&world), [""; 0]);
    world.twilio.health.recovers();
    world.run_provisioner().await.unwrap();
    all_is_well(&world, 20).await;
}

#[tokio::test]
async fn numbers_that_lead_elsewhere_are_led_back_and_those_that_are_not_ours_are_left_alone() {
    let world = a_company_of(2).await;
    world.run_provisioner().await.unwrap();
    let [first, _] = world.twilio.owned().try_into().unwrap();
    world.twilio.change(&first.phone_number, |it| {
        it.voice_url = "https://demo.twilio.com/welcome/voice/".to_owned();
        it.voice_application_sid = "AP00000000000000000000000000000000".to_owned();
    });
    world.twilio.owns("+13105550000");
    let report = world.run_provisioner().await.unwrap();
    assert_eq!(texts(&report, "changes").len(), 1);
    let [mended, _, other] = world.twilio.owned().try_into().unwrap();
    // Each seal is different, even of the same mobile.
    let unsealed = |url: &str| url.split("&route=").next().unwrap().to_owned();
    let unsealed = |it: Number| Number {
        voice_url: unsealed(&it.voice_url),
        voice_fallback_url: unsealed(&it.voice_fallback_url),
        sms_url: unsealed(&it.sms_url),
        ..it
    };
    assert_eq!(unsealed(mended), unsealed(first));
    assert_eq!(other.voice_url, "");
}

#[tokio::test]
async fn a_number_of_the_account_that_a_profile_names_is_adopted() {
    let world = a_company_of(1).await;
    world.twilio.owns("+13105550000");
    world.okta.set("N0", "primaryPhone", "(310) 555-0000");
    world.run_provisioner().await.unwrap();
    assert_eq!(world.okta.profile("N0", "primaryPhone").as_deref(), Some("+13105550000"));
    assert!(world.call("+14155550123", "+13105550000").await.to_string().contains("+14155550100 rings"));
    assert_eq!(world.twilio.purchases(), 0);
}

#[tokio::test]
async fn a_run_with_nothing_to_do_costs_two_requests() {
    let world = a_company_of(150).await;
    world.configure("TWILIFY_MAX_PURCHASES", "150").await;
    world.run_provisioner().await.unwrap();
    let before = (world.okta.health.requests().len(), world.twilio.health.requests().len());
    world.run_provisioner().await.unwrap();
    let after = (world.okta.health.requests().len(), world.twilio.health.requests().len());
    assert_eq!((after.0 - before.0, after.1 - before.1), (1, 1));
}

#[tokio::test]
async fn a_number_of_the_pool_that_somebody_has_just_given_away_goes_to_nobody_else() {
    let world = a_company_of(1).await;
    world.twilio.owns("+13105550000");
    world.twilio.change("+13105550000", |it| it.friendly_name = "twilify:pool".to_owned());
    let (okta, twilio) = (world.okta.clone(), world.twilio.clone());
    let gives_it_to_ada = Arc::new(move || {
        let ada = Employee::named("Ada", "Lovelace").mobile("+14155559999");
        twilio.change("+13105550000", |it| it.friendly_name = format!("twilify:{}", ada.id()));
        okta.hire(ada.company_number("+13105550000"));
    });
    world.okta.health.fails_on("POST /api/v1/users/", 1, Fault::First(gives_it_to_ada));
    world.run_provisioner().await.unwrap();
    assert_ne!(world.okta.profile("N0", "primaryPhone").as_deref(), Some("+13105550000"));
    let pooled = world.twilio.owned().into_iter().find(|it| it.phone_number == "+13105550000").unwrap();
    assert!(pooled.friendly_name.ends_with("xada"), "{}", pooled.friendly_name);
    world.run_provisioner().await.unwrap();
    everybody_has_a_number_of_their_own(&world).await;
}
