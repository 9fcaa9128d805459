//! Polls that found nothing new and change no other row → one statement and one sync for all that end at one moment.

use super::SqliteStore;
use super::together::Job;
use super::value::json;
use super::value::micros;
use crate::model::SourceName;
use crate::poll;
use crate::poll::Trust;
use crate::store::Lease;
use crate::store::PollJob;
use crate::store::StoreError;
use jiff::Timestamp;
use serde::Serialize;
use sqlx::SqliteConnection;
use std::collections::HashSet;
use std::sync::Arc;

/// The source's own row after a poll: what ends its lease.
#[derive(Serialize)]
pub(super) struct Row {
    source: SourceName,
    owner: String,
    fence: i64,
    polls: i64,
    etag: Option<String>,
    last_modified: Option<String>,
    failures: u32,
    heard_at: Option<i64>,
    next_at: i64,
    reason: String,
    title: Option<String>,
    now: i64,
    trust: Option<String>,
    moved_to: Option<String>,
    moving: Option<String>,
    gone_at: Option<i64>,
    host: Option<String>,
    health: String,
    troubled: i64,
    habits: String,
}

impl Row {
    pub(super) fn new(lease: &Lease<PollJob>, decision: &poll::Decision, now: Timestamp) -> Self {
        let state = &decision.state;
        Self {
            source: lease.job.source.clone(),
            owner: lease.owner.clone(),
            fence: lease.fence,
            polls: i64::try_from(state.polls).unwrap_or(i64::MAX),
            etag: state.validators.etag.clone(),
            last_modified: state.validators.last_modified.clone(),
            failures: state.failures,
            heard_at: state.heard_at.map(micros),
            next_at: micros(decision.next_at),
            reason: json(&decision.reason),
            title: decision.title.clone(),
            now: micros(now),
            trust: (state.trust != Trust::default()).then(|| json(&state.trust)),
            moved_to: state.home.moved_to.clone(),
            moving: state.home.moving.as_ref().map(json),
            gone_at: state.gone_at.map(micros),
            host: decision.host.clone(),
            health: json(&decision.health.health),
            troubled: i64::from(!decision.health.health.troubles().is_empty()),
            habits: json(&state.habits),
        }
    }
}

impl std::fmt::Debug for Row {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}#{}", self.source, self.fence)
    }
}

/// Writes one row, with all that wait at the same moment.
pub(super) async fn together(store: &SqliteStore, row: Row) -> Result<(), StoreError> {
    if store.settling.write(store, row).await? { Ok(()) } else { Err(StoreError::LeaseLost) }
}

impl Job for Row {
    /// Whether the lease still was its own.
    type Answer = bool;

    async fn write(store: &SqliteStore, rows: &[Arc<Self>]) -> Result<Vec<bool>, StoreError> {
        let mut connection = store.writer.acquire().await?;
        let held = settle(&mut connection, &rows.iter().map(Arc::as_ref).collect::<Vec<_>>()).await?;
        Ok(rows.iter().map(|row| held.contains(row.source.as_str())).collect())
    }
}

/// Ends leases, and returns the sources whose lease it was. For the others nothing is written.
pub(super) async fn settle(connection: &mut SqliteConnection, rows: &[&Row]) -> Result<HashSet<String>, StoreError> {
    let settled: Vec<String> = sqlx::query_scalar(
        "UPDATE source SET polls = new ->> 'polls', etag = new ->> 'etag', last_modified = new ->> 'last_modified',
             failures = new ->> 'failures', heard_at = new ->> 'heard_at',
             next_at = CASE WHEN hurried IS NULL OR new ->> 'failures' > 0 THEN new ->> 'next_at'
                            ELSE MIN(new ->> 'next_at', (new ->> 'now') + hurried) END, hurried = NULL,
             reason = new ->> 'reason', title = COALESCE(new ->> 'title', title), owner = NULL, lease_until = NULL,
             wait = MAX(0, (new ->> 'next_at') - (new ->> 'now')), asked_at = new ->> 'now', trust = new ->> 'trust',
             moved_to = new ->> 'moved_to', moving = new ->> 'moving', gone_at = new ->> 'gone_at',
             host = COALESCE(new ->> 'host', host), pausing_until = NULL, health = new ->> 'health',
             troubled = new ->> 'troubled', habits = new ->> 'habits'
         FROM (SELECT value AS new FROM json_each(?1))
         WHERE name = new ->> 'source' AND owner = new ->> 'owner' AND fence = new ->> 'fence'
         RETURNING name",
    )
    .bind(json(rows))
    .fetch_all(connection)
    .await?;
    Ok(settled.into_iter().collect())
}
