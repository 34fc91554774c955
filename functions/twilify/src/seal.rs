//! The last known mobile of an employee, sealed into the webhook URLs of their company number, so that
//! calls and texts arrive while Okta does not answer.
//!
//! Only whoever has the key can read it or make one, and it is worth nothing on another number, for
//! another employee or after its time. Twilio keeps it, and sends it with every webhook.

use std::sync::Arc;

use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use jiff::{SignedDuration, Timestamp};
use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    rand::{SecureRandom as _, SystemRandom},
};
use secrecy::{ExposeSecret as _, SecretString};

use crate::{
    EmployeeId,
    phone::{CompanyNumber, MobileNumber},
};

/// Where calls and texts go while Okta does not answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastKnown {
    /// The phone that rings.
    pub mobile: MobileNumber,
    /// What a caller hears its owner called.
    pub name: String,
}

/// A [`LastKnown`] as it stands in a URL. It can be shown: without the key it says nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sealed(pub String);

/// What seals and opens.
#[derive(Clone, Debug)]
pub struct Seal {
    key: Arc<LessSafeKey>,
    lifetime: SignedDuration,
}

/// The text is not a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not 32 random bytes in Base64; make them with: openssl rand -base64 32")]
pub struct NotASealKey;

/// A new key: 32 random bytes in Base64.
///
/// # Panics
///
/// If the operating system has no randomness to give.
#[must_use]
pub fn new_key() -> SecretString {
    let mut key = [0; 32];
    SystemRandom::new().fill(&mut key).expect("the operating system has randomness");
    BASE64_STANDARD.encode(key).into()
}

impl Seal {
    /// A seal with a `key` of 32 bytes in Base64. What it seals is good for `lifetime`.
    pub fn new(key: &SecretString, lifetime: SignedDuration) -> Result<Self, NotASealKey> {
        let key = BASE64_STANDARD.decode(key.expose_secret()).map_err(|_| NotASealKey)?;
        let key = UnboundKey::new(&AES_256_GCM, &key).map_err(|_| NotASealKey)?;
        Ok(Self { key: Arc::new(LessSafeKey::new(key)), lifetime })
    }

    /// Seals what is known at the time `now` of the employee who has `number`.
    ///
    /// # Panics
    ///
    /// If the operating system has no randomness to give.
    #[must_use]
    pub fn seal(
        &self,
        known: &LastKnown,
        number: &CompanyNumber,
        employee: &EmployeeId,
        now: Timestamp,
    ) -> Sealed {
        let LastKnown { mobile, name } = known;
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).expect("the operating system has randomness");
        let mut text = format!("{}\n{}\n{name}", now.as_second(), mobile.as_e164()).into_bytes();
        let nonce_of_this = Nonce::assume_unique_for_key(nonce);
        self.key
            .seal_in_place_append_tag(nonce_of_this, bound_to(number, employee), &mut text)
            .expect("this is far shorter than what may be sealed at once");
        Sealed(BASE64_URL_SAFE_NO_PAD.encode([&nonce[..], &text].concat()))
    }

    /// What was known of the employee who has `number`, and when. `None` if this is not our seal, was made
    /// for another number or employee, or is older than it may be at the time `now`.
    #[must_use]
    pub fn open(
        &self,
        Sealed(sealed): &Sealed,
        number: &CompanyNumber,
        employee: &EmployeeId,
        now: Timestamp,
    ) -> Option<(LastKnown, Timestamp)> {
        let mut sealed = BASE64_URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (nonce, text) = sealed.split_at_mut_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let text = self.key.open_in_place(nonce, bound_to(number, employee), text).ok()?;
        let [time, mobile, name] = str::from_utf8(text).ok()?.splitn(3, '\n').collect::<Vec<_>>()[..] else {
            return None;
        };
        let sealed_at = Timestamp::from_second(time.parse().ok()?).ok()?;
        let known = LastKnown { mobile: mobile.parse().ok()?, name: name.to_owned() };
        (now.duration_since(sealed_at) <= self.lifetime).then_some((known, sealed_at))
    }

    /// Whether a seal that was made at `sealed_at` is to be made anew at the time `now`: when it has lived
    /// for half of its time.
    #[must_use]
    pub fn is_aged(&self, sealed_at: Timestamp, now: Timestamp) -> bool {
        now.duration_since(sealed_at) > self.lifetime / 2
    }
}

fn bound_to(number: &CompanyNumber, EmployeeId(employee): &EmployeeId) -> Aad<String> {
    Aad::from(format!("twilify route 1 {} {employee}", number.as_e164()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
    const OTHER_KEY: &str = "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=";

    fn seal(key: &str) -> Seal {
        Seal::new(&key.into(), SignedDuration::from_hours(24 * 7)).unwrap()
    }

    fn number() -> CompanyNumber {
        "+19253294108".parse().unwrap()
    }

    fn ada() -> EmployeeId {
        EmployeeId("00uada".to_owned())
    }

    fn known() -> LastKnown {
        LastKnown { mobile: "+18182179229".parse().unwrap(), name: "Ada".to_owned() }
    }

    fn monday() -> Timestamp {
        "2026-11-23T09:00:00Z".parse().unwrap()
    }

    fn days_later(days: i64) -> Timestamp {
        monday() + SignedDuration::from_hours(24 * days)
    }

    fn sealed() -> Sealed {
        seal(KEY).seal(&known(), &number(), &ada(), monday())
    }

    #[test]
    fn what_was_sealed_can_be_opened_with_the_time() {
        assert_eq!(seal(KEY).open(&sealed(), &number(), &ada(), days_later(7)), Some((known(), monday())));
        assert_ne!(sealed(), sealed(), "nobody sees whether two say the same");
        assert!(!sealed().0.contains(['+', '/', '=', '&', '%']), "it stands in a URL as it is");
    }

    #[test]
    fn nothing_but_what_was_sealed_can_be_opened() {
        let (number, ada, now) = (number(), ada(), days_later(1));
        let grace = EmployeeId("00ugrace".to_owned());
        let seal = seal(KEY);
        assert_eq!(super::tests::seal(OTHER_KEY).open(&sealed(), &number, &ada, now), None, "another key");
        assert_eq!(seal.open(&sealed(), &"+19253294109".parse().unwrap(), &ada, now), None, "another number");
        assert_eq!(seal.open(&sealed(), &number, &grace, now), None, "another employee");
        assert_eq!(seal.open(&sealed(), &number, &ada, days_later(8)), None, "another week");
        let Sealed(text) = sealed();
        for position in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[position] = if bytes[position] == b'A' { b'B' } else { b'A' };
            let changed = Sealed(String::from_utf8(bytes).unwrap());
            // The last character has bits that mean nothing, and a strict decoder refuses them.
            assert_eq!(seal.open(&changed, &number, &ada, now), None, "{position}");
        }
        for end in 0..text.len() {
            assert_eq!(seal.open(&Sealed(text[..end].to_owned()), &number, &ada, now), None, "{end}");
        }
    }

    #[test]
    fn a_seal_is_renewed_in_the_middle_of_its_life() {
        let half = SignedDuration::from_hours(24 * 7) / 2;
        assert!(!seal(KEY).is_aged(monday(), monday() + half));
        assert!(seal(KEY).is_aged(monday(), monday() + half + SignedDuration::from_secs(1)));
    }

    #[test]
    fn a_new_key_is_one_and_like_no_other() {
        assert!(Seal::new(&new_key(), SignedDuration::ZERO).is_ok());
        assert_ne!(new_key().expose_secret(), new_key().expose_secret());
    }

    #[test]
    fn a_key_is_32_bytes() {
        for text in ["", "secret", "c2hvcnQ=", &KEY[1..], &format!("{KEY}{KEY}")] {
            assert!(Seal::new(&text.into(), SignedDuration::ZERO).is_err(), "{text}");
        }
    }
}
