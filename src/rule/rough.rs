//! Long names with one slip → found all the same: a small word that is missing, added or another (`Organização do Estados
//! Americanos`), or one letter of a long word. Only for names of three words or more besides small ones, whose first word
//! is right, inside one sentence; shorter ones would become other names.

use super::small::is_small;
use super::trie::Hit;
use super::trie::PatternId;
use super::trie::Steps;
use super::vocabulary::NONE;
use super::vocabulary::Vocabulary;
use super::vocabulary::WordId;
use crate::text::Words;
use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::hash::Hasher;

/// Which nodes of the trie lead to long names.
#[derive(Debug, Default)]
pub struct Rough {
    /// While names are added: every step of theirs, each once.
    steps: Vec<(u32, WordId, u32)>,
    /// By node: whether a step to it is among them.
    reached: Bits,
    /// By node: whether a long name goes on behind it.
    goes_on: Bits,
    /// By node: where in `next` its steps stand, and how many there are.
    ranges: HashMap<u32, (u32, u32), BuildHasherDefault<NumberHasher>>,
    next: Vec<Next>,
    /// By node: the name that ends there.
    ends: HashMap<u32, PatternId, BuildHasherDefault<NumberHasher>>,
}

/// One way to go on, with what tells most words of a text apart from it without reading its letters.
#[derive(Clone, Copy, Debug)]
struct Next {
    word: WordId,
    node: u32,
    letters: u32,
    length: u16,
    small: bool,
}

/// A name of fewer words, small ones not counted, is never found rough.
const FEWEST_WORDS: usize = 3;
/// A shorter word has no letter to spare.
const FEWEST_LETTERS: usize = 6;
/// Beyond so many ways to go on, no slip is looked for.
const MOST_BRANCHES: usize = 64;

impl Rough {
    /// Whether a name of so many words, small ones not counted, is found rough.
    pub fn takes(words: usize) -> bool {
        words >= FEWEST_WORDS
    }

    /// Adds a name by its steps through the trie, each (node, word, next node), and the node at which it ends.
    pub fn add(&mut self, path: &[(u32, WordId, u32)], end: u32, pattern: PatternId) {
        for &(node, word, next) in path {
            if !self.reached.contains(next) {
                self.reached.insert(next);
                self.goes_on.insert(node);
                self.steps.push((node, word, next));
            }
        }
        self.ends.insert(end, pattern);
    }

    /// Makes what was added ready for walks.
    pub fn freeze(&mut self, vocabulary: &Vocabulary) {
        let mut steps = std::mem::take(&mut self.steps);
        steps.sort_by_key(|&(node, _, _)| node);
        self.next = Vec::with_capacity(steps.len());
        for group in steps.chunk_by(|one, other| one.0 == other.0) {
            self.ranges.insert(group[0].0, (self.next.len() as u32, group.len() as u32));
            self.next.extend(group.iter().map(|&(_, word, node)| {
                let letters = vocabulary.word(word);
                let length = letters.len().min(usize::from(u16::MAX)) as u16;
                Next { word, node, letters: letters_of(letters), length, small: is_small(letters) }
            }));
        }
        self.reached = Bits::default();
        self.ranges.shrink_to_fit();
        self.ends.shrink_to_fit();
    }

    /// Whether any long name goes on behind a node.
    pub fn begins(&self, node: u32) -> bool {
        self.goes_on.contains(node)
    }

    fn next(&self, node: u32) -> &[Next] {
        if !self.goes_on.contains(node) {
            return &[];
        }
        self.ranges.get(&node).map_or(&[], |&(start, count)| &self.next[start as usize..(start + count) as usize])
    }
}

/// One walk: every name that begins with the word `first` and goes on with one slip.
pub struct Walk<'a> {
    /// Where names go on.
    pub rough: &'a Rough,
    /// Where the trie goes on.
    pub steps: &'a Steps,
    /// The words of names.
    pub vocabulary: &'a Vocabulary,
    /// The text.
    pub words: &'a Words,
    /// Its words' numbers; [`NONE`] for those that no pattern has.
    pub ids: &'a [WordId],
    /// Which part of the article it is.
    pub part: u32,
    /// Where the names begin.
    pub first: usize,
    /// What is found is added here.
    pub hits: &'a mut Vec<Hit>,
}

impl Walk<'_> {
    /// Walks from the root of the first word.
    pub fn run(mut self, root: u32) {
        self.on(root, self.first + 1, false);
    }

    /// Goes on from `node` with the word `behind`; `slipped` when the one slip was made.
    fn on(&mut self, node: u32, behind: usize, slipped: bool) {
        let rough = self.rough;
        let Some(word) = self.words.words().get(behind) else { return };
        if word.sentence != self.words.words()[self.first].sentence {
            return;
        }
        let id = self.ids[behind];
        let next = rough.next(node);
        if slipped || next.len() > MOST_BRANCHES {
            let next = if id == NONE || next.is_empty() { NONE } else { self.steps.get(node, id) };
            if next != NONE {
                self.arrive(next, behind + 1, slipped);
            }
            return;
        }
        let word = self.words.folded(word);
        let small = is_small(word);
        let letters = letters_of(word);
        for next in next {
            if next.word == id {
                self.arrive(next.node, behind + 1, slipped);
                continue;
            }
            // One letter more, less or other changes at most two of the letters that there are.
            let alike = word.len().abs_diff(usize::from(next.length)) <= 1
                && (letters ^ next.letters).count_ones() <= 2
                && differ_by_a_letter(self.vocabulary.word(next.word), word);
            if (small && next.small) || alike {
                self.arrive(next.node, behind + 1, true);
            }
            if next.small {
                self.on(next.node, behind, true);
            }
        }
        if small {
            self.on(node, behind + 1, true);
        }
    }

    fn arrive(&mut self, node: u32, behind: usize, slipped: bool) {
        if slipped && let Some(&pattern) = self.rough.ends.get(&node) {
            self.hits.push(Hit { pattern, part: self.part, first: self.first as u32, behind: behind as u32 });
        }
        if self.rough.begins(node) {
            self.on(node, behind, slipped);
        }
    }
}

/// Which letters a word has: a bit for each, several letters sharing one.
fn letters_of(word: &str) -> u32 {
    word.bytes().fold(0, |letters, byte| letters | 1 << (byte & 31))
}

/// A set of numbers.
#[derive(Debug, Default)]
struct Bits(Vec<u64>);

impl Bits {
    fn contains(&self, number: u32) -> bool {
        self.0.get(number as usize / 64).is_some_and(|word| word >> (number % 64) & 1 == 1)
    }

    fn insert(&mut self, number: u32) {
        let word = number as usize / 64;
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << (number % 64);
    }
}

/// For numbers that the configuration gave.
#[derive(Default)]
pub struct NumberHasher(u64);

impl Hasher for NumberHasher {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.write_u32(u32::from(byte)));
    }

    fn write_u32(&mut self, value: u32) {
        self.0 = (self.0 ^ u64::from(value)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 ^= self.0 >> 32;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Two long words of which one letter is another, missing, added, or two are changed over.
fn differ_by_a_letter(known: &str, word: &str) -> bool {
    if known.len().abs_diff(word.len()) > 1 || known.len().min(word.len()) < FEWEST_LETTERS {
        return false;
    }
    let (known, word) = (known.as_bytes(), word.as_bytes());
    let same = known.iter().zip(word).take_while(|(one, other)| one == other).count();
    let (known, word) = (&known[same..], &word[same..]);
    let tails = (known.get(1..), word.get(1..));
    tails.0 == tails.1
        || tails.0 == Some(word)
        || tails.1 == Some(known)
        || (known.len() > 1 && word.len() > 1 && known[0] == word[1] && known[1] == word[0] && known[2..] == word[2..])
}

#[cfg(test)]
mod tests {
    use super::differ_by_a_letter;
    use crate::rule::trie::Trie;
    use crate::text::Words;

    fn found(name: &str, text: &str) -> Option<String> {
        let mut trie = Trie::default();
        trie.add_name(name, &Words::of(name), &mut || 0);
        trie.freeze();
        let mut hits = Vec::new();
        let words = Words::of(text);
        trie.scan(&words, 0, &mut Vec::new(), &mut hits);
        let hit = hits.first()?;
        Some(text[words.original(hit.first as usize, hit.behind as usize)].to_owned())
    }

    #[test]
    fn one_slip_in_a_long_name_does_not_hide_it() {
        let name = "Organización de Estados Americanos";
        for text in [
            "Organización de Estados Americanos",
            "Organización de los Estados Americanos",
            "Organización Estados Americanos",
            "Organización do Estados Americanos",
            "Organización de Estado Americanos",
            "Organización de Estados Americnos",
            "Organización de Estados Amercianos",
        ] {
            assert_eq!(found(name, &format!("La {text} de hoy")).as_deref(), Some(text));
        }
    }

    #[test]
    fn two_slips_or_a_slip_in_a_short_name_are_another_name() {
        for (name, text) in [
            ("Organización de Estados Americanos", "Organización Estado Americanos"),
            ("Organización de Estados Americanos", "Organización de Estados Africanos"),
            ("Organización de Estados Americanos", "Organizaciones de Estados Americanos"),
            ("Organización de Estados Americanos", "Organización. Estados Americanos"),
            ("gobierno de Maduro", "gobierno Maduro"),
            ("Foro Penal", "Foro Penak"),
            ("Foro Penal", "Foro de Penal"),
            ("Corte Penal Internacional", "Corte Penas Internacional"),
        ] {
            assert_eq!(found(name, text), None, "{text}");
        }
    }

    #[test]
    fn one_letter_is_one_letter() {
        for (one, other, expected) in [
            ("americanos", "americanos", true),
            ("americanos", "americano", true),
            ("americanos", "amercianos", true),
            ("americanos", "americanas", true),
            ("americanos", "americas", false),
            ("penal", "panal", false),
        ] {
            assert_eq!(differ_by_a_letter(one, other), expected, "{one} {other}");
            assert_eq!(differ_by_a_letter(other, one), expected, "{other} {one}");
        }
    }
}
