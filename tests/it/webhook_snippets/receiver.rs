//! The receiver in Rust of `docs/webhook.md`, letter by letter.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

pub fn verify(secret: &str, id: &str, timestamp: &str, signatures: &str, body: &[u8], now: i64) -> bool {
    let Ok(time) = timestamp.parse::<i64>() else { return false };
    let Some(Ok(key)) = secret.strip_prefix("whsec_").map(|text| STANDARD.decode(text)) else { return false };
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
    let signed = [format!("{id}.{timestamp}.").as_bytes(), body].concat();
    let fits = |tag: &str| STANDARD.decode(tag).is_ok_and(|tag| hmac::verify(&key, &signed, &tag).is_ok());
    now.abs_diff(time) <= 300 && signatures.split(' ').filter_map(|one| one.strip_prefix("v1,")).any(fits)
}
