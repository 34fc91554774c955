//! What a run is counted as.

use serde_json::json;
use twilify::EmployeeId;

use super::*;

fn ada() -> Who {
    Who { employee: EmployeeId("00uada".to_owned()), name: "Ada Doe".to_owned(), last_known: None }
}

/// A number of the account with Ada's label.
fn number() -> twilify::twilio::OwnedNumber {
    let number = json!({ "sid": "PN1", "phone_number": "+12125550199", "friendly_name": "twilify:00uada" });
    serde_json::from_value(number).expect("it is one")
}

fn plan_of(changes: impl IntoIterator<Item = Change>) -> Plan {
    let steps = changes.into_iter().map(|change| crate::Step { who: ada(), change });
    Plan { steps: steps.collect(), ..Plan::default() }
}

#[test]
fn each_metric_has_its_own_count() {
    let counts =
        Counts { changes: 2, purchases: 3, released: 4, refused: 5, postponed: 6, failed: 7, findings: 8 };
    let expected = [
        ("ProvisionerRuns", 1),
        ("ProvisioningChanges", 2),
        ("NumbersBought", 3),
        ("NumbersReleased", 4),
        ("ProvisioningRefused", 5),
        ("ProvisioningPostponed", 6),
        ("ProvisioningFailed", 7),
        ("ProvisioningFindings", 8),
    ];
    assert_eq!(counts.metrics(), expected);
}

#[test]
fn a_dry_run_counts_what_would_be_bought_and_given_back_and_what_it_would_cost() {
    let pool = || Change::Retire(number(), Fate::Pool);
    let release = || Change::Retire(number(), Fate::Release);
    for (changes, purchases, released, dollars) in [
        (vec![], 0, 0, 0.0),
        (vec![Change::Buy, Change::Buy, Change::Assign(number())], 2, 0, 2.3),
        (vec![release(), pool()], 0, 1, -1.15),
        (vec![release(), Change::Buy, release(), release()], 1, 3, -2.3),
    ] {
        let count = changes.len();
        let report = Report::of_a_dry_run(plan_of(changes));
        assert!(report.dry_run);
        let Counts { purchases: bought, released: given_back, .. } = report.counts;
        assert_eq!((report.counts.changes, bought, given_back), (count, purchases, released));
        assert!(
            (report.monthly_cost_change_usd - dollars).abs() < 0.001,
            "{}",
            report.monthly_cost_change_usd
        );
    }
}

#[test]
fn a_run_counts_what_was_bought_when_it_was_bought_and_everything_else_when_it_was_done() {
    let mut report = Report::default();
    report.done(&ada(), &Change::Buy, "+12125550199");
    report.done(&ada(), &Change::Retire(number(), Fate::Release), "+12125550199");
    report.later(&ada(), "there was no time");
    report.taken(&ada(), "+12125550199");
    report.find("Look at this.".to_owned());
    report.leave(vec![(ada(), Unusable::Ours), (ada(), Unusable::Ours)], &[], Vec::new());
    let Counts { changes, purchases, released, refused, postponed, failed, findings } =
        report.counted().counts;
    // How many were bought tells the part that buys, also if what came after the purchase failed.
    assert_eq!((changes, purchases, released), (2, 0, 1));
    assert_eq!((refused, postponed, failed, findings), (2, 1, 1, 1));
}

#[test]
fn an_entry_names_the_change_and_its_number_and_one_that_is_no_change_has_neither() {
    let report = Report::of_a_dry_run(Plan {
        refused: vec![(ada(), Unusable::Ours)],
        postponed: vec![ada()],
        ..plan_of([Change::Assign(number()), Change::Buy])
    });
    let entries = report.changes.iter().chain(&report.refused).chain(&report.postponed);
    let lines: Vec<_> = entries.map(|entry| json!(entry).to_string()).collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    {"change":"assign","employee":"00uada","name":"Ada Doe","number":"+12125550199","text":"Assign the company number bought earlier (+12125550199) to Ada Doe."}
    {"change":"buy","employee":"00uada","name":"Ada Doe","text":"Purchase a new company number for Ada Doe."}
    {"employee":"00uada","name":"Ada Doe","text":"The mobile number of Ada Doe is unusable: it is itself a number of this account, so calls would go round in circles."}
    {"employee":"00uada","name":"Ada Doe","text":"Ada Doe has to wait for another run: this one buys no more numbers."}
    "#);
}
