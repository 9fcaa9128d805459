//! What a store tells people.

use super::Place;
use super::words::*;
use atalaya::model::Reason;
use atalaya::poll;
use atalaya::read;

pub async fn the_status_counts_what_stands(place: &dyn Place) {
    let store = place.open().await;
    let mut leases = all_reading(&*store, &["one", "two", "three", "four"]).await;
    leases.truncate(3);
    let broken = leases.pop().unwrap();
    let late = leases.pop().unwrap();
    let first = leases.pop().unwrap();
    let judged = told(first.job(), &["courts"], &["ana@paper.example"]);
    judge(&*store, first, judged, 1).await;
    let judged = article(late.job());
    judge(&*store, late, judged, -90_000).await;
    let reason = Reason::Status { status: 403 };
    let unreadable = read::Decision::Unreadable { reason: reason.clone(), judged: None };
    store.commit_read(broken, &unreadable, &[], at(0), at(7)).await.unwrap();
    store.register_sources(&[source("herald"), source("gazette"), source("post")], at(8)).await.unwrap();
    let gazette = only(store.claim_polls(&atalaya::store::Claim { limit: 1, ..claim("a", 8) }).await.unwrap());
    let mut failed = poll::Decision { reason: Reason::Status { status: 500 }, ..found(Vec::new(), 8) };
    (failed.state.failures, failed.state.heard_at) = (3, None);
    store.commit_poll(gazette, &failed, at(8)).await.unwrap();

    let status = store.status(at(10)).await.unwrap();
    assert_eq!((status.sources, status.sources_due, status.items_waiting), (3, 1, 1));
    assert_eq!((status.judged_today, status.unreadable_total), (1, 1), "one was judged the day before");
    assert_eq!((status.outbox_waiting, status.outbox_given_up), (1, 0));
    assert_eq!(status.heard_at, Some(at(0)));
    let row = only(status.unreadable);
    assert_eq!((row.title.as_str(), row.at, row.reason), ("Title of three", at(7), reason));
    assert_eq!(row.link.as_deref(), Some("https://herald.example/three"));
    let row = only(status.failing);
    assert_eq!((row.name.as_str(), row.failures, row.next_at), ("gazette", 3, at(908)));
    assert_eq!(row.reason, Some(Reason::Status { status: 500 }));
    sums_hold(&*store).await;
}

pub async fn a_way_is_found_by_every_address(place: &dyn Place) {
    let store = place.open().await;
    let mut listing = vec![entry("one", "herald.example"), entry("two", "herald.example")];
    listing[0].address_key = Some("https://herald.example/canonical-one".into());
    listed(&*store, listing).await;
    let lease = store.claim_reads(&claim("a", 0)).await.unwrap().remove(0);
    let mut judged = article(lease.job());
    judged.fingerprint.addresses = vec!["https://herald.example/key-of-answer".into()];
    judge(&*store, lease, judged, 1).await;
    for (url, key) in [
        ("https://herald.example/one", ""),
        ("", "https://herald.example/canonical-one"),
        ("", "https://herald.example/key-of-answer"),
        ("https://herald.example/one?answered", ""),
        ("https://herald.example/one?declared", ""),
        ("https://herald.example/one", "https://herald.example/canonical-one"),
    ] {
        let way = only(store.ways(url, key).await.unwrap());
        assert_eq!(way.item.entry.id, "one", "{url} {key}");
    }
    let waiting = only(store.ways("https://herald.example/two", "").await.unwrap());
    assert_eq!(waiting.next_at, None, "it is being read");
    store.release("a").await.unwrap();
    let waiting = only(store.ways("https://herald.example/two", "").await.unwrap());
    assert_eq!((waiting.next_at, waiting.article), (Some(at(0)), None));
    assert!(store.ways("https://herald.example/none", "https://herald.example/none").await.unwrap().is_empty());
    sums_hold(&*store).await;
}

pub async fn merges_are_followed_by_their_number(place: &dyn Place) {
    let store = place.open().await;
    let mut leases = all_reading(&*store, &["one", "two", "three"]).await;
    let first = leases.remove(0);
    let original = told(first.job(), &["courts", "army"], &["ana@paper.example"]);
    judge(&*store, first, original.clone(), 1).await;
    assert!(store.merges_after(0).await.unwrap().is_empty());
    let mut last = 0;
    for (lease, id) in leases.into_iter().zip(["two", "three"]) {
        let seen = lookalikes(&*store, &original.fingerprint).await;
        let copy = merged(lease.job(), &seen, &["courts", "army"]);
        judge(&*store, lease, copy, 2).await;
        let rows = store.merges_after(last).await.unwrap();
        assert_eq!(rows.len(), 2, "one per rule");
        assert_eq!(rows[0].url, format!("https://herald.example/{id}"));
        assert_eq!(
            (rows[0].title.as_str(), rows[0].story_title.as_str()),
            (&*format!("Headline of {id}"), "Headline of one")
        );
        assert_eq!((rows[0].rule.as_str(), rows[1].rule.as_str()), ("courts", "army"));
        assert_eq!((rows[0].source.as_str(), &rows[0].relation), ("herald", &Reason::SameText { item: seen[0].item }));
        last = rows[1].row;
    }
    assert!(store.merges_after(last).await.unwrap().is_empty());
    sums_hold(&*store).await;
}
