//! `articleBody` of JSON-LD: all there is when a script or a reading limit hides the text.

use super::Extractor;

/// See [`Extractor`].
pub const EXTRACTOR: Extractor = Extractor {
    name: "json_ld",
    doc: "The text that the page tells to machines as articleBody.",
    find: |page| page.told.clone(),
    instead: 2,
};
