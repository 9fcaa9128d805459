//! Sources, and what their polls found.

use super::Place;
use super::words::*;
use atalaya::model::ItemState;
use atalaya::model::Reason;
use atalaya::model::SourceName;
use atalaya::poll;
use atalaya::poll::SourceState;
use atalaya::poll::Validators;
use atalaya::schedule::habits::Habits;
use atalaya::store::Claim;
use atalaya::store::StoreError;
use atalaya::store::Work;
use jiff::SignedDuration;
use std::sync::Arc;

pub async fn a_new_source_is_due_at_its_first_time(place: &dyn Place) {
    let store = place.open().await;
    let mut later = source("later");
    later.first_due = at(10);
    store.register_sources(&[source("herald"), later], at(0)).await.unwrap();
    let leases = store.claim_polls(&claim("a", 0)).await.unwrap();
    assert_eq!(only(leases).job().source, SourceName::new("herald"));
    assert_eq!(store.next_due(Work::Poll).await.unwrap(), Some(at(10)));
    sums_hold(&*store).await;
}

/// Habits with something in every part.
fn learned() -> Habits {
    let mut habits = Habits::default();
    habits.rhythm.observe(&[at(0)], at(86_400));
    habits.wishes.ttl = Some("60".into());
    habits.caching.cache_control = Some("max-age=60".into());
    habits
}

pub async fn what_a_poll_found_is_kept(place: &dyn Place) {
    let store = place.open().await;
    store.register_sources(&[source("herald")], at(0)).await.unwrap();
    let lease = only(store.claim_polls(&claim("a", 0)).await.unwrap());
    assert_eq!(lease.job().state, SourceState::default());
    let state = SourceState {
        polls: 1,
        validators: Validators { etag: Some("W/\"1\"".into()), last_modified: Some("Mon, 1 Jan 2035".into()) },
        failures: 0,
        heard_at: Some(at(1)),
        habits: learned(),
        ..SourceState::default()
    };
    let decision = poll::Decision { state: state.clone(), ..found(vec![entry("one", "h.example")], 1) };
    assert_eq!(store.commit_poll(lease, &decision, at(1)).await.unwrap(), 1);
    assert!(store.claim_polls(&claim("a", 900)).await.unwrap().is_empty(), "not due yet");
    assert_eq!(only(store.claim_polls(&claim("a", 901)).await.unwrap()).job().state, state);
    let item = only(store.claim_reads(&claim("a", 1)).await.unwrap());
    assert_eq!(item.job().entry, entry("one", "h.example").entry);
    assert_eq!((item.job().listed_at, item.job().attempts), (at(1), 0));
    sums_hold(&*store).await;
}

pub async fn a_push_that_comes_while_its_source_is_polled_is_not_forgotten(place: &dyn Place) {
    let store = place.open().await;
    store.register_sources(&[source("herald"), source("failing")], at(0)).await.unwrap();
    let gap = SignedDuration::from_secs(30);
    for lease in store.claim_polls(&claim("a", 0)).await.unwrap() {
        let name = lease.job().source.clone();
        assert!(store.hurry(&name, at(0), gap).await.unwrap());
        let found = found(Vec::new(), 1);
        let failures = u32::from(name.as_str() == "failing");
        let decision = poll::Decision { state: SourceState { failures, ..found.state.clone() }, ..found };
        store.commit_poll(lease, &decision, at(1)).await.unwrap();
    }
    assert!(store.claim_polls(&claim("a", 30)).await.unwrap().is_empty(), "not at once");
    let again = only(store.claim_polls(&claim("a", 31)).await.unwrap());
    assert_eq!(again.job().source, SourceName::new("herald"));
    store.commit_poll(again, &found(Vec::new(), 31), at(31)).await.unwrap();
    assert!(store.claim_polls(&claim("a", 61)).await.unwrap().is_empty(), "one push is one poll");
}

/// Two hundred at once, every tenth of which lost its lease to somebody else.
pub async fn polls_that_end_together_are_each_kept_and_each_told(place: &dyn Place) {
    let store = place.open().await;
    let sources: Vec<_> = (0..200).map(|number| source(&format!("s{number}"))).collect();
    store.register_sources(&sources, at(0)).await.unwrap();
    let all = Claim { limit: 1000, ..claim("a", 0) };
    let leases = store.claim_polls(&all).await.unwrap();
    assert_eq!(leases.len(), 200);
    place.sql("UPDATE source SET fence = fence + 1, etag = 'theirs' WHERE name LIKE '%7'").await;
    let commits = leases.into_iter().map(|lease| {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            let name = lease.job().source.as_str().to_owned();
            let validators = Validators { etag: Some(format!("W/\"{name}\"\\ é")), last_modified: None };
            let state = SourceState { polls: 1, validators, habits: learned(), ..SourceState::default() };
            let decision = poll::Decision { state, ..found(Vec::new(), 1) };
            (name, store.commit_poll(lease, &decision, at(1)).await)
        })
    });
    for committed in commits.collect::<Vec<_>>() {
        let (name, result) = committed.await.unwrap();
        match result {
            Ok(waiting) => assert!(waiting == 0 && !name.ends_with('7'), "{name}"),
            Err(StoreError::LeaseLost) => assert!(name.ends_with('7'), "{name}"),
            Err(error) => panic!("{name}: {error}"),
        }
    }
    drop(store);
    let later = Claim { limit: 1000, ..claim("b", 901) };
    for lease in place.open().await.claim_polls(&later).await.unwrap() {
        let (name, state) = (lease.job().source.as_str(), &lease.job().state);
        let etag = if name.ends_with('7') { "theirs".to_owned() } else { format!("W/\"{name}\"\\ é") };
        assert_eq!(state.validators.etag, Some(etag), "{name}");
        assert_eq!(state.habits == learned(), !name.ends_with('7'), "{name}");
    }
}

pub async fn listing_an_entry_again_is_silent(place: &dyn Place) {
    let store = place.open().await;
    let twice = vec![entry("one", "h.example"), entry("one", "h.example"), entry("two", "h.example")];
    listed(&*store, twice).await;
    let herald = SourceName::new("herald");
    let ids = ["one".to_owned(), "two".to_owned(), "three".to_owned()];
    let known = store.known_entries(&herald, &ids).await.unwrap();
    assert_eq!(known, ["one".to_owned(), "two".to_owned()].into());
    assert!(store.known_entries(&SourceName::new("other"), &ids).await.unwrap().is_empty());

    let lease = only(store.claim_polls(&claim("a", 900)).await.unwrap());
    let mut again = entry("two", "h.example");
    again.entry.title = "A new title".into();
    let waiting = store.commit_poll(lease, &found(vec![again, entry("three", "h.example")], 900), at(900)).await;
    assert_eq!(waiting.unwrap(), 1, "only what is new waits");
    let ledger = store.ledger().await.unwrap();
    assert_eq!(ledger.listed, 3);
    assert_eq!(ledger.states[&ItemState::Waiting], 3);
    let titles: Vec<String> =
        store.claim_reads(&claim("a", 900)).await.unwrap().iter().map(|item| item.job().entry.title.clone()).collect();
    assert_eq!(titles, ["Title of one", "Title of two", "Title of three"]);
    sums_hold(&*store).await;
}

pub async fn an_absent_source_is_not_asked_and_keeps_its_history(place: &dyn Place) {
    let store = place.open().await;
    listed(&*store, vec![entry("one", "h.example")]).await;
    store.register_sources(&[source("gazette")], at(1)).await.unwrap();
    let due = only(store.claim_polls(&claim("a", 5000)).await.unwrap());
    assert_eq!(due.job().source, SourceName::new("gazette"));
    assert_eq!(store.known_entries(&SourceName::new("herald"), &["one".into()]).await.unwrap().len(), 1);
    assert_eq!(store.status(at(5000)).await.unwrap().sources, 1);
    store.register_sources(&[source("herald"), source("gazette")], at(2)).await.unwrap();
    let back = only(store.claim_polls(&claim("a", 5000)).await.unwrap());
    assert_eq!((back.job().source.as_str(), back.job().state.polls), ("herald", 1));
    sums_hold(&*store).await;
}

pub async fn a_changed_address_forgets_validators_and_ends_the_lease(place: &dyn Place) {
    let store = place.open().await;
    listed(&*store, Vec::new()).await;
    let mut tagged = found(vec![entry("old", "h.example")], 900);
    tagged.state.validators.etag = Some("\"old\"".into());
    let lease = only(store.claim_polls(&claim("a", 900)).await.unwrap());
    store.commit_poll(lease, &tagged, at(900)).await.unwrap();
    let old = only(store.claim_polls(&claim("a", 1800)).await.unwrap());
    assert_eq!(old.job().state.validators.etag.as_deref(), Some("\"old\""));

    let mut moved = source("herald");
    moved.address = "https://herald.example/new-feed".into();
    store.register_sources(&[moved.clone()], at(1801)).await.unwrap();
    let late = store.commit_poll(old, &tagged, at(1802)).await;
    assert!(matches!(late, Err(StoreError::LeaseLost)), "its validators are of the old address");
    let lease = only(store.claim_polls(&claim("a", 1802)).await.unwrap());
    assert_eq!(lease.job().state.validators, Validators::default());
    store.commit_poll(lease, &tagged, at(1802)).await.unwrap();
    store.register_sources(&[moved], at(1803)).await.unwrap();
    let kept = only(store.claim_polls(&claim("a", 9000)).await.unwrap());
    assert_eq!(kept.job().state.validators.etag.as_deref(), Some("\"old\""), "the same address keeps them");
    sums_hold(&*store).await;
}

pub async fn entries_that_are_not_to_be_read_are_settled_at_once(place: &dyn Place) {
    let store = place.open().await;
    let with = |id: &str, state, reason| {
        let mut item = entry(id, "h.example");
        (item.state, item.reason) = (state, Some(reason));
        item
    };
    let mut nowhere = with("nowhere", ItemState::Unreadable, Reason::NoAddress);
    (nowhere.host, nowhere.address_key, nowhere.entry.link) = (None, None, None);
    let items = vec![
        with("before", ItemState::Baseline, Reason::BeforeWatching),
        with("old", ItemState::TooOld, Reason::OlderThanFirstPoll { hours: 30 }),
        nowhere,
    ];
    listed(&*store, items).await;
    assert!(store.claim_reads(&claim("a", 9000)).await.unwrap().is_empty());
    assert_eq!(store.next_due(Work::Read).await.unwrap(), None);
    let status = store.status(at(1)).await.unwrap();
    assert_eq!(status.unreadable_total, 1);
    assert_eq!(status.unreadable[0].reason, Reason::NoAddress);
    assert_eq!(status.unreadable[0].title, "Title of nowhere");
    sums_hold(&*store).await;
}
