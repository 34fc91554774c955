//! One number at a time.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use sandbox::{Employee, Fault, Operator, Said, World};

use super::{Terminal, a_company_with_numbers};
use crate::{CALLER, COMPANY_NUMBER};

const ADAS: &str = "+19253294109";

/// A company in which everybody has a number, and a number waits in the pool.
async fn a_company_with_a_pool() -> (World, Operator) {
    let (world, operator) = a_company_with_numbers().await;
    world.twilio.owns("+13105550002");
    world.twilio.change("+13105550002", |it| "twilify:pool".clone_into(&mut it.friendly_name));
    (world, operator)
}

fn label(world: &World, number: &str) -> Option<String> {
    world.twilio.owned().into_iter().find(|it| it.phone_number == number).map(|it| it.friendly_name)
}

/// Asserts that the program refused, with this complaint, and that nothing was changed.
fn assert_refused(said: &Said, complaint: &str) {
    assert_eq!(said.status, 1, "{said:?}");
    assert!(said.remarks.contains(complaint), "{complaint}: {said:?}");
}

#[tokio::test]
async fn a_released_number_is_taken_out_of_the_profile_and_given_back() {
    let (world, operator) = a_company_with_numbers().await;
    let mut terminal = Terminal::run(&operator, &["release", ADAS]);
    terminal.answer(&format!("Give {ADAS} back to Twilio? There is no undoing it."), "y").await;
    let (screen, status) = terminal.ended().await;
    assert_eq!(status, 0, "{screen}");
    assert!(screen.contains("Ada Lovelace has +19253294109, and will have none."), "{screen}");
    assert!(screen.contains("the next run of the provisioner gives them another one."), "{screen}");
    assert_eq!((world.okta.profile("Ada", "primaryPhone"), label(&world, ADAS)), (None, None));
}

#[tokio::test]
async fn a_number_that_goes_to_the_pool_waits_for_the_next_employee() {
    let (world, operator) = a_company_with_numbers().await;
    world.okta.set_status("Ada", "SUSPENDED");
    let said = operator.run(&["release", ADAS, "--pool", "--yes"]).await;
    assert_eq!(said.status, 0, "{said:?}");
    assert_eq!(label(&world, ADAS).as_deref(), Some("twilify:pool"));
    assert_eq!(world.okta.profile("Ada", "primaryPhone"), None);
    assert_eq!(world.call(CALLER, ADAS).await.to_string(), crate::calls::NOT_IN_SERVICE);
    world.okta.hire(Employee::named("Hedy", "Lamarr").mobile("+14155550111"));
    world.run_provisioner().await.unwrap();
    assert_eq!(world.okta.profile("Hedy", "primaryPhone").as_deref(), Some(ADAS));
}

#[tokio::test]
async fn a_released_number_is_taken_out_of_the_profile_of_somebody_who_is_not_served_too() {
    let (world, operator) = a_company_with_numbers().await;
    world.configure("TWILIFY_OKTA_SEARCH", r#"profile.department eq "Sales""#).await;
    let said = operator.run(&["release", ADAS, "--yes"]).await;
    assert_eq!((said.status, world.okta.profile("Ada", "primaryPhone")), (0, None), "{said:?}");
}

#[tokio::test]
async fn a_number_that_is_not_ours_or_cannot_be_taken_out_of_the_profile_is_not_released() {
    let (world, operator) = a_company_with_numbers().await;
    world.twilio.owns("+13105550000");
    let release = async |number: &str| operator.run(&["release", number, "--yes"]).await;
    assert_refused(&release("+13105550000").await, "+13105550000 has no label of twilify's");
    assert_refused(&release("+13105559999").await, "+13105559999 is not a number of the account");
    world.okta.is_mastered_elsewhere("Ada", "primaryPhone");
    assert_refused(
        &release(ADAS).await,
        "could not take the number out of the profile of Ada Lovelace, so it was not released",
    );
    assert_refused(&operator.run(&["release", COMPANY_NUMBER]).await, "say --yes");
    assert_refused(
        &operator.run(&["release", "(310) 555-9999", "--yes"]).await,
        "+13105559999 is not a number",
    );
    assert_eq!(world.twilio.owned().len(), 4);
    assert_eq!(world.okta.profile("Ada", "primaryPhone").as_deref(), Some(ADAS));
}

#[tokio::test]
async fn an_employee_is_given_a_number_by_id_login_or_name() {
    for who in ["00uxxxxxxxxxxxxxhedy", "hedy@example.com", "hedy"] {
        let (world, operator) = a_company_with_a_pool().await;
        world.okta.hire(Employee::named("Hedy", "Lamarr").mobile("+14155550111"));
        let said = operator.run(&["assign", "+13105550002", who, "--yes"]).await;
        assert_eq!(
            (said.result.as_str(), said.status),
            ("✓ Hedy Lamarr has +13105550002.\n", 0),
            "{who}: {said:?}"
        );
        assert_eq!(world.okta.profile("Hedy", "primaryPhone").as_deref(), Some("+13105550002"));
        assert_eq!(label(&world, "+13105550002").as_deref(), Some("twilify:00uxxxxxxxxxxxxxhedy"));
        let call = world.call(CALLER, "+13105550002").await.to_string();
        assert!(call.contains("+14155550111 rings"), "{call}");
        // The provisioner has nothing to add.
        let report = world.run_provisioner().await.unwrap();
        assert_eq!(report["counts"]["changes"], 0, "{report:#}");
        assert!(operator.run(&["assign", "+13105550002", who]).await.result.contains("already"));
    }
}

#[tokio::test]
async fn a_number_bought_by_hand_becomes_one_of_ours() {
    let (world, operator) = a_company_with_a_pool().await;
    world.okta.hire(Employee::named("Hedy", "Lamarr").mobile("+14155550111"));
    world.twilio.owns("+13105550000");
    let mut terminal = Terminal::run(&operator, &["assign", "+13105550000", "Hedy"]);
    let question = "+13105550000 is not one of twilify's. Make it one, and give it to Hedy Lamarr?";
    terminal.answer(question, "y").await;
    let (screen, status) = terminal.ended().await;
    assert_eq!(status, 0, "{screen}");
    assert_eq!(label(&world, "+13105550000").as_deref(), Some("twilify:00uxxxxxxxxxxxxxhedy"));
}

#[tokio::test]
async fn a_number_that_was_not_ours_is_left_as_it_was_if_okta_does_not_take_it() {
    let switchboard = |world: &World| {
        let owned = world.twilio.owned().into_iter().find(|it| it.phone_number == "+13105550000");
        owned.expect("the account owns it")
    };
    for (why, refuse) in [
        (
            "another system is its source",
            (|world| world.okta.is_mastered_elsewhere("Hedy", "primaryPhone")) as fn(&World),
        ),
        ("somebody else writes at the same moment", |world| {
            let writes = |it: &str| it.starts_with("POST /api/v1/users/");
            world
                .okta
                .health
                .fails_when(writes, Fault::Answers(412, r#"{"errorCode":"E0000231","errorSummary":"…"}"#));
        }),
    ] {
        let (world, operator) = a_company_with_a_pool().await;
        world.okta.hire(Employee::named("Hedy", "Lamarr").mobile("+14155550111"));
        world.twilio.owns("+13105550000");
        world.twilio.change("+13105550000", |it| {
            "Front desk".clone_into(&mut it.friendly_name);
            "https://desk.example.com/".clone_into(&mut it.voice_url);
            "AP00000000000000000000000000000000".clone_into(&mut it.voice_application_sid);
        });
        let before = switchboard(&world);
        refuse(&world);
        let said = operator.run(&["assign", "+13105550000", "Hedy", "--yes"]).await;
        assert_refused(&said, "nothing was changed at Twilio");
        assert_eq!(switchboard(&world), before, "{why}");
        assert_eq!(world.okta.profile("Hedy", "primaryPhone"), None, "{why}");
    }
}

#[tokio::test]
async fn the_number_of_somebody_who_has_left_does_not_get_into_the_pool_if_okta_does_not_take_it() {
    let (world, operator) = a_company_with_numbers().await;
    world.okta.hire(Employee::named("Hedy", "Lamarr").mobile("+14155550111"));
    world.okta.set_status("Ada", "DEPROVISIONED");
    world.okta.is_mastered_elsewhere("Hedy", "primaryPhone");
    let before = label(&world, ADAS);
    assert_refused(&operator.run(&["assign", ADAS, "Hedy", "--yes"]).await, "nothing was changed at Twilio");
    assert_eq!(label(&world, ADAS), before);
}

#[tokio::test]
async fn an_assignment_that_twilio_has_not_taken_is_completed_by_the_same_command() {
    let (world, operator) = a_company_with_a_pool().await;
    world.okta.hire(Employee::named("Hedy", "Lamarr").mobile("+14155550111"));
    world.twilio.owns("+13105550000");
    world.twilio.health.fails_when(|it| it.starts_with("POST "), Fault::Answers(500, "{}"));
    let assign = async || operator.run(&["assign", "+13105550000", "Hedy", "--yes"]).await;
    assert_eq!(assign().await.status, 1);
    assert_eq!(world.okta.profile("Hedy", "primaryPhone").as_deref(), Some("+13105550000"));
    world.twilio.health.recovers();
    assert_eq!(assign().await.result, "✓ Hedy Lamarr has +13105550000.\n");
    assert_eq!(label(&world, "+13105550000").as_deref(), Some("twilify:00uxxxxxxxxxxxxxhedy"));
}

#[tokio::test]
async fn a_number_is_given_to_nobody_who_should_not_have_it() {
    let (world, operator) = a_company_with_a_pool().await;
    let hire = |name: &str, mobile: &str| world.okta.hire(Employee::named(name, "Doe").mobile(mobile));
    hire("Free", "+14155550111");
    hire("Gone", "+14155550112");
    world.okta.set_status("Gone", "DEPROVISIONED");
    hire("Broken", "ask at the desk");
    hire("Circle", "+13105550002");
    hire("Round", ADAS);
    world.okta.set("Grace", "department", "Sales");
    world.configure("TWILIFY_OKTA_SEARCH", r#"status eq "ACTIVE""#).await;
    let assign = async |number: &str, who: &str| operator.run(&["assign", number, who, "--yes"]).await;
    for (number, who, complaint) in [
        ("+13105559999", "Free", "+13105559999 is not a number of the account"),
        ("+13105550002", "Nobody", "there is nobody called Nobody in Okta"),
        ("+13105550002", "Fre", "there is nobody called Fre in Okta"),
        ("+13105550002", "Doe", "Doe may be "),
        ("+13105550002", "00uxxxxxxxxxxxxxgone", "Gone Doe does not work here"),
        ("+13105550002", "Broken", "the mobile of Broken Doe is unusable: it is not a phone number"),
        ("+13105550002", "Circle", "the mobile of Circle Doe is unusable: it is a company number itself"),
        ("+13105550002", "Round", "the mobile of Round Doe is itself a number of this account"),
        ("+13105550002", "Ada", "Ada Lovelace has a company number already"),
        (
            ADAS,
            "Free",
            "+19253294109 is Ada Lovelace's; take it from them first: twilify release +19253294109 --pool",
        ),
    ] {
        assert_refused(&assign(number, who).await, complaint);
    }
    assert_eq!(label(&world, "+13105550002").as_deref(), Some("twilify:pool"));
    assert_eq!(world.okta.profile("Free", "primaryPhone"), None);
}

#[tokio::test]
async fn numbers_that_lead_elsewhere_are_led_back_and_nothing_else_is_changed() {
    let (world, operator) = a_company_with_numbers().await;
    world.okta.hire(Employee::named("Hedy", "Lamarr").mobile("(415) 555-0111"));
    for number in [COMPANY_NUMBER, ADAS] {
        world.twilio.change(number, |it| "https://elsewhere.example.com/".clone_into(&mut it.voice_url));
    }
    let said = operator.run(&["route", ADAS, "--yes"]).await;
    assert_eq!(said.status, 0, "{said:?}");
    assert!(world.call(CALLER, ADAS).await.to_string().contains("+14155550177 rings"));
    let leads = || world.twilio.owned().iter().filter(|it| it.voice_url.starts_with(world.url())).count();
    assert_eq!(leads(), 2);
    let said = operator.run(&["route", "--yes"]).await;
    assert!(said.result.contains("Pointed the company number (+19253294108) of Randall Degges"), "{said:?}");
    assert_eq!((leads(), world.twilio.purchases()), (3, 3));
    assert_eq!(world.okta.profile("Hedy", "mobilePhone").as_deref(), Some("(415) 555-0111"));
    assert!(operator.run(&["route"]).await.result.starts_with("Calls and texts lead to http://127.0.0.1"));
    world.twilio.owns("+13105550000");
    assert_refused(&operator.run(&["route", "+13105550000"]).await, "+13105550000 has no label of twilify's");
}

#[tokio::test]
async fn a_number_of_somebody_who_is_not_served_is_given_to_nobody_else() {
    let (world, operator) = a_company_with_numbers().await;
    world.okta.hire(Employee::named("Hedy", "Lamarr").mobile("+14155550111").with("department", "Sales"));
    world.configure("TWILIFY_OKTA_SEARCH", r#"profile.department eq "Sales""#).await;
    let said = operator.run(&["assign", ADAS, "Hedy", "--yes"]).await;
    assert_refused(&said, "+19253294109 is Ada Lovelace's");
    // Nor if their profile is empty, so that only the label says whose it is.
    world.okta.set("Ada", "primaryPhone", serde_json::Value::Null);
    let said = operator.run(&["assign", ADAS, "Hedy", "--yes"]).await;
    assert_refused(&said, "+19253294109 is Ada Lovelace's");
    world.okta.set_status("Ada", "DEPROVISIONED");
    assert_eq!(operator.run(&["assign", ADAS, "Hedy", "--yes"]).await.status, 0);
}

#[tokio::test]
async fn what_has_changed_while_somebody_thought_is_not_done() {
    const POOLED: &str = "+13105550002";
    let change = "somebody has changed something in the meantime, so nothing was changed";
    for (arguments, question) in [
        (&["release", POOLED][..], "Give +13105550002 back to Twilio?"),
        (&["assign", POOLED, "Free"], "Give +13105550002 to Free Doe?"),
        (&["route", POOLED], "Let calls and texts lead to"),
    ] {
        let (world, operator) = a_company_with_a_pool().await;
        world.okta.hire(Employee::named("Free", "Doe").mobile("+14155550111"));
        let mut terminal = Terminal::run(&operator, arguments);
        terminal.wait_for_question(question).await;
        // The schedule gives the number to somebody who has just been hired.
        world.okta.set_status("Free", "SUSPENDED");
        world.okta.hire(Employee::named("Hedy", "Lamarr").mobile("+14155550112"));
        world.run_provisioner().await.unwrap();
        world.okta.set_status("Free", "ACTIVE");
        terminal.press("y\r");
        let (screen, status) = terminal.ended().await;
        assert!(status == 1 && screen.contains(change), "{screen}");
        assert_eq!(label(&world, POOLED).as_deref(), Some("twilify:00uxxxxxxxxxxxxxhedy"));
        assert_eq!(world.okta.profile("Hedy", "primaryPhone").as_deref(), Some(POOLED));
    }
}

#[tokio::test]
async fn numbers_in_the_pool_and_of_those_who_are_away_are_led_back_too() {
    let (world, operator) = a_company_with_a_pool().await;
    world.okta.set_status("Ada", "SUSPENDED");
    world.twilio.change(ADAS, |it| "https://elsewhere.example.com/".clone_into(&mut it.sms_url));
    let said = operator.run(&["route", "--yes"]).await;
    assert_eq!(said.status, 0, "{said:?}");
    let leads = world.twilio.owned().into_iter().filter(|it| it.sms_url.starts_with(world.url()));
    assert_eq!(leads.count(), 4, "{said:?}");
    assert_eq!(label(&world, "+13105550002").as_deref(), Some("twilify:pool"));
    assert!(operator.run(&["route"]).await.result.starts_with("Calls and texts lead to"));
}

#[tokio::test]
async fn the_number_of_somebody_whom_okta_does_not_show_is_not_given_away_unasked() {
    let (world, operator) = a_company_with_numbers().await;
    world.okta.hire(Employee::named("Hedy", "Lamarr").mobile("+14155550111"));
    world.okta.deletes("Ada");
    let before = label(&world, ADAS);
    let said = operator.run(&["assign", ADAS, "Hedy", "--yes"]).await;
    assert_refused(&said, "whom Okta does not show");
    assert!(said.remarks.contains("twilify release +19253294109 --pool"), "{said:?}");
    assert_eq!((label(&world, ADAS), world.okta.profile("Hedy", "primaryPhone")), (before.clone(), None));
    // The provisioner has noted the first day on which they were missing, and waits for 30 days.
    let missing = |days: i64| {
        let day = (Timestamp::now() - SignedDuration::from_hours(24 * days)).to_string();
        let text = format!("{};missing={}", before.as_deref().unwrap(), &day[..10]);
        world.twilio.change(ADAS, |it| it.friendly_name = text);
    };
    missing(28);
    assert_refused(&operator.run(&["assign", ADAS, "Hedy", "--yes"]).await, "whom Okta does not show");
    missing(30);
    let said = operator.run(&["assign", ADAS, "Hedy", "--yes"]).await;
    assert!(said.status == 0 && said.result.ends_with("✓ Hedy Lamarr has +19253294109.\n"), "{said:?}");
}

#[tokio::test]
async fn who_gives_away_the_number_of_somebody_whom_okta_does_not_show_is_told_so_first() {
    let (world, operator) = a_company_with_numbers().await;
    world.okta.hire(Employee::named("Hedy", "Lamarr").mobile("+14155550111"));
    world.okta.deletes("Ada");
    let mut terminal = Terminal::run(&operator, &["assign", ADAS, "Hedy"]);
    let whose = format!("{ADAS} is {}'s, whom Okta does not show", Employee::named("Ada", "").id());
    terminal.answer(&format!("{whose}. Give it to Hedy Lamarr?"), "y").await;
    let (screen, status) = terminal.ended().await;
    assert!(status == 0 && !screen.contains("who has left"), "{screen}");
    assert_eq!(label(&world, ADAS).as_deref(), Some("twilify:00uxxxxxxxxxxxxxhedy"));
}

/// Lets a run that had begun before write Ada's number into her profile again, at the moment in which it is released.
fn a_run_writes_adas_number_again(world: &World) {
    let okta = world.okta.clone();
    let writes = Arc::new(move || okta.set("Ada", "primaryPhone", ADAS));
    world.twilio.health.fails_on("DELETE ", 1, Fault::First(writes));
}

#[tokio::test]
async fn a_number_that_a_run_writes_again_while_it_is_released_does_not_stay_in_the_profile() {
    let (world, operator) = a_company_with_numbers().await;
    a_run_writes_adas_number_again(&world);
    let said = operator.run(&["release", ADAS, "--yes"]).await;
    assert_eq!((said.status, label(&world, ADAS)), (0, None), "{said:?}");
    assert_eq!(
        world.okta.profile("Ada", "primaryPhone"),
        None,
        "she publishes a number that Twilio sells to others"
    );
}

#[tokio::test]
async fn who_releases_a_number_that_cannot_be_taken_out_of_a_profile_again_is_told_that_it_is_released() {
    let (world, operator) = a_company_with_numbers().await;
    a_run_writes_adas_number_again(&world);
    let mut writes = 0;
    let is_second = move |request: &str| {
        writes += usize::from(request.starts_with("POST /api/v1/users/"));
        request.starts_with("POST /api/v1/users/") && writes == 2
    };
    world.okta.health.fails_when(is_second, Fault::Answers(500, "{}"));
    let said = operator.run(&["release", ADAS, "--yes"]).await;
    assert_refused(
        &said,
        "+19253294109 is Twilio's again, but it may still stand in the profile of Ada Lovelace; look, and remove it there: \
         Okta answered",
    );
    assert_eq!(label(&world, ADAS), None);
}

#[tokio::test]
async fn a_released_number_is_taken_out_of_every_profile_again_and_those_that_fail_are_named() {
    for (failing, profiles, left) in [
        (3..4, "profile of Ada Lovelace; look", [Some(ADAS), None]),
        (3..5, "profiles of Ada Lovelace and Grace Hopper; look", [Some(ADAS), Some(ADAS)]),
    ] {
        let (world, operator) = a_company_with_numbers().await;
        world.okta.set("Grace", "primaryPhone", ADAS);
        let okta = world.okta.clone();
        let writes = move || ["Ada", "Grace"].into_iter().for_each(|it| okta.set(it, "primaryPhone", ADAS));
        world.twilio.health.fails_on("DELETE ", 1, Fault::First(Arc::new(writes)));
        let mut write = 0;
        let fails = move |request: &str| {
            write += usize::from(request.starts_with("POST /api/v1/users/"));
            request.starts_with("POST /api/v1/users/") && failing.contains(&write)
        };
        world.okta.health.fails_when(fails, Fault::Answers(500, "{}"));
        assert_refused(&operator.run(&["release", ADAS, "--yes"]).await, profiles);
        let has = ["Ada", "Grace"].map(|it| world.okta.profile(it, "primaryPhone"));
        assert_eq!(has.each_ref().map(Option::as_deref), left, "the number stays in a profile");
    }
}
