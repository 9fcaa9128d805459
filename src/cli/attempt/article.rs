//! `atalaya try article`: pages → articles.

use super::super::Exit;
use super::super::output::Output;
use super::super::setup;
use super::super::shown::Stage;
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
use crate::model::Reason;
use crate::source;
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
use tokio::runtime::Runtime;
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
    /// Have pages that scripts build shown by the service of `[rendering]`, as the daemon does; they need their address
    #[arg(long)]
    render: bool,
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
    let config = match named.map(|named| config::load(named, &Environment::looking_only())) {
        Some(Ok(loaded)) => Some(loaded.config),
        Some(Err(diagnostics)) => {
            output.complain_text(&diagnostics.render(output.colour_of_complaints));
            return Ok(Exit::Config);
        }
        None => None,
    };
    let service = match (arguments.render, config.as_ref().map(Stage::of).transpose()?.flatten()) {
        (false, _) => None,
        (true, Some(stage)) => Some((stage, setup::runtime()?)),
        (true, None) => {
            output.complain("`--render` needs `--config` with a `[rendering]` in it");
            return Ok(Exit::Usage);
        }
    };
    let sites = config.as_ref().map(|config| config.sites.as_slice()).unwrap_or_default();
    let reader = Reader { sites, service };
    for file in &arguments.files {
        let asked =
            Asked { file: Some(file.clone()), url: arguments.url.as_ref().map(Url::to_string), ..Asked::default() };
        tell(&asked, &reader, arguments.json, &mut exit, output)?;
    }
    if arguments.jsonl {
        for object in input::objects::<Asked>() {
            match object? {
                Ok(asked) => tell(&asked, &reader, true, &mut exit, output)?,
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

fn tell(asked: &Asked, reader: &Reader<'_>, json: bool, exit: &mut Exit, output: &mut Output) -> anyhow::Result<()> {
    let id = asked.id.as_ref();
    // A name need not be UTF-8, a JSON string must.
    let file = asked.file.as_deref().map(Path::to_string_lossy);
    let article = match reader.read(asked) {
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

/// How pages are read.
struct Reader<'a> {
    sites: &'a [Site],
    service: Option<(Stage<'a>, Runtime)>,
}

impl Reader<'_> {
    /// One page; as the service shows it, where scripts are to build it and that is wanted.
    fn read(&self, asked: &Asked) -> Result<Article, String> {
        let (bytes, url) = page(asked)?;
        let (mut article, refused) = on_thread(&Document { url: &url, content_type: None, bytes: &bytes }, self.sites)?;
        let service = self.service.as_ref().filter(|_| url.as_str() != NO_ADDRESS).zip(refused.as_ref());
        let shown = service.and_then(|((stage, runtime), reason)| runtime.block_on(stage.show(&url, reason)));
        match shown {
            None => article.warnings.extend(refused.map(|reason| reason.to_string())),
            Some(Err(why)) => article.warnings.extend(refused.map(|reason| format!("{reason}; {why}"))),
            Some(Ok(shown)) => {
                let content_type = shown.content_type.as_deref();
                let (rendered, refused) =
                    on_thread(&Document { url: &url, content_type, bytes: &shown.body }, self.sites)?;
                article = Article { method: format!("rendered: {}", rendered.method), ..rendered };
                article.warnings.extend(refused.map(|reason| reason.to_string()));
            }
        }
        // A relative link is no address where nothing says what it is relative to.
        article.canonical_url = article.canonical_url.filter(|url| !url.starts_with(NO_ADDRESS));
        Ok(article)
    }
}

fn page(asked: &Asked) -> Result<(Vec<u8>, Url), String> {
    let bytes = match (&asked.html, &asked.file) {
        (Some(html), _) => html.clone().into_bytes(),
        (None, Some(file)) => input::bytes(file).map_err(|error| error.to_string())?,
        (None, None) => return Err("neither `file` nor `html` is given".into()),
    };
    let address = asked.url.as_deref().unwrap_or(NO_ADDRESS);
    let url = Url::parse(address).map_err(|error| format!("`{address}` is no address: {error}"))?;
    Ok((bytes, url))
}

/// On a thread with the stack that extraction is promised.
fn on_thread(document: &Document<'_>, sites: &[Site]) -> Result<(Article, Option<Reason>), String> {
    thread::scope(|scope| {
        let extracting =
            thread::Builder::new().stack_size(article::STACK_BYTES).spawn_scoped(scope, || extract(document, sites));
        let extracting = extracting.map_err(|error| format!("no thread: {error}"))?;
        extracting.join().map_err(|_| "the extractor failed".to_owned())
    })
}

/// As the daemon does it, with why it would not take that for the article. An empty page that scripts would fill is called
/// by that name.
fn extract(document: &Document<'_>, sites: &[Site]) -> (Article, Option<Reason>) {
    let terms = Terms { now: clock::now(), site: site::of(sites, document.url) };
    let (mut article, refused) = article::examine(document, "", &terms);
    article.language = language::detect(&article.title, &article.text, article.language.as_ref());
    let scripts = || source::unreadable(document).filter(|it| matches!(it, Reason::NeedsScripts { .. }));
    let refused = refused.map(|reason| if reason == Reason::EmptyPage { scripts().unwrap_or(reason) } else { reason });
    (article, refused)
}
