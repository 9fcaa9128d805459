//! Subscriptions: (matched rules, subscriptions) → who is told of which rules.

use crate::model::ChannelName;
use crate::model::DeliveryId;
use crate::model::Notice;
use crate::model::RuleName;
use crate::model::SubscriptionName;
use crate::story::hexadecimal;
use std::collections::BTreeMap;

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

impl Subscription {
    /// Whether it covers the rule.
    pub fn covers(&self, rule: &RuleName) -> bool {
        match &self.rules {
            Covers::All => true,
            Covers::Rules(rules) => rules.contains(rule),
        }
    }
}

/// Who is told of which of the matched rules: every matching subscription is served, and each receiver of a channel is
/// told once, of all the rules that any of its subscriptions covers. `receivers` gives the receivers of a channel.
pub fn route(
    matched: &[RuleName],
    subscriptions: &[Subscription],
    receivers: impl Fn(&ChannelName) -> Vec<String>,
) -> BTreeMap<(ChannelName, String), Vec<RuleName>> {
    let mut told: BTreeMap<(ChannelName, String), Vec<RuleName>> = BTreeMap::new();
    for subscription in subscriptions {
        let covered: Vec<&RuleName> = matched.iter().filter(|rule| subscription.covers(rule)).collect();
        if covered.is_empty() {
            continue;
        }
        for channel in &subscription.channels {
            for receiver in receivers(channel) {
                let rules = told.entry((channel.clone(), receiver)).or_default();
                rules.extend(covered.iter().copied().cloned());
            }
        }
    }
    for rules in told.values_mut() {
        rules.sort();
        rules.dedup();
    }
    told
}

/// The identity of one telling: the same for the same rules, story, revision and receiver, on every machine and day.
pub fn delivery_id(
    rules: &[RuleName],
    story_key: &str,
    revision: u32,
    channel: &ChannelName,
    receiver: &str,
) -> DeliveryId {
    let mut names: Vec<&str> = rules.iter().map(RuleName::as_str).collect();
    names.sort_unstable();
    // Unit and record separators cannot occur in names, addresses or numbers, so no two tellings read alike.
    let telling = format!("{}\u{1e}{story_key}\u{1e}{revision}\u{1e}{channel}\u{1e}{receiver}", names.join("\u{1f}"));
    DeliveryId(hexadecimal(telling.as_bytes(), 16))
}

/// The identity of one notice to one receiver: the same for the same troubles, on every machine and day.
pub fn notice_id(notice: &Notice, channel: &ChannelName, receiver: &str) -> DeliveryId {
    let telling = format!("notice\u{1e}{}\u{1e}{channel}\u{1e}{receiver}", notice.keys().join("\u{1d}"));
    DeliveryId(hexadecimal(telling.as_bytes(), 16))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subscription(name: &str, rules: Covers, channels: &[&str]) -> Subscription {
        Subscription {
            name: SubscriptionName::new(name),
            rules,
            channels: channels.iter().map(|channel| ChannelName::new(*channel)).collect(),
        }
    }

    fn rules(names: &[&str]) -> Vec<RuleName> {
        names.iter().map(|name| RuleName::new(*name)).collect()
    }

    #[test]
    fn every_matching_subscription_is_served_and_each_receiver_told_once() {
        let subscriptions = [
            subscription("desk", Covers::Rules(rules(&["torture"])), &["mail"]),
            subscription("all", Covers::All, &["mail", "hook"]),
            subscription("press", Covers::Rules(rules(&["press"])), &["mail"]),
        ];
        let told = route(&rules(&["torture", "court"]), &subscriptions, |channel| match channel.as_str() {
            "mail" => vec!["ana@example.org".into(), "luis@example.org".into()],
            _ => vec!["https://hook.example".into()],
        });
        assert_eq!(told.len(), 3);
        assert!(told.values().all(|told| *told == rules(&["court", "torture"])));
    }

    #[test]
    fn nobody_is_told_of_a_rule_that_no_subscription_covers() {
        let subscriptions = [subscription("desk", Covers::Rules(rules(&["torture"])), &["mail"])];
        assert!(route(&rules(&["court"]), &subscriptions, |_| vec!["ana@example.org".into()]).is_empty());
    }

    #[test]
    fn the_id_depends_on_the_set_of_rules_and_not_on_their_order() {
        let id = |names: &[&str], receiver: &str, revision| {
            delivery_id(&rules(names), "https://a.example/1", revision, &ChannelName::new("mail"), receiver)
        };
        let first = id(&["a", "b"], "ana@example.org", 1);
        assert_eq!(first, id(&["b", "a"], "ana@example.org", 1));
        assert_eq!(first.as_str().len(), 32);
        for other in [
            id(&["a"], "ana@example.org", 1),
            id(&["a", "b"], "eva@example.org", 1),
            id(&["a", "b"], "ana@example.org", 2),
        ] {
            assert_ne!(first, other);
        }
    }
}
