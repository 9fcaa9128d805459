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
    slots: Vec<Slot>,
    letters: String,
    /// Where in `letters` each word ends.
    ends: Vec<u32>,
}

/// A word in the table.
#[derive(Clone, Copy, Debug)]
struct Slot {
    /// Its first letters and its length, see [`head`]: short words are compared without leaving the table.
    head: [u64; 2],
    hash: u32,
    id: WordId,
}

const EMPTY: Slot = Slot { head: [0; 2], hash: 0, id: NONE };

/// So many bytes of a word stand in its head.
const IN_HEAD: usize = 15;

/// The first fifteen bytes of a word, and its length, 255 at most.
fn head(word: &str) -> [u64; 2] {
    let mut bytes = [0; IN_HEAD + 1];
    let shown = word.len().min(IN_HEAD);
    bytes[..shown].copy_from_slice(&word.as_bytes()[..shown]);
    bytes[IN_HEAD] = word.len().min(255) as u8;
    let number = u128::from_le_bytes(bytes);
    [number as u64, (number >> 64) as u64]
}

impl Vocabulary {
    /// The number of a folded word, given its [`hash`].
    pub fn get(&self, folded: &str, hash: u32) -> Option<WordId> {
        let mask = self.slots.len().checked_sub(1)?;
        let mut place = hash as usize & mask;
        loop {
            let slot = &self.slots[place];
            if slot.id == NONE {
                return None;
            }
            if slot.hash == hash && slot.head == head(folded) && self.goes_on_as(slot.id, folded) {
                return Some(slot.id);
            }
            place = (place + 1) & mask;
        }
    }

    fn goes_on_as(&self, id: WordId, folded: &str) -> bool {
        folded.len() <= IN_HEAD || self.word(id) == folded
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
        self.place(Slot { head: head(folded), hash, id });
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

    fn place(&mut self, slot: Slot) {
        let mask = self.slots.len() - 1;
        let mut place = slot.hash as usize & mask;
        while self.slots[place].id != NONE {
            place = (place + 1) & mask;
        }
        self.slots[place] = slot;
    }

    fn grow(&mut self) {
        let size = (self.slots.len() * 2).max(16);
        let old = std::mem::replace(&mut self.slots, vec![EMPTY; size]);
        old.into_iter().filter(|slot| slot.id != NONE).for_each(|slot| self.place(slot));
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

    #[test]
    fn words_that_begin_alike_are_told_apart_whatever_their_length() {
        let mut vocabulary = Vocabulary::default();
        let words = ["americ", "america", "american", "americano", &"americanos".repeat(30), &"americanos".repeat(31)];
        let ids: Vec<u32> = words.iter().map(|word| vocabulary.add(word)).collect();
        assert_eq!(ids, [0, 1, 2, 3, 4, 5]);
        // The same hash alone makes no word known.
        assert_eq!(vocabulary.get("americas", hash("american")), None);
    }
}
