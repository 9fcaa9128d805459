//! Endpoints: which deliveries may be claimed beside those under way, what a call says of its endpoint, and replays.

use super::SqliteStore;
use super::notice;
use super::outbox;
use super::queue;
use super::value::count;
use super::value::json;
use super::value::limit;
use super::value::micros;
use super::value::micros_of;
use super::value::optional_from_json;
use super::value::optional_time;
use super::value::time;
use crate::model::ChannelName;
use crate::model::EndpointTrouble;
use crate::model::Notice;
use crate::model::NoticeEvent;
use crate::model::Reason;
use crate::send::Call;
use crate::send::Decision;
use crate::send::Delivery;
use crate::send::endpoint::Change;
use crate::send::endpoint::Endpoint;
use crate::send::endpoint::Heard;
use crate::send::endpoint::step;
use crate::store::Claim;
use crate::store::EndpointRow;
use crate::store::Lease;
use crate::store::Replay;
use crate::store::StoreError;
use jiff::Timestamp;
use sqlx::Row as _;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use std::collections::HashMap;

/// The rows that a claim of deliveries gets, as a JSON list of row numbers: of no channel more than may be under way at
/// once, of one that rests none, and of one whose rest is over a single one at a time.
pub(super) async fn pick(connection: &mut SqliteConnection, claim: &Claim<'_>) -> Result<String, StoreError> {
    let now = micros(claim.now);
    let under_way: Vec<(String, i64)> = sqlx::query_as(
        "SELECT channel, COUNT(*) FROM delivery WHERE state = 'sending' AND lease_until > ? GROUP BY channel",
    )
    .bind(now)
    .fetch_all(&mut *connection)
    .await?;
    let under_way: HashMap<String, usize> =
        under_way.into_iter().map(|(channel, number)| (channel, usize::try_from(number).unwrap_or(0))).collect();
    let resting: Vec<(String, i64)> =
        sqlx::query_as("SELECT channel, rests_until FROM endpoint WHERE rests_until IS NOT NULL")
            .fetch_all(&mut *connection)
            .await?;
    // What came in during a rest waits for its end, so that nothing looks due that is not.
    for (channel, until) in resting.iter().filter(|(_, until)| *until > now) {
        sqlx::query("UPDATE delivery SET next_at = ?2 WHERE channel = ?1 AND state = 'waiting' AND due_at <= ?3")
            .bind(channel)
            .bind(until)
            .bind(now)
            .execute(&mut *connection)
            .await?;
    }
    let full = under_way.iter().filter(|(_, number)| **number >= claim.per_host).map(|(channel, _)| channel.clone());
    let busy_hosts: Vec<String> = claim
        .busy_hosts
        .iter()
        .cloned()
        .chain(full)
        .chain(resting.iter().map(|(channel, _)| channel.clone()))
        .collect();
    let inner = Claim { busy_hosts: &busy_hosts, ..claim.clone() };
    let picked = queue::pick(connection, &queue::DELIVERIES, &inner).await?;
    let probes = resting.iter().filter(|(channel, until)| {
        *until <= now && !under_way.contains_key(channel) && !claim.busy_hosts.contains(channel)
    });
    let probes: Vec<&str> = probes.map(|(channel, _)| channel.as_str()).collect();
    if probes.is_empty() && under_way.is_empty() {
        return Ok(picked);
    }
    let rows: Vec<(i64, String)> = sqlx::query_as(
        "SELECT rowid, channel FROM delivery WHERE rowid IN (SELECT value FROM json_each(?)) ORDER BY due_at, rowid",
    )
    .bind(&picked)
    .fetch_all(&mut *connection)
    .await?;
    let mut taken = Vec::new();
    for channel in probes.into_iter().take(claim.limit) {
        let probe: Option<i64> = sqlx::query_scalar(
            "SELECT rowid FROM delivery WHERE channel = ? AND due_at <= ? ORDER BY due_at, rowid LIMIT 1",
        )
        .bind(channel)
        .bind(now)
        .fetch_optional(&mut *connection)
        .await?;
        taken.extend(probe);
    }
    let mut number = under_way;
    for (row, channel) in rows {
        let of_channel = number.entry(channel).or_default();
        if *of_channel < claim.per_host && taken.len() < claim.limit {
            *of_channel += 1;
            taken.push(row);
        }
    }
    Ok(json(&taken))
}

/// Settles the delivery, keeps the answer, steps the endpoint, and tells operators when that changed something.
pub(super) async fn commit(
    store: &SqliteStore,
    lease: &Lease<Delivery>,
    decision: &Decision,
    call: &Call,
    operators: &[(ChannelName, String)],
    now: Timestamp,
) -> Result<Option<Change>, StoreError> {
    let mut transaction = store.write().await?;
    outbox::settle(&mut transaction, lease, decision, now).await?;
    let Delivery { id, channel, receiver, .. } = &lease.job;
    sqlx::query(
        "UPDATE delivery_try SET status = ?3, answer = ?4, took = ?5
         WHERE id = (SELECT MAX(id) FROM delivery_try WHERE delivery_id = ?1 AND fence = ?2)",
    )
    .bind(id.as_str())
    .bind(lease.fence)
    .bind(call.status)
    .bind(call.status.map(|_| &call.answer))
    .bind(micros_of(call.took))
    .execute(&mut *transaction)
    .await?;
    let (before, was_told) = match find(&mut transaction, channel).await? {
        Some((endpoint, told)) => (Some(endpoint), told),
        None => (None, false),
    };
    let (after, change) = step(before.as_ref(), &call.address, call.heard, now);
    let reason = match decision {
        Decision::Done { reason } | Decision::Again { reason, .. } | Decision::GivenUp { reason } => reason,
    };
    let told = match change {
        Some(change) => {
            let event = match change {
                Change::Trouble(_) => NoticeEvent::Failing,
                Change::Over(..) => NoticeEvent::Recovered,
            };
            let remark = after.remark(channel, receiver, change, reason, now);
            let notice = Notice { event, remarks: Vec::new(), made_at: now, endpoint: Some(remark) };
            // The end of a trouble is told where the trouble was.
            let due = event == NoticeEvent::Failing || was_told;
            let told = due && notice::tell(&mut transaction, &notice, operators).await?;
            told && event == NoticeEvent::Failing
        }
        None => was_told && after.trouble.is_some(),
    };
    write(&mut transaction, channel, receiver, &after, told, reason, (call.heard == Heard::Taken).then_some(now))
        .await?;
    let rested = before.is_some_and(|before| before.rests_until.is_some());
    match (after.rests_until, after.trouble) {
        // While it fails, its rest is what says when it is called, sooner or later than each delivery would.
        (Some(rest), Some(_)) => move_to(&mut transaction, channel, rest, EXACTLY).await?,
        (Some(rest), None) => move_to(&mut transaction, channel, rest, NOT_BEFORE).await?,
        (None, None) if rested => move_to(&mut transaction, channel, now, NOT_AFTER).await?,
        // Switched off: what waits is given up when it is claimed.
        (None, Some(_)) => move_to(&mut transaction, channel, now, NOT_AFTER).await?,
        (None, None) => {}
    }
    transaction.commit().await?;
    Ok(change)
}

// `due_at IS NOT NULL` follows from the state, and opens the partial index.
const EXACTLY: &str = "UPDATE delivery SET next_at = ?2 WHERE channel = ?1 AND due_at IS NOT NULL AND state = 'waiting' AND next_at <> ?2";
const NOT_BEFORE: &str =
    "UPDATE delivery SET next_at = ?2 WHERE channel = ?1 AND due_at IS NOT NULL AND state = 'waiting' AND next_at < ?2";
const NOT_AFTER: &str =
    "UPDATE delivery SET next_at = ?2 WHERE channel = ?1 AND due_at IS NOT NULL AND state = 'waiting' AND next_at > ?2";

/// Makes what waits for a channel due at a time.
async fn move_to(
    connection: &mut SqliteConnection,
    channel: &ChannelName,
    at: Timestamp,
    query: &'static str,
) -> Result<(), StoreError> {
    sqlx::query(query).bind(channel.as_str()).bind(micros(at)).execute(connection).await?;
    Ok(())
}

async fn find(
    connection: &mut SqliteConnection,
    channel: &ChannelName,
) -> Result<Option<(Endpoint, bool)>, StoreError> {
    let row = sqlx::query("SELECT * FROM endpoint WHERE channel = ?")
        .bind(channel.as_str())
        .fetch_optional(connection)
        .await?;
    row.map(|row| Ok((endpoint(&row)?, row.try_get::<i64, _>("told")? == 1))).transpose()
}

fn endpoint(row: &SqliteRow) -> Result<Endpoint, StoreError> {
    let trouble = match row.try_get::<&str, _>("state")? {
        "failing" => Some(EndpointTrouble::Failing),
        "off" => Some(EndpointTrouble::Off),
        _ => None,
    };
    Ok(Endpoint {
        address: row.try_get("address")?,
        trouble,
        since: time("endpoint.since", row.try_get("since")?)?,
        failures: count("endpoint.failures", row.try_get("failures")?)?,
        rests_until: optional_time("endpoint.rests_until", row.try_get("rests_until")?)?,
    })
}

async fn write(
    connection: &mut SqliteConnection,
    channel: &ChannelName,
    receiver: &str,
    endpoint: &Endpoint,
    told: bool,
    reason: &Reason,
    answered_at: Option<Timestamp>,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO endpoint (channel, address, receiver, state, since, failures, rests_until, told, reason, answered_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
         ON CONFLICT (channel) DO UPDATE SET address = excluded.address, receiver = excluded.receiver,
             state = excluded.state, since = excluded.since, failures = excluded.failures,
             rests_until = excluded.rests_until, told = excluded.told, reason = excluded.reason,
             answered_at = COALESCE(excluded.answered_at, answered_at)",
    )
    .bind(channel.as_str())
    .bind(&endpoint.address)
    .bind(receiver)
    .bind(endpoint.trouble.map_or("well", EndpointTrouble::as_str))
    .bind(micros(endpoint.since))
    .bind(endpoint.failures)
    .bind(endpoint.rests_until.map(micros))
    .bind(told)
    .bind(json(reason))
    .bind(answered_at.map(micros))
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn one(store: &SqliteStore, channel: &ChannelName) -> Result<Option<Endpoint>, StoreError> {
    let mut connection = store.readers.acquire().await?;
    Ok(find(&mut connection, channel).await?.map(|(endpoint, _)| endpoint))
}

pub(super) async fn all(store: &SqliteStore) -> Result<Vec<EndpointRow>, StoreError> {
    let rows = sqlx::query(
        "SELECT endpoint.*,
             (SELECT COUNT(*) FROM delivery WHERE channel = endpoint.channel AND state IN ('waiting', 'sending')) AS waiting,
             (SELECT COUNT(*) FROM delivery WHERE channel = endpoint.channel AND state = 'given_up') AS given_up
         FROM endpoint ORDER BY channel",
    )
    .fetch_all(&store.readers)
    .await?;
    rows.iter()
        .map(|row| {
            let Endpoint { trouble, since, failures, rests_until, .. } = endpoint(row)?;
            Ok(EndpointRow {
                channel: ChannelName::new(row.try_get::<String, _>("channel")?),
                receiver: row.try_get("receiver")?,
                trouble,
                since,
                failures,
                rests_until,
                reason: optional_from_json("endpoint.reason", row.try_get("reason")?)?,
                answered_at: optional_time("endpoint.answered_at", row.try_get("answered_at")?)?,
                waiting: count("delivery", row.try_get("waiting")?)?,
                given_up: count("delivery", row.try_get("given_up")?)?,
            })
        })
        .collect()
}

/// Ends the rest of the endpoint of a delivery, or of all: somebody asked for a try now. One that is switched off is
/// failing from then on, so that a single call tries it.
pub(super) async fn call_again(
    connection: &mut SqliteConnection,
    delivery: Option<&str>,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE endpoint SET rests_until = ?2, state = CASE state WHEN 'off' THEN 'failing' ELSE state END,
             since = CASE state WHEN 'off' THEN ?2 ELSE since END
         WHERE (rests_until IS NOT NULL OR state = 'off')
             AND (?1 IS NULL OR channel = (SELECT channel FROM delivery WHERE id = ?1))",
    )
    .bind(delivery)
    .bind(micros(now))
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn replay(store: &SqliteStore, replay: &Replay, now: Timestamp) -> Result<usize, StoreError> {
    let mut transaction = store.write().await?;
    let ids: Vec<String> = match replay {
        Replay::One(prefix) => outbox::whole_id(&mut transaction, prefix).await?.into_iter().collect(),
        Replay::Since { channel, since, done } => {
            sqlx::query_scalar(
                "SELECT id FROM delivery WHERE channel = ?1 AND created_at >= ?2
                     AND state IN ('given_up', 'waiting', CASE WHEN ?3 THEN 'done' ELSE 'given_up' END)
                 ORDER BY rowid LIMIT ?4",
            )
            .bind(channel.as_str())
            .bind(micros(*since))
            .bind(done)
            .bind(limit(usize::MAX))
            .fetch_all(&mut *transaction)
            .await?
        }
    };
    if let Some(first) = ids.first() {
        call_again(&mut transaction, Some(first), now).await?;
    }
    let replayed = sqlx::query(
        "UPDATE delivery SET attempts = 0, state = 'waiting', reason = ?3, next_at = ?2, settled_at = NULL
         WHERE state IN ('waiting', 'done', 'given_up') AND id IN (SELECT value FROM json_each(?1))",
    )
    .bind(json(&ids))
    .bind(micros(now))
    .bind(json(&Reason::AskedAgain))
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(usize::try_from(replayed.rows_affected()).unwrap_or(usize::MAX))
}
