//! `[rule.NAME]` → what is looked for: its query parsed, its entities known.

use super::Lookback;
use super::definitions::Definition;
use super::diagnostic::Report;
use super::entities::LANGUAGE_HELP;
use super::entities::owned;
use super::keys;
use super::place::Place;
use super::table::Table;
use super::table::Text;
use super::table::instead;
use crate::model::Language;
use crate::model::Level;
use crate::model::RuleName;
use crate::rule;
use crate::rule::Query;
use crate::rule::QueryError;
use crate::rule::RuleSpec;
use jiff::SignedDuration;

/// One rule; `None` when it is wrong or switched off. `entities` are the names of all, the faulty ones included.
pub(super) fn rule(definition: &Definition<'_>, entities: &[&str], report: &Report) -> Option<RuleSpec> {
    let table = definition.table(report);
    table.refuse_unknown(&keys::RULE.names());
    let label = table.label();
    let languages = languages(&table);
    let (hit, miss) = (owned(&table, "hit"), owned(&table, "miss"));
    let min_score = table.number("min_score", 0.0..=1_000_000.0);
    let enabled = table.flag("enabled", true);
    let help = if table.has("enabled") && !enabled && table.entries_are_only("enabled") {
        "no pack has a rule of this name; check the name, or write a query: `match = \"@entity AND term\"`"
    } else {
        "write a query: `match = \"@entity AND term\"`"
    };
    let query = table.required_text("match", help).and_then(|text| query(&table, &text, entities));
    let name = RuleName::new(definition.name);
    let query = query?;
    enabled.then_some(RuleSpec { name, label, query, languages, min_score, hit, miss })
}

/// A rule's level and tags: how subscriptions choose it.
pub(super) struct Grade {
    pub rule: RuleName,
    pub level: Level,
    pub tags: Vec<String>,
}

/// The level and the tags of a rule; faults are reported here alone.
pub(super) fn grade(definition: &Definition<'_>, report: &Report) -> Grade {
    let table = definition.table(report);
    let level = table.text("level").and_then(|text| {
        let level = Level::parse(text.text);
        if level.is_none() {
            let names = Level::ALL.map(Level::as_str);
            let message = format!("`{}` is not a level", text.text);
            report.error(&text.node.place, message, "here", instead(text.text, &names, "the levels are"));
        }
        level
    });
    Grade { rule: RuleName::new(definition.name), level: level.unwrap_or_default(), tags: owned(&table, "tags") }
}

/// How far a rule looks back; `None` for one that does not, or is wrong or switched off.
pub(super) fn lookback(definition: &Definition<'_>, rules: &[RuleSpec], report: &Report) -> Option<Lookback> {
    let table = definition.table(report);
    let range = SignedDuration::from_secs(1)..=SignedDuration::from_hours(24 * 3660);
    let since = table.has("since").then(|| table.duration("since", SignedDuration::ZERO, range))?;
    let rule = rules.iter().find(|rule| rule.name.as_str() == definition.name && !since.is_zero())?;
    let languages: Vec<&str> = rule.languages.iter().map(Language::as_str).collect();
    let score = rule.min_score.map(|score| score.to_string()).unwrap_or_default();
    Some(Lookback {
        rule: rule.name.clone(),
        since,
        definition: format!("{}\n{}\n{score}\n{}", rule.query, languages.join(" "), since.as_secs()),
    })
}

fn query(table: &Table<'_>, text: &Text<'_>, entities: &[&str]) -> Option<Query> {
    let query = match rule::parse(text.text) {
        Ok(query) => query,
        Err(errors) => {
            for QueryError { span, message, help } in errors {
                table.report.error(&inside(text, span.start, span.end), message, "here", help);
            }
            return None;
        }
    };
    for QueryError { span, message, help } in rule::lint(&query) {
        table.report.warning(&inside(text, span.start, span.end), message, "here", help);
    }
    let mut known = true;
    for (entity, span) in query.entities() {
        if !entities.contains(&entity.as_str()) {
            known = false;
            let place = inside(text, span.start, span.end);
            let help = instead(entity.as_str(), entities, "the entities are");
            table.report.error(&place, format!("there is no entity `{entity}`"), "unknown entity", help);
        }
    }
    known.then_some(query)
}

/// A part of a text; the whole of it where escapes hide which bytes of the file it is.
fn inside(text: &Text<'_>, start: usize, end: usize) -> Place {
    text.node.inside(text.text, start, end).unwrap_or_else(|| text.node.place.clone())
}

/// The languages that `languages` names.
pub(super) fn languages(table: &Table<'_>) -> Vec<Language> {
    let mut languages = Vec::new();
    for text in table.texts("languages") {
        match Language::parse(text.text) {
            Some(language) => languages.push(language),
            None => {
                let message = format!("`{}` is not a language", text.text);
                table.report.error(&text.node.place, message, "here", LANGUAGE_HELP);
            }
        }
    }
    languages
}
