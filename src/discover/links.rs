//! A page → the feeds that it declares, the links on it that look like feeds, and its hubs.

use super::Candidate;
use super::Found;
use crate::feed::absolute;
use crate::feed::plain;
use scraper::ElementRef;
use scraper::Html;
use scraper::Selector;
use std::sync::LazyLock;
use url::Url;

/// Each hint costs the site a request.
const MOST_HINTS: usize = 10;

/// What feeds are sent as. Plain XML and JSON are declared for other things too.
const TYPES: &[&str] = &["application/rss+xml", "application/atom+xml", "application/rdf+xml", "application/feed+json"];

static LINKS: LazyLock<Selector> = LazyLock::new(|| Selector::parse("link[rel][href]").expect("a selector"));
static ANCHORS: LazyLock<Selector> = LazyLock::new(|| Selector::parse("a[href]").expect("a selector"));
static IMAGES: LazyLock<Selector> = LazyLock::new(|| Selector::parse("img[alt]").expect("a selector"));
static BASE: LazyLock<Selector> = LazyLock::new(|| Selector::parse("base[href]").expect("a selector"));

/// Whether a media type, with or without parameters, is a feed's.
pub fn is_feed_type(media_type: &str) -> bool {
    let plain = media_type.split(';').next().unwrap_or_default().trim();
    TYPES.iter().any(|known| known.eq_ignore_ascii_case(plain))
}

/// What links of the page are relative to.
pub fn base(page: &Html, address: &Url) -> Url {
    let href = page.select(&BASE).next().and_then(|base| base.attr("href"));
    href.and_then(|href| address.join(href).ok()).unwrap_or_else(|| address.clone())
}

/// Under which two spellings of one feed's address meet: http and https, with and without the last slash.
pub fn key(url: &Url) -> String {
    let whole = url.as_str().split('#').next().unwrap_or_default();
    let bare = whole.trim_start_matches("https:").trim_start_matches("http:");
    bare.trim_end_matches('/').to_owned()
}

/// `<link rel="alternate">` with the type of a feed.
pub fn alternates(page: &Html, base: &Url) -> Vec<Candidate> {
    let declared = page.select(&LINKS).filter(|link| is(link, "alternate") || is(link, "feed"));
    let feeds = declared.filter(|link| is_feed_type(link.attr("type").unwrap_or_default()) || is(link, "feed"));
    feeds
        .filter_map(|link| {
            let url = absolute(link.attr("href")?, base)?;
            let title = link.attr("title").map(plain::title).filter(|title| !title.is_empty());
            Some(Candidate { url, found: Found::Alternate, title })
        })
        .collect()
}

/// `<link rel="hub">`.
pub fn hubs(page: &Html, base: &Url) -> Vec<Url> {
    page.select(&LINKS).filter(|link| is(link, "hub")).filter_map(|link| absolute(link.attr("href")?, base)).collect()
}

/// `<a>` elements whose address or words are those of a feed.
pub fn hints(page: &Html, base: &Url) -> Vec<Candidate> {
    let mut hints: Vec<Candidate> = Vec::new();
    for anchor in page.select(&ANCHORS) {
        let Some(url) = anchor.attr("href").and_then(|href| absolute(href, base)) else { continue };
        let words = words(anchor);
        if !(has_address_of_feed(&url) || is_name_of_feed(&words)) || hints.iter().any(|known| known.url == url) {
            continue;
        }
        let title = (!is_name_of_feed(&words) && !words.is_empty()).then_some(words);
        hints.push(Candidate { url, found: Found::Anchor, title });
        if hints.len() == MOST_HINTS {
            break;
        }
    }
    hints
}

fn is(link: &ElementRef<'_>, relation: &str) -> bool {
    link.attr("rel").is_some_and(|rel| rel.split_whitespace().any(|rel| rel.eq_ignore_ascii_case(relation)))
}

/// Its text, else what its picture stands for.
fn words(anchor: ElementRef<'_>) -> String {
    let text = plain::fold(&anchor.text().collect::<String>());
    if !text.is_empty() {
        return text;
    }
    let alternative = anchor.select(&IMAGES).next().and_then(|image| image.attr("alt"));
    plain::fold(alternative.or_else(|| anchor.attr("title")).unwrap_or_default())
}

fn is_name_of_feed(words: &str) -> bool {
    let words = words.to_lowercase();
    matches!(
        words.as_str(),
        "rss" | "atom" | "feed" | "rss feed" | "feed rss" | "rss-feed" | "xml" | "canal rss" | "rss 2.0"
    )
}

fn has_address_of_feed(url: &Url) -> bool {
    let path = url.path().to_ascii_lowercase();
    let last = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let (stem, ending) = last.rsplit_once('.').unwrap_or((last, ""));
    match ending {
        "rss" | "atom" | "rdf" => true,
        "xml" | "json" => ["rss", "feed", "atom"].iter().any(|word| stem.contains(word)),
        "" | "php" | "aspx" => matches!(stem, "rss" | "feed" | "feeds" | "atom" | "rss2"),
        _ => false,
    }
}
