//! Where a reader of the archive stands.

use crate::model::ItemId;
use jiff::SignedDuration;
use jiff::Timestamp;

/// A place in the archive, which is in the order of judging, and its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// The last article that was read: when it was judged, and its item.
    pub after: (Timestamp, ItemId),
    /// What was judged before this belongs to it.
    pub until: Timestamp,
}

impl Page {
    /// The first page of a time.
    pub fn from(since: Timestamp, until: Timestamp) -> Self {
        let before = since.checked_sub(SignedDuration::from_micros(1)).unwrap_or(Timestamp::MIN);
        Self { after: (before, ItemId(i64::MAX)), until }
    }
}
