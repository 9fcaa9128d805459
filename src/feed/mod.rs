//! bytes → entries + warnings. Decode ([`charset`]), mend (`clean`), parse (feed-rs, or `json`), then name and
//! straighten the entries (`entries`). Nothing is lost without a warning, and no two polls name an entry differently.
//! A tolerant walker of our own takes the place of `clean` + feed-rs in `xml`: all around it stays.

use crate::model::Document;
use crate::model::Listing;
use crate::model::Reason;

pub mod charset;
mod clean;
pub mod date;
mod entries;
mod escape;
mod json;
pub mod plain;
mod tag;
pub mod tracking;
mod twice;
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
    let (format, title, mut raws, base, visible) = if start.starts_with(['{', '[']) {
        let (title, raws) = json::read(start)?;
        let visible = raws.len();
        ("json_feed".to_owned(), title, raws, document.url.clone(), visible)
    } else {
        let feed = xml::read(start, document.url)?;
        warnings.extend(feed.warnings);
        (feed.format.to_owned(), feed.title, feed.entries, feed.base, feed.visible)
    };
    if raws.is_empty() && visible == 0 {
        warnings.push("the feed holds no entry".into());
    }
    if visible > raws.len() {
        warnings.push(format!("the document shows {visible} entries, of which {} could be read", raws.len()));
    }
    let mended = raws.iter_mut().filter_map(|raw| twice::mend(raw).then_some(())).count();
    if mended > 0 {
        warnings.push(format!("text was encoded as UTF-8 twice in {mended} of {} entries", raws.len()));
    }
    let title = title.map(|title| twice::once(&title).unwrap_or(title));
    let entries = entries::entries(raws, &base, &mut warnings);
    let title = title.map(|title| plain::title(&title)).filter(|title| !title.is_empty());
    Ok(Listing { format, title, entries, warnings, ..Listing::default() })
}

#[cfg(test)]
mod tests;
