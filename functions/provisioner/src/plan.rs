//! What there is to do. Pure: it reads nothing but its arguments, and it cannot fail.

use std::{
    collections::HashMap,
    fmt::{self, Display},
};

use serde::Serialize;
use twilify::{
    CompanyNumber, Employee, EmployeeId, MobileNumber, Status,
    phone::{Country, NotDialable},
    twilio::OwnedNumber,
};

/// What to do, in order, and what not to.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// One change after the other.
    pub steps: Vec<Step>,
    /// Whose mobile number nobody could dial, so that they get no company number.
    pub refused: Vec<(Who, NotDialable)>,
    /// Who has to wait for another run, because this one buys no more numbers.
    pub postponed: Vec<Who>,
}

/// One change for one employee.
#[derive(Debug, PartialEq, Eq)]
pub struct Step {
    /// For whom.
    pub who: Who,
    /// What.
    pub change: Change,
}

/// A change at Okta or Twilio.
#[derive(Debug, PartialEq, Eq)]
pub enum Change {
    /// Write the mobile number into the profile in E.164 form, in place of what was typed.
    Clean(MobileNumber),
    /// Write a number into the profile that an earlier run bought for the employee.
    Assign(CompanyNumber),
    /// Buy a number, with the employee written on it, then write it into the profile.
    Buy,
}

/// An employee, as a report names them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Who {
    /// Who they are in Okta.
    pub employee: EmployeeId,
    /// What they are called.
    pub name: String,
}

/// Decides what it takes for everyone who works here and has a mobile to have a company number.
///
/// Mobile numbers without a country code are read as in `country`. At most `max_purchases` numbers
/// are bought, however many employees appear overnight.
#[must_use]
pub fn plan(employees: &[Employee], owned: &[OwnedNumber], country: Country, max_purchases: usize) -> Plan {
    let labelled: HashMap<_, _> =
        owned.iter().filter_map(|it| Some((it.label.employee()?, &it.number))).collect();
    let mut plan = Plan::default();
    let mut left = max_purchases;
    for employee in employees.iter().filter(|it| it.status == Status::Working) {
        let Some(typed) = &employee.mobile else { continue };
        let who = Who::from(employee);
        let mobile = match typed.parse(country) {
            Ok(number) => MobileNumber::new(number),
            Err(reason) => {
                plan.refused.push((who, reason));
                continue;
            }
        };
        if !typed.is(mobile.as_e164()) {
            plan.steps.push(Step { who: who.clone(), change: Change::Clean(mobile) });
        }
        if employee.company_number.is_some() {
            continue;
        }
        if let Some(&number) = labelled.get(&employee.id) {
            plan.steps.push(Step { who, change: Change::Assign(number.clone()) });
        } else if left > 0 {
            left -= 1;
            plan.steps.push(Step { who, change: Change::Buy });
        } else {
            plan.postponed.push(who);
        }
    }
    plan
}

impl From<&Employee> for Who {
    fn from(employee: &Employee) -> Self {
        Self { employee: employee.id.clone(), name: employee.name.full() }
    }
}

impl Display for Step {
    /// The step in words, with whatever number it is about in full.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.who.name;
        match &self.change {
            Change::Clean(mobile) => {
                write!(f, "Clean up the formatting of a phone number ({}) for {name}.", mobile.as_e164())
            }
            Change::Assign(number) => {
                write!(f, "Assign the company number bought earlier ({}) to {name}.", number.as_e164())
            }
            Change::Buy => write!(f, "Purchase a new company number for {name}."),
        }
    }
}

#[cfg(test)]
mod tests {
    use twilify::{Name, phone::TypedNumber, twilio::Label};

    use super::*;

    fn employee(name: &str, mobile: &str, company_number: &str) -> Employee {
        Employee {
            id: EmployeeId(format!("00u{}", name.to_lowercase())),
            status: Status::Working,
            name: Name { first: Some(name.to_owned()), last: Some("Doe".to_owned()), display: None },
            mobile: TypedNumber::new(mobile),
            company_number: TypedNumber::new(company_number),
        }
    }

    fn bought_for(name: &str) -> OwnedNumber {
        let label = Label::of(&employee(name, "", "").id);
        let json = format!(r#"{{"sid":"PN1","phone_number":"+12125550199","friendly_name":{label:?}}}"#);
        serde_json::from_str(&json.replace("Label(", "").replace(')', "")).unwrap()
    }

    fn planned(employees: &[Employee], owned: &[OwnedNumber], max_purchases: usize) -> String {
        let plan = plan(employees, owned, "US".parse().unwrap(), max_purchases);
        let steps = plan.steps.iter().map(ToString::to_string);
        let refused = plan.refused.iter().map(|(who, reason)| format!("Refuse {}: {reason}.", who.name));
        let postponed = plan.postponed.iter().map(|who| format!("Postpone {}.", who.name));
        steps.chain(refused).chain(postponed).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn an_employee_with_a_mobile_gets_a_number() {
        insta::assert_snapshot!(
            planned(&[employee("Ada", "+14155550100", "")], &[], 9),
            @"Purchase a new company number for Ada Doe."
        );
    }

    #[test]
    fn a_mobile_number_is_cleaned_before_a_company_number_is_bought() {
        insta::assert_snapshot!(planned(&[employee("Randall", "(818) 217-9229", "")], &[], 9), @r"
        Clean up the formatting of a phone number (+18182179229) for Randall Doe.
        Purchase a new company number for Randall Doe.
        ");
    }

    #[test]
    fn a_number_that_was_bought_for_someone_is_assigned_and_none_bought() {
        insta::assert_snapshot!(
            planned(&[employee("Ada", "+14155550100", "")], &[bought_for("Ada"), bought_for("Grace")], 9),
            @"Assign the company number bought earlier (+12125550199) to Ada Doe."
        );
    }

    #[test]
    fn who_has_no_mobile_or_has_a_number_or_does_not_work_here_is_left_alone() {
        let without_a_mobile = employee("Ada", " ", "");
        let with_a_number = employee("Grace", "+14155550101", "(212) 555-0199");
        let suspended = Employee { status: Status::Paused, ..employee("Hedy", "+14155550102", "") };
        let left = Employee { status: Status::Left, ..employee("Joan", "+14155550103", "") };
        assert_eq!(planned(&[without_a_mobile, with_a_number, suspended, left], &[], 9), "");
    }

    #[test]
    fn a_number_that_nobody_could_dial_is_refused_and_the_others_go_on() {
        insta::assert_snapshot!(
            planned(&[employee("Ada", "ask me", ""), employee("Grace", "+14155550101", "")], &[], 9),
            @r"
        Purchase a new company number for Grace Doe.
        Refuse Ada Doe: it is not a phone number.
        "
        );
    }

    #[test]
    fn a_run_never_buys_more_than_it_may() {
        let everyone = ["Ada", "Grace", "Hedy"].map(|name| employee(name, "+14155550100", ""));
        insta::assert_snapshot!(planned(&everyone, &[], 1), @r"
        Purchase a new company number for Ada Doe.
        Postpone Grace Doe.
        Postpone Hedy Doe.
        ");
    }
}
