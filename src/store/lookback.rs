//! Rules that look back over the archive. Plain values.

use super::Page;
use crate::backtest::Archived;
use crate::model::ItemId;
use crate::model::RuleName;
use crate::model::StoryId;
use crate::model::Verdict;
use jiff::Timestamp;

/// A rule that is to look back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The rule.
    pub rule: RuleName,
    /// As it is written: another text begins anew.
    pub definition: String,
    /// From when on.
    pub since: Timestamp,
}

/// One that is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lookback {
    /// The rule.
    pub rule: RuleName,
    /// As it is written.
    pub definition: String,
    /// The next batch.
    pub page: Page,
}

/// What a batch found.
#[derive(Clone, Debug, PartialEq)]
pub struct LookedBack {
    /// By article: its item, its story, whether only a yes is certain, and the verdict.
    pub verdicts: Vec<(ItemId, StoryId, bool, Verdict)>,
    /// Whether any subscription covers the rule.
    pub covered: bool,
    /// Where the next batch begins; `None` when there is none.
    pub next: Option<(Timestamp, ItemId)>,
}

/// What all finished rules found and nobody was told of yet.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Untold {
    /// The rules, and an identity of this telling: the same until it is told.
    pub rules: Vec<RuleName>,
    /// The same for the same rules and the same beginning.
    pub identity: String,
    /// The articles, the newest first, each with the rules that found it.
    pub articles: Vec<(Archived, Vec<RuleName>)>,
}
