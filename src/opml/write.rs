//! Feeds → OPML 2.0.

use super::NAMESPACE;
use super::Outline;
use std::fmt::Write;

/// The list as a text that other readers import.
pub fn write(feeds: &[Outline]) -> String {
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<opml version=\"2.0\" xmlns:atalaya=\"{NAMESPACE}\">\n  <head>\n    \
         <title>Watched by Atalaya</title>\n  </head>\n  <body>\n"
    );
    for feed in feeds {
        let name = feed.name.as_deref().unwrap_or_default();
        // `text` is required, so a feed without a title shows its name there and has no `title`.
        let text = feed.label.as_deref().unwrap_or(if name.is_empty() { feed.url.as_str() } else { name });
        out.push_str("    <outline type=\"rss\"");
        for (attribute, value) in [
            ("text", Some(text)),
            ("title", feed.label.as_deref()),
            ("xmlUrl", Some(feed.url.as_str())),
            ("atalaya:name", feed.name.as_deref()),
        ] {
            if let Some(value) = value {
                write!(out, " {attribute}=\"{}\"", escaped(value)).expect("a String takes everything");
            }
        }
        out.push_str("/>\n");
    }
    out.push_str("  </body>\n</opml>\n");
    out
}

fn escaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for letter in value.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => write!(out, "&#{};", u32::from(letter)).expect("a String takes everything"),
            // XML 1.0 cannot hold these at all.
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {}
            _ => out.push(letter),
        }
    }
    out
}
