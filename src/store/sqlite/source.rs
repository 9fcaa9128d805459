//! Sources: registered from the configuration, claimed when due, and what a poll found.

use super::SqliteStore;
use super::pause;
use super::queue;
use super::value::count;
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
use crate::poll::Trust;
use crate::poll::Validators;
use crate::poll::spread;
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
            "UPDATE source SET address = ?2, host = ?3, etag = NULL, last_modified = NULL, failures = 0,
                 next_at = MIN(next_at, ?4), owner = NULL, lease_until = NULL,
                 trust = NULL, moved_to = NULL, moving = NULL, gone_at = NULL, pausing_until = NULL
             WHERE name = ?1 AND address <> ?2",
        )
        .bind(source.name.as_str())
        .bind(&source.address)
        .bind(&source.host)
        .bind(micros(source.first_due))
        .execute(&mut *transaction)
        .await?;
    }
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

pub(super) async fn claim(store: &SqliteStore, claim: &Claim<'_>) -> Result<Vec<Lease<PollJob>>, StoreError> {
    let mut transaction = store.write().await?;
    let picked = queue::pick(&mut transaction, &queue::SOURCES, claim).await?;
    // Of those that ask the same, one leads; all others that nobody holds ride along, due or not.
    let rows = sqlx::query(
        "WITH picked AS (SELECT source.rowid, source.asks, source.moved_to FROM source
                         WHERE source.rowid IN (SELECT value FROM json_each(?1))),
              led AS (SELECT rowid, asks, moved_to FROM picked
                      WHERE asks IS NULL OR NOT EXISTS (
                          SELECT 1 FROM picked AS other
                          WHERE other.asks = picked.asks AND other.moved_to IS picked.moved_to
                            AND other.rowid < picked.rowid))
         SELECT led.rowid AS lead, led.rowid AS row FROM led
         UNION ALL
         SELECT led.rowid AS lead, source.rowid AS row FROM led JOIN source
             ON source.watched = 1 AND source.asks = led.asks AND source.moved_to IS led.moved_to
         WHERE source.rowid <> led.rowid AND source.gone_at IS NULL
           AND (source.owner IS NULL OR source.lease_until <= ?2)",
    )
    .bind(&picked)
    .bind(micros(claim.now))
    .fetch_all(&mut *transaction)
    .await?;
    let leads: HashMap<i64, i64> =
        rows.iter().map(|row| Ok((row.try_get("row")?, row.try_get("lead")?))).collect::<Result<_, sqlx::Error>>()?;
    let held = json(&leads.keys().collect::<Vec<_>>());
    sqlx::query(
        "UPDATE source SET owner = ?1, lease_until = ?2, fence = fence + 1, next_at = MAX(next_at, ?4 + wait)
         WHERE rowid IN (SELECT value FROM json_each(?3))",
    )
    .bind(claim.owner)
    .bind(micros(lease_end(claim)))
    .bind(&held)
    .bind(micros(claim.now))
    .execute(&mut *transaction)
    .await?;
    let rows = sqlx::query(
        "SELECT rowid AS row, name, polls, etag, last_modified, failures, heard_at, fence, trust, moved_to, moving, gone_at
         FROM source WHERE rowid IN (SELECT value FROM json_each(?)) ORDER BY rowid",
    )
    .bind(&held)
    .fetch_all(&mut *transaction)
    .await?;
    transaction.commit().await?;
    let mut leases = Vec::new();
    let mut riders: HashMap<i64, Vec<Rider>> = HashMap::new();
    for row in &rows {
        let number: i64 = row.try_get("row")?;
        match leads.get(&number) {
            Some(lead) if *lead != number => match rider(row) {
                Ok(rider) => riders.entry(*lead).or_default().push(rider),
                Err(error) => tracing::error!(%error, "a source was claimed that cannot be read"),
            },
            _ => leases.push((number, lease(row, claim))),
        }
    }
    // The longest due comes first, as the queue gave them.
    let order: Vec<i64> = serde_json::from_str(&picked).unwrap_or_default();
    let places: HashMap<i64, usize> = order.into_iter().zip(0..).collect();
    leases.sort_by_key(|(number, _)| places.get(number).copied());
    readable(leases.into_iter().map(|(number, lease)| {
        let mut lease = lease?;
        lease.job.riders = riders.remove(&number).unwrap_or_default();
        Ok(lease)
    }))
}

fn lease(row: &SqliteRow, claim: &Claim<'_>) -> Result<Lease<PollJob>, StoreError> {
    let Rider { source, state, fence } = rider(row)?;
    Ok(Lease {
        job: PollJob { source, state, riders: Vec::new() },
        owner: claim.owner.to_owned(),
        fence,
        until: lease_end(claim),
    })
}

fn rider(row: &SqliteRow) -> Result<Rider, StoreError> {
    let state = SourceState {
        polls: count("source.polls", row.try_get("polls")?)?,
        validators: Validators { etag: row.try_get("etag")?, last_modified: row.try_get("last_modified")? },
        failures: count("source.failures", row.try_get("failures")?)?,
        heard_at: optional_time("source.heard_at", row.try_get("heard_at")?)?,
        trust: optional_from_json("source.trust", row.try_get("trust")?)?.unwrap_or_default(),
        home: Home {
            moved_to: row.try_get("moved_to")?,
            moving: optional_from_json("source.moving", row.try_get("moving")?)?,
        },
        gone_at: optional_time("source.gone_at", row.try_get("gone_at")?)?,
    };
    Ok(Rider { source: SourceName::new(row.try_get::<String, _>("name")?), state, fence: row.try_get("fence")? })
}

pub(super) async fn known_entries(
    store: &SqliteStore,
    source: &SourceName,
    ids: &[String],
) -> Result<HashSet<String>, StoreError> {
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
    let state = &decision.state;
    let mut transaction = store.write().await?;
    let settled = sqlx::query(
        "UPDATE source SET polls = ?4, etag = ?5, last_modified = ?6, failures = ?7, heard_at = ?8, next_at = ?9,
             reason = ?10, title = COALESCE(?11, title), owner = NULL, lease_until = NULL,
             wait = MAX(0, ?9 - ?12), trust = ?13, moved_to = ?14, moving = ?15, gone_at = ?16,
             host = COALESCE(?17, host), pausing_until = NULL
         WHERE name = ?1 AND owner = ?2 AND fence = ?3",
    )
    .bind(source.as_str())
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
    .bind(micros(now))
    .bind((state.trust != Trust::default()).then(|| json(&state.trust)))
    .bind(&state.home.moved_to)
    .bind(state.home.moving.as_ref().map(json))
    .bind(state.gone_at.map(micros))
    .bind(&decision.host)
    .execute(&mut *transaction)
    .await?;
    if settled.rows_affected() == 0 {
        return Err(StoreError::LeaseLost);
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
