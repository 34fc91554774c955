//! While Okta takes no numbers: those that the account has already are not tried on everybody in vain.

use sandbox::{Employee, Fault, World};

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
