//! A digest → a time-stamp request (RFC 3161 §2.4.1) in DER, which any time-stamping authority answers:
//!
//! ```text
//! TimeStampReq ::= SEQUENCE { version 1, messageImprint { sha256, digest }, certReq TRUE }
//! ```
//!
//! It has no nonce: the same digest gives the same bytes, and an answer is as good years later.

use crate::model::Digest;

/// Everything before the digest. All lengths are fixed, because a SHA-256 has 32 bytes.
const HEAD: [u8; 24] = [
    0x30, 0x39, // SEQUENCE of 57 bytes
    0x02, 0x01, 0x01, // INTEGER 1
    0x30, 0x31, // SEQUENCE of 49 bytes: the message imprint
    0x30, 0x0d, // SEQUENCE of 13 bytes: the algorithm
    0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, // 2.16.840.1.101.3.4.2.1, SHA-256
    0x05, 0x00, // NULL
    0x04, 0x20, // OCTET STRING of 32 bytes
];

/// BOOLEAN TRUE: the authority's certificate is to come along.
const TAIL: [u8; 3] = [0x01, 0x01, 0xff];

/// The request for a time stamp over `digest`, as it stands in a `.tsq` file.
pub fn request(digest: &Digest) -> Vec<u8> {
    [&HEAD[..], digest.as_bytes(), &TAIL].concat()
}

#[cfg(test)]
mod tests {
    use super::request;
    use crate::model::Digest;

    #[test]
    fn its_lengths_say_what_is_there() {
        let made = request(&Digest::of(b"abc"));
        assert_eq!(made.len(), 2 + usize::from(made[1]));
        assert_eq!(usize::from(made[6]), 2 + 13 + 2 + 32);
        assert_eq!(&made[24..56], Digest::of(b"abc").as_bytes());
    }
}
