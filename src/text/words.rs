//! text → words: what counts as a word, how it is written, in which sentence, and where in the original.

use super::Normal;
use super::normal::fold_into;
use super::sentence;
use std::ops::Range;

/// How a word is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// No capital first: `court`, `iPhone`, `1827`.
    Lower,
    /// A capital first, not only capitals: `Court`, `McDonald`, `Y`.
    Initial,
    /// Two letters or more, all capitals: `ICC`.
    Upper,
}

/// One word of a text.
#[derive(Clone, Debug)]
pub struct Word {
    /// Byte offset of its first byte in the original.
    pub start: usize,
    /// Byte offset behind its last byte in the original.
    pub end: usize,
    /// How it is written.
    pub shape: Shape,
    /// Its sentence's number in the text, from 0.
    pub sentence: usize,
    /// Whether nothing but white space stands between it and the word before.
    pub adjoins: bool,
    folded: Range<usize>,
}

/// The words of one text. A word is a run of letters and digits; apostrophes and hyphens split; `O.A.S.` is the one word
/// `oas`.
#[derive(Clone, Debug, Default)]
pub struct Words {
    words: Vec<Word>,
    folded: String,
    letters: usize,
    capitals: usize,
    sentences: Vec<(usize, usize)>,
}

impl Words {
    /// The words of `original`.
    pub fn of(original: &str) -> Self {
        Self::of_normal(&Normal::of(original))
    }

    /// The words of a text whose normal form is known.
    pub fn of_normal(normal: &Normal) -> Self {
        let text = normal.text();
        let sentences = sentence::sentences(text);
        let mut found = Self { sentences: vec![(0, 0); sentences.len()], ..Self::default() };
        found.words.reserve(text.len() / 6);
        found.folded.reserve(text.len());
        let (mut at, mut sentence, mut behind) = (0, 0, 0);
        while let Some(start) = word_start(text, at) {
            let end = word_end(text, start);
            let end = dotted_end(text, start, end).unwrap_or(end);
            while sentences.get(sentence).is_some_and(|range| range.end <= start) {
                sentence += 1;
            }
            let adjoins = !found.words.is_empty() && text[behind..start].bytes().all(|byte| byte.is_ascii_whitespace());
            found.push(normal, start..end, sentence, adjoins);
            at = end;
            behind = end;
        }
        found
    }

    /// The words, in order.
    pub fn words(&self) -> &[Word] {
        &self.words
    }

    /// A word without marks and case.
    pub fn folded(&self, word: &Word) -> &str {
        &self.folded[word.folded.clone()]
    }

    /// Whether capitals say nothing in this text because it has none (fewer than 0.4 % of its letters).
    pub fn lost_capitals(&self) -> bool {
        self.letters > 0 && self.capitals * 1000 < self.letters * 4
    }

    /// Whether capitals say nothing in this sentence because it has nothing else (more than 75 % of its letters).
    pub fn shouts(&self, sentence: usize) -> bool {
        self.sentences.get(sentence).is_some_and(|&(letters, capitals)| capitals * 4 > letters * 3 && letters > 8)
    }

    fn push(&mut self, normal: &Normal, range: Range<usize>, sentence: usize, adjoins: bool) {
        let text = &normal.text()[range.clone()];
        let from = self.folded.len();
        if text.contains('.') {
            text.split('.').for_each(|letter| fold_into(letter, &mut self.folded));
        } else {
            fold_into(text, &mut self.folded);
        }
        let (letters, capitals, first) = count_capitals(text);
        self.letters += letters;
        self.capitals += capitals;
        if let Some(counts) = self.sentences.get_mut(sentence) {
            counts.0 += letters;
            counts.1 += capitals;
        }
        let shape = match first {
            true if letters > 1 && capitals == letters => Shape::Upper,
            true => Shape::Initial,
            false => Shape::Lower,
        };
        let original = normal.original(range);
        let folded = from..self.folded.len();
        self.words.push(Word { start: original.start, end: original.end, shape, sentence, adjoins, folded });
    }
}

/// Letters, capitals among them, and whether the first character is one.
fn count_capitals(text: &str) -> (usize, usize, bool) {
    if text.is_ascii() {
        let (mut letters, mut capitals) = (0, 0);
        for byte in text.bytes() {
            letters += usize::from(byte.is_ascii_alphabetic());
            capitals += usize::from(byte.is_ascii_uppercase());
        }
        return (letters, capitals, text.bytes().next().is_some_and(|byte| byte.is_ascii_uppercase()));
    }
    let letters = text.chars().filter(|character| character.is_alphabetic()).count();
    let capitals = text.chars().filter(|character| character.is_uppercase()).count();
    (letters, capitals, text.chars().next().is_some_and(char::is_uppercase))
}

fn word_start(text: &str, from: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = from;
    while let Some(&byte) = bytes.get(at) {
        if byte.is_ascii_alphanumeric() {
            return Some(at);
        }
        if byte.is_ascii() {
            at += 1;
            continue;
        }
        let character = text[at..].chars().next()?;
        if character.is_alphanumeric() {
            return Some(at);
        }
        at += character.len_utf8();
    }
    None
}

fn word_end(text: &str, start: usize) -> usize {
    let bytes = text.as_bytes();
    let mut at = start;
    while let Some(&byte) = bytes.get(at) {
        if byte.is_ascii_alphanumeric() {
            at += 1;
        } else if byte.is_ascii() {
            break;
        } else {
            match text[at..].chars().next() {
                Some(character) if continues_word(character) => at += character.len_utf8(),
                _ => break,
            }
        }
    }
    at
}

fn continues_word(character: char) -> bool {
    character.is_alphanumeric() || unicode_normalization::char::is_combining_mark(character)
}

/// The end of `O.A.S.`, if the one-letter word at `start` begins such a form.
fn dotted_end(text: &str, start: usize, end: usize) -> Option<usize> {
    let is_letter = |from: usize, to: usize| {
        let mut characters = text[from..to].chars();
        characters.next().is_some_and(char::is_alphabetic) && characters.next().is_none()
    };
    if !is_letter(start, end) {
        return None;
    }
    let mut letters = 1;
    let mut at = end;
    while text.as_bytes().get(at) == Some(&b'.') {
        let next = word_end(text, at + 1);
        if !is_letter(at + 1, next) {
            break;
        }
        letters += 1;
        at = next;
    }
    if letters < 2 {
        return None;
    }
    Some(at + usize::from(text.as_bytes().get(at) == Some(&b'.')))
}

#[cfg(test)]
mod tests {
    use super::Shape;
    use super::Words;
    use proptest::prelude::*;

    fn folded(text: &str) -> Vec<String> {
        let words = Words::of(text);
        words.words().iter().map(|word| words.folded(word).to_owned()).collect()
    }

    #[test]
    fn a_word_is_a_run_of_letters_and_digits() {
        for (text, expected) in [
            ("Maduro's pro-government men", vec!["maduro", "s", "pro", "government", "men"]),
            ("la O.E.A. dijo", vec!["la", "oea", "dijo"]),
            ("the O.A.S said", vec!["the", "oas", "said"]),
            ("EE.UU. y 1.827", vec!["ee", "uu", "y", "1", "827"]),
            ("J. Pérez", vec!["j", "perez"]),
            ("a.m. A.b", vec!["am", "ab"]),
            ("Organizaci&oacute;n\u{ad}es", vec!["organizaciones"]),
            ("Киев ΑΘΗΝΑ", vec!["киев", "αθηνα"]),
            ("...", vec![]),
        ] {
            assert_eq!(folded(text), expected, "{text}");
        }
    }

    #[test]
    fn a_word_knows_how_it_is_written() {
        for (text, shape) in [
            ("OAS", Shape::Upper),
            ("O.A.S.", Shape::Upper),
            ("Oas", Shape::Initial),
            ("Y", Shape::Initial),
            ("oas", Shape::Lower),
            ("1827", Shape::Lower),
            ("ÓRGÃO", Shape::Upper),
            ("Ñandú", Shape::Initial),
        ] {
            assert_eq!(Words::of(text).words()[0].shape, shape, "{text}");
        }
    }

    #[test]
    fn a_text_that_lost_its_case_is_known() {
        assert!(Words::of("la oea dijo que no, y nada más se supo").lost_capitals());
        assert!(!Words::of("La OEA dijo que no").lost_capitals());
        let words = Words::of("Dijo que no. LA OEA CALLA ANTE TODO. Fin de la nota.");
        assert_eq!([0, 1, 2].map(|sentence| words.shouts(sentence)), [false, true, false]);
    }

    #[test]
    fn only_white_space_makes_two_words_adjoin() {
        let words = Words::of("Ana Paz, Luz");
        let adjoins: Vec<bool> = words.words().iter().map(|word| word.adjoins).collect();
        assert_eq!(adjoins, [false, true, false]);
    }

    proptest! {
        #[test]
        fn every_word_of_any_text_is_a_slice_of_it(
            parts in prop::collection::vec(prop_oneof![
                "\\PC{0,8}", Just("O.A.S.".to_owned()), Just("&ntilde;".to_owned()), Just("\u{ad}".to_owned()),
                Just("n\u{303}".to_owned()), Just("-\n".to_owned()), Just("\u{fb03}".to_owned()), Just(" ".to_owned()),
            ], 0..16)
        ) {
            let original = parts.concat();
            let words = Words::of(&original);
            let mut behind = 0;
            for word in words.words() {
                prop_assert!(original.get(word.start..word.end).is_some_and(|slice| !slice.is_empty()));
                prop_assert!(word.end >= behind);
                behind = word.end;
                prop_assert!(!words.folded(word).is_empty());
            }
        }
    }
}
