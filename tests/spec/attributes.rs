//! Company numbers in profiles that nobody can read, and those with an extension.

use sandbox::{Employee, World};
use serde_json::Value;

use crate::{CALLER, COMPANY_NUMBER, MOBILE, a_world_with_ada};

fn findings(report: &Value) -> Vec<String> {
    report["findings"].as_array().unwrap().iter().map(|it| it.as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn who_gets_no_number_because_the_attribute_cannot_be_read_is_named() {
    let world = World::start().await.unwrap();
    for (name, typed) in [("Ada", "n/a"), ("Grace", "ext. 1234"), ("Hedy", "555-1234")] {
        world.okta.hire(Employee::named(name, "Doe").mobile(MOBILE).company_number(typed));
    }
    world.okta.hire(Employee::named("Joan", "Doe").company_number("no mobile either"));
    let report = world.run_provisioner().await.unwrap();
    let findings = findings(&report);
    for name in ["Ada Doe", "Grace Doe", "Hedy Doe"] {
        let told = |it: &String| {
            it.contains(name) && it.contains("so they get none") && it.contains("mpty the attribute")
        };
        assert!(findings.iter().any(told), "{name}: {findings:#?}");
    }
    assert!(!findings.concat().contains("Joan"), "{findings:#?}");
    assert_eq!(world.okta.profile("Ada", "primaryPhone").as_deref(), Some("n/a"));
    let status = world.operator().run(&["status"]).await.result;
    assert_eq!(status.matches("unreadable").count(), 4, "{status}");
}

#[tokio::test]
async fn many_attributes_that_cannot_be_read_are_one_finding() {
    let world = World::start().await.unwrap();
    for index in 0..50 {
        let employee =
            Employee::named(&format!("N{index}"), "Doe").mobile(&format!("+1415555{:04}", 100 + index));
        world.okta.hire(employee.company_number("n/a"));
    }
    let findings = findings(&world.run_provisioner().await.unwrap());
    assert!(matches!(&findings[..], [one] if one.contains("50 people")), "{findings:#?}");
}

#[tokio::test]
async fn a_company_number_with_an_extension_rings_its_employee_and_stays_as_it_is() {
    for typed in ["+19253294108#101", "+1 925-329-4108 ext. 12", "(925) 329-4108 x12"] {
        let world = a_world_with_ada().await;
        world.okta.set("Ada", "primaryPhone", typed);
        let call = world.call(CALLER, COMPANY_NUMBER).await.to_string();
        assert!(call.contains(&format!("{MOBILE} rings")), "{typed}: {call}");
        let report = world.run_provisioner().await.unwrap();
        assert_eq!(world.okta.profile("Ada", "primaryPhone").as_deref(), Some(typed));
        assert_eq!(report["counts"]["changes"], 0, "{report:#}");
        let findings = findings(&report);
        assert!(
            findings.iter().any(|it| it.contains("Ada Lovelace") && it.contains("extension")),
            "{findings:#?}"
        );
    }
}

#[tokio::test]
async fn a_number_that_a_profile_names_with_an_extension_is_not_taken_over() {
    let world = World::start().await.unwrap();
    world.twilio.owns("+13105550000");
    let [before] = world.twilio.owned().try_into().unwrap();
    world.okta.hire(Employee::named("Ada", "Doe").mobile(MOBILE).company_number("+1 310-555-0000 ext. 12"));
    let findings = findings(&world.run_provisioner().await.unwrap());
    let [after] = world.twilio.owned().try_into().unwrap();
    assert_eq!(after, before, "the company's main number leads where it led");
    assert!(
        matches!(&findings[..], [one] if one.contains("Ada Doe") && one.contains("extension")),
        "{findings:#?}"
    );
}

#[tokio::test]
async fn two_people_with_extensions_of_one_number_are_both_named_and_neither_is_rung_by_a_guess() {
    let world = World::start().await.unwrap();
    world.twilio.owns(COMPANY_NUMBER);
    for (name, extension) in [("Ada", "1"), ("Grace", "2")] {
        let typed = format!("+1 925-329-4108 ext. {extension}");
        world.okta.hire(Employee::named(name, "Doe").mobile(MOBILE).company_number(&typed));
    }
    let findings = findings(&world.run_provisioner().await.unwrap()).concat();
    assert!(findings.contains("Ada Doe and Grace Doe have the same company number"), "{findings}");
    assert_eq!(world.twilio.owned()[0].friendly_name, COMPANY_NUMBER, "it was given to nobody");
}
