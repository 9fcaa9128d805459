//! `"words in a row"`: one directly after the other.

use super::Example;
use super::Operator;

/// Words in a row.
pub struct Phrase;

impl Operator for Phrase {
    const NAME: &str = "\"words in a row\"";
    const DOC: &str = "The words occur one directly after the other, whatever signs or line ends stand between them.";
    const EXAMPLES: &[Example] = &[
        Example::yes("\"political prisoners\"", "Forty (political) prisoners were moved"),
        Example::no("\"political prisoners\"", "prisoners of a political kind"),
        Example::no("\"political prisoners\"", "It is political\nPrisoners were moved"),
    ];
}
