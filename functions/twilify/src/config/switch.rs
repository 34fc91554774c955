//! Settings that are on or off.

use std::str::FromStr;

/// `on` or `off`.
pub(super) struct Switch(pub(super) bool);

/// The text is neither of the two words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not on or off")]
pub(super) struct NotASwitch;

impl FromStr for Switch {
    type Err = NotASwitch;

    fn from_str(word: &str) -> Result<Self, NotASwitch> {
        match word {
            "on" => Ok(Self(true)),
            "off" => Ok(Self(false)),
            _ => Err(NotASwitch),
        }
    }
}
