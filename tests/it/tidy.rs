//! House rules that a reader would otherwise have to watch: names, heads, endings and what no file may say.

use crate::tokens::Token;
use crate::tokens::package;
use crate::tokens::source_files;
use crate::tokens::walk;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

/// Names that say nothing of what is inside.
const EMPTY_NAMES: &[&str] = &["util", "utils", "helper", "helpers", "common", "misc", "imp"];

/// Beginnings of paths that are only true on one machine. Written in two halves, as this file is read too.
const MACHINE_PATHS: &[&str] = &[concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/tmp/bash", "_jobs")];

/// Hosts of package registries: which one is asked is the business of each machine's package clients.
const REGISTRY_HOSTS: &[&str] = &[
    concat!("crates", ".io"),
    concat!("pypi", ".org"),
    concat!("pythonhosted", ".org"),
    concat!("registry.npmjs", ".org"),
    concat!("deb.debian", ".org"),
    concat!("proxy.golang", ".org"),
];

/// Folders and files that are made here and not part of the project; `.gitignore` names them too.
const MADE_HERE: &[&str] = &["target", ".git", "state", "demo-mail", "Cargo.lock"];

#[test]
fn no_file_has_a_name_that_says_nothing() {
    let named: Vec<_> = project_files().into_iter().filter(|path| has_empty_name(path)).collect();
    assert!(named.is_empty(), "name the concept, or put the code where it is used: {named:?}");
}

#[test]
fn every_module_folder_opens_with_what_it_is() {
    let mut silent = project_files();
    silent.retain(|path| path.ends_with("mod.rs") && !text(path).is_some_and(|text| text.starts_with("//!")));
    assert!(silent.is_empty(), "the first line of a mod.rs is `//! in → out …`: {silent:?}");
}

#[test]
fn nothing_is_left_undone_or_unwrapped() {
    let left: Vec<String> = source_files()
        .iter()
        .flat_map(|file| {
            left_undone(&file.tokens).into_iter().map(|(line, what)| format!("{}:{line}: {what}", file.path))
        })
        .collect();
    assert!(left.is_empty(), "in src/, outside tests:\n{}", left.join("\n"));
}

#[test]
fn no_file_names_one_machine_or_a_registry() {
    let said: Vec<String> = project_files()
        .iter()
        .filter_map(|path| Some((path, text(path)?)))
        .flat_map(|(path, text)| {
            let found = names_of_places(&text);
            found.into_iter().map(move |(line, what)| format!("{}:{line}: {what}", path.display()))
        })
        .collect();
    assert!(said.is_empty(), "what is true on one machine only:\n{}", said.join("\n"));
}

#[test]
fn every_dependency_has_its_reason() {
    // A package that was made without its documents has nothing to hold.
    let Some(architecture) = text(Path::new("ARCHITECTURE.md")) else { return };
    let manifest = text(Path::new("Cargo.toml")).expect("Cargo.toml is readable");
    let without = without_row(&dependencies(&manifest), &architecture);
    assert!(without.is_empty(), "no row in the dependency table of ARCHITECTURE.md: {without:?}");
}

/// Every file of the project, relative to it.
fn project_files() -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(package()).expect("a readable folder") {
        let path = entry.expect("a readable entry").path();
        if path.file_name().is_some_and(|name| MADE_HERE.iter().any(|made| name == *made)) {
            continue;
        }
        if path.is_dir() { walk(&path, &mut files) } else { files.push(path) }
    }
    let files: Vec<_> =
        files.iter().map(|path| path.strip_prefix(package()).expect("it was found below").to_owned()).collect();
    assert!(files.len() > 30, "only {} files were found", files.len());
    files
}

/// The text of a file of the project, if it is there and is text.
fn text(path: &Path) -> Option<String> {
    String::from_utf8(fs::read(package().join(path)).ok()?).ok()
}

fn has_empty_name(path: &Path) -> bool {
    path.iter().any(|part| {
        let name = part.to_string_lossy();
        EMPTY_NAMES.contains(&name.split('.').next().unwrap_or_default())
    })
}

fn left_undone(tokens: &[Token]) -> Vec<(usize, String)> {
    let texts = |index: usize, length: usize| tokens.iter().skip(index).take(length).map(|token| token.text.as_str());
    (0..tokens.len())
        .filter_map(|index| {
            let what = if texts(index, 4).eq([".", "unwrap", "(", ")"]) {
                ".unwrap()".to_owned()
            } else if matches!(tokens[index].text.as_str(), "todo" | "unimplemented") && texts(index + 1, 1).eq(["!"]) {
                format!("{}!", tokens[index].text)
            } else {
                return None;
            };
            Some((tokens[index].line, what))
        })
        .collect()
}

fn names_of_places(text: &str) -> Vec<(usize, &'static str)> {
    let begins_a_path = |line: &str, at: usize| {
        !line[..at]
            .ends_with(|before: char| before.is_alphanumeric() || matches!(before, '/' | '.' | '-' | '_' | '}' | ')'))
    };
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        for place in MACHINE_PATHS {
            if line.match_indices(place).any(|(at, _)| begins_a_path(line, at)) {
                found.push((number + 1, *place));
            }
        }
        found.extend(REGISTRY_HOSTS.iter().filter(|host| line.contains(**host)).map(|host| (number + 1, *host)));
    }
    found
}

fn dependencies(manifest: &str) -> Vec<String> {
    let manifest: toml::Table = manifest.parse().expect("Cargo.toml is TOML");
    ["dependencies", "dev-dependencies", "build-dependencies"]
        .iter()
        .filter_map(|table| manifest.get(*table)?.as_table())
        .flat_map(|table| table.keys().cloned())
        .collect()
}

/// Those that no table row's first cell names.
fn without_row(dependencies: &[String], document: &str) -> Vec<String> {
    let named: Vec<&str> = document
        .lines()
        .filter_map(|line| line.trim().strip_prefix('|')?.split('|').next())
        .flat_map(|cell| cell.split(|character: char| !(character.is_alphanumeric() || matches!(character, '-' | '_'))))
        .collect();
    dependencies.iter().filter(|name| !named.contains(&name.as_str())).cloned().collect()
}

mod tests {
    use super::*;
    use crate::tokens::tokens;
    use crate::tokens::without_tests;

    #[test]
    fn an_empty_name_is_seen_in_file_and_folder() {
        for path in ["src/util.rs", "src/common/mod.rs", "tests/it/helpers.rs", "src/net/imp.rs"] {
            assert!(has_empty_name(Path::new(path)), "{path}");
        }
        for path in ["src/text/utility_bills.rs", "src/import.rs", "src/model/mod.rs"] {
            assert!(!has_empty_name(Path::new(path)), "{path}");
        }
    }

    #[test]
    fn what_is_left_undone_is_seen_outside_tests_only() {
        let text = "fn a() { todo!() }\nfn b() { c.unwrap(); }\nfn d() { unimplemented!(\"e\") }";
        let expected = [(1, "todo!".to_owned()), (2, ".unwrap()".to_owned()), (3, "unimplemented!".to_owned())];
        assert_eq!(left_undone(&tokens(text)), expected);
        for fine in
            ["// todo!()", "a.unwrap_or(b)", "\".unwrap()\"", "#[cfg(test)] mod tests { fn a() { b.unwrap(); } }"]
        {
            assert!(left_undone(&without_tests(tokens(fine)).0).is_empty(), "{fine}");
        }
    }

    #[test]
    fn a_place_is_seen_where_a_path_begins() {
        let place = MACHINE_PATHS[0];
        assert_eq!(names_of_places(&format!("a\nsee {place}x")), [(2, place)]);
        assert_eq!(names_of_places(&format!("\"{place}x\"")), [(1, place)]);
        assert!(names_of_places(&format!("https://example.org{place}x, src/daemon{place}")).is_empty());
        assert_eq!(names_of_places(&format!("https://{}/a", REGISTRY_HOSTS[0])), [(1, REGISTRY_HOSTS[0])]);
    }

    #[test]
    fn a_dependency_without_a_row_is_seen() {
        let names =
            dependencies("[dependencies]\nserde = \"1\"\nserde_json = \"1\"\n[dev-dependencies]\ninsta = \"1\"\n");
        assert_eq!(names, ["serde", "serde_json", "insta"]);
        let table = "serde_json is fast\n| `serde` | why |\n| x | insta |\n";
        assert_eq!(without_row(&names, table), ["serde_json", "insta"]);
        assert!(without_row(&names, "| `serde`, `serde_json` | a |\n| insta | b |").is_empty());
    }
}
