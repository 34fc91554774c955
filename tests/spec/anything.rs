//! Whatever stands in a profile and whatever Twilio says of a call, the answer is TwiML, and rings nothing
//! but a phone.

use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use sandbox::{Heard, World};
use twilify::phone::{Territory, TypedNumber};

use crate::{CALLER, COMPANY_NUMBER, MOBILE, a_world_with_ada};

/// What somebody may have typed: anything, markup, something like a number, or a number.
fn typed() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[<>&'\"/!\\[\\]a-z \u{0}-\u{1f}\u{fffe}\u{202e}]{0,60}",
        "[+0-9() .x-]{0,20}",
        "\\+1[2-9][0-9]{9}",
        Just(MOBILE.to_owned()),
        Just(COMPANY_NUMBER.to_owned()),
    ]
}

/// A field of the form, and what it says.
fn field() -> impl Strategy<Value = (&'static str, String)> {
    let name = prop::sample::select(vec!["From", "To", "Caller", "ForwardedFrom", "DialCallStatus", "Extra"]);
    (name, typed())
}

#[test]
fn whatever_a_profile_and_a_form_say_the_answer_is_twiml_that_rings_nothing_but_a_phone() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let world = runtime.block_on(a_world_with_ada());
    let config = Config { cases: 400, failure_persistence: None, ..Config::default() };
    let profile = prop::collection::vec(typed(), 3);
    let form = prop::collection::vec(field(), 0..3);
    let outcome = TestRunner::new(config)
        .run(&(profile, form), |(profile, form)| runtime.block_on(is_answered_well(&world, &profile, &form)));
    outcome.unwrap();
}

async fn is_answered_well(
    world: &World,
    profile: &[String],
    form: &[(&str, String)],
) -> Result<(), TestCaseError> {
    let [first_name, display_name, mobile] = profile else { unreachable!("there are three") };
    world.okta.set("Ada", "displayName", display_name.as_str());
    world.okta.set("Ada", "mobilePhone", mobile.as_str());
    world.okta.set("Ada", "firstName", first_name.as_str());
    let call = world.twilio.a_call(CALLER, COMPANY_NUMBER);
    let call = form.iter().fold(call, |call, (name, value)| call.with(name, value));
    let call = world.twilio.follow(call).await;
    world.okta.set(first_name, "firstName", "Ada");
    prop_assert_eq!(call.answer.status, 200);
    let territory = Territory { home: "US".parse().unwrap(), mobiles: "US,CA".parse().unwrap() };
    for heard in &call.script {
        match heard {
            Heard::Says(_) | Heard::Waits { .. } => {}
            Heard::Rings { number, .. } => {
                let number = TypedNumber::new(number).unwrap();
                prop_assert!(number.mobile(&territory).is_ok(), "{number:?} rings");
                prop_assert!(!number.is(COMPANY_NUMBER), "her company number rings");
                // The last one takes the place of those before it.
                let from = form.iter().rfind(|(name, _)| *name == "From");
                let rings_the_caller = from.is_some_and(|(_, from)| number.is(from));
                prop_assert!(!rings_the_caller, "the phone that calls rings");
            }
            Heard::Refused { caller_id, .. } => prop_assert!(false, "{caller_id} is shown"),
            Heard::ApplicationError(error) => prop_assert!(false, "{error}: {}", call.answer.body),
        }
    }
    prop_assert!(!call.script.is_empty());
    Ok(())
}
