//! The tree is the data flow: imports point up the list in `src/lib.rs` only, and the modules that decide know of no
//! runtime, network, database, file or clock. This reads the paths in `src/` and names each line that breaks that.

use crate::tokens::PathUsed;
use crate::tokens::SourceFile;
use crate::tokens::Token;
use crate::tokens::paths;
use crate::tokens::source_files;
use std::collections::BTreeSet;

/// The layers, the highest first. A module may use those of its own layer and of the layers above it.
const LAYERS: &[&[&str]] = &[
    &["model"],
    &["text"],
    &[
        "feed", "article", "rule", "story", "evidence", "route", "render", "schedule", "push", "health", "discover",
        "opml", "search",
    ],
    &["source", "channel"],
    &["config"],
    &["poll", "read", "send", "look", "backtest"],
    &["net", "store", "deliver", "clock", "telemetry"],
    &["daemon", "web"],
    &["cli"],
];

/// Words in which the kinds speak with the pure stages: plain data, declared beside the traits that use them.
const VOCABULARY: &[(&str, &str)] = &[
    ("source", "Document"),
    ("source", "Listing"),
    ("channel", "Frozen"),
    ("channel", "Letterhead"),
    ("channel", "Telling"),
];

/// Nothing down to here knows of the world; `config` alone of files and variables, and of addresses as plain values.
const PURE: &[&str] = &[
    "model", "text", "feed", "article", "rule", "story", "evidence", "route", "render", "schedule", "push", "health",
    "discover", "opml", "search", "source", "channel", "config", "poll", "read", "send", "look", "backtest",
];

/// What a pure module does not name.
const WORLD: &[&[&str]] = &[
    &["tokio"],
    &["tokio_util"],
    &["futures_util"],
    &["reqwest"],
    &["hyper"],
    &["axum"],
    &["sqlx"],
    &["sd_notify"],
    &["std", "fs"],
    &["std", "net"],
    &["std", "env"],
    &["std", "process"],
];

/// Of those, what `config` may.
const CONFIG_MAY: &[&[&str]] = &[
    &["std", "fs"],
    &["std", "env"],
    &["std", "net", "IpAddr"],
    &["std", "net", "Ipv4Addr"],
    &["std", "net", "SocketAddr"],
    &["std", "net", "Ipv6Addr"],
];

/// How the clock is read: time is an argument.
const CLOCK: &[&[&str]] =
    &[&["clock", "now"], &["Timestamp", "now"], &["Zoned", "now"], &["SystemTime", "now"], &["Instant", "now"]];

#[test]
fn imports_point_up_the_list_only() {
    let broken: Vec<String> = source_files().iter().flat_map(imports_that_point_down).collect();
    assert!(broken.is_empty(), "imports that point down the list of src/lib.rs:\n{}", broken.join("\n"));
}

#[test]
fn the_modules_that_decide_know_nothing_of_the_world() {
    let broken: Vec<String> = source_files().iter().flat_map(impurities).collect();
    assert!(
        broken.is_empty(),
        "impure lines in pure modules (addresses as plain values are in `core::net`):\n{}",
        broken.join("\n")
    );
}

#[test]
fn every_module_has_its_layer() {
    let declared: BTreeSet<String> = source_files().iter().filter_map(|file| file.module.first().cloned()).collect();
    let layered: BTreeSet<String> = LAYERS.concat().into_iter().map(str::to_owned).collect();
    let unplaced: Vec<_> = declared.difference(&layered).collect();
    assert!(unplaced.is_empty(), "modules without a layer in this file: {unplaced:?}");
}

fn imports_that_point_down(file: &SourceFile) -> Vec<String> {
    // lib.rs lists all and main.rs calls the lowest.
    let Some(layer) = file.module.first().and_then(|module| layer_of(module)) else { return Vec::new() };
    paths(&file.tokens)
        .iter()
        .filter_map(|path| {
            let target = absolute(&file.module, path)?;
            let deeper = layer_of(target.first()?)? > layer;
            let spoken = layer_of("feed") == Some(layer)
                && target.get(1).is_some_and(|word| VOCABULARY.contains(&(target[0].as_str(), word.as_str())));
            (deeper && !spoken).then(|| format!("{}:{}: crate::{}", file.path, path.line, target.join("::")))
        })
        .collect()
}

fn layer_of(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

/// The path from the crate's root, if it leads into this crate.
fn absolute(module: &[String], path: &PathUsed) -> Option<Vec<String>> {
    let supers = path.parts.iter().take_while(|part| *part == "super").count();
    match path.parts.first()?.as_str() {
        "crate" => Some(path.parts[1..].to_vec()),
        "super" => Some([&module[..module.len().saturating_sub(supers)], &path.parts[supers..]].concat()),
        _ => None,
    }
}

fn impurities(file: &SourceFile) -> Vec<String> {
    let Some(module) = file.module.first().filter(|module| PURE.contains(&module.as_str())) else { return Vec::new() };
    let begins = |path: &PathUsed, with: &[&str]| {
        path.parts.len() >= with.len() && path.parts.iter().zip(with).all(|(a, b)| a == b)
    };
    let holds = |path: &PathUsed, run: &[&str]| path.parts.windows(run.len()).any(|window| window == run);
    let paths = paths(&file.tokens);
    let named = paths.iter().filter(|path| {
        let may = module == "config" && CONFIG_MAY.iter().any(|it| begins(path, it));
        let world = WORLD.iter().any(|it| begins(path, it)) && !may;
        world || CLOCK.iter().any(|it| holds(path, it))
    });
    let waits = file.tokens.iter().filter(|token: &&Token| matches!(token.text.as_str(), "async" | "await"));
    named
        .map(|path| format!("{}:{}: {}", file.path, path.line, path.parts.join("::")))
        .chain(waits.map(|token| format!("{}:{}: {}", file.path, token.line, token.text)))
        .collect()
}

mod tests {
    use super::*;
    use crate::tokens::tokens;
    use crate::tokens::without_tests;

    fn file(path: &str, module: &str, text: &str) -> SourceFile {
        let module = module.split("::").map(str::to_owned).collect();
        SourceFile { path: path.into(), module, tokens: without_tests(tokens(text)).0 }
    }

    #[test]
    fn an_import_that_points_down_is_named_with_its_line() {
        let cases = [
            ("text", "use crate::model::Language;\n\nuse crate::rule::RuleSet;\n", "src/x.rs:3: crate::rule::RuleSet"),
            ("story", "fn f() {\n    crate::store::open();\n}", "src/x.rs:2: crate::store::open"),
            ("poll", "use crate::{model::Entry, clock};", "src/x.rs:1: crate::clock"),
            ("model::ids", "use super::super::text::fold;", "src/x.rs:1: crate::text::fold"),
            ("feed", "use crate::source::SourcePlan;", "src/x.rs:1: crate::source::SourcePlan"),
            ("net::gate", "type A = Vec<crate::daemon::Shared>;", "src/x.rs:1: crate::daemon::Shared"),
        ];
        for (module, text, broken) in cases {
            assert_eq!(imports_that_point_down(&file("src/x.rs", module, text)), [broken], "{text}");
        }
    }

    #[test]
    fn an_import_that_points_up_or_sideways_is_none_of_our_business() {
        let cases = [
            ("cli", "use crate::daemon; use crate::model::Item;"),
            ("story", "use crate::text::fold; use crate::rule::RuleSet;"),
            ("feed", "use crate::source::Document; use crate::source::Listing;"),
            ("render::mail", "use super::escape; use crate::channel::Telling;"),
            ("text", "// use crate::store::Store;\nconst A: &str = \"crate::store\";"),
            ("text", "#[cfg(test)]\nmod tests { use crate::store::Store; }"),
        ];
        for (module, text) in cases {
            assert!(imports_that_point_down(&file("src/x.rs", module, text)).is_empty(), "{text}");
        }
    }

    #[test]
    fn the_world_is_seen_in_a_pure_module_and_in_no_other() {
        let cases = [
            ("use tokio::spawn;", "tokio::spawn"),
            ("use std::{fs, io};", "std::fs"),
            ("use std::net::IpAddr;", "std::net::IpAddr"),
            ("fn f() { let now = jiff::Timestamp::now(); }", "jiff::Timestamp::now"),
            ("async fn f() {}", "async"),
        ];
        for (text, broken) in cases {
            assert_eq!(impurities(&file("src/x.rs", "read", text)), [format!("src/x.rs:1: {broken}")], "{text}");
            assert!(impurities(&file("src/x.rs", "net", text)).is_empty(), "{text}");
        }
    }

    #[test]
    fn config_may_read_files_but_open_no_connection() {
        assert!(impurities(&file("src/x.rs", "config", "use std::fs; use std::net::IpAddr;")).is_empty());
        let broken = impurities(&file("src/x.rs", "config", "use std::net::TcpStream; use tokio::fs;"));
        assert_eq!(broken, ["src/x.rs:1: std::net::TcpStream", "src/x.rs:1: tokio::fs"]);
    }
}
