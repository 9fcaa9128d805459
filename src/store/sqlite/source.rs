//! Sources: registered from the configuration, claimed when due, and what a poll found.

use super::SqliteStore;
use super::notice;
use super::pause;
use super::queue;
use super::settle;
use super::settle::Row;
use super::value::count;
use super::value::from_json;
use super::value::json;
use super::value::lease_end;
use super::value::micros;
use super::value::micros_of;
use super::value::optional_from_json;
use super::value::optional_time;
use super::work::grow;
use super::work::readable;
use crate::model::ItemState;
use crate::model::SourceName;
use crate::poll;
use crate::poll::Home;
use crate::poll::NewItem;
use crate::poll::SourceState;
use crate::poll::Validators;
use crate::poll::spread;
use crate::schedule::habits::Habits;
use crate::store::Claim;
use crate::store::Lease;
use crate::store::PollJob;
use crate::store::Registration;
use crate::store::Rider;
use crate::store::StoreError;
use jiff::SignedDuration;
use jiff::Timestamp;
use sqlx::Row as _;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use std::collections::HashMap;
use std::collections::HashSet;

/// A changed address ends the lease of whoever is still asking the old one: its validators must not be stored for the
/// new one.
pub(super) async fn register(store: &SqliteStore, sources: &[Registration], now: Timestamp) -> Result<(), StoreError> {
    let names: Vec<&str> = sources.iter().map(|source| source.name.as_str()).collect();
    let mut transaction = store.write().await?;
    sqlx::query("UPDATE source SET watched = 0 WHERE name NOT IN (SELECT value FROM json_each(?))")
        .bind(json(&names))
        .execute(&mut *transaction)
        .await?;
    for source in sources {
        sqlx::query(
            "INSERT INTO source (name, address, host, watched, registered_at, next_at, asks, wait)
             VALUES (?1, ?2, ?3, 1, ?4, ?5, ?6, ?7)
             ON CONFLICT (name) DO UPDATE SET watched = 1, asks = excluded.asks,
                 next_at = CASE WHEN watched = 0 AND gone_at IS NOT NULL THEN excluded.next_at ELSE next_at END,
                 gone_at = CASE WHEN watched = 0 THEN NULL ELSE gone_at END,
                 wait = CASE WHEN polls = 0 AND failures = 0 THEN excluded.wait ELSE wait END",
        )
        .bind(source.name.as_str())
        .bind(&source.address)
        .bind(&source.host)
        .bind(micros(now))
        .bind(micros(source.first_due))
        .bind(&source.asks)
        .bind(micros_of(source.wait))
        .execute(&mut *transaction)
        .await?;
        sqlx::query(
            "UPDATE source SET address = ?2, host = ?3, etag = NULL, last_modified = NULL, habits = NULL, failures = 0,
                 health = NULL, troubled = 0, next_at = MIN(next_at, ?4), owner = NULL, lease_until = NULL,
                 trust = NULL, moved_to = NULL, moving = NULL, gone_at = NULL, pausing_until = NULL, asked_at = NULL
             WHERE name = ?1 AND address <> ?2",
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

pub(super) async fn spread_overdue(store: &SqliteStore, now: Timestamp) -> Result<usize, StoreError> {
    let mut transaction = store.write().await?;
    // A source waits no longer than it was told to, unless the clock was ahead when it was told.
    sqlx::query("UPDATE source SET next_at = ?1 + wait WHERE watched = 1 AND next_at > ?1 + wait")
        .bind(micros(now))
        .execute(&mut *transaction)
        .await?;
    let overdue: Vec<(String, i64)> =
        sqlx::query_as("SELECT name, wait FROM source WHERE owner IS NULL AND due_at <= ?")
            .bind(micros(now))
            .fetch_all(&mut *transaction)
            .await?;
    for (name, wait) in &overdue {
        let at = spread::overdue(name, overdue.len(), SignedDuration::from_micros(*wait), now);
        sqlx::query("UPDATE source SET next_at = ?2 WHERE name = ?1")
            .bind(name)
            .bind(micros(at))
            .execute(&mut *transaction)
            .await?;
    }
    transaction.commit().await?;
    Ok(overdue.len())
}

/// A reader looks for what is due; one statement, which is a transaction, takes what still is, with all that asks the
/// same, and puts their next polls ahead. Every statement is a hop to the connection's thread and back, and for a feed
/// that has not changed the hops are most of what it costs.
pub(super) async fn claim(store: &SqliteStore, claim: &Claim<'_>) -> Result<Vec<Lease<PollJob>>, StoreError> {
    let Some(picked) = queue::look(&store.readers, &queue::SOURCES, claim).await? else { return Ok(Vec::new()) };
    let rows = sqlx::query(
        "UPDATE source SET owner = ?1, lease_until = ?2, fence = fence + 1, next_at = MAX(next_at, ?4 + wait),
             asked_before = asked_at, asked_at = ?4
         WHERE rowid IN (
             SELECT picked.rowid FROM source AS picked
             WHERE picked.rowid IN (SELECT value FROM json_each(?3)) AND picked.due_at <= ?4
             UNION
             SELECT rider.rowid FROM source AS picked CROSS JOIN source AS rider
                 ON rider.watched = 1 AND rider.asks = picked.asks AND rider.moved_to IS picked.moved_to
             WHERE picked.rowid IN (SELECT value FROM json_each(?3)) AND picked.due_at <= ?4
               AND rider.gone_at IS NULL AND (rider.owner IS NULL OR rider.lease_until <= ?4))
         RETURNING name, polls, etag, last_modified, failures, heard_at, habits, fence, trust, moved_to, moving, gone_at,
                   asks, health, rowid AS number,
                   (SELECT state FROM push WHERE push.source = name) AS push",
    )
    .bind(claim.owner)
    .bind(micros(lease_end(claim)))
    .bind(&picked)
    .bind(micros(claim.now))
    .fetch_all(&store.writer)
    .await?;
    readable(together(rows, &picked, claim)?.into_iter())
}

/// Rows that were claimed → a lease for each fetch, the longest due first; who asks the same rides along.
fn together(
    rows: Vec<SqliteRow>,
    picked: &str,
    claim: &Claim<'_>,
) -> Result<Vec<Result<Lease<PollJob>, StoreError>>, StoreError> {
    let order: Vec<i64> = from_json("the picked rows", picked)?;
    let places: HashMap<i64, usize> = order.into_iter().zip(0..).collect();
    let mut placed = Vec::with_capacity(rows.len());
    for row in rows {
        let place = places.get(&row.try_get("number")?).copied().unwrap_or(usize::MAX);
        placed.push((place, row));
    }
    placed.sort_by_key(|(place, _)| *place);
    let mut leases: Vec<Result<Lease<PollJob>, StoreError>> = Vec::new();
    let mut leads: HashMap<(String, Option<String>), usize> = HashMap::new();
    for (_, row) in placed {
        let rider = rider(&row);
        let asks: Option<String> = row.try_get("asks")?;
        let lead = asks.map(|asks| Ok::<_, StoreError>((asks, row.try_get("moved_to")?))).transpose()?;
        let leading = lead.as_ref().and_then(|lead| leads.get(lead)).and_then(|place| leases.get_mut(*place));
        match (leading, rider) {
            (Some(Ok(leader)), Ok(rider)) => leader.job.riders.push(rider),
            (_, rider) => {
                if let (Some(lead), Ok(_)) = (lead, &rider) {
                    leads.insert(lead, leases.len());
                }
                leases.push(rider.map(|rider| lease(rider, claim)));
            }
        }
    }
    Ok(leases)
}

fn lease(rider: Rider, claim: &Claim<'_>) -> Lease<PollJob> {
    let Rider { source, state, health, push, fence } = rider;
    Lease {
        job: PollJob { source, state, health, push, riders: Vec::new() },
        owner: claim.owner.to_owned(),
        fence,
        until: lease_end(claim),
    }
}

fn rider(row: &SqliteRow) -> Result<Rider, StoreError> {
    let state = SourceState {
        polls: count("source.polls", row.try_get("polls")?)?,
        validators: Validators { etag: row.try_get("etag")?, last_modified: row.try_get("last_modified")? },
        failures: count("source.failures", row.try_get("failures")?)?,
        heard_at: optional_time("source.heard_at", row.try_get("heard_at")?)?,
        habits: habits(row)?,
        trust: optional_from_json("source.trust", row.try_get("trust")?)?.unwrap_or_default(),
        home: Home {
            moved_to: row.try_get("moved_to")?,
            moving: optional_from_json("source.moving", row.try_get("moving")?)?,
        },
        gone_at: optional_time("source.gone_at", row.try_get("gone_at")?)?,
    };
    Ok(Rider {
        source: SourceName::new(row.try_get::<String, _>("name")?),
        state,
        health: optional_from_json("source.health", row.try_get("health")?)?.unwrap_or_default(),
        // One that cannot be read is said where it is needed, and keeps no source from being polled.
        push: optional_from_json("push.state", row.try_get("push")?).unwrap_or_default(),
        fence: row.try_get("fence")?,
    })
}

pub(super) fn habits(row: &SqliteRow) -> Result<Habits, StoreError> {
    let json: Option<String> = row.try_get("habits")?;
    Ok(optional_from_json("source.habits", json.as_deref())?.unwrap_or_default())
}

/// The habits of all watched sources.
pub(super) async fn all_habits(store: &SqliteStore) -> Result<HashMap<SourceName, Habits>, StoreError> {
    let rows = sqlx::query("SELECT name, habits FROM source WHERE watched = 1").fetch_all(&store.readers).await?;
    rows.iter().map(|row| Ok((SourceName::new(row.try_get::<String, _>("name")?), habits(row)?))).collect()
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
    if decision.items.is_empty() && decision.pause.is_none() && !troubled {
        settle::together(store, Row::new(lease, decision, now)).await?;
        return Ok(0);
    }
    let mut transaction = store.write().await?;
    settle(&mut transaction, Row::new(lease, decision, now)).await?;
    if troubled {
        notice::remark(&mut transaction, source, &decision.health.remarks).await?;
    }
    if let Some(pause) = &decision.pause {
        pause::of_poll(&mut transaction, source.as_str(), pause, now).await?;
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
async fn settle(connection: &mut SqliteConnection, row: Row) -> Result<(), StoreError> {
    if settle::settle(connection, &[&row]).await?.is_empty() { Err(StoreError::LeaseLost) } else { Ok(()) }
}

/// Riders go back with their leader: none of them was asked.
pub(super) async fn put_back(store: &SqliteStore, lease: &Lease<PollJob>, at: Timestamp) -> Result<(), StoreError> {
    let mut names = vec![lease.job.source.as_str()];
    names.extend(lease.job.riders.iter().map(|rider| rider.source.as_str()));
    let mut fences = vec![lease.fence];
    fences.extend(lease.job.riders.iter().map(|rider| rider.fence));
    let back = sqlx::query(
        "UPDATE source SET owner = NULL, lease_until = NULL, asked_at = asked_before, next_at = MIN(next_at, ?4)
         FROM (SELECT name.value AS held, fence.value AS by FROM json_each(?1) AS name JOIN json_each(?2) AS fence USING (key))
         WHERE name = held AND owner = ?3 AND fence = by",
    )
    .bind(json(&names))
    .bind(json(&fences))
    .bind(&lease.owner)
    .bind(micros(at))
    .execute(&store.writer)
    .await?;
    if back.rows_affected() == 0 { Err(StoreError::LeaseLost) } else { Ok(()) }
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
