//! (sketch, sketch) → what the two have in common, in numbers. What follows from them is `judge`'s.

use super::feature::Feature;
use super::feature::Kind;
use super::feature::MOST_NAMED;
use super::feature::MOST_WORDS;
use super::sketch::PlainState;
use super::sketch::Sketch;
use std::collections::HashMap;
use std::collections::HashSet;

/// How common things are in the articles of the window; what is common says little.
pub trait Background {
    /// How many stories have a passage.
    fn stories_with_passage(&self, passage: u64) -> u32;

    /// The weight of a feature among all articles; by default the one that its kind has.
    fn weight(&self, feature: Feature) -> f32 {
        feature.weight()
    }
}

/// Nothing is known of other articles.
#[derive(Clone, Copy, Debug, Default)]
pub struct Alone;

impl Background for Alone {
    fn stories_with_passage(&self, _passage: u64) -> u32 {
        0
    }
}

/// What two articles have in common.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Overlap {
    /// Whether the whole text is the same, letter by letter.
    pub exact: bool,
    /// Passages in common.
    pub passages: u32,
    /// Passages of the one that has fewer, as far as both sketches could have them.
    pub of_passages: u32,
    /// The longest run of passages in common that follow each other in both.
    pub run: u32,
    /// In how many runs the passages in common stand.
    pub runs: u32,
    /// The share of either one's opening that is in the other, whichever is larger.
    pub opening: f32,
    /// The share of the first one's opening that is in the other.
    pub own_opening: f32,
    /// Numbers in common.
    pub numbers: u32,
    /// Numbers of the one that has fewer.
    pub of_numbers: u32,
    /// Figures in common, numbers that are not seen every day.
    pub figures: u32,
    /// Figures of the one that has fewer.
    pub of_figures: u32,
    /// Names and places in common.
    pub names: u32,
    /// Names and places of the one that has fewer.
    pub of_names: u32,
    /// Features in common.
    pub features: u32,
    /// Weight of what they have in common, of the weight of the lighter.
    pub contained: f32,
    /// Weight of what they have in common, of the geometric mean of both.
    pub alike: f32,
    /// As `contained`, of words that are no names.
    pub words_contained: f32,
    /// As `contained`, of names, places and numbers.
    pub named_contained: f32,
}

impl Overlap {
    /// Passages in common, as a share of those of the shorter.
    pub fn containment(&self) -> f32 {
        share(self.passages, self.of_passages)
    }
}

/// A share; nothing of nothing is nothing.
pub(super) fn share(part: u32, whole: u32) -> f32 {
    if whole == 0 { 0.0 } else { part as f32 / whole as f32 }
}

/// Compares two sketches. Passages that more than `most_stories` stories have are left out.
pub fn overlap(one: &Sketch, other: &Sketch, background: &dyn Background, most_stories: u32) -> Overlap {
    let mut found = Overlap { exact: one.exact != 0 && one.exact == other.exact, ..Overlap::default() };
    compare_passages(one, other, background, most_stories, &mut found);
    compare_features(one, other, background, &mut found);
    found
}

fn compare_passages(one: &Sketch, other: &Sketch, background: &dyn Background, most: u32, found: &mut Overlap) {
    let mine: HashSet<u64, PlainState> = one.passages.iter().copied().collect();
    // Places among those that the other sketch could hold too, so that runs are the same seen from either side.
    let held = other.passages.iter().filter(|&&passage| one.samples(passage) || mine.contains(&passage));
    let places: HashMap<u64, usize, PlainState> = held.enumerate().map(|(place, &passage)| (passage, place)).collect();
    let telling = |passage: u64| background.stories_with_passage(passage) <= most;
    // Where a sketch is a sample, only what the sample could hold counts as missing from it.
    let mut comparable = [0_u32; 2];
    let mut openings = [(0_u32, 0_u32); 2];
    let mut run = 0;
    let mut behind = None;
    for (place, &passage) in one.passages.iter().enumerate() {
        if !telling(passage) {
            continue;
        }
        let there = places.get(&passage).copied();
        if there.is_some() || other.samples(passage) {
            comparable[0] += 1;
        }
        if place < usize::from(one.opening) {
            openings[0].1 += 1;
            openings[0].0 += u32::from(there.is_some());
        }
        match there {
            Some(there) => {
                found.passages += 1;
                let follows = behind.is_some_and(|last| there > last && there <= last + 2);
                run = if follows { run + 1 } else { 1 };
                found.runs += u32::from(!follows);
                found.run = found.run.max(run);
                behind = Some(there);
            }
            None if other.samples(passage) => behind = None,
            None => {}
        }
    }
    for (place, &passage) in other.passages.iter().enumerate() {
        if !telling(passage) {
            continue;
        }
        let there = mine.contains(&passage);
        if there || one.samples(passage) {
            comparable[1] += 1;
        }
        if place < usize::from(other.opening) {
            openings[1].1 += 1;
            openings[1].0 += u32::from(there);
        }
    }
    found.of_passages = comparable[0].min(comparable[1]);
    let [first, second] = openings.map(|(part, whole)| share(part, whole));
    (found.opening, found.own_opening) = (first.max(second), first);
}

fn compare_features(one: &Sketch, other: &Sketch, background: &dyn Background, found: &mut Overlap) {
    let mine = Features::of(one);
    let theirs = Features::of(other);
    // Named things, then words.
    let mut shared = [0.0_f32; 2];
    for feature in &one.features {
        let Some(twin) = theirs.by_key.get(&feature.key()) else { continue };
        // A name in one language is often a word in the other: it counts as the lighter of both.
        let lighter = if background.weight(*twin) < background.weight(*feature) { *twin } else { *feature };
        shared[usize::from(lighter.is_word())] += background.weight(lighter);
        found.features += 1;
        found.numbers += u32::from(feature.is_number());
        found.figures += u32::from(feature.kind() == Kind::Figure);
        found.names += u32::from(is_name(*feature) || is_name(*twin));
    }
    let (a, b) = (mine.comparable(&theirs, background), theirs.comparable(&mine, background));
    found.of_numbers = a.numbers.min(b.numbers).max(found.numbers);
    found.of_figures = a.figures.min(b.figures).max(found.figures);
    found.of_names = a.names.min(b.names).max(found.names);
    let all = shared[0] + shared[1];
    let (whole_a, whole_b) = (a.weight[0] + a.weight[1], b.weight[0] + b.weight[1]);
    found.contained = ratio(all, whole_a.min(whole_b));
    found.alike = ratio(all, (whole_a * whole_b).sqrt());
    found.words_contained = ratio(shared[1], a.weight[1].min(b.weight[1]));
    found.named_contained = ratio(shared[0], a.weight[0].min(b.weight[0]));
}

fn ratio(part: f32, whole: f32) -> f32 {
    if whole > 0.0 { (part / whole).min(1.0) } else { 0.0 }
}

/// The features of a sketch, for looking them up.
struct Features<'a> {
    all: &'a [Feature],
    by_key: HashMap<u32, Feature, PlainState>,
    /// The ranks below which names and words were left out.
    lowest: [Option<(Kind, u32)>; 2],
}

impl<'a> Features<'a> {
    fn of(sketch: &'a Sketch) -> Self {
        let all = sketch.features.as_slice();
        let named = all.partition_point(|feature| !feature.is_word());
        let lowest = |part: &[Feature], most: usize| part.get(most - 1).map(|feature| feature.rank());
        Self {
            all,
            by_key: all.iter().map(|feature| (feature.key(), *feature)).collect(),
            lowest: [lowest(&all[..named], MOST_NAMED), lowest(&all[named..], MOST_WORDS)],
        }
    }

    /// What of these features `other` would have kept, had it been there: the rest does not count as missing from it.
    fn comparable(&self, other: &Self, background: &dyn Background) -> Side {
        let mut side = Side::default();
        for feature in self.all {
            let lowest = other.lowest[usize::from(feature.is_word())];
            if !other.by_key.contains_key(&feature.key()) && lowest.is_some_and(|lowest| feature.rank() < lowest) {
                continue;
            }
            side.weight[usize::from(feature.is_word())] += background.weight(*feature);
            side.numbers += u32::from(feature.is_number());
            side.figures += u32::from(feature.kind() == Kind::Figure);
            side.names += u32::from(is_name(*feature));
        }
        side
    }
}

#[derive(Default)]
struct Side {
    weight: [f32; 2],
    numbers: u32,
    figures: u32,
    names: u32,
}

fn is_name(feature: Feature) -> bool {
    matches!(feature.kind(), Kind::Name | Kind::Place)
}
