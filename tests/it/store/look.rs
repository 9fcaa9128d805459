//! Pages that were told are work like any other, and an update is told under the next revision or not at all.

use super::Place;
use super::words::*;
use atalaya::look;
use atalaya::look::After;
use atalaya::look::Look;
use atalaya::model::Reason;
use atalaya::model::UpdateKind;
use atalaya::read::NewAlert;
use atalaya::read::NewDelivery;
use atalaya::store::Lease;
use atalaya::store::Store;
use atalaya::store::StoreError;
use atalaya::store::Work;
use std::sync::Arc;

/// A story that was told to Ana, its page to be looked at after an hour.
async fn told_story(place: &dyn Place) -> Arc<dyn Store> {
    let store = place.open().await;
    let lease = reading(&*store, "one", "a").await;
    let mut judged = told(lease.job(), &["courts"], &["ana@paper.example"]);
    judged.alert.as_mut().expect("an alert").look_at = Some(at(3600));
    judge(&*store, lease, judged, 1).await;
    store
}

fn nothing(step: usize, next: Option<i64>) -> look::Decision {
    look::Decision {
        reason: Reason::Unchanged,
        after: After { step, attempts: 0, at: next.map(at) },
        gone: false,
        suspected: None,
        article: None,
        alert: None,
        evidence: None,
        validators: None,
    }
}

fn update(lease: &Lease<Look>, revision: u32) -> look::Decision {
    let look = lease.job();
    let id = atalaya::model::DeliveryId(format!("{revision:032x}"));
    let receiver = look.first[0].receiver.clone();
    let delivery = NewDelivery {
        id,
        channel: atalaya::model::ChannelName::new("mail"),
        receiver,
        rules: vec![atalaya::model::RuleName::new("courts")],
    };
    let alert = atalaya::model::Alert { revision, ..look.told.clone() };
    let mut article = look.article.clone();
    article.text.push_str(" It was changed.");
    look::Decision {
        reason: Reason::Updated { kind: UpdateKind::Edited, facts: "a figure".into() },
        article: Some(article),
        alert: Some(NewAlert { alert, deliveries: vec![delivery], held: Vec::new(), look_at: None }),
        ..nothing(1, Some(7200))
    }
}

pub async fn a_look_is_due_when_it_was_planned_and_spent_by_its_commit(place: &dyn Place) {
    let store = told_story(place).await;
    assert_eq!(store.next_due(Work::Look).await.unwrap(), Some(at(3600)));
    assert!(store.claim_looks(&claim("a", 3599)).await.unwrap().is_empty());
    let lease = only(store.claim_looks(&claim("a", 3600)).await.unwrap());
    assert_eq!((lease.job().step, lease.job().revision, lease.job().first.len()), (0, 1, 1));
    assert!(store.claim_looks(&claim("b", 3600)).await.unwrap().is_empty(), "it is held");
    store.put_back_look(lease, at(3700)).await.unwrap();
    assert!(store.claim_looks(&claim("b", 3699)).await.unwrap().is_empty());
    let late = only(store.claim_looks(&claim("a", 3700)).await.unwrap());
    let lease = only(store.claim_looks(&claim("b", 3800)).await.unwrap());
    let lost = store.commit_look(late, &nothing(1, None), at(3800)).await.unwrap_err();
    assert!(matches!(lost, (StoreError::LeaseLost, None)), "{lost:?}");
    store.commit_look(lease, &nothing(1, Some(7200)), at(3800)).await.map_err(|(error, _)| error).unwrap();
    assert_eq!(store.next_due(Work::Look).await.unwrap(), Some(at(7200)));
    let lease = only(store.claim_looks(&claim("a", 7200)).await.unwrap());
    assert_eq!(lease.job().step, 1);
    store.release("a").await.unwrap();
    let lease_again = only(store.claim_looks(&claim("b", 7200)).await.unwrap());
    assert_eq!(lease_again.job(), lease.job());
    store.commit_look(lease_again, &nothing(2, None), at(7201)).await.map_err(|(error, _)| error).unwrap();
    assert_eq!(store.next_due(Work::Look).await.unwrap(), None, "no look is left");
    let looks: Vec<_> = place.open().await.ways(&lease.job().final_url, "").await.unwrap().remove(0).looks;
    assert_eq!(looks.len(), 2);
    sums_hold(&*store).await;
}

pub async fn an_update_is_told_under_the_next_revision_or_not_at_all(place: &dyn Place) {
    let store = told_story(place).await;
    let lease = only(store.claim_looks(&claim("a", 3600)).await.unwrap());
    let stale = update(&lease, 3);
    let (error, lease) = store.commit_look(lease, &stale, at(3601)).await.unwrap_err();
    assert!(matches!(error, StoreError::Stale), "{error}");
    let lease = lease.expect("the lease comes back");
    assert_eq!(store.ledger().await.unwrap().deliveries, 1, "nothing was written");
    let decision = update(&lease, 2);
    store.commit_look(lease, &decision, at(3601)).await.map_err(|(error, _)| error).unwrap();
    let ledger = store.ledger().await.unwrap();
    assert_eq!((ledger.faults(), ledger.deliveries, ledger.matched), (Vec::new(), 2, 1));
    let lease = only(store.claim_looks(&claim("a", 7200)).await.unwrap());
    let look = lease.job();
    assert_eq!((look.revision, look.told.revision, look.read_at), (2, 2, at(3601)));
    assert!(look.article.text.ends_with("It was changed."), "later looks compare with what was told last");
}

pub async fn the_ledger_finds_an_update_that_is_out_of_place(place: &dyn Place) {
    let store = told_story(place).await;
    let lease = only(store.claim_looks(&claim("a", 3600)).await.unwrap());
    let decision = update(&lease, 2);
    store.commit_look(lease, &decision, at(3601)).await.map_err(|(error, _)| error).unwrap();
    sums_hold(&*store).await;
    for (fault, says) in [
        ("DELETE FROM look_try", "alert 2 has no outcome"),
        ("UPDATE look_try SET alert_id = 99", "by an alert that is missing"),
        ("UPDATE look SET item_id = 99", "and nothing was told of it"),
        ("UPDATE outcome SET kind = 'merged', alert_id = NULL", "of which nothing was told"),
        ("DELETE FROM delivery WHERE alert_id = 2", "deliveries is 2"),
    ] {
        place
            .sql("CREATE TABLE kept_try AS SELECT * FROM look_try; CREATE TABLE kept_outcome AS SELECT * FROM outcome")
            .await;
        place.sql(fault).await;
        let faults = store.ledger().await.unwrap().faults().join("\n");
        assert!(faults.contains(says), "{fault}: {faults}");
        place
            .sql(
                "DELETE FROM look_try; INSERT INTO look_try SELECT * FROM kept_try; DELETE FROM outcome;
                 INSERT INTO outcome SELECT * FROM kept_outcome; DROP TABLE kept_try; DROP TABLE kept_outcome;
                 UPDATE look SET item_id = 1",
            )
            .await;
    }
}
