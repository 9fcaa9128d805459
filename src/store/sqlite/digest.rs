//! Lanes: what is held for later, and the messages that are made of it. A message, what it settles and when the lane is
//! due again are written in one transaction.

use super::SqliteStore;
use super::account;
use super::queue;
use super::value::from_json;
use super::value::json;
use super::value::lease_end;
use super::value::limit;
use super::value::micros;
use super::value::named;
use super::value::optional_time;
use super::value::time;
use super::work::grow;
use super::work::readable;
use crate::model::AlertId;
use crate::model::Bulletin;
use crate::model::ChannelName;
use crate::model::DeliveryId;
use crate::model::Level;
use crate::model::OutcomeKind;
use crate::model::Reason;
use crate::model::RuleName;
use crate::model::SubscriptionName;
use crate::read::NewHeld;
use crate::render::digest::title;
use crate::route::Subscription;
use crate::route::gather;
use crate::route::gather::Account;
use crate::route::gather::Decision;
use crate::route::gather::Lane;
use crate::route::gather::Seen;
use crate::route::gather::Waiting;
use crate::store::Claim;
use crate::store::HeldRow;
use crate::store::LanePlan;
use crate::store::Lease;
use crate::store::StoreError;
use jiff::Timestamp;
use sqlx::Row as _;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

/// The `event` of a notice that is a bulletin.
pub(super) const EVENT: &str = "digest";

/// Makes the lanes of digests those of the configuration. One that is there keeps its time, also one that has passed,
/// unless it was reckoned by another expression or zone.
pub(super) async fn register(store: &SqliteStore, lanes: &[LanePlan], now: Timestamp) -> Result<(), StoreError> {
    let mut transaction = store.write().await?;
    for plan in lanes {
        let id = lane(&mut transaction, &plan.channel, &plan.receiver, Some(&plan.subscription), now).await?;
        sqlx::query(
            "UPDATE lane SET next_at = MIN(?2, COALESCE((SELECT MIN(due_at) FROM held
                                                         WHERE lane_id = lane.id AND settled_at IS NULL), ?2)),
                 rhythm = ?3
             WHERE id = ?1 AND (rhythm <> ?3 OR next_at IS NULL)",
        )
        .bind(id)
        .bind(micros(plan.next_at))
        .bind(&plan.rhythm)
        .execute(&mut *transaction)
        .await?;
    }
    // Digests that are no longer configured are due only for what waits in them.
    let kept: Vec<(&str, &str, &str)> =
        lanes.iter().map(|plan| (plan.channel.as_str(), plan.receiver.as_str(), plan.subscription.as_str())).collect();
    sqlx::query(
        "UPDATE lane SET rhythm = '',
             next_at = (SELECT MIN(due_at) FROM held WHERE lane_id = lane.id AND settled_at IS NULL)
         WHERE rhythm <> '' AND json_array(channel, receiver, subscription) NOT IN (SELECT value FROM json_each(?))",
    )
    .bind(json(&kept))
    .execute(&mut *transaction)
    .await?;
    Ok(transaction.commit().await?)
}

/// The row of a lane, which is made if it is not there: it tells from now on.
async fn lane(
    connection: &mut SqliteConnection,
    channel: &ChannelName,
    receiver: &str,
    subscription: Option<&SubscriptionName>,
    now: Timestamp,
) -> Result<i64, StoreError> {
    let subscription = subscription.map_or("", SubscriptionName::as_str);
    sqlx::query(
        "INSERT INTO lane (channel, receiver, subscription, since, outcome_seen, try_seen)
         VALUES (?1, ?2, ?3, ?4, (SELECT COALESCE(MAX(id), 0) FROM outcome), (SELECT COALESCE(MAX(id), 0) FROM read_try))
         ON CONFLICT (channel, receiver, subscription) DO NOTHING",
    )
    .bind(channel.as_str())
    .bind(receiver)
    .bind(subscription)
    .bind(micros(now))
    .execute(&mut *connection)
    .await?;
    Ok(sqlx::query_scalar("SELECT id FROM lane WHERE channel = ?1 AND receiver = ?2 AND subscription = ?3")
        .bind(channel.as_str())
        .bind(receiver)
        .bind(subscription)
        .fetch_one(connection)
        .await?)
}

/// Holds an alert for its receivers, in the transaction that makes it.
pub(super) async fn hold(
    connection: &mut SqliteConnection,
    alert: i64,
    held: &[NewHeld],
    now: Timestamp,
) -> Result<(), StoreError> {
    for new in held {
        let lane = lane(connection, &new.channel, &new.receiver, new.lane.as_ref(), now).await?;
        sqlx::query(
            "INSERT INTO held (lane_id, alert_id, rules, level, why, held_at, due_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(lane)
        .bind(alert)
        .bind(json(&new.rules))
        .bind(new.level.as_str())
        .bind(json(&new.why))
        .bind(micros(now))
        .bind(micros(new.due_at))
        .execute(&mut *connection)
        .await?;
        sqlx::query("UPDATE lane SET next_at = MIN(COALESCE(next_at, ?2), ?2) WHERE id = ?1")
            .bind(lane)
            .bind(micros(new.due_at))
            .execute(&mut *connection)
            .await?;
    }
    grow(connection, "held", held.len()).await
}

pub(super) async fn claim(store: &SqliteStore, claim: &Claim<'_>) -> Result<Vec<Lease<Lane>>, StoreError> {
    if queue::next_due(&store.readers, &queue::LANES).await?.is_none_or(|due| due > micros(claim.now)) {
        return Ok(Vec::new());
    }
    let rows = sqlx::query(
        "UPDATE lane SET owner = ?1, lease_until = ?2, fence = fence + 1
         WHERE id IN (SELECT id FROM lane WHERE due_at <= ?3 ORDER BY due_at, id LIMIT ?4)
         RETURNING *",
    )
    .bind(claim.owner)
    .bind(micros(lease_end(claim)))
    .bind(micros(claim.now))
    .bind(limit(claim.limit))
    .fetch_all(&store.writer)
    .await?;
    readable(rows.iter().map(|row| {
        let job = from_row(row)?;
        Ok(Lease { job, owner: claim.owner.to_owned(), fence: row.try_get("fence")?, until: lease_end(claim) })
    }))
}

fn from_row(row: &SqliteRow) -> Result<Lane, StoreError> {
    let subscription: String = row.try_get("subscription")?;
    Ok(Lane {
        id: row.try_get("id")?,
        channel: ChannelName::new(row.try_get::<String, _>("channel")?),
        receiver: row.try_get("receiver")?,
        subscription: (!subscription.is_empty()).then(|| SubscriptionName::new(subscription)),
        since: time("lane.since", row.try_get("since")?)?,
        flushed_at: optional_time("lane.flushed_at", row.try_get("flushed_at")?)?,
        due_at: time("lane.next_at", row.try_get::<Option<i64>, _>("next_at")?.unwrap_or(i64::MAX / 16))?,
        sent: from_json("lane.sent", row.try_get("sent")?)?,
        seen: Seen { outcomes: row.try_get("outcome_seen")?, tries: row.try_get("try_seen")? },
    })
}

/// The lane as it stands, without claiming it; one that is not there yet begins now.
pub(super) async fn look(
    store: &SqliteStore,
    channel: &ChannelName,
    receiver: &str,
    subscription: Option<&SubscriptionName>,
) -> Result<Option<Lane>, StoreError> {
    let row = sqlx::query("SELECT * FROM lane WHERE channel = ?1 AND receiver = ?2 AND subscription = ?3")
        .bind(channel.as_str())
        .bind(receiver)
        .bind(subscription.map_or("", SubscriptionName::as_str))
        .fetch_optional(&store.readers)
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// What waits in a lane, the longest first, and what happened beside it: all of one moment.
pub(super) async fn material(
    store: &SqliteStore,
    lane: &Lane,
    digest: Option<&Subscription>,
    now: Timestamp,
) -> Result<(Vec<Waiting>, Account), StoreError> {
    let mut transaction = store.read().await?;
    let rows = sqlx::query(
        "SELECT held.*, alert.alert FROM held JOIN alert ON alert.id = held.alert_id
         WHERE held.lane_id = ? AND held.settled_at IS NULL ORDER BY held.id LIMIT ?",
    )
    .bind(lane.id)
    .bind(limit(gather::MOST))
    .fetch_all(&mut *transaction)
    .await?;
    let waiting = rows.iter().map(waiting).collect::<Result<Vec<_>, _>>()?;
    let account = account::account(&mut transaction, lane, &waiting, digest, now).await?;
    Ok((waiting, account))
}

fn waiting(row: &SqliteRow) -> Result<Waiting, StoreError> {
    Ok(Waiting {
        id: row.try_get("id")?,
        alert_id: AlertId(row.try_get("alert_id")?),
        alert: from_json("alert.alert", row.try_get("alert")?)?,
        rules: from_json("held.rules", row.try_get("rules")?)?,
        level: named("held.level", row.try_get("level")?, Level::parse)?,
        held_at: time("held.held_at", row.try_get("held_at")?)?,
        due_at: time("held.due_at", row.try_get("due_at")?)?,
        why: from_json("held.why", row.try_get("why")?)?,
    })
}

pub(super) async fn commit(
    store: &SqliteStore,
    lease: &Lease<Lane>,
    decision: &Decision,
    now: Timestamp,
) -> Result<usize, StoreError> {
    let lane = &lease.job;
    let told = !decision.alone.is_empty() || decision.bulletin.is_some();
    let mut transaction = store.write().await?;
    let settled = sqlx::query(
        "UPDATE lane SET owner = NULL, lease_until = NULL, sent = ?4,
             since = CASE WHEN ?5 THEN ?6 ELSE since END, flushed_at = CASE WHEN ?5 THEN ?6 ELSE flushed_at END,
             outcome_seen = COALESCE(?7, outcome_seen), try_seen = COALESCE(?8, try_seen)
         WHERE id = ?1 AND owner = ?2 AND fence = ?3",
    )
    .bind(lane.id)
    .bind(&lease.owner)
    .bind(lease.fence)
    .bind(json(&decision.sent))
    .bind(told)
    .bind(micros(now))
    .bind(decision.seen.map(|seen| seen.outcomes))
    .bind(decision.seen.map(|seen| seen.tries))
    .execute(&mut *transaction)
    .await?;
    if settled.rows_affected() == 0 {
        return Err(StoreError::LeaseLost);
    }
    let mut made = 0;
    for alone in &decision.alone {
        made += deliver(&mut transaction, lane, &alone.id, Some(alone.alert), None, &alone.rules, now).await?;
        sqlx::query("INSERT INTO alert_delivery (alert_id, delivery_id) VALUES (?, ?) ON CONFLICT DO NOTHING")
            .bind(alone.alert.0)
            .bind(alone.id.as_str())
            .execute(&mut *transaction)
            .await?;
        settle(&mut transaction, &[alone.held], &alone.id, now).await?;
    }
    if let Some(new) = &decision.bulletin {
        let notice = insert(&mut transaction, &new.bulletin).await?;
        let mut rules: Vec<RuleName> =
            new.bulletin.stories.iter().flat_map(|story| story.rules.iter().map(|rule| rule.name.clone())).collect();
        rules.sort();
        rules.dedup();
        let fresh = deliver(&mut transaction, lane, &new.id, None, Some(notice), &rules, now).await?;
        if fresh == 0 {
            // A restored backup had told it already: the delivery that is there stands for it.
            sqlx::query("DELETE FROM notice WHERE id = ?").bind(notice).execute(&mut *transaction).await?;
        }
        made += fresh;
        settle(&mut transaction, &new.held, &new.id, now).await?;
    }
    for (held, until, why) in &decision.postponed {
        sqlx::query("UPDATE held SET due_at = ?2, why = ?3 WHERE id = ?1 AND settled_at IS NULL")
            .bind(held)
            .bind(micros(*until))
            .bind(json(why))
            .execute(&mut *transaction)
            .await?;
    }
    // What was held since the claim is among what waits.
    sqlx::query(
        "UPDATE lane SET next_at = (SELECT MIN(at) FROM (
             SELECT MIN(due_at) AS at FROM held WHERE lane_id = ?1 AND settled_at IS NULL UNION ALL SELECT ?2))
         WHERE id = ?1",
    )
    .bind(lane.id)
    .bind(decision.next_at.map(micros))
    .execute(&mut *transaction)
    .await?;
    grow(&mut transaction, "deliveries", made).await?;
    transaction.commit().await?;
    Ok(made)
}

async fn deliver(
    connection: &mut SqliteConnection,
    lane: &Lane,
    id: &DeliveryId,
    alert: Option<AlertId>,
    notice: Option<i64>,
    rules: &[RuleName],
    now: Timestamp,
) -> Result<usize, StoreError> {
    let written = sqlx::query(
        "INSERT INTO delivery (id, alert_id, notice_id, channel, receiver, rules, state, created_at, next_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'waiting', ?7, ?7) ON CONFLICT (id) DO NOTHING",
    )
    .bind(id.as_str())
    .bind(alert.map(|alert| alert.0))
    .bind(notice)
    .bind(lane.channel.as_str())
    .bind(&lane.receiver)
    .bind(json(rules))
    .bind(micros(now))
    .execute(connection)
    .await?;
    Ok(usize::from(written.rows_affected() == 1))
}

async fn insert(connection: &mut SqliteConnection, bulletin: &Bulletin) -> Result<i64, StoreError> {
    let written = sqlx::query("INSERT INTO notice (event, title, created_at, notice) VALUES (?, ?, ?, ?)")
        .bind(EVENT)
        .bind(title(bulletin))
        .bind(micros(bulletin.until))
        .bind(json(bulletin))
        .execute(connection)
        .await?;
    Ok(written.last_insert_rowid())
}

/// The rows are told by this delivery. A match of theirs that nobody was told of until now is told by it.
async fn settle(
    connection: &mut SqliteConnection,
    held: &[i64],
    delivery: &DeliveryId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let held = json(held);
    sqlx::query(
        "UPDATE held SET delivery_id = ?2, settled_at = ?3
         WHERE settled_at IS NULL AND id IN (SELECT value FROM json_each(?1))",
    )
    .bind(&held)
    .bind(delivery.as_str())
    .bind(micros(now))
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "UPDATE outcome SET kind = ?2, reason = ?3
         WHERE id IN (SELECT outcome.id FROM held JOIN outcome ON outcome.alert_id = held.alert_id
                      WHERE held.id IN (SELECT value FROM json_each(?1)) AND outcome.kind = 'held'
                          AND outcome.rule IN (SELECT value FROM json_each(held.rules)))",
    )
    .bind(&held)
    .bind(OutcomeKind::Alerted.as_str())
    .bind(json(&Reason::Told))
    .execute(connection)
    .await?;
    Ok(())
}

/// What waits, the first due first.
pub(super) async fn held(store: &SqliteStore, most: usize) -> Result<Vec<HeldRow>, StoreError> {
    let rows = sqlx::query(
        "SELECT held.*, lane.channel, lane.receiver, lane.subscription, alert.title
         FROM held JOIN lane ON lane.id = held.lane_id JOIN alert ON alert.id = held.alert_id
         WHERE held.settled_at IS NULL ORDER BY held.due_at, held.id LIMIT ?",
    )
    .bind(limit(most))
    .fetch_all(&store.readers)
    .await?;
    rows.iter()
        .map(|row| {
            let subscription: String = row.try_get("subscription")?;
            Ok(HeldRow {
                channel: ChannelName::new(row.try_get::<String, _>("channel")?),
                receiver: row.try_get("receiver")?,
                subscription: (!subscription.is_empty()).then(|| SubscriptionName::new(subscription)),
                title: row.try_get("title")?,
                rules: from_json("held.rules", row.try_get("rules")?)?,
                held_at: time("held.held_at", row.try_get("held_at")?)?,
                due_at: time("held.due_at", row.try_get("due_at")?)?,
                why: from_json("held.why", row.try_get("why")?)?,
            })
        })
        .collect()
}
