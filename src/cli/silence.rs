//! `atalaya silence`: mutes for a while, with an author, a reason and an end; lists silences with what they muted; ends one.

use super::Exit;
use super::account::Format;
use super::account::with_store;
use super::output::Output;
use super::setup;
use crate::clock;
use crate::config;
use crate::config::Config;
use crate::config::Environment;
use crate::config::duration;
use crate::config::parse_moment;
use crate::model::EntityName;
use crate::model::RuleName;
use crate::model::SourceName;
use crate::route::Silence;
use crate::store::MutedRow;
use crate::store::Store;
use crate::store::sqlite::SqliteStore;
use anyhow::Context;
use clap::Args;
use clap::Subcommand;
use jiff::Timestamp;
use serde::Serialize;
use std::path::Path;

/// `atalaya silence`.
#[derive(Debug, Subcommand)]
pub enum SilenceCommand {
    /// Mute what all of the given lists name, until an end
    Add(AddArguments),
    /// List silences in force, those of the configuration too, with how much each muted
    List(Format),
    /// End a silence now
    End {
        /// Its number, as `list` shows it
        name: String,
        #[command(flatten)]
        format: Format,
    },
    /// List what silences muted, newest first
    Muted {
        /// Only what this silence muted
        name: Option<String>,
        /// At most this many
        #[arg(long, value_name = "N", default_value_t = 100)]
        limit: usize,
        #[command(flatten)]
        format: Format,
    },
}

/// `atalaya silence add`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  atalaya silence add --rule elections --until 2d --author Ana --reason 'we report from the hall'"
)]
pub struct AddArguments {
    /// Who is responsible for it
    #[arg(long, value_name = "NAME")]
    author: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// When it ends: a length such as 2h or 3d, a day such as 2026-12-01, or a time with its offset
    #[arg(long, value_name = "END")]
    until: String,
    /// A rule; may be given several times
    #[arg(long = "rule", value_name = "NAME")]
    rules: Vec<String>,
    /// An entity that the rule found; may be given several times
    #[arg(long = "entity", value_name = "NAME")]
    entities: Vec<String>,
    /// A source; may be given several times
    #[arg(long = "source", value_name = "NAME")]
    sources: Vec<String>,
    /// A story's key, as webhooks and `why --json` have it; may be given several times
    #[arg(long = "story", value_name = "KEY")]
    stories: Vec<String>,
    /// JSON instead of text
    #[arg(long)]
    json: bool,
}

/// A silence in a list.
#[derive(Serialize)]
struct Listed<'a> {
    #[serde(flatten)]
    silence: &'a Silence,
    /// Whether the configuration has it; otherwise `silence end` ends it.
    configured: bool,
    muted: usize,
}

/// Runs a silence command.
///
/// # Errors
/// When the store cannot be read or written, or the answer cannot be written.
pub fn run(command: &SilenceCommand, named: Option<&Path>, output: &mut Output) -> anyhow::Result<Exit> {
    match command {
        SilenceCommand::Add(arguments) => add(arguments, named, output),
        SilenceCommand::List(format) => list(format, named, output),
        SilenceCommand::End { name, format } => end(name, format, named, output),
        SilenceCommand::Muted { name, limit, format } => muted(name.as_deref(), *limit, format, named, output),
    }
}

/// The configuration, for commands that look at it; its errors are shown.
pub(super) fn configured(named: Option<&Path>, output: &mut Output) -> Option<Config> {
    match config::load(&setup::file(named), &Environment::looking_only()) {
        Ok(loaded) => Some(loaded.config),
        Err(diagnostics) => {
            output.complain_text(&diagnostics.render(output.colour_of_complaints));
            None
        }
    }
}

fn add(arguments: &AddArguments, named: Option<&Path>, output: &mut Output) -> anyhow::Result<Exit> {
    let now = clock::now();
    let Some(config) = configured(named, output) else { return Ok(Exit::Config) };
    let Some(until) = end_of(&arguments.until, now) else {
        output
            .complain(&format!("`{}` is no end: write 2h, 3d, 2026-12-01 or a time with its offset", arguments.until));
        return Ok(Exit::Usage);
    };
    let silence = Silence {
        name: String::new(),
        author: arguments.author.clone(),
        reason: arguments.reason.clone(),
        from: None,
        until,
        rules: arguments.rules.iter().map(|name| RuleName::new(name.as_str())).collect(),
        entities: arguments.entities.iter().map(|name| EntityName::new(name.as_str())).collect(),
        sources: arguments.sources.iter().map(|name| SourceName::new(name.as_str())).collect(),
        stories: arguments.stories.clone(),
    };
    let complaints = complaints(&silence, &config, now);
    for complaint in &complaints {
        output.complain(complaint);
    }
    if !complaints.is_empty() {
        return Ok(Exit::Usage);
    }
    writing(&config, async |store| {
        let silence = store.add_silence(&silence, now).await?;
        if arguments.json {
            output.json(&silence)?;
        } else {
            output.line(format!("silence {} until {:.0}", silence.name, silence.until))?;
        }
        Ok(Exit::Success)
    })
}

/// What is wrong with a silence that somebody wants.
fn complaints(silence: &Silence, config: &Config, now: Timestamp) -> Vec<String> {
    let mut complaints = Vec::new();
    if silence.author.trim().is_empty() || silence.reason.trim().is_empty() {
        complaints.push("a silence needs an author and a reason".to_owned());
    }
    if silence.is_boundless() {
        complaints.push("it would mute everything: name a rule, an entity, a source or a story".to_owned());
    }
    if silence.until <= now {
        complaints.push(format!("its end, {:.0}, has passed", silence.until));
    }
    let unknown = |what: &str, name: &str, known: bool| (!known).then(|| format!("there is no {what} `{name}`"));
    let rules = silence
        .rules
        .iter()
        .filter_map(|name| unknown("rule", name.as_str(), config.rules.iter().any(|rule| rule.name == *name)));
    let entities = silence.entities.iter().filter_map(|name| {
        unknown("entity", name.as_str(), config.entities.iter().any(|entity| entity.name.as_ref() == Some(name)))
    });
    let sources = silence
        .sources
        .iter()
        .filter_map(|name| unknown("source", name.as_str(), config.sources.iter().any(|source| source.name == *name)));
    complaints.extend(rules.chain(entities).chain(sources));
    complaints
}

fn end_of(text: &str, now: Timestamp) -> Option<Timestamp> {
    match duration::duration(text) {
        Ok(length) => now.checked_add(length).ok(),
        Err(_) => parse_moment(text),
    }
}

/// Opens the store to write beside a running daemon.
fn writing(config: &Config, act: impl AsyncFnOnce(&SqliteStore) -> anyhow::Result<Exit>) -> anyhow::Result<Exit> {
    setup::runtime()?.block_on(async {
        let place = || format!("the store in {}", config.state.display());
        let store = SqliteStore::open(&config.state).await.with_context(place)?;
        let exit = act(&store).await;
        store.close().await;
        exit
    })
}

fn list(format: &Format, named: Option<&Path>, output: &mut Output) -> anyhow::Result<Exit> {
    let now = clock::now();
    let Some(config) = configured(named, output) else { return Ok(Exit::Config) };
    with_store(format, named, output, async |store, output| {
        let made = store.silences(now).await?;
        let all = config.silences.iter().filter(|it| it.until > now).map(|it| (it, true));
        for (silence, configured) in all.chain(made.iter().map(|it| (it, false))) {
            let muted = store.muted(Some(&silence.name), usize::MAX).await?.len();
            if format.json() {
                output.json(&Listed { silence, configured, muted })?;
            } else {
                tell(silence, configured, muted, output)?;
            }
        }
        Ok(Exit::Success)
    })
}

fn tell(silence: &Silence, configured: bool, muted: usize, output: &mut Output) -> anyhow::Result<()> {
    let names = |what: &str, names: Vec<&str>| (!names.is_empty()).then(|| format!("{what} {}", names.join(" or ")));
    let covers: Vec<String> = [
        names("rule", silence.rules.iter().map(RuleName::as_str).collect()),
        names("entity", silence.entities.iter().map(EntityName::as_str).collect()),
        names("source", silence.sources.iter().map(SourceName::as_str).collect()),
        names("story", silence.stories.iter().map(String::as_str).collect()),
    ]
    .into_iter()
    .flatten()
    .collect();
    let place = if configured { ", in the configuration" } else { "" };
    output.line(format!(
        "{}  until {:.0}, by {}{place}: {}",
        silence.name, silence.until, silence.author, silence.reason
    ))?;
    output.line(format!("  {}; {muted} muted", covers.join(" and ")))?;
    Ok(())
}

fn end(name: &str, format: &Format, named: Option<&Path>, output: &mut Output) -> anyhow::Result<Exit> {
    let Some(config) = configured(named, output) else { return Ok(Exit::Config) };
    if config.silences.iter().any(|silence| silence.name == name) {
        output.complain(&format!("`{name}` is in the configuration: end it there, and reload"));
        return Ok(Exit::Finding);
    }
    writing(&config, async |store| {
        if !store.end_silence(name, clock::now()).await? {
            output.complain(&format!("there is no silence `{name}` in force"));
            return Ok(Exit::Finding);
        }
        let muted = store.muted(Some(name), usize::MAX).await?.len();
        if format.json() {
            output.json(&serde_json::json!({ "silence": name, "ended": true, "muted": muted }))?;
        } else {
            output.line(format!("silence {name} is over; it muted {muted}"))?;
        }
        Ok(Exit::Success)
    })
}

fn muted(
    name: Option<&str>,
    limit: usize,
    format: &Format,
    named: Option<&Path>,
    output: &mut Output,
) -> anyhow::Result<Exit> {
    with_store(format, named, output, async |store, output| {
        for row in store.muted(name, limit).await? {
            if format.json() {
                output.json(&row)?;
                continue;
            }
            let MutedRow { rule, title, url, source, at, why } = &row;
            output.line(format!("{at:.0}  {title}"))?;
            output.line(format!("  {}", url.as_deref().unwrap_or("(no address)")))?;
            output.line(format!("  {source}, rule {rule}: {why}"))?;
        }
        Ok(Exit::Success)
    })
}
