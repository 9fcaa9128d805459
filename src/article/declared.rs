//! A page → the other versions of itself that its head declares: AMP, print, and pages for other devices.

use super::scan;
use crate::feed::plain;
use crate::model::Basis;
use url::Url;

/// Heads are shorter.
const LOOKED_AT: usize = 256 * 1024;
/// Links; more are somebody's joke.
const MOST: usize = 200;

/// The first of each kind, absolute, none of them the page itself. `base` is the address that answered.
pub fn versions(html: &str, base: &Url) -> Vec<(Basis, Url)> {
    let (html, _) = scan::defuse(&html[..html.floor_char_boundary(LOOKED_AT)]);
    let lower = html.to_ascii_lowercase();
    let mut found: Vec<(Basis, Url)> = Vec::new();
    for (at, _) in lower.match_indices("<link").take(MOST) {
        let Some(end) = lower[at..].find('>') else { break };
        let tag = &html[at + "<link".len()..at + end];
        let Some(basis) = kind(tag) else { continue };
        let Some(url) = attribute(tag, "href").and_then(|link| base.join(link.trim()).ok()) else { continue };
        let is_page = matches!(url.scheme(), "http" | "https") && without_fragment(&url) != without_fragment(base);
        if is_page && !found.iter().any(|(known, other)| *known == basis || *other == url) {
            found.push((basis, url));
        }
    }
    found
}

fn kind(tag: &str) -> Option<Basis> {
    let rel = attribute(tag, "rel")?.to_ascii_lowercase();
    let is = |name: &str| rel.split_ascii_whitespace().any(|word| word == name);
    if is("amphtml") {
        return Some(Basis::Amp);
    }
    // A canonical address that is another one is where the site itself says that the article is.
    if is("canonical") {
        return Some(Basis::Alternate);
    }
    // Translations and feeds are alternates, too.
    if !is("alternate") || attribute(tag, "hreflang").is_some() {
        return None;
    }
    let media = attribute(tag, "media").unwrap_or_default().to_ascii_lowercase();
    let is_page =
        attribute(tag, "type").is_none_or(|media_type| media_type.to_ascii_lowercase().starts_with("text/html"));
    match media.as_str() {
        _ if !is_page => None,
        "" => None,
        _ if media.contains("print") => Some(Basis::Print),
        _ => Some(Basis::Alternate),
    }
}

/// The value of an attribute, quoted or not, references decoded.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let lower = tag.to_ascii_lowercase();
    let mut at = 0;
    while let Some(start) = lower[at..].find(name).map(|found| at + found) {
        at = start + name.len();
        let begins = start > 0 && lower.as_bytes()[start - 1].is_ascii_whitespace();
        let Some(value) = tag[at..].trim_start().strip_prefix('=').map(str::trim_start) else { continue };
        if !begins {
            continue;
        }
        let value = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => value[1..].split(quote).next(),
            _ => value.split([' ', '\t', '\n', '\r', '>']).next(),
        };
        return value.map(|value| plain::decode_entities(value).into_owned());
    }
    None
}

fn without_fragment(url: &Url) -> &str {
    url.as_str().split('#').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::versions;
    use crate::model::Basis;
    use url::Url;

    #[test]
    fn a_page_declares_versions_of_itself_and_no_feeds_or_translations() {
        let base = Url::parse("https://faro.example/a/b").expect("an address");
        let html = r#"<head><link rel="canonical" href="/a/b#top"><link href='/a/b?x=1&amp;y=2' rel='amphtml'>
            <link rel=alternate media=print href=/print/b><LINK REL="alternate" TYPE="application/rss+xml" HREF="/feed">
            <link rel="alternate" hreflang="en" href="/en/b"><link rel="alternate" href="/b.json" type="application/json" media="all">
            <link rel="alternate" media="only screen and (max-width: 640px)" href="https://m.faro.example/a/b">
            <link rel="amphtml" href="javascript:alert(1)">"#;
        let found = versions(html, &base);
        let found: Vec<(Basis, &str)> = found.iter().map(|(basis, url)| (*basis, url.as_str())).collect();
        assert_eq!(
            found,
            [
                (Basis::Amp, "https://faro.example/a/b?x=1&y=2"),
                (Basis::Print, "https://faro.example/print/b"),
                (Basis::Alternate, "https://m.faro.example/a/b"),
            ]
        );
    }
}
