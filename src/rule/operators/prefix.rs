//! `word*`: words that begin so.

use super::Example;
use super::Operator;

/// The beginning of a word.
pub struct Prefix;

impl Operator for Prefix {
    const NAME: &str = "beginning*";
    const DOC: &str = "Every word that begins so; three letters or more, and the star only at the end. There is no other \
                       stemming.";
    const EXAMPLES: &[Example] = &[
        Example::yes("tortur*", "Los torturadores huyeron"),
        Example::yes("tortur*", "TORTURA"),
        Example::no("tortur*", "Contorturas"),
    ];
}
