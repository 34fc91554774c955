//! What becomes of a message to a company number.

mod text;

use twilify::{
    CompanyNumber, Employee, EmployeeId, MobileNumber,
    phone::{Country, NotDialable},
    twilio::{IncomingMessage, OutgoingMessage},
};

/// What becomes of a message.
pub enum Outcome {
    /// It is sent on.
    Forward {
        /// To whom.
        employee: EmployeeId,
        /// What to send, in this order.
        messages: Vec<OutgoingMessage>,
    },
    /// The number is nobody's, so there is nobody to send it to.
    NotInService,
    /// The number is somebody's who has no phone that could get it.
    NoMobile {
        /// Whose.
        employee: EmployeeId,
        /// What is wrong with the number in their profile, if there is one.
        reason: Option<NotDialable>,
    },
}

impl Outcome {
    /// Forwards a message to the employee who publishes the number it was sent to.
    ///
    /// It comes from the company number, which is `to`. A mobile number without a country code is
    /// read as one of `country`.
    #[must_use]
    pub fn of(
        message: &IncomingMessage,
        to: &CompanyNumber,
        employee: Option<Employee>,
        country: Country,
    ) -> Self {
        let Some(Employee { id: employee, mobile, .. }) = employee else { return Self::NotInService };
        match mobile.map(|typed| typed.dialled(country)) {
            Some(Ok(number)) => {
                let mobile = MobileNumber::new(number);
                let send = |body| OutgoingMessage { from: to.clone(), to: mobile.clone(), body };
                Self::Forward { employee, messages: text::forwarded(message).into_iter().map(send).collect() }
            }
            Some(Err(reason)) => Self::NoMobile { employee, reason: Some(reason) },
            None => Self::NoMobile { employee, reason: None },
        }
    }
}
