//! The shipped pack, held to what it promises. The real reader of configuration is `config`; this one is for tests only.

use super::EntitySpec;
use super::RuleSet;
use super::RuleSpec;
use super::Text;
use super::lint;
use super::parse;
use crate::model::EntityName;
use crate::model::Language;
use crate::model::RuleName;
use crate::text::language;
use std::collections::BTreeMap;
use toml::Table;
use toml::Value;

/// The pack that is shipped, compiled.
pub fn venezuela() -> RuleSet {
    let (entities, rules) = specs(include_str!("../../config/packs/venezuela.toml"));
    RuleSet::compile(entities, rules)
}

fn specs(text: &str) -> (Vec<EntitySpec>, Vec<RuleSpec>) {
    let pack: Table = text.parse().expect("the pack is TOML");
    let table = |key: &str| pack[key].as_table().expect("a table").clone();
    let entities = table("entity").into_iter().map(|(name, value)| {
        let entity = value.as_table().expect("a table");
        EntitySpec {
            name: Some(EntityName::new(name)),
            kind: text_of(entity, "kind"),
            label: text_of(entity, "label"),
            strong: texts(entity, "strong"),
            weak: texts(entity, "weak"),
            near: texts(entity, "near"),
            far: texts(entity, "far"),
            against: texts(entity, "against"),
            veto: texts(entity, "veto"),
            given: texts(entity, "given"),
            languages: numbers(entity),
            with: texts(entity, "with").into_iter().map(EntityName::new).collect(),
            window: entity.get("window").and_then(Value::as_integer).map(|window| window as usize),
            threshold: entity.get("threshold").and_then(Value::as_float),
            hit: texts(entity, "hit"),
            miss: texts(entity, "miss"),
        }
    });
    let rules = table("rule").into_iter().map(|(name, value)| {
        let rule = value.as_table().expect("a table");
        let query = text_of(rule, "match").expect("a query");
        RuleSpec {
            label: text_of(rule, "label"),
            query: parse(&query).unwrap_or_else(|errors| panic!("{name}: {errors:?}")),
            name: RuleName::new(name),
            languages: texts(rule, "languages").iter().filter_map(|tag| Language::parse(tag)).collect(),
            min_score: None,
            hit: texts(rule, "hit"),
            miss: texts(rule, "miss"),
        }
    });
    (entities.collect(), rules.collect())
}

fn text_of(table: &Table, key: &str) -> Option<String> {
    table.get(key).map(|value| value.as_str().expect("a string").to_owned())
}

fn texts(table: &Table, key: &str) -> Vec<String> {
    let array = table.get(key).map(|value| value.as_array().expect("an array").clone()).unwrap_or_default();
    array.iter().map(|value| value.as_str().expect("a string").to_owned()).collect()
}

fn numbers(table: &Table) -> BTreeMap<Language, f64> {
    let languages = table.get("languages").map(|value| value.as_table().expect("a table").clone()).unwrap_or_default();
    let number = |value: &Value| value.as_float().expect("a number");
    languages.iter().map(|(tag, value)| (Language::parse(tag).expect("a code"), number(value))).collect()
}

/// Right and wrong answers about one entity.
#[derive(Default, Debug)]
pub struct Score {
    hits: usize,
    false_hits: usize,
    misses: usize,
}

impl Score {
    /// Harmonic mean of precision and recall; 1 when there was nothing to find and nothing found.
    pub fn f1(&self) -> f64 {
        let wrong = self.false_hits + self.misses;
        if wrong == 0 { 1.0 } else { 2.0 * self.hits as f64 / (2 * self.hits + wrong) as f64 }
    }
}

/// Judges labelled passages (one JSON object a line); labels that are null are left out. Tells of each wrong answer.
pub fn scores(rules: &RuleSet, lines: &str) -> BTreeMap<String, Score> {
    let mut scores: BTreeMap<String, Score> = BTreeMap::new();
    for line in lines.lines().filter(|line| !line.trim().is_empty()) {
        let case: serde_json::Value = serde_json::from_str(line).expect("a line of JSON");
        let [title, body, lang] = ["title", "body", "lang"].map(|key| case[key].as_str().unwrap_or_default());
        let detected = language::detect(title, body, Language::parse(lang).as_ref());
        let judgement = rules.judge(&Text::of(title, body, detected.as_ref()));
        for (entity, label) in case["labels"].as_object().expect("labels") {
            let Some(expected) = label.as_bool() else { continue };
            let name = EntityName::new(entity);
            let found = judgement.mentions.iter().any(|mention| mention.entity.as_ref() == Some(&name));
            let score = scores.entry(entity.clone()).or_default();
            score.hits += usize::from(found && expected);
            score.false_hits += usize::from(found && !expected);
            score.misses += usize::from(!found && expected);
            if found != expected {
                let account = rules.explain_entity(&name, &Text::of(title, body, detected.as_ref()));
                let account = account.map(|account| account.to_string()).unwrap_or_default();
                println!("{} {entity} is {expected}: {title} / {body}\n{account}\n", case["id"]);
            }
        }
    }
    scores
}

#[test]
fn every_hit_and_miss_of_the_pack_comes_out_as_it_says() {
    let failures = venezuela().test_cases();
    for failure in &failures {
        println!("{:?} {} {:?}: {}", failure.rule_or_entity, failure.kind.as_str(), failure.text, failure.because);
    }
    assert!(failures.is_empty(), "{} of the pack's own cases fail", failures.len());
}

#[test]
fn every_entity_and_rule_of_the_pack_has_a_label_and_cases() {
    let rules = venezuela();
    for entity in rules.entities() {
        let named = entity.label.is_some() && entity.kind.is_some();
        assert!(named && entity.hit.len() >= 2 && !entity.miss.is_empty(), "{:?}", entity.name);
        for companion in &entity.with {
            assert!(rules.entities().iter().any(|other| other.name.as_ref() == Some(companion)), "{companion}");
        }
    }
    for rule in rules.rules() {
        assert!(rule.label.is_some() && rule.hit.len() >= 2 && !rule.miss.is_empty(), "{}", rule.name);
        assert_eq!(lint(&rule.query), [], "{}", rule.name);
        for (name, _) in rule.query.entities() {
            assert!(rules.entities().iter().any(|entity| entity.name.as_ref() == Some(&name)), "@{name}");
        }
    }
}

/// No entity may fall below this on the pack's labelled passages.
const FLOOR: f64 = 0.8;

#[test]
fn the_pack_tells_its_entities_from_their_namesakes() {
    let scores = scores(&venezuela(), include_str!("../../tests/data/entities/cases.jsonl"));
    assert_eq!(scores.len(), 15);
    let (mut hits, mut wrong) = (0, 0);
    for (entity, score) in &scores {
        assert!(score.hits >= 2, "{entity} has too few passages: {score:?}");
        assert!(score.f1() >= FLOOR, "{entity}: {score:?}");
        hits += score.hits;
        wrong += score.false_hits + score.misses;
    }
    let micro = 2.0 * hits as f64 / (2 * hits + wrong) as f64;
    assert!(micro >= 0.97, "all entities together: {micro:.3}");
}
