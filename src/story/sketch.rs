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

/// Of names and numbers, so many are looked up, the heaviest.
const LANDMARKS: usize = 10;

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

    /// The passages by which it is looked up: those of its opening, and half of the others, which keeps an index small.
    pub(super) fn indexed(&self) -> impl Iterator<Item = u64> {
        indexed(self.passages.iter().copied(), self.opening)
    }

    /// Hashes of its heaviest numbers and names, for finding the same story in other words.
    pub fn landmarks(&self) -> impl Iterator<Item = u32> {
        self.features.iter().take(LANDMARKS).filter(|feature| feature.is_landmark()).map(|feature| feature.key())
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
        let stored = Stored::of(bytes)?;
        let &[_, a, b, c, d, e, f, g, h, words_low, words_high, opening, level, _] = stored.head;
        Some(Self {
            exact: u64::from_le_bytes([a, b, c, d, e, f, g, h]),
            words: u16::from_le_bytes([words_low, words_high]),
            opening,
            level,
            passages: stored.passages().collect(),
            features: stored.features().collect(),
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

/// The bytes of a stored sketch, read in place.
pub(super) struct Stored<'a> {
    head: &'a [u8; 14],
    passages: &'a [u8],
    features: &'a [u8],
}

impl<'a> Stored<'a> {
    pub fn of(bytes: &'a [u8]) -> Option<Self> {
        let (head, rest) = bytes.split_first_chunk::<14>()?;
        let &[version, .., opening, level, count] = head;
        let (passages, features) = rest.split_at_checked(usize::from(count) * 5)?;
        let sound = version == VERSION && features.len() % 4 == 0 && opening <= count && level <= 40;
        sound.then_some(Self { head, passages, features })
    }

    pub fn passages(&self) -> impl Iterator<Item = u64> + use<'a> {
        self.passages.as_chunks().0.iter().map(|&[a, b, c, d, e]| u64::from_le_bytes([a, b, c, d, e, 0, 0, 0]))
    }

    pub fn indexed(&self) -> impl Iterator<Item = u64> + use<'a> {
        indexed(self.passages(), self.head[11])
    }

    pub fn features(&self) -> impl Iterator<Item = Feature> + use<'a> {
        self.features.as_chunks().0.iter().map(|&bits| Feature::from_bits(u32::from_le_bytes(bits)))
    }

    pub fn landmarks(&self) -> impl Iterator<Item = u32> + use<'a> {
        self.features().take(LANDMARKS).filter(|feature| feature.is_landmark()).map(Feature::key)
    }
}

fn indexed(passages: impl Iterator<Item = u64>, opening: u8) -> impl Iterator<Item = u64> {
    let chosen = move |&(place, passage): &(usize, u64)| place < usize::from(opening) || is_indexed(passage);
    passages.enumerate().filter(chosen).map(|(_, passage)| passage)
}

/// Whether a passage is looked up wherever in an article it stands.
pub(super) fn is_indexed(passage: u64) -> bool {
    mixed(passage) & 1 == 0
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::story::samples;
    use proptest::prelude::any;
    use proptest::proptest;

    #[test]
    fn a_sketch_comes_back_from_its_bytes() {
        for text in ["", "Una.", samples::SPANISH, samples::ENGLISH] {
            let sketch = Sketch::of("Naufragio", text);
            assert_eq!(Sketch::from_bytes(&sketch.to_bytes()), Some(sketch));
        }
    }

    #[test]
    fn a_long_article_takes_no_more_than_a_kilobyte() {
        let text: String = (0..20_000_u64).map(|word| format!("Palabra{} ", mixed(word) % 5000)).collect();
        let sketch = Sketch::of("", &text);
        assert!(sketch.to_bytes().len() <= 1024, "{} bytes", sketch.to_bytes().len());
        assert!(sketch.passages.len() > 60, "{} of a long text are too few", sketch.passages.len());
    }

    #[test]
    fn what_is_cut_from_a_long_article_shares_its_passages() {
        let text: String = (0..4000_u64).map(|word| format!("palabra{} ", mixed(word) % 5000)).collect();
        let part: String = text.split_inclusive(' ').skip(1000).take(900).collect();
        let (whole, part) = (Sketch::of("", &text), Sketch::of("", &part));
        let held: Vec<&u64> = part.passages.iter().filter(|passage| whole.samples(**passage)).collect();
        let shared = held.iter().filter(|passage| whole.passages.contains(passage)).count();
        assert!(shared * 10 >= held.len() * 9 && shared > 3, "{shared} of {}", held.len());
    }

    #[test]
    fn any_common_run_of_fifteen_words_is_found() {
        let run: Vec<&str> = samples::OTHER.split(' ').take(15).collect();
        let other = format!("{} {} {}", samples::ENGLISH, run.join(" "), samples::PORTUGUESE_LEDE);
        let passages = Sketch::of("", &other).passages;
        let shared = Sketch::of("", samples::OTHER).passages.iter().filter(|one| passages.contains(one)).count();
        assert!(shared > 0);
    }

    #[test]
    fn damaged_bytes_are_no_sketch() {
        let bytes = Sketch::of("", samples::SPANISH).to_bytes();
        assert_eq!(Sketch::from_bytes(&[]), None);
        assert_eq!(Sketch::from_bytes(&bytes[..bytes.len() - 1]), None);
        assert_eq!(Sketch::from_bytes(&[&[VERSION + 1], &bytes[1..]].concat()), None);
    }

    proptest! {
        #[test]
        fn no_text_and_no_bytes_are_too_odd(text in any::<String>(), bytes in any::<Vec<u8>>()) {
            let sketch = Sketch::of(&text, &text);
            assert!(sketch.to_bytes().len() <= 1024);
            assert_eq!(Sketch::from_bytes(&sketch.to_bytes()), Some(sketch));
            _ = Sketch::from_bytes(&bytes);
        }
    }
}
