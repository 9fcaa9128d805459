//! `a SENT b`: both sides in one sentence.

use super::Example;
use super::Operator;
use crate::rule::trie::Hit;
use crate::text::Words;

/// In one sentence.
pub struct Sentence;

impl Operator for Sentence {
    const NAME: &str = "a SENT b";
    const DOC: &str = "Both sides occur in one sentence. Binds as NEAR does, and takes the same sides.";
    const EXAMPLES: &[Example] = &[
        Example::yes("judge SENT prison", "The judge spoke for an hour of the old prison. Nobody answered."),
        Example::no("judge SENT prison", "The judge spoke. The prison is old."),
        Example::yes("judge SENT Dr", "A judge called Dr. Paz"),
    ];
}

/// Whether two places of one part lie in one sentence.
pub fn holds(one: &Hit, other: &Hit, words: &Words) -> bool {
    let sentence = |index: u32| words.words().get(index as usize).map(|word| word.sentence);
    let (first, behind) = (one.first.min(other.first), one.behind.max(other.behind));
    sentence(first) == sentence(behind.saturating_sub(1))
}
