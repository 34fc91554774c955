//! How many numbers may be bought that Okta has not taken.

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
