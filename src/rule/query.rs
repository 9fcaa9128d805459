//! A parsed query: what a rule asks for, each part with its place in the text. Printing it gives a query that parses to
//! the same.

use crate::model::EntityName;
use crate::model::Field;
use std::fmt;
use std::ops::Range;

/// A parsed query. Two queries are equal when they ask the same, wherever their parts stand.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// The whole.
    pub root: Node,
}

/// A part of a query.
#[derive(Clone, Debug)]
pub struct Node {
    /// Byte range in the query's text.
    pub span: Range<usize>,
    /// Whether it was written in brackets.
    pub bracketed: bool,
    /// What it asks.
    pub kind: Kind,
}

/// What a part of a query asks.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// A word, as it was typed.
    Term(String),
    /// Words in a row, without the quotes.
    Phrase(String),
    /// An entity is mentioned.
    Entity(EntityName),
    /// The part holds in this field.
    Field(Field, Box<Node>),
    /// The part does not hold.
    Not(Box<Node>),
    /// Every part holds.
    And(Vec<Node>),
    /// At least one part holds.
    Or(Vec<Node>),
}

/// What is wrong with, or doubtful about, a query.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct QueryError {
    /// Byte range in the query's text.
    pub span: Range<usize>,
    /// What is wrong: a lower-case fragment without a full stop.
    pub message: String,
    /// What to write instead.
    pub help: String,
}

impl Query {
    /// Every `@entity` of the query with its place, the sign included, in the order in which they stand.
    pub fn entities(&self) -> Vec<(EntityName, Range<usize>)> {
        let mut found = Vec::new();
        self.root.visit(&mut |node| {
            if let Kind::Entity(name) = &node.kind {
                found.push((name.clone(), node.span.clone()));
            }
        });
        found
    }
}

impl Node {
    /// Shows this node and every node under it to `see`, parents first, left to right.
    pub fn visit<'a>(&'a self, see: &mut impl FnMut(&'a Self)) {
        see(self);
        match &self.kind {
            Kind::Term(_) | Kind::Phrase(_) | Kind::Entity(_) => {}
            Kind::Field(_, inner) | Kind::Not(inner) => inner.visit(see),
            Kind::And(sides) | Kind::Or(sides) => sides.iter().for_each(|side| side.visit(see)),
        }
    }

    fn is_compound(&self) -> bool {
        matches!(self.kind, Kind::And(_) | Kind::Or(_))
    }
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

impl fmt::Display for Query {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.root.fmt(formatter)
    }
}

impl fmt::Display for Node {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Term(word) => formatter.write_str(word),
            Kind::Phrase(words) => write!(formatter, "\"{words}\""),
            Kind::Entity(name) => write!(formatter, "@{name}"),
            Kind::Field(field, inner) => {
                let brackets = inner.is_compound() || matches!(inner.kind, Kind::Not(_) | Kind::Field(..));
                write!(formatter, "{}:", field.as_str())?;
                write_side(formatter, inner, brackets)
            }
            Kind::Not(inner) => {
                formatter.write_str("NOT ")?;
                write_side(formatter, inner, inner.is_compound())
            }
            Kind::And(sides) => write_sides(formatter, sides, " AND "),
            Kind::Or(sides) => write_sides(formatter, sides, " OR "),
        }
    }
}

fn write_sides(formatter: &mut fmt::Formatter<'_>, sides: &[Node], between: &str) -> fmt::Result {
    for (index, side) in sides.iter().enumerate() {
        if index > 0 {
            formatter.write_str(between)?;
        }
        write_side(formatter, side, side.is_compound())?;
    }
    Ok(())
}

fn write_side(formatter: &mut fmt::Formatter<'_>, side: &Node, brackets: bool) -> fmt::Result {
    if brackets { write!(formatter, "({side})") } else { write!(formatter, "{side}") }
}
