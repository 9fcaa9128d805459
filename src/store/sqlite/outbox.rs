//! Deliveries: claimed when due, frozen at the first try, settled by the answer; and what people ask of the outbox.

use super::SqliteStore;
use super::digest;
use super::endpoint;
use super::queue;
use super::value::count;
use super::value::from_json;
use super::value::json;
use super::value::lease_end;
use super::value::limit;
use super::value::micros;
use super::value::named;
use super::value::optional_from_json;
use super::value::optional_time;
use super::value::time;
use super::work::readable;
use crate::channel::Frozen;
use crate::model::AlertId;
use crate::model::ChannelName;
use crate::model::DeliveryId;
use crate::model::Reason;
use crate::send::Decision;
use crate::send::Delivery;
use crate::send::DeliveryState;
use crate::send::Told;
use crate::store::Claim;
use crate::store::DeliveryAccount;
use crate::store::DeliveryFilter;
use crate::store::DeliveryRow;
use crate::store::DeliveryTry;
use crate::store::Lease;
use crate::store::StoreError;
use jiff::Timestamp;
use sqlx::Row as _;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

pub(super) async fn claim(store: &SqliteStore, claim: &Claim<'_>) -> Result<Vec<Lease<Delivery>>, StoreError> {
    if !queue::is_due(&store.readers, &queue::DELIVERIES, claim).await? {
        return Ok(Vec::new());
    }
    let mut transaction = store.write().await?;
    let picked = endpoint::pick(&mut transaction, claim).await?;
    sqlx::query(
        "UPDATE delivery SET state = 'sending', owner = ?1, lease_until = ?2, fence = fence + 1
         WHERE rowid IN (SELECT value FROM json_each(?3))",
    )
    .bind(claim.owner)
    .bind(micros(lease_end(claim)))
    .bind(&picked)
    .execute(&mut *transaction)
    .await?;
    let rows = sqlx::query(
        "SELECT delivery.*, alert.alert, notice.notice, notice.event FROM delivery LEFT JOIN alert ON alert.id = delivery.alert_id
             LEFT JOIN notice ON notice.id = delivery.notice_id
         WHERE delivery.rowid IN (SELECT value FROM json_each(?)) ORDER BY delivery.next_at, delivery.rowid",
    )
    .bind(&picked)
    .fetch_all(&mut *transaction)
    .await?;
    transaction.commit().await?;
    readable(rows.iter().map(|row| lease(row, claim)))
}

fn lease(row: &SqliteRow, claim: &Claim<'_>) -> Result<Lease<Delivery>, StoreError> {
    let job = delivery(row)?;
    Ok(Lease { job, owner: claim.owner.to_owned(), fence: row.try_get("fence")?, until: lease_end(claim) })
}

/// A delivery, from all columns of `delivery`, the alert's `alert` and the notice's `notice`.
pub(super) fn delivery(row: &SqliteRow) -> Result<Delivery, StoreError> {
    let message_id: Option<String> = row.try_get("message_id")?;
    let bytes: Option<Vec<u8>> = row.try_get("frozen")?;
    Ok(Delivery {
        id: DeliveryId(row.try_get("id")?),
        told: told(row)?,
        channel: ChannelName::new(row.try_get::<String, _>("channel")?),
        receiver: row.try_get("receiver")?,
        sequence: count("delivery.sequence", row.try_get("sequence")?)?,
        attempts: count("delivery.attempts", row.try_get("attempts")?)?,
        created_at: time("delivery.created_at", row.try_get("created_at")?)?,
        frozen: message_id.zip(bytes).map(|(id, bytes)| Frozen { id, bytes }),
    })
}

/// An alert, a notice or a bulletin, from all columns of `delivery`, the alert's `alert` and the notice's `notice` and
/// `event`.
fn told(row: &SqliteRow) -> Result<Told, StoreError> {
    if let Some(notice) = row.try_get::<Option<&str>, _>("notice")? {
        if row.try_get::<Option<&str>, _>("event")? == Some(digest::EVENT) {
            return Ok(Told::Bulletin(from_json("notice.notice", notice)?));
        }
        return Ok(Told::Notice(from_json("notice.notice", notice)?));
    }
    Ok(Told::Alert {
        id: AlertId(row.try_get("alert_id")?),
        alert: from_json("alert.alert", row.try_get("alert")?)?,
        rules: from_json("delivery.rules", row.try_get("rules")?)?,
    })
}

pub(super) async fn begin_attempt(
    store: &SqliteStore,
    lease: &Lease<Delivery>,
    frozen: &Frozen,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut transaction = store.write().await?;
    let begun = sqlx::query(
        "UPDATE delivery SET attempts = attempts + 1, message_id = COALESCE(message_id, ?4), frozen = COALESCE(frozen, ?5)
         WHERE id = ?1 AND owner = ?2 AND fence = ?3",
    )
    .bind(lease.job.id.as_str())
    .bind(&lease.owner)
    .bind(lease.fence)
    .bind(&frozen.id)
    .bind(&frozen.bytes)
    .execute(&mut *transaction)
    .await?;
    if begun.rows_affected() == 0 {
        return Err(StoreError::LeaseLost);
    }
    sqlx::query("INSERT INTO delivery_try (delivery_id, fence, begun_at) VALUES (?, ?, ?)")
        .bind(lease.job.id.as_str())
        .bind(lease.fence)
        .bind(micros(now))
        .execute(&mut *transaction)
        .await?;
    Ok(transaction.commit().await?)
}

pub(super) async fn commit(
    store: &SqliteStore,
    lease: &Lease<Delivery>,
    decision: &Decision,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut transaction = store.write().await?;
    settle(&mut transaction, lease, decision, now).await?;
    Ok(transaction.commit().await?)
}

/// Writes what became of a try, in a transaction of the caller's.
pub(super) async fn settle(
    connection: &mut SqliteConnection,
    lease: &Lease<Delivery>,
    decision: &Decision,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (state, again_at, reason) = match decision {
        Decision::Done { reason } => (DeliveryState::Done, None, reason),
        Decision::Again { at, reason } => (DeliveryState::Waiting, Some(*at), reason),
        Decision::GivenUp { reason } => (DeliveryState::GivenUp, None, reason),
    };
    let settled = sqlx::query(
        "UPDATE delivery SET state = ?4, reason = ?5, next_at = COALESCE(?6, next_at), settled_at = ?7, owner = NULL,
             lease_until = NULL
         WHERE id = ?1 AND owner = ?2 AND fence = ?3",
    )
    .bind(lease.job.id.as_str())
    .bind(&lease.owner)
    .bind(lease.fence)
    .bind(state.as_str())
    .bind(json(reason))
    .bind(again_at.map(micros))
    .bind(again_at.is_none().then(|| micros(now)))
    .execute(&mut *connection)
    .await?;
    if settled.rows_affected() == 0 {
        return Err(StoreError::LeaseLost);
    }
    end_try(connection, lease, reason, now).await
}

/// Only this lease's own try: one that a dead process left open stays in doubt for ever.
async fn end_try(
    connection: &mut SqliteConnection,
    lease: &Lease<Delivery>,
    reason: &Reason,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE delivery_try SET ended_at = ?3, reason = ?4
         WHERE id = (SELECT MAX(id) FROM delivery_try WHERE delivery_id = ?1 AND fence = ?2) AND ended_at IS NULL",
    )
    .bind(lease.job.id.as_str())
    .bind(lease.fence)
    .bind(micros(now))
    .bind(json(reason))
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn list(store: &SqliteStore, filter: &DeliveryFilter) -> Result<Vec<DeliveryRow>, StoreError> {
    let rows = sqlx::query(
        "SELECT delivery.*, COALESCE(alert.title, notice.title) AS title
         FROM delivery LEFT JOIN alert ON alert.id = delivery.alert_id
             LEFT JOIN notice ON notice.id = delivery.notice_id
         WHERE (?1 IS NULL OR delivery.state = ?1) AND (?2 IS NULL OR delivery.channel = ?2)
         ORDER BY delivery.created_at DESC, delivery.rowid DESC LIMIT ?3",
    )
    .bind(filter.state.map(DeliveryState::as_str))
    .bind(filter.channel.as_ref().map(ChannelName::as_str))
    .bind(limit(filter.limit))
    .fetch_all(&store.readers)
    .await?;
    rows.iter().map(delivery_row).collect()
}

/// A row of a list, from all columns of `delivery` and the `title` of its alert or notice.
pub(super) fn delivery_row(row: &SqliteRow) -> Result<DeliveryRow, StoreError> {
    let state = named("delivery.state", row.try_get("state")?, DeliveryState::parse)?;
    let next_at = time("delivery.next_at", row.try_get("next_at")?)?;
    Ok(DeliveryRow {
        id: DeliveryId(row.try_get("id")?),
        channel: ChannelName::new(row.try_get::<String, _>("channel")?),
        receiver: row.try_get("receiver")?,
        rules: from_json("delivery.rules", row.try_get("rules")?)?,
        title: row.try_get("title")?,
        state,
        attempts: count("delivery.attempts", row.try_get("attempts")?)?,
        created_at: time("delivery.created_at", row.try_get("created_at")?)?,
        next_at: (state == DeliveryState::Waiting).then_some(next_at),
        reason: optional_from_json("delivery.reason", row.try_get("reason")?)?,
        message_id: row.try_get("message_id")?,
    })
}

pub(super) async fn account(store: &SqliteStore, id: &str) -> Result<Option<DeliveryAccount>, StoreError> {
    let mut transaction = store.read().await?;
    let Some(id) = whole_id(&mut transaction, id).await? else { return Ok(None) };
    let row = sqlx::query(
        "SELECT delivery.*, COALESCE(alert.title, notice.title) AS title, alert.alert, notice.notice, notice.event
         FROM delivery LEFT JOIN alert ON alert.id = delivery.alert_id
             LEFT JOIN notice ON notice.id = delivery.notice_id
         WHERE delivery.id = ?",
    )
    .bind(&id)
    .fetch_one(&mut *transaction)
    .await?;
    let tries = sqlx::query("SELECT * FROM delivery_try WHERE delivery_id = ? ORDER BY id")
        .bind(&id)
        .fetch_all(&mut *transaction)
        .await?;
    let frozen: Option<Vec<u8>> = row.try_get("frozen")?;
    let (alert, notice, digest) = match told(&row)? {
        Told::Alert { alert, .. } => (Some(*alert), None, None),
        Told::Notice(notice) => (None, Some(notice), None),
        Told::Bulletin(bulletin) => (None, None, Some(*bulletin)),
    };
    Ok(Some(DeliveryAccount {
        row: delivery_row(&row)?,
        alert,
        notice,
        digest,
        tries: tries.iter().map(delivery_try).collect::<Result<_, _>>()?,
        message: frozen.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
    }))
}

fn delivery_try(row: &SqliteRow) -> Result<DeliveryTry, StoreError> {
    Ok(DeliveryTry {
        begun_at: time("delivery_try.begun_at", row.try_get("begun_at")?)?,
        ended_at: optional_time("delivery_try.ended_at", row.try_get("ended_at")?)?,
        reason: optional_from_json("delivery_try.reason", row.try_get("reason")?)?,
        status: row.try_get::<Option<u16>, _>("status")?,
        answer: row.try_get("answer")?,
        took_ms: row.try_get::<Option<i64>, _>("took")?.map(|micros| micros / 1000),
    })
}

/// The one id that begins like this. The range is the prefix and all that may follow it: ids are hexadecimal digits,
/// and `~` is behind them all.
pub(super) async fn whole_id(connection: &mut SqliteConnection, prefix: &str) -> Result<Option<String>, StoreError> {
    let mut ids: Vec<String> =
        sqlx::query_scalar("SELECT id FROM delivery WHERE id >= ?1 AND id < ?1 || '~' ORDER BY id LIMIT 2")
            .bind(prefix)
            .fetch_all(connection)
            .await?;
    if ids.len() > 1 && ids[0] != prefix {
        return Err(StoreError::Ambiguous { prefix: prefix.to_owned() });
    }
    ids.truncate(1);
    Ok(ids.pop())
}

pub(super) async fn retry(store: &SqliteStore, id: &str, now: Timestamp) -> Result<usize, StoreError> {
    let mut transaction = store.write().await?;
    let id = match id {
        "all" => None,
        prefix => match whole_id(&mut transaction, prefix).await? {
            Some(id) => Some(id),
            None => return Ok(0),
        },
    };
    endpoint::call_again(&mut transaction, id.as_deref(), now).await?;
    let retried = sqlx::query(
        "UPDATE delivery SET attempts = CASE state WHEN 'given_up' THEN 0 ELSE attempts END, state = 'waiting',
             reason = ?3, next_at = ?2, settled_at = NULL
         WHERE state IN ('waiting', 'given_up') AND (?1 IS NULL OR id = ?1)",
    )
    .bind(id)
    .bind(micros(now))
    .bind(json(&Reason::AskedAgain))
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(usize::try_from(retried.rows_affected()).unwrap_or(usize::MAX))
}
