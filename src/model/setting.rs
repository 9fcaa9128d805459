//! What a kind (of source, of channel) asks of its configuration table. The kinds say which keys they take and what
//! is wrong with a value; `config` knows where in which file the value stands and says it to people.

use std::collections::BTreeMap;

/// What a key takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// One string.
    Text,
    /// One or more strings.
    Texts,
    /// `true` or `false`.
    Flag,
    /// A secret: a string, or a table `{ file = "…" }`, `{ credential = "…" }`, `{ env = "…" }`; given to the kind as text.
    Secret,
}

/// One key of a kind's table.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// As it is written.
    pub name: &'static str,
    /// What it takes.
    pub takes: Takes,
    /// Whether the kind cannot do without.
    pub required: bool,
    /// One sentence for the manual.
    pub doc: &'static str,
}

/// A value that was given for a key.
#[derive(Clone)]
pub enum Value {
    /// For [`Takes::Text`].
    Text(String),
    /// For [`Takes::Texts`].
    Texts(Vec<String>),
    /// For [`Takes::Flag`].
    Flag(bool),
    /// For [`Takes::Secret`]: already read from its file, credential or variable.
    Secret(secrecy::SecretString),
}

/// The values of one table, types already checked against its [`Key`]s and required keys present.
#[derive(Clone, Default)]
pub struct Settings(pub BTreeMap<&'static str, Value>);

impl Settings {
    /// The text given for `key`.
    pub fn text(&self, key: &str) -> Option<&str> {
        match self.0.get(key) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// The texts given for `key`; empty when there are none.
    pub fn texts(&self, key: &str) -> &[String] {
        match self.0.get(key) {
            Some(Value::Texts(texts)) => texts,
            _ => &[],
        }
    }

    /// The flag given for `key`.
    pub fn flag(&self, key: &str) -> Option<bool> {
        match self.0.get(key) {
            Some(Value::Flag(flag)) => Some(*flag),
            _ => None,
        }
    }

    /// The secret given for `key`.
    pub fn secret(&self, key: &str) -> Option<&secrecy::SecretString> {
        match self.0.get(key) {
            Some(Value::Secret(secret)) => Some(secret),
            _ => None,
        }
    }
}

/// What is wrong with the value of one key, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// The key.
    pub key: &'static str,
    /// For [`Takes::Texts`]: which of them.
    pub index: Option<usize>,
    /// Byte range inside the text, where the trouble is known that precisely.
    pub span: Option<(usize, usize)>,
    /// What is wrong: a lower-case fragment without a full stop.
    pub message: String,
    /// What to write instead.
    pub help: String,
}

impl Complaint {
    /// A complaint about the whole value of `key`.
    pub fn new(key: &'static str, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { key, index: None, span: None, message: message.into(), help: help.into() }
    }
}
