//! (headers, body) → the hub that a feed names. Link headers go before what the body says (§4).

use serde_json::Value;
use url::Url;

/// A hub, and what the feed calls itself there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hub {
    /// Where to subscribe.
    pub hub: String,
    /// `rel=self`: the topic.
    pub topic: String,
}

/// Only the head of a feed names its hub; this much of it is looked at.
const HEAD: usize = 64 * 1024;

/// The hub of an answer. `links` are the values of its Link headers; `address` is the one that answered, against which
/// relative addresses are read. Both a hub and a name of its own must be there, as the standard asks (§4).
pub fn find(links: &[String], body: &[u8], address: &Url) -> Option<Hub> {
    let mut found = Found { address, hub: None, topic: None };
    for header in links {
        for link in split(header) {
            found.link_header(link);
        }
    }
    let head = String::from_utf8_lossy(&body[..body.len().min(HEAD)]);
    if head.trim_start_matches('\u{feff}').trim_start().starts_with('{') {
        found.json(body);
    } else {
        found.markup(&head);
    }
    Some(Hub { hub: found.hub?, topic: found.topic? })
}

struct Found<'a> {
    address: &'a Url,
    hub: Option<String>,
    topic: Option<String>,
}

impl Found<'_> {
    /// The first of each kind counts.
    fn note(&mut self, relation: &str, target: &str) {
        let Ok(target) = self.address.join(target.trim()) else { return };
        if !matches!(target.scheme(), "http" | "https") {
            return;
        }
        for relation in relation.split_ascii_whitespace() {
            let place = match relation.to_ascii_lowercase().as_str() {
                "hub" => &mut self.hub,
                "self" => &mut self.topic,
                _ => continue,
            };
            place.get_or_insert_with(|| target.to_string());
        }
    }

    /// `<https://hub.example/>; rel="hub"` (RFC 8288).
    fn link_header(&mut self, link: &str) {
        let Some((target, parameters)) = link.trim().strip_prefix('<').and_then(|link| link.split_once('>')) else {
            return;
        };
        let relation = parameters.split(';').find_map(|parameter| {
            let (name, value) = parameter.split_once('=')?;
            name.trim().eq_ignore_ascii_case("rel").then(|| value.trim().trim_matches('"').to_owned())
        });
        if let Some(relation) = relation {
            self.note(&relation, target);
        }
    }

    /// `<link rel="hub" href="…"/>` and `<atom:link …>`, before the first entry.
    fn markup(&mut self, head: &str) {
        let end = ["<item", "<entry"].iter().filter_map(|entry| head.find(entry)).min().unwrap_or(head.len());
        for tag in head[..end].split('<').skip(1) {
            let Some((tag, _)) = tag.split_once('>') else { continue };
            let name =
                tag.split(|character: char| character.is_ascii_whitespace() || character == '/').next().unwrap_or("");
            if name.rsplit(':').next() != Some("link") {
                continue;
            }
            if let (Some(relation), Some(target)) = (attribute(tag, "rel"), attribute(tag, "href")) {
                self.note(relation, &target.replace("&amp;", "&"));
            }
        }
    }

    /// JSON Feed 1.1: `hubs` and `feed_url`.
    fn json(&mut self, body: &[u8]) {
        let Ok(feed) = serde_json::from_slice::<Value>(body) else { return };
        let hubs = feed["hubs"].as_array().map(Vec::as_slice).unwrap_or_default();
        let websub =
            hubs.iter().find(|hub| hub["type"].as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("websub")));
        if let Some(hub) = websub.and_then(|hub| hub["url"].as_str()) {
            self.note("hub", hub);
        }
        if let Some(own) = feed["feed_url"].as_str() {
            self.note("self", own);
        }
    }
}

/// The links of one header: commas inside angle brackets or quotes separate nothing.
fn split(header: &str) -> Vec<&str> {
    let (mut links, mut start, mut inside, mut quoted) = (Vec::new(), 0, false, false);
    for (at, character) in header.char_indices() {
        match character {
            '<' if !quoted => inside = true,
            '>' if !quoted => inside = false,
            '"' => quoted = !quoted,
            ',' if !inside && !quoted => {
                links.push(&header[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    links.push(&header[start..]);
    links
}

/// The value of an attribute in the inside of a tag.
fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = tag;
    while let Some(at) = rest.find(name) {
        let before = rest[..at].chars().next_back();
        let behind = rest[at + name.len()..].trim_start();
        if before.is_some_and(|character| character.is_ascii_whitespace())
            && let Some(value) = behind.strip_prefix('=').map(str::trim_start)
        {
            let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
            return value[1..].split(quote).next();
        }
        rest = &rest[at + name.len()..];
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(links: &[&str], body: &str) -> Option<(String, String)> {
        let links: Vec<String> = links.iter().map(|link| (*link).to_owned()).collect();
        let address = Url::parse("https://paper.example/feed.xml").expect("an address");
        find(&links, body.as_bytes(), &address).map(|hub| (hub.hub, hub.topic))
    }

    #[test]
    fn a_hub_is_found_wherever_the_standard_lets_it_stand() {
        let expected = Some(("https://hub.example/".to_owned(), "https://paper.example/feed.xml".to_owned()));
        for (links, body) in [
            (&["<https://hub.example/>; rel=\"hub\", <https://paper.example/feed.xml>; rel=self"][..], ""),
            (&["<https://hub.example/>; rel=hub", "</feed.xml>; title=\"a, b\"; rel=\"self\""], "<rss></rss>"),
            (
                &[],
                "<feed><link rel='self' href='/feed.xml'/><link href=\"https://hub.example/\" rel=\"hub\"/><entry/></feed>",
            ),
            (
                &[],
                "<rss><channel><atom:link rel=\"hub\" href=\"https://hub.example/\"/><atom:link href=\"feed.xml\" rel=\"self\" type=\"x\" /></channel></rss>",
            ),
            (
                &[],
                "{\"hubs\":[{\"type\":\"rssCloud\",\"url\":\"x\"},{\"type\":\"WebSub\",\"url\":\"https://hub.example/\"}],\"feed_url\":\"https://paper.example/feed.xml\"}",
            ),
        ] {
            assert_eq!(found(links, body), expected, "{links:?} {body}");
        }
    }

    #[test]
    fn without_a_hub_or_a_name_there_is_none() {
        for body in [
            "<feed><link rel=\"self\" href=\"/feed.xml\"/></feed>",
            "<feed><link rel=\"hub\" href=\"https://hub.example/\"/></feed>",
            "<feed><link rel=\"hub\" href=\"ftp://hub.example/\"/><link rel=\"self\" href=\"/\"/></feed>",
            "<feed><link rel=\"self\" href=\"/\"/><entry><link rel=\"hub\" href=\"https://hub.example/\"/></entry></feed>",
            "{ \"hubs\": 7 }",
            "<link rel=\"hub",
        ] {
            assert_eq!(found(&[], body), None, "{body}");
        }
    }

    #[test]
    fn what_the_headers_say_goes_before_the_body() {
        let body =
            "<feed><link rel=\"hub\" href=\"https://other.example/\"/><link rel=\"self\" href=\"/feed.xml\"/></feed>";
        let (hub, _) = found(&["<https://hub.example/>; rel=hub"], body).expect("both are there");
        assert_eq!(hub, "https://hub.example/");
    }
}
