//! Stories: (fingerprint, look-alikes) → new, or the same as, and why. The store only answers who shares an address or a text.

use crate::model::ItemId;
use crate::model::Reason;
use crate::model::RuleName;
use crate::model::StoryId;
use jiff::Timestamp;

pub mod address;

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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopyReason {
    /// The same address.
    Address,
    /// The same text, word for word.
    Text,
}

impl Relation {
    /// The same in the words that log, mail and `why` use.
    pub fn reason(&self) -> Reason {
        match self {
            Self::New { .. } => Reason::FirstTelling,
            Self::Copy { of, why: CopyReason::Address, .. } => Reason::SameAddress { item: *of },
            Self::Copy { of, why: CopyReason::Text, .. } => Reason::SameText { item: *of },
        }
    }
}
