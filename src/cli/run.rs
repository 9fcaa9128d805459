//! `atalaya run`: the daemon with its signals. SIGTERM and SIGINT stop it, SIGHUP reloads its configuration.

use super::Exit;
use super::output::Output;
use super::setup;
use crate::config;
use crate::config::Environment;
use crate::daemon;
use crate::daemon::service::Service;
use crate::store::Store;
use crate::store::sqlite::SqliteStore;
use crate::telemetry;
use crate::telemetry::LogFormat;
use anyhow::Context;
use anyhow::anyhow;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::signal::unix::SignalKind;
use tokio::signal::unix::signal;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::error;
use tracing::info;
use tracing::warn;

/// Keeps watch until a signal says stop.
///
/// # Errors
/// When the store or the network's set-up fails at the start.
pub fn run(named: Option<&Path>, level: &str, format: LogFormat, output: &mut Output) -> anyhow::Result<Exit> {
    let Some(loaded) = setup::load(named, output) else { return Ok(Exit::Config) };
    telemetry::start(level, format).map_err(|error| anyhow!(error))?;
    let file = setup::file(named);
    setup::runtime()?.block_on(async {
        let stop = CancellationToken::new();
        let (send, reloads) = mpsc::channel(1);
        let signals = tokio::spawn(attend_signals(file, send, stop.clone()));
        let state = &loaded.config.state;
        let store = SqliteStore::open(state).await.with_context(|| format!("the store in {}", state.display()))?;
        let store: Arc<dyn Store> = Arc::new(store);
        let web = match &loaded.config.web {
            Some(web) => {
                let listener = TcpListener::bind(web.listen).await;
                Some(listener.with_context(|| format!("nothing can listen on {} ([web] listen)", web.listen))?)
            }
            None => None,
        };
        daemon::run(loaded.config.clone(), store, owner(), reloads, web, stop, Service::from_environment()).await?;
        signals.abort();
        anyhow::Ok(())
    })?;
    Ok(Exit::Success)
}

/// A name that no other process has: machine-wide by the process id, across machines and restarts by chance.
pub fn owner() -> String {
    let mut chance = [0_u8; 8];
    aws_lc_rs::rand::fill(&mut chance).expect("the system's source of randomness works");
    format!("{}-{:016x}", std::process::id(), u64::from_le_bytes(chance))
}

/// Turns signals into a stop, or into a configuration that was read and checked.
async fn attend_signals(file: PathBuf, reloads: mpsc::Sender<config::Config>, stop: CancellationToken) {
    let streams = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()), signal(SignalKind::hangup()));
    let (Ok(mut terminate), Ok(mut interrupt), Ok(mut hangup)) = streams else {
        error!("signals cannot be heard; only SIGKILL will stop this process");
        return;
    };
    let service = Service::from_environment();
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            _ = hangup.recv() => {
                info!(file = %file.display(), "reloading");
                let read = {
                    let file = file.clone();
                    tokio::task::spawn_blocking(move || config::load(&file, &Environment::process())).await
                };
                match read {
                    Ok(Ok(loaded)) => {
                        for warning in &loaded.warnings {
                            warn!("{}", warning.headline());
                        }
                        if reloads.send(loaded.config).await.is_err() {
                            break;
                        }
                    }
                    Ok(Err(diagnostics)) => {
                        for diagnostic in diagnostics.into_inner() {
                            if diagnostic.is_error() {
                                error!("{}", diagnostic.headline());
                            } else {
                                warn!("{}", diagnostic.headline());
                            }
                        }
                        error!("the new configuration has errors and was refused; the old one stays in force");
                        // Whoever announced a reload waits for its end, also for this one.
                        service.reloading();
                        service.ready("reload refused: the file has errors; the old configuration stays in force");
                    }
                    Err(panic) => error!(error = %panic, "reading the configuration panicked"),
                }
            }
        }
    }
    stop.cancel();
}
