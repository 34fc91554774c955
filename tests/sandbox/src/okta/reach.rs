//! People whom the token cannot see.

use axum::http::StatusCode;

use super::{
    Employee, Okta,
    failure::{Failure, NOT_FOUND},
};

/// What Okta answers about a person who is outside of what the token's owner may see. No document says which of the
/// two it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hidden {
    /// The same as about somebody who has been deleted: 404 `E0000007`.
    LikeADeletedUser,
    /// 403 `E0000006`.
    Forbidden,
}

impl Okta {
    /// Hides one person from the token, as a role does that is limited to some people.
    ///
    /// # Panics
    ///
    /// If nobody has the first name.
    pub fn hides(&self, first_name: &str, hidden: Hidden) {
        self.change(first_name, |employee| employee.hidden = Some(hidden));
    }

    /// Shows one person to the token again.
    ///
    /// # Panics
    ///
    /// If nobody has the first name.
    pub fn shows(&self, first_name: &str) {
        self.change(first_name, |employee| employee.hidden = None);
    }

    /// Those whom the token can see.
    pub(super) fn visible(&self) -> Vec<Employee> {
        let mut employees = self.everybody();
        employees.retain(|it| it.hidden.is_none());
        employees
    }
}

impl Employee {
    /// Whether the token can see this person.
    pub(super) fn check_reach(&self) -> Result<(), Failure> {
        match self.hidden {
            None => Ok(()),
            Some(Hidden::LikeADeletedUser) => Err(NOT_FOUND),
            Some(Hidden::Forbidden) => Err(Failure::new(
                StatusCode::FORBIDDEN,
                "E0000006",
                "You do not have permission to perform the requested action",
            )),
        }
    }
}
