//! An item's readable text, and what the rules say of it.

use super::Basis;
use super::EntityName;
use super::Reason;
use super::RuleName;
use jiff::Timestamp;
use serde::Deserialize;
use serde::Serialize;
use std::fmt;

/// An ISO 639-1 code in lower case, such as `es`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Language(String);

impl Language {
    /// Takes `es`, `ES`, `es-VE`, `es_VE` or `spa-…` and keeps the primary subtag; `None` when it is not two letters
    /// (three-letter codes of the languages that have a two-letter one are mapped by `text::language`).
    pub fn parse(tag: &str) -> Option<Self> {
        let primary = tag.trim().split(['-', '_']).next()?.to_ascii_lowercase();
        (primary.len() == 2 && primary.bytes().all(|byte| byte.is_ascii_lowercase())).then_some(Self(primary))
    }

    /// The code as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Language {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// An item's readable text.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Article {
    /// Headline, plain text.
    pub title: String,
    /// As the page prints it.
    pub byline: Option<String>,
    /// First published.
    pub published: Option<Timestamp>,
    /// Last changed.
    pub modified: Option<Timestamp>,
    /// Of title and text together.
    pub language: Option<Language>,
    /// The name that the site gives itself.
    pub site_name: Option<String>,
    /// What the page itself declares as its address, made absolute. A claim of the page, not yet trusted.
    pub canonical_url: Option<String>,
    /// The body as plain text, paragraphs separated by an empty line.
    pub text: String,
    /// Where the text comes from.
    #[serde(default)]
    pub basis: Basis,
    /// Which extractor gave the text.
    pub method: String,
    /// What was odd about the page.
    #[serde(default)]
    pub warnings: Vec<String>,
}

/// A part of an article that rules look into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// The headline.
    Title,
    /// The text.
    Body,
}

impl Field {
    /// The name in JSON and in the query language.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Body => "body",
        }
    }
}

/// One place in an article where an entity or a term was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mention {
    /// The entity; `None` for a plain term of a rule.
    pub entity: Option<EntityName>,
    /// Where the span lies.
    pub field: Field,
    /// Byte offset of the first byte, in the original field.
    pub start: usize,
    /// Byte offset behind the last byte, in the original field.
    pub end: usize,
    /// The bytes between, as they stand in the original.
    pub text: String,
}

/// What one rule says of one item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// The rule.
    pub rule: RuleName,
    /// Yes or no.
    pub matched: bool,
    /// Why.
    pub reason: Reason,
    /// What the yes rests on; empty for a no.
    pub mentions: Vec<Mention>,
}

/// What all rules say of one article: one verdict per rule, in the rules' order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// The language that the rules were applied in.
    pub language: Option<Language>,
    /// Every accepted mention of every entity.
    pub mentions: Vec<Mention>,
    /// One per rule.
    pub verdicts: Vec<Verdict>,
}
