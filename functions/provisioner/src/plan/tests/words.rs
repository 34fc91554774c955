//! How the steps read.

use super::*;

fn everything() -> [Change; 14] {
    let number = || adas("+12125550199");
    [
        Change::Clean("+14155550100".parse().unwrap()),
        Change::CleanCompanyNumber("+12125550199".parse().unwrap()),
        Change::Assign(number()),
        Change::Reroute(number()),
        Change::Seal(number()),
        Change::Unseal(number()),
        Change::Adopt(number()),
        Change::TakeFromPool(number()),
        Change::Buy,
        Change::Enroll(number()),
        Change::NoteMissing(number(), "2026-11-25".parse().unwrap()),
        Change::NoteFound(number()),
        Change::Retire(number(), Fate::Pool),
        Change::Retire(number(), Fate::Release),
    ]
}

#[test]
fn a_step_says_what_is_to_be_done() {
    let who = Who::from(&employee("Ada", "", ""));
    let lines = everything().map(|change| Step { who: who.clone(), change }.to_string());
    insta::assert_snapshot!(lines.join("\n"), @r"
    Clean up the formatting of a phone number (+14155550100) for Ada Doe.
    Clean up the formatting of a phone number (+12125550199) for Ada Doe.
    Assign the company number bought earlier (+12125550199) to Ada Doe.
    Point the company number (+12125550199) of Ada Doe at the webhooks.
    Seal the mobile of Ada Doe into the webhooks of their company number (+12125550199).
    Take the mobile of Ada Doe out of the webhooks of the company number (+12125550199).
    Adopt the company number (+12125550199) that the profile of Ada Doe names.
    Assign a company number from the pool (+12125550199) to Ada Doe.
    Purchase a new company number for Ada Doe.
    Add the company number (+12125550199) of Ada Doe to the Messaging Service.
    Note on the company number (+12125550199) of Ada Doe that they cannot be found in Okta since 2026-11-25.
    Note on the company number (+12125550199) of Ada Doe that they are in Okta again.
    Put the company number (+12125550199) of Ada Doe, who has left, into the pool.
    Release the company number (+12125550199) of Ada Doe, who has left.
    ");
}

#[test]
fn a_step_says_what_was_done() {
    let lines = everything().map(|it| it.done(it.number().unwrap_or("+19255550100"), "Ada Doe"));
    insta::assert_snapshot!(lines.join("\n"), @r"
    Cleaned up the formatting of a phone number (+14155550100) for Ada Doe.
    Cleaned up the formatting of a phone number (+12125550199) for Ada Doe.
    Assigned a company number bought earlier (+12125550199) to Ada Doe.
    Pointed the company number (+12125550199) of Ada Doe at the webhooks.
    Sealed the mobile of Ada Doe into the webhooks of their company number (+12125550199).
    Took the mobile of Ada Doe out of the webhooks of the company number (+12125550199).
    Adopted the company number (+12125550199) that the profile of Ada Doe names.
    Assigned a company number from the pool (+12125550199) to Ada Doe.
    Purchased a new company number (+19255550100) for Ada Doe.
    Added the company number (+12125550199) of Ada Doe to the Messaging Service.
    Noted on the company number (+12125550199) of Ada Doe that they cannot be found in Okta since 2026-11-25.
    Noted on the company number (+12125550199) of Ada Doe that they are in Okta again.
    Put the company number (+12125550199) of Ada Doe, who has left, into the pool.
    Released the company number (+12125550199) of Ada Doe, who has left.
    ");
}

#[test]
fn a_log_has_the_kind_of_a_step() {
    insta::assert_snapshot!(everything().map(|it| it.kind()).join(", "), @"clean, clean company number, assign, reroute, seal, unseal, adopt, take from pool, buy, enroll, note missing, note found, retire to pool, release");
}

#[test]
fn three_kinds_of_steps_give_a_profile_a_number_that_had_none() {
    let kinds = everything().into_iter().filter(Change::writes_number).map(|it| it.kind());
    assert_eq!(kinds.collect::<Vec<_>>(), ["assign", "take from pool", "buy"]);
}
