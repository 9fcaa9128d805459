//! `[subscription.NAME]` → who is told of what; and what nobody is told of.

use super::definitions::Definition;
use super::diagnostic::Report;
use super::keys;
use super::node::Value;
use super::table::Table;
use super::table::instead;
use crate::model::ChannelName;
use crate::model::RuleName;
use crate::model::SubscriptionName;
use crate::route::Covers;
use crate::route::Subscription;

/// One subscription. `rules` and `channels` are the names of all, the faulty ones and those switched off included.
pub(super) fn subscription(
    definition: &Definition<'_>,
    rules: &[&str],
    channels: &[&str],
    report: &Report,
) -> Subscription {
    let table = definition.table(report);
    table.refuse_unknown(&keys::SUBSCRIPTION.names());
    Subscription {
        name: SubscriptionName::new(definition.name),
        rules: covers(&table, rules),
        channels: named(&table, "channels", channels, "channel").into_iter().map(ChannelName::new).collect(),
    }
}

/// Warns of rules that nobody hears of, and of channels that are never used; `operators` are told of sources.
pub(super) fn uncovered(
    subscriptions: &[Subscription],
    operators: &[ChannelName],
    rules: &[Definition<'_>],
    channels: &[Definition<'_>],
    report: &Report,
) {
    if subscriptions.is_empty() && channels.is_empty() {
        // Only watching and judging, as for `try rules`: nothing that could be forgotten.
        return;
    }
    let all = subscriptions.iter().any(|subscription| subscription.rules == Covers::All);
    for rule in rules.iter().filter(|_| !all) {
        let name = RuleName::new(rule.name);
        if !subscriptions.iter().any(|subscription| subscription.covers(&name)) {
            let message = format!("no subscription covers the rule `{name}`, so nobody is told");
            report.warning(rule.place(), message, "nobody is told", "add it to the `rules` of a subscription");
        }
    }
    for channel in channels {
        let name = ChannelName::new(channel.name);
        let told = || subscriptions.iter().any(|subscription| subscription.channels.contains(&name));
        if !operators.contains(&name) && !told() {
            let message = format!("no subscription uses the channel `{name}`");
            report.warning(channel.place(), message, "never used", "add it to the `channels` of a subscription");
        }
    }
}

fn covers(table: &Table<'_>, rules: &[&str]) -> Covers {
    match table.entry("rules").map(|entry| &entry.node) {
        Some(node) if matches!(&node.value, Value::Text(text) if text == "all") => Covers::All,
        Some(node) if matches!(node.value, Value::Text(_)) => {
            table.wrong_type("rules", node, "\"all\" or a list", "write `rules = \"all\"` or `rules = [\"name\"]`");
            Covers::Rules(Vec::new())
        }
        _ => Covers::Rules(named(table, "rules", rules, "rule").into_iter().map(RuleName::new).collect()),
    }
}

/// The names that a list gives, those that do not exist reported.
pub(super) fn named<'a>(table: &Table<'a>, key: &str, known: &[&str], what: &str) -> Vec<&'a str> {
    let Some(entry) = table.entry(key) else {
        let all = if key == "rules" { "`rules = \"all\"` or " } else { "" };
        table.missing(key, format!("write {all}`{key} = [\"name\"]` with the names of {key}"));
        return Vec::new();
    };
    if matches!(&entry.node.value, Value::List(items) if items.is_empty()) {
        table.report.error(&entry.node.place, format!("`{key}` is empty"), "an empty list", "name at least one");
    }
    let mut names = Vec::new();
    for text in table.texts(key) {
        if known.contains(&text.text) {
            names.push(text.text);
        } else {
            let message = format!("there is no {what} `{}`", text.text);
            let help = instead(text.text, known, format!("the {key} are"));
            table.report.error(&text.node.place, message, format!("unknown {what}"), help);
        }
    }
    names
}
