//! What a reading decided, and how copies find each other.

use super::Place;
use super::words::*;
use atalaya::model::ItemState;
use atalaya::model::Outcome;
use atalaya::model::OutcomeKind;
use atalaya::model::Reason;
use atalaya::read;
use atalaya::store::StoreError;
use atalaya::store::Work;
use atalaya::story::CopyReason;
use atalaya::story::Fingerprint;
use atalaya::story::Relation;

pub async fn a_judged_item_keeps_everything_that_was_decided(place: &dyn Place) {
    let store = place.open().await;
    let lease = reading(&*store, "one", "a").await;
    let item = lease.job().clone();
    let mut judged = told(&item, &["courts"], &["ana@paper.example", "luz@paper.example"]);
    judged.judgement.verdicts = vec![no("first"), yes("courts"), no("between"), yes("prisons"), no("last")];
    let held = Outcome { rule: rule("prisons"), kind: OutcomeKind::Held, reason: Reason::NobodySubscribed };
    judged.outcomes.push(held);
    judge(&*store, lease, judged.clone(), 1).await;

    let way = only(store.ways("https://herald.example/one", "").await.unwrap());
    assert_eq!((&way.item, way.state, way.next_at), (&item, ItemState::Judged, None));
    assert_eq!(way.verdicts, judged.judgement.verdicts, "in the order in which they were given");
    assert_eq!(way.outcomes, judged.outcomes);
    let account = way.article.unwrap();
    assert_eq!(account.article, judged.article);
    assert_eq!(account.final_url, judged.final_url);
    assert_eq!((account.judged_at, account.relation), (at(1), Reason::FirstTelling));
    assert_eq!(account.story_title, "Headline of one");
    let receivers: Vec<&str> = way.deliveries.iter().map(|row| row.receiver.as_str()).collect();
    assert_eq!(receivers, ["ana@paper.example", "luz@paper.example"]);

    let ledger = store.ledger().await.unwrap();
    assert_eq!((ledger.judged_rules, ledger.matched_verdicts, ledger.unmatched_verdicts), (5, 2, 3));
    assert_eq!((ledger.matched, ledger.deliveries), (2, 2));
    assert_eq!((ledger.outcomes[&OutcomeKind::Alerted], ledger.outcomes[&OutcomeKind::Held]), (1, 1));
    sums_hold(&*store).await;
}

pub async fn a_failed_reading_is_tried_again_and_remembered(place: &dyn Place) {
    let store = place.open().await;
    let lease = reading(&*store, "one", "a").await;
    let again = read::Decision::Again { at: at(300), reason: Reason::Status { status: 503 } };
    store.commit_read(lease, &again, &[], at(0), at(1)).await.unwrap();
    let lease = only(store.claim_reads(&claim("a", 300)).await.unwrap());
    assert_eq!(lease.job().attempts, 1);
    let reason = Reason::GaveUp { attempts: 2, last: Box::new(Reason::EmptyPage) };
    let unreadable = read::Decision::Unreadable { reason: reason.clone(), judged: None };
    store.commit_read(lease, &unreadable, &[], at(0), at(301)).await.unwrap();

    let way = only(store.ways("https://herald.example/one", "").await.unwrap());
    assert_eq!((way.state, way.item.attempts, way.reason.as_ref()), (ItemState::Unreadable, 2, Some(&reason)));
    assert_eq!(way.tries, [(at(1), Reason::Status { status: 503 }), (at(301), reason)]);
    assert!(way.article.is_none() && way.verdicts.is_empty(), "undecided is not unmatched");
    assert_eq!(store.next_due(Work::Read).await.unwrap(), None);
    sums_hold(&*store).await;
}

pub async fn an_unreadable_item_may_be_told_by_its_feed(place: &dyn Place) {
    let store = place.open().await;
    let lease = reading(&*store, "one", "a").await;
    let mut judged = told(lease.job(), &["courts"], &["ana@paper.example"]);
    judged.judgement.verdicts.retain(|verdict| verdict.matched);
    let address = judged.fingerprint.addresses[0].clone();
    let fingerprint = judged.fingerprint.clone();
    let reason = Reason::Wall { detail: "consent".into() };
    let unreadable = read::Decision::Unreadable { reason, judged: Some(Box::new(judged)) };
    store.commit_read(lease, &unreadable, &[], at(0), at(1)).await.unwrap();
    let ledger = store.ledger().await.unwrap();
    assert_eq!(ledger.states[&ItemState::Unreadable], 1);
    assert_eq!((ledger.judged_rules, ledger.matched, ledger.deliveries), (1, 1, 1));
    assert_eq!(store.article_at(&address).await.unwrap(), None, "the page itself was never read");
    assert_eq!(lookalikes(&*store, &fingerprint).await.len(), 1, "but its story was told");
    assert_eq!(store.claim_sends(&claim("a", 1)).await.unwrap().len(), 1);
    sums_hold(&*store).await;
}

pub async fn a_copy_is_found_by_address_at_any_time_and_by_text_since(place: &dyn Place) {
    let store = place.open().await;
    let leases = all_reading(&*store, &["one", "two", "three"]).await;
    for (lease, seconds) in leases.into_iter().zip([10, 30, 20]) {
        let mut judged = told(lease.job(), &["courts", "army"], &["ana@paper.example"]);
        judged.fingerprint.addresses.push("https://z.example/".into());
        judged.fingerprint.text = Some("the same text".into());
        judge(&*store, lease, judged, seconds).await;
    }
    let ids = |seen: &[atalaya::story::Lookalike]| -> Vec<i64> { seen.iter().map(|like| like.item.0).collect() };
    let text = Fingerprint { addresses: Vec::new(), text: Some("the same text".into()) };
    let seen = store.lookalikes(&text, false, at(0)).await.unwrap();
    assert_eq!(ids(&seen), [1, 3, 2], "oldest first");
    assert_eq!(seen[0].told, [rule("army"), rule("courts")]);
    assert_eq!(seen[0].fingerprint.addresses, ["https://herald.example/one", "https://z.example/"]);
    assert_eq!((seen[0].judged_at, seen[0].title.as_str()), (at(10), "Headline of one"));
    assert_eq!(ids(&store.lookalikes(&text, false, at(20)).await.unwrap()), [2], "by text only what came after");
    let address = Fingerprint { addresses: vec!["https://herald.example/one".into()], text: None };
    assert_eq!(ids(&store.lookalikes(&address, false, at(9999)).await.unwrap()), [1]);
    let nothing = Fingerprint { addresses: vec!["https://elsewhere.example/".into()], text: None };
    assert!(store.lookalikes(&nothing, false, at(0)).await.unwrap().is_empty());
    sums_hold(&*store).await;
}

pub async fn a_copy_is_merged_into_its_story(place: &dyn Place) {
    let store = place.open().await;
    let mut leases = all_reading(&*store, &["one", "two"]).await;
    let second = leases.pop().unwrap();
    let first = leases.pop().unwrap();
    let original = told(first.job(), &["courts"], &["ana@paper.example"]);
    judge(&*store, first, original.clone(), 1).await;
    let seen = lookalikes(&*store, &original.fingerprint).await;
    assert_eq!(only(seen.clone()).told, [rule("courts")]);
    let copy = merged(second.job(), &seen, &["courts"]);
    judge(&*store, second, copy, 2).await;

    let way = only(store.ways("https://herald.example/two", "").await.unwrap());
    let account = way.article.unwrap();
    assert_eq!(account.story_key, seen[0].story_key);
    assert_eq!(account.story_title, "Headline of one");
    assert_eq!(account.relation, Reason::SameText { item: seen[0].item });
    assert!(way.deliveries.is_empty());
    let ledger = store.ledger().await.unwrap();
    assert_eq!((ledger.matched, ledger.outcomes[&OutcomeKind::Merged], ledger.deliveries), (2, 1, 1));
    sums_hold(&*store).await;
}

pub async fn a_copy_that_matches_another_rule_is_told_for_that_rule(place: &dyn Place) {
    let store = place.open().await;
    let mut leases = all_reading(&*store, &["one", "two"]).await;
    let second = leases.pop().unwrap();
    let first = leases.pop().unwrap();
    let original = told(first.job(), &["courts"], &["ana@paper.example"]);
    judge(&*store, first, original.clone(), 1).await;
    let seen = lookalikes(&*store, &original.fingerprint).await;
    let mut copy = merged(second.job(), &seen, &["courts"]);
    copy.judgement.verdicts.push(yes("army"));
    tell(&mut copy, second.job(), &["army"], &["ana@paper.example"]);
    judge(&*store, second, copy, 2).await;
    let seen = lookalikes(&*store, &original.fingerprint).await;
    assert!(seen.iter().all(|like| like.told == [rule("army"), rule("courts")]), "told of the story, not of an item");
    assert_eq!(store.ledger().await.unwrap().deliveries, 2);
    sums_hold(&*store).await;
}

pub async fn a_twin_that_was_committed_in_between_makes_the_decision_stale(place: &dyn Place) {
    let store = place.open().await;
    let mut leases = all_reading(&*store, &["one", "two"]).await;
    let second = leases.pop().unwrap();
    let first = leases.pop().unwrap();
    let mut original = told(first.job(), &["courts"], &["ana@paper.example"]);
    let mut twin = told(second.job(), &["courts"], &["ana@paper.example"]);
    original.fingerprint.text = Some("the same text".into());
    twin.fingerprint.text = Some("the same text".into());
    let seen = lookalikes(&*store, &twin.fingerprint).await;
    assert!(seen.is_empty());
    judge(&*store, first, original, 1).await;

    let before = store.ledger().await.unwrap();
    let (error, lease) = commit(&*store, second, twin.clone(), &seen, 2).await.unwrap_err();
    assert!(matches!(error, StoreError::Stale));
    assert_eq!(store.ledger().await.unwrap(), before, "nothing was written");
    let second = lease.expect("the lease comes back");
    let seen = lookalikes(&*store, &twin.fingerprint).await;
    let copy = merged(second.job(), &seen, &["courts"]);
    commit(&*store, second, copy, &seen, 2).await.expect("decided again, it fits");
    assert_eq!(store.ledger().await.unwrap().deliveries, 1);
    sums_hold(&*store).await;
}

pub async fn a_story_whose_key_is_there_is_the_same_story(place: &dyn Place) {
    let store = place.open().await;
    let mut leases = all_reading(&*store, &["one", "two"]).await;
    let second = leases.pop().unwrap();
    let first = leases.pop().unwrap();
    let key = Relation::New { key: "one key".into() };
    let original = read::Judged { relation: key.clone(), ..told(first.job(), &["courts"], &["ana@paper.example"]) };
    judge(&*store, first, original, 1).await;
    let again = read::Judged { relation: key, ..told(second.job(), &["army"], &["ana@paper.example"]) };
    let fingerprint = again.fingerprint.clone();
    judge(&*store, second, again, 2).await;
    let seen = only(lookalikes(&*store, &fingerprint).await);
    assert_eq!((seen.title.as_str(), seen.story.0), ("Headline of one", 1));
    assert_eq!(seen.told, [rule("army"), rule("courts")]);
    sums_hold(&*store).await;
}

pub async fn a_read_article_need_not_be_read_again(place: &dyn Place) {
    let store = place.open().await;
    let mut leases = all_reading(&*store, &["one", "two"]).await;
    let second = leases.pop().unwrap();
    let first = leases.pop().unwrap();
    assert_eq!(store.article_at("https://herald.example/one").await.unwrap(), None);
    let (one, two) = (first.job().id, second.job().id);
    let judged = article(first.job());
    judge(&*store, first, judged.clone(), 1).await;
    let known = store.article_at("https://herald.example/one").await.unwrap();
    assert_eq!(known, Some((one, judged.article.clone(), judged.final_url.clone())));
    let mut newer = article(second.job());
    newer.fingerprint.addresses = judged.fingerprint.addresses.clone();
    newer.relation = copy_of(&lookalikes(&*store, &judged.fingerprint).await, CopyReason::Address);
    judge(&*store, second, newer.clone(), 2).await;
    let known = store.article_at("https://herald.example/one").await.unwrap();
    assert_eq!(known, Some((two, newer.article, newer.final_url)), "the newest");
    sums_hold(&*store).await;
}

pub async fn undecided_rules_are_no_verdicts(place: &dyn Place) {
    let store = place.open().await;
    let lease = reading(&*store, "one", "a").await;
    let judged = article(lease.job());
    judge(&*store, lease, judged, 1).await;
    let ledger = store.ledger().await.unwrap();
    assert_eq!((ledger.judged_rules, ledger.matched, ledger.deliveries), (0, 0, 0), "there was no rule");
    assert_eq!(ledger.states[&ItemState::Judged], 1);
    sums_hold(&*store).await;
}
