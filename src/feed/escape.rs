//! Text with references → text: numbers, the names of XML and HTML, and the document's own plain entities. What cannot
//! stand in a text is left out, what is no reference stays as it is.

use quick_xml::escape::resolve_html5_entity;
use std::borrow::Cow;
use std::collections::HashMap;

/// How many bytes a document's own entities may add in all: they are abbreviations, and multiply what a hostile one says.
const ADDED: usize = 64 * 1024;

/// The document's own entities: plain texts.
#[derive(Debug, Default)]
pub struct Entities<'a> {
    names: HashMap<&'a str, &'a str>,
    added: usize,
}

impl<'a> Entities<'a> {
    /// Takes the plain ones from an internal subset: none that holds a reference, so that nothing can grow by layers.
    pub fn declare(&mut self, subset: &'a str) {
        for declaration in subset.split("<!ENTITY").skip(1).take(1000) {
            let declaration = declaration.trim_start();
            let Some((name, rest)) = declaration.split_once(char::is_whitespace) else { continue };
            let rest = rest.trim_start();
            let Some(quote) = rest.chars().next().filter(|letter| matches!(letter, '"' | '\'')) else { continue };
            if let Some(end) = rest[1..].find(quote)
                && end <= 200
                && !rest[1..=end].contains('&')
            {
                self.names.insert(name, &rest[1..=end]);
            }
        }
    }

    /// Appends `text` with its references resolved.
    pub fn resolve(&mut self, out: &mut String, text: &str) {
        let mut rest = text;
        while let Some(at) = memchr::memchr(b'&', rest.as_bytes()) {
            push(out, &rest[..at]);
            rest = &rest[at..];
            rest = self.reference(out, rest);
        }
        push(out, rest);
    }

    /// Appends what the reference at the start of `text` means (or a `&` if it is none) and returns what follows.
    fn reference<'t>(&mut self, out: &mut String, text: &'t str) -> &'t str {
        let Some((name, rest)) = reference(text) else {
            out.push('&');
            return &text[1..];
        };
        if let Some(value) = self.names.get(name).filter(|value| self.added + value.len() <= ADDED) {
            self.added += value.len();
            push(out, value);
            return rest;
        }
        match decoded(name, rest) {
            Some((letters, rest)) => {
                push(out, &letters);
                rest
            }
            None => {
                out.push('&');
                &text[1..]
            }
        }
    }
}

/// `text` with references resolved, none of a document's own.
pub fn resolved(text: &str) -> Cow<'_, str> {
    if memchr::memchr(b'&', text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    Entities::default().resolve(&mut out, text);
    Cow::Owned(out)
}

/// Appends text without the letters that no text holds.
pub fn push(out: &mut String, text: &str) {
    let odd = |byte: u8| (byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r')) || byte == 0xef;
    if !text.bytes().any(odd) {
        return out.push_str(text);
    }
    let barred = |letter: char| match letter {
        '\t' | '\n' | '\r' => false,
        '\0'..' ' | '\u{fffe}' | '\u{ffff}' => true,
        _ => false,
    };
    text.split(barred).for_each(|part| out.push_str(part));
}

/// What the reference called `name` means, and what follows it when `rest` did before.
fn decoded<'t>(name: &str, rest: &'t str) -> Option<(Cow<'static, str>, &'t str)> {
    let Some(digits) = name.strip_prefix('#') else {
        return resolve_html5_entity(name).map(|letters| (Cow::Borrowed(letters), rest));
    };
    let number = code_point(digits)?;
    let (number, rest) = match number {
        // windows-1252 numbers mean what HTML makes of them.
        0x80..0xa0 => (u32::from(windows_1252(number)), rest),
        // Some writers escape each half of a UTF-16 pair.
        0xd800..0xdc00 => match reference(rest).and_then(|(second, after)| {
            let low = second.strip_prefix('#').and_then(code_point).filter(|low| (0xdc00..0xe000).contains(low))?;
            Some((0x1_0000 + ((number - 0xd800) << 10) + (low - 0xdc00), after))
        }) {
            Some(pair) => pair,
            None => return Some((Cow::Borrowed(""), rest)),
        },
        _ => (number, rest),
    };
    let letters = char::from_u32(number).map_or(Cow::Borrowed(""), |letter| Cow::Owned(letter.to_string()));
    Some((letters, rest))
}

fn windows_1252(number: u32) -> char {
    let byte = [u8::try_from(number).unwrap_or(b'?')];
    encoding_rs::WINDOWS_1252.decode_without_bom_handling(&byte).0.chars().next().unwrap_or('\u{fffd}')
}

/// `&name;` or `&#number;` at the start of `text`: the name, and what follows.
fn reference(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_prefix('&')?;
    let length =
        inner.bytes().take(40).take_while(|byte| byte.is_ascii_alphanumeric() || b"#._-".contains(byte)).count();
    (length > 0 && inner.as_bytes().get(length) == Some(&b';')).then(|| (&inner[..length], &inner[length + 1..]))
}

fn code_point(digits: &str) -> Option<u32> {
    match digits.strip_prefix(['x', 'X']) {
        Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16).ok(),
        None => digits.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::Entities;
    use super::resolved;

    #[test]
    fn references_mean_what_html_makes_of_them() {
        for (given, expected) in [
            ("a &amp; b &lt;i&gt; &quot;&apos;", "a & b <i> \"'"),
            ("&eacute;&nbsp;&hellip;&#233;&#xE9;&#X26;", "é\u{a0}…éé&"),
            ("R&D & &nothing; &; &#; &#x;", "R&D & &nothing; &; &#; &#x;"),
            ("&#147;a&#148; &#0;&#1;&#xffff;", "“a” "),
            ("&#xD83D;&#xDE00; &#xD83D;!", "\u{1f600} !"),
            ("&#99999999999;", "&#99999999999;"),
            ("a\u{0}b\u{ffff}", "ab"),
        ] {
            let mut out = String::new();
            Entities::default().resolve(&mut out, given);
            assert_eq!(out, expected, "{given}");
        }
        assert_eq!(resolved("a &amp;amp; b"), "a &amp; b");
    }

    #[test]
    fn a_documents_own_entities_are_resolved_once_and_not_without_end() {
        let mut entities = Entities::default();
        let long = "x".repeat(200);
        let subset = format!("[<!ENTITY org \"Faro\"><!ENTITY lol '&org;&org;'><!ENTITY long '{long}'>");
        entities.declare(&subset);
        let mut out = String::new();
        entities.resolve(&mut out, "&org; &lol;");
        assert_eq!(out, "Faro &lol;");
        out.clear();
        entities.resolve(&mut out, &"&long;".repeat(1_000_000));
        assert!(out.len() < 7_000_000, "{}", out.len());
    }
}
