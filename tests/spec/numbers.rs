//! Phone numbers in all the forms in which people type them, held against what Google's own library makes of them:
//! `vectors/numbers.py` asked it.

use twilify::phone::{NotDialable, Territory, TypedNumber};

/// What somebody has typed in a country, and what it is.
struct Vector {
    country: &'static str,
    typed: String,
    number: &'static str,
    mobile: &'static str,
}

fn vectors() -> Vec<Vector> {
    let table = include_str!("vectors/numbers.tsv");
    let vectors = table.lines().map(|line| {
        let [country, typed, number, mobile] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        Vector { country, typed: serde_json::from_str(typed).unwrap(), number, mobile }
    });
    vectors.collect()
}

/// The one thing in which we differ: no phone abroad can be rung by a number that has not eight to fifteen digits, so
/// those that Google knows, like 14020 in the Netherlands, or makes of letters behind a number, are none to us.
fn is_too_short_or_long(number: &str) -> bool {
    number.strip_prefix('+').is_some_and(|digits| !(8..=15).contains(&digits.len()))
}

/// What we make of a number, in the words of the table.
fn told<T>(read: Result<T, NotDialable>, e164: impl Fn(&T) -> &str) -> String {
    match read {
        Ok(number) => e164(&number).to_owned(),
        Err(reason) => format!("{reason:?}"),
    }
}

#[test]
fn what_people_type_is_the_number_that_google_reads_in_it_or_none() {
    let vectors = vectors();
    assert!(vectors.len() > 2500, "the table is there");
    let mut wrong = Vec::new();
    for Vector { country, typed, number, mobile } in &vectors {
        let territory = Territory { home: country.parse().unwrap(), mobiles: "US,CA".parse().unwrap() };
        let read = TypedNumber::new(typed).unwrap();
        let ours = [
            told(read.parse(territory.home), |it| it.as_e164()),
            told(read.mobile(&territory), |it| it.as_e164()),
        ];
        let number = if is_too_short_or_long(number) { "Invalid" } else { number };
        if ours != [number, mobile] {
            wrong.push(format!("{typed:?} in {country} is {ours:?}, not {number} and {mobile}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), vectors.len(), wrong.join("\n"));
}

/// A webhook tells a clean number by its area code alone, and says the same of it.
#[test]
fn a_webhook_makes_the_same_of_them_as_the_provisioner() {
    for Vector { country, typed, mobile, .. } in vectors() {
        let territory = Territory { home: country.parse().unwrap(), mobiles: "US,CA".parse().unwrap() };
        let read = TypedNumber::new(&typed).unwrap().dialled_within(&territory);
        assert_eq!(told(read, |it| it.as_e164()), mobile, "{typed:?} in {country}");
    }
}
