//! bytes → entries + warnings. Decode ([`charset`]), cut into tags and texts (`markup`), walk over them (`walker`, or
//! `json`) with what the names mean (`vocabulary`, `draft`), then name and straighten the entries (`entries`). Nothing
//! is lost without a warning, and no two polls name an entry differently.

use crate::model::Document;
use crate::model::Listing;
use crate::model::Reason;
use entries::Collector;
use std::borrow::Cow;

pub mod charset;
pub mod date;
mod draft;
mod entries;
mod escape;
mod json;
mod markup;
pub mod plain;
pub mod sitemap;
mod tag;
pub mod tracking;
mod vocabulary;
mod walker;
mod xml;

pub use entries::absolute;

/// Reads a feed of any format.
///
/// # Errors
/// [`Reason::NotAFeed`] when the document is none, or is too broken to be read as one.
pub fn read(document: &Document<'_>) -> Result<Listing, Reason> {
    let (text, warning) = charset::decode(document.bytes, document.content_type, charset::xml_label(document.bytes));
    let mut warnings: Vec<String> = warning.into_iter().collect();
    let start =
        text.trim_start_matches(|letter: char| letter.is_whitespace() || letter.is_control() || letter == '\u{feff}');
    if start.is_empty() {
        return Err(Reason::NotAFeed { detail: "an empty answer".into() });
    }
    let decoded = if matches!(text, Cow::Owned(_)) { text.len() } else { 0 };
    let mut collector = Collector::new(decoded);
    let (format, title) = if start.starts_with(['{', '[']) {
        let feed = json::read(start, document.url, &mut collector)?;
        warnings.extend(feed.warnings);
        ("json_feed", feed.title)
    } else {
        let feed = xml::read(start, document.url, &mut collector)?;
        warnings.extend(feed.warnings);
        (feed.format, feed.title)
    };
    let entries = collector.finish(&mut warnings);
    let title = title.map(|title| plain::title(&title)).filter(|title| !title.is_empty());
    Ok(Listing { format: format.to_owned(), title, entries, warnings, ..Listing::default() })
}

#[cfg(test)]
mod tests;
