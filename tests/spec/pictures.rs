//! Pictures and other files that come with a message.

use std::time::{Duration, Instant};

use sandbox::{Fault, Message, World};

use crate::{CALLER, COMPANY_NUMBER, MOBILE, a_world_with_ada, late::worked_off};

/// A file with every byte in it.
fn bytes() -> Vec<u8> {
    (0..=255).cycle().take(100_000).collect()
}

/// The one message that Ada has got, after she was sent a file of each of these types.
async fn sent(world: &World, body: &str, files: &[(&str, &[u8])]) -> Message {
    assert_eq!(world.twilio.picture(CALLER, COMPANY_NUMBER, body, files).await.status, 200);
    let [message] = world.twilio.inbox_of(MOBILE, 1).await.try_into().unwrap();
    message
}

#[tokio::test]
async fn a_picture_arrives_byte_for_byte_with_its_type_and_a_plain_name() {
    let world = a_world_with_ada().await;
    let message = sent(&world, "Look!", &[("image/jpeg", &bytes())]).await;
    assert_eq!(message.body, "From: +14155550123\n\nLook!");
    let [picture] = message.media.try_into().unwrap();
    assert_eq!((picture.content_type.as_str(), picture.sid.as_str()), ("image/jpeg", "file.jpg"));
    assert_eq!(picture.bytes, bytes());
    assert!(!world.twilio.credentials_leaked(), "the credentials went to where files are stored");
}

#[tokio::test]
async fn a_picture_without_a_text_says_from_whom_it_is() {
    let world = a_world_with_ada().await;
    assert_eq!(sent(&world, "", &[("image/png", b"png")]).await.body, "From: +14155550123");
}

#[tokio::test]
async fn ten_files_of_all_kinds_arrive_in_their_order() {
    let world = a_world_with_ada().await;
    let files = ["image/gif", "video/mp4", "audio/mpeg", "text/vcard", "application/pdf"];
    let files: Vec<(&str, &[u8])> = files.iter().cycle().take(10).map(|it| (*it, it.as_bytes())).collect();
    let message = sent(&world, "", &files).await;
    let arrived: Vec<_> = message.media.iter().map(|it| (it.content_type.as_str(), &it.bytes[..])).collect();
    assert_eq!(arrived, files);
}

#[tokio::test]
async fn of_what_cannot_be_forwarded_the_text_says_so() {
    let world = a_world_with_ada().await;
    let large = vec![0; 4_500_001];
    let files: [(&str, &[u8]); 3] =
        [("image/png", b"small"), ("image/png", &large), ("application/x-msdownload", b"x")];
    let message = sent(&world, "Look!", &files).await;
    assert_eq!(message.media.len(), 1);
    assert_eq!(
        message.body,
        "From: +14155550123\n\nLook!\n\n(A picture or other file that came with this message was too large to be \
         forwarded.)\n\n(A picture or other file that came with this message was of a type that cannot be forwarded: \
         application/x-msdownload.)"
    );
}

const NO_PICTURE: &str = "From: +14155550123\n\nLook!\n\n(A picture or other file that came with this message could not be delivered.)";

#[tokio::test]
async fn where_pictures_are_refused_the_text_arrives_with_a_note() {
    let world = a_world_with_ada().await;
    world.twilio.takes_no_media();
    assert_eq!(sent(&world, "Look!", &[("image/png", b"png")]).await.body, NO_PICTURE);
}

#[tokio::test]
async fn where_there_are_no_pictures_none_is_tried() {
    let world = a_world_with_ada().await;
    world.configure("TWILIFY_MOBILE_COUNTRIES", "US,GB").await;
    world.okta.set("Ada", "mobilePhone", "+447400123456");
    world.twilio.picture(CALLER, COMPANY_NUMBER, "Look!", &[("image/png", b"png")]).await;
    assert_eq!(world.twilio.inbox("+447400123456")[0].body, NO_PICTURE);
}

#[tokio::test]
async fn a_picture_that_the_carrier_does_not_take_is_followed_by_the_text_once() {
    let world = a_world_with_ada().await;
    let message = sent(&world, "Look!", &[("image/png", b"png")]).await;
    for _ in 0..2 {
        assert_eq!(world.twilio.report(&message, "undelivered", 30019).await.status, 204);
    }
    let [_, again] = world.twilio.inbox_of(MOBILE, 2).await.try_into().unwrap();
    assert_eq!((again.body.as_str(), again.media.len()), (NO_PICTURE, 0));
}

#[tokio::test]
async fn the_longest_text_with_a_picture_that_is_not_taken_arrives_all_the_same() {
    let world = a_world_with_ada().await;
    let text = "x".repeat(1560);
    let message = sent(&world, &text, &[("image/png", b"png")]).await;
    world.twilio.report(&message, "undelivered", 30019).await;
    let inbox = world.twilio.inbox_of(MOBILE, 3).await;
    assert!(inbox[1].body.contains(&text) && inbox[2].body.contains("could not be delivered"));
}

#[tokio::test]
async fn of_several_pictures_that_are_not_taken_each_is_mentioned() {
    let world = a_world_with_ada().await;
    for count in 1..=3 {
        world.twilio.picture(CALLER, COMPANY_NUMBER, "", &[("image/png", b"png")]).await;
        world.twilio.inbox_of(MOBILE, count).await;
    }
    for message in world.twilio.inbox(MOBILE) {
        world.twilio.report(&message, "undelivered", 30019).await;
    }
    assert_eq!(world.twilio.inbox_of(MOBILE, 6).await.len(), 6);
}

#[tokio::test]
async fn a_file_is_asked_for_twice_if_need_be() {
    let world = a_world_with_ada().await;
    let mut first = true;
    world.twilio.health.fails_when(
        move |it| it.starts_with("GET") && it.contains("/Media/") && std::mem::take(&mut first),
        Fault::Answers(500, ""),
    );
    assert_eq!(sent(&world, "Look!", &[("image/png", b"png")]).await.media.len(), 1);
}

#[tokio::test]
async fn a_picture_that_twilio_cannot_fetch_is_followed_by_the_text() {
    let world = a_world_with_ada().await;
    world
        .twilio
        .health
        .fails_when(|it| it.starts_with("GET") && it.contains("/Media/"), Fault::Answers(500, ""));
    assert_eq!(sent(&world, "Look!", &[("image/png", b"png")]).await.body, NO_PICTURE);
}

#[tokio::test]
async fn a_link_to_a_picture_is_good_for_that_picture_and_for_some_time() {
    let world = a_world_with_ada().await;
    let message = sent(&world, "", &[("image/png", b"one"), ("image/png", b"two")]).await;
    let [one, two] = message.media_urls.try_into().unwrap();
    let [one_path, two_path] = [&one, &two].map(|url| url.split('?').next().unwrap().to_owned());
    let fetched = async |url: String| world.twilio.fetches(&url).await;
    assert_eq!(fetched(one.clone()).await, (200, b"one".to_vec()));
    let expires = one.split("expires=").nth(1).unwrap().split('&').next().unwrap();
    let (before, signature) = one.split_once("&signature=").unwrap();
    let first = if signature.starts_with('A') { 'B' } else { 'A' };
    for (what, url) in [
        ("another file", one.replace(&one_path, &two_path)),
        ("another message", one.replace("/media/MM0", "/media/MM1")),
        ("longer", one.replace(expires, "9999999999")),
        ("expired", one.replace(expires, "1700000000")),
        ("no signature", before.to_owned()),
        ("another signature", format!("{before}&signature={first}{}", &signature[1..])),
        ("nothing", one_path.clone()),
        ("a path", one.replace("/media/", "/media/../")),
    ] {
        assert_eq!(fetched(url.clone()).await.0, 404, "{what}: {url}");
    }
    world.ssm.put_secure("/twilify/twilio/auth-token", "its-successor, sandbox-auth-token");
    world.configure("TWILIFY_LOG", "info").await;
    assert_eq!(fetched(one).await.0, 200, "while the auth token is replaced");
}

#[tokio::test]
async fn no_redirect_makes_the_function_ask_a_server_of_a_private_network() {
    let world = a_world_with_ada().await;
    for (count, url) in
        ["https://169.254.169.254/latest", "https://10.0.0.1", "http://files.example.com"].iter().enumerate()
    {
        world.twilio.redirects_files_to(url);
        let began = std::time::Instant::now();
        world.twilio.picture(CALLER, COMPANY_NUMBER, "Look!", &[("image/png", b"png")]).await;
        let inbox = world.twilio.inbox_of(MOBILE, count + 1).await;
        assert_eq!((inbox[count].body.as_str(), inbox[count].media.len()), (NO_PICTURE, 0), "{url}");
        assert!(began.elapsed() < std::time::Duration::from_secs(4), "{url} was asked");
    }
}

#[tokio::test]
async fn a_picture_that_is_not_there_yet_when_the_text_comes_arrives_with_it() {
    for seconds in [1, 4] {
        let world = a_world_with_ada().await;
        world.twilio.behaves(|it| it.media_takes = Duration::from_secs(seconds));
        world.twilio.picture(CALLER, COMPANY_NUMBER, "Look!", &[("image/png", b"png")]).await;
        worked_off(&world).await;
        let [message] = world.twilio.inbox_of(MOBILE, 1).await.try_into().unwrap();
        assert_eq!(
            (message.body.as_str(), message.media.len()),
            ("From: +14155550123\n\nLook!", 1),
            "{seconds}"
        );
    }
}

#[tokio::test]
async fn a_picture_of_which_nobody_says_how_long_it_is_arrives() {
    let world = a_world_with_ada().await;
    world.twilio.behaves(|it| it.media_without_head = true);
    world.twilio.picture(CALLER, COMPANY_NUMBER, "Look!", &[("image/png", b"png")]).await;
    worked_off(&world).await;
    assert_eq!(world.twilio.inbox_of(MOBILE, 1).await[0].media.len(), 1);
}

#[tokio::test]
async fn a_link_to_a_picture_that_takes_some_seconds_is_good_and_one_to_a_missing_picture_ends_in_time() {
    let world = a_world_with_ada().await;
    let [url] = sent(&world, "", &[("image/png", b"png")]).await.media_urls.try_into().unwrap();
    for (what, fault) in [
        ("missing", Fault::Answers(404, r#"{"code":20404}"#)),
        ("slow", Fault::Takes(Duration::from_secs(3))),
        ("silent", Fault::Hangs),
    ] {
        world.twilio.health.fails(fault);
        let began = Instant::now();
        let (status, _) = world.twilio.fetches(&url).await;
        let time = began.elapsed();
        assert!(time < Duration::from_secs(13), "{what}: {time:?}");
        assert_eq!(status, if what == "slow" { 200 } else { 502 }, "{what}");
        world.twilio.health.recovers();
    }
    let missing_until = Instant::now() + Duration::from_secs(6);
    world.twilio.health.fails_when(
        move |it| it.contains("/Media/") && Instant::now() < missing_until,
        Fault::Answers(404, r#"{"code":20404}"#),
    );
    assert_eq!(world.twilio.fetches(&url).await, (200, b"png".to_vec()));
}

#[tokio::test]
async fn a_text_that_could_not_follow_its_lost_picture_follows_when_that_is_reported_again() {
    let world = a_world_with_ada().await;
    let message = sent(&world, "Look!", &[("image/png", b"png")]).await;
    world.twilio.health.fails(Fault::Answers(401, r#"{"code":20003}"#));
    assert_eq!(world.twilio.report(&message, "undelivered", 30019).await.status, 503);
    world.twilio.health.recovers();
    for _ in 0..2 {
        assert_eq!(world.twilio.report(&message, "undelivered", 30019).await.status, 204);
    }
    let [_, again] = world.twilio.inbox_of(MOBILE, 2).await.try_into().unwrap();
    assert_eq!(again.body, NO_PICTURE);
}

#[tokio::test]
async fn a_text_that_follows_its_lost_picture_arrives_once_although_twilio_fails_once() {
    let send = "POST /2010-04-01/Accounts/AC00000000000000000000000000000000/Messages.json";
    for fault in [Fault::Answers(500, ""), Fault::LosesReply, Fault::Cuts] {
        let world = a_world_with_ada().await;
        let message = sent(&world, "Look!", &[("image/png", b"png")]).await;
        world.twilio.health.fails_on(send, 1, fault);
        assert_eq!(world.twilio.report(&message, "undelivered", 30019).await.status, 204);
        let [_, again] = world.twilio.inbox(MOBILE).try_into().unwrap();
        assert_eq!(again.body, NO_PICTURE);
    }
}

#[tokio::test]
async fn a_text_that_cannot_follow_its_lost_picture_is_counted_and_its_message_is_named() {
    let send = "POST /2010-04-01/Accounts/AC00000000000000000000000000000000/Messages.json";
    let world = a_world_with_ada().await;
    world.configure("TWILIFY_METRICS", "phones").await;
    world.twilio.picture(CALLER, COMPANY_NUMBER, "Look!", &[("image/png", b"png")]).await;
    let [message] = world.twilio.inbox_of(MOBILE, 1).await.try_into().unwrap();
    world.twilio.health.fails_on(send, usize::MAX, Fault::Answers(401, r#"{"code":20003}"#));
    // Twilio does not report a lost message a second time because of this answer:
    // <https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides>
    assert_eq!(world.twilio.report(&message, "undelivered", 30019).await.status, 503);
    world.logged(r#""TextsNotForwarded":1"#).await;
    let log = world.logged("cannot send a message again without its files").await;
    assert!(log.contains(&message.sid), "{log}");
}

#[tokio::test]
async fn a_picture_that_twilio_may_have_sent_does_not_go_out_again_as_a_text_alone() {
    let world = a_world_with_ada().await;
    let send = "POST /2010-04-01/Accounts/AC00000000000000000000000000000000/Messages.json";
    world.twilio.health.fails_on(send, 1, Fault::Answers(500, "{}"));
    world.twilio.picture(CALLER, COMPANY_NUMBER, "Look!", &[("image/png", b"png")]).await;
    worked_off(&world).await;
    let [message] = world.twilio.inbox_of(MOBILE, 1).await.try_into().unwrap();
    assert_eq!((message.body.as_str(), message.media.len()), ("From: +14155550123\n\nLook!", 1));
}
