//! Where numbers lead, and what their URLs say.

use serde_json::{Value, json};

use super::*;
use crate::twilio::Leg;

const BASE: &str = "https://phones.example.com/";

fn ada() -> EmployeeId {
    EmployeeId("00uada".to_owned())
}

fn route() -> Route {
    Route::of(&BASE.parse().unwrap(), &ada(), Some(&Sealed("seal".to_owned())))
}

/// A number that follows Ada's route, with `changes`.
fn number(changes: &[(&str, Value)]) -> OwnedNumber {
    let mut listed =
        json!({ "sid": "PN1", "phone_number": "+19253294108", "friendly_name": "twilify:00uada" });
    let names = [
        "voice_url",
        "voice_method",
        "voice_fallback_url",
        "voice_fallback_method",
        "sms_url",
        "sms_method",
        "sms_fallback_url",
        "sms_fallback_method",
    ];
    for (name, (_, value)) in names.into_iter().zip(route().fields()) {
        listed[name] = value.into();
    }
    for (name, value) in changes {
        listed[*name] = value.clone();
    }
    serde_json::from_value(listed).unwrap()
}

#[test]
fn every_webhook_of_a_number_is_set_and_nothing_goes_before_it() {
    assert_eq!(
        route().fields(),
        [
            ("VoiceUrl", "https://phones.example.com/call-forward?employee=00uada&route=seal"),
            ("VoiceMethod", "POST"),
            ("VoiceFallbackUrl", "https://phones.example.com/call-forward/again?employee=00uada&route=seal"),
            ("VoiceFallbackMethod", "POST"),
            ("SmsUrl", "https://phones.example.com/sms-forward?employee=00uada&route=seal"),
            ("SmsMethod", "POST"),
            ("SmsFallbackUrl", "https://phones.example.com/sms-forward/later/00uada"),
            ("SmsFallbackMethod", "POST"),
        ]
    );
    assert_eq!(Route::clearing(), [("VoiceApplicationSid", ""), ("TrunkSid", ""), ("SmsApplicationSid", "")]);
}

#[test]
fn a_number_that_leads_elsewhere_in_any_way_does_not_follow_its_route() {
    assert!(number(&[]).follows(&route()));
    assert!(number(&[("sms_url", format!("{}{STOPPED}", route().sms).into())]).follows(&route()));
    assert!(number(&[("trunk_sid", "".into())]).follows(&route()));
    for name in ["voice_url", "voice_fallback_url", "sms_url", "sms_fallback_url"] {
        for value in
            [Value::Null, "".into(), BASE.into(), route().sms.as_str().replace("https", "http").into()]
        {
            assert!(!number(&[(name, value.clone())]).follows(&route()), "{name}: {value}");
        }
    }
    for name in ["voice_method", "voice_fallback_method", "sms_method", "sms_fallback_method"] {
        for value in [Value::Null, "GET".into()] {
            assert!(!number(&[(name, value.clone())]).follows(&route()), "{name}: {value}");
        }
    }
    for name in ["voice_application_sid", "trunk_sid", "sms_application_sid"] {
        assert!(!number(&[(name, "XX1".into())]).follows(&route()), "{name}");
    }
}

#[test]
fn a_number_tells_where_its_calls_and_texts_go_and_what_stands_there() {
    let adas = number(&[]);
    assert_eq!(
        (adas.voice_url(), adas.sms_url()),
        (Some(route().voice.as_str()), Some(route().sms.as_str()))
    );
    assert_eq!((adas.sms_hint().employee, adas.sealed()), (Some(ada()), Some(Sealed("seal".to_owned()))));
    let of_texts = number(&[("voice_url", BASE.into())]);
    assert_eq!(of_texts.sealed(), Some(Sealed("seal".to_owned())));
    for nothing in [Value::Null, "".into()] {
        let bare = number(&[("voice_url", nothing.clone()), ("sms_url", nothing)]);
        assert_eq!((bare.voice_url(), bare.sms_url(), bare.sealed()), (None, None, None));
        assert_eq!((bare.sms_hint(), bare.is_stopped()), (Hint::default(), false));
    }
}

#[test]
fn that_somebody_has_texted_stop_is_noted_once_and_taken_away_again() {
    let stopped = format!("{}{STOPPED}", route().sms);
    let with = |url: &str| number(&[("sms_url", url.into())]);
    assert_eq!(number(&[]).sms_url_if_stopped(true), Some(stopped.clone()));
    assert_eq!(number(&[]).sms_url_if_stopped(false), None);
    assert_eq!(with(&stopped).sms_url_if_stopped(false), Some(route().sms.into()));
    assert_eq!(with(&stopped).sms_url_if_stopped(true), None);
    assert_eq!(with("https://example.com/texts").sms_url_if_stopped(true), None, "it is not ours");
    assert!(with(&stopped).is_stopped() && with(&stopped).sms_hint().stopped && !number(&[]).is_stopped());
    assert_eq!(route().noting(true).sms.as_str(), stopped);
    assert_eq!(route().noting(false), route());
    let pool = Route::pool(&BASE.parse().unwrap());
    assert_eq!(pool.clone().noting(true), pool, "there is nobody who could have");
}

#[test]
fn the_first_hint_counts_and_a_late_texts_path_before_all() {
    let hint = |path, query| Hint::read(path, query);
    let both = hint("/sms-forward", "employee=00uada&employee=00ueve&route=one&route=two");
    assert_eq!((both.employee, both.sealed), (Some(ada()), Some(Sealed("one".to_owned()))));
    assert_eq!(hint("/live/sms-forward/later/00uada", "employee=00ueve").employee, Some(ada()));
    assert_eq!(hint("/sms-forward/later/pool", ""), Hint::default());
    assert!(hint("", "employee=00uada&stopped=1").stopped && !hint("", "stopped=1&employee=00uada").stopped);
}

#[test]
fn an_endpoint_is_known_behind_a_stage_and_nowhere_else() {
    for (path, endpoint) in [
        ("/call-forward", Some(CallEndpoint::Incoming)),
        ("/live/call-forward", Some(CallEndpoint::Incoming)),
        ("/call-forward/again", Some(CallEndpoint::Again)),
        ("/live/call-forward/after", Some(CallEndpoint::After)),
        ("call-forward", None),
        ("/xcall-forward", None),
        ("/call-forward/", None),
        ("/call-forward/other", None),
        ("/after", None),
        ("", None),
    ] {
        assert_eq!(CallEndpoint::at(path), endpoint, "{path}");
    }
}

#[test]
fn what_is_known_of_a_call_travels_on_if_it_is_plain() {
    let sealed =
        |text: &str| Hint { employee: Some(ada()), sealed: Some(Sealed(text.to_owned())), stopped: false };
    let leg = |hint| Leg { name: Some("Ada & Co".to_owned()), retry: Some(hint) };
    let written = leg(sealed("a-B_9")).to_string();
    assert_eq!(written, "name=QWRhICYgQ28&amp;retry=1&amp;employee=00uada&amp;route=a-B_9");
    assert_eq!(Leg::read(&written.replace("&amp;", "&")), leg(sealed("a-B_9")));
    for odd in ["a\"b", "a b", "a&b", "a%20b", "ä"] {
        let written = leg(sealed(odd)).to_string();
        assert_eq!(written, "name=QWRhICYgQ28&amp;retry=1&amp;employee=00uada", "{odd}");
    }
    let last = Leg { name: Some("Ada".to_owned()), retry: None };
    assert_eq!((last.to_string().as_str(), Leg::read("name=QWRh")), ("name=QWRh", last.clone()));
    assert_eq!(Leg::default().to_string(), "name=");
}
