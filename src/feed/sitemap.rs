//! A Google-News sitemap (<https://developers.google.com/search/docs/crawling-indexing/sitemaps/news-sitemap>) → what it
//! lists, with the same tolerance as the walker. Of an index (<https://www.sitemaps.org/protocol.html#index>) only the
//! parts that changed last are named, since news stand there and archives are long.

use super::date;
use super::entries::Collector;
use super::entries::Raw;
use super::entries::absolute;
use super::escape;
use super::escape::Entities;
use super::markup::Token;
use super::markup::Tokens;
use super::tag::split;
use super::vocabulary::Prefixes;
use super::vocabulary::Vocabulary;
use super::vocabulary::lower;
use crate::model::Document;
use crate::model::Listing;
use crate::model::Reason;
use jiff::Timestamp;
use std::cmp::Reverse;
use url::Url;

/// So many parts of an index are asked for at each poll.
const PARTS: usize = 5;

/// Reads a sitemap.
///
/// # Errors
/// [`Reason::NotAFeed`] when the document is no sitemap, or one without any `news:` element: it would list every page of
/// the site, and no news as news.
pub fn read(document: &Document<'_>) -> Result<Listing, Reason> {
    let (text, mut warnings) = super::decoded(document);
    let mut reader = Reader {
        prefixes: Prefixes::default(),
        entities: Entities::default(),
        collector: Collector::beside(super::own_length(&text)),
        address: document.url,
        root: None,
        page: Page::default(),
        parts: Vec::new(),
        plain: 0,
    };
    reader.run(&text);
    let Reader { root, collector, parts, plain, .. } = reader;
    let refused = |detail: String| Err(Reason::NotAFeed { detail });
    match root.as_deref() {
        Some("sitemapindex") => {
            let further = newest(parts);
            if further.is_empty() {
                warnings.push("the sitemap index names no sitemap".into());
            }
            return Ok(Listing { format: "sitemap_index".into(), warnings, further, ..Listing::default() });
        }
        Some("urlset") if collector.found() == 0 && plain > 0 => {
            return refused(format!("a sitemap of {plain} pages without any news: element"));
        }
        Some("urlset") => {}
        Some(name) => return refused(format!("no sitemap: its first element is <{name}>")),
        None => return refused("no sitemap: a text without any element".into()),
    }
    if plain > 0 {
        warnings.push(format!("{plain} pages have no news: element and were passed over"));
    } else if collector.found() == 0 {
        // Allowed, and right, where nothing was published for two days.
        warnings.push("the sitemap lists no page".into());
    }
    let entries = collector.finish(&mut warnings);
    Ok(Listing { format: "news_sitemap".into(), entries, warnings, ..Listing::default() })
}

/// What stands between `<url>` and `</url>`, or `<sitemap>` and `</sitemap>`.
#[derive(Default)]
struct Page {
    address: Option<String>,
    changed: Option<Timestamp>,
    news: bool,
    published: Option<Timestamp>,
    title: String,
    keywords: Vec<String>,
}

struct Part {
    address: Url,
    changed: Option<Timestamp>,
}

struct Reader<'a, 'b> {
    prefixes: Prefixes<'a>,
    entities: Entities<'a>,
    collector: Collector,
    address: &'b Url,
    root: Option<String>,
    page: Page,
    parts: Vec<Part>,
    plain: usize,
}

impl<'a> Reader<'a, '_> {
    fn run(&mut self, text: &'a str) {
        let mut tokens = Tokens::new(text);
        let mut buffer = [0; 24];
        let mut inside: Option<&'a str> = None;
        let mut said = String::new();
        while let Some(token) = tokens.next(inside) {
            match token {
                Token::Subset(subset) => self.entities.declare(subset),
                Token::Text(text) if inside.is_some() => self.entities.resolve(&mut said, text),
                Token::Data(text) if inside.is_some() => escape::push(&mut said, text),
                Token::Text(_) | Token::Data(_) => {}
                Token::Start(tag) => {
                    self.prefixes.declare(&tag.attributes);
                    // What was open was not closed: what it said counts.
                    if let Some(name) = inside.take() {
                        self.said(name, &said);
                    }
                    said.clear();
                    let (prefix, local) = split(tag.name);
                    let name = lower(local, &mut buffer);
                    if self.root.is_none() {
                        self.root = Some(name.to_owned());
                        self.prefixes.root(prefix);
                        continue;
                    }
                    match (self.prefixes.of(prefix), name) {
                        (Vocabulary::Feed, "url" | "sitemap") => self.end_page(),
                        (Vocabulary::News, _) => self.page.news = true,
                        _ => {}
                    }
                    inside = (!tag.empty).then_some(tag.name);
                }
                Token::End(name) => {
                    if let Some(open) = inside.take() {
                        self.said(open, &said);
                    }
                    said.clear();
                    let (prefix, local) = split(name);
                    if self.prefixes.of(prefix) == Vocabulary::Feed
                        && matches!(lower(local, &mut buffer), "url" | "sitemap")
                    {
                        self.end_page();
                    }
                }
            }
        }
        if let Some(open) = inside {
            self.said(open, &said);
        }
        self.end_page();
    }

    /// An element's own text.
    fn said(&mut self, name: &str, text: &str) {
        let text = text.trim();
        let (prefix, local) = split(name);
        let mut buffer = [0; 24];
        if text.is_empty() {
            return;
        }
        match (self.prefixes.of(prefix), lower(local, &mut buffer)) {
            (Vocabulary::Feed, "loc") => _ = self.page.address.get_or_insert_with(|| text.to_owned()),
            (Vocabulary::Feed, "lastmod") => self.page.changed = date::parse(text),
            (Vocabulary::News, "title") => text.clone_into(&mut self.page.title),
            (Vocabulary::News, "publication_date") => self.page.published = date::parse(text),
            (Vocabulary::News, "keywords") => {
                self.page.keywords = text.split(',').take(100).map(|word| word.trim().to_owned()).collect();
            }
            _ => {}
        }
    }

    fn end_page(&mut self) {
        let page = std::mem::take(&mut self.page);
        let Some(address) = page.address else { return };
        if self.root.as_deref() == Some("sitemapindex") {
            if let Some(address) = absolute(&address, self.address) {
                self.parts.push(Part { address, changed: page.changed });
                // An index may name 50,000, of which none but the newest is asked for.
                if self.parts.len() > 1000 {
                    sort(&mut self.parts);
                    self.parts.truncate(PARTS);
                }
            }
        } else if page.news {
            let raw = Raw {
                guid: Some(address.clone()),
                links: vec![address],
                title: page.title,
                published: page.published,
                updated: page.changed,
                tags: page.keywords,
                ..Raw::default()
            };
            self.collector.take(raw, self.address);
        } else {
            self.plain += 1;
        }
    }
}

fn newest(mut parts: Vec<Part>) -> Vec<Url> {
    sort(&mut parts);
    let mut chosen: Vec<Url> = Vec::new();
    for part in parts {
        if chosen.len() < PARTS && !chosen.contains(&part.address) {
            chosen.push(part.address);
        }
    }
    chosen
}

/// Those of news that say no date, since they are made anew at each request; then the last changed.
fn sort(parts: &mut [Part]) {
    parts.sort_by_key(|part| {
        let undated_news = part.changed.is_none() && part.address.path().to_ascii_lowercase().contains("news");
        (!undated_news, Reverse(part.changed))
    });
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::model::Document;
    use crate::model::Listing;
    use crate::model::Reason;
    use url::Url;

    fn listing(text: &str) -> Result<Listing, Reason> {
        let url = Url::parse("https://faro.example.org/sitemap.xml").expect("an address");
        read(&Document { url: &url, content_type: None, bytes: text.as_bytes() })
    }

    const OPEN: &str = r#"<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:n="http://www.google.com/schemas/sitemap-news/0.9">"#;

    #[test]
    fn each_page_of_news_is_an_entry_named_by_its_address() {
        let text = format!(
            "<?xml version='1.0'?>{OPEN}<url><loc> https://faro.example.org/1?a=1&amp;b=2 </loc><n:news><n:publication>\
             <n:name>Faro</n:name><n:language>es</n:language></n:publication><n:publication_date>2025-12-02T10:00:00Z\
             </n:publication_date><n:title><![CDATA[Pan & agua]]></n:title><n:keywords>pan, agua</n:keywords></n:news></url>\
             <url><loc>https://faro.example.org/about</loc></url><url><loc>/2</loc><n:news><n:title>Dos</n:title></urlset>"
        );
        let found = listing(&text).expect("a sitemap");
        assert_eq!(found.format, "news_sitemap");
        let first = &found.entries[0];
        assert_eq!((first.id.as_str(), first.title.as_str()), ("https://faro.example.org/1?a=1&b=2", "Pan & agua"));
        assert_eq!(first.link.as_deref(), Some("https://faro.example.org/1?a=1&b=2"));
        assert_eq!(first.published.map(|time| time.as_second()), Some(1_764_669_600));
        assert_eq!(first.tags, ["pan", "agua"]);
        assert_eq!(found.entries[1].link.as_deref(), Some("https://faro.example.org/2"));
        assert_eq!(found.warnings[0], "1 pages have no news: element and were passed over");
    }

    #[test]
    fn a_sitemap_without_news_is_refused() {
        let refused =
            listing("<urlset><url><loc>https://faro.example.org/1</loc></url></urlset>").expect_err("no news");
        assert_eq!(refused, Reason::NotAFeed { detail: "a sitemap of 1 pages without any news: element".into() });
        for text in ["<rss/>", "", "{}"] {
            assert!(listing(text).is_err(), "{text}");
        }
        assert_eq!(listing("<urlset/>").expect("an empty sitemap").warnings, ["the sitemap lists no page"]);
    }

    #[test]
    fn of_an_index_the_parts_that_changed_last_are_read() {
        let mut text = "<sitemapindex>".to_owned();
        for day in 10..30 {
            text += &format!(
                "<sitemap><loc>https://faro.example.org/{day}.xml</loc><lastmod>2025-11-{day}</lastmod></sitemap>"
            );
        }
        text +=
            "<sitemap><loc>https://faro.example.org/pages.xml</loc></sitemap><sitemap><loc>/news.xml</loc></sitemap>";
        let found = listing(&text).expect("an index");
        let paths: Vec<&str> = found.further.iter().map(Url::path).collect();
        assert_eq!(paths, ["/news.xml", "/29.xml", "/28.xml", "/27.xml", "/26.xml"]);
    }
}
