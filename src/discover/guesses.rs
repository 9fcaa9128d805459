//! A site → where feeds and sitemaps usually stand. Each guess costs the site a request, so they are made only when the
//! operator asks for them.

use super::Candidate;
use super::Found;
use url::Url;

const USUAL: &[&str] = &[
    "/feed/",
    "/rss.xml",
    "/feed.xml",
    "/atom.xml",
    "/index.xml",
    "/rss",
    "/feed.json",
    "/feeds/posts/default",
    "/news-sitemap.xml",
    "/sitemap-news.xml",
    "/sitemap_news.xml",
    "/sitemap.xml",
];

/// The usual places on the host of `page`, the commonest first.
pub fn guesses(page: &Url) -> Vec<Candidate> {
    let place = |path: &&str| page.join(path).ok();
    USUAL.iter().filter_map(place).map(|url| Candidate { url, found: Found::Guess, title: None }).collect()
}
