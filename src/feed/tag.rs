//! The text from a `<` on → a start tag, as tolerantly as browsers read it.

/// More attributes than this on one tag are dropped.
const ATTRIBUTES: usize = 64;

/// A start tag.
#[derive(Debug, PartialEq, Eq)]
pub struct Tag<'a> {
    /// As it is written, with its prefix.
    pub name: &'a str,
    /// Name and value, references not yet resolved; the first of each name.
    pub attributes: Vec<(&'a str, &'a str)>,
    /// Whether it ends with `/>`.
    pub empty: bool,
}

/// The start tag at the beginning of `text` and its length; `None` when this `<` begins none.
pub fn tag(text: &str) -> Option<(Tag<'_>, usize)> {
    let bytes = text.as_bytes();
    let length =
        1 + text[1..].find(|letter: char| letter.is_whitespace() || matches!(letter, '>' | '/' | '<' | '='))?;
    let name = &text[1..length];
    if !is_name(name) {
        return None;
    }
    let mut attributes: Vec<(&str, &str)> = Vec::new();
    let mut at = length;
    loop {
        at += bytes[at..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        match bytes.get(at)? {
            b'>' => return Some((Tag { name, attributes, empty: false }, at + 1)),
            b'/' if bytes.get(at + 1) == Some(&b'>') => return Some((Tag { name, attributes, empty: true }, at + 2)),
            b'<' => return None,
            b'/' => at += 1,
            _ => {
                let start = at;
                at += bytes[at..]
                    .iter()
                    .take_while(|byte| !byte.is_ascii_whitespace() && !matches!(byte, b'=' | b'>' | b'/' | b'<'))
                    .count();
                let attribute = &text[start..at];
                let gap = bytes[at..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
                let mut value = "";
                if bytes.get(at + gap) == Some(&b'=') {
                    at += gap + 1;
                    at += bytes[at..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
                    let quote = *bytes.get(at)?;
                    if matches!(quote, b'"' | b'\'') {
                        // No `<` may stand in a value, so the search for its end is bounded by the next tag.
                        let inner = at + 1;
                        let end = inner + bytes[inner..].iter().position(|byte| *byte == quote || *byte == b'<')?;
                        if bytes[end] == b'<' {
                            return None;
                        }
                        value = &text[inner..end];
                        at = end + 1;
                    } else {
                        let inner = at;
                        at += bytes[at..]
                            .iter()
                            .take_while(|byte| !byte.is_ascii_whitespace() && !matches!(byte, b'>' | b'<'))
                            .count();
                        value = text[inner..at].trim_end_matches('/');
                        at = inner + value.len().max(usize::from(at > inner && value.is_empty()));
                    }
                } else if start == at {
                    at += text[at..].chars().next().map_or(1, char::len_utf8);
                }
                let wanted = is_name(attribute) && attributes.len() < ATTRIBUTES;
                if wanted && !attributes.iter().any(|(known, _)| *known == attribute) {
                    attributes.push((attribute, value));
                }
            }
        }
    }
}

/// Prefix and local name.
pub fn split(name: &str) -> (Option<&str>, &str) {
    match name.split_once(':') {
        Some((prefix, local)) => (Some(prefix), local),
        None => (None, name),
    }
}

/// Whether it is a name of XML.
pub fn is_name(name: &str) -> bool {
    let mut letters = name.chars();
    letters.next().is_some_and(|first| first.is_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_alphanumeric() || matches!(letter, ':' | '-' | '_' | '.'))
        && !name.ends_with(':')
        && name.matches(':').count() < 2
}

#[cfg(test)]
mod tests {
    use super::tag;

    #[test]
    fn tags_are_read_as_browsers_read_them() {
        let (found, length) = tag("<a:b c='1 > 0' d=e c=2 f/>rest").expect("a tag");
        assert_eq!((found.name, found.empty, length), ("a:b", true, 26));
        assert_eq!(found.attributes, [("c", "1 > 0"), ("d", "e"), ("f", "")]);
        for none in ["<", "< a>", "<1>", "<a", "<a b=\"c<d>", "<a <b>"] {
            assert_eq!(tag(none), None, "{none}");
        }
    }
}
