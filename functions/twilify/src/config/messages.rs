//! What only sms-forward needs to know.

use super::{
    Error,
    switch::Switch,
    variables::{Variables, variable},
};

/// How messages are forwarded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Messages {
    /// Whether a sender is told that a message could not be delivered: `TWILIFY_NOTIFY_SENDER`, `on` or `off`.
    pub notify_sender: bool,
}

impl Messages {
    /// Reads them from the environment. A variable that is blank counts as unset.
    pub fn from_env() -> Result<Self, Error> {
        let Switch(notify_sender) = Variables(variable).parsed("TWILIFY_NOTIFY_SENDER", "off")?;
        Ok(Self { notify_sender })
    }
}
