//! (file, byte range) → line, column and the quoted line, with everything secret masked before anybody sees it.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

/// One file of the configuration as it was read.
pub struct SourceFile {
    /// As the operator would write it; shipped packs are `<pack NAME>`.
    pub name: String,
    /// Where it lies; `None` for a shipped pack.
    pub path: Option<PathBuf>,
    /// What it says. Never shown unmasked.
    pub(super) text: String,
    /// Byte ranges that hold secrets, in order and without overlaps.
    pub(super) masks: Vec<Range<usize>>,
}

/// A byte range of a file.
#[derive(Clone)]
pub struct Place {
    /// The file.
    pub file: Arc<SourceFile>,
    /// Byte range in its text.
    pub span: Range<usize>,
}

/// The first line of a place, fit to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Quote {
    /// The line, secrets masked.
    pub text: String,
    /// Byte range of the place in `text`.
    pub span: Range<usize>,
}

const MASK: &str = "********";

impl Place {
    /// The 1-based line and the 1-based column in characters.
    pub fn position(&self) -> (usize, usize) {
        let before = &self.file.text[..floor(&self.file.text, self.span.start)];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }

    /// The same file, from the byte `start` on for `length` bytes, both counted from this place's start.
    pub(super) fn part(&self, start: usize, length: usize) -> Self {
        let start = self.span.start + start;
        Self { file: Arc::clone(&self.file), span: start..start + length }
    }

    /// What a syntax error at this place spoils: its line; behind a broken table head also the lines up to the next one.
    pub(super) fn shadow(&self) -> Self {
        let text = &self.file.text;
        let at = floor(text, self.span.start);
        let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let rest = &text[start..];
        let end = if rest.trim_start().starts_with('[') {
            rest.find("\n[").map_or(text.len(), |length| start + length + 1)
        } else {
            rest.find('\n').map_or(text.len() + 1, |length| start + length + 1)
        };
        Self { file: Arc::clone(&self.file), span: start..end }
    }

    /// Whether the other place begins in this one.
    pub(super) fn covers(&self, other: &Self) -> bool {
        self.file.name == other.file.name && self.span.contains(&other.span.start)
    }

    pub(super) fn quote(&self) -> Quote {
        let text = &self.file.text;
        let start = floor(text, self.span.start);
        let line_start = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |length| start + length);
        let end = floor(text, self.span.end).clamp(start, line_end);
        let mut quoted = String::new();
        let mut span = 0..0;
        let mut at = line_start;
        let masks = self.file.masks.iter().filter(|mask| mask.start < line_end && mask.end > line_start);
        for mask in masks {
            let (from, to) = (mask.start.max(at), mask.end.min(line_end));
            copy(&mut quoted, &text[at..from], at, (start, end), &mut span);
            let masked_from = quoted.len();
            quoted.push_str(MASK);
            if (from..to).contains(&start) {
                span.start = masked_from;
            }
            if (from..to).contains(&end) {
                span.end = quoted.len();
            }
            at = to;
        }
        copy(&mut quoted, &text[at..line_end], at, (start, end), &mut span);
        let shown = quoted.trim_end().len();
        quoted.truncate(shown);
        let mut span = span.start.min(shown)..span.end.max(span.start).min(shown);
        if span.is_empty() {
            // What is missing at the end of a line is drawn under its last character.
            let letter = quoted[..span.start].chars().next_back().map_or(0, char::len_utf8);
            span.start -= if span.start == shown { letter } else { 0 };
        }
        Quote { text: quoted, span }
    }
}

/// Appends `piece`, which begins at byte `at` of the file, and notes where the place's ends come to lie.
fn copy(quoted: &mut String, piece: &str, at: usize, (start, end): (usize, usize), span: &mut Range<usize>) {
    let here = at..=at + piece.len();
    if here.contains(&start) {
        span.start = quoted.len() + (start - at);
    }
    if here.contains(&end) {
        span.end = quoted.len() + (end - at);
    }
    for letter in piece.chars() {
        match letter {
            // A terminal would obey them. As many bytes as before, so that the place stays right.
            letter if letter.is_control() && letter != '\t' => quoted.push_str(&"?".repeat(letter.len_utf8())),
            letter => quoted.push(letter),
        }
    }
}

fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

impl SourceFile {
    /// What secrets of this file say, so that no message repeats one.
    pub(super) fn secrets(&self) -> impl Iterator<Item = &str> {
        self.masks.iter().map(|mask| self.text[mask.clone()].trim_matches(['"', '\'']))
    }
}

impl fmt::Debug for SourceFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SourceFile").field("name", &self.name).finish_non_exhaustive()
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, column) = self.position();
        write!(formatter, "{}:{line}:{column}", self.file.name)
    }
}

#[cfg(test)]
mod tests {
    use super::Place;
    use super::SourceFile;
    use std::sync::Arc;

    fn place(text: &str, chosen: &str, secret: Option<&str>) -> Place {
        let start = text.find(chosen).expect("the text holds it");
        let masks = secret.map(|secret| {
            let at = text.find(secret).expect("the text holds it");
            at..at + secret.len()
        });
        let file =
            SourceFile { name: "a.toml".into(), path: None, text: text.into(), masks: masks.into_iter().collect() };
        Place { file: Arc::new(file), span: start..start + chosen.len() }
    }

    #[test]
    fn columns_count_characters_not_bytes() {
        let place = place("a = 1\nñandú = \"é\" # x\n", "x", None);
        assert_eq!(place.position(), (2, 15));
        assert_eq!(place.quote().text, "ñandú = \"é\" # x");
    }

    #[test]
    fn a_secret_is_masked_and_the_label_stays_where_it_belongs() {
        let text = "m = { password = \"correct horse\", prt = 25 }\n";
        let after = place(text, "prt", Some("correct horse")).quote();
        assert_eq!(after.text, "m = { password = \"********\", prt = 25 }");
        assert_eq!(&after.text[after.span], "prt");
        let inside = place(text, "horse", Some("correct horse")).quote();
        assert_eq!(&inside.text[inside.span], "********");
    }

    #[test]
    fn a_place_behind_the_end_is_shown_at_the_end() {
        let mut place = place("a = \"\n", "a", None);
        place.span = 90..99;
        assert_eq!(place.position(), (2, 1));
        assert_eq!(place.quote().span, 0..0);
    }
}
