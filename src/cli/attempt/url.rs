//! `atalaya try url`: addresses → canonical forms.

use super::super::Exit;
use super::super::output::Output;
use super::input;
use crate::story::address;
use clap::Args;
use serde::Deserialize;
use serde::Serialize;

/// `atalaya try url`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  atalaya try url 'https://m.paper.example/a/?utm_source=rss#top'")]
pub struct Arguments {
    /// Addresses
    #[arg(value_name = "URL", required_unless_present = "jsonl")]
    urls: Vec<String>,
    /// One JSON object per address
    #[arg(long)]
    json: bool,
    /// Take `{"url"}` objects, one per line, from standard input
    #[arg(long, conflicts_with = "urls")]
    jsonl: bool,
}

#[derive(Deserialize)]
struct Asked {
    url: String,
}

/// One line of the contract.
#[derive(Serialize)]
struct Line<'a> {
    url: &'a str,
    /// `null` when it is no web address.
    canonical: Option<String>,
}

/// Prints the canonical form of each address; one that is no web address makes the exit 1.
///
/// # Errors
/// When standard input cannot be read or the answer cannot be written.
pub fn run(arguments: &Arguments, output: &mut Output) -> anyhow::Result<Exit> {
    let mut exit = Exit::Success;
    for url in &arguments.urls {
        tell(url, arguments.json, &mut exit, output)?;
    }
    if arguments.jsonl {
        for object in input::objects::<Asked>() {
            match object? {
                Ok(asked) => tell(&asked.url, true, &mut exit, output)?,
                Err(bad) => {
                    output.json(&bad)?;
                    exit = Exit::Finding;
                }
            }
            output.flush()?;
        }
    }
    Ok(exit)
}

fn tell(url: &str, json: bool, exit: &mut Exit, output: &mut Output) -> anyhow::Result<()> {
    let canonical = address::canonical(url);
    if canonical.is_none() {
        *exit = Exit::Finding;
    }
    if json {
        output.json(&Line { url, canonical })?;
    } else {
        match canonical {
            Some(canonical) => output.line(canonical)?,
            None => output.complain(&format!("{url} is no web address")),
        }
    }
    Ok(())
}
