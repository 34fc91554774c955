//! What there is to do, and doing it.

use std::time::Duration;

use insta::assert_snapshot;
use sandbox::{Employee, Fault};
use serde_json::Value;

use super::{Terminal, a_company};
use crate::COMPANY_NUMBER;

#[tokio::test]
async fn a_plan_is_what_the_deployed_function_would_do_to_the_letter() {
    let (world, operator) = a_company().await;
    world.okta.hire(Employee::named("Hedy", "Lamarr").mobile("ask at the desk"));
    world.configure("TWILIFY_MAX_PURCHASES", "1").await;
    let here: Value = serde_json::from_str(&operator.run(&["plan", "--json"]).await.result).unwrap();
    let there: Value =
        serde_json::from_str(&operator.run(&["plan", "--remote", "--json"]).await.result).unwrap();
    assert_eq!(here, there);
    assert_eq!(here, world.plan_provisioning().await.unwrap());
    assert_eq!(here["counts"]["postponed"], 2, "the function's own settings count: {here:#}");
}

#[tokio::test]
async fn a_plan_changes_nothing_and_says_what_it_would_cost_and_who_gets_nothing() {
    let (world, operator) = a_company().await;
    world.okta.hire(Employee::named("Hedy", "Lamarr").mobile("ask at the desk"));
    world.twilio.owns("+13105550000");
    let said = operator.run(&["plan"]).await;
    assert_snapshot!(said.result);
    assert_eq!((said.status, world.twilio.purchases()), (0, 0));
}

#[tokio::test]
async fn who_says_no_changes_nothing() {
    let (world, operator) = a_company().await;
    for answer in ["n", ""] {
        let mut terminal = Terminal::run(&operator, &["provision"]);
        terminal.answer("Do this?", answer).await;
        let (screen, status) = terminal.ended().await;
        assert!(screen.ends_with("Nothing was changed.") && status == 1, "{screen}");
    }
    assert_eq!(world.twilio.purchases(), 0);
    assert_eq!(world.okta.profile("Randall", "mobilePhone").as_deref(), Some("(818) 217-9229"));
}

#[tokio::test]
async fn what_has_changed_while_somebody_thought_is_shown_to_them_again() {
    let (world, operator) = a_company().await;
    let mut terminal = Terminal::run(&operator, &["provision"]);
    terminal.wait_for_question("Do this?").await;
    world.okta.set_status("Grace", "SUSPENDED");
    terminal.press("y\r");
    terminal.wait_for_text("Something has changed in the meantime").await;
    terminal.answer("Do this?", "y").await;
    let (screen, status) = terminal.ended().await;
    assert!(status == 0 && screen.contains("2 numbers bought"), "{screen}");
    assert_eq!(world.okta.profile("Grace", "primaryPhone"), None);
}

#[tokio::test]
async fn without_anybody_to_ask_nothing_is_bought_unless_yes_was_said() {
    let (world, operator) = a_company().await;
    for arguments in [&["provision"][..], &[], &["provision", "--json"], &["provision", "--remote"]] {
        let said = operator.run(arguments).await;
        assert!(said.status == 1 && said.remarks.contains("say --yes"), "{arguments:?}: {said:?}");
    }
    assert_eq!(world.twilio.purchases(), 0);
}

#[tokio::test]
async fn one_line_is_told_for_each_change_in_the_words_of_old() {
    let (world, operator) = a_company().await;
    let said = operator.run(&["provision", "--yes"]).await;
    let told: Vec<_> = said.result.lines().filter(|line| line.starts_with("✓")).collect();
    assert_snapshot!(told.join("\n"), @r"
    ✓ Purchased a new company number (+19253294108) for Randall Degges.
    ✓ Purchased a new company number (+19253294109) for Ada Lovelace.
    ✓ Purchased a new company number (+19253294110) for Grace Hopper.
    ✓ Cleaned up the formatting of a phone number (+18182179229) for Randall Degges.
    ✓ Cleaned up the formatting of a phone number (+14155550177) for Ada Lovelace.
    ");
    assert_eq!((said.status, world.twilio.purchases()), (0, 3));
    let said = operator.run(&["provision", "--yes"]).await;
    assert!(said.result.starts_with("There is nothing to do.\n"), "{said:?}");
}

#[tokio::test]
async fn a_report_is_json_and_nothing_else_however_long_a_run_is() {
    let (world, operator) = a_company().await;
    for index in 0..60 {
        let name = format!("Employee{index:02}");
        world.okta.hire(Employee::named(&name, "Doe").mobile(&format!("+1415555{index:04}")));
        world.twilio.sells(&format!("+1925329{:04}", 5000 + index));
    }
    let said = operator.run(&["provision", "--yes", "--json", "--max-purchases", "99"]).await;
    let report: Value = serde_json::from_str(&said.result).unwrap();
    assert_eq!((&report["counts"]["purchases"], said.status), (&63.into(), 0), "{report:#}");
}

#[tokio::test]
async fn the_flags_of_the_old_program_do_what_they_did() {
    let (world, _) = a_company().await;
    let operator = world.operator().without("AWS_ACCESS_KEY_ID").without("AWS_SECRET_ACCESS_KEY");
    for flags in [
        ["-u", "-o", "-s", "-t", "-p", "-f"],
        [
            "--okta-org-url",
            "--okta-token",
            "--twilio-account-sid",
            "--twilio-auth-token",
            "--prefix",
            "--twilio-function-base-url",
        ],
    ] {
        let values = [
            world.okta.url(),
            sandbox::OKTA_TOKEN,
            sandbox::TWILIO_ACCOUNT_SID,
            sandbox::TWILIO_AUTH_TOKEN,
            "925",
            world.url(),
        ];
        let mut arguments: Vec<_> =
            flags.into_iter().zip(values).flat_map(|(flag, value)| [flag, value]).collect();
        arguments.extend(["--local", "--yes"]);
        let said = operator.run(&arguments).await;
        assert_eq!((said.status, world.twilio.purchases()), (0, 3), "{said:?}");
    }
    for (flag, beginning) in
        [("-v", "twilify 0."), ("--version", "twilify 0."), ("-h", "A company phone number")]
    {
        assert!(operator.run(&[flag]).await.result.starts_with(beginning), "{flag}");
    }
}

#[tokio::test]
async fn what_could_not_be_done_is_told_and_makes_the_program_fail() {
    let (world, operator) = a_company().await;
    world.okta.health.fails_on("POST /api/v1/users/00uxxxxxxxxxxxxxxada", 9, Fault::Answers(500, ""));
    let said = operator.run(&["provision", "--yes"]).await;
    assert_eq!(said.status, 1);
    assert!(
        said.remarks
            .ends_with("error: 2 of these could not be done; run this again when the cause is gone\n"),
        "{said:?}"
    );
    assert!(
        said.result.contains("\n✗ Ada Lovelace: could not buy: could not read or write their profile"),
        "{said:?}"
    );
    world.okta.health.recovers();
    assert_eq!(operator.run(&["provision", "--yes"]).await.status, 0);
    assert_eq!(world.twilio.purchases(), 3);
}

#[tokio::test]
async fn the_deployed_function_does_it_if_it_is_asked_to() {
    let (world, operator) = a_company().await;
    let said = operator.run(&["provision", "--remote", "--yes"]).await;
    assert_eq!((said.status, world.twilio.purchases()), (0, 3), "{said:?}");
    assert!(
        said.result.contains("✓ Purchased a new company number (+19253294108) for Randall Degges."),
        "{said:?}"
    );
    world.okta.hire(Employee::named("Hedy", "Lamarr").mobile("+14155550111"));
    let said = operator.run(&["provision", "--remote", "--yes"]).await;
    assert!(
        said.status == 1 && said.result.contains("✗ Hedy Lamarr: could not buy: no number is for sale"),
        "{said:?}"
    );
    world.okta.health.fails(Fault::Answers(503, ""));
    let said = operator.run(&["plan", "--remote"]).await;
    assert!(
        said.status == 1 && said.remarks.contains("could not list the employees, so nothing was changed"),
        "{said:?}"
    );
}

#[tokio::test]
async fn ctrl_c_finishes_what_is_under_way_and_strands_nothing() {
    let (world, operator) = a_company().await;
    for index in 0..40 {
        let name = format!("Employee{index:02}");
        world.okta.hire(Employee::named(&name, "Doe").mobile(&format!("+1415555{index:04}")));
        world.twilio.sells(&format!("+1925329{:04}", 5000 + index));
    }
    world
        .twilio
        .health
        .fails_when(|request| request.starts_with("POST "), Fault::Takes(Duration::from_millis(400)));
    let mut terminal = Terminal::run(&operator, &["provision"]);
    terminal.answer("Do this?", "y").await;
    terminal.wait_for_text("Purchased a new company number").await;
    terminal.press("\u{3}");
    let (screen, status) = terminal.ended().await;
    assert!(screen.contains("Finishing what is under way"), "{screen}");
    assert!(screen.contains("has to wait for another run: this one was ended early."), "{screen}");
    assert_eq!(status, 130, "{screen}");
    let owned = world.twilio.owned();
    assert!((1..43).contains(&owned.len()), "{} were bought", owned.len());
    for number in &owned {
        let everybody = world.okta.everybody();
        let holders =
            everybody.iter().filter(|it| it.attribute("primaryPhone") == Some(&number.phone_number));
        assert_eq!(holders.count(), 1, "{} is stranded", number.phone_number);
    }
    assert_eq!(operator.run(&["provision", "--yes"]).await.status, 0);
    assert_eq!(world.twilio.purchases(), 43);
    assert!(owned.iter().any(|it| it.phone_number == COMPANY_NUMBER));
}

#[tokio::test]
async fn that_nobody_reads_what_is_printed_does_not_stop_it_in_the_middle() {
    let (world, operator) = a_company().await;
    assert_eq!(operator.run_unread(&["provision", "--yes"]).await, 0);
    assert_eq!(world.twilio.purchases(), 3);
    for arguments in [&["status"][..], &["status", "--csv"], &["plan", "--json"], &["completions", "bash"]] {
        assert_eq!(operator.run_unread(arguments).await, 0, "{arguments:?}");
    }
}

#[tokio::test]
async fn what_the_deployed_function_would_not_hear_of_is_refused() {
    let (world, operator) = a_company().await;
    let said = operator.run(&["provision", "--remote", "--yes", "--max-purchases", "1", "-p", "415"]).await;
    assert!(
        said.remarks.contains("leave out what you say here: TWILIFY_AREA_CODES, TWILIFY_MAX_PURCHASES"),
        "{said:?}"
    );
    assert_eq!((said.status, world.twilio.purchases()), (1, 0));
}

#[tokio::test]
async fn what_a_remote_run_leaves_undone_is_told() {
    let (world, operator) = a_company().await;
    world.configure("TWILIFY_MAX_PURCHASES", "1").await;
    let said = operator.run(&["provision", "--remote", "--yes"]).await;
    assert!(
        said.result.contains("Grace Hopper has to wait for another run: this one buys no more numbers."),
        "{said:?}"
    );
}

#[tokio::test]
async fn a_plan_with_other_settings_than_the_deployed_ones_is_not_made() {
    let (world, operator) = a_company().await;
    world.ssm.put("/twilify/deployment/provisioner", "another-function");
    let said = operator.run(&["plan"]).await;
    assert!(
        said.remarks.contains("could not see how the deployed function another-function is configured"),
        "{said:?}"
    );
    assert_eq!(said.status, 1);
}

#[tokio::test]
async fn a_number_that_another_run_gave_away_is_told_after_all_steps() {
    let (world, operator) = a_company().await;
    let (okta, sells) = (world.okta.clone(), COMPANY_NUMBER);
    // Grace is given, by another run, the very number that this one has just bought for Randall.
    let give = std::sync::Arc::new(move || okta.set("Grace", "primaryPhone", sells));
    world.okta.health.fails_when(|it| it.starts_with("POST") && it.contains("randall"), Fault::First(give));
    let said = operator.run(&["provision", "--yes"]).await;
    assert_eq!(said.status, 1, "{said:?}");
    assert!(
        said.result.contains("✗ Randall Degges: another run gave the number (+19253294108) to somebody else"),
        "{said:?}"
    );
}

#[tokio::test]
async fn what_is_left_to_somebody_is_told_once() {
    let (world, operator) = a_company().await;
    world.okta.is_mastered_elsewhere("Randall", "mobilePhone");
    let said = operator.run(&["provision", "--yes"]).await;
    let finding = "A phone number of Randall Degges comes from another system";
    assert_eq!((said.result.matches(finding).count(), said.status), (1, 0), "{said:?}");
}

#[tokio::test]
async fn the_deployed_function_does_it_only_if_somebody_agrees() {
    let (world, operator) = a_company().await;
    for (answer, status, purchases) in [("n", 1, 0), ("y", 0, 3)] {
        let mut terminal = Terminal::run(&operator, &["provision", "--remote"]);
        terminal.answer("Let the deployed function do this?", answer).await;
        let (screen, ended) = terminal.ended().await;
        assert_eq!((ended, world.twilio.purchases()), (status, purchases), "{screen}");
    }
}
