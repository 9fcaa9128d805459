//! Sources that somebody wishes polled: how they stand, and making them due.

use super::SqliteStore;
use super::pause;
use super::source::habits;
use super::value::count;
use super::value::micros;
use super::value::optional_from_json;
use super::value::optional_time;
use super::value::time;
use crate::model::SourceName;
use crate::poll::early::Standing;
use crate::poll::service;
use crate::store::StoreError;
use jiff::Timestamp;
use sqlx::Row as _;

/// Whoever shares its fetch asks for it, too: their last request counts, and one that is under way is as good as its own.
pub(super) async fn standing(
    store: &SqliteStore,
    source: &SourceName,
    now: Timestamp,
) -> Result<Option<Standing>, StoreError> {
    let row = sqlx::query(
        "SELECT own.next_at, own.host, own.pausing_until, own.gone_at, own.failures, own.heard_at, own.reason,
                own.habits, own.fence, MAX(peer.asked_at) AS asked_at,
                COALESCE(MAX(peer.lease_until), 0) > ?2 AS is_asked
         FROM source AS own JOIN source AS peer
             ON peer.watched = 1 AND peer.asks IS own.asks AND peer.moved_to IS own.moved_to
         WHERE own.name = ?1 AND own.watched = 1 GROUP BY own.name",
    )
    .bind(source.as_str())
    .bind(micros(now))
    .fetch_optional(&store.readers)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let host: String = row.try_get("host")?;
    let own = optional_time("source.pausing_until", row.try_get("pausing_until")?)?.map(|until| (host.clone(), until));
    let of_host = pause::all(store, now).await?.into_iter().filter(|(key, _)| service::covers(key, &host));
    Ok(Some(Standing {
        asked_at: optional_time("source.asked_at", row.try_get("asked_at")?)?,
        is_asked: row.try_get("is_asked")?,
        next_at: time("source.next_at", row.try_get("next_at")?)?,
        pause: own.into_iter().chain(of_host).filter(|(_, until)| *until > now).max_by_key(|(_, until)| *until),
        gone_at: optional_time("source.gone_at", row.try_get("gone_at")?)?,
        failures: count("source.failures", row.try_get("failures")?)?,
        heard_at: optional_time("source.heard_at", row.try_get("heard_at")?)?,
        reason: optional_from_json("source.reason", row.try_get("reason")?)?,
        habits: habits(&row)?,
        fence: row.try_get("fence")?,
    }))
}

pub(super) async fn hasten(
    store: &SqliteStore,
    source: &SourceName,
    at: Timestamp,
    seen: &Standing,
) -> Result<bool, StoreError> {
    let hastened =
        sqlx::query("UPDATE source SET next_at = MIN(next_at, ?2) WHERE name = ?1 AND watched = 1 AND fence = ?3")
            .bind(source.as_str())
            .bind(micros(at))
            .bind(seen.fence)
            .execute(&store.writer)
            .await?;
    Ok(hastened.rows_affected() > 0)
}
