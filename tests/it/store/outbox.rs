//! Deliveries: frozen, tried, settled, asked for again.

use super::Place;
use super::words::*;
use atalaya::channel::Frozen;
use atalaya::model::ChannelName;
use atalaya::model::DeliveryId;
use atalaya::model::Reason;
use atalaya::read;
use atalaya::send;
use atalaya::send::DeliveryState;
use atalaya::send::Told;
use atalaya::store::DeliveryFilter;
use atalaya::store::Store;
use atalaya::store::StoreError;
use atalaya::story::Relation;

fn mail(text: &str) -> Frozen {
    Frozen { id: format!("<{text}@example.org>"), bytes: format!("Subject: {text}\r\n\r\n\u{e1}").into_bytes() }
}

fn accepted() -> Reason {
    Reason::Accepted { answer: "250 2.0.0 queued".into() }
}

fn refused() -> Reason {
    Reason::Rejected { answer: "550 no such user".into() }
}

/// One item, told to these.
async fn told_to(store: &dyn Store, receivers: &[&str]) {
    let lease = reading(store, "one", "a").await;
    let judged = told(lease.job(), &["courts"], receivers);
    judge(store, lease, judged, 1).await;
}

pub async fn a_try_freezes_the_message_once(place: &dyn Place) {
    let store = place.open().await;
    told_to(&*store, &["ana@paper.example"]).await;
    let lease = only(store.claim_sends(&claim("a", 1)).await.unwrap());
    let job = lease.job();
    assert_eq!((job.attempts, job.frozen.as_ref(), job.created_at), (0, None, at(1)));
    assert_eq!((job.receiver.as_str(), job.channel.as_str()), ("ana@paper.example", "mail"));
    let Told::Alert { alert, rules, .. } = &job.told else { panic!("an alert") };
    assert_eq!((rules.as_slice(), alert.title.as_str()), ([rule("courts")].as_slice(), "Headline of one"));
    store.begin_attempt(&lease, &mail("first"), at(2)).await.unwrap();
    let again = send::Decision::Again { at: at(100), reason: Reason::TimedOut { detail: "DATA".into() } };
    store.commit_send(lease, &again, at(3)).await.unwrap();

    let lease = only(store.claim_sends(&claim("a", 100)).await.unwrap());
    assert_eq!((lease.job().attempts, lease.job().frozen.as_ref()), (1, Some(&mail("first"))));
    store.begin_attempt(&lease, &mail("second"), at(101)).await.unwrap();
    store.commit_send(lease, &send::Decision::Done { reason: accepted() }, at(102)).await.unwrap();
    let id = store.deliveries(&DeliveryFilter { limit: 9, ..DeliveryFilter::default() }).await.unwrap()[0].id.clone();
    let account = store.delivery(id.as_str()).await.unwrap().unwrap();
    assert_eq!(account.message.as_deref(), Some("Subject: first\r\n\r\n\u{e1}"));
    assert_eq!(account.row.message_id.as_deref(), Some("<first@example.org>"));
    assert_eq!(account.row.attempts, 2);
    let ends: Vec<_> = account.tries.iter().map(|try_| (try_.begun_at, try_.ended_at)).collect();
    assert_eq!(ends, [(at(2), Some(at(3))), (at(101), Some(at(102)))]);
    assert_eq!(account.tries[1].reason, Some(accepted()));
    sums_hold(&*store).await;
}

pub async fn a_try_without_an_end_stays_in_doubt(place: &dyn Place) {
    let store = place.open().await;
    told_to(&*store, &["ana@paper.example"]).await;
    let lease = only(store.claim_sends(&claim("a", 1)).await.unwrap());
    store.begin_attempt(&lease, &mail("one"), at(2)).await.unwrap();
    drop(lease);
    let store = place.open().await;
    let lease = only(store.claim_sends(&claim("b", 61)).await.unwrap());
    assert_eq!(lease.job().frozen, Some(mail("one")), "the resend is the same message");
    assert_eq!(lease.job().attempts, 1);
    let id = lease.job().id.clone();
    // Given up before a second try began: the first one's end must not be made up.
    store.commit_send(lease, &send::Decision::GivenUp { reason: Reason::ChannelGone }, at(62)).await.unwrap();
    let account = store.delivery(id.as_str()).await.unwrap().unwrap();
    assert_eq!(only(account.tries).ended_at, None);
    sums_hold(&*store).await;
}

pub async fn a_delivery_is_never_made_twice(place: &dyn Place) {
    let store = place.open().await;
    let mut leases = all_reading(&*store, &["one", "two"]).await;
    let second = leases.pop().unwrap();
    let first = leases.pop().unwrap();
    // The same rules, story and receiver: the second is what a restored backup would decide anew.
    let key = Relation::New { key: "one key".into() };
    let tell_it = |item: &atalaya::model::Item| {
        let mut judged = read::Judged { relation: key.clone(), ..article(item) };
        judged.judgement.verdicts = vec![yes("courts")];
        tell(&mut judged, item, &["courts"], &["ana@paper.example"]);
        judged
    };
    let judged = tell_it(first.job());
    judge(&*store, first, judged, 1).await;
    let lease = only(store.claim_sends(&claim("a", 1)).await.unwrap());
    store.begin_attempt(&lease, &mail("one"), at(2)).await.unwrap();
    store.commit_send(lease, &send::Decision::Done { reason: accepted() }, at(2)).await.unwrap();

    let judged = tell_it(second.job());
    judge(&*store, second, judged, 3).await;
    assert!(store.claim_sends(&claim("a", 9999)).await.unwrap().is_empty(), "it was sent already");
    let ledger = store.ledger().await.unwrap();
    assert_eq!((ledger.deliveries, ledger.delivery_states[&DeliveryState::Done]), (1, 1));
    let way = only(store.ways("https://herald.example/two", "").await.unwrap());
    assert_eq!(way.deliveries.len(), 1, "its way still shows how people were told");
    sums_hold(&*store).await;
}

pub async fn an_answer_settles_the_delivery(place: &dyn Place) {
    let store = place.open().await;
    told_to(&*store, &["a@x.example", "b@x.example", "c@x.example"]).await;
    let leases = store.claim_sends(&claim("a", 1)).await.unwrap();
    let decisions = [
        send::Decision::Done { reason: accepted() },
        send::Decision::Again { at: at(500), reason: refused() },
        send::Decision::GivenUp { reason: refused() },
    ];
    for (lease, decision) in leases.into_iter().zip(&decisions) {
        store.begin_attempt(&lease, &mail("one"), at(2)).await.unwrap();
        store.commit_send(lease, decision, at(3)).await.unwrap();
    }
    let ledger = store.ledger().await.unwrap();
    for state in [DeliveryState::Done, DeliveryState::Waiting, DeliveryState::GivenUp] {
        assert_eq!(ledger.delivery_states[&state], 1, "{state:?}");
    }
    let waiting = DeliveryFilter { state: Some(DeliveryState::Waiting), limit: 9, ..DeliveryFilter::default() };
    let row = only(store.deliveries(&waiting).await.unwrap());
    assert_eq!((row.next_at, row.reason), (Some(at(500)), Some(refused())));
    assert_eq!(only(store.claim_sends(&claim("a", 500)).await.unwrap()).job().receiver, "b@x.example");
    sums_hold(&*store).await;
}

pub async fn a_given_up_delivery_begins_anew_on_request(place: &dyn Place) {
    let store = place.open().await;
    told_to(&*store, &["a@x.example", "b@x.example", "c@x.example"]).await;
    let leases = store.claim_sends(&claim("a", 1)).await.unwrap();
    let ids: Vec<DeliveryId> = leases.iter().map(|lease| lease.job().id.clone()).collect();
    let decisions = [
        send::Decision::Done { reason: accepted() },
        send::Decision::Again { at: at(500), reason: refused() },
        send::Decision::GivenUp { reason: refused() },
    ];
    for (lease, decision) in leases.into_iter().zip(&decisions) {
        store.begin_attempt(&lease, &mail("one"), at(2)).await.unwrap();
        store.commit_send(lease, decision, at(3)).await.unwrap();
    }
    assert_eq!(store.retry(ids[0].as_str(), at(10)).await.unwrap(), 0, "done is done");
    assert_eq!(store.retry("0123456789abcdef", at(10)).await.unwrap(), 0);
    assert_eq!(store.retry(ids[2].as_str(), at(10)).await.unwrap(), 1);
    let lease = only(store.claim_sends(&claim("a", 10)).await.unwrap());
    assert_eq!((lease.job().receiver.as_str(), lease.job().attempts), ("c@x.example", 0));
    assert_eq!(lease.job().frozen, Some(mail("one")));
    assert_eq!(store.retry("all", at(11)).await.unwrap(), 1, "not the one that is being sent");
    assert_eq!(only(store.claim_sends(&claim("a", 11)).await.unwrap()).job().receiver, "b@x.example");
    let account = store.delivery(ids[2].as_str()).await.unwrap().unwrap();
    assert_eq!((account.tries.len(), account.row.reason), (1, Some(Reason::AskedAgain)), "old tries stay told");
    sums_hold(&*store).await;
}

pub async fn a_shortened_id_must_be_unique(place: &dyn Place) {
    let store = place.open().await;
    told_to(&*store, &["a@x.example", "b@x.example"]).await;
    let rows = store.deliveries(&DeliveryFilter { limit: 9, ..DeliveryFilter::default() }).await.unwrap();
    let id = rows[0].id.as_str();
    assert_eq!(store.delivery(&id[..12]).await.unwrap().unwrap().row.id, rows[0].id);
    assert_eq!(store.delivery(id).await.unwrap().unwrap().row, rows[0]);
    assert!(matches!(store.delivery("").await, Err(StoreError::Ambiguous { .. })));
    assert!(matches!(store.retry("", at(2)).await, Err(StoreError::Ambiguous { .. })));
    for unknown in ["zz", "%", "' OR 1=1"] {
        assert!(store.delivery(unknown).await.unwrap().is_none(), "{unknown}");
    }
    sums_hold(&*store).await;
}

pub async fn the_outbox_is_listed_newest_first(place: &dyn Place) {
    let store = place.open().await;
    let leases = all_reading(&*store, &["one", "two", "three"]).await;
    for (lease, seconds) in leases.into_iter().zip([10, 30, 20]) {
        let mut judged = told(lease.job(), &["courts"], &["ana@paper.example"]);
        if seconds == 20 {
            judged.alert.as_mut().unwrap().deliveries[0].channel = ChannelName::new("hook");
        }
        judge(&*store, lease, judged, seconds).await;
    }
    let titles = |filter: DeliveryFilter| {
        let store = store.clone();
        async move {
            let rows = store.deliveries(&filter).await.unwrap();
            rows.into_iter().map(|row| row.title).collect::<Vec<String>>()
        }
    };
    let all = DeliveryFilter { limit: 9, ..DeliveryFilter::default() };
    assert_eq!(titles(all.clone()).await, ["Headline of two", "Headline of three", "Headline of one"]);
    assert_eq!(titles(DeliveryFilter { limit: 1, ..all.clone() }).await, ["Headline of two"]);
    let hook = DeliveryFilter { channel: Some(ChannelName::new("hook")), ..all.clone() };
    assert_eq!(titles(hook).await, ["Headline of three"]);
    assert!(titles(DeliveryFilter { state: Some(DeliveryState::Done), ..all }).await.is_empty());
    let busy = ["hook".to_owned()];
    let not_busy = atalaya::store::Claim { busy_hosts: &busy, per_host: 1, ..claim("a", 50) };
    let other = only(store.claim_sends(&not_busy).await.unwrap());
    let Told::Alert { alert, .. } = &other.job().told else { panic!("an alert") };
    assert_eq!(alert.title, "Headline of one");
    sums_hold(&*store).await;
}
