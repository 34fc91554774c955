//! Phone numbers as people type them.

use twilify::{
    PhoneNumber,
    phone::{Territory, TypedNumber, redacted},
};

use crate::line;

/// Whatever is typed is refused or a number in E.164 form, which is read as itself from then on; none rings abroad; and
/// no number of seven digits or more is left in what is fit for a log.
///
/// The first line is the country.
///
/// # Panics
///
/// If that is not so.
pub fn numbers(bytes: &[u8]) {
    let (country, text) = line(bytes);
    let text = String::from_utf8_lossy(text);
    let home = country.parse().unwrap_or_else(|_| "US".parse().expect("a country"));
    let territory = Territory { home, mobiles: "US,CA".parse().expect("countries") };
    let Some(typed) = TypedNumber::new(&text) else { return };
    let parsed = typed.parse(home);
    if let Ok(number) = &parsed {
        let again = TypedNumber::new(number.as_e164()).expect("a number");
        assert_eq!(again.parse(home).as_ref(), Ok(number), "{text:?} in {home}");
        assert_eq!(number.as_e164().parse::<PhoneNumber>().as_ref(), Ok(number));
    }
    for mobile in [typed.mobile(&territory), typed.dialled_within(&territory)].into_iter().flatten() {
        assert!(mobile.as_e164().starts_with("+1") && mobile.as_e164().len() == 12, "{text:?} in {home}");
    }
    let mut digits = 0;
    for char in redacted(&text).chars() {
        digits = if char.is_ascii_digit() { digits + 1 } else { 0 };
        assert!(digits < 7, "{text:?} is not fit for a log");
    }
    let _ = (typed.is(&text), format!("{typed:?} {parsed:?}"), PhoneNumber::notations);
}
