//! Is the entry's own text the whole article? No detector: what is asked when the page gives none.

use super::signs::count_words;
use super::teaser;

/// A text in the field for whole texts (`content:encoded`, Atom's `content`) is one from this many words on.
const OF_CONTENT: usize = 100;
/// The field for summaries holds whole texts more seldom.
const OF_SUMMARY: usize = 200;
/// A text that is so many times as long as the summary beside it is more than that.
const TIMES: usize = 2;

/// Whether `content` (or, without one, `summary`), both plain, is the whole article. `beginning` is what a page showed
/// of it that wants to be paid: a feed that gives no more than that gives the same beginning.
pub fn is_whole(content: Option<&str>, summary: Option<&str>, beginning: Option<&str>) -> bool {
    let (text, least) = match (content, summary) {
        (Some(content), summary) => {
            let beside = summary.map(count_words).unwrap_or_default();
            // Where both fields hold the same, neither says more than a summary.
            let least = if count_words(content) >= TIMES * beside { OF_CONTENT } else { OF_SUMMARY };
            (content, least)
        }
        (None, Some(summary)) => (summary, OF_SUMMARY),
        (None, None) => return false,
    };
    let words = count_words(text);
    let shown = beginning.map(count_words).unwrap_or_default();
    words >= least && words * 4 > shown * 5 && teaser::end(text).is_none()
}
