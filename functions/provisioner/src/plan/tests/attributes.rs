//! What is found in the attribute for the company number and left as it is.

use super::*;

fn named(count: usize, company_number: &str) -> Vec<Employee> {
    (0..count).map(|index| employee(&format!("N{index}"), "+14155550100", company_number)).collect()
}

#[test]
fn an_extension_of_ones_own_number_is_told_from_one_of_somebody_elses() {
    let employees = vec![
        employee("Ada", "+14155550100", "+1 212 555 0199 ext. 5"),
        employee("Grace", "+14155550101", "+1 212 555 0199 ext. 6"),
        employee("Hedy", "+14155550102", "+1 310 555 0111 ext. 7"),
    ];
    let numbers = vec![adas("+12125550199"), owned("+12125550177", "twilify:00uhedy", "Hedy")];
    insta::assert_snapshot!(planned(employees, numbers), @r"
    Note: The profile of Ada Doe has an extension behind their company number (+12125550199). Calls and texts to the number reach them, and the attribute is left as it is; take the extension away if the number is theirs alone.
    Note: The profile of Grace Doe names an extension of a number that is not theirs, so they get none. Empty the attribute to give them a number of their own.
    Note: The profile of Hedy Doe names an extension of a number that is not theirs, so they get none. Empty the attribute to give them a number of their own.
    Note: Ada Doe and Grace Doe have the same company number (+12125550199), so calls to it reach the one whose label it carries, or nobody. Remove it from all profiles but one.
    ");
}

#[test]
fn five_are_named_one_by_one_and_six_in_one_sentence() {
    for (what, company_number) in [
        ("a company number that nobody can dial", "ask at the desk"),
        ("an extension of a number that is not theirs", "+1 310 555 0111 ext. 7"),
    ] {
        let few = planned(named(5, company_number), vec![]);
        let each = few.matches(&format!(" Doe names {what}, so they get none.")).count();
        assert_eq!(each, 5, "{few}");
        let many = planned(named(6, company_number), vec![]);
        let all = format!("The profiles of 6 people name {what}, so they get none.");
        assert!(
            many.contains(&all) && many.ends_with("They are N0 Doe, N1 Doe, N2 Doe, N3 Doe, N4 Doe, N5 Doe."),
            "{many}"
        );
    }
}

#[test]
fn nobody_without_a_mobile_is_told_that_their_attribute_cannot_be_read_unless_a_number_is_theirs() {
    let ada = || vec![employee("Ada", "", "ask at the desk")];
    assert_eq!(planned(ada(), vec![]), "");
    assert!(planned(ada(), vec![adas("+12125550199")]).contains("a company number that nobody can dial"));
    let paused = Employee { status: Status::Paused, ..employee("Ada", "+14155550100", "ask at the desk") };
    assert_eq!(planned(vec![paused], vec![]), "");
}
