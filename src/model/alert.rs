//! What is told to people and programs.

use super::Basis;
use super::EntityName;
use super::Field;
use super::Language;
use super::Reason;
use super::RuleName;
use super::SourceName;
use super::Update;
use jiff::Timestamp;

use serde::Deserialize;
use serde::Serialize;

/// A story told for a set of rules. It holds all that a message needs, so that it can be rendered on any later day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// The story's identity: stable across restarts, restored backups and nodes (see `story::key`).
    pub story_key: String,
    /// 1 for the first telling.
    pub revision: u32,
    /// The rules that matched, each with its reason.
    pub rules: Vec<RuleTold>,
    /// The entities found, most mentioned first.
    pub entities: Vec<EntityTold>,
    /// The sentences that matched.
    pub excerpts: Vec<Excerpt>,
    /// The article's headline.
    pub title: String,
    /// Where a reader finds it: the address that the source gave.
    pub url: String,
    /// The source that listed it first.
    pub source: SourceName,
    /// The name that the site or feed gives itself.
    pub site_name: Option<String>,
    /// As the page prints it.
    pub byline: Option<String>,
    /// The article's language.
    pub language: Option<Language>,
    /// When it was published, by its own account.
    pub published: Option<Timestamp>,
    /// When Atalaya listed it.
    pub listed_at: Timestamp,
    /// When it was judged.
    pub judged_at: Timestamp,
    /// Which text was judged.
    #[serde(default)]
    pub basis: Basis,
    /// Set when the page could not be read and the feed's own text was judged instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unread: Option<Reason>,
    /// Set when this is a copy of a story that was told for other rules before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy_of: Option<String>,
    /// Set when this tells what became of a page that was told before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub update: Option<Update>,
    /// Set when this tells in one list what a rule found by looking back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earlier: Option<Earlier>,
}

/// What rules found that looked back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Earlier {
    /// The newest first.
    pub articles: Vec<EarlierArticle>,
    /// How many there are besides.
    pub more: usize,
}

/// One article of such a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct EarlierArticle {
    /// Its headline.
    pub title: String,
    /// Where a reader finds it.
    pub url: String,
    /// The source that listed it.
    #[schemars(with = "String")]
    pub source: SourceName,
    /// When it was published, by its own account; else when it was listed.
    pub date: Timestamp,
    /// The rules that found it.
    #[schemars(with = "Vec<String>")]
    pub rules: Vec<RuleName>,
}

/// One rule of an alert.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RuleTold {
    /// Its name.
    pub name: RuleName,
    /// Its title for people; the name when the configuration gives none.
    pub label: String,
    /// Why it matched.
    pub reason: Reason,
}

/// One entity of an alert.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EntityTold {
    /// Its name.
    pub name: EntityName,
    /// Its title for people.
    pub label: String,
    /// The forms in which the article has it, such as `CPI`.
    pub forms: Vec<String>,
    /// How many mentions.
    pub mentions: usize,
}

/// A sentence that matched, with the matched words marked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excerpt {
    /// Where it stands.
    pub field: Field,
    /// The sentence, white space folded.
    pub text: String,
    /// Byte ranges in `text`, ascending, disjoint.
    pub marks: Vec<(usize, usize)>,
    /// The rules for which it was chosen.
    pub rules: Vec<RuleName>,
}

/// What became of a match. `matched = alerted + merged + held + muted`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeKind {
    /// It is told in an alert.
    Alerted,
    /// Its story was told for this rule already.
    Merged,
    /// It waits: nobody subscribes to the rule, or it is kept for later.
    Held,
    /// A silence covers it.
    Muted,
}

impl OutcomeKind {
    /// Every kind, in the order in which the ledger prints them.
    pub const ALL: [Self; 4] = [Self::Alerted, Self::Merged, Self::Held, Self::Muted];

    /// The name in the store, in logs and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Alerted => "alerted",
            Self::Merged => "merged",
            Self::Held => "held",
            Self::Muted => "muted",
        }
    }

    /// The kind of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// What became of one match, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The rule that matched.
    pub rule: RuleName,
    /// What became of it.
    pub kind: OutcomeKind,
    /// Why.
    pub reason: Reason,
}

impl Outcome {
    /// Whether the item's alert tells it: now, later, or, in digests alone, as muted.
    pub fn is_in_alert(&self) -> bool {
        match self.kind {
            OutcomeKind::Alerted | OutcomeKind::Muted => true,
            OutcomeKind::Held => self.reason != Reason::NobodySubscribed,
            OutcomeKind::Merged => false,
        }
    }
}
