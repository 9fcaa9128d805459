//! (articles called relevant, articles called not relevant, a background) → the words that tell them apart, by log-odds with
//! an informative Dirichlet prior (Monroe, Colaresi and Quinn, "Fightin' Words", Political Analysis 16, 2008, §3.5).
//!
//! A word counts once per article: the length of one article shall not decide. The prior is the share of articles that have
//! the word in the background, and weighs as much as one side: what was seen once or twice does not stand out.

use crate::text::Words;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::ops::Range;

/// A word that stands on one side more than on the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    /// Folded: small letters without marks.
    pub word: String,
    /// Relevant articles that have it.
    pub relevant: u32,
    /// Others that have it.
    pub irrelevant: u32,
    /// How many standard deviations its log-odds are from 0: above for relevant ones, below for others.
    pub z: f64,
}

/// Words of articles, and in how many articles each stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counts {
    articles: u32,
    words: BTreeMap<String, u32>,
}

impl Counts {
    /// Counts one more article by its words.
    pub fn add(&mut self, words: &BTreeSet<String>) {
        self.articles += 1;
        for word in words {
            match self.words.get_mut(word) {
                Some(count) => *count += 1,
                None => {
                    self.words.insert(word.clone(), 1);
                }
            }
        }
    }

    /// How many articles were counted.
    pub fn articles(&self) -> u32 {
        self.articles
    }

    fn of(&self, word: &str) -> u32 {
        self.words.get(word).copied().unwrap_or(0)
    }

    fn total(&self) -> f64 {
        self.words.values().map(|count| f64::from(*count)).sum()
    }
}

/// The words of both sides, the furthest from 0 first; equals in the order of the alphabet. `background` holds the articles
/// of both sides too, or at least nothing else than their like.
pub fn terms(relevant: &Counts, irrelevant: &Counts, background: &Counts) -> Vec<Term> {
    let words: BTreeSet<&String> = relevant.words.keys().chain(irrelevant.words.keys()).collect();
    let sums = [relevant.total(), irrelevant.total()];
    let mass = f64::midpoint(sums[0], sums[1]);
    let whole = background.total().max(1.0);
    let mut terms: Vec<Term> = words
        .into_iter()
        .map(|word| {
            let counts = [relevant.of(word), irrelevant.of(word)];
            // A word that the background lacks is as rare as one of its rarest.
            let prior = mass * f64::from(background.of(word).max(1)) / whole;
            let seen = counts.map(|count| f64::from(count) + prior);
            let odds = |side: usize| (seen[side] / (sums[side] + mass - seen[side]).max(f64::EPSILON)).ln();
            let deviation = (1.0 / seen[0] + 1.0 / seen[1]).sqrt();
            Term { word: word.clone(), relevant: counts[0], irrelevant: counts[1], z: (odds(0) - odds(1)) / deviation }
        })
        .collect();
    terms.sort_by(|one, other| other.z.abs().total_cmp(&one.z.abs()).then_with(|| one.word.cmp(&other.word)));
    terms
}

/// The words of a text that can tell something: three letters or more. With `around`, only those at most `window` words
/// from one of these byte ranges, and not those within them.
pub fn words(text: &str, around: Option<(&[Range<usize>], usize)>) -> BTreeSet<String> {
    let words = Words::of(text);
    let list = words.words();
    let mut places: BTreeSet<usize> = BTreeSet::new();
    match around {
        None => places.extend(0..list.len()),
        Some((ranges, window)) => {
            for range in ranges {
                let within = |place: &usize| {
                    let at = words.original(*place, place + 1);
                    at.start < range.end && range.start < at.end
                };
                let Some(first) = (0..list.len()).find(within) else { continue };
                let behind = (first..list.len()).take_while(within).last().map_or(first, |last| last + 1);
                places.extend(first.saturating_sub(window)..first);
                places.extend(behind..(behind + window).min(list.len()));
            }
        }
    }
    let telling = |word: &str| word.chars().count() >= 3 && word.chars().any(char::is_alphabetic);
    places.into_iter().map(|place| words.folded(&list[place]).to_owned()).filter(|word| telling(word)).collect()
}

#[cfg(test)]
mod tests {
    use super::Counts;
    use super::terms;
    use super::words;
    use std::collections::BTreeSet;

    fn counts(articles: &[&str]) -> Counts {
        let mut counts = Counts::default();
        articles.iter().for_each(|article| counts.add(&words(article, None)));
        counts
    }

    #[test]
    fn what_stands_on_one_side_comes_first_and_what_stands_on_both_comes_last() {
        let relevant = counts(&["the court heard a victim", "the court and a prison", "the victim spoke in court"]);
        let irrelevant = counts(&["the match and a wicket", "the wicket fell", "the bowler took a wicket"]);
        let background = counts(&[
            "the court heard a victim",
            "the court and a prison",
            "the victim spoke in court",
            "the match and a wicket",
            "the wicket fell",
            "the bowler took a wicket",
            "the weather",
            "the rain and the wind",
            "a letter",
        ]);
        let terms = terms(&relevant, &irrelevant, &background);
        let sides: Vec<(&str, bool)> = terms.iter().take(2).map(|term| (term.word.as_str(), term.z > 0.0)).collect();
        assert_eq!(BTreeSet::from_iter(sides), [("court", true), ("wicket", false)].into());
        let the = terms.iter().find(|term| term.word == "the").expect("it is a word");
        assert!(the.z.abs() < 0.2, "{the:?}");
        assert_eq!((the.relevant, the.irrelevant), (3, 3));
    }

    #[test]
    fn what_was_seen_once_stands_out_less_than_what_was_seen_each_time() {
        let (relevant, irrelevant) = (counts(&["alpha beta", "alpha", "alpha"]), counts(&["gamma", "gamma", "gamma"]));
        let background = counts(&["alpha beta", "alpha", "alpha", "gamma", "gamma", "gamma", "delta", "delta beta"]);
        let terms = terms(&relevant, &irrelevant, &background);
        let z = |word: &str| terms.iter().find(|term| term.word == word).expect("a word").z;
        assert!(z("alpha") > z("beta") && z("beta") > 0.0 && z("gamma") < 0.0, "{terms:#?}");
    }

    #[test]
    fn the_words_around_a_name_are_those_of_its_window() {
        let text = "One two three ICC four five six. Ten ICC";
        let ranges = [14..17, 37..40];
        let near = words(text, Some((&ranges, 2)));
        let expected = ["two", "three", "four", "five", "six", "ten"];
        assert_eq!(near, expected.iter().map(|word| (*word).to_owned()).collect());
    }
}
