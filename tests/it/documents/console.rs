//! A document's `console` blocks → the same with what their commands answer now. All blocks of a document run in one
//! folder, in order; a block that names a file (`toml atalaya.toml`) is written into it first. Behind the comment
//! [`WATCHED`] the folder holds what a tower would have after a day with that configuration.

use super::PROGRAM;
use super::layout;
use super::markdown;
use super::watch;
use std::fmt::Write;
use std::fs;
use std::ops::Range;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

/// Where in a document the tower has watched for a day.
const WATCHED: &str = "<!-- here the tower has watched for a day -->";

/// Stands for lines that are left out.
const LEFT_OUT: &str = "…";

/// The document with the answers that its commands give.
pub fn answered(name: &str, document: &str) -> String {
    let blocks = markdown::blocks(document);
    if !blocks.iter().any(|block| block.language() == "console") {
        return document.to_owned();
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let watched = document.find(WATCHED);
    let mut has_watched = false;
    let mut changes: Vec<(Range<usize>, String)> = Vec::new();
    for block in blocks {
        if watched.is_some_and(|at| at < block.span.start) && !has_watched {
            watch::for_a_day(folder.path());
            has_watched = true;
        }
        if let Some(file) = block.file() {
            let path = folder.path().join(file);
            fs::write(&path, block.text).expect("the file can be written");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("its mode can be set");
        } else if block.language() == "console" {
            assert!(block.text.starts_with("$ "), "{name}:{}: a console block begins with `$ `", block.line);
            changes.push((block.span.clone(), run(block.text, folder.path())));
        }
    }
    let mut answered = document.to_owned();
    for (span, text) in changes.into_iter().rev() {
        answered.replace_range(span, &text);
    }
    answered
}

/// Runs every `$ ` line of a block; lines behind `> ` go on with it.
fn run(block: &str, folder: &Path) -> String {
    let mut out = String::new();
    let mut lines = block.lines().peekable();
    while let Some(line) = lines.next() {
        let mut command = line.strip_prefix("$ ").expect("a command").to_owned();
        writeln!(out, "{line}").expect("a String takes everything");
        while let Some(more) = lines.next_if(|line| line.starts_with("> ")) {
            write!(command, "\n{}", &more[2..]).expect("a String takes everything");
            writeln!(out, "{more}").expect("a String takes everything");
        }
        let mut written = Vec::new();
        while let Some(line) = lines.next_if(|line| !line.starts_with("$ ")) {
            written.push(line);
        }
        let answer = answer(&command, folder);
        let answer: Vec<&str> = answer.lines().collect();
        for line in if same(&written, &answer) { written } else { answer } {
            writeln!(out, "{line}").expect("a String takes everything");
        }
    }
    out
}

fn answer(command: &str, folder: &Path) -> String {
    let programs = Path::new(PROGRAM).parent().expect("the program lies in a folder");
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap_or_default());
    let ran = Command::new("sh")
        .args(["-c", &format!("exec 2>&1\n{command}")])
        .current_dir(folder)
        .env_clear()
        .env("PATH", path)
        .output()
        .expect("a shell starts");
    let answer = String::from_utf8(ran.stdout).expect("answers are UTF-8");
    let mut laid_out = String::new();
    for line in answer.lines() {
        let line = if line.starts_with('{') { layout::laid_out(line) } else { line.to_owned() };
        laid_out.push_str(&line);
        laid_out.push('\n');
    }
    laid_out
}

/// Whether an answer is what is written, where a line `…` stands for any lines.
fn same(written: &[&str], answer: &[&str]) -> bool {
    match written.split_first() {
        None => answer.is_empty(),
        Some((line, rest)) if line.trim() == LEFT_OUT => (0..=answer.len()).any(|skip| same(rest, &answer[skip..])),
        Some((line, rest)) => answer
            .split_first()
            .is_some_and(|(first, others)| first.trim_end() == line.trim_end() && same(rest, others)),
    }
}

/// A command as a document speaks of it.
#[derive(Debug, PartialEq, Eq)]
pub struct Spoken {
    /// Its subcommands, such as `["outbox", "list"]`.
    pub path: Vec<String>,
    /// Its long flags.
    pub flags: Vec<String>,
}

/// The calls of the program in a line of code: `atalaya …`, also behind `$`, `sudo`, a path, a pipe or `cargo run … --`.
pub fn commands(line: &str) -> Vec<Spoken> {
    let words: Vec<&str> = line.split_whitespace().collect();
    words.split(|word| matches!(*word, "|" | "&&" | ";" | "||" | "#")).filter_map(command).collect()
}

fn command(words: &[&str]) -> Option<Spoken> {
    let words: Vec<&str> = words.iter().copied().skip_while(|word| matches!(*word, "$" | "sudo" | ">")).collect();
    let behind = match *words.first()? {
        "cargo" if words.get(1) == Some(&"run") => words.iter().position(|word| *word == "--")? + 1,
        "atalaya" => 1,
        word if word.ends_with("/atalaya") || word.starts_with("ExecStart=") && word.ends_with("/atalaya") => 1,
        _ => return None,
    };
    let words = &words[behind..];
    let plain = |word: &&&str| word.len() > 1 && word.chars().all(|it| it.is_ascii_lowercase());
    let path: Vec<String> = words.iter().take_while(plain).map(|word| (*word).to_owned()).collect();
    let flag = |word: &&str| {
        let name: String =
            word.strip_prefix("--")?.chars().take_while(|it| it.is_ascii_lowercase() || *it == '-').collect();
        (!name.is_empty()).then(|| format!("--{name}"))
    };
    Some(Spoken { flags: words.iter().filter_map(flag).collect(), path })
}

mod tests {
    use super::*;

    #[test]
    fn calls_are_found_wherever_they_stand() {
        let spoken = |path: &[&str], flags: &[&str]| Spoken {
            path: path.iter().map(|it| (*it).to_owned()).collect(),
            flags: flags.iter().map(|it| (*it).to_owned()).collect(),
        };
        for (line, expected) in [
            ("$ atalaya outbox list --only given-up", spoken(&["outbox", "list"], &["--only"])),
            ("cargo run --release -- demo --for 20s", spoken(&["demo"], &["--for"])),
            ("ls | sudo /usr/bin/atalaya try rules --json", spoken(&["try", "rules"], &["--json"])),
            ("atalaya why URL", spoken(&["why"], &[])),
        ] {
            assert_eq!(commands(line), [expected], "{line}");
        }
        assert!(commands("systemctl reload atalaya").is_empty());
    }

    #[test]
    fn left_out_lines_may_be_any_and_others_may_not() {
        assert!(same(&["a", "…", "d"], &["a", "b", "c", "d"]));
        assert!(same(&["a", "…"], &["a"]));
        assert!(!same(&["a", "…", "d"], &["a", "b"]));
        assert!(!same(&["a"], &["a", "b"]));
    }
}
