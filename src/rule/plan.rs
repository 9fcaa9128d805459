//! Query → plan: NOT moved down to the single words, fields moved down to them too, so that a plan is judged in one walk
//! that also says what it rests on, what is missing, or what excludes.

use super::operators::and;
use super::operators::not;
use super::operators::or;
use super::query::Kind;
use super::query::Node;
use super::trie::PatternId;
use crate::model::EntityName;
use crate::model::Field;

/// A compiled query.
#[derive(Clone, Debug)]
pub enum Plan {
    /// Every part holds; with its description.
    All(Vec<Plan>, String),
    /// At least one part holds; with its description.
    Any(Vec<Plan>, String),
    /// It occurs.
    Present(Leaf),
    /// It does not occur.
    Absent(Leaf),
}

/// One word, phrase or entity of a query.
#[derive(Clone, Debug)]
pub struct Leaf {
    /// What to look for.
    pub sought: Sought,
    /// Where, if not anywhere.
    pub field: Option<Field>,
    /// As people read it: `"torture"`, `@court`.
    pub printed: String,
}

/// What a leaf looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sought {
    /// A term.
    Term(PatternId),
    /// An entity, by its index.
    Entity(usize),
    /// An entity that does not exist; it is never found.
    Nothing,
}

/// What was found for a plan.
#[derive(Clone, Debug, Default)]
pub struct Finding<'a> {
    /// Whether it holds.
    pub holds: bool,
    /// Whether it would hold if nothing were excluded.
    pub would_hold: bool,
    /// The leaves that occur and speak for it.
    pub evidence: Vec<&'a Leaf>,
    /// The parts that do not occur.
    pub missing: Vec<&'a Plan>,
    /// The leaves that occur and must not.
    pub excluded: Vec<&'a Leaf>,
}

impl Plan {
    /// Compiles a query. `term` gives a term its pattern (`None` when it holds no word), `entity` a name its index.
    pub fn of(
        node: &Node,
        term: &mut impl FnMut(&str) -> Option<PatternId>,
        entity: &impl Fn(&EntityName) -> Option<usize>,
    ) -> Self {
        Self::compile(node, false, None, term, entity)
    }

    fn compile(
        node: &Node,
        negated: bool,
        field: Option<Field>,
        term: &mut impl FnMut(&str) -> Option<PatternId>,
        entity: &impl Fn(&EntityName) -> Option<usize>,
    ) -> Self {
        match &node.kind {
            Kind::Not(inner) => Self::compile(inner, !negated, field, term, entity),
            Kind::Field(field, inner) => Self::compile(inner, negated, Some(*field), term, entity),
            Kind::And(sides) | Kind::Or(sides) => {
                let all = matches!(node.kind, Kind::And(_)) != negated;
                let sides: Vec<Self> =
                    sides.iter().map(|side| Self::compile(side, negated, field, term, entity)).collect();
                let described = list(sides.iter().map(Self::describe_inner), if all { "and" } else { "or" });
                if all { Self::All(sides, described) } else { Self::Any(sides, described) }
            }
            Kind::Term(words) | Kind::Phrase(words) => {
                let sought = term(words).map_or(Sought::Nothing, Sought::Term);
                Self::leaf(sought, field, format!("\"{words}\""), negated)
            }
            Kind::Entity(name) => {
                let sought = entity(name).map_or(Sought::Nothing, Sought::Entity);
                Self::leaf(sought, field, format!("@{name}"), negated)
            }
        }
    }

    fn leaf(sought: Sought, field: Option<Field>, printed: String, negated: bool) -> Self {
        let leaf = Leaf { sought, field, printed };
        if negated { Self::Absent(leaf) } else { Self::Present(leaf) }
    }

    /// Judges the plan; `occurs` says whether a leaf was found.
    pub fn judge<'a>(&'a self, occurs: &impl Fn(&Leaf) -> bool) -> Finding<'a> {
        match self {
            Self::All(sides, _) => and::join(sides.iter().map(|side| side.judge(occurs))),
            Self::Any(sides, _) => or::join(self, sides.iter().map(|side| side.judge(occurs))),
            Self::Absent(leaf) => not::absent(leaf, occurs(leaf)),
            Self::Present(leaf) if occurs(leaf) => {
                Finding { holds: true, would_hold: true, evidence: vec![leaf], ..Finding::default() }
            }
            Self::Present(_) => Finding { missing: vec![self], ..Finding::default() },
        }
    }

    /// Shows every leaf, left to right.
    pub fn leaves(&self, see: &mut impl FnMut(&Leaf)) {
        match self {
            Self::All(sides, _) | Self::Any(sides, _) => sides.iter().for_each(|side| side.leaves(see)),
            Self::Present(leaf) | Self::Absent(leaf) => see(leaf),
        }
    }

    /// In people's words, long lists shortened: `"torture", "tortura" or 5 more`.
    pub fn describe(&self) -> String {
        match self {
            Self::Present(leaf) => leaf.describe(),
            Self::Absent(leaf) => format!("no {}", leaf.describe()),
            Self::All(_, described) | Self::Any(_, described) => described.clone(),
        }
    }

    fn describe_inner(&self) -> String {
        match self {
            Self::All(..) | Self::Any(..) => format!("({})", self.describe()),
            _ => self.describe(),
        }
    }
}

impl Leaf {
    /// With its field: `"torture" in the title`.
    pub fn describe(&self) -> String {
        match self.field {
            Some(field) => format!("{} in the {}", self.printed, field.as_str()),
            None => self.printed.clone(),
        }
    }
}

/// The most parts that a list for people names.
const MOST_NAMED: usize = 4;

/// `a`, `a and b`, `a, b and c`; beyond four `a, b, c and 5 more`.
pub fn list(parts: impl Iterator<Item = String>, word: &str) -> String {
    let mut parts: Vec<String> = parts.collect();
    if parts.len() == 1 {
        return parts.swap_remove(0);
    }
    if parts.len() > MOST_NAMED {
        let more = parts.len() - (MOST_NAMED - 1);
        parts.truncate(MOST_NAMED - 1);
        parts.push(format!("{more} more"));
    }
    match parts.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, before)) => format!("{} {word} {last}", before.join(", ")),
    }
}
