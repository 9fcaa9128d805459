//! What a channel was told, by number: for receivers that fetch what they missed.

use super::SqliteStore;
use super::outbox;
use super::value::count;
use super::value::limit;
use crate::model::ChannelName;
use crate::send::Delivery;
use crate::store::StoreError;

pub(super) async fn after(
    store: &SqliteStore,
    channel: &ChannelName,
    after: u64,
    most: usize,
) -> Result<(Vec<Delivery>, u64), StoreError> {
    let mut transaction = store.read().await?;
    let rows = sqlx::query(
        "SELECT delivery.*, alert.alert, notice.notice FROM delivery LEFT JOIN alert ON alert.id = delivery.alert_id
             LEFT JOIN notice ON notice.id = delivery.notice_id
         WHERE delivery.channel = ? AND delivery.sequence > ? ORDER BY delivery.sequence LIMIT ?",
    )
    .bind(channel.as_str())
    .bind(i64::try_from(after).unwrap_or(i64::MAX))
    .bind(limit(most))
    .fetch_all(&mut *transaction)
    .await?;
    let last: Option<i64> = sqlx::query_scalar("SELECT MAX(sequence) FROM delivery WHERE channel = ?")
        .bind(channel.as_str())
        .fetch_one(&mut *transaction)
        .await?;
    let told = rows.iter().map(outbox::delivery).collect::<Result<_, _>>()?;
    Ok((told, count("delivery.sequence", last.unwrap_or(0))?))
}
