//! Subscriptions at WebSub hubs.

use super::SqliteStore;
use super::value::from_json;
use super::value::json;
use super::value::limit as most;
use super::value::micros;
use crate::model::SourceName;
use crate::push::Push;
use crate::store::StoreError;
use jiff::SignedDuration;
use jiff::Timestamp;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

pub(super) async fn of(store: &SqliteStore, source: &SourceName) -> Result<Option<Push>, StoreError> {
    let row = sqlx::query("SELECT state FROM push WHERE source = ?")
        .bind(source.as_str())
        .fetch_optional(&store.readers)
        .await?;
    row.as_ref().map(push).transpose()
}

pub(super) async fn by_token(store: &SqliteStore, token: &str) -> Result<Option<Push>, StoreError> {
    let row = sqlx::query("SELECT state FROM push JOIN source ON name = source WHERE token = ? AND watched = 1")
        .bind(token)
        .fetch_optional(&store.readers)
        .await?;
    row.as_ref().map(push).transpose()
}

pub(super) async fn claim(
    store: &SqliteStore,
    now: Timestamp,
    again: Timestamp,
    limit: usize,
) -> Result<Vec<Push>, StoreError> {
    let mut transaction = store.write().await?;
    let rows = sqlx::query(
        "UPDATE push SET next_at = ?2 WHERE source IN (
             SELECT source FROM push JOIN source ON name = source
             WHERE push.next_at <= ?1 AND watched = 1 ORDER BY push.next_at LIMIT ?3
         ) RETURNING state",
    )
    .bind(micros(now))
    .bind(micros(again))
    .bind(most(limit))
    .fetch_all(&mut *transaction)
    .await?;
    transaction.commit().await?;
    rows.iter().map(push).collect()
}

pub(super) async fn save(store: &SqliteStore, push: &Push) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO push (source, token, next_at, state) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (source) DO UPDATE SET token = excluded.token, next_at = excluded.next_at, state = excluded.state",
    )
    .bind(push.source.as_str())
    .bind(&push.token)
    .bind(micros(push.next_at))
    .bind(json(push))
    .execute(&store.writer)
    .await?;
    Ok(())
}

pub(super) async fn hurry(
    store: &SqliteStore,
    source: &SourceName,
    now: Timestamp,
    gap: SignedDuration,
) -> Result<bool, StoreError> {
    let hurried = sqlx::query(
        "UPDATE source SET next_at = MAX(?2, COALESCE(heard_at + ?3, ?2)),
             hurried = CASE WHEN owner IS NULL THEN hurried ELSE ?3 END
         WHERE name = ?1 AND watched = 1 AND next_at > MAX(?2, COALESCE(heard_at + ?3, ?2))",
    )
    .bind(source.as_str())
    .bind(micros(now))
    .bind(i64::try_from(gap.as_micros()).unwrap_or(i64::MAX))
    .execute(&store.writer)
    .await?;
    Ok(hurried.rows_affected() > 0)
}

fn push(row: &SqliteRow) -> Result<Push, StoreError> {
    from_json("push.state", row.try_get("state")?)
}
