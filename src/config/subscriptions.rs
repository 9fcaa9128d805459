//! `[subscription.NAME]` → who is told of what; and what nobody is told of.

use super::definitions::Definition;
use super::diagnostic::Report;
use super::keys;
use super::node::Value;
use super::rules::Grade;
use super::rules::languages;
use super::table::Table;
use super::table::Text;
use super::table::instead;
use crate::model::ChannelName;
use crate::model::Level;
use crate::model::PersonName;
use crate::model::RuleName;
use crate::model::SourceName;
use crate::model::SubscriptionName;
use crate::route::Covers;
use crate::route::Rhythm;
use crate::route::Subscription;
use crate::route::Zone;
use crate::schedule::Schedule;
use jiff::SignedDuration;
use std::collections::BTreeMap;

/// The shortest pause between two groups.
const SHORTEST: SignedDuration = SignedDuration::from_secs(1);

/// The longest pause between two groups.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 31);

/// What subscriptions may name; of rules, channels and sources all, the faulty ones and those switched off included.
pub(super) struct Known<'a> {
    pub rules: &'a [&'a str],
    pub channels: &'a [&'a str],
    pub sources: &'a [&'a str],
    pub persons: &'a [&'a str],
    pub groups: &'a BTreeMap<String, Vec<PersonName>>,
    pub grades: &'a [Grade],
}

/// One subscription.
pub(super) fn subscription(definition: &Definition<'_>, known: &Known<'_>, report: &Report) -> Subscription {
    let table = definition.table(report);
    table.refuse_unknown(&keys::SUBSCRIPTION.names());
    let who = who(&table, known);
    let channels = if who.is_some() && !table.has("channels") {
        Vec::new()
    } else {
        named(&table, "channels", known.channels, "channel")
    };
    let sources = any_named(&table, "sources", known.sources, "source");
    Subscription {
        name: SubscriptionName::new(definition.name),
        rules: graded(&table, known),
        languages: languages(&table),
        sources: sources.into_iter().map(SourceName::new).collect(),
        channels: channels.into_iter().map(ChannelName::new).collect(),
        who: who.unwrap_or_default(),
        rhythm: rhythm(&table),
    }
}

/// Persons by their own names and by those of their groups, each once; `None` without the key.
fn who(table: &Table<'_>, known: &Known<'_>) -> Option<Vec<PersonName>> {
    table.entry("who")?;
    let groups = known.groups.keys().map(String::as_str);
    let names: Vec<&str> = known.persons.iter().copied().chain(groups).collect();
    let mut who: Vec<PersonName> = named(table, "who", &names, "person or group")
        .into_iter()
        .flat_map(|name| known.groups.get(name).cloned().unwrap_or_else(|| vec![PersonName::new(name)]))
        .collect();
    who.sort();
    who.dedup();
    Some(who)
}

/// The rules that are named, of the levels and with the tags that are named.
fn graded(table: &Table<'_>, known: &Known<'_>) -> Covers {
    let filtered = table.has("levels") || table.has("tags") || table.has("languages") || table.has("sources");
    let named = if filtered && !table.has("rules") { Covers::All } else { covers(table, known.rules) };
    let levels: Vec<Level> = table.texts("levels").into_iter().filter_map(|text| level(table, &text)).collect();
    let tags = table.texts("tags");
    if levels.is_empty() && tags.is_empty() {
        return named;
    }
    for tag in tags.iter().filter(|tag| !known.grades.iter().any(|grade| grade.tags.iter().any(|it| it == tag.text))) {
        let mut all: Vec<&str> = known.grades.iter().flat_map(|grade| grade.tags.iter().map(String::as_str)).collect();
        all.sort_unstable();
        all.dedup();
        let message = format!("no rule has the tag `{}`", tag.text);
        table.report.error(&tag.node.place, message, "unknown tag", instead(tag.text, &all, "the tags are"));
    }
    let fits = |grade: &&Grade| {
        (match &named {
            Covers::All => true,
            Covers::Rules(rules) => rules.contains(&grade.rule),
        }) && (levels.is_empty() || levels.contains(&grade.level))
            && (tags.is_empty() || tags.iter().any(|tag| grade.tags.iter().any(|it| it == tag.text)))
    };
    Covers::Rules(known.grades.iter().filter(fits).map(|grade| grade.rule.clone()).collect())
}

fn level(table: &Table<'_>, text: &Text<'_>) -> Option<Level> {
    let level = Level::parse(text.text);
    if level.is_none() {
        let help = instead(text.text, &Level::ALL.map(Level::as_str), "the levels are");
        table.report.error(&text.node.place, format!("`{}` is not a level", text.text), "here", help);
    }
    level
}

fn rhythm(table: &Table<'_>) -> Rhythm {
    let (digest, every) = (table.text("digest"), table.entry("every"));
    if let (Some(_), Some(entry)) = (&digest, every) {
        let help = "keep one: `digest` for fixed times, `every` for groups as they come";
        table.report.error(&entry.key_place, "`every` and `digest` exclude each other", "here", help);
    }
    for (key, without) in [("wait", "every"), ("timezone", "digest")] {
        if let (Some(entry), false) = (table.entry(key), table.has(without)) {
            let message = format!("`{key}` is of no use without `{without}`");
            table.report.error(&entry.key_place, message, "here", format!("write `{without}`, or leave it out"));
        }
    }
    let zone = zone(table);
    if let Some(cron) = digest {
        if let Err(error) = Schedule::cron(cron.text, &zone.name) {
            table.report.error(&cron.node.place, error.to_string(), "here", error.help());
        }
        return Rhythm::Digest { cron: cron.text.to_owned(), zone };
    }
    if every.is_none() {
        return Rhythm::AtOnce;
    }
    let every = table.duration("every", LONGEST, SHORTEST..=LONGEST);
    let wait = SignedDuration::from_secs(30);
    Rhythm::Grouped { wait: table.duration("wait", wait, SignedDuration::ZERO..=SignedDuration::from_hours(24)), every }
}

/// The zone that `timezone` names; UTC without it.
pub(super) fn zone(table: &Table<'_>) -> Zone {
    let Some(name) = table.text("timezone") else { return Zone::default() };
    Zone::new(name.text).unwrap_or_else(|error| {
        table.report.error(&name.node.place, error.to_string(), "here", error.help());
        Zone::default()
    })
}

/// Warns of rules that nobody hears of, and of channels that are never used; `operators` are told of sources.
pub(super) fn uncovered(
    subscriptions: &[Subscription],
    operators: &[ChannelName],
    rules: &[Definition<'_>],
    channels: &[Definition<'_>],
    persons: &[Definition<'_>],
    report: &Report,
) {
    for person in persons {
        let name = PersonName::new(person.name);
        if !subscriptions.iter().any(|subscription| subscription.who.contains(&name)) {
            let message = format!("no subscription tells `{name}` anything");
            report.warning(person.place(), message, "told nothing", "add it to the `who` of a subscription");
        }
    }
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

/// [`named`] of a list that may be empty or absent.
pub(super) fn any_named<'a>(table: &Table<'a>, key: &str, known: &[&str], what: &str) -> Vec<&'a str> {
    match table.entry(key).map(|entry| &entry.node.value) {
        None => Vec::new(),
        Some(Value::List(items)) if items.is_empty() => Vec::new(),
        Some(_) => named(table, key, known, what),
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
