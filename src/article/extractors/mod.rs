//! A page, read once → its body, by one of several extractors. A page is extracted by the first of [`EXTRACTORS`];
//! what holds a much longer text than that one found is taken instead, and the configuration may name one for a site.
//! Adding an extractor is one file here and two adjacent lines.

use super::blocks::Blocks;

mod judged;
mod paragraphs;
mod readability;
mod told;

/// All of them, the usual one first.
pub const EXTRACTORS: &[Extractor] =
    &[judged::EXTRACTOR, readability::EXTRACTOR, told::EXTRACTOR, paragraphs::EXTRACTOR];

/// A way to find the body of an article.
#[derive(Debug)]
pub struct Extractor {
    /// As the configuration and an article's `method` call it.
    pub name: &'static str,
    /// One sentence for the manual.
    pub doc: &'static str,
    /// The body, paragraphs separated by an empty line, or nothing.
    pub find: fn(&Page<'_>) -> Option<String>,
    /// How many times longer than what the usual one found it has to be to be taken instead; 0 for never.
    pub instead: usize,
}

/// What extractors look at.
#[derive(Debug, Default)]
pub struct Page<'a> {
    /// The page, made harmless.
    pub html: &'a str,
    /// All text of the page in its order.
    pub blocks: Blocks,
    /// For each block, whether it is in the part that holds the article.
    pub found: Vec<bool>,
    /// The body that the page tells to machines.
    pub told: Option<String>,
    /// What the selector for the body chose, where the operator gave one.
    pub chosen: Option<String>,
    /// The headline.
    pub title: String,
    /// What the page says of itself in a sentence.
    pub description: String,
}

/// The extractor of a name.
pub fn named(name: &str) -> Option<&'static Extractor> {
    EXTRACTORS.iter().find(|extractor| extractor.name == name)
}

/// The body and the name of the extractor that found it.
pub fn best(page: &Page<'_>) -> (String, &'static str) {
    let (usual, others) = EXTRACTORS.split_first().expect("there is always one extractor");
    let mut best = ((usual.find)(page).unwrap_or_default(), usual.name);
    for other in others.iter().filter(|other| other.instead > 0) {
        // What is overlooked is never alerted, so a body that is hidden by a script or a reading limit is taken too.
        let found = (other.find)(page).filter(|body| body.len() > 200 && body.len() > other.instead * best.0.len());
        if let Some(body) = found {
            best = (body, other.name);
        }
    }
    best
}

pub use judged::rows;

#[cfg(test)]
mod tests {
    use super::EXTRACTORS;
    use super::named;

    #[test]
    fn each_extractor_is_found_by_its_name() {
        for extractor in EXTRACTORS {
            assert_eq!(named(extractor.name).map(|found| found.doc), Some(extractor.doc));
        }
        assert!(named("none").is_none());
    }
}
