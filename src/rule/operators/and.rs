//! `a AND b`, or just `a b`: every side holds.

use super::Example;
use super::Operator;
use crate::rule::plan::Finding;

/// Every side.
pub struct And;

impl Operator for And {
    const NAME: &str = "a AND b, a b";
    const DOC: &str = "Both sides hold; words side by side are joined by AND. Binds tighter than OR.";
    const EXAMPLES: &[Example] = &[
        Example::yes("torture AND prison", "Prison guards accused of torture"),
        Example::yes("torture prison", "Prison guards accused of torture"),
        Example::no("torture prison", "A report on torture"),
        Example::yes("report OR prison guards", "A report"),
    ];
}

/// Joins what was found for the sides.
pub fn join<'a>(sides: impl Iterator<Item = Finding<'a>>) -> Finding<'a> {
    let mut whole = Finding { holds: true, would_hold: true, ..Finding::default() };
    for side in sides {
        whole.holds &= side.holds;
        whole.would_hold &= side.would_hold;
        whole.evidence.extend(side.evidence);
        whole.partly.extend(side.partly);
        whole.missing.extend(side.missing);
        whole.excluded.extend(side.excluded);
    }
    whole
}
