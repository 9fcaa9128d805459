//! What people said of alerts. Plain values.

use crate::model::AlertId;
use crate::model::ItemId;
use crate::model::RuleName;
use jiff::Timestamp;
use serde::Serialize;

/// Whether an alert was relevant, as somebody says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Which.
    pub alert: AlertId,
    /// For which of its rules.
    pub rules: Vec<RuleName>,
    /// Yes or no.
    pub relevant: bool,
    /// Who says it.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// In words.
    pub note: Option<String>,
}

/// What a receiver was told by one delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToldTo {
    /// The alert.
    pub alert: AlertId,
    /// Who was told.
    pub receiver: String,
    /// Of which rules.
    pub rules: Vec<RuleName>,
    /// Their titles for people.
    pub labels: Vec<String>,
    /// The article's headline.
    pub title: String,
}

/// Feedback on one rule of one alert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FeedbackRow {
    /// The alert.
    pub alert: AlertId,
    /// Its item.
    pub item: ItemId,
    /// The rule.
    pub rule: RuleName,
    /// Whether it was relevant.
    pub relevant: bool,
    /// Who said so.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// In words.
    pub note: Option<String>,
    /// The article's headline.
    pub title: String,
}
