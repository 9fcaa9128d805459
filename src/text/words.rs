//! text → words: what counts as a word, how it is written, in which sentence, and where in the original.

use super::Normal;
use super::normal::fold_character;
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

/// One word of a text. Places are bytes of the normal form; [`Words::original`] leads back from there.
#[derive(Clone, Copy, Debug)]
pub struct Word {
    /// Byte offset of its first byte.
    pub start: u32,
    /// Byte offset behind its last byte.
    pub end: u32,
    /// The hash of its folded form, for look-ups.
    pub hash: u32,
    /// Its sentence's number in the text, from 0.
    pub sentence: u32,
    /// Its paragraph's number in the text, from 0.
    pub paragraph: u32,
    /// How it is written.
    pub shape: Shape,
    /// Whether nothing but white space stands between it and the word before.
    pub adjoins: bool,
    folded: u32,
    folded_end: u32,
}

/// The words of one text. A word is a run of letters and digits; apostrophes and hyphens split; `O.A.S.` is the one word
/// `oas`.
#[derive(Clone, Debug)]
pub struct Words {
    normal: Normal,
    words: Vec<Word>,
    folded: String,
    letters: u32,
    capitals: u32,
    /// By sentence: letters, and capitals among them.
    sentences: Vec<(u32, u32)>,
}

impl Words {
    /// The words of `original`.
    pub fn of(original: &str) -> Self {
        Self::of_normal(Normal::of(original))
    }

    /// The words of a text whose normal form is known.
    pub fn of_normal(normal: Normal) -> Self {
        let text = normal.text();
        let mut reader = Reader {
            text,
            bytes: text.as_bytes(),
            words: Vec::with_capacity(text.len() / 5 + 1),
            folded: String::with_capacity(text.len()),
            sentences: vec![(0, 0)],
            next_sentence: 0,
            paragraph: 0,
        };
        reader.run();
        let Reader { words, folded, sentences, .. } = reader;
        let letters = sentences.iter().map(|&(letters, _)| letters).sum();
        let capitals = sentences.iter().map(|&(_, capitals)| capitals).sum();
        Self { normal, words, folded, letters, capitals, sentences }
    }

    /// The words, in order.
    pub fn words(&self) -> &[Word] {
        &self.words
    }

    /// A word without marks and case.
    pub fn folded(&self, word: &Word) -> &str {
        &self.folded[word.folded as usize..word.folded_end as usize]
    }

    /// All words without marks and case, one directly behind the other.
    pub fn all_folded(&self) -> &str {
        &self.folded
    }

    /// A word in normal form, its marks and its case kept.
    pub fn normal(&self, word: &Word) -> &str {
        &self.normal.text()[word.start as usize..word.end as usize]
    }

    /// The whole text in normal form.
    pub fn normal_text(&self) -> &str {
        self.normal.text()
    }

    /// Where the words from number `first` to before number `behind` stand in the original: bytes. Empty for no words.
    pub fn original(&self, first: usize, behind: usize) -> Range<usize> {
        let Some([first, .., last] | [first @ last]) = self.words.get(first..behind) else { return 0..0 };
        self.normal.original(first.start as usize..last.end as usize)
    }

    /// Whether capitals say nothing in this text because it has none (fewer than 0.4 % of its letters).
    pub fn lost_capitals(&self) -> bool {
        self.letters > 0 && self.capitals as usize * 1000 < self.letters as usize * 4
    }

    /// Whether capitals say nothing in this sentence because it has nothing else (more than 75 % of its letters).
    pub fn shouts(&self, sentence: u32) -> bool {
        self.sentences
            .get(sentence as usize)
            .is_some_and(|&(letters, capitals)| capitals as usize * 4 > letters as usize * 3 && letters > 8)
    }

    /// Whether capitals say nothing in this sentence because it has none where even its first letter should be one.
    pub fn mumbles(&self, sentence: u32) -> bool {
        self.sentences.get(sentence as usize).is_some_and(|&(letters, capitals)| capitals == 0 && letters >= MUMBLED)
    }
}

/// A sentence without a capital must have so many letters before it is taken for one that lost them.
const MUMBLED: u32 = 40;

/// The hash of a folded word, as in [`Word::hash`]: eight bytes at a time, multiplied and rotated. It guards against no
/// attack: tables hold what the configuration says, and texts only look up.
pub fn hash(folded: &str) -> u32 {
    const FACTOR: u64 = 0x517c_c1b7_2722_0a95;
    let (chunks, rest) = folded.as_bytes().as_chunks::<8>();
    let mut hash = folded.len() as u64;
    for chunk in chunks {
        hash = (hash.rotate_left(5) ^ u64::from_le_bytes(*chunk)).wrapping_mul(FACTOR);
    }
    let mut last = 0;
    for &byte in rest {
        last = (last << 8) | u64::from(byte);
    }
    hash = (hash.rotate_left(5) ^ last).wrapping_mul(FACTOR);
    (hash >> 32) as u32 ^ (hash >> 7) as u32
}

/// What an ASCII byte is to words and sentences; what words are made of comes first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    Small,
    Capital,
    Digit,
    Blank,
    Stop,
    LineEnd,
    Sign,
    NotAscii,
}

const CLASS: [Class; 256] = {
    let mut table = [Class::NotAscii; 256];
    let mut byte = 0;
    while byte < 128 {
        table[byte] = match byte as u8 {
            b'a'..=b'z' => Class::Small,
            b'A'..=b'Z' => Class::Capital,
            b'0'..=b'9' => Class::Digit,
            b'\n' => Class::LineEnd,
            b' ' | b'\t' | b'\r' | 0x0c => Class::Blank,
            b'.' | b'!' | b'?' => Class::Stop,
            _ => Class::Sign,
        };
        byte += 1;
    }
    table
};

/// Reads words and sentences in one pass.
struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    words: Vec<Word>,
    folded: String,
    sentences: Vec<(u32, u32)>,
    /// Where the sentence that was last found to begin begins.
    next_sentence: usize,
    paragraph: u32,
}

/// What one word is made of.
#[derive(Default)]
struct Counts {
    characters: u32,
    letters: u32,
    capitals: u32,
    /// Whether the first character is a capital.
    first: bool,
}

impl Reader<'_> {
    fn run(&mut self) {
        let mut at = 0;
        while let Some((start, adjoins)) = self.gap(at) {
            at = self.word(start, adjoins);
        }
    }

    /// From `at` to the next word: where it begins, and whether only white space lies between.
    fn gap(&mut self, mut at: usize) -> Option<(usize, bool)> {
        let mut adjoins = true;
        loop {
            let class = CLASS[*self.bytes.get(at)? as usize];
            if class == Class::Blank {
                at += 1;
                continue;
            }
            if class <= Class::Digit {
                return Some((at, adjoins));
            }
            match class {
                Class::Small | Class::Capital | Class::Digit | Class::Blank => {}
                Class::Sign => adjoins = false,
                Class::Stop => {
                    adjoins = false;
                    if at >= self.next_sentence {
                        self.sentence_begins(sentence::stop_behind(self.text, at));
                    }
                }
                Class::LineEnd => {
                    if let Some(next) = sentence::paragraph_behind(self.text, at) {
                        self.paragraph += 1;
                        self.sentence_begins(Some(next));
                    }
                }
                Class::NotAscii => {
                    if latin_letter(self.bytes, at).is_some() {
                        return Some((at, adjoins));
                    }
                    let character = self.text[at..].chars().next()?;
                    // Dashes and quotes are most of what is no letter.
                    if !('\u{2000}'..'\u{2070}').contains(&character) && character.is_alphanumeric() {
                        return Some((at, adjoins));
                    }
                    adjoins = false;
                    at += character.len_utf8();
                    continue;
                }
            }
            at += 1;
        }
    }

    fn sentence_begins(&mut self, next: Option<usize>) {
        if let Some(next) = next
            && next > self.next_sentence
        {
            self.next_sentence = next;
            self.sentences.push((0, 0));
        }
    }

    /// Takes the word that begins at `start`; returns where it ends.
    fn word(&mut self, start: usize, adjoins: bool) -> usize {
        let from = self.folded.len();
        let mut counts = Counts::default();
        let mut at = self.run_of_letters(start, &mut counts);
        if self.bytes.get(at) == Some(&b'.')
            && let Some(end) = dotted_end(self.text, start, at)
        {
            self.folded.truncate(from);
            counts = Counts::default();
            for letter in self.text[start..end].split('.') {
                letter.chars().for_each(|character| self.take(character, &mut counts));
            }
            at = end;
        }
        // A word of nothing but marks is none.
        if self.folded.len() == from {
            return at;
        }
        let sentence = self.sentences.len() - 1;
        self.sentences[sentence].0 += counts.letters;
        self.sentences[sentence].1 += counts.capitals;
        let shape = match counts.first {
            true if counts.letters > 1 && counts.capitals == counts.letters => Shape::Upper,
            true => Shape::Initial,
            false => Shape::Lower,
        };
        self.words.push(Word {
            start: start as u32,
            end: at as u32,
            hash: hash(&self.folded[from..]),
            sentence: sentence as u32,
            paragraph: self.paragraph,
            shape,
            adjoins: adjoins && !self.words.is_empty(),
            folded: from as u32,
            folded_end: self.folded.len() as u32,
        });
        at
    }

    fn run_of_letters(&mut self, start: usize, counts: &mut Counts) -> usize {
        let mut at = start;
        loop {
            // A run of ASCII is copied whole and made small in place.
            let from = at;
            let (mut digits, mut capitals) = (0, 0);
            while let Some(&byte) = self.bytes.get(at) {
                let class = CLASS[byte as usize];
                if class > Class::Digit {
                    break;
                }
                capitals += u32::from(class == Class::Capital);
                digits += u32::from(class == Class::Digit);
                at += 1;
            }
            if at > from {
                counts.first |= from == start && self.bytes[from].is_ascii_uppercase();
                counts.characters += (at - from) as u32;
                counts.letters += (at - from) as u32 - digits;
                counts.capitals += capitals;
                let behind = self.folded.len();
                self.folded.push_str(&self.text[from..at]);
                if capitals > 0 {
                    self.folded[behind..].make_ascii_lowercase();
                }
            }
            if self.bytes.get(at).is_none_or(u8::is_ascii) {
                return at;
            }
            if let Some(character) = latin_letter(self.bytes, at) {
                let capital = LATIN_CAPITALS[(character as usize - 0xc0) / 64] >> (character as usize % 64) & 1 == 1;
                counts.first |= at == start && capital;
                counts.characters += 1;
                counts.letters += 1;
                counts.capitals += u32::from(capital);
                fold_character(character, &mut self.folded);
                at += 2;
                continue;
            }
            match self.text[at..].chars().next() {
                Some(character) if at == start || continues_word(character) => {
                    self.take(character, counts);
                    at += character.len_utf8();
                }
                _ => return at,
            }
        }
    }

    fn take(&mut self, character: char, counts: &mut Counts) {
        counts.first |= counts.characters == 0 && character.is_uppercase();
        counts.characters += 1;
        counts.letters += u32::from(character.is_alphabetic());
        counts.capitals += u32::from(character.is_uppercase());
        fold_character(character, &mut self.folded);
    }
}

/// The letter from À to ſ that begins at `at`.
fn latin_letter(bytes: &[u8], at: usize) -> Option<char> {
    let lead = bytes[at];
    if !(0xc3..=0xc5).contains(&lead) {
        return None;
    }
    let code = (u32::from(lead & 0x1f) << 6) | u32::from(bytes.get(at + 1)? & 0x3f);
    if matches!(code, 0xd7 | 0xf7) { None } else { char::from_u32(code) }
}

/// Which of the letters from À to ſ are capitals, a bit for each.
const LATIN_CAPITALS: [u64; 3] = [0x7f7fffff, 0xaa55555555555555, 0x2b555555555554aa];

fn continues_word(character: char) -> bool {
    character.is_alphanumeric() || unicode_normalization::char::is_combining_mark(character)
}

fn word_end(text: &str, start: usize) -> usize {
    let rest = &text[start..];
    rest.find(|character| !continues_word(character)).map_or(text.len(), |length| start + length)
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
    fn a_sign_that_folds_to_nothing_is_no_word() {
        for text in ["\u{37a}", "\u{345}\u{345} ", "a \u{37a} b"] {
            assert!(Words::of(text).words().iter().all(|word| word.end > word.start));
        }
        assert_eq!(folded("a \u{37a} b"), ["a", "b"]);
    }

    #[test]
    fn the_latin_table_knows_capitals() {
        for code in 0xc0_u32..0x180 {
            let character = char::from_u32(code).expect("a letter");
            let text = character.to_string();
            assert_eq!(super::latin_letter(text.as_bytes(), 0).is_some(), character.is_alphabetic(), "{character}");
            let capital = super::LATIN_CAPITALS[(code as usize - 0xc0) / 64] >> (code % 64) & 1 == 1;
            assert_eq!(capital, character.is_uppercase(), "{character}");
        }
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
                Just("\u{37a}".to_owned()), Just(". ".to_owned()), Just("! X".to_owned()), Just("\n\n".to_owned()),
            ], 0..16)
        ) {
            let original = parts.concat();
            let words = Words::of(&original);
            for word in words.words() {
                prop_assert!(!words.folded(word).is_empty());
                prop_assert_eq!(word.hash, super::hash(words.folded(word)));
            }
            let mut behind = 0;
            for index in 0..words.words().len() {
                let range = words.original(index, index + 1);
                prop_assert!(original.get(range.clone()).is_some_and(|slice| !slice.is_empty()));
                prop_assert!(range.end >= behind);
                behind = range.end;
            }
            // What is read in one pass is what `sentences` and `fold` say.
            let normal = words.normal_text();
            let sentences = crate::text::sentence::sentences(normal);
            for word in words.words() {
                let before = sentences.iter().take_while(|range| range.end <= word.start as usize).count();
                prop_assert_eq!(word.sentence as usize, before);
                prop_assert_eq!(words.folded(word), crate::text::fold(&words.normal(word).replace('.', "")));
            }
        }
    }
}
