//! While Okta takes no numbers: those that the account has already are not tried on everybody in vain, and who gets none is
//! named.

use std::time::Duration;

use sandbox::{Employee, Fault, Refuses, World};

/// A world with so many employees, and with a number for each of them that carries the label which `label` says.
async fn a_company_with_numbers(count: usize, label: impl Fn(&Employee) -> String) -> World {
    let world = World::start().await.unwrap();
    for index in 0..count {
        let employee =
            Employee::named(&format!("N{index}"), "Doe").mobile(&format!("+1415555{:04}", 100 + index));
        let number = format!("+1925{:07}", 3_290_000 + index);
        world.twilio.owns(&number);
        world.twilio.change(&number, |it| it.friendly_name = label(&employee));
        world.okta.hire(employee);
    }
    world
}

#[tokio::test]
async fn numbers_with_a_label_and_numbers_of_the_pool_are_not_tried_on_everybody_if_okta_takes_none() {
    for label in [|it: &Employee| format!("twilify:{}", it.id()), |_: &Employee| "twilify:pool".to_owned()] {
        for fault in [Fault::Answers(401, "{}"), Fault::Answers(503, "{}")] {
            let world = a_company_with_numbers(100, label).await;
            world.gives_provisioner(Duration::from_secs(90));
            world.okta.health.fails_on("POST /api", usize::MAX, fault.clone());
            let labels = || world.twilio.owned().into_iter().map(|it| it.friendly_name).collect::<Vec<_>>();
            let before = labels();
            world.run_provisioner().await.unwrap_err();
            let writes = world.okta.health.requests().iter().filter(|it| it.starts_with("POST")).count();
            // Five that failed and those under way by then, each of them up to three times.
            assert!(writes <= 3 * (5 + 32), "{fault:?}: {writes} writes in vain, of what callers need");
            assert_eq!(labels(), before, "{fault:?}");
        }
    }
}

#[tokio::test]
async fn a_super_administrator_among_people_from_another_system_is_no_sign_that_the_token_may_write_nobody() {
    let world = World::start().await.unwrap();
    world.okta.hire(Employee::named("Ada", "Lovelace").mobile("+14155550111"));
    for index in 0..8 {
        world.twilio.sells(&format!("+1925{:07}", 3_290_000 + index));
    }
    world.run_provisioner().await.unwrap();
    world.okta.refuses_writes_to("Ada", Refuses::Mastered);
    for index in 0..6 {
        let name = format!("N{index}");
        world.okta.hire(Employee::named(&name, "Doe").mobile(&format!("+1415555{index:04}")));
        let why = if index == 0 { Refuses::SuperAdmin } else { Refuses::Mastered };
        world.okta.refuses_writes_to(&name, why);
    }
    let report = world.run_provisioner().await.unwrap();
    assert_eq!(report["counts"]["failed"], 0, "{report:#}");
    assert!(report["findings"].to_string().contains("N0 Doe gets no company number"), "{report:#}");
}

#[tokio::test]
async fn who_does_not_get_the_number_with_their_label_is_named_and_many_are_named_in_one_sentence() {
    for count in [1, 5, 6] {
        let world = a_company_with_numbers(count, |it| format!("twilify:{}", it.id())).await;
        // So that one write works.
        world.okta.hire(Employee::named("Ada", "Lovelace").mobile("+14155550111"));
        world.twilio.sells("+14155550142");
        for index in 0..count {
            world.okta.refuses_writes_to(&format!("N{index}"), Refuses::Mastered);
        }
        let report = world.run_provisioner().await.unwrap();
        let findings: Vec<_> =
            report["findings"].as_array().unwrap().iter().filter_map(|it| it.as_str()).collect();
        let begins = |begin: &str| findings.iter().filter(|it| it.starts_with(begin)).count();
        if count <= 5 {
            assert_eq!(findings.len(), count, "{report:#}");
            let first = "N0 Doe does not get the company number that carries their label (+19253290000), because Okta does not \
                         write it into the profile: ";
            assert_eq!(begins(first), 1, "{report:#}");
        } else {
            assert_eq!(findings.len(), 1, "{report:#}");
            assert_eq!(
                begins("6 people get no company number, because Okta does not write it"),
                1,
                "{report:#}"
            );
        }
    }
}
