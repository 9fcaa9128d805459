//! A body → its form in the store: zstd (RFC 8878), named by the SHA-256 of what went in.

use crate::model::Digest;

/// The level: a page of 140 kB takes about a millisecond and becomes a fifth.
const LEVEL: i32 = 6;

/// A body as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Packed {
    /// Of the body.
    pub digest: Digest,
    /// The body's length in bytes.
    pub size: u64,
    /// Compressed.
    pub bytes: Vec<u8>,
}

impl std::fmt::Debug for Packed {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} ({} bytes, {} packed)", self.digest, self.size, self.bytes.len())
    }
}

/// Compresses a body.
pub fn pack(body: &[u8]) -> Packed {
    let bytes = zstd::bulk::compress(body, LEVEL).expect("a buffer of zstd's own bound takes every body");
    Packed { digest: Digest::of(body), size: body.len() as u64, bytes }
}

/// The body again.
///
/// # Errors
/// In words, when it does not come back as what went in.
pub fn unpack(packed: &Packed) -> Result<Vec<u8>, String> {
    let size = usize::try_from(packed.size).map_err(|_| "it says to be longer than memory".to_owned())?;
    // What was tampered with may say to be of any length; nothing that was fetched is longer than `egress.max_size` can be.
    if size > 1 << 30 {
        return Err(format!("it says to have {size} bytes"));
    }
    let body =
        zstd::bulk::decompress(&packed.bytes, size).map_err(|error| format!("it cannot be unpacked: {error}"))?;
    let found = Digest::of(&body);
    if found == packed.digest { Ok(body) } else { Err(format!("its SHA-256 is {found}")) }
}

#[cfg(test)]
mod tests {
    use super::pack;
    use super::unpack;

    #[test]
    fn a_body_comes_back_and_any_changed_byte_is_found() {
        for body in [&b""[..], b"a", &b"<p>Puerto Claro</p>".repeat(50)] {
            let packed = pack(body);
            assert_eq!(unpack(&packed).as_deref(), Ok(body));
            for at in 0..packed.bytes.len() {
                let mut spoilt = packed.clone();
                spoilt.bytes[at] ^= 0x40;
                // A byte of zstd's own head may say the same in another way; then nothing was lost.
                assert!(unpack(&spoilt).is_err() || unpack(&spoilt).as_deref() == Ok(body), "byte {at}");
            }
            let mut longer = packed.clone();
            longer.size = u64::MAX;
            assert!(unpack(&longer).is_err());
        }
    }
}
