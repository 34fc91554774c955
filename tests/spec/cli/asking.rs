//! What a person is asked and told, and what they are not asked.

use sandbox::Employee;

use super::{Terminal, a_company, a_company_with_numbers, a_new_company};

const ADAS: &str = "+19253294109";

#[tokio::test]
async fn a_file_is_offered_only_to_somebody_who_is_there_and_has_not_decided() {
    let world = a_new_company().await;
    let operator = world.operator().without("AWS_ACCESS_KEY_ID").without("AWS_SECRET_ACCESS_KEY");
    let offer = "Keep the settings in a file on this machine instead?";
    let said = operator.run(&["init"]).await;
    assert!(said.status == 1 && said.remarks.contains("there are no AWS credentials"), "{said:?}");
    assert!(!said.result.contains("AWS cannot be used") && !said.remarks.contains("say --yes"), "{said:?}");
    for arguments in [["init", "--aws"], ["init", "--yes"]] {
        let (screen, status) = Terminal::run(&operator, &arguments).ended().await;
        assert!(status == 1 && !screen.contains(offer), "{arguments:?}: {screen}");
    }
}

#[tokio::test]
async fn who_gives_a_number_to_somebody_is_told_whose_it_was() {
    let hedys = "twilify:00uxxxxxxxxxxxxxhedy";
    let was_adas =
        format!("{ADAS} was {}'s, who has left. Give it to Hedy Lamarr?", Employee::named("Ada", "").id());
    for (label, question) in [(None, was_adas), (Some(hedys), format!("Give {ADAS} to Hedy Lamarr?"))] {
        let (world, operator) = a_company_with_numbers().await;
        world.okta.hire(Employee::named("Hedy", "Lamarr").mobile("+14155550111"));
        world.okta.set_status("Ada", "DEPROVISIONED");
        if let Some(label) = label {
            world.twilio.change(ADAS, |it| label.clone_into(&mut it.friendly_name));
        }
        let mut terminal = Terminal::run(&operator, &["assign", ADAS, "Hedy"]);
        terminal.answer(&question, "y").await;
        let (screen, status) = terminal.ended().await;
        assert_eq!(status, 0, "{screen}");
        assert_eq!(screen.contains("who has left"), label.is_none(), "{screen}");
    }
}

#[tokio::test]
async fn where_there_is_nothing_to_do_nobody_is_asked_and_what_the_numbers_cost_is_told() {
    let (_world, operator) = a_company_with_numbers().await;
    let said = operator.run(&["provision"]).await;
    assert_eq!(said.status, 0, "{said:?}");
    let cost = "0 to buy, 0 to give back: +0.00 USD a month; the account has 3 now";
    assert!(said.result.contains("There is nothing to do.") && said.result.contains(cost), "{said:?}");
    // The deployed function does not tell how many there are.
    let said = operator.run(&["plan", "--remote"]).await;
    assert!(said.status == 0 && !said.result.contains("to buy"), "{said:?}");
}

#[tokio::test]
async fn a_plan_shows_company_numbers_in_full_and_of_mobiles_the_end() {
    let (world, operator) = a_company().await;
    world.twilio.owns("+13105550002");
    world.twilio.change("+13105550002", |it| "twilify:pool".clone_into(&mut it.friendly_name));
    let here = operator.run(&["plan"]).await.result;
    let there = operator.run(&["plan", "--remote"]).await.result;
    for plan in [here, there] {
        assert!(plan.contains("+13105550002"), "{plan}");
        assert!(plan.contains("9229") && !plan.contains("8182179229"), "{plan}");
        assert!(plan.contains("2 to buy, 0 to give back: +2.30 USD a month"), "{plan}");
    }
}

#[tokio::test]
async fn who_has_set_nothing_is_told_the_command_with_the_flags_that_choose_the_same_place() {
    let world = a_new_company().await;
    let operator = world.operator();
    for (flags, command) in [
        (&[][..], "run: twilify init\n"),
        (&["--local"], "run: twilify init --local\n"),
        (&["--parameter-path", "/phones"], "run: twilify init --parameter-path /phones\n"),
    ] {
        world.ssm.delete("/twilify/deployment/provisioner");
        let said = operator.run(&[&["plan"][..], flags].concat()).await;
        assert!(said.status == 1 && said.remarks.ends_with(command), "{flags:?}: {said:?}");
    }
}
