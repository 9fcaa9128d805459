//! Moves articles into the full-text index, in batches behind the readings: no reading waits for it, and none is lost by
//! it. A search reads what is still waiting, so that this may take its time.

use super::Shared;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tracing::debug;
use tracing::error;

/// How many articles one transaction moves: readings that are to be committed wait that long at most.
const BATCH: usize = 128;

/// How often it is looked whether any waits.
const EVERY: Duration = Duration::from_secs(5);

/// The pause after the store failed.
const AFTER_A_FAULT: Duration = Duration::from_secs(30);

/// Turns until the tower stops.
pub async fn attend(shared: Arc<Shared>) {
    while !shared.stop.is_cancelled() {
        let begun = Instant::now();
        let pause = match shared.store.index(BATCH).await {
            Ok(count) if count < BATCH => EVERY,
            // After a migration there are as many as there ever were: half of the time belongs to the readings.
            Ok(count) => {
                debug!(count, took = ?begun.elapsed(), "articles were indexed, and more wait");
                begun.elapsed()
            }
            Err(error) => {
                error!(%error, "articles could not be indexed; they are searched all the same");
                AFTER_A_FAULT
            }
        };
        tokio::select! {
            () = shared.stop.cancelled() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}
