//! TOML text → values that know their places, and every syntax error in it.

use super::diagnostic::Report;
use super::place::Place;
use super::place::SourceFile;
use std::ops::Range;
use std::sync::Arc;
use toml::Spanned;
use toml::de::DeTable;
use toml::de::DeValue;

/// A value with its place.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub place: Place,
    pub value: Value,
}

#[derive(Clone, Debug)]
pub(super) enum Value {
    Text(String),
    Integer(i64),
    Float(f64),
    Flag(bool),
    Time,
    List(Vec<Node>),
    Table(Vec<Entry>),
}

/// One key of a table, in the order of the file.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub key: String,
    pub key_place: Place,
    pub node: Node,
}

impl Value {
    /// What it is, with its article, for "… is expected, but this is …".
    pub(super) fn what(&self) -> &'static str {
        match self {
            Self::Text(_) => "a string",
            Self::Integer(_) => "a whole number",
            Self::Float(_) => "a number",
            Self::Flag(_) => "true or false",
            Self::Time => "a date or time",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
        }
    }
}

impl Node {
    /// Where byte `offset` of its text stands in the file; `None` when the text was written with escapes, so that the
    /// two cannot be compared.
    pub(super) fn inside(&self, text: &str, start: usize, end: usize) -> Option<Place> {
        let written = self.place.file.text.get(self.place.span.clone())?;
        let quote = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quote| written.starts_with(quote))?;
        let content = written.get(quote.len()..written.len().checked_sub(quote.len())?)?;
        // A newline right behind an opening triple quote is not part of the text.
        let skipped = content.strip_suffix(text)?.len();
        if !["", "\n", "\r\n"].contains(&&content[..skipped]) {
            return None;
        }
        Some(self.place.part(quote.len() + skipped + start, end.max(start) - start))
    }
}

/// Reads a file's text. The returned entries are as good as the syntax allows; `masks` is where its secrets stand.
pub(super) fn parse(file: SourceFile, secret_keys: &[&str], report: &Report) -> (Vec<Entry>, Arc<SourceFile>) {
    let (table, errors) = DeTable::parse_recoverable(&file.text);
    let mut masks = Vec::new();
    secret_values(table.get_ref(), secret_keys, false, &mut masks);
    masks.extend(userinfo(&file.text));
    if !errors.is_empty() {
        masks.extend(secret_looking(&file.text, secret_keys));
    }
    masks.retain(|mask| !mask.is_empty());
    let repeats = repeated(&file.text, &masks);
    masks.extend(repeats);
    let masks = united(masks);
    let text = file.text.clone();
    let file = Arc::new(SourceFile { masks, ..file });
    // The tree borrows the text, which moved into the Arc: what it borrows is read again from the copy.
    let (table, _) = DeTable::parse_recoverable(&text);
    for error in &errors {
        let span = error.span().unwrap_or(text.len()..text.len());
        let place = Place { file: Arc::clone(&file), span: drawn(&text, span) };
        let (message, help) = said(error.message());
        report.syntax_error(&place, message, help);
    }
    file.secrets().for_each(|secret| report.conceal(secret));
    let entries = table_entries(table.get_ref(), &file);
    (entries, file)
}

/// An error at the end of a line is drawn at its last character, not at the start of the next line.
fn drawn(text: &str, span: Range<usize>) -> Range<usize> {
    let start = span.start.min(text.len());
    if start == text.len() {
        let end = text.trim_end().len();
        return end..end;
    }
    start..span.end.min(text.len())
}

/// A syntax error in our words, and its remedy.
fn said(message: &str) -> (String, String) {
    if message == "duplicate key" {
        return ("the key or table is written twice".into(), "keep one of the two, or rename one of them".into());
    }
    let help = if message.contains("basic string") || message.contains("literal string,") {
        "close the string with its quote on the same line; a text of several lines stands between `\"\"\"` and `\"\"\"`"
    } else if message.contains("unclosed table") {
        "close the table's head: `[source.NAME]`"
    } else if message.contains("string values must be quoted") {
        "put the value in double quotes"
    } else if message.contains("missing value") || message.contains("assignment") {
        "write `key = \"value\"`"
    } else if message.contains("table header") || message.contains("key with no value") {
        "write `key = \"value\"`, or a table's head as `[source.NAME]`"
    } else {
        "write it as TOML: `key = \"text\"`, `key = 5`, `key = true`, `key = [\"one\", \"two\"]`, with table heads such as \
         `[source.NAME]`"
    };
    (format!("not TOML: {message}"), help.into())
}

fn table_entries(table: &DeTable<'_>, file: &Arc<SourceFile>) -> Vec<Entry> {
    let mut entries: Vec<Entry> = table
        .iter()
        .map(|(key, value)| Entry {
            key: key.get_ref().to_string(),
            key_place: Place { file: Arc::clone(file), span: key.span() },
            node: node(value, file),
        })
        .collect();
    entries.sort_by_key(|entry| entry.key_place.span.start);
    entries
}

fn node(value: &Spanned<DeValue<'_>>, file: &Arc<SourceFile>) -> Node {
    let place = Place { file: Arc::clone(file), span: value.span() };
    let value = match value.get_ref() {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(integer) => match i64::from_str_radix(integer.as_str(), integer.radix()) {
            Ok(integer) => Value::Integer(integer),
            // Longer than TOML allows; out of range for every key of ours.
            Err(_) => Value::Integer(i64::MAX),
        },
        DeValue::Float(float) => Value::Float(float.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(flag) => Value::Flag(*flag),
        DeValue::Datetime(_) => Value::Time,
        DeValue::Array(list) => Value::List(list.iter().map(|item| node(item, file)).collect()),
        DeValue::Table(table) => Value::Table(table_entries(table, file)),
    };
    Node { place, value }
}

/// Whether a key holds a secret, also when it is misspelt: its value is masked wherever it is quoted.
pub(super) fn is_secret(key: &str, secret_keys: &[&str]) -> bool {
    let key = key.to_lowercase();
    ["pass", "secret", "token", "api_key", "apikey"].iter().any(|part| key.contains(part))
        || secret_keys.iter().any(|secret| strsim::damerau_levenshtein(secret, &key) <= 2)
}

fn secret_values(table: &DeTable<'_>, secret_keys: &[&str], secret: bool, masks: &mut Vec<Range<usize>>) {
    for (key, value) in table {
        let here = secret || is_secret(key.get_ref(), secret_keys);
        // `{ file = "…" }` names a place, not a secret.
        let names_a_place = secret && super::secret::WAYS.contains(&&**key.get_ref());
        secret_value(value, secret_keys, here && !names_a_place, masks);
    }
}

fn secret_value(value: &Spanned<DeValue<'_>>, keys: &[&str], secret: bool, masks: &mut Vec<Range<usize>>) {
    match value.get_ref() {
        DeValue::Table(table) => secret_values(table, keys, secret, masks),
        DeValue::Array(list) => list.iter().for_each(|item| secret_value(item, keys, secret, masks)),
        // `proxy = false` is a switch; to mask it would mask the word wherever it stands.
        DeValue::Boolean(_) => {}
        _ if secret => masks.push(value.span()),
        _ => {}
    }
}

/// The passwords of addresses such as `https://user:password@host/`.
fn userinfo(text: &str) -> Vec<Range<usize>> {
    let mut masks = Vec::new();
    for (at, _) in text.match_indices("://") {
        let start = at + "://".len();
        let authority = &text[start..];
        let end = authority.find(|c: char| c.is_whitespace() || "/?#\"'<>".contains(c)).unwrap_or(authority.len());
        let Some(at_sign) = authority[..end].rfind('@') else { continue };
        if let Some(colon) = authority[..at_sign].find(':') {
            masks.push(start + colon + 1..start + at_sign);
        }
    }
    masks
}

/// Where the syntax is broken there may be no value to point at: everything behind a word such as `password` is masked, to
/// the end of the line or of the multi-line string.
fn secret_looking(text: &str, secret_keys: &[&str]) -> Vec<Range<usize>> {
    let mut masks = Vec::new();
    let mut at = 0;
    while let Some(length) = text[at..].find(is_of_a_key) {
        let start = at + length;
        let end = text[start..].find(|letter| !is_of_a_key(letter)).map_or(text.len(), |length| start + length);
        at = end;
        if !is_secret(&text[start..end], secret_keys) {
            continue;
        }
        let value = text[end..].trim_start_matches([' ', '\t', '=', ':', '\n', '\r']);
        let start = text.len() - value.len();
        let triple = ["\"\"\"", "'''"].into_iter().find(|quote| value.starts_with(quote));
        let length = match triple {
            Some(quote) => value[3..].find(quote).map_or(value.len(), |length| length + 6),
            None => {
                let lines = value.split_inclusive('\n');
                // A value may have been broken in two: it ends where something else clearly begins.
                lines
                    .enumerate()
                    .take_while(|(number, line)| *number == 0 || !begins_anew(line))
                    .map(|(_, line)| line.len())
                    .sum()
            }
        };
        at = start + length;
        masks.push(start..at);
    }
    masks
}

/// Whether a line is a table's head, or a key with the beginning of a value.
fn begins_anew(line: &str) -> bool {
    let line = line.trim();
    if line.starts_with('[') {
        return line.ends_with(']');
    }
    let Some((key, value)) = line.split_once('=') else { return false };
    let value = value.trim_start();
    let begins = value.starts_with(['"', '\'', '[', '{']) || value.starts_with(|letter: char| letter.is_ascii_digit());
    let key = key.trim().trim_matches('"');
    !key.is_empty()
        && key.chars().all(|letter| is_of_a_key(letter) || letter == '.')
        && (begins || ["true", "false"].contains(&value))
}

fn is_of_a_key(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_' || letter == '-'
}

/// Where else the text of a secret stands, such as in a comment.
fn repeated(text: &str, masks: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut repeats = Vec::new();
    for mask in masks {
        let secret = text[mask.clone()].trim_matches(['"', '\'', '\n']);
        if secret.chars().count() > 3 {
            repeats.extend(text.match_indices(secret).map(|(at, found)| at..at + found.len()));
        }
    }
    repeats
}

fn united(mut masks: Vec<Range<usize>>) -> Vec<Range<usize>> {
    masks.sort_by_key(|mask| (mask.start, mask.end));
    let mut out: Vec<Range<usize>> = Vec::new();
    for mask in masks {
        match out.last_mut() {
            Some(last) if mask.start <= last.end => last.end = last.end.max(mask.end),
            _ => out.push(mask),
        }
    }
    out
}
