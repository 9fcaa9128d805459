//! `@name`: an entity is mentioned.

use super::Example;
use super::Operator;

/// An entity.
pub struct Entity;

impl Operator for Entity {
    const NAME: &str = "@name";
    const DOC: &str =
        "The entity of the table `[entity.name]` is mentioned under any of its names, as its words decide.";
    const EXAMPLES: &[Example] = &[
        Example::yes("@court", "The Court of Appeal sat on Monday"),
        Example::yes("@court", "A judge of the COA resigned"),
        Example::no("@court", "The COA is a climbing club"),
    ];
}
