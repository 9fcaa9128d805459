//! HTML → article. Decode, [`scan`] (hostile forms become harmless), read what the page says of itself (`meta`), let
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
use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;

pub mod declared;
pub mod media;
mod meta;
mod paragraphs;
pub mod pdf;
pub mod quality;
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
    if pdf::is_pdf(document) {
        return match pdf::read(document, pdf::Bounds { expired: &|| false }) {
            Ok(article) => (article, None),
            Err(reason) => (Article { method: "none".into(), ..Article::default() }, Some(reason)),
        };
    }
    if let Err(reason) = media::is_page(document) {
        return (Article { method: "none".into(), ..Article::default() }, Some(reason));
    }
    let article = extract(document);
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

fn read(html: String, document: &Document<'_>) -> Article {
    let mut page = Readability::from(html);
    page.config = Config { disable_json_ld: true, ..Config::default() };
    let base = match page.doc.base_uri().and_then(|base| document.url.join(&base).ok()) {
        Some(base) => base,
        None => document.url.clone(),
    };
    let meta = meta::read(&page, &base);
    let page_title = headline(&page).unwrap_or_else(|| plain::title(&page.get_article_title()));
    let run = longest_run(&page);
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
    // What is overlooked is never alerted, so where the page holds a much longer body, that one is taken: the body it
    // tells to machines, which is all there is when a script or a reading limit hides it, or its longest run of paragraphs.
    if let Some(body) = meta.body.map(|body| paragraphs::of_plain(&body)).filter(|body| longer(body, &article.text, 2))
    {
        article.text = body;
        article.method = "json_ld".into();
    }
    if longer(&run, &article.text, 3) {
        article.text = run;
        article.method = "paragraphs".into();
    }
    article
}

fn longer(body: &str, text: &str, times: usize) -> bool {
    body.len() > 200 && body.len() > times * text.len()
}

/// The text of the `<p>` elements that share a parent, for the parent where that is longest.
fn longest_run(page: &Readability) -> String {
    let mut runs = HashMap::new();
    let mut total = 0;
    for paragraph in page.doc.select("p").nodes() {
        let Some(parent) = paragraph.parent() else { continue };
        let text = plain::fold(&paragraph.text());
        // Shorter ones are captions, labels and links.
        total += text.len();
        // Paragraphs inside paragraphs repeat their text.
        if total > 2 * scan::BYTES {
            break;
        }
        if text.len() >= 40 {
            let run: &mut String = runs.entry(parent.id).or_default();
            if !run.is_empty() {
                run.push_str("\n\n");
            }
            run.push_str(&text);
        }
    }
    runs.into_values().max_by(|one, other| one.len().cmp(&other.len()).then_with(|| one.cmp(other))).unwrap_or_default()
}

/// The `<h1>` that the page's title begins with, so that `Headline - The Paper` loses the paper.
fn headline(page: &Readability) -> Option<String> {
    let title = plain::fold(&page.doc.select_single("title").text());
    let headings = page.doc.select("h1");
    let mut headings = headings.nodes().iter().map(|heading| plain::fold(&heading.text()));
    headings.find(|heading| heading.chars().count() >= 10 && title.starts_with(heading.as_str()))
}

#[cfg(test)]
mod tests;
