//! How pressing a rule is.

use serde::Deserialize;
use serde::Serialize;

/// A rule's level. What is urgent passes quiet hours and digests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Good to know.
    Info,
    /// What most rules are.
    #[default]
    Normal,
    /// To be told at once, at any hour.
    Urgent,
}

impl Level {
    /// Every level, the least pressing first.
    pub const ALL: [Self; 3] = [Self::Info, Self::Normal, Self::Urgent];

    /// The name in the configuration, in the store and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Normal => "normal",
            Self::Urgent => "urgent",
        }
    }

    /// The level of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.as_str() == name)
    }
}
