//! The longest run of paragraphs: what is left when a page hides its text or calls it a comment.

use super::Extractor;
use super::Page;
use std::collections::HashMap;

/// See [`Extractor`].
pub const EXTRACTOR: Extractor = Extractor {
    name: "paragraphs",
    doc: "The paragraphs of the one element that holds most text in paragraphs.",
    find: longest,
    instead: 3,
};

fn longest(page: &Page<'_>) -> Option<String> {
    let mut runs: HashMap<usize, (usize, Vec<&str>)> = HashMap::new();
    for block in &page.blocks.blocks {
        let frame = &page.blocks.frames[block.frame];
        // Shorter ones are captions, labels and links.
        if frame.name == "p" && block.text.len() >= 40 {
            let run = runs.entry(frame.parent).or_default();
            run.0 += block.text.len();
            run.1.push(&block.text);
        }
    }
    let longest = runs.into_iter().max_by_key(|(parent, (length, _))| (*length, std::cmp::Reverse(*parent)))?;
    Some(longest.1.1.join("\n\n"))
}
