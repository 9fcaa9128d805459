//! (rules, article) → verdicts. The query language, entities, and the matcher.

use crate::model::EntityName;
use crate::model::Language;
use crate::model::RuleName;
use std::collections::BTreeMap;

pub mod account;
pub mod bits;
pub mod cases;
pub mod compile;
pub mod entity;
pub mod excerpt;
pub mod explain;
pub mod expression;
pub mod foreign;
pub mod given_name;
pub mod lint;
pub mod lists;
pub mod matcher;
pub mod operators;
#[cfg(test)]
mod pack;
pub mod parse;
pub mod plan;
pub mod prefix;
pub mod query;
pub mod refuse;
pub mod rough;
pub mod scan;
pub mod small;
pub mod sought;
pub mod token;
pub mod trie;
pub mod verdict;
pub mod vocabulary;

pub use account::Account;
pub use cases::CaseKind;
pub use cases::RuleOrEntity;
pub use cases::TestFailure;
pub use explain::RuleAccount;
pub use lint::lint;
pub use matcher::RuleSet;
pub use parse::parse;
pub use parse::parse_freely;
pub use query::Query;
pub use query::QueryError;

/// What is judged: an article, and what is known about it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Text<'a> {
    /// Headline.
    pub title: &'a str,
    /// Text, paragraphs separated by an empty line.
    pub body: &'a str,
    /// Names of the authors.
    pub authors: &'a [String],
    /// The feed's categories.
    pub tags: &'a [String],
    /// The address.
    pub url: &'a str,
    /// The source's name.
    pub source: &'a str,
    /// The language, where it is known.
    pub language: Option<&'a Language>,
}

impl<'a> Text<'a> {
    /// Title and body, of which nothing else is known.
    pub fn of(title: &'a str, body: &'a str, language: Option<&'a Language>) -> Self {
        Self { title, body, language, ..Self::default() }
    }
}

/// One `[entity.NAME]` of the configuration, checked: someone or something with names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EntitySpec {
    /// Its name.
    pub name: Option<EntityName>,
    /// Such as `court`, `person`, `police`; free text for people.
    pub kind: Option<String>,
    /// Its title for people.
    pub label: Option<String>,
    /// Names that are enough by themselves.
    pub strong: Vec<String>,
    /// Names that also mean something else, and need words of `near`.
    pub weak: Vec<String>,
    /// Words that speak for the entity when they stand within the window.
    pub near: Vec<String>,
    /// Words that speak for it anywhere in the article.
    pub far: Vec<String>,
    /// Words that speak for another sense.
    pub against: Vec<String>,
    /// Phrases that contain a name and are something else for certain.
    pub veto: Vec<String>,
    /// Given names that may stand directly before a surname; another capitalised word there voids the hit.
    pub given: Vec<String>,
    /// Score added by the article's language.
    pub languages: BTreeMap<Language, f64>,
    /// Other entities whose presence speaks for this one.
    pub with: Vec<EntityName>,
    /// How many words `near` reaches to either side.
    pub window: Option<usize>,
    /// The score from which a weak name counts.
    pub threshold: Option<f64>,
    /// Texts that mention it.
    pub hit: Vec<String>,
    /// Texts that do not.
    pub miss: Vec<String>,
}

/// One `[rule.NAME]` of the configuration, its query parsed.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleSpec {
    /// Its name.
    pub name: RuleName,
    /// Its title for people.
    pub label: Option<String>,
    /// What it asks for.
    pub query: query::Query,
    /// The languages that it is for; empty for all.
    pub languages: Vec<Language>,
    /// The score that a match needs besides (see `operators::boost`).
    pub min_score: Option<f64>,
    /// Texts that it matches.
    pub hit: Vec<String>,
    /// Texts that it does not.
    pub miss: Vec<String>,
}
