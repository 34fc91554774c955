//! What callers hear while Okta is down.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use sandbox::{Employee, Fault, World, say};
use twilify::{
    EmployeeId,
    seal::{LastKnown, Seal, Sealed},
};

use crate::{
    CALLER, COMPANY_NUMBER, MOBILE, a_world_that_remembers_ada, a_world_with_ada,
    calls::{CONNECTED, NOT_IN_SERVICE, TRY_LATER},
};

/// The longest that a caller waits for an answer.
const LONGEST: Duration = Duration::from_secs(6);

/// A request that concerns employees.
const USERS: &str = "GET /api/v1/users";

/// What can be wrong with Okta, and whether it passes so quickly that a caller does not notice.
fn mishaps() -> Vec<(&'static str, Fault, usize, bool)> {
    let internal = Fault::Answers(500, r#"{"errorCode":"E0000009","errorSummary":"Internal Server Error"}"#);
    let always = usize::MAX;
    vec![
        ("429, reset in a second", Fault::LimitsRate(0), 1, true),
        ("429, reset in two seconds", Fault::LimitsRate(2), 1, true),
        ("429, reset in half a minute", Fault::LimitsRate(30), 1, false),
        ("429 always", Fault::LimitsRate(0), always, false),
        (
            "429 of too many at once, always",
            Fault::Answers(429, r#"{"errorCode":"E0000047"}"#),
            always,
            false,
        ),
        ("500 once", internal.clone(), 1, true),
        ("500 always", internal, always, false),
        ("502 with HTML", Fault::Answers(502, "<html>Bad Gateway</html>"), always, false),
        (
            "401",
            Fault::Answers(401, r#"{"errorCode":"E0000011","errorSummary":"Invalid token"}"#),
            always,
            false,
        ),
        ("404 of something else", Fault::Answers(404, r#"{"status":404}"#), always, false),
        ("answers after 2 s", Fault::Takes(Duration::from_secs(2)), always, true),
        ("answers after 5 s", Fault::Takes(Duration::from_secs(5)), always, false),
        ("answers after 16 s", Fault::Takes(Duration::from_secs(16)), always, false),
        ("never answers", Fault::Hangs, always, false),
        ("invalid JSON", Fault::Answers(200, r#"{"id":"#), always, false),
        ("other JSON", Fault::Answers(200, r#"{"unexpected":true}"#), always, false),
        ("cut once", Fault::Cuts, 1, true),
        ("cut always", Fault::Cuts, always, false),
    ]
}

/// Calls Ada through every mishap, always by a function that remembers nothing, and expects `connected` where
/// the mishap passes and else `otherwise`. Most of the time is waiting, so three worlds share the mishaps.
async fn call_through_all_mishaps(worlds: &[World; 3], connected: &str, otherwise: &str) {
    let shared = worlds.iter().enumerate().map(async |(index, world)| {
        for mishap in mishaps().into_iter().skip(index).step_by(worlds.len()) {
            call_through(world, mishap, connected, otherwise).await;
        }
    });
    join_all(shared).await;
}

async fn call_through(
    world: &World,
    (what, fault, times, passes): (&str, Fault, usize, bool),
    connected: &str,
    otherwise: &str,
) {
    world.configure("TWILIFY_LOG", "info").await;
    // So that the time is Okta's alone.
    let _ = world.twilio.deliver(&world.twilio.a_call(CALLER, COMPANY_NUMBER).unsigned()).await;
    world.okta.health.fails_on(USERS, times, fault);
    let started = Instant::now();
    let call = world.call(CALLER, COMPANY_NUMBER).await.to_string();
    let time = started.elapsed();
    world.okta.health.recovers();
    say(&format!("| {what} | {} | {:.1} s |", call.lines().last().unwrap_or_default(), time.as_secs_f32()));
    assert_eq!(call, if passes { connected } else { otherwise }, "{what}");
    assert!(time < LONGEST, "{what}: {time:?}");
}

async fn three_worlds_with_ada() -> [World; 3] {
    [a_world_with_ada().await, a_world_with_ada().await, a_world_with_ada().await]
}

#[tokio::test]
async fn while_okta_is_down_calls_go_to_the_last_known_mobile() {
    let worlds = three_worlds_with_ada().await;
    for world in &worlds {
        world.okta.set("Ada", "mobilePhone", "+14155550188");
    }
    call_through_all_mishaps(&worlds, &CONNECTED.replace(MOBILE, "+14155550188"), CONNECTED).await;
    let log = worlds[0].logged("what was last known has to do").await;
    assert!(log.contains(r#""by_last_known_route":true"#) && log.contains(r#""age_seconds":"#), "{log}");
}

#[tokio::test]
async fn without_a_seal_callers_hear_in_time_that_they_should_try_later() {
    let worlds = three_worlds_with_ada().await;
    for world in &worlds {
        world.ssm.delete("/twilify/seal-key");
        world.configure("TWILIFY_LOG", "info").await;
        let report = world.run_provisioner().await.unwrap();
        let change = report["changes"][0]["text"].as_str().unwrap();
        assert!(change.starts_with("Took the mobile of Ada"), "{report}");
        assert!(!world.twilio.owned()[0].voice_url.contains("route="));
    }
    call_through_all_mishaps(&worlds, CONNECTED, TRY_LATER).await;
    assert_eq!(worlds[0].call(CALLER, COMPANY_NUMBER).await.to_string(), CONNECTED);
}

#[tokio::test]
async fn who_has_been_called_before_can_be_called_while_okta_is_down_even_without_a_seal() {
    let world = a_world_with_ada().await;
    world.ssm.delete("/twilify/seal-key");
    world.configure("TWILIFY_LOG", "info").await;
    assert_eq!(world.call(CALLER, COMPANY_NUMBER).await.to_string(), CONNECTED);
    world.okta.health.fails(Fault::Answers(500, ""));
    assert_eq!(world.call(CALLER, COMPANY_NUMBER).await.to_string(), CONNECTED);
}

#[tokio::test]
async fn what_is_newer_is_believed_the_seal_or_what_was_said_since() {
    let world = a_world_with_ada().await;
    world.okta.set("Ada", "mobilePhone", "+14155550188");
    let moved = CONNECTED.replace(MOBILE, "+14155550188");
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(world.call(CALLER, COMPANY_NUMBER).await.to_string(), moved);
    world.okta.health.fails(Fault::Answers(500, ""));
    assert_eq!(world.call(CALLER, COMPANY_NUMBER).await.to_string(), moved);
}

#[tokio::test]
async fn what_the_provisioner_sealed_since_the_last_call_is_believed() {
    let world = a_world_with_ada().await;
    assert_eq!(world.call(CALLER, COMPANY_NUMBER).await.to_string(), CONNECTED);
    world.okta.set("Ada", "mobilePhone", "+14155550188");
    world.run_provisioner().await.unwrap();
    world.okta.health.fails(Fault::Answers(500, ""));
    let moved = CONNECTED.replace(MOBILE, "+14155550188");
    assert_eq!(world.call(CALLER, COMPANY_NUMBER).await.to_string(), moved);
}

#[tokio::test]
async fn a_sealed_mobile_is_not_rung_where_calls_may_not_go_any_more() {
    let world = a_world_with_ada().await;
    world.configure("TWILIFY_MOBILE_COUNTRIES", "CA").await;
    world.okta.health.fails(Fault::Answers(500, ""));
    assert_eq!(world.call(CALLER, COMPANY_NUMBER).await.to_string(), TRY_LATER);
}

#[tokio::test]
async fn nobody_waits_for_okta_to_take_requests_again_in_half_a_minute() {
    let world = a_world_with_ada().await;
    let _ = world.call(CALLER, COMPANY_NUMBER).await;
    world.okta.health.fails(Fault::LimitsRate(30));
    let started = Instant::now();
    assert_eq!(world.call(CALLER, COMPANY_NUMBER).await.to_string(), CONNECTED);
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
}

#[tokio::test]
async fn okta_is_asked_twice_at_the_most() {
    let world = a_world_with_ada().await;
    world.okta.health.fails(Fault::Answers(500, ""));
    let before = world.okta.health.requests().len();
    let _ = world.call(CALLER, COMPANY_NUMBER).await;
    assert_eq!(world.okta.health.requests().len() - before, 2);
}

#[tokio::test]
async fn a_slow_profile_and_a_slow_search_take_no_longer_together() {
    let world = a_world_with_ada().await;
    world.okta.set("Ada", "primaryPhone", "");
    world.okta.health.fails(Fault::Takes(Duration::from_secs(3)));
    let started = Instant::now();
    assert_eq!(world.call(CALLER, COMPANY_NUMBER).await.to_string(), TRY_LATER);
    assert!(started.elapsed() < LONGEST, "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_successor_who_was_called_before_is_connected_while_searches_fail() {
    let world = a_world_with_ada().await;
    world.okta.leaves("Ada", 0);
    world.okta.hire(Employee::named("Grace", "Hopper").mobile("+14155550188").company_number(COMPANY_NUMBER));
    let graces = world.call(CALLER, COMPANY_NUMBER).await.to_string();
    assert!(graces.contains("+14155550188 rings"), "{graces}");
    world.okta.health.fails_on("GET /api/v1/users?search", usize::MAX, Fault::Answers(500, ""));
    assert_eq!(world.call(CALLER, COMPANY_NUMBER).await.to_string(), graces);
}

#[tokio::test]
async fn an_answer_that_somebody_is_not_there_is_no_outage() {
    let world = a_world_with_ada().await;
    world.okta.set_status("Ada", "SUSPENDED");
    assert_eq!(world.call(CALLER, COMPANY_NUMBER).await.to_string(), NOT_IN_SERVICE);
    // Reading her says that she is away, and only then Okta fails.
    world.okta.health.fails_on("GET /api/v1/users?search", usize::MAX, Fault::Answers(500, ""));
    assert_eq!(world.call(CALLER, COMPANY_NUMBER).await.to_string(), TRY_LATER);
}

#[tokio::test]
async fn who_was_seen_to_be_away_is_not_called_when_okta_fails_altogether() {
    let world = a_world_with_ada().await;
    world.ssm.delete("/twilify/seal-key");
    world.configure("TWILIFY_LOG", "info").await;
    assert_eq!(world.call(CALLER, COMPANY_NUMBER).await.to_string(), CONNECTED);
    world.okta.set_status("Ada", "SUSPENDED");
    world.okta.health.fails_on("GET /api/v1/users?search", usize::MAX, Fault::Answers(500, ""));
    assert_eq!(world.call(CALLER, COMPANY_NUMBER).await.to_string(), TRY_LATER);
    world.okta.health.fails(Fault::Answers(500, ""));
    assert_eq!(world.call(CALLER, COMPANY_NUMBER).await.to_string(), TRY_LATER);
}

#[tokio::test]
async fn a_leaver_cannot_be_called_any_more_after_the_next_run_even_while_okta_is_down() {
    let world = a_world_with_ada().await;
    let grace = Employee::named("Grace", "Hopper").mobile("+14155550177").company_number("+19253294109");
    world.twilio.owns("+19253294109");
    world.okta.hire(grace);
    world.run_provisioner().await.unwrap();
    for status in ["SUSPENDED", "DEPROVISIONED"] {
        assert_eq!(world.call(CALLER, COMPANY_NUMBER).await.to_string(), CONNECTED);
        world.okta.set_status("Ada", status);
        world.run_provisioner().await.unwrap();
        assert!(!world.twilio.owned()[0].voice_url.contains("route="), "{status}");
        world.okta.health.fails(Fault::Hangs);
        assert_eq!(world.call(CALLER, COMPANY_NUMBER).await.to_string(), TRY_LATER, "{status}");
        world.okta.health.recovers();
        world.okta.set_status("Ada", "ACTIVE");
        world.run_provisioner().await.unwrap();
    }
}

#[tokio::test]
async fn a_new_mobile_and_a_new_name_are_sealed_by_the_next_run_and_then_all_is_well() {
    let world = a_world_with_ada().await;
    world.okta.set("Ada", "mobilePhone", "+14155550188");
    let report = world.run_provisioner().await.unwrap();
    assert_eq!(
        report["changes"][0]["text"],
        "Sealed the mobile of Ada Lovelace into the webhooks of their company number (+19253294108)."
    );
    assert_eq!(world.run_provisioner().await.unwrap()["counts"]["changes"], 0);
    world.okta.health.fails(Fault::Cuts);
    let call = world.call(CALLER, COMPANY_NUMBER).await.to_string();
    assert_eq!(call, CONNECTED.replace(MOBILE, "+14155550188"));
}

#[tokio::test]
async fn a_seal_is_of_no_use_after_a_week() {
    let world = a_world_with_ada().await;
    let seal = Seal::new(&sandbox::SEAL_KEY.into(), SignedDuration::MAX).unwrap();
    let employee: EmployeeId = Employee::named("Ada", "").id().parse().unwrap();
    let known = LastKnown { mobile: MOBILE.parse().unwrap(), name: "Ada".to_owned() };
    world.okta.health.fails(Fault::Answers(500, ""));
    for (days, heard) in [(6, CONNECTED), (8, TRY_LATER)] {
        let then = Timestamp::now() - SignedDuration::from_hours(24 * days);
        let Sealed(sealed) = seal.seal(&known, &COMPANY_NUMBER.parse().unwrap(), &employee, then);
        world.twilio.change(COMPANY_NUMBER, |it| {
            it.voice_url = format!("{}/call-forward?employee={}&route={sealed}", world.url(), employee.0);
        });
        assert_eq!(world.call(CALLER, COMPANY_NUMBER).await.to_string(), heard, "{days} days");
    }
}

#[tokio::test]
async fn a_seal_is_of_no_use_on_another_number_or_for_another_employee() {
    let world = a_world_with_ada().await;
    world.twilio.owns("+19253294109");
    let adas = world.twilio.owned()[0].voice_url.clone();
    world.twilio.change("+19253294109", |it| it.voice_url.clone_from(&adas));
    world.okta.health.fails(Fault::Answers(500, ""));
    assert_eq!(world.call(CALLER, "+19253294109").await.to_string(), TRY_LATER, "another number");
    for (what, broken) in [
        ("another employee", adas.replace("xada", "xadx")),
        ("a bit is different", format!("{}A", &adas[..adas.len() - 2])),
        ("no seal at all", adas.split("&route").next().unwrap().to_owned()),
    ] {
        world.twilio.change(COMPANY_NUMBER, |it| it.voice_url = broken);
        assert_eq!(world.call(CALLER, COMPANY_NUMBER).await.to_string(), TRY_LATER, "{what}");
    }
}

#[tokio::test]
async fn with_last_known_days_set_to_nothing_no_mobile_is_sealed_or_made_do_with() {
    let world = a_world_with_ada().await;
    world.configure("TWILIFY_LAST_KNOWN_DAYS", "0").await;
    world.run_provisioner().await.unwrap();
    assert!(!world.twilio.owned()[0].voice_url.contains("route="));
    assert_eq!(world.call(CALLER, COMPANY_NUMBER).await.to_string(), CONNECTED);
    world.okta.health.fails(Fault::Answers(500, ""));
    assert_eq!(world.call(CALLER, COMPANY_NUMBER).await.to_string(), TRY_LATER);
}

#[tokio::test]
async fn a_seal_key_that_is_none_stops_the_provisioner_and_no_call() {
    let world = a_world_with_ada().await;
    world.ssm.put_secure("/twilify/seal-key", "a secret");
    world.configure("TWILIFY_LOG", "info").await;
    assert_eq!(world.call(CALLER, COMPANY_NUMBER).await.to_string(), CONNECTED);
    world.run_provisioner().await.unwrap_err();
    let log = world.logged("cannot start").await;
    assert!(
        log.contains("the parameter /twilify/seal-key is unusable: not 32 random bytes in Base64"),
        "{log}"
    );
}

#[tokio::test]
async fn texts_arrive_while_okta_is_down() {
    let world = a_world_that_remembers_ada().await;
    world.okta.health.fails(Fault::Hangs);
    assert_eq!(world.text(CALLER, COMPANY_NUMBER, "Hello").await.status, 200);
    assert_eq!(world.twilio.inbox(MOBILE)[0].body, "From: +14155550123\n\nHello");
}
