//! tokens → what a translation keeps: numbers, names, places, days, and the beginnings of other words, which related
//! languages share. A feature is 32 bits: a hash, and its kind, from which its weight follows.

use super::tokens::Token;
use super::tokens::Tokens;
use super::tokens::hash;
use super::tokens::mixed;
use super::vocabulary;
use super::vocabulary::Meaning;
use super::vocabulary::STEM;
use super::vocabulary::Vocabulary;
use std::cmp::Reverse;

/// The most names, places and numbers that are kept.
pub(super) const MOST_NAMED: usize = 48;

/// The most other words that are kept.
pub(super) const MOST_WORDS: usize = 44;

/// One thing that an article speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Feature(u32);

/// What kind of thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Kind {
    /// A month or a day of the week.
    Calendar,
    /// A number below 100, or a round one.
    Count,
    /// A year.
    Year,
    /// A word that most news use, or that a lexicon translates.
    Concept,
    /// The beginning of any other word.
    Stem,
    /// A country, city or language.
    Place,
    /// A word that begins with a capital within a sentence.
    Name,
    /// A number that is not seen every day.
    Figure,
}

const KINDS: [Kind; 8] =
    [Kind::Calendar, Kind::Count, Kind::Year, Kind::Concept, Kind::Stem, Kind::Place, Kind::Name, Kind::Figure];

impl Feature {
    fn new(hash: u64, kind: Kind) -> Self {
        Self((mixed(hash) as u32) & !7 | kind as u32)
    }

    /// What kind of thing it is.
    pub fn kind(self) -> Kind {
        KINDS[(self.0 & 7) as usize]
    }

    /// What is compared: the same thing may be a name in one language and a word in another.
    pub fn key(self) -> u32 {
        self.0 >> 3
    }

    /// What it says about its article, in rough nats.
    pub fn weight(self) -> f32 {
        match self.kind() {
            Kind::Calendar => 0.7,
            Kind::Count => 1.2,
            Kind::Year => 1.5,
            Kind::Concept => 1.0,
            Kind::Stem => 1.7,
            Kind::Place => 2.0,
            Kind::Name => 3.0,
            Kind::Figure => 4.0,
        }
    }

    /// Whether it is a number.
    pub fn is_number(self) -> bool {
        matches!(self.kind(), Kind::Count | Kind::Year | Kind::Figure)
    }

    /// Whether few articles have it, so that it is worth being looked up.
    pub fn is_landmark(self) -> bool {
        matches!(self.kind(), Kind::Name | Kind::Figure)
    }

    /// Whether it is a word of the language, as against a name or a number.
    pub fn is_word(self) -> bool {
        matches!(self.kind(), Kind::Concept | Kind::Stem)
    }

    /// The larger, the rather it is kept. The same in every article, so that two articles keep the same of what they
    /// share; words have none but their hash, because which of them are translated differs.
    pub(super) fn rank(self) -> (Kind, u32) {
        (if self.is_word() { Kind::Concept } else { self.kind() }, self.key())
    }

    pub(super) fn to_bits(self) -> u32 {
        self.0
    }

    pub(super) fn from_bits(bits: u32) -> Self {
        Self(bits)
    }
}

/// The heaviest names, places and numbers of an article and a sample of its words, each in the order of their rank.
pub(super) fn features(title: &Tokens, body: &Tokens) -> Vec<Feature> {
    let vocabulary = vocabulary::shared();
    let mut found = Vec::with_capacity(body.tokens.len());
    // Headlines are written in capitals in some languages, and so are whole texts: a capital says nothing there.
    collect(title, vocabulary, false, &mut found);
    let capitals = body.tokens.iter().filter(|token| token.capital).count();
    collect(body, vocabulary, capitals * 5 < body.tokens.len() * 2, &mut found);
    // Of one thing as two kinds, the heavier stays.
    found.sort_unstable_by_key(|feature| Reverse((feature.key(), feature.kind())));
    found.dedup_by_key(|feature| feature.key());
    let (mut words, mut named): (Vec<Feature>, Vec<Feature>) = found.iter().partition(|feature| feature.is_word());
    words.truncate(MOST_WORDS);
    named.sort_unstable_by_key(|feature| Reverse(feature.rank()));
    named.truncate(MOST_NAMED);
    named.append(&mut words);
    named
}

fn collect(text: &Tokens, vocabulary: &Vocabulary, capitals_tell: bool, found: &mut Vec<Feature>) {
    let tokens = &text.tokens;
    let mut at = 0;
    while at < tokens.len() {
        let token = &tokens[at];
        if let Some(value) = token.number {
            let (value, used) = scaled(value, &tokens[at + 1..], vocabulary);
            found.push(number(value));
            at += 1 + used;
            continue;
        }
        if let Some((thing, kind, used)) = vocabulary.place(tokens, at) {
            found.push(Feature::new(thing, kind));
            at += used;
            continue;
        }
        found.extend(word(text, token, vocabulary, capitals_tell));
        at += 1;
    }
}

fn word(text: &Tokens, token: &Token, vocabulary: &Vocabulary, capitals_tell: bool) -> Option<Feature> {
    let folded = text.folded(token);
    let name = capitals_tell && token.capital && (!token.begins || token.shouted);
    if folded.len() < if name { 2 } else { 4 } {
        return match vocabulary.meaning(token.hash) {
            Some(Meaning::Number(value)) => Some(number(value)),
            Some(Meaning::Concept(concept)) => Some(Feature::new(concept, Kind::Concept)),
            _ => None,
        };
    }
    let stem = stem(folded, STEM);
    let stem_hash = if stem.len() == folded.len() { token.hash } else { hash(stem.as_bytes()) };
    let by_stem = || vocabulary.meaning(stem_hash).filter(|meaning| matches!(meaning, Meaning::Concept(_)));
    match vocabulary.meaning(token.hash).or_else(by_stem) {
        Some(Meaning::Nothing) => None,
        Some(Meaning::Number(value)) => Some(number(value)),
        Some(Meaning::Concept(concept)) => Some(Feature::new(concept, Kind::Concept)),
        Some(Meaning::Scale(_)) | None if name => Some(Feature::new(stem_hash, Kind::Name)),
        Some(Meaning::Scale(_)) | None => Some(Feature::new(stem_hash, Kind::Stem)),
    }
}

/// The first `letters` letters.
fn stem(word: &str, letters: usize) -> &str {
    word.char_indices().nth(letters).map_or(word, |(end, _)| &word[..end])
}

/// `63 million` → 63,000,000, and how many further tokens that took. `63 mil millones` takes two.
fn scaled(mut value: f64, behind: &[Token], vocabulary: &Vocabulary) -> (f64, usize) {
    let mut used = 0;
    while let Some(token) = behind.get(used).filter(|_| used < 2)
        && let Some(Meaning::Scale(scale)) = vocabulary.meaning(token.hash)
    {
        value *= scale;
        used += 1;
    }
    (value, used)
}

fn number(value: f64) -> Feature {
    let kind = match value {
        _ if value < 100.0 && value.fract() == 0.0 => Kind::Count,
        _ if (1900.0..2100.0).contains(&value) && value.fract() == 0.0 => Kind::Year,
        _ if value % 10_f64.powf(value.max(1.0).log10().floor()) == 0.0 && value >= 1.0 => Kind::Count,
        _ => Kind::Figure,
    };
    // Six digits behind the first tell two figures apart; the last bits of a float depend on how they were written.
    let hash = mixed((value * 1000.0).round() as u64 ^ 0xf1_9e5c_a1ed);
    Feature::new(hash, kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<Feature> {
        features(&Tokens::default(), &Tokens::of(text))
    }

    #[test]
    fn a_thing_is_the_same_in_every_language() {
        for spellings in [
            &["se 63 millions", "se 63 millones", "se 63 milhões", "se 63.000.000", "se 63,000,000"][..],
            &["se 2.5 billion", "se 2.500 millones", "se 2,5 mil millones", "se 2,5 bilhões"],
            &["the United States", "los Estados Unidos", "os EUA", "los EE. UU.", "the U.S.", "the US", "die USA"],
            &["in Norway", "en Noruega", "na Noruega", "in Norwegen", "in Norvegia"],
            &["in January", "en enero", "em janeiro", "im Januar"],
            &["of Friday", "el viernes", "na sexta-feira"],
            &["se seven", "se siete", "se sete", "se 7"],
            &["the government", "el gobierno", "os governos"],
            &["ni Marchetti", "ni Marchétti"],
        ] {
            for spelling in spellings {
                let keys = |text: &str| of(text).iter().map(|feature| feature.key()).collect::<Vec<_>>();
                assert_eq!(keys(spelling).len(), 1, "{spelling}: {:?}", of(spelling));
                assert_eq!(keys(spelling), keys(spellings[0]), "{spelling}");
            }
        }
    }

    #[test]
    fn a_word_is_no_country_because_it_is_spelt_as_one() {
        for text in ["un uno", "let us go", "eu sou"] {
            assert!(of(text).iter().all(|feature| feature.kind() != Kind::Place), "{text}: {:?}", of(text));
        }
    }

    #[test]
    fn headlines_and_shouting_name_nobody() {
        let shouted = Tokens::of("EL MINISTRO VISITA LAS OBRAS DEL PUERTO");
        assert!(features(&shouted, &shouted).iter().all(|feature| feature.kind() != Kind::Name));
    }
}
