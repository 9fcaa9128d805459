//! The `hit` and `miss` texts of entities and rules → those that come out the other way.

use super::RuleSet;
use super::Text;
use crate::model::EntityName;
use crate::model::RuleName;
use crate::text::language;

/// Whose text it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuleOrEntity {
    /// A rule's.
    Rule(RuleName),
    /// An entity's.
    Entity(EntityName),
}

/// Which list a text stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaseKind {
    /// `hit`: it must match.
    Hit,
    /// `miss`: it must not.
    Miss,
}

impl CaseKind {
    /// The key in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Miss => "miss",
        }
    }
}

/// A `hit` that does not match, or a `miss` that does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestFailure {
    /// Whose text it is.
    pub rule_or_entity: RuleOrEntity,
    /// In which list.
    pub kind: CaseKind,
    /// Its place in the list, from 0.
    pub index: usize,
    /// The text.
    pub text: String,
    /// How it was decided, for people.
    pub because: String,
}

/// Runs all of them, each text as a body without a title.
pub fn run(rules: &RuleSet) -> Vec<TestFailure> {
    let mut failures = Vec::new();
    for entity in rules.entities() {
        let Some(name) = &entity.name else { continue };
        for (kind, index, text) in texts(&entity.hit, &entity.miss) {
            let language = language::detect("", text, None);
            let judged = Text::of("", text, language.as_ref());
            let Some(account) = rules.explain_entity(name, &judged) else { continue };
            if account.accepted != (kind == CaseKind::Hit) {
                let rule_or_entity = RuleOrEntity::Entity(name.clone());
                let because = account.to_string();
                failures.push(TestFailure { rule_or_entity, kind, index, text: text.to_owned(), because });
            }
        }
    }
    for (place, rule) in rules.rules().iter().enumerate() {
        for (kind, index, text) in texts(&rule.hit, &rule.miss) {
            let language = language::detect("", text, None);
            let judged = Text::of("", text, language.as_ref());
            let Some(verdict) = rules.judge_rule(place, &judged) else { continue };
            if verdict.matched != (kind == CaseKind::Hit) {
                let rule_or_entity = RuleOrEntity::Rule(rule.name.clone());
                let because = verdict.reason.to_string();
                failures.push(TestFailure { rule_or_entity, kind, index, text: text.to_owned(), because });
            }
        }
    }
    failures
}

fn texts<'a>(hit: &'a [String], miss: &'a [String]) -> impl Iterator<Item = (CaseKind, usize, &'a str)> {
    let hits = hit.iter().enumerate().map(|(index, text)| (CaseKind::Hit, index, text.as_str()));
    let misses = miss.iter().enumerate().map(|(index, text)| (CaseKind::Miss, index, text.as_str()));
    hits.chain(misses)
}
