//! `a OR b`: at least one side holds.

use super::Example;
use super::Operator;
use crate::rule::plan::Finding;
use crate::rule::plan::Plan;

/// At least one side.
pub struct Or;

impl Operator for Or {
    const NAME: &str = "a OR b";
    const DOC: &str = "At least one side holds. Beside AND, write brackets: `(a OR b) AND c`.";
    const EXAMPLES: &[Example] = &[
        Example::yes("torture OR tortura", "Denuncian tortura"),
        Example::no("torture OR tortura", "Denuncian maltrato"),
        Example::no("(torture OR tortura) AND prison", "Denuncian tortura"),
    ];
}

/// Joins what was found for the sides of `plan`. When none holds, the whole is what is missing: any side would do.
pub fn join<'a>(plan: &'a Plan, sides: impl Iterator<Item = Finding<'a>>) -> Finding<'a> {
    let sides: Vec<Finding<'a>> = sides.collect();
    let mut whole = Finding {
        holds: sides.iter().any(|side| side.holds),
        would_hold: sides.iter().any(|side| side.would_hold),
        ..Finding::default()
    };
    for side in sides {
        if side.holds || !whole.would_hold {
            whole.evidence.extend(side.evidence);
        } else if side.would_hold {
            whole.excluded.extend(side.excluded);
        }
        whole.partly.extend(side.partly);
    }
    if !whole.would_hold {
        whole.missing.push(plan);
    }
    whole
}
