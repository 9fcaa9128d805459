//! Remarks on sources: written with the poll that made them, folded into notices and deliveries when they are due.

use super::SqliteStore;
use super::value::from_json;
use super::value::json;
use super::value::micros;
use super::value::named;
use super::work::grow;
use crate::health;
use crate::health::Due;
use crate::model::ChannelName;
use crate::model::Notice;
use crate::model::NoticeEvent;
use crate::model::Remark;
use crate::model::SourceName;
use crate::model::TroubleKind;
use crate::route;
use crate::store::StoreError;
use jiff::SignedDuration;
use jiff::Timestamp;
use sqlx::SqliteConnection;
use sqlx::SqlitePool;

/// Makes what is to be told of a source what its last poll says: what was told stays told, and what was not told yet is
/// withdrawn when it is no longer so. The end of a trouble is told to those who were told of the trouble.
pub(super) async fn remark(
    connection: &mut SqliteConnection,
    source: &SourceName,
    remarks: &[(Remark, Due)],
) -> Result<(), StoreError> {
    let keys: Vec<String> = remarks.iter().map(|(remark, _)| key(remark)).collect();
    sqlx::query(
        "DELETE FROM remark WHERE source = ?1 AND notice_id IS NULL AND event = 'failing'
             AND kind || ' ' || since || ' ' || reminder NOT IN (SELECT value FROM json_each(?2))",
    )
    .bind(source.as_str())
    .bind(json(&keys))
    .execute(&mut *connection)
    .await?;
    for (remark, due) in remarks {
        let told = match remark.event {
            NoticeEvent::Failing => true,
            NoticeEvent::Recovered => was_told(connection, remark).await?,
        };
        if !told {
            continue;
        }
        sqlx::query(
            "INSERT INTO remark (source, event, kind, since, reminder, due_at, alone_at, remark)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             ON CONFLICT (source, event, kind, since, reminder)
             DO UPDATE SET remark = excluded.remark WHERE notice_id IS NULL",
        )
        .bind(source.as_str())
        .bind(remark.event.as_str())
        .bind(remark.kind.as_str())
        .bind(micros(remark.since))
        .bind(remark.reminder)
        .bind(micros(due.at))
        .bind(micros(due.alone_at))
        .bind(json(remark))
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// As `kind || ' ' || since || ' ' || reminder` of a row that tells of trouble; of another event, what no row has.
fn key(remark: &Remark) -> String {
    match remark.event {
        NoticeEvent::Failing => format!("{} {} {}", remark.kind.as_str(), micros(remark.since), remark.reminder),
        NoticeEvent::Recovered => String::new(),
    }
}

/// Whether anything of this trouble went out, under whichever kind it then had.
async fn was_told(connection: &mut SqliteConnection, remark: &Remark) -> Result<bool, StoreError> {
    let kinds: Vec<String> = sqlx::query_scalar(
        "SELECT kind FROM remark WHERE source = ? AND event = 'failing' AND since = ? AND notice_id IS NOT NULL",
    )
    .bind(remark.source.as_str())
    .bind(micros(remark.since))
    .fetch_all(connection)
    .await?;
    for kind in &kinds {
        let kind = named("remark.kind", kind, TroubleKind::parse)?;
        if kind.strand() == remark.kind.strand() {
            return Ok(true);
        }
    }
    Ok(false)
}

pub(super) async fn gather(
    store: &SqliteStore,
    receivers: &[(ChannelName, String)],
    along: SignedDuration,
    now: Timestamp,
) -> Result<usize, StoreError> {
    let due: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM remark WHERE notice_id IS NULL AND alone_at <= ?)")
            .bind(micros(now))
            .fetch_one(&store.readers)
            .await?;
    if !due {
        return Ok(0);
    }
    let mut transaction = store.write().await?;
    if receivers.is_empty() {
        // Nobody is to be told any more.
        sqlx::query("DELETE FROM remark WHERE notice_id IS NULL").execute(&mut *transaction).await?;
        transaction.commit().await?;
        return Ok(0);
    }
    // Another process may have been quicker.
    let rows: Vec<(i64, String)> = sqlx::query_as(
        "SELECT id, remark FROM remark WHERE notice_id IS NULL AND due_at <= ?2
             AND EXISTS (SELECT 1 FROM remark WHERE notice_id IS NULL AND alone_at <= ?1)",
    )
    .bind(micros(now))
    .bind(micros(now.saturating_add(along).unwrap_or(now)))
    .fetch_all(&mut *transaction)
    .await?;
    let mut remarks = Vec::with_capacity(rows.len());
    for (_, remark) in &rows {
        remarks.push(from_json("remark.remark", remark)?);
    }
    let mut made = 0;
    for notice in health::fold(remarks, now) {
        let id = insert(&mut transaction, &notice).await?;
        let ids: Vec<i64> = rows.iter().map(|(id, _)| *id).collect();
        sqlx::query("UPDATE remark SET notice_id = ?1 WHERE event = ?2 AND id IN (SELECT value FROM json_each(?3))")
            .bind(id)
            .bind(notice.event.as_str())
            .bind(json(&ids))
            .execute(&mut *transaction)
            .await?;
        for (channel, receiver) in receivers {
            made += deliver(&mut transaction, id, &notice, channel, receiver, now).await?;
        }
    }
    grow(&mut transaction, "deliveries", made).await?;
    transaction.commit().await?;
    Ok(made)
}

/// Of the last week: what could not be told for longer is in the outbox, and in the status.
pub(super) async fn fall_back(
    store: &SqliteStore,
    receivers: &[(ChannelName, String)],
    now: Timestamp,
) -> Result<usize, StoreError> {
    if receivers.is_empty() {
        return Ok(0);
    }
    let week = SignedDuration::from_hours(24 * 7);
    let query = "SELECT DISTINCT notice.id, notice.notice FROM delivery JOIN notice ON notice.id = delivery.notice_id
         WHERE delivery.created_at > ?1 AND delivery.created_at <= ?2 AND notice.event IN ('failing', 'recovered')
             AND (delivery.state = 'given_up' OR delivery.attempts > 0)
             AND NOT EXISTS (SELECT 1 FROM delivery AS heard WHERE heard.notice_id = notice.id AND heard.state = 'done')
             AND NOT EXISTS (SELECT 1 FROM delivery AS other JOIN json_each(?3) AS place
                             WHERE other.notice_id = notice.id AND other.channel = place.value ->> 0
                                 AND other.receiver = place.value ->> 1)";
    let rows: Vec<(i64, String)> = sqlx::query_as(query)
        .bind(micros(now.saturating_sub(week).unwrap_or(Timestamp::MIN)))
        .bind(micros(now.saturating_sub(health::UNHEARD).unwrap_or(Timestamp::MIN)))
        .bind(json(receivers))
        .fetch_all(&store.readers)
        .await?;
    if rows.is_empty() {
        return Ok(0);
    }
    let mut transaction = store.write().await?;
    let mut made = 0;
    for (id, notice) in rows {
        let notice: Notice = from_json("notice.notice", &notice)?;
        for (channel, receiver) in receivers {
            made += deliver(&mut transaction, id, &notice, channel, receiver, now).await?;
        }
    }
    grow(&mut transaction, "deliveries", made).await?;
    transaction.commit().await?;
    Ok(made)
}

/// Tells operators of an endpoint, in the transaction that changed how it stands. Returns whether anybody is told.
pub(super) async fn tell(
    connection: &mut SqliteConnection,
    notice: &Notice,
    operators: &[(ChannelName, String)],
) -> Result<bool, StoreError> {
    if operators.is_empty() {
        return Ok(false);
    }
    let id = insert(connection, notice).await?;
    let mut made = 0;
    for (channel, receiver) in operators {
        made += deliver(connection, id, notice, channel, receiver, notice.made_at).await?;
    }
    grow(connection, "deliveries", made).await?;
    Ok(true)
}

/// When the next remark goes out even alone.
pub(super) async fn next_due(readers: &SqlitePool) -> Result<Option<i64>, StoreError> {
    Ok(sqlx::query_scalar("SELECT MIN(alone_at) FROM remark WHERE notice_id IS NULL").fetch_one(readers).await?)
}

async fn insert(connection: &mut SqliteConnection, notice: &Notice) -> Result<i64, StoreError> {
    let written = sqlx::query("INSERT INTO notice (event, title, created_at, notice) VALUES (?, ?, ?, ?)")
        .bind(notice.event.as_str())
        .bind(notice.title())
        .bind(micros(notice.made_at))
        .bind(json(notice))
        .execute(connection)
        .await?;
    Ok(written.last_insert_rowid())
}

/// One delivery; none when these very troubles were told to this receiver before.
async fn deliver(
    connection: &mut SqliteConnection,
    id: i64,
    notice: &Notice,
    channel: &ChannelName,
    receiver: &str,
    now: Timestamp,
) -> Result<usize, StoreError> {
    let written = sqlx::query(
        "INSERT INTO delivery (id, notice_id, channel, receiver, rules, state, created_at, next_at)
         VALUES (?1, ?2, ?3, ?4, '[]', 'waiting', ?5, ?5) ON CONFLICT (id) DO NOTHING",
    )
    .bind(route::notice_id(notice, channel, receiver).as_str())
    .bind(id)
    .bind(channel.as_str())
    .bind(receiver)
    .bind(micros(now))
    .execute(connection)
    .await?;
    Ok(usize::from(written.rows_affected() == 1))
}
