//! text → its words and numbers in order, folded and hashed in one pass. Faster and coarser than `text::Words`, which can
//! point back into the original: a sketch never does. The hashes are stored; changing them makes old sketches worthless.

use crate::text::html_entity;
use crate::text::normal::fold_into;
use std::ops::Range;
use unicode_normalization::char::is_combining_mark;

/// The tokens of one text.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    /// Letters and digits of all tokens, one after the other, folded.
    pub folded: String,
    /// In order.
    pub tokens: Vec<Token>,
}

/// A word or a number.
#[derive(Clone, Debug)]
pub(super) struct Token {
    range: Range<u32>,
    /// Of the folded letters and digits.
    pub hash: u64,
    /// A capital first.
    pub capital: bool,
    /// Capitals only, two at least.
    pub shouted: bool,
    /// Whether a sentence or a quotation begins with it.
    pub begins: bool,
    /// Its value, when it is written in digits.
    pub number: Option<f64>,
}

impl Tokens {
    /// The tokens of `text`.
    pub fn of(text: &str) -> Self {
        let mut found =
            Self { folded: String::with_capacity(text.len()), tokens: Vec::with_capacity(text.len() / 5 + 1) };
        found.read(text);
        found
    }

    /// A token's folded letters and digits.
    pub fn folded(&self, token: &Token) -> &str {
        &self.folded[token.range.start as usize..token.range.end as usize]
    }

    fn read(&mut self, text: &str) {
        let bytes = text.as_bytes();
        let mut at = 0;
        let mut begins = true;
        // A full stop ends a sentence only before white space.
        let mut stopped = false;
        while let Some(&byte) = bytes.get(at) {
            if byte.is_ascii_digit() {
                at = self.number(text, at, begins);
                (begins, stopped) = (false, false);
                continue;
            }
            if byte.is_ascii_alphabetic() {
                at = self.word(text, at, begins);
                (begins, stopped) = (false, false);
                continue;
            }
            let (character, length) = character_at(text, at);
            if character.is_alphanumeric() {
                at = self.word(text, at, begins);
                (begins, stopped) = (false, false);
                continue;
            }
            match character {
                '.' | '…' => stopped = true,
                '!' | '?' | ':' | '\n' | '"' | '“' | '”' | '«' | '»' | '‘' | '|' | '•' | '¿' | '¡' => {
                    begins = true
                }
                _ if character.is_whitespace() => begins |= stopped,
                _ => {}
            }
            at += length;
        }
    }

    fn word(&mut self, text: &str, from: usize, begins: bool) -> usize {
        let bytes = text.as_bytes();
        let start = self.folded.len();
        let mut at = from;
        let (mut letters, mut capitals, mut first_capital) = (0_u32, 0_u32, false);
        while let Some(&byte) = bytes.get(at) {
            if byte.is_ascii_alphanumeric() {
                let capital = byte.is_ascii_uppercase();
                first_capital |= capital && letters == 0;
                capitals += u32::from(capital);
                letters += 1;
                self.folded.push(char::from(byte.to_ascii_lowercase()));
                at += 1;
                continue;
            }
            if byte.is_ascii() && byte != b'&' {
                break;
            }
            let (character, length) = character_at(text, at);
            if is_invisible(character) {
                at += length;
                continue;
            }
            if !character.is_alphanumeric() || is_ideograph(character) && letters > 0 {
                break;
            }
            let capital = character.is_uppercase();
            first_capital |= capital && letters == 0;
            capitals += u32::from(capital);
            letters += 1;
            fold_into(character.encode_utf8(&mut [0; 4]), &mut self.folded);
            at += length;
            if is_ideograph(character) {
                break;
            }
        }
        let shouted = letters > 1 && capitals == letters;
        self.push(start, first_capital, shouted, begins, None);
        at
    }

    fn number(&mut self, text: &str, from: usize, begins: bool) -> usize {
        let bytes = text.as_bytes();
        let start = self.folded.len();
        let mut at = from;
        // Digits since the last separator, the last separator, and how many of that kind there were.
        let (mut group, mut last, mut separators) = (0, None, 0);
        let mut mixed = false;
        while let Some(&byte) = bytes.get(at) {
            if byte.is_ascii_digit() {
                self.folded.push(char::from(byte));
                group += 1;
                at += 1;
                continue;
            }
            let (separator, length) = match byte {
                b'.' | b',' | b'\'' => (char::from(byte), 1),
                0xc2 | 0xe2 => character_at(text, at),
                _ => break,
            };
            let spaced = matches!(separator, '\u{a0}' | '\u{202f}' | '\u{2009}');
            let three = |at: usize| {
                bytes.get(at..at + 3).is_some_and(|group| group.iter().all(u8::is_ascii_digit))
                    && !bytes.get(at + 3).is_some_and(u8::is_ascii_digit)
            };
            let goes_on = match separator {
                '.' | ',' => bytes.get(at + 1).is_some_and(u8::is_ascii_digit),
                '\'' => three(at + 1),
                _ if spaced => group <= 3 && three(at + length),
                _ => false,
            };
            if !goes_on {
                break;
            }
            mixed |= last.is_some_and(|last| last != separator);
            separators = if last == Some(separator) { separators + 1 } else { 1 };
            last = Some(separator);
            group = 0;
            at += length;
        }
        // One mark that is not before three digits, or the second kind of mark, is the decimal one.
        let digits = &self.folded[start..];
        let whole = digits.parse::<f64>().unwrap_or(0.0);
        let decimal = matches!(last, Some('.' | ',')) && separators == 1 && (group != 3 || mixed);
        let value = if decimal { whole / 10_f64.powi(group) } else { whole };
        self.push(start, false, false, begins, Some(value));
        at
    }

    fn push(&mut self, start: usize, capital: bool, shouted: bool, begins: bool, number: Option<f64>) {
        let end = self.folded.len();
        if start == end {
            return;
        }
        let hash = hash(&self.folded.as_bytes()[start..end]);
        let range = u32::try_from(start).unwrap_or(u32::MAX)..u32::try_from(end).unwrap_or(u32::MAX);
        self.tokens.push(Token { range, hash, capital, shouted, begins, number });
    }
}

/// A hash of bytes that stays the same on every machine and in every version.
pub(super) fn hash(bytes: &[u8]) -> u64 {
    let mut state = 0x9e37_79b9_7f4a_7c15 ^ bytes.len() as u64;
    let mut chunks = bytes.chunks_exact(8);
    for chunk in &mut chunks {
        let word = chunk.iter().rev().fold(0, |word: u64, &byte| word << 8 | u64::from(byte));
        state = (state ^ word).wrapping_mul(0xff51_afd7_ed55_8ccd).rotate_left(29);
    }
    let rest = chunks.remainder().iter().rev().fold(0, |word: u64, &byte| word << 8 | u64::from(byte));
    mixed(state ^ rest)
}

/// Spreads every bit over all (the finaliser of MurmurHash3).
pub(super) fn mixed(mut value: u64) -> u64 {
    value = (value ^ (value >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    value = (value ^ (value >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    value ^ (value >> 33)
}

/// The character at a border of characters, with its length in bytes; a character reference is what it stands for.
fn character_at(text: &str, at: usize) -> (char, usize) {
    let rest = &text[at..];
    if rest.starts_with('&')
        && let Some(decoded) = html_entity::decode(rest)
    {
        return decoded;
    }
    rest.chars().next().map_or((' ', 1), |character| (character, character.len_utf8()))
}

fn is_invisible(character: char) -> bool {
    matches!(character, '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}') || is_combining_mark(character)
}

/// Written without spaces between words: every sign is a word.
fn is_ideograph(character: char) -> bool {
    matches!(character, '\u{e00}'..='\u{eff}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        let found = Tokens::of(text);
        found.tokens.iter().map(|token| found.folded(token).to_owned()).collect()
    }

    #[test]
    fn case_marks_references_and_hidden_signs_do_not_make_another_word() {
        for text in
            ["Dónde está", "DO\u{301}NDE  ESTA\u{301}", "d&oacute;nde&nbsp;est&aacute;", "dón\u{ad}de, está\u{200b}."]
        {
            assert_eq!(words(text), ["donde", "esta"], "{text}");
        }
    }

    #[test]
    fn numbers_are_read_by_either_custom() {
        for (text, value) in [
            ("1,234.5", 1234.5),
            ("1.234,5", 1234.5),
            ("1 234", 1.0),
            ("1\u{a0}234", 1234.0),
            ("2.500.000", 2_500_000.0),
            ("2.500", 2500.0),
            ("7,25", 7.25),
            ("0.5", 0.5),
            ("2019.", 2019.0),
        ] {
            assert_eq!(Tokens::of(text).tokens[0].number, Some(value), "{text}");
        }
    }

    #[test]
    fn a_capital_tells_a_name_only_within_a_sentence() {
        let found = Tokens::of("Ayer Lucía llamó. Nadie contestó en la U.S. \"Embassy\", dijo NASA");
        let inside: Vec<&str> = found
            .tokens
            .iter()
            .filter(|token| token.capital && !token.begins)
            .map(|token| found.folded(token))
            .collect();
        assert_eq!(inside, ["lucia", "u", "s", "nasa"]);
    }
}
