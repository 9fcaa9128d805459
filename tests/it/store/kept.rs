//! What is kept of readings, what retention may take of it, and what becomes of a text that stands for several items.

use super::Place;
use super::words::all_reading;
use super::words::article;
use super::words::at;
use super::words::claim;
use super::words::commit;
use super::words::judge;
use super::words::no;
use super::words::only;
use super::words::told;
use atalaya::evidence::Kept;
use atalaya::evidence::Kind;
use atalaya::evidence::Record;
use atalaya::evidence::Retention;
use atalaya::evidence::pack::pack;
use atalaya::model::Digest;
use atalaya::model::Item;
use atalaya::read::Judged;
use atalaya::store::StoreError;
use jiff::SignedDuration;

/// What is kept of an item whose page had these bodies.
fn kept(item: &Item, bodies: &[&str]) -> Kept {
    let record = Record {
        kind: Kind::Reading,
        item: item.id,
        source: item.source.clone(),
        entry: item.entry.clone(),
        listed_at: item.listed_at,
        taken_at: at(1),
        method: "test".into(),
        text: Digest::of(b"text"),
        exchanges: Vec::new(),
        read_for: None,
    };
    Kept { record, bodies: bodies.iter().map(|body| pack(body.as_bytes())).collect() }
}

pub async fn retention_by_age_and_by_size_never_removes_what_an_alert_rests_on(place: &dyn Place) {
    let store = place.open().await;
    let mut items = Vec::new();
    for (lease, seconds) in all_reading(&*store, &["told", "old", "young"]).await.into_iter().zip([10, 20, 900]) {
        let item = lease.job().clone();
        let judged = match item.entry.id.as_str() {
            "told" => told(&item, &["courts"], &["ana@paper.example"]),
            _ => article(&item),
        };
        let evidence = Some(kept(&item, &[&item.entry.id, "shared by all"]));
        judge(&*store, lease, Judged { evidence, ..judged }, seconds).await;
        items.push(item);
    }
    let held = async || {
        let mut held = Vec::new();
        for item in &items {
            let body = store.evidence_body(&Digest::of(item.entry.id.as_bytes())).await.unwrap();
            assert_eq!(body.is_some(), store.has_evidence(item.id).await.unwrap(), "{}", item.entry.id);
            held.extend(body.map(|_| item.entry.id.clone()));
        }
        held
    };
    let by_age = Retention { age: SignedDuration::from_secs(500), bytes: u64::MAX };
    assert_eq!(store.trim_evidence(&by_age, at(1000)).await.unwrap().records, 1);
    assert_eq!(held().await, ["told", "young"]);
    let by_size = Retention { age: SignedDuration::from_hours(10_000), bytes: 0 };
    assert_eq!(store.trim_evidence(&by_size, at(1000)).await.unwrap().records, 1);
    assert_eq!(held().await, ["told"], "though all of it is too much, and old");
    assert_eq!(store.trim_evidence(&Retention { bytes: 0, ..by_age }, at(99_999)).await.unwrap().records, 0);
    assert!(store.evidence_body(&Digest::of(b"shared by all")).await.unwrap().is_some());
    assert_eq!(store.evidence_length().await.unwrap(), 3, "what was removed keeps its place in the chain");
}

pub async fn readings_that_end_together_are_each_kept_and_each_told_what_became_of_them(place: &dyn Place) {
    let store = place.open().await;
    let mut leases = all_reading(&*store, &["one", "two", "three", "twin", "lost", "told"]).await;
    let text = |lease: &atalaya::store::Lease<Item>| lease.job().entry.id.clone();
    let lost = leases.remove(leases.iter().position(|lease| text(lease) == "lost").expect("it is there"));
    // Somebody else holds it meanwhile.
    place.sql("UPDATE item SET fence = fence + 1 WHERE entry_id = 'lost'").await;
    leases.push(lost);
    let names: Vec<String> = leases.iter().map(text).collect();
    let commits = leases.into_iter().map(|lease| {
        let item = lease.job().clone();
        let mut judged = match item.entry.id.as_str() {
            "told" => told(&item, &["courts"], &["ana@paper.example"]),
            _ => article(&item),
        };
        if item.entry.id == "twin" {
            judged.fingerprint.text = Some("text of one".into());
        }
        let store = &store;
        async move { commit(&**store, lease, judged, &[], 5).await.map_err(|(error, lease)| (error, lease.is_some())) }
    });
    let ended = futures_util::future::join_all(commits).await;
    let mut stale = 0;
    for (name, ended) in names.iter().zip(ended) {
        match (name.as_str(), ended) {
            ("lost", Err((StoreError::LeaseLost, false))) => {}
            // Whichever of the two comes second has to be decided again.
            ("one" | "twin", Err((StoreError::Stale, true))) => stale += 1,
            (_, Ok(())) => {}
            (name, other) => panic!("{name}: {other:?}"),
        }
    }
    assert_eq!(stale, 1);
    let ledger = store.ledger().await.unwrap();
    assert_eq!(ledger.orphans, Vec::<String>::new());
    assert_eq!(ledger.states.values().sum::<u64>(), 6);
    assert_eq!(ledger.states[&atalaya::model::ItemState::Judged], 4);
}

pub async fn a_text_that_stands_for_several_items_decides_none_of_them(place: &dyn Place) {
    let store = place.open().await;
    let mut judged = Vec::new();
    for lease in all_reading(&*store, &["plain", "told", "second", "third"]).await {
        let item = lease.job().clone();
        let mut read = match item.entry.id.as_str() {
            "plain" => article(&item),
            "told" => told(&item, &["courts"], &["ana@paper.example"]),
            _ => {
                store.put_back_read(lease, at(5000)).await.unwrap();
                judged.push(item);
                continue;
            }
        };
        if item.entry.id == "plain" {
            read.judgement.verdicts.push(no("courts"));
        }
        read.fingerprint.text = Some("a wall".into());
        judge(&*store, lease, read, 5).await;
    }
    let [second, third] = &judged[..] else { panic!("{judged:?}") };
    assert_eq!(store.doubt(second, "a wall", 1, at(10)).await.unwrap(), 1);
    assert_eq!(store.doubt(second, "a wall", 1, at(11)).await.unwrap(), 0, "nothing new is known");
    assert_eq!(store.doubt(third, "another text", 1, at(11)).await.unwrap(), 0);
    let ledger = store.ledger().await.unwrap();
    assert_eq!((ledger.orphans.len(), ledger.unmatched_verdicts, ledger.judged_rules), (0, 1, 2), "{ledger:?}");
    let again = only(store.claim_reads(&claim("b", 12)).await.unwrap());
    assert_eq!(again.job().entry.id, "plain");
    // It is known for what it is though no article of it is left but the told one, and one more is enough for that, too.
    assert_eq!(store.repeated(again.job(), "a wall").await.unwrap(), 2);
    assert_eq!(store.doubt(third, "a wall", 3, at(13)).await.unwrap(), 1);
    let ledger = store.ledger().await.unwrap();
    assert_eq!(ledger.states[&atalaya::model::ItemState::Unreadable], 1, "{ledger:?}");
    assert_eq!((ledger.orphans.len(), ledger.unmatched_verdicts, ledger.matched), (0, 0, 1), "{ledger:?}");
}
