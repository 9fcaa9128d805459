//! Pages that were told: claimed when they are to be looked at again, and what a look decided, in one transaction.

use super::SqliteStore;
use super::evidence;
use super::item;
use super::lookalike;
use super::queue;
use super::value::count;
use super::value::from_json;
use super::value::json;
use super::value::lease_end;
use super::value::micros;
use super::value::optional_from_json;
use super::value::optional_time;
use super::value::time;
use super::work::readable;
use crate::look::Decision;
use crate::look::Look;
use crate::model::AlertId;
use crate::model::Article;
use crate::model::DeliveryId;
use crate::model::ItemId;
use crate::model::update::FirstTelling;
use crate::poll::Validators;
use crate::read::NewAlert;
use crate::store::Claim;
use crate::store::Lease;
use crate::store::LookRow;
use crate::store::StoreError;
use jiff::Timestamp;
use sqlx::Row as _;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

/// Notes that the page of an item that is told now is to be looked at again.
pub(super) async fn plan(
    connection: &mut SqliteConnection,
    item: ItemId,
    validators: &Validators,
    at: Timestamp,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO look (item_id, host, began_at, next_at, etag, last_modified)
         SELECT id, host, ?2, ?3, ?4, ?5 FROM item WHERE id = ?1
         ON CONFLICT (item_id) DO NOTHING",
    )
    .bind(item.0)
    .bind(micros(now))
    .bind(micros(at))
    .bind(&validators.etag)
    .bind(&validators.last_modified)
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn claim(store: &SqliteStore, claim: &Claim<'_>) -> Result<Vec<Lease<Look>>, StoreError> {
    let Some(picked) = queue::look(&store.readers, &queue::LOOKS, claim).await? else { return Ok(Vec::new()) };
    let mut transaction = store.write().await?;
    let rows = sqlx::query(
        "UPDATE look SET owner = ?1, lease_until = ?2, fence = fence + 1
         WHERE item_id IN (SELECT value FROM json_each(?3)) AND due_at <= ?4
         RETURNING *, item_id AS number",
    )
    .bind(claim.owner)
    .bind(micros(lease_end(claim)))
    .bind(&picked)
    .bind(micros(claim.now))
    .fetch_all(&mut *transaction)
    .await?;
    let mut leases = Vec::with_capacity(rows.len());
    for row in queue::longest_due_first(rows)? {
        leases.push(lease(&mut transaction, &row, claim).await);
    }
    transaction.commit().await?;
    readable(leases.into_iter())
}

async fn lease(
    connection: &mut SqliteConnection,
    row: &SqliteRow,
    claim: &Claim<'_>,
) -> Result<Lease<Look>, StoreError> {
    let id: i64 = row.try_get("item_id")?;
    let told = sqlx::query(
        "SELECT item.id, item.source, item.entry, item.listed_at, item.attempts, article.about, article.text,
             article.final_url, article.judged_at, alert.alert, alert.id AS alert_id,
             (SELECT MAX(revision) FROM alert AS any WHERE any.story_id = article.story_id) AS revision
         FROM item JOIN article ON article.item_id = item.id
             JOIN alert ON alert.id = (SELECT MAX(id) FROM alert WHERE item_id = item.id)
         WHERE item.id = ?",
    )
    .bind(id)
    .fetch_one(&mut *connection)
    .await?;
    let last = sqlx::query(
        "SELECT at, article FROM look_try WHERE item_id = ? AND article IS NOT NULL ORDER BY id DESC LIMIT 1",
    )
    .bind(id)
    .fetch_optional(&mut *connection)
    .await?;
    let (article, read_at) = match last {
        Some(last) => (
            from_json::<Article>("look_try.article", last.try_get("article")?)?,
            time("look_try.at", last.try_get("at")?)?,
        ),
        None => (lookalike::article(&told)?, time("article.judged_at", told.try_get("judged_at")?)?),
    };
    let first: Vec<(String, String)> = sqlx::query_as(
        "SELECT delivery.receiver, delivery.id FROM alert_delivery JOIN delivery ON delivery.id = delivery_id
         WHERE alert_delivery.alert_id = (SELECT MIN(id) FROM alert WHERE item_id = ?) ORDER BY delivery.rowid",
    )
    .bind(id)
    .fetch_all(connection)
    .await?;
    let job = Look {
        item: item::item(&told)?,
        alert: AlertId(told.try_get("alert_id")?),
        told: from_json("alert.alert", told.try_get("alert")?)?,
        article,
        final_url: told.try_get("final_url")?,
        read_at,
        revision: count("alert.revision", told.try_get("revision")?)?,
        first: first.into_iter().map(|(receiver, id)| FirstTelling { receiver, delivery: DeliveryId(id) }).collect(),
        began_at: time("look.began_at", row.try_get("began_at")?)?,
        step: count("look.step", row.try_get("step")?)?,
        attempts: count("look.attempts", row.try_get("attempts")?)?,
        gone: row.try_get::<i64, _>("gone")? != 0,
        suspected: optional_from_json("look.suspected", row.try_get("suspected")?)?,
        validators: Validators { etag: row.try_get("etag")?, last_modified: row.try_get("last_modified")? },
    };
    Ok(Lease { job, owner: claim.owner.to_owned(), fence: row.try_get("fence")?, until: lease_end(claim) })
}

/// The fence stays as it is: without an owner the old lease fits no longer.
pub(super) async fn put_back(store: &SqliteStore, lease: &Lease<Look>, at: Timestamp) -> Result<(), StoreError> {
    let back = sqlx::query(
        "UPDATE look SET owner = NULL, lease_until = NULL, next_at = MAX(next_at, ?4)
         WHERE item_id = ?1 AND owner = ?2 AND fence = ?3",
    )
    .bind(lease.job.item.id.0)
    .bind(&lease.owner)
    .bind(lease.fence)
    .bind(micros(at))
    .execute(&store.writer)
    .await?;
    if back.rows_affected() == 0 { Err(StoreError::LeaseLost) } else { Ok(()) }
}

pub(super) async fn commit(
    store: &SqliteStore,
    lease: &Lease<Look>,
    decision: &Decision,
    now: Timestamp,
) -> Result<(), StoreError> {
    let item = lease.job.item.id;
    let mut transaction = store.write().await?;
    let settled = sqlx::query(
        "UPDATE look SET step = ?4, attempts = ?5, gone = ?6, suspected = ?7, next_at = ?8, owner = NULL,
             lease_until = NULL, etag = CASE WHEN ?9 THEN ?10 ELSE etag END,
             last_modified = CASE WHEN ?9 THEN ?11 ELSE last_modified END
         WHERE item_id = ?1 AND owner = ?2 AND fence = ?3",
    )
    .bind(item.0)
    .bind(&lease.owner)
    .bind(lease.fence)
    .bind(super::value::limit(decision.after.step))
    .bind(decision.after.attempts)
    .bind(i64::from(decision.gone))
    .bind(decision.suspected.as_ref().map(json))
    .bind(decision.after.at.map(micros))
    .bind(decision.validators.is_some())
    .bind(decision.validators.as_ref().and_then(|it| it.etag.as_ref()))
    .bind(decision.validators.as_ref().and_then(|it| it.last_modified.as_ref()))
    .execute(&mut *transaction)
    .await?;
    if settled.rows_affected() == 0 {
        return Err(StoreError::LeaseLost);
    }
    if let Some(kept) = &decision.evidence {
        evidence::insert(&mut transaction, item, kept, now).await?;
    }
    let alert = match &decision.alert {
        Some(alert) => Some(insert_update(&mut transaction, item, alert, now).await?),
        None => None,
    };
    sqlx::query("INSERT INTO look_try (item_id, at, reason, alert_id, article) VALUES (?, ?, ?, ?, ?)")
        .bind(item.0)
        .bind(micros(now))
        .bind(json(&decision.reason))
        .bind(alert)
        .bind(decision.article.as_ref().map(json))
        .execute(&mut *transaction)
        .await?;
    Ok(transaction.commit().await?)
}

/// Another item of the story may have been told in the meantime: then the revision is taken, and the look is repeated.
async fn insert_update(
    connection: &mut SqliteConnection,
    item: ItemId,
    new: &NewAlert,
    now: Timestamp,
) -> Result<i64, StoreError> {
    let (story, revision): (i64, i64) = sqlx::query_as(
        "SELECT article.story_id, (SELECT MAX(revision) FROM alert WHERE alert.story_id = article.story_id)
         FROM article WHERE item_id = ?",
    )
    .bind(item.0)
    .fetch_one(&mut *connection)
    .await?;
    if revision + 1 != i64::from(new.alert.revision) {
        return Err(StoreError::Stale);
    }
    for rule in &new.alert.rules {
        sqlx::query("INSERT INTO story_told (story_id, rule) VALUES (?, ?) ON CONFLICT DO NOTHING")
            .bind(story)
            .bind(rule.name.as_str())
            .execute(&mut *connection)
            .await?;
    }
    item::insert_alert(connection, item, story, new, now).await
}

/// What the looks at an item found, and when the next is due.
pub(super) async fn of(
    connection: &mut SqliteConnection,
    item: i64,
) -> Result<(Vec<LookRow>, Option<Timestamp>), StoreError> {
    let rows = sqlx::query("SELECT at, reason, alert_id FROM look_try WHERE item_id = ? ORDER BY id")
        .bind(item)
        .fetch_all(&mut *connection)
        .await?;
    let looks = rows
        .iter()
        .map(|row| {
            Ok(LookRow {
                at: time("look_try.at", row.try_get("at")?)?,
                reason: from_json("look_try.reason", row.try_get("reason")?)?,
                alert: row.try_get::<Option<i64>, _>("alert_id")?.map(AlertId),
            })
        })
        .collect::<Result<_, StoreError>>()?;
    let next: Option<Option<i64>> =
        sqlx::query_scalar("SELECT next_at FROM look WHERE item_id = ?").bind(item).fetch_optional(connection).await?;
    Ok((looks, optional_time("look.next_at", next.flatten())?))
}
