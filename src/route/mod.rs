//! Subscriptions: (matched rules, subscriptions) → who is told of which rules.

use crate::model::ChannelName;
use crate::model::RuleName;
use crate::model::SubscriptionName;

/// One `[subscription.NAME]` of the configuration, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// Its name.
    pub name: SubscriptionName,
    /// The rules that it covers.
    pub rules: Covers,
    /// Where its alerts go.
    pub channels: Vec<ChannelName>,
}

/// Which rules a subscription covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Covers {
    /// Every rule, also those that are written later: `rules = "all"`.
    All,
    /// These.
    Rules(Vec<RuleName>),
}
