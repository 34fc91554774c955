//! What is said to people besides what was written to them, and what becomes of messages that do not arrive.

use sandbox::{Employee, Fault, Message, World};

use crate::{CALLER, COMPANY_NUMBER, MOBILE, a_world_with_ada};

/// Somebody else's company number.
const GRACES_NUMBER: &str = "+19253294109";

fn bodies(messages: Vec<Message>) -> Vec<String> {
    messages.into_iter().map(|it| it.body).collect()
}

/// What the report of a run tells somebody to look at.
async fn findings(world: &World) -> String {
    world.run_provisioner().await.unwrap()["findings"].to_string()
}

#[tokio::test]
async fn an_employee_who_texts_their_own_number_is_told_so_once() {
    let world = a_world_with_ada().await;
    for _ in 0..3 {
        assert_eq!(world.text(MOBILE, COMPANY_NUMBER, "I am driving").await.status, 200);
    }
    assert_eq!(
        bodies(world.twilio.inbox(MOBILE)),
        ["This is your own company number. What you text to it reaches nobody, not even as a reply."]
    );
}

#[tokio::test]
async fn to_keywords_twilio_answers_by_itself() {
    let world = a_world_with_ada().await;
    for keyword in ["STOP", "start", " Help "] {
        assert!(world.text(MOBILE, COMPANY_NUMBER, keyword).await.body.contains("<Response/>"));
    }
    world.text(CALLER, COMPANY_NUMBER, "STOP").await;
    assert_eq!(
        bodies(world.twilio.inbox(MOBILE)),
        ["From: +14155550123\n\nSTOP"],
        "from outside it is a text"
    );
}

#[tokio::test]
async fn a_text_from_another_company_number_is_not_forwarded_and_the_employee_told_why() {
    let world = a_world_with_ada().await;
    world.twilio.owns(GRACES_NUMBER);
    for _ in 0..2 {
        world.text(GRACES_NUMBER, COMPANY_NUMBER, "From: +14155550199\n\nHello").await;
    }
    assert_eq!(
        bodies(world.twilio.inbox(MOBILE)),
        [
            "A text to your company number was not forwarded: it came from another company number (+19253294109), and \
          texts between company numbers could go round in circles."
        ]
    );
    assert!(!world.logged("it is not forwarded").await.contains("forwarded a message"));
    world.text(CALLER, COMPANY_NUMBER, "From: me\n\nHello").await;
    assert_eq!(
        world.twilio.inbox(MOBILE)[1].body,
        "From: +14155550123\n\nFrom: me\n\nHello",
        "looks like one"
    );
}

#[tokio::test]
async fn nothing_is_sent_to_a_mobile_that_is_a_company_number() {
    let world = a_world_with_ada().await;
    world.twilio.owns(GRACES_NUMBER);
    world.okta.set("Ada", "mobilePhone", GRACES_NUMBER);
    assert_eq!(world.text(CALLER, COMPANY_NUMBER, "Hello").await.status, 200);
    assert_eq!(world.twilio.inbox(GRACES_NUMBER), []);
    world.logged("calls might go round in circles").await;
}

#[tokio::test]
async fn who_has_texted_stop_is_named_in_the_log_and_by_the_provisioner_until_they_text_start() {
    let world = a_world_with_ada().await;
    world.twilio.stops(MOBILE);
    assert_eq!(world.text(CALLER, COMPANY_NUMBER, "one").await.status, 200);
    let log = world.logged("tell them to text START to it").await;
    assert_eq!(log.matches("cannot forward a message").count(), 1, "{log}");
    let told = "Ada Lovelace has texted STOP to their company number (+19253294108), so no text reaches them. Tell them to \
                text START to it.";
    assert!(findings(&world).await.contains(told));
    world.okta.set("Ada", "firstName", "Augusta");
    findings(&world).await;
    assert!(findings(&world).await.contains("has texted STOP"), "a new seal has not wiped it out");
    world.twilio.starts(MOBILE);
    world.text(MOBILE, COMPANY_NUMBER, "Start").await;
    assert_eq!(findings(&world).await, "[]");
    world.text(MOBILE, COMPANY_NUMBER, "STOP").await;
    assert!(findings(&world).await.contains("has texted STOP"), "before anything is lost");
    assert_eq!(world.text(CALLER, COMPANY_NUMBER, "two").await.status, 200);
    assert_eq!(bodies(world.twilio.inbox(MOBILE)), ["From: +14155550123\n\ntwo"]);
    assert_eq!(findings(&world).await, "[]");
}

#[tokio::test]
async fn a_sender_is_told_that_a_message_could_not_be_delivered_if_that_is_wanted() {
    let world = a_world_with_ada().await;
    world.twilio.stops(MOBILE);
    world.text(CALLER, COMPANY_NUMBER, "one").await;
    assert_eq!(world.twilio.inbox(CALLER), [], "by default they are not");
    world.configure("TWILIFY_NOTIFY_SENDER", "on").await;
    for _ in 0..2 {
        world.text(CALLER, COMPANY_NUMBER, "two").await;
    }
    world.text("72975", COMPANY_NUMBER, "three").await;
    assert_eq!(bodies(world.twilio.inbox(CALLER)), ["Your message could not be delivered."]);
    assert_eq!(world.twilio.inbox("72975"), []);
}

#[tokio::test]
async fn a_refusal_is_logged_with_what_it_means_and_what_to_do_and_counted() {
    let world = a_world_with_ada().await;
    for (status, code, remedy) in [
        (400, 21211, "correct the employee's mobile in Okta"),
        (400, 21614, "correct the employee's mobile in Okta"),
        (403, 21408, "allow the country in Twilio's console"),
        (400, 30034, "register an A2P 10DLC campaign"),
    ] {
        let body = format!(r#"{{"code":{code},"message":"The number +18182179229 will not do"}}"#);
        world.twilio.health.fails(Fault::Answers(status, body.leak()));
        assert_eq!(world.text(CALLER, COMPANY_NUMBER, "Hello").await.status, 200, "{code}");
        assert!(world.logged(&format!(r#""code":{code}"#)).await.contains(remedy), "{code}");
        let metric = world.logged(&format!(r#""ErrorCode":"{code}""#)).await;
        assert!(metric.contains(r#""MessagesRefused":1"#), "{metric}");
    }
    assert_eq!(world.late.waiting(), 0, "none of them is tried again");
}

#[tokio::test]
async fn a_message_that_does_not_arrive_is_logged_and_counted() {
    let world = a_world_with_ada().await;
    world.text(CALLER, COMPANY_NUMBER, "Hello").await;
    let [message] = world.twilio.inbox(MOBILE).try_into().unwrap();
    assert_eq!(world.twilio.report(&message, "delivered", 0).await.status, 204);
    assert_eq!(world.twilio.report(&message, "undelivered", 30003).await.status, 204);
    let log = world.logged("a message was not delivered").await;
    assert_eq!(log.matches("a message was not delivered").count(), 1, "{log}");
    let employee = sandbox::Employee::named("Ada", "").id().to_owned();
    for part in ["the mobile is switched off or out of reach", &employee, r#""MessagesUndelivered":1"#] {
        assert!(log.contains(part), "{part}: {log}");
    }
    assert_eq!(
        world.twilio.deliver(&world.twilio.a_report(&message, "failed", 1).unsigned()).await.status,
        403
    );
    assert_eq!(world.twilio.inbox(MOBILE).len(), 1);
}

#[tokio::test]
async fn a_stop_counts_for_one_number_and_with_a_messaging_service_for_all_in_it() {
    let world = a_world_with_ada().await;
    world.okta.hire(Employee::named("Grace", "Hopper").mobile("+18182170188"));
    world.twilio.sells(GRACES_NUMBER);
    world.run_provisioner().await.unwrap();
    world.twilio.stops_at(MOBILE, GRACES_NUMBER);
    world.text(CALLER, COMPANY_NUMBER, "one").await;
    assert_eq!(bodies(world.twilio.inbox(MOBILE)), ["From: +14155550123\n\none"]);
    world.configure("TWILIFY_MESSAGING_SERVICE_SID", sandbox::MESSAGING_SERVICE_SID).await;
    world.run_provisioner().await.unwrap();
    assert_eq!(world.twilio.enrolled().len(), 2);
    assert_eq!(world.text(CALLER, COMPANY_NUMBER, "two").await.status, 200);
    world.logged("tell them to text START to it").await;
    assert_eq!(world.twilio.inbox(MOBILE).len(), 1);
}
