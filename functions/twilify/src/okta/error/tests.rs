//! What Okta's refusals mean.

use super::*;

fn refused(status: u16, code: &str) -> Refusal {
    Refusal {
        request: "POST /api/v1/users/00uada".to_owned(),
        status: StatusCode::from_u16(status).unwrap(),
        code: code.to_owned(),
        summary: "Okta's reason".to_owned(),
        id: "oae1".to_owned(),
        pause: None,
    }
}

fn unexpected(status: u16) -> Error {
    let status = StatusCode::from_u16(status).unwrap();
    Error::Unreachable {
        request: "GET /api/v1/users/00uada".to_owned(),
        source: Failure::Unexpected { status, line: 1, column: 1 },
    }
}

/// What each refusal is about, and the beginning of what is said to an administrator.
///
/// <https://developer.okta.com/docs/reference/error-codes/>
#[test]
fn a_refusal_is_about_a_profile_or_about_the_token_or_passes() {
    use Subject::{Later, Profile, Token};
    use Unwritable::{Invalid, Mastered, NotPermitted, Status};
    for (status, code, subject, remedy) in [
        (403, "E0000023", Profile(Mastered), "another system is the source"),
        (403, "E0000075", Profile(Mastered), "another system is the source"),
        (403, "E0000077", Profile(Mastered), "another system is the source"),
        (403, "E0000006", Profile(NotPermitted), "give the token's owner the right"),
        (403, "E0000038", Profile(Status), "the employee has been deactivated"),
        (400, "E0000001", Profile(Invalid), "correct in Okta what it says about this profile"),
        (409, "E0000112", Later, "the account is being activated"),
        (409, "E0000009", Later, "-"),
        (429, "E0000047", Later, "wait a minute"),
        (401, "E0000011", Token, "create a new API token"),
        (403, "E0000005", Token, "give the token's owner the right"),
        (403, "", Token, "give the token's owner the right"),
        (400, "E0000003", Token, "-"),
        // The codes mean this with their own status only.
        (500, "E0000006", Token, "try again later"),
        (401, "E0000038", Token, "create a new API token"),
        (403, "E0000001", Token, "give the token's owner the right"),
        (400, "E0000023", Token, "-"),
        (404, "E0000007", Token, "the employee has been deleted"),
        (404, "E0000022", Token, "check the parameter okta/org-url"),
        (503, "E0000010", Token, "Okta is read-only for maintenance"),
        (500, "E0000009", Token, "try again later, see status.okta.com"),
        (502, "", Token, "try again later, see status.okta.com"),
        (599, "", Token, "try again later, see status.okta.com"),
        (418, "", Token, "-"),
    ] {
        let refusal = refused(status, code);
        assert_eq!(refusal.is_about(), subject, "{status} {code}");
        let told = refusal.remedy().unwrap_or("-");
        assert!(told.starts_with(remedy), "{status} {code}: {told}");
    }
}

#[test]
fn each_reason_why_a_profile_cannot_be_written_has_its_remedy() {
    let remedies = [Unwritable::Mastered, Unwritable::NotPermitted, Unwritable::Invalid, Unwritable::Status]
        .map(Unwritable::remedy);
    insta::assert_snapshot!(remedies.join("\n"), @r"
    another system is the source of the attribute: in Okta's profile editor let the attribute inherit from Okta
    the token's owner may not change this profile, as it is with a super administrator's: put a number from the pool into it by hand, and the next run adopts it
    correct the profile, or add the attribute to its user type
    the employee's status does not allow it: look at their account in Okta
    ");
}

#[test]
fn a_refusal_says_what_was_asked_what_okta_said_and_what_to_do() {
    let said =
        [refused(403, "E0000006"), refused(500, ""), refused(418, "E0000000")].map(|it| it.to_string());
    insta::assert_snapshot!(said.join("\n"), @r"
    Okta answered POST /api/v1/users/00uada with 403 Forbidden (E0000006: Okta's reason; Okta's error id is oae1); give the token's owner the right to view and edit users
    Okta answered POST /api/v1/users/00uada with 500 Internal Server Error; try again later, see status.okta.com
    Okta answered POST /api/v1/users/00uada with 418 I'm a teapot (E0000000: Okta's reason; Okta's error id is oae1)
    ");
}

#[test]
fn a_search_that_is_refused_for_what_it_asks_is_told_from_one_that_fails() {
    let about_the_question = |status: u16| refused(status, "").is_about_the_question();
    assert_eq!([400, 403, 414].map(about_the_question), [true; 3]);
    assert_eq!([401, 404, 409, 413, 429, 500, 503].map(about_the_question), [false; 7]);
}

#[test]
fn a_page_that_takes_okta_too_long_is_asked_for_in_halves_and_nothing_else_is() {
    let is_too_slow = |status: u16| Error::Refused(refused(status, "")).is_too_slow();
    assert_eq!([500, 504].map(is_too_slow), [true; 2]);
    assert_eq!([400, 401, 429, 501, 502, 503].map(is_too_slow), [false; 6]);
    for error in [Error::Conflict, Error::Throttled, Error::Ambiguous(Vec::new()), unexpected(200)] {
        assert!(!error.is_too_slow(), "{error}");
    }
}

#[test]
fn an_answer_that_cannot_be_read_is_one_only_if_okta_did_what_it_was_asked() {
    assert!([200, 201].map(|status| unexpected(status).is_unreadable()) == [true; 2]);
    assert!([302, 404, 500].map(|status| unexpected(status).is_unreadable()) == [false; 3]);
    for error in [Error::Conflict, Error::Refused(refused(200, ""))] {
        assert!(!error.is_unreadable(), "{error}");
    }
}

#[test]
fn a_caller_waits_a_moment_for_a_failure_and_up_to_four_seconds_for_an_allowance() {
    let throttled = |millis| {
        let pause = Some(Duration::from_millis(millis));
        Error::Refused(Refusal { pause, ..refused(429, "E0000047") })
    };
    let passes_in = |error: Error| error.passes_in().map(|pause| pause.as_millis());
    let about = |pause: u128| pause..=pause + pause / 10;
    for status in [500, 502, 503, 504] {
        let pause = passes_in(Error::Refused(refused(status, ""))).unwrap();
        assert!(about(100).contains(&pause), "{status}: {pause} ms");
    }
    for millis in [1000, 2000, 3000] {
        let pause = passes_in(throttled(millis)).unwrap();
        assert!(about(millis.into()).contains(&pause), "{millis}: {pause} ms");
    }
    assert_eq!(passes_in(throttled(4000)), Some(4000), "no jitter beyond what a caller has time for");
    for error in [throttled(4001), throttled(60_000), unexpected(200), Error::Conflict, Error::Throttled] {
        assert_eq!(passes_in(error), None);
    }
    for status in [400, 401, 403, 404, 429] {
        assert_eq!(passes_in(Error::Refused(refused(status, ""))), None, "{status}");
    }
}

#[test]
fn two_who_publish_the_same_number_are_both_named() {
    let error = Error::Ambiguous(["00uada", "00ugrace"].map(|id| EmployeeId(id.to_owned())).into());
    assert_eq!(
        error.to_string(),
        "00uada and 00ugrace publish the same company number; remove it from all profiles but one"
    );
}
