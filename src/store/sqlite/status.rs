//! How the tower stands, of one moment.

use super::SqliteStore;
use super::value::count;
use super::value::from_json;
use super::value::micros;
use super::value::optional_from_json;
use super::value::optional_time;
use super::value::time;
use crate::health::Health;
use crate::health::Trouble;
use crate::model::Entry;
use crate::model::SourceName;
use crate::store::SourceRow;
use crate::store::Status;
use crate::store::StoreError;
use crate::store::TroubleRow;
use crate::store::UnreadableRow;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

pub(super) async fn status(store: &SqliteStore, now: Timestamp) -> Result<Status, StoreError> {
    let mut transaction = store.read().await?;
    let sums = sqlx::query(
        "SELECT
             (SELECT COUNT(*) FROM source WHERE watched = 1) AS sources,
             (SELECT COUNT(*) FROM source WHERE due_at <= ?1) AS sources_due,
             (SELECT MAX(heard_at) FROM source) AS heard_at,
             (SELECT COUNT(*) FROM item WHERE state IN ('waiting', 'reading')) AS items_waiting,
             (SELECT COUNT(*) FROM item WHERE state = 'judged' AND settled_at >= ?2) AS judged_today,
             (SELECT COUNT(*) FROM item WHERE state = 'unreadable') AS unreadable_total,
             (SELECT COUNT(*) FROM delivery WHERE state IN ('waiting', 'sending')) AS outbox_waiting,
             (SELECT COUNT(*) FROM delivery WHERE state = 'given_up') AS outbox_given_up",
    )
    .bind(micros(now))
    .bind(micros(midnight(now)))
    .fetch_one(&mut *transaction)
    .await?;
    let unreadable = sqlx::query(
        "SELECT source, entry, link, reason, settled_at FROM item WHERE state = 'unreadable'
         ORDER BY settled_at DESC, id DESC LIMIT 20",
    )
    .fetch_all(&mut *transaction)
    .await?;
    let failing = sqlx::query(
        "SELECT name, failures, heard_at, next_at, reason FROM source WHERE watched = 1 AND failures > 0 ORDER BY name",
    )
    .fetch_all(&mut *transaction)
    .await?;
    let troubled = sqlx::query(
        "SELECT name, health, (SELECT json_group_array(since) FROM remark
                               WHERE source = name AND event = 'failing' AND notice_id IS NOT NULL) AS told
         FROM source WHERE watched = 1 AND troubled = 1 ORDER BY name",
    )
    .fetch_all(&mut *transaction)
    .await?;
    let mut troubles = Vec::new();
    for row in &troubled {
        troubles.extend(trouble_rows(row)?);
    }
    let sum = |column: &'static str| count(column, sums.try_get(column)?);
    Ok(Status {
        sources: sum("sources")?,
        sources_due: sum("sources_due")?,
        items_waiting: sum("items_waiting")?,
        judged_today: sum("judged_today")?,
        unreadable: unreadable.iter().map(unreadable_row).collect::<Result<_, _>>()?,
        unreadable_total: sum("unreadable_total")?,
        outbox_waiting: sum("outbox_waiting")?,
        outbox_given_up: sum("outbox_given_up")?,
        failing: failing.iter().map(source_row).collect::<Result<_, _>>()?,
        troubles,
        heard_at: optional_time("source.heard_at", sums.try_get("heard_at")?)?,
    })
}

fn trouble_rows(row: &SqliteRow) -> Result<Vec<TroubleRow>, StoreError> {
    let source = SourceName::new(row.try_get::<String, _>("name")?);
    let health: Health = optional_from_json("source.health", row.try_get("health")?)?.unwrap_or_default();
    let told: Vec<i64> = from_json("remark.since", row.try_get("told")?)?;
    let trouble = |trouble: &Trouble| TroubleRow {
        source: source.clone(),
        kind: trouble.kind,
        since: trouble.since,
        reason: trouble.reason.clone(),
        told: told.contains(&micros(trouble.since)),
    };
    Ok(health.troubles().iter().map(trouble).collect())
}

/// The last midnight, UTC.
fn midnight(now: Timestamp) -> Timestamp {
    now.to_zoned(TimeZone::UTC).start_of_day().map_or(now, |day| day.timestamp())
}

fn unreadable_row(row: &SqliteRow) -> Result<UnreadableRow, StoreError> {
    let entry: Entry = from_json("item.entry", row.try_get("entry")?)?;
    let reason: Option<&str> = row.try_get("reason")?;
    Ok(UnreadableRow {
        source: SourceName::new(row.try_get::<String, _>("source")?),
        title: entry.title,
        link: row.try_get("link")?,
        reason: from_json("item.reason", reason.unwrap_or_default())?,
        at: time("item.settled_at", row.try_get("settled_at")?)?,
    })
}

fn source_row(row: &SqliteRow) -> Result<SourceRow, StoreError> {
    Ok(SourceRow {
        name: SourceName::new(row.try_get::<String, _>("name")?),
        failures: count("source.failures", row.try_get("failures")?)?,
        heard_at: optional_time("source.heard_at", row.try_get("heard_at")?)?,
        next_at: time("source.next_at", row.try_get("next_at")?)?,
        reason: optional_from_json("source.reason", row.try_get("reason")?)?,
    })
}
