//! Beginnings of words (`tortur*`) → the patterns of a text's word, by its first three bytes and then by comparing.

use super::trie::Hit;
use super::trie::PatternId;
use super::trie::is_acronym;
use crate::text::Shape;
use crate::text::Words;
use std::collections::HashMap;

/// All wildcards of a rule set.
#[derive(Debug, Default)]
pub struct Prefixes {
    by_head: HashMap<[u8; 3], Vec<Prefix>>,
}

#[derive(Debug)]
struct Prefix {
    letters: String,
    capitals: bool,
    pattern: PatternId,
}

impl Prefixes {
    /// Adds a beginning, typed without its star. `None` when it is not one word of three bytes or more.
    pub fn add(&mut self, typed: &str, fresh: &mut dyn FnMut() -> PatternId) -> Option<PatternId> {
        let words = Words::of(typed);
        let [word] = words.words() else { return None };
        let letters = words.folded(word);
        let list = self.by_head.entry(head(letters)?).or_default();
        let capitals = is_acronym(typed);
        if let Some(known) = list.iter().find(|known| known.letters == letters && known.capitals == capitals) {
            return Some(known.pattern);
        }
        let pattern = fresh();
        list.push(Prefix { letters: letters.to_owned(), capitals, pattern });
        Some(pattern)
    }

    /// Adds every word that begins so to `hits`.
    pub fn scan(&self, words: &Words, part: u32, hits: &mut Vec<Hit>) {
        if self.by_head.is_empty() {
            return;
        }
        let ignore_case = words.lost_capitals();
        for (index, word) in words.words().iter().enumerate() {
            let folded = words.folded(word);
            let Some(list) = head(folded).and_then(|head| self.by_head.get(&head)) else { continue };
            let capital = ignore_case || word.shape != Shape::Lower || words.mumbles(word.sentence);
            for prefix in list.iter().filter(|prefix| capital || !prefix.capitals) {
                if folded.starts_with(&prefix.letters) {
                    let first = index as u32;
                    hits.push(Hit { pattern: prefix.pattern, part, first, behind: first + 1 });
                }
            }
        }
    }
}

fn head(word: &str) -> Option<[u8; 3]> {
    word.as_bytes().first_chunk().copied()
}
