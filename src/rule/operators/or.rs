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

/// Joins what was found for the sides of `plan`.
pub fn join<'a>(plan: &'a Plan, sides: impl Iterator<Item = Finding<'a>>) -> Finding<'a> {
    let mut whole = Finding::default();
    let mut partly = false;
    for side in sides {
        whole.holds |= side.holds;
        whole.would_hold |= side.would_hold;
        partly |= !side.evidence.is_empty();
        if side.holds {
            whole.evidence.extend(side.evidence);
        } else if side.would_hold {
            whole.excluded.extend(side.excluded);
        } else if partly && !side.evidence.is_empty() {
            whole.missing.extend(side.missing);
            whole.evidence.extend(side.evidence);
        }
    }
    if whole.would_hold {
        whole.missing.clear();
    } else if whole.missing.is_empty() {
        whole.missing.push(plan);
    }
    whole
}
