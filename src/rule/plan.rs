//! Query → plan: NOT moved down to the single words, fields and weights moved down to them too, so that a plan is judged in
//! one walk that also says what it rests on, what is missing, or what excludes.

use super::compile::Patterns;
use super::operators::and;
use super::operators::few;
use super::operators::not;
use super::operators::or;
use super::query::Kind;
use super::query::Nearness;
use super::query::Node;
use super::query::Scope;
use super::scan::Scan;
use super::sought::Sought;

/// A compiled query.
#[derive(Clone, Debug)]
pub enum Plan {
    /// Every part holds; with its description.
    All(Vec<Plan>, String),
    /// At least one part holds; with its description.
    Any(Vec<Plan>, String),
    /// So many parts hold; with its description.
    Few(usize, Vec<Plan>, String),
    /// It occurs.
    Present(Leaf),
    /// It does not occur.
    Absent(Leaf),
}

/// What a query looks for in one go: a word, a phrase, an entity, a distance.
#[derive(Clone, Debug)]
pub struct Leaf {
    /// What to look for.
    pub sought: Sought,
    /// Where, if not in title and body.
    pub scope: Option<Scope>,
    /// How often at least.
    pub least: u32,
    /// How much each place weighs.
    pub weight: f64,
    /// As people read it: `"torture"`, `@court`.
    pub printed: String,
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
    /// The leaves of which only a part occurs: one side of a distance, fewer times than wanted.
    pub partly: Vec<&'a Leaf>,
    /// The parts that do not occur.
    pub missing: Vec<&'a Plan>,
    /// The leaves that occur and must not.
    pub excluded: Vec<&'a Leaf>,
}

/// What holds for everything below a part of a query.
#[derive(Clone, Copy)]
struct Above {
    negated: bool,
    scope: Option<Scope>,
    weight: f64,
}

impl Plan {
    /// Compiles a query. `leaf` gives a part without parts what it looks for.
    pub fn of(node: &Node, leaf: &mut impl FnMut(&Kind) -> Sought) -> Self {
        compile(node, Above { negated: false, scope: None, weight: 1.0 }, leaf)
    }

    /// Whether it holds: as [`Plan::judge`], without saying why.
    pub fn holds(&self, scan: &Scan<'_>) -> bool {
        match self {
            Self::All(sides, _) => sides.iter().all(|side| side.holds(scan)),
            Self::Any(sides, _) => sides.iter().any(|side| side.holds(scan)),
            Self::Few(least, sides, _) => sides.iter().filter(|side| side.holds(scan)).count() >= *least,
            Self::Present(leaf) => leaf.occurs(scan),
            Self::Absent(leaf) => !leaf.occurs(scan),
        }
    }

    /// Judges the plan over what was found in an article.
    pub fn judge<'a>(&'a self, scan: &Scan<'_>) -> Finding<'a> {
        match self {
            Self::All(sides, _) => and::join(sides.iter().map(|side| side.judge(scan))),
            Self::Any(sides, _) => or::join(self, sides.iter().map(|side| side.judge(scan))),
            Self::Few(least, sides, _) => few::join(self, *least, sides.iter().map(|side| side.judge(scan)).collect()),
            Self::Absent(leaf) => not::absent(leaf, leaf.occurs(scan)),
            Self::Present(leaf) if leaf.occurs(scan) => {
                Finding { holds: true, would_hold: true, evidence: vec![leaf], ..Finding::default() }
            }
            Self::Present(leaf) => {
                let partly = if leaf.sought.touches(leaf.scope, scan) { vec![leaf] } else { Vec::new() };
                Finding { partly, missing: vec![self], ..Finding::default() }
            }
        }
    }

    /// Shows every leaf, left to right.
    pub fn leaves(&self, see: &mut impl FnMut(&Leaf)) {
        match self {
            Self::All(sides, _) | Self::Any(sides, _) | Self::Few(_, sides, _) => {
                sides.iter().for_each(|side| side.leaves(see));
            }
            Self::Present(leaf) | Self::Absent(leaf) => see(leaf),
        }
    }

    /// In people's words, long lists shortened: `"torture", "tortura" or 5 more`.
    pub fn describe(&self) -> String {
        match self {
            Self::Present(leaf) => leaf.describe(),
            Self::Absent(leaf) => format!("no {}", leaf.describe()),
            Self::All(_, described) | Self::Any(_, described) | Self::Few(_, _, described) => described.clone(),
        }
    }

    fn describe_inner(&self) -> String {
        match self {
            Self::All(..) | Self::Any(..) | Self::Few(..) => format!("({})", self.describe()),
            _ => self.describe(),
        }
    }
}

impl Leaf {
    /// Whether it occurs as often as is wanted.
    pub fn occurs(&self, scan: &Scan<'_>) -> bool {
        self.sought.occurs(self.scope, self.least, scan)
    }

    /// With its number and its field: `"torture" in the title`.
    pub fn describe(&self) -> String {
        let times = if self.least > 1 { format!(" {} times", self.least) } else { String::new() };
        format!("{}{times}{}", self.printed, self.place())
    }

    /// ` in the title`, or nothing.
    pub fn place(&self) -> String {
        match self.scope {
            Some(scope) if scope != Scope::Language => format!(" in the {}", scope.described()),
            _ => String::new(),
        }
    }
}

fn compile(node: &Node, above: Above, leaf: &mut impl FnMut(&Kind) -> Sought) -> Plan {
    match &node.kind {
        Kind::Not(inner) => compile(inner, Above { negated: !above.negated, ..above }, leaf),
        Kind::Field(scope, inner) => compile(inner, Above { scope: Some(*scope), ..above }, leaf),
        Kind::Boost(inner, weight) => compile(inner, Above { weight: above.weight * weight, ..above }, leaf),
        Kind::And(sides) | Kind::Or(sides) => {
            let all = matches!(node.kind, Kind::And(_)) != above.negated;
            let sides: Vec<Plan> = sides.iter().map(|side| compile(side, above, leaf)).collect();
            let described = list(sides.iter().map(Plan::describe_inner), if all { "and" } else { "or" });
            if all { Plan::All(sides, described) } else { Plan::Any(sides, described) }
        }
        Kind::Few(least, sides) => {
            // That fewer than so many hold means that of the rest so many do not.
            let least = *least as usize;
            let least = if above.negated { (sides.len() + 1).saturating_sub(least) } else { least };
            let sides: Vec<Plan> = sides.iter().map(|side| compile(side, above, leaf)).collect();
            let described = format!("{least} of {}", list(sides.iter().map(Plan::describe_inner), "and"));
            Plan::Few(least, sides, described)
        }
        Kind::Count(inner, least) => finished(inner, *least, above, leaf),
        _ => finished(node, 1, above, leaf),
    }
}

fn finished(node: &Node, least: u32, above: Above, leaf: &mut impl FnMut(&Kind) -> Sought) -> Plan {
    let mut weight = above.weight;
    let mut node = node;
    while let Kind::Boost(inner, by) = &node.kind {
        weight *= by;
        node = inner;
    }
    let sought = if above.scope == Some(Scope::Language) { language(&node.kind) } else { sought(node, leaf) };
    let printed = if above.scope == Some(Scope::Language) { format!("language {node}") } else { printed(node) };
    let leaf = Leaf { sought, scope: above.scope, least, weight, printed };
    if above.negated { Plan::Absent(leaf) } else { Plan::Present(leaf) }
}

fn language(kind: &Kind) -> Sought {
    match kind {
        Kind::Term(code) => Patterns::language(code),
        _ => Sought::Nothing,
    }
}

/// What a part with places looks for; weights inside a distance do not count.
fn sought(node: &Node, leaf: &mut impl FnMut(&Kind) -> Sought) -> Sought {
    match &node.kind {
        Kind::Near(how, left, right) => Sought::Near(*how, Box::new(sought(left, leaf)), Box::new(sought(right, leaf))),
        Kind::Or(sides) => Sought::AnyOf(sides.iter().map(|side| sought(side, leaf)).collect()),
        Kind::Field(scope, inner) => Sought::In(*scope, Box::new(sought(inner, leaf))),
        Kind::Boost(inner, _) => sought(inner, leaf),
        kind => leaf(kind),
    }
}

fn printed(node: &Node) -> String {
    match &node.kind {
        Kind::Term(words) | Kind::Phrase(words) => format!("\"{words}\""),
        Kind::Near(how, left, right) => {
            let (left, right) = (printed_side(left), printed_side(right));
            match how {
                Nearness::Near(0) => format!("{left} beside {right}"),
                Nearness::Near(words) => format!("{left} within {words} words of {right}"),
                Nearness::Ordered(0) => format!("{left} directly before {right}"),
                Nearness::Ordered(words) => format!("{left} at most {words} words before {right}"),
                Nearness::NotNear(words) => format!("{left} without {right} within {words} words"),
                Nearness::Sentence => format!("{left} in one sentence with {right}"),
                Nearness::Paragraph => format!("{left} in one paragraph with {right}"),
            }
        }
        Kind::Or(sides) => list(sides.iter().map(printed), "or"),
        Kind::Field(scope, inner) => format!("{} in the {}", printed_side(inner), scope.described()),
        Kind::Boost(inner, _) => printed(inner),
        _ => node.to_string(),
    }
}

fn printed_side(node: &Node) -> String {
    if matches!(node.kind, Kind::Or(_) | Kind::Near(..)) { format!("({})", printed(node)) } else { printed(node) }
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
