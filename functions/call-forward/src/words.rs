//! All that callers are ever told.

use std::fmt::{self, Display};

/// Something that a voice says to a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Words<'a> {
    /// Before a phone rings.
    PleaseWait(&'a str),
    /// When nobody has answered it.
    NotAvailable(Option<&'a str>),
    /// When nobody knows whether anybody has answered it.
    Ended,
    /// To an employee who calls their own company number.
    Oneself,
    /// To whoever calls a number that is nobody's.
    NotInService,
    /// To whoever calls somebody without a phone that could ring.
    NoMobile,
    /// When nobody knows whose number it is.
    TryLater,
}

impl Display for Words<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PleaseWait(name) => write!(f, "Please wait. You are being connected to {name}."),
            Self::NotAvailable(Some(name)) => write!(f, "{name} is not available. Goodbye."),
            Self::NotAvailable(None) => f.write_str("Your party is not available. Goodbye."),
            Self::Ended => f.write_str("The call has ended. Goodbye."),
            Self::Oneself => {
                f.write_str("This is your own company number. Calls to it ring this phone. Goodbye.")
            }
            Self::NotInService => f.write_str("Sorry, this number is not in service. Goodbye."),
            Self::NoMobile => f.write_str("Sorry, this person cannot be reached by phone. Goodbye."),
            Self::TryLater => f.write_str(
                "Sorry, your call cannot be connected right now. Please try again later. Goodbye.",
            ),
        }
    }
}
