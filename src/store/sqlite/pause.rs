//! Pauses that servers asked for, kept over a restart.

use super::SqliteStore;
use super::value::micros;
use super::value::time;
use crate::poll::Pause;
use crate::poll::Scope;
use crate::schedule::retry_after;
use crate::store::StoreError;
use jiff::Timestamp;
use sqlx::SqliteConnection;

pub(super) async fn all(store: &SqliteStore, now: Timestamp) -> Result<Vec<(String, Timestamp)>, StoreError> {
    let rows: Vec<(String, i64)> = sqlx::query_as("SELECT key, ends FROM pause WHERE ends > ? ORDER BY key")
        .bind(micros(now))
        .fetch_all(&store.readers)
        .await?;
    // No pause is granted for longer: one that seems to be was written by a clock in the future.
    let longest = now.saturating_add(retry_after::LONGEST * 2).unwrap_or(Timestamp::MAX);
    rows.into_iter().map(|(key, ends)| Ok((key, time("pause.ends", ends)?.min(longest)))).collect()
}

pub(super) async fn write(
    connection: &mut SqliteConnection,
    key: &str,
    until: Timestamp,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM pause WHERE ends <= ?").bind(micros(now)).execute(&mut *connection).await?;
    sqlx::query(
        "INSERT INTO pause (key, ends) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET ends = MAX(ends, excluded.ends)",
    )
    .bind(key)
    .bind(micros(until))
    .execute(connection)
    .await?;
    Ok(())
}

/// Puts into force what a poll of `source` was asked for.
pub(super) async fn of_poll(
    connection: &mut SqliteConnection,
    source: &str,
    pause: &Pause,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE source SET pausing_until = ?2 WHERE name = ?1")
        .bind(source)
        .bind(micros(pause.until))
        .execute(&mut *connection)
        .await?;
    let holds = match pause.scope {
        Scope::All => true,
        Scope::IfAnother => {
            sqlx::query_scalar(
                "SELECT EXISTS (SELECT 1 FROM source
                                WHERE host = ?1 AND name <> ?2 AND watched = 1 AND pausing_until > ?3)",
            )
            .bind(&pause.key)
            .bind(source)
            .bind(micros(now))
            .fetch_one(&mut *connection)
            .await?
        }
    };
    if holds { write(connection, &pause.key, pause.until, now).await } else { Ok(()) }
}
