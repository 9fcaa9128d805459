//! `instead` and `mirror` of `[reading]` and of `[source.NAME]` → what stands in for a page that gives no article.

use super::duration::Refusal;
use super::node::Value;
use super::rendering;
use super::table::Table;
use super::table::instead as or_instead;
use crate::model::Basis;
use crate::source::Instead;

/// What a table says of it; what it does not say is as in `default`.
pub(super) fn instead(table: &Table<'_>, default: &Instead) -> Instead {
    let ways = match table.entry("instead") {
        None => default.ways.clone(),
        Some(_) => table.texts("instead").iter().filter_map(|text| table.accept(text.node, way(text.text))).collect(),
    };
    let mirror = match table.entry("mirror") {
        None => default.mirror.clone(),
        Some(entry) if matches!(entry.node.value, Value::Flag(false)) => None,
        Some(_) => table.text("mirror").and_then(|text| table.accept(text.node, template(text.text))),
    };
    Instead { ways, mirror }
}

fn way(text: &str) -> Result<Basis, Refusal> {
    let known = Basis::INSTEAD.into_iter().find(|basis| basis.as_str() == text);
    known.ok_or_else(|| Refusal {
        message: format!("`{text}` cannot stand in for a page"),
        help: or_instead(text, &Basis::INSTEAD.map(Basis::as_str), "the ways are"),
    })
}

fn template(text: &str) -> Result<String, Refusal> {
    match rendering::fault(text) {
        None => Ok(text.to_owned()),
        Some(message) => Err(Refusal {
            message: message.replace("`url`", "`mirror`").replace(": they belong into `authorization`", ""),
            help: "write `mirror = \"https://archive.example/{url}\"`".into(),
        }),
    }
}
