//! Keeping numbers out of text that somebody else wrote.

/// The most characters of a vendor's message that are worth a line in a log.
const LONGEST: usize = 200;

/// `text`, fit for a log: cut to 200 characters, and with every digit but the last two hidden in
/// whatever could be a phone number (seven digits or more, spaces and punctuation between them
/// allowed). Vendors like to repeat in their error messages what they were sent.
#[must_use]
pub fn redacted(text: &str) -> String {
    let mut text: Vec<char> =
        text.chars().take(LONGEST).map(|char| if char.is_control() { ' ' } else { char }).collect();
    let mut digits: Vec<usize> = Vec::new();
    for position in 0..=text.len() {
        match text.get(position) {
            Some(char) if char.is_numeric() => digits.push(position),
            Some(' ' | '-' | '.' | '(' | ')' | '/') => {}
            _ => {
                let hidden = if digits.len() < 7 { 0 } else { digits.len() - 2 };
                digits.drain(..).take(hidden).for_each(|digit| text[digit] = '•');
            }
        }
    }
    text.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::redacted;

    #[test]
    fn no_phone_number_survives_in_a_vendors_message() {
        for (text, fit_for_a_log) in [
            (
                "The 'To' number +14155550100 is not a valid phone number.",
                "The 'To' number +•••••••••00 is not a valid phone number.",
            ),
            ("(818) 217-9229 is taken", "(•••) •••-••29 is taken"),
            ("Error 21610 of 2026", "Error 21610 of 2026"),
            ("two\nlines", "two lines"),
            ("call 555-1234 or 555-12", "call •••-••34 or 555-12"),
            ("12345 and 123456", "12345 and 123456"),
        ] {
            assert_eq!(redacted(text), fit_for_a_log);
        }
    }

    #[test]
    fn a_page_of_html_becomes_a_line() {
        assert_eq!(redacted(&"<p>".repeat(1000)).chars().count(), 200);
    }
}
