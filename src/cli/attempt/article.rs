//! `atalaya try article`: pages → articles.

use super::super::Exit;
use super::super::output::Output;
use super::input;
use crate::article;
use crate::article::Terms;
use crate::article::site;
use crate::article::site::Site;
use crate::clock;
use crate::config;
use crate::config::Environment;
use crate::model::Article;
use crate::model::Document;
use crate::text::language;
use clap::Args;
use jiff::Timestamp;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;
use std::borrow::Cow;
use std::path::Path;
use std::path::PathBuf;
use std::thread;
use url::Url;

/// An address that no page has, for pages that come without one.
const NO_ADDRESS: &str = "http://no-address.invalid/";

/// `atalaya try article`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  atalaya try article --url https://paper.example/a saved.html\n  \
                        atalaya try article --jsonl < pages.jsonl")]
pub struct Arguments {
    /// Pages, plain or gzipped; `-` for standard input
    #[arg(value_name = "FILE", required_unless_present = "jsonl")]
    files: Vec<PathBuf>,
    /// The address that the files come from: relative links are made absolute against it
    #[arg(long)]
    url: Option<Url>,
    /// One JSON object per page
    #[arg(long)]
    json: bool,
    /// Take `{"id"?,"url"?,"file" or "html"}` objects, one per line, from standard input
    #[arg(long, conflicts_with = "files")]
    jsonl: bool,
}

#[derive(Deserialize, Default)]
struct Asked {
    id: Option<Value>,
    url: Option<String>,
    file: Option<PathBuf>,
    html: Option<String>,
}

/// One line of the contract.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<Cow<'a, str>>,
    title: &'a str,
    byline: Option<&'a str>,
    published: Option<Timestamp>,
    language: Option<&'a str>,
    canonical_url: Option<&'a str>,
    text: &'a str,
    method: &'a str,
    warnings: &'a [String],
}

/// An input that gave no article.
#[derive(Serialize)]
struct ErrorLine<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<Cow<'a, str>>,
    error: String,
}

/// Extracts each page. An input that cannot be read gives an error line and exit 1. A page that the daemon would not
/// take for an article (a wall, an empty page) gives what was extracted, with that as a warning.
///
/// # Errors
/// When standard input cannot be read or the answer cannot be written.
pub fn run(arguments: &Arguments, named: Option<&Path>, output: &mut Output) -> anyhow::Result<Exit> {
    let mut exit = Exit::Success;
    // Only a configuration that is named: pages are read where there is none too.
    let sites = match named.map(|named| config::load(named, &Environment::looking_only())) {
        Some(Ok(loaded)) => loaded.config.sites,
        Some(Err(diagnostics)) => {
            output.complain_text(&diagnostics.render(output.colour_of_complaints));
            return Ok(Exit::Config);
        }
        None => Vec::new(),
    };
    let sites = sites.as_slice();
    for file in &arguments.files {
        let asked =
            Asked { file: Some(file.clone()), url: arguments.url.as_ref().map(Url::to_string), ..Asked::default() };
        tell(&asked, sites, arguments.json, &mut exit, output)?;
    }
    if arguments.jsonl {
        for object in input::objects::<Asked>() {
            match object? {
                Ok(asked) => tell(&asked, sites, true, &mut exit, output)?,
                Err(bad) => {
                    output.json(&bad)?;
                    exit = Exit::Finding;
                }
            }
            // Whoever gives one page at a time waits for its answer before the next.
            output.flush()?;
        }
    }
    Ok(exit)
}

fn tell(asked: &Asked, sites: &[Site], json: bool, exit: &mut Exit, output: &mut Output) -> anyhow::Result<()> {
    let id = asked.id.as_ref();
    // A name need not be UTF-8, a JSON string must.
    let file = asked.file.as_deref().map(Path::to_string_lossy);
    let article = match read(asked, sites) {
        Ok(article) => article,
        Err(error) => {
            *exit = Exit::Finding;
            if json {
                output.json(&ErrorLine { id, file, error })?;
            } else {
                output.complain(&format!("{}: {error}", file.unwrap_or_default()));
            }
            return Ok(());
        }
    };
    let language = article.language.as_ref().map(|language| language.as_str());
    if json {
        output.json(&Line {
            id,
            file,
            title: &article.title,
            byline: article.byline.as_deref(),
            published: article.published,
            language,
            canonical_url: article.canonical_url.as_deref(),
            text: &article.text,
            method: &article.method,
            warnings: &article.warnings,
        })?;
        return Ok(());
    }
    output.line(&article.title)?;
    let about = [article.byline.clone(), article.published.map(|at| at.to_string()), language.map(str::to_owned)];
    output.line(about.into_iter().flatten().collect::<Vec<_>>().join(" · "))?;
    for warning in &article.warnings {
        output.line(format!("warning: {warning}"))?;
    }
    output.line("")?;
    output.line(&article.text)?;
    Ok(())
}

/// One page, on a thread with the stack that extraction is promised.
fn read(asked: &Asked, sites: &[Site]) -> Result<Article, String> {
    let bytes = match (&asked.html, &asked.file) {
        (Some(html), _) => html.clone().into_bytes(),
        (None, Some(file)) => input::bytes(file).map_err(|error| error.to_string())?,
        (None, None) => return Err("neither `file` nor `html` is given".into()),
    };
    let address = asked.url.as_deref().unwrap_or(NO_ADDRESS);
    let url = Url::parse(address).map_err(|error| format!("`{address}` is no address: {error}"))?;
    thread::scope(|scope| {
        let extracting = thread::Builder::new()
            .stack_size(article::STACK_BYTES)
            .spawn_scoped(scope, || extract(&Document { url: &url, content_type: None, bytes: &bytes }, sites));
        let extracting = extracting.map_err(|error| format!("no thread: {error}"))?;
        extracting.join().map_err(|_| "the extractor failed".to_owned())
    })
}

/// As the daemon does it, but what it would refuse becomes a warning.
fn extract(document: &Document<'_>, sites: &[Site]) -> Article {
    let terms = Terms { now: clock::now(), site: site::of(sites, document.url) };
    let (mut article, refused) = article::examine(document, "", &terms);
    article.language = language::detect(&article.title, &article.text, article.language.as_ref());
    article.warnings.extend(refused.map(|reason| reason.to_string()));
    // A relative link is no address where nothing says what it is relative to.
    article.canonical_url = article.canonical_url.filter(|url| !url.starts_with(NO_ADDRESS));
    article
}
