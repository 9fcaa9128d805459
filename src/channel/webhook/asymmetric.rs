//! `v1a` of Standard Webhooks 1.0.0: Ed25519 over the same text, so that a receiver need not hold what signs.

use aws_lc_rs::error::Unspecified;
use aws_lc_rs::signature::ED25519;
use aws_lc_rs::signature::Ed25519KeyPair;
use aws_lc_rs::signature::KeyPair;
use aws_lc_rs::signature::UnparsedPublicKey;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A key that signs.
pub(super) struct Pair(Ed25519KeyPair);

/// A key that checks.
pub(super) struct Public(UnparsedPublicKey<Vec<u8>>);

impl Pair {
    /// From `whsk_` and 32 bytes (the seed) or 64 (seed and public key) in base64. `None` for what stands in for a
    /// credential that was not read.
    pub fn read(text: &str) -> Result<Option<Self>, String> {
        let text = text.trim();
        if text.starts_with("whsec_AAAA") {
            return Ok(None);
        }
        let Some(text) = text.strip_prefix("whsk_") else { return Err("does not begin with `whsk_`".into()) };
        let Ok(bytes) = STANDARD.decode(text) else { return Err("is not base64 behind `whsk_`".into()) };
        let pair = match bytes.split_at_checked(32) {
            Some((seed, [])) => Ed25519KeyPair::from_seed_unchecked(seed),
            Some((seed, public)) if public.len() == 32 => Ed25519KeyPair::from_seed_and_public_key(seed, public),
            _ => return Err(format!("holds {} bytes, and an Ed25519 key has 32 or 64", bytes.len())),
        };
        pair.map(|pair| Some(Self(pair))).map_err(|_| "is no Ed25519 key: its halves do not belong together".into())
    }

    /// The signature of a text, as it stands in the header.
    pub fn signature(&self, text: &[u8]) -> String {
        format!("v1a,{}", STANDARD.encode(self.0.sign(text).as_ref()))
    }
}

/// From 32 bytes in base64, without `whpk_`.
pub(super) fn public_key(text: &str) -> Option<Public> {
    let bytes = STANDARD.decode(text).ok().filter(|bytes| bytes.len() == 32)?;
    Some(Public(UnparsedPublicKey::new(&ED25519, bytes)))
}

impl Public {
    /// Whether `tag` is the signature of `text`.
    pub fn fits(&self, text: &[u8], tag: &[u8]) -> bool {
        self.0.verify(text, tag).is_ok()
    }
}

/// A new pair: the private key, `whsk_…`, and the public one, `whpk_…`.
///
/// # Errors
/// When the system gives no randomness.
pub fn generate() -> Result<(String, String), Unspecified> {
    let mut seed = [0; 32];
    aws_lc_rs::rand::fill(&mut seed)?;
    let pair = Ed25519KeyPair::from_seed_unchecked(&seed)?;
    let public = STANDARD.encode(pair.public_key().as_ref());
    Ok((format!("whsk_{}", STANDARD.encode(seed)), format!("whpk_{public}")))
}

#[cfg(test)]
mod tests {
    use super::Pair;
    use super::generate;
    use super::public_key;
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    fn hexadecimal(text: &str) -> Vec<u8> {
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("digits")).collect()
    }

    #[test]
    fn signatures_are_those_of_the_published_example() {
        // RFC 8032 §7.1, test 2.
        let seed = hexadecimal("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
        let public = hexadecimal("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
        let tag = hexadecimal(
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        );
        for key in [seed.clone(), [seed, public.clone()].concat()] {
            let pair = Pair::read(&format!("whsk_{}", STANDARD.encode(key))).expect("a key").expect("one that signs");
            assert_eq!(pair.signature(&[0x72]), format!("v1a,{}", STANDARD.encode(&tag)));
        }
        let public = public_key(&STANDARD.encode(public)).expect("a key");
        assert!(public.fits(&[0x72], &tag));
        assert!(!public.fits(&[0x73], &tag));
    }

    #[test]
    fn a_pair_that_was_made_fits_and_what_is_none_is_said() {
        let (private, public) = generate().expect("a pair");
        let pair = Pair::read(&private).expect("a key").expect("one that signs");
        let tag = pair.signature(b"text");
        let tag = STANDARD.decode(tag.strip_prefix("v1a,").expect("the version")).expect("base64");
        let public = public_key(public.strip_prefix("whpk_").expect("the prefix")).expect("a key");
        assert!(public.fits(b"text", &tag));
        for (text, expected) in [
            ("whsec_bm8=", "does not begin"),
            ("whsk_?", "not base64"),
            ("whsk_AAAA", "holds 3 bytes"),
            (&format!("whsk_{}", STANDARD.encode([7; 64])), "do not belong together"),
        ] {
            let error = Pair::read(text).err().expect("it is refused");
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
