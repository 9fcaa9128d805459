//! The first decision: (source, its state, reply, known entries, now) → new items and the next check. Pure.

use crate::model::Entry;
use crate::model::Fault;
use crate::model::ItemState;
use crate::model::Reason;
use crate::source::Listing;
use jiff::Timestamp;

/// What the store remembers of a source between polls.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SourceState {
    /// How many polls were answered and read. Zero means that the next one is the first.
    pub polls: u64,
    /// To be sent back byte for byte.
    pub validators: Validators,
    /// Failures since the last success.
    pub failures: u32,
    /// When it was last heard.
    pub heard_at: Option<Timestamp>,
}

/// What a server gave to ask "has it changed?" with. Both are of one answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Validators {
    /// The ETag header, quotes and `W/` included.
    pub etag: Option<String>,
    /// The Last-Modified header.
    pub last_modified: Option<String>,
}

/// What the world answered to a poll.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// 304.
    Unchanged {
        /// Those of the 304, where it has any.
        validators: Validators,
    },
    /// An answer that was read.
    Listing {
        /// What it lists.
        listing: Listing,
        /// Those of the answer.
        validators: Validators,
    },
    /// No answer, or one that cannot be read.
    Failed {
        /// What helps.
        fault: Fault,
        /// What happened.
        reason: Reason,
    },
}

/// An entry that becomes an item.
#[derive(Clone, Debug, PartialEq)]
pub struct NewItem {
    /// What was listed.
    pub entry: Entry,
    /// Waiting, baseline, too old, or unreadable for want of an address.
    pub state: ItemState,
    /// Why it is not waiting.
    pub reason: Option<Reason>,
    /// The host of its link: the key of politeness.
    pub host: Option<String>,
    /// Its link in canonical form (`story::address`): the key under which a twin is found.
    pub address_key: Option<String>,
}

/// All that one poll changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// Entries never seen before.
    pub items: Vec<NewItem>,
    /// The source's new state.
    pub state: SourceState,
    /// When it is asked again.
    pub next_at: Timestamp,
    /// What happened.
    pub reason: Reason,
    /// The name that the source gives itself, when the reply told it.
    pub title: Option<String>,
    /// What was odd about the answer.
    pub warnings: Vec<String>,
}
