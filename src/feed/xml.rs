//! Text of an XML feed → what it holds. Our own walker ([`walker`]) is the reader: on the captured feeds and on the
//! probes it reads more than feed-rs alone, and faster (`bench/feeds` prints both).
//! feed-rs is the second opinion where the walker finds no entry in a document of ordinary length, and checks the walker
//! in the tests. A fresh parser for each document, because one that failed inside an entry panics on the next, and under
//! `catch_unwind`, because some inputs make it panic.

use super::date;
use super::draft::Link;
use super::entries::Collector;
use super::entries::Raw;
use super::plain;
use super::walker;
use crate::model::Older;
use crate::model::Reason;
use jiff::Timestamp;
use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::time::SystemTime;
use url::Url;

/// A longer document gets no second opinion: feed-rs keeps several copies of it in memory.
const SECOND_OPINION: usize = 1 << 20;

/// What an XML feed says of itself.
pub struct Found {
    /// Such as `rss2`.
    pub format: &'static str,
    /// With markup and entities.
    pub title: Option<String>,
    /// Where older entries stand.
    pub older: Older,
    /// What was odd.
    pub warnings: Vec<String>,
}

/// Reads `text`, which came from `address`, and hands its entries to `collector`.
pub fn read(text: &str, address: &Url, collector: &mut Collector) -> Result<Found, Reason> {
    let walked = walker::walk(text, address, collector).map_err(|root| not_a_feed(text, root))?;
    let mut warnings = walked.warnings;
    if collector.found() == 0 {
        if text.len() <= SECOND_OPINION {
            for raw in feed_rs(text, address).map(|(_, raws)| raws).unwrap_or_default() {
                collector.take(raw, address);
            }
        }
        let seen = text.matches("<item").count() - text.matches("<items").count() + text.matches("<entry").count();
        match (collector.found(), seen) {
            (0, 0) => warnings.push("the feed holds no entry".into()),
            (0, seen) => {
                warnings.push(format!("the feed holds no entry, though `<item` or `<entry` stands in it {seen} times"))
            }
            (found, _) => warnings.push(format!("{found} entries were found by the second reader only")),
        }
    }
    Ok(Found { format: walked.dialect.as_str(), title: walked.title, older: walked.older, warnings })
}

/// The feed's title and entries as feed-rs reads them, or `None` when it refuses the document or panics over it.
pub fn feed_rs(text: &str, address: &Url) -> Option<(Option<String>, Vec<Raw>)> {
    let attempt = catch_unwind(AssertUnwindSafe(|| {
        feed_rs::parser::Builder::new()
            .base_uri(Some(address.as_str()))
            .sanitize_content(false)
            // Its own rule hashes the title and, as a last resort, rolls dice: an alert per poll.
            .id_generator(|_, _, _| String::new())
            .timestamp_parser(|text| date::parse(text).map(|time| SystemTime::from(time).into()))
            .build()
            .parse(text.as_bytes())
    }));
    let feed = attempt.ok()?.ok()?;
    Some((feed.title.map(|title| title.content), feed.entries.into_iter().map(raw).collect()))
}

fn raw(entry: feed_rs::model::Entry) -> Raw {
    let mut links: Vec<_> = entry
        .links
        .iter()
        .map(|link| Link::new(&link.href, link.rel.as_deref(), link.media_type.as_deref().unwrap_or_default()))
        .filter(|link| link.rank < u8::MAX)
        .collect();
    links.sort_by_key(|link| link.rank);
    Raw {
        guid: Some(entry.id).filter(|id| !id.trim().is_empty()),
        links: links.into_iter().map(|link| link.address).collect(),
        title: entry.title.map(|title| title.content).unwrap_or_default(),
        summary: entry.summary.map(|text| text.content),
        content: entry.content.and_then(|content| content.body),
        published: entry.published.and_then(|time| Timestamp::try_from(SystemTime::from(time)).ok()),
        updated: entry.updated.and_then(|time| Timestamp::try_from(SystemTime::from(time)).ok()),
        authors: entry.authors.into_iter().map(|person| person.name).collect(),
        tags: entry.categories.into_iter().map(|category| category.label.unwrap_or(category.term)).collect(),
    }
}

/// Says what it is instead, as far as one look tells.
fn not_a_feed(text: &str, root: Option<String>) -> Reason {
    let head = &text[..text.floor_char_boundary(64 * 1024)];
    let detail = match root.as_deref() {
        Some("html" | "head" | "body" | "script" | "meta" | "div" | "title") => match page_title(head) {
            Some(title) => format!("an HTML page, titled “{title}”"),
            None => "an HTML page without a title".into(),
        },
        Some("opml") => "an OPML list of feeds".into(),
        Some("urlset" | "sitemapindex") => "a sitemap".into(),
        Some(name) => format!("a document whose first element is <{name}>"),
        None => "a text without any element of a feed".into(),
    };
    Reason::NotAFeed { detail }
}

fn page_title(head: &str) -> Option<String> {
    let lower = head.to_ascii_lowercase();
    let start = lower.find("<title")?;
    let open = start + lower[start..].find('>')? + 1;
    let close = open + lower[open..].find("</title")?;
    let title = plain::title(&head[open..close]);
    (!title.is_empty()).then(|| title.chars().take(100).collect())
}
