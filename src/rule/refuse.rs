//! A query that is well formed → what nobody can mean by it: it asks for nothing, counts what has no places, or looks where
//! nothing can be.

use super::query::Kind;
use super::query::Node;
use super::query::QueryError;
use super::query::Scope;
use crate::text::language;

/// Adds every such part to `errors`.
pub fn all(root: &Node, errors: &mut Vec<QueryError>) {
    fields(root, errors);
    distances(root, errors);
    lists(root, errors);
    // A query that is wrong in itself need not also hear that it asks for nothing.
    if errors.is_empty() {
        asks_for_nothing(root, errors);
    }
}

/// A part that holds in a text where nothing is found would match nearly everything.
fn asks_for_nothing(root: &Node, errors: &mut Vec<QueryError>) {
    if asks(root, false) {
        return;
    }
    let mut blamed = root;
    while let Kind::Or(sides) = &blamed.kind {
        match sides.iter().find(|side| !asks(side, false)) {
            Some(side) => blamed = side,
            None => break,
        }
    }
    let only = if matches!(&blamed.kind, Kind::Field(Scope::Language, _)) {
        "only which language"
    } else {
        "only what must not occur"
    };
    let message = if blamed.span == root.span {
        format!("the query says {only}")
    } else {
        format!("this side of OR says {only}, so it matches nearly everything")
    };
    errors.push(QueryError::new(blamed.span.clone(), message, "add what must occur: `word AND NOT other`"));
}

/// Whether a part, or its opposite, holds only where something is found.
fn asks(node: &Node, negated: bool) -> bool {
    match &node.kind {
        Kind::Term(_)
        | Kind::Phrase(_)
        | Kind::Loose(..)
        | Kind::Exact(_)
        | Kind::Prefix(_)
        | Kind::Regex(_)
        | Kind::Entity(_)
        | Kind::Count(..)
        | Kind::Near(..) => !negated,
        Kind::Field(Scope::Language, _) => false,
        Kind::Field(_, inner) | Kind::Boost(inner, _) => asks(inner, negated),
        Kind::Not(inner) => asks(inner, !negated),
        Kind::And(sides) if negated => sides.iter().all(|side| asks(side, negated)),
        Kind::Or(sides) if !negated => sides.iter().all(|side| asks(side, negated)),
        Kind::And(sides) | Kind::Or(sides) => sides.iter().any(|side| asks(side, negated)),
        Kind::Few(least, sides) => {
            let idle = sides.iter().filter(|side| !asks(side, negated)).count();
            let least = *least as usize;
            idle < if negated { (sides.len() + 1).saturating_sub(least) } else { least }
        }
    }
}

fn fields(root: &Node, errors: &mut Vec<QueryError>) {
    root.visit(&mut |node| {
        let Kind::Field(outer, inner) = &node.kind else { return };
        inner.visit(&mut |below| match &below.kind {
            Kind::Field(scope, _) => {
                let message = format!("`{}:` stands inside `{}:`", scope.as_str(), outer.as_str());
                let help = "name one field, and join fields with AND";
                errors.push(QueryError::new(below.span.clone(), message, help));
            }
            Kind::Entity(_) if outer.field().is_none() => {
                let help = "write its name as a word or a phrase here";
                let message = "an entity is looked for in title and body only";
                errors.push(QueryError::new(below.span.clone(), message, help));
            }
            _ => {}
        });
        if *outer == Scope::Language {
            code(inner, errors);
        }
    });
}

fn code(node: &Node, errors: &mut Vec<QueryError>) {
    match &node.kind {
        Kind::Or(sides) => sides.iter().for_each(|side| code(side, errors)),
        Kind::Term(code) if language::from_tag(code).is_some() => {}
        Kind::Field(..) => {}
        _ => {
            let help = "write `lang:es`, or `lang:(es OR pt)`";
            errors.push(QueryError::new(node.span.clone(), "`lang:` takes a code of two letters", help));
        }
    }
}

fn distances(root: &Node, errors: &mut Vec<QueryError>) {
    root.visit(&mut |node| match &node.kind {
        Kind::Near(how, left, right) => {
            for side in [left, right] {
                if let Some((span, what)) = placeless(side) {
                    let help = "distances are between words, phrases, entities and ORs of them; join the rest with AND";
                    let message = format!("{how} stands between words, not beside {what}");
                    errors.push(QueryError::new(span, message, help));
                }
            }
        }
        Kind::Count(inner, _) => {
            let near = matches!(inner.kind, Kind::Near(..));
            if near || placeless(inner).is_some() {
                let help = "write the number behind one of its words: `word{2}`";
                let message = "only a word, a phrase or an entity can be counted";
                errors.push(QueryError::new(node.span.clone(), message, help));
            }
        }
        _ => {}
    });
}

/// The part below that has no place in a text, and what it is.
fn placeless(node: &Node) -> Option<(std::ops::Range<usize>, &'static str)> {
    let what = match &node.kind {
        Kind::And(_) => "AND",
        Kind::Not(_) => "NOT",
        Kind::Few(..) => "OF",
        Kind::Count(..) => "a number of times",
        Kind::Field(Scope::Language, _) => "`lang:`",
        Kind::Field(_, inner) | Kind::Boost(inner, _) => return placeless(inner),
        Kind::Near(_, left, right) => return placeless(left).or_else(|| placeless(right)),
        Kind::Or(sides) => return sides.iter().find_map(placeless),
        _ => return None,
    };
    Some((node.span.clone(), what))
}

fn lists(root: &Node, errors: &mut Vec<QueryError>) {
    root.visit(&mut |node| {
        let Kind::Few(least, sides) = &node.kind else { return };
        let count = sides.len();
        let message = match *least as usize {
            0 => format!("0 of {count} parts always hold"),
            least if least > count => format!("{least} of {count} parts can never hold"),
            _ => return,
        };
        let help = format!("write a number from 1 to {count}");
        errors.push(QueryError::new(node.span.clone(), message, help));
    });
}
