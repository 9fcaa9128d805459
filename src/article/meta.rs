//! What a page says about itself: JSON-LD first, then OpenGraph and other `<meta>`, then `<time>`.

use super::byline;
use super::headline;
use crate::feed::date;
use crate::feed::plain;
use crate::model::Language;
use dom_query::Document;
use dom_query::Element;
use dom_query::NodeData;
use dom_query::NodeRef;
use jiff::SignedDuration;
use jiff::Timestamp;
use serde_json::Value;
use url::Url;

/// A page's own account.
#[derive(Debug, Default)]
pub struct Meta {
    /// The headline.
    pub title: Option<String>,
    /// Who wrote it.
    pub byline: Option<String>,
    /// First published.
    pub published: Option<Timestamp>,
    /// Last changed.
    pub modified: Option<Timestamp>,
    /// The address it declares, absolute.
    pub canonical_url: Option<String>,
    /// The language it declares.
    pub language: Option<Language>,
    /// The site's name.
    pub site_name: Option<String>,
    /// What it says of itself in a sentence.
    pub description: Option<String>,
    /// The body in JSON-LD.
    pub body: Option<String>,
}

/// Reads a page's own account. `url` is what its links are relative to; it was fetched at `now`, and knows of nothing
/// later.
pub fn read(page: &Document, url: &Url, now: Timestamp) -> Meta {
    let marks = Marks::of(page);
    let data = marks.data.iter().find_map(|source| linked_data(source));
    let data = data.as_ref();
    let tags = || marks.tags.iter().map(|(name, content)| (name.as_str(), content.as_str()));
    let tag = |names: &[&str]| {
        let content = |wanted: &&str| tags().find(|(name, _)| name == wanted).map(|(_, content)| content.to_owned());
        names.iter().find_map(content)
    };
    let time = |names: &[&str]| {
        let content = |wanted: &&str| {
            tags().filter(|(name, _)| name == wanted).find_map(|(_, content)| past(date::parse(content), now))
        };
        names.iter().find_map(content)
    };
    let data_time = |name| data.and_then(|data| past(date::parse(data.get(name)?.as_str()?), now));
    let told_time = |sort| {
        let times = marks.times.iter().filter(|(each, _)| each & sort != 0).take(5);
        times.map(|(_, text)| text).find_map(|text| past(date::parse(text), now))
    };
    let site_name = tag(&["og:site_name", "application-name", "apple-mobile-web-app-title"])
        .or_else(|| data.and_then(|data| name_of(data.get("publisher")?)));
    let site = site_name.as_deref();
    let headline = data.and_then(|data| text(data.get("headline").or_else(|| data.get("name"))?));
    let candidates = headline::Candidates {
        told: headline,
        shared: tag(&["og:title", "twitter:title", "dc.title", "parsely-title"]).or_else(|| marks.headline.clone()),
        page: &marks.title,
        headings: &marks.headings,
    };
    let language = marks
        .language
        .clone()
        .or_else(|| tag(&["og:locale", "content-language", "language", "dc.language"]))
        .or_else(|| data.and_then(|data| language_of(data.get("inLanguage")?)));
    let told = byline::Told {
        data: data.and_then(|data| data.get("author")),
        tags: AUTHORS.iter().find_map(|wanted| {
            let found: Vec<&str> = tags().filter(|(name, _)| name == wanted).map(|(_, content)| content).collect();
            (!found.is_empty()).then_some(found)
        }),
        shown: &marks.authors,
        site,
    };
    Meta {
        title: headline::choose(&candidates, site),
        byline: byline::choose(&told),
        published: data_time("datePublished")
            .or_else(|| time(PUBLISHED))
            .or_else(|| told_time(TIME_PUBLISHED))
            .or_else(|| told_time(TIME_PUBDATE))
            .or_else(|| data_time("dateCreated"))
            .or_else(|| told_time(TIME_IN_ARTICLE))
            .or_else(|| told_time(TIME)),
        modified: data_time("dateModified").or_else(|| time(MODIFIED)).or_else(|| told_time(TIME_MODIFIED)),
        canonical_url: marks
            .canonical
            .clone()
            .or_else(|| tag(&["og:url"]))
            .and_then(|link| url.join(link.trim()).ok())
            .filter(|link| link.has_host())
            .map(String::from),
        language: language.as_deref().and_then(Language::parse).map(usual),
        description: tag(&["og:description", "description", "twitter:description"]),
        body: data.and_then(|data| data.get("articleBody")?.as_str().map(str::to_owned)),
        site_name,
    }
}

const AUTHORS: &[&str] = &["author", "article:author", "dc.creator", "parsely-author", "byl", "sailthru.author"];

const PUBLISHED: &[&str] = &[
    "article:published_time",
    "og:published_time",
    "og:article:published_time",
    "datepublished",
    "date",
    "dc.date.issued",
    "dcterms.issued",
    "dcterms.created",
    "dc.date",
    "dcterms.date",
    "parsely-pub-date",
    "sailthru.date",
    "pubdate",
    "publishdate",
    "publish_date",
    "publish-date",
    "publication_date",
    "cxenseparse:recs:publishtime",
    "article.published",
    "published_time",
    "date_published",
    "article:published",
    "originalpublicationdate",
    "displaydate",
    "ptime",
    "creation_date",
];

const MODIFIED: &[&str] = &[
    "article:modified_time",
    "og:updated_time",
    "og:article:modified_time",
    "datemodified",
    "last-modified",
    "lastmod",
    "dcterms.modified",
    "dc.date.modified",
    "article.updated",
    "revised",
    "utime",
];

/// What elements of the page say of it, gathered in one walk.
#[derive(Default)]
struct Marks {
    /// Name (property, name, http-equiv or itemprop, in lower case) and content of every `<meta>`.
    tags: Vec<(String, String)>,
    /// Blocks of JSON-LD.
    data: Vec<String>,
    language: Option<String>,
    canonical: Option<String>,
    title: String,
    headings: Vec<String>,
    /// The heading that is marked as the headline.
    headline: Option<String>,
    /// Times, and what they are.
    times: Vec<(u8, String)>,
    /// Who is marked as an author.
    authors: Vec<String>,
}

const TIME: u8 = 1;
const TIME_IN_ARTICLE: u8 = 2;
const TIME_PUBDATE: u8 = 4;
const TIME_PUBLISHED: u8 = 8;
const TIME_MODIFIED: u8 = 16;
/// As many headings, times and authors are looked at.
const MARKS: usize = 32;

impl Marks {
    fn of(page: &Document) -> Self {
        let mut marks = Self::default();
        let root = page.root();
        let (mut node, mut articles) = (root, 0_usize);
        loop {
            let is_article = marks.see(&node, articles > 0);
            if let Some(child) = node.first_child() {
                articles += usize::from(is_article);
                node = child;
                continue;
            }
            loop {
                if node.id == root.id {
                    return marks;
                }
                if let Some(next) = node.next_sibling() {
                    node = next;
                    break;
                }
                let Some(parent) = node.parent() else { return marks };
                articles -= usize::from(parent.has_name("article"));
                node = parent;
            }
        }
    }

    /// Looks at one node; whether it is an article.
    fn see(&mut self, node: &NodeRef<'_>, in_article: bool) -> bool {
        let seen = node.query(|node| match &node.data {
            NodeData::Element(element) => self.element(element, in_article),
            _ => Seen::Nothing,
        });
        let text = || plain::fold(&node.text());
        match seen.unwrap_or(Seen::Nothing) {
            Seen::Nothing => {}
            Seen::Article => return true,
            Seen::Data => self.data.push(node.text().into()),
            Seen::Title if self.title.is_empty() => self.title = text(),
            Seen::Title => {}
            Seen::Heading { is_headline } => {
                let text = text();
                if is_headline && self.headline.is_none() && !text.is_empty() {
                    self.headline = Some(text.clone());
                }
                self.headings.push(text);
            }
            Seen::Time(sort) => self.times.push((sort, text())),
            Seen::Author => {
                let text = text();
                if !text.is_empty() && text.len() < 200 {
                    self.authors.push(text);
                }
            }
        }
        false
    }

    fn element(&mut self, element: &Element, in_article: bool) -> Seen {
        let attribute = |name: &str| {
            let found = element.attrs.iter().find(|attribute| &*attribute.name.local == name);
            found.map(|attribute| &*attribute.value)
        };
        let name: &str = &element.name.local;
        match name {
            "meta" => self.tag(element, attribute("content")),
            "html" => {
                let given = attribute("lang").or_else(|| attribute("xml:lang")).map(str::trim);
                self.language = given.filter(|given| !given.is_empty()).map(str::to_owned);
            }
            "link" if self.canonical.is_none() && attribute("rel") == Some("canonical") => {
                self.canonical = attribute("href").map(str::trim).filter(|link| !link.is_empty()).map(str::to_owned);
            }
            "script" if attribute("type").is_some_and(|kind| kind.contains("ld+json")) => return Seen::Data,
            "title" => return Seen::Title,
            "article" => return Seen::Article,
            "h1" if self.headings.len() < MARKS => {
                return Seen::Heading { is_headline: attribute("itemprop") == Some("headline") };
            }
            _ => {}
        }
        let marked = attribute("itemprop");
        let mut sort = match marked {
            Some("datePublished") => TIME_PUBLISHED,
            Some("dateModified") => TIME_MODIFIED,
            _ => 0,
        };
        if name == "time" {
            sort |= TIME;
            sort |= if in_article { TIME_IN_ARTICLE } else { 0 };
            sort |= if attribute("pubdate").is_some() { TIME_PUBDATE } else { 0 };
        }
        if sort != 0 && self.times.len() < MARKS {
            match attribute("datetime").or_else(|| attribute("content")) {
                Some(given) => self.times.push((sort, given.to_owned())),
                None => return Seen::Time(sort),
            }
        }
        if self.authors.len() < MARKS && name != "meta" && name != "body" && byline::is_mark(attribute) {
            return Seen::Author;
        }
        Seen::Nothing
    }

    fn tag(&mut self, element: &Element, content: Option<&str>) {
        let Some(content) = content.filter(|content| content.len() <= 2000) else { return };
        let content = plain::fold(content);
        if content.is_empty() {
            return;
        }
        for attribute in &element.attrs {
            if matches!(&*attribute.name.local, "property" | "name" | "http-equiv" | "itemprop") {
                self.tags.push((attribute.value.trim().to_lowercase(), content.clone()));
            }
        }
    }
}

/// What is to be done with an element.
enum Seen {
    Nothing,
    Article,
    Data,
    Title,
    Heading { is_headline: bool },
    Time(u8),
    Author,
}

/// A time that is not later than `now`. Up to a day it is a zone that was left out or a clock that is fast; more, and it
/// is no time of this page.
fn past(time: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
    let time = time?;
    let ahead = time.duration_since(now);
    if ahead > SignedDuration::from_hours(24) { None } else { Some(time.min(now)) }
}

/// Longer blocks of JSON-LD are passed over.
const LINKED_DATA_BYTES: usize = 1024 * 1024;

/// The first object in a block of JSON-LD that describes an article.
fn linked_data(source: &str) -> Option<Value> {
    // Parsed it takes twenty times the room.
    if source.len() > LINKED_DATA_BYTES {
        return None;
    }
    let source = source.trim().trim_start_matches("<![CDATA[").trim_end_matches("]]>");
    // Line breaks inside strings are the usual fault.
    let value: Value = serde_json::from_str(source)
        .or_else(|_| serde_json::from_str(&source.replace(['\n', '\r', '\t'], " ")))
        .ok()?;
    article_in(value, 4)
}

fn article_in(value: Value, depth: u8) -> Option<Value> {
    match value {
        _ if depth == 0 => None,
        Value::Array(values) => values.into_iter().find_map(|value| article_in(value, depth - 1)),
        Value::Object(ref fields) => {
            let kinds: Vec<&str> = match fields.get("@type") {
                Some(Value::String(kind)) => vec![kind],
                Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
                _ => Vec::new(),
            };
            let is_article = |kind: &&str| {
                kind.ends_with("Article")
                    || kind.ends_with("Posting")
                    || matches!(*kind, "Report" | "Review" | "LiveBlogPosting")
            };
            if kinds.iter().any(is_article) {
                return Some(value);
            }
            let Value::Object(mut fields) = value else { return None };
            ["@graph", "mainEntity", "mainEntityOfPage"]
                .into_iter()
                .find_map(|name| article_in(fields.remove(name)?, depth - 1))
        }
        _ => None,
    }
}

fn text(value: &Value) -> Option<String> {
    let text = plain::title(value.as_str()?);
    (!text.is_empty() && text.len() <= 1000).then_some(text)
}

fn name_of(value: &Value) -> Option<String> {
    match value {
        Value::String(_) => text(value),
        Value::Array(values) => values.iter().find_map(name_of),
        _ => value.get("name").and_then(|name| match name {
            Value::Array(names) => names.iter().find_map(text),
            _ => text(name),
        }),
    }
}

/// Pages write both standards of Norwegian as `no` and as themselves; some still use the codes that ISO 639 has replaced.
fn usual(language: Language) -> Language {
    let usual = match language.as_str() {
        "nb" | "nn" => "no",
        "iw" => "he",
        "in" => "id",
        "ji" => "yi",
        _ => return language,
    };
    Language::parse(usual).unwrap_or(language)
}

/// A language by its tag, or as an object that has a tag for one.
fn language_of(value: &Value) -> Option<String> {
    match value {
        Value::Array(values) => values.iter().find_map(language_of),
        Value::Object(fields) => ["alternateName", "identifier", "name"]
            .iter()
            .filter_map(|name| fields.get(*name)?.as_str())
            .find(|tag| Language::parse(tag).is_some())
            .map(str::to_owned),
        _ => text(value),
    }
}
