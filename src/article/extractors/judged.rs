//! Each block of the page is judged by a small forest of decision trees over [`features`], fitted by
//! `bench/articles-fit` to pages whose true bodies are known. [`witness`](crate::article::witness) is one of its
//! witnesses, so two different looks at a page decide together.

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
        let mut scores = Vec::with_capacity(page.blocks.blocks.len());
        rows(page, |row| scores.push(forest::score(row)));
        let scores = together(&page.blocks, &scores);
        let kept = sane(&page.blocks, &page.found, scores.iter().map(|score| *score > 0.0).collect());
        Some(page.blocks.text(|place| kept[place])).filter(|body| !body.is_empty())
    },
    instead: 0,
};

/// What the forest sees of each block.
pub fn rows(page: &Page<'_>, take: impl FnMut(&[f32])) {
    let witnesses = Witnesses {
        found: &page.found,
        told: page.told.as_deref(),
        title: &page.title,
        description: &page.description,
    };
    features::rows(&page.blocks, &witnesses, take);
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
        let words = |place: &usize| page.blocks[*place].blanks.saturating_add(1).min(LONG) as f32;
        let all: f32 = run.clone().map(|place| words(&place)).sum();
        let mean = run.clone().map(|place| scores[place].clamp(-9.2, 9.2) * words(&place)).sum::<f32>() / all;
        for place in run {
            shared[place] = (1.0 - SHARED) * scores[place] + SHARED * mean;
        }
    }
    shared
}

/// Below this share of what the other witness found, the forest has lost the page.
const LOST: usize = 40;
/// When the witness found less than this share of what the forest kept, the rest is another text: readers' comments, the
/// next article.
const OTHER: usize = 60;
/// How many letters the witness must have found to be believed, for either.
const BELIEVED: (usize, usize) = (250, 750);

/// The choice of the forest, where it is not far from what the other witness found; what both can answer for
/// otherwise. Of pages of other sites this mends most of those that are read badly (`bench/articles-fit`).
fn sane(page: &Blocks, found: &[bool], kept: Vec<bool>) -> Vec<bool> {
    let letters = |of: &dyn Fn(usize) -> bool| -> usize {
        page.blocks.iter().enumerate().filter(|(place, _)| of(*place)).map(|(_, block)| block.letters).sum()
    };
    let (ours, theirs) = (letters(&|place| kept[place]), letters(&|place| found[place]));
    let both = letters(&|place| kept[place] && found[place]);
    // A forest that kept another text is not lost but of another opinion, and nothing says which of the two is right.
    if theirs > BELIEVED.0 && both * 100 < theirs * LOST && both * 2 >= ours {
        let is_text = |place: usize| found[place] && page.blocks[place].linked * 2 < page.blocks[place].letters;
        return (0..kept.len()).map(|place| kept[place] || is_text(place)).collect();
    }
    if theirs > BELIEVED.1 && theirs * 100 < ours * OTHER {
        return (0..kept.len()).map(|place| kept[place] && found[place]).collect();
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::sane;
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

    #[test]
    fn a_choice_far_from_the_witness_is_mended_and_one_beside_it_stays() {
        let paragraph = format!("<p>{}</p>", "The harbour court heard the pilots. ".repeat(10));
        let page = blocks::of(&Document::from(paragraph.repeat(8)));
        let first = |count: usize| std::array::from_fn::<bool, 8, _>(|place| place < count);
        let cases = [
            ("lost", first(8), first(1), first(8)),
            ("with comments", first(4), first(8), first(4)),
            ("beside it", first(8), first(6), first(6)),
            ("another text", first(5), std::array::from_fn(|place| place > 4), std::array::from_fn(|place| place > 4)),
            ("no witness", first(0), first(8), first(8)),
        ];
        for (name, found, kept, wanted) in cases {
            assert_eq!(sane(&page, &found, kept.to_vec()), wanted, "{name}");
        }
    }
}
