//! `=word`: with the case and the marks that it was typed with.

use super::Example;
use super::Operator;

/// As typed.
pub struct Exact;

impl Operator for Exact {
    const NAME: &str = "=word, =\"some words\"";
    const DOC: &str =
        "Only as typed: case and marks count. Character references, white space and line ends still do not.";
    const EXAMPLES: &[Example] = &[
        Example::yes("=año", "Un a&ntilde;o difícil"),
        Example::no("=año", "Un ano difícil"),
        Example::no("=OAS", "A statement by the Oas"),
        Example::yes("=\"Foro Penal\"", "El Foro&nbsp;Penal dijo"),
        Example::no("=\"Foro Penal\"", "El FORO PENAL dijo"),
    ];
}
