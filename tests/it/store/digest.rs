//! Lanes: what is held is told once, in one message, and the ledger counts it; silences.

use super::Place;
use super::words::*;
use atalaya::model::ChannelName;
use atalaya::model::Level;
use atalaya::model::OutcomeKind;
use atalaya::model::PersonName;
use atalaya::model::Reason;
use atalaya::model::RuleName;
use atalaya::model::SourceName;
use atalaya::model::SubscriptionName;
use atalaya::model::Tongue;
use atalaya::model::alert::RuleTold;
use atalaya::read;
use atalaya::read::Judged;
use atalaya::read::NewHeld;
use atalaya::route::Caps;
use atalaya::route::Covers;
use atalaya::route::People;
use atalaya::route::Person;
use atalaya::route::Rhythm;
use atalaya::route::Silence;
use atalaya::route::Subscription;
use atalaya::route::Zone;
use atalaya::route::gather;
use atalaya::route::gather::Decision;
use atalaya::route::gather::Lane;
use atalaya::send::Told;
use atalaya::store::HeldState;
use atalaya::store::LanePlan;
use atalaya::store::Lease;
use atalaya::store::Store;
use atalaya::store::StoreError;
use atalaya::store::Work;
use atalaya::story::CopyReason;

const DAY: i64 = 86_400;

fn morning() -> Subscription {
    let rhythm = Rhythm::Digest { cron: "0 8 * * *".into(), zone: Zone::default() };
    Subscription { rhythm, ..Subscription::new(SubscriptionName::new("morning"), Covers::All, vec![mail()]) }
}

fn mail() -> ChannelName {
    ChannelName::new("mail")
}

fn plan(next_at: i64, rhythm: &str) -> LanePlan {
    let (channel, receiver) = (mail(), "ana@example.org".to_owned());
    let subscription = SubscriptionName::new("morning");
    LanePlan { channel, receiver, subscription, rhythm: rhythm.into(), next_at: at(next_at) }
}

/// The alert of this judgement, held instead of told.
fn hold(judged: &mut Judged, lane: Option<&str>, due: i64, why: Reason) {
    let rules: Vec<RuleName> = judged.outcomes.iter().map(|outcome| outcome.rule.clone()).collect();
    let new = judged.alert.as_mut().expect("an alert");
    new.deliveries.clear();
    new.alert.rules = rules
        .iter()
        .map(|name| RuleTold { name: name.clone(), label: name.to_string(), reason: Reason::Told })
        .collect();
    let muted = matches!(why, Reason::Silenced { .. });
    if !muted {
        new.held.push(NewHeld {
            channel: if lane.is_some() { mail() } else { ChannelName::new("person.ana") },
            receiver: "ana@example.org".into(),
            lane: lane.map(SubscriptionName::new),
            rules,
            level: Level::Normal,
            due_at: at(due),
            why: why.clone(),
        });
    }
    for outcome in &mut judged.outcomes {
        outcome.kind = if muted { OutcomeKind::Muted } else { OutcomeKind::Held };
        outcome.reason = why.clone();
    }
}

fn digest_of(day: i64) -> Reason {
    Reason::WaitsForDigest { until: at(day * DAY) }
}

fn silenced() -> Reason {
    Reason::Silenced { silence: "1".into(), by: "Ana".into(), because: "we are there".into(), until: at(DAY) }
}

/// What the gathering loop does with one lane.
async fn gathered(
    store: &dyn Store,
    lease: Lease<Lane>,
    subscriptions: &[Subscription],
    people: &People,
    second: i64,
) -> Decision {
    let lane = lease.job().clone();
    let policy = gather::policy(&lane, subscriptions, people);
    let digest = policy.subscription.filter(|_| policy.is_digest());
    let (waiting, account) = store.material(&lane, digest, at(second)).await.unwrap();
    let decision = gather::decide(&lane, &policy, &waiting, account, at(second));
    store.commit_gather(lease, &decision, at(second)).await.unwrap();
    decision
}

pub async fn a_digest_tells_what_was_held_and_what_was_heard_and_nothing_twice(place: &dyn Place) {
    let store = place.open().await;
    store.register_sources(&[source("herald"), source("dead")], at(0)).await.unwrap();
    store.register_lanes(&[plan(DAY, "0 8 * * * UTC")], at(0)).await.unwrap();
    for lease in store.claim_polls(&claim("lister", 1)).await.unwrap() {
        let decision = match lease.job().source.as_str() {
            "herald" => found(["a", "b", "c", "d"].map(|id| entry(id, "herald.example")).into(), 1),
            _ => {
                let mut failed = found(Vec::new(), 1);
                (failed.state.failures, failed.state.heard_at) = (1, None);
                failed.reason = Reason::Status { status: 503 };
                failed
            }
        };
        store.commit_poll(lease, &decision, at(1)).await.unwrap();
    }
    for lease in store.claim_reads(&claim("reader", 2)).await.unwrap() {
        let item = lease.job().clone();
        match item.entry.id.as_str() {
            "a" => {
                let mut judged = told(&item, &["prisons"], &[]);
                hold(&mut judged, Some("morning"), DAY, digest_of(1));
                judge(&*store, lease, judged, 2).await;
            }
            "b" => {
                let mut judged = article(&item);
                judged.fingerprint.text = Some("text of a".into());
                let seen = lookalikes(&*store, &judged.fingerprint).await;
                assert_eq!(seen[0].told, [rule("prisons")], "what is held counts as told: a copy is no news");
                let mut judged = merged(&item, &seen, &["prisons"]);
                judged.relation = copy_of(&seen, CopyReason::Text);
                judge(&*store, lease, judged, 3).await;
            }
            "c" => {
                let mut judged = told(&item, &["prisons"], &[]);
                hold(&mut judged, None, 0, silenced());
                judge(&*store, lease, judged, 4).await;
            }
            _ => {
                let reason = Reason::GaveUp { attempts: 3, last: Box::new(Reason::EmptyPage) };
                let decision = read::Decision::Unreadable { reason, judged: None };
                store.commit_read(lease, &decision, &[], at(-100), at(5)).await.map_err(|(error, _)| error).unwrap();
            }
        }
    }
    let ledger = store.ledger().await.unwrap();
    assert_eq!(ledger.faults(), Vec::<String>::new());
    assert_eq!((ledger.held, ledger.held_states[&HeldState::Waiting], ledger.deliveries), (1, 1, 0));
    assert_eq!((ledger.outcomes[&OutcomeKind::Held], ledger.outcomes[&OutcomeKind::Muted]), (1, 1));
    assert_eq!(store.held(10).await.unwrap()[0].why, digest_of(1));
    assert_eq!(store.next_due(Work::Gather).await.unwrap(), Some(at(DAY)));
    assert!(store.claim_lanes(&claim("a", DAY - 1)).await.unwrap().is_empty());

    // A reload changes nothing, also when the time has passed.
    store.register_lanes(&[plan(2 * DAY, "0 8 * * * UTC")], at(DAY + 1)).await.unwrap();
    let lease = only(store.claim_lanes(&claim("a", DAY + 2)).await.unwrap());
    let decision = gathered(&*store, lease, &[morning()], &People::default(), DAY + 2).await;
    let bulletin = decision.bulletin.expect("a digest").bulletin;
    let titles =
        |lines: &[atalaya::model::bulletin::Line]| lines.iter().map(|line| line.title.clone()).collect::<Vec<_>>();
    assert_eq!(bulletin.stories.len(), 1);
    assert_eq!(bulletin.stories[0].title, "Headline of a");
    assert_eq!(titles(&bulletin.stories[0].carried), ["Headline of b"]);
    assert_eq!(
        (titles(&bulletin.muted), bulletin.folded.len(), bulletin.elsewhere.len()),
        (vec!["Headline of c".into()], 0, 0)
    );
    let heard = bulletin.listening.expect("the proof of listening");
    assert_eq!((heard.read, &heard.heard), (3, &vec![(SourceName::new("herald"), 3)]));
    assert_eq!((heard.not_heard[0].source.as_str(), heard.not_heard[0].since), ("dead", None));
    assert_eq!(
        (titles(&heard.unread), heard.unread[0].url.as_deref()),
        (vec!["Title of d".into()], Some("https://herald.example/d"))
    );
    sums_hold(&*store).await;
    let ledger = store.ledger().await.unwrap();
    assert_eq!((ledger.held_states[&HeldState::Told], ledger.outcomes[&OutcomeKind::Alerted]), (1, 1));

    let sends = store.claim_sends(&claim("a", DAY + 3)).await.unwrap();
    assert!(matches!(&only(sends).job().told, Told::Bulletin(bulletin) if bulletin.alerts() == 1));
    assert_eq!(store.next_due(Work::Gather).await.unwrap(), Some(at(2 * DAY)));

    // The next one is empty, and proves that somebody listened.
    let lease = only(store.claim_lanes(&claim("a", 2 * DAY)).await.unwrap());
    let decision = gathered(&*store, lease, &[morning()], &People::default(), 2 * DAY).await;
    let bulletin = decision.bulletin.expect("a digest").bulletin;
    assert_eq!((bulletin.alerts(), bulletin.muted.len(), bulletin.since), (0, 0, at(DAY + 2)));
    let heard = bulletin.listening.expect("the proof of listening");
    assert_eq!((heard.read, heard.unread.len(), heard.heard.len()), (0, 0, 0));
    sums_hold(&*store).await;
}

pub async fn a_lane_whose_owner_died_is_due_again_and_its_late_owner_changes_nothing(place: &dyn Place) {
    let store = place.open().await;
    let lease = reading(&*store, "a", "reader").await;
    let mut judged = told(lease.job(), &["prisons"], &[]);
    hold(&mut judged, None, 5, Reason::QuietHours { until: at(5) });
    judge(&*store, lease, judged, 2).await;
    let dead = only(store.claim_lanes(&claim("dead", 5)).await.unwrap());
    assert!(store.claim_lanes(&claim("alive", 6)).await.unwrap().is_empty(), "it is held");
    let lease = only(store.claim_lanes(&claim("alive", 66)).await.unwrap());
    let decision = gathered(&*store, lease, &[], &People::default(), 66).await;
    assert_eq!(decision.alone.len(), 1, "one alone is told as what it is");
    let late = store.commit_gather(dead, &decision, at(67)).await;
    assert!(matches!(late, Err(StoreError::LeaseLost)), "{late:?}");
    let ledger = store.ledger().await.unwrap();
    assert_eq!((ledger.faults(), ledger.deliveries), (Vec::new(), 1));
    assert_eq!(store.next_due(Work::Gather).await.unwrap(), None);
}

pub async fn five_thousand_in_a_minute_with_a_cap_of_ten_are_all_accounted_for(place: &dyn Place) {
    const ALL: usize = 5_000;
    let store = place.open().await;
    let person = Person {
        name: PersonName::new("ana"),
        channel: ChannelName::new("person.ana"),
        receiver: "ana@example.org".into(),
        tongue: Tongue::English,
        zone: Zone::default(),
        plain: false,
        quiet: Vec::new(),
        caps: Caps { minute: Some(10), hour: None },
    };
    let people = People { persons: vec![person], ..People::default() };
    let names: Vec<String> = (0..ALL).map(|number| format!("item-{number}")).collect();
    listed(&*store, names.iter().map(|id| entry(id, "herald.example")).collect()).await;
    let capped = Reason::Capped { cap: "10 a minute".into() };
    let mut second = 0;
    let (mut alone, mut bulletins, mut told_together) = (0, 0, 0);
    let mut left = ALL;
    while left > 0 || store.next_due(Work::Gather).await.unwrap().is_some() {
        second += 1;
        // A hundred a second, for 50 seconds: the lane is looked at each time, as the daemon would be nudged to.
        for lease in store.claim_reads(&claim("reader", second)).await.unwrap() {
            let mut judged = told(lease.job(), &["prisons"], &[]);
            hold(&mut judged, None, second, capped.clone());
            judge(&*store, lease, judged, second).await;
            left -= 1;
        }
        for lease in store.claim_lanes(&claim("a", second)).await.unwrap() {
            let decision = gathered(&*store, lease, &[], &people, second).await;
            alone += decision.alone.len();
            bulletins += usize::from(decision.bulletin.is_some());
            told_together += decision.bulletin.map_or(0, |new| new.bulletin.alerts());
        }
        assert!(second < 300, "it comes to an end");
    }
    assert_eq!((alone, bulletins, told_together), (10, 1, ALL - 10));
    let ledger = store.ledger().await.unwrap();
    assert_eq!(ledger.faults(), Vec::<String>::new());
    assert_eq!((ledger.held, ledger.held_states[&HeldState::Told], ledger.deliveries), (5_000, 5_000, 11));
    assert_eq!(ledger.outcomes[&OutcomeKind::Alerted], 5_000);
}

pub async fn a_silence_holds_until_its_end_or_until_it_is_ended(place: &dyn Place) {
    let store = place.open().await;
    let silence = Silence {
        name: String::new(),
        author: "Ana".into(),
        reason: "we are there".into(),
        from: None,
        until: at(100),
        rules: vec![rule("prisons")],
        entities: Vec::new(),
        sources: Vec::new(),
        stories: Vec::new(),
    };
    let first = store.add_silence(&silence, at(0)).await.unwrap();
    let second = store.add_silence(&silence, at(0)).await.unwrap();
    assert_eq!(store.silences(at(50)).await.unwrap(), [first.clone(), second.clone()]);
    assert!(store.end_silence(&first.name, at(60)).await.unwrap());
    assert!(!store.end_silence(&first.name, at(61)).await.unwrap(), "it is over");
    assert!(!store.end_silence("none", at(61)).await.unwrap());
    assert_eq!(store.silences(at(61)).await.unwrap(), [second]);
    assert!(store.silences(at(100)).await.unwrap().is_empty());
}
