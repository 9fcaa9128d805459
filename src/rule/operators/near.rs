//! `a NEAR/n b`: both sides, at most `n` words apart.

use super::Example;
use super::Operator;
use super::distance::between;
use crate::rule::trie::Hit;

/// Near each other, in any order.
pub struct Near;

impl Operator for Near {
    const NAME: &str = "a NEAR/n b";
    const DOC: &str = "Both sides occur with at most n words between them, in any order, sentences crossed or not, but \
                       never from the title into the body. A side is a word, a phrase, an entity, another distance, or \
                       an OR of those in brackets. Binds tighter than AND. Above 10, `check` warns.";
    const EXAMPLES: &[Example] = &[
        Example::yes("torture NEAR/3 prisoners", "torture of political prisoners"),
        Example::yes("torture NEAR/3 prisoners", "prisoners spoke of torture"),
        Example::no("torture NEAR/1 prisoners", "torture of political prisoners"),
        Example::no("torture NEAR/3 prisoners", "Torture\nPrisoners were moved"),
        Example::yes("(torture OR abuse) NEAR/0 report", "an abuse report"),
        Example::yes("@court NEAR/2 ruling", "a ruling of the Court of Appeal"),
    ];
}

/// Whether at most `words` words stand between two places.
pub fn holds(one: &Hit, other: &Hit, words: u32) -> bool {
    between(one, other) <= words
}
