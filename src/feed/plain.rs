//! A title as feeds have it (markup, entities, escaped once or twice) → plain text on one line.

use super::escape;
use std::borrow::Cow;

/// Elements whose tags are dropped. Any other `<word>` stays: headlines speak of `<dialog>` and of 3 < 5.
const MARKUP: &[&str] = &[
    "a",
    "abbr",
    "b",
    "bdi",
    "bdo",
    "big",
    "blockquote",
    "br",
    "center",
    "cite",
    "code",
    "del",
    "dfn",
    "div",
    "em",
    "font",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "img",
    "ins",
    "kbd",
    "li",
    "mark",
    "nobr",
    "ol",
    "p",
    "pre",
    "q",
    "s",
    "small",
    "span",
    "strike",
    "strong",
    "sub",
    "sup",
    "tt",
    "u",
    "ul",
    "wbr",
];

/// Plain text of a title: known tags dropped, entities decoded, white space folded.
pub fn title(markup: &str) -> String {
    fold(&decode_entities(&without_tags(markup)))
}

/// White space folded to single blanks, none at the ends.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.push_str(word);
    }
    folded
}

/// Character references of HTML decoded; text without any is returned as it is.
pub fn decode_entities(text: &str) -> Cow<'_, str> {
    escape::resolved(text)
}

fn without_tags(text: &str) -> Cow<'_, str> {
    if !text.contains('<') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        out.push_str(&rest[..at]);
        let tail = &rest[at + 1..];
        let name = tail.strip_prefix('/').unwrap_or(tail);
        let length = name.bytes().take_while(u8::is_ascii_alphanumeric).count();
        let known = MARKUP.iter().any(|known| known.eq_ignore_ascii_case(&name[..length]));
        let ends = name[length..].starts_with(['>', ' ', '/', '\t', '\n', '\r']);
        match tail.find(['>', '<']).filter(|end| known && ends && tail.as_bytes()[*end] == b'>') {
            Some(end) => {
                if matches!(&name[..length], "br" | "p" | "div" | "li" | "hr") {
                    out.push(' ');
                }
                rest = &tail[end + 1..];
            }
            None => {
                out.push('<');
                rest = tail;
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::title;

    #[test]
    fn a_title_becomes_what_a_reader_sees() {
        for (given, expected) in [
            ("Pan &amp; agua", "Pan & agua"),
            ("  Two\n lines ", "Two lines"),
            ("La <b>fiscal</b><br/>habla", "La fiscal habla"),
            ("3 < 5 votes", "3 < 5 votes"),
            ("The <dialog> element", "The <dialog> element"),
            ("a&nbsp;b &#8220;c&#8221;", "a b “c”"),
            ("R&D", "R&D"),
        ] {
            assert_eq!(title(given), expected);
        }
    }
}
