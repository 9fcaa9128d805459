//! Sources: registered from the configuration, claimed when due, and what a poll found.

use super::SqliteStore;
use super::notice;
use super::queue;
use super::value::count;
use super::value::json;
use super::value::lease_end;
use super::value::micros;
use super::value::optional_from_json;
use super::value::optional_time;
use super::work::grow;
use super::work::readable;
use crate::model::ItemState;
use crate::model::SourceName;
use crate::poll;
use crate::poll::NewItem;
use crate::poll::SourceState;
use crate::poll::Validators;
use crate::store::Claim;
use crate::store::Lease;
use crate::store::PollJob;
use crate::store::Registration;
use crate::store::StoreError;
use jiff::Timestamp;
use sqlx::Row as _;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use std::collections::HashSet;

/// A changed address ends the lease of whoever is still asking the old one: its validators must not be stored for the
/// new one.
pub(super) async fn register(store: &SqliteStore, sources: &[Registration], now: Timestamp) -> Result<(), StoreError> {
    let mut transaction = store.write().await?;
    sqlx::query("UPDATE source SET watched = 0").execute(&mut *transaction).await?;
    for source in sources {
        sqlx::query(
            "INSERT INTO source (name, address, host, watched, registered_at, next_at) VALUES (?1, ?2, ?3, 1, ?4, ?5)
             ON CONFLICT (name) DO UPDATE SET watched = 1",
        )
        .bind(source.name.as_str())
        .bind(&source.address)
        .bind(&source.host)
        .bind(micros(now))
        .bind(micros(source.first_due))
        .execute(&mut *transaction)
        .await?;
        sqlx::query(
            "UPDATE source SET address = ?2, host = ?3, etag = NULL, last_modified = NULL, failures = 0,
                 health = NULL, troubled = 0, next_at = MIN(next_at, ?4), owner = NULL, lease_until = NULL
             WHERE name = ?1 AND (address <> ?2 OR host <> ?3)",
        )
        .bind(source.name.as_str())
        .bind(&source.address)
        .bind(&source.host)
        .bind(micros(source.first_due))
        .execute(&mut *transaction)
        .await?;
    }
    // Of a source that is watched no more, or at another address, there is nothing left to say.
    sqlx::query(
        "DELETE FROM remark WHERE notice_id IS NULL AND event = 'failing'
             AND source IN (SELECT name FROM source WHERE watched = 0 OR troubled = 0)",
    )
    .execute(&mut *transaction)
    .await?;
    Ok(transaction.commit().await?)
}

/// A reader looks for what is due; one statement, which is a transaction, takes what still is. Every statement is a hop
/// to the connection's thread and back, and for a feed that has not changed the hops are most of what it costs.
pub(super) async fn claim(store: &SqliteStore, claim: &Claim<'_>) -> Result<Vec<Lease<PollJob>>, StoreError> {
    let Some(picked) = queue::look(&store.readers, &queue::SOURCES, claim).await? else { return Ok(Vec::new()) };
    let rows = sqlx::query(
        "UPDATE source SET owner = ?1, lease_until = ?2, fence = fence + 1
         WHERE rowid IN (SELECT value FROM json_each(?3)) AND due_at <= ?4
         RETURNING name, polls, etag, last_modified, failures, heard_at, health, fence, next_at, rowid AS number",
    )
    .bind(claim.owner)
    .bind(micros(lease_end(claim)))
    .bind(&picked)
    .bind(micros(claim.now))
    .fetch_all(&store.writer)
    .await?;
    readable(queue::longest_due_first(rows)?.iter().map(|row| lease(row, claim)))
}

fn lease(row: &SqliteRow, claim: &Claim<'_>) -> Result<Lease<PollJob>, StoreError> {
    let state = SourceState {
        polls: count("source.polls", row.try_get("polls")?)?,
        validators: Validators { etag: row.try_get("etag")?, last_modified: row.try_get("last_modified")? },
        failures: count("source.failures", row.try_get("failures")?)?,
        heard_at: optional_time("source.heard_at", row.try_get("heard_at")?)?,
    };
    let health = optional_from_json("source.health", row.try_get("health")?)?.unwrap_or_default();
    Ok(Lease {
        job: PollJob { source: SourceName::new(row.try_get::<String, _>("name")?), state, health },
        owner: claim.owner.to_owned(),
        fence: row.try_get("fence")?,
        until: lease_end(claim),
    })
}

pub(super) async fn known_entries(
    store: &SqliteStore,
    source: &SourceName,
    ids: &[String],
) -> Result<HashSet<String>, StoreError> {
    if ids.is_empty() {
        return Ok(HashSet::new());
    }
    let known: Vec<String> = sqlx::query_scalar(
        "SELECT entry_id FROM item WHERE source = ?1 AND entry_id IN (SELECT value FROM json_each(?2))",
    )
    .bind(source.as_str())
    .bind(json(ids))
    .fetch_all(&store.readers)
    .await?;
    Ok(known.into_iter().collect())
}

pub(super) async fn commit(
    store: &SqliteStore,
    lease: &Lease<PollJob>,
    decision: &poll::Decision,
    now: Timestamp,
) -> Result<usize, StoreError> {
    let source = &lease.job.source;
    let troubled = !decision.health.health.troubles().is_empty() || !lease.job.health.troubles().is_empty();
    if decision.items.is_empty() && !troubled {
        // Nothing else is written, and one statement is a transaction.
        settle(&mut *store.writer.acquire().await?, lease, decision).await?;
        return Ok(0);
    }
    let mut transaction = store.write().await?;
    settle(&mut transaction, lease, decision).await?;
    if troubled {
        notice::remark(&mut transaction, source, &decision.health.remarks).await?;
    }
    let mut listed = 0;
    let mut waiting = 0;
    for item in &decision.items {
        if insert(&mut transaction, source, item, now).await? {
            listed += 1;
            waiting += usize::from(item.state == ItemState::Waiting);
        }
    }
    grow(&mut transaction, "listed", listed).await?;
    transaction.commit().await?;
    Ok(waiting)
}

/// Ends the lease. This comes first: who lost it must write nothing.
async fn settle(
    connection: &mut SqliteConnection,
    lease: &Lease<PollJob>,
    decision: &poll::Decision,
) -> Result<(), StoreError> {
    let state = &decision.state;
    let settled = sqlx::query(
        "UPDATE source SET polls = ?4, etag = ?5, last_modified = ?6, failures = ?7, heard_at = ?8, next_at = ?9,
             reason = ?10, title = COALESCE(?11, title), health = ?12, troubled = ?13, owner = NULL,
             lease_until = NULL
         WHERE name = ?1 AND owner = ?2 AND fence = ?3",
    )
    .bind(lease.job.source.as_str())
    .bind(&lease.owner)
    .bind(lease.fence)
    .bind(i64::try_from(state.polls).unwrap_or(i64::MAX))
    .bind(&state.validators.etag)
    .bind(&state.validators.last_modified)
    .bind(state.failures)
    .bind(state.heard_at.map(micros))
    .bind(micros(decision.next_at))
    .bind(json(&decision.reason))
    .bind(&decision.title)
    .bind(json(&decision.health.health))
    .bind(!decision.health.health.troubles().is_empty())
    .execute(connection)
    .await?;
    if settled.rows_affected() == 0 { Err(StoreError::LeaseLost) } else { Ok(()) }
}

/// Writes a new item; false when the source listed that entry before.
async fn insert(
    connection: &mut SqliteConnection,
    source: &SourceName,
    item: &NewItem,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let settled_at = (item.state != ItemState::Waiting).then(|| micros(now));
    let written = sqlx::query(
        "INSERT INTO item
             (source, entry_id, link, address_key, host, state, reason, listed_at, next_at, settled_at, entry)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8, ?9, ?10)
         ON CONFLICT (source, entry_id) DO NOTHING",
    )
    .bind(source.as_str())
    .bind(&item.entry.id)
    .bind(&item.entry.link)
    .bind(&item.address_key)
    .bind(item.host.as_deref().unwrap_or_default())
    .bind(item.state.as_str())
    .bind(item.reason.as_ref().map(json))
    .bind(micros(now))
    .bind(settled_at)
    .bind(json(&item.entry))
    .execute(connection)
    .await?;
    Ok(written.rows_affected() == 1)
}
