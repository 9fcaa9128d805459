//! A front page, a section, a list: pages that lead to articles.

use super::Detector;
use super::signs::Signs;
use super::signs::count_words;
use crate::model::Reason;
use url::Url;

/// What an article's address leads to when the article is gone.
pub static DETECTOR: Detector = Detector { name: "not_an_article", phrases: &[], examine };

/// From this share of words that are nothing but links on, a text without its title is a list.
const LINKED: f64 = 0.3;
/// Fewer linked paragraphs are a box of further reading.
const PARAGRAPHS: usize = 5;
/// Words of the longest headline.
const HEADLINE: usize = 25;

fn examine(signs: &Signs<'_>) -> Option<Reason> {
    let page = |detail: String| Some(Reason::NotAnArticle { detail });
    // Cheap ones first: most pages are articles.
    if leads_home(signs) && signs.title_found() != Some(true) {
        return page("its address leads to the front page".into());
    }
    if !is_choppy(signs) {
        return None;
    }
    let (share, paragraphs) = signs.linked();
    let list = paragraphs >= PARAGRAPHS && share >= LINKED;
    if list && (signs.title_found() == Some(false) || share >= 2.0 * LINKED) {
        return page(format!("{paragraphs} paragraphs are only links, {:.0} % of the text", share * 100.0));
    }
    None
}

/// Whether enough of the text stands in paragraphs as short as headlines. Links are looked for only then, since that costs
/// as much as all other signs together.
fn is_choppy(signs: &Signs<'_>) -> bool {
    let lengths = signs.article.text.split("\n\n").map(count_words).filter(|words| *words <= HEADLINE);
    let (paragraphs, words) = lengths.fold((0, 0), |(paragraphs, sum), words| (paragraphs + 1, sum + words));
    #[expect(clippy::cast_precision_loss, reason = "counts of words are far below 2^52")]
    let share = words as f64 / signs.words.max(1) as f64;
    paragraphs >= PARAGRAPHS && share >= LINKED
}

/// The listed address had a path, the one that answered has none.
fn leads_home(signs: &Signs<'_>) -> bool {
    let Some(answered) = signs.url else { return false };
    let Some(listed) = signs.listed.link.and_then(|link| Url::parse(link).ok()) else { return false };
    let is_home = |url: &Url| url.path().trim_matches('/').is_empty() && url.query().is_none();
    is_home(answered) && !is_home(&listed)
}
