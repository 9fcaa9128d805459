//! (purpose, subject) ↔ text for a link that nobody can guess: HMAC-SHA256 (RFC 2104) under a key of the installation. The
//! purpose is signed along, so that a link for one thing opens no other.

use aws_lc_rs::constant_time;
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Bytes of the key.
pub const KEY: usize = 32;

/// Bytes of the signature that a link carries: half of SHA-256's, which RFC 2104 §5 allows, 128 bits to be guessed.
const TAG: usize = 16;

/// The longest text that is looked at.
const LONGEST: usize = 512;

/// What a link is for. Each use has a name of its own, which never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Purpose(&'static str);

impl Purpose {
    /// Saying that an alert was not relevant. The subject is the delivery.
    pub const FEEDBACK: Self = Self("feedback");

    /// A purpose of this name.
    pub const fn new(name: &'static str) -> Self {
        Self(name)
    }
}

/// What a link says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// What it is for.
    pub purpose: Purpose,
    /// What it is about.
    pub subject: String,
}

/// Makes and checks links.
#[derive(Clone)]
pub struct Signer {
    key: hmac::Key,
}

impl Signer {
    /// A signer with the installation's key.
    pub fn new(key: &[u8]) -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, key) }
    }

    /// Letters, digits, `-`, `_` and one point: it can stand in an address as it is.
    pub fn text(&self, signed: &Signed) -> String {
        let tag = self.tag(signed);
        format!("{}.{}", URL_SAFE_NO_PAD.encode(&signed.subject), URL_SAFE_NO_PAD.encode(tag))
    }

    /// What a text says, if it was made here for this purpose. How long that takes says nothing of the right signature.
    pub fn open(&self, purpose: Purpose, text: &str) -> Option<Signed> {
        if text.len() > LONGEST {
            return None;
        }
        let (subject, tag) = text.split_once('.')?;
        let subject = String::from_utf8(URL_SAFE_NO_PAD.decode(subject).ok()?).ok()?;
        let tag = URL_SAFE_NO_PAD.decode(tag).ok()?;
        let signed = Signed { purpose, subject };
        constant_time::verify_slices_are_equal(&self.tag(&signed), &tag).ok()?;
        Some(signed)
    }

    fn tag(&self, signed: &Signed) -> [u8; TAG] {
        // No purpose holds a zero, so that no two pairs are signed alike.
        let message = [signed.purpose.0.as_bytes(), b"\0", signed.subject.as_bytes()].concat();
        let whole = hmac::sign(&self.key, &message);
        let mut tag = [0; TAG];
        tag.copy_from_slice(&whole.as_ref()[..TAG]);
        tag
    }
}

#[cfg(test)]
mod tests {
    use super::Purpose;
    use super::Signed;
    use super::Signer;
    use proptest::prelude::*;

    const OTHER: Purpose = Purpose::new("other");

    fn signed(subject: &str) -> Signed {
        Signed { purpose: Purpose::FEEDBACK, subject: subject.to_owned() }
    }

    proptest! {
        #[test]
        fn what_was_signed_is_opened_and_nothing_else(subject in ".{0,40}", at in any::<prop::sample::Index>(), other in 1_u8..=255) {
            let signer = Signer::new(&[7; 32]);
            let text = signer.text(&signed(&subject));
            prop_assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)));
            prop_assert_eq!(signer.open(Purpose::FEEDBACK, &text), Some(signed(&subject)));
            prop_assert_eq!(signer.open(OTHER, &text), None);
            prop_assert_eq!(Signer::new(&[8; 32]).open(Purpose::FEEDBACK, &text), None);
            let mut bytes = text.clone().into_bytes();
            let at = at.index(bytes.len());
            bytes[at] ^= other;
            if let Ok(changed) = String::from_utf8(bytes) {
                prop_assert_eq!(signer.open(Purpose::FEEDBACK, &changed), None);
            }
        }

        #[test]
        fn no_text_panics(text in ".{0,600}") {
            prop_assert_eq!(Signer::new(&[7; 32]).open(Purpose::FEEDBACK, &text), None);
        }
    }

    #[test]
    fn a_shortened_signature_is_none() {
        let signer = Signer::new(&[7; 32]);
        let text = signer.text(&signed("ab12"));
        for length in 0..text.len() {
            assert_eq!(signer.open(Purpose::FEEDBACK, &text[..length]), None, "{length}");
        }
    }

    #[test]
    fn the_signature_is_that_of_the_rfc() {
        // Computed with another implementation: HMAC-SHA256 of `feedback`, a zero and `ab12` under 32 bytes of 7.
        assert_eq!(Signer::new(&[7; 32]).text(&signed("ab12")), "YWIxMg.8VPX1Umdqkc9SqybeScTcw");
    }
}
