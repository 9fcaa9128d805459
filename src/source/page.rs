//! `page = "https://…"`: a page that lists articles, read with CSS selectors.

use super::Built;
use super::Document;
use super::Kind;
use super::Listing;
use super::Watch;
use super::feed::address;
use crate::article;
use crate::feed::absolute;
use crate::feed::date;
use crate::feed::plain;
use crate::feed::tracking;
use crate::model::Entry;
use crate::model::Reason;
use crate::model::setting::Complaint;
use crate::model::setting::Key;
use crate::model::setting::Settings;
use crate::model::setting::Takes;
use scraper::ElementRef;
use scraper::Html;
use scraper::Selector;
use std::collections::HashSet;
use std::sync::Arc;
use url::Url;

/// The kind.
pub static KIND: Kind = Kind {
    name: "page",
    doc: "A page that lists articles, for sites without a feed. `item` chooses one element per article; the other \
          selectors look inside it. An item's identity is its link.",
    keys: &[
        Key { name: "page", takes: Takes::Text, required: true, doc: "The address of the page, http or https." },
        Key { name: "item", takes: Takes::Text, required: true, doc: "CSS selector of one article in the list." },
        Key {
            name: "link",
            takes: Takes::Text,
            required: false,
            doc: "CSS selector of its link, inside the item; by default `a[href]`.",
        },
        Key {
            name: "title",
            takes: Takes::Text,
            required: false,
            doc: "CSS selector of its headline, inside the item; by default the text of the link.",
        },
        Key {
            name: "date",
            takes: Takes::Text,
            required: false,
            doc: "CSS selector of its date, inside the item: a `datetime` attribute or the text is read.",
        },
    ],
    examples: &[
        "[source.gazette]\npage = \"https://gazette.example.org/news\"\nitem = \"article.teaser\"",
        "[source.bulletin]\npage = \"https://bulletin.example.org/\"\nitem = \"ul.news > li\"\nlink = \"h3 a\"\n\
         title = \"h3\"\ndate = \"time\"",
    ],
    build,
};

fn build(settings: &Settings) -> Built {
    let mut complaints = Vec::new();
    let address = address("page", settings).map_err(|complaint| complaints.push(complaint)).ok();
    let mut selector = |key: &'static str| match settings.text(key).map(|text| (text, Selector::parse(text))) {
        Some((_, Ok(selector))) => Some(selector),
        Some((text, Err(error))) => {
            let message =
                if text.trim().is_empty() { "the selector is empty".into() } else { error_text(&error.to_string()) };
            complaints.push(Complaint::new(
                key,
                message,
                "write a CSS selector, such as `article.teaser` or `ul.news > li`",
            ));
            None
        }
        None => None,
    };
    let item = selector("item");
    let link = selector("link");
    let title = selector("title");
    let date = selector("date");
    let item_text = settings.text("item").unwrap_or_default().to_owned();
    match (address, item) {
        (Some(address), Some(item)) if complaints.is_empty() => {
            Ok(Arc::new(Page { address, item, item_text, link, title, date }))
        }
        _ => Err(complaints),
    }
}

/// A lower-case fragment without a full stop.
fn error_text(error: &str) -> String {
    let mut letters = error.trim_end_matches('.').chars();
    let first = letters.next().map(|letter| letter.to_lowercase().to_string()).unwrap_or_default();
    format!("no CSS selector: {first}{}", letters.as_str())
}

struct Page {
    address: Url,
    item: Selector,
    item_text: String,
    link: Option<Selector>,
    title: Option<Selector>,
    date: Option<Selector>,
}

impl Watch for Page {
    fn address(&self) -> &Url {
        &self.address
    }

    fn accept(&self) -> &'static str {
        "text/html, application/xhtml+xml, */*;q=0.5"
    }

    fn listing(&self, document: &Document<'_>) -> Result<Listing, Reason> {
        article::media::is_page(document)?;
        let (html, mut warnings) = article::scan::defuse(&article::decode(document));
        let page = Html::parse_document(&html);
        let base = attribute(&page, "base[href]", "href");
        let base = base.and_then(|base| document.url.join(&base).ok()).unwrap_or_else(|| document.url.clone());
        let mut entries: Vec<Entry> = Vec::new();
        let mut seen = HashSet::new();
        let (mut items, mut without_link, mut without_title) = (0, 0, 0);
        for item in page.select(&self.item) {
            items += 1;
            let Some(entry) = self.entry(item, &base) else {
                without_link += 1;
                continue;
            };
            without_title += usize::from(entry.title.is_empty());
            if seen.insert(entry.id.clone()) {
                entries.push(entry);
            }
        }
        if items == 0 {
            return Err(Reason::SelectorEmpty { selector: self.item_text.clone() });
        }
        if without_link > 0 {
            warnings.push(format!("no link in {without_link} of {items} items"));
        }
        if without_title > 0 {
            warnings.push(format!("no title in {without_title} of {items} items"));
        }
        let title = page.select(&TITLE).next().map(text).filter(|title| !title.is_empty());
        Ok(Listing { format: "page".into(), title, entries, warnings, ..Listing::default() })
    }
}

static TITLE: std::sync::LazyLock<Selector> =
    std::sync::LazyLock::new(|| Selector::parse("title").expect("the name of an element is a selector"));

static LINK: std::sync::LazyLock<Selector> =
    std::sync::LazyLock::new(|| Selector::parse("a[href]").expect("an element with an attribute is a selector"));

impl Page {
    fn entry(&self, item: ElementRef<'_>, base: &Url) -> Option<Entry> {
        let selector = self.link.as_ref().unwrap_or(&LINK);
        // The item may be the link itself.
        let own = selector.matches(&item).then_some(item);
        let address = |element: ElementRef<'_>| {
            // A selector of a heading means the link in it.
            let href =
                element.attr("href").or_else(|| element.select(&LINK).next().and_then(|inner| inner.attr("href")));
            href.and_then(|href| absolute(href, base))
        };
        let (anchor, link) =
            own.into_iter().chain(item.select(selector)).find_map(|element| Some((element, address(element)?)))?;
        let title = match &self.title {
            Some(selector) => item.select(selector).next().map(text).unwrap_or_default(),
            None => text(anchor),
        };
        let date = self.date.as_ref().and_then(|selector| item.select(selector).next());
        let published = date.and_then(|element| {
            let given = element.attr("datetime").or_else(|| element.attr("content")).and_then(date::parse);
            given.or_else(|| date::parse(&text(element)))
        });
        let mut plain_link = tracking::without_tracking(&link);
        if !link.fragment().is_some_and(|fragment| fragment.starts_with(['!', '/'])) {
            plain_link.set_fragment(None);
        }
        Some(Entry { id: plain_link.into(), link: Some(link.into()), title, published, ..Entry::default() })
    }
}

fn text(element: ElementRef<'_>) -> String {
    plain::fold(&element.text().collect::<String>())
}

fn attribute(page: &Html, selector: &str, name: &str) -> Option<String> {
    let selector = Selector::parse(selector).ok()?;
    page.select(&selector).next()?.attr(name).map(str::to_owned)
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
    use url::Url;

    const HTML: &str = r#"<title>Gaceta del Valle</title><base href="/es/">
        <article><a class=img href="uno?utm_source=x#top"><img></a><h3><a href="uno">La fiscal <b>habla</b></a></h3><time datetime="2025-11-04T10:00:00Z">ayer</time></article>
        <article><h3><a href="https://example.test/dos">Dos</a></h3><time>4 de noviembre de 2025</time></article>
        <article><h3>Sin enlace</h3></article>
        <article><h3><a href="uno">La fiscal habla</a></h3></article>"#;

    fn watch(settings: &[(&'static str, &str)]) -> Built {
        let values = settings.iter().map(|(key, text)| (*key, Value::Text((*text).into())));
        (KIND.build)(&Settings(values.collect()))
    }

    fn listing(settings: &[(&'static str, &str)], html: &str) -> Result<Listing, Reason> {
        let mut all = vec![("page", "https://gaceta.example.org/noticias")];
        all.extend_from_slice(settings);
        let watch = watch(&all).map_err(|_| Reason::NoAddress)?;
        let url = Url::parse("https://gaceta.example.org/noticias").expect("an address");
        watch.listing(&Document { url: &url, content_type: Some("text/html"), bytes: html.as_bytes() })
    }

    #[test]
    fn each_item_is_listed_once_with_its_link_title_and_date() {
        let found = listing(&[("item", "article"), ("link", "h3 a"), ("date", "time")], HTML).expect("a listing");
        assert_eq!((found.format.as_str(), found.title.as_deref()), ("page", Some("Gaceta del Valle")));
        let entries: Vec<_> = found.entries.iter().map(|entry| (entry.id.as_str(), entry.title.as_str())).collect();
        assert_eq!(
            entries,
            [("https://gaceta.example.org/es/uno", "La fiscal habla"), ("https://example.test/dos", "Dos")]
        );
        assert_eq!(found.entries[0].published.map(|time| time.to_string()).as_deref(), Some("2025-11-04T10:00:00Z"));
        assert_eq!(found.entries[1].published.map(|time| time.to_string()).as_deref(), Some("2025-11-04T00:00:00Z"));
        assert_eq!(found.warnings, ["no link in 1 of 4 items"]);
    }

    #[test]
    fn the_item_may_be_the_link_itself() {
        let found = listing(&[("item", "h3 > a")], HTML).expect("a listing");
        assert_eq!(found.entries.len(), 2);
    }

    #[test]
    fn the_selector_that_chooses_nothing_is_named() {
        let answer = listing(&[("item", "div.teaser")], HTML);
        assert_eq!(answer, Err(Reason::SelectorEmpty { selector: "div.teaser".into() }));
    }

    #[test]
    fn every_bad_value_is_complained_of_at_once() {
        let complaints = watch(&[("page", "gaceta"), ("item", "a["), ("date", "")]).err().expect("complaints");
        let keys: Vec<_> = complaints.iter().map(|complaint| complaint.key).collect();
        assert_eq!(keys, ["page", "item", "date"]);
        assert!(complaints.iter().all(|complaint| !complaint.help.is_empty() && !complaint.message.ends_with('.')));
    }
}
