//! (article, page, what the feed says) → is it the article, and if not, what is it? Judged before trusted: a text that is
//! taken for the article and is none is a "no" that nobody checks. On the careful side both ways: a short article that
//! speaks of cookies or subscriptions is an article. A detector is one file and two lines here: `mod` and [`DETECTORS`].

use self::signs::Signs;
use crate::model::Article;
use crate::model::Reason;
use url::Url;

mod bot;
mod compare;
mod consent;
mod empty;
mod error_page;
mod feed;
mod front;
mod login;
mod paywall;
mod phrases;
mod repeated;
pub mod signs;
mod teaser;

pub use compare::is_better;
pub use feed::is_whole;

/// What recognises one class of page that is no article.
pub struct Detector {
    /// What it is called in tests and in the manual.
    pub name: &'static str,
    /// What it asks [`Signs::said`] for: the phrases of all detectors are looked for at once.
    pub phrases: &'static [&'static str],
    /// The reason, with what was seen, where it is one.
    pub examine: fn(&Signs<'_>) -> Option<Reason>,
}

/// Every detector. The first that speaks gives the class, so the more certain ones come first.
pub static DETECTORS: &[&Detector] = &[
    &bot::DETECTOR,
    &consent::DETECTOR,
    &paywall::DETECTOR,
    &login::DETECTOR,
    &error_page::DETECTOR,
    &front::DETECTOR,
    &repeated::DETECTOR,
    &teaser::DETECTOR,
    &empty::DETECTOR,
];

/// What is known of an extraction.
#[derive(Clone, Copy)]
pub struct Reading<'a> {
    /// What was extracted.
    pub article: &'a Article,
    /// The page as text.
    pub html: &'a str,
    /// The address that answered, where there was one.
    pub url: Option<&'a Url>,
    /// What the feed says of it.
    pub listed: Listed<'a>,
    /// How many other entries of the source, with other titles, gave the same text.
    pub repeated: usize,
}

/// What the feed says of a page. Nothing of it need be known.
#[derive(Clone, Copy, Default)]
pub struct Listed<'a> {
    /// Its title, empty where there is none.
    pub title: &'a str,
    /// Its address.
    pub link: Option<&'a str>,
    /// The feed's own text, plain.
    pub text: &'a str,
}

/// What an extraction is worth.
#[derive(Clone, Debug, PartialEq)]
pub enum Quality {
    /// It is the article: a rule that finds nothing in it may say no.
    Good,
    /// It is not, or not all of it, for this reason; its code is the class.
    Refused(Reason),
}

impl Quality {
    /// Why it is refused.
    pub fn refused(self) -> Option<Reason> {
        match self {
            Self::Good => None,
            Self::Refused(reason) => Some(reason),
        }
    }
}

/// Judges an extraction.
pub fn judge(reading: &Reading<'_>) -> Quality {
    let signs = Signs::of(reading);
    match DETECTORS.iter().find_map(|detector| (detector.examine)(&signs)) {
        Some(reason) => Quality::Refused(reason),
        None => Quality::Good,
    }
}

/// Judges a text that was read in place of a page: besides what holds for a page, it must be known by the feed's title,
/// since an archive's own "not found" may be long.
pub fn judge_stand_in(reading: &Reading<'_>) -> Quality {
    match judge(reading) {
        Quality::Good if Signs::of(reading).title_found() == Some(false) => {
            Quality::Refused(Reason::NotAnArticle { detail: "the title in the feed does not stand on it".into() })
        }
        quality => quality,
    }
}

#[cfg(test)]
mod tests;
