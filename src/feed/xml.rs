//! Text of an XML feed → what it holds, through [`clean`] and feed-rs. The only file that knows feed-rs: a fresh
//! parser for each document, because one that failed inside an entry panics on the next, and under `catch_unwind`,
//! because some inputs make it panic. Our own tolerant walker is to replace what this file does.

use super::clean;
use super::clean::Cleaned;
use super::clean::Dialect;
use super::date;
use super::entries::Raw;
use super::entries::absolute;
use super::plain;
use crate::model::Reason;
use feed_rs::model::Feed;
use feed_rs::model::Link;
use jiff::Timestamp;
use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::time::SystemTime;
use url::Url;

/// What an XML feed holds.
pub struct Found {
    /// Such as `rss2`.
    pub format: &'static str,
    /// With markup and entities.
    pub title: Option<String>,
    /// In document order.
    pub entries: Vec<Raw>,
    /// What links are relative to.
    pub base: Url,
    /// How many entries the text visibly holds.
    pub visible: usize,
    /// What was odd.
    pub warnings: Vec<String>,
}

/// Reads `text`, which came from `address`.
pub fn read(text: &str, address: &Url) -> Result<Found, Reason> {
    let cleaned = clean::clean(text).map_err(|root| not_a_feed(text, root))?;
    // feed-rs knows `xml:base`; where there is none, RSS links are relative to the channel's own link.
    let base = match cleaned.dialect {
        Dialect::Atom => None,
        _ => cleaned.channel_link.as_deref().and_then(|link| absolute(link, address)),
    };
    let base = base.unwrap_or_else(|| address.clone());
    let feed = parse(&cleaned, &base)?;
    let notes = (cleaned.notes.len() == feed.entries.len()).then_some(cleaned.notes.as_slice());
    let title = feed.title.map(|title| title.content);
    let entries: Vec<Raw> = feed
        .entries
        .into_iter()
        .enumerate()
        .map(|(index, entry)| raw(entry, notes.map(|notes| &notes[index])))
        .collect();
    Ok(Found {
        format: cleaned.dialect.as_str(),
        title,
        entries,
        base,
        visible: cleaned.notes.len(),
        warnings: cleaned.warnings,
    })
}

fn parse(cleaned: &Cleaned, base: &Url) -> Result<Feed, Reason> {
    let attempt = catch_unwind(AssertUnwindSafe(|| {
        feed_rs::parser::Builder::new()
            .base_uri(Some(base.as_str()))
            .sanitize_content(false)
            // Its own rule hashes the title and, as a last resort, rolls dice: an alert per poll.
            .id_generator(|_, _, _| String::new())
            .timestamp_parser(|text| date::parse(text).map(|time| SystemTime::from(time).into()))
            .build()
            .parse(cleaned.xml.as_bytes())
    }));
    match attempt {
        Ok(Ok(feed)) => Ok(feed),
        Ok(Err(error)) => Err(Reason::NotAFeed { detail: error.to_string() }),
        Err(_) => Err(Reason::NotAFeed { detail: "the feed parser broke down over it".into() }),
    }
}

fn raw(entry: feed_rs::model::Entry, note: Option<&clean::Note>) -> Raw {
    let note = note.cloned().unwrap_or_default();
    let guid = Some(entry.id).filter(|id| !id.trim().is_empty()).or(note.about);
    let media = entry.media.iter().find_map(|media| media.description.as_ref().map(|text| text.content.clone()));
    let mut links = best_first(&entry.links);
    links.extend(note.atom_link);
    if let Some(original) = note.original_link.filter(|link| link.starts_with("http")) {
        links.insert(0, original);
    }
    Raw {
        guid,
        links,
        title: entry.title.map(|title| title.content).unwrap_or_default(),
        summary: entry.summary.map(|text| text.content).or(media),
        content: entry.content.and_then(|content| content.body),
        published: entry.published.and_then(|time| Timestamp::try_from(SystemTime::from(time)).ok()),
        updated: entry.updated.and_then(|time| Timestamp::try_from(SystemTime::from(time)).ok()),
        authors: entry.authors.into_iter().filter_map(author).collect(),
        tags: entry.categories.into_iter().map(|category| category.label.unwrap_or(category.term)).collect(),
    }
}

/// feed-rs names an RSS author `author` and keeps what the feed says as the mail address.
fn author(person: feed_rs::model::Person) -> Option<String> {
    if person.name != "author" && person.name != "unknown" {
        return Some(person.name);
    }
    let text = person.email?;
    // RSS 2.0 writes `mail@example.org (Name)`.
    match text.split_once('(') {
        Some((_, name)) => Some(name.trim_end().trim_end_matches(')').to_owned()),
        None => Some(text),
    }
}

/// The page first: an alternate in HTML, any alternate, then what is neither the feed itself nor a file.
fn best_first(links: &[Link]) -> Vec<String> {
    let rank = |link: &Link| {
        let html = link.media_type.as_deref().is_none_or(|media| media.contains("html"));
        match link.rel.as_deref() {
            None | Some("alternate") if html => Some(0),
            None | Some("alternate") => Some(1),
            Some("related" | "via" | "canonical") => Some(2),
            _ => None,
        }
    };
    let mut ranked: Vec<(u8, &Link)> = links.iter().filter_map(|link| Some((rank(link)?, link))).collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.into_iter().map(|(_, link)| link.href.clone()).collect()
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
