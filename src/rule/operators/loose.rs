//! `"words in any order"~n`: all of them, at most `n` other words among them.

use super::Example;
use super::Operator;
use crate::rule::sought::Spot;
use crate::rule::trie::Hit;
use crate::rule::trie::PatternId;
use std::collections::BTreeMap;

/// Words close together.
pub struct Loose;

impl Operator for Loose {
    const NAME: &str = "\"some words\"~n";
    const DOC: &str = "All the words occur close together in any order, with at most n other words among them.";
    const EXAMPLES: &[Example] = &[
        Example::yes("\"violations human rights\"~2", "violations of many human rights"),
        Example::yes("\"violations human rights\"~2", "human rights violations"),
        Example::no("\"violations human rights\"~2", "violations of all the many human rights"),
        Example::no("\"no no\"~3", "They said no to it"),
    ];
}

/// The smallest stretches that hold every pattern as often as it is listed, with at most `slack` other words among them.
/// `hits` gives a pattern's places in order.
pub fn places(patterns: &[PatternId], slack: u32, hits: impl Fn(PatternId) -> Vec<Hit>) -> Vec<Spot> {
    // By pattern: how many of it are still wanted; below zero there are some to spare.
    let mut wanted: BTreeMap<PatternId, i64> = BTreeMap::new();
    patterns.iter().for_each(|&pattern| *wanted.entry(pattern).or_default() += 1);
    let mut all: Vec<Hit> = wanted.keys().flat_map(|&pattern| hits(pattern)).collect();
    all.sort_by_key(|hit| (hit.part, hit.first, hit.pattern));
    let longest = patterns.len() as u32 + slack;
    let mut lacking = patterns.len();
    let mut found = Vec::new();
    let mut start = 0;
    for (end, last) in all.iter().enumerate() {
        let count = wanted.entry(last.pattern).or_default();
        lacking -= usize::from(*count > 0);
        *count -= 1;
        while let Some(first) = all[..=end].get(start) {
            let too_long = first.part != last.part || last.behind - first.first > longest;
            let count = wanted.entry(first.pattern).or_default();
            if !too_long && *count >= 0 {
                break;
            }
            *count += 1;
            lacking += usize::from(*count > 0);
            start += 1;
        }
        if lacking == 0 && start <= end {
            let whole = Hit { behind: last.behind, ..all[start] };
            found.push(Spot { whole, marks: all[start..=end].iter().map(|&hit| (None, hit)).collect() });
        }
    }
    found
}
