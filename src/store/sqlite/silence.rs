//! Silences that were made on the command line, and what they muted.

use super::SqliteStore;
use super::value::from_json;
use super::value::json;
use super::value::limit;
use super::value::micros;
use super::value::time;
use crate::model::RuleName;
use crate::model::SourceName;
use crate::route::Silence;
use crate::store::MutedRow;
use crate::store::StoreError;
use jiff::Timestamp;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

pub(super) async fn add(store: &SqliteStore, silence: &Silence, now: Timestamp) -> Result<Silence, StoreError> {
    let written = sqlx::query("INSERT INTO silence (until, made_at, silence) VALUES (?, ?, ?)")
        .bind(micros(silence.until))
        .bind(micros(now))
        .bind(json(silence))
        .execute(&store.writer)
        .await?;
    Ok(Silence { name: written.last_insert_rowid().to_string(), ..silence.clone() })
}

/// Those that end after `now`, the first first.
pub(super) async fn in_force(store: &SqliteStore, now: Timestamp) -> Result<Vec<Silence>, StoreError> {
    let rows = sqlx::query("SELECT id, until, silence FROM silence WHERE until > ? ORDER BY id")
        .bind(micros(now))
        .fetch_all(&store.readers)
        .await?;
    rows.iter().map(silence).collect()
}

fn silence(row: &SqliteRow) -> Result<Silence, StoreError> {
    let silence: Silence = from_json("silence.silence", row.try_get("silence")?)?;
    let until = time("silence.until", row.try_get("until")?)?;
    Ok(Silence { name: row.try_get::<i64, _>("id")?.to_string(), until, ..silence })
}

/// Ends one now. Returns whether it was in force.
pub(super) async fn end(store: &SqliteStore, name: &str, now: Timestamp) -> Result<bool, StoreError> {
    let ended =
        sqlx::query("UPDATE silence SET until = ?2, ended_at = ?2 WHERE id = CAST(?1 AS INTEGER) AND until > ?2")
            .bind(name)
            .bind(micros(now))
            .execute(&store.writer)
            .await?;
    Ok(ended.rows_affected() == 1)
}

/// What silences muted, newest first; of one silence, if it is named.
pub(super) async fn muted(store: &SqliteStore, name: Option<&str>, most: usize) -> Result<Vec<MutedRow>, StoreError> {
    let rows = sqlx::query(
        "SELECT outcome.rule, outcome.reason, item.source, item.link, article.judged_at,
             article.about ->> '$.title' AS title
         FROM outcome JOIN item ON item.id = outcome.item_id JOIN article ON article.item_id = outcome.item_id
         WHERE outcome.kind = 'muted' AND (?1 IS NULL OR outcome.reason ->> '$.silence' = ?1)
         ORDER BY outcome.id DESC LIMIT ?2",
    )
    .bind(name)
    .bind(limit(most))
    .fetch_all(&store.readers)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(MutedRow {
                rule: RuleName::new(row.try_get::<String, _>("rule")?),
                title: row.try_get::<Option<String>, _>("title")?.unwrap_or_default(),
                url: row.try_get("link")?,
                source: SourceName::new(row.try_get::<String, _>("source")?),
                at: time("article.judged_at", row.try_get("judged_at")?)?,
                why: from_json("outcome.reason", row.try_get("reason")?)?,
            })
        })
        .collect()
}
