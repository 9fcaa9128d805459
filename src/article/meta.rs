//! What a page says about itself: JSON-LD first, then OpenGraph and other `<meta>`, then `<time>`.

use crate::feed::date;
use crate::feed::plain;
use crate::model::Language;
use dom_smoothie::Readability;
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
pub fn read(page: &Readability, url: &Url, now: Timestamp) -> Meta {
    let data = linked_data(page);
    let data = data.as_ref();
    let tags = tags(page);
    let tag = |names: &[&str]| {
        names.iter().find_map(|wanted| tags.iter().find(|(name, _)| name == wanted).map(|(_, content)| content.clone()))
    };
    let time = |names: &[&str]| {
        names.iter().find_map(|wanted| {
            tags.iter().filter(|(name, _)| name == wanted).find_map(|(_, content)| past(date::parse(content), now))
        })
    };
    let data_time = |name| data.and_then(|data| past(date::parse(data.get(name)?.as_str()?), now));
    let site_name = tag(&["og:site_name", "application-name", "apple-mobile-web-app-title"])
        .or_else(|| data.and_then(|data| name_of(data.get("publisher")?)));
    let headline = data.and_then(|data| text(data.get("headline").or_else(|| data.get("name"))?));
    let title = headline
        .or_else(|| tag(&["og:title", "twitter:title", "dc.title", "parsely-title"]))
        .or_else(|| first(page, "h1[itemprop=headline]"))
        .map(|title| without_site(&title, site_name.as_deref()));
    let byline = data
        .and_then(|data| names(data.get("author")?))
        .or_else(|| tag(&["author", "article:author", "dc.creator", "parsely-author", "byl", "sailthru.author"]))
        .filter(|byline| !byline.contains("://"));
    let language = attribute(page, "html", "lang")
        .or_else(|| attribute(page, "html", "xml:lang"))
        .or_else(|| tag(&["og:locale", "content-language", "language", "dc.language"]))
        .or_else(|| data.and_then(|data| text(data.get("inLanguage")?)));
    let canonical = attribute(page, "link[rel=canonical]", "href").or_else(|| tag(&["og:url"]));
    Meta {
        title,
        byline,
        published: data_time("datePublished")
            .or_else(|| time(PUBLISHED))
            .or_else(|| marked_time(page, now, "[itemprop=datePublished]"))
            .or_else(|| marked_time(page, now, "time[pubdate]"))
            .or_else(|| data_time("dateCreated"))
            .or_else(|| marked_time(page, now, "article time"))
            .or_else(|| marked_time(page, now, "time")),
        modified: data_time("dateModified")
            .or_else(|| time(MODIFIED))
            .or_else(|| marked_time(page, now, "[itemprop=dateModified]")),
        canonical_url: canonical
            .and_then(|link| url.join(link.trim()).ok())
            .filter(|link| link.has_host())
            .map(String::from),
        language: language.as_deref().and_then(Language::parse),
        site_name,
        description: tag(&["og:description", "description", "twitter:description"]),
        body: data.and_then(|data| data.get("articleBody")?.as_str().map(str::to_owned)),
    }
}

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

/// Name (property, name, http-equiv or itemprop, in lower case) and content of every `<meta>`.
fn tags(page: &Readability) -> Vec<(String, String)> {
    let mut tags = Vec::new();
    for node in page.doc.select("meta[content]").nodes() {
        let content = plain::fold(&node.attr_or("content", ""));
        if content.is_empty() || content.len() > 2000 {
            continue;
        }
        for key in ["property", "name", "http-equiv", "itemprop"] {
            if let Some(name) = node.attr(key) {
                tags.push((name.trim().to_lowercase(), content.clone()));
            }
        }
    }
    tags
}

fn attribute(page: &Readability, selector: &str, name: &str) -> Option<String> {
    let value = page.doc.select_single(selector).attr(name)?;
    let value = value.trim();
    (!value.is_empty()).then(|| value.to_owned())
}

fn first(page: &Readability, selector: &str) -> Option<String> {
    let text = plain::fold(&page.doc.select_single(selector).text());
    (!text.is_empty()).then_some(text)
}

fn marked_time(page: &Readability, now: Timestamp, selector: &str) -> Option<Timestamp> {
    page.doc.select(selector).nodes().iter().take(5).find_map(|node| {
        let given = node.attr("datetime").or_else(|| node.attr("content"));
        match given {
            Some(given) => past(date::parse(&given), now),
            None => past(date::parse(&plain::fold(&node.text())), now),
        }
    })
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

/// The first object of JSON-LD that describes an article.
fn linked_data(page: &Readability) -> Option<Value> {
    page.doc.select("script[type]").nodes().iter().filter(|node| node.attr_or("type", "").contains("ld+json")).find_map(
        |node| {
            let source = node.text();
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
        },
    )
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

fn names(value: &Value) -> Option<String> {
    let values = match value {
        Value::Array(values) => values.as_slice(),
        _ => std::slice::from_ref(value),
    };
    let mut found: Vec<String> = Vec::new();
    for name in values.iter().filter_map(name_of).filter(|name| !name.contains("://")).take(20) {
        if !found.contains(&name) {
            found.push(name);
        }
    }
    (!found.is_empty()).then(|| found.join(", "))
}

/// `Headline - The Paper` → `Headline`, when the paper's name is known.
fn without_site(title: &str, site: Option<&str>) -> String {
    let title = plain::title(title);
    let Some(site) = site.filter(|site| !site.is_empty()) else { return title };
    match title.strip_suffix(site).map(str::trim_end) {
        Some(rest) => match rest.strip_suffix(['-', '|', '–', '—', '·', ':', '•', '»']) {
            Some(headline) if !headline.trim().is_empty() => headline.trim_end().to_owned(),
            _ => title,
        },
        None => title,
    }
}
