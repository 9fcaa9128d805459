use super::LIMIT;
use super::Payload;
use super::PayloadError;
use super::cloud_event;
use super::json;
use super::test;
use crate::model::Alert;
use crate::model::Reason;
use crate::model::RuleName;
use crate::model::alert::Earlier;
use crate::model::alert::EarlierArticle;
use crate::model::alert::RuleTold;
use crate::render::sample;
use serde_json::Value;
use std::collections::BTreeSet;

fn rules(names: &[&str]) -> Vec<RuleName> {
    names.iter().map(|name| RuleName::new(*name)).collect()
}

fn payload(alert: &Alert, names: &[&str]) -> Payload {
    let bytes = json(alert, &rules(names), 7, None).expect("a payload");
    assert!(bytes.len() <= LIMIT, "{} bytes", bytes.len());
    serde_json::from_slice(&bytes).expect("a payload is JSON")
}

/// Fails where `value` has other keys than `schema` names, or another type.
pub(in crate::render) fn fits(root: &Value, schema: &Value, value: &Value, path: &str) {
    let schema = match schema.get("$ref").and_then(Value::as_str) {
        Some(place) => root.pointer(place.trim_start_matches('#')).expect("the definition exists"),
        None => schema,
    };
    if let Some(choices) = schema["anyOf"].as_array() {
        let chosen = usize::from(value.is_null());
        return fits(root, &choices[chosen], value, path);
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        assert!(choices.iter().any(|choice| choice["const"] == *value), "{path}: {value}");
        return;
    }
    if let Some(constant) = schema.get("const") {
        assert_eq!(value, constant, "{path}");
        return;
    }
    let found = match value {
        Value::Null => "null",
        Value::String(_) => "string",
        Value::Number(_) => "integer",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
        Value::Bool(_) => "boolean",
    };
    match &schema["type"] {
        Value::String(only) => assert_eq!(only, found, "{path}"),
        Value::Array(any) => assert!(any.iter().any(|one| one == found), "{path} is {found}"),
        _ => assert!(schema["enum"].as_array().is_some_and(|names| names.contains(value)), "{path}"),
    }
    match value {
        Value::Object(map) => {
            let keys: BTreeSet<&str> = map.keys().map(String::as_str).collect();
            let named: BTreeSet<&str> =
                schema["properties"].as_object().expect("properties").keys().map(String::as_str).collect();
            let required: BTreeSet<&str> =
                schema["required"].as_array().expect("required").iter().filter_map(Value::as_str).collect();
            assert_eq!(keys, named, "{path}");
            assert_eq!(keys, required, "{path}");
            for (key, value) in map {
                fits(root, &schema["properties"][key], value, &format!("{path}/{key}"));
            }
        }
        Value::Array(list) => {
            list.iter().for_each(|value| fits(root, &schema["items"], value, &format!("{path}/*")));
        }
        _ => {}
    }
}

#[test]
fn the_published_schema_names_every_key() {
    let read = |text: &str| serde_json::from_str::<Value>(text).expect("the schema is JSON");
    let matched = read(include_str!("../../../docs/schemas/alert.matched.1.json"));
    let updated = read(include_str!("../../../docs/schemas/alert.updated.1.json"));
    let full = {
        let mut alert = sample::alert();
        alert.unread = Some(Reason::EmptyPage);
        alert.copy_of = Some("Relatores".into());
        alert.update = Some(sample::update());
        let article = EarlierArticle {
            title: "Relatores".into(),
            url: alert.url.clone(),
            source: alert.source.clone(),
            date: alert.listed_at,
            rules: rules(&["detention"]),
        };
        alert.earlier = Some(Earlier { articles: vec![article], more: 0 });
        alert
    };
    let bare = Alert {
        byline: None,
        site_name: None,
        language: None,
        published: None,
        entities: Vec::new(),
        excerpts: Vec::new(),
        ..sample::alert()
    };
    for (alert, schema) in [(full, updated), (bare, matched)] {
        let value = serde_json::to_value(payload(&alert, &["detention"])).expect("JSON");
        assert_eq!(schema["$id"], value["schema"]);
        fits(&schema, &schema, &value, "");
    }
}

#[test]
fn a_test_of_the_endpoint_has_its_schema() {
    let schema: Value =
        serde_json::from_str(include_str!("../../../docs/schemas/endpoint.test.1.json")).expect("the schema is JSON");
    let bytes = test("case-system", sample::alert().judged_at).expect("a payload");
    fits(&schema, &schema, &serde_json::from_slice(&bytes).expect("JSON"), "");
}

#[test]
fn a_cloud_event_has_the_same_data_and_the_attributes_that_it_must() {
    let body = json(&sample::alert(), &rules(&["detention"]), 7, None).expect("a payload");
    let event: Value =
        serde_json::from_slice(&cloud_event(&body, "msg_1", "tower.example").expect("an event")).expect("JSON");
    let body: Value = serde_json::from_slice(&body).expect("JSON");
    for (key, expected) in [
        ("specversion", "1.0"),
        ("id", "msg_1"),
        ("source", "urn:atalaya:tower.example"),
        ("type", "org.atalaya.alert.matched.v1"),
        ("datacontenttype", "application/json"),
        ("dataschema", "urn:atalaya:schema:alert.matched:1"),
        ("sequence", "7"),
        ("time", "2026-11-22T21:31:44Z"),
    ] {
        assert_eq!(event[key], expected, "{key}");
    }
    assert_eq!(event["subject"], body["data"]["story_key"]);
    assert_eq!(event["data"], body["data"]);
    // Attribute names of CloudEvents are small letters and digits.
    assert!(event.as_object().expect("an object").keys().all(|key| key.bytes().all(|byte| byte.is_ascii_lowercase())));
}

#[test]
fn the_body_as_programs_get_it() {
    insta::assert_snapshot!(serde_json::to_string_pretty(&payload(&sample::alert(), &["detention"])).expect("JSON"));
}

#[test]
fn marks_are_byte_ranges_of_the_text_that_is_sent() {
    let mut alert = sample::alert();
    alert.excerpts[0].text = format!("  «ñ»  {} privados  de libertad {}", "á".repeat(2000), "é".repeat(2000));
    let start = alert.excerpts[0].text.find("privados").expect("it is there");
    alert.excerpts[0].marks = vec![(start, start + "privados  de libertad".len())];
    let payload = payload(&alert, &["detention"]);
    let mut marks = 0;
    for excerpt in &payload.data.excerpts {
        for mark in &excerpt.marks {
            assert_eq!(excerpt.text.get(mark.start..mark.end), Some(mark.text.as_str()));
            marks += 1;
        }
    }
    assert_eq!(marks, 2);
    assert_eq!(payload.data.excerpts[0].marks[0].text, "privados de libertad");
}

#[test]
fn only_the_receivers_rules_are_told() {
    let mut alert = sample::alert();
    alert.rules.push(RuleTold {
        name: RuleName::new("other"),
        label: "Other".into(),
        reason: Reason::Matched { because: "\"x\"".into() },
    });
    alert.excerpts[1].rules = rules(&["other"]);
    alert.excerpts[0].rules = rules(&["other", "detention"]);
    let data = payload(&alert, &["detention"]).data;
    assert_eq!(data.rules.len(), 1);
    assert_eq!(data.excerpts.len(), 1);
    assert_eq!(data.excerpts[0].rules, ["detention"]);
    assert!(matches!(json(&alert, &rules(&["unknown"]), 7, None), Err(PayloadError::NoRule)));
}

#[test]
fn what_does_not_fit_is_counted() {
    let mut alert = sample::alert();
    let long = "\"\\ ü".repeat(3000);
    alert.title = long.clone();
    alert.byline = Some(long.clone());
    alert.url = format!("https://example.org/{}", "%22".repeat(10_000));
    alert.copy_of = Some(long.clone());
    alert.excerpts[0].text = long.clone();
    alert.excerpts[0].marks = (0..300).map(|n| (n * 5, n * 5 + 1)).collect();
    alert.excerpts = vec![alert.excerpts[0].clone(); 150];
    alert.entities[0].label = long.clone();
    alert.entities[0].forms = vec![long.clone(); 50];
    alert.entities = vec![alert.entities[0].clone(); 150];
    let mut update = sample::update();
    update.facts = vec![long.clone(); 50];
    update.diff[0].pieces.iter_mut().for_each(|piece| piece.text.clone_from(&long));
    update.diff = vec![update.diff[0].clone(); 80];
    alert.update = Some(update);
    let names: Vec<String> = (0..150).map(|n| format!("rule{n}")).collect();
    alert.rules.extend(names.iter().map(|name| RuleTold {
        name: RuleName::new(name.as_str()),
        label: long.clone(),
        reason: Reason::Matched { because: long.clone() },
    }));
    let names: Vec<&str> = names.iter().map(String::as_str).chain(["detention"]).collect();
    let data = payload(&alert, &names).data;
    assert!(!data.rules.is_empty());
    assert_eq!(data.rules.len() + data.omitted.rules, 151);
    assert_eq!(data.excerpts.len() + data.omitted.excerpts, 150);
    assert_eq!(data.entities.len() + data.omitted.entities, 150);
    assert_eq!(data.update.map_or(0, |update| update.diff.len()) + data.omitted.diff, 82);
}
