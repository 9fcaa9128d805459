//! A table → typed values. Unknown keys, wrong types and values out of range are reported, and the default is taken, so
//! that reading goes on.

use super::diagnostic::Report;
use super::duration;
use super::duration::Refusal;
use super::node::Entry;
use super::node::Node;
use super::node::Value;
use super::place::Place;
use jiff::SignedDuration;
use std::fmt::Display;
use std::ops::RangeInclusive;

/// A table with the words to speak of it.
#[derive(Clone, Copy)]
pub(super) struct Table<'a> {
    /// Its head as it is written, or "the file".
    pub head: &'a str,
    /// Where its head stands: for what is missing.
    pub place: &'a Place,
    pub entries: &'a [Entry],
    pub report: &'a Report,
}

/// A text with its place.
#[derive(Clone, Copy)]
pub(super) struct Text<'a> {
    pub text: &'a str,
    pub node: &'a Node,
}

impl<'a> Table<'a> {
    /// Reports every key that is not in `known`.
    pub fn refuse_unknown(&self, known: &[&str]) {
        for entry in self.entries.iter().filter(|entry| !known.contains(&entry.key.as_str())) {
            let message = format!("{} does not take the key `{}`", self.head, entry.key);
            self.report.error(&entry.key_place, message, "unknown key", instead(&entry.key, known, "it takes"));
        }
    }

    pub fn entry(&self, key: &str) -> Option<&'a Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    pub fn has(&self, key: &str) -> bool {
        self.entry(key).is_some()
    }

    /// Whether it holds this key and no other.
    pub fn entries_are_only(&self, key: &str) -> bool {
        matches!(self.entries, [entry] if entry.key == key)
    }

    /// Reports that `key` is missing.
    pub fn missing(&self, key: &str, help: impl Into<String>) {
        self.report.error(self.place, format!("{} lacks the key `{key}`", self.head), "here", help);
    }

    pub fn text(&self, key: &str) -> Option<Text<'a>> {
        let node = &self.entry(key)?.node;
        match &node.value {
            Value::Text(text) => Some(Text { text, node }),
            other => {
                let help = match other {
                    Value::Integer(_) | Value::Float(_) | Value::Flag(_) | Value::Time => {
                        format!("put it in quotes: `{key} = \"…\"`")
                    }
                    _ => format!("write `{key} = \"…\"`"),
                };
                self.wrong_type(key, node, "a string", help);
                None
            }
        }
    }

    /// A text that must be there and not empty.
    pub fn required_text(&self, key: &str, help: &str) -> Option<Text<'a>> {
        if !self.has(key) {
            self.missing(key, help);
            return None;
        }
        let text = self.text(key)?;
        if text.text.trim().is_empty() {
            self.report.error(&text.node.place, format!("`{key}` is empty"), "empty", help);
            return None;
        }
        Some(text)
    }

    pub fn label(&self) -> Option<String> {
        self.text("label").map(|label| label.text.trim().to_owned()).filter(|label| !label.is_empty())
    }

    pub fn flag(&self, key: &str, default: bool) -> bool {
        let Some(entry) = self.entry(key) else { return default };
        match entry.node.value {
            Value::Flag(flag) => flag,
            _ => {
                self.wrong_type(key, &entry.node, "true or false", format!("write `{key} = true` or `{key} = false`"));
                default
            }
        }
    }

    pub fn integer(&self, key: &str, default: i64, range: RangeInclusive<i64>) -> i64 {
        self.optional_integer(key, range).unwrap_or(default)
    }

    pub fn optional_integer(&self, key: &str, range: RangeInclusive<i64>) -> Option<i64> {
        let node = &self.entry(key)?.node;
        let help = format!("write a whole number from {} to {}", range.start(), range.end());
        match node.value {
            Value::Integer(number) if range.contains(&number) => Some(number),
            Value::Integer(_) => {
                self.out_of_range(key, node, help);
                None
            }
            _ => {
                self.wrong_type(key, node, "a whole number", help);
                None
            }
        }
    }

    /// A number, whole or not.
    pub fn number(&self, key: &str, range: RangeInclusive<f64>) -> Option<f64> {
        number(self.report, key, &self.entry(key)?.node, range)
    }

    pub fn duration(
        &self,
        key: &str,
        default: SignedDuration,
        range: RangeInclusive<SignedDuration>,
    ) -> SignedDuration {
        let Some(entry) = self.entry(key) else { return default };
        self.as_duration(key, &entry.node, &range).unwrap_or(default)
    }

    /// The duration that a node gives for `key`.
    pub fn as_duration(
        &self,
        key: &str,
        node: &Node,
        range: &RangeInclusive<SignedDuration>,
    ) -> Option<SignedDuration> {
        let text = match &node.value {
            Value::Text(text) => text,
            Value::Integer(number) => {
                let help = format!("say in which unit: `\"{number}s\"` for seconds, `\"{number}m\"` for minutes");
                self.report.error(&node.place, format!("`{key}` has no unit of time"), "a bare number", help);
                return None;
            }
            _ => {
                self.wrong_type(key, node, "a duration", "write a number with its unit, such as \"15m\"");
                return None;
            }
        };
        let duration = self.accept(node, duration::duration(text))?;
        if !range.contains(&duration) {
            let (shortest, longest) = (duration::duration_text(*range.start()), duration::duration_text(*range.end()));
            self.out_of_range(key, node, format!("write a duration from \"{shortest}\" to \"{longest}\""));
            return None;
        }
        Some(duration)
    }

    pub fn size(&self, key: &str, default: u64, range: RangeInclusive<u64>) -> u64 {
        let Some(entry) = self.entry(key) else { return default };
        let node = &entry.node;
        let (least, most) = (duration::size_text(*range.start()), duration::size_text(*range.end()));
        let help = format!("write a number with its unit, such as \"16 MiB\"; from \"{least}\" to \"{most}\"");
        let Value::Text(text) = &node.value else {
            self.wrong_type(key, node, "a size with its unit", help);
            return default;
        };
        match self.accept(node, duration::size(text)) {
            Some(size) if range.contains(&size) => size,
            Some(_) => {
                self.out_of_range(key, node, help);
                default
            }
            None => default,
        }
    }

    /// A list, each item with its place; `None` when the key is missing or no list.
    pub fn list(&self, key: &str, example: &str) -> Option<&'a [Node]> {
        let node = &self.entry(key)?.node;
        match &node.value {
            Value::List(items) => Some(items),
            _ => {
                self.wrong_type(key, node, "a list", format!("write it in brackets: `{key} = {example}`"));
                None
            }
        }
    }

    /// A list of texts, none of them empty.
    pub fn texts(&self, key: &str) -> Vec<Text<'a>> {
        let items = self.list(key, "[\"…\", \"…\"]").unwrap_or_default();
        items.iter().filter_map(|node| self.item_text(key, node)).collect()
    }

    /// One item of a list of texts.
    pub fn item_text(&self, key: &str, node: &'a Node) -> Option<Text<'a>> {
        let Value::Text(text) = &node.value else {
            self.wrong_type(key, node, "a list of strings", "put each item in quotes");
            return None;
        };
        if text.trim().is_empty() {
            self.report.error(&node.place, format!("an item of `{key}` is empty"), "empty", "remove it or fill it in");
            return None;
        }
        Some(Text { text, node })
    }

    /// A table inside this one.
    pub fn table(&self, key: &str, example: &str) -> Option<&'a [Entry]> {
        let node = &self.entry(key)?.node;
        match &node.value {
            Value::Table(entries) => Some(entries),
            _ => {
                self.wrong_type(key, node, "a table", format!("write `{example}`"));
                None
            }
        }
    }

    /// The value of a parse, or its error at the node's place.
    pub fn accept<T>(&self, node: &Node, parsed: Result<T, Refusal>) -> Option<T> {
        parsed.map_err(|refusal| self.report.error(&node.place, refusal.message, "here", refusal.help)).ok()
    }

    pub fn wrong_type(&self, key: &str, node: &Node, expected: &str, help: impl Into<String>) {
        wrong_type(self.report, key, node, expected, help);
    }

    fn out_of_range(&self, key: &str, node: &Node, help: impl Into<String>) {
        self.report.error(&node.place, format!("`{key}` is out of range"), "out of range", help);
    }
}

/// The number that a node gives for `key`.
pub(super) fn number(report: &Report, key: &str, node: &Node, range: RangeInclusive<f64>) -> Option<f64> {
    let help = format!("write a number from {} to {}", range.start(), range.end());
    #[expect(clippy::cast_precision_loss, reason = "the range is far smaller than 2^53")]
    let number = match node.value {
        Value::Integer(number) => number as f64,
        Value::Float(number) => number,
        _ => {
            wrong_type(report, key, node, "a number", help);
            return None;
        }
    };
    if !range.contains(&number) {
        report.error(&node.place, format!("`{key}` is out of range"), "out of range", help);
        return None;
    }
    Some(number)
}

pub(super) fn wrong_type(report: &Report, key: &str, node: &Node, expected: &str, help: impl Into<String>) {
    let label = format!("this is {}", node.value.what());
    report.error(&node.place, format!("`{key}` takes {expected}"), label, help);
}

/// "did you mean …?" where a name is close to a known one, else all known ones.
pub(super) fn instead<S: AsRef<str>>(word: &str, known: &[S], otherwise: impl Display) -> String {
    match closest(word, known) {
        Some(close) => format!("did you mean `{close}`?"),
        None if known.is_empty() => "none is defined; define it, or take it out".into(),
        None => {
            let names: Vec<String> = known.iter().map(|name| format!("`{}`", name.as_ref())).collect();
            format!("{otherwise} {}", names.join(", "))
        }
    }
}

/// The known name that a mistyped one probably means.
pub(crate) fn closest<'k, S: AsRef<str>>(word: &str, known: &'k [S]) -> Option<&'k str> {
    let word = word.to_lowercase();
    known
        .iter()
        .map(AsRef::as_ref)
        .map(|name| {
            let lower = name.to_lowercase();
            (strsim::damerau_levenshtein(&word, &lower), strsim::jaro_winkler(&word, &lower), name)
        })
        .filter(|(edits, likeness, name)| *edits <= (name.chars().count() / 3).max(1) || *likeness > 0.88)
        .min_by(|left, right| left.0.cmp(&right.0).then(right.1.total_cmp(&left.1)))
        .map(|(_, _, name)| name)
}

#[cfg(test)]
mod tests {
    use super::closest;
    use super::instead;

    #[test]
    fn a_slip_of_the_finger_is_recognised_and_another_word_is_not() {
        let known = ["every", "enabled", "label", "first_poll", "timezone"];
        for (word, meant) in [
            ("evry", Some("every")),
            ("Every", Some("every")),
            ("firstpoll", Some("first_poll")),
            ("time_zone", Some("timezone")),
            ("lable", Some("label")),
            ("colour", None),
            ("x", None),
        ] {
            assert_eq!(closest(word, &known), meant, "{word}");
        }
    }

    #[test]
    fn where_nothing_is_close_all_names_are_told() {
        assert_eq!(instead("colour", &["gap", "connections"], "it takes"), "it takes `gap`, `connections`");
        assert_eq!(instead::<&str>("x", &[], "there are"), "none is defined; define it, or take it out");
    }
}
