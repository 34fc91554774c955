//! What becomes of a call to a company number.

mod words;

use twilify::{
    CompanyNumber, EmployeeId, MobileNumber, PhoneNumber, Unreachable,
    config::{CallerId, Calls},
    metrics,
    switchboard::{Destination, Source, Unreached},
    twilio::{Attestation, CallEndpoint, Dial, DialStatus, EndedDial, Hint, Leg, VoiceResponse},
};

use self::words::Words;

/// What becomes of a call. Every call gets one of these: nobody hears silence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The caller is connected.
    Connect {
        /// To whom.
        to: Destination,
        /// What their mobile shows.
        shown: Shown,
    },
    /// The caller is the employee whose number it is.
    Oneself(EmployeeId),
    /// The caller may be the employee, or somebody who wants to know whether they have guessed the mobile.
    Unproven(Destination),
    /// The mobile itself has sent the call on to the company number, as far as the network says, for which it does not vouch.
    SentBack(Destination),
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

/// The number that a mobile shows when it rings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// The caller's.
    Caller(PhoneNumber),
    /// The one that was dialled.
    Company(CompanyNumber),
}

/// Where a call comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    /// The number, if there is one to show.
    pub number: Option<PhoneNumber>,
    /// Whether the network vouches for it.
    pub attestation: Attestation,
    /// The phone that sent the call on, if one did.
    pub forwarded_from: Option<PhoneNumber>,
}

impl Caller {
    fn comes_from(&self, mobile: &MobileNumber) -> bool {
        self.number.as_ref().is_some_and(|it| it.as_e164() == mobile.as_e164())
    }

    fn was_sent_on_by(&self, mobile: &MobileNumber) -> bool {
        self.forwarded_from.as_ref().is_some_and(|it| it.as_e164() == mobile.as_e164())
    }
}

impl Outcome {
    /// Connects the caller to whoever publishes the number `dialled`.
    ///
    /// The mobile shows what `shows` says: the caller's number, if there is one, or the company number. Networks refuse calls
    /// that show a word or a number that nobody can have.
    #[must_use]
    pub fn of(
        caller: Caller,
        dialled: CompanyNumber,
        found: Result<Destination, Unreached>,
        shows: CallerId,
    ) -> Self {
        match found {
            Ok(to) if caller.comes_from(&to.mobile) => match caller.attestation {
                Attestation::Full => Self::Oneself(to.employee),
                Attestation::Less => Self::Unproven(to),
            },
            // The mobile sends its calls to the company number, which sends them to the mobile.
            Ok(to) if caller.was_sent_on_by(&to.mobile) => Self::SentBack(to),
            Ok(to) => {
                let number = caller.number.filter(|it| shows == CallerId::Caller && it.is_possible());
                Self::Connect { to, shown: number.map_or(Shown::Company(dialled), Shown::Caller) }
            }
            Err(Unreached::Nobody) => Self::NotInService,
            Err(Unreached::NoMobile { employee, reason }) => Self::NoMobile { employee, reason },
            Err(Unreached::Unknown(_)) => Self::TryLater,
        }
    }

    /// Tells the log, in one line, and counts it.
    pub fn log(&self) {
        match self {
            Self::Connect { to: Destination { employee, source, .. }, .. } => {
                let by_last_known_route = *source == Source::LastKnown;
                tracing::info!(employee = employee.0, by_last_known_route, "connecting a call");
                metrics::count("CallsConnected");
                metrics::add("CallsFromLastKnownRoute", usize::from(by_last_known_route));
                return;
            }
            Self::Oneself(employee) => {
                tracing::info!(employee = employee.0, "an employee called their own company number");
            }
            Self::Unproven(Destination { employee, .. }) => tracing::warn!(
                employee = employee.0,
                "a call claims to come from the employee's own mobile, and the network does not vouch for that"
            ),
            Self::SentBack(Destination { employee, .. }) => {
                let reason = Unreachable::SentBack;
                tracing::warn!(employee = employee.0, %reason, "the employee has no usable mobile number");
            }
            Self::NotInService => tracing::warn!("the number called is nobody's"),
            Self::NoMobile { employee, reason } => {
                tracing::warn!(
                    employee = employee.0,
                    %reason,
                    "the employee has no usable mobile number"
                );
            }
            // Whoever asked the directory has told the log what it said.
            Self::TryLater => {}
        }
        metrics::count("CallsRefused");
    }

    /// What Twilio is to do with the call, about which it has asked at `asked_at`, with a URL that says `hint`.
    #[must_use]
    pub fn twiml(self, settings: &Calls, asked_at: CallEndpoint, hint: Hint) -> VoiceResponse {
        let twiml = VoiceResponse::new(settings.voice.clone());
        let words = match self {
            Self::Connect { to: Destination { name, mobile, .. }, shown } => {
                let twiml = if settings.greeting { twiml.say(Words::PleaseWait(&name)) } else { twiml };
                let (caller_id, retry) = match shown {
                    Shown::Caller(number) => (number, Some(hint)),
                    Shown::Company(number) => (number.into(), None),
                };
                let leg = Leg { name: Some(name), retry };
                return twiml.dial(Dial { to: mobile, caller_id, ring: settings.ring, asked_at, leg });
            }
            Self::Oneself(_) => Words::Oneself,
            // The same as when the mobile is busy, or when nobody answers it.
            Self::Unproven(Destination { name, .. }) => {
                let twiml = if settings.greeting {
                    twiml.say(Words::PleaseWait(&name))
                } else {
                    twiml.pause(settings.ring)
                };
                return twiml.say(Words::NotAvailable(Some(&name)));
            }
            // The same as when the mobile is busy. The caller has heard it ring before, if all is as it seems.
            Self::SentBack(Destination { name, .. }) => {
                let twiml = if settings.greeting { twiml.say(Words::PleaseWait(&name)) } else { twiml };
                return twiml.say(Words::NotAvailable(Some(&name)));
            }
            Self::NotInService => Words::NotInService,
            Self::NoMobile { .. } => Words::NoMobile,
            Self::TryLater => Words::TryLater,
        };
        twiml.say(words)
    }
}

/// The number that was dialled, and what is known about it, if its mobile is to be rung once more: Twilio could not ring it
/// while it was to show the caller's number, which its network may not have taken.
#[must_use]
pub fn to_be_rung_again(EndedDial { status, to, leg, .. }: &EndedDial) -> Option<(&CompanyNumber, &Hint)> {
    to.as_ref().zip(leg.retry.as_ref()).filter(|_| *status == DialStatus::Failed)
}

/// Rings the mobile of `to` once more, showing the number that was dialled. The caller hears no greeting again.
#[must_use]
pub fn ring_again(
    Destination { employee, name, mobile, .. }: Destination,
    dialled: CompanyNumber,
    settings: &Calls,
    asked_at: CallEndpoint,
) -> VoiceResponse {
    tracing::warn!(
        employee = employee.0,
        "Twilio could not ring the mobile with the caller's number, so it rings with the company number"
    );
    metrics::count("CallsDialledAgain");
    let leg = Leg { name: Some(name), retry: None };
    let (to, caller_id) = (mobile, dialled.into());
    VoiceResponse::new(settings.voice.clone()).dial(Dial {
        to,
        caller_id,
        ring: settings.ring,
        asked_at,
        leg,
    })
}

/// What Twilio is to do with a call when the mobile rings no more. Who has talked hears nothing.
#[must_use]
pub fn after(EndedDial { status, leg, .. }: &EndedDial, settings: &Calls) -> VoiceResponse {
    let twiml = VoiceResponse::new(settings.voice.clone());
    match status {
        DialStatus::Answered | DialStatus::Canceled => {
            tracing::info!(?status, "a call has ended");
            metrics::add("CallsAnswered", usize::from(*status == DialStatus::Answered));
            return twiml;
        }
        DialStatus::Busy | DialStatus::Unanswered => tracing::info!(?status, "a call was not answered"),
        DialStatus::Unknown => {
            tracing::warn!("a call has ended, and Twilio does not say how");
            return ended(settings);
        }
        DialStatus::Failed => tracing::error!(
            "Twilio could not ring the mobile; its debugger says why: https://www.twilio.com/console/debugger"
        ),
    }
    twiml.say(Words::NotAvailable(leg.name.as_deref()))
}

/// What Twilio is to do when the mobile rings no more, and nobody knows whether anybody has answered it.
#[must_use]
pub fn ended(settings: &Calls) -> VoiceResponse {
    VoiceResponse::new(settings.voice.clone()).say(Words::Ended)
}

#[cfg(test)]
mod tests;
