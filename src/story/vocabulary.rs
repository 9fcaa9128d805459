//! What words mean in several languages: places and days (`names.tsv`, the facts of the Unicode CLDR), words that news
//! use in all languages (`concepts.tsv`, written for this program), and words that say nothing.

use super::feature::Kind;
use super::sketch::PlainState;
use super::tokens::Token;
use super::tokens::hash;
use super::tokens::mixed;
use std::collections::HashMap;
use std::sync::LazyLock;

/// Letters of a word's beginning.
pub(super) const STEM: usize = 5;

/// Words of the longest name of a place.
const LONGEST: usize = 3;

/// What a word means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Meaning {
    /// Nothing that tells an article from another.
    Nothing,
    /// A number in letters.
    Number(f64),
    /// Multiplies the number before it.
    Scale(f64),
    /// The same as words of other languages.
    Concept(u64),
}

/// All that is known of words.
pub(super) struct Vocabulary {
    /// Of names in one word or several, the hash of all words so far; what begins a longer name but is none is there too.
    places: HashMap<u64, Place, PlainState>,
    words: HashMap<u64, Meaning, PlainState>,
}

#[derive(Clone, Copy, Default)]
struct Place {
    /// 0 when it only begins a longer name.
    thing: u64,
    calendar: bool,
    /// So short that it is a name in capitals only.
    short: bool,
}

static SHARED: LazyLock<Vocabulary> = LazyLock::new(Vocabulary::shipped);

/// The shipped vocabulary.
pub(super) fn shared() -> &'static Vocabulary {
    &SHARED
}

impl Vocabulary {
    fn shipped() -> Self {
        let mut found = Self { places: HashMap::default(), words: HashMap::default() };
        for line in include_str!("names.tsv").lines() {
            let (thing, names) = line.split_once('\t').unwrap_or((line, ""));
            let calendar = thing.starts_with("month") || thing.starts_with("day");
            for name in names.split('|') {
                found.learn_place(name, Place { thing: hash(thing.as_bytes()), calendar, short: name.len() <= 3 });
            }
        }
        for line in include_str!("concepts.tsv").lines().filter(|line| !line.starts_with('#')) {
            let (kind, words) = line.split_once('\t').unwrap_or(("", line));
            for word in words.split_whitespace() {
                let meaning = match (kind.split_at_checked(1), kind) {
                    (_, "-") => Meaning::Nothing,
                    (Some(("=", value)), _) => value.parse().map_or(Meaning::Nothing, Meaning::Number),
                    (Some(("*", value)), _) => value.parse().map_or(Meaning::Nothing, Meaning::Scale),
                    // The first word stands for all, so that lines may grow.
                    _ => Meaning::Concept(hash(kind_or_first(line).as_bytes())),
                };
                // What says nothing and numbers are whole words, the others beginnings.
                let whole = !matches!(meaning, Meaning::Concept(_));
                let end = if whole { word.len() } else { word.len().min(STEM) };
                found.words.entry(hash(&word.as_bytes()[..end])).or_insert(meaning);
            }
        }
        found
    }

    fn learn_place(&mut self, name: &str, place: Place) {
        let mut path = 0;
        let words = name.split(' ').count();
        for (index, word) in name.split(' ').enumerate() {
            path = step(path, hash(word.as_bytes()));
            let known = self.places.entry(path).or_default();
            if index + 1 == words && known.thing == 0 {
                *known = place;
            }
        }
    }

    /// The place or day that the tokens from `at` name, and how many of them; the longest name counts.
    pub fn place(&self, tokens: &[Token], at: usize) -> Option<(u64, Kind, usize)> {
        let mut path = 0;
        let mut longest = None;
        for (index, token) in tokens[at..].iter().take(LONGEST).enumerate() {
            path = step(path, token.hash);
            let Some(place) = self.places.get(&path) else { break };
            let written_so = !place.short || tokens[at..=at + index].iter().all(|token| token.shouted || token.capital);
            let lone_word_is_shouted = index > 0 || !place.short || token.shouted;
            if place.thing != 0 && written_so && lone_word_is_shouted {
                let kind = if place.calendar { Kind::Calendar } else { Kind::Place };
                longest = Some((place.thing, kind, index + 1));
            }
        }
        longest
    }

    /// What a word or a word's beginning means, by its hash.
    pub fn meaning(&self, hash: u64) -> Option<Meaning> {
        self.words.get(&hash).copied()
    }
}

fn kind_or_first(line: &str) -> &str {
    line.split_whitespace().next().unwrap_or(line)
}

fn step(path: u64, word: u64) -> u64 {
    mixed(path.rotate_left(7) ^ word)
}
