//! The sums of law 1, all of one moment, and every row that misses the row which it asks for.

use super::SqliteStore;
use super::value::count;
use super::value::named;
use crate::model::ItemState;
use crate::model::OutcomeKind;
use crate::send::DeliveryState;
use crate::store::HeldState;
use crate::store::Ledger;
use crate::store::StoreError;
use sqlx::SqliteConnection;
use std::collections::BTreeMap;

/// Each gives one sentence per row at fault. A hundred of a kind are enough to know what happened.
const ORPHANS: [&str; 19] = [
    "SELECT 'item ' || id || ' is judged but has no article' FROM item
     WHERE state = 'judged' AND NOT EXISTS (SELECT 1 FROM article WHERE item_id = item.id) LIMIT 100",
    "SELECT 'the article of item ' || item_id || ' has no settled item' FROM article
     WHERE NOT EXISTS (SELECT 1 FROM item WHERE id = article.item_id AND state IN ('judged', 'unreadable')) LIMIT 100",
    "SELECT 'the article of item ' || item_id || ' has no story' FROM article
     WHERE NOT EXISTS (SELECT 1 FROM story WHERE id = article.story_id) LIMIT 100",
    "SELECT 'story ' || id || ' has no article' FROM story
     WHERE NOT EXISTS (SELECT 1 FROM article WHERE story_id = story.id) LIMIT 100",
    "SELECT 'the match of rule ' || rule || ' in item ' || item_id || ' has no outcome' FROM verdict
     WHERE NOT EXISTS (SELECT 1 FROM outcome WHERE item_id = verdict.item_id AND rule = verdict.rule) LIMIT 100",
    "SELECT 'the outcome of rule ' || rule || ' in item ' || item_id || ' has no match' FROM outcome
     WHERE NOT EXISTS (SELECT 1 FROM verdict WHERE item_id = outcome.item_id AND rule = outcome.rule) LIMIT 100",
    "SELECT 'rule ' || rule || ' was told of item ' || item_id || ' without an alert' FROM outcome
     WHERE kind = 'alerted' AND NOT EXISTS (SELECT 1 FROM alert WHERE id = outcome.alert_id) LIMIT 100",
    "SELECT 'alert ' || id || ' has no delivery' FROM alert
     WHERE NOT EXISTS (SELECT 1 FROM alert_delivery JOIN delivery ON delivery.id = delivery_id
                       WHERE alert_delivery.alert_id = alert.id)
         AND NOT EXISTS (SELECT 1 FROM held WHERE alert_id = alert.id)
         AND (SELECT COUNT(*) FROM outcome WHERE item_id = alert.item_id AND alert_id = alert.id)
             <> (SELECT COUNT(*) FROM outcome WHERE item_id = alert.item_id AND alert_id = alert.id AND kind = 'muted')
         LIMIT 100",
    "SELECT 'alert ' || id || ' has no outcome' FROM alert
     WHERE NOT EXISTS (SELECT 1 FROM outcome WHERE item_id = alert.item_id AND alert_id = alert.id)
         AND NOT EXISTS (SELECT 1 FROM look_try WHERE item_id = alert.item_id AND alert_id = alert.id) LIMIT 100",
    "SELECT 'alert ' || id || ' is an update of item ' || item_id || ', of which nothing was told' FROM alert
     WHERE EXISTS (SELECT 1 FROM look_try WHERE alert_id = alert.id)
         AND NOT EXISTS (SELECT 1 FROM outcome WHERE item_id = alert.item_id AND alert_id IS NOT NULL) LIMIT 100",
    "SELECT 'look ' || id || ' told of item ' || item_id || ' by an alert that is missing' FROM look_try
     WHERE alert_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM alert WHERE id = look_try.alert_id) LIMIT 100",
    "SELECT 'item ' || item_id || ' is to be looked at again, and nothing was told of it' FROM look
     WHERE NOT EXISTS (SELECT 1 FROM alert WHERE item_id = look.item_id) LIMIT 100",
    "SELECT 'delivery ' || id || ' has no alert' FROM delivery
     WHERE alert_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM alert WHERE id = delivery.alert_id) LIMIT 100",
    "SELECT 'delivery ' || id || ' has no notice' FROM delivery
     WHERE notice_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM notice WHERE id = delivery.notice_id) LIMIT 100",
    "SELECT 'notice ' || id || ' has no delivery' FROM notice
     WHERE NOT EXISTS (SELECT 1 FROM delivery WHERE notice_id = notice.id) LIMIT 100",
    "SELECT 'held ' || id || ' has no alert' FROM held
     WHERE NOT EXISTS (SELECT 1 FROM alert WHERE id = held.alert_id) LIMIT 100",
    "SELECT 'held ' || id || ' was told by delivery ' || delivery_id || ', which is missing' FROM held
     WHERE delivery_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM delivery WHERE id = held.delivery_id) LIMIT 100",
    "SELECT 'held ' || held.id || ' waits in lane ' || lane_id || ', which is never due' FROM held
         LEFT JOIN lane ON lane.id = held.lane_id
     WHERE held.settled_at IS NULL AND lane.due_at IS NULL LIMIT 100",
    "SELECT 'delivery ' || id || ' is done without a try' FROM delivery
     WHERE state = 'done' AND NOT EXISTS (SELECT 1 FROM delivery_try WHERE delivery_id = delivery.id) LIMIT 100",
];

pub(super) async fn ledger(store: &SqliteStore) -> Result<Ledger, StoreError> {
    let mut transaction = store.read().await?;
    let connection = &mut *transaction;
    let counters: BTreeMap<String, i64> =
        sqlx::query_as("SELECT name, value FROM counter").fetch_all(&mut *connection).await?.into_iter().collect();
    let counter = |name: &str| count("counter.value", counters.get(name).copied().unwrap_or(0));
    let mut ledger = Ledger {
        listed: counter("listed")?,
        judged_rules: counter("judged_rules")?,
        matched: counter("matched")?,
        deliveries: counter("deliveries")?,
        states: sums("item.state", "SELECT state, COUNT(*) FROM item GROUP BY state", ItemState::parse, connection)
            .await?,
        outcomes: sums(
            "outcome.kind",
            "SELECT kind, COUNT(*) FROM outcome GROUP BY kind",
            OutcomeKind::parse,
            connection,
        )
        .await?,
        delivery_states: sums(
            "delivery.state",
            "SELECT state, COUNT(*) FROM delivery GROUP BY state",
            DeliveryState::parse,
            connection,
        )
        .await?,
        matched_verdicts: rows("SELECT COUNT(*) FROM verdict", connection).await?,
        // A cell that is no JSON counts as nothing, so that the sum shows it.
        unmatched_verdicts: rows(
            "SELECT COALESCE(SUM(json_array_length(CASE WHEN json_valid(unmatched) THEN unmatched ELSE '[]' END)), 0)
             FROM article",
            connection,
        )
        .await?,
        held: counter("held")?,
        held_states: sums(
            "held.settled_at",
            "SELECT CASE WHEN settled_at IS NULL THEN 'waiting' ELSE 'told' END AS state, COUNT(*) FROM held
             GROUP BY state",
            HeldState::parse,
            connection,
        )
        .await?,
        orphans: Vec::new(),
    };
    for query in ORPHANS {
        ledger.orphans.extend(sqlx::query_scalar::<_, String>(query).fetch_all(&mut *connection).await?);
    }
    Ok(ledger)
}

async fn rows(query: &'static str, connection: &mut SqliteConnection) -> Result<u64, StoreError> {
    count("count", sqlx::query_scalar(query).fetch_one(connection).await?)
}

async fn sums<K: Ord>(
    place: &'static str,
    query: &'static str,
    parse: fn(&str) -> Option<K>,
    connection: &mut SqliteConnection,
) -> Result<BTreeMap<K, u64>, StoreError> {
    let rows: Vec<(String, i64)> = sqlx::query_as(query).fetch_all(connection).await?;
    rows.into_iter().map(|(name, sum)| Ok((named(place, &name, parse)?, count(place, sum)?))).collect()
}
