//! `NOT a`, or `-a`: it does not hold.

use super::Example;
use super::Operator;
use crate::rule::plan::Finding;
use crate::rule::plan::Leaf;

/// Excludes.
pub struct Not;

impl Operator for Not {
    const NAME: &str = "NOT a, -a";
    const DOC: &str = "What stands behind it does not hold. Binds tightest. A query must also say what it wants.";
    const EXAMPLES: &[Example] = &[
        Example::yes("court NOT tennis", "The court sat on Monday"),
        Example::no("court NOT tennis", "A tennis court"),
        Example::no("court -(tennis OR \"squash club\")", "The court of the squash club"),
    ];
}

/// What it means that `leaf` was found, or not, where it must not be.
pub fn absent(leaf: &Leaf, found: bool) -> Finding<'_> {
    let excluded = if found { vec![leaf] } else { Vec::new() };
    Finding { holds: !found, would_hold: true, excluded, ..Finding::default() }
}
