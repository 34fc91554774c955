//! How many numbers may be bought that Okta has not taken, and in which order people get them.

use super::*;

/// How many purchases may be under way at once.
fn allowed(waiting: &Waiting) -> usize {
    waiting.permits.available_permits()
}

#[test]
fn five_are_bought_at_once_and_thirty_two_as_soon_as_okta_has_taken_one() {
    let waiting = Waiting::new();
    assert_eq!(allowed(&waiting), 5);
    for _ in 0..2 {
        waiting.is_proven();
        assert_eq!(allowed(&waiting), 32);
    }
}

#[test]
fn each_number_that_waits_takes_the_place_of_a_purchase_and_after_five_none_is_bought() {
    let waiting = Waiting::new();
    for count in 1..=5 {
        assert!(!waiting.permits.is_closed(), "{count}");
        // One that was bought in this run, and one that was the account's before.
        let permit = waiting.permits.try_acquire().ok().filter(|_| count % 2 == 0);
        waiting.one_more(permit);
        assert_eq!(allowed(&waiting), 5 - count, "{count}");
    }
    assert!(waiting.permits.is_closed());
    waiting.one_more(None);
    assert!(waiting.permits.is_closed());
}

#[test]
fn those_beyond_what_a_run_may_buy_come_after_those_within_and_before_what_is_done_with_numbers() {
    let who = |id: &str| Who { employee: EmployeeId(id.to_owned()), name: id.to_owned(), last_known: None };
    let step = |id: &str, change| Step { who: who(id), change };
    let owned: OwnedNumber = serde_json::from_value(serde_json::json!({
        "sid": "PN00000000000000000000000000000001",
        "phone_number": "+19253294108",
        "friendly_name": "twilify:00uada",
    }))
    .unwrap();
    let mut plan = Plan {
        steps: vec![
            step("assigned", Change::Assign(owned.clone())),
            step("within", Change::Buy),
            step("enrolled", Change::Enroll(owned)),
        ],
        postponed: vec![who("first beyond"), who("second beyond")],
        ..Plan::default()
    };
    stand_in(&mut plan);
    let order: Vec<_> = plan.steps.iter().map(|it| it.who.employee.0.as_str()).collect();
    assert_eq!(order, ["assigned", "within", "first beyond", "second beyond", "enrolled"]);
    assert!(plan.postponed.is_empty());
}
