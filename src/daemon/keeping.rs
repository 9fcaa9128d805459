//! Forgets, a little at a time, what need not be kept any longer.

use super::Shared;
use crate::clock;
use std::sync::Arc;
use std::time::Duration;
use tracing::error;
use tracing::info;

/// Between two rounds. What may go is in no hurry to go.
const ROUND: Duration = Duration::from_secs(10 * 60);

/// Between two helpings of one round: other writers go first.
const BREATH: Duration = Duration::from_millis(200);

/// Turns until the tower stops.
pub async fn attend(shared: Arc<Shared>) {
    while shared.stop.run_until_cancelled(tokio::time::sleep(ROUND)).await.is_some() {
        loop {
            let retention = shared.tower.load().config.evidence.retention;
            match shared.store.trim_evidence(&retention, clock::now()).await {
                Ok(trimmed) if trimmed.records > 0 => {
                    info!(
                        records = trimmed.records,
                        bytes = trimmed.bytes,
                        "old evidence that no alert rests on is gone"
                    );
                    if !trimmed.more {
                        break;
                    }
                }
                Ok(_) => break,
                Err(error) => {
                    error!(%error, "old evidence could not be removed");
                    break;
                }
            }
            if shared.stop.run_until_cancelled(tokio::time::sleep(BREATH)).await.is_none() {
                return;
            }
        }
    }
}
