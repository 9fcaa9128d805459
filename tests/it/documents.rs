//! The documents say what the program does: their configurations load, their commands exist and answer as is printed,
//! their links lead somewhere, their references are what the code says. With ATALAYA_BLESS=1 the printed answers and
//! the references are written anew instead; read what changed before you commit it.

use crate::tokens::package;
use crate::tokens::walk;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

mod console;
mod layout;
mod markdown;
mod reference;
mod watch;

use markdown::Block;

/// The program under test.
const PROGRAM: &str = env!("CARGO_BIN_EXE_atalaya");

/// Every document for people.
fn documents() -> Vec<String> {
    let top = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(str::to_owned);
    let mut manual = Vec::new();
    walk(&package().join("docs"), &mut manual);
    let manual = manual.iter().filter(|path| path.extension().is_some_and(|it| it == "md"));
    let relative = manual.map(|path| path.strip_prefix(package()).expect("it was found below"));
    top.into_iter().chain(relative.map(|path| path.display().to_string())).collect()
}

fn text(document: &str) -> String {
    fs::read_to_string(package().join(document)).unwrap_or_else(|error| panic!("{document}: {error}"))
}

/// Whether the documents are to be written instead of compared.
fn bless() -> bool {
    std::env::var_os("ATALAYA_BLESS").is_some()
}

/// Compares a document with what it should be, or writes it.
fn settle(document: &str, expected: &str) {
    let found = text(document);
    if found == expected {
        return;
    }
    if bless() {
        fs::write(package().join(document), expected).expect("the document can be written");
        return;
    }
    let line = found.lines().zip(expected.lines()).position(|(found, expected)| found != expected);
    let line = line.unwrap_or_else(|| found.lines().count().min(expected.lines().count()));
    let shown = |text: &str| text.lines().nth(line).unwrap_or("(the end)").to_owned();
    panic!(
        "{document}:{}: is not what the program says; ATALAYA_BLESS=1 writes it anew\n  written: {}\n  program: {}",
        line + 1,
        shown(&found),
        shown(expected)
    );
}

#[test]
fn references_and_printed_answers_are_what_the_program_says() {
    for document in documents() {
        let expected = reference::written(&document, &text(&document));
        settle(&document, &console::answered(&document, &expected));
    }
}

#[test]
fn every_configuration_in_the_documents_loads() {
    let mut count = 0;
    for document in documents() {
        for block in markdown::blocks(&text(&document)).iter().filter(|block| block.language() == "toml") {
            count += 1;
            // `refused` marks an example of a fault.
            match (loads(block), block.info.ends_with(" refused")) {
                (Ok(()), false) | (Err(_), true) => {}
                (Err(complaint), false) => panic!("{document}:{}: {complaint}", block.line),
                (Ok(()), true) => panic!("{document}:{}: is not refused", block.line),
            }
        }
    }
    assert!(count > 10, "only {count} configurations were found");
}

/// Loads a block by itself, in a folder that has the secrets which it names. An example of a mail channel stands
/// without its relay, which is added.
fn loads(block: &Block<'_>) -> Result<(), String> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut text = block.text.replace("/etc/atalaya/", &format!("{}/", folder.path().display()));
    if text.contains("\nemail = ") && !text.contains("[mail]") {
        text.push_str("\n[mail]\nserver = \"localhost\"\nsecurity = \"plain\"\nfrom = \"a@example.org\"\n");
    }
    for way in ["file", "credential"] {
        for part in text.split(&format!("{way} = \"")).skip(1) {
            let name = part.split('"').next().expect("a quoted name");
            fs::write(folder.path().join(name), "whsec_aW52ZW50ZWQtc2VjcmV0LWZvci10aGUtbWFudWFs")
                .expect("a secret can be written");
        }
    }
    let file = folder.path().join("atalaya.toml");
    fs::write(&file, text).expect("the configuration can be written");
    let checked = Command::new(PROGRAM)
        .args(["check", "--config"])
        .arg(&file)
        .env_clear()
        .env("CREDENTIALS_DIRECTORY", folder.path())
        .output()
        .expect("the program starts");
    if checked.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&checked.stdout).into_owned()) }
}

#[test]
fn every_command_in_the_documents_exists_with_its_flags() {
    let mut help = BTreeMap::new();
    let mut commands = BTreeSet::new();
    for document in documents() {
        for (line, spoken) in markdown::code(&text(&document)) {
            for command in console::commands(&spoken) {
                let help = help.entry(command.path.clone()).or_insert_with(|| help_of(&command.path));
                let Some(help) = help else { panic!("{document}:{line}: there is no `{}`", command.path.join(" ")) };
                for flag in &command.flags {
                    let known = help.split_whitespace().any(|word| word.trim_matches([',', '[', ']']) == flag);
                    assert!(known, "{document}:{line}: `atalaya {}` takes no {flag}", command.path.join(" "));
                }
                commands.insert(command.path);
            }
        }
    }
    assert!(commands.len() > 10, "only {commands:?} were found");
}

/// What `--help` of a command says, if the command exists.
fn help_of(path: &[String]) -> Option<String> {
    let asked = Command::new(PROGRAM).args(path).arg("--help").output().expect("the program starts");
    asked.status.success().then(|| String::from_utf8(asked.stdout).expect("help is UTF-8"))
}

#[test]
fn every_link_between_the_documents_leads_somewhere() {
    let mut broken = Vec::new();
    for document in documents() {
        let folder = Path::new(&document).parent().expect("a document has a folder");
        for (line, target) in markdown::links(&text(&document)) {
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let (file, heading) = target.split_once('#').unwrap_or((&target, ""));
            let path = if file.is_empty() { Path::new(&document).to_owned() } else { folder.join(file) };
            let there = package().join(&path).exists();
            let named = heading.is_empty()
                || there && markdown::anchors(&text(&path.display().to_string())).contains(&heading.to_owned());
            if !there || !named {
                broken.push(format!("{document}:{line}: {target}"));
            }
        }
    }
    assert!(broken.is_empty(), "links that lead nowhere:\n{}", broken.join("\n"));
}

/// The tests, functions and files that the documents name in `code` are there.
#[test]
fn what_the_architecture_names_is_in_the_tree() {
    let mut sources = Vec::new();
    for folder in ["src", "tests"] {
        walk(&package().join(folder), &mut sources);
    }
    let rust = sources.iter().filter(|path| path.extension().is_some_and(|it| it == "rs"));
    let code: String = rust.map(|path| fs::read_to_string(path).expect("a source file is UTF-8")).collect();
    let declared = |name: &str| {
        let kinds = ["fn", "struct", "enum", "trait", "type", "mod", "static", "const"];
        let ends = |rest: &str| !rest.starts_with(|it: char| it.is_alphanumeric() || it == '_');
        kinds.iter().any(|kind| {
            let head = format!("{kind} {name}");
            code.match_indices(&head).any(|(at, _)| ends(&code[at + head.len()..]))
        })
    };
    let mut missing = Vec::new();
    for (line, spoken) in markdown::code(&text("ARCHITECTURE.md")) {
        for word in spoken.split(|it: char| it.is_whitespace() || matches!(it, ',' | ';' | '(' | ')' | '→')) {
            let word = word.trim_end_matches(['.', ':']);
            let file = word.ends_with(".rs") || word.ends_with(".sql");
            let promise = word.matches('_').count() >= 3 && !word.contains(['/', ':', '*']);
            let there = match word.rsplit_once("::") {
                // `NAME` stands for a file that is still to be written.
                _ if file => word.contains("NAME") || package().join(word).exists(),
                Some((_, last)) => last.is_empty() || declared(last),
                None if promise => declared(word),
                None => true,
            };
            if !there {
                missing.push(format!("ARCHITECTURE.md:{line}: {word}"));
            }
        }
    }
    assert!(missing.is_empty(), "named, and not there:\n{}", missing.join("\n"));
}

/// The contracts list every code that a reason can have.
#[test]
fn the_contracts_list_every_reason() {
    let source = fs::read_to_string(package().join("src/model/reason.rs")).expect("reasons have a file");
    let codes: Vec<&str> = source
        .lines()
        .filter_map(|line| line.trim().strip_prefix("Self::")?.split_once("=> \"")?.1.strip_suffix("\","))
        .collect();
    assert!(codes.len() > 20, "only {codes:?} were found");
    let contracts = text("docs/contracts.md");
    let missing: Vec<_> = codes.iter().filter(|code| !contracts.contains(&format!("`{code}`"))).collect();
    assert!(missing.is_empty(), "docs/contracts.md does not name {missing:?}");
}

/// The published schemas are those of the types that are written.
#[test]
fn the_schemas_are_those_of_the_payloads() {
    let folder = package().join("docs/schemas");
    let mut files: BTreeSet<String> = fs::read_dir(&folder)
        .expect("the schemas have a folder")
        .map(|entry| entry.expect("it can be listed").file_name().to_string_lossy().into_owned())
        .collect();
    for (name, schema) in atalaya::render::payload::schema::all() {
        let file = format!("{name}.1.json");
        let expected = serde_json::to_string_pretty(&schema).expect("a schema is JSON") + "\n";
        if bless() && !files.contains(&file) {
            fs::write(folder.join(&file), "").expect("the schema can be written");
        }
        files.remove(&file);
        settle(&format!("docs/schemas/{file}"), &expected);
    }
    // That of digests is written by hand; the tests of `render::digest` hold it to what is written.
    files.remove("digest.ready.1.json");
    assert!(files.is_empty(), "schemas of nothing: {files:?}");
}
