//! `json = "https://…"`: a document that some programming interface answers with, read by JSON pointers (RFC 6901).

use super::Built;
use super::Document;
use super::Kind;
use super::Listing;
use super::Watch;
use super::feed::address;
use crate::feed::absolute;
use crate::feed::charset;
use crate::feed::date;
use crate::feed::plain;
use crate::feed::tracking;
use crate::model::Entry;
use crate::model::Reason;
use crate::model::setting::Complaint;
use crate::model::setting::Key;
use crate::model::setting::Settings;
use crate::model::setting::Takes;
use crate::story::hexadecimal;
use jiff::Timestamp;
use serde_json::Value;
use std::collections::HashSet;
use std::sync::Arc;
use url::Url;

/// The kind.
pub static KIND: Kind = Kind {
    name: "json",
    doc: "A JSON document that lists articles, read by JSON pointers such as `/data/0/url` (RFC 6901). `items` points at \
          the list; the other pointers start at one item of it. An item's identity is its id, else its link, else its \
          text. An item without a link is judged on its own text.",
    keys: &[
        Key { name: "json", takes: Takes::Text, required: true, doc: "The address of the document, http or https." },
        Key {
            name: "items",
            takes: Takes::Text,
            required: false,
            doc: "Pointer to the list of items; by default the document itself is the list.",
        },
        Key { name: "link", takes: Takes::Text, required: false, doc: "Pointer to an item's link." },
        Key { name: "title", takes: Takes::Text, required: false, doc: "Pointer to its headline." },
        Key { name: "id", takes: Takes::Text, required: false, doc: "Pointer to what names it: a text or a number." },
        Key {
            name: "date",
            takes: Takes::Text,
            required: false,
            doc: "Pointer to its date: a text, or seconds or milliseconds since 1970.",
        },
        Key { name: "text", takes: Takes::Text, required: false, doc: "Pointer to its text, plain or HTML." },
    ],
    examples: &[
        "[source.gazette-api]\njson = \"https://gazette.example.org/api/articles\"\nitems = \"/data/articles\"\n\
         link = \"/url\"\ntitle = \"/headline\"\ndate = \"/published_at\"",
        "[source.notices]\njson = \"https://registry.example.org/notices.json\"\nid = \"/number\"\ntitle = \"/subject\"\n\
         text = \"/body\"",
    ],
    build,
};

fn build(settings: &Settings) -> Built {
    let mut complaints = Vec::new();
    let address = address("json", settings).map_err(|complaint| complaints.push(complaint)).ok();
    let mut pointer = |key| Pointer::read(key, settings, &mut complaints);
    let items = pointer("items");
    let (link, title, id) = (pointer("link"), pointer("title"), pointer("id"));
    let (date, text) = (pointer("date"), pointer("text"));
    if link.is_none() && text.is_none() && complaints.is_empty() {
        let message = "nothing says where the items have their articles";
        complaints.push(Complaint::new("json", message, "add `link`, or `text` for items without a page"));
    }
    match address {
        Some(address) if complaints.is_empty() => Ok(Arc::new(Pointed { address, items, link, title, id, date, text })),
        _ => Err(complaints),
    }
}

/// A JSON pointer that knows its key.
struct Pointer {
    key: &'static str,
    text: String,
}

impl Pointer {
    fn read(key: &'static str, settings: &Settings, complaints: &mut Vec<Complaint>) -> Option<Self> {
        let text = settings.text(key)?;
        if let Some((message, help)) = fault(text) {
            complaints.push(Complaint::new(key, message, help));
            return None;
        }
        Some(Self { key, text: text.to_owned() })
    }

    fn written(&self) -> String {
        format!("{} = {}", self.key, toml::Value::from(self.text.as_str()))
    }

    fn chose_nothing(&self) -> Reason {
        Reason::SelectorEmpty { selector: self.written() }
    }

    /// A text or a number, as text, without blanks around it; `None` for what is absent, empty or neither.
    fn of(&self, item: &Value) -> Option<String> {
        match item.pointer(&self.text)? {
            Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }
}

/// What is wrong with a pointer, and what to write instead (RFC 6901 §3).
fn fault(pointer: &str) -> Option<(String, String)> {
    if !pointer.is_empty() && !pointer.starts_with('/') {
        let meant = pointer.trim_start_matches("$.").replace(['.', '['], "/").replace(']', "");
        return Some((
            format!("`{pointer}` is no JSON pointer: it does not begin with `/`"),
            format!("write `/{meant}`"),
        ));
    }
    let lonely = pointer.match_indices('~').any(|(at, _)| !pointer[at + 1..].starts_with(['0', '1']));
    lonely.then(|| {
        let message = format!("in the JSON pointer `{pointer}` a `~` stands alone");
        (message, "write `~0` for a `~` in a name, and `~1` for a `/`".to_owned())
    })
}

struct Pointed {
    address: Url,
    items: Option<Pointer>,
    link: Option<Pointer>,
    title: Option<Pointer>,
    id: Option<Pointer>,
    date: Option<Pointer>,
    text: Option<Pointer>,
}

impl Watch for Pointed {
    fn address(&self) -> &Url {
        &self.address
    }

    fn accept(&self) -> &'static str {
        "application/json, application/*+json;q=0.9, */*;q=0.5"
    }

    fn listing(&self, document: &Document<'_>) -> Result<Listing, Reason> {
        let (text, warning) = charset::decode(document.bytes, document.content_type, None);
        let answer: Value =
            serde_json::from_str(&text).map_err(|error| Reason::NotAFeed { detail: format!("no JSON: {error}") })?;
        let items = self.list(&answer)?;
        let mut warnings: Vec<String> = warning.into_iter().collect();
        if items.is_empty() {
            warnings.push("the list is empty".into());
        }
        for pointer in [&self.link, &self.title, &self.id, &self.date, &self.text].into_iter().flatten() {
            match items.iter().filter(|item| pointer.of(item).is_none()).count() {
                0 => {}
                missing if missing == items.len() => {
                    warnings.push(format!("the pointer `{}` chooses nothing in {missing} items", pointer.written()));
                }
                missing => warnings.push(format!("no {} in {missing} of {} items", pointer.key, items.len())),
            }
        }
        let mut seen = HashSet::new();
        let mut entries: Vec<Entry> = items.iter().filter_map(|item| self.entry(item, document.url)).collect();
        let unnamed = items.len() - entries.len();
        if entries.is_empty() && !items.is_empty() {
            let blamed = self.link.as_ref().or(self.text.as_ref());
            return Err(blamed.map_or(Reason::NoEntries, Pointer::chose_nothing));
        }
        if unnamed > 0 {
            warnings.push(format!("{unnamed} of {} items have neither link nor text", items.len()));
        }
        if let Some(date) = &self.date {
            let unread = |item: &&Value| date.of(item).is_some_and(|text| time(&text).is_none());
            if let Some(text) = items.iter().find(unread).and_then(|item| date.of(item)) {
                let text: String = text.chars().take(40).collect();
                warnings.push(format!("`{}` points at what is no date, such as “{text}”", date.written()));
            }
        }
        entries.retain(|entry| seen.insert(entry.id.clone()));
        Ok(Listing { format: "json".into(), title: None, entries, warnings })
    }
}

impl Pointed {
    fn list<'a>(&self, answer: &'a Value) -> Result<&'a [Value], Reason> {
        let (found, written) = match &self.items {
            Some(pointer) => (answer.pointer(&pointer.text).ok_or_else(|| pointer.chose_nothing())?, pointer.written()),
            None => (answer, "the document (`items` is not set)".to_owned()),
        };
        found.as_array().map(Vec::as_slice).ok_or_else(|| {
            let kind = match found {
                Value::Object(_) => "an object",
                Value::Null => "null",
                _ => "a single value",
            };
            Reason::NotAFeed { detail: format!("{written} is {kind}, no list of items") }
        })
    }

    fn entry(&self, item: &Value, base: &Url) -> Option<Entry> {
        let of = |pointer: &Option<Pointer>| pointer.as_ref().and_then(|pointer| pointer.of(item));
        let link = of(&self.link).and_then(|link| absolute(&link, base));
        let text = of(&self.text);
        if link.is_none() && text.is_none() {
            return None;
        }
        let title = of(&self.title).map(|title| plain::title(&title)).unwrap_or_default();
        let id = of(&self.id)
            .or_else(|| link.as_ref().map(|link| tracking::without_tracking(link).into()))
            .unwrap_or_else(|| format!("text:{}", hexadecimal(text.as_deref().unwrap_or_default().as_bytes(), 16)));
        Some(Entry {
            id,
            place: link.is_none().then(|| self.address.to_string()),
            link: link.map(String::from),
            title,
            content: text,
            published: of(&self.date).and_then(|text| time(&text)),
            ..Entry::default()
        })
    }
}

/// A date as text, or as a number with or without a fraction.
fn time(text: &str) -> Option<Timestamp> {
    let whole = text.split_once('.').filter(|(whole, rest)| {
        [whole, rest].iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
    });
    date::parse(text).or_else(|| date::parse(whole?.0))
}

#[cfg(test)]
mod tests {
    use super::KIND;
    use crate::model::Document;
    use crate::model::Listing;
    use crate::model::Reason;
    use crate::model::setting::Settings;
    use crate::model::setting::Value;
    use crate::source::Built;

    const ANSWER: &str = r#"{"data":{"a/b":[
        {"n":7,"url":"/uno?utm_source=api","head":"La fiscal <b>habla</b>","at":1762250400},
        {"n":8,"url":"https://example.test/dos","head":"Dos","at":"2025-11-05T10:00:00Z"},
        {"n":9,"body":"<p>Sin enlace</p>","at":"ayer"},
        {"n":10}]}}"#;

    fn watch(settings: &[(&'static str, &str)]) -> Built {
        let values = settings.iter().map(|(key, text)| (*key, Value::Text((*text).into())));
        let address = ("json", Value::Text("https://gaceta.example.org/api".into()));
        (KIND.build)(&Settings(values.chain([address]).collect()))
    }

    fn listing(settings: &[(&'static str, &str)], answer: &str) -> Result<Listing, Reason> {
        let watch = watch(settings).map_err(|_| Reason::NoAddress)?;
        watch.listing(&Document { url: watch.address(), content_type: None, bytes: answer.as_bytes() })
    }

    #[test]
    fn each_item_is_listed_by_its_pointers() {
        let pointers =
            [("items", "/data/a~1b"), ("link", "/url"), ("title", "/head"), ("date", "/at"), ("text", "/body")];
        let found = listing(&pointers, ANSWER).expect("a listing");
        let entries: Vec<_> =
            found.entries.iter().map(|entry| (entry.id.as_str(), entry.title.as_str(), entry.published)).collect();
        assert_eq!(entries[0].0, "https://gaceta.example.org/uno");
        assert_eq!(entries[0].1, "La fiscal habla");
        assert_eq!(entries[0].2.map(|time| time.to_string()).as_deref(), Some("2025-11-04T10:00:00Z"));
        assert_eq!(entries[1].0, "https://example.test/dos");
        assert_eq!(entries.len(), 3);
        let bare = &found.entries[2];
        assert!(bare.id.starts_with("text:") && bare.link.is_none());
        assert_eq!(bare.place.as_deref(), Some("https://gaceta.example.org/api"));
        assert!(found.warnings.contains(&"1 of 4 items have neither link nor text".into()), "{:?}", found.warnings);
        assert!(found.warnings.iter().any(|warning| warning.contains("“ayer”")), "{:?}", found.warnings);
    }

    #[test]
    fn an_id_is_the_identity_whatever_happens_to_the_link() {
        let found = listing(&[("items", "/data/a~1b"), ("link", "/url"), ("id", "/n")], ANSWER).expect("a listing");
        assert_eq!(found.entries.iter().map(|entry| entry.id.as_str()).collect::<Vec<_>>(), ["7", "8"]);
    }

    #[test]
    fn the_pointer_that_chooses_nothing_is_named() {
        for (settings, answer, said) in [
            ([("items", "/rows"), ("link", "/url")], ANSWER, "`items = \"/rows\"` chooses nothing"),
            ([("items", "/data/a~1b"), ("link", "/href")], ANSWER, "`link = \"/href\"` chooses nothing"),
            ([("items", "/data"), ("link", "/url")], ANSWER, "items = \"/data\" is an object"),
            ([("items", "/data"), ("link", "/url")], "<html>", "no JSON"),
        ] {
            let reason = listing(&settings, answer).expect_err(said).to_string();
            assert!(reason.contains(said), "{reason}");
        }
    }

    #[test]
    fn an_empty_list_is_no_error() {
        let found = listing(&[("link", "/url")], "[]").expect("a listing");
        assert_eq!(found.warnings, ["the list is empty"]);
    }

    #[test]
    fn what_is_no_pointer_is_complained_of_with_what_to_write() {
        for (settings, help) in [
            (vec![("items", "data.rows[0]"), ("link", "/url")], "write `/data/rows/0`"),
            (vec![("items", "$.data"), ("link", "/url")], "write `/data`"),
            (vec![("link", "/a~b")], "write `~0` for a `~` in a name, and `~1` for a `/`"),
            (vec![("title", "/a")], "add `link`, or `text` for items without a page"),
        ] {
            let complaints = watch(&settings).err().expect("a complaint");
            assert_eq!(complaints.len(), 1);
            assert_eq!(complaints[0].help, help);
        }
    }
}
