//! What becomes of a message to a company number.

mod circle;
mod delivery;
mod files;
mod forward;
mod handled;
mod passage;
mod status;
mod text;
mod web;
mod words;

pub mod late;

use twilify::{
    Causes, EmployeeId, Unreachable, metrics,
    switchboard::{Destination, Unreached},
};

pub use self::forward::SmsForward;

/// What becomes of a message.
pub(crate) enum Outcome {
    /// It is sent on.
    Forward(Destination),
    /// The sender is the employee whose number it is.
    Oneself(Destination),
    /// The number is nobody's, so there is nobody to send it to.
    NotInService,
    /// It came to what is no number, like `rcs:agent`, so nobody can be found.
    NoNumber,
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

/// Something that may work another time.
pub(crate) struct NotForwarded;

impl Outcome {
    /// Forwards what `sender` has written to whoever was found.
    pub(crate) fn of(sender: &str, found: Result<Destination, Unreached>) -> Self {
        match found {
            Ok(to) if sender == to.mobile.as_e164() => Self::Oneself(to),
            Ok(to) => Self::Forward(to),
            Err(Unreached::Nobody) => Self::NotInService,
            Err(Unreached::NoMobile { employee, reason }) => Self::NoMobile { employee, reason },
            Err(Unreached::Unknown(_)) => Self::TryLater,
        }
    }

    /// Tells the log what it is about, if nothing is sent, and counts what nobody gets.
    pub(crate) fn log(&self) {
        match self {
            Self::NotInService => {
                tracing::warn!("the number texted is nobody's");
                metrics::count("TextsToNobody");
            }
            Self::NoNumber => {
                tracing::error!(
                    "a message came to an address that is no phone number, so it is not forwarded"
                );
                metrics::count("TextsNotForwarded");
            }
            Self::NoMobile { employee, reason } => {
                tracing::warn!(employee = employee.0, %reason, "the employee has no usable mobile number");
                metrics::count("TextsNotForwarded");
            }
            Self::Oneself(Destination { employee, .. }) => {
                tracing::info!(employee = employee.0, "an employee texted their own company number");
            }
            // Whoever sends it, or has asked the directory, tells the log.
            Self::Forward(_) | Self::TryLater => {}
        }
    }
}

/// Tells the log that a message was not forwarded, and why.
pub(crate) fn log_failure(error: &(dyn std::error::Error + 'static)) {
    tracing::error!(error = %Causes(error), "cannot forward a message");
}
