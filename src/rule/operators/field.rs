//! `title:` and `body:`: the part behind holds in that field.

use super::Example;
use super::Operator;

/// A field.
pub struct InField;

impl Operator for InField {
    const NAME: &str = "title: body:";
    const DOC: &str = "What stands directly behind it, a word, a phrase, an entity or brackets, occurs in that field.";
    const EXAMPLES: &[Example] = &[
        Example::yes("title:torture", "Torture in prison\nA report was published."),
        Example::no("title:torture", "A report\nIt speaks of torture."),
        Example::yes("title:(report OR study) torture", "A report\nIt speaks of torture."),
        Example::no("body:@court", "Court of Appeal\nNothing was decided."),
    ];
}
