//! A document → the same with its generated parts written anew. A part stands between `<!-- generated: NAME -->` and
//! `<!-- end of NAME -->`.

use atalaya::channel;
use atalaya::config::keys;
use atalaya::config::keys::KnownTable;
use atalaya::config::packs;
use atalaya::model::setting::Key;
use atalaya::model::setting::Takes;
use atalaya::rule::operators::OPERATORS;
use atalaya::source;
use std::fmt::Write;

/// The document with every generated part as the code has it.
pub fn written(name: &str, document: &str) -> String {
    let mut document = document.to_owned();
    let parts = [("keys", keys()), ("operators", operators()), ("packs", packs())];
    for (part, text) in parts {
        let (begin, end) = (format!("<!-- generated: {part} -->\n"), format!("<!-- end of {part} -->\n"));
        let Some(start) = document.find(&begin).map(|at| at + begin.len()) else { continue };
        let Some(stop) = document[start..].find(&end).map(|at| start + at) else {
            panic!("{name}: the generated part `{part}` has no end")
        };
        document.replace_range(start..stop, &text);
    }
    document
}

/// Every table and key of the configuration.
fn keys() -> String {
    let mut out = String::new();
    for table in keys::TABLES {
        let head = if table.head.is_empty() { "The top level".to_owned() } else { format!("`{}`", table.head) };
        writeln!(out, "## {head}\n\n{}\n", table.doc).expect("a String takes everything");
        write_keys(table, &mut out);
        match table.head {
            "[source.NAME]" => {
                writeln!(out, "It has one of the following keys, which says of which kind it is.\n")
                    .expect("a String takes everything");
                for kind in source::KINDS {
                    write_kind(kind.name, kind.doc, kind.keys, kind.examples, &mut out);
                }
            }
            "[channel.NAME]" => {
                writeln!(out, "It has one of the following keys, which says of which kind it is.\n")
                    .expect("a String takes everything");
                for kind in channel::KINDS {
                    write_kind(kind.name, kind.doc, kind.keys, kind.examples, &mut out);
                }
            }
            _ => {}
        }
    }
    out
}

fn write_keys(table: &KnownTable, out: &mut String) {
    if table.keys.is_empty() {
        return;
    }
    writeln!(out, "| key | default | meaning |\n|---|---|---|").expect("a String takes everything");
    for key in table.keys {
        writeln!(out, "| `{}` | {} | {} |", key.name, default(key.default), cell(key.doc))
            .expect("a String takes everything");
    }
    writeln!(out).expect("a String takes everything");
}

/// As code where it can be written like that, else as words.
fn default(text: &str) -> String {
    match text {
        "" => "a table".to_owned(),
        _ if format!("x = {text}").parse::<toml::Table>().is_ok() => format!("`{}`", cell(text)),
        _ => cell(text),
    }
}

fn write_kind(name: &str, doc: &str, keys: &[Key], examples: &[&str], out: &mut String) {
    writeln!(out, "### `{name} = …`\n\n{doc}\n\n| key | takes | meaning |\n|---|---|---|")
        .expect("a String takes everything");
    for key in keys {
        let takes = match key.takes {
            Takes::Text => "a string",
            Takes::Texts => "a string or a list",
            Takes::Flag => "`true` or `false`",
            Takes::Secret => "a secret",
        };
        let required = if key.required { ", required" } else { "" };
        writeln!(out, "| `{}` | {takes}{required} | {} |", key.name, cell(key.doc)).expect("a String takes everything");
    }
    for example in examples {
        writeln!(out, "\n```toml\n{}\n```", example.trim_end()).expect("a String takes everything");
    }
    writeln!(out).expect("a String takes everything");
}

/// Every operator with its examples, which also run as tests.
fn operators() -> String {
    let mut out = String::new();
    for operator in OPERATORS {
        writeln!(out, "### `{}`\n\n{}\n\n| query | text | |\n|---|---|---|", operator.name, operator.doc)
            .expect("a String takes everything");
        for example in operator.examples {
            let text = match example.text.split_once('\n') {
                Some((title, body)) => format!("**{}**<br>{}", cell(title), cell(body)),
                None => cell(example.text),
            };
            let matches = if example.matches { "matches" } else { "does not match" };
            writeln!(out, "| `{}` | {text} | {matches} |", cell(example.query)).expect("a String takes everything");
        }
        writeln!(out).expect("a String takes everything");
    }
    out
}

/// Every shipped pack with its rules.
fn packs() -> String {
    let mut out = String::new();
    for (name, text) in packs::SHIPPED {
        let pack: toml::Table = text.parse().expect("a shipped pack is TOML");
        let table = |key: &str| pack.get(key).and_then(toml::Value::as_table).cloned().unwrap_or_default();
        let said = |table: &toml::Table, key: &str| {
            table.get(key).and_then(toml::Value::as_str).map(cell).unwrap_or_else(|| "–".to_owned())
        };
        let (about, entities, rules) = (table("pack"), table("entity"), table("rule"));
        writeln!(
            out,
            "### `{name}` {}\n\n{}. {} entities, {} rules:\n\n| rule | title |\n|---|---|",
            said(&about, "version"),
            said(&about, "description"),
            entities.len(),
            rules.len()
        )
        .expect("a String takes everything");
        for (rule, table) in &rules {
            writeln!(out, "| `{rule}` | {} |", table.as_table().map_or_else(String::new, |it| said(it, "label")))
                .expect("a String takes everything");
        }
        writeln!(
            out,
            "\nIts entities: {}.\n",
            entities.keys().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ")
        )
        .expect("a String takes everything");
    }
    out
}

/// Text inside a table cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
