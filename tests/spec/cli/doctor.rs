//! One check for each thing that can be wrong.

use std::{
    fmt::Write as _,
    io::{Read as _, Write},
    net::TcpListener,
    thread,
};

use insta::assert_snapshot;
use jiff::{SignedDuration, Timestamp};
use sandbox::{Corrupt, Fault, MESSAGING_SERVICE_SID, Operator, World};
use serde_json::Value;

use super::a_company_with_numbers;

/// A company in which all is well, down to the Messaging Service.
async fn a_healthy_company() -> (World, Operator) {
    let (world, operator) = a_company_with_numbers().await;
    world.configure("TWILIFY_MESSAGING_SERVICE_SID", MESSAGING_SERVICE_SID).await;
    (world, operator)
}

/// What is bad, with what was seen and what to do about it.
pub(super) async fn complaints(operator: &Operator) -> String {
    let said = operator.run(&["doctor", "--json"]).await;
    let checks: Vec<Value> = serde_json::from_str(&said.result).unwrap();
    let text = |check: &Value, name: &str| check[name].as_str().unwrap_or_default().to_owned();
    let bad: Vec<_> = checks.iter().filter(|it| it["outcome"] == "bad").collect();
    assert_eq!(said.status, i32::from(!bad.is_empty()));
    let line = |it: &&Value| [text(it, "what"), text(it, "finding"), text(it, "remedy")].join(" | ");
    bad.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn where_all_is_well_it_says_so() {
    let (_world, operator) = a_healthy_company().await;
    let said = operator.run(&["doctor"]).await;
    assert_snapshot!(said.result);
    assert_eq!(said.status, 0);
}

#[tokio::test]
async fn each_thing_that_is_wrong_is_named_with_what_to_do_about_it() {
    type Harm = fn(&World);
    let harms: [(&str, Harm); 13] = [
        ("a token that may only read", |world| world.okta.token_may_only_read()),
        ("a token that Okta does not know", |world| world.ssm.put_secure("/twilify/okta/token", "00wrong")),
        ("few requests left", |world| world.okta.requests_left(7)),
        ("another address", |world| world.ssm.put("/twilify/okta/org-url", world.twilio.url())),
        ("an auth token that Twilio has replaced", |world| world.twilio.promotes_auth_token("new")),
        ("a suspended account", |world| world.twilio.stands(|it| it.status = "suspended")),
        ("a trial account", |world| world.twilio.stands(|it| it.kind = "Trial")),
        ("no money", |world| world.twilio.stands(|it| it.balance = "1.99")),
        ("a service that keeps texts", |world| world.twilio.stands(|it| it.defers_to_numbers = false)),
        ("a campaign that is pending", |world| world.twilio.stands(|it| it.campaign = Some("PENDING"))),
        ("no campaign", |world| world.twilio.stands(|it| it.campaign = None)),
        ("a seal key that is none", |world| world.ssm.put_secure("/twilify/seal-key", "short")),
        ("a schedule that has stopped", |world| {
            world.provisioner_last_ran(Some(Timestamp::now() - SignedDuration::from_hours(80)));
        }),
    ];
    let mut told = String::new();
    for (what, harm) in harms {
        let (world, operator) = a_healthy_company().await;
        harm(&world);
        write!(told, "{what}:\n{}\n\n", complaints(&operator).await).unwrap();
    }
    assert_snapshot!(told);
}

#[tokio::test]
async fn webhooks_that_are_not_there_are_found() {
    let (world, operator) = a_healthy_company().await;
    let elsewhere = complaints(&operator.with("TWILIFY_PUBLIC_URL", world.twilio.url())).await;
    assert_eq!(
        elsewhere.matches("there is nothing at this address | deploy, or correct the public URL").count(),
        5,
        "{elsewhere}"
    );
    let nowhere = complaints(&world.operator().with("TWILIFY_PUBLIC_URL", "http://127.0.0.1:9")).await;
    assert_eq!(nowhere.matches("there is no answer at http://127.0.0.1:9/").count(), 5, "{nowhere}");
}

#[tokio::test]
async fn a_door_that_lets_everybody_in_is_found() {
    let (_world, operator) = a_healthy_company().await;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        }
    });
    let complaints = complaints(&operator.with("TWILIFY_PUBLIC_URL", &url)).await;
    assert_eq!(
        complaints.matches("unsigned | it is taken, with 200: this is not twilify").count(),
        2,
        "{complaints}"
    );
}

#[tokio::test]
async fn functions_that_have_not_read_a_new_token_are_found() {
    let (world, operator) = a_healthy_company().await;
    world.call(crate::CALLER, crate::COMPANY_NUMBER).await;
    world.text(crate::CALLER, crate::COMPANY_NUMBER, "Lunch?").await;
    // It is replaced at Twilio and in Systems Manager, but the functions that run know only the old one.
    world.twilio.promotes_auth_token("new");
    world.ssm.put_secure("/twilify/twilio/auth-token", "new");
    assert_snapshot!(complaints(&operator).await, @r"
    call-forward, signed | it is refused, as Twilio's would be | deploy with another SecretsVersion, so that the functions read the auth token anew; if that does not help, PublicUrl is not what Twilio calls
    call-forward/again, signed | it is refused, as Twilio's would be | deploy with another SecretsVersion, so that the functions read the auth token anew; if that does not help, PublicUrl is not what Twilio calls
    sms-forward, signed | it is refused, as Twilio's would be | deploy with another SecretsVersion, so that the functions read the auth token anew; if that does not help, PublicUrl is not what Twilio calls
    ");
}

#[tokio::test]
async fn what_is_stored_and_not_deployed_is_found() {
    let (world, operator) = a_healthy_company().await;
    world.ssm.put("/twilify/area-codes", "416");
    world.ssm.put("/twilify/public-url", &format!("{}/", world.url()));
    let complaints = complaints(&operator).await;
    assert!(
        complaints.starts_with(
            "deployed settings | area-codes is stored as 416, and deployed as 925,415 | deploy again"
        ),
        "{complaints}"
    );
    assert_eq!(complaints.lines().count(), 1, "{complaints}");
}

#[tokio::test]
async fn a_dry_run_by_hand_is_no_run() {
    let (world, operator) = a_healthy_company().await;
    world.provisioner_last_ran(None);
    operator.run(&["plan", "--remote"]).await;
    assert!(complaints(&operator).await.starts_with("schedule | no run has come to its end for 25 hours"));
    operator.run(&["provision", "--remote", "--yes"]).await;
    world.logged("ProvisionerRuns").await;
    assert_eq!(complaints(&operator).await, "");
}

#[tokio::test]
async fn right_after_a_deployment_nobody_expects_that_the_schedule_has_run() {
    let (world, operator) = a_healthy_company().await;
    world.deploys_provisioner();
    assert_eq!(complaints(&operator).await, "");
    let said = operator.run(&["doctor"]).await;
    assert!(
        said.result.contains("– schedule: no run has come to its end since the last deployment"),
        "{said:?}"
    );
}

#[tokio::test]
async fn who_pays_by_invoice_and_owes_is_not_ill() {
    let (world, operator) = a_healthy_company().await;
    world.twilio.stands(|it| it.balance = "-250.00");
    assert_eq!(complaints(&operator).await, "");
}

#[tokio::test]
async fn whoever_may_not_look_at_the_deployment_hears_of_the_rest() {
    let (world, operator) = a_healthy_company().await;
    world.ssm.put("/twilify/deployment/provisioner", "another-function");
    let operator = operator.with("TWILIFY_PUBLIC_URL", world.url()).with("TWILIFY_AREA_CODES", "925");
    let complaints = complaints(&operator).await;
    assert_eq!(complaints.lines().count(), 2, "{complaints}");
    assert!(
        complaints.contains("schedule | could not see how the deployed function another-function"),
        "{complaints}"
    );
}

#[tokio::test]
async fn a_vendor_that_fails_does_not_hide_the_other_findings() {
    let (world, operator) = a_healthy_company().await;
    world.twilio.health.fails(Fault::Answers(500, "{}"));
    let complaints = complaints(&operator).await;
    assert_eq!(complaints.lines().count(), 3, "{complaints}");
    assert!(complaints.contains("Twilio answered GET"), "{complaints}");
}

#[tokio::test]
async fn an_api_key_is_used_and_the_auth_token_checked_all_the_same() {
    let (world, operator) = a_healthy_company().await;
    world.ssm.put("/twilify/twilio/api-key-sid", sandbox::TWILIO_API_KEY_SID);
    world.ssm.put_secure("/twilify/twilio/api-key-secret", sandbox::TWILIO_API_KEY_SECRET);
    assert_eq!(complaints(&operator).await, "");
    world.twilio.promotes_auth_token("new");
    let complaints = complaints(&operator).await;
    assert!(complaints.starts_with("Twilio auth token | Twilio answered GET"), "{complaints}");
    assert_eq!(complaints.lines().count(), 1, "{complaints}");
}

#[tokio::test]
async fn without_settings_there_is_one_thing_to_do() {
    let (world, operator) = a_healthy_company().await;
    world.ssm.clear();
    let said = operator.run(&["doctor"]).await;
    assert_snapshot!(said.result, @r"
    ✗ settings: these are not set: okta/org-url, okta/token, twilio/account-sid, twilio/auth-token; run: twilify init

    One thing is wrong.
    ");
    assert_eq!(said.status, 1);
}

/// Refuses to write the profile of somebody, whose id contains `id`.
fn refuses_to_write(world: &World, id: &'static str, answer: &'static str) {
    let is_meant = move |it: &str| it.starts_with("POST /api/v1/users/") && it.contains(id);
    world.okta.health.fails_when(is_meant, Fault::Answers(403, answer));
}

#[tokio::test]
async fn somebody_whose_profile_nobody_may_write_says_nothing_about_the_token() {
    for answer in [
        r#"{"errorCode":"E0000038","errorSummary":"This operation is not allowed in the user's current status."}"#,
        // A super administrator is not everybody's to write.
        r#"{"errorCode":"E0000006","errorSummary":"You do not have permission to perform the requested action"}"#,
    ] {
        let (world, operator) = a_healthy_company().await;
        refuses_to_write(&world, "randall", answer);
        assert_eq!(complaints(&operator).await, "", "{answer}");
    }
}

#[tokio::test]
async fn where_nobody_can_be_written_now_the_token_is_not_blamed() {
    let (world, operator) = a_healthy_company().await;
    refuses_to_write(&world, "", r#"{"errorCode":"E0000038","errorSummary":"…"}"#);
    assert_eq!(complaints(&operator).await, "");
    let said = operator.run(&["doctor"]).await.result;
    assert!(
        said.contains("– Okta token's rights: there is nobody yet whose profile can be written"),
        "{said}"
    );
}

#[tokio::test]
async fn those_who_have_left_are_not_tried() {
    let (world, operator) = a_healthy_company().await;
    world.configure("TWILIFY_OKTA_SEARCH", r#"profile.lastName sw "D" or profile.lastName sw "L""#).await;
    world.okta.set_status("Randall", "DEPROVISIONED");
    refuses_to_write(&world, "randall", r#"{"errorCode":"E0000006","errorSummary":"…"}"#);
    assert_eq!(complaints(&operator).await, "");
}

#[tokio::test]
async fn the_search_that_finds_the_owner_of_a_number_is_tried() {
    let (world, operator) = a_healthy_company().await;
    let searches = |it: &str| it.starts_with("GET /api/v1/users?search=");
    world
        .okta
        .health
        .fails_when(searches, Fault::Answers(403, r#"{"errorCode":"E0000006","errorSummary":"…"}"#));
    let complaints = complaints(&operator).await;
    assert!(complaints.starts_with("Okta search | Okta answered GET /api/v1/users with 403"), "{complaints}");
    assert_eq!(complaints.lines().count(), 1, "{complaints}");
}

#[tokio::test]
async fn an_org_that_asks_for_fewer_requests_has_no_wrong_url() {
    let (world, operator) = a_healthy_company().await;
    let is_org = |it: &str| it.contains("okta-organization");
    world
        .okta
        .health
        .fails_when(is_org, Fault::Answers(429, r#"{"errorCode":"E0000047","errorSummary":"…"}"#));
    assert_eq!(complaints(&operator).await, "");
    let said = operator.run(&["doctor"]).await.result;
    assert!(said.contains("– Okta org: Okta asks for fewer requests at the moment"), "{said}");
    let said = operator.run(&["init", "--yes", "-p", "925"]).await;
    assert!(said.status == 1 && !said.remarks.contains("no Okta org"), "{said:?}");
    world.okta.health.recovers();
    world.okta.health.fails_when(is_org, Fault::Answers(503, ""));
    let complaints = complaints(&operator).await;
    assert!(complaints.starts_with("Okta org | ") && !complaints.contains("correct its URL"), "{complaints}");
}

#[tokio::test]
async fn a_subaccount_is_not_asked_for_its_balance() {
    let (world, operator) = a_healthy_company().await;
    world.twilio.stands(|it| it.is_subaccount = true);
    assert_eq!(complaints(&operator).await, "");
    let said = operator.run(&["doctor"]).await.result;
    assert!(said.contains("– Twilio balance: this is a subaccount"), "{said}");
}

#[tokio::test]
async fn a_secret_that_is_stored_in_the_clear_is_found() {
    let (world, operator) = a_healthy_company().await;
    world.ssm.put("/twilify/okta/token", sandbox::OKTA_TOKEN);
    assert_snapshot!(complaints(&operator).await, @"stored secrets | stored in the clear, as String and not as SecureString: okta/token | store them encrypted: twilify init");
}

#[tokio::test]
async fn a_search_that_the_tokens_role_does_not_allow_is_said_to_be_limited() {
    let (world, operator) = a_healthy_company().await;
    world.okta.token_has_conditions(403);
    assert_eq!(complaints(&operator).await, "");
    let said = operator.run(&["doctor"]).await.result;
    assert!(said.contains("– Okta search: a number that a profile holds in another form"), "{said}");
}

#[tokio::test]
async fn one_profile_that_nobody_can_read_is_no_reason_to_blame_the_token() {
    let (world, operator) = a_healthy_company().await;
    world.okta.corrupts("Ada", Corrupt::NoProfile);
    assert_eq!(complaints(&operator).await, "");
}

#[tokio::test]
async fn a_proxy_that_does_not_let_second_attempts_through_is_found() {
    let (world, operator) = a_healthy_company().await;
    world.throttles("/call-forward/again", 1);
    let complaints = complaints(&operator).await;
    assert!(complaints.starts_with("call-forward/again, signed | it is answered with 429"), "{complaints}");
}

#[tokio::test]
async fn what_okta_says_to_a_write_that_changes_nothing_tells_whether_the_token_may_write() {
    for (status, answer, complaint) in [
        // Okta's answers to the `ETag` of nobody's profile: it does not match, or it cannot be read.
        (412, r#"{"errorCode":"E0000231","errorSummary":"…"}"#, None),
        (400, r#"{"errorCode":"E0000242","errorSummary":"…"}"#, None),
        (400, r#"{"errorCode":"E0000003","errorSummary":"…"}"#, Some("E0000003")),
        (
            403,
            r#"{"errorCode":"E0000006","errorSummary":"…"}"#,
            Some("it may not write numbers into profiles"),
        ),
        (401, r#"{"errorCode":"E0000011","errorSummary":"…"}"#, Some("create a new API token")),
        (500, r#"{"errorCode":"E0000009","errorSummary":"…"}"#, Some("try again later")),
    ] {
        let (world, operator) = a_healthy_company().await;
        let is_write = |it: &str| it.starts_with("POST /api/v1/users/");
        world.okta.health.fails_when(is_write, Fault::Answers(status, answer));
        let complaints = complaints(&operator).await;
        let expected = complaint.unwrap_or_default();
        assert!(complaints.contains(expected), "{status} {answer}: {complaints}");
        assert_eq!(complaints.is_empty(), complaint.is_none(), "{status} {answer}: {complaints}");
        let blames = complaints.contains("it may not write");
        assert_eq!(blames, status == 403, "{status} {answer}: {complaints}");
    }
}

#[tokio::test]
async fn a_search_expression_that_okta_does_not_understand_is_found() {
    let (world, operator) = a_healthy_company().await;
    world.configure("TWILIFY_OKTA_SEARCH", r#"department is "Sales""#).await;
    let complaints = complaints(&operator).await;
    assert!(complaints.contains("Invalid search criteria"), "{complaints}");
}

#[tokio::test]
async fn the_doctor_writes_into_nobodys_profile() {
    let (world, operator) = a_healthy_company().await;
    let before = world.okta.writes();
    assert_eq!(complaints(&operator).await, "");
    assert_eq!(world.okta.writes(), before, "writes that start the company's hooks and fill its log");
}
