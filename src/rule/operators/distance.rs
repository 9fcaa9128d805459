//! Two lists of places → those pairs of them that stand to each other as an operator asks. Each place of the left side is
//! joined with the nearest of the right side that will do.

use super::near;
use super::not_near;
use super::ordered;
use super::paragraph;
use super::sentence;
use crate::rule::query::Nearness;
use crate::rule::scan::Scan;
use crate::rule::sought::Spot;
use crate::rule::sought::sort;
use crate::rule::trie::Hit;

/// The places of the whole, in order.
pub fn places(how: Nearness, left: Vec<Spot>, right: &[Spot], scan: &Scan<'_>) -> Vec<Spot> {
    if let Nearness::NotNear(words) = how {
        return left.into_iter().filter(|spot| not_near::holds(&spot.whole, right, words)).collect();
    }
    let holds = |one: &Hit, other: &Hit| match how {
        Nearness::Near(words) => near::holds(one, other, words),
        Nearness::Ordered(words) => ordered::holds(one, other, words),
        Nearness::Sentence => sentence::holds(one, other, scan.words(one.part)),
        Nearness::Paragraph => paragraph::holds(one, other, scan.words(one.part)),
        Nearness::NotNear(_) => false,
    };
    let mut found = Vec::new();
    for spot in left {
        // Places are in order, so the nearest lie around where this one would stand among them.
        let behind = right.partition_point(|other| before(&other.whole, &spot.whole));
        let forward = right[behind..].iter().take(MOST_TRIED).find(|other| joins(&spot, other, &holds));
        let backward = right[..behind].iter().rev().take(MOST_TRIED).find(|other| joins(&spot, other, &holds));
        let nearest = match (backward, forward) {
            (Some(one), Some(other)) if between(&spot.whole, &one.whole) <= between(&spot.whole, &other.whole) => one,
            (_, Some(other)) | (Some(other), None) => other,
            (None, None) => continue,
        };
        let whole = Hit {
            first: spot.whole.first.min(nearest.whole.first),
            behind: spot.whole.behind.max(nearest.whole.behind),
            ..spot.whole
        };
        let mut marks = spot.marks;
        marks.extend(nearest.marks.iter().copied());
        found.push(Spot { whole, marks });
    }
    sort(&mut found);
    found
}

/// How many places to either side are tried: enough for all that overlap, and a bound on hostile texts.
const MOST_TRIED: usize = 64;

fn joins(one: &Spot, other: &Spot, holds: &impl Fn(&Hit, &Hit) -> bool) -> bool {
    one.whole.part == other.whole.part && !overlap(&one.whole, &other.whole) && holds(&one.whole, &other.whole)
}

fn before(one: &Hit, other: &Hit) -> bool {
    (one.part, one.first) < (other.part, other.first)
}

fn overlap(one: &Hit, other: &Hit) -> bool {
    one.first < other.behind && other.first < one.behind
}

/// How many words stand between two places that do not overlap.
pub fn between(one: &Hit, other: &Hit) -> u32 {
    if one.first < other.first {
        other.first.saturating_sub(one.behind)
    } else {
        one.first.saturating_sub(other.behind)
    }
}
