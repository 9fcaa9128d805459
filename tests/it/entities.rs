//! The shipped packs tell their entities from namesakes: labelled passages through the real reader of configuration and
//! the real engine, with a floor for each entity.

use atalaya::config;
use atalaya::config::Config;
use atalaya::config::Environment;
use atalaya::config::packs::SHIPPED;
use atalaya::model::EntityName;
use atalaya::model::Language;
use atalaya::rule::RuleSet;
use atalaya::rule::Text;
use atalaya::text::language;
use serde_json::Value;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use toml::Table;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
/// F1 of all entities together.
const MICRO_FLOOR: f64 = 0.95;
/// F1 of any entity.
const FLOOR: f64 = 0.85;

/// Right and wrong answers.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    found: usize,
    wrongly_found: usize,
    missed: usize,
    rightly_not_found: usize,
}

impl Counts {
    fn add(&mut self, is_found: bool, expected: bool) {
        let count = match (is_found, expected) {
            (true, true) => &mut self.found,
            (true, false) => &mut self.wrongly_found,
            (false, true) => &mut self.missed,
            (false, false) => &mut self.rightly_not_found,
        };
        *count += 1;
    }

    fn f1(self) -> f64 {
        let wrong = self.wrongly_found + self.missed;
        2.0 * self.found as f64 / (2 * self.found + wrong).max(1) as f64
    }
}

fn read(file: &Path) -> Config {
    match config::load(file, &Environment::looking_only()) {
        Ok(loaded) => loaded.config,
        Err(diagnostics) => panic!("{}", diagnostics.render(false)),
    }
}

fn pack(name: &str) -> RuleSet {
    let config = read(&Path::new(ROOT).join(format!("config/packs/{name}.toml")));
    RuleSet::compile(config.entities, config.rules)
}

/// Every labelled passage with the name of its file.
fn passages() -> Vec<(String, Value)> {
    let folder = fs::read_dir(Path::new(ROOT).join("tests/data/entities")).expect("a folder");
    let mut files: Vec<_> = folder.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "jsonl"));
    assert!(files.len() >= 4, "{files:?}");
    let mut passages = Vec::new();
    for file in files {
        let name = file.file_name().expect("a name").to_string_lossy().into_owned();
        for line in fs::read_to_string(&file).expect("text").lines() {
            passages.push((name.clone(), serde_json::from_str(line).expect("a line of JSON")));
        }
    }
    passages
}

#[test]
fn no_entity_falls_below_its_floor_on_the_labelled_passages() {
    let rules = pack("venezuela");
    let mut counts: BTreeMap<String, Counts> = BTreeMap::new();
    let mut wrong = Vec::new();
    for (file, passage) in passages() {
        let [title, body, declared] = ["title", "body", "lang"].map(|key| passage[key].as_str().unwrap_or_default());
        let detected = language::detect(title, body, Language::parse(declared).as_ref());
        let judgement = rules.judge(&Text::of(title, body, detected.as_ref()));
        for (entity, label) in passage["labels"].as_object().expect("labels") {
            // What people were not sure of counts for nothing.
            let Some(expected) = label.as_bool() else { continue };
            let name = EntityName::new(entity);
            let is_found = judgement.mentions.iter().any(|mention| mention.entity.as_ref() == Some(&name));
            counts.entry(entity.clone()).or_default().add(is_found, expected);
            if is_found != expected {
                wrong.push(format!("{file} {} @{entity} is {expected}: {title} / {body}", passage["id"]));
            }
        }
    }
    let wrong = wrong.join("\n");
    assert_eq!(counts.len(), 15, "{counts:?}");
    let mut all = Counts::default();
    for (entity, one) in &counts {
        assert!(one.found + one.missed >= 8, "@{entity} has too few passages that mention it: {one:?}");
        assert!(one.f1() >= FLOOR, "@{entity}: F1 {:.3}, {one:?}\n{wrong}", one.f1());
        all.found += one.found;
        all.wrongly_found += one.wrongly_found;
        all.missed += one.missed;
    }
    assert!(all.f1() >= MICRO_FLOOR, "all entities together: F1 {:.3}, {all:?}\n{wrong}", all.f1());
}

#[test]
fn each_label_of_the_benchmark_is_answered_by_an_entity_of_the_pack() {
    let map = fs::read_to_string(Path::new(ROOT).join("bench/entities.map.toml")).expect("the map");
    let map: Table = map.parse().expect("TOML");
    let known: BTreeSet<String> = tables(text_of("venezuela"), "entity").keys().cloned().collect();
    let answering = map["entities"].as_table().expect("a table");
    assert_eq!(answering.len(), 15);
    for (label, entity) in answering {
        assert!(known.contains(entity.as_str().expect("a name")), "{label} = {entity}");
    }
}

#[test]
fn all_shipped_packs_can_be_used_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("all.toml");
    let names: Vec<String> = SHIPPED.iter().map(|(name, _)| format!("{name:?}")).collect();
    fs::write(&file, format!("packs = [{}]\n", names.join(", "))).expect("written");
    let config = read(&file);
    let entities: usize = SHIPPED.iter().map(|(_, text)| tables(text, "entity").len()).sum();
    assert_eq!(config.entities.len(), entities);
    let rules = RuleSet::compile(config.entities, config.rules);
    let judged = |text: &str| -> Vec<String> {
        let detected = language::detect("", text, None);
        let judgement = rules.judge(&Text::of("", text, detected.as_ref()));
        judgement.mentions.iter().filter_map(|it| it.entity.as_ref().map(ToString::to_string)).collect()
    };
    let of_one = judged("Denuncian torturas en El Chipote, la cárcel de Managua");
    assert!(of_one.contains(&"el_chipote".to_owned()) && !of_one.contains(&"venezuela".to_owned()), "{of_one:?}");
    let of_other = judged("Denuncian torturas en El Helicoide, la cárcel de Caracas");
    assert!(
        of_other.contains(&"el_helicoide".to_owned()) && !of_other.contains(&"nicaragua".to_owned()),
        "{of_other:?}"
    );
}

/// Reading a pack runs these texts, so that one that comes out the other way is an error; here they must only be there.
#[test]
fn every_entity_and_rule_of_a_shipped_pack_is_tried_three_times_each_way_and_documented() {
    let page = fs::read_to_string(Path::new(ROOT).join("docs/entities.md")).expect("the page");
    for (name, text) in SHIPPED {
        read(&Path::new(ROOT).join(format!("config/packs/{name}.toml")));
        let about: Table = text.parse().expect("TOML");
        let version = about["pack"]["version"].as_str().expect("a version");
        assert!(text.contains(&format!("#   {version}  ")), "{name}: the changes in its head do not tell of {version}");
        for kind in ["entity", "rule"] {
            for (key, table) in tables(text, kind) {
                for list in ["hit", "miss"] {
                    let tried = table[list].as_array().expect("a list").len();
                    assert!(tried >= 3, "{name}: {kind} {key} has {tried} texts in `{list}`");
                }
                assert!(
                    kind == "rule" || page.contains(&format!("| `{key}` | ")),
                    "docs/entities.md says nothing of {key}"
                );
            }
        }
    }
}

fn text_of(name: &str) -> &'static str {
    SHIPPED.iter().find(|(known, _)| *known == name).expect("a shipped pack").1
}

fn tables(text: &str, kind: &str) -> BTreeMap<String, Table> {
    let pack: Table = text.parse().expect("a shipped pack is TOML");
    let all = pack[kind].as_table().expect("tables").clone();
    all.into_iter().map(|(key, value)| (key, value.as_table().expect("a table").clone())).collect()
}
