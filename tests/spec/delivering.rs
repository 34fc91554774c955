//! What is sent for a text, and how often it is tried: each line of this has cost somebody a text, or sent it twice.

use std::time::{Duration, Instant};

use sandbox::{Fault, Message, World};

use crate::{CALLER, COMPANY_NUMBER, MOBILE, a_world_with_ada, late::worked_off};

/// The request that sends a message.
const SEND: &str = "POST /2010-04-01/Accounts/AC00000000000000000000000000000000/Messages.json";

/// The request that reads Twilio's log.
const LOG: &str = "GET /2010-04-01/Accounts/AC00000000000000000000000000000000/Messages.json";

/// The request for what came with a message.
const MEDIA: &str = "GET /2010-04-01/Accounts/AC00000000000000000000000000000000/Messages/MM";

/// A picture.
const PICTURE: (&str, &[u8]) = ("image/png", b"png");

fn bodies(world: &World) -> Vec<String> {
    world.twilio.inbox(MOBILE).into_iter().map(|it| it.body).collect()
}

/// How often Twilio was asked to send something.
fn sent(world: &World) -> usize {
    world.twilio.health.requests().iter().filter(|it| it.starts_with(SEND)).count()
}

/// The messages that Ada has got, after she was sent these files with a text.
async fn with_files(world: &World, body: &str, files: &[(&str, &[u8])], count: usize) -> Vec<Message> {
    assert_eq!(world.twilio.picture(CALLER, COMPANY_NUMBER, body, files).await.status, 200);
    world.twilio.inbox_of(MOBILE, count).await
}

/// Lets Twilio send nothing for some seconds, because others send too much.
fn gets_busy(world: &World) {
    let mut ends = None;
    world.twilio.health.fails_as(move |it| {
        // Longer than all pauses of one round (3.1 s and a tenth), so only the second round gets through.
        let is_busy = it.starts_with(SEND)
            && Instant::now() < *ends.get_or_insert_with(|| Instant::now() + Duration::from_millis(3600));
        is_busy.then_some(Fault::Answers(429, r#"{"code":20429}"#))
    });
}

#[tokio::test]
async fn a_text_does_not_wait_in_the_queue_because_twilio_is_busy_for_some_seconds() {
    let at_once = async {
        let world = a_world_with_ada().await;
        gets_busy(&world);
        assert_eq!(world.text(CALLER, COMPANY_NUMBER, "Hello").await.status, 200);
        assert_eq!(bodies(&world).len(), 1);
        assert!(sent(&world) > 6, "the text was sent before the second round: {}", sent(&world));
        assert!(sent(&world) < 10, "Twilio was asked {} times although it is busy", sent(&world));
    };
    // There is no queue for a text that follows its lost picture.
    let after_its_picture = async {
        let world = a_world_with_ada().await;
        let message = with_files(&world, "Look!", &[PICTURE], 1).await.pop().unwrap();
        gets_busy(&world);
        assert_eq!(world.twilio.report(&message, "undelivered", 30019).await.status, 204);
        assert_eq!(bodies(&world).len(), 2);
    };
    tokio::join!(at_once, after_its_picture);
}

#[tokio::test]
async fn a_text_whose_answer_is_lost_is_found_in_a_log_that_lags_by_a_moment() {
    let world = a_world_with_ada().await;
    world.late.set_speed(1);
    world.twilio.behaves(|it| it.log_takes = Duration::from_millis(300));
    world.twilio.health.fails_on(SEND, 1, Fault::LosesReply);
    assert_eq!(world.text(CALLER, COMPANY_NUMBER, "Hello").await.status, 200, "it waits in the queue");
    assert_eq!((bodies(&world).len(), sent(&world)), (1, 1));
}

#[tokio::test]
async fn what_twilio_may_have_done_counts_as_unsettled_whichever_gateway_says_that_it_failed() {
    for status in [500, 502, 503, 504] {
        let world = a_world_with_ada().await;
        world.twilio.health.fails_on(SEND, 1, Fault::Denies(status));
        assert_eq!(world.text(CALLER, COMPANY_NUMBER, "Hello").await.status, 200, "{status}");
        assert_eq!((bodies(&world).len(), sent(&world)), (1, 1), "it arrives twice after {status}");
    }
}

#[tokio::test]
async fn who_writes_the_same_twice_is_not_read_three_times_although_an_answer_is_lost() {
    let world = a_world_with_ada().await;
    world.text(CALLER, COMPANY_NUMBER, "ok").await;
    world.twilio.health.fails_on(SEND, 1, Fault::LosesReply);
    world.twilio.health.fails_on(LOG, 1, Fault::Answers(500, ""));
    assert_eq!(world.text(CALLER, COMPANY_NUMBER, "ok").await.status, 503);
    worked_off(&world).await;
    assert_eq!(bodies(&world), [format!("From: {CALLER}\n\nok"), format!("From: {CALLER}\n\nok")]);
}

#[tokio::test]
async fn twilios_keywords_in_every_form_get_no_answer_of_ours_and_are_noted() {
    let stop = ["STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"];
    let start = ["START", "YES", "UNSTOP", "OPTIN"];
    let world = a_world_with_ada().await;
    let is_noted = || world.twilio.owned()[0].sms_url.contains("stopped");
    let silent = async |keyword: &str| {
        world.text(MOBILE, COMPANY_NUMBER, keyword).await;
        assert_eq!(bodies(&world), [""; 0], "{keyword}");
    };
    for index in 0..stop.len() {
        silent(stop[index]).await;
        assert!(is_noted(), "{}", stop[index]);
        for help in ["HELP", "INFO"] {
            silent(help).await;
            assert!(is_noted(), "{help}");
        }
        let start = start[index % start.len()];
        silent(start).await;
        assert!(!is_noted(), "{start}");
    }
    world.text(MOBILE, COMPANY_NUMBER, "STOP it").await;
    assert_eq!(bodies(&world).len(), 1, "a sentence is no keyword");
}

/// What Twilio says of a mobile, which it would say of the text alone too.
const ABOUT_THE_MOBILE: [u32; 6] = [21211, 21408, 21610, 21614, 30003, 30005];

/// What it says of files.
const ABOUT_FILES: [u32; 4] = [21612, 21620, 30011, 30019];

#[tokio::test]
async fn a_refusal_because_of_the_mobile_is_final_and_one_because_of_a_picture_is_not() {
    let world = a_world_with_ada().await;
    for (codes, times) in [(&ABOUT_THE_MOBILE[..], 1), (&ABOUT_FILES, 2)] {
        for code in codes {
            let before = sent(&world);
            let body: &str = format!(r#"{{"code":{code}}}"#).leak();
            world.twilio.health.fails_on(SEND, usize::MAX, Fault::Answers(400, body));
            world.twilio.picture(CALLER, COMPANY_NUMBER, "Look!", &[PICTURE]).await;
            assert_eq!((sent(&world) - before, world.late.waiting()), (times, 0), "{code}");
            world.twilio.health.recovers();
        }
    }
}

#[tokio::test]
async fn a_picture_to_a_phone_that_is_off_is_not_followed_by_its_text() {
    let world = a_world_with_ada().await;
    let mut arrived = 0;
    for (codes, follows) in
        [(&ABOUT_THE_MOBILE[..], 0), (&ABOUT_FILES, 1), (&[30007, 30008], 1), (&[30002], 0)]
    {
        for code in codes {
            let message = with_files(&world, "Look!", &[PICTURE], arrived + 1).await.pop().unwrap();
            assert_eq!(world.twilio.report(&message, "undelivered", *code).await.status, 204, "{code}");
            arrived += 1 + follows;
            assert_eq!(bodies(&world).len(), arrived, "{code}");
        }
    }
}

#[tokio::test]
async fn only_a_message_with_files_is_followed_by_its_text_and_only_once() {
    let world = a_world_with_ada().await;
    world.text(CALLER, COMPANY_NUMBER, "Hello").await;
    let [text] = world.twilio.inbox(MOBILE).try_into().unwrap();
    world.twilio.report(&text, "undelivered", 30007).await;
    assert_eq!(bodies(&world).len(), 1, "a text");
    let picture = with_files(&world, "Look!", &[PICTURE, PICTURE], 2).await.pop().unwrap();
    for status in ["sent", "delivered"] {
        world.twilio.report(&picture, status, 0).await;
    }
    assert_eq!(bodies(&world).len(), 2, "a picture that has arrived");
    world.twilio.report(&picture, "failed", 30019).await;
    let note = world.twilio.inbox(MOBILE).pop().unwrap();
    assert!(
        note.body
            .ends_with("(2 pictures or other files that came with this message could not be delivered.)")
    );
    // Another process does not know that it has sent the note.
    world.recycles_functions();
    world.twilio.report(&note, "undelivered", 30019).await;
    assert_eq!(bodies(&world).len(), 3, "a note");
}

#[tokio::test]
async fn a_report_that_somebody_has_texted_stop_is_noted() {
    let world = a_world_with_ada().await;
    for (code, is_noted) in [(30003, false), (21610, true)] {
        world.text(CALLER, COMPANY_NUMBER, "Hello").await;
        let message = world.twilio.inbox(MOBILE).pop().unwrap();
        world.twilio.report(&message, "undelivered", code).await;
        let findings = world.run_provisioner().await.unwrap()["findings"].to_string();
        assert_eq!(findings.contains("has texted STOP"), is_noted, "{code}: {findings}");
    }
}

#[tokio::test]
async fn the_pictures_of_a_long_text_go_out_once() {
    let world = a_world_with_ada().await;
    let parts = with_files(&world, &"long ".repeat(320), &[PICTURE], 2).await;
    let mut pictures: Vec<_> = parts.iter().map(|it| (it.body[..24].to_owned(), it.media.len())).collect();
    pictures.sort();
    assert_eq!(
        pictures,
        [("From: +14155550123 (1/2)".to_owned(), 1), ("From: +14155550123 (2/2)".to_owned(), 0)]
    );
}

#[tokio::test]
async fn the_largest_picture_that_lambda_can_hand_over_arrives_and_a_larger_one_is_mentioned() {
    for (bytes, arrives) in [(4_500_000, true), (4_500_001, false)] {
        let world = a_world_with_ada().await;
        // So that only the function itself can see how large it is.
        world.twilio.health.fails_when(|it| it.starts_with("HEAD "), Fault::Answers(500, ""));
        let picture = vec![7; bytes];
        world.twilio.picture(CALLER, COMPANY_NUMBER, "Look!", &[("image/png", &picture)]).await;
        let [message] = world.twilio.inbox_of(MOBILE, 1).await.try_into().unwrap();
        assert_eq!(message.media.first().map(|it| it.bytes.len()), arrives.then_some(bytes), "{bytes}");
        assert_eq!(message.body.contains("could not be delivered"), !arrives, "{bytes}: {}", message.body);
    }
}

#[tokio::test]
async fn a_file_that_twilio_refuses_for_a_moment_as_one_too_many_arrives() {
    let world = a_world_with_ada().await;
    world.twilio.health.fails_on(MEDIA, 3, Fault::Answers(429, r#"{"code":20429}"#));
    assert_eq!(with_files(&world, "Look!", &[PICTURE], 1).await[0].media.len(), 1);
}

#[tokio::test]
async fn of_a_text_that_comes_back_again_and_again_the_employee_is_told_once() {
    let world = a_world_with_ada().await;
    world.text(CALLER, COMPANY_NUMBER, "Hello").await;
    let returned = format!("From: {COMPANY_NUMBER}\n\nFrom: {CALLER}\n\nHello");
    for (sender, told) in [("+14155550177", 1), ("+14155550177", 1), ("+14155550188", 2)] {
        world.text(sender, COMPANY_NUMBER, &returned).await;
        assert_eq!(bodies(&world).len(), 1 + told, "{:#?}", bodies(&world));
    }
}

#[tokio::test]
async fn a_picture_is_kept_by_no_cache_and_never_taken_for_a_web_page() {
    let world = a_world_with_ada().await;
    let [message] = with_files(&world, "Look!", &[PICTURE], 1).await.try_into().unwrap();
    let headers = world.twilio.opens(&message.media_urls[0]).await;
    for (name, value) in [
        ("cache-control", "private, no-store"),
        ("content-type", "image/png"),
        ("x-content-type-options", "nosniff"),
        ("content-disposition", "inline; filename=\"file.png\""),
    ] {
        assert_eq!(headers[name], value, "{name}");
    }
}

#[tokio::test]
async fn a_lost_picture_is_not_taken_for_the_text_that_follows_it() {
    let world = a_world_with_ada().await;
    // There is no room for the note, so what follows has the words of the message that was lost.
    let text = "x".repeat(1560);
    let message = with_files(&world, &text, &[PICTURE], 1).await.pop().unwrap();
    world.twilio.health.fails_on(SEND, 1, Fault::Answers(500, ""));
    assert_eq!(world.twilio.report(&message, "undelivered", 30019).await.status, 204);
    let arrived = bodies(&world);
    assert_eq!(arrived.len(), 3, "the text did not follow");
    assert!(arrived[1].contains(&text) && arrived[2].contains("could not be delivered"), "{}", arrived[2]);
}

#[tokio::test]
async fn a_refusal_that_is_not_about_stop_is_not_noted_as_one() {
    for (code, is_noted) in [(21211, false), (21614, false), (21610, true)] {
        let world = a_world_with_ada().await;
        let body: &str = format!(r#"{{"code":{code}}}"#).leak();
        world.twilio.health.fails_on(SEND, 1, Fault::Answers(400, body));
        world.text(CALLER, COMPANY_NUMBER, "Hello").await;
        assert_eq!(world.twilio.owned()[0].sms_url.contains("stopped"), is_noted, "{code}");
    }
}

#[tokio::test]
async fn a_picture_that_is_there_half_a_second_later_does_not_wait_in_the_queue() {
    let world = a_world_with_ada().await;
    world.late.set_speed(1);
    world.twilio.behaves(|it| it.media_takes = Duration::from_millis(500));
    assert_eq!(with_files(&world, "Look!", &[PICTURE], 1).await[0].media.len(), 1);
}

#[tokio::test]
async fn a_text_that_follows_its_lost_picture_is_no_loss_and_is_refused_once() {
    let world = a_world_with_ada().await;
    world.configure("TWILIFY_METRICS", "phones").await;
    let message = with_files(&world, "Look!", &[PICTURE], 1).await.pop().unwrap();
    let before = sent(&world);
    world.twilio.health.fails_on(SEND, usize::MAX, Fault::Answers(400, r#"{"code":21610}"#));
    assert_eq!(world.twilio.report(&message, "undelivered", 30019).await.status, 503);
    assert_eq!(sent(&world) - before, 1, "it would be refused again");
    world.logged(r#""TextsNotForwarded":1"#).await;
    world.twilio.health.recovers();
    assert_eq!(world.twilio.report(&message, "undelivered", 30020).await.status, 204);
    let log = world.logged(r#""ErrorCode":"30020""#).await;
    let line = log.lines().rfind(|it| it.contains(r#""ErrorCode":"30020""#)).unwrap();
    assert!(!line.contains(r#""TextsNotForwarded":1"#), "an alarm rings for a text that has arrived: {line}");
}

#[tokio::test]
async fn a_text_whose_employee_okta_knows_does_not_wait_for_twilio_to_say_whose_the_number_is() {
    let world = a_world_with_ada().await;
    world.twilio.change(COMPANY_NUMBER, |it| it.sms_url = it.sms_url.split('?').next().unwrap().to_owned());
    // Whether the mobile is a company number is another question.
    world.twilio.health.fails_when(
        |it| {
            it.starts_with("GET") && it.contains("IncomingPhoneNumbers") && it.contains(&COMPANY_NUMBER[1..])
        },
        Fault::Answers(500, ""),
    );
    assert_eq!(world.text(CALLER, COMPANY_NUMBER, "Hello").await.status, 200);
    assert_eq!(bodies(&world).len(), 1);
}

#[tokio::test]
async fn why_a_text_waits_is_in_the_log() {
    let world = a_world_with_ada().await;
    world.configure("TWILIFY_LAST_KNOWN_DAYS", "0").await;
    world.okta.health.fails(Fault::Answers(500, ""));
    assert_eq!(world.text(CALLER, COMPANY_NUMBER, "Hello").await.status, 503);
    world.logged("cannot forward a message").await;
}
