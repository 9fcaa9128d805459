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
    /// The words of a phrase in any order, at most so many other words among them.
    Loose(String, u32),
    /// Words in a row, with the case and the marks that they were typed with.
    Exact(String),
    /// Words that begin with these letters, typed without the star.
    Prefix(String),
    /// A regular expression, without the slashes.
    Regex(String),
    /// An entity is mentioned.
    Entity(EntityName),
    /// The part holds in this field.
    Field(Scope, Box<Node>),
    /// The part occurs so many times at least.
    Count(Box<Node>, u32),
    /// The part weighs so much more than another.
    Boost(Box<Node>, f64),
    /// The part does not hold.
    Not(Box<Node>),
    /// Both parts occur, and in this distance.
    Near(Nearness, Box<Node>, Box<Node>),
    /// Every part holds.
    And(Vec<Node>),
    /// At least one part holds.
    Or(Vec<Node>),
    /// So many of the parts hold.
    Few(u32, Vec<Node>),
}

/// How two parts stand to each other. A number is the most words that may stand between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nearness {
    /// In any order.
    Near(u32),
    /// The left one first.
    Ordered(u32),
    /// The left one, and no right one so near.
    NotNear(u32),
    /// In one sentence.
    Sentence,
    /// In one paragraph.
    Paragraph,
}

/// Where a part of a query looks, if not into title and body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// The headline.
    Title,
    /// The text.
    Body,
    /// The names of the authors.
    Author,
    /// The feed's categories.
    Tag,
    /// The address.
    Url,
    /// The source's name.
    Source,
    /// The language: its code.
    Language,
}

impl Scope {
    /// Every field, in the manual's order.
    pub const ALL: [Self; 7] =
        [Self::Title, Self::Body, Self::Author, Self::Tag, Self::Url, Self::Source, Self::Language];

    /// As it stands before the colon.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Body => "body",
            Self::Author => "author",
            Self::Tag => "tag",
            Self::Url => "url",
            Self::Source => "source",
            Self::Language => "lang",
        }
    }

    /// As people read it behind "in the".
    pub fn described(self) -> &'static str {
        match self {
            Self::Author => "authors",
            Self::Tag => "tags",
            Self::Url => "address",
            Self::Source => "source's name",
            Self::Language => "language",
            Self::Title | Self::Body => self.as_str(),
        }
    }

    /// The field of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == name)
    }

    /// The part of an article with that name; `None` for what stands beside the article.
    pub fn field(self) -> Option<Field> {
        match self {
            Self::Title => Some(Field::Title),
            Self::Body => Some(Field::Body),
            Self::Author | Self::Tag | Self::Url | Self::Source | Self::Language => None,
        }
    }
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

impl QueryError {
    /// All three.
    pub fn new(span: Range<usize>, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { span, message: message.into(), help: help.into() }
    }
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
            Kind::Field(_, inner) | Kind::Count(inner, _) | Kind::Boost(inner, _) | Kind::Not(inner) => {
                inner.visit(see);
            }
            Kind::Near(_, left, right) => {
                left.visit(see);
                right.visit(see);
            }
            Kind::And(sides) | Kind::Or(sides) | Kind::Few(_, sides) => sides.iter().for_each(|side| side.visit(see)),
            Kind::Term(_)
            | Kind::Phrase(_)
            | Kind::Loose(..)
            | Kind::Exact(_)
            | Kind::Prefix(_)
            | Kind::Regex(_)
            | Kind::Entity(_) => {}
        }
    }

    /// Whether it holds no other part.
    pub fn is_leaf(&self) -> bool {
        matches!(
            self.kind,
            Kind::Term(_)
                | Kind::Phrase(_)
                | Kind::Loose(..)
                | Kind::Exact(_)
                | Kind::Prefix(_)
                | Kind::Regex(_)
                | Kind::Entity(_)
        )
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
            Kind::Loose(words, slack) => write!(formatter, "\"{words}\"~{slack}"),
            Kind::Exact(words) => write!(formatter, "=\"{words}\""),
            Kind::Prefix(letters) => write!(formatter, "{letters}*"),
            Kind::Regex(source) => write!(formatter, "/{source}/"),
            Kind::Entity(name) => write!(formatter, "@{name}"),
            Kind::Field(scope, inner) => {
                write!(formatter, "{}:", scope.as_str())?;
                let bare = match &inner.kind {
                    Kind::Count(inner, _) | Kind::Boost(inner, _) => inner.is_leaf(),
                    _ => inner.is_leaf(),
                };
                write_side(formatter, inner, !bare)
            }
            Kind::Count(inner, least) => {
                write_side(formatter, inner, !inner.is_leaf())?;
                write!(formatter, "{{{least}}}")
            }
            Kind::Boost(inner, weight) => {
                write_side(formatter, inner, !inner.is_leaf())?;
                write!(formatter, "^{weight}")
            }
            Kind::Not(inner) => {
                formatter.write_str("NOT ")?;
                write_side(formatter, inner, matches!(inner.kind, Kind::And(_) | Kind::Or(_) | Kind::Near(..)))
            }
            Kind::Near(how, left, right) => {
                write_side(formatter, left, matches!(left.kind, Kind::And(_) | Kind::Or(_) | Kind::Not(_)))?;
                write!(formatter, " {how} ")?;
                let brackets = matches!(right.kind, Kind::And(_) | Kind::Or(_) | Kind::Not(_) | Kind::Near(..));
                write_side(formatter, right, brackets)
            }
            Kind::And(sides) => write_sides(formatter, sides, " AND "),
            Kind::Or(sides) => write_sides(formatter, sides, " OR "),
            Kind::Few(least, sides) => {
                write!(formatter, "{least} OF (")?;
                for (index, side) in sides.iter().enumerate() {
                    formatter.write_str(if index > 0 { ", " } else { "" })?;
                    // A comma would end the part.
                    let comma = matches!(&side.kind, Kind::Term(word) if word.contains(','));
                    write_side(formatter, side, comma || !side.is_leaf())?;
                }
                formatter.write_str(")")
            }
        }
    }
}

impl fmt::Display for Nearness {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Near(words) => write!(formatter, "NEAR/{words}"),
            Self::Ordered(words) => write!(formatter, "ONEAR/{words}"),
            Self::NotNear(words) => write!(formatter, "NOTNEAR/{words}"),
            Self::Sentence => formatter.write_str("SENT"),
            Self::Paragraph => formatter.write_str("PARA"),
        }
    }
}

fn write_sides(formatter: &mut fmt::Formatter<'_>, sides: &[Node], between: &str) -> fmt::Result {
    for (index, side) in sides.iter().enumerate() {
        if index > 0 {
            formatter.write_str(between)?;
        }
        write_side(formatter, side, matches!(side.kind, Kind::And(_) | Kind::Or(_)))?;
    }
    Ok(())
}

fn write_side(formatter: &mut fmt::Formatter<'_>, side: &Node, brackets: bool) -> fmt::Result {
    if brackets { write!(formatter, "({side})") } else { write!(formatter, "{side}") }
}
