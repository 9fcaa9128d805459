//! `/expression/`: what a regular expression matches.

use super::Example;
use super::Operator;
use crate::rule::compile::Expressions;
use crate::rule::trie::Hit;
use crate::text::Words;

/// A regular expression.
pub struct Regex;

impl Operator for Regex {
    const NAME: &str = "/expression/";
    const DOC: &str = "What the regular expression matches in the normalised text: character references decoded, dashes and \
                       quotes plain, white space one space. Case does not count unless it says `(?-i)`; marks do. It runs \
                       in linear time, so look-around and back references do not exist. Write `\\b` where a word begins or \
                       ends. An expression with three letters that every match has is tried only on texts that have them; \
                       for any other `check` warns.";
    const EXAMPLES: &[Example] = &[
        Example::yes("/\\btortur(a|as|ados?)\\b/", "Fueron TORTURADOS"),
        Example::no("/\\btortur(a|as|ados?)\\b/", "Los torturadores"),
        Example::yes("/causa \\d{2}-\\d{4}/", "La causa 12&ndash;2031 sigue"),
        Example::yes("/detenci(ó|o)n/ NEAR/2 arbitraria", "una detención muy arbitraria"),
    ];
}

impl Expressions {
    /// Adds every place of every expression to `hits`; only those are tried whose letters the text has.
    pub fn scan(&self, words: &Words, part: u32, hits: &mut Vec<Hit>) {
        if self.all.is_empty() {
            return;
        }
        let mut tried = self.always.clone();
        if let Some(letters) = &self.letters {
            let found = letters.find_overlapping_iter(words.all_folded());
            tried.extend(found.map(|found| self.selected[found.pattern().as_usize()]));
        }
        tried.sort_unstable();
        tried.dedup();
        for index in tried {
            let (expression, pattern) = &self.all[index];
            hits.extend(expression.places(words).map(|range| Hit {
                pattern: *pattern,
                part,
                first: range.start,
                behind: range.end,
            }));
        }
    }
}
