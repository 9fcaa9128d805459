//! HTML → article. Decode, [`scan`] (hostile forms become harmless), read what the page says of itself ([`meta`]), let
//! an extractor find the body, write it as paragraphs. [`wall`] says whether that is an article at all, [`media`]
//! whether the answer is a page. Nothing here aborts or takes more than seconds: see the table of hostile pages in the
//! tests. The caller gives the thread, with [`STACK_BYTES`].

use crate::feed::charset;
use crate::feed::plain;
use crate::model::Article;
use crate::model::Document;
use crate::model::Reason;
use dom_smoothie::Config;
use dom_smoothie::Readability;
use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;

pub mod media;
mod meta;
mod paragraphs;
pub mod scan;
pub mod wall;

/// What the thread of [`extract`] should have. Extractors recurse once or twice per nested element, and [`scan`] lets
/// [`scan::DEPTH`] of them through: a fraction of this is used.
pub const STACK_BYTES: usize = 32 * 1024 * 1024;

/// Reads a page. Never fails: a page without an article gives an empty text, and `warnings` say what was odd.
/// `language` is the one that the page declares.
pub fn extract(document: &Document<'_>) -> Article {
    let html = decode(document);
    let (safe, mut warnings) = scan::defuse(&html);
    // A stack overflow cannot be caught, and `scan` prevents it; everything else can.
    let attempt = catch_unwind(AssertUnwindSafe(|| read(safe, document)));
    let mut article = attempt.unwrap_or_else(|_| {
        warnings.push("the extractor broke down over the page".into());
        Article { method: "none".into(), ..Article::default() }
    });
    warnings.append(&mut article.warnings);
    article.warnings = warnings;
    article
}

/// [`extract`], and why the daemon does not take it for the article, if it does not. `listed_title` is the title in the
/// feed, empty where there is none.
pub fn examine(document: &Document<'_>, listed_title: &str) -> (Article, Option<Reason>) {
    if let Err(reason) = media::is_page(document) {
        return (Article { method: "none".into(), ..Article::default() }, Some(reason));
    }
    let article = extract(document);
    let refused = wall::judge(&article, &decode(document), listed_title).err();
    (article, refused)
}

/// The text of a fragment of HTML, such as a feed's summary, paragraphs separated by an empty line.
pub fn plain_text(html: &str) -> String {
    let (safe, _) = scan::defuse(html);
    paragraphs::of_plain(&safe)
}

/// The page as text, whatever its encoding; [`wall::judge`] takes it.
pub fn decode<'a>(document: &Document<'a>) -> std::borrow::Cow<'a, str> {
    // A missing or wrong label is so common on pages that it is no warning.
    charset::decode(document.bytes, document.content_type, charset::html_label(document.bytes)).0
}

fn read(html: String, document: &Document<'_>) -> Article {
    let mut page = Readability::from(html);
    page.config = Config { disable_json_ld: true, ..Config::default() };
    let base = match page.doc.base_uri().and_then(|base| document.url.join(&base).ok()) {
        Some(base) => base,
        None => document.url.clone(),
    };
    let meta = meta::read(&page, &base);
    let page_title = plain::title(&page.get_article_title());
    let mut article = Article {
        title: meta.title.filter(|title| !title.is_empty()).unwrap_or(page_title),
        byline: meta.byline,
        published: meta.published,
        modified: meta.modified,
        language: meta.language,
        site_name: meta.site_name,
        canonical_url: meta.canonical_url,
        method: "dom_smoothie".into(),
        ..Article::default()
    };
    match page.parse() {
        Ok(found) => {
            article.text = paragraphs::of(&found.content);
            article.byline = article.byline.or(found.byline.map(|byline| plain::fold(&byline)));
        }
        Err(error) => article.warnings.push(format!("no body found: {error}")),
    }
    // Some pages hand the body to a script only; what they say to machines is then all there is.
    if let Some(body) = meta.body.map(|body| paragraphs::of_plain(&body))
        && article.text.len() < 400
        && body.len() > 2 * article.text.len()
    {
        article.text = body;
        article.method = "json_ld".into();
    }
    article
}

#[cfg(test)]
mod tests;
