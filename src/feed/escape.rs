//! Text with whatever references and letters → text that may stand in XML.

use std::collections::HashMap;

/// The document's own entities: plain texts.
#[derive(Debug, Default)]
pub struct Entities<'a>(pub HashMap<&'a str, &'a str>);

impl Entities<'_> {
    /// Text whose references are to be understood.
    pub fn text(&self, out: &mut String, text: &str) {
        let mut rest = text;
        while let Some(at) = memchr::memchr(b'&', rest.as_bytes()) {
            rest[..at].chars().for_each(|letter| push(out, letter));
            rest = &rest[at..];
            rest = self.reference(out, rest);
        }
        rest.chars().for_each(|letter| push(out, letter));
    }

    /// Writes the reference at the start of `text` (or an escaped `&` if it is none) and returns what follows.
    fn reference<'t>(&self, out: &mut String, text: &'t str) -> &'t str {
        let Some((name, rest)) = reference(text) else {
            out.push_str("&amp;");
            return &text[1..];
        };
        if let Some(digits) = name.strip_prefix('#') {
            let Some(number) = code_point(digits) else {
                out.push_str("&amp;");
                return &text[1..];
            };
            if (0xd800..0xdc00).contains(&number) {
                // Some writers escape each half of a UTF-16 pair.
                if let Some((second, after)) = reference(rest)
                    && let Some(low) = second.strip_prefix('#').and_then(code_point)
                    && (0xdc00..0xe000).contains(&low)
                    && let Some(letter) = char::from_u32(0x1_0000 + ((number - 0xd800) << 10) + (low - 0xdc00))
                {
                    out.push(letter);
                    return after;
                }
                return rest;
            }
            match char::from_u32(number) {
                // windows-1252 numbers mean what HTML makes of them: left to the HTML reader.
                Some(_) if (0x80..0xa0).contains(&number) => {
                    out.push_str("&amp;");
                    out.push_str(&text[1..text.len() - rest.len()]);
                }
                Some(letter) => push(out, letter),
                None => {}
            }
            return rest;
        }
        match name {
            "amp" | "lt" | "gt" | "quot" | "apos" => out.push_str(&text[..text.len() - rest.len()]),
            _ => match self.0.get(name).copied() {
                Some(value) => value.chars().for_each(|letter| push(out, letter)),
                None => {
                    out.push_str("&amp;");
                    out.push_str(&text[1..text.len() - rest.len()]);
                }
            },
        }
        rest
    }
}

/// Writes one letter of text; what XML does not allow is left out.
pub fn push(out: &mut String, letter: char) {
    match letter {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '"' => out.push_str("&quot;"),
        '\t' | '\n' | '\r' => out.push(letter),
        '\0'..' ' | '\u{fffe}' | '\u{ffff}' => {}
        _ => out.push(letter),
    }
}

/// `&name;` or `&#number;` at the start of `text`: the name, and what follows.
fn reference(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_prefix('&')?;
    let length = inner.bytes().take(32).take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'#').count();
    (length > 0 && inner.as_bytes().get(length) == Some(&b';')).then(|| (&inner[..length], &inner[length + 1..]))
}

fn code_point(digits: &str) -> Option<u32> {
    match digits.strip_prefix(['x', 'X']) {
        Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16).ok(),
        None => digits.parse().ok(),
    }
}
