//! query text → [`Search`]: what to ask a full-text index for, and whether an article answers it.
//!
//! A search has the rule language's words, "phrases", `begin*`, AND, OR, NOT, brackets, `title:`, `body:`, `source:`,
//! `lang:` and `@entity`; its other operators are refused by name. Case and marks never count. It says the same of an article in both
//! ways: [`Search::expression`] in the index, and [`Search::accepts`] of an article that is not in it yet.

use crate::model::EntityName;
use crate::model::Field;
use crate::model::Language;
use crate::model::SourceName;
use crate::rule;
use crate::rule::EntitySpec;
use crate::rule::Query;
use crate::rule::QueryError;
use crate::rule::query::Kind;
use crate::rule::query::Node;
use crate::rule::query::Scope;
use terms::Terms;

mod find;
mod fulltext;
pub mod terms;

pub use find::Subject;
pub use fulltext::Columns;

/// The fewest letters of a word's beginning: fewer stand at the head of thousands of words, and would take seconds.
const FEWEST_LETTERS: usize = 3;

/// A compiled search.
#[derive(Clone, Debug, PartialEq)]
pub struct Search {
    root: Part,
}

/// What a part of a search asks.
#[derive(Clone, Debug, PartialEq)]
enum Part {
    /// These terms stand in a row, in one field or either.
    Row(Row),
    /// The article is of this source.
    Source(SourceName),
    /// The article is in this language.
    Language(Language),
    Not(Box<Self>),
    And(Vec<Self>),
    Or(Vec<Self>),
}

/// Terms in a row.
#[derive(Clone, Debug, PartialEq)]
struct Row {
    field: Option<Field>,
    /// As in the index, at least one.
    terms: Vec<String>,
    /// Whether the last one is only a word's beginning.
    begins: bool,
}

/// Parses a search; on failure every error in it, in the order of their places.
pub fn parse(text: &str) -> Result<Query, Vec<QueryError>> {
    rule::parse_freely(text)
}

impl Search {
    /// Compiles a query of [`parse`]. An `@entity` is any of its names, strong or weak, whatever stands near: a search
    /// looks for words and judges nothing.
    ///
    /// # Errors
    /// Every place that asks for what is not there or cannot be asked.
    pub fn compile(query: &Query, entities: &[EntitySpec]) -> Result<Self, Vec<QueryError>> {
        let mut compiler = Compiler { entities, errors: Vec::new() };
        let root = compiler.part(&query.root, None);
        if compiler.errors.is_empty() && !asks(&root) {
            compiler.refuse(
                &query.root,
                "the query says only what must not occur",
                "add what must: `word AND NOT other`",
            );
        }
        if compiler.errors.is_empty() { Ok(Self { root }) } else { Err(compiler.errors) }
    }

    /// The same, of this source alone.
    #[must_use]
    pub fn of(self, source: SourceName) -> Self {
        Self { root: Part::And(vec![self.root, Part::Source(source)]) }
    }
}

struct Compiler<'a> {
    entities: &'a [EntitySpec],
    errors: Vec<QueryError>,
}

impl Compiler<'_> {
    fn part(&mut self, node: &Node, field: Option<Field>) -> Part {
        match &node.kind {
            Kind::Term(words) | Kind::Phrase(words) => row(words, false, field),
            Kind::Prefix(beginning) => self.beginning(node, beginning, field),
            Kind::Entity(name) => self.entity(node, name, field),
            Kind::Field(scope, inner) => self.scoped(node, *scope, inner, field),
            Kind::Not(inner) => Part::Not(Box::new(self.part(inner, field))),
            Kind::And(sides) => Part::And(sides.iter().map(|side| self.part(side, field)).collect()),
            Kind::Or(sides) => Part::Or(sides.iter().map(|side| self.part(side, field)).collect()),
            Kind::Loose(..) => self.has_not(node, "`\"…\"~n`"),
            Kind::Exact(_) => self.has_not(node, "`=`: case and marks never count here"),
            Kind::Regex(_) => self.has_not(node, "regular expressions"),
            Kind::Count(..) => self.has_not(node, "`{n}`"),
            Kind::Boost(..) => self.has_not(node, "`^n`"),
            Kind::Near(..) => self.has_not(node, "NEAR, ONEAR, NOTNEAR, SENT and PARA"),
            Kind::Few(..) => self.has_not(node, "`n OF (…)`"),
        }
    }

    fn scoped(&mut self, node: &Node, scope: Scope, inner: &Node, field: Option<Field>) -> Part {
        if let Some(field) = scope.field() {
            return self.part(inner, Some(field));
        }
        if let Some(field) = field {
            let message = format!("`{}:` stands inside `{}:`", scope.as_str(), field.as_str());
            self.refuse(node, message, "name one field, and join fields with AND");
        }
        if !matches!(scope, Scope::Source | Scope::Language) {
            return self.has_not(node, &format!("`{}:`", scope.as_str()));
        }
        match &inner.kind {
            Kind::Term(value) | Kind::Phrase(value) if scope == Scope::Source => Part::Source(SourceName::new(value)),
            Kind::Term(value) | Kind::Phrase(value) => match Language::parse(value) {
                Some(language) => Part::Language(language),
                None => {
                    let help = "write a code of two letters, such as `es`";
                    self.refuse(inner, format!("`{value}` is not a language"), help);
                    row(value, false, None)
                }
            },
            Kind::Or(sides) => Part::Or(sides.iter().map(|side| self.scoped(side, scope, side, None)).collect()),
            _ => {
                self.refuse(inner, format!("`{}:` takes one name", scope.as_str()), "join several with OR");
                row("", false, None)
            }
        }
    }

    /// What a rule can ask and a search cannot.
    fn has_not(&mut self, node: &Node, what: &str) -> Part {
        self.refuse(node, format!("a search has no {what}"), "leave it out, or try a rule: `atalaya try rules`");
        row("", false, None)
    }

    fn beginning(&mut self, node: &Node, beginning: &str, field: Option<Field>) -> Part {
        let part = row(beginning, true, field);
        let letters = |term: &String| term.chars().count();
        if let Part::Row(Row { terms, begins: true, .. }) = &part
            && terms.last().map_or(0, letters) < FEWEST_LETTERS
        {
            let message = format!("`{beginning}*` is too short");
            self.refuse(node, message, "write at least three letters before `*`");
        }
        part
    }

    fn entity(&mut self, node: &Node, name: &EntityName, field: Option<Field>) -> Part {
        let Some(entity) = self.entities.iter().find(|entity| entity.name.as_ref() == Some(name)) else {
            let help = "write the name of an [entity.name] table of the configuration, or its words";
            self.refuse(node, format!("there is no entity `{name}`"), help);
            return row(name.as_str(), false, field);
        };
        let names = entity.strong.iter().chain(&entity.weak).filter(|name| !Terms::of(name).is_empty());
        let names: Vec<Part> = names.map(|name| row(name, false, field)).collect();
        if names.is_empty() {
            self.refuse(node, format!("no name of the entity `{name}` holds a word"), "write the words themselves");
        }
        Part::Or(names)
    }

    fn refuse(&mut self, node: &Node, message: impl Into<String>, help: &str) {
        self.errors.push(QueryError::new(node.span.clone(), message.into(), help));
    }
}

/// Whether a part says what must be there; the opposite of a few articles is nearly all of them.
fn asks(part: &Part) -> bool {
    match part {
        Part::Row(_) | Part::Source(_) | Part::Language(_) => true,
        Part::Not(_) => false,
        Part::And(parts) => parts.iter().any(asks),
        Part::Or(parts) => parts.iter().all(asks),
    }
}

fn row(words: &str, begins: bool, field: Option<Field>) -> Part {
    let terms = Terms::of(words);
    let begins = begins && !terms.ends_unspaced();
    Part::Row(Row { field, terms: terms.iter().map(ToOwned::to_owned).collect(), begins })
}
