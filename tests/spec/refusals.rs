//! What the webhooks refuse. Every request here is right in every respect but one.

use http::Method;
use sandbox::{Delivery, World};

use crate::{CALLER, COMPANY_NUMBER, MOBILE, a_world_with_ada};

/// A webhook for each function.
fn webhooks(world: &World) -> [Delivery; 2] {
    [world.twilio.a_call(CALLER, COMPANY_NUMBER), world.twilio.a_text(CALLER, COMPANY_NUMBER, "Hello")]
}

/// Delivers both webhooks after `change`, and expects `status` and that nothing has happened.
async fn is_refused(world: &World, status: u16, change: impl Fn(Delivery) -> Delivery) {
    let before = world.okta.health.requests().len();
    for webhook in webhooks(world) {
        let answer = world.twilio.deliver(&change(webhook)).await;
        assert_eq!((answer.status, answer.body.as_str()), (status, ""));
    }
    assert_eq!(world.okta.health.requests().len(), before, "Okta was asked");
    assert_eq!(world.twilio.inbox(MOBILE), []);
}

#[tokio::test]
async fn what_nobody_signed_is_refused() {
    let world = a_world_with_ada().await;
    is_refused(&world, 403, Delivery::unsigned).await;
}

#[tokio::test]
async fn what_somebody_else_signed_is_refused() {
    let world = a_world_with_ada().await;
    is_refused(&world, 403, |it| it.signed_with("another-auth-token")).await;
}

#[tokio::test]
async fn what_was_changed_after_twilio_signed_it_is_refused() {
    let world = a_world_with_ada().await;
    is_refused(&world, 403, |it| it.tampered(|it| it.with("From", "+14155550199"))).await;
    is_refused(&world, 403, |it| it.tampered(|it| it.with("Extra", ""))).await;
    is_refused(&world, 403, |it| it.tampered(|it| it.without("AccountSid"))).await;
    is_refused(&world, 403, |it| it.tampered(|it| it.to_url(|url| format!("{url}?employee=00u1")))).await;
}

#[tokio::test]
async fn what_was_signed_for_one_function_is_refused_by_the_other() {
    let world = a_world_with_ada().await;
    let [call, _] = webhooks(&world);
    let moved = call.tampered(|it| it.to_url(|url| url.replace("call-forward", "sms-forward")));
    assert_eq!(world.twilio.deliver(&moved).await.status, 403);
}

#[tokio::test]
async fn what_is_signed_but_says_nothing_of_a_number_is_refused() {
    let world = a_world_with_ada().await;
    is_refused(&world, 400, |it| it.without("To")).await;
}

#[tokio::test]
async fn what_is_no_form_is_refused() {
    let world = a_world_with_ada().await;
    for content_type in ["application/json", "text/plain", "multipart/form-data; boundary=x"] {
        is_refused(&world, 415, |it| it.called(content_type)).await;
    }
}

#[tokio::test]
async fn a_form_that_is_far_too_long_is_refused() {
    let world = a_world_with_ada().await;
    is_refused(&world, 413, |it| it.with("Padding", &"x".repeat(64 << 10))).await;
}

#[tokio::test]
async fn a_signature_covers_the_url_as_it_was_written() {
    let world = a_world_with_ada().await;
    for webhook in webhooks(&world) {
        let odd = webhook.to_url(|url| format!("{url}?a=%2B&b=%20&b=%2f&n=O%27Brien&list[]=1&employee=00u1"));
        assert_eq!(world.twilio.deliver(&odd).await.status, 200);
    }
}

#[tokio::test]
async fn behind_a_domain_of_ones_own_its_url_is_what_counts() {
    let world = a_world_with_ada().await;
    let [call, _] = webhooks(&world);
    world.configure("TWILIFY_PUBLIC_URL", "https://phones.example.com/").await;
    let forwarded = call.clone();
    assert_eq!(world.twilio.deliver(&forwarded).await.status, 403, "signed for the gateway's URL");
    let forwarded = call.to_url(|_| "https://phones.example.com/call-forward".to_owned());
    let forwarded = forwarded.tampered(|it| it.to_url(|_| format!("{}/call-forward", world.url())));
    assert_eq!(world.twilio.deliver(&forwarded).await.status, 200);
}

#[tokio::test]
async fn there_is_nothing_but_the_webhooks() {
    let world = a_world_with_ada().await;
    let [call, _] = webhooks(&world);
    for elsewhere in ["", "/call-forward/", "/provisioner"] {
        let moved = call.clone().to_url(|_| format!("{}{elsewhere}", world.url()));
        assert_eq!(world.twilio.deliver(&moved).await.status, 404, "{elsewhere}");
    }
    assert_eq!(world.twilio.deliver(&call.by(Method::GET)).await.status, 404);
}

#[tokio::test]
async fn what_the_gateway_should_not_have_let_through_is_refused_all_the_same() {
    let world = a_world_with_ada().await;
    for (function, method, path, status) in [
        ("call-forward", Method::GET, "/call-forward", 405),
        ("call-forward", Method::GET, "/call-forward/after", 405),
        ("call-forward", Method::POST, "/call-forward/other", 404),
        ("call-forward", Method::POST, "/", 404),
        ("sms-forward", Method::GET, "/sms-forward", 405),
        ("sms-forward", Method::POST, "/sms-forward/later", 404),
        ("sms-forward", Method::POST, "/media/x/y", 404),
        ("sms-forward", Method::GET, "/media/", 404),
    ] {
        assert_eq!(world.invoke_directly(function, method, path).await, status, "{path}");
    }
}

#[tokio::test]
async fn what_is_signed_for_a_sip_address_gets_an_answer() {
    let world = a_world_with_ada().await;
    let [call, text] = webhooks(&world);
    let answer = world.twilio.deliver(&call.with("To", "sip:ada@example.com")).await;
    assert!(answer.body.contains("not in service"), "{}", answer.body);
    assert_eq!(world.twilio.deliver(&text.with("To", "messenger:ada")).await.status, 200);
}
