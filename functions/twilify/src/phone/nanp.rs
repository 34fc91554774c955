//! The North American Numbering Plan, by which the United States, Canada and some twenty other countries
//! share the country code 1.
//!
//! <https://www.nanpa.com/numbering/area-codes>

use super::PhoneNumber;

/// The area codes of the other countries and territories, among them the islands whose expensive calls are
/// a classic of toll fraud.
const ELSEWHERE: [u16; 27] = [
    242, 246, 264, 268, 284, 340, 345, 441, 473, 649, 658, 664, 670, 671, 684, 721, 758, 767, 784, 787, 809,
    829, 849, 868, 869, 876, 939,
];

/// Whether `number` is an ordinary one in the United States or Canada: neither toll-free nor premium-rate
/// nor anywhere else. It is told from the area code alone, in no time, and in case of doubt it is `false`.
pub(super) fn is_mainland(number: &PhoneNumber) -> bool {
    let Some(national) = number.as_e164().strip_prefix("+1").filter(|it| it.len() == 10) else {
        return false;
    };
    let [area, exchange] = [&national[..3], &national[3..6]].map(|it| it.parse().unwrap_or(0u16));
    // Those that end with two equal digits are for services, like 800 and 911, or in reserve.
    let is_service = area / 10 % 10 == area % 10 || matches!(area, 456 | 521..=529 | 710 | 880..=889);
    area >= 200 && exchange >= 200 && !is_service && !ELSEWHERE.contains(&area)
}

impl PhoneNumber {
    /// The number as people write it in profiles, in E.164 form first. For a number outside North America
    /// that is all but one.
    #[must_use]
    pub fn notations(&self) -> Vec<String> {
        let e164 = self.as_e164();
        let mut notations = vec![e164.to_owned(), e164[1..].to_owned()];
        if let Some(national) = e164.strip_prefix("+1").filter(|it| it.len() == 10) {
            let (area, exchange, line) = (&national[..3], &national[3..6], &national[6..]);
            for local in [format!("({area}) {exchange}-{line}"), format!("{area}-{exchange}-{line}")] {
                notations.extend([format!("+1 {local}"), format!("1 {local}"), local]);
            }
            notations.extend(["-", ".", " "].map(|dot| format!("1{dot}{area}{dot}{exchange}{dot}{line}")));
            notations.extend([".", " ", ""].map(|dot| format!("{area}{dot}{exchange}{dot}{line}")));
            notations.extend([
                format!("+1-{area}-{exchange}-{line}"),
                format!("+1 {area} {exchange} {line}"),
                format!("({area}){exchange}-{line}"),
            ]);
        }
        notations
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::super::{NotDialable, Territory, TypedNumber};
    use super::*;

    fn number(text: &str) -> PhoneNumber {
        text.parse().unwrap()
    }

    #[test]
    fn an_area_code_tells_what_googles_data_tell() {
        let territory = Territory { home: "US".parse().unwrap(), mobiles: "US,CA".parse().unwrap() };
        let (mut mainland, mut costly) = (HashSet::new(), HashSet::new());
        let rests = ["2345678", "2012345", "2712345", "3612345", "4560123", "5212345", "6330123", "9232345"];
        for (area, rest) in (200..1000).flat_map(|area| rests.map(|rest| (area, rest))) {
            let text = format!("+1{area}{rest}");
            match TypedNumber::new(&text).unwrap().mobile(&territory) {
                Err(NotDialable::Abroad | NotDialable::Priced) => {
                    costly.insert(area);
                    assert!(!is_mainland(&number(&text)), "{text}");
                }
                Ok(_) if is_mainland(&number(&text)) => drop(mainland.insert(area)),
                Ok(_) | Err(_) => {}
            }
        }
        let (mainland, costly) = (mainland.len(), costly.len());
        assert!(mainland > 350 && costly > 25, "{mainland} {costly}");
    }

    #[test]
    fn what_is_no_ordinary_number_is_not_taken_for_one() {
        assert!(is_mainland(&number("+18182179229")));
        for text in
            ["+19115550100", "+18005550100", "+18765550100", "+1818217922", "+18180179229", "+442071838750"]
        {
            assert!(!is_mainland(&number(text)), "{text}");
        }
    }

    #[test]
    fn whatever_way_a_number_is_written_it_is_the_same_number() {
        let country = "US".parse().unwrap();
        let notations = number("+19253294108").notations();
        assert_eq!(notations[0], "+19253294108");
        assert!(notations.contains(&"(925) 329-4108".to_owned()));
        for notation in &notations {
            assert_eq!(TypedNumber::new(notation).unwrap().parse(country).unwrap().as_e164(), "+19253294108");
        }
        assert_eq!(number("+442071838750").notations(), ["+442071838750", "442071838750"]);
    }
}
