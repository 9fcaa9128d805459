//! Names and terms → one structure that finds all of them in a text in one pass over its words. A word that no pattern
//! uses costs one look-up; case is judged by how the term was typed.

use super::rough::Rough;
use crate::model::Field;
use crate::text::Shape;
use crate::text::Words;
use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::hash::Hasher;

/// A pattern's number, in the order in which patterns were added.
pub type PatternId = u32;

/// One place where a pattern was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hit {
    /// Which pattern.
    pub pattern: PatternId,
    /// In which field.
    pub field: Field,
    /// Its first word.
    pub first: u32,
    /// The word behind its last.
    pub behind: u32,
}

/// All patterns of a rule set.
#[derive(Debug, Default)]
pub struct Trie {
    words: HashMap<Box<str>, u32, BuildHasherDefault<WordHasher>>,
    roots: Vec<u32>,
    steps: HashMap<u64, u32, BuildHasherDefault<WordHasher>>,
    ends: Vec<End>,
    patterns: u32,
    rough: Rough,
}

/// The patterns that end at a node.
#[derive(Clone, Copy, Debug)]
struct End {
    any_case: u32,
    capitals: u32,
}

const NONE: u32 = u32::MAX;

impl Trie {
    /// Adds a term and returns its pattern; the same term always has the same. `None` when it holds no word.
    ///
    /// A term of two or more letters, all of them capitals, matches only capitalised text.
    pub fn add(&mut self, term: &str) -> Option<PatternId> {
        let words = Words::of(term);
        let mut node = NONE;
        for word in words.words() {
            let word = self.word(words.folded(word));
            node = if node == NONE { self.root(word) } else { self.step(node, word) };
        }
        if node == NONE {
            return None;
        }
        let end = &mut self.ends[node as usize];
        let slot = if is_acronym(term) { &mut end.capitals } else { &mut end.any_case };
        if *slot == NONE {
            *slot = self.patterns;
            self.patterns += 1;
        }
        Some(*slot)
    }

    /// As [`Trie::add`]; a long name is also found with one slip (see `rough`).
    pub fn add_name(&mut self, name: &str) -> Option<PatternId> {
        let pattern = self.add(name)?;
        let words = Words::of(name);
        let folded: Vec<&str> = words.words().iter().map(|word| words.folded(word)).collect();
        if let Some(&first) = folded.first().and_then(|word| self.words.get(*word))
            && !is_acronym(name)
        {
            self.rough.add(first, &folded, pattern);
        }
        Some(pattern)
    }

    /// How many patterns there are.
    pub fn len(&self) -> usize {
        self.patterns as usize
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.patterns == 0
    }

    /// Adds every place of every pattern in `words` to `hits`, overlapping ones too, in the order of their first words.
    pub fn scan(&self, words: &Words, field: Field, hits: &mut Vec<Hit>) {
        let ids: Vec<u32> =
            words.words().iter().map(|word| self.words.get(words.folded(word)).copied().unwrap_or(NONE)).collect();
        let ignore_case = words.lost_capitals();
        for first in 0..ids.len() {
            if ids[first] == NONE {
                continue;
            }
            self.rough.scan(words, first, ids[first], field, hits);
            let mut node = self.roots[ids[first] as usize];
            let mut behind = first + 1;
            let mut capital = ignore_case || words.words()[first].shape != Shape::Lower;
            while node != NONE {
                let end = self.ends[node as usize];
                let mut found = |pattern| hits.push(Hit { pattern, field, first: first as u32, behind: behind as u32 });
                if end.any_case != NONE {
                    found(end.any_case);
                }
                if end.capitals != NONE && capital {
                    found(end.capitals);
                }
                match ids.get(behind) {
                    Some(&word) if word != NONE => {
                        node = self.steps.get(&step_key(node, word)).copied().unwrap_or(NONE);
                        capital &= ignore_case || words.words()[behind].shape != Shape::Lower;
                        behind += 1;
                    }
                    _ => break,
                }
            }
        }
    }

    fn word(&mut self, folded: &str) -> u32 {
        if let Some(&word) = self.words.get(folded) {
            return word;
        }
        let word = self.roots.len() as u32;
        self.words.insert(folded.into(), word);
        self.roots.push(NONE);
        word
    }

    fn root(&mut self, word: u32) -> u32 {
        if self.roots[word as usize] == NONE {
            self.roots[word as usize] = self.node();
        }
        self.roots[word as usize]
    }

    fn step(&mut self, node: u32, word: u32) -> u32 {
        let key = step_key(node, word);
        if let Some(&next) = self.steps.get(&key) {
            return next;
        }
        let next = self.node();
        self.steps.insert(key, next);
        next
    }

    fn node(&mut self) -> u32 {
        self.ends.push(End { any_case: NONE, capitals: NONE });
        (self.ends.len() - 1) as u32
    }
}

/// Whether a term is written in capitals only, with two letters at least.
pub fn is_acronym(term: &str) -> bool {
    let mut letters = term.chars().filter(|character| character.is_alphabetic());
    letters.clone().nth(1).is_some() && letters.all(char::is_uppercase)
}

fn step_key(node: u32, word: u32) -> u64 {
    (u64::from(node) << 32) | u64::from(word)
}

/// Multiply and rotate, eight bytes at a time. The tables hold only what the configuration says, and texts only look up,
/// so nobody outside can fill them with collisions.
#[derive(Default)]
pub struct WordHasher(u64);

impl WordHasher {
    fn mix(&mut self, value: u64) {
        self.0 = (self.0.rotate_left(5) ^ value).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
}

impl Hasher for WordHasher {
    fn write(&mut self, bytes: &[u8]) {
        let (chunks, rest) = bytes.as_chunks::<8>();
        chunks.iter().for_each(|chunk| self.mix(u64::from_le_bytes(*chunk)));
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        self.mix(u64::from_le_bytes(last));
    }

    fn write_u8(&mut self, value: u8) {
        self.mix(u64::from(value));
    }

    fn write_u32(&mut self, value: u32) {
        self.mix(u64::from(value));
    }

    fn write_u64(&mut self, value: u64) {
        self.mix(value);
    }

    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }
}

#[cfg(test)]
mod tests {
    use super::Trie;
    use crate::model::Field;
    use crate::text::Words;

    fn finds(term: &str, text: &str) -> bool {
        let mut trie = Trie::default();
        trie.add(term).expect("a term");
        let mut hits = Vec::new();
        trie.scan(&Words::of(text), Field::Body, &mut hits);
        !hits.is_empty()
    }

    #[test]
    fn a_term_is_found_in_every_disguise_and_only_as_whole_words() {
        for (term, text, found) in [
            ("tortura", "La TORTURA sigue", true),
            ("tortura", "torturador", false),
            ("Organización", "organizacion de los Estados", true),
            ("pro-government", "pro government groups", true),
            ("pro government", "a pro\u{2011}government group", true),
            ("Foro Penal", "la ONG Foro\nPenal dijo", true),
            ("Foro Penal", "el foro de lo penal", false),
            ("ano", "un año", true),
        ] {
            assert_eq!(finds(term, text), found, "{term} in {text}");
        }
    }

    #[test]
    fn capitals_ask_for_capitals_unless_the_text_lost_them() {
        for (term, text, found) in [
            ("OAS", "The OAS said", true),
            ("OAS", "The Oas said", true),
            ("OAS", "The O.A.S. said", true),
            ("OAS", "The oas said", false),
            ("OAS", "the oas said so, and nobody else did", true),
            ("oas", "The OAS said", true),
            ("Oas", "the oas Said", true),
            ("O.A.S.", "The OAS said", true),
            ("EE UU", "Los EE.UU. dicen", true),
        ] {
            assert_eq!(finds(term, text), found, "{term} in {text}");
        }
    }

    #[test]
    fn overlapping_places_are_all_found() {
        let mut trie = Trie::default();
        let [long, short, tail] =
            ["corte penal internacional", "corte penal", "internacional"].map(|term| trie.add(term).expect("a term"));
        assert_eq!(trie.add("Corte Penal"), Some(short), "the same term is the same pattern");
        assert_ne!(trie.add("CORTE PENAL"), Some(short), "capitals are another");
        assert_eq!(trie.add("..."), None);
        let mut hits = Vec::new();
        trie.scan(&Words::of("La Corte Penal Internacional"), Field::Title, &mut hits);
        let found: Vec<(u32, u32, u32)> = hits.iter().map(|hit| (hit.pattern, hit.first, hit.behind)).collect();
        assert!(found.contains(&(long, 1, 4)) && found.contains(&(short, 1, 3)) && found.contains(&(tail, 3, 4)));
    }
}
