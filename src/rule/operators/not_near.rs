//! `a NOTNEAR/n b`: the left side, where the right one is not so near.

use super::Example;
use super::Operator;
use super::distance::between;
use crate::rule::sought::Spot;
use crate::rule::trie::Hit;

/// Somewhere without the other nearby.
pub struct NotNear;

impl Operator for NotNear {
    const NAME: &str = "a NOTNEAR/n b";
    const DOC: &str = "The left side occurs at some place with no right side overlapping it or within n words to either \
                       side. What stands further away does no harm.";
    const EXAMPLES: &[Example] = &[
        Example::yes("court NOTNEAR/2 tennis", "The court sat on Monday"),
        Example::no("court NOTNEAR/2 tennis", "A court for tennis"),
        Example::yes("court NOTNEAR/2 tennis", "A court for tennis was closed. Later the court heard the case"),
        Example::no("maduro NOTNEAR/0 \"plátano maduro\"", "Un plátano maduro"),
    ];
}

/// Whether none of `others` is within `words` words of a place.
pub fn holds(place: &Hit, others: &[Spot], words: u32) -> bool {
    let near = |other: &Hit| {
        let overlap = place.first < other.behind && other.first < place.behind;
        other.part == place.part && (overlap || between(place, other) <= words)
    };
    !others.iter().any(|other| near(&other.whole))
}
