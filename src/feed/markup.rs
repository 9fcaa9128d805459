//! Text of a document → its tags and texts, in order, whatever is wrong with them: one pass, linear in the length. A `<`
//! that begins no tag is text, a comment or CDATA section that never ends hides nothing. quick-xml's reader was weighed
//! for this: it stops at the first stray `<`, open quote, comment or CDATA section, and would have to be started anew
//! behind each, which makes a hostile document's time quadratic.

use super::tag::Tag;
use super::tag::is_name;
use super::tag::tag;
use memchr::memmem;

/// A piece of a document.
#[derive(Debug, PartialEq, Eq)]
pub enum Token<'a> {
    /// A start tag, or an empty element.
    Start(Tag<'a>),
    /// The name in an end tag.
    End(&'a str),
    /// Text whose references are to be resolved.
    Text(&'a str),
    /// Text to be taken as it stands.
    Data(&'a str),
    /// The internal subset of the document type.
    Subset(&'a str),
}

/// The tokens of a text.
pub struct Tokens<'a> {
    /// All of it.
    pub text: &'a str,
    /// Where the next token begins.
    pub at: usize,
    /// How many CDATA sections were not closed.
    pub open_sections: usize,
    comment_end: Ahead,
    section_end: Ahead,
    subset_end: Ahead,
    item: Ahead,
    entry: Ahead,
}

impl<'a> Tokens<'a> {
    /// Begins at the start of `text`.
    pub fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            open_sections: 0,
            comment_end: Ahead::of("-->"),
            section_end: Ahead::of("]]>"),
            subset_end: Ahead::of("]>"),
            item: Ahead::of("<item"),
            entry: Ahead::of("<entry"),
        }
    }

    /// The next token; `inside` is the name of the innermost open element, at whose end an open CDATA section ends.
    pub fn next(&mut self, inside: Option<&str>) -> Option<Token<'a>> {
        loop {
            let rest = &self.text[self.at..];
            let first = *rest.as_bytes().first()?;
            if first != b'<' {
                let end = memchr::memchr(b'<', rest.as_bytes()).unwrap_or(rest.len());
                self.at += end;
                return Some(Token::Text(&rest[..end]));
            }
            if rest.starts_with("<![CDATA[") {
                return Some(self.section(inside));
            }
            if rest.starts_with("<!--") {
                // One that never ends is read as text from here.
                self.at = self.comment_end.find(self.text, self.at + 4).map_or(self.at + 4, |end| end + 3);
                continue;
            }
            if rest.starts_with("<?") {
                self.at += memchr::memchr(b'>', rest.as_bytes()).map_or(rest.len(), |end| end + 1);
                continue;
            }
            if rest.get(..9).is_some_and(|start| start.eq_ignore_ascii_case("<!doctype")) {
                match self.document_type(rest) {
                    Some(subset) => return Some(Token::Subset(subset)),
                    None => continue,
                }
            }
            if let Some(closing) = rest.strip_prefix("</") {
                let end = memchr::memchr2(b'>', b'<', closing.as_bytes()).unwrap_or(closing.len());
                let name = closing[..end].trim();
                if is_name(name) {
                    self.at += 2 + end + usize::from(closing.as_bytes().get(end) == Some(&b'>'));
                    return Some(Token::End(name));
                }
            } else if let Some((tag, length)) = tag(rest) {
                self.at += length;
                return Some(Token::Start(tag));
            }
            self.at += 1;
            return Some(Token::Text(&rest[..1]));
        }
    }

    fn document_type(&mut self, rest: &'a str) -> Option<&'a str> {
        let close = memchr::memchr(b'>', rest.as_bytes()).unwrap_or(rest.len());
        let bracket = memchr::memchr(b'[', &rest.as_bytes()[..close]);
        if let Some(bracket) = bracket
            && let Some(end) = self.subset_end.find(self.text, self.at + bracket)
        {
            let subset = &self.text[self.at + bracket..end];
            self.at = end + 2;
            return Some(subset);
        }
        self.at += (close + 1).min(rest.len());
        None
    }

    fn section(&mut self, inside: Option<&str>) -> Token<'a> {
        let start = self.at + "<![CDATA[".len();
        let end = self.section_end.find(self.text, start);
        let next = self.item.find(self.text, start).into_iter().chain(self.entry.find(self.text, start)).min();
        // Without its own end it would swallow what follows up to another's, so it ends where its element does.
        let limit = match (end, next) {
            (Some(end), Some(next)) if next < end => Some(next),
            (Some(_), _) => None,
            (None, next) => Some(next.unwrap_or(self.text.len())),
        };
        if let Some(limit) = limit {
            let close =
                inside.and_then(|name| memmem::find(&self.text.as_bytes()[start..limit], end_tag(name).as_bytes()));
            let stop = match (close, end) {
                (Some(close), _) => Some(start + close),
                (None, None) => Some(limit),
                (None, Some(_)) => None,
            };
            if let Some(stop) = stop {
                self.open_sections += 1;
                self.at = stop;
                return Token::Data(&self.text[start..stop]);
            }
        }
        let end = end.unwrap_or(self.text.len());
        self.at = (end + 3).min(self.text.len());
        Token::Data(&self.text[start..end])
    }
}

fn end_tag(name: &str) -> String {
    format!("</{name}>")
}

/// Where the next of something is, looked for once per place and not once per question.
struct Ahead {
    what: &'static str,
    known: Option<usize>,
    none_from: usize,
}

impl Ahead {
    fn of(what: &'static str) -> Self {
        Self { what, known: None, none_from: usize::MAX }
    }

    /// The first at or behind `from`, which never goes back.
    fn find(&mut self, text: &str, from: usize) -> Option<usize> {
        if let Some(known) = self.known.filter(|known| *known >= from) {
            return Some(known);
        }
        if from >= self.none_from {
            return None;
        }
        self.known = memmem::find(&text.as_bytes()[from..], self.what.as_bytes()).map(|found| from + found);
        if self.known.is_none() {
            self.none_from = from;
        }
        self.known
    }
}

#[cfg(test)]
mod tests {
    use super::Token;
    use super::Tokens;

    fn tokens(text: &str, inside: &str) -> Vec<String> {
        let mut tokens = Tokens::new(text);
        std::iter::from_fn(|| tokens.next(Some(inside)))
            .map(|token| match token {
                Token::Start(tag) => format!("<{}", tag.name),
                Token::End(name) => format!("/{name}"),
                Token::Text(text) => format!("t:{text}"),
                Token::Data(text) => format!("d:{text}"),
                Token::Subset(text) => format!("s:{text}"),
            })
            .collect()
    }

    #[test]
    fn nothing_that_is_broken_hides_what_follows() {
        for (text, expected) in [
            ("<a>1 < 2</a>", &["<a", "t:1 ", "t:<", "t: 2", "/a"] as &[&str]),
            ("<!-- x --><a/>", &["<a"]),
            ("<!-- x <a/>", &["t: x ", "<a"]),
            ("<![CDATA[x</t><item>", &["d:x", "/t", "<item"]),
            ("<![CDATA[x</t><item><![CDATA[y]]>", &["d:x", "/t", "<item", "d:y"]),
            ("<![CDATA[about <item> tags]]>z", &["d:about <item> tags", "t:z"]),
            ("<!DOCTYPE a [<!ENTITY b 'c'>]><a/>", &["s:[<!ENTITY b 'c'>", "<a"]),
            ("<!DOCTYPE a [ ><a/>", &["<a"]),
            ("</a <b>", &["/a", "<b"]),
            ("<?php x ?>y", &["t:y"]),
        ] {
            assert_eq!(tokens(text, "t"), expected, "{text}");
        }
    }
}
