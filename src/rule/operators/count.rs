//! `word{n}`: at least `n` times.

use super::Example;
use super::Operator;

/// So many times.
pub struct Count;

impl Operator for Count {
    const NAME: &str = "word{n}";
    const DOC: &str = "It occurs at least n times. Behind a word, a phrase, an entity, or an OR of those in brackets, whose \
                       places are then counted together.";
    const EXAMPLES: &[Example] = &[
        Example::yes("prison{2}", "A prison beside a prison"),
        Example::no("prison{2}", "A prison"),
        Example::yes("(prison OR jail){2}", "A prison beside a jail"),
        Example::no("title:prison{2}", "A prison\nA prison and a prison"),
    ];
}
