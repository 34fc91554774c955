//! The North American Numbering Plan, by which the United States, Canada and some twenty other countries
//! share the country code 1.
//!
//! <https://www.nanpa.com/numbering/area-codes>

use super::PhoneNumber;

/// The area codes of the United States and Canada. Those of the other countries, among them islands whose
/// expensive calls are a classic of toll fraud, are not here, nor are those for services, like 800.
#[rustfmt::skip]
const MAINLAND: [u16; 415] = [
    201, 202, 203, 204, 205, 206, 207, 208, 209, 210, 212, 213, 214, 215, 216, 217, 218, 219, 220, 223,
    224, 225, 226, 227, 228, 229, 231, 234, 235, 236, 239, 240, 248, 249, 250, 251, 252, 253, 254, 256,
    257, 260, 262, 263, 267, 269, 270, 272, 273, 274, 276, 279, 281, 283, 289, 301, 302, 303, 304, 305,
    306, 307, 308, 309, 310, 312, 313, 314, 315, 316, 317, 318, 319, 320, 321, 323, 324, 325, 326, 327,
    329, 330, 331, 332, 334, 336, 337, 339, 341, 343, 346, 347, 350, 351, 352, 353, 354, 360, 361, 363,
    364, 365, 367, 368, 369, 380, 382, 385, 386, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 412,
    413, 414, 415, 416, 417, 418, 419, 423, 424, 425, 428, 430, 431, 432, 434, 435, 437, 438, 440, 442,
    443, 445, 447, 448, 450, 458, 463, 464, 468, 469, 470, 472, 474, 475, 478, 479, 480, 484, 501, 502,
    503, 504, 505, 506, 507, 508, 509, 510, 512, 513, 514, 515, 516, 517, 518, 519, 520, 530, 531, 534,
    539, 540, 541, 548, 551, 557, 559, 561, 562, 563, 564, 567, 570, 571, 572, 573, 574, 575, 579, 580,
    581, 582, 584, 585, 586, 587, 601, 602, 603, 604, 605, 606, 607, 608, 609, 610, 612, 613, 614, 615,
    616, 617, 618, 619, 620, 623, 626, 628, 629, 630, 631, 636, 639, 640, 641, 645, 646, 647, 650, 651,
    656, 657, 659, 660, 661, 662, 667, 669, 672, 678, 680, 681, 682, 683, 686, 689, 701, 702, 703, 704,
    705, 706, 707, 708, 709, 712, 713, 714, 715, 716, 717, 718, 719, 720, 724, 725, 726, 727, 728, 730,
    731, 732, 734, 737, 738, 740, 742, 743, 747, 748, 753, 754, 757, 760, 762, 763, 765, 769, 770, 771,
    772, 773, 774, 775, 778, 779, 780, 781, 782, 785, 786, 801, 802, 803, 804, 805, 806, 807, 808, 810,
    812, 813, 814, 815, 816, 817, 818, 819, 820, 821, 825, 826, 828, 830, 831, 832, 835, 838, 839, 840,
    843, 845, 847, 848, 850, 854, 856, 857, 858, 859, 860, 862, 863, 864, 865, 867, 870, 872, 873, 878,
    879, 901, 902, 903, 904, 905, 906, 907, 908, 909, 910, 912, 913, 914, 915, 916, 917, 918, 919, 920,
    925, 928, 929, 930, 931, 934, 936, 937, 938, 940, 941, 942, 943, 945, 947, 948, 949, 951, 952, 954,
    956, 959, 970, 971, 972, 973, 975, 978, 979, 980, 983, 984, 985, 986, 989,
];

/// Whether `number` is an ordinary one in the United States or Canada: neither toll-free nor premium-rate
/// nor anywhere else. It is told from the area code alone, in no time; one that is not known here may be one
/// all the same.
pub(super) fn is_mainland(number: &PhoneNumber) -> bool {
    let Some(national) = number.as_e164().strip_prefix("+1").filter(|it| it.len() == 10) else {
        return false;
    };
    let [area, exchange] = [&national[..3], &national[3..6]].map(|it| it.parse().unwrap_or(0u16));
    exchange >= 200 && MAINLAND.binary_search(&area).is_ok()
}

impl PhoneNumber {
    /// Whether there can be such a number, as far as that is told in no time: in North America it has ten digits, and neither
    /// its area code nor its exchange begins with 0 or 1. Carriers send others as callers' numbers, which other networks
    /// [refuse](https://www.twilio.com/docs/api/errors/13214).
    #[must_use]
    pub fn is_possible(&self) -> bool {
        let Some(national) = self.as_e164().strip_prefix("+1") else { return true };
        let [area, exchange] = [0, 3].map(|at| national.as_bytes().get(at).copied().unwrap_or_default());
        national.len() == 10 && area >= b'2' && exchange >= b'2'
    }

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
    use super::super::{Territory, TypedNumber};
    use super::*;

    fn number(text: &str) -> PhoneNumber {
        text.parse().unwrap()
    }

    #[test]
    fn the_area_codes_are_those_of_googles_data() {
        let territory = Territory { home: "US".parse().unwrap(), mobiles: "US,CA".parse().unwrap() };
        for area in 200..1000 {
            let text = format!("+1{area}2345678");
            let told = TypedNumber::new(&text).unwrap().mobile(&territory);
            // Numbers that follow their owner, like those with 500, are left to the data.
            let is_ordinary = told.is_ok() && area / 10 % 10 != area % 10 && !matches!(area, 521..=529 | 532);
            assert_eq!(is_mainland(&number(&text)), is_ordinary, "{text}: {told:?}");
        }
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
    fn a_number_that_nobody_can_have_is_not_possible() {
        for text in ["+18182179229", "+18765550123", "+18005550100", "+442071838750", "+37255501"] {
            assert!(number(text).is_possible(), "{text}");
        }
        for text in
            ["+10182179229", "+11182179229", "+18180179229", "+18181179229", "+1818217922", "+181821792290"]
        {
            assert!(!number(text).is_possible(), "{text}");
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
