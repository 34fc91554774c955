//! Texts that come back: when the mobile of an employee is itself a number that forwards texts, like the company number of
//! another company, a text would go round for ever.
//!
//! Each time a text is forwarded, another `From: …` and a blank line stand before it. So what comes back has the number that
//! it comes to in one of these heads, and below that head what went out before. Anybody can write such a text, so Twilio's
//! log tells whether it went out.

use twilify::{CompanyNumber, twilio::Logged};

/// With so many heads a text has been here before, whatever the log says, which may lag by hours. Nobody writes so many by
/// hand.
const CERTAIN: usize = 10;

/// A text that says that it has been here before.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Returned<'a> {
    /// What is below each head with our number, and whether the head has a number like `(1/2)`, which makes it a part of
    /// what went out.
    below: Vec<(&'a str, bool)>,
}

impl<'a> Returned<'a> {
    /// Reads the heads of a text to `number`; `None` if the number is not in them.
    pub(crate) fn read(text: &'a str, number: &CompanyNumber) -> Option<Self> {
        let (mut below, mut rest) = (Vec::new(), text);
        while let Some((sender, is_part, after)) = head(rest) {
            if sender == number.as_e164() && !after.is_empty() {
                below.push((after, is_part));
            }
            rest = after;
        }
        (!below.is_empty()).then_some(Self { below })
    }

    /// Whether it has been here so often that nobody needs to look into the log.
    pub(crate) fn is_certain(&self) -> bool {
        self.below.len() >= CERTAIN
    }

    /// Whether it is `logged`, or a part of it, that has come back.
    pub(crate) fn is_of(&self, logged: &Logged) -> bool {
        self.below.iter().any(
            |(text, is_part)| {
                if *is_part { logged.body.contains(text) } else { logged.says(text) }
            },
        )
    }
}

/// The sender in the head of a text, whether the head is numbered, and what is below it.
fn head(text: &str) -> Option<(&str, bool, &str)> {
    let (line, below) = text.strip_prefix("From: ")?.split_once("\n\n")?;
    if line.contains('\n') {
        return None;
    }
    let number = line.rsplit_once(" (").and_then(|(sender, number)| {
        let (index, count) = number.strip_suffix(')')?.split_once('/')?;
        let is_numbered = index.parse::<u8>().is_ok() && count.parse::<u8>().is_ok();
        is_numbered.then_some(sender)
    });
    Some((number.unwrap_or(line), number.is_some(), below))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Returned<'_>> {
        Returned::read(text, &"+19253294108".parse().unwrap())
    }

    #[test]
    fn what_is_below_our_number_has_come_back() {
        for (text, below) in [
            ("From: +19253294108\n\nHello", vec![("Hello", false)]),
            ("From: +19253294108 (1/2)\n\nHel", vec![("Hel", true)]),
            ("From: +14155550177\n\nFrom: +19253294108\n\nHello", vec![("Hello", false)]),
            (
                "From: +19253294108\n\nFrom: +19253294108\n\nHello",
                vec![("From: +19253294108\n\nHello", false), ("Hello", false)],
            ),
        ] {
            assert_eq!(read(text), Some(Returned { below }), "{text}");
        }
    }

    #[test]
    fn what_has_not_our_number_in_a_head_has_not() {
        for text in [
            "",
            "Hello",
            "From: +19253294108",
            "From: +19253294108\n\n",
            "From: +19253294108\nHello\n\nAda",
            "From: +19253294109\n\nHello",
            "Look: From: +19253294108\n\nHello",
            "From: +19253294108 (or so)\n\nHello",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn only_a_head_with_two_numbers_after_the_sender_is_numbered() {
        for (line, sender, is_numbered) in [
            ("+14155550123 (1/2)", "+14155550123", true),
            ("+14155550123 (1/x)", "+14155550123 (1/x)", false),
            ("+14155550123 (x/2)", "+14155550123 (x/2)", false),
            ("+14155550123 (1/300)", "+14155550123 (1/300)", false),
        ] {
            assert_eq!(head(&format!("From: {line}\n\nHi!")), Some((sender, is_numbered, "Hi!")), "{line}");
        }
    }

    #[test]
    fn with_ten_heads_of_ours_a_text_goes_round_for_certain_and_with_fewer_the_log_decides() {
        let returned = |heads: usize, others: usize| {
            let ours = "From: +19253294108\n\n".repeat(heads);
            read(&format!("{}{ours}Hello", "From: +14155550177\n\n".repeat(others))).unwrap().is_certain()
        };
        assert_eq!(
            [returned(9, 0), returned(9, 9), returned(10, 0), returned(10, 10)],
            [false, false, true, true]
        );
    }
}
