//! `atalaya check`: all that is wrong with a configuration, at once.

use super::Exit;
use super::output::Output;
use super::setup;
use crate::backtest;
use crate::backtest::Standing;
use crate::clock;
use crate::config;
use crate::config::Config;
use crate::config::Diagnostic;
use crate::config::Environment;
use crate::config::Severity;
use crate::daemon::replaying;
use crate::net::Guard;
use crate::net::Refusal;
use crate::source::SourcePlan;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::sqlite::SqliteStore;
use clap::Args;
use std::path::Path;
use std::sync::Arc;

/// `atalaya check`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// One JSON object per error or warning: file, line, column, severity, message, help
    #[arg(long)]
    json: bool,
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// Sources that will never be asked, since their address, or the one that `[egress.hosts]` gives their name, is not the
/// public internet's and not opened.
fn refused(config: &Config, file: &str) -> Vec<Diagnostic> {
    let guard = Guard::new(config.egress.allow.clone());
    let judge = |plan: &SourcePlan| {
        let url = plan.watch.address();
        guard.judge_url(url)?;
        let mut mapped = config.egress.hosts.iter().filter(|(name, _)| url.host_str() == Some(name.as_str()));
        // Behind a proxy the table is not used.
        match mapped.next() {
            Some((_, address)) if plan.proxy.is_none() => guard.judge_address(*address),
            _ => Ok(()),
        }
    };
    let diagnostic = |plan: &SourcePlan, refusal: Refusal| Diagnostic {
        severity: Severity::Warning,
        place: None,
        file: file.to_owned(),
        message: format!("[source.{}] will not be asked: {refusal}", plan.name),
        label: String::new(),
        help: match refusal {
            Refusal::Address { address, .. } => format!("add \"{address}\" to `allow` of [egress], if you mean it"),
            _ => "write an address that can be asked".to_owned(),
        },
    };
    config.sources.iter().filter_map(|plan| judge(plan).err().map(|refusal| diagnostic(plan, refusal))).collect()
}

/// Whether the archive holds the configuration to its `[volume]`; without that table, or without a database yet, nothing
/// is replayed.
fn volume(config: &Config, file: &str) -> anyhow::Result<Option<Diagnostic>> {
    let Some(budget) = &config.volume else { return Ok(None) };
    let diagnostic = |severity, message: String, help: &str| Diagnostic {
        severity,
        place: None,
        file: file.to_owned(),
        message,
        label: String::new(),
        help: help.to_owned(),
    };
    setup::runtime()?.block_on(async {
        let store = match SqliteStore::open_read_only(&config.state).await {
            Ok(store) => store,
            Err(StoreError::NoDatabase { .. }) => return Ok(None),
            Err(error) => {
                let help = "the reload replays it all the same";
                return Ok(Some(diagnostic(Severity::Warning, format!("[volume] is not checked: {error}"), help)));
            }
        };
        let exceeded = replaying::exceeded(&store, Arc::new(Standing::of(config)), budget, clock::now()).await?;
        store.close().await;
        let help = "see `atalaya backtest` for every day, and `atalaya backtest diff` for what the change does";
        Ok((!exceeded.is_empty())
            .then(|| diagnostic(Severity::Error, backtest::volume::refusal(budget, &exceeded), help)))
    })
}

/// Loads the configuration as `run` would and says what it found. Exits with 78 when there is any error.
///
/// # Errors
/// When the answer cannot be written.
pub fn run(arguments: &Arguments, config: Option<&Path>, output: &mut Output) -> anyhow::Result<Exit> {
    let file = setup::file(config);
    let (mut diagnostics, loaded) = match config::load(&file, &Environment::looking_only()) {
        Ok(loaded) => {
            let refused = refused(&loaded.config, &file.display().to_string());
            (loaded.warnings.iter().cloned().chain(refused).collect::<Vec<_>>(), Some(loaded))
        }
        Err(diagnostics) => (diagnostics.into_inner(), None),
    };
    if let Some(loaded) = &loaded {
        diagnostics.extend(volume(&loaded.config, &file.display().to_string())?);
    }
    let loaded = loaded.filter(|_| !diagnostics.iter().any(Diagnostic::is_error));
    for diagnostic in &diagnostics {
        if arguments.json {
            output.json(&diagnostic.to_json())?;
        } else {
            let rendered = diagnostic.render(output.colour);
            output.line(rendered.trim_end_matches('\n'))?;
            output.line("")?;
        }
    }
    let Some(loaded) = loaded else {
        if !arguments.json {
            let errors = diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count();
            output.complain(&format!("{}: {errors} {}", file.display(), if errors == 1 { "error" } else { "errors" }));
        }
        return Ok(Exit::Config);
    };
    if !arguments.json {
        let config = &loaded.config;
        let counts = [
            counted(config.sources.len(), "source", "sources"),
            counted(config.entities.len(), "entity", "entities"),
            counted(config.rules.len(), "rule", "rules"),
            counted(config.channels.len(), "channel", "channels"),
            counted(config.subscriptions.len(), "subscription", "subscriptions"),
        ];
        output.line(format!("{}: well formed. {}.", file.display(), counts.join(", ")))?;
    }
    Ok(Exit::Success)
}
