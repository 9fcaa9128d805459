//! What is wrong with a configuration: where, what, and what to write instead. All of it at once.

use super::place::Place;
use std::cell::RefCell;
use std::fmt;

/// One thing that is wrong, or odd, with its place and its remedy.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// Whether the configuration can be used all the same.
    pub severity: Severity,
    /// Where; `None` when there is no text to point at, such as a file that is not there.
    pub place: Option<Place>,
    /// Name of the file that it is about.
    pub file: String,
    /// What is wrong: a lower-case fragment without a full stop.
    pub message: String,
    /// Said at the very place in the quoted line.
    pub label: String,
    /// What to write instead.
    pub help: String,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing starts with it.
    Error,
    /// It starts, but probably does not do what was meant.
    Warning,
}

impl Severity {
    /// The name in text and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

impl Diagnostic {
    /// Whether nothing starts with it.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// The one-line form that editors understand: `file:line:column: error: message`.
    pub fn headline(&self) -> String {
        self.to_string()
    }

    /// The 1-based line and column (in characters), where there is a place.
    pub fn position(&self) -> Option<(usize, usize)> {
        self.place.as_ref().map(Place::position)
    }
}

/// The one-line form that editors understand: `file:line:column: error: message`.
impl fmt::Display for Diagnostic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.file)?;
        if let Some((line, column)) = self.position() {
            write!(formatter, ":{line}:{column}")?;
        }
        write!(formatter, ": {}: {}", self.severity.as_str(), self.message)
    }
}

impl std::error::Error for Diagnostic {}

/// Why a configuration is refused: everything that is wrong with it, in the order of the files, and its warnings.
#[derive(Clone, Debug)]
pub struct Diagnostics(pub(super) Vec<Diagnostic>);

impl Diagnostics {
    /// All of them.
    pub fn into_inner(self) -> Vec<Diagnostic> {
        self.0
    }

    /// How many of them are errors.
    pub fn errors(&self) -> usize {
        self.0.iter().filter(|diagnostic| diagnostic.is_error()).count()
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, diagnostic) in self.0.iter().enumerate() {
            if index > 0 {
                formatter.write_str("\n")?;
            }
            diagnostic.fmt(formatter)?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostics {}

/// Where everything that reads the configuration puts what it finds; nobody stops at the first.
#[derive(Default)]
pub(super) struct Report {
    found: RefCell<Vec<Diagnostic>>,
    concealed: RefCell<Vec<String>>,
    shadows: RefCell<Vec<Place>>,
}

impl Report {
    pub(super) fn error(
        &self,
        place: &Place,
        message: impl Into<String>,
        label: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.at(Severity::Error, place, message.into(), label.into(), help.into());
    }

    pub(super) fn warning(
        &self,
        place: &Place,
        message: impl Into<String>,
        label: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.at(Severity::Warning, place, message.into(), label.into(), help.into());
    }

    /// About a file as a whole.
    pub(super) fn about_file(&self, severity: Severity, file: &str, message: String, help: String) {
        self.found.borrow_mut().push(Diagnostic {
            severity,
            place: None,
            file: file.into(),
            message,
            label: String::new(),
            help,
        });
    }

    /// Broken syntax; what is found in its shadow is only its consequence and is not told.
    pub(super) fn syntax_error(&self, place: &Place, message: String, help: String) {
        if !self.shadows.borrow().iter().any(|shadow| shadow.covers(place)) {
            self.error(place, message, "here", help);
            self.shadows.borrow_mut().push(place.shadow());
        }
    }

    pub(super) fn errors(&self) -> usize {
        self.found.borrow().iter().filter(|diagnostic| diagnostic.is_error()).count()
    }

    /// A secret that no message may repeat. One of three letters or fewer is not looked for: too many words hold it.
    pub(super) fn conceal(&self, secret: &str) {
        if secret.chars().count() > 3 {
            self.concealed.borrow_mut().push(secret.to_owned());
        }
    }

    fn at(&self, severity: Severity, place: &Place, message: String, label: String, help: String) {
        let file = place.file.name.clone();
        self.found.borrow_mut().push(Diagnostic { severity, place: Some(place.clone()), file, message, label, help });
    }

    /// In the order of `files`, then of their lines; what concerns no place comes first. No secret of any file is in it.
    pub(super) fn into_diagnostics(self, files: &[String]) -> Vec<Diagnostic> {
        let mut all = self.found.into_inner();
        let shadows = self.shadows.into_inner();
        let mut told: Vec<Place> = Vec::new();
        all.retain(|found| {
            let Some(place) = &found.place else { return shadows.is_empty() || found.is_error() };
            let shadowed = shadows.iter().any(|shadow| shadow.covers(place));
            // The first in a shadow is the syntax error itself.
            let first =
                !told.iter().any(|other| shadows.iter().any(|shadow| shadow.covers(other) && shadow.covers(place)));
            told.push(place.clone());
            if shadowed { first } else { shadows.is_empty() || found.is_error() }
        });
        let mut secrets = self.concealed.into_inner();
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        all.sort_by_key(|diagnostic| {
            let file = files.iter().position(|name| *name == diagnostic.file);
            (file, diagnostic.place.as_ref().map(|place| place.span.start))
        });
        for diagnostic in &mut all {
            // Names and texts of the file may hold newlines and a terminal's control characters.
            for text in [&mut diagnostic.message, &mut diagnostic.label] {
                *text = text.replace(char::is_control, " ");
            }
            diagnostic.help = diagnostic.help.replace(|letter: char| letter.is_control() && letter != '\n', " ");
            for text in [&mut diagnostic.message, &mut diagnostic.label, &mut diagnostic.help] {
                for secret in &secrets {
                    if text.contains(secret.as_str()) {
                        *text = text.replace(secret.as_str(), "********");
                    }
                }
            }
        }
        all
    }
}
