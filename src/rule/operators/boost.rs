//! `word^n`: weighs so much more in a rule's score.

use super::Example;
use super::Operator;
use crate::rule::plan::Leaf;
use crate::rule::scan::Scan;
use crate::rule::scan::TITLE;

/// A weight.
pub struct Boost;

impl Operator for Boost {
    const NAME: &str = "word^n";
    const DOC: &str = "Weighs n instead of 1 in the score that a rule with `min_score` needs. What a match rests on adds its \
                       weight for each place, a place in the title twice, three places at most. Without `min_score` a \
                       weight changes nothing.";
    const EXAMPLES: &[Example] =
        &[Example::yes("torture^2 OR prison", "A prison"), Example::no("torture^2 prison", "A prison")];
}

/// How often one part counts at most.
const CAP: usize = 3;

/// What the parts that a match rests on weigh together.
pub fn score(evidence: &[&Leaf], scan: &Scan<'_>) -> f64 {
    let worth = |leaf: &&Leaf| {
        let spots = leaf.sought.spots(leaf.scope, scan);
        let mut places: Vec<usize> = spots.iter().map(|spot| if spot.whole.part == TITLE { 2 } else { 1 }).collect();
        // The dearest places first; a part without places, such as a language, counts once.
        places.sort_unstable_by(|one, other| other.cmp(one));
        let places: usize = places.iter().take(CAP).sum();
        leaf.weight * places.max(1) as f64
    };
    evidence.iter().map(worth).sum()
}
