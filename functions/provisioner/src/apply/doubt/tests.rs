//! How many failures are too many.

use twilify::twilio;

use super::*;

fn refused(status: u16, code: &str) -> Refusal {
    Refusal {
        request: "POST /api/v1/users/00uada".to_owned(),
        status: status.try_into().expect("a status"),
        code: code.to_owned(),
        summary: String::new(),
        id: String::new(),
        pause: None,
    }
}

fn failed(status: u16) -> Failure {
    okta::Error::Refused(refused(status, "")).into()
}

fn ids(count: usize) -> Vec<EmployeeId> {
    (0..count).map(|it| EmployeeId(it.to_string())).collect()
}

#[test]
fn after_five_failed_writes_in_a_row_okta_takes_none() {
    let doubt = Doubt::new(ids(1), ids(1));
    for _ in 0..4 {
        doubt.has_failed(&failed(503));
    }
    assert!(!doubt.is_certain());
    doubt.has_written();
    for _ in 0..4 {
        doubt.has_failed(&failed(503));
    }
    // A profile that takes no number shows that Okta answers.
    doubt.is_suspicious(&refused(403, "E0000023"));
    for _ in 0..4 {
        doubt.has_failed(&failed(503));
    }
    assert!(!doubt.is_certain());
    doubt.has_failed(&failed(503));
    assert!(doubt.is_certain());
}

#[test]
fn after_one_refusal_of_the_token_okta_takes_none() {
    let doubt = Doubt::new(ids(1), ids(1));
    doubt.has_failed(&failed(401));
    assert!(doubt.is_certain());
}

#[test]
fn where_nobody_has_a_number_twenty_profiles_in_a_row_that_take_none_are_suspicious() {
    for (status, code) in [(403, "E0000006"), (403, "E0000023"), (400, "E0000001")] {
        let doubt = Doubt::new(Vec::new(), ids(30));
        let refused = refused(status, code);
        assert!((1..20).all(|_| !doubt.is_suspicious(&refused)), "{code}");
        assert!(doubt.is_suspicious(&refused), "{code}");
    }
}

#[test]
fn where_somebody_has_a_number_one_profile_is_suspicious_if_it_may_be_the_token() {
    for (status, code, expected) in
        [(403, "E0000006", true), (403, "E0000023", false), (400, "E0000001", false)]
    {
        let doubt = Doubt::new(ids(1), ids(30));
        assert!((0..30).all(|_| doubt.is_suspicious(&refused(status, code)) == expected), "{code}");
        doubt.has_written();
        assert!(!doubt.is_suspicious(&refused(status, code)), "{code}: the token may write");
    }
}

#[test]
fn what_everybody_is_refused_is_disproved_by_one_write() {
    let doubt = Doubt::new(ids(1), ids(1));
    doubt.general.set(Some("E0000006".to_owned())).expect("it is not set");
    assert!(doubt.is_certain());
    assert!(doubt.is_general(&refused(403, "E0000006")));
    assert!(!doubt.is_general(&refused(403, "E0000023")));
    doubt.has_written();
    assert!(!doubt.is_certain() && !doubt.is_general(&refused(403, "E0000006")));
}

#[test]
fn a_failure_is_oktas_also_if_a_number_was_bought_before() {
    let after_a_purchase = |failure| Failure::Unwritten("+12125550199".to_owned(), Box::new(failure));
    let twilios = || {
        let status = 500.try_into().expect("a status");
        let refusal = twilio::Refusal { request: String::new(), status, code: 0, message: String::new() };
        Failure::from(twilio::Error::Refused(refusal))
    };
    assert!(failed(503).is_oktas() && after_a_purchase(failed(503)).is_oktas());
    assert!(!twilios().is_oktas() && !after_a_purchase(twilios()).is_oktas());
    assert!(!Failure::SoldOut("925".to_owned()).is_oktas());
}

#[test]
fn five_at_the_most_are_tried_and_they_are_from_all_parts_of_the_list() {
    for (count, expected) in
        [(0, ""), (1, "0"), (5, "4 3 2 1 0"), (6, "5 3 1"), (12, "11 8 5 2"), (100, "99 79 59 39 19")]
    {
        let employees = ids(count);
        let tried: Vec<_> = some_of(&employees).map(|it| it.0.as_str()).collect();
        assert_eq!(tried.join(" "), expected, "of {count}");
    }
}

#[test]
fn failures_of_twilios_say_nothing_about_okta() {
    let doubt = Doubt::new(ids(1), ids(1));
    for _ in 0..10 {
        let refusal = twilio::Refusal {
            request: String::new(),
            status: 401.try_into().expect("a status"),
            code: 20003,
            message: String::new(),
        };
        doubt.has_failed(&twilio::Error::Refused(refusal).into());
    }
    assert!(!doubt.is_certain());
}
