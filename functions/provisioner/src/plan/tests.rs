//! What is planned for employees and their numbers.

mod attributes;
mod leavers;
mod seals;
mod words;

use jiff::{SignedDuration, tz::TimeZone};
use serde_json::json;
use twilify::{
    Name,
    config::{Fate, Retire},
    phone::TypedNumber,
    twilio::Label,
};

use super::*;

const HOOKS: &str = "https://phones.example.com/";

fn id(name: &str) -> EmployeeId {
    EmployeeId(format!("00u{}", name.to_lowercase()))
}

fn employee(name: &str, mobile: &str, company_number: &str) -> Employee {
    Employee {
        id: id(name),
        status: Status::Working,
        status_changed: None,
        name: Name { first: Some(name.to_owned()), last: Some("Doe".to_owned()), display: None },
        mobile: TypedNumber::new(mobile),
        company_number: TypedNumber::new(company_number),
    }
}

/// A number with somebody's label that leads to our webhooks.
fn owned(number: &str, label: &str, employee: &str) -> OwnedNumber {
    let query = if employee.is_empty() { String::new() } else { format!("?employee={}", id(employee).0) };
    routed(number, label, &query)
}

fn routed(number: &str, label: &str, query: &str) -> OwnedNumber {
    let owner = label.strip_prefix("twilify:").unwrap_or_default();
    let number = json!({
        "sid": format!("PN{number}"),
        "phone_number": number,
        "friendly_name": label,
        "voice_url": format!("{HOOKS}call-forward{query}"),
        "voice_method": "POST",
        "voice_fallback_url": format!("{HOOKS}call-forward/again{query}"),
        "voice_fallback_method": "POST",
        "sms_url": format!("{HOOKS}sms-forward{query}"),
        "sms_method": "POST",
        "sms_fallback_url": format!("{HOOKS}sms-forward/later/{owner}"),
        "sms_fallback_method": "POST",
    });
    serde_json::from_value(number).unwrap()
}

fn adas(number: &str) -> OwnedNumber {
    owned(number, "twilify:00uada", "Ada")
}

fn settings() -> Provisioning {
    Provisioning {
        public_url: HOOKS.parse().unwrap(),
        area_codes: vec!["925".parse().unwrap(), "415".parse().unwrap()],
        max_purchases: 9,
        okta_search: None,
        retire: Retire::Keep,
        retire_after_days: 30,
    }
}

fn now() -> Timestamp {
    "2026-11-22T19:00:00Z".parse().unwrap()
}

fn days_ago(days: i64) -> Absence {
    Absence::Left(Some(now() - SignedDuration::from_hours(24 * days)))
}

fn planned_with(world: &Observation, settings: &Provisioning) -> String {
    planned_under(world, &Rules { settings, territory: &territory(), seal: None, now: now() })
}

fn territory() -> Territory {
    Territory { home: "US".parse().unwrap(), mobiles: "US,CA".parse().unwrap() }
}

fn planned_under(world: &Observation, rules: &Rules<'_>) -> String {
    let plan = plan(world, rules);
    let steps = plan.steps.iter().map(ToString::to_string);
    let refused = plan.refused.iter().map(|(who, reason)| format!("Refuse {}: {reason}.", who.name));
    let postponed = plan.postponed.iter().map(|who| format!("Postpone {}.", who.name));
    let findings = plan.findings.iter().map(|it| format!("Note: {it}"));
    steps.chain(refused).chain(postponed).chain(findings).collect::<Vec<_>>().join("\n")
}

fn planned(employees: Vec<Employee>, numbers: Vec<OwnedNumber>) -> String {
    planned_with(&Observation { employees, numbers, ..Observation::default() }, &settings())
}

#[test]
fn an_employee_with_a_mobile_gets_a_number() {
    insta::assert_snapshot!(
        planned(vec![employee("Ada", "+14155550100", "")], vec![]),
        @"Purchase a new company number for Ada Doe."
    );
}

#[test]
fn what_may_spare_a_purchase_comes_before_one_and_the_notation_of_numbers_last() {
    let employees = vec![employee("Ada", "(818) 217-9229", ""), employee("Grace", "415 555 0101", "")];
    insta::assert_snapshot!(planned(employees, vec![owned("+12125550199", "twilify:00ugrace", "Grace")]), @r"
    Assign the company number bought earlier (+12125550199) to Grace Doe.
    Purchase a new company number for Ada Doe.
    Clean up the formatting of a phone number (+18182179229) for Ada Doe.
    Clean up the formatting of a phone number (+14155550101) for Grace Doe.
    ");
}

#[test]
fn who_has_no_mobile_or_does_not_work_here_gets_none() {
    let without_a_mobile = employee("Ada", " ", "");
    let suspended = Employee { status: Status::Paused, ..employee("Hedy", "+14155550102", "") };
    let left = Employee { status: Status::Left, ..employee("Joan", "+14155550103", "") };
    assert_eq!(planned(vec![without_a_mobile, suspended, left], vec![]), "");
}

#[test]
fn a_number_that_another_run_has_just_written_into_a_profile_is_not_for_sale() {
    let employees = vec![employee("Ada", "+14155550100", "(925) 329-4108")];
    let world = Observation { employees, numbers: vec![adas("+12125550199")], ..Observation::default() };
    let taken = world.taken("US".parse().unwrap());
    assert!(
        ["+19253294108", "+12125550199"].iter().all(|it| taken.contains(&it.parse().unwrap())),
        "{taken:?}"
    );
}

#[test]
fn a_world_in_order_needs_nothing() {
    let ada = employee("Ada", "+14155550100", "+12125550199");
    assert_eq!(planned(vec![ada], vec![adas("+12125550199"), owned("+13105550000", "Reception", "")]), "");
}

#[test]
fn a_number_that_leads_elsewhere_is_led_back() {
    let ada = || vec![employee("Ada", "+14155550100", "+12125550199")];
    for query in ["", "?employee=00ugrace", "?employee=00uada&x=1"] {
        assert_eq!(
            planned(ada(), vec![routed("+12125550199", "twilify:00uada", query)]),
            "Point the company number (+12125550199) of Ada Doe at the webhooks.",
            "{query}"
        );
    }
}

#[test]
fn a_number_of_the_account_that_a_profile_names_is_adopted_in_any_notation() {
    for notation in ["+12125550199", "(212) 555-0199"] {
        let ada = employee("Ada", "+14155550100", notation);
        assert_eq!(
            planned(vec![ada], vec![owned("+12125550199", "Ada's line", "")]),
            "Adopt the company number (+12125550199) that the profile of Ada Doe names."
        );
    }
}

#[test]
fn the_notation_of_a_company_number_is_cleaned_as_well() {
    let ada = employee("Ada", "+14155550100", "(212) 555-0199");
    assert_eq!(
        planned(vec![ada], vec![adas("+12125550199")]),
        "Clean up the formatting of a phone number (+12125550199) for Ada Doe."
    );
}

#[test]
fn a_number_that_was_moved_to_another_profile_is_not_taken_back() {
    let employees =
        vec![employee("Ada", "+14155550100", ""), employee("Grace", "+14155550101", "+12125550199")];
    insta::assert_snapshot!(planned(employees, vec![adas("+12125550199")]), @"Note: The profile of Grace Doe names a company number (+12125550199) that carries the label of another employee (00uada). Correct the profile, or the label at Twilio.");
}

#[test]
fn numbers_from_the_pool_come_before_numbers_from_the_shop_and_the_best_area_first() {
    let employees = ["Ada", "Grace", "Hedy"].map(|name| employee(name, "+14155550100", "")).to_vec();
    let pool = ["+12125550199", "+19255550100"].map(|number| owned(number, "twilify:pool", "")).to_vec();
    insta::assert_snapshot!(planned(employees, pool), @r"
    Assign a company number from the pool (+19255550100) to Ada Doe.
    Assign a company number from the pool (+12125550199) to Grace Doe.
    Purchase a new company number for Hedy Doe.
    ");
}

#[test]
fn a_mobile_number_that_is_no_good_is_refused_and_the_others_go_on() {
    let employees = vec![
        employee("Ada", "ask me", ""),
        employee("Grace", "+44 7400 123456", ""),
        employee("Hedy", "1-900-234-5678", ""),
        employee("Joan", "212 555 0199", ""),
        employee("Mary", "+14155550101", ""),
    ];
    insta::assert_snapshot!(planned(employees, vec![owned("+12125550199", "Reception", "")]), @r"
    Purchase a new company number for Mary Doe.
    Refuse Ada Doe: it is not a phone number.
    Refuse Grace Doe: it is in a country that TWILIFY_MOBILE_COUNTRIES does not list.
    Refuse Hedy Doe: it is a premium-rate, shared-cost or toll-free number, to which no calls are forwarded.
    Refuse Joan Doe: it is itself a number of this account, so calls would go round in circles.
    ");
}

#[test]
fn a_run_never_buys_more_than_it_may() {
    let employees = ["Ada", "Grace", "Hedy"].map(|name| employee(name, "+14155550100", "")).to_vec();
    let world = Observation { employees, ..Observation::default() };
    insta::assert_snapshot!(planned_with(&world, &Provisioning { max_purchases: 1, ..settings() }), @r"
    Purchase a new company number for Ada Doe.
    Postpone Grace Doe.
    Postpone Hedy Doe.
    ");
}

#[test]
fn what_no_step_can_put_right_is_found() {
    let employees = vec![
        employee("Ada", "+14155550100", "+12125550199"),
        employee("Grace", "+14155550101", "+12125550199"),
        employee("Hedy", "+14155550102", "+13105550111"),
        employee("Joan", "+14155550103", "+12125550177"),
    ];
    let numbers = vec![
        adas("+12125550199"),
        adas("+12125550188"),
        owned("+12125550177", "twilify:00ugrace", "Grace"),
        owned("+12125550166", "twilify:00umary", "Mary"),
    ];
    insta::assert_snapshot!(planned(employees, numbers), @r"
    Note: Ada Doe and Grace Doe have the same company number (+12125550199), so calls to it reach the one whose label it carries, or nobody. Remove it from all profiles but one.
    Note: 2 numbers (+12125550188 and +12125550199) carry the label of one employee (00uada). Relabel those they do not use as twilify:pool.
    Note: The profile of Joan Doe names a company number (+12125550177) that carries the label of another employee (00ugrace). Correct the profile, or the label at Twilio.
    Note: The profile of Hedy Doe names a company number that this account does not own, so they get none. Empty the attribute to give them one.
    Note: Somebody (00umary) who is not among those that are served still has +12125550166. TWILIFY_RETIRE says what becomes of such numbers; to reuse one now, label it twilify:pool at Twilio, to give it up, release it there.
    ");
}

#[test]
fn a_number_that_is_missing_in_the_messaging_service_is_added() {
    let employees = vec![employee("Ada", "+14155550100", "+12125550199")];
    let world = Observation {
        employees,
        numbers: vec![adas("+12125550199")],
        enrolled: Some(HashSet::new()),
        ..Observation::default()
    };
    insta::assert_snapshot!(
        planned_with(&world, &settings()),
        @"Add the company number (+12125550199) of 00uada to the Messaging Service."
    );
}

#[test]
fn a_number_that_two_profiles_name_is_not_adopted_for_either() {
    let employees = ["Ada", "Grace"].map(|name| employee(name, "+14155550100", "+12125550199")).to_vec();
    insta::assert_snapshot!(planned(employees, vec![owned("+12125550199", "Reception", "")]), @"Note: Ada Doe and Grace Doe have the same company number (+12125550199), so calls to it reach the one whose label it carries, or nobody. Remove it from all profiles but one.");
}

#[test]
fn a_number_of_the_pool_that_a_profile_names_is_adopted_and_given_to_nobody_else() {
    let employees =
        vec![employee("Ada", "+14155550100", ""), employee("Grace", "+14155550101", "+12125550199")];
    insta::assert_snapshot!(planned(employees, vec![owned("+12125550199", "twilify:pool", "")]), @r"
    Adopt the company number (+12125550199) that the profile of Grace Doe names.
    Purchase a new company number for Ada Doe.
    ");
}

#[test]
fn what_stands_in_the_profile_of_someone_who_has_left_claims_nothing() {
    let grace = Employee { status: Status::Left, ..employee("Grace", "+14155550101", "+12125550199") };
    assert_eq!(
        planned(vec![employee("Ada", "+14155550100", ""), grace], vec![adas("+12125550199")]),
        "Assign the company number bought earlier (+12125550199) to Ada Doe."
    );
}

#[test]
fn whoever_has_texted_stop_is_found() {
    let stopped = json!({
        "sid": "PN1",
        "phone_number": "+12125550199",
        "friendly_name": "twilify:00uada",
        "sms_url": format!("{HOOKS}sms-forward?employee=00uada&stopped=1"),
    });
    let ada = vec![employee("Ada", "+14155550100", "+12125550199")];
    let planned = planned(ada, vec![serde_json::from_value(stopped).unwrap()]);
    assert!(
        planned.contains("Note: Ada Doe has texted STOP to their company number (+12125550199)"),
        "{planned}"
    );
}

#[test]
fn those_with_a_number_are_those_who_work_here_and_publish_one_with_their_label() {
    let paused = Employee { status: Status::Paused, ..employee("Grace", "+14155550101", "+12125550188") };
    let employees = vec![
        employee("Ada", "+14155550100", "(212) 555-0199"),
        paused,
        employee("Hedy", "+14155550102", ""),
        employee("Joan", "+14155550103", "+12125550166"),
        employee("Mary", "+14155550104", "+12125550155"),
    ];
    let numbers = vec![
        adas("+12125550199"),
        owned("+12125550188", "twilify:00ugrace", "Grace"),
        owned("+12125550177", "twilify:00uhedy", "Hedy"),
        owned("+12125550166", "twilify:00uada", "Ada"),
        owned("+12125550155", "Reception", ""),
    ];
    let world = Observation { employees, numbers, ..Observation::default() };
    assert_eq!(world.holders(&territory()), [id("Ada")]);
}
