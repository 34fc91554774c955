//! What becomes of a call to a company number.

use twilify::{
    CompanyNumber, Employee, EmployeeId, MobileNumber, PhoneNumber, Unreachable,
    phone::Country,
    twilio::{Dial, IncomingCall, VoiceResponse},
};

/// What becomes of a call. Every call gets one of these: nobody hears silence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The caller is connected.
    Connect {
        /// To whom.
        employee: EmployeeId,
        /// What the caller hears them called.
        name: String,
        /// The phone that rings.
        mobile: MobileNumber,
        /// What it shows.
        caller_id: PhoneNumber,
    },
    /// The number is nobody's.
    NotInService,
    /// The number is somebody's who has no phone that could ring.
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
    /// Connects the caller to the employee who publishes the number they dialled.
    ///
    /// The mobile shows the caller's number, or the company number where the caller has none to
    /// show: networks refuse calls that show a word. A mobile number without a country code is
    /// read as one of `country`.
    #[must_use]
    pub fn of(
        from: Option<PhoneNumber>,
        to: CompanyNumber,
        employee: Option<Employee>,
        country: Country,
    ) -> Self {
        let Some(employee) = employee else { return Self::NotInService };
        match employee.reachable(&to, country) {
            Ok(mobile) => Self::Connect {
                name: employee.name.spoken().to_owned(),
                employee: employee.id,
                mobile,
                caller_id: from.unwrap_or_else(|| to.into()),
            },
            Err(reason) => Self::NoMobile { employee: employee.id, reason },
        }
    }

    /// Tells the log, in one line.
    pub fn log(&self, IncomingCall { sid, .. }: &IncomingCall) {
        let call = &sid.0;
        match self {
            Self::Connect { employee, .. } => {
                tracing::info!(call, employee = employee.0, "connecting a call");
            }
            Self::NotInService => tracing::warn!(call, "the number called is nobody's"),
            Self::NoMobile { employee, reason } => {
                tracing::warn!(
                    call,
                    employee = employee.0,
                    %reason,
                    "the employee has no usable mobile number"
                );
            }
            // Whoever asked the directory has told the log what it said.
            Self::TryLater => {}
        }
    }
}

/// All that a caller is ever told.
impl From<Outcome> for VoiceResponse {
    fn from(outcome: Outcome) -> Self {
        let twiml = Self::new();
        match outcome {
            Outcome::Connect { name, mobile, caller_id, .. } => twiml
                .say(format!("Please wait. You are being connected to {name}."))
                .dial(Dial::to(mobile, caller_id))
                .say("Goodbye."),
            Outcome::NotInService => twiml.say("Sorry, this number is not in service. Goodbye."),
            Outcome::NoMobile { .. } => twiml.say("Sorry, this person cannot be reached by phone. Goodbye."),
            Outcome::TryLater => {
                twiml.say("Sorry, your call cannot be connected right now. Please try again later. Goodbye.")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use twilify::{
        Name, Status,
        phone::{NotDialable, TypedNumber},
    };

    use super::*;

    fn ada(mobile: &str) -> Employee {
        Employee {
            id: EmployeeId("00uada".to_owned()),
            status: Status::Working,
            status_changed: None,
            name: Name { first: Some("Ada".to_owned()), ..Name::default() },
            mobile: TypedNumber::new(mobile),
            company_number: TypedNumber::new("+12125550142"),
        }
    }

    fn outcome(from: Option<&str>, employee: Option<Employee>) -> Outcome {
        let from = from.map(|from| from.parse().unwrap());
        Outcome::of(from, "+12125550142".parse().unwrap(), employee, "US".parse().unwrap())
    }

    fn connected(mobile: &str, caller_id: &str) -> Outcome {
        Outcome::Connect {
            employee: EmployeeId("00uada".to_owned()),
            name: "Ada".to_owned(),
            mobile: mobile.parse().unwrap(),
            caller_id: caller_id.parse().unwrap(),
        }
    }

    #[test]
    fn the_mobile_shows_the_caller_or_else_the_company_number() {
        let ada = || Some(ada("+14155550100"));
        assert_eq!(outcome(Some("+442071838750"), ada()), connected("+14155550100", "+442071838750"));
        assert_eq!(outcome(None, ada()), connected("+14155550100", "+12125550142"));
    }

    #[test]
    fn a_mobile_rings_before_anybody_has_cleaned_its_number() {
        let typed = Some(ada("(818) 217-9229"));
        assert_eq!(outcome(Some("+442071838750"), typed), connected("+18182179229", "+442071838750"));
    }

    #[test]
    fn without_a_usable_mobile_nobody_is_dialled() {
        let employee = EmployeeId("00uada".to_owned());
        let refused = |reason| Outcome::NoMobile { employee: employee.clone(), reason };
        assert_eq!(outcome(None, Some(ada(""))), refused(Unreachable::NoNumber));
        let not_a_number = Unreachable::NotDialable(NotDialable::NotANumber);
        assert_eq!(outcome(None, Some(ada("ask at the desk"))), refused(not_a_number));
        assert_eq!(outcome(None, Some(ada("(212) 555-0142"))), refused(Unreachable::Loop));
        assert_eq!(outcome(None, None), Outcome::NotInService);
    }
}
