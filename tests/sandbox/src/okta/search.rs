//! The part of Okta's search expressions that finds people: comparisons joined by `and` and `or`.
//!
//! <https://developer.okta.com/docs/reference/core-okta-api/#filter>

use super::Employee;

/// Alternatives, each of which is a list of conditions that must all be met.
pub(super) struct Search(Vec<Vec<Condition>>);

struct Condition {
    property: String,
    operator: Operator,
    value: String,
}

enum Operator {
    Equals,
    StartsWith,
}

impl Search {
    /// Reads an expression; `None` if Okta would call it invalid.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut rest = text.trim();
        let mut alternatives = vec![Vec::new()];
        loop {
            let (property, after) = rest.split_once(' ')?;
            let (operator, after) = after.trim_start().split_once(' ')?;
            let mut values = serde_json::Deserializer::from_str(after).into_iter::<String>();
            let value = values.next()?.ok()?;
            rest = after[values.byte_offset()..].trim_start();
            let operator = match operator {
                "eq" => Operator::Equals,
                "sw" => Operator::StartsWith,
                _ => return None,
            };
            let known = ["id", "status"].contains(&property) || property.starts_with("profile.");
            alternatives.last_mut()?.push(Condition {
                property: known.then(|| property.into())?,
                operator,
                value,
            });
            if rest.is_empty() {
                return Some(Self(alternatives));
            }
            let (joint, after) = rest.split_once(' ')?;
            match joint {
                "and" => {}
                "or" => alternatives.push(Vec::new()),
                _ => return None,
            }
            rest = after.trim_start();
        }
    }

    pub(super) fn has_or(&self) -> bool {
        self.0.len() > 1
    }

    /// Whether it finds `employee`. Values are compared without regard to case.
    pub(super) fn finds(&self, employee: &Employee) -> bool {
        self.0.iter().any(|conditions| conditions.iter().all(|condition| condition.met_by(employee)))
    }
}

impl Condition {
    fn met_by(&self, employee: &Employee) -> bool {
        let value = match self.property.as_str() {
            "id" => Some(employee.id()),
            "status" => Some(employee.status),
            property => property.strip_prefix("profile.").and_then(|it| employee.profile.get(it)?.as_str()),
        };
        let (Some(value), wanted) = (value.map(str::to_lowercase), self.value.to_lowercase()) else {
            return false;
        };
        match self.operator {
            Operator::Equals => value == wanted,
            Operator::StartsWith => value.starts_with(&wanted),
        }
    }
}
