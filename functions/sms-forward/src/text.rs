//! The words of a forwarded message.

use unicode_segmentation::UnicodeSegmentation as _;

/// The longest text Twilio sends, in UTF-16 code units, the most cautious way to count characters.
///
/// <https://www.twilio.com/docs/api/errors/21617>
const LONGEST: usize = 1600;

/// Room for a number like ` (2/12)`, which every part of a long text has behind its sender.
const NUMBER: usize = 16;

/// The longest sender that is shown, in characters; Twilio's own are far shorter.
const LONGEST_SENDER: usize = 100;

/// The bodies of the messages that carry a text: the sender, a blank line, the text, and below it `notes` on
/// what is not in it. What is too long for one message goes out in numbered parts, split between words, or
/// else between characters as people see them.
pub(crate) fn forwarded(sender: &str, text: &str, notes: &[String]) -> Vec<String> {
    let sender: String = sender.chars().take(LONGEST_SENDER).collect();
    let sender = if sender.trim().is_empty() { "unknown sender" } else { &sender };
    let text = [text].into_iter().chain(notes.iter().map(String::as_str)).filter(|it| !it.is_empty());
    let text = text.collect::<Vec<_>>().join("\n\n");
    if text.is_empty() {
        return vec![format!("From: {sender}")];
    }
    let head = format!("From: {sender}\n\n");
    if length(&head) + length(&text) <= LONGEST {
        return vec![format!("{head}{text}")];
    }
    let parts = split(&text, LONGEST - NUMBER - length(&head));
    let count = parts.len();
    let numbered = parts.into_iter().enumerate();
    numbered.map(|(index, part)| format!("From: {sender} ({}/{count})\n\n{part}", index + 1)).collect()
}

/// `body`, which went out before, with `note` below it; in a message of its own if there is no room.
pub(crate) fn with_note(body: &str, note: &str) -> Vec<String> {
    let both = format!("{body}\n\n{note}");
    if length(&both) <= LONGEST { vec![both] } else { vec![body.to_owned(), note.to_owned()] }
}

/// Cuts `text` into parts that, put together again, are `text`, each at most `room` long.
fn split(text: &str, room: usize) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (part, after) = rest.split_at(cut(rest, room));
        parts.push(part);
        rest = after;
    }
    parts
}

/// Where to cut `text` so that what is before fits into `room`: after the last word that fits, if
/// there is one in the second half, else after the last character that fits.
fn cut(text: &str, room: usize) -> usize {
    let fitting = |pieces: &mut dyn Iterator<Item = (usize, &str)>| {
        let mut used = 0;
        pieces
            .map_while(|(start, piece)| {
                used += length(piece);
                (used <= room).then_some(start + piece.len())
            })
            .last()
    };
    let after_word = fitting(&mut text.split_word_bound_indices());
    let after_word = after_word.filter(|&end| end == text.len() || length(&text[..end]) > room / 2);
    // A single character longer than the room, heaped with accents, is cut where it has to be.
    after_word
        .or_else(|| fitting(&mut text.grapheme_indices(true)))
        .or_else(|| fitting(&mut text.char_indices().map(|(at, char)| (at, &text[at..at + char.len_utf8()]))))
        .unwrap_or(text.len())
}

fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The parts without their heads, put together again.
    fn joined(parts: &[String]) -> String {
        let text = |part: &String| part.split_once("\n\n").unwrap().1.to_owned();
        parts.iter().map(text).collect()
    }

    #[test]
    fn a_text_says_from_whom_it_is() {
        assert_eq!(forwarded("+14155550123", "Hi Ada!", &[]), ["From: +14155550123\n\nHi Ada!"]);
        assert_eq!(forwarded("72975", "Your code is 1234", &[]), ["From: 72975\n\nYour code is 1234"]);
        assert_eq!(forwarded("", "Hi!", &[]), ["From: unknown sender\n\nHi!"]);
    }

    #[test]
    fn below_the_text_it_says_what_is_missing() {
        let note = ["(A picture was too large.)".to_owned()];
        assert_eq!(
            forwarded("+14155550123", "", &note),
            ["From: +14155550123\n\n(A picture was too large.)"]
        );
        let both = "From: +14155550123\n\nLook!\n\n(A picture was too large.)";
        assert_eq!(forwarded("+14155550123", "Look!", &note), [both]);
        assert_eq!(forwarded("+14155550123", "", &[]), ["From: +14155550123"], "a picture without a text");
    }

    #[test]
    fn the_longest_text_goes_out_in_numbered_parts_and_nothing_is_lost() {
        for text in [
            "word ".repeat(320),
            "x".repeat(1600),
            "👩‍👩‍👧‍👦".repeat(145),
            "é\u{301}".repeat(800),
            format!("a{}", "\u{301}".repeat(1599)),
            "日本語".repeat(533),
        ] {
            let parts = forwarded("+14155550123", &text, &[]);
            assert_eq!(parts.len(), 2, "{text:.20}");
            assert!(parts[0].starts_with("From: +14155550123 (1/2)\n\n"), "{:.40}", parts[0]);
            assert!(parts[1].starts_with("From: +14155550123 (2/2)\n\n"), "{:.40}", parts[1]);
            assert!(parts.iter().all(|part| length(part) <= 1600), "{text:.20}");
            assert_eq!(joined(&parts), text);
        }
    }

    #[test]
    fn words_and_characters_stay_whole() {
        let parts = forwarded("+14155550123", &"word ".repeat(320), &[]);
        assert!(parts[0].ends_with("word ") || parts[0].ends_with("word"), "{}", parts[0]);
        let family = "👩‍👩‍👧‍👦";
        let parts = forwarded("+14155550123", &family.repeat(145), &[]);
        assert!(parts.iter().all(|part| part.ends_with(family)));
    }

    #[test]
    fn the_oddest_sender_leaves_room_for_the_text() {
        for sender in ["👩‍👩‍👧‍👦".repeat(1000), "\u{301}".repeat(5000)] {
            let parts = forwarded(&sender, &"x".repeat(1600), &[]);
            assert!(parts.iter().all(|part| length(part) <= 1600));
        }
    }

    #[test]
    fn what_just_fits_goes_out_whole() {
        let room = 1600 - "From: +14155550123\n\n".len();
        assert_eq!(forwarded("+14155550123", &"x".repeat(room), &[]).len(), 1);
        assert_eq!(forwarded("+14155550123", &"x".repeat(room + 1), &[]).len(), 2);
    }

    #[test]
    fn a_note_that_just_fits_stands_below_the_text_and_a_longer_one_in_a_message_of_its_own() {
        let note = "(A note.)";
        let room = 1600 - "\n\n".len() - note.len();
        let [whole] = with_note(&"x".repeat(room), note).try_into().unwrap();
        assert_eq!((length(&whole), whole.ends_with("x\n\n(A note.)")), (1600, true));
        let longest = "x".repeat(room + 1);
        assert_eq!(with_note(&longest, note), [longest.as_str(), note], "Twilio refuses 1601 characters");
        // Twilio may count as its most cautious page says: an emoji is two.
        assert_eq!(with_note(&"👍".repeat(room / 2 + 1), note).len(), 2);
    }

    #[test]
    fn an_accent_stays_with_its_letter_where_there_is_no_word_to_split_after() {
        // Letters with accents of their own, all one word: wherever there is room for an odd number of code units.
        for before in ["", "x"] {
            let parts = forwarded("+14155550123", &format!("{before}{}", "e\u{301}".repeat(1000)), &[]);
            assert_eq!(parts.len(), 2);
            assert!(parts[0].ends_with('\u{301}') && parts[1].ends_with('\u{301}'));
            assert!(parts[1].contains("\n\ne"), "{:.40}", parts[1]);
        }
    }

    #[test]
    fn a_text_is_split_between_words_only_where_that_wastes_less_than_half_of_a_message() {
        let room = 1600 - 16 - "From: +14155550123\n\n".len();
        let first = |before: usize| {
            let parts =
                forwarded("+14155550123", &format!("{} {}", "x".repeat(before), "y".repeat(1650)), &[]);
            joined(&parts[..1]).len()
        };
        assert_eq!(first(room / 2), room / 2 + 1, "after the space");
        assert_eq!(first(room / 2 - 1), room, "in the long word");
        assert_eq!(first(2), room, "in the long word");
    }

    #[test]
    fn a_sender_of_spaces_is_unknown_and_a_long_one_is_cut() {
        assert_eq!(forwarded("  ", "Hi!", &[]), ["From: unknown sender\n\nHi!"]);
        for length in [100, 101] {
            let [whole] = forwarded(&"s".repeat(length), "Hi!", &[]).try_into().unwrap();
            assert_eq!(whole, format!("From: {}\n\nHi!", "s".repeat(100)));
        }
    }
}
