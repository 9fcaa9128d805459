//! `lang:`: the article's language.

use super::Example;
use super::Operator;

/// A language.
pub struct InLanguage;

impl Operator for InLanguage {
    const NAME: &str = "lang:es";
    const DOC: &str = "The article is in that language, by its code. One whose language is unknown is in none. To hold a \
                       whole rule to languages, write `languages = [\"es\"]` in its table.";
    const EXAMPLES: &[Example] = &[
        Example::yes("torture lang:en", "Torture"),
        Example::yes("torture lang:(es OR en)", "Torture"),
        Example::no("tortura lang:es", "Tortura"),
        Example::no("torture -lang:en", "Torture"),
    ];
}
