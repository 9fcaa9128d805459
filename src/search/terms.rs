//! text → the terms under which an index has it: the words of rules, without case and marks. Scripts that set no spaces
//! between words (Chinese, Japanese, Thai, Lao, Khmer, Burmese) are taken letter by letter, so that any run of letters
//! is found as terms in a row.

use crate::text::Words;
use std::ops::Range;

/// The terms of a text, in order.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    folded: String,
    terms: Vec<Term>,
}

/// One term.
#[derive(Clone, Debug)]
struct Term {
    folded: Range<usize>,
    original: Range<usize>,
}

impl Terms {
    /// The terms of `original`.
    pub fn of(original: &str) -> Self {
        let words = Words::of(original);
        let mut found = Self { folded: String::with_capacity(original.len()), terms: Vec::new() };
        found.terms.reserve(words.words().len());
        for (number, word) in words.words().iter().enumerate() {
            let folded = words.folded(word);
            let place = words.original(number, number + 1);
            if folded.is_ascii() || !folded.chars().any(is_unspaced) {
                found.push(folded, place);
            } else {
                found.push_letters(folded, original, place);
            }
        }
        found
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.terms.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// The terms, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.terms.iter().map(|term| &self.folded[term.folded.clone()])
    }

    /// The term of that number.
    pub fn get(&self, index: usize) -> Option<&str> {
        self.terms.get(index).map(|term| &self.folded[term.folded.clone()])
    }

    /// The bytes of the original over which these terms stand.
    pub fn original(&self, terms: Range<usize>) -> Range<usize> {
        self.terms[terms.start].original.start..self.terms[terms.end - 1].original.end
    }

    /// Whether the last term is a letter of a script without spaces: such a term is no word that could go on.
    pub fn ends_unspaced(&self) -> bool {
        self.iter().next_back().is_some_and(|term| term.chars().any(is_unspaced))
    }

    /// The terms with one space between them: a column of the index.
    pub fn spaced(&self) -> String {
        let mut spaced = String::with_capacity(self.folded.len() + self.terms.len());
        for term in self.iter() {
            if !spaced.is_empty() {
                spaced.push(' ');
            }
            spaced.push_str(term);
        }
        spaced
    }

    fn push(&mut self, folded: &str, original: Range<usize>) {
        let start = self.folded.len();
        self.folded.push_str(folded);
        self.terms.push(Term { folded: start..self.folded.len(), original });
    }

    /// A word with letters that stand for themselves: each is a term, and what stands between them (digits, Latin) too.
    fn push_letters(&mut self, folded: &str, text: &str, original: Range<usize>) {
        let pieces = pieces(folded);
        let in_text = pieces_of_original(&text[original.clone()], &pieces, folded);
        for (index, piece) in pieces.into_iter().enumerate() {
            let place = in_text.as_ref().map_or(original.clone(), |places| {
                original.start + places[index].start..original.start + places[index].end
            });
            self.push(&folded[piece], place);
        }
    }
}

/// The pieces of a word: single letters of scripts without spaces, each with its marks, and runs of other letters.
fn pieces(word: &str) -> Vec<Range<usize>> {
    let mut pieces: Vec<Range<usize>> = Vec::new();
    let mut alone = true;
    for (start, letter) in word.char_indices() {
        let end = start + letter.len_utf8();
        let stands_alone = is_unspaced(letter);
        match pieces.last_mut() {
            Some(last) if is_mark(letter) || !stands_alone && !alone => last.end = end,
            _ => pieces.push(start..end),
        }
        if !is_mark(letter) {
            alone = stands_alone;
        }
    }
    pieces
}

/// Where the pieces stand in the original, as long as folding kept the number of letters; `None` when the whole word
/// has to do.
fn pieces_of_original(original: &str, pieces: &[Range<usize>], folded: &str) -> Option<Vec<Range<usize>>> {
    let mut places: Vec<usize> = original.char_indices().map(|(at, _)| at).collect();
    places.push(original.len());
    (places.len() == folded.chars().count() + 1).then(|| {
        let letter = |at: usize| folded[..at].chars().count();
        pieces.iter().map(|piece| places[letter(piece.start)]..places[letter(piece.end)]).collect()
    })
}

/// The voiced sound marks of Japanese, which folding takes off their letters.
fn is_mark(letter: char) -> bool {
    matches!(letter, '\u{3099}' | '\u{309a}')
}

/// Whether a letter's script sets no spaces between words.
fn is_unspaced(letter: char) -> bool {
    matches!(letter,
        '\u{0e00}'..='\u{0eff}' // Thai, Lao
        | '\u{1000}'..='\u{109f}' // Burmese
        | '\u{1780}'..='\u{17ff}' // Khmer
        | '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' // Japanese
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}') // Han
}

#[cfg(test)]
mod tests {
    use super::Terms;
    use proptest::prelude::*;

    #[test]
    fn a_text_becomes_the_terms_of_rules() {
        for (text, expected) in [
            ("El niño de la Organización", "el nino de la organizacion"),
            ("Straße, O.E.A., pro-government", "strasse oea pro government"),
            ("Organizaci&oacute;n Łódź", "organizacion lodz"),
            ("北京大学2024年", "北 京 大 学 2024 年"),
            ("ジャーナリスト", "シ\u{3099} ャ ー ナ リ ス ト"),
            ("กรุงเทพ", "ก ร ุ ง เ ท พ"),
            ("Киев ΑΘΗΝΑ", "киев αθηνα"),
            ("...", ""),
        ] {
            assert_eq!(Terms::of(text).spaced(), expected, "{text}");
        }
    }

    #[test]
    fn a_letter_of_a_script_without_spaces_has_a_place_of_its_own() {
        let text = "在北京大学 x";
        let terms = Terms::of(text);
        assert_eq!(&text[terms.original(1..3)], "北京");
        assert_eq!(&text[terms.original(5..6)], "x");
    }

    proptest! {
        #[test]
        fn every_term_of_any_text_is_a_slice_of_it(
            parts in prop::collection::vec(prop_oneof![
                "\\PC{0,8}", Just("が京".to_owned()), Just("&ntilde;".to_owned()), Just("\u{ad}".to_owned()),
                Just("n\u{303}".to_owned()), Just("가ิ".to_owned()), Just("\u{3099}".to_owned()), Just(" ".to_owned()),
            ], 0..16)
        ) {
            let original = parts.concat();
            let terms = Terms::of(&original);
            for index in 0..terms.len() {
                let place = terms.original(index..index + 1);
                prop_assert!(original.get(place).is_some_and(|slice| !slice.is_empty()));
                prop_assert!(terms.get(index).is_some_and(|term| !term.is_empty() && !term.contains(' ')));
            }
        }
    }
}
