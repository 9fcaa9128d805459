//! Lines 13 and 14: no death and no sleep of the machine makes a request come early, or many come at once.

use super::stage::change;
use super::stage::until;
use super::stage::world;
use super::validators::until_heard;
use crate::world::Page;
use atalaya::model::Reason;
use atalaya::model::SourceName;
use atalaya::poll::Decision;
use atalaya::poll::SourceState;
use atalaya::store::Claim;
use atalaya::store::Registration;
use atalaya::store::Store;
use atalaya::store::sqlite::SqliteStore;
use jiff::SignedDuration;
use jiff::Timestamp;
use std::collections::HashMap;
use std::time::Duration;

const WAIT: SignedDuration = SignedDuration::from_mins(15);

fn sources(count: usize) -> Vec<Registration> {
    (0..count)
        .map(|number| Registration {
            name: SourceName::new(format!("s{number}")),
            address: format!("https://s{number}.example/feed"),
            host: format!("s{number}.example"),
            first_due: begin(),
            asks: format!("feed https://s{number}.example/feed"),
            wait: WAIT,
        })
        .collect()
}

fn begin() -> Timestamp {
    Timestamp::from_second(1_800_000_000).expect("a time")
}

fn decision(now: Timestamp) -> Decision {
    Decision {
        items: Vec::new(),
        state: SourceState { polls: 1, heard_at: Some(now), ..SourceState::default() },
        next_at: now + WAIT,
        reason: Reason::NothingNew,
        title: None,
        warnings: Vec::new(),
        pause: None,
        health: atalaya::health::Diagnosis::default(),
        host: None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn line_13_a_thousand_kills_cause_no_early_request() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut store = SqliteStore::open(folder.path()).await.expect("it opens");
    let sources = sources(5);
    let mut now = begin();
    let mut asked: HashMap<SourceName, Timestamp> = HashMap::new();
    let (mut requests, mut early) = (0, Vec::new());
    for kill in 0_i64..1000 {
        if kill % 100 == 99 {
            store.close().await;
            store = SqliteStore::open(folder.path()).await.expect("it opens");
        }
        // What every start does.
        store.register_sources(&sources, now).await.expect("registered");
        store.spread_overdue(now).await.expect("spread");
        // Some lives are long enough for several rounds, most end in the first request.
        for round in 0..=(kill % 3) {
            let owner = format!("process-{kill}");
            let claim = Claim {
                owner: &owner,
                now,
                lease: SignedDuration::from_mins(1),
                limit: 3,
                per_host: 1,
                busy_hosts: &[],
            };
            for lease in store.claim_polls(&claim).await.expect("a claim") {
                requests += 1;
                if let Some(before) = asked.insert(lease.job().source.clone(), now)
                    && now.duration_since(before) < WAIT
                {
                    early.push((lease.job().source.clone(), before, now));
                }
                // Killed while asking, or after the commit.
                if (kill + round) % 2 == 0 {
                    store.commit_poll(lease, &decision(now), now).await.expect("committed");
                }
            }
            now += SignedDuration::from_secs(7 + (kill * 37) % 400);
        }
    }
    assert!(early.is_empty(), "{} early of {requests}: {early:?}", early.len());
    assert!(requests > 1000, "all were asked again and again, {requests} times");
}

#[test]
fn line_13_kill_9_while_asking_causes_no_early_request() {
    let mut world = world(&[("paper", "paper.test", "/feed")], "");
    // The server never answers, so that each death comes in the middle of a request.
    world.site.serve("/feed", Page::silent());
    for life in 1..=5 {
        world.start();
        until_heard(&mut world, "/feed", life);
        world.kill();
    }
    world.start();
    until_heard(&mut world, "/feed", 6);
    let heard = world.site.heard_for("/feed");
    let gaps: Vec<Duration> = heard.windows(2).map(|pair| pair[1].at - pair[0].at).collect();
    // The claim is written a moment before the request is heard.
    assert!(gaps.iter().all(|gap| *gap >= Duration::from_millis(950)), "{gaps:?}");
    world.kill();
}

const OVERDUE: usize = 40;

#[test]
fn line_14_what_is_overdue_after_a_long_stop_is_spread_out_and_asked_once() {
    let names: Vec<String> = (0..OVERDUE).map(|number| format!("s{number}")).collect();
    let hosts: Vec<String> = names.iter().map(|name| format!("{name}.test")).collect();
    let paths: Vec<String> = names.iter().map(|name| format!("/{name}")).collect();
    let sources: Vec<_> = (0..OVERDUE).map(|n| (names[n].as_str(), hosts[n].as_str(), paths[n].as_str())).collect();
    let mut world = world(&sources, "");
    let configuration = world.configuration().replace("every = \"1s\"", "every = \"1h\"");
    world.configure(&configuration);
    for path in &paths {
        let url = |path: &str| world.site.url(path);
        world.site.serve(path, super::stage::listing(&["a"], &url));
    }
    world.start();
    let polls = |world: &crate::world::World| -> Vec<crate::world::Heard> {
        world.site.heard().into_iter().filter(|heard| heard.path().starts_with("/s")).collect()
    };
    let all = |world: &crate::world::World, times: usize| {
        until("all are asked", || (polls(world).len() >= OVERDUE * times).then_some(()));
    };
    all(&world, 1);
    // Answered and committed: then only is the stop clean.
    let database = world.state().join("atalaya.db");
    until("all are committed", || {
        (super::stage::ask(&database, "SELECT COUNT(*) FROM source WHERE polls = 1") == "40").then_some(())
    });
    world.stop();
    // A week passes.
    change(&database, "UPDATE source SET next_at = next_at - 604800000000");
    let before = polls(&world).len();
    world.start();
    all(&world, 2);
    let heard = polls(&world).split_off(before);
    let took = heard[OVERDUE - 1].at - heard[0].at;
    assert!(took > Duration::from_millis(1000), "all at once: {took:?}");
    let busiest = heard
        .iter()
        .map(|one| {
            heard.iter().filter(|other| other.at >= one.at && other.at - one.at < Duration::from_millis(200)).count()
        })
        .max();
    assert!(busiest < Some(OVERDUE / 2), "{busiest:?} of {OVERDUE} within 200 ms");
    until("all are committed", || {
        (super::stage::ask(&database, "SELECT COUNT(*) FROM source WHERE polls = 2") == "40").then_some(())
    });
    assert_eq!(polls(&world).len(), 2 * OVERDUE, "none twice");
}

#[tokio::test]
async fn line_14_a_clock_that_was_ahead_does_not_silence_a_source() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = SqliteStore::open(folder.path()).await.expect("it opens");
    store.register_sources(&sources(1), begin()).await.expect("registered");
    let future = begin() + SignedDuration::from_hours(24 * 365);
    let claim =
        |now| Claim { owner: "a", now, lease: SignedDuration::from_mins(1), limit: 3, per_host: 1, busy_hosts: &[] };
    let lease = store.claim_polls(&claim(future)).await.expect("a claim").remove(0);
    store.commit_poll(lease, &decision(future), future).await.expect("committed");
    // The clock is put right.
    store.spread_overdue(begin()).await.expect("spread");
    assert!(store.claim_polls(&claim(begin())).await.expect("a claim").is_empty());
    assert_eq!(store.claim_polls(&claim(begin() + WAIT)).await.expect("a claim").len(), 1);
}
