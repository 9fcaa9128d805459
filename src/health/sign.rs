//! An answer that is not what was asked for → what it is: a wall, or some other web page.

use crate::model::Document;
use crate::model::Reason;

/// As much of a page as is looked at.
const LOOKED_AT: usize = 64 << 10;

/// Titles that only challenges have, folded to lower case; what stands behind them does not matter.
const CHALLENGE_TITLES: &[&str] = &[
    "just a moment",
    "attention required! | cloudflare",
    "un momento",
    "um momento",
    "espere un momento",
    "are you a robot",
    "robot check",
    "human verification",
    "security check",
    "ddos-guard",
    "verifying your browser",
    "checking your browser",
    "pardon our interruption",
    "you have been blocked",
    "vercel security checkpoint",
    "bot verification",
    "captcha",
];

/// Addresses and names that stand only in the machinery of challenges. What Cloudflare also puts into ordinary pages, such
/// as `challenge-platform/scripts/jsd`, is no sign.
const MACHINERY: &[&str] = &[
    "/orchestrate/chl_page",
    "_cf_chl_opt",
    "geo.captcha-delivery.com",
    "/_incapsula_resource",
    "px-captcha",
    "ddos-guard/js-challenge",
    "verify you are human",
    "checking your browser before accessing",
];

/// By what a page is recognised as a wall: the header `cf-mitigated`, its title, or the machinery in it. `None` when it
/// is none. Call it for answers that are no feed: an article may well speak of such things.
pub fn wall(mitigated: Option<&str>, page: &[u8]) -> Option<String> {
    if let Some(value) = mitigated {
        return Some(format!("the server says `cf-mitigated: {}`", line(value)));
    }
    let text = looked_at(page).to_lowercase();
    if !is_html(&text) {
        return None;
    }
    let title = title(&text);
    if CHALLENGE_TITLES.iter().any(|known| title.starts_with(known)) {
        return Some(format!("the page's title is \u{201c}{title}\u{201d}"));
    }
    MACHINERY.iter().find(|known| text.contains(*known)).map(|known| format!("the page holds `{known}`"))
}

/// A better name for a document that could not be read, when it shows what it is.
pub fn name(document: &Document<'_>, reason: Reason) -> Reason {
    let (Reason::NotAFeed { .. } | Reason::SelectorEmpty { .. }) = &reason else { return reason };
    if let Some(detail) = wall(None, document.bytes) {
        return Reason::Wall { detail };
    }
    let text = looked_at(document.bytes);
    if matches!(reason, Reason::NotAFeed { .. }) && is_html(&text.to_lowercase()) {
        return Reason::HtmlPage { title: title(&text) };
    }
    reason
}

fn looked_at(page: &[u8]) -> String {
    String::from_utf8_lossy(&page[..page.len().min(LOOKED_AT)]).into_owned()
}

fn is_html(lower: &str) -> bool {
    let start = lower.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    let head: String = start.chars().take(1024).collect();
    head.starts_with("<!doctype html") || head.contains("<html") || head.starts_with("<head")
}

/// What stands between `<title>` and its end, on one line.
fn title(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let Some(start) = lower.find("<title").and_then(|at| Some(at + lower[at..].find('>')? + 1)) else {
        return String::new();
    };
    let end = lower[start..].find('<').map_or(lower.len(), |length| start + length);
    line(&text[start..end])
}

/// One short line.
fn line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").chars().filter(|c| !c.is_control()).take(120).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use url::Url;

    fn named(bytes: &[u8]) -> Reason {
        let url = Url::parse("https://paper.example/feed").expect("a URL");
        let reason = Reason::NotAFeed { detail: "no feed".into() };
        name(&Document { url: &url, content_type: None, bytes }, reason)
    }

    #[test]
    fn a_challenge_is_a_wall_and_another_page_is_a_page() {
        for (page, code) in [
            ("<!DOCTYPE html><html><head><title>Just a moment...</title></head><body></body></html>", "wall"),
            ("<html><title>paper.example</title><script>window._cf_chl_opt = {}</script>", "wall"),
            ("<html><title>News</title><script src=\"/cdn-cgi/challenge-platform/scripts/jsd/main.js\">", "html_page"),
            ("\u{feff}  <!doctype html><title>The Invented Paper</title><p>News", "html_page"),
            ("<html lang=es><head><meta charset=utf-8></head><body>Bienvenidos", "html_page"),
            ("<?xml version=\"1.0\"?><rss><channel><title>Just a moment", "not_a_feed"),
            ("", "not_a_feed"),
            ("%PDF-1.4", "not_a_feed"),
        ] {
            assert_eq!(named(page.as_bytes()).code(), code, "{page}");
        }
    }

    #[test]
    fn the_servers_own_word_is_enough() {
        assert!(wall(Some("challenge"), b"").is_some());
        assert_eq!(wall(None, b"<html><title>403 Forbidden</title>"), None);
    }
}
