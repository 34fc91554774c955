//! All that people are told besides what was written to them.

use std::fmt::{self, Display};

/// Something that is said in a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Words<'a> {
    /// To an employee who texts their own company number.
    Oneself,
    /// To an employee whose company number was texted by another company number.
    FromACompanyNumber(&'a str),
    /// To an employee to whose company number a text has come back from this sender.
    CameBack(&'a str),
    /// To a sender whose message could not be delivered.
    NotDelivered,
    /// Below a text, of files that are too large.
    TooLarge(usize),
    /// Below a text, of files that cannot be sent on.
    WrongType(usize, &'a str),
    /// Below a text, of files that the country or the carrier does not take.
    NoFiles(usize),
}

impl Display for Words<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let files = |count: &usize| match count {
            1 => "A picture or other file that came with this message".to_owned(),
            count => format!("{count} pictures or other files that came with this message"),
        };
        let was = |count: &usize| if *count == 1 { "was" } else { "were" };
        match self {
            Self::Oneself => f.write_str(
                "This is your own company number. What you text to it reaches nobody, not even as a reply.",
            ),
            Self::FromACompanyNumber(number) => write!(
                f,
                "A text to your company number was not forwarded: it came from another company number ({number}), and texts \
                 between company numbers could go round in circles."
            ),
            Self::CameBack(sender) => write!(
                f,
                "A text to your company number was not forwarded: it had been forwarded from here before, and came back from \
                 {sender}."
            ),
            Self::NotDelivered => f.write_str("Your message could not be delivered."),
            Self::TooLarge(count) => {
                write!(f, "({} {} too large to be forwarded.)", files(count), was(count))
            }
            Self::WrongType(count, types) => {
                write!(f, "({} {} of a type that cannot be forwarded: {types}.)", files(count), was(count))
            }
            Self::NoFiles(count) => write!(f, "({} could not be delivered.)", files(count)),
        }
    }
}
