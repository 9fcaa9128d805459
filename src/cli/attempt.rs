//! `atalaya try …`: one pure stage on files, addresses or standard input. The same functions as in the daemon; nothing
//! is stored and nobody is told.

use super::Exit;
use super::output::Output;
use clap::Subcommand;
use std::path::Path;

mod article;
mod explained;
mod feed;
mod input;
mod route;
mod rules;
mod story;
mod url;

/// `atalaya try`.
#[derive(Debug, Subcommand)]
pub enum TryCommand {
    /// Read files as feeds
    Feed(feed::Arguments),
    /// Extract the article of pages
    Article(article::Arguments),
    /// Judge texts by the rules of a configuration
    Rules(rules::Arguments),
    /// Say who would hear of a text, an item or a rule, when and why
    Route(Box<route::Arguments>),
    /// Give the canonical form of addresses
    Url(url::Arguments),
    /// Tell how articles relate: copy, excerpt, translation, or news
    Story(story::Arguments),
}

/// Runs one stage. Exits with 1 when any input could not be read; the others are still done.
///
/// # Errors
/// When the answer cannot be written.
pub fn run(command: &TryCommand, config: Option<&Path>, output: &mut Output) -> anyhow::Result<Exit> {
    match command {
        TryCommand::Feed(arguments) => feed::run(arguments, output),
        TryCommand::Article(arguments) => article::run(arguments, config, output),
        TryCommand::Rules(arguments) => rules::run(arguments, config, output),
        TryCommand::Route(arguments) => route::run(arguments, config, output),
        TryCommand::Url(arguments) => url::run(arguments, output),
        TryCommand::Story(arguments) => story::run(arguments, config, output),
    }
}
