//! Sealed routes.

use std::sync::LazyLock;

use jiff::{SignedDuration, Timestamp};
use twilify::{
    CompanyNumber, EmployeeId,
    seal::{LastKnown, Seal, Sealed},
};

use crate::line;

/// The one seal that was ever made: the fuzzer sees what is compared, so of several it would find the others.
static MADE: LazyLock<Sealed> =
    LazyLock::new(|| seal().seal(&known(), &number(), &ada(), Timestamp::UNIX_EPOCH));

fn seal() -> Seal {
    let key = "c2FuZGJveCBzYW5kYm94IHNhbmRib3ggc2FuZGJveCE=";
    Seal::new(&key.into(), SignedDuration::MAX).expect("a key")
}

fn known() -> LastKnown {
    LastKnown { mobile: "+14155550100".parse().expect("a number"), name: "Ada".to_owned() }
}

fn number() -> CompanyNumber {
    "+19253294108".parse().expect("a number")
}

fn ada() -> EmployeeId {
    EmployeeId("00uada".to_owned())
}

/// Only what was sealed can be opened, and only for the employee for whom it was.
///
/// The first line takes the place of a part of the seal, from the position that the byte after it tells; what follows
/// takes the place of the employee.
///
/// # Panics
///
/// If something else can be opened.
pub fn sealed(bytes: &[u8]) {
    let (text, rest) = line(bytes);
    let Sealed(made) = &*MADE;
    let position = usize::from(rest.first().copied().unwrap_or_default()) % made.len();
    let mut changed = made.clone();
    changed.replace_range(position..(position + text.len()).min(made.len()), &text);
    let name = String::from_utf8_lossy(rest.get(1..).unwrap_or_default()).into_owned();
    let employee = if name.is_empty() { ada() } else { EmployeeId(name) };
    for (sealed, employee) in [(&text, &ada()), (&changed, &employee)] {
        let opened = seal().open(&Sealed(sealed.clone()), &number(), employee, Timestamp::UNIX_EPOCH);
        let expected = (sealed == made && *employee == ada()).then(known);
        assert_eq!(opened.map(|(it, _)| it), expected, "{sealed:?} for {employee:?}");
    }
}
