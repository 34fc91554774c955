//! When the next request is welcome.

use http::{HeaderMap, HeaderName};

use super::*;

/// When Okta's present window ends, by its clock.
const RESET: i64 = 1_795_633_260;

/// An answer of Okta's, at so many seconds before the window ends.
fn answer(status: u16, limit: u32, remaining: u32, seconds: i64) -> Answer {
    answer_of(status, limit, remaining, RESET, RESET - seconds)
}

fn answer_of(status: u16, limit: u32, remaining: u32, reset: i64, now: i64) -> Answer {
    let date = jiff::Timestamp::from_second(now).unwrap();
    let date = rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&date).unwrap();
    let headers = [
        ("x-rate-limit-limit", limit.to_string()),
        ("x-rate-limit-remaining", remaining.to_string()),
        ("x-rate-limit-reset", reset.to_string()),
        ("date", date),
    ];
    let headers = headers.map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()));
    let status = StatusCode::from_u16(status).unwrap();
    Answer { status, headers: HeaderMap::from_iter(headers), body: Vec::new() }
}

fn without(mut answer: Answer, header: &str) -> Answer {
    answer.headers.remove(header);
    answer
}

/// What a request has to wait for, while so many others have no answer yet.
fn next(bucket: &mut Bucket, under_way: u32) -> String {
    let now = Instant::now();
    bucket.under_way = under_way;
    match bucket.next(now) {
        When::Now => "nothing".to_owned(),
        When::Answered => "an answer".to_owned(),
        When::At(time) => format!("{} s", (time - now).as_secs_f32().round()),
    }
}

fn bucket(answers: &[Answer]) -> Bucket {
    let mut bucket = Bucket::default();
    for answer in answers {
        bucket.learn(answer);
    }
    bucket
}

#[test]
fn the_first_answer_of_a_window_comes_before_the_second_request() {
    assert_eq!(next(&mut bucket(&[]), 0), "nothing");
    assert_eq!(next(&mut bucket(&[]), 1), "an answer");
    let mut over = bucket(&[answer(200, 30, 0, 20)]);
    over.window.as_mut().unwrap().over = Instant::now();
    assert_eq!(next(&mut over, 0), "nothing", "the window has ended");
    assert_eq!(next(&mut over, 1), "an answer", "the window has ended");
}

#[test]
fn a_third_of_each_limit_is_left_to_the_functions_that_answer_calls() {
    for (limit, remaining, under_way, waits_for) in [
        (30, 30, 19, "nothing"),
        (30, 30, 20, "an answer"),
        (30, 11, 0, "nothing"),
        (30, 11, 1, "an answer"),
        (30, 10, 0, "21 s"),
        (30, 0, 0, "21 s"),
        // A limit that cannot be divided by three is rounded in favour of the callers.
        (31, 11, 0, "21 s"),
        (31, 12, 0, "nothing"),
        // Of a limit of one or two, one is ours, or nobody would get a number.
        (2, 2, 0, "nothing"),
        (2, 1, 0, "21 s"),
        (1, 1, 0, "nothing"),
        (1, 0, 0, "21 s"),
    ] {
        let mut bucket = bucket(&[answer(200, limit, remaining, 20)]);
        assert_eq!(next(&mut bucket, under_way), waits_for, "{remaining} of {limit}, {under_way} under way");
    }
}

#[test]
fn after_a_429_nothing_is_left_in_the_window_whatever_its_headers_say() {
    assert_eq!(next(&mut bucket(&[answer(429, 600, 599, 20)]), 0), "21 s");
}

#[test]
fn of_the_answers_of_one_window_the_one_with_the_least_left_counts() {
    let answers = |left: [u32; 2]| left.map(|left| answer(200, 30, left, 20));
    assert_eq!(next(&mut bucket(&answers([25, 12])), 2), "an answer");
    assert_eq!(next(&mut bucket(&answers([12, 25])), 2), "an answer", "an answer was overtaken");
}

#[test]
fn a_new_window_counts_anew_and_a_late_answer_of_the_one_before_does_not_count() {
    let before = || answer_of(200, 30, 0, RESET - 60, RESET - 61);
    let new = || answer_of(200, 30, 29, RESET, RESET - 59);
    assert_eq!(next(&mut bucket(&[before(), new()]), 0), "nothing");
    assert_eq!(next(&mut bucket(&[new(), before()]), 0), "nothing");
    let mut over = bucket(&[new()]);
    over.window.as_mut().unwrap().over = Instant::now();
    over.learn(&before());
    assert_eq!(next(&mut over, 0), "2 s", "what has ended says nothing about the present one");
}

#[test]
fn the_wait_is_until_okta_s_reset_by_okta_s_clock_and_a_second_more_and_never_much_longer_than_a_minute() {
    for (seconds, waits) in [(20, 21), (0, 1), (-5, 1), (59, 60), (60, 61), (3600, 61)] {
        assert_eq!(pause(&answer(429, 600, 0, seconds)), Duration::from_secs(waits), "{seconds}");
    }
}

#[test]
fn where_okta_names_no_time_the_wait_is_a_second() {
    let second = Duration::from_secs(1);
    assert_eq!(pause(&answer(429, 0, 0, 20)), second, "too many at once");
    for header in ["x-rate-limit-limit", "x-rate-limit-remaining", "x-rate-limit-reset", "date"] {
        assert_eq!(pause(&without(answer(429, 600, 0, 20), header)), second, "{header}");
        let mut bucket = bucket(&[without(answer(200, 30, 0, 20), header)]);
        assert_eq!(next(&mut bucket, 0), "nothing", "{header}");
    }
}

#[test]
fn lists_reads_and_writes_have_limits_of_their_own() {
    for (method, path, expected) in [
        (Method::GET, "/api/v1/users", Endpoint::Users),
        (Method::GET, "/api/v1/users/00uada", Endpoint::Read),
        (Method::POST, "/api/v1/users/00uada", Endpoint::Write),
    ] {
        let endpoint = Endpoint::of(&method, path);
        assert_eq!(endpoint as usize, expected as usize, "{method} {path}");
    }
}

/// Whether another request to any endpoint is welcome at once, or only after the deadline.
async fn is_welcome(pace: &Pace) -> [bool; 3] {
    let mut welcome = [false; 3];
    for endpoint in [Endpoint::Users, Endpoint::Read, Endpoint::Write] {
        let begun = tokio::time::timeout(Duration::from_secs(1), pace.begin(endpoint)).await;
        welcome[endpoint as usize] = begun.expect("it does not wait for an answer").is_some();
    }
    welcome
}

#[tokio::test]
async fn a_429_makes_all_endpoints_wait_and_an_allowance_that_is_used_up_makes_its_own_wait() {
    for (answer, expected) in [
        (answer(200, 30, 29, 20), [true; 3]),
        (answer(200, 30, 10, 20), [true, true, false]),
        (answer(200, 30, 0, 20), [true, true, false]),
        (answer(429, 30, 0, 20), [false; 3]),
    ] {
        let pace = Pace::until(Instant::now() + Duration::from_secs(10));
        pace.begin(Endpoint::Write).await.unwrap().learn(&answer);
        assert_eq!(is_welcome(&pace).await, expected, "{answer:?}");
    }
}

#[tokio::test]
async fn after_several_429s_the_longest_wait_counts() {
    let pace = Pace::until(Instant::now() + Duration::from_secs(10));
    let (one, other) =
        (pace.begin(Endpoint::Users).await.unwrap(), pace.begin(Endpoint::Read).await.unwrap());
    one.learn(&answer(429, 30, 0, 20));
    other.learn(&answer(429, 0, 0, 20));
    assert_eq!(is_welcome(&pace).await, [false; 3]);
}

#[tokio::test]
async fn a_request_that_got_no_answer_keeps_no_other_waiting() {
    let pace = Pace::until(Instant::now() + Duration::from_secs(10));
    drop(pace.begin(Endpoint::Read).await.unwrap());
    assert!(pace.begin(Endpoint::Read).await.is_some());
}
