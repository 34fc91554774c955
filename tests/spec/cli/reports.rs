//! What other programs read of a run.

use sandbox::{Employee, Fault, Said};
use serde_json::Value;

use super::a_company;

/// The report that was printed, and nothing else.
fn report(said: &Said) -> Value {
    serde_json::from_str(&said.result).unwrap_or_else(|error| panic!("{error}: {said:?}"))
}

#[tokio::test]
async fn a_report_is_json_also_if_something_fails_and_if_there_is_nothing_to_do() {
    for remote in [&[][..], &["--remote"]] {
        let (world, operator) = a_company().await;
        let arguments = [&["provision", "--yes", "--json"][..], remote].concat();
        let adas = format!("POST /api/v1/users/{}", Employee::named("Ada", "").id());
        let refusal = Fault::Answers(400, r#"{"errorCode":"E0000003","errorSummary":"…"}"#);
        world.okta.health.fails_when(move |it| it == adas, refusal);
        let said = operator.run(&arguments).await;
        let counts = &report(&said)["counts"];
        // Her number, and the notation of her mobile.
        assert_eq!(
            (said.status, &counts["failed"], &counts["purchases"]),
            (1, &2.into(), &2.into()),
            "{said:?}"
        );
        world.okta.health.recovers();
        let said = operator.run(&arguments).await;
        assert_eq!((said.status, &report(&said)["counts"]["purchases"]), (0, &1.into()), "{said:?}");
        let said = operator.run(&arguments).await;
        assert_eq!((said.status, &report(&said)["counts"]["changes"]), (0, &0.into()), "{said:?}");
        assert_eq!(report(&said)["dry_run"], false, "{said:?}");
    }
}

#[tokio::test]
async fn a_plan_is_json_and_says_that_nothing_was_changed() {
    let (world, operator) = a_company().await;
    let here = report(&operator.run(&["plan", "--json"]).await);
    let there = report(&operator.run(&["plan", "--remote", "--json"]).await);
    assert_eq!((&here["dry_run"], &here["counts"]["purchases"]), (&true.into(), &3.into()));
    assert_eq!(here, there);
    assert_eq!(world.twilio.purchases(), 0);
}

#[tokio::test]
async fn nobody_is_asked_where_a_report_has_to_be_json() {
    let (world, operator) = a_company().await;
    for remote in [&[][..], &["--remote"]] {
        let said = operator.run(&[&["provision", "--json"][..], remote].concat()).await;
        let complaint = "--json leaves no place for a question; say --yes as well";
        assert!(said.status == 1 && said.remarks.contains(complaint), "{said:?}");
    }
    assert_eq!(world.twilio.purchases(), 0);
}
