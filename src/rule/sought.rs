//! What one part of a query looks for → its places in an article. Distances are between places, so a part of a distance
//! has places too: those of a word, a phrase, an entity, or of any of several.

use super::operators::distance;
use super::operators::loose;
use super::query::Nearness;
use super::query::Scope;
use super::scan::BODY;
use super::scan::Scan;
use super::trie::Hit;
use super::trie::PatternId;
use crate::model::Language;

/// What to look for.
#[derive(Clone, Debug, PartialEq)]
pub enum Sought {
    /// A word, phrase, beginning or expression.
    Pattern(PatternId),
    /// All of these words, at most so many others among them.
    Window(Vec<PatternId>, u32),
    /// An entity, by its number.
    Entity(usize),
    /// The article's language.
    Language(Language),
    /// Two things in a distance.
    Near(Nearness, Box<Sought>, Box<Sought>),
    /// Any of these.
    AnyOf(Vec<Sought>),
    /// It, in this field.
    In(Scope, Box<Sought>),
    /// What cannot be found: an entity that does not exist.
    Nothing,
}

/// A place of something sought: from its first to its last word, and what there is to be marked between them.
#[derive(Clone, Debug, PartialEq)]
pub struct Spot {
    /// Its part, its first word, and the word behind its last; the pattern means nothing.
    pub whole: Hit,
    /// Each word or name with its entity.
    pub marks: Vec<(Option<usize>, Hit)>,
}

impl Sought {
    /// Shows this and everything below.
    pub fn visit<'a>(&'a self, see: &mut impl FnMut(&'a Self)) {
        see(self);
        match self {
            Self::Near(_, left, right) => {
                left.visit(see);
                right.visit(see);
            }
            Self::AnyOf(list) => list.iter().for_each(|sought| sought.visit(see)),
            Self::In(_, inner) => inner.visit(see),
            Self::Pattern(_) | Self::Window(..) | Self::Entity(_) | Self::Language(_) | Self::Nothing => {}
        }
    }

    /// Whether it occurs `least` times in a scope (title and body where there is none).
    pub fn occurs(&self, scope: Option<Scope>, least: u32, scan: &Scan<'_>) -> bool {
        let least = least as usize;
        match self {
            Self::Pattern(pattern) => {
                let mut hits = scan.hits(*pattern).iter().filter(|hit| lies_in(scope, hit, scan));
                hits.nth(least - 1).is_some()
            }
            Self::Entity(entity) => {
                let mut names = scan.names(*entity).filter(|name| lies_in(scope, &name.hit, scan));
                names.nth(least - 1).is_some()
            }
            Self::Language(language) => scan.text.language == Some(language),
            Self::Nothing => false,
            _ => self.spots(scope, scan).len() >= least,
        }
    }

    /// Its places, in order. A language has none.
    pub fn spots(&self, scope: Option<Scope>, scan: &Scan<'_>) -> Vec<Spot> {
        match self {
            Self::Pattern(pattern) => {
                let hits = scan.hits(*pattern).iter().filter(|hit| lies_in(scope, hit, scan));
                hits.map(|&hit| Spot { whole: hit, marks: vec![(None, hit)] }).collect()
            }
            Self::Entity(entity) => {
                let hits = scan.names(*entity).map(|name| name.hit).filter(|hit| lies_in(scope, hit, scan));
                hits.map(|hit| Spot { whole: hit, marks: vec![(Some(*entity), hit)] }).collect()
            }
            Self::Window(patterns, slack) => loose::places(patterns, *slack, |pattern| {
                scan.hits(pattern).iter().filter(|hit| lies_in(scope, hit, scan)).copied().collect()
            }),
            Self::Near(how, left, right) => {
                distance::places(*how, left.spots(scope, scan), &right.spots(scope, scan), scan)
            }
            Self::AnyOf(list) => {
                let mut spots: Vec<Spot> = list.iter().flat_map(|sought| sought.spots(scope, scan)).collect();
                sort(&mut spots);
                spots
            }
            Self::In(scope, inner) => inner.spots(Some(*scope), scan),
            Self::Language(_) | Self::Nothing => Vec::new(),
        }
    }

    /// Whether any part of it occurs, though the whole may not.
    pub fn touches(&self, scope: Option<Scope>, scan: &Scan<'_>) -> bool {
        match self {
            Self::Near(_, left, right) => left.touches(scope, scan) || right.touches(scope, scan),
            Self::AnyOf(list) => list.iter().any(|sought| sought.touches(scope, scan)),
            Self::In(scope, inner) => inner.touches(Some(*scope), scan),
            Self::Window(list, _) => list.iter().any(|&pattern| Self::Pattern(pattern).occurs(scope, 1, scan)),
            Self::Language(_) => false,
            Self::Pattern(_) | Self::Entity(_) | Self::Nothing => self.occurs(scope, 1, scan),
        }
    }
}

/// Puts places in order and drops those that are there twice.
pub fn sort(spots: &mut Vec<Spot>) {
    let key = |spot: &Spot| (spot.whole.part, spot.whole.first, spot.whole.behind);
    spots.sort_by_key(key);
    spots.dedup_by_key(|spot| key(spot));
}

fn lies_in(scope: Option<Scope>, hit: &Hit, scan: &Scan<'_>) -> bool {
    match scope {
        None => hit.part <= BODY,
        Some(scope) => scan.parts[hit.part as usize].0 == scope,
    }
}
