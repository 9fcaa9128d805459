//! Damaged databases: found, named, and no reason to stop.

use super::Place;
use super::words::*;
use atalaya::channel::Frozen;
use atalaya::model::Reason;
use atalaya::send;
use atalaya::store::DeliveryFilter;
use atalaya::store::Store;
use atalaya::store::StoreError;

pub async fn a_cell_that_cannot_be_read_is_an_error_and_stops_nothing_else(place: &dyn Place) {
    let store = place.open().await;
    listed(&*store, vec![entry("one", "herald.example"), entry("two", "herald.example")]).await;
    place.sql("UPDATE item SET entry = '{broken' WHERE entry_id = 'one'").await;
    let lease = only(store.claim_reads(&claim("a", 0)).await.unwrap());
    assert_eq!(lease.job().entry.id, "two", "the one that can be read is handed out");
    let judged = told(lease.job(), &["courts"], &["ana@paper.example"]);
    judge(&*store, lease, judged, 1).await;
    let error = store.claim_reads(&claim("a", 60)).await.unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { place: "item.entry", .. }), "{error}");
    sums_hold(&*store).await;

    place.sql("UPDATE article SET about = '[]'").await;
    let error = store.article_at("https://herald.example/two").await.unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { place: "article.about", .. }), "{error}");
    place.sql("UPDATE delivery SET rules = ''").await;
    let error = store.claim_sends(&claim("a", 1)).await.unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { place: "delivery.rules", .. }), "{error}");
    assert!(store.deliveries(&DeliveryFilter { limit: 1, ..DeliveryFilter::default() }).await.is_err());
    place.sql("UPDATE item SET listed_at = 9223372036854775807").await;
    let error = store.ways("https://herald.example/two", "").await.unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { place: "item.listed_at", .. }), "{error}");
    place.sql("UPDATE source SET failures = -1").await;
    let error = store.claim_polls(&claim("a", 900)).await.unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { place: "source.failures", .. }), "{error}");
    place.sql("UPDATE article SET unmatched = 'no json'").await;
    assert_eq!(store.ledger().await.unwrap().faults(), ["verdicts is 2, its parts sum to 1"]);
}

/// One item with an article, verdicts, a story, an alert, and a delivery that is done.
async fn whole(place: &dyn Place) -> std::sync::Arc<dyn Store> {
    let store = place.open().await;
    let lease = reading(&*store, "one", "a").await;
    let judged = told(lease.job(), &["courts"], &["ana@paper.example"]);
    judge(&*store, lease, judged, 1).await;
    let lease = only(store.claim_sends(&claim("a", 1)).await.unwrap());
    let frozen = Frozen { id: "<1@example.org>".into(), bytes: b"bytes".to_vec() };
    store.begin_attempt(&lease, &frozen, at(2)).await.unwrap();
    let reason = Reason::Accepted { answer: "250".into() };
    store.commit_send(lease, &send::Decision::Done { reason }, at(2)).await.unwrap();
    sums_hold(&*store).await;
    store
}

pub async fn the_ledger_finds_every_deleted_row(place: &dyn Place) {
    let store = whole(place).await;
    for table in ["delivery_try", "delivery", "alert", "outcome", "verdict", "story", "article", "item"] {
        place.sql(&format!("CREATE TABLE kept AS SELECT * FROM {table}")).await;
        place.sql(&format!("DELETE FROM {table}")).await;
        let faults = store.ledger().await.unwrap().faults();
        assert!(!faults.is_empty(), "nobody misses a row of {table}");
        let columns = match table {
            "delivery_try" => "id, delivery_id, fence, begun_at, ended_at, reason",
            "delivery" => {
                "id, alert_id, notice_id, channel, receiver, rules, state, attempts, created_at, next_at, settled_at, reason, \
                 owner, lease_until, fence, message_id, frozen"
            }
            "item" => {
                "id, source, entry_id, link, address_key, host, state, reason, attempts, listed_at, next_at, \
                 settled_at, owner, lease_until, fence, entry"
            }
            _ => "*",
        };
        let into = if columns == "*" { String::new() } else { format!("({columns})") };
        place.sql(&format!("INSERT INTO {table} {into} SELECT {columns} FROM kept; DROP TABLE kept")).await;
        sums_hold(&*store).await;
    }
}

pub async fn the_ledger_finds_a_row_too_many(place: &dyn Place) {
    let store = whole(place).await;
    place
        .sql(
            "INSERT INTO item (source, entry_id, host, state, listed_at, next_at, settled_at, entry)
             VALUES ('herald', 'twice', '', 'baseline', 0, 0, 0, '{}')",
        )
        .await;
    assert_eq!(store.ledger().await.unwrap().faults(), ["listed is 1, its parts sum to 2"]);
    place.sql("DELETE FROM item WHERE entry_id = 'twice'").await;
    sums_hold(&*store).await;
    place
        .sql(
            "INSERT INTO delivery (id, alert_id, channel, receiver, rules, state, created_at, next_at)
             VALUES ('ff', 77, 'mail', 'x', '[]', 'waiting', 0, 0)",
        )
        .await;
    let faults = store.ledger().await.unwrap().faults();
    assert_eq!(faults, ["deliveries is 1, its parts sum to 2", "delivery ff has no alert"]);
}
