//! What is asked of the full-text index, and what it answers. Plain values.

use crate::model::Article;
use crate::model::ItemId;
use crate::model::RuleName;
use crate::model::SourceName;
use crate::search::Search;
use jiff::Timestamp;

/// What to look for.
#[derive(Clone, Debug)]
pub struct Inquiry<'a> {
    /// What the article says.
    pub search: &'a Search,
    /// Its date is not before this, to the second.
    pub since: Option<Timestamp>,
    /// Its date is before this, to the second.
    pub until: Option<Timestamp>,
    /// In which order.
    pub order: Order,
    /// At most this many.
    pub limit: usize,
}

/// The order of what was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// By date, the newest first.
    Newest,
    /// By BM25, a headline counting four times, among the newest 10,000 that match; what is not in the index yet stands
    /// before, the newest first.
    Rank,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Finds {
    /// The articles, in order.
    pub finds: Vec<Find>,
    /// Whether there are more than the limit.
    pub more: bool,
    /// How many articles were not in the index and were read one by one.
    pub unindexed: usize,
}

/// An article that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Find {
    /// Its item.
    pub item: ItemId,
    /// The source that listed it.
    pub source: SourceName,
    /// Where a reader finds it: the address that the source gave, else the one that answered.
    pub url: String,
    /// When it was published, by its own account; when it was listed, where it does not say or names a time to come.
    /// Whole seconds.
    pub date: Timestamp,
    /// When it was listed.
    pub listed_at: Timestamp,
    /// When it was judged.
    pub judged_at: Timestamp,
    /// What was read.
    pub article: Article,
    /// The rules that it matched, in the order of their names.
    pub rules: Vec<RuleName>,
}
