//! What becomes of a message to a company number.

mod text;

use twilify::{
    CompanyNumber, Employee, EmployeeId, Unreachable,
    phone::Country,
    twilio::{IncomingMessage, MessagingServiceSid, OutgoingMessage},
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
        /// Why not.
        reason: Unreachable,
    },
}

impl Outcome {
    /// Forwards a message to the employee who publishes the number it was sent to.
    ///
    /// It comes from the company number, which is `to`, through the Messaging Service, if there is one. A mobile number without a country code is
    /// read as one of `country`.
    #[must_use]
    pub fn of(
        message: &IncomingMessage,
        to: &CompanyNumber,
        employee: Option<Employee>,
        country: Country,
        service: Option<&MessagingServiceSid>,
    ) -> Self {
        let Some(employee) = employee else { return Self::NotInService };
        match employee.reachable(to, country) {
            Ok(mobile) => {
                let bodies = text::forwarded(&message.from, &message.body, message.media);
                let send = |body| OutgoingMessage {
                    from: to.clone(),
                    to: mobile.clone(),
                    body,
                    service: service.cloned(),
                };
                Self::Forward { employee: employee.id, messages: bodies.into_iter().map(send).collect() }
            }
            Err(reason) => Self::NoMobile { employee: employee.id, reason },
        }
    }
}
