//! Names and terms → one structure that finds all of them in a text in one pass over its words. A word that no pattern
//! uses costs one look-up; case is judged by how the term was typed.

use super::rough::Rough;
use super::rough::Walk;
use super::small::is_small;
use super::vocabulary::NONE;
use super::vocabulary::Vocabulary;
use super::vocabulary::WordId;
use crate::text::Shape;
use crate::text::Words;

/// A pattern's number, in the order in which patterns were added.
pub type PatternId = u32;

/// One place where a pattern was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hit {
    /// Which pattern.
    pub pattern: PatternId,
    /// In which part of the article (see `scan::Parts`).
    pub part: u32,
    /// Its first word.
    pub first: u32,
    /// The word behind its last.
    pub behind: u32,
}

/// All words and phrases of a rule set.
#[derive(Debug, Default)]
pub struct Trie {
    vocabulary: Vocabulary,
    /// By word: the node of patterns that begin with it.
    roots: Vec<u32>,
    steps: Steps,
    nodes: Vec<Node>,
    rough: Rough,
}

/// The patterns that end at a node, and whether any goes on.
#[derive(Clone, Copy, Debug)]
struct Node {
    any_case: u32,
    capitals: u32,
}

/// Set in [`Node::any_case`] when a pattern goes on behind the node.
const GOES_ON: u32 = 1 << 31;
/// [`Node::any_case`] when no pattern ends there.
const NO_END: u32 = GOES_ON - 1;

impl Trie {
    /// Adds a term and returns its pattern; the same term always has the same. `fresh` numbers a new one. `None` when it
    /// holds no word.
    ///
    /// A term of two or more letters, all of them capitals, matches only capitalised text.
    pub fn add(&mut self, term: &str, fresh: &mut dyn FnMut() -> PatternId) -> Option<PatternId> {
        self.add_words(&Words::of(term), is_acronym(term), fresh)
    }

    /// As [`Trie::add`], but found in any case however it is typed.
    pub fn add_any_case(&mut self, term: &str, fresh: &mut dyn FnMut() -> PatternId) -> Option<PatternId> {
        self.add_words(&Words::of(term), false, fresh)
    }

    /// As [`Trie::add`], but found only in capitals however it is typed.
    pub fn add_capitals(&mut self, term: &str, fresh: &mut dyn FnMut() -> PatternId) -> Option<PatternId> {
        self.add_words(&Words::of(term), true, fresh)
    }

    /// As [`Trie::add`], of a name and its words; a long name is also found with one slip (see `rough`).
    pub fn add_name(&mut self, name: &str, words: &Words, fresh: &mut dyn FnMut() -> PatternId) -> Option<PatternId> {
        let pattern = self.add_words(words, is_acronym(name), fresh)?;
        if Rough::takes(words.words().iter().filter(|word| !is_small(words.folded(word))).count()) {
            let mut ids = words.words().iter().map(|word| self.vocabulary.add(words.folded(word)));
            let mut path = Vec::with_capacity(words.words().len());
            let first = ids.next()?;
            let rest: Vec<WordId> = ids.collect();
            let mut node = self.roots[first as usize];
            for word in rest {
                let next = self.steps.get(node, word);
                path.push((node, word, next));
                node = next;
            }
            self.rough.add(&path, node, pattern, &self.vocabulary);
        }
        Some(pattern)
    }

    /// Ends the building: gives back memory and makes rough names ready.
    pub fn freeze(&mut self) {
        self.vocabulary.freeze();
        self.nodes.shrink_to_fit();
        self.roots.shrink_to_fit();
        self.rough.freeze(&self.vocabulary);
    }

    /// The words that patterns use.
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// Adds every place of every pattern in `words` to `hits`, overlapping ones too, in the order of their first words.
    /// `ids` is room that is used again.
    pub fn scan(&self, words: &Words, part: u32, ids: &mut Vec<WordId>, hits: &mut Vec<Hit>) {
        ids.clear();
        ids.extend(words.words().iter().map(|word| self.vocabulary.get(words.folded(word), word.hash).unwrap_or(NONE)));
        let ignore_case = words.lost_capitals();
        let is_capital = |index: usize| {
            let word = &words.words()[index];
            ignore_case || word.shape != Shape::Lower || words.mumbles(word.sentence)
        };
        for first in 0..ids.len() {
            if ids[first] == NONE {
                continue;
            }
            let mut node = self.roots[ids[first] as usize];
            if self.rough.may_begin(node, &ids[first + 1..]) {
                Walk {
                    rough: &self.rough,
                    steps: &self.steps,
                    vocabulary: &self.vocabulary,
                    words,
                    ids,
                    part,
                    first,
                    hits,
                }
                .run(node);
            }
            let mut behind = first + 1;
            while node != NONE {
                let end = self.nodes[node as usize];
                let mut found = |pattern| hits.push(Hit { pattern, part, first: first as u32, behind: behind as u32 });
                if end.any_case & NO_END != NO_END {
                    found(end.any_case & NO_END);
                }
                if end.capitals != NONE && (first..behind).all(is_capital) {
                    found(end.capitals);
                }
                match ids.get(behind) {
                    Some(&word) if word != NONE && end.any_case & GOES_ON != 0 => {
                        node = self.steps.get(node, word);
                        behind += 1;
                    }
                    _ => break,
                }
            }
        }
    }

    fn add_words(&mut self, words: &Words, capitals: bool, fresh: &mut dyn FnMut() -> PatternId) -> Option<PatternId> {
        let mut node = NONE;
        for word in words.words() {
            let word = self.vocabulary.add(words.folded(word));
            node = if node == NONE { self.root(word) } else { self.step(node, word) };
        }
        let end = self.nodes.get_mut(node as usize)?;
        if capitals {
            if end.capitals == NONE {
                end.capitals = fresh();
            }
            return Some(end.capitals);
        }
        if end.any_case & NO_END == NO_END {
            end.any_case = (end.any_case & GOES_ON) | fresh();
        }
        Some(end.any_case & NO_END)
    }

    fn root(&mut self, word: WordId) -> u32 {
        if self.roots.len() <= word as usize {
            self.roots.resize(word as usize + 1, NONE);
        }
        if self.roots[word as usize] == NONE {
            self.roots[word as usize] = self.node();
        }
        self.roots[word as usize]
    }

    fn step(&mut self, node: u32, word: WordId) -> u32 {
        let next = self.steps.get(node, word);
        if next != NONE {
            return next;
        }
        // Each word of the vocabulary has a root, so that a text's word leads somewhere or nowhere by one look-up.
        if self.roots.len() <= word as usize {
            self.roots.resize(word as usize + 1, NONE);
        }
        let next = self.node();
        self.nodes[node as usize].any_case |= GOES_ON;
        self.steps.insert(node, word, next);
        next
    }

    fn node(&mut self) -> u32 {
        self.nodes.push(Node { any_case: NO_END, capitals: NONE });
        (self.nodes.len() - 1) as u32
    }
}

/// (node, word) → node, in one flat table.
#[derive(Debug, Default)]
pub struct Steps {
    /// Open addressing over a power of two; an empty slot leads to [`NONE`].
    slots: Vec<(u32, WordId, u32)>,
    count: usize,
}

impl Steps {
    /// Where `word` leads from `node`; [`NONE`] when nowhere.
    pub fn get(&self, node: u32, word: WordId) -> u32 {
        let Some(mask) = self.slots.len().checked_sub(1) else { return NONE };
        let mut slot = place(node, word) & mask;
        loop {
            match self.slots[slot] {
                (_, _, NONE) => return NONE,
                (from, by, to) if from == node && by == word => return to,
                _ => slot = (slot + 1) & mask,
            }
        }
    }

    fn insert(&mut self, node: u32, word: WordId, next: u32) {
        if self.slots.len() * 4 <= self.count * 5 + 4 {
            let size = (self.slots.len() * 2).max(16);
            let old = std::mem::replace(&mut self.slots, vec![(0, 0, NONE); size]);
            old.into_iter().filter(|slot| slot.2 != NONE).for_each(|slot| self.put(slot));
        }
        self.count += 1;
        self.put((node, word, next));
    }

    fn put(&mut self, step: (u32, WordId, u32)) {
        let mask = self.slots.len() - 1;
        let mut slot = place(step.0, step.1) & mask;
        while self.slots[slot].2 != NONE {
            slot = (slot + 1) & mask;
        }
        self.slots[slot] = step;
    }
}

fn place(node: u32, word: WordId) -> usize {
    let mixed = ((u64::from(node) << 32) | u64::from(word)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9).rotate_left(32) as usize
}

/// Whether a term is written in capitals only, with two letters at least.
pub fn is_acronym(term: &str) -> bool {
    let mut letters = term.chars().filter(|character| character.is_alphabetic());
    letters.clone().nth(1).is_some() && letters.all(char::is_uppercase)
}

#[cfg(test)]
mod tests {
    use super::Trie;
    use crate::text::Words;

    fn finds(term: &str, text: &str) -> bool {
        let mut trie = Trie::default();
        trie.add(term, &mut || 0).expect("a term");
        let mut hits = Vec::new();
        trie.scan(&Words::of(text), 0, &mut Vec::new(), &mut hits);
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
    fn capitals_ask_for_capitals_unless_text_or_sentence_lost_them() {
        for (term, text, found) in [
            ("OAS", "The OAS said", true),
            ("OAS", "The Oas said", true),
            ("OAS", "The O.A.S. said", true),
            ("OAS", "The oas said", false),
            ("OAS", "the oas said so, and nobody else did", true),
            ("OAS", "Here it begins. the oas said so, and nobody else in the whole country did. The End", true),
            ("OAS", "Here it begins. the oas said so. The End", false),
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
        let mut next = 0;
        let mut fresh = || {
            next += 1;
            next - 1
        };
        let [long, short, tail] = ["corte penal internacional", "corte penal", "internacional"]
            .map(|term| trie.add(term, &mut fresh).expect("a term"));
        assert_eq!(trie.add("Corte Penal", &mut fresh), Some(short), "the same term is the same pattern");
        assert_ne!(trie.add("CORTE PENAL", &mut fresh), Some(short), "capitals are another");
        assert_eq!(trie.add_any_case("CORTE PENAL", &mut fresh), Some(short));
        assert_eq!(trie.add("...", &mut fresh), None);
        let mut hits = Vec::new();
        trie.scan(&Words::of("La Corte Penal Internacional"), 0, &mut Vec::new(), &mut hits);
        let found: Vec<(u32, u32, u32)> = hits.iter().map(|hit| (hit.pattern, hit.first, hit.behind)).collect();
        assert!(found.contains(&(long, 1, 4)) && found.contains(&(short, 1, 3)) && found.contains(&(tail, 3, 4)));
    }
}
