//! What somebody can do who has got hold of something, and that secrets can be replaced while calls come in: what
//! `SECURITY.md` says.

use sandbox::{Delivery, Heard, World};

use crate::{CALLER, COMPANY_NUMBER, MOBILE, a_world_with_ada};

/// The texts that Ada has got.
fn texts(world: &World) -> Vec<String> {
    world.twilio.inbox(MOBILE).into_iter().map(|it| it.body).collect()
}

/// Stores what the functions are to take for the auth token, and lets them read it.
async fn store_auth_token(world: &World, tokens: &str) {
    world.ssm.put_secure("/twilify/twilio/auth-token", tokens);
    world.configure("TWILIFY_LOG", "info").await;
}

/// Whether a call and a text arrive as they should.
async fn all_is_well(world: &World, when: &str) {
    let call = world.call(CALLER, COMPANY_NUMBER).await;
    assert!(
        call.script.iter().any(|it| matches!(it, Heard::Rings { number, .. } if number == MOBILE)),
        "{when}: {call}"
    );
    assert_eq!(world.text(CALLER, COMPANY_NUMBER, when).await.status, 200, "{when}");
    assert_eq!(texts(world).last(), Some(&format!("From: {CALLER}\n\n{when}")), "{when}");
}

#[tokio::test]
async fn an_auth_token_is_replaced_in_steps_of_which_nobody_notices_any() {
    for both in ["sandbox-auth-token,its-successor", "its-successor, sandbox-auth-token"] {
        let world = a_world_with_ada().await;
        store_auth_token(&world, both).await;
        all_is_well(&world, "both are stored").await;
        world.twilio.promotes_auth_token("its-successor");
        all_is_well(&world, "the new one is promoted").await;
        world.run_provisioner().await.unwrap();
        store_auth_token(&world, "its-successor").await;
        all_is_well(&world, "the new one is stored alone").await;
        world.run_provisioner().await.unwrap();
    }
}

#[tokio::test]
async fn a_new_auth_token_can_be_taken_back_as_long_as_both_are_stored() {
    let world = a_world_with_ada().await;
    store_auth_token(&world, "sandbox-auth-token, its-successor").await;
    world.twilio.promotes_auth_token("its-successor");
    all_is_well(&world, "there").await;
    world.twilio.promotes_auth_token(sandbox::TWILIO_AUTH_TOKEN);
    all_is_well(&world, "and back").await;
    store_auth_token(&world, sandbox::TWILIO_AUTH_TOKEN).await;
    all_is_well(&world, "as before").await;
}

#[tokio::test]
async fn whoever_promotes_a_token_before_it_is_stored_loses_calls_until_it_is_and_no_text() {
    let world = a_world_with_ada().await;
    world.twilio.promotes_auth_token("its-successor");
    assert_eq!(world.call(CALLER, COMPANY_NUMBER).await.answer.status, 403);
    assert_eq!(world.text(CALLER, COMPANY_NUMBER, "Hello").await.status, 403);
    store_auth_token(&world, "its-successor, sandbox-auth-token").await;
    world.twilio.inbox_of(MOBILE, 1).await;
    all_is_well(&world, "both are stored").await;
}

#[tokio::test]
async fn a_captured_call_that_is_sent_again_tells_the_same_until_the_auth_token_is_replaced() {
    let world = a_world_with_ada().await;
    let captured = world.twilio.a_call(CALLER, COMPANY_NUMBER);
    let replayed = captured.clone().signed_with(sandbox::TWILIO_AUTH_TOKEN);
    let told = async || world.twilio.deliver(&replayed).await;
    assert!(told().await.body.contains(MOBILE), "whoever can capture a call learns the mobile");
    assert!(told().await.body.contains(MOBILE));
    world.okta.set_status("Ada", "SUSPENDED");
    assert!(!told().await.body.contains(MOBILE), "no longer than Ada works here");
    world.okta.set_status("Ada", "ACTIVE");
    store_auth_token(&world, "its-successor").await;
    assert_eq!(told().await.status, 403);
}

#[tokio::test]
async fn a_captured_text_that_is_sent_again_arrives_once_for_each_process_of_the_function() {
    let world = a_world_with_ada().await;
    let captured = world.twilio.a_text(CALLER, COMPANY_NUMBER, "Hello");
    for _ in 0..5 {
        assert_eq!(world.twilio.deliver(&captured).await.status, 200);
    }
    assert_eq!(texts(&world).len(), 1);
    world.recycles_functions();
    world.twilio.deliver(&captured).await;
    assert_eq!(texts(&world).len(), 2);
}

#[tokio::test]
async fn a_captured_text_that_is_sent_to_the_queue_does_not_arrive_again() {
    let world = a_world_with_ada().await;
    let captured = world.twilio.a_text(CALLER, COMPANY_NUMBER, "Hello");
    assert_eq!(world.twilio.deliver(&captured).await.status, 200);
    let later = world.twilio.owned()[0].sms_fallback_url.clone();
    let late = captured.to_url(|_| later);
    for _ in 0..3 {
        world.twilio.deliver(&late).await;
    }
    while world.late.waiting() > 0 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!((texts(&world).len(), world.late.dead().len()), (1, 0));
}

#[tokio::test]
async fn a_captured_report_of_a_lost_picture_that_is_sent_again_repeats_the_text_once_for_each_process() {
    let world = a_world_with_ada().await;
    world.twilio.picture(CALLER, COMPANY_NUMBER, "Look!", &[("image/png", b"png")]).await;
    let [picture] = world.twilio.inbox_of(MOBILE, 1).await.try_into().unwrap();
    let captured = world.twilio.a_report(&picture, "undelivered", 30019);
    for _ in 0..3 {
        assert_eq!(world.twilio.deliver(&captured).await.status, 204);
    }
    assert_eq!(texts(&world).len(), 2);
    world.recycles_functions();
    world.twilio.deliver(&captured).await;
    assert_eq!(texts(&world).len(), 3);
}

/// A signature fits the characters that were signed. How else these may be cut into fields, `recutting` tells.
#[tokio::test]
async fn a_captured_signature_signs_no_other_characters() {
    let world = a_world_with_ada().await;
    let captured = world.twilio.a_text(CALLER, COMPANY_NUMBER, "Hello");
    let others: [fn(Delivery) -> Delivery; 4] = [
        |it| it.with("Body", "Call me at once"),
        |it| it.with("From", "+14155550199"),
        |it| it.with("MessageSid", "SM00000000000000000000000000000bad"),
        |it| it.to_url(|url| url.replace("/sms-forward?", "/sms-forward?x=1&")),
    ];
    for other in others {
        assert_eq!(world.twilio.deliver(&captured.clone().tampered(other)).await.status, 403);
    }
    assert_eq!(texts(&world), [""; 0]);
}

/// What Twilio's console, a label or a log shows of a number says nothing of the employee's mobile.
#[tokio::test]
async fn what_is_written_on_a_number_tells_no_mobile() {
    let world = a_world_with_ada().await;
    let [number] = world.twilio.owned().try_into().unwrap();
    assert!(number.voice_url.contains("route="), "it is there, but sealed");
    let urls = [&number.voice_url, &number.voice_fallback_url, &number.sms_url, &number.sms_fallback_url];
    for text in urls.into_iter().chain([&number.friendly_name]) {
        assert!(!text.contains(&MOBILE[2..]) && !text.contains("Ada"), "{text}");
    }
}

/// A URL that has leaked opens nothing, for it has to be signed.
#[tokio::test]
async fn a_leaked_url_is_of_no_use_without_twilios_signature() {
    let world = a_world_with_ada().await;
    let call = world.twilio.a_call(CALLER, COMPANY_NUMBER);
    assert_eq!(world.twilio.deliver(&call.unsigned()).await.status, 403);
}
