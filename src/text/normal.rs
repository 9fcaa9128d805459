//! text → its normal form, and from there back to the original's bytes. Character references are decoded; the form is
//! NFKC; soft hyphens, zero-width signs and byte order marks are gone; every dash is `-`, every quote plain; a word
//! broken by a hyphen at a line's end is whole; white space is one space, or an empty line between paragraphs. [`fold`]
//! then strips marks and case. Latin text is copied in runs; only what is rare goes through the Unicode tables.

use super::html_entity;
use std::ops::Range;
use unicode_normalization::IsNormalized;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_normalization::is_nfkc_quick;

/// A text in normal form.
#[derive(Clone, Debug)]
pub struct Normal {
    text: String,
    pieces: Vec<Piece>,
}

/// A stretch of the normal form and where it came from.
#[derive(Clone, Copy, Debug)]
struct Piece {
    normal: u32,
    original: u32,
    original_end: u32,
    /// Byte for byte; otherwise the stretch is one unit, such as `&eacute;` for `é`.
    linear: bool,
}

impl Normal {
    /// The normal form of `original`; of the first 200 MiB of a longer one.
    pub fn of(original: &str) -> Self {
        let original = &original[..original.floor_char_boundary(MOST_BYTES)];
        let mut builder = Builder { input: original, text: String::with_capacity(original.len()), pieces: Vec::new() };
        builder.run();
        Self { text: builder.text, pieces: builder.pieces }
    }

    /// The normal form.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where a range of the normal form, on character borders and not empty, stands in the original.
    pub fn original(&self, range: Range<usize>) -> Range<usize> {
        if range.is_empty() || self.pieces.is_empty() {
            return 0..0;
        }
        let (start, end) = (range.start as u32, range.end as u32);
        let first = self.piece_at(start);
        let start = if first.linear { first.original + (start - first.normal) } else { first.original };
        let last = self.piece_at(end - 1);
        let end = if last.linear { last.original + (end - last.normal) } else { last.original_end };
        start as usize..end as usize
    }

    fn piece_at(&self, offset: u32) -> Piece {
        let behind = self.pieces.partition_point(|piece| piece.normal <= offset);
        self.pieces[behind.saturating_sub(1)]
    }
}

/// Strips marks and case: `Organización` → `organizacion`. Takes normal form; terms and texts go through the same.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    fold_into(text, &mut folded);
    folded
}

/// As [`fold`], appended to `folded`.
pub fn fold_into(text: &str, folded: &mut String) {
    if text.is_ascii() {
        let from = folded.len();
        folded.push_str(text);
        folded[from..].make_ascii_lowercase();
        return;
    }
    text.chars().for_each(|character| fold_character(character, folded));
}

/// As [`fold_into`], for one character.
pub fn fold_character(character: char, folded: &mut String) {
    match character {
        '\0'..='\x7f' => folded.push(character.to_ascii_lowercase()),
        '\u{c0}'..='\u{17f}' => folded.push_str(LATIN[character as usize - 0xc0]),
        'а'..='и' | 'к'..='я' | '\u{4e00}'..='\u{9fff}' => folded.push(character),
        'А'..='И' | 'К'..='Я' => folded.extend(char::from_u32(character as u32 + 0x20)),
        _ => fold_rare(character, folded),
    }
}

fn fold_rare(character: char, folded: &mut String) {
    for lower in character.to_lowercase().nfd() {
        match lower {
            '\u{300}'..='\u{36f}' => {}
            '\u{c0}'..='\u{17f}' => folded.push_str(LATIN[lower as usize - 0xc0]),
            _ => folded.push(lower),
        }
    }
}

struct Builder<'a> {
    input: &'a str,
    text: String,
    pieces: Vec<Piece>,
}

impl Builder<'_> {
    fn run(&mut self) {
        let mut at = 0;
        while at < self.input.len() {
            let run = self.plain_run(at);
            if run > at {
                self.copy(at, run);
                at = run;
            }
            if at < self.input.len() {
                at = self.character(at);
            }
        }
    }

    /// The end of the run from `at` that is in normal form already.
    fn plain_run(&self, at: usize) -> usize {
        let bytes = self.input.as_bytes();
        let mut end = at;
        let mut slow = 0;
        while let Some(&byte) = bytes.get(end) {
            if end >= slow
                && let Some(block) = bytes[end..].first_chunk::<BLOCK>()
            {
                if is_plain_block(block, end > at) {
                    end += BLOCK - 1;
                    continue;
                }
                slow = end + BLOCK;
            }
            // Signs of ASCII, but for the few that are looked at.
            let signs = bytes[end..].iter().take_while(|&&byte| COPIED[byte as usize]).count();
            if signs > 0 {
                end += signs;
                continue;
            }
            // A single space between two words is as it should be.
            if byte == b' ' && end > at && bytes.get(end + 1).is_some_and(|&next| begins_word(next)) {
                end += 1;
            } else if is_latin_lead(byte) && bytes.get(end + 1).is_some_and(|&next| is_stable_latin(byte, next)) {
                end += 2;
            } else if byte >= FIRST_OTHER {
                match self.input[end..].chars().next() {
                    Some(character) if is_stable(character) => end += character.len_utf8(),
                    _ => break,
                }
            } else {
                break;
            }
        }
        end
    }

    /// Takes one character at `at` that is not plain, with what belongs to it; returns where the next begins.
    fn character(&mut self, at: usize) -> usize {
        let Some((character, end)) = next_character(self.input, at) else { return self.input.len() };
        if character.is_whitespace() {
            return self.white_space(at);
        }
        if is_hyphen(character)
            && let Some(next) = self.line_end_join(end)
        {
            return next;
        }
        if is_invisible(character) {
            return end;
        }
        if is_combining_mark(character) && self.text.chars().next_back().is_some_and(|last| !last.is_whitespace()) {
            self.compose(character, end);
            return end;
        }
        match character {
            '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}' => self.replace("-", at, end),
            '\u{2018}'..='\u{201b}' | '\u{2032}' | '\u{b4}' | '`' => self.replace("'", at, end),
            '\u{201c}'..='\u{201f}' | '\u{2033}' | '\u{ab}' | '\u{bb}' => self.replace("\"", at, end),
            _ => self.other(character, at, end),
        }
        end
    }

    fn other(&mut self, character: char, at: usize, end: usize) {
        let quick = is_nfkc_quick(std::iter::once(character)) == IsNormalized::Yes;
        if quick && end - at == character.len_utf8() {
            return self.copy(at, end);
        }
        let mut normal = std::iter::once(character).nfkc();
        let same = normal.next() == Some(character) && normal.next().is_none();
        if same && end - at == character.len_utf8() {
            self.copy(at, end);
        } else {
            let normal: String = std::iter::once(character).nfkc().collect();
            self.replace(&normal, at, end);
        }
    }

    /// A combining mark joins the character before it, as in decomposed text.
    fn compose(&mut self, mark: char, end: usize) {
        let Some(last) = self.pieces.last().copied() else { return };
        let (from, start) = match self.text.chars().next_back() {
            Some(character) if last.linear => {
                let length = character.len_utf8();
                (self.text.len() - length, last.original_end as usize - length)
            }
            _ => (last.normal as usize, last.original as usize),
        };
        if self.text.len() - from > LONGEST_CLUSTER {
            return;
        }
        let composed: String = self.text[from..].chars().chain(std::iter::once(mark)).nfc().collect();
        self.text.truncate(from);
        match self.pieces.last_mut() {
            Some(piece) if (piece.normal as usize) < from => piece.original_end = start as u32,
            _ => drop(self.pieces.pop()),
        }
        self.replace(&composed, start, end);
    }

    /// A run of white space becomes one space, or an empty line when it holds one.
    fn white_space(&mut self, at: usize) -> usize {
        let mut end = at;
        let mut lines = 0;
        while let Some((character, next)) = next_character(self.input, end) {
            if !character.is_whitespace() && !is_invisible(character) {
                break;
            }
            lines += usize::from(matches!(character, '\n' | '\u{2029}'));
            end = next;
        }
        if !self.text.chars().next_back().is_some_and(char::is_whitespace) {
            self.replace(if lines > 1 { "\n\n" } else { " " }, at, end);
        }
        end
    }

    /// Behind a hyphen that ends a line: where the rest of its word begins. Only when the next line goes on in the same
    /// case, so that `Rio-` and `Grande` stay two.
    fn line_end_join(&self, behind: usize) -> Option<usize> {
        let before = self.text.chars().next_back().filter(|last| last.is_alphabetic())?;
        let rest = &self.input[behind..];
        let line = rest.trim_start_matches([' ', '\t', '\r']);
        let next_line = line.strip_prefix('\n')?.trim_start_matches([' ', '\t']);
        let next = next_line.chars().next()?;
        let goes_on = next.is_lowercase() || (next.is_uppercase() && before.is_uppercase());
        goes_on.then_some(self.input.len() - next_line.len())
    }

    fn copy(&mut self, start: usize, end: usize) {
        self.came_from(start, end, true);
        self.text.push_str(&self.input[start..end]);
    }

    fn replace(&mut self, by: &str, start: usize, end: usize) {
        if by.is_empty() {
            return;
        }
        // One byte for one byte needs no unit of its own: a line's end that became a space.
        let linear = by.len() == 1 && end - start == 1;
        self.came_from(start, end, linear);
        self.text.push_str(by);
    }

    /// What is added next comes from these bytes of the original.
    fn came_from(&mut self, start: usize, end: usize, linear: bool) {
        let (original, original_end) = (start as u32, end as u32);
        match self.pieces.last_mut() {
            Some(piece) if linear && piece.linear && piece.original_end == original => {
                piece.original_end = original_end;
            }
            _ => self.pieces.push(Piece { normal: self.text.len() as u32, original, original_end, linear }),
        }
    }
}

/// Places are kept in 32 bits; a compatibility form can be eighteen times as long as what it stands for.
const MOST_BYTES: usize = 200 << 20;
/// Marks beyond so many bytes on one letter are no writing; they are left out.
const LONGEST_CLUSTER: usize = 32;

/// The character at `at`, a reference such as `&ntilde;` counting as one, and where the next begins.
fn next_character(input: &str, at: usize) -> Option<(char, usize)> {
    let rest = &input[at..];
    if rest.starts_with('&')
        && let Some((character, length)) = html_entity::decode(rest)
    {
        return Some((character, at + length));
    }
    rest.chars().next().map(|character| (character, at + character.len_utf8()))
}

fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\0'..='\x08' | '\u{ad}' | '\u{34f}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
    )
}

fn is_hyphen(character: char) -> bool {
    matches!(character, '-' | '\u{ad}' | '\u{2010}')
}

/// Which bytes are copied as they are wherever they stand.
const COPIED: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = b'!';
    while byte <= b'~' {
        table[byte as usize] = !matches!(byte, b'-' | b'&' | b'`');
        byte += 1;
    }
    table
};

/// Begins a letter from À to ž.
fn is_latin_lead(byte: u8) -> bool {
    (0xc3..=0xc5).contains(&byte)
}

/// The first byte of Greek, Cyrillic, and all that comes behind them.
const FIRST_OTHER: u8 = 0xce;

/// How many bytes are looked at together; the last one only for what stands before it.
const BLOCK: usize = 17;

/// Whether all but the last byte are plain ASCII, no space directly behind another. `inside` when a run goes on here, so
/// that it may begin with a space.
fn is_plain_block(block: &[u8; BLOCK], inside: bool) -> bool {
    let mut plain = true;
    for byte in &block[..BLOCK - 1] {
        plain &= byte.wrapping_sub(b' ') < 0x5f;
        plain &= (*byte != b'-') & (*byte != b'&') & (*byte != b'`');
    }
    for (byte, next) in block[..BLOCK - 1].iter().zip(&block[1..]) {
        plain &= (*byte != b' ') | (next.wrapping_sub(b'!') < 0x5e);
    }
    plain & (inside | (block[0] != b' '))
}

fn begins_word(byte: u8) -> bool {
    matches!(byte, b'!'..=b'~' | 0xc3..=0xc5)
}

/// Letters of other scripts that NFKC leaves alone.
fn is_stable(character: char) -> bool {
    matches!(character, 'Έ'..='Ί' | 'Ύ'..='Ρ' | 'Σ'..='ώ' | '\u{400}'..='\u{481}' | '\u{48a}'..='\u{4ff}'
        | 'א'..='ת' | 'ء'..='ي' | 'あ'..='ん' | 'ア'..='ン' | '\u{4e00}'..='\u{9fff}' | '가'..='힣')
}

/// Two-byte letters from À to ž that NFKC leaves alone.
fn is_stable_latin(lead: u8, next: u8) -> bool {
    let code = (u32::from(lead & 0x1f) << 6) | u32::from(next & 0x3f);
    code >= 0xc0 && !matches!(code, 0x132 | 0x133 | 0x13f | 0x140 | 0x149 | 0x17f)
}

/// What U+00C0 to U+017F fold to.
const LATIN: [&str; 192] = [
    "a", "a", "a", "a", "a", "a", "ae", "c", "e", "e", "e", "e", "i", "i", "i", "i", "d", "n", "o", "o", "o", "o", "o",
    "×", "o", "u", "u", "u", "u", "y", "th", "ss", "a", "a", "a", "a", "a", "a", "ae", "c", "e", "e", "e", "e", "i",
    "i", "i", "i", "d", "n", "o", "o", "o", "o", "o", "÷", "o", "u", "u", "u", "u", "y", "th", "y", "a", "a", "a", "a",
    "a", "a", "c", "c", "c", "c", "c", "c", "c", "c", "d", "d", "d", "d", "e", "e", "e", "e", "e", "e", "e", "e", "e",
    "e", "g", "g", "g", "g", "g", "g", "g", "g", "h", "h", "h", "h", "i", "i", "i", "i", "i", "i", "i", "i", "i", "i",
    "ij", "ij", "j", "j", "k", "k", "k", "l", "l", "l", "l", "l", "l", "l·", "l·", "l", "l", "n", "n", "n", "n", "n",
    "n", "n", "n", "n", "o", "o", "o", "o", "o", "o", "oe", "oe", "r", "r", "r", "r", "r", "r", "s", "s", "s", "s",
    "s", "s", "s", "s", "t", "t", "t", "t", "t", "t", "u", "u", "u", "u", "u", "u", "u", "u", "u", "u", "u", "u", "w",
    "w", "y", "y", "y", "z", "z", "z", "z", "z", "z", "s",
];

#[cfg(test)]
mod tests {
    use super::LATIN;
    use super::Normal;
    use super::fold;
    use super::fold_rare;
    use super::is_combining_mark;
    use super::is_stable;
    use super::is_stable_latin;
    use proptest::prelude::*;
    use unicode_normalization::UnicodeNormalization;

    #[test]
    fn every_disguise_of_a_text_has_the_same_normal_form() {
        for (original, normal) in [
            ("Organizaci&oacute;n", "Organización"),
            ("Organizacio\u{301}n", "Organización"),
            ("Organizaci&#243;n", "Organización"),
            ("Organizaci&#xF3;n", "Organización"),
            ("Organizaci&amp;oacute;n", "Organización"),
            ("Orga\u{ad}ni\u{200b}zación", "Organización"),
            ("\u{feff}Organización", "Organización"),
            ("Organi-\nzación", "Organización"),
            ("ORGANI-\r\n  ZACIÓN", "ORGANIZACIÓN"),
            ("Organi\u{ad}\nzación", "Organización"),
            ("pro\u{2011}government \u{2013} \u{201c}so\u{201d}", "pro-government - \"so\""),
            ("Maduro\u{2019}s", "Maduro's"),
            ("a\u{a0}b  c\n d", "a b c d"),
            ("a\n\n\nb", "a\n\nb"),
            ("a &nbsp; b", "a b"),
            ("\u{ff2f}\u{ff21}\u{ff33}", "OAS"),
            ("of\u{fb01}ce", "office"),
            ("AT&T & co &unknown; &", "AT&T & co &unknown; &"),
            ("Rio-\nGrande", "Rio- Grande"),
            ("", ""),
        ] {
            assert_eq!(Normal::of(original).text(), normal, "{original:?}");
        }
    }

    #[test]
    fn a_range_of_the_normal_form_leads_back_to_the_original() {
        for (original, needle, expected) in [
            ("la Organizaci&oacute;n de", "Organización", "Organizaci&oacute;n"),
            ("la Organizacio\u{301}n de", "Organización", "Organizacio\u{301}n"),
            ("la \u{feff}Or\u{ad}ga\u{200b}n de", "Organ", "Or\u{ad}ga\u{200b}n"),
            ("x\u{ad}y OAS", "OAS", "OAS"),
            ("an of\u{fb01}ce here", "office", "of\u{fb01}ce"),
            ("tor-\n  tura!", "tortura", "tor-\n  tura"),
        ] {
            let normal = Normal::of(original);
            let start = normal.text().find(needle).expect("the needle is there");
            let range = normal.original(start..start + needle.len());
            assert_eq!(&original[range], expected);
        }
    }

    #[test]
    fn a_letter_under_a_million_marks_is_read_at_once() {
        let original = format!("e{} fin", "\u{301}".repeat(1_000_000));
        assert!(Normal::of(&original).text().ends_with(" fin"));
    }

    #[test]
    fn folding_strips_marks_and_case() {
        assert_eq!(fold("ÑANDÚ Ação Straße Łódź İzmir Ἀθῆναι Ёж"), "nandu acao strasse lodz izmir αθηναι еж");
    }

    #[test]
    fn the_latin_table_says_what_the_unicode_tables_say() {
        for code in 0xc0_u32..0x180 {
            let character = char::from_u32(code).expect("a Latin letter");
            let tables: String =
                character.to_lowercase().nfkd().filter(|part| !('\u{300}'..='\u{36f}').contains(part)).collect();
            let entry = LATIN[code as usize - 0xc0];
            let by_hand = "æðøþđħıĸłŋœŧßæſŉ".contains(character.to_lowercase().next().expect("one"));
            assert!(by_hand || entry == tables, "{character}: {entry} is not {tables}");
            let (lead, next) = (0xc0 | (code >> 6) as u8, 0x80 | (code & 0x3f) as u8);
            if is_stable_latin(lead, next) {
                assert!(std::iter::once(character).nfkc().eq(std::iter::once(character)), "{character}");
            }
        }
    }

    #[test]
    fn what_is_copied_in_runs_is_in_normal_form() {
        for character in '\u{180}'..=char::MAX {
            if is_stable(character) {
                assert!(std::iter::once(character).nfkc().eq(std::iter::once(character)), "{character}");
                assert!(character.is_alphanumeric() && !is_combining_mark(character), "{character:?}");
            }
            let mut slow = String::new();
            fold_rare(character, &mut slow);
            assert_eq!(fold(&character.to_string()), slow);
        }
    }

    proptest! {
        #[test]
        fn any_place_of_any_normal_form_is_a_place_of_the_original(
            parts in prop::collection::vec(prop_oneof![
                "\\PC{0,6}", "[a-zA-Z ]{0,8}", Just("&eacute;".to_owned()), Just("\u{ad}".to_owned()),
                Just("e\u{301}\u{323}".to_owned()), Just("-\n".to_owned()), Just("\u{fb01}\u{301}".to_owned()),
                Just(" \u{301}".to_owned()), Just("\r\n\t ".to_owned()), Just("&amp;#".to_owned()),
            ], 0..12)
        ) {
            let original = parts.concat();
            let normal = Normal::of(&original);
            for (start, character) in normal.text().char_indices() {
                let range = normal.original(start..start + character.len_utf8());
                prop_assert!(original.get(range.clone()).is_some_and(|slice| !slice.is_empty()), "{original:?} {range:?}");
            }
        }
    }
}
