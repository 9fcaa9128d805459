//! Feedback on alerts, and what the installation keeps to itself.

use super::SqliteStore;
use super::value::from_json;
use super::value::limit;
use super::value::micros;
use super::value::time;
use crate::model::Alert;
use crate::model::AlertId;
use crate::model::DeliveryId;
use crate::model::ItemId;
use crate::model::RuleName;
use crate::store::FeedbackRow;
use crate::store::Said;
use crate::store::StoreError;
use crate::store::ToldTo;
use jiff::Timestamp;
use sqlx::Row as _;

/// The secret of that name; made of `fresh` if there is none. Of two processes that make one the first wins.
pub(super) async fn secret(store: &SqliteStore, name: &str, fresh: &[u8]) -> Result<Vec<u8>, StoreError> {
    sqlx::query("INSERT INTO secret (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING")
        .bind(name)
        .bind(fresh)
        .execute(&store.writer)
        .await?;
    Ok(sqlx::query_scalar("SELECT value FROM secret WHERE name = ?").bind(name).fetch_one(&store.readers).await?)
}

/// What a delivery told; `None` when there is none of that id, or it told of no alert.
pub(super) async fn told_to(store: &SqliteStore, delivery: &DeliveryId) -> Result<Option<ToldTo>, StoreError> {
    let row = sqlx::query(
        "SELECT delivery.alert_id, delivery.receiver, delivery.rules, alert.alert
         FROM delivery JOIN alert ON alert.id = delivery.alert_id WHERE delivery.id = ?",
    )
    .bind(delivery.as_str())
    .fetch_optional(&store.readers)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let rules: Vec<RuleName> = from_json("delivery.rules", row.try_get("rules")?)?;
    let alert: Alert = from_json("alert.alert", row.try_get("alert")?)?;
    let told = alert.rules.iter().filter(|rule| rules.contains(&rule.name));
    Ok(Some(ToldTo {
        alert: AlertId(row.try_get("alert_id")?),
        receiver: row.try_get("receiver")?,
        labels: told.map(|rule| rule.label.clone()).collect(),
        rules,
        title: alert.title,
    }))
}

/// Writes it for each rule, in the place of what the same person said before. Returns for how many; 0 for an unknown
/// alert, and for rules that are not in it.
pub(super) async fn give(store: &SqliteStore, said: &Said) -> Result<usize, StoreError> {
    let mut transaction = store.write().await?;
    let mut given = 0;
    for rule in &said.rules {
        let written = sqlx::query(
            "INSERT INTO feedback (alert_id, rule, relevant, by, at, note)
             SELECT id, ?2, ?3, ?4, ?5, ?6 FROM alert
             WHERE id = ?1 AND EXISTS (SELECT 1 FROM json_each(alert.alert, '$.rules') WHERE value ->> '$.name' = ?2)
             ON CONFLICT (alert_id, rule, by) DO UPDATE SET relevant = ?3, at = ?5, note = ?6",
        )
        .bind(said.alert.0)
        .bind(rule.as_str())
        .bind(said.relevant)
        .bind(&said.by)
        .bind(micros(said.at))
        .bind(&said.note)
        .execute(&mut *transaction)
        .await?;
        given += usize::from(written.rows_affected() > 0);
    }
    transaction.commit().await?;
    Ok(given)
}

/// The rules of an alert; `None` when it is unknown.
pub(super) async fn rules_of(store: &SqliteStore, alert: AlertId) -> Result<Option<Vec<RuleName>>, StoreError> {
    let found: Option<String> =
        sqlx::query_scalar("SELECT alert FROM alert WHERE id = ?").bind(alert.0).fetch_optional(&store.readers).await?;
    let Some(found) = found else { return Ok(None) };
    let alert: Alert = from_json("alert.alert", &found)?;
    Ok(Some(alert.rules.into_iter().map(|rule| rule.name).collect()))
}

/// The newest first.
pub(super) async fn list(store: &SqliteStore, most: usize) -> Result<Vec<FeedbackRow>, StoreError> {
    let rows = sqlx::query(
        "SELECT feedback.alert_id, alert.item_id, feedback.rule, feedback.relevant, feedback.by, feedback.at,
             feedback.note, alert.title
         FROM feedback JOIN alert ON alert.id = feedback.alert_id ORDER BY feedback.at DESC, feedback.id DESC LIMIT ?",
    )
    .bind(limit(most))
    .fetch_all(&store.readers)
    .await?;
    rows.iter()
        .map(|row| {
            let at: Timestamp = time("feedback.at", row.try_get("at")?)?;
            Ok(FeedbackRow {
                alert: AlertId(row.try_get("alert_id")?),
                item: ItemId(row.try_get("item_id")?),
                rule: RuleName::new(row.try_get::<String, _>("rule")?),
                relevant: row.try_get("relevant")?,
                by: row.try_get("by")?,
                at,
                note: row.try_get("note")?,
                title: row.try_get("title")?,
            })
        })
        .collect()
}
