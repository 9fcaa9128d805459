//! (title, text) → a sketch of at most 1 KB by which copies, excerpts and translations are recognised later: a hash of the
//! whole text, hashes of passages (winnowing, Schleimer, Wilkerson and Aiken, SIGMOD 2003) in the order of the text,
//! and the heaviest of its numbers, names and words. It is kept beside the article; nothing of the text can be read back.

use super::SHORTEST_TEXT;
use super::feature::Feature;
use super::feature::features;
use super::tokens::Tokens;
use super::tokens::mixed;
use std::collections::HashSet;

/// Words of one passage.
const PASSAGE: usize = 8;

/// Of so many passages that begin one after the other, at least one is kept: of any common run of 15 words.
const WINDOW: usize = 8;

/// Words of the opening, whose passages are all kept.
const OPENING: usize = 60;

/// The most passages that are kept; of longer texts, a sample of those behind the opening is.
const MOST_PASSAGES: usize = 128;

/// Passages are told apart by 40 bits.
const PASSAGE_BITS: u64 = (1 << 40) - 1;

/// The first byte of a stored sketch; another way of hashing gets another.
const VERSION: u8 = 1;

/// What is kept of an article's title and text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sketch {
    /// Of the letters and digits of the text; 0 when they are too few to say anything.
    pub(super) exact: u64,
    /// Words of the text, as far as a `u16` counts.
    pub(super) words: u16,
    /// How many of the passages begin in the opening.
    pub(super) opening: u8,
    /// Behind the opening, one in 2^level passages was kept.
    pub(super) level: u8,
    /// Hashes of passages, in the order of the text, without repeats.
    pub(super) passages: Vec<u64>,
    /// Names, places and numbers, then words, each in the order of their rank.
    pub(super) features: Vec<Feature>,
}

impl Sketch {
    /// The sketch of an article. The title counts for numbers, names and words only: copies change it first.
    pub fn of(title: &str, text: &str) -> Self {
        let headline = Tokens::of(title);
        let body = Tokens::of(text);
        let features = features(&headline, &body);
        let long_enough = body.folded.chars().take(SHORTEST_TEXT).count() == SHORTEST_TEXT;
        let exact = if long_enough { super::tokens::hash(body.folded.as_bytes()) } else { 0 };
        let words = u16::try_from(body.tokens.len()).unwrap_or(u16::MAX);
        let mut sketch = Self { exact, words, opening: 0, level: 0, passages: Vec::new(), features };
        sketch.keep(winnowed(&body));
        sketch
    }

    /// Hashes of passages, for finding the articles that share any.
    pub fn passages(&self) -> &[u64] {
        &self.passages
    }

    /// Hashes of rare-looking numbers and names, the heaviest first, for finding the same story in other words.
    pub fn landmarks(&self) -> impl Iterator<Item = u32> {
        self.features.iter().filter(|feature| feature.is_landmark()).map(|feature| feature.key())
    }

    /// The bytes that are stored, 1024 at most.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(16 + self.passages.len() * 5 + self.features.len() * 4);
        bytes.push(VERSION);
        bytes.extend(self.exact.to_le_bytes());
        bytes.extend(self.words.to_le_bytes());
        bytes.extend([self.opening, self.level]);
        bytes.push(u8::try_from(self.passages.len()).unwrap_or(u8::MAX));
        for passage in &self.passages {
            bytes.extend(&passage.to_le_bytes()[..5]);
        }
        for feature in &self.features {
            bytes.extend(feature.to_bits().to_le_bytes());
        }
        bytes
    }

    /// A stored sketch; `None` when it was made in another way, or is damaged.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (&[version, ref exact @ .., words_low, words_high, opening, level, count], rest) =
            bytes.split_first_chunk::<14>()?;
        let passages = rest.get(..usize::from(count) * 5)?;
        let features = rest.get(usize::from(count) * 5..)?;
        if version != VERSION || features.len() % 4 != 0 || opening > count || level > 40 {
            return None;
        }
        let number = |bytes: &[u8]| bytes.iter().rev().fold(0, |number: u64, &byte| number << 8 | u64::from(byte));
        Some(Self {
            exact: number(exact),
            words: u16::from_le_bytes([words_low, words_high]),
            opening,
            level,
            passages: passages.chunks_exact(5).map(number).collect(),
            features: features.as_chunks().0.iter().map(|&bits| Feature::from_bits(u32::from_le_bytes(bits))).collect(),
        })
    }

    /// Whether a passage behind the opening is in the sample of a sketch of this one's length.
    pub(super) fn samples(&self, passage: u64) -> bool {
        sampled(passage, self.level)
    }

    fn keep(&mut self, chosen: Vec<(usize, u64)>) {
        let opening = chosen.iter().take_while(|(at, _)| *at < OPENING).count();
        let kept = |level: u8| {
            let behind = chosen[opening..].iter().filter(move |(_, passage)| sampled(*passage, level));
            chosen[..opening].iter().chain(behind).map(|(_, passage)| *passage)
        };
        self.level = (0..40).find(|&level| kept(level).count() <= MOST_PASSAGES).unwrap_or(40);
        self.passages = kept(self.level).collect();
        self.opening = u8::try_from(opening).unwrap_or(u8::MAX);
    }
}

/// Other bits than the ones that winnowing prefers decide.
fn sampled(passage: u64, level: u8) -> bool {
    mixed(passage) >> 8 & ((1 << level) - 1) == 0
}

/// The passages that are kept, each with the number of its first word.
fn winnowed(body: &Tokens) -> Vec<(usize, u64)> {
    let hashes = passages(body);
    let mut seen = HashSet::with_capacity_and_hasher(hashes.len() / 4, PlainState);
    let mut chosen: Vec<(usize, u64)> = Vec::with_capacity(hashes.len() / 4 + 1);
    let windows = hashes.len().saturating_sub(WINDOW - 1).max(usize::from(!hashes.is_empty()));
    let mut least = 0;
    let mut last = usize::MAX;
    for start in 0..windows {
        let end = (start + WINDOW).min(hashes.len());
        if start == 0 || least < start {
            // The last of the smallest: it stays in the window longest.
            least = (start..end).rev().min_by_key(|&at| hashes[at]).unwrap_or(start);
        } else if hashes[end - 1] <= hashes[least] {
            least = end - 1;
        }
        if least != last {
            last = least;
            if seen.insert(hashes[least]) {
                chosen.push((least, hashes[least]));
            }
        }
    }
    chosen
}

/// The hash of the passage that begins with each word; a text shorter than a passage is one.
fn passages(body: &Tokens) -> Vec<u64> {
    const BASE: u64 = 0x5851_f42d_4c95_7f2d;
    let tokens = &body.tokens;
    let length = PASSAGE.min(tokens.len());
    if length == 0 {
        return Vec::new();
    }
    let highest = (1..length).fold(1_u64, |power, _| power.wrapping_mul(BASE));
    let mut rolling = 0_u64;
    let mut hashes = Vec::with_capacity(tokens.len() + 1 - length);
    for (at, token) in tokens.iter().enumerate() {
        if at >= length {
            rolling = rolling.wrapping_sub(tokens[at - length].hash.wrapping_mul(highest));
        }
        rolling = rolling.wrapping_mul(BASE).wrapping_add(token.hash);
        if at + 1 >= length {
            hashes.push(mixed(rolling) & PASSAGE_BITS);
        }
    }
    hashes
}

/// The keys are hashes already.
#[derive(Clone, Copy, Default)]
pub(super) struct PlainState;

impl std::hash::BuildHasher for PlainState {
    type Hasher = Plain;

    fn build_hasher(&self) -> Plain {
        Plain(0)
    }
}

/// Takes a hash as it is.
pub(super) struct Plain(u64);

impl std::hash::Hasher for Plain {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = super::tokens::hash(bytes);
    }

    fn write_u32(&mut self, value: u32) {
        self.0 = u64::from(value).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = value.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}
