//! A site's own words (page, headers, robots.txt, sitemaps) → what may be watched there, the likeliest first. Pure: who
//! asks, and how often, is the caller's business. Nothing found here is trusted before it was fetched and read.
//!
//! The order is the checklist's: `<link rel=alternate>`, the Link header, `<a>` hints, `Sitemap:` lines, and guesses only
//! when asked for. Feeds of comments are left out everywhere.

use crate::model::Document;
use scraper::Html;
use std::collections::HashSet;
use url::Url;

mod block;
mod comments;
mod guesses;
mod hubs;
mod link_header;
mod links;
mod names;
mod robots;
pub mod sitemap;

pub use block::block;
pub use block::one_line;
pub use comments::is_title_of_comments;
pub use guesses::guesses;
pub use hubs::hubs;
pub use links::key;
pub use names::name;
pub use robots::sitemaps_of_robots;

/// Something that may be a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Where.
    pub url: Url,
    /// Who named it.
    pub found: Found,
    /// What it is called there.
    pub title: Option<String>,
}

/// Who named a candidate, in the order in which they are believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Found {
    /// It is the address that was given.
    Given,
    /// `<link rel="alternate">`.
    Alternate,
    /// The Link header.
    LinkHeader,
    /// An `<a>` that leads to what looks like a feed.
    Anchor,
    /// A `Sitemap:` line of robots.txt, or a sitemap index.
    Robots,
    /// Nobody: it is where such a thing usually stands.
    Guess,
}

impl Found {
    /// For people and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Given => "the address itself",
            Self::Alternate => "<link rel=\"alternate\">",
            Self::LinkHeader => "the Link header",
            Self::Anchor => "a link on the page",
            Self::Robots => "robots.txt or a sitemap index",
            Self::Guess => "a guess",
        }
    }
}

/// What a page and its headers name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// Feeds that page or header declare, comment feeds left out.
    pub declared: Vec<Candidate>,
    /// Links that look like feeds.
    pub hinted: Vec<Candidate>,
    /// Hubs that page or header declare for themselves.
    pub hubs: Vec<Url>,
    /// How many comment feeds were left out.
    pub comment_feeds: usize,
}

/// Everything that `document` and its Link headers name.
pub fn named(document: &Document<'_>, link_headers: &[String]) -> Named {
    let (html, _) = crate::article::scan::defuse(&crate::article::decode(document));
    let page = Html::parse_document(&html);
    let base = links::base(&page, document.url);
    let header = link_header::links(link_headers, document.url);
    let mut named = Named { hubs: links::hubs(&page, &base), ..Named::default() };
    named.hubs.extend(header.iter().filter(|link| link.is("hub")).map(|link| link.url.clone()));
    let of_header = header
        .iter()
        .filter(|link| link.is("alternate") && links::is_feed_type(&link.media_type))
        .map(|link| Candidate { url: link.url.clone(), found: Found::LinkHeader, title: link.title.clone() });
    let declared: Vec<Candidate> = links::alternates(&page, &base).into_iter().chain(of_header).collect();
    let mut seen = HashSet::from([links::key(document.url)]);
    let mut keep = |candidates: Vec<Candidate>, left_out: &mut usize| -> Vec<Candidate> {
        let fresh = candidates.into_iter().filter(|candidate| seen.insert(links::key(&candidate.url)));
        let (comments, kept): (Vec<Candidate>, Vec<Candidate>) = fresh.partition(comments::is_of_comments);
        *left_out += comments.len();
        kept
    };
    named.declared = keep(declared, &mut named.comment_feeds);
    named.hinted = keep(links::hints(&page, &base), &mut named.comment_feeds);
    let mut seen = HashSet::new();
    named.hubs.retain(|hub| seen.insert(hub.clone()));
    named
}

#[cfg(test)]
mod tests {
    use super::Candidate;
    use super::Found;
    use super::named;
    use crate::model::Document;
    use proptest::prelude::*;
    use url::Url;

    const PAGE: &str = r#"<!doctype html><html><head><base href="/es/">
        <link rel="alternate stylesheet" type="text/css" href="a.css">
        <link rel="alternate" hreflang="en" href="/en/">
        <link rel="alternate" type="application/json+oembed" href="/oembed?url=x">
        <link rel="alternate" type="application/json" href="/wp-json/wp/v2/pages/1">
        <link rel="ALTERNATE" type="Application/RSS+XML; charset=utf-8" title="La Gaceta" href="feed/">
        <link rel="alternate" type="application/rss+xml" title="La Gaceta » Feed de los comentarios" href="comments/feed/">
        <link rel="alternate" type="application/rss+xml" title="La Gaceta » Comments Feed" href="https://gaceta.example.org/2025/11/nota/feed/">
        <link rel="alternate" type="application/atom+xml" href="https://gaceta.example.org/es/feed">
        <link rel="hub" href="https://hub.example.org/">
        </head><body><a href="/politica/rss.xml">Política</a><a href="/rss-explicado">¿Qué es RSS?</a>
        <a href="/canal?f=1"><img alt="RSS"></a><a href="/canal2">RSS</a><a href="mailto:a@example.org">Feed</a></body></html>"#;

    fn addresses(candidates: &[Candidate]) -> Vec<(&str, Found)> {
        candidates.iter().map(|candidate| (candidate.url.as_str(), candidate.found)).collect()
    }

    #[test]
    fn what_a_page_names_is_found_in_order_without_comment_feeds() {
        let url = Url::parse("https://gaceta.example.org/portada").expect("an address");
        let document = Document { url: &url, content_type: Some("text/html"), bytes: PAGE.as_bytes() };
        let headers = [
            "<https://hub.example.org/>; rel=hub, </deportes.json>; type=\"application/feed+json\"; rel=\"alternate foo\"; title=\"Deportes, hoy\"".to_owned(),
            "</a.css>; rel=preload; as=style".to_owned(),
        ];
        let found = named(&document, &headers);
        assert_eq!(
            addresses(&found.declared),
            [
                ("https://gaceta.example.org/es/feed/", Found::Alternate),
                ("https://gaceta.example.org/deportes.json", Found::LinkHeader),
            ]
        );
        assert_eq!(found.declared[0].title.as_deref(), Some("La Gaceta"));
        assert_eq!(found.declared[1].title.as_deref(), Some("Deportes, hoy"));
        assert_eq!(
            addresses(&found.hinted),
            [
                ("https://gaceta.example.org/politica/rss.xml", Found::Anchor),
                ("https://gaceta.example.org/canal?f=1", Found::Anchor),
                ("https://gaceta.example.org/canal2", Found::Anchor)
            ]
        );
        assert_eq!(found.hubs.iter().map(Url::as_str).collect::<Vec<_>>(), ["https://hub.example.org/"]);
        assert_eq!(found.comment_feeds, 2);
    }

    proptest! {
        #[test]
        fn no_word_of_a_site_makes_it_panic(text in "(<|>|/|link|a|rel=|href=|alternate|sitemap:|urlset|loc|hub|;|,|=|\"| |\n|https://a|\\PC){0,80}") {
            let url = Url::parse("https://gaceta.example.org/").expect("an address");
            let _answer = named(&Document { url: &url, content_type: None, bytes: text.as_bytes() }, std::slice::from_ref(&text));
            let _answer = super::sitemaps_of_robots(&text, &url);
            let _answer = super::sitemap::read(&text, &url);
            let _answer = super::hubs(&text, &url);
            let name = super::name(&url, Some(&text), &mut std::collections::HashSet::new());
            prop_assert!((1..=64).contains(&name.len()));
            let block = super::block(&name, &url, Some(&text));
            prop_assert!(block.parse::<toml::Table>().is_ok(), "{}", block);
        }
    }
}
