//! Who has which number, and what is wrong with it.

use insta::assert_snapshot;
use sandbox::{Employee, Operator, World};
use serde_json::Value;

use super::a_company_with_numbers;

/// A company in which everything is wrong that can be.
async fn a_company_in_disorder() -> (World, Operator) {
    let (world, operator) = a_company_with_numbers().await;
    let hire = |name: &str, mobile: &str| world.okta.hire(Employee::named(name, "Doe").mobile(mobile));
    hire("Broken", "ask at the desk");
    hire("Twin", "+14155550101");
    world.okta.set("Twin", "primaryPhone", "+19253294108");
    hire("Foreign", "+14155550102");
    world.okta.set("Foreign", "primaryPhone", "+13105550000");
    hire("Paused", "+14155550103");
    world.okta.set_status("Paused", "SUSPENDED");
    hire("Waiting", "+14155550104");
    world.okta.leaves("Grace", 3);
    world.twilio.change("+19253294109", |it| "https://elsewhere.example.com/".clone_into(&mut it.voice_url));
    world.twilio.owns("+13105550001");
    world.twilio.owns("+13105550002");
    world.twilio.change("+13105550002", |it| "twilify:pool".clone_into(&mut it.friendly_name));
    (world, operator)
}

#[tokio::test]
async fn whatever_is_wrong_stands_beside_whom_it_concerns() {
    let (_world, operator) = a_company_in_disorder().await;
    let said = operator.run(&["status"]).await;
    assert_snapshot!(said.result);
    assert_eq!(said.status, 0);
}

#[tokio::test]
async fn mobiles_are_shown_in_full_only_to_those_who_ask_for_it() {
    let (_world, operator) = a_company_with_numbers().await;
    for form in [&["status"][..], &["status", "--json"], &["status", "--csv"]] {
        let said = operator.run(form).await.result;
        assert!(said.contains("+•••••••9229") && !said.contains("8182179229"), "{said}");
        let said = operator.run(&[form, &["--show"]].concat()).await.result;
        assert!(said.contains("+18182179229"), "{said}");
    }
}

#[tokio::test]
async fn a_name_or_a_part_of_a_number_finds_people() {
    let (_world, operator) = a_company_with_numbers().await;
    for (filter, names) in [
        ("lovelace", &["Ada Lovelace"][..]),
        ("4108", &["Randall Degges"]),
        ("(925) 329-41", &["Ada Lovelace", "Grace Hopper", "Randall Degges"]),
        ("555-0188", &["Grace Hopper"]),
        ("nobody", &[]),
        ("Team 5", &[]),
    ] {
        let said = operator.run(&["status", filter, "--json"]).await;
        let found: Value = serde_json::from_str(&said.result).unwrap();
        let found: Vec<_> =
            found["rows"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap()).collect();
        assert_eq!(found, names, "{filter}");
    }
}

#[tokio::test]
async fn other_programs_can_read_it() {
    let (_world, operator) = a_company_with_numbers().await;
    assert_snapshot!(operator.run(&["status", "grace", "--json"]).await.result, @r#"
    {
      "findings": [],
      "rows": [
        {
          "company_number": "+19253294110",
          "employee": "00uxxxxxxxxxxxxgrace",
          "findings": [],
          "leads": "here",
          "mobile": "+•••••••0188",
          "name": "Grace Hopper"
        }
      ]
    }
    "#);
    assert_snapshot!(operator.run(&["status", "grace", "--csv"]).await.result, @r"
    employee,name,company number,mobile,leads,findings
    00uxxxxxxxxxxxxgrace,Grace Hopper,+19253294110,+•••••••0188,here,
    ");
}

#[tokio::test]
async fn who_has_neither_a_number_nor_a_mobile_is_not_listed() {
    let (world, operator) = a_company_with_numbers().await;
    world.okta.hire(Employee::named("Barbara", "Liskov"));
    let said = operator.run(&["status"]).await;
    assert!(said.result.contains("Randall") && !said.result.contains("Barbara"), "{said:?}");
}

#[tokio::test]
async fn a_number_that_an_application_answers_leads_elsewhere() {
    let (world, operator) = a_company_with_numbers().await;
    let leads = async || operator.run(&["status", "--csv", crate::COMPANY_NUMBER]).await.result;
    assert!(leads().await.contains(",here,"), "{}", leads().await);
    world.twilio.change(crate::COMPANY_NUMBER, |it| {
        it.voice_application_sid = "AP00000000000000000000000000000000".to_owned();
    });
    assert!(leads().await.contains(",elsewhere,"), "{}", leads().await);
}
