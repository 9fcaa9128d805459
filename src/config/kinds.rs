//! A `[source.NAME]` or `[channel.NAME]` table → the kind that its key chooses, and that kind's settings.

use super::diagnostic::Report;
use super::environment::Environment;
use super::files::Document;
use super::node::Value as Written;
use super::secret;
use super::table::Table;
use super::table::closest;
use crate::model::setting::Complaint;
use crate::model::setting::Key;
use crate::model::setting::Settings;
use crate::model::setting::Takes;
use crate::model::setting::Value;

/// What choosing needs to know of a kind.
pub(super) trait Kind {
    fn name(&self) -> &'static str;
    fn keys(&self) -> &'static [Key];
}

impl Kind for crate::source::Kind {
    fn name(&self) -> &'static str {
        self.name
    }

    fn keys(&self) -> &'static [Key] {
        self.keys
    }
}

impl Kind for crate::channel::Kind {
    fn name(&self) -> &'static str {
        self.name
    }

    fn keys(&self) -> &'static [Key] {
        self.keys
    }
}

/// The one kind whose key the table has; unknown keys are reported on the way.
pub(super) fn choose<'k, K: Kind>(table: &Table<'_>, kinds: &[&'k K], shared: &[&'static str]) -> Option<&'k K> {
    let chosen: Vec<&&K> = kinds.iter().filter(|kind| table.has(kind.name())).collect();
    let names: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
    let keys = |kinds: &[&&K]| -> Vec<&'static str> {
        let of_kinds = kinds.iter().flat_map(|kind| kind.keys()).map(|key| key.name);
        of_kinds.chain(kinds.iter().map(|kind| kind.name())).chain(shared.iter().copied()).collect()
    };
    match chosen.as_slice() {
        [kind] => {
            table.refuse_unknown(&unique(keys(&[kind])));
            Some(kind)
        }
        [] => {
            let all: Vec<&&K> = kinds.iter().collect();
            let known = unique(keys(&all));
            table.refuse_unknown(&known);
            let mistyped = table
                .entries
                .iter()
                .filter(|entry| !known.contains(&entry.key.as_str()))
                .any(|entry| closest(&entry.key, &known).is_some_and(|close| names.contains(&close)));
            if !mistyped {
                let message = format!("{} does not say of which kind it is", table.head);
                let list: Vec<String> = names.iter().map(|name| format!("`{name} = …`")).collect();
                table.report.error(table.place, message, "here", format!("add one of {}", list.join(", ")));
            }
            None
        }
        several => {
            table.refuse_unknown(&unique(keys(several)));
            let list: Vec<String> = several.iter().map(|kind| format!("`{}`", kind.name())).collect();
            for kind in several {
                if let Some(entry) = table.entry(kind.name()) {
                    let message = format!("{} is of several kinds: {}", table.head, list.join(", "));
                    let help = "keep one of them, and write another table for the other";
                    table.report.error(&entry.key_place, message, "one of them", help);
                }
            }
            None
        }
    }
}

fn unique(mut names: Vec<&'static str>) -> Vec<&'static str> {
    let mut seen = Vec::new();
    names.retain(|name| {
        let first = !seen.contains(name);
        seen.push(name);
        first
    });
    names
}

/// Reads what a kind takes; `None` when anything of it is wrong or missing.
pub(super) fn settings(
    table: &Table<'_>,
    keys: &'static [Key],
    document: &Document,
    environment: &Environment,
) -> Option<Settings> {
    let mut settings = Settings::default();
    let mut complete = true;
    for key in keys {
        let Some(entry) = table.entry(key.name) else {
            if key.required {
                table.missing(key.name, format!("`{}`: {}", key.name, key.doc));
                complete = false;
            }
            continue;
        };
        let value = match key.takes {
            Takes::Text => table.text(key.name).map(|text| Value::Text(text.text.to_owned())),
            Takes::Texts => texts(table, key.name),
            Takes::Flag if matches!(entry.node.value, Written::Flag(_)) => {
                Some(Value::Flag(table.flag(key.name, false)))
            }
            Takes::Flag => {
                table.flag(key.name, false);
                None
            }
            Takes::Secret => {
                secret::read(key.name, &entry.node, document, environment, table.report).map(Value::Secret)
            }
        };
        match value {
            Some(value) => {
                settings.0.insert(key.name, value);
            }
            None => complete = false,
        }
    }
    complete.then_some(settings)
}

/// One string, or a list of them with at least one.
fn texts(table: &Table<'_>, key: &str) -> Option<Value> {
    let node = &table.entry(key)?.node;
    if let Written::Text(text) = &node.value {
        return Some(Value::Texts(vec![text.clone()]));
    }
    let items = table.list(key, "[\"…\"]")?;
    if items.is_empty() {
        table.report.error(&node.place, format!("`{key}` is empty"), "an empty list", "name at least one");
        return None;
    }
    let texts: Vec<String> =
        items.iter().filter_map(|item| table.item_text(key, item)).map(|text| text.text.to_owned()).collect();
    (texts.len() == items.len()).then_some(Value::Texts(texts))
}

/// Puts what a kind complains of at the place where the value stands.
pub(super) fn complain(table: &Table<'_>, complaints: Vec<Complaint>, report: &Report) {
    for complaint in complaints {
        let node = table.entry(complaint.key).map(|entry| &entry.node);
        let node = node.map(|node| match (&node.value, complaint.index) {
            (Written::List(items), Some(index)) => items.get(index).unwrap_or(node),
            _ => node,
        });
        let place = match (node, complaint.span) {
            (Some(node), Some((start, end))) => match &node.value {
                Written::Text(text) => node.inside(text, start, end).unwrap_or_else(|| node.place.clone()),
                _ => node.place.clone(),
            },
            (Some(node), None) => node.place.clone(),
            (None, _) => table.place.clone(),
        };
        report.error(&place, complaint.message, "here", complaint.help);
    }
}
