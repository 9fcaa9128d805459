//! `page = "https://…"`: a page that lists articles, read with CSS selectors.

use super::Built;
use super::Document;
use super::Kind;
use super::Listing;
use super::Watch;
use super::blocks;
use super::feed::address;
use super::selection::Selection;
use super::selection::text;
use super::shell;
use crate::article;
use crate::feed::absolute;
use crate::feed::date;
use crate::feed::tracking;
use crate::model::Entry;
use crate::model::Reason;
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
          selectors look inside it. An item's identity is its link; one without a date is read like any other.",
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
    let mut selection = |key| Selection::read(key, settings, &mut complaints);
    let (item, link, title, date) = (selection("item"), selection("link"), selection("title"), selection("date"));
    match (address, item) {
        (Some(address), Some(item)) if complaints.is_empty() => Ok(Arc::new(Page { address, item, link, title, date })),
        _ => Err(complaints),
    }
}

struct Page {
    address: Url,
    item: Selection,
    link: Option<Selection>,
    title: Option<Selection>,
    date: Option<Selection>,
}

/// How often a selector found what it is for.
#[derive(Default)]
struct Tally {
    items: usize,
    links: usize,
    titles: usize,
    title_chosen: usize,
    date_chosen: usize,
    dates: usize,
    /// A date that could not be read.
    unread_date: Option<String>,
}

impl Watch for Page {
    fn address(&self) -> &Url {
        &self.address
    }

    fn accept(&self) -> &'static str {
        "text/html, application/xhtml+xml, */*;q=0.5"
    }

    fn is_page(&self) -> bool {
        true
    }

    fn listing(&self, document: &Document<'_>) -> Result<Listing, Reason> {
        article::media::is_page(document)?;
        let given = article::decode(document);
        let (html, mut warnings) = article::scan::defuse(&given);
        let page = Html::parse_document(&html);
        let base = base(&page, document.url);
        let mut entries: Vec<Entry> = Vec::new();
        let mut seen = HashSet::new();
        let mut tally = Tally::default();
        for item in page.select(&self.item.selector) {
            tally.items += 1;
            let Some(entry) = self.entry(item, &base, &mut tally) else { continue };
            if seen.insert(entry.id.clone()) {
                entries.push(entry);
            }
        }
        let title = title(&page);
        if entries.is_empty() {
            // With items and no link in any of them it is the selector of the link that chooses nothing.
            let selection = if tally.items == 0 { Some(&self.item) } else { self.link.as_ref() };
            let empty = selection.map_or_else(
                || Reason::SelectorEmpty { selector: format!("{} a[href]", self.item.written()) },
                Selection::chose_nothing,
            );
            let shown = blocks::of(&page, None, &[]).unwrap_or_default();
            return Err(shell::refusal(&given, &page, title.as_deref().unwrap_or_default(), &shown).unwrap_or(empty));
        }
        self.warn(&tally, &mut warnings);
        Ok(Listing { format: "page".into(), title, entries, warnings, ..Listing::default() })
    }
}

impl Page {
    /// What is missing, each with the selector that should have found it.
    fn warn(&self, tally: &Tally, warnings: &mut Vec<String>) {
        let items = tally.items;
        if tally.links < items {
            warnings.push(format!("no link in {} of {items} items", items - tally.links));
        }
        if tally.titles < tally.links {
            warnings.push(format!("no title in {} of {items} items", tally.links - tally.titles));
        }
        for (selection, chosen) in [(&self.title, tally.title_chosen), (&self.date, tally.date_chosen)] {
            if let Some(selection) = selection
                && chosen == 0
            {
                warnings.push(format!("the selector `{}` chooses nothing in {items} items", selection.written()));
            }
        }
        if let Some(text) = &tally.unread_date {
            let unread = tally.date_chosen - tally.dates;
            warnings.push(format!("no date could be read in {unread} of {items} items, such as “{text}”"));
        }
    }
}

/// What the page's links are relative to.
pub fn base(page: &Html, address: &Url) -> Url {
    let base = page.select(&BASE).next().and_then(|base| base.attr("href"));
    base.and_then(|base| address.join(base).ok()).unwrap_or_else(|| address.clone())
}

/// The page's own title.
pub fn title(page: &Html) -> Option<String> {
    page.select(&TITLE).next().map(text).filter(|title| !title.is_empty())
}

static BASE: std::sync::LazyLock<Selector> =
    std::sync::LazyLock::new(|| Selector::parse("base[href]").expect("an element with an attribute is a selector"));

static TITLE: std::sync::LazyLock<Selector> =
    std::sync::LazyLock::new(|| Selector::parse("title").expect("the name of an element is a selector"));

static LINK: std::sync::LazyLock<Selector> =
    std::sync::LazyLock::new(|| Selector::parse("a[href]").expect("an element with an attribute is a selector"));

impl Page {
    fn entry(&self, item: ElementRef<'_>, base: &Url, tally: &mut Tally) -> Option<Entry> {
        let selector = self.link.as_ref().map_or(&*LINK, |link| &link.selector);
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
        tally.links += 1;
        let chosen = |selection: &Option<Selection>| {
            selection.as_ref().and_then(|selection| item.select(&selection.selector).next())
        };
        let heading = chosen(&self.title);
        tally.title_chosen += usize::from(heading.is_some());
        let title = heading.map(text).filter(|title| !title.is_empty()).unwrap_or_else(|| text(anchor));
        tally.titles += usize::from(!title.is_empty());
        let published = chosen(&self.date).and_then(|element| {
            tally.date_chosen += 1;
            let given = element.attr("datetime").or_else(|| element.attr("content")).and_then(date::parse);
            let read = given.or_else(|| date::parse(&text(element)));
            match read {
                Some(_) => tally.dates += 1,
                None => _ = tally.unread_date.get_or_insert_with(|| text(element).chars().take(40).collect()),
            }
            read
        });
        let mut plain_link = tracking::without_tracking(&link);
        if !link.fragment().is_some_and(|fragment| fragment.starts_with(['!', '/'])) {
            plain_link.set_fragment(None);
        }
        Some(Entry { id: plain_link.into(), link: Some(link.into()), title, published, ..Entry::default() })
    }
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
        for (settings, named) in [
            ([("item", "div.teaser"), ("link", "a")], "item = \"div.teaser\""),
            ([("item", "article"), ("link", "h2 > a")], "link = \"h2 > a\""),
        ] {
            assert_eq!(listing(&settings, HTML), Err(Reason::SelectorEmpty { selector: named.into() }));
        }
    }

    #[test]
    fn a_selector_of_title_or_date_that_chooses_nothing_loses_no_entry_and_is_named() {
        let found = listing(&[("item", "article"), ("title", "h2"), ("date", "h3")], HTML).expect("the entries stay");
        assert_eq!(found.entries.len(), 2);
        assert!(found.entries.iter().all(|entry| entry.published.is_none()));
        assert_eq!(
            found.warnings,
            [
                "no link in 1 of 4 items",
                "no title in 1 of 4 items",
                "the selector `title = \"h2\"` chooses nothing in 4 items",
                "no date could be read in 3 of 4 items, such as “La fiscal habla”"
            ]
        );
    }

    #[test]
    fn a_page_that_scripts_build_is_not_blamed_on_the_selector() {
        let answer = listing(&[("item", "article")], "<body><div id=\"app\"></div><script src=\"/a.js\"></script>");
        assert_eq!(answer.expect_err("no items").code(), "needs_scripts");
    }

    #[test]
    fn every_bad_value_is_complained_of_at_once() {
        let complaints = watch(&[("page", "gaceta"), ("item", "a["), ("date", "")]).err().expect("complaints");
        let keys: Vec<_> = complaints.iter().map(|complaint| complaint.key).collect();
        assert_eq!(keys, ["page", "item", "date"]);
        assert!(complaints.iter().all(|complaint| !complaint.help.is_empty() && !complaint.message.ends_with('.')));
    }
}
