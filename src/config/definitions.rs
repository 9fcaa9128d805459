//! Documents → the one place of each table: what is written twice is reported at both places.

use super::diagnostic::Report;
use super::files::Document;
use super::node::Entry;
use super::node::Value;
use super::place::Place;
use super::table::Table;
use super::table::wrong_type;

/// One `[section.NAME]`.
pub(super) struct Definition<'a> {
    pub name: &'a str,
    pub document: &'a Document,
    head: String,
    place: &'a Place,
    entries: &'a [Entry],
}

impl<'a> Definition<'a> {
    /// Its table.
    pub fn table<'b>(&'b self, report: &'b Report) -> Table<'b>
    where
        'a: 'b,
    {
        Table { head: &self.head, place: self.place, entries: self.entries, report }
    }

    /// Where its name stands.
    pub fn place(&self) -> &'a Place {
        self.place
    }
}

/// The one table or value of the top level called `key`, over all files.
pub(super) fn single<'a>(documents: &'a [Document], key: &str, report: &Report) -> Option<(&'a Document, &'a Entry)> {
    let all: Vec<(&Document, &Entry)> = documents
        .iter()
        .filter(|document| !document.pack)
        .flat_map(|document| document.entries.iter().map(move |entry| (document, entry)))
        .filter(|(_, entry)| entry.key == key)
        .collect();
    if all.len() > 1 {
        let places: Vec<&Place> = all.iter().map(|(_, entry)| &entry.key_place).collect();
        twice(&format!("`{key}`"), &places, "keep one of the two", report);
    }
    all.first().copied()
}

/// Every `[section.NAME]` of all files, in the order of the names.
pub(super) fn named<'a>(documents: &'a [Document], section: &str, report: &Report) -> Vec<Definition<'a>> {
    let mut all = Vec::new();
    for document in documents {
        for entry in document.entries.iter().filter(|entry| entry.key == section) {
            let help = format!("write its head as `[{section}.NAME]`, with a name of your own");
            let Value::Table(tables) = &entry.node.value else {
                wrong_type(report, section, &entry.node, "tables with names", help);
                continue;
            };
            for table in tables {
                let Value::Table(entries) = &table.node.value else {
                    let message = format!("`{}` stands in [{section}] without a name", table.key);
                    report.error(&table.key_place, message, "here", help.clone());
                    continue;
                };
                check_name(&table.key, &table.key_place, section, report);
                let head = format!("[{section}.{}]", table.key);
                all.push(Definition { name: &table.key, document, head, place: &table.key_place, entries });
            }
        }
    }
    all.sort_by_key(|definition| definition.name);
    without_repeats(all, section, report)
}

fn check_name(name: &str, place: &Place, section: &str, report: &Report) {
    let letters = name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_');
    if letters && (1..=64).contains(&name.len()) {
        return;
    }
    let message = format!("`{name}` cannot be the name of a {section}");
    let help = "write 1 to 64 letters of the English alphabet, digits, `-` and `_`; a `label` may say anything";
    report.error(place, message, "here", help);
}

/// Keeps the first of each name. Switching a pack's rule off is no repeat.
fn without_repeats<'a>(all: Vec<Definition<'a>>, section: &str, report: &Report) -> Vec<Definition<'a>> {
    let mut kept: Vec<Definition<'a>> = Vec::new();
    let mut rest = all.into_iter().peekable();
    while let Some(first) = rest.next() {
        let mut same = vec![first];
        while let Some(next) = rest.next_if(|next| next.name == same[0].name) {
            same.push(next);
        }
        let (of_packs, own): (Vec<_>, Vec<_>) = same.into_iter().partition(|definition| definition.document.pack);
        for several in [&of_packs, &own].into_iter().filter(|several| several.len() > 1) {
            let places: Vec<&Place> = several.iter().map(|definition| definition.place).collect();
            twice(&several[0].head, &places, "rename one of the two, or remove it", report);
        }
        let switches_off = section == "rule" && own.first().is_some_and(|own| only_switches_off(own.entries));
        match (of_packs.into_iter().next(), own.into_iter().next()) {
            (Some(_), Some(_)) if switches_off => {}
            (Some(pack), Some(own)) => {
                let message = format!("{} is defined by {} already", own.head, pack.document.file.name);
                let help = if section == "rule" {
                    format!(
                        "rename it; or write `{}` with `enabled = false` alone to switch the pack's rule off",
                        own.head
                    )
                } else {
                    "rename it, so that both can be used".into()
                };
                report.error(own.place, message, "the same name", help);
                kept.push(own);
            }
            (pack, own) => kept.extend(pack.or(own)),
        }
    }
    kept
}

fn only_switches_off(entries: &[Entry]) -> bool {
    matches!(entries, [Entry { key, node, .. }] if key == "enabled" && matches!(node.value, Value::Flag(false)))
}

fn twice(what: &str, places: &[&Place], help: &str, report: &Report) {
    for (index, place) in places.iter().enumerate() {
        let other = places[usize::from(index == 0)];
        let message = format!("{what} is defined twice");
        report.error(place, message, format!("also at {other:?}"), help);
    }
}
