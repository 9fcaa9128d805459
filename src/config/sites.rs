//! `[site.NAME]` → how the pages of some hosts are read.

use super::definitions::Definition;
use super::diagnostic::Report;
use super::keys;
use super::table::Table;
use super::table::instead;
use crate::article::extractors;
use crate::article::extractors::Extractor;
use crate::article::site::Choice;
use crate::article::site::Site;

/// One site.
pub(super) fn site(definition: &Definition<'_>, report: &Report) -> Site {
    let table = definition.table(report);
    table.refuse_unknown(&keys::SITE.names());
    if !table.has("hosts") {
        let message = format!("{} does not say whose pages it is about", table.head);
        report.error(table.place, message, "here", "add `hosts = [\"example.org\"]`");
    }
    if !["body", "remove", "title", "extractor"].iter().any(|key| table.has(key)) {
        let message = format!("{} changes nothing", table.head);
        report.error(table.place, message, "here", "add `body`, `remove`, `title` or `extractor`, or remove it");
    }
    Site {
        hosts: hosts(&table),
        body: choice(&table, "body"),
        remove: choice(&table, "remove"),
        title: choice(&table, "title"),
        extractor: extractor(&table),
    }
}

fn hosts(table: &Table<'_>) -> Vec<String> {
    let mut hosts = Vec::new();
    for text in table.texts("hosts") {
        let host = text.text.trim_start_matches("*.").to_ascii_lowercase();
        let is_host = !host.contains(|letter: char| letter.is_whitespace() || "/:@?#*".contains(letter));
        match url::Host::parse(&host) {
            Ok(host) if is_host => hosts.push(host.to_string()),
            _ => {
                let message = format!("`{}` is not the name of a host", text.text);
                table.report.error(&text.node.place, message, "here", "write such as \"example.org\"");
            }
        }
    }
    hosts
}

fn choice(table: &Table<'_>, key: &str) -> Option<Choice> {
    let text = table.text(key)?;
    let help = "write a CSS selector, such as `div.story` or `aside, .newsletter`";
    Choice::parse(text.text)
        .map_err(|error| table.report.error(&text.node.place, format!("`{key}` is {error}"), "here", help))
        .ok()
}

fn extractor(table: &Table<'_>) -> Option<&'static Extractor> {
    let text = table.text("extractor")?;
    let found = extractors::named(text.text);
    if found.is_none() {
        let names: Vec<&str> = extractors::EXTRACTORS.iter().map(|extractor| extractor.name).collect();
        let message = format!("there is no extractor `{}`", text.text);
        let help = instead(text.text, &names, "the extractors are");
        table.report.error(&text.node.place, message, "unknown extractor", help);
    }
    found
}
