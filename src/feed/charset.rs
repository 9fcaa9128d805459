//! bytes → text, for feeds and pages alike: byte order mark > valid UTF-8 > the server's label > the document's own
//! label > windows-1252. Valid UTF-8 is believed before any label: text in another encoding is hardly ever valid UTF-8
//! by chance, while UTF-8 under a wrong label is common.

use encoding_rs::Encoding;
use encoding_rs::UTF_8;
use encoding_rs::WINDOWS_1252;
use std::borrow::Cow;

/// Decodes `bytes`. `content_type` is the whole Content-Type header, `declared` the label that the document itself
/// carries (XML declaration or `<meta>`). Never fails: broken sequences become U+FFFD. The second value is a warning.
pub fn decode<'a>(
    bytes: &'a [u8],
    content_type: Option<&str>,
    declared: Option<&str>,
) -> (Cow<'a, str>, Option<String>) {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return (encoding.decode_without_bom_handling(&bytes[mark..]).0, None);
    }
    if let Some(encoding) = utf_16_without_mark(bytes) {
        return (encoding.decode_without_bom_handling(bytes).0, None);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        // ISO-2022-JP and HZ are all ASCII bytes: valid UTF-8, and mean something else.
        return match declared.or(content_type.and_then(charset_of)).and_then(label) {
            Some(encoding) if !encoding.is_ascii_compatible() && !is_utf_16(encoding) => {
                (encoding.decode_without_bom_handling(bytes).0, None)
            }
            _ => (Cow::Borrowed(text), None),
        };
    }
    let labels = [content_type.and_then(charset_of), declared];
    let mut utf_8_declared = false;
    for encoding in labels.into_iter().flatten().filter_map(label) {
        if encoding == UTF_8 {
            utf_8_declared = true;
            continue;
        }
        if is_utf_16(encoding) {
            continue;
        }
        let (text, broken) = encoding.decode_without_bom_handling(bytes);
        let warning = broken.then(|| format!("some bytes are no {}", encoding.name()));
        return (text, warning);
    }
    // A document that is UTF-8 but for a broken character or two loses those, not all its accents. Counted before
    // anything is decoded: the text of the wrong encoding would be three times as long as its bytes.
    let (whole, broken) = utf_8_letters(bytes);
    if whole > broken || (utf_8_declared && whole == broken) {
        let (text, _) = UTF_8.decode_without_bom_handling(bytes);
        return (text, Some(format!("{broken} places are no UTF-8")));
    }
    let (text, _) = WINDOWS_1252.decode_without_bom_handling(bytes);
    (text, Some("the encoding is not declared: read as windows-1252".into()))
}

/// How many letters beyond ASCII are whole, and how many places are broken, if it is read as UTF-8.
fn utf_8_letters(bytes: &[u8]) -> (usize, usize) {
    bytes.utf8_chunks().fold((0, 0), |(whole, broken), chunk| {
        let letters = chunk.valid().chars().filter(|letter| !letter.is_ascii()).count();
        (whole + letters, broken + usize::from(!chunk.invalid().is_empty()))
    })
}

/// The charset parameter of a Content-Type header.
fn charset_of(content_type: &str) -> Option<&str> {
    let at = content_type.to_ascii_lowercase().find("charset=")? + "charset=".len();
    let value = content_type[at..].split(';').next()?;
    Some(value.trim().trim_matches(['"', '\'']))
}

fn label(name: &str) -> Option<&'static Encoding> {
    Encoding::for_label(name.trim().as_bytes())
}

fn is_utf_16(encoding: &'static Encoding) -> bool {
    encoding == encoding_rs::UTF_16LE || encoding == encoding_rs::UTF_16BE
}

/// `<?` or a line's end and `<`, with a zero byte between each letter.
fn utf_16_without_mark(bytes: &[u8]) -> Option<&'static Encoding> {
    let begins = |letter: u8| matches!(letter, b'<' | b'{' | b'\n' | b'\r' | b'\t' | b' ');
    match bytes {
        [first, 0, second, 0, ..] if begins(*first) && *second != 0 => Some(encoding_rs::UTF_16LE),
        [0, first, 0, second, ..] if begins(*first) && *second != 0 => Some(encoding_rs::UTF_16BE),
        _ => None,
    }
}

/// The label in an XML declaration, read from the first bytes.
pub fn xml_label(bytes: &[u8]) -> Option<&str> {
    let head = ascii_prefix(bytes, 1024);
    let declaration = &head[head.find("<?xml")?..];
    let declaration = &declaration[..declaration.find("?>")?];
    quoted_after(declaration, "encoding")
}

/// The label in a `<meta>` element (`charset="…"`, or inside `content="…; charset=…"`), read from the first bytes.
pub fn html_label(bytes: &[u8]) -> Option<&str> {
    // The standard prescribes 1024 bytes; real pages put scripts before.
    let head = ascii_prefix(bytes, 8192);
    let lower = head.to_ascii_lowercase();
    let mut from = 0;
    while let Some(found) = lower[from..].find("<meta") {
        let start = from + found;
        let end = lower[start..].find('>').map_or(lower.len(), |length| start + length);
        if let Some(at) = lower[start..end].find("charset=") {
            let value = head[start + at + "charset=".len()..end].trim_start_matches(['"', '\'', ' ']);
            let stop = value.find(['"', '\'', ';', ' ', '/', '>']).unwrap_or(value.len());
            return Some(&value[..stop]).filter(|label| !label.is_empty());
        }
        from = end;
    }
    xml_label(bytes)
}

fn quoted_after<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let rest = text[text.find(name)? + name.len()..].trim_start().strip_prefix('=')?.trim_start();
    let quote = rest.chars().next().filter(|letter| matches!(letter, '"' | '\''))?;
    let rest = &rest[1..];
    Some(&rest[..rest.find(quote)?])
}

/// The longest ASCII start of `bytes`, at most `limit` long; a label behind other letters is still found by skipping
/// to the part before the first of them, since both declarations stand in front of all text.
fn ascii_prefix(bytes: &[u8], limit: usize) -> &str {
    let head = &bytes[..bytes.len().min(limit)];
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let length = head.iter().position(|byte| !byte.is_ascii()).unwrap_or(head.len());
    std::str::from_utf8(&head[..length]).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::decode;
    use super::html_label;
    use super::xml_label;

    #[test]
    fn every_way_of_saying_the_encoding_is_understood() {
        type Case<'a> = (&'a [u8], Option<&'a str>, Option<&'a str>, &'a str);
        let cases: [Case<'_>; 13] = [
            (b"\0\n\0<\0\xe9", None, None, "\n<é"),
            (b"\xef\xbb\xbfcaf\xc3\xa9", Some("text/xml; charset=windows-1251"), Some("utf-16"), "café"),
            // Somebody decoded it wrongly before it came here: what it says is not for us to guess.
            (b"caf\xc3\x83\xc2\xa9", None, Some("iso-8859-1"), "caf\u{c3}\u{a9}"),
            (b"\x1b$B$3\x1b(B", Some("text/xml; charset=iso-2022-jp"), None, "こ"),
            (b"caf\xc3\xa9", None, None, "café"),
            (b"caf\xc3\xa9", Some("text/xml; charset=iso-8859-1"), None, "café"),
            (b"\xef\xbb\xbfcaf\xc3\xa9", None, None, "café"),
            (b"\xff\xfe<\0\xe9\0", None, None, "<é"),
            (b"<\0a\0", None, Some("utf-16"), "<a"),
            (b"caf\xe9", Some("text/xml; charset=\"iso-8859-1\""), Some("koi8-r"), "café"),
            (b"\xcf\xf0\xe8\xe2\xe5\xf2", None, Some("windows-1251"), "Привет"),
            (b"\x93caf\xe9\x94", None, None, "“café”"),
            (b"caf\xe9", None, Some("no-such-encoding"), "café"),
        ];
        for (bytes, content_type, declared, expected) in cases {
            assert_eq!(decode(bytes, content_type, declared).0, expected, "{content_type:?} {declared:?}");
        }
    }

    #[test]
    fn one_broken_byte_does_not_spoil_all_accents() {
        let (text, warning) = decode(b"caf\xc3\xa9 \xe9 ma\xc3\xb1ana", None, Some("utf-8"));
        assert_eq!(text, "café \u{fffd} mañana");
        assert!(warning.is_some());
    }

    #[test]
    fn a_label_is_found_where_documents_put_it() {
        assert_eq!(xml_label(b"<?xml version='1.0' encoding='koi8-r'?><rss/>"), Some("koi8-r"));
        assert_eq!(html_label(b"<html><META CHARSET=windows-1252><p>"), Some("windows-1252"));
        assert_eq!(
            html_label(b"<meta name=x><meta http-equiv=Content-Type content=\"text/html; charset=big5\">"),
            Some("big5")
        );
        assert_eq!(html_label(b"<p>nothing</p>"), None);
    }
}
