//! The page's text or the feed's? No detector: what is asked when both are whole.

use super::signs::count_words;

/// Whether the feed's whole text is the better one: clearly longer than what was found on the page, which then was cut
/// or missed by the extractor. Else the page's, which is the later version.
pub fn is_better(feed: &str, page: &str) -> bool {
    count_words(feed) * 4 > count_words(page) * 5 + 80
}
