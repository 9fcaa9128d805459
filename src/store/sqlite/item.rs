//! Items: claimed when due, and what a reading decided: article, verdicts, story, alert and deliveries in one
//! transaction.

use super::SqliteStore;
use super::digest;
use super::evidence;
use super::look;
use super::lookalike;
use super::queue;
use super::value::count;
use super::value::from_json;
use super::value::json;
use super::value::lease_end;
use super::value::limit;
use super::value::micros;
use super::value::time;
use super::work::grow;
use super::work::readable;
use crate::model::Article;
use crate::model::Item;
use crate::model::ItemId;
use crate::model::ItemState;
use crate::model::Outcome;
use crate::model::OutcomeKind;
use crate::model::Reason;
use crate::model::RuleName;
use crate::model::SourceName;
use crate::read::Decision;
use crate::read::Judged;
use crate::read::NewAlert;
use crate::store::Claim;
use crate::store::Lease;
use crate::store::StoreError;
use crate::story::Lookalike;
use crate::story::Relation;
use jiff::Timestamp;
use sqlx::Row as _;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

pub(super) async fn claim(store: &SqliteStore, claim: &Claim<'_>) -> Result<Vec<Lease<Item>>, StoreError> {
    let Some(picked) = queue::look(&store.readers, &queue::ITEMS, claim).await? else { return Ok(Vec::new()) };
    let rows = sqlx::query(
        "UPDATE item SET state = 'reading', owner = ?1, lease_until = ?2, fence = fence + 1
         WHERE id IN (SELECT value FROM json_each(?3)) AND due_at <= ?4
         RETURNING id, source, entry, listed_at, attempts, fence, next_at, rowid AS number",
    )
    .bind(claim.owner)
    .bind(micros(lease_end(claim)))
    .bind(&picked)
    .bind(micros(claim.now))
    .fetch_all(&store.writer)
    .await?;
    readable(queue::longest_due_first(rows)?.iter().map(|row| lease(row, claim)))
}

/// The fence stays as it is: without an owner the old lease fits no longer.
pub(super) async fn put_back(store: &SqliteStore, lease: &Lease<Item>, at: Timestamp) -> Result<(), StoreError> {
    let back = sqlx::query(
        "UPDATE item SET state = 'waiting', owner = NULL, lease_until = NULL, next_at = MAX(next_at, ?4)
         WHERE id = ?1 AND owner = ?2 AND fence = ?3",
    )
    .bind(lease.job.id.0)
    .bind(&lease.owner)
    .bind(lease.fence)
    .bind(micros(at))
    .execute(&store.writer)
    .await?;
    if back.rows_affected() == 0 { Err(StoreError::LeaseLost) } else { Ok(()) }
}

fn lease(row: &SqliteRow, claim: &Claim<'_>) -> Result<Lease<Item>, StoreError> {
    Ok(Lease { job: item(row)?, owner: claim.owner.to_owned(), fence: row.try_get("fence")?, until: lease_end(claim) })
}

/// An item from its columns `id`, `source`, `entry`, `listed_at` and `attempts`.
pub(super) fn item(row: &SqliteRow) -> Result<Item, StoreError> {
    Ok(Item {
        id: ItemId(row.try_get("id")?),
        source: SourceName::new(row.try_get::<String, _>("source")?),
        entry: from_json("item.entry", row.try_get("entry")?)?,
        listed_at: time("item.listed_at", row.try_get("listed_at")?)?,
        attempts: count("item.attempts", row.try_get("attempts")?)?,
    })
}

pub(super) async fn commit(
    store: &SqliteStore,
    lease: &Lease<Item>,
    decision: &Decision,
    seen: &[Lookalike],
    since: Timestamp,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (state, failed, again_at, judged) = match decision {
        Decision::Judged(judged) => (ItemState::Judged, None, None, Some(judged)),
        Decision::Again { at, reason } => (ItemState::Waiting, Some(reason), Some(*at), None),
        Decision::Unreadable { reason, judged } => (ItemState::Unreadable, Some(reason), None, judged.as_ref()),
    };
    let mut transaction = store.write().await?;
    settle(&mut transaction, lease, state, failed, again_at, now).await?;
    if let Some(reason) = failed {
        sqlx::query("INSERT INTO read_try (item_id, at, reason) VALUES (?, ?, ?)")
            .bind(lease.job.id.0)
            .bind(micros(now))
            .bind(json(reason))
            .execute(&mut *transaction)
            .await?;
    }
    if let Some(judged) = judged {
        if lookalike::find(&mut transaction, &judged.fingerprint, judged.weighed, since).await? != seen {
            return Err(StoreError::Stale);
        }
        insert_judged(&mut transaction, lease.job.id, judged, now).await?;
    }
    Ok(transaction.commit().await?)
}

/// Ends the lease. This comes first: who lost it must write nothing.
async fn settle(
    connection: &mut SqliteConnection,
    lease: &Lease<Item>,
    state: ItemState,
    failed: Option<&Reason>,
    again_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let settled = sqlx::query(
        "UPDATE item SET state = ?4, reason = ?5, attempts = attempts + ?6, next_at = COALESCE(?7, next_at),
             settled_at = ?8, owner = NULL, lease_until = NULL
         WHERE id = ?1 AND owner = ?2 AND fence = ?3",
    )
    .bind(lease.job.id.0)
    .bind(&lease.owner)
    .bind(lease.fence)
    .bind(state.as_str())
    .bind(failed.map(json))
    .bind(i64::from(failed.is_some()))
    .bind(again_at.map(micros))
    .bind(again_at.is_none().then(|| micros(now)))
    .execute(connection)
    .await?;
    if settled.rows_affected() == 0 { Err(StoreError::LeaseLost) } else { Ok(()) }
}

async fn insert_judged(
    connection: &mut SqliteConnection,
    item: ItemId,
    judged: &Judged,
    now: Timestamp,
) -> Result<(), StoreError> {
    let story = story(connection, item, judged, now).await?;
    insert_article(connection, item, story, judged, now).await?;
    insert_verdicts(connection, item, judged).await?;
    if let Some(kept) = &judged.evidence {
        evidence::insert(connection, item, kept, now).await?;
    }
    let alert = match &judged.alert {
        Some(alert) => Some(insert_alert(connection, item, story, alert, now).await?),
        None => None,
    };
    if let Some(at) = judged.alert.as_ref().and_then(|alert| alert.look_at) {
        look::plan(connection, item, at, now).await?;
    }
    insert_outcomes(connection, item, story, alert, &judged.outcomes).await
}

/// The story's row. A key that is there already (two items that share nothing but the key, or a backup that was put
/// back) is the same story.
async fn story(
    connection: &mut SqliteConnection,
    item: ItemId,
    judged: &Judged,
    now: Timestamp,
) -> Result<i64, StoreError> {
    let key = match &judged.relation {
        Relation::Copy { story, .. } => return Ok(story.0),
        Relation::New { key } => key,
    };
    sqlx::query(
        "INSERT INTO story (key, title, first_item, created_at) VALUES (?, ?, ?, ?) ON CONFLICT (key) DO NOTHING",
    )
    .bind(key)
    .bind(&judged.article.title)
    .bind(item.0)
    .bind(micros(now))
    .execute(&mut *connection)
    .await?;
    Ok(sqlx::query_scalar("SELECT id FROM story WHERE key = ?").bind(key).fetch_one(connection).await?)
}

async fn insert_article(
    connection: &mut SqliteConnection,
    item: ItemId,
    story: i64,
    judged: &Judged,
    now: Timestamp,
) -> Result<(), StoreError> {
    let unmatched: Vec<(&RuleName, &Reason)> = judged
        .judgement
        .verdicts
        .iter()
        .filter(|verdict| !verdict.matched)
        .map(|verdict| (&verdict.rule, &verdict.reason))
        .collect();
    let about = Article { text: String::new(), ..judged.article.clone() };
    sqlx::query(
        "INSERT INTO article
             (item_id, story_id, relation, final_url, canonical_url, text_hash, judged_at, unmatched, about, text,
             alternate, sketch)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(item.0)
    .bind(story)
    .bind(json(&judged.relation.reason()))
    .bind(&judged.final_url)
    .bind(&judged.article.canonical_url)
    .bind(&judged.fingerprint.text)
    .bind(micros(now))
    .bind(json(&unmatched))
    .bind(json(&about))
    .bind(&judged.article.text)
    .bind(judged.alternate.as_ref().map(json))
    .bind(&judged.sketch)
    .execute(&mut *connection)
    .await?;
    for key in &judged.fingerprint.addresses {
        sqlx::query("INSERT INTO address (key, item_id) VALUES (?, ?) ON CONFLICT DO NOTHING")
            .bind(key)
            .bind(item.0)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

async fn insert_verdicts(connection: &mut SqliteConnection, item: ItemId, judged: &Judged) -> Result<(), StoreError> {
    let mut matched = 0;
    for (position, verdict) in judged.judgement.verdicts.iter().enumerate().filter(|(_, verdict)| verdict.matched) {
        sqlx::query("INSERT INTO verdict (item_id, rule, position, reason, mentions) VALUES (?, ?, ?, ?, ?)")
            .bind(item.0)
            .bind(verdict.rule.as_str())
            .bind(limit(position))
            .bind(json(&verdict.reason))
            .bind(json(&verdict.mentions))
            .execute(&mut *connection)
            .await?;
        matched += 1;
    }
    grow(connection, "judged_rules", judged.judgement.verdicts.len()).await?;
    grow(connection, "matched", matched).await
}

async fn insert_outcomes(
    connection: &mut SqliteConnection,
    item: ItemId,
    story: i64,
    alert: Option<i64>,
    outcomes: &[Outcome],
) -> Result<(), StoreError> {
    for outcome in outcomes {
        let in_alert = outcome.is_in_alert();
        sqlx::query("INSERT INTO outcome (item_id, rule, kind, reason, alert_id) VALUES (?, ?, ?, ?, ?)")
            .bind(item.0)
            .bind(outcome.rule.as_str())
            .bind(outcome.kind.as_str())
            .bind(json(&outcome.reason))
            .bind(alert.filter(|_| in_alert))
            .execute(&mut *connection)
            .await?;
        // What is held will be told: a copy of it is no news.
        if in_alert && outcome.kind != OutcomeKind::Muted {
            sqlx::query("INSERT INTO story_told (story_id, rule) VALUES (?, ?) ON CONFLICT DO NOTHING")
                .bind(story)
                .bind(outcome.rule.as_str())
                .execute(&mut *connection)
                .await?;
        }
    }
    Ok(())
}

pub(super) async fn insert_alert(
    connection: &mut SqliteConnection,
    item: ItemId,
    story: i64,
    new: &NewAlert,
    now: Timestamp,
) -> Result<i64, StoreError> {
    let id = sqlx::query(
        "INSERT INTO alert (item_id, story_id, revision, title, created_at, alert) VALUES (?, ?, ?, ?, ?, ?)",
    )
    .bind(item.0)
    .bind(story)
    .bind(new.alert.revision)
    .bind(&new.alert.title)
    .bind(micros(now))
    .bind(json(&new.alert))
    .execute(&mut *connection)
    .await?
    .last_insert_rowid();
    let mut made = 0;
    for delivery in &new.deliveries {
        let written = sqlx::query(
            "INSERT INTO delivery (id, alert_id, channel, receiver, rules, state, created_at, next_at)
             VALUES (?1, ?2, ?3, ?4, ?5, 'waiting', ?6, ?6)
             ON CONFLICT (id) DO NOTHING",
        )
        .bind(delivery.id.as_str())
        .bind(id)
        .bind(delivery.channel.as_str())
        .bind(&delivery.receiver)
        .bind(json(&delivery.rules))
        .bind(micros(now))
        .execute(&mut *connection)
        .await?;
        made += usize::from(written.rows_affected() == 1);
        sqlx::query("INSERT INTO alert_delivery (alert_id, delivery_id) VALUES (?, ?) ON CONFLICT DO NOTHING")
            .bind(id)
            .bind(delivery.id.as_str())
            .execute(&mut *connection)
            .await?;
    }
    grow(connection, "deliveries", made).await?;
    digest::hold(connection, id, &new.held, now).await?;
    Ok(id)
}
