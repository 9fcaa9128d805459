//! What commands share at their start: which configuration, which store, which runtime.

use super::Exit;
use super::output::Output;
use crate::article;
use crate::config;
use crate::config::Environment;
use crate::config::Loaded;
use crate::store::sqlite::SqliteStore;
use anyhow::Context;
use std::path::Path;
use std::path::PathBuf;
use tokio::runtime::Runtime;

/// Where a configuration is looked for when none is named.
const USUAL_PLACES: [&str; 2] = ["atalaya.toml", "/etc/atalaya/atalaya.toml"];

/// The configuration that was named, else the first of the usual places that exists, else the first of them.
pub fn file(named: Option<&Path>) -> PathBuf {
    if let Some(named) = named {
        return named.to_owned();
    }
    let found = USUAL_PLACES.iter().map(Path::new).find(|place| place.exists());
    found.unwrap_or(Path::new(USUAL_PLACES[0])).to_owned()
}

/// Loads and checks. Warnings are shown; with errors, all of them are shown and there is no configuration.
pub fn load(named: Option<&Path>, output: &mut Output) -> Option<Loaded> {
    let file = file(named);
    match config::load(&file, &Environment::process()) {
        Ok(loaded) => {
            for warning in &loaded.warnings {
                output.complain_text(&warning.render(output.colour_of_complaints));
            }
            Some(loaded)
        }
        Err(diagnostics) => {
            output.complain_text(&diagnostics.render(output.colour_of_complaints));
            None
        }
    }
}

/// For commands that go without a configuration, and take it into account where there is one.
///
/// # Errors
/// The exit code, when there is one that was named or stands in a usual place and it has errors; they are shown.
pub fn load_if_any(named: Option<&Path>, output: &mut Output) -> Result<Option<Loaded>, Exit> {
    let file = file(named);
    if named.is_none() && !file.exists() {
        return Ok(None);
    }
    config::load(&file, &Environment::looking_only()).map(Some).map_err(|diagnostics| {
        output.complain_text(&diagnostics.render(output.colour_of_complaints));
        Exit::Config
    })
}

/// A runtime whose threads have room for the deepest page that an extractor is given.
///
/// # Errors
/// When the system gives no threads.
pub fn runtime() -> anyhow::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_stack_size(article::STACK_BYTES)
        .build()
        .context("the runtime could not be started")
}

/// Opens the store for reading beside a running daemon.
///
/// # Errors
/// When there is none yet, or it cannot be read.
pub async fn store_to_read(state: &Path) -> anyhow::Result<SqliteStore> {
    SqliteStore::open_read_only(state).await.with_context(|| format!("the store in {}", state.display()))
}
