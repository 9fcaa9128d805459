//! `a ONEAR/n b`: the left side first, at most `n` words before the right one.

use super::Example;
use super::Operator;
use super::distance::between;
use crate::rule::trie::Hit;

/// Near each other, in this order.
pub struct Ordered;

impl Operator for Ordered {
    const NAME: &str = "a ONEAR/n b";
    const DOC: &str = "As NEAR, but the left side comes first.";
    const EXAMPLES: &[Example] = &[
        Example::yes("minister ONEAR/2 resign*", "The minister has now resigned"),
        Example::no("minister ONEAR/2 resign*", "She resigned, the minister"),
        Example::yes("presos ONEAR/0 polític*", "los presos políticos"),
    ];
}

/// Whether `one` ends at most `words` words before `other` begins.
pub fn holds(one: &Hit, other: &Hit, words: u32) -> bool {
    one.first < other.first && between(one, other) <= words
}
