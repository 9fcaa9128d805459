//! What a poll lists, and what it becomes when it is seen for the first time.

use super::ItemId;
use super::SourceName;
use jiff::Timestamp;
use serde::Deserialize;
use serde::Serialize;

/// What one poll listed: one entry of a feed, one link of a page.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The identity inside its source: the guid, else the link. Never a title or a date, which editors change.
    pub id: String,
    /// Absolute address of the page behind the entry.
    pub link: Option<String>,
    /// Where people find an entry that has no page of its own. It is only shown: `content` is the whole text, which is
    /// judged as it stands, and the place makes no two entries copies of each other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// Plain text.
    pub title: String,
    /// The feed's teaser, as HTML or text.
    pub summary: Option<String>,
    /// The feed's full text, as HTML or text.
    pub content: Option<String>,
    /// First published.
    pub published: Option<Timestamp>,
    /// Last changed.
    pub updated: Option<Timestamp>,
    /// Names of the authors.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authors: Vec<String>,
    /// The feed's categories.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}

/// Where an item stands in the ledger. Every item is in exactly one state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemState {
    /// Listed; its page is to be read, now or after a pause.
    Waiting,
    /// A reader holds a lease on it.
    Reading,
    /// Its article was read and every rule has a verdict.
    Judged,
    /// Its page could not be read in the time allowed; people are told.
    Unreadable,
    /// It was in its source before Atalaya began to watch, and `first_poll` leaves such entries alone.
    Baseline,
    /// It was older than `first_poll` allows when its source was first polled.
    TooOld,
}

impl ItemState {
    /// Every state, in the order in which the ledger prints them.
    pub const ALL: [Self; 6] =
        [Self::Waiting, Self::Reading, Self::Judged, Self::Unreadable, Self::Baseline, Self::TooOld];

    /// The name in the store, in logs and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Reading => "reading",
            Self::Judged => "judged",
            Self::Unreadable => "unreadable",
            Self::Baseline => "baseline",
            Self::TooOld => "too_old",
        }
    }

    /// The state of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// An entry that was seen for the first time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// Its row.
    pub id: ItemId,
    /// The source that listed it.
    pub source: SourceName,
    /// What was listed.
    pub entry: Entry,
    /// When it was listed.
    pub listed_at: Timestamp,
    /// How many times its page was asked for without success.
    pub attempts: u32,
}
