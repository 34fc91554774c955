//! Which phones are never rung.

use std::time::{Duration, Instant};

use sandbox::{Employee, Fault};

use crate::{
    CALLER, COMPANY_NUMBER, MOBILE, a_world_with_ada,
    calls::{CONNECTED, NOT_REACHABLE},
};

/// Somebody else's company number.
const GRACES_NUMBER: &str = "+19253294109";

#[tokio::test]
async fn an_employee_without_a_usable_mobile_cannot_be_reached() {
    let world = a_world_with_ada().await;
    for mobile in ["", " ", "ask at the desk", "555-1234", "818-217-9229 ext. 12", "+1 000 000 0000"] {
        world.okta.set("Ada", "mobilePhone", mobile);
        assert_eq!(world.call(CALLER, COMPANY_NUMBER).await.to_string(), NOT_REACHABLE, "{mobile}");
    }
}

#[tokio::test]
async fn nothing_is_dialled_that_costs_a_fortune_or_is_for_emergencies() {
    let world = a_world_with_ada().await;
    for mobile in [
        "911",
        "112",
        "+1911",
        "+19115550100",
        "+18765550100",
        "(876) 555-0100",
        "+18095550100",
        "+19005550100",
        "+18005550199",
        "+442071838750",
        "+88213000000",
        "+37255501234",
        "+14161",
        "976-1234",
    ] {
        world.okta.set("Ada", "mobilePhone", mobile);
        assert_eq!(world.call(CALLER, COMPANY_NUMBER).await.to_string(), NOT_REACHABLE, "{mobile}");
        world.text(CALLER, COMPANY_NUMBER, "Hello").await;
    }
    let sent = world
        .twilio
        .health
        .requests()
        .into_iter()
        .filter(|it| it.starts_with("POST") && it.contains("Messages"));
    assert_eq!(sent.count(), 0, "texts go nowhere else than calls");
}

#[tokio::test]
async fn the_countries_to_which_calls_go_are_a_setting() {
    let world = a_world_with_ada().await;
    world.okta.set("Ada", "mobilePhone", "+44 7400 123456");
    assert_eq!(world.call(CALLER, COMPANY_NUMBER).await.to_string(), NOT_REACHABLE);
    world.configure("TWILIFY_MOBILE_COUNTRIES", "US, GB").await;
    let call = world.call(CALLER, COMPANY_NUMBER).await.to_string();
    assert!(call.contains("+447400123456 rings"), "{call}");
    world.okta.set("Ada", "mobilePhone", "+14165550100");
    assert_eq!(world.call(CALLER, COMPANY_NUMBER).await.to_string(), NOT_REACHABLE, "Toronto");
}

#[tokio::test]
async fn an_employee_who_calls_their_own_number_is_told_so() {
    let world = a_world_with_ada().await;
    assert_eq!(
        world.call(MOBILE, COMPANY_NUMBER).await.to_string(),
        "The caller hears: This is your own company number. Calls to it ring this phone. Goodbye.\n"
    );
}

#[tokio::test]
async fn a_call_does_not_go_round_in_circles() {
    let world = a_world_with_ada().await;
    world.okta.set("Ada", "mobilePhone", "(925) 329-4108");
    assert_eq!(world.call(CALLER, COMPANY_NUMBER).await.to_string(), NOT_REACHABLE, "her own number");
    world.twilio.owns(GRACES_NUMBER);
    world.okta.set("Ada", "mobilePhone", GRACES_NUMBER);
    assert_eq!(world.call(CALLER, COMPANY_NUMBER).await.to_string(), NOT_REACHABLE, "a colleague's");
    world.okta.set("Ada", "mobilePhone", MOBILE);
}

#[tokio::test]
async fn a_new_mobile_is_looked_up_at_twilio_once_and_rings() {
    let world = a_world_with_ada().await;
    world.configure("TWILIFY_REMEMBER_SECONDS", "60").await;
    world.okta.set("Ada", "mobilePhone", "+14155550188");
    let before = world.twilio.health.requests().len();
    for _ in 0..2 {
        let call = world.call(CALLER, COMPANY_NUMBER).await.to_string();
        assert!(call.contains("+14155550188 rings"), "{call}");
    }
    let asked = world.twilio.health.requests().split_off(before);
    assert!(matches!(&asked[..], [one] if one.contains("PhoneNumber=%2B14155550188")), "{asked:?}");
}

#[tokio::test]
async fn a_new_mobile_rings_even_if_twilio_does_not_say_whose_it_is_and_okta_is_slow() {
    let world = a_world_with_ada().await;
    world.okta.set("Ada", "mobilePhone", "+14155550188");
    world.okta.health.fails(Fault::Takes(Duration::from_millis(3500)));
    for fault in [Fault::Hangs, Fault::Answers(500, ""), Fault::Cuts] {
        world.twilio.health.fails(fault);
        let started = Instant::now();
        let call = world.call(CALLER, COMPANY_NUMBER).await.to_string();
        assert!(call.contains("+14155550188 rings"), "{call}");
        assert!(started.elapsed() < Duration::from_secs(6), "{:?}", started.elapsed());
    }
}

#[tokio::test]
async fn a_colleagues_mobile_may_be_called_from_by_a_colleague() {
    let world = a_world_with_ada().await;
    world.okta.hire(Employee::named("Grace", "Hopper").mobile("+14155550188").company_number(GRACES_NUMBER));
    let call = world.call("+14155550188", COMPANY_NUMBER).await.to_string();
    assert_eq!(call, CONNECTED.replace(CALLER, "+14155550188"));
}
