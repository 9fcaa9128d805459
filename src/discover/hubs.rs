//! A feed's bytes → the WebSub hubs that it names for itself (WebSub §4): `<atom:link rel="hub">`, or `hubs` of a JSON Feed.

use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::events::Event;
use url::Url;

/// Behind this many events a channel's head has ended.
const MOST_EVENTS: usize = 2_000;

/// The hubs of a feed's text; relative ones against `base`. What cannot be read has none.
pub fn hubs(text: &str, base: &Url) -> Vec<Url> {
    let found = if text.trim_start().starts_with('{') { of_json(text) } else { of_xml(text) };
    let mut hubs: Vec<Url> = Vec::new();
    for hub in found.iter().filter_map(|hub| base.join(hub.trim()).ok()) {
        if matches!(hub.scheme(), "http" | "https") && !hubs.contains(&hub) {
            hubs.push(hub);
        }
    }
    hubs
}

fn of_json(text: &str) -> Vec<String> {
    let document: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
    let hubs = document.get("hubs").and_then(serde_json::Value::as_array).cloned().unwrap_or_default();
    hubs.iter().filter_map(|hub| hub.get("url")?.as_str().map(str::to_owned)).collect()
}

fn of_xml(text: &str) -> Vec<String> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_end_names = false;
    reader.config_mut().allow_unmatched_ends = true;
    reader.config_mut().allow_dangling_amp = true;
    let mut hubs = Vec::new();
    for _ in 0..MOST_EVENTS {
        let (Ok(Event::Start(tag)) | Ok(Event::Empty(tag))) = (match reader.read_event() {
            Ok(Event::Eof) | Err(_) => break,
            other => other,
        }) else {
            continue;
        };
        match tag.local_name().as_ref() {
            // What an entry links is not the feed's.
            b"item" | b"entry" => break,
            b"link" => {}
            _ => continue,
        }
        let attribute = |name: &str| {
            let attribute = tag.attributes().flatten().find(|attribute| attribute.key.as_ref() == name.as_bytes())?;
            attribute.normalized_value(XmlVersion::Implicit1_0).ok().map(|value| value.into_owned())
        };
        let is_hub = attribute("rel").is_some_and(|rel| rel.split_whitespace().any(|rel| rel == "hub"));
        hubs.extend(attribute("href").filter(|_| is_hub));
    }
    hubs
}

#[cfg(test)]
mod tests {
    use super::hubs;
    use url::Url;

    #[test]
    fn the_hubs_of_a_feed_are_its_own_and_not_an_entrys() {
        let base = Url::parse("https://example.org/feed").expect("an address");
        for text in [
            r#"<rss><channel><title>x & y</title><atom:link rel="self" href="/feed"/><atom:link href="https://hub.example.org/?a=1&amp;b=2" rel="hub"/><item><link rel="hub" href="https://other.example/"/></item></channel></rss>"#,
            r#"{"version":"https://jsonfeed.org/version/1.1","hubs":[{"type":"WebSub","url":"https://hub.example.org/?a=1&b=2"}]}"#,
        ] {
            let found = hubs(text, &base);
            assert_eq!(found.iter().map(Url::as_str).collect::<Vec<_>>(), ["https://hub.example.org/?a=1&b=2"]);
        }
        assert!(hubs("<html>", &base).is_empty());
    }
}
