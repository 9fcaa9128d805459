//! Evidence: written in the transaction that judges, read for export and verification, trimmed by retention.

use super::SqliteStore;
use super::lookalike;
use super::value::count;
use super::value::from_json;
use super::value::limit;
use super::value::micros;
use super::value::optional_from_json;
use super::value::time;
use crate::evidence::Kept;
use crate::evidence::Retention;
use crate::evidence::chain;
use crate::evidence::chain::Link;
use crate::evidence::pack::Packed;
use crate::model::AlertId;
use crate::model::Digest;
use crate::model::ItemId;
use crate::store::AlertEvidence;
use crate::store::AlertFilter;
use crate::store::AlertRow;
use crate::store::StoreError;
use crate::store::Trimmed;
use jiff::Timestamp;
use sqlx::Row as _;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

/// Whether an alert rests on the row `evidence`: on its item, or on another item for which its reading was used.
macro_rules! told {
    () => {
        "(EXISTS (SELECT 1 FROM alert WHERE alert.item_id = evidence.item_id)
          OR EXISTS (SELECT 1 FROM outcome WHERE outcome.item_id = evidence.item_id AND kind = 'alerted')
          OR EXISTS (SELECT 1 FROM evidence AS other JOIN alert ON alert.item_id = other.item_id
                     WHERE other.read_for = evidence.item_id))"
    };
}

/// Appends a record with its bodies.
pub(super) async fn insert(
    connection: &mut SqliteConnection,
    item: ItemId,
    kept: &Kept,
    now: Timestamp,
) -> Result<(), StoreError> {
    let last = sqlx::query("SELECT number, link FROM evidence ORDER BY number DESC LIMIT 1")
        .fetch_optional(&mut *connection)
        .await?;
    let (number, before) = match &last {
        Some(row) => (row.try_get::<i64, _>("number")? + 1, digest("evidence.link", row.try_get("link")?)?),
        None => (1, chain::origin()),
    };
    let record = kept.record.to_json();
    let hash = Digest::of(record.as_bytes());
    sqlx::query(
        "INSERT INTO evidence (number, item_id, read_for, kind, taken_at, size, record, digest, link)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(number)
    .bind(item.0)
    .bind(kept.record.read_for.map(|item| item.0))
    .bind(kept.record.kind.as_str())
    .bind(micros(now))
    .bind(limit(kept.bodies.iter().map(|body| body.bytes.len()).sum()))
    .bind(&record)
    .bind(&hash.as_bytes()[..])
    .bind(&chain::link(&before, &hash).as_bytes()[..])
    .execute(&mut *connection)
    .await?;
    for body in &kept.bodies {
        sqlx::query("INSERT INTO evidence_body (digest, size, packed) VALUES (?, ?, ?) ON CONFLICT DO NOTHING")
            .bind(&body.digest.as_bytes()[..])
            .bind(i64::try_from(body.size).unwrap_or(i64::MAX))
            .bind(&body.bytes)
            .execute(&mut *connection)
            .await?;
        sqlx::query("INSERT INTO evidence_use (digest, number) VALUES (?, ?) ON CONFLICT DO NOTHING")
            .bind(&body.digest.as_bytes()[..])
            .bind(number)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// Whether a reading of the item is kept.
pub(super) async fn has(store: &SqliteStore, item: ItemId) -> Result<bool, StoreError> {
    let found: i64 =
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM evidence WHERE item_id = ? AND record IS NOT NULL)")
            .bind(item.0)
            .fetch_one(&store.readers)
            .await?;
    Ok(found != 0)
}

/// Rows of the chain behind a number, in order.
pub(super) async fn chain(store: &SqliteStore, after: i64, most: usize) -> Result<Vec<Link>, StoreError> {
    let rows = sqlx::query(concat!(
        "SELECT number, taken_at, record, digest, link, ",
        told!(),
        " AS told FROM evidence WHERE number > ? ORDER BY number LIMIT ?"
    ))
    .bind(after)
    .bind(limit(most))
    .fetch_all(&store.readers)
    .await?;
    rows.iter().map(row).collect()
}

fn row(row: &SqliteRow) -> Result<Link, StoreError> {
    Ok(Link {
        number: row.try_get("number")?,
        at: time("evidence.taken_at", row.try_get("taken_at")?)?,
        record: row.try_get("record")?,
        digest: digest("evidence.digest", row.try_get("digest")?)?,
        link: digest("evidence.link", row.try_get("link")?)?,
        told: row.try_get::<i64, _>("told")? != 0,
    })
}

/// The numbers of the chain's rows, for a progress bar.
pub(super) async fn length(store: &SqliteStore) -> Result<usize, StoreError> {
    let rows: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM evidence").fetch_one(&store.readers).await?;
    count("evidence", rows)
}

/// A body as it is stored.
pub(super) async fn body(store: &SqliteStore, name: &Digest) -> Result<Option<Packed>, StoreError> {
    let row = sqlx::query("SELECT size, packed FROM evidence_body WHERE digest = ?")
        .bind(&name.as_bytes()[..])
        .fetch_optional(&store.readers)
        .await?;
    let packed = |row: SqliteRow| {
        Ok(Packed {
            digest: *name,
            size: count("evidence_body.size", row.try_get("size")?)?,
            bytes: row.try_get("packed")?,
        })
    };
    row.map(packed).transpose()
}

/// Alerts, newest first, each with the number of its records.
pub(super) async fn alerts(store: &SqliteStore, filter: &AlertFilter) -> Result<Vec<AlertRow>, StoreError> {
    let (url, key) = filter.url.clone().unzip();
    let rows = sqlx::query(
        "SELECT alert.id, alert.created_at, alert.title, alert.alert ->> '$.url' AS url,
             (SELECT COUNT(*) FROM evidence WHERE record IS NOT NULL AND (item_id = alert.item_id
                  OR item_id IN (SELECT read_for FROM evidence WHERE item_id = alert.item_id))) AS records
         FROM alert
         WHERE ?1 IS NULL OR alert.item_id IN (
             SELECT id FROM item WHERE link = ?1
             UNION SELECT id FROM item WHERE address_key = ?2
             UNION SELECT item_id FROM address WHERE key = ?2
             UNION SELECT item_id FROM article WHERE final_url = ?1
             UNION SELECT item_id FROM article WHERE canonical_url = ?1)
         ORDER BY alert.id DESC LIMIT ?3",
    )
    .bind(url)
    .bind(key)
    .bind(limit(filter.limit))
    .fetch_all(&store.readers)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(AlertRow {
                alert: AlertId(row.try_get("id")?),
                created_at: time("alert.created_at", row.try_get("created_at")?)?,
                title: row.try_get("title")?,
                url: row.try_get("url")?,
                records: count("evidence", row.try_get("records")?)?,
            })
        })
        .collect()
}

/// An alert with the records that it rests on, its item's own ones last.
pub(super) async fn of_alert(store: &SqliteStore, alert: AlertId) -> Result<Option<AlertEvidence>, StoreError> {
    let mut transaction = store.read().await?;
    let found = sqlx::query(
        "SELECT alert.item_id, alert.alert, article.about, article.text, article.alternate,
             (SELECT article FROM look_try WHERE alert_id = alert.id) AS looked
         FROM alert JOIN article ON article.item_id = alert.item_id WHERE alert.id = ?",
    )
    .bind(alert.0)
    .fetch_optional(&mut *transaction)
    .await?;
    let Some(found) = found else { return Ok(None) };
    let item: i64 = found.try_get("item_id")?;
    let rows = sqlx::query(concat!(
        "SELECT number, taken_at, record, digest, link, ",
        told!(),
        " AS told FROM evidence
         WHERE item_id = ?1 OR item_id IN (SELECT read_for FROM evidence WHERE item_id = ?1)
         ORDER BY number"
    ))
    .bind(item)
    .fetch_all(&mut *transaction)
    .await?;
    Ok(Some(AlertEvidence {
        alert: from_json("alert.alert", found.try_get("alert")?)?,
        article: match found.try_get::<Option<&str>, _>("looked")? {
            Some(looked) => from_json("look_try.article", looked)?,
            None => lookalike::article(&found)?,
        },
        alternate: optional_from_json("article.alternate", found.try_get("alternate")?)?,
        records: rows.iter().map(row).collect::<Result<_, _>>()?,
    }))
}

/// Forgets what no alert rests on: what is older than the age, then the oldest until the rest is small enough. One
/// transaction a call, and no more than a few hundred rows in it.
pub(super) async fn trim(store: &SqliteStore, retention: &Retention, now: Timestamp) -> Result<Trimmed, StoreError> {
    const ROWS: i64 = 200;
    let mut transaction = store.write().await?;
    let oldest = now.checked_sub(retention.age).unwrap_or(Timestamp::MIN);
    let total: i64 = sqlx::query_scalar("SELECT COALESCE(SUM(size), 0) FROM evidence WHERE record IS NOT NULL")
        .fetch_one(&mut *transaction)
        .await?;
    let mut surplus = total - i64::try_from(retention.bytes).unwrap_or(i64::MAX);
    let rows = sqlx::query(concat!(
        "SELECT number, taken_at, size FROM evidence WHERE record IS NOT NULL AND NOT ",
        told!(),
        " ORDER BY taken_at, number LIMIT ?"
    ))
    .bind(ROWS)
    .fetch_all(&mut *transaction)
    .await?;
    let mut trimmed = Trimmed::default();
    for row in &rows {
        let (number, size): (i64, i64) = (row.try_get("number")?, row.try_get("size")?);
        if surplus <= 0 && row.try_get::<i64, _>("taken_at")? >= micros(oldest) {
            break;
        }
        sqlx::query("UPDATE evidence SET record = NULL, size = 0 WHERE number = ?")
            .bind(number)
            .execute(&mut *transaction)
            .await?;
        let used = sqlx::query("DELETE FROM evidence_use WHERE number = ? RETURNING digest")
            .bind(number)
            .fetch_all(&mut *transaction)
            .await?;
        for used in &used {
            sqlx::query(
                "DELETE FROM evidence_body WHERE digest = ?1
                 AND NOT EXISTS (SELECT 1 FROM evidence_use WHERE digest = ?1)",
            )
            .bind(used.try_get::<&[u8], _>("digest")?)
            .execute(&mut *transaction)
            .await?;
        }
        surplus -= size;
        trimmed.records += 1;
        trimmed.bytes += u64::try_from(size).unwrap_or_default();
    }
    transaction.commit().await?;
    trimmed.more = limit(trimmed.records) == ROWS;
    Ok(trimmed)
}

fn digest(place: &'static str, bytes: &[u8]) -> Result<Digest, StoreError> {
    Digest::from_slice(bytes).ok_or_else(|| StoreError::Corrupt { place, detail: format!("{} bytes", bytes.len()) })
}
