//! Remarks on sources, and the notices that they become.

use super::Place;
use super::words::*;
use atalaya::channel::Frozen;
use atalaya::health;
use atalaya::health::Health;
use atalaya::health::Observation;
use atalaya::health::Policy;
use atalaya::health::Subject;
use atalaya::model::ChannelName;
use atalaya::model::Reason;
use atalaya::model::SourceName;
use atalaya::poll;
use atalaya::send;
use atalaya::send::Told;
use atalaya::store::Store;
use atalaya::store::Work;
use jiff::SignedDuration;

const POLICY: Policy =
    Policy { after: SignedDuration::from_secs(100), group: SignedDuration::from_secs(10), remind: None };

/// Polls whatever is due at a second, with this outcome.
async fn polled(store: &dyn Store, reason: Option<Reason>, second: i64) {
    for lease in store.claim_polls(&claim("a", second)).await.unwrap() {
        let source = lease.job().source.clone();
        let subject = Subject { source: &source, label: None, host: "herald.example" };
        let seen = match &reason {
            Some(reason) => Observation::Failed { reason },
            None => Observation::Unchanged { moved: None },
        };
        let health = health::decide(&lease.job().health, subject, seen, Some(&POLICY), at(second));
        let decision = poll::Decision { health, next_at: at(second + 10), ..found(Vec::new(), second) };
        store.commit_poll(lease, &decision, at(second)).await.unwrap();
    }
}

async fn gathered(store: &dyn Store, second: i64) -> usize {
    let operators = ["ana@example.org", "luis@example.org"].map(|to| (ChannelName::new("ops"), to.to_owned()));
    store.gather_notices(&operators, SignedDuration::from_secs(25), at(second)).await.unwrap()
}

const BROKEN: Option<Reason> = Some(Reason::Status { status: 500 });

pub async fn trouble_is_told_once_and_its_end_to_those_who_heard_of_it(place: &dyn Place) {
    let store = place.open().await;
    store.register_sources(&[source("herald")], at(0)).await.unwrap();
    polled(&*store, BROKEN, 0).await;
    assert_eq!(store.next_due(Work::Send).await.unwrap(), Some(at(110)));
    assert_eq!(gathered(&*store, 109).await, 0, "it waits for others");
    polled(&*store, BROKEN, 109).await;
    assert_eq!(gathered(&*store, 110).await, 2, "one for each operator");
    polled(&*store, BROKEN, 120).await;
    assert_eq!(gathered(&*store, 900).await, 0, "told once");
    polled(&*store, None, 900).await;
    assert_eq!(gathered(&*store, 910).await, 2, "its end");

    let sends = store.claim_sends(&claim("a", 910)).await.unwrap();
    let titles: Vec<String> = sends
        .iter()
        .map(|lease| match &lease.job().told {
            Told::Notice(notice) => notice.title(),
            Told::Alert { .. } | Told::Bulletin(_) => panic!("nobody was alerted"),
        })
        .collect();
    assert_eq!(
        titles,
        ["herald cannot be read", "herald cannot be read", "herald is all right again", "herald is all right again"]
    );
    let account = store.delivery(sends[0].job().id.as_str()).await.unwrap().expect("it is there");
    assert_eq!((account.row.title.as_str(), account.alert), ("herald cannot be read", None));
    assert!(account.notice.is_some());
    sums_hold(&*store).await;
}

pub async fn trouble_that_ends_untold_is_withdrawn(place: &dyn Place) {
    let store = place.open().await;
    store.register_sources(&[source("herald")], at(0)).await.unwrap();
    polled(&*store, BROKEN, 0).await;
    polled(&*store, None, 90).await;
    assert_eq!(gathered(&*store, 900).await, 0);
    assert_eq!(store.next_due(Work::Send).await.unwrap(), None);
    sums_hold(&*store).await;
}

pub async fn a_change_of_kind_before_the_time_is_told_as_what_it_became(place: &dyn Place) {
    let store = place.open().await;
    store.register_sources(&[source("herald")], at(0)).await.unwrap();
    polled(&*store, BROKEN, 0).await;
    polled(&*store, Some(Reason::HtmlPage { title: "Portal".into() }), 50).await;
    assert_eq!(gathered(&*store, 200).await, 2);
    // Back to a kind that was never told, and then to one that was.
    polled(&*store, BROKEN, 200).await;
    assert_eq!(gathered(&*store, 210).await, 2);
    polled(&*store, Some(Reason::HtmlPage { title: "Portal".into() }), 220).await;
    assert_eq!(gathered(&*store, 900).await, 0, "each kind is told once in one trouble");
    sums_hold(&*store).await;
}

pub async fn what_is_due_soon_goes_along(place: &dyn Place) {
    let store = place.open().await;
    let mut later = source("later");
    later.first_due = at(20);
    let mut much_later = source("much-later");
    much_later.first_due = at(60);
    store.register_sources(&[source("herald"), later, much_later], at(0)).await.unwrap();
    for second in [0, 20, 60] {
        polled(&*store, BROKEN, second).await;
    }
    assert_eq!(gathered(&*store, 110).await, 2);
    let sends = store.claim_sends(&claim("a", 110)).await.unwrap();
    let Told::Notice(notice) = &sends[0].job().told else { panic!("a notice") };
    let names: Vec<&str> = notice.remarks.iter().map(|remark| remark.source.as_str()).collect();
    assert_eq!(names, ["herald", "later"]);
    sums_hold(&*store).await;
}

pub async fn a_source_that_is_watched_no_more_or_elsewhere_is_spoken_of_no_more(place: &dyn Place) {
    let store = place.open().await;
    store.register_sources(&[source("herald"), source("other")], at(0)).await.unwrap();
    polled(&*store, BROKEN, 0).await;
    let mut moved = source("herald");
    moved.address = "https://elsewhere.example/".into();
    store.register_sources(&[moved], at(5)).await.unwrap();
    assert_eq!(gathered(&*store, 900).await, 0);
    let herald = only(store.claim_polls(&claim("a", 900)).await.unwrap());
    assert_eq!((&herald.job().source, &herald.job().health), (&SourceName::new("herald"), &Health::default()));
    sums_hold(&*store).await;
}

pub async fn without_operators_remarks_are_dropped_and_nothing_is_due(place: &dyn Place) {
    let store = place.open().await;
    store.register_sources(&[source("herald")], at(0)).await.unwrap();
    polled(&*store, BROKEN, 0).await;
    assert_eq!(store.gather_notices(&[], SignedDuration::ZERO, at(200)).await.unwrap(), 0);
    assert_eq!(store.next_due(Work::Send).await.unwrap(), None);
    sums_hold(&*store).await;
}

/// Tries what is due by one channel, in vain or not.
async fn sent(store: &dyn Store, channel: &str, second: i64, heard: bool) {
    for lease in store.claim_sends(&claim("a", second)).await.unwrap() {
        assert_eq!(lease.job().channel.as_str(), channel);
        let frozen = Frozen { id: format!("<{}@tower.example>", lease.job().id), bytes: b"a notice".to_vec() };
        store.begin_attempt(&lease, &frozen, at(second)).await.unwrap();
        let decision = match heard {
            true => send::Decision::Done { reason: Reason::Accepted { answer: "204".into() } },
            false => send::Decision::Again {
                at: at(second + 3600),
                reason: Reason::NotHandedOver { detail: "connection refused".into() },
            },
        };
        store.commit_send(lease, &decision, at(second)).await.unwrap();
    }
}

pub async fn operators_who_are_not_reached_are_told_once_by_the_fallback(place: &dyn Place) {
    let store = place.open().await;
    store.register_sources(&[source("herald")], at(0)).await.unwrap();
    polled(&*store, BROKEN, 0).await;
    polled(&*store, BROKEN, 109).await;
    assert_eq!(gathered(&*store, 110).await, 2);
    let fallback = [(ChannelName::new("hook"), "https://ops.example/hook".to_owned())];
    let fallen = async |second| store.fall_back(&fallback, at(second)).await.unwrap();
    assert_eq!(fallen(500).await, 0, "nobody has tried yet");
    sent(&*store, "ops", 501, false).await;
    assert_eq!(store.fall_back(&[], at(502)).await.unwrap(), 0, "there is no fallback");
    assert_eq!(fallen(502).await, 1);
    assert_eq!(fallen(503).await, 0, "once");
    sent(&*store, "hook", 504, true).await;
    // Trouble's end reaches the operators themselves: the fallback is left alone.
    polled(&*store, None, 900).await;
    assert_eq!(gathered(&*store, 910).await, 2);
    sent(&*store, "ops", 911, true).await;
    assert_eq!(fallen(2000).await, 0);
    sums_hold(&*store).await;
}
