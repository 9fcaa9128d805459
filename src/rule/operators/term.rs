//! A word: the whole word, in any case and with or without marks.

use super::Example;
use super::Operator;

/// A word.
pub struct Term;

impl Operator for Term {
    const NAME: &str = "word";
    const DOC: &str = "The whole word occurs in the title or the body; case and marks do not count, and `pro-government` \
                       is also found as `pro government`. A word typed in capitals only, such as `OAS`, is found only \
                       where the text has a capital (`OAS`, `Oas`), unless the text has lost its capitals.";
    const EXAMPLES: &[Example] = &[
        Example::yes("prision", "Trasladado a una PRISIÓN militar"),
        Example::no("prision", "Los prisioneros esperan"),
        Example::yes("OAS", "A statement by the Oas"),
        Example::no("OAS", "Un juego de palabras: oas y eas, Dijo"),
        Example::yes("pro-government", "armed pro government groups"),
    ];
}
