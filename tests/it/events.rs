//! A receiver that was down fetches what it missed, alone: by number, with its token, under the ids of the calls.

use crate::store::words::all_reading;
use crate::store::words::at;
use crate::store::words::claim;
use crate::store::words::judge;
use crate::store::words::rule;
use crate::store::words::told;
use crate::world::SECRET;
use crate::world::World;
use crate::world::entry;
use atalaya::channel::ChannelPlan;
use atalaya::channel::Letterhead;
use atalaya::channel::webhook::KIND;
use atalaya::model::ChannelName;
use atalaya::model::Fault;
use atalaya::model::Reason;
use atalaya::model::alert::RuleTold;
use atalaya::model::setting::Settings;
use atalaya::model::setting::Value as Given;
use atalaya::send;
use atalaya::send::Call;
use atalaya::send::DeliveryState;
use atalaya::send::Pace;
use atalaya::send::endpoint::Heard;
use atalaya::store::Store;
use atalaya::store::sqlite::SqliteStore;
use atalaya::web;
use atalaya::web::signed::Signer;
use jiff::SignedDuration;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

const TOKEN: &str = "a-token-that-the-tests-invented";

fn channel(name: &str, token: Option<&str>) -> ChannelPlan {
    let mut settings = Settings::default();
    settings.0.insert("webhook", Given::Text("https://desk.example.org/".into()));
    settings.0.insert("secret", Given::Secret(SECRET.into()));
    if let Some(token) = token {
        settings.0.insert("pull_token", Given::Secret(token.into()));
    }
    let channel = (KIND.build)(&settings).map_err(|complaints| format!("{complaints:?}")).expect("a channel");
    ChannelPlan { name: ChannelName::new(name), kind: "webhook", channel }
}

/// What a receiver does that knows nothing but the address, its token and the last number that it has.
async fn catch_up(base: &str, mut have: u64) -> Vec<Value> {
    let client = reqwest::Client::new();
    let mut events = Vec::new();
    loop {
        let answer = client
            .get(format!("{base}/v1/events?after={have}&limit=3"))
            .bearer_auth(TOKEN)
            .send()
            .await
            .expect("an answer");
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "application/json");
        let answer: Value = serde_json::from_slice(&answer.bytes().await.expect("a body")).expect("JSON");
        let page = answer["events"].as_array().expect("events").clone();
        assert!(page.len() <= 3);
        let Some(last) = page.last() else { return events };
        have = last["sequence"].as_u64().expect("a number");
        events.extend(page);
        if Some(have) == answer["last"].as_u64() {
            return events;
        }
    }
}

/// Every call fails for as long as deliveries are tried, by the daemon's own decisions with the time as an argument.
async fn three_days_of_failures(store: &dyn Store, plan: &ChannelPlan) -> usize {
    let mut tries = 0;
    let end = at(0) + SignedDuration::from_hours(24 * 6);
    let mut now = at(1);
    while now < end {
        let claim = atalaya::store::Claim { now, ..claim("a", 0) };
        let leases = store.claim_sends(&claim).await.expect("a claim");
        if leases.is_empty() {
            match store.next_due(atalaya::store::Work::Send).await.expect("it answers") {
                Some(due) if due > now => now = due,
                Some(_) => now += SignedDuration::from_secs(60),
                None => break,
            }
            continue;
        }
        for lease in leases {
            tries += 1;
            let delivery = lease.job().clone();
            let off = store
                .endpoint(&plan.name)
                .await
                .expect("it answers")
                .is_some_and(|endpoint| endpoint.trouble == Some(atalaya::model::EndpointTrouble::Off));
            if off {
                let decision = send::Decision::GivenUp { reason: Reason::EndpointOff };
                store.commit_send(lease, &decision, now).await.expect("it is committed");
                continue;
            }
            let frozen = delivery.frozen.clone().unwrap_or_else(|| {
                send::render(plan, &delivery, &Letterhead::default(), None, now).expect("it is rendered")
            });
            store.begin_attempt(&lease, &frozen, now).await.expect("the try is noted");
            let text = "desk.example.org: connection refused".to_owned();
            let answer = atalaya::channel::Answer::Failed { fault: Fault::Transient, text, in_doubt: false };
            let decision = send::decide(&delivery, &answer, &Pace::WEBHOOK, now);
            let call = Call {
                address: "00ff".into(),
                heard: Heard::Failed { until: None },
                status: None,
                answer: String::new(),
                took: SignedDuration::from_millis(20),
            };
            store.commit_call(lease, &decision, &call, &[], now).await.expect("it is committed");
        }
    }
    tries
}

#[tokio::test]
async fn a_receiver_that_was_down_for_days_catches_up_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(folder.path()).await.expect("the store opens"));
    let plan = channel("desk", Some(TOKEN));
    let ids: Vec<String> = (0..8).map(|number| format!("item{number}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    for lease in all_reading(&*store, &ids).await {
        let mut judged = told(lease.job(), &["courts"], &["https://desk.example.org/", "elsewhere"]);
        let alert = judged.alert.as_mut().expect("an alert");
        alert.alert.rules = vec![RuleTold {
            name: rule("courts"),
            label: "Courts".into(),
            reason: Reason::Matched { because: "\"hall\"".into() },
        }];
        alert.deliveries[0].channel = ChannelName::new("desk");
        judge(&*store, lease, judged, 1).await;
    }
    // The others are taken, so that only the desk's are tried below.
    for lease in store.claim_sends(&claim("b", 1)).await.expect("a claim") {
        if lease.job().channel != plan.name {
            let decision = send::Decision::Done { reason: Reason::Accepted { answer: "250 queued".into() } };
            store.commit_send(lease, &decision, at(1)).await.expect("it is committed");
        }
    }
    store.release("b").await.expect("leases are given back");

    let tries = three_days_of_failures(&*store, &plan).await;
    assert!(tries > 20, "{tries} tries");
    let ledger = store.ledger().await.expect("sums");
    assert_eq!(ledger.delivery_states.get(&DeliveryState::Done), Some(&8));
    assert_eq!(ledger.delivery_states.get(&DeliveryState::GivenUp), Some(&8), "all are dead letters: {ledger:?}");

    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let base = format!("http://{}", listener.local_addr().expect("bound"));
    let stop = CancellationToken::new();
    let channels: web::Channels =
        Arc::new(move || (vec![channel("desk", Some(TOKEN)), channel("other", None)], Letterhead::default()));
    let server = tokio::spawn(web::serve(
        listener,
        Arc::clone(&store),
        Arc::new(Notify::new()),
        Signer::new(&[7; 32]),
        channels,
        stop.clone(),
    ));

    let events = catch_up(&base, 0).await;
    let numbers: Vec<u64> = events.iter().filter_map(|event| event["sequence"].as_u64()).collect();
    assert_eq!(numbers, (1..=8).collect::<Vec<u64>>());
    let titles: BTreeSet<&str> = events.iter().filter_map(|event| event["body"]["data"]["title"].as_str()).collect();
    assert_eq!(titles.len(), 8, "{events:#?}");
    for event in &events {
        assert_eq!(event["sequence"], event["body"]["sequence"]);
        assert!(event["id"].as_str().is_some_and(|id| id.starts_with("msg_")), "{event:#}");
    }
    assert_eq!(catch_up(&base, 6).await.len(), 2, "from where it was");

    let client = reqwest::Client::new();
    let ask = |query: &str| client.get(format!("{base}/v1/events{query}"));
    assert_eq!(ask("").send().await.expect("an answer").status(), 401);
    for wrong in ["a-token-that-the-tests-inventeD", "a", "", &"x".repeat(600)] {
        assert_eq!(ask("").bearer_auth(wrong).send().await.expect("an answer").status(), 401, "{wrong}");
    }
    for query in ["?after=x", "?before=3", "?limit=-1"] {
        assert_eq!(ask(query).bearer_auth(TOKEN).send().await.expect("an answer").status(), 400, "{query}");
    }
    stop.cancel();
    server.await.expect("it stops");
}

#[test]
fn what_is_fetched_is_what_is_posted_and_only_where_the_web_server_listens() {
    let mut world = World::new();
    let port = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port").local_addr().expect("bound").port();
    let configuration = world
        .configuration()
        .replace(&format!("secret = \"{SECRET}\"\n"), &format!("secret = \"{SECRET}\"\npull_token = \"{TOKEN}\"\n"))
        + &format!("\n[web]\nlisten = \"127.0.0.1:{port}\"\n");
    world.configure(&configuration);
    let link = world.site.article("/a", "A report", "It speaks of torture.");
    world.site.feed("/feed.xml", &[entry("a", "A report", link)]);
    world.start();
    world.until("the call", |world| world.calls.len() == 1);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let events = runtime.block_on(catch_up(&format!("http://127.0.0.1:{port}"), 0));
    assert_eq!(events.len(), 1);
    assert_eq!((&events[0]["id"], &events[0]["body"]), (&world.calls[0]["id"], &world.calls[0]["body"]));

    // The receiver of the manual does the same.
    let script = crate::webhook_snippets::snippet("python catch_up")
        + "\nimport sys\nprint(catch_up(sys.argv[1], sys.argv[2], 0, lambda id, body: print(id)))\n";
    let output = std::process::Command::new("python3")
        .args(["-c", &script, &format!("http://127.0.0.1:{port}"), TOKEN])
        .output()
        .expect("python runs");
    let id = world.calls[0]["id"].as_str().expect("an id");
    assert_eq!(String::from_utf8_lossy(&output.stdout), format!("{id}\n1\n"), "{output:?}");
    world.stop();
}
