//! bytes → entries + warnings. Decode ([`charset`]), cut into tags and texts (`markup`), walk over them (`walker`, or
//! `json`) with what the names mean (`vocabulary`, `draft`), then name and straighten the entries (`entries`). Nothing
//! is lost without a warning, and no two polls name an entry differently.

use crate::model::Document;
use crate::model::Listing;
use crate::model::Older;
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
mod twice;
mod vocabulary;
mod walker;
mod wishes;
mod xml;

pub use entries::absolute;

/// The longest text that is kept beside the document's bytes, in bytes.
const LONGEST: usize = 24 << 20;

/// Reads a feed of any format.
///
/// # Errors
/// [`Reason::NotAFeed`] when the document is none, or is too broken to be read as one.
pub fn read(document: &Document<'_>) -> Result<Listing, Reason> {
    let (text, mut warnings) = decoded(document);
    let start =
        text.trim_start_matches(|letter: char| letter.is_whitespace() || letter.is_control() || letter == '\u{feff}');
    if start.is_empty() {
        return Err(Reason::NotAFeed { detail: "an empty answer".into() });
    }
    let mut collector = Collector::beside(own_length(&text));
    let (format, title, older) = if start.starts_with(['{', '[']) {
        let feed = json::read(start, document.url, &mut collector)?;
        warnings.extend(feed.warnings);
        let next = feed.next_url.and_then(|next| absolute(&next, document.url));
        ("json_feed", feed.title, Older { next, ..Older::default() })
    } else {
        let feed = xml::read(start, document.url, &mut collector)?;
        warnings.extend(feed.warnings);
        (feed.format, feed.title, feed.older)
    };
    let title = title.map(|title| twice::once(&title).unwrap_or(title));
    let entries = collector.finish(&mut warnings);
    let title = title.map(|title| plain::title(&title)).filter(|title| !title.is_empty());
    let wishes = wishes::find(&text);
    Ok(Listing { format: format.to_owned(), title, entries, warnings, wishes, older, ..Listing::default() })
}

/// The document's text, and what was odd about its encoding. In another encoding the text can be three times as long as
/// its bytes; what would not fit into memory is cut off.
fn decoded<'a>(document: &Document<'a>) -> (Cow<'a, str>, Vec<String>) {
    let label = charset::xml_label(document.bytes);
    let (mut text, warning) = charset::decode(document.bytes, document.content_type, label);
    let mut warnings: Vec<String> = warning.into_iter().collect();
    if let Cow::Owned(text) = &mut text
        && text.len() > LONGEST
    {
        warnings.push(format!("too long for memory: {} of {} bytes of text were read", LONGEST, text.len()));
        text.truncate(text.floor_char_boundary(LONGEST));
        text.shrink_to_fit();
    }
    (text, warnings)
}

/// How much memory a text takes beside the document's bytes.
#[expect(clippy::ptr_arg, reason = "whether it is borrowed is the question")]
fn own_length(text: &Cow<'_, str>) -> usize {
    if matches!(text, Cow::Owned(_)) { text.len() } else { 0 }
}

#[cfg(test)]
mod mutations;
#[cfg(test)]
mod tests;
