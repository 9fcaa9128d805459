//! The readability port alone. It parses the page anew and takes it apart, which costs more than all the rest: only where
//! the configuration names it.

use super::Extractor;
use super::Page;
use crate::article::blocks;
use dom_query::Document;
use dom_smoothie::Config;
use dom_smoothie::Readability;

/// See [`Extractor`].
pub const EXTRACTOR: Extractor = Extractor {
    name: "readability",
    doc: "The part of the page that Mozilla's Readability takes for the article.",
    find,
    instead: 0,
};

fn find(page: &Page<'_>) -> Option<String> {
    let mut reader = Readability::from(page.html);
    reader.config = Config { disable_json_ld: true, ..Config::default() };
    let found = reader.parse().ok()?;
    Some(blocks::of(&Document::from(found.content.as_ref())).text(|_| true))
}
