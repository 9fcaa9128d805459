//! Many items, and many at once.

use super::Place;
use super::words::*;
use atalaya::store::Claim;
use atalaya::store::Work;
use std::time::Duration;
use std::time::Instant;

pub async fn a_claim_is_quick_among_many_waiting_items(place: &dyn Place) {
    let store = place.open().await;
    let sources: Vec<_> = (0..200).map(|n| source(&format!("paper{n}"))).collect();
    store.register_sources(&sources, at(0)).await.unwrap();
    let leases = store.claim_polls(&Claim { limit: 200, ..claim("a", 0) }).await.unwrap();
    assert_eq!(leases.len(), 200);
    let start = Instant::now();
    for (place, lease) in leases.into_iter().enumerate() {
        // One host has half of everything.
        let host = |n: usize| if n.is_multiple_of(2) { "big.example".into() } else { format!("h{place}.example") };
        let items = (0..100).map(|n| entry(&format!("i{n}"), &host(n))).collect();
        assert_eq!(store.commit_poll(lease, &found(items, 0), at(0)).await.unwrap(), 100);
    }
    println!("20,000 items listed in {:?}", start.elapsed());
    let mut slowest = Duration::ZERO;
    let mut slowest_due = Duration::ZERO;
    let mut held = 0;
    for _ in 0..20 {
        let start = Instant::now();
        assert!(store.next_due(Work::Read).await.unwrap().is_some());
        slowest_due = slowest_due.max(start.elapsed());
        let start = Instant::now();
        let leases = store.claim_reads(&Claim { limit: 64, per_host: 2, ..claim("a", 0) }).await.unwrap();
        slowest = slowest.max(start.elapsed());
        assert_eq!(leases.len(), 64);
        assert!(leases.iter().filter(|lease| lease.job().entry.link.as_ref().unwrap().contains("big.")).count() <= 2);
        held += leases.len();
    }
    println!("slowest of 20 claims of 64 among 20,000: {slowest:?}; slowest next_due: {slowest_due:?}");
    // Generous, for a slow machine that does seven other things: a scan of all rows takes longer with every item.
    assert!(slowest < Duration::from_millis(500), "a claim took {slowest:?}");
    assert_eq!(held, 20 * 64);
    sums_hold(&*store).await;
}

pub async fn a_reader_sees_sums_that_add_up_while_others_write(place: &dyn Place) {
    let store = place.open().await;
    let other = place.open().await;
    let ids: Vec<String> = (0..60).map(|n| format!("i{n}")).collect();
    let leases = all_reading(&*store, &ids.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let writer = store.clone();
    let writing = tokio::spawn(async move {
        for lease in leases {
            let judged = told(lease.job(), &["courts"], &["ana@paper.example", "luz@paper.example"]);
            judge(&*writer, lease, judged, 1).await;
        }
    });
    let mut looks = 0;
    while !writing.is_finished() {
        sums_hold(&*other).await;
        looks += 1;
    }
    writing.await.unwrap();
    assert!(looks > 1, "the reader looked while the writer wrote");
    assert_eq!(store.ledger().await.unwrap().deliveries, 120);
    sums_hold(&*store).await;
}
