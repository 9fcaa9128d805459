//! The main file → every file that it includes and every pack that it names, each read and parsed once.

use super::diagnostic::Report;
use super::diagnostic::Severity;
use super::keys;
use super::node;
use super::node::Entry;
use super::node::Value;
use super::packs;
use super::place::Place;
use super::place::SourceFile;
use super::table::Table;
use super::table::Text;
use super::table::instead;
use std::fs;
use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

/// One file, parsed.
pub(super) struct Document {
    pub file: Arc<SourceFile>,
    pub entries: Vec<Entry>,
    /// What paths in it are relative to.
    pub directory: PathBuf,
    /// A pack: shipped, or a file with a table `[pack]`. It holds entities and rules, and nothing else.
    pub pack: bool,
    /// Whether other accounts of this machine can read it.
    pub readable_by_others: bool,
}

impl Document {
    /// Its top level.
    pub fn table<'a>(&'a self, place: &'a Place, report: &'a Report) -> Table<'a> {
        Table { head: "the top level", place, entries: &self.entries, report }
    }

    /// Where the file begins.
    pub fn start(&self) -> Place {
        Place { file: Arc::clone(&self.file), span: 0..0 }
    }
}

/// Reads `main` and everything that it names. Empty only when `main` itself cannot be read.
pub(super) fn read(main: &Path, secret_keys: &[&str], report: &Report) -> Vec<Document> {
    let mut reading = FileReading { secret_keys, report, documents: Vec::new(), packs: Vec::new() };
    let text = match fs::read_to_string(main) {
        Ok(text) => text,
        Err(error) => {
            let help = match error.kind() {
                io::ErrorKind::NotFound => "give the path of a configuration, or write one with `atalaya init`",
                io::ErrorKind::InvalidData => "save it as UTF-8 text",
                _ => "make it readable for the account that runs atalaya",
            };
            let message = format!("the file cannot be read: {}", lower(&error.to_string()));
            report.about_file(Severity::Error, &main.display().to_string(), message, help.into());
            return Vec::new();
        }
    };
    reading.file(main, text, &mut Vec::new());
    reading.documents
}

struct FileReading<'a> {
    secret_keys: &'a [&'a str],
    report: &'a Report,
    documents: Vec<Document>,
    packs: Vec<String>,
}

impl FileReading<'_> {
    /// Parses one file and reads what it names. `above` are the files that led here.
    fn file(&mut self, path: &Path, text: String, above: &mut Vec<PathBuf>) {
        let name = path.display().to_string();
        let source = SourceFile { name, path: Some(path.to_owned()), text, masks: Vec::new() };
        let (entries, file) = node::parse(source, self.secret_keys, self.report);
        let directory = path.parent().unwrap_or(Path::new("")).to_owned();
        let readable_by_others = readable_by_others(path);
        // An operator's own pack, and one that is tried or checked by itself.
        let pack = entries.iter().any(|entry| entry.key == "pack" && matches!(entry.node.value, Value::Table(_)));
        let document = Document { file, entries, directory, pack, readable_by_others };
        let start = document.start();
        if pack {
            document.table(&start, self.report).refuse_unknown(&keys::PACK_TOP.names());
        }
        let entries = document.entries.clone();
        let directory = document.directory.clone();
        self.documents.push(document);
        above.push(identity(path));
        let top = Table { head: "the top level", place: &start, entries: &entries, report: self.report };
        for include in top.texts("include") {
            self.include(&include, &directory, above);
        }
        for pack in top.texts("packs") {
            self.pack(&pack);
        }
        above.pop();
    }

    fn include(&mut self, include: &Text<'_>, directory: &Path, above: &mut Vec<PathBuf>) {
        let paths = match matching(directory, include.text) {
            Ok(paths) => paths,
            Err(Unmatched { message, help }) => {
                self.report.error(&include.node.place, message, "here", help);
                return;
            }
        };
        if paths.is_empty() {
            let message = format!("no file matches `{}`", include.text);
            self.report.warning(&include.node.place, message, "here", "put files there, or remove it");
        }
        for path in paths {
            let identity = identity(&path);
            let name = path.display();
            if above.contains(&identity) {
                let message = format!("`{name}` includes itself through this");
                self.report.error(&include.node.place, message, "a circle", "remove it from one of the files");
                continue;
            }
            let known = self
                .documents
                .iter()
                .any(|known| known.file.path.as_deref().is_some_and(|path| self::identity(path) == identity));
            if known {
                let message = format!("`{name}` is included twice");
                self.report.error(&include.node.place, message, "the second time", "remove one of the two");
                continue;
            }
            match fs::read_to_string(&path) {
                Ok(text) => self.file(&path, text, above),
                Err(error) => {
                    let message = format!("`{name}` cannot be read: {}", lower(&error.to_string()));
                    let help = "write the path of a readable UTF-8 file, relative to this one";
                    self.report.error(&include.node.place, message, "here", help);
                }
            }
        }
    }

    fn pack(&mut self, pack: &Text<'_>) {
        let Some((name, text)) = packs::SHIPPED.iter().find(|(name, _)| *name == pack.text) else {
            let names: Vec<&str> = packs::SHIPPED.iter().map(|(name, _)| *name).collect();
            let message = format!("there is no pack `{}`", pack.text);
            self.report.error(&pack.node.place, message, "unknown pack", instead(pack.text, &names, "the packs are"));
            return;
        };
        if self.packs.iter().any(|known| known == name) {
            let message = format!("the pack `{name}` is named twice");
            self.report.error(&pack.node.place, message, "the second time", "remove one of the two");
            return;
        }
        self.packs.push((*name).to_owned());
        let source =
            SourceFile { name: format!("<pack {name}>"), path: None, text: (*text).to_owned(), masks: Vec::new() };
        let (entries, file) = node::parse(source, self.secret_keys, self.report);
        let document = Document { file, entries, directory: PathBuf::new(), pack: true, readable_by_others: false };
        let start = document.start();
        document.table(&start, self.report).refuse_unknown(&keys::PACK_TOP.names());
        self.documents.push(document);
    }
}

struct Unmatched {
    message: String,
    help: String,
}

/// The files that a pattern names, sorted. `*` stands for any letters, in the last component only, and never for a dot
/// at the start.
fn matching(directory: &Path, pattern: &str) -> Result<Vec<PathBuf>, Unmatched> {
    let path = directory.join(pattern);
    let (Some(last), Some(parent)) = (path.file_name().and_then(|name| name.to_str()), path.parent()) else {
        return Err(Unmatched {
            message: format!("`{pattern}` does not name a file"),
            help: "write a path such as \"rules/*.toml\"".into(),
        });
    };
    if parent.to_string_lossy().contains('*') {
        return Err(Unmatched {
            message: format!("`{pattern}` has a `*` before its last part"),
            help: "write one path per directory, such as \"rules/*.toml\"".into(),
        });
    }
    if !last.contains('*') {
        return Ok(vec![path]);
    }
    let listed = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
    let entries = fs::read_dir(listed).map_err(|error| Unmatched {
        message: format!("the directory of `{pattern}` cannot be read: {}", lower(&error.to_string())),
        help: "write a directory that exists, relative to this file".into(),
    })?;
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| !name.starts_with('.') && glob(last.as_bytes(), name.as_bytes()))
        .collect();
    names.sort();
    Ok(names.into_iter().map(|name| parent.join(name)).collect())
}

/// Whether `name` is `pattern` with some letters in the place of each `*`.
fn glob(pattern: &[u8], name: &[u8]) -> bool {
    match pattern.split_first() {
        None => name.is_empty(),
        Some((b'*', rest)) => (0..=name.len()).any(|from| glob(rest, &name[from..])),
        Some((letter, rest)) => name.split_first().is_some_and(|(first, after)| first == letter && glob(rest, after)),
    }
}

/// What makes two paths the same file.
fn identity(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

#[cfg(unix)]
fn readable_by_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn readable_by_others(_path: &Path) -> bool {
    false
}

/// A message of the system as a fragment: lower case, without its error number.
pub(super) fn lower(message: &str) -> String {
    let message = message.split(" (os error").next().unwrap_or(message);
    let mut letters = message.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn a_star_stands_for_any_letters() {
        for (pattern, name, matches) in [
            ("*.toml", "rules.toml", true),
            ("*.toml", ".toml", true),
            ("*.toml", "rules.toml.bak", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b", "a", false),
            ("rules.toml", "rules.toml", true),
        ] {
            assert_eq!(glob(pattern.as_bytes(), name.as_bytes()), matches, "{pattern} {name}");
        }
    }
}
