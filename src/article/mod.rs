//! HTML → article. Decode, [`scan`] (hostile forms become harmless), read what the page says of itself (`meta`), let
//! an extractor find the body, write it as paragraphs. [`wall`] says whether that is an article at all, [`media`]
//! whether the answer is a page. Nothing here aborts or takes more than seconds: see the table of hostile pages in the
//! tests. The caller gives the thread, with [`STACK_BYTES`].

use crate::feed::charset;
use crate::feed::plain;
use crate::model::Article;
use crate::model::Document;
use crate::model::Reason;
use jiff::Timestamp;
use site::Site;
use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;

mod blocks;
mod byline;
pub mod declared;
pub mod extractors;
mod features;
mod forest;
mod headline;
pub mod media;
mod meta;
mod paragraphs;
pub mod pdf;
pub mod quality;
mod quick;
pub mod scan;
pub mod site;
mod traits;
pub mod wall;
mod witness;

/// What the thread of [`extract`] should have. Extractors recurse once or twice per nested element, and [`scan`] lets
/// [`scan::DEPTH`] of them through: a fraction of this is used.
pub const STACK_BYTES: usize = 32 * 1024 * 1024;

/// What is known besides the page.
#[derive(Clone, Copy)]
pub struct Terms<'a> {
    /// When it was fetched: nothing that it tells is from later.
    pub now: Timestamp,
    /// What the operator says of its site.
    pub site: Option<&'a Site>,
}

/// Reads a page. Never fails: a page without an article gives an empty text, and `warnings` say what was odd.
/// `language` is the one that the page declares.
pub fn extract(document: &Document<'_>, terms: &Terms<'_>) -> Article {
    let html = decode(document);
    let (safe, mut warnings) = scan::defuse(&html);
    // A stack overflow cannot be caught, and `scan` prevents it; everything else can.
    let attempt = catch_unwind(AssertUnwindSafe(|| read(&safe, document, terms)));
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
pub fn examine(document: &Document<'_>, listed_title: &str, terms: &Terms<'_>) -> (Article, Option<Reason>) {
    if pdf::is_pdf(document) {
        return match pdf::read(document, pdf::Bounds { expired: &|| false }) {
            Ok(article) => (article, None),
            Err(reason) => (Article { method: "none".into(), ..Article::default() }, Some(reason)),
        };
    }
    if let Err(reason) = media::is_page(document) {
        return (Article { method: "none".into(), ..Article::default() }, Some(reason));
    }
    let article = extract(document, terms);
    let listed = quality::Listed { title: listed_title, ..quality::Listed::default() };
    let (html, url) = (decode(document), Some(document.url));
    let reading = quality::Reading { article: &article, html: &html, url, listed, repeated: 0 };
    let refused = quality::judge(&reading).refused();
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
    let text = charset::decode(document.bytes, document.content_type, charset::html_label(document.bytes)).0;
    // HTML drops NUL, and its parsers keep a note of each one: a gigabyte of notes for a page of zeros.
    if text.contains('\0') { text.replace('\0', "").into() } else { text }
}

/// What the judge of blocks sees on a page: one row per block with its text, and the columns' names. `bench/articles-fit`
/// fits it to that.
pub fn rows(document: &Document<'_>, terms: &Terms<'_>) -> (Vec<String>, Vec<(String, Vec<f32>)>) {
    let (safe, _) = scan::defuse(&decode(document));
    let (page, _) = prepare(&safe, document, terms);
    let mut rows = Vec::new();
    extractors::rows(&page, |row| rows.push(row.to_vec()));
    (forest::columns(), page.blocks.blocks.into_iter().map(|block| block.text).zip(rows).collect())
}

fn read(html: &str, document: &Document<'_>, terms: &Terms<'_>) -> Article {
    let (page, mut article) = prepare(html, document, terms);
    let (text, method) = match terms.site.and_then(|site| site.extractor) {
        _ if page.chosen.is_some() => (page.chosen.clone().unwrap_or_default(), "selector"),
        Some(extractor) => ((extractor.find)(&page).unwrap_or_default(), extractor.name),
        None => extractors::best(&page),
    };
    article.text = without_headline(text, &page.title);
    article.method = method.into();
    if article.text.is_empty() {
        article.warnings.push("no body found".into());
    }
    article.title = page.title;
    article
}

/// The text without the headline that stands above it on some pages: copies of a text are to have the same one, whether
/// or not their page repeats its title.
fn without_headline(text: String, title: &str) -> String {
    let folded = |text: &str| plain::fold(text).to_lowercase();
    match text.split_once("\n\n") {
        Some((first, rest)) if folded(first) == folded(title) => rest.to_owned(),
        _ => text,
    }
}

/// The page parsed once: what extractors look at, and what it says of itself.
fn prepare<'a>(html: &'a str, document: &Document<'_>, terms: &Terms<'_>) -> (extractors::Page<'a>, Article) {
    let tree = dom_query::Document::from(html);
    let base = match tree.base_uri().and_then(|base| document.url.join(&base).ok()) {
        Some(base) => base,
        None => document.url.clone(),
    };
    let meta = meta::read(&tree, &base, terms.now);
    let chosen = terms.site.map(|site| {
        site.prune(&tree);
        (site.title(&tree), site.body(&tree))
    });
    let (title, chosen) = chosen.unwrap_or_default();
    let blocks = blocks::of(&tree);
    let page = extractors::Page {
        html,
        found: witness::found(&blocks),
        blocks,
        told: meta.body.map(|body| paragraphs::of_plain(&body)).filter(|body| body.len() > 200),
        chosen,
        title: title.or(meta.title).unwrap_or_default(),
        description: meta.description.unwrap_or_default(),
    };
    let article = Article {
        byline: meta.byline,
        published: meta.published,
        modified: meta.modified,
        language: meta.language,
        site_name: meta.site_name,
        canonical_url: meta.canonical_url,
        ..Article::default()
    };
    (page, article)
}

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod tests;
