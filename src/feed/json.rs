//! JSON Feed 1.0 and 1.1 (<https://www.jsonfeed.org/version/1.1/>) → what it holds, item by item as they come, so that
//! neither a long document nor one that is cut off costs what stands before. Read leniently: a number where a text should
//! be is a text, and what is missing, `null` or of another kind is absent.

use super::date;
use super::entries::Collector;
use super::entries::Raw;
use crate::model::Reason;
use serde::Deserialize;
use serde::Deserializer;
use serde::de;
use serde::de::DeserializeSeed;
use serde::de::IgnoredAny;
use serde::de::MapAccess;
use serde::de::SeqAccess;
use serde::de::Visitor;
use std::fmt;
use url::Url;

/// More authors or tags than this are not kept.
const MOST: usize = 500;

/// What a JSON feed says of itself.
#[derive(Debug, Default)]
pub struct Found {
    /// Its title.
    pub title: Option<String>,
    /// The address of the page with older items, as it is written.
    pub next_url: Option<String>,
    /// What was odd.
    pub warnings: Vec<String>,
}

/// Reads `text`, which came from `address`, and hands its entries to `collector`.
///
/// # Errors
/// When it is no JSON Feed.
pub fn read(text: &str, address: &Url, collector: &mut Collector) -> Result<Found, Reason> {
    let mut feed = Feed { collector, address, version: None, title: None, next_url: None, has_items: false, others: 0 };
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let outcome = (&mut feed).deserialize(&mut deserializer);
    let versioned = feed.version.as_deref().is_some_and(|version| version.contains("jsonfeed.org/version/"));
    let mut found = Found { title: feed.title, next_url: feed.next_url, warnings: Vec::new() };
    match outcome {
        Err(error) if !feed.has_items || (feed.collector.found() == 0 && !versioned) => {
            return Err(Reason::NotAFeed { detail: format!("it begins like JSON but is none: {error}") });
        }
        // The version may stand behind the items.
        Err(error) => found.warnings.push(format!("the document breaks off or is no JSON from one place on: {error}")),
        Ok(()) if !feed.has_items || !versioned => {
            return Err(Reason::NotAFeed { detail: "JSON, but no JSON Feed".into() });
        }
        Ok(()) => {}
    }
    if feed.others > 0 {
        found.warnings.push(format!("{} items are no objects and could not be read", feed.others));
    } else if feed.collector.found() == 0 {
        found.warnings.push("the feed holds no entry".into());
    }
    Ok(found)
}

/// The document.
struct Feed<'a> {
    collector: &'a mut Collector,
    address: &'a Url,
    version: Option<String>,
    title: Option<String>,
    next_url: Option<String>,
    has_items: bool,
    others: usize,
}

impl<'de> DeserializeSeed<'de> for &mut Feed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut Feed<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<Text>()? {
            match key.0.as_deref() {
                Some("version") => self.version = map.next_value::<Text>()?.0,
                Some("title") => self.title = map.next_value::<Text>()?.0,
                Some("next_url") => self.next_url = map.next_value::<Text>()?.0,
                Some("items") => map.next_value_seed(Items(self))?,
                _ => _ = map.next_value::<IgnoredAny>()?,
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
        while sequence.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }
}

/// The value of `items`.
struct Items<'a, 'b>(&'a mut Feed<'b>);

impl<'de> DeserializeSeed<'de> for Items<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Items<'_, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of items")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
        self.0.has_items = true;
        while let Some(item) = sequence.next_element::<Item>()? {
            match item.0 {
                Some(raw) => self.0.collector.take(raw, self.0.address),
                None => self.0.others += 1,
            }
        }
        Ok(())
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        self.0.has_items = true;
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(())
    }
}

/// Implements the rest of a visitor whose value is `$absent` for whatever is of another kind.
macro_rules! anything_else {
    ($absent:expr) => {
        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("anything")
        }

        fn visit_bool<E: de::Error>(self, _: bool) -> Result<Self::Value, E> {
            Ok($absent)
        }

        fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
            Ok($absent)
        }
    };
}

/// An item, if it is an object.
struct Item(Option<Raw>);

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ItemVisitor)
    }
}

struct ItemVisitor;

impl<'de> Visitor<'de> for ItemVisitor {
    type Value = Item;

    anything_else!(Item(None));

    fn visit_str<E: de::Error>(self, _: &str) -> Result<Item, E> {
        Ok(Item(None))
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<Item, E> {
        Ok(Item(None))
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Item, E> {
        Ok(Item(None))
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Item, E> {
        Ok(Item(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Item, A::Error> {
        while sequence.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Item(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Item, A::Error> {
        let mut raw = Raw::default();
        let (mut url, mut external, mut html, mut text) = (None, None, None, None);
        let mut author = Names::default();
        let mut authors = Names::default();
        while let Some(key) = map.next_key::<Text>()? {
            let mut take = || map.next_value::<Text>().map(|text| text.0);
            match key.0.as_deref().unwrap_or_default() {
                "id" => raw.guid = take()?,
                "url" => url = take()?,
                "external_url" => external = take()?,
                "title" => raw.title = take()?.unwrap_or_default(),
                "summary" => raw.summary = take()?,
                "content_html" => html = take()?,
                "content_text" => text = take()?,
                "date_published" => raw.published = take()?.and_then(|text| date::parse(&text)),
                "date_modified" => raw.updated = take()?.and_then(|text| date::parse(&text)),
                "author" => author = map.next_value()?,
                "authors" => authors = map.next_value()?,
                "tags" => raw.tags = map.next_value::<Names>()?.0,
                _ => _ = map.next_value::<IgnoredAny>()?,
            }
        }
        raw.links.extend(url.into_iter().chain(external));
        raw.content = html.or(text);
        raw.authors = if authors.0.is_empty() { author.0 } else { authors.0 };
        Ok(Item(Some(raw)))
    }
}

/// A text, or a number as one.
struct Text(Option<String>);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text;

    anything_else!(Text(None));

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Text, E> {
        let text = text.trim();
        Ok(Text((!text.is_empty()).then(|| text.to_owned())))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Text, E> {
        Ok(Text(Some(number.to_string())))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Text, E> {
        Ok(Text(Some(number.to_string())))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Text, E> {
        Ok(Text(Some(number.to_string())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Text, A::Error> {
        while sequence.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Text(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Text, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Text(None))
    }
}

/// Texts, or objects with a `name`, one or a list of them.
#[derive(Default)]
struct Names(Vec<String>);

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NamesVisitor)
    }
}

struct NamesVisitor;

impl<'de> Visitor<'de> for NamesVisitor {
    type Value = Names;

    anything_else!(Names::default());

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Names, E> {
        Ok(Names(vec![text.to_owned()]))
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<Names, E> {
        Ok(Names::default())
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Names, E> {
        Ok(Names::default())
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Names, E> {
        Ok(Names::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Names, A::Error> {
        let mut names = Vec::new();
        while let Some(more) = sequence.next_element::<Names>()? {
            names.extend(more.0);
            names.truncate(MOST);
        }
        Ok(Names(names))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Names, A::Error> {
        let mut name = None;
        while let Some(key) = map.next_key::<Text>()? {
            match key.0.as_deref() {
                Some("name") => name = map.next_value::<Text>()?.0,
                _ => _ = map.next_value::<IgnoredAny>()?,
            }
        }
        Ok(Names(name.into_iter().collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::Found;
    use super::read;
    use crate::feed::entries::Collector;
    use crate::model::Entry;
    use crate::model::Reason;
    use url::Url;

    fn listed(text: &str) -> Result<(Found, Vec<Entry>), Reason> {
        let mut collector = Collector::beside(0);
        let found = read(text, &Url::parse("https://example.org/").expect("an address"), &mut collector)?;
        Ok((found, collector.finish(&mut Vec::new())))
    }

    #[test]
    fn a_lenient_feed_is_read() {
        let text = r#"{"items":[{"id":7,"url":"https://example.org/7","tags":null,"content_text":"x",
            "id":8,"author":{"name":"Ana"},"authors":[null,{"name":5}],"summary":{},"date_published":1764669600}, 3],
            "version":"http://jsonfeed.org/version/1"}"#;
        let (found, items) = listed(text).expect("a feed");
        assert_eq!(found.title, None);
        assert_eq!(items[0].id, "8");
        assert_eq!(items[0].content.as_deref(), Some("x"));
        assert_eq!(items[0].authors, ["5"]);
        assert_eq!(items[0].published.map(|time| time.as_second()), Some(1_764_669_600));
        assert_eq!(found.warnings, ["1 items are no objects and could not be read"]);
    }

    #[test]
    fn a_feed_that_is_cut_off_keeps_what_came() {
        let text = r#"{"version":"https://jsonfeed.org/version/1.1","items":[{"id":"1","title":"A"},{"id":"2","ti"#;
        let (found, items) = listed(text).expect("a feed");
        assert_eq!(items.len(), 1);
        assert_eq!(found.warnings.len(), 1);
    }

    #[test]
    fn other_json_is_no_feed() {
        for text in [r#"{"error":"not found"}"#, "{", r#"{"items":[{"id":1}]}"#, "[1,2]", r#"{"items":[1"#] {
            assert!(listed(text).is_err(), "{text}");
        }
    }
}
