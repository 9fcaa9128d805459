//! `[entity.NAME]` → someone or something with names.

use super::definitions::Definition;
use super::diagnostic::Report;
use super::keys;
use super::table::Table;
use super::table::instead;
use super::table::number;
use crate::model::EntityName;
use crate::model::Language;
use crate::rule::EntitySpec;
use std::collections::BTreeMap;

/// One entity. `names` are those of all entities, the faulty ones included.
pub(super) fn entity(definition: &Definition<'_>, names: &[&str], report: &Report) -> EntitySpec {
    let table = definition.table(report);
    table.refuse_unknown(&keys::ENTITY.names());
    if !table.has("strong") && !table.has("weak") {
        let message = format!("{} has no name to be found by", table.head);
        report.error(table.place, message, "here", "add `strong = [\"…\"]`, or `weak` for names with other senses");
    }
    if let (Some(entry), false) = (table.entry("weak"), table.has("near") || table.has("far") || table.has("with")) {
        let message = format!("nothing confirms the weak names of {}", table.head);
        let help = "add `near` or `far` with words that speak for the entity, or list the names as `strong`";
        report.warning(&entry.key_place, message, "never counts", help);
    }
    EntitySpec {
        name: Some(EntityName::new(definition.name)),
        kind: table.text("kind").map(|kind| kind.text.to_owned()),
        label: table.label(),
        strong: owned(&table, "strong"),
        weak: owned(&table, "weak"),
        near: owned(&table, "near"),
        far: owned(&table, "far"),
        against: owned(&table, "against"),
        veto: owned(&table, "veto"),
        given: owned(&table, "given"),
        languages: scores(&table),
        with: with(&table, definition.name, names),
        window: table.optional_integer("window", 1..=1000).and_then(|window| usize::try_from(window).ok()),
        threshold: table.number("threshold", 0.0..=100.0),
        hit: owned(&table, "hit"),
        miss: owned(&table, "miss"),
    }
}

/// The texts of a list.
pub(super) fn owned(table: &Table<'_>, key: &str) -> Vec<String> {
    table.texts(key).iter().map(|text| text.text.to_owned()).collect()
}

/// What makes `text` no language.
pub(super) const LANGUAGE_HELP: &str = "write a code of two letters, such as \"es\", \"en\" or \"pt\"";

fn scores(table: &Table<'_>) -> BTreeMap<Language, f64> {
    let mut scores = BTreeMap::new();
    for entry in table.table("languages", "languages = { es = 1.0 }").unwrap_or_default() {
        let Some(language) = Language::parse(&entry.key) else {
            table.report.error(&entry.key_place, format!("`{}` is not a language", entry.key), "here", LANGUAGE_HELP);
            continue;
        };
        if let Some(score) = number(table.report, &entry.key, &entry.node, -100.0..=100.0) {
            scores.insert(language, score);
        }
    }
    scores
}

fn with(table: &Table<'_>, own: &str, names: &[&str]) -> Vec<EntityName> {
    let mut with = Vec::new();
    for text in table.texts("with") {
        let name = text.text.strip_prefix('@').unwrap_or(text.text);
        if name == own {
            let message = format!("{} speaks for itself", table.head);
            table.report.error(&text.node.place, message, "itself", "name another entity, or remove it");
        } else if !names.contains(&name) {
            let message = format!("there is no entity `{name}`");
            table.report.error(&text.node.place, message, "unknown entity", instead(name, names, "the entities are"));
        } else {
            with.push(EntityName::new(name));
        }
    }
    with
}
