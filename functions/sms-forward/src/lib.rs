//! What becomes of a message to a company number.

mod text;

use twilify::{
    CompanyNumber, EmployeeId, Unreachable,
    switchboard::{Destination, Source, Unreached},
    twilio::{IncomingMessage, MessagingServiceSid, OutgoingMessage},
};

/// What becomes of a message.
pub enum Outcome {
    /// It is sent on.
    Forward {
        /// To whom.
        employee: EmployeeId,
        /// How it is known that it is they.
        source: Source,
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
    /// Nobody knows whose number it is, because the directory did not say.
    TryLater,
}

impl Outcome {
    /// Forwards a message to the employee who publishes the number it was sent to.
    ///
    /// It comes from the company number, which is `to`, through the Messaging Service, if there is one.
    #[must_use]
    pub fn of(
        message: &IncomingMessage,
        to: &CompanyNumber,
        found: Result<Destination, Unreached>,
        service: Option<&MessagingServiceSid>,
    ) -> Self {
        match found {
            Ok(Destination { employee, mobile, source, .. }) => {
                let bodies = text::forwarded(&message.from, &message.body, message.media);
                let send = |body| OutgoingMessage {
                    from: to.clone(),
                    to: mobile.clone(),
                    body,
                    service: service.cloned(),
                };
                Self::Forward { employee, source, messages: bodies.into_iter().map(send).collect() }
            }
            Err(Unreached::Nobody) => Self::NotInService,
            Err(Unreached::NoMobile { employee, reason }) => Self::NoMobile { employee, reason },
            Err(Unreached::Unknown(_)) => Self::TryLater,
        }
    }
}
