//! JSON Feed 1.0 and 1.1 (<https://www.jsonfeed.org/version/1.1/>) → listing. Read leniently: a number where a text
//! should be is a text, and what is missing or `null` is absent.

use super::date;
use super::entries::Raw;
use crate::model::Reason;
use serde_json::Value;

/// A JSON feed's title and what it holds.
pub fn read(text: &str) -> Result<(Option<String>, Vec<Raw>), Reason> {
    let document: Value = serde_json::from_str(text)
        .map_err(|error| Reason::NotAFeed { detail: format!("it begins like JSON but is none: {error}") })?;
    let version = document.get("version").and_then(Value::as_str).unwrap_or_default();
    let items = document.get("items").and_then(Value::as_array);
    let Some(items) = items.filter(|_| version.contains("jsonfeed.org/version/")) else {
        return Err(Reason::NotAFeed { detail: "JSON, but no JSON Feed".into() });
    };
    let title = text_of(&document, "title");
    Ok((title, items.iter().filter(|item| item.is_object()).map(raw).collect()))
}

fn raw(item: &Value) -> Raw {
    let time = |name| text_of(item, name).and_then(|text| date::parse(&text));
    let mut authors: Vec<String> = list(item, "authors").iter().filter_map(|author| text_of(author, "name")).collect();
    if authors.is_empty() {
        authors.extend(item.get("author").and_then(|author| text_of(author, "name")));
    }
    Raw {
        guid: text_of(item, "id"),
        links: text_of(item, "url").or_else(|| text_of(item, "external_url")).into_iter().collect(),
        title: text_of(item, "title").unwrap_or_default(),
        summary: text_of(item, "summary"),
        content: text_of(item, "content_html").or_else(|| text_of(item, "content_text")),
        published: time("date_published"),
        updated: time("date_modified"),
        authors,
        tags: list(item, "tags").iter().filter_map(|tag| tag.as_str().map(str::to_owned)).collect(),
    }
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text_of(value: &Value, name: &str) -> Option<String> {
    match value.get(name)? {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn a_lenient_feed_is_read() {
        let text = r#"{"version":"http://jsonfeed.org/version/1","items":[{"id":7,"url":"https://example.org/7","tags":null,"content_text":"x"}]}"#;
        let (title, items) = read(text).expect("a feed");
        assert_eq!(title, None);
        assert_eq!(items[0].guid.as_deref(), Some("7"));
        assert_eq!(items[0].content.as_deref(), Some("x"));
    }

    #[test]
    fn other_json_is_no_feed() {
        assert!(read(r#"{"error":"not found"}"#).is_err());
        assert!(read("{").is_err());
    }
}
