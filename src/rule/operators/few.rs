//! `n OF (a, b, c)`: so many of the parts hold.

use super::Example;
use super::Operator;
use crate::rule::plan::Finding;
use crate::rule::plan::Plan;

/// So many of several.
pub struct Few;

impl Operator for Few {
    const NAME: &str = "n OF (a, b, c)";
    const DOC: &str = "At least n of the parts hold, which commas separate. Each counts once, however often it occurs.";
    const EXAMPLES: &[Example] = &[
        Example::yes("2 OF (beaten, hooded, electrocuted)", "He was hooded and beaten"),
        Example::no("2 OF (beaten, hooded, electrocuted)", "He was beaten, and beaten again"),
        Example::yes("2 OF (@court, ruling OR verdict, \"human rights\")", "The Court of Appeal gave its verdict"),
        Example::no("prison NOT 2 OF (film, series, actor)", "An actor of the series went to prison"),
    ];
}

/// Joins what was found for the sides of `plan`, of which `least` must hold.
pub fn join<'a>(plan: &'a Plan, least: usize, sides: Vec<Finding<'a>>) -> Finding<'a> {
    let holding = sides.iter().filter(|side| side.holds).count();
    let possible = sides.iter().filter(|side| side.would_hold).count();
    let mut whole = Finding { holds: holding >= least, would_hold: possible >= least, ..Finding::default() };
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
