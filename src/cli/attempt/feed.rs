//! `atalaya try feed`: files → entries.

use super::super::Exit;
use super::super::output::Output;
use super::input;
use crate::feed;
use crate::model::Document;
use crate::model::Entry;
use crate::source::Listing;
use clap::Args;
use jiff::Timestamp;
use serde::Serialize;
use std::borrow::Cow;
use std::path::Path;
use std::path::PathBuf;
use url::Url;

/// An address that no feed has: links that stay relative to it were relative to an unknown address.
const NO_ADDRESS: &str = "http://no-address.invalid/";

/// `atalaya try feed`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  atalaya try feed --url https://paper.example/feed saved.xml")]
pub struct Arguments {
    /// Feeds, plain or gzipped; `-` for standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The address that the files come from: relative links are made absolute against it
    #[arg(long)]
    url: Option<Url>,
    /// One JSON object per file
    #[arg(long)]
    json: bool,
}

/// One line of the contract.
#[derive(Serialize)]
#[serde(untagged)]
enum Line<'a> {
    Listing {
        file: Cow<'a, str>,
        format: &'a str,
        title: Option<&'a str>,
        entries: Vec<EntryLine<'a>>,
        warnings: &'a [String],
    },
    Error {
        file: Cow<'a, str>,
        error: String,
    },
}

/// An entry of the contract.
#[derive(Serialize)]
struct EntryLine<'a> {
    id: &'a str,
    title: &'a str,
    link: Option<&'a str>,
    published: Option<Timestamp>,
    updated: Option<Timestamp>,
    summary: Option<&'a str>,
    content: Option<&'a str>,
}

/// Reads each file; one that is no feed gives an error line and exit 1.
///
/// # Errors
/// When the answer cannot be written.
pub fn run(arguments: &Arguments, output: &mut Output) -> anyhow::Result<Exit> {
    let mut exit = Exit::Success;
    for file in &arguments.files {
        let read = read(file, arguments.url.as_ref());
        if read.is_err() {
            exit = Exit::Finding;
        }
        match (&read, arguments.json) {
            (Ok(listing), true) => output.json(&line(file, listing))?,
            (Err(error), true) => output.json(&Line::Error { file: file.to_string_lossy(), error: error.clone() })?,
            (Ok(listing), false) => tell(file, listing, output)?,
            (Err(error), false) => output.complain(&format!("{}: {error}", file.display())),
        }
    }
    Ok(exit)
}

fn read(file: &Path, url: Option<&Url>) -> Result<Listing, String> {
    let bytes = input::bytes(file).map_err(|error| error.to_string())?;
    let unknown = Url::parse(NO_ADDRESS).expect("the placeholder is an address");
    let document = Document { url: url.unwrap_or(&unknown), content_type: None, bytes: &bytes };
    feed::read(&document).map_err(|reason| reason.to_string())
}

fn line<'a>(file: &'a Path, listing: &'a Listing) -> Line<'a> {
    Line::Listing {
        // A name need not be UTF-8, a JSON string must.
        file: file.to_string_lossy(),
        format: &listing.format,
        title: listing.title.as_deref(),
        entries: listing.entries.iter().map(entry_line).collect(),
        warnings: &listing.warnings,
    }
}

fn entry_line(entry: &Entry) -> EntryLine<'_> {
    EntryLine {
        id: relative(&entry.id),
        title: &entry.title,
        link: entry.link.as_deref().map(relative),
        published: entry.published,
        updated: entry.updated,
        summary: entry.summary.as_deref(),
        content: entry.content.as_deref(),
    }
}

/// A link as the feed has it, where there was no address to make it absolute against.
fn relative(link: &str) -> &str {
    link.strip_prefix(NO_ADDRESS.trim_end_matches('/')).unwrap_or(link)
}

fn tell(file: &Path, listing: &Listing, output: &mut Output) -> anyhow::Result<()> {
    output.line(format!(
        "{}: {}, {} entries{}",
        file.display(),
        listing.format,
        listing.entries.len(),
        listing.title.as_deref().map(|title| format!(", “{title}”")).unwrap_or_default()
    ))?;
    for warning in &listing.warnings {
        output.line(format!("  warning: {warning}"))?;
    }
    for entry in &listing.entries {
        let date = entry.published.or(entry.updated).map_or("no date".into(), |at| at.to_string());
        output.line(format!("  {date:<20}  {}", entry.title))?;
        output.line(format!("  {:<20}  {}", "", entry.link.as_deref().map_or("(no link)", relative)))?;
    }
    Ok(())
}
