//! text → its sentences, so that an alert can show the one that matched. Works on any text, normal form or original.

use std::ops::Range;

/// The sentences of `text`, in order and without gaps: each ends where the next begins, its white space included.
pub fn sentences(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    for (at, byte) in text.bytes().enumerate() {
        let end = match byte {
            b'.' | b'!' | b'?' if at >= start => stop_behind(text, at),
            b'\n' if at >= start => paragraph_behind(text, at),
            _ => None,
        };
        if let Some(end) = end
            && end > start
        {
            found.push(start..end);
            start = end;
        }
    }
    if start < text.len() {
        found.push(start..text.len());
    }
    found
}

/// The sentence, or the run of sentences, that holds the bytes `start..end` of `text`, without the white space around.
pub fn sentence_around(text: &str, start: usize, end: usize) -> Range<usize> {
    around(&sentences(text), text, start, end)
}

/// As [`sentence_around`], for a text whose [`sentences`] are known.
pub fn around(sentences: &[Range<usize>], text: &str, start: usize, end: usize) -> Range<usize> {
    let first = sentences.partition_point(|sentence| sentence.end <= start);
    let last = sentences.partition_point(|sentence| sentence.end < end);
    let from = sentences.get(first).map_or(start, |sentence| sentence.start);
    let to = sentences.get(last).map_or(end, |sentence| sentence.end);
    let slice = &text[from..to];
    let trimmed = slice.trim_start();
    let from = from + (slice.len() - trimmed.len());
    from..from + trimmed.trim_end().len()
}

/// The paragraphs of `text`: what empty lines separate, without them.
pub fn paragraphs(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    for (at, _) in text.match_indices('\n') {
        if at >= start
            && let Some(end) = paragraph_behind(text, at)
        {
            found.push(start..at);
            start = end;
        }
    }
    found.push(start..text.len());
    found.retain(|range| !text[range.clone()].trim().is_empty());
    found
}

/// Where the next paragraph begins, if the line end at `at` is followed by an empty line.
pub(super) fn paragraph_behind(text: &str, at: usize) -> Option<usize> {
    let rest = &text[at + 1..];
    let next = rest.trim_start_matches([' ', '\t', '\r']);
    next.starts_with('\n').then(|| text.len() - next.trim_start().len())
}

/// Where the next sentence begins, if the stop at `at` ends one.
pub(super) fn stop_behind(text: &str, at: usize) -> Option<usize> {
    // Of a run of stops the last one decides; both limits keep hostile text from being read over and over.
    if matches!(text.as_bytes().get(at + 1), Some(b'.' | b'!' | b'?')) {
        return None;
    }
    let closing = |c: &char| matches!(c, '…' | '"' | '\'' | '»' | '”' | '’' | ')' | ']' | '*' | '_');
    let rest = &text[at + 1..];
    let closed: usize = rest.chars().take(MOST_CLOSING).take_while(closing).map(char::len_utf8).sum();
    let rest = &rest[closed..];
    let next = rest.trim_start();
    if next.is_empty() || next.len() == rest.len() {
        return None;
    }
    let opening: &[char] = &['"', '\'', '«', '“', '‘', '(', '[', '¿', '¡', '-', '–', '—', '*', '_', '#'];
    let first = next.trim_start_matches(opening).chars().next()?;
    let begin = text.len() - next.len();
    if text.as_bytes()[at] != b'.' {
        return (!first.is_lowercase()).then_some(begin);
    }
    let word = last_word(&text[..at]);
    if is_abbreviation(word)
        || (first.is_numeric() && BEFORE_NUMBERS.iter().any(|known| known.eq_ignore_ascii_case(word)))
    {
        return None;
    }
    // In text that lost its capitals a stop behind a long word still ends a sentence.
    (!first.is_lowercase() || word.len() > 4).then_some(begin)
}

fn last_word(text: &str) -> &str {
    let start =
        text.char_indices().rev().take_while(|(_, c)| c.is_alphanumeric()).last().map_or(text.len(), |(at, _)| at);
    &text[start..]
}

/// Closing quotes and brackets behind one stop.
const MOST_CLOSING: usize = 8;

/// Initials, and what is written short before a name.
fn is_abbreviation(word: &str) -> bool {
    let mut characters = word.chars();
    let single = characters.next().is_some_and(char::is_alphabetic) && characters.next().is_none();
    single || ABBREVIATIONS.iter().any(|known| known.eq_ignore_ascii_case(word))
}

const ABBREVIATIONS: [&str; 37] = [
    "mr", "mrs", "ms", "dr", "dra", "drs", "prof", "st", "sr", "sra", "srta", "jr", "gen", "gral", "gal", "col",
    "cnel", "cap", "capt", "lt", "sgt", "lic", "ing", "abog", "mons", "hon", "rep", "sen", "gov", "dep", "vs", "inc",
    "ltd", "uu", "ee", "av", "tte",
];
const BEFORE_NUMBERS: [&str; 8] = ["art", "arts", "no", "num", "nro", "pag", "fig", "vol"];

#[cfg(test)]
mod tests {
    use super::paragraphs;
    use super::sentence_around;
    use super::sentences;
    use proptest::prelude::*;

    fn split(text: &str) -> Vec<&str> {
        sentences(text).into_iter().map(|range| text[range].trim()).collect()
    }

    #[test]
    fn stops_end_sentences_and_abbreviations_do_not() {
        for (text, expected) in [
            ("One here. Two there! Three?", vec!["One here.", "Two there!", "Three?"]),
            ("El Sr. Pérez llegó. ¿Quién lo vio?", vec!["El Sr. Pérez llegó.", "¿Quién lo vio?"]),
            ("J. R. Salas pagó 3.5 millones. Fin", vec!["J. R. Salas pagó 3.5 millones.", "Fin"]),
            ("He said \"no.\" Then he left.", vec!["He said \"no.\"", "Then he left."]),
            ("A heading\n\nThe text", vec!["A heading", "The text"]),
            ("a line\nthat goes on", vec!["a line\nthat goes on"]),
            ("informaron fuentes. el hecho", vec!["informaron fuentes.", "el hecho"]),
            ("", vec![]),
        ] {
            assert_eq!(split(text), expected);
        }
    }

    #[test]
    fn the_sentence_around_a_place_is_trimmed_and_holds_it() {
        let text = "First one.  The second holds it. Third.";
        let at = text.find("holds").expect("there");
        assert_eq!(&text[sentence_around(text, at, at + 5)], "The second holds it.");
        let across = text.find("it. Third").expect("there");
        assert_eq!(&text[sentence_around(text, across, across + 9)], "The second holds it. Third.");
    }

    #[test]
    fn a_million_stops_are_read_at_once() {
        for text in ["...", ".\"", "!? ", ". ", "\n"] {
            assert!(sentences(&text.repeat(1_000_000)).len() <= 1_000_001);
        }
    }

    #[test]
    fn empty_lines_separate_paragraphs() {
        let text = "one\ntwo\n \nthree\n\n\n\nfour\n";
        let found: Vec<&str> = paragraphs(text).into_iter().map(|range| text[range].trim()).collect();
        assert_eq!(found, ["one\ntwo", "three", "four"]);
    }

    proptest! {
        #[test]
        fn sentences_cover_any_text_without_gaps(text in "[\\PC\n .!?]{0,60}") {
            let mut end = 0;
            for range in sentences(&text) {
                prop_assert_eq!(range.start, end);
                prop_assert!(text.get(range.clone()).is_some_and(|slice| !slice.is_empty()));
                end = range.end;
            }
            prop_assert_eq!(end, text.len());
        }
    }
}
