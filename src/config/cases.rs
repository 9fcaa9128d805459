//! The `hit` and `miss` texts of entities and rules → an error at each that comes out the other way.

use super::definitions::Definition;
use super::diagnostic::Report;
use super::node::Node;
use super::node::Value;
use crate::rule::CaseKind;
use crate::rule::EntitySpec;
use crate::rule::RuleOrEntity;
use crate::rule::RuleSet;
use crate::rule::RuleSpec;
use crate::rule::TestFailure;

/// Judges every text as the daemon would.
pub(super) fn check(
    entities: &[EntitySpec],
    rules: &[RuleSpec],
    entity_definitions: &[Definition<'_>],
    rule_definitions: &[Definition<'_>],
    report: &Report,
) {
    for failure in RuleSet::compile(entities.to_vec(), rules.to_vec()).test_cases() {
        let (definitions, name) = match &failure.rule_or_entity {
            RuleOrEntity::Entity(name) => (entity_definitions, name.as_str()),
            RuleOrEntity::Rule(name) => (rule_definitions, name.as_str()),
        };
        let Some(definition) = definitions.iter().find(|definition| definition.name == name) else { continue };
        let table = definition.table(report);
        let node = table.entry(failure.kind.as_str()).and_then(|entry| item(&entry.node, failure.index));
        let place = node.map_or(table.place, |node| &node.place);
        let (message, help) = said(table.head, &failure);
        report.error(place, message, "this text", help);
    }
}

fn said(head: &str, failure: &TestFailure) -> (String, String) {
    let entity = matches!(failure.rule_or_entity, RuleOrEntity::Entity(_));
    let (what, change) = match (entity, failure.kind) {
        (true, CaseKind::Hit) => ("does not find", "its names and the words near them"),
        (true, CaseKind::Miss) => ("finds", "its names, `against` and `veto`"),
        (false, CaseKind::Hit) => ("does not match", "its query"),
        (false, CaseKind::Miss) => ("matches", "its query"),
    };
    let kind = failure.kind.as_str();
    let itself = if entity { "itself in this" } else { "this" };
    let because: Vec<&str> = failure.because.lines().map(str::trim).collect();
    let help = format!(
        "change {change}; or change the text, when it is the text that is wrong\nbecause: {}",
        because.join("\n")
    );
    (format!("{head} {what} {itself} `{kind}` text"), help)
}

/// The list's text of that number; what is no text was reported and does not count.
fn item(list: &Node, index: usize) -> Option<&Node> {
    let Value::List(items) = &list.value else { return None };
    items.iter().filter(|item| matches!(&item.value, Value::Text(text) if !text.trim().is_empty())).nth(index)
}
