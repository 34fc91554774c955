//! What would happen if somebody called or texted.

use insta::assert_snapshot;
use sandbox::Fault;

use super::{Terminal, a_company_with_numbers};
use crate::{COMPANY_NUMBER, MOBILE};

#[tokio::test]
async fn a_call_tells_what_the_caller_would_hear() {
    let (world, operator) = a_company_with_numbers().await;
    let said = operator.run(&["call", COMPANY_NUMBER]).await;
    assert_snapshot!(said.result, @r"
    The caller hears: Please wait. You are being connected to Randall.
    Then +•••••••9229 rings for 30 seconds, and shows +12025550123.
    If nobody answers, the caller hears: Randall is not available. Goodbye.
    ");
    let said = operator.run(&["call", COMPANY_NUMBER, "--from", "+14155550199", "--show"]).await;
    assert!(said.result.contains("+18182179229 rings for 30 seconds, and shows +14155550199"), "{said:?}");
    world.okta.set_status("Randall", "DEPROVISIONED");
    world.configure("TWILIFY_REMEMBER_SECONDS", "0").await;
    let said = operator.run(&["call", COMPANY_NUMBER]).await;
    assert_snapshot!(said.result, @"The caller hears: Sorry, this number is not in service. Goodbye.");
}

#[tokio::test]
async fn a_text_is_really_sent_if_somebody_agrees_and_shown_as_it_went_out() {
    let (world, operator) = a_company_with_numbers().await;
    let mut terminal = Terminal::run(&operator, &["text", COMPANY_NUMBER, "Lunch at noon?"]);
    terminal
        .answer("A text will really go to +•••••••9229, from +12025550123: “Lunch at noon?” Send it?", "n")
        .await;
    assert_eq!(terminal.ended().await.1, 1);
    assert_eq!(world.twilio.inbox(MOBILE).len(), 0);
    let said = operator.run(&["text", COMPANY_NUMBER, "Lunch at noon?", "--yes"]).await;
    assert_snapshot!(said.result, @r"
    +19253294108 sends to +•••••••9229:
      From: +12025550123

      Lunch at noon?
    ");
    assert_eq!(world.twilio.inbox(MOBILE).len(), 1);
}

#[tokio::test]
async fn what_is_in_the_way_is_named() {
    let (world, operator) = a_company_with_numbers().await;
    let call = async |number: &str| operator.run(&["call", number]).await.remarks;
    assert!(!call(COMPANY_NUMBER).await.contains("error"));
    let text = async |number: &str| operator.run(&["text", number, "--yes"]).await.remarks;
    assert!(
        call("+13105559999")
            .await
            .contains("+13105559999 is not a number of the account; see: twilify status")
    );
    world.twilio.owns("+13105550000");
    assert!(call("+13105550000").await.contains("Twilio asks nobody about +13105550000; run: twilify route"));
    world.twilio.change("+13105550000", |it| "https://example.com".clone_into(&mut it.sms_url));
    assert!(text("+13105550000").await.contains("nobody has this number, so no text to it goes anywhere"));
    world.ssm.put_secure("/twilify/twilio/auth-token", &format!("{},old", sandbox::TWILIO_AUTH_TOKEN));
    world.twilio.health.fails_when(|it| it.starts_with("POST "), Fault::Answers(500, "{}"));
    assert!(text(COMPANY_NUMBER).await.contains("sms-forward answered with 503; it could not do it now"));
    world.twilio.health.recovers();
    world.ssm.put_secure("/twilify/twilio/auth-token", &format!("old,{}", sandbox::TWILIO_AUTH_TOKEN));
    assert!(
        call(COMPANY_NUMBER).await.contains("call-forward answered with 403; it does not take the signature")
    );
}

#[tokio::test]
async fn a_text_goes_to_whoever_the_function_finds_and_not_to_whose_label_is_on_the_number() {
    let (world, operator) = a_company_with_numbers().await;
    world.okta.set("Randall", "primaryPhone", serde_json::Value::Null);
    world.okta.set("Ada", "primaryPhone", COMPANY_NUMBER);
    world.configure("TWILIFY_REMEMBER_SECONDS", "0").await;
    let said = operator.run(&["text", COMPANY_NUMBER, "Lunch at noon?", "--yes", "--show"]).await;
    assert!(said.result.starts_with("+19253294108 sends to +14155550177:\n"), "{said:?}");
}

#[tokio::test]
async fn of_two_texts_one_after_the_other_only_the_new_one_is_shown() {
    let (world, operator) = a_company_with_numbers().await;
    operator.run(&["text", COMPANY_NUMBER, "The first", "--yes"]).await;
    let said = operator.run(&["text", COMPANY_NUMBER, "The second", "--yes"]).await;
    assert!(said.result.contains("The second") && !said.result.contains("The first"), "{said:?}");
    assert_eq!(world.twilio.inbox(MOBILE).len(), 2);
}
