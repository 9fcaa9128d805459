//! The readability port alone.

use super::Extractor;

/// See [`Extractor`].
pub const EXTRACTOR: Extractor = Extractor {
    name: "readability",
    doc: "The part of the page that Mozilla's Readability takes for the article.",
    find: |page| Some(page.readable.as_ref()?.text(|_| true)),
    instead: 0,
};
