//! `atalaya export`: the watched feeds → a list that other readers take.

use super::Exit;
use super::output::Output;
use super::setup;
use crate::opml;
use crate::opml::Outline;
use clap::Args;
use std::path::Path;

/// `atalaya export`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  atalaya export --opml > feeds.opml")]
pub struct Arguments {
    /// As OPML 2.0, which every feed reader imports
    #[arg(long, required = true)]
    opml: bool,
}

/// Writes the configured feeds. Sources of other kinds have no place in such a list; how many they are is said.
///
/// # Errors
/// When the answer cannot be written.
pub fn run(_arguments: &Arguments, config: Option<&Path>, output: &mut Output) -> anyhow::Result<Exit> {
    let Some(loaded) = setup::load(config, output) else { return Ok(Exit::Config) };
    let (feeds, others): (Vec<_>, Vec<_>) = loaded.config.sources.iter().partition(|plan| plan.kind == "feed");
    let outlines: Vec<Outline> = feeds
        .iter()
        .map(|plan| Outline {
            name: Some(plan.name.as_str().to_owned()),
            url: plan.watch.address().clone(),
            label: plan.label.clone(),
            folder: Vec::new(),
        })
        .collect();
    output.line(opml::write(&outlines).trim_end())?;
    if !others.is_empty() {
        let names: Vec<String> = others.iter().map(|plan| format!("{} ({})", plan.name, plan.kind)).collect();
        output.complain(&format!("not in the list, since they are no feeds: {}", names.join(", ")));
    }
    Ok(Exit::Success)
}
