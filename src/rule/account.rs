//! What was decided about an entity in an article → the same in people's words: which names, which words, which veto.

use super::compile::Patterns;
use super::entity::Finding;
use super::entity::PartSource;
use super::entity::Void;
use super::entity::Weighed;
use super::scan::Scan;
use super::scan::field;
use super::trie::Hit;
use crate::model::EntityName;
use crate::model::Field;
use std::fmt;

/// How an entity was decided in one article: which names, which words, which veto.
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    /// The entity.
    pub entity: EntityName,
    /// Whether any name is it.
    pub accepted: bool,
    /// The score from which a weak name counts.
    pub threshold: f64,
    /// Every name that was found.
    pub names: Vec<NameAccount>,
}

/// How one name was decided.
#[derive(Clone, Debug, PartialEq)]
pub struct NameAccount {
    /// As it stands in the article.
    pub text: String,
    /// In which field.
    pub field: Field,
    /// Byte offset in the field.
    pub start: usize,
    /// Whether it is the entity.
    pub accepted: bool,
    /// The score of a weak name; `None` for a strong or a void one.
    pub score: Option<f64>,
    /// Why, in words: `near "court" +1`.
    pub because: Vec<String>,
}

impl fmt::Display for Account {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.accepted { "mentioned" } else { "not mentioned" };
        write!(formatter, "@{}: {verdict}", self.entity)?;
        if self.names.is_empty() {
            return formatter.write_str("; none of its names occurs");
        }
        for name in &self.names {
            let verdict = if name.accepted { "yes" } else { "no" };
            write!(formatter, "\n  \"{}\" in the {}: {verdict}", name.text, name.field.as_str())?;
            if let Some(score) = name.score {
                write!(formatter, ", score {score} of {}", self.threshold)?;
            }
            if !name.because.is_empty() {
                write!(formatter, " ({})", name.because.join(", "))?;
            }
        }
        Ok(())
    }
}

/// The account of one name; `slice` gives the offset and the text of a place.
pub fn of(name: &Weighed, patterns: &Patterns, scan: &Scan<'_>) -> NameAccount {
    let slice = |hit: &Hit| scan.slice(hit);
    let (start, text) = slice(&name.hit);
    let because = match &name.finding {
        Finding::Strong => vec!["a strong name".to_owned()],
        Finding::Void(Void::Veto(veto)) => vec![format!("void inside the veto phrase \"{}\"", slice(veto).1)],
        Finding::Void(Void::OtherGivenName(index)) => {
            let before = Hit { first: *index, behind: index + 1, ..name.hit };
            vec![format!("void behind the given name \"{}\"", slice(&before).1)]
        }
        Finding::Void(Void::Small) => vec!["void because it is written small".to_owned()],
        Finding::Weak(parts) if parts.is_empty() => vec!["a weak name with nothing near".to_owned()],
        Finding::Weak(parts) => {
            parts.iter().map(|part| format!("{} {:+}", source(part.source, patterns), part.amount)).collect()
        }
    };
    NameAccount {
        text: text.to_owned(),
        field: field(name.hit.part).unwrap_or(Field::Body),
        start,
        accepted: name.accepted,
        score: matches!(name.finding, Finding::Weak(_)).then_some(name.score),
        because,
    }
}

fn source(source: PartSource, patterns: &Patterns) -> String {
    let word = |pattern: u32| patterns.spelling(pattern);
    match source {
        PartSource::Near(pattern) => format!("near \"{}\"", word(pattern)),
        PartSource::Elsewhere(count) => format!("{count} of its words elsewhere"),
        PartSource::Against(pattern) => format!("against \"{}\"", word(pattern)),
        PartSource::AgainstElsewhere(count) => format!("{count} words against it elsewhere"),
        PartSource::Language => "language".to_owned(),
        PartSource::With(count) => format!("{count} entities of `with`"),
        PartSource::StrongName => "a strong name in the same article".to_owned(),
        PartSource::NoCase => "a text that lost its case".to_owned(),
        PartSource::VoidName => "a void name in the same article".to_owned(),
    }
}
