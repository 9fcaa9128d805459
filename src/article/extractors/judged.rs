//! Each block of the page is judged by a small forest of decision trees over [`features`], fitted by
//! `bench/articles-fit` to pages whose true bodies are known. The readability port is one of its witnesses, so two
//! different looks at a page decide together.

use super::Extractor;
use super::Page;
use crate::article::blocks::Blocks;
use crate::article::features;
use crate::article::features::Witnesses;
use crate::article::forest;

/// See [`Extractor`].
pub const EXTRACTOR: Extractor = Extractor {
    name: "judged",
    doc: "Each paragraph, heading and line is kept or dropped by itself, by its form, its place, and the elements around it.",
    find: |page| {
        let scores = together(&page.blocks, &rows(page).iter().map(|row| forest::score(row)).collect::<Vec<_>>());
        Some(page.blocks.text(|place| scores[place] > 0.0)).filter(|body| !body.is_empty())
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

/// Of how many blocks a run is that is judged as one.
const RUN: usize = 3;
/// How much of a block's score is that of its run.
const SHARED: f32 = 0.9;
/// A longer block counts no more than this many words.
const LONG: usize = 40;

/// Paragraphs that follow each other at one depth, and entries of one list, belong together: each gets most of its score
/// from all of them, so that a list is not torn apart. On sites that the forest was not fitted to that wins more than
/// any column (`bench/articles-fit`).
fn together(page: &Blocks, scores: &[f32]) -> Vec<f32> {
    let mut shared = scores.to_vec();
    for run in page.runs().filter(|run| run.len() >= RUN) {
        let words = |place: &usize| page.blocks[*place].text.split(' ').count().min(LONG) as f32;
        let all: f32 = run.clone().map(|place| words(&place)).sum();
        let mean = run.clone().map(|place| scores[place].clamp(-9.2, 9.2) * words(&place)).sum::<f32>() / all;
        for place in run {
            shared[place] = (1.0 - SHARED) * scores[place] + SHARED * mean;
        }
    }
    shared
}

#[cfg(test)]
mod tests {
    use super::together;
    use crate::article::blocks;
    use dom_query::Document;

    #[test]
    fn a_list_is_kept_whole_and_a_pair_is_not_joined() {
        let page = blocks::of(&Document::from("<ul><li>one<li>two<li>three</ul><p>a</p><p>b</p>"));
        let shared = together(&page, &[2.0, -1.0, 2.0, 1.0, -1.0]);
        assert!(shared[..3].iter().all(|score| *score > 0.0));
        assert!(shared[3] > 0.0 && shared[4] < 0.0);
    }
}
