//! What happens when someone calls a company number.

use http::Method;
use insta::assert_snapshot;
use sandbox::{Employee, Fault, World};

use crate::{CALLER, COMPANY_NUMBER, MOBILE, a_world_with_ada};

pub(crate) const CONNECTED: &str = "\
The caller hears: Please wait. You are being connected to Ada.
+18182179229 rings and shows +14155550123
";

pub(crate) const CONNECTED_SHOWING_THE_COMPANY: &str = "\
The caller hears: Please wait. You are being connected to Ada.
+18182179229 rings and shows +19253294108
";

pub(crate) const NOT_IN_SERVICE: &str = "\
The caller hears: Sorry, this number is not in service. Goodbye.
";

pub(crate) const NOT_REACHABLE: &str = "\
The caller hears: Sorry, this person cannot be reached by phone. Goodbye.
";

pub(crate) const TRY_LATER: &str = "\
The caller hears: Sorry, your call cannot be connected right now. Please try again later. Goodbye.
";

/// `twiml` without the seal in it, which is never the same.
fn unsealed(twiml: &str) -> String {
    let (before, after) = twiml.split_once("route=").unwrap();
    format!("{before}route=…{}", &after[after.find('"').unwrap()..])
}

#[tokio::test]
async fn a_call_to_a_company_number_rings_its_employees_mobile() {
    let world = a_world_with_ada().await;
    let call = world.call(CALLER, COMPANY_NUMBER).await;
    assert_eq!(call.to_string(), CONNECTED);
    assert_snapshot!(unsealed(&call.answer.body), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <Response>
      <Say>Please wait. You are being connected to Ada.</Say>
      <Dial answerOnBridge="true" callerId="+14155550123" timeout="30" action="call-forward/after?name=QWRh&amp;retry=1&amp;employee=00uxxxxxxxxxxxxxxada&amp;route=…"><Number>+18182179229</Number></Dial>
    </Response>
    "#);
}

#[tokio::test]
async fn who_is_not_answered_hears_that_ada_is_not_available() {
    let world = a_world_with_ada().await;
    for status in ["busy", "no-answer"] {
        world.twilio.dials_end(status);
        let call = world.call(CALLER, COMPANY_NUMBER).await.to_string();
        assert_eq!(
            call,
            format!("{CONNECTED}The caller hears: Ada is not available. Goodbye.\n"),
            "{status}"
        );
    }
}

#[tokio::test]
async fn who_has_talked_hears_nothing_more() {
    let world = a_world_with_ada().await;
    for status in ["completed", "answered", "canceled"] {
        world.twilio.dials_end(status);
        let call = world.call(CALLER, COMPANY_NUMBER).await;
        assert_eq!(call.to_string(), CONNECTED, "{status}");
        let after = call.after.unwrap();
        assert_eq!((after.status, after.body.contains("<Say")), (200, false), "{status}");
    }
}

#[tokio::test]
async fn what_comes_after_the_ringing_has_to_be_signed_as_well() {
    let world = a_world_with_ada().await;
    let ended =
        |action: &str, status: &str| world.twilio.a_call(CALLER, COMPANY_NUMBER).ended(action, status);
    let ada = "call-forward/after?name=QWRh";
    let answer = async |delivery| world.twilio.deliver(&delivery).await;
    assert_eq!(answer(ended(ada, "busy").unsigned()).await.status, 403);
    let renamed = ended(ada, "busy").tampered(|it| it.to_url(|url| url.replace("QWRh", "R3JhY2U")));
    assert_eq!(answer(renamed).await.status, 403);
    assert_eq!(answer(ended(ada, "busy").by(Method::GET)).await.status, 404);
    assert_eq!(answer(ended(ada, "busy").without("DialCallStatus")).await.status, 400);
    for nameless in ["call-forward/after", "call-forward/after?name=", "call-forward/after?name=Ada+%26+Co"] {
        let answer = answer(ended(nameless, "something new")).await;
        assert!(answer.body.contains("<Say>Your party is not available. Goodbye.</Say>"), "{}", answer.body);
    }
}

#[tokio::test]
async fn a_mobile_rings_in_whatever_notation_its_number_was_typed() {
    let world = a_world_with_ada().await;
    for typed in ["(818) 217-9229", "818.217.9229", "1-818-217-9229", MOBILE] {
        world.okta.set("Ada", "mobilePhone", typed);
        assert_eq!(world.call(CALLER, COMPANY_NUMBER).await.to_string(), CONNECTED);
    }
}

#[tokio::test]
async fn a_caller_who_withholds_their_number_is_connected_all_the_same() {
    let world = a_world_with_ada().await;
    for withheld in [
        "anonymous",
        "Restricted",
        "+266696687",
        "+7378742833",
        "+2562533",
        "+8656696",
        "+86282452253",
        "sip:someone@example.com",
        "client:web",
        "72975",
        "",
    ] {
        let call = world.call(withheld, COMPANY_NUMBER).await;
        assert_eq!(call.to_string(), CONNECTED_SHOWING_THE_COMPANY, "{withheld}");
    }
}

#[tokio::test]
async fn the_mobile_shows_the_company_number_if_that_is_preferred() {
    let world = a_world_with_ada().await;
    world.configure("TWILIFY_CALLER_ID", "company").await;
    assert_eq!(world.call(CALLER, COMPANY_NUMBER).await.to_string(), CONNECTED_SHOWING_THE_COMPANY);
}

#[tokio::test]
async fn without_a_greeting_the_caller_hears_the_phone_ring_at_once() {
    let world = a_world_with_ada().await;
    world.configure("TWILIFY_GREETING", "off").await;
    world.configure("TWILIFY_RING_SECONDS", "20").await;
    assert_snapshot!(unsealed(&world.call(CALLER, COMPANY_NUMBER).await.answer.body), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <Response>
      <Dial answerOnBridge="true" callerId="+14155550123" timeout="20" action="call-forward/after?name=QWRh&amp;retry=1&amp;employee=00uxxxxxxxxxxxxxxada&amp;route=…"><Number>+18182179229</Number></Dial>
    </Response>
    "#);
}

#[tokio::test]
async fn everything_is_said_by_the_voice_that_was_chosen() {
    let world = a_world_with_ada().await;
    world.configure("TWILIFY_VOICE", "Polly.Amy").await;
    world.configure("TWILIFY_LANGUAGE", "en-GB").await;
    world.twilio.dials_end("busy");
    let call = world.call(CALLER, COMPANY_NUMBER).await;
    let voice = r#"<Say voice="Polly.Amy" language="en-GB">"#;
    assert!(call.answer.body.contains(&format!("{voice}Please wait.")), "{}", call.answer.body);
    assert!(call.after.unwrap().body.contains(&format!("{voice}Ada is not available.")));
    world.okta.set_status("Ada", "SUSPENDED");
    let refused = world.call(CALLER, COMPANY_NUMBER).await.answer.body;
    assert!(refused.contains(&format!("{voice}Sorry")), "{refused}");
}

#[tokio::test]
async fn a_name_is_spoken_whatever_characters_are_in_it() {
    let world = a_world_with_ada().await;
    world.twilio.dials_end("no-answer");
    for (first, display, spoken) in [
        ("Ada <& \"Söhne\"> \u{7}🎩", "", "Ada <& \"Söhne\"> 🎩"),
        ("</Say><Dial>+19005550100</Dial>", "", "</Say><Dial>+19005550100</Dial>"),
        ("", "The Countess", "The Countess"),
        ("🎩", "The Countess", "The Countess"),
        ("", "", "your party"),
        ("\u{0}\u{fffe}", " ", "your party"),
    ] {
        world.okta.set("Ada", "displayName", display);
        world.okta.set("Ada", "firstName", first);
        let call = world.call(CALLER, COMPANY_NUMBER).await.to_string();
        world.okta.set(first, "firstName", "Ada");
        let expected = CONNECTED.replace("Ada", spoken);
        assert_eq!(call, format!("{expected}The caller hears: {spoken} is not available. Goodbye.\n"));
    }
}

#[tokio::test]
async fn a_number_that_is_nobodys_is_not_in_service() {
    let world = a_world_with_ada().await;
    world.okta.set("Ada", "primaryPhone", "");
    assert_eq!(world.call(CALLER, COMPANY_NUMBER).await.to_string(), NOT_IN_SERVICE);
}

#[tokio::test]
async fn nobody_is_connected_to_someone_who_has_left() {
    let world = a_world_with_ada().await;
    for status in ["DEPROVISIONED", "SUSPENDED", "STAGED", "A_NEW_ONE"] {
        world.okta.set_status("Ada", status);
        assert_eq!(world.call(CALLER, COMPANY_NUMBER).await.to_string(), NOT_IN_SERVICE, "{status}");
    }
    for status in ["ACTIVE", "PROVISIONED", "RECOVERY", "PASSWORD_EXPIRED", "LOCKED_OUT"] {
        world.okta.set_status("Ada", status);
        assert_eq!(world.call(CALLER, COMPANY_NUMBER).await.to_string(), CONNECTED, "{status}");
    }
}

#[tokio::test]
async fn a_leaver_who_still_has_the_number_in_their_profile_does_not_get_the_successors_calls() {
    let world = a_world_with_ada().await;
    let leaver = Employee::named("Charles", "Babbage").mobile("+14155550199").company_number(COMPANY_NUMBER);
    world.okta.hire(leaver.status("DEPROVISIONED"));
    assert_eq!(world.call(CALLER, COMPANY_NUMBER).await.to_string(), CONNECTED);
}

/// Twilio's libraries disagree on how an escape is signed.
#[tokio::test]
async fn no_url_that_twilio_signs_contains_an_escape_whatever_somebody_is_called() {
    let world = a_world_with_ada().await;
    world.okta.set("Ada", "firstName", "Zoë + 'Ada' & <Söhne> 🎩");
    world.run_provisioner().await.unwrap();
    let answer = world.call(CALLER, COMPANY_NUMBER).await.answer.body;
    let action = answer.split("action=\"").nth(1).unwrap().split('"').next().unwrap().replace("&amp;", "&");
    let [number] = world.twilio.owned().try_into().unwrap();
    for url in [action, number.voice_url, number.voice_fallback_url, number.sms_url, number.sms_fallback_url]
    {
        let plain = |it: char| it.is_ascii_alphanumeric() || ":/.?=&-_".contains(it);
        assert!(url.chars().all(plain), "{url}");
    }
}

#[tokio::test]
async fn every_voice_that_twilio_has_can_speak() {
    let world = a_world_with_ada().await;
    for voice in ["Polly.Mía-Generative", "Polly.Rémi-Generative", "Google.en-US-Chirp3-HD-Aoede", "man"] {
        world.configure("TWILIFY_VOICE", voice).await;
        let call = world.call(CALLER, COMPANY_NUMBER).await;
        assert_eq!(call.to_string(), CONNECTED, "{voice}");
        assert!(call.answer.body.contains(&format!(r#"<Say voice="{voice}">"#)), "{}", call.answer.body);
    }
}

/// A world in which Ada was called once, with the longest log.
async fn a_call_with_everything_logged(number: &str) -> World {
    let world = a_world_with_ada().await;
    world.configure("TWILIFY_LOG", "trace").await;
    let _ = world.call(number, COMPANY_NUMBER).await;
    world
}

#[tokio::test]
async fn no_personal_number_reaches_the_log() {
    let world = a_call_with_everything_logged(CALLER).await;
    world
        .okta
        .health
        .fails(Fault::Answers(400, r#"{"errorCode":"E0000001","errorSummary":"bad: +18182179229"}"#));
    let _ = world.call(CALLER, COMPANY_NUMBER).await;
    world.okta.health.fails(Fault::Hangs);
    let _ = world.call(CALLER, COMPANY_NUMBER).await;
    world.logged("connecting a call").await;
    world.logged("E0000001").await;
    let log = world.logged("no answer").await;
    for number in [CALLER, COMPANY_NUMBER, MOBILE] {
        assert!(!log.contains(&number[2..]), "{number} is in the log:\n{log}");
    }
    assert!(!log.contains("route="), "a sealed mobile is in the log:\n{log}");
}
