//! Twilio signs every webhook with the account's auth token.
//!
//! <https://www.twilio.com/docs/usage/security#validating-requests>

use ::hmac::{Hmac, KeyInit, Mac};
use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use ring::hmac;
use secrecy::{ExposeSecret, SecretString};
use sha1::Sha1;

/// A Twilio auth token. It cannot be printed, compared or copied out of this module.
#[derive(Clone, Debug)]
pub struct AuthToken(SecretString);

/// The auth tokens of an account: one, or the old and the new one during a rotation.
#[derive(Clone, Debug)]
pub struct AuthTokens(Vec<AuthToken>);

impl AuthToken {
    /// Takes the token from wherever it was kept.
    #[must_use]
    pub fn new(token: SecretString) -> Self {
        Self(token)
    }

    /// Signs as Twilio does: `url` exactly as requested, and the fields of the form that is posted
    /// to it, decoded. This is for whoever plays Twilio.
    #[must_use]
    pub fn sign(&self, url: &str, form: &[(String, String)]) -> String {
        BASE64_STANDARD.encode(self.mac(url, &signed_text(&mut form.to_vec())).finalize().into_bytes())
    }

    /// The token itself, for the one header that carries it.
    pub(super) fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Over the URL and what [`signed_text`] makes of the form.
    fn mac(&self, url: &str, text: &str) -> Hmac<Sha1> {
        let key = self.0.expose_secret().as_bytes();
        let mut mac = Hmac::<Sha1>::new_from_slice(key).expect("HMAC takes keys of any length");
        mac.update(url.as_bytes());
        mac.update(text.as_bytes());
        mac
    }
}

impl AuthTokens {
    /// Reads one token, or several that are separated by commas; `None` if there is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let tokens = text.split(',').map(str::trim).filter(|token| !token.is_empty());
        let tokens: Vec<_> = tokens.map(|token| AuthToken::new(token.into())).collect();
        (!tokens.is_empty()).then_some(Self(tokens))
    }

    /// The token that Twilio signs with, unless it has just been replaced by another of these.
    #[must_use]
    pub fn first(&self) -> &AuthToken {
        &self.0[0]
    }

    /// A mark that nobody else can put on `text`, in the letters that a URL may have.
    pub(super) fn mark(&self, text: &str) -> String {
        let AuthToken(token) = self.first();
        BASE64_URL_SAFE_NO_PAD.encode(hmac::sign(&marker(token), text.as_bytes()))
    }

    /// Whether one of these tokens has put `mark` on `text`.
    pub(super) fn marked(&self, text: &str, mark: &str) -> bool {
        let Ok(mark) = BASE64_URL_SAFE_NO_PAD.decode(mark) else { return false };
        self.iter().any(|AuthToken(token)| hmac::verify(&marker(token), text.as_bytes(), &mark).is_ok())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &AuthToken> {
        self.0.iter()
    }

    /// Whether `signature` was made with one of these tokens, over one of `urls` and `text`, the
    /// [`signed_text`] of a form.
    ///
    /// The comparison takes the same time wherever the signatures differ.
    pub(super) fn signed(
        &self,
        signature: &[u8],
        mut urls: impl Iterator<Item = String>,
        text: &str,
    ) -> bool {
        let Ok(signature) = BASE64_STANDARD.decode(signature) else { return false };
        urls.any(|url| self.iter().any(|token| token.mac(&url, text).verify_slice(&signature).is_ok()))
    }
}

/// What Twilio signs of a form: each field's name and value, with nothing between them. It puts `fields` in the order of
/// their names and leaves one of those that are the same, as Twilio's own libraries do it.
pub(super) fn signed_text<T: AsRef<str> + Ord>(fields: &mut Vec<(T, T)>) -> String {
    fields.sort_unstable();
    fields.dedup();
    let length = fields.iter().map(|(name, value)| name.as_ref().len() + value.as_ref().len()).sum();
    let mut text = String::with_capacity(length);
    for (name, value) in &*fields {
        text.push_str(name.as_ref());
        text.push_str(value.as_ref());
    }
    text
}

/// Not the hash that Twilio signs with, so that no signature of Twilio's is ever a mark of ours.
fn marker(token: &SecretString) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, token.expose_secret().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example in Twilio's documentation.
    const URL: &str = "https://mycompany.com/myapp.php?foo=1&bar=2";
    const FORM: [(&str, &str); 5] = [
        ("CallSid", "CA1234567890ABCDE"),
        ("Caller", "+14158675309"),
        ("Digits", "1234"),
        ("From", "+14158675309"),
        ("To", "+18005551212"),
    ];
    const SIGNATURE: &[u8] = b"RSOYDt4T1cUTdK1PDd93/VVr8B8=";

    fn form() -> Vec<(String, String)> {
        FORM.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn signed(tokens: &str, signature: &[u8], url: &str, form: &[(String, String)]) -> bool {
        let (tokens, urls) = (AuthTokens::parse(tokens).unwrap(), [url.to_owned()]);
        tokens.signed(signature, urls.into_iter(), &signed_text(&mut form.to_vec()))
    }

    #[test]
    fn twilios_own_example_is_believed_in_any_order_of_its_fields() {
        let mut form = form();
        assert!(signed("12345", SIGNATURE, URL, &form));
        form.reverse();
        assert!(signed("12345", SIGNATURE, URL, &form));
    }

    #[test]
    fn either_token_is_believed_during_a_rotation() {
        assert!(signed("12345, new", SIGNATURE, URL, &form()));
        assert!(signed("new,12345", SIGNATURE, URL, &form()));
        assert!(AuthTokens::parse(" , ").is_none());
    }

    #[test]
    fn a_field_that_comes_twice_is_signed_once() {
        let twice = [form(), form()].concat();
        assert!(signed("12345", SIGNATURE, URL, &twice));
    }

    #[test]
    fn a_mark_is_good_for_one_text_and_made_with_one_of_the_tokens() {
        let tokens = |text| AuthTokens::parse(text).unwrap();
        let mark = tokens("12345").mark("a file");
        assert!(tokens("12345").marked("a file", &mark) && tokens("new, 12345").marked("a file", &mark));
        assert!(!tokens("12345").marked("another file", &mark) && !tokens("new").marked("a file", &mark));
        assert!(!tokens("12345").marked("a file", "") && !tokens("12345").marked("a file", "not base64"));
    }

    #[test]
    fn a_part_of_a_signature_or_of_a_mark_proves_nothing_and_neither_does_another_notation() {
        let tokens = AuthTokens::parse("12345").unwrap();
        let (signature, mark) = (str::from_utf8(SIGNATURE).unwrap(), tokens.mark("a file"));
        let is_signed = |text: &str| signed("12345", text.as_bytes(), URL, &form());
        let is_marked = |text: &str| tokens.marked("a file", text);
        let bytes =
            [BASE64_STANDARD.decode(signature).unwrap(), BASE64_URL_SAFE_NO_PAD.decode(&mark).unwrap()];
        for bytes in &bytes {
            for length in 0..bytes.len() {
                let (first, rest) = bytes.split_at(length);
                let filled = [first, &vec![0; rest.len()]].concat();
                let flipped = [first, &[rest[0] ^ 1], &rest[1..]].concat();
                for other in [first, rest, &filled, &flipped, &[bytes, first, &[0]].concat()] {
                    assert!(other == bytes || !is_signed(&BASE64_STANDARD.encode(other)), "{other:?}");
                    assert!(other == bytes || !is_marked(&BASE64_URL_SAFE_NO_PAD.encode(other)), "{other:?}");
                }
            }
        }
        for length in 0..signature.len() {
            assert!(!is_signed(&signature[..length]), "{length}");
        }
        for length in 0..mark.len() {
            assert!(!is_marked(&mark[..length]), "{length}");
        }
        let [of_signature, of_mark] = &bytes;
        for other in [
            format!(" {signature}"),
            format!("{signature}\n"),
            format!("{signature}="),
            format!("{signature},{signature}"),
            signature.trim_end_matches('=').to_owned(),
            BASE64_URL_SAFE_NO_PAD.encode(of_signature),
            signature.replace('/', "_"),
            signature.to_lowercase(),
        ] {
            assert!(!is_signed(&other), "{other}");
        }
        for other in
            [format!(" {mark}"), format!("{mark}="), BASE64_STANDARD.encode(of_mark), mark.to_lowercase()]
        {
            assert!(!is_marked(&other), "{other}");
        }
        assert!(is_signed(signature) && is_marked(&mark));
    }

    #[test]
    fn nothing_may_change() {
        let mut other_form = form();
        other_form[2].1 = "9999".to_owned();
        let cases = [
            ("the form", "12345", SIGNATURE, URL, other_form),
            ("the URL", "12345", SIGNATURE, "https://mycompany.com/", form()),
            ("the token", "54321", SIGNATURE, URL, form()),
            ("the signature", "12345", b"SSOYDt4T1cUTdK1PDd93/VVr8B8=", URL, form()),
            ("its encoding", "12345", b"not base64", URL, form()),
            ("its length", "12345", b"", URL, form()),
        ];
        for (what, tokens, signature, url, form) in cases {
            assert!(!signed(tokens, signature, url, &form), "{what} changed");
        }
    }
}
