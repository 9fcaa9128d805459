//! Each block of the page is judged by a small forest of decision trees over [`features`], fitted by
//! `bench/articles-fit` to pages whose true bodies are known. The readability port is one of its witnesses, so two
//! different looks at a page decide together.

use super::Extractor;
use super::Page;
use crate::article::features;
use crate::article::features::Witnesses;
use crate::article::forest;

/// See [`Extractor`].
pub const EXTRACTOR: Extractor = Extractor {
    name: "judged",
    doc: "Each paragraph, heading and line is kept or dropped by itself, by its form, its place, and the elements around it.",
    find: |page| {
        let keep: Vec<bool> = rows(page).iter().map(|row| forest::keeps(row)).collect();
        Some(page.blocks.text(|place| keep[place])).filter(|body| !body.is_empty())
    },
    instead: 0,
};

/// What the forest sees of each block.
pub fn rows(page: &Page) -> Vec<Vec<f32>> {
    let lines: Vec<&str> =
        page.readable.iter().flat_map(|found| &found.blocks).map(|block| block.text.as_str()).collect();
    let witnesses =
        Witnesses { lines: &lines, told: page.told.as_deref(), title: &page.title, description: &page.description };
    features::rows(&page.blocks, &witnesses)
}
