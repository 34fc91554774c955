//! JSON that is nearly JSON.

/// `json` with U+FFFD in place of each half of a surrogate pair that stands alone, like `\ud800`, and of bytes that are not
/// UTF-8.
///
/// JSON's grammar allows [unpaired surrogates], but no Rust string can hold one. A vendor may pass on what somebody typed.
///
/// [unpaired surrogates]: https://www.rfc-editor.org/rfc/rfc8259#section-8.2
pub(super) fn mended(json: &[u8]) -> String {
    let json = String::from_utf8_lossy(json);
    let mut mended = String::with_capacity(json.len());
    let mut rest = &*json;
    // In JSON a backslash always begins an escape.
    while let Some((before, escape)) = rest.split_once('\\') {
        mended.push_str(before);
        let (text, length) = match (unit(escape), escape.get(5..).and_then(|it| unit(it.strip_prefix('\\')?)))
        {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => (escape.get(..11), 11),
            (Some(0xd800..=0xdfff), _) => (Some("ufffd"), 5),
            // At least the character after the backslash, which may be another backslash.
            _ => (None, escape.chars().next().map_or(0, char::len_utf8)),
        };
        mended.push('\\');
        mended.push_str(text.unwrap_or(&escape[..length]));
        rest = &escape[length..];
    }
    mended + rest
}

/// The code unit in `u12ab…`.
fn unit(escape: &str) -> Option<u16> {
    let digits = escape.strip_prefix('u')?.get(..4)?;
    digits.bytes().all(|it| it.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::mended;

    #[test]
    fn a_surrogate_that_stands_alone_becomes_a_replacement_character() {
        for (json, text) in [
            (r#""a\ud800b""#, "a\u{fffd}b"),
            (r#""\udc00""#, "\u{fffd}"),
            (r#""\ud800\ud800\udc00""#, "\u{fffd}\u{10000}"),
            (r#""\uD83D\uDE00 is whole""#, "\u{1f600} is whole"),
            (r#""\\ud800 is text""#, r"\ud800 is text"),
            (r#""\\\ud800""#, "\\\u{fffd}"),
            (r#""\ud800\n\"\u00e9""#, "\u{fffd}\n\"é"),
        ] {
            assert_eq!(serde_json::from_str::<String>(&mended(json.as_bytes())).unwrap(), text, "{json}");
        }
        assert_eq!(mended(b"\"a\xffb\""), "\"a\u{fffd}b\"");
    }

    #[test]
    fn what_ends_in_the_middle_of_an_escape_stays_as_it_is() {
        for json in [r"\", r"\u", r"\ud8", r"\ud800\", r"\ué", r"\é"] {
            assert_eq!(mended(json.as_bytes()), json.replace(r"\ud800", r"\ufffd"));
        }
    }
}
