//! The types of the payloads → their JSON Schemas, as `docs/schemas/` has them.

use super::MATCHED;
use super::Payload;
use super::TEST;
use super::TestPayload;
use super::UPDATED;
use super::schema_id;
use crate::render::notice::ENDPOINT_FAILING;
use crate::render::notice::ENDPOINT_RECOVERED;
use crate::render::notice::EndpointPayload;
use crate::render::notice::FAILING;
use crate::render::notice::NoticePayload;
use crate::render::notice::RECOVERED;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

/// Every type of event with its JSON Schema, in the order of their names.
pub fn all() -> Vec<(&'static str, Value)> {
    vec![
        (MATCHED, of::<Payload>(MATCHED, "A story that matched rules.")),
        (UPDATED, of::<Payload>(UPDATED, "What became of a page that was told before: `data.update` says what.")),
        (ENDPOINT_FAILING, of::<EndpointPayload>(ENDPOINT_FAILING, "An endpoint does not take what is posted.")),
        (ENDPOINT_RECOVERED, of::<EndpointPayload>(ENDPOINT_RECOVERED, "An endpoint takes what is posted again.")),
        (TEST, of::<TestPayload>(TEST, "Somebody tries whether calls arrive.")),
        (FAILING, of::<NoticePayload>(FAILING, "Sources are in trouble.")),
        (RECOVERED, of::<NoticePayload>(RECOVERED, "Sources are all right again.")),
    ]
}

/// The schema of what is written, not of what would be read: every key is there.
fn of<T: JsonSchema>(name: &'static str, says: &str) -> Value {
    let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let mut schema = generator.into_root_schema_for::<T>().to_value();
    plain(&mut schema);
    schema["$id"] = schema_id(name).into();
    schema["title"] = format!("{name}, version 1").into();
    schema["description"] =
        format!("{says} Keys may be added; none is taken away or changes its meaning while the number stays 1.").into();
    schema["properties"]["type"]["const"] = name.into();
    schema["properties"]["schema"]["const"] = schema_id(name).into();
    schema
}

/// Takes away what names a machine's integers, which is no format of JSON Schema.
fn plain(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            let of_integers =
                |format: &Value| format.as_str().is_some_and(|it| it.starts_with("uint") || it.starts_with("int"));
            if map.get("format").is_some_and(of_integers) {
                map.remove("format");
            }
            map.values_mut().for_each(plain);
        }
        Value::Array(list) => list.iter_mut().for_each(plain),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::all;
    use std::collections::BTreeSet;

    #[test]
    fn every_type_has_one_schema_that_names_it() {
        let schemas = all();
        let names: BTreeSet<&str> = schemas.iter().map(|(name, _)| *name).collect();
        assert_eq!(names.len(), schemas.len());
        for (name, schema) in schemas {
            assert_eq!(schema["properties"]["type"]["const"], name);
            assert_eq!(schema["$id"], schema["properties"]["schema"]["const"]);
            assert!(schema["required"].as_array().is_some_and(|keys| keys.contains(&"data".into())), "{schema:#}");
        }
    }
}
