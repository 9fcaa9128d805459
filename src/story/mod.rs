//! Stories: (fingerprint, look-alikes) → new, or the same as, and why. The store only answers who shares an address or a text.

use crate::model::Entry;
use crate::model::Excerpt;
use crate::model::Field;
use crate::model::ItemId;
use crate::model::Language;
use crate::model::Reason;
use crate::model::RuleName;
use crate::model::SourceName;
use crate::model::StoryId;
use aws_lc_rs::digest;
use jiff::Timestamp;
use std::fmt::Write;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

pub mod address;
mod feature;
mod index;
mod likeness;
mod overlap;
#[cfg(test)]
mod samples;
mod sketch;
mod tokens;
mod vocabulary;

pub use feature::Feature;
pub use index::Index;
pub use index::Known;
pub use likeness::Account;
pub use likeness::Earlier;
pub use likeness::Likeness;
pub use likeness::Reservation;
pub use likeness::Thresholds;
pub use likeness::Verdict;
pub use likeness::relate as relate_sketch;
pub use overlap::Alone;
pub use overlap::Background;
pub use overlap::Overlap;
pub use overlap::overlap;
pub use sketch::Sketch;

/// What later copies of an article are found by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fingerprint {
    /// Canonical forms of its addresses (`address::canonical`): the listed one, the one that answered, the declared one
    /// as far as it is trusted. Sorted, without repeats.
    pub addresses: Vec<String>,
    /// SHA-256 in hexadecimal of the normalised text (letters and digits only, folded); `None` when the text is too
    /// short to say anything.
    pub text: Option<String>,
}

/// A judged item that shares an address or the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lookalike {
    /// The item.
    pub item: ItemId,
    /// Its story.
    pub story: StoryId,
    /// Its story's identity.
    pub story_key: String,
    /// What it shares.
    pub fingerprint: Fingerprint,
    /// When it was judged.
    pub judged_at: Timestamp,
    /// The rules for which its story was told.
    pub told: Vec<RuleName>,
    /// The story's headline, for "a copy of …".
    pub title: String,
    /// The source that listed it.
    pub source: SourceName,
    /// Its language.
    pub language: Option<Language>,
    /// Its sketch, as [`Sketch::to_bytes`] gives it.
    pub sketch: Option<Vec<u8>>,
    /// The sentences of its text that people were told.
    pub said: Vec<String>,
}

/// What an article is compared by where neither address nor text is the same.
#[derive(Clone, Copy, Debug)]
pub struct Resemblance<'a> {
    /// Its sketch.
    pub sketch: &'a Sketch,
    /// Its language.
    pub language: Option<&'a Language>,
    /// The source that lists it.
    pub source: &'a SourceName,
    /// When it is judged.
    pub now: Timestamp,
    /// From where on articles are alike.
    pub thresholds: &'a Thresholds,
    /// The sentences on which its matches rest.
    pub said: &'a [Excerpt],
}

/// Which story an article belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Relation {
    /// It begins one.
    New {
        /// The story's identity.
        key: String,
    },
    /// It is a copy.
    Copy {
        /// Of this story.
        story: StoryId,
        /// The story's identity.
        key: String,
        /// Found through this item.
        of: ItemId,
        /// Its headline.
        title: String,
        /// The rules for which the story was told.
        told: Vec<RuleName>,
        /// Why.
        why: CopyReason,
    },
}

/// Why an article is a copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CopyReason {
    /// The same address.
    Address,
    /// The same text, word for word.
    Text,
    /// Nearly the same: in words, how it shows.
    Passages(String),
}

impl Relation {
    /// The same in the words that log, mail and `why` use.
    pub fn reason(&self) -> Reason {
        match self {
            Self::New { .. } => Reason::FirstTelling,
            Self::Copy { of, why: CopyReason::Address, .. } => Reason::SameAddress { item: *of },
            Self::Copy { of, why: CopyReason::Text, .. } => Reason::SameText { item: *of },
            Self::Copy { of, why: CopyReason::Passages(account), .. } => {
                Reason::MuchTheSame { item: *of, account: account.clone() }
            }
        }
    }
}

/// A text with fewer letters and digits than this says too little to be recognised by.
const SHORTEST_TEXT: usize = 200;

/// The fingerprint of an article. `listed` is the address that the source gave, `answered` the one that answered,
/// `declared` the one that the page gives itself.
pub fn fingerprint(listed: Option<&str>, answered: &str, declared: Option<&str>, text: &str) -> Fingerprint {
    let trusted = declared.and_then(|declared| address::trusted_canonical(answered, declared));
    let mut addresses: Vec<String> =
        listed.into_iter().chain([answered]).filter_map(address::canonical).chain(trusted).collect();
    addresses.sort();
    addresses.dedup();
    Fingerprint { addresses, text: text_hash(text) }
}

/// SHA-256 of the letters and digits of a text, marks and case folded away; `None` when they are too few.
pub fn text_hash(text: &str) -> Option<String> {
    let folded = letters(text);
    (folded.chars().count() >= SHORTEST_TEXT).then(|| hexadecimal(folded.as_bytes(), 32))
}

/// The identity of the story that an item begins: its canonical address, else its identity in its source. Both are the
/// same after a restored backup and on another node.
pub fn key(source: &SourceName, entry: &Entry) -> String {
    entry.link.as_deref().and_then(address::canonical).unwrap_or_else(|| format!("{source}#{}", entry.id))
}

/// Which story an article belongs to. The oldest look-alike wins, and an address before a text: an address is one
/// article whatever its words, while a text may stand under many addresses. Where neither is the same, what is a copy by
/// its passages ([`Likeness::Suppress`]) is one; what is only folded or of the same story is told.
pub fn relate(
    fingerprint: &Fingerprint,
    resemblance: Option<Resemblance<'_>>,
    lookalikes: &[Lookalike],
    key: String,
) -> Relation {
    let shares_address = |lookalike: &&Lookalike| {
        lookalike.fingerprint.addresses.iter().any(|address| fingerprint.addresses.contains(address))
    };
    let shares_text =
        |lookalike: &&Lookalike| fingerprint.text.is_some() && lookalike.fingerprint.text == fingerprint.text;
    let oldest = |lookalike: &&Lookalike| (lookalike.judged_at, lookalike.item);
    let by_address = lookalikes.iter().filter(shares_address).min_by_key(oldest);
    let by_text = lookalikes.iter().filter(shares_text).min_by_key(oldest);
    let found = by_address.map(|it| (it, CopyReason::Address)).or(by_text.map(|it| (it, CopyReason::Text)));
    let found = found.or_else(|| resemblance.and_then(|resemblance| by_passages(&resemblance, lookalikes)));
    match found {
        None => Relation::New { key },
        Some((lookalike, why)) => Relation::Copy {
            story: lookalike.story,
            key: lookalike.story_key.clone(),
            of: lookalike.item,
            title: lookalike.title.clone(),
            told: lookalike.told.clone(),
            why,
        },
    }
}

/// The look-alike of which an article is a copy by its passages, and how that shows. Two things are never silenced, however
/// alike the rest is, because a short report between standing paragraphs looks like the one before it: another article
/// of the same source, and one whose matches rest on a sentence that nobody was told.
fn by_passages<'a>(mine: &Resemblance<'_>, lookalikes: &'a [Lookalike]) -> Option<(&'a Lookalike, CopyReason)> {
    let others = lookalikes.iter().filter(|it| it.source != *mine.source && has_told(it, mine.said));
    let sketched: Vec<(&Lookalike, Sketch)> =
        others.filter_map(|it| Some((it, Sketch::from_bytes(it.sketch.as_deref()?)?))).collect();
    let earlier = sketched.iter().map(|(lookalike, sketch)| Earlier {
        sketch,
        language: lookalike.language.as_ref(),
        apart: mine.now.duration_since(lookalike.judged_at),
        same_source: false,
    });
    let verdict = likeness::relate(mine.sketch, mine.language, earlier, &Alone, mine.thresholds);
    let (lookalike, _) = sketched.get(verdict.of.filter(|_| verdict.likeness == Likeness::Suppress)?)?;
    let account = verdict.account.in_words(&lookalike.title, lookalike.language.as_ref());
    Some((lookalike, CopyReason::Passages(account)))
}

/// Whether people were told every sentence that matters to the rules for which they were told a look-alike.
fn has_told(lookalike: &Lookalike, said: &[Excerpt]) -> bool {
    let told: Vec<String> = lookalike.said.iter().map(|sentence| letters(sentence)).collect();
    let mut mattering = said
        .iter()
        .filter(|it| it.field == Field::Body && it.rules.iter().any(|rule| lookalike.told.contains(rule)))
        .peekable();
    mattering.peek().is_some() && mattering.all(|it| told.contains(&letters(&it.text)))
}

/// Letters and digits alone, without marks, in small letters: the same for every way of setting a text.
fn letters(text: &str) -> String {
    text.nfkd()
        .filter(|character| character.is_alphanumeric() && !is_combining_mark(*character))
        .flat_map(char::to_lowercase)
        .collect()
}

/// The first `bytes` bytes of the SHA-256 of `data` in hexadecimal.
pub fn hexadecimal(data: &[u8], bytes: usize) -> String {
    let digest = digest::digest(&digest::SHA256, data);
    digest.as_ref().iter().take(bytes).fold(String::with_capacity(bytes * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a String takes everything");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: &str = "El secretario general pidió a la Corte que investigue los casos documentados por la organización \
        durante el último año, según el informe que se presentó este martes en la sede de la institución ante los \
        representantes de los países miembros y de las organizaciones que acompañan a las víctimas.";

    fn lookalike(item: i64, judged_at: &str, address: &str, text: Option<String>) -> Lookalike {
        Lookalike {
            item: ItemId(item),
            story: StoryId(item),
            story_key: format!("story-{item}"),
            fingerprint: Fingerprint { addresses: vec![address.into()], text },
            judged_at: judged_at.parse().expect("a time"),
            told: vec![RuleName::new("torture")],
            title: "Title".into(),
            source: SourceName::new("first"),
            language: None,
            sketch: None,
            said: Vec::new(),
        }
    }

    #[test]
    fn a_copy_with_other_words_around_it_is_one_and_the_same_report_with_other_figures_is_not() {
        let told = format!("{LONG} {}", samples::weather("Puerto Claro", [31, 18, 12, 4, 7]));
        let earlier = Lookalike {
            sketch: Some(Sketch::of("Title", &told).to_bytes()),
            said: vec!["El secretario PIDIÓ, a la Corte".into()],
            ..lookalike(1, "2025-11-04T10:00:00Z", "a", None)
        };
        let excerpt = |text: &str| Excerpt {
            field: Field::Body,
            text: text.into(),
            marks: Vec::new(),
            rules: vec![RuleName::new("torture")],
        };
        let relate_of = |text: &str, now: &str, source: &str, said: &[Excerpt]| {
            let sketch = Sketch::of("Otro título", text);
            let (source, thresholds) = (SourceName::new(source), Thresholds::default());
            let now = now.parse().expect("a time");
            let mine =
                Resemblance { sketch: &sketch, language: None, source: &source, now, thresholds: &thresholds, said };
            super::relate(&Fingerprint::default(), Some(mine), std::slice::from_ref(&earlier), "key".into())
        };
        let said = [excerpt("El secretario pidió a la Corte")];
        let relate = |text: &str, now: &str| relate_of(text, now, "second", &said);
        let copy = format!("Por la redacción. {told} Síganos en nuestras redes.");
        let relation = relate(&copy, "2025-11-04T12:00:00Z");
        assert!(matches!(relation.reason(), Reason::MuchTheSame { item: ItemId(1), .. }), "{relation:?}");
        assert!(matches!(relate(&copy, "2025-11-14T12:00:00Z"), Relation::New { .. }), "ten days later it is news");
        let other = samples::weather("Puerto Claro", [29, 15, 40, 2, 3]);
        assert!(matches!(relate(&other, "2025-11-04T12:00:00Z"), Relation::New { .. }));
        let own = relate_of(&copy, "2025-11-04T12:00:00Z", "first", &said);
        assert!(matches!(own, Relation::New { .. }), "another article of the same source");
        let untold = [said[0].clone(), excerpt("Otro caso, el número siete")];
        let news = relate_of(&copy, "2025-11-04T12:00:00Z", "second", &untold);
        assert!(matches!(news, Relation::New { .. }), "it says what nobody was told");
        let silent = relate_of(&copy, "2025-11-04T12:00:00Z", "second", &[]);
        assert!(matches!(silent, Relation::New { .. }), "only its title matches");
    }

    #[test]
    fn marks_case_and_punctuation_do_not_make_another_text() {
        let copy = LONG.to_uppercase().replace(',', " – ").replace('Ó', "O");
        assert_eq!(text_hash(LONG), text_hash(&copy));
        assert_ne!(text_hash(LONG), text_hash(&LONG.replace("martes", "lunes")));
    }

    #[test]
    fn a_short_text_is_never_recognised_by_its_words() {
        assert_eq!(text_hash("Ampliaremos."), None);
    }

    #[test]
    fn an_address_goes_before_a_text_and_the_oldest_before_the_newer() {
        let mine = Fingerprint { addresses: vec!["https://a.example/1".into()], text: text_hash(LONG) };
        let lookalikes = [
            lookalike(1, "2026-11-24T08:00:00Z", "https://b.example/1", text_hash(LONG)),
            lookalike(3, "2026-11-24T10:00:00Z", "https://a.example/1", None),
            lookalike(2, "2026-11-24T09:00:00Z", "https://a.example/1", None),
        ];
        let relation = relate(&mine, None, &lookalikes, "key".into());
        assert_eq!(relation.reason(), Reason::SameAddress { item: ItemId(2) });
        let relation = relate(&mine, None, &lookalikes[..1], "key".into());
        assert_eq!(relation.reason(), Reason::SameText { item: ItemId(1) });
        assert_eq!(relate(&mine, None, &[], "key".into()), Relation::New { key: "key".into() });
    }
}
