//! A message → its subject as people read it, and a piece of a file name made from it. Pure.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use unicode_normalization::UnicodeNormalization as _;

/// The subject of a message, unfolded, its encoded words (RFC 2047) decoded; empty when there is none.
pub fn subject(message: &[u8]) -> String {
    let head = String::from_utf8_lossy(message);
    let mut lines = head.lines().take_while(|line| !line.is_empty());
    let Some(first) =
        lines.by_ref().find(|line| line.get(..8).is_some_and(|name| name.eq_ignore_ascii_case("subject:")))
    else {
        return String::new();
    };
    let mut value = first.get(8..).unwrap_or_default().to_owned();
    for folded in lines.take_while(|line| line.starts_with([' ', '\t'])) {
        value.push_str(folded);
    }
    decode_words(value.trim())
}

fn decode_words(text: &str) -> String {
    let mut decoded = String::with_capacity(text.len());
    let mut word_before = false;
    for (number, part) in text.split_whitespace().enumerate() {
        let word = decode_word(part);
        // White space between two encoded words belongs to neither.
        if number > 0 && !(word_before && word.is_some()) {
            decoded.push(' ');
        }
        word_before = word.is_some();
        decoded.push_str(word.as_deref().unwrap_or(part));
    }
    decoded
}

fn decode_word(part: &str) -> Option<String> {
    let mut fields = part.strip_prefix("=?")?.strip_suffix("?=")?.splitn(3, '?');
    let (charset, encoding, text) = (fields.next()?, fields.next()?, fields.next()?);
    let bytes = match encoding {
        "B" | "b" => STANDARD.decode(text).ok()?,
        "Q" | "q" => quoted(text)?,
        _ => return None,
    };
    let charset = encoding_rs::Encoding::for_label(charset.as_bytes())?;
    Some(charset.decode(&bytes).0.into_owned())
}

fn quoted(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, behind)) = rest.split_first() {
        rest = behind;
        match byte {
            b'_' => bytes.push(b' '),
            b'=' => {
                let (hex, after) = rest.split_at_checked(2)?;
                bytes.push(u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()?);
                rest = after;
            }
            _ => bytes.push(byte),
        }
    }
    Some(bytes)
}

/// A piece of a file name: lower-case ASCII letters and digits joined by hyphens, at most 60 of them.
pub fn slug(subject: &str) -> String {
    let mut slug = String::new();
    for character in subject.nfkd().filter(|character| character.is_ascii() || character.is_whitespace()) {
        if slug.len() >= 60 {
            break;
        }
        match character.is_ascii_alphanumeric() {
            true => slug.push(character.to_ascii_lowercase()),
            false if !slug.is_empty() && !slug.ends_with('-') => slug.push('-'),
            false => {}
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "message".into() } else { slug.into() }
}

#[cfg(test)]
mod tests {
    use super::decode_words;
    use super::slug;
    use super::subject;

    #[test]
    fn a_folded_and_encoded_subject_reads_as_it_was_written() {
        let message = b"From: a\r\nSUBJECT: =?utf-8?Q?=C2=ABdetenidos=C2=BB_?=\r\n =?iso-8859-1?Q?en_Cuman=E1?= today\r\nTo: b\r\n\r\nSubject: no";
        assert_eq!(subject(message), "«detenidos» en Cumaná today");
        assert_eq!(subject(b"From: a\r\n\r\nSubject: no"), "");
        assert_eq!(decode_words("=?utf-8?X?a?= =?broken"), "=?utf-8?X?a?= =?broken");
    }

    #[test]
    fn a_subject_makes_a_safe_file_name() {
        assert_eq!(slug("../../etc/passwd"), "etc-passwd");
        assert_eq!(slug("ÁVILA: «señal»"), "avila-senal");
        assert_eq!(slug("—"), "message");
        assert!(slug(&"palabra ".repeat(40)).len() <= 60);
    }
}
