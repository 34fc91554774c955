//! What a function remembers counts until Okta says something else. When Okta fails after that, neither somebody who has left
//! is called, nor one of two claimants, nor an old mobile. That is so without a seal: a seal in the webhook's URL stays until the
//! provisioner has run, and may still be used.

use std::time::Duration;

use sandbox::{Corrupt, Employee, Fault, Hidden, World};

use crate::{
    CALLER, COMPANY_NUMBER, MOBILE, a_world_with_ada,
    calls::{CONNECTED, NOT_IN_SERVICE, NOT_REACHABLE, TRY_LATER},
    late::worked_off,
};

/// A search for a number.
const SEARCH: &str = "GET /api/v1/users?search";

/// Okta refuses, and says that it will for so long that nobody waits for it.
const REFUSES: Fault = Fault::LimitsRate(60);

const ANOTHER_NUMBER: &str = "+19253294109";

const GRACES_MOBILE: &str = "+14155550188";

/// Something that happens to Ada, and its name.
type Change = (&'static str, fn(&World));

/// After these the number is not Ada's any more.
const GONE: [Change; 6] = [
    ("she is suspended", |world| world.okta.set_status("Ada", "SUSPENDED")),
    ("she has left", |world| world.okta.set_status("Ada", "DEPROVISIONED")),
    ("she does not work here yet", |world| world.okta.set_status("Ada", "STAGED")),
    ("Okta does not know her any more", |world| world.okta.deletes("Ada")),
    ("she publishes another number", |world| world.okta.set("Ada", "primaryPhone", ANOTHER_NUMBER)),
    ("she publishes none", |world| world.okta.set("Ada", "primaryPhone", "")),
];

/// After these she has no phone that could ring.
const WITHOUT_A_PHONE: [Change; 4] = [
    ("she has no mobile", |world| world.okta.set("Ada", "mobilePhone", "")),
    ("her mobile is no number", |world| world.okta.set("Ada", "mobilePhone", "ask at the desk")),
    ("her mobile is abroad", |world| world.okta.set("Ada", "mobilePhone", "+442071838750")),
    ("her mobile is a company number", |world| world.okta.set("Ada", "mobilePhone", ANOTHER_NUMBER)),
];

/// A world in which what a function remembers is all that it has while Okta fails.
async fn a_world_without_a_seal() -> World {
    let world = a_world_with_ada().await;
    world.twilio.owns(ANOTHER_NUMBER);
    world.ssm.delete("/twilify/seal-key");
    world.configure("TWILIFY_LOG", "info").await;
    world
}

/// All is as it was at first.
fn ada_is_back(world: &World) {
    world.okta.health.recovers();
    world.okta.deletes("Ada");
    world.okta.hire(Employee::named("Ada", "Lovelace").mobile(MOBILE).company_number(COMPANY_NUMBER));
}

async fn call(world: &World) -> String {
    world.call(CALLER, COMPANY_NUMBER).await.to_string()
}

/// A call of which the webhook's URL does not say whose the number is.
async fn call_without_a_hint(world: &World) -> String {
    let call = world.twilio.a_call(CALLER, COMPANY_NUMBER);
    world.twilio.follow(call.to_url(|url| url.split('?').next().unwrap().to_owned())).await.to_string()
}

#[tokio::test]
async fn who_cannot_be_reached_is_not_rung_when_okta_fails_later() {
    let world = a_world_without_a_seal().await;
    let gone = GONE.map(|it| (it, NOT_IN_SERVICE));
    let without_a_phone = WITHOUT_A_PHONE.map(|it| (it, NOT_REACHABLE));
    for ((what, change), expected) in gone.into_iter().chain(without_a_phone) {
        for has_hint in [true, false] {
            let heard =
                async || if has_hint { call(&world).await } else { call_without_a_hint(&world).await };
            ada_is_back(&world);
            assert_eq!(heard().await, CONNECTED);
            change(&world);
            assert_eq!(heard().await, expected, "{what}");
            world.okta.health.fails(REFUSES);
            assert_eq!(heard().await, TRY_LATER, "Ada's phone rings although {what}");
        }
    }
}

#[tokio::test]
async fn who_was_read_to_be_gone_is_not_rung_although_the_search_for_a_successor_fails() {
    for is_sealed in [false, true] {
        let world = if is_sealed { a_world_with_ada().await } else { a_world_without_a_seal().await };
        for (what, change) in GONE {
            ada_is_back(&world);
            assert_eq!(call(&world).await, CONNECTED);
            change(&world);
            world.okta.health.fails_on(SEARCH, usize::MAX, REFUSES);
            assert_eq!(
                call(&world).await,
                TRY_LATER,
                "Ada's phone rings although {what}, sealed: {is_sealed}"
            );
            if !is_sealed {
                world.okta.health.fails(REFUSES);
                assert_eq!(call(&world).await, TRY_LATER, "Ada's phone rings although {what}");
            }
        }
    }
}

#[tokio::test]
async fn neither_of_two_claimants_is_rung_when_okta_fails_later() {
    let world = a_world_without_a_seal().await;
    for number in [COMPANY_NUMBER, "(925) 329-4108"] {
        ada_is_back(&world);
        world.okta.deletes("Charles");
        assert_eq!(call_without_a_hint(&world).await, CONNECTED);
        world.okta.hire(Employee::named("Charles", "Babbage").mobile("+14155550199").company_number(number));
        assert_eq!(call_without_a_hint(&world).await, TRY_LATER, "{number}");
        world.okta.health.fails(REFUSES);
        assert_eq!(call_without_a_hint(&world).await, TRY_LATER, "one of two claimants is rung");
    }
}

/// Okta has not said that Ada is gone: its answer cannot be used.
#[tokio::test]
async fn who_cannot_be_read_is_rung_where_they_were_last_known() {
    for is_sealed in [false, true] {
        let world = if is_sealed { a_world_with_ada().await } else { a_world_without_a_seal().await };
        let unread: [Change; 2] = [
            ("the token may not see her", |world| world.okta.hides("Ada", Hidden::Forbidden)),
            ("her profile cannot be read", |world| world.okta.corrupts("Ada", Corrupt::NoProfile)),
        ];
        for (what, change) in unread {
            ada_is_back(&world);
            assert_eq!(call(&world).await, CONNECTED);
            change(&world);
            for _ in 0..2 {
                assert_eq!(call(&world).await, CONNECTED, "{what}, sealed: {is_sealed}");
            }
            world.okta.health.fails(REFUSES);
            assert_eq!(call(&world).await, CONNECTED, "{what}, sealed: {is_sealed}");
        }
    }
}

/// The number has moved from Ada to Grace, and the provisioner has not run since. So a search finds Grace.
fn grace_succeeds(world: &World) {
    ada_is_back(world);
    for first_name in ["Grace", "Charles"] {
        world.okta.deletes(first_name);
    }
    world.okta.set("Ada", "primaryPhone", "");
    world.okta.hire(Employee::named("Grace", "Hopper").mobile(GRACES_MOBILE).company_number(COMPANY_NUMBER));
}

fn charles_claims_the_number(world: &World) {
    let charles = Employee::named("Charles", "Babbage").mobile("+14155550199");
    world.okta.hire(charles.company_number(COMPANY_NUMBER));
}

/// After these Grace does not get the calls any more.
const GRACE_IS_NOT_MEANT: [Change; 5] = [
    ("she has left", |world| world.okta.set_status("Grace", "DEPROVISIONED")),
    ("she has no mobile", |world| world.okta.set("Grace", "mobilePhone", "")),
    ("Charles claims the number too", charles_claims_the_number),
    ("the number has moved on to Charles", |world| {
        world.okta.set("Grace", "primaryPhone", "");
        charles_claims_the_number(world);
    }),
    ("Ada has her number back", |world| {
        world.okta.set("Grace", "primaryPhone", "");
        world.okta.set("Ada", "primaryPhone", COMPANY_NUMBER);
    }),
];

/// Two webhooks of a number may have different URLs. What Okta says to one of them counts for the other.
#[tokio::test]
async fn a_successor_who_is_not_meant_any_more_is_not_rung_by_another_webhook_when_okta_fails_later() {
    let world = a_world_without_a_seal().await;
    for (what, change) in GRACE_IS_NOT_MEANT {
        for asks_with_a_hint in [true, false] {
            let heard = async |has_hint| {
                if has_hint { call(&world).await } else { call_without_a_hint(&world).await }
            };
            grace_succeeds(&world);
            for has_hint in [true, false] {
                assert!(heard(has_hint).await.contains(&format!("{GRACES_MOBILE} rings")));
            }
            change(&world);
            let now = heard(asks_with_a_hint).await;
            assert!(!now.contains(GRACES_MOBILE), "{what}: {now}");
            world.okta.health.fails(REFUSES);
            assert_eq!(heard(!asks_with_a_hint).await, TRY_LATER, "Grace's phone rings although {what}");
        }
    }
}

/// The webhooks for texts and for late ones have different URLs. What Okta says to one of them counts for the other.
#[tokio::test]
async fn a_late_text_does_not_reach_somebody_who_was_seen_to_be_gone_or_to_have_another_mobile() {
    let as_it_was: fn(&World) = |_| {};
    let moved: Change =
        ("she has another mobile", |world| world.okta.set("Ada", "mobilePhone", "+14155550188"));
    for (before, mobile, (what, change)) in [
        (as_it_was, MOBILE, GONE[1]),
        (as_it_was, MOBILE, WITHOUT_A_PHONE[0]),
        (as_it_was, MOBILE, moved),
        (grace_succeeds, GRACES_MOBILE, GRACE_IS_NOT_MEANT[0]),
    ] {
        let world = a_world_without_a_seal().await;
        before(&world);
        let later = world.twilio.owned()[0].sms_fallback_url.clone();
        let late = async |body: &str| {
            let text = world.twilio.a_text(CALLER, COMPANY_NUMBER, body).to_url(|_| later.clone());
            world.twilio.deliver(&text).await
        };
        world.text(CALLER, COMPANY_NUMBER, "in time").await;
        late("late").await;
        worked_off(&world).await;
        assert_eq!(world.twilio.inbox(mobile).len(), 2);
        change(&world);
        world.text(CALLER, COMPANY_NUMBER, "in time").await;
        world.okta.health.fails(REFUSES);
        let before = world.okta.health.requests().len();
        late("late").await;
        // Two tries, or a text that arrives at the first one.
        let is_tried = || world.okta.health.requests().len() - before >= 2 || world.late.waiting() == 0;
        for _ in 0..100 {
            if is_tried() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert!(is_tried(), "{what}: the late text was not tried");
        assert_eq!(world.twilio.inbox(mobile).len(), 2, "a text reaches {mobile} although {what}");
        assert_eq!(world.late.waiting(), 1, "{what}");
    }
}
