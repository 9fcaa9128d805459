//! A front page, a section, a list: pages that lead to articles.

use super::Detector;
use super::signs::Signs;
use crate::model::Reason;
use url::Url;

/// What an article's address leads to when the article is gone.
pub static DETECTOR: Detector = Detector { name: "not_an_article", examine };

/// From this share of words that are nothing but links on, a text without its title is a list.
const LINKED: f64 = 0.3;
/// Fewer linked paragraphs are a box of further reading.
const PARAGRAPHS: usize = 5;

fn examine(signs: &Signs<'_>) -> Option<Reason> {
    let page = |detail: String| Some(Reason::NotAnArticle { detail });
    // Cheap ones first: most pages are articles.
    if leads_home(signs) && signs.title_found() != Some(true) {
        return page("its address leads to the front page".into());
    }
    let (share, paragraphs) = signs.linked();
    let list = paragraphs >= PARAGRAPHS && share >= LINKED;
    if list && (signs.title_found() == Some(false) || share >= 2.0 * LINKED) {
        return page(format!("{paragraphs} paragraphs are only links, {:.0} % of the text", share * 100.0));
    }
    None
}

/// The listed address had a path, the one that answered has none.
fn leads_home(signs: &Signs<'_>) -> bool {
    let Some(answered) = signs.url else { return false };
    let Some(listed) = signs.listed.link.and_then(|link| Url::parse(link).ok()) else { return false };
    let is_home = |url: &Url| url.path().trim_matches('/').is_empty() && url.query().is_none();
    is_home(answered) && !is_home(&listed)
}
