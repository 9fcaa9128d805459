//! What became of a page after it was told.

use super::DeliveryId;
use jiff::Timestamp;
use serde::Deserialize;
use serde::Serialize;

/// What makes an alert an update of one that was told before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Update {
    /// What happened.
    pub kind: UpdateKind,
    /// When the text was read that this is compared with.
    pub before: Timestamp,
    /// What changed, each a sentence for people without a full stop.
    pub facts: Vec<String>,
    /// Where the words differ, in the order of the article. Empty when the page is gone.
    pub diff: Vec<DiffLine>,
    /// How many more places differ.
    #[serde(default)]
    pub more: usize,
    /// What receivers were sent first of the story, so that a mail can answer it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub first: Vec<FirstTelling>,
}

/// What happened to a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UpdateKind {
    /// Facts that were told changed.
    Edited,
    /// It carries a notice of correction that was not there.
    Corrected,
    /// It is gone.
    Removed,
    /// It had been gone, and is there again.
    Restored,
}

impl UpdateKind {
    /// The name in JSON and in logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Edited => "edited",
            Self::Corrected => "corrected",
            Self::Removed => "removed",
            Self::Restored => "restored",
        }
    }
}

/// A sentence, or the headline, that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DiffLine {
    /// Whether it is the headline.
    pub headline: bool,
    /// Its words, in runs; together with what is between, old and new text.
    pub pieces: Vec<DiffPiece>,
}

/// A run of words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DiffPiece {
    /// Whether it stood there before, stands there now, or both.
    pub change: Change,
    /// The words.
    pub text: String,
}

/// What became of a run of words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// In both texts.
    Kept,
    /// Only in the text that was told.
    Removed,
    /// Only in the text of now.
    Added,
}

impl Change {
    /// The name in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Removed => "removed",
            Self::Added => "added",
        }
    }
}

/// The first message about a story to one receiver.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstTelling {
    /// Who got it.
    pub receiver: String,
    /// Its identity.
    pub delivery: DeliveryId,
}
