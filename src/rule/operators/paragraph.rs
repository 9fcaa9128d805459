//! `a PARA b`: both sides in one paragraph.

use super::Example;
use super::Operator;
use crate::rule::trie::Hit;
use crate::text::Words;

/// In one paragraph.
pub struct Paragraph;

impl Operator for Paragraph {
    const NAME: &str = "a PARA b";
    const DOC: &str = "Both sides occur in one paragraph: between two empty lines of the text. Binds as NEAR does, and \
                       takes the same sides.";
    const EXAMPLES: &[Example] = &[
        Example::yes("judge PARA prison", "A title\nThe judge spoke. The prison is old."),
        Example::no("judge PARA prison", "A title\nThe judge spoke.\n\nThe prison is old."),
    ];
}

/// Whether two places of one part lie in one paragraph.
pub fn holds(one: &Hit, other: &Hit, words: &Words) -> bool {
    let paragraph = |index: u32| words.words().get(index as usize).map(|word| word.paragraph);
    let (first, behind) = (one.first.min(other.first), one.behind.max(other.behind));
    paragraph(first) == paragraph(behind.saturating_sub(1))
}
