//! What operators see of all this: metrics, and a log that names no number.

use std::{collections::BTreeSet, fs, path::Path};

use sandbox::{Fault, World};
use serde_json::{Map, Value};

use crate::{CALLER, COMPANY_NUMBER, MOBILE, a_world_with_ada};

/// The page with the queries.
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../functions/OBSERVING.md");

/// What the log says, as soon as it has `text`.
async fn lines(world: &World, text: &str) -> Vec<Map<String, Value>> {
    let log = world.logged(text).await;
    log.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}")))
        .collect()
}

/// The last line with `metric`, which CloudWatch has to find in it.
async fn measured(world: &World, metric: &str) -> Map<String, Value> {
    let lines = lines(world, &format!(r#""{metric}":"#)).await;
    let line = lines.into_iter().rfind(|line| line.contains_key(metric)).unwrap();
    let directives = line["_aws"]["CloudWatchMetrics"].as_array().unwrap();
    let metrics = directives.iter().flat_map(|it| it["Metrics"].as_array().unwrap());
    assert!(metrics.into_iter().any(|it| it["Name"] == metric), "{line:?}");
    assert!(directives.iter().all(|it| it["Namespace"] == "twilify"), "{line:?}");
    line
}

/// The last event that says `message`.
async fn event(world: &World, message: &str) -> Map<String, Value> {
    lines(world, message)
        .await
        .into_iter()
        .rfind(|line| line.get("message") == Some(&message.into()))
        .unwrap()
}

#[tokio::test]
async fn a_call_is_counted_in_one_line_with_how_long_okta_took() {
    let world = a_world_with_ada().await;
    world.call(CALLER, COMPANY_NUMBER).await;
    let line = measured(&world, "CallsConnected").await;
    assert_eq!(line["CallsConnected"], 1);
    assert_eq!(line["CallsFromLastKnownRoute"], 0);
    assert_eq!(line["OktaLatency"].as_array().unwrap().len(), 1);
    assert!(line["OktaLatency"][0].as_f64().unwrap() > 0.);
    assert!(!line.contains_key("CallsRefused"));
    assert_eq!(event(&world, "connecting a call").await["request_id"], line["request_id"]);
    let after = measured(&world, "CallsAnswered").await;
    assert_eq!(after["CallsAnswered"], 1);
    assert_ne!(after["request_id"], line["request_id"]);
}

#[tokio::test]
async fn a_call_that_was_not_answered_is_not_counted_as_if_it_were() {
    let world = a_world_with_ada().await;
    world.twilio.dials_end("no-answer");
    world.call(CALLER, COMPANY_NUMBER).await;
    assert!(
        !lines(&world, "a call was not answered").await.iter().any(|it| it.contains_key("CallsAnswered"))
    );
}

#[tokio::test]
async fn a_call_that_is_refused_is_counted_as_that() {
    let world = a_world_with_ada().await;
    world.okta.set_status("Ada", "DEPROVISIONED");
    world.call(CALLER, COMPANY_NUMBER).await;
    let line = measured(&world, "CallsRefused").await;
    assert_eq!(line["CallsRefused"], 1);
    assert!(!line.contains_key("CallsConnected") && !line.contains_key("OktaOutages"));
}

#[tokio::test]
async fn an_outage_of_okta_is_counted_even_if_callers_do_not_notice() {
    let world = a_world_with_ada().await;
    world.okta.health.fails(Fault::Answers(500, ""));
    world.call(CALLER, COMPANY_NUMBER).await;
    let line = measured(&world, "OktaOutages").await;
    assert_eq!((&line["OktaOutages"], &line["CallsFromLastKnownRoute"]), (&1.into(), &1.into()));
    assert_eq!(line["OktaLatency"].as_array().unwrap().len(), 2, "it was asked twice");
    world.text(CALLER, COMPANY_NUMBER, "Hello").await;
    assert_eq!(measured(&world, "TextsFromLastKnownRoute").await["TextsFromLastKnownRoute"], 1);
}

#[tokio::test]
async fn a_text_is_counted_and_so_is_one_that_had_to_wait() {
    let world = a_world_with_ada().await;
    world.text(CALLER, COMPANY_NUMBER, "at once").await;
    let line = measured(&world, "TextsForwarded").await;
    assert_eq!((&line["TextsForwarded"], &line["TextsLate"]), (&1.into(), &0.into()));
    assert!(!line["TwilioLatency"].as_array().unwrap().is_empty());
    world.lambda_is_down(true);
    world.text(CALLER, COMPANY_NUMBER, "late").await;
    world.lambda_is_down(false);
    world.logged(r#""TextsLate":1"#).await;
}

#[tokio::test]
async fn what_nobody_signed_is_counted_and_its_sid_is_not_believed() {
    let world = a_world_with_ada().await;
    world.twilio.deliver(&world.twilio.a_call(CALLER, COMPANY_NUMBER).unsigned()).await;
    assert_eq!(measured(&world, "RequestsRefused").await["RequestsRefused"], 1);
    assert!(!event(&world, "refused a request").await.contains_key("call_sid"));
}

#[tokio::test]
async fn a_run_of_the_provisioner_is_counted_with_what_it_did_and_a_dry_run_is_not() {
    let world = a_world_with_ada().await;
    let line = measured(&world, "ProvisionerRuns").await;
    let counts = ["ProvisionerRuns", "NumbersBought", "NumbersReleased", "ProvisioningFailed"];
    assert_eq!(counts.map(|it| line[it].as_u64().unwrap()), [1, 1, 0, 0]);
    assert!(line["ProvisioningChanges"].as_u64() >= Some(1));
    assert_eq!(event(&world, "changed").await["request_id"], line["request_id"]);
    world.plan_provisioning().await.unwrap();
    world.call(CALLER, COMPANY_NUMBER).await;
    let lines = lines(&world, "CallsConnected").await;
    assert_eq!(lines.iter().filter(|it| it.contains_key("ProvisionerRuns")).count(), 1);
}

#[tokio::test]
async fn the_metrics_of_two_deployments_are_kept_apart() {
    let world = a_world_with_ada().await;
    world.configure("TWILIFY_METRICS", "phones").await;
    world.call(CALLER, COMPANY_NUMBER).await;
    world.logged(r#""Namespace":"phones""#).await;
}

#[tokio::test]
async fn every_line_says_which_invocation_and_which_call_or_message_it_is_about_and_no_number() {
    let world = a_world_with_ada().await;
    much_happens(&world).await;
    let all = lines(&world, "a message was not delivered").await;
    assert!(all.iter().all(|it| it["request_id"].as_str().is_some_and(|id| id.len() == 36)), "{all:#?}");
    let about = |message: &str, field: &str| {
        let line = all.iter().find(|it| it.get("message") == Some(&message.into())).unwrap();
        line[field].as_str().unwrap().len()
    };
    assert_eq!(about("connecting a call", "call_sid"), 34);
    assert_eq!(about("Okta does not answer as it should, so what was last known has to do", "call_sid"), 34);
    assert_eq!(about("forwarded a message", "message_sid"), 34);
    assert_eq!(about("a message was not delivered", "message_sid"), 34);
    let log = serde_json::to_string(&all).unwrap();
    for secret in [CALLER, MOBILE, COMPANY_NUMBER, "Hello"] {
        assert!(!log.contains(secret.trim_start_matches('+')), "{secret}");
    }
}

#[tokio::test]
async fn every_field_of_the_queries_is_one_that_is_logged() {
    let world = a_world_with_ada().await;
    much_happens(&world).await;
    let logged = lines(&world, "a message was not delivered").await;
    let logged: BTreeSet<_> = logged.iter().flat_map(Map::keys).map(String::as_str).collect();
    let template = fs::read_to_string(Path::new(PAGE).with_file_name("../template.yaml")).unwrap();
    let page = fs::read_to_string(PAGE).unwrap();
    let queries: Vec<_> = page.split("\n```\n").skip(1).step_by(2).collect();
    assert!(queries.len() > 8, "{queries:?}");
    for query in queries {
        // What API Gateway logs is in the template.
        let of_the_api = query.contains("integration_status");
        for field in fields(query) {
            let known = if of_the_api {
                template.contains(&format!(r#""{field}":""#))
            } else {
                logged.contains(field)
            };
            assert!(known, "`{field}` is not logged, but asked for in:\n{query}");
        }
    }
}

/// One event of each kind that the queries ask for.
async fn much_happens(world: &World) {
    world.okta.hire(sandbox::Employee::named("Grace", "Hopper").mobile("911"));
    world.run_provisioner().await.unwrap();
    world.call(CALLER, COMPANY_NUMBER).await;
    world.twilio.deliver(&world.twilio.a_call(CALLER, COMPANY_NUMBER).unsigned()).await;
    world.text(CALLER, COMPANY_NUMBER, "Hello").await;
    let [message] = world.twilio.inbox(MOBILE).try_into().unwrap();
    world.twilio.stops(MOBILE);
    world.text(CALLER, COMPANY_NUMBER, "Hello again").await;
    world.run_provisioner().await.unwrap();
    world.okta.health.fails(Fault::Answers(500, ""));
    world.call(CALLER, COMPANY_NUMBER).await;
    world.okta.health.recovers();
    world.twilio.report(&message, "undelivered", 30003).await;
}

/// The names in a query that are neither its language's nor given in it.
fn fields(query: &str) -> BTreeSet<&str> {
    const LANGUAGE: [&str; 22] = [
        "fields",
        "filter",
        "stats",
        "sort",
        "by",
        "as",
        "asc",
        "desc",
        "in",
        "or",
        "and",
        "count",
        "latest",
        "max",
        "pct",
        "bin",
        "ispresent",
        "h",
        "count_distinct",
        "like",
        "not",
        "limit",
    ];
    // Every other part is in quotation marks.
    let bare: Vec<_> = query.split('"').step_by(2).collect();
    let words =
        bare.iter().flat_map(|it| it.split(|it: char| !it.is_ascii_alphanumeric() && !"_@".contains(it)));
    let words: Vec<_> = words.filter(|it| !it.is_empty()).collect();
    let given: BTreeSet<_> = words.windows(2).filter(|it| it[0] == "as").map(|it| it[1]).collect();
    let own = |it: &str| it.starts_with('@') || it.starts_with(|it: char| it.is_ascii_digit());
    words.into_iter().filter(|it| !LANGUAGE.contains(it) && !given.contains(it) && !own(it)).collect()
}

/// The sum of `metric` over all that was logged, after a request that is refused, with which the log of `call-forward` ends.
async fn total(world: &World, metric: &str) -> u64 {
    world.twilio.deliver(&world.twilio.a_call(CALLER, COMPANY_NUMBER).unsigned()).await;
    let lines = lines(world, r#""RequestsRefused":"#).await;
    lines.iter().filter_map(|line| line.get(metric)?.as_u64()).sum()
}

#[tokio::test]
async fn of_all_ends_of_the_ringing_only_an_answer_is_counted_as_one() {
    let world = a_world_with_ada().await;
    for status in ["canceled", "busy", "no-answer", "failed", "completed", "answered"] {
        world.twilio.dials_end(status);
        world.call(CALLER, COMPANY_NUMBER).await;
    }
    assert_eq!(total(&world, "CallsAnswered").await, 2);
}

#[tokio::test]
async fn whatever_keeps_a_call_from_ringing_it_is_counted_as_refused_and_not_as_connected() {
    let world = a_world_with_ada().await;
    let unproven = world.twilio.a_call(MOBILE, COMPANY_NUMBER).without("StirVerstat");
    let sent_back = world.twilio.a_call(CALLER, COMPANY_NUMBER).with("ForwardedFrom", MOBILE);
    let no_number = world.twilio.a_call(CALLER, COMPANY_NUMBER).with("To", "sip:ada@example.com");
    for call in [unproven, sent_back, no_number] {
        world.twilio.follow(call).await;
    }
    world.call(MOBILE, COMPANY_NUMBER).await;
    world.okta.set("Ada", "mobilePhone", "");
    world.call(CALLER, COMPANY_NUMBER).await;
    world.okta.set_status("Ada", "SUSPENDED");
    world.call(CALLER, COMPANY_NUMBER).await;
    world.okta.health.fails_on("GET /api/v1/users?search", usize::MAX, Fault::LimitsRate(60));
    world.call(CALLER, COMPANY_NUMBER).await;
    assert_eq!(total(&world, "CallsRefused").await, 7);
    assert_eq!(total(&world, "CallsConnected").await, 0);
}

#[tokio::test]
async fn with_the_log_level_error_a_line_still_says_which_call_or_message_it_is_about() {
    let world = a_world_with_ada().await;
    world.configure("TWILIFY_LOG", "error").await;
    world.okta.health.fails_on("GET /api/v1/users?search", usize::MAX, Fault::Answers(500, ""));
    let call = world.twilio.a_call(CALLER, COMPANY_NUMBER);
    world.twilio.follow(call.to_url(|_| format!("{}/call-forward", world.url()))).await;
    world.twilio.stops(MOBILE);
    world.text(CALLER, COMPANY_NUMBER, "Hello").await;
    for (message, sid) in [("cannot connect a call", "call_sid"), ("cannot forward a message", "message_sid")]
    {
        let line = event(&world, message).await;
        let is_told =
            |field: &str, length| line.get(field).is_some_and(|it| it.as_str().unwrap().len() == length);
        assert!(
            is_told("request_id", 36) && is_told(sid, 34),
            "nobody can find whom this is about: {line:?}"
        );
    }
}
