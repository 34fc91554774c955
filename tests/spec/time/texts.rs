//! How long texts, links and remarks count.

use std::time::Duration;

use sandbox::{Fault, Message, World};

use super::{AT_ONCE, DAY, HOUR, MINUTE, SECOND, a_world_with_a_clock};
use crate::{CALLER, COMPANY_NUMBER, MOBILE};

/// The request that sends a message.
const SEND: &str = "POST /2010-04-01/Accounts/AC00000000000000000000000000000000/Messages.json";

/// The request that reads Twilio's log.
const LOG: &str = "GET /2010-04-01/Accounts/AC00000000000000000000000000000000/Messages.json";

/// A message in Twilio's log.
const READ: &str = "GET /2010-04-01/Accounts/AC00000000000000000000000000000000/Messages/";

/// What Twilio answers to wrong credentials.
const UNAUTHORIZED: Fault = Fault::Answers(401, r#"{"code":20003}"#);

/// A world whose queues are as slow as the real ones.
async fn a_slow_world() -> World {
    let world = a_world_with_a_clock().await;
    world.late.set_speed(1);
    world
}

/// The texts that have reached Ada, without whom they are from.
fn texts(world: &World) -> Vec<String> {
    let text = |Message { body, .. }| body.replace(&format!("From: {CALLER}\n\n"), "");
    world.twilio.inbox(MOBILE).into_iter().map(text).collect()
}

/// Lets so many minutes pass, one after the other, and the queues do what they have to do meanwhile.
async fn minutes_pass(world: &World, minutes: usize) {
    for _ in 0..minutes {
        world.clock.passes(MINUTE);
        world.late.rests().await;
    }
}

#[tokio::test]
async fn a_text_that_comes_out_of_the_queue_a_day_later_does_not_arrive_twice() {
    for (what, is_in_the_log) in [("in the log", true), ("deleted from the log", false)] {
        for (time, expected) in [(DAY - MINUTE, &["Hello"][..]), (DAY + MINUTE, &["Hello", "Hello"])] {
            let world = a_slow_world().await;
            let text = world.twilio.a_text(CALLER, COMPANY_NUMBER, "Hello");
            assert_eq!(world.twilio.deliver(&text).await.status, 200);
            // Twilio has not got the answer.
            let later = world.twilio.owned()[0].sms_fallback_url.clone();
            world.twilio.deliver(&text.to_url(|_| later).with("ErrorCode", "11200")).await;
            world.recycles_functions();
            if !is_in_the_log {
                world.twilio.health.fails_on(READ, usize::MAX, Fault::Answers(404, r#"{"code":20404}"#));
            }
            world.clock.passes(time);
            world.late.rests().await;
            assert_eq!(texts(&world), expected, "what has arrived after {} minutes, {what}", time.as_mins());
        }
    }
}

#[tokio::test]
async fn after_an_hour_without_lambda_every_text_has_arrived_once() {
    let world = a_slow_world().await;
    world.lambda_is_down(true);
    let texts: Vec<_> = (0..20).map(|index| format!("text {index}")).collect();
    for text in &texts {
        assert_eq!(world.text(CALLER, COMPANY_NUMBER, text).await.status, 500);
    }
    minutes_pass(&world, 60).await;
    assert_eq!((world.late.waiting(), self::texts(&world).len()), (20, 0));
    world.lambda_is_down(false);
    minutes_pass(&world, 30).await;
    let mut arrived = self::texts(&world);
    arrived.sort_by_key(|it| it[5..].parse::<u32>().unwrap());
    assert_eq!((arrived, world.late.dead()), (texts, vec![]));
}

#[tokio::test]
async fn who_writes_the_same_again_while_the_first_text_waits_is_read_twice() {
    let world = a_slow_world().await;
    world.lambda_is_down(true);
    world.text(CALLER, COMPANY_NUMBER, "ok").await;
    world.clock.passes(8 * HOUR - MINUTE);
    world.text(CALLER, COMPANY_NUMBER, "ok").await;
    world.late.rests().await;
    world.lambda_is_down(false);
    // Both come out, the first one first.
    world.clock.passes(3 * MINUTE);
    world.late.rests().await;
    assert_eq!((texts(&world), world.late.waiting()), (vec!["ok".to_owned(); 2], 0));
}

#[tokio::test]
async fn who_has_written_the_same_all_day_is_read_each_time_although_lambda_was_down_twice() {
    let world = a_slow_world().await;
    world.lambda_is_down(true);
    world.text(CALLER, COMPANY_NUMBER, "ok").await;
    world.clock.passes(7 * HOUR + 50 * MINUTE);
    world.lambda_is_down(false);
    minutes_pass(&world, 3).await;
    assert_eq!(texts(&world), ["ok"]);
    world.clock.passes(7 * HOUR);
    world.lambda_is_down(true);
    world.text(CALLER, COMPANY_NUMBER, "ok").await;
    world.clock.passes(45 * MINUTE);
    world.text(CALLER, COMPANY_NUMBER, "ok").await;
    world.late.rests().await;
    world.lambda_is_down(false);
    world.clock.passes(3 * MINUTE);
    world.late.rests().await;
    assert_eq!((texts(&world), world.late.waiting()), (vec!["ok".to_owned(); 3], 0));
}

#[tokio::test]
async fn an_old_text_with_the_same_words_is_not_taken_for_one_that_waits() {
    let world = a_slow_world().await;
    world.text(CALLER, COMPANY_NUMBER, "ok").await;
    for time in [2 * MINUTE, 9 * HOUR, 17 * HOUR] {
        world.clock.passes(time);
        let before = texts(&world).len();
        world.twilio.health.fails_on(SEND, 1, Fault::Answers(500, ""));
        assert_eq!(world.text(CALLER, COMPANY_NUMBER, "ok").await.status, 503);
        minutes_pass(&world, 3).await;
        assert_eq!(
            (texts(&world).len(), world.late.waiting()),
            (before + 1, 0),
            "after {} minutes",
            time.as_mins()
        );
    }
}

#[tokio::test]
async fn a_remark_is_repeated_after_an_hour() {
    let world = a_world_with_a_clock().await;
    for (time, remarks) in [(AT_ONCE, 1), (HOUR - MINUTE, 1), (2 * MINUTE, 2), (HOUR - MINUTE, 2)] {
        world.clock.passes(time);
        world.text(MOBILE, COMPANY_NUMBER, "I am driving").await;
        assert_eq!(
            world.twilio.inbox(MOBILE).len(),
            remarks,
            "{} minutes after the text before",
            time.as_mins()
        );
    }
}

#[tokio::test]
async fn a_text_that_comes_back_within_eight_hours_goes_no_further() {
    for (time, goes_on) in [(8 * HOUR - MINUTE, false), (8 * HOUR + MINUTE, true)] {
        let world = a_world_with_a_clock().await;
        world.text(CALLER, COMPANY_NUMBER, "Hello").await;
        world.clock.passes(time);
        let returned = format!("From: {COMPANY_NUMBER}\n\nFrom: {CALLER}\n\nHello");
        world.text("+14155550177", COMPANY_NUMBER, &returned).await;
        let last = world.twilio.inbox(MOBILE).pop().unwrap().body;
        assert_eq!(
            last == format!("From: +14155550177\n\n{returned}"),
            goes_on,
            "after {} minutes: {last}",
            time.as_mins()
        );
    }
}

#[tokio::test]
async fn a_link_to_a_picture_is_good_for_twelve_hours() {
    let world = a_world_with_a_clock().await;
    world.twilio.picture(CALLER, COMPANY_NUMBER, "Look!", &[("image/png", b"png")]).await;
    let [message] = world.twilio.inbox_of(MOBILE, 1).await.try_into().unwrap();
    for (time, status) in [(12 * HOUR - MINUTE, 200), (2 * MINUTE, 404), (60 * DAY, 404)] {
        world.clock.passes(time);
        assert_eq!(
            world.twilio.fetches(&message.media_urls[0]).await.0,
            status,
            "{} minutes later",
            time.as_mins()
        );
    }
}

#[tokio::test]
async fn of_two_pictures_that_are_lost_one_after_the_other_each_is_followed_by_its_note() {
    for time in [AT_ONCE, 61 * SECOND, 2 * HOUR] {
        let world = a_world_with_a_clock().await;
        for count in [1, 3] {
            world.twilio.picture(CALLER, COMPANY_NUMBER, "", &[("image/png", b"png")]).await;
            let message = world.twilio.inbox_of(MOBILE, count).await.pop().unwrap();
            if count == 3 {
                world.clock.passes(time);
                world.twilio.health.fails_on(SEND, 1, Fault::Answers(500, ""));
            }
            assert_eq!(world.twilio.report(&message, "undelivered", 30019).await.status, 204);
        }
        let notes =
            world.twilio.inbox(MOBILE).into_iter().filter(|it| it.body.contains("could not be delivered"));
        assert_eq!(notes.count(), 2, "one of them got nothing, {} minutes later", time.as_mins());
    }
}

#[tokio::test]
async fn a_picture_that_takes_minutes_goes_as_a_late_text() {
    let world = a_slow_world().await;
    world.twilio.behaves(|it| it.media_takes = Duration::from_mins(4));
    let answer = world.twilio.picture(CALLER, COMPANY_NUMBER, "Look!", &[("image/png", b"png")]).await;
    minutes_pass(&world, 4).await;
    assert_eq!((answer.status, world.late.waiting()), (503, 1), "it went out without its picture");
    minutes_pass(&world, 2).await;
    let [message] = world.twilio.inbox_of(MOBILE, 1).await.try_into().unwrap();
    assert_eq!((texts(&world), message.media.len()), (vec!["Look!".to_owned()], 1));
}

#[tokio::test]
async fn of_a_picture_that_never_comes_the_text_arrives_after_five_minutes_with_a_note() {
    let world = a_slow_world().await;
    world.twilio.behaves(|it| it.media_takes = Duration::from_hours(1));
    world.twilio.picture(CALLER, COMPANY_NUMBER, "Look!", &[("image/png", b"png")]).await;
    minutes_pass(&world, 6).await;
    assert_eq!(world.late.waiting(), 0, "it waits for the picture for more than five minutes");
    world.twilio.inbox_of(MOBILE, 1).await;
    assert_eq!(
        texts(&world),
        ["Look!\n\n(A picture or other file that came with this message could not be delivered.)"]
    );
}

#[tokio::test]
async fn a_text_waits_for_a_log_that_is_too_long_for_some_minutes_and_then_arrives() {
    let world = a_slow_world().await;
    world.twilio.health.fails_on(SEND, 1, UNAUTHORIZED);
    assert_eq!(world.text(CALLER, COMPANY_NUMBER, "Hello").await.status, 503);
    let page: &str = " ".repeat((8 << 20) + 1).leak();
    world
        .twilio
        .health
        .fails_when(|it| it.starts_with("GET") && it.contains("/Messages.json"), Fault::Answers(200, page));
    minutes_pass(&world, 8).await;
    assert_eq!(texts(&world), [""; 0], "it may have been sent before");
    minutes_pass(&world, 2).await;
    assert_eq!((texts(&world), world.late.waiting()), (vec!["Hello".to_owned()], 0), "it waits for the log");
}

#[tokio::test]
async fn a_text_that_may_have_been_sent_waits_as_long_as_twilio_does_not_show_its_log() {
    let world = a_slow_world().await;
    world.twilio.health.fails_on(SEND, 1, Fault::LosesReply);
    world.twilio.health.fails_on(LOG, usize::MAX, Fault::Answers(500, ""));
    assert_eq!(world.text(CALLER, COMPANY_NUMBER, "Hello").await.status, 503);
    minutes_pass(&world, 20).await;
    assert_eq!((texts(&world), world.late.waiting()), (vec!["Hello".to_owned()], 1), "it arrives twice");
    world.twilio.health.recovers();
    minutes_pass(&world, 30).await;
    assert_eq!((texts(&world), world.late.waiting()), (vec!["Hello".to_owned()], 0));
}

#[tokio::test]
async fn who_wrote_the_same_hours_ago_is_not_read_three_times_although_an_answer_is_lost() {
    for time in [HOUR, 9 * HOUR, 15 * HOUR, 17 * HOUR] {
        let world = a_slow_world().await;
        world.text(CALLER, COMPANY_NUMBER, "ok").await;
        world.clock.passes(time);
        world.twilio.health.fails_on(SEND, 1, Fault::LosesReply);
        world.twilio.health.fails_on(LOG, 1, Fault::Answers(500, ""));
        assert_eq!(world.text(CALLER, COMPANY_NUMBER, "ok").await.status, 503);
        world.text(CALLER, COMPANY_NUMBER, "hi").await;
        minutes_pass(&world, 3).await;
        assert_eq!((texts(&world).len(), world.late.waiting()), (3, 0), "after {} minutes", time.as_mins());
    }
}
