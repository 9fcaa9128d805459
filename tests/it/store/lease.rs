//! Leases: who may do what until when.

use super::Place;
use super::words::*;
use atalaya::model::ItemId;
use atalaya::read;
use atalaya::store::Claim;
use atalaya::store::StoreError;
use atalaya::store::Work;
use std::collections::HashSet;

pub async fn two_owners_never_hold_the_same_work(place: &dyn Place) {
    let first = place.open().await;
    let second = place.open().await;
    listed(&*first, (0..200).map(|n| entry(&format!("i{n}"), &format!("h{}.example", n % 7))).collect()).await;
    let take = |store: std::sync::Arc<dyn atalaya::store::Store>, owner: &'static str| async move {
        let mut held = Vec::new();
        // More often than there are items: a store that hands out one twice must fail here, not hang.
        for _ in 0..300 {
            let leases = store.claim_reads(&Claim { limit: 3, ..claim(owner, 0) }).await.unwrap();
            if leases.is_empty() {
                break;
            }
            held.extend(leases.iter().map(|lease| lease.job().id));
        }
        held
    };
    let (mine, yours) = tokio::join!(tokio::spawn(take(first.clone(), "a")), tokio::spawn(take(second, "b")));
    let (mine, yours) = (mine.unwrap(), yours.unwrap());
    assert_eq!(mine.len() + yours.len(), 200);
    assert_eq!(mine.iter().chain(&yours).collect::<HashSet<&ItemId>>().len(), 200);
    assert!(first.claim_polls(&claim("a", 0)).await.unwrap().is_empty(), "polled and not due again");
    sums_hold(&*first).await;
}

pub async fn an_ended_lease_is_claimable_and_its_late_owner_changes_nothing(place: &dyn Place) {
    let store = place.open().await;
    let late = reading(&*store, "one", "a").await;
    assert_eq!(late.until(), at(60));
    assert!(store.claim_reads(&claim("b", 59)).await.unwrap().is_empty());
    // The same process, which forgot the first: its name alone is not enough.
    let held = only(store.claim_reads(&claim("a", 60)).await.unwrap());
    let before = store.ledger().await.unwrap();
    let decision = told(late.job(), &["courts"], &["ana@paper.example"]);
    let (error, lease) = commit(&*store, late, decision, &[], 61).await.unwrap_err();
    assert!(matches!(error, StoreError::LeaseLost));
    assert!(lease.is_none());
    assert_eq!(store.ledger().await.unwrap(), before);
    let decision = told(held.job(), &["courts"], &["ana@paper.example"]);
    judge(&*store, held, decision, 62).await;

    // The same for a delivery and a source.
    let late = only(store.claim_sends(&claim("a", 62)).await.unwrap());
    let held = only(store.claim_sends(&claim("a", 122)).await.unwrap());
    let frozen = atalaya::channel::Frozen { id: "<1@example.org>".into(), bytes: b"bytes".to_vec() };
    assert!(matches!(store.begin_attempt(&late, &frozen, at(123)).await, Err(StoreError::LeaseLost)));
    let reason = atalaya::model::Reason::Accepted { answer: "250".into() };
    let done = atalaya::send::Decision::Done { reason };
    assert!(matches!(store.commit_send(late, &done, at(123)).await, Err(StoreError::LeaseLost)));
    store.begin_attempt(&held, &frozen, at(123)).await.unwrap();
    store.commit_send(held, &done, at(123)).await.unwrap();
    let late = only(store.claim_polls(&claim("a", 900)).await.unwrap());
    assert!(store.claim_polls(&claim("a", 960)).await.unwrap().is_empty(), "it may have been asked: no early request");
    let held = only(store.claim_polls(&claim("a", 1800)).await.unwrap());
    let decision = found(vec![entry("two", "h.example")], 1801);
    assert!(matches!(store.commit_poll(late, &decision, at(1801)).await, Err(StoreError::LeaseLost)));
    assert_eq!(store.ledger().await.unwrap().listed, 1);
    store.commit_poll(held, &decision, at(1801)).await.unwrap();
    sums_hold(&*store).await;
}

pub async fn a_lease_is_spent_by_its_commit(place: &dyn Place) {
    let store = place.open().await;
    let late = reading(&*store, "one", "a").await;
    // A commit after the lease's end is good as long as nobody else claimed the item.
    let decision = article(late.job());
    judge(&*store, late, decision, 500).await;
    assert!(store.claim_reads(&claim("b", 9000)).await.unwrap().is_empty());
    sums_hold(&*store).await;
}

pub async fn a_claim_asks_each_host_no_more_than_it_may(place: &dyn Place) {
    let store = place.open().await;
    let mut items: Vec<_> = (0..50).map(|n| entry(&format!("big{n}"), "big.example")).collect();
    items.extend(["s1", "s2"].map(|id| entry(id, "small.example")));
    items.push(entry("b1", "busy.example"));
    listed(&*store, items).await;
    let busy = ["busy.example".to_owned()];
    let some = Claim { per_host: 2, busy_hosts: &busy, ..claim("a", 0) };
    let ids = |leases: Vec<atalaya::store::Lease<atalaya::model::Item>>| -> Vec<String> {
        leases.iter().map(|lease| lease.job().entry.id.clone()).collect()
    };
    assert_eq!(ids(store.claim_reads(&some).await.unwrap()), ["big0", "big1", "s1", "s2"]);
    let fewer = Claim { limit: 1, ..some };
    assert_eq!(ids(store.claim_reads(&fewer).await.unwrap()), ["big2"]);
    let big = ["big.example".to_owned()];
    // Far behind all that wait for the busy host.
    let rest = Claim { limit: 1, busy_hosts: &big, ..claim("a", 0) };
    assert_eq!(ids(store.claim_reads(&rest).await.unwrap()), ["b1"]);

    let mut sources: Vec<_> = ["one", "two", "three"].map(source).into();
    sources[0].host = "two.example".into();
    store.register_sources(&sources, at(0)).await.unwrap();
    let polls = store.claim_polls(&Claim { per_host: 1, ..claim("a", 0) }).await.unwrap();
    assert_eq!(polls.len(), 2, "one of each host");
    sums_hold(&*store).await;
}

pub async fn a_claim_takes_the_longest_due_first(place: &dyn Place) {
    let store = place.open().await;
    let leases = all_reading(&*store, &["one", "two", "three"]).await;
    for (lease, seconds) in leases.into_iter().zip([30, 10, 20]) {
        let again = read::Decision::Again { at: at(seconds), reason: atalaya::model::Reason::EmptyPage };
        store.commit_read(lease, &again, &[], at(0), at(1)).await.unwrap();
    }
    assert!(store.claim_reads(&claim("a", 9)).await.unwrap().is_empty(), "all pause");
    let first = store.claim_reads(&Claim { limit: 2, ..claim("a", 40) }).await.unwrap();
    let ids: Vec<&str> = first.iter().map(|lease| lease.job().entry.id.as_str()).collect();
    assert_eq!(ids, ["two", "three"]);
    sums_hold(&*store).await;
}

pub async fn release_gives_everything_back(place: &dyn Place) {
    let store = place.open().await;
    let mut leases = all_reading(&*store, &["one", "two"]).await;
    let second = leases.pop().unwrap();
    let first = leases.pop().unwrap();
    let decision = told(first.job(), &["courts"], &["ana@paper.example"]);
    judge(&*store, first, decision, 1).await;
    let poll = only(store.claim_polls(&claim("a", 900)).await.unwrap());
    let send = only(store.claim_sends(&claim("a", 900)).await.unwrap());
    store.release("b").await.unwrap();
    assert!(store.claim_sends(&claim("b", 901)).await.unwrap().is_empty(), "another's are not given back");
    store.release("a").await.unwrap();
    assert_eq!(store.next_due(Work::Read).await.unwrap(), Some(at(0)), "as due as it was");

    let decision = article(second.job());
    let (error, _) = commit(&*store, second, decision, &[], 901).await.unwrap_err();
    assert!(matches!(error, StoreError::LeaseLost), "a lease that was given back is worth nothing");
    assert!(matches!(store.commit_poll(poll, &found(Vec::new(), 901), at(901)).await, Err(StoreError::LeaseLost)));
    let reason = atalaya::model::Reason::ChannelGone;
    let gone = atalaya::send::Decision::GivenUp { reason };
    assert!(matches!(store.commit_send(send, &gone, at(901)).await, Err(StoreError::LeaseLost)));
    assert_eq!(store.claim_reads(&claim("b", 901)).await.unwrap().len(), 1);
    assert!(store.claim_polls(&claim("b", 901)).await.unwrap().is_empty(), "it may have been asked");
    assert_eq!(store.claim_polls(&claim("b", 1800)).await.unwrap().len(), 1);
    assert_eq!(store.claim_sends(&claim("b", 901)).await.unwrap().len(), 1);
    sums_hold(&*store).await;
}

pub async fn what_is_put_back_was_never_asked(place: &dyn Place) {
    let store = place.open().await;
    let mut twin = source("twin");
    twin.asks = source("herald").asks;
    store.register_sources(&[source("herald"), twin], at(0)).await.unwrap();
    let polls = only(store.claim_polls(&claim("a", 0)).await.unwrap());
    let herald = polls.job().source.clone();
    let standing = async |seconds| store.standing(&herald, at(seconds)).await.unwrap().unwrap();
    let asked = standing(1).await;
    assert_eq!((asked.asked_at, asked.is_asked), (Some(at(0)), true));
    store.put_back_poll(polls, at(30)).await.unwrap();
    let back = standing(1).await;
    assert_eq!((back.asked_at, back.is_asked, back.next_at), (None, false, at(30)));
    assert!(store.claim_polls(&claim("b", 29)).await.unwrap().is_empty());
    let again = only(store.claim_polls(&claim("b", 30)).await.unwrap());
    assert_eq!(again.job().riders.len(), 1, "the twin went back, too");

    // A wish that was decided before a claim is not granted behind it.
    assert!(!store.hasten(&herald, at(31), &back).await.unwrap());
    store.commit_poll(again, &found(vec![entry("one", "h.example")], 31), at(31)).await.unwrap();
    assert!(!store.hasten(&herald, at(31), &back).await.unwrap());
    let heard = standing(40).await;
    assert_eq!((heard.asked_at, heard.next_at), (Some(at(31)), at(931)));
    assert!(store.hasten(&herald, at(50), &heard).await.unwrap());
    assert!(store.hasten(&herald, at(60), &heard).await.unwrap(), "and never makes it later");
    assert_eq!(standing(50).await.next_at, at(50));

    let item = only(store.claim_reads(&claim("a", 31)).await.unwrap());
    store.put_back_read(item, at(90)).await.unwrap();
    assert_eq!(store.next_due(Work::Read).await.unwrap(), Some(at(90)));
    let item = only(store.claim_reads(&claim("a", 90)).await.unwrap());
    assert_eq!(item.job().attempts, 0, "it was no try");
    let late = only(store.claim_reads(&claim("b", 151)).await.unwrap());
    assert!(matches!(store.put_back_read(item, at(200)).await, Err(StoreError::LeaseLost)));
    store.put_back_read(late, at(200)).await.unwrap();
    sums_hold(&*store).await;
}

pub async fn the_next_due_time_counts_pauses_and_ends_of_leases(place: &dyn Place) {
    let store = place.open().await;
    assert_eq!(store.next_due(Work::Poll).await.unwrap(), None);
    let lease = reading(&*store, "one", "a").await;
    assert_eq!(store.next_due(Work::Poll).await.unwrap(), Some(at(900)));
    assert_eq!(store.next_due(Work::Read).await.unwrap(), Some(at(60)), "the lease's end");
    let again = read::Decision::Again { at: at(300), reason: atalaya::model::Reason::EmptyPage };
    store.commit_read(lease, &again, &[], at(0), at(1)).await.unwrap();
    assert_eq!(store.next_due(Work::Read).await.unwrap(), Some(at(300)));
    assert_eq!(store.next_due(Work::Send).await.unwrap(), None);
    let lease = only(store.claim_reads(&claim("a", 300)).await.unwrap());
    let decision = told(lease.job(), &["courts"], &["ana@paper.example"]);
    judge(&*store, lease, decision, 301).await;
    assert_eq!(store.next_due(Work::Read).await.unwrap(), None);
    assert_eq!(store.next_due(Work::Send).await.unwrap(), Some(at(301)));
    sums_hold(&*store).await;
}

pub async fn what_was_committed_is_there_after_a_restart(place: &dyn Place) {
    let store = place.open().await;
    let lease = reading(&*store, "one", "a").await;
    let decision = told(lease.job(), &["courts"], &["ana@paper.example", "luz@paper.example"]);
    judge(&*store, lease, decision, 1).await;
    let ledger = store.ledger().await.unwrap();
    let ways = store.ways("https://herald.example/one", "").await.unwrap();
    store.ping(at(2)).await.unwrap();
    store.close().await;
    assert!(store.ledger().await.is_err(), "closed is closed");
    drop(store);
    let store = place.open().await;
    assert_eq!(store.ledger().await.unwrap(), ledger);
    assert_eq!(store.ways("https://herald.example/one", "").await.unwrap(), ways);
    assert_eq!(store.claim_sends(&claim("b", 2)).await.unwrap().len(), 2);
    sums_hold(&*store).await;
}
