//! Folded words → numbers. One flat table for all words that any pattern uses, so that a word of a text costs one look-up
//! and a million names fit into memory.

use super::small::is_small;
use crate::text::words::hash;

/// A word's number, in the order in which words were added.
pub type WordId = u32;

/// No word, no node, no pattern.
pub const NONE: u32 = u32::MAX;

/// Every word of a rule set's patterns.
#[derive(Debug, Default)]
pub struct Vocabulary {
    /// Open addressing over a power of two; an empty slot holds [`NONE`].
    slots: Vec<(u32, WordId)>,
    letters: String,
    /// Where in `letters` each word ends.
    ends: Vec<u32>,
}

impl Vocabulary {
    /// The number of a folded word, given its [`hash`].
    pub fn get(&self, folded: &str, hash: u32) -> Option<WordId> {
        let mask = self.slots.len().checked_sub(1)?;
        let mut slot = hash as usize & mask;
        loop {
            match self.slots[slot] {
                (_, NONE) => return None,
                (known, id) if known == hash && self.word(id) == folded => return Some(id),
                _ => slot = (slot + 1) & mask,
            }
        }
    }

    /// The number of a folded word, which is added if it is new.
    pub fn add(&mut self, folded: &str) -> WordId {
        let hash = hash(folded);
        if let Some(id) = self.get(folded, hash) {
            return id;
        }
        if self.slots.len() * 3 <= self.ends.len() * 4 + 4 {
            self.grow();
        }
        let id = self.ends.len() as WordId;
        self.letters.push_str(folded);
        self.ends.push(self.letters.len() as u32);
        self.place(hash, id);
        id
    }

    /// A word by its number.
    pub fn word(&self, id: WordId) -> &str {
        let start = (id as usize).checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        &self.letters[start..self.ends[id as usize] as usize]
    }

    /// Whether the word of that number is a small one (see [`is_small`]).
    pub fn is_small(&self, id: WordId) -> bool {
        is_small(self.word(id))
    }

    /// How many words there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Gives back what was reserved for more words.
    pub fn freeze(&mut self) {
        self.letters.shrink_to_fit();
        self.ends.shrink_to_fit();
    }

    fn place(&mut self, hash: u32, id: WordId) {
        let mask = self.slots.len() - 1;
        let mut slot = hash as usize & mask;
        while self.slots[slot].1 != NONE {
            slot = (slot + 1) & mask;
        }
        self.slots[slot] = (hash, id);
    }

    fn grow(&mut self) {
        let size = (self.slots.len() * 2).max(16);
        let old = std::mem::replace(&mut self.slots, vec![(0, NONE); size]);
        for (hash, id) in old {
            if id != NONE {
                self.place(hash, id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Vocabulary;
    use crate::text::words::hash;

    #[test]
    fn every_word_keeps_its_number() {
        let mut vocabulary = Vocabulary::default();
        assert_eq!(vocabulary.get("a", hash("a")), None);
        let words: Vec<String> = (0..5000).map(|number| format!("word{}", number * 7)).collect();
        let ids: Vec<u32> = words.iter().map(|word| vocabulary.add(word)).collect();
        for (word, id) in words.iter().zip(ids) {
            assert_eq!(vocabulary.add(word), id);
            assert_eq!(vocabulary.get(word, hash(word)), Some(id));
            assert_eq!(vocabulary.word(id), word);
        }
        assert_eq!(vocabulary.len(), 5000);
        assert_eq!(vocabulary.get("word1", hash("word1")), None);
    }
}
