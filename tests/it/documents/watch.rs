//! A folder with a configuration → the store that a daemon would leave there after a day: the daemon's own decisions
//! over pages of `tests/data/documents`, at times that never change, so that accounts of it can be printed.

use crate::tokens::package;
use atalaya::article;
use atalaya::article::Terms;
use atalaya::channel::Answer;
use atalaya::channel::HttpAnswer;
use atalaya::channel::Telling;
use atalaya::channel::Wire;
use atalaya::config;
use atalaya::config::Config;
use atalaya::config::Environment;
use atalaya::model::Document;
use atalaya::model::Fault;
use atalaya::model::Item;
use atalaya::model::Reason;
use atalaya::poll;
use atalaya::poll::Validators;
use atalaya::read;
use atalaya::read::Ground;
use atalaya::read::Standing;
use atalaya::read::Trying;
use atalaya::rule::RuleSet;
use atalaya::send;
use atalaya::send::Pace;
use atalaya::send::Told;
use atalaya::source::host_key;
use atalaya::store::Claim;
use atalaya::store::Registration;
use atalaya::store::Store;
use atalaya::store::Work;
use atalaya::store::sqlite::SqliteStore;
use jiff::SignedDuration;
use jiff::Timestamp;
use std::collections::HashSet;
use std::fs;
use std::path::Path;
use url::Url;

/// When the tower first looks out.
const BEGIN: &str = "2025-03-04T12:00:00Z";

/// How often a try may be repeated before the watch ends.
const TURNS: usize = 40;

/// Watches with the folder's `atalaya.toml`.
pub fn for_a_day(folder: &Path) {
    let loaded = config::load(&folder.join("atalaya.toml"), &Environment::empty());
    let config = loaded.unwrap_or_else(|errors| panic!("{}", errors.render(false))).config;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let store = SqliteStore::open(&config.state).await.expect("the store opens");
        let tower = Tower { rules: RuleSet::compile(config.entities.clone(), config.rules.clone()), config, store };
        tower.watch(BEGIN.parse().expect("a time")).await;
        tower.store.close().await;
    });
}

struct Tower {
    config: Config,
    rules: RuleSet,
    store: SqliteStore,
}

impl Tower {
    async fn watch(&self, begin: Timestamp) {
        let registrations: Vec<Registration> = self
            .config
            .sources
            .iter()
            .map(|plan| Registration {
                name: plan.name.clone(),
                address: plan.watch.address().to_string(),
                host: host_key(plan.watch.address()).unwrap_or_default(),
                first_due: begin,
                asks: plan.watch.address().to_string(),
                wait: SignedDuration::from_mins(15),
            })
            .collect();
        self.store.register_sources(&registrations, begin).await.expect("the sources are known");
        let second = |count: i64| begin + SignedDuration::from_secs(count);
        self.poll(second(0), true).await;
        self.read(second(2)).await;
        self.send(second(4)).await;
        let mut now = second(6);
        // Until nothing is left to be read or sent; a day later each source is asked once more, and one is down.
        for _ in 0..TURNS {
            let due = [self.due(Work::Read).await, self.due(Work::Send).await].into_iter().flatten().min();
            let Some(due) = due else { break };
            now = due.max(now);
            self.read(now).await;
            self.send(now).await;
        }
        let due = self.due(Work::Poll).await.expect("a source is asked again");
        self.poll(now.max(due), false).await;
    }

    async fn due(&self, work: Work) -> Option<Timestamp> {
        self.store.next_due(work).await.expect("the store answers")
    }

    fn claim(now: Timestamp) -> Claim<'static> {
        let lease = SignedDuration::from_mins(1);
        Claim { owner: "documents", now, lease, limit: 100, per_host: 100, busy_hosts: &[] }
    }

    async fn poll(&self, now: Timestamp, all_answer: bool) {
        for lease in self.store.claim_polls(&Self::claim(now)).await.expect("sources are due") {
            let job = lease.job().clone();
            let plan = self.config.sources.iter().find(|plan| plan.name == job.source).expect("it is configured");
            let file = if plan.kind == "feed" { "feed.xml" } else { "press.html" };
            let reply = if all_answer || plan.kind == "feed" {
                let bytes = data(file);
                let document = Document { url: plan.watch.address(), content_type: None, bytes: &bytes };
                let listing = plan.watch.listing(&document).expect("it is read");
                poll::Reply::Listing { listing, validators: Validators::default(), course: poll::Course::default() }
            } else {
                poll::Reply::Failed { fault: Fault::Transient, reason: Reason::Status { status: 503 } }
            };
            let ids: Vec<String> = match &reply {
                poll::Reply::Listing { listing, .. } => listing.entries.iter().map(|entry| entry.id.clone()).collect(),
                _ => Vec::new(),
            };
            let known: HashSet<String> = self.store.known_entries(&job.source, &ids).await.expect("the store answers");
            let decision = poll::decide(plan, &job.state, reply, &known, Default::default(), now);
            self.store.commit_poll(lease, &decision, now).await.expect("the poll is committed");
        }
    }

    async fn read(&self, now: Timestamp) {
        let since = now - self.config.reading.copies_within;
        for (seconds, lease) in (0..).zip(self.store.claim_reads(&Self::claim(now)).await.expect("items are due")) {
            let now = now + SignedDuration::from_secs(seconds);
            let item = lease.job().clone();
            let ground =
                read::ground(&item, page(&item), &Trying { retry: &self.config.reading.retry, feed: true }, now);
            let (decision, seen) = match ground {
                Ground::Again { at, reason } => (read::Decision::Again { at, reason }, Vec::new()),
                Ground::Text(text) => {
                    let seen =
                        self.store.lookalikes(&text.fingerprint, text.weighed, since).await.expect("the store answers");
                    let standing = Standing {
                        rules: &self.rules,
                        subscriptions: &self.config.subscriptions,
                        people: &self.config.people,
                        silences: &self.config.silences,
                        channels: &self.config.channels,
                        retry: &self.config.reading.retry,
                        keep: self.config.evidence.keep,
                        look_again: &[],
                        stories: &self.config.stories,
                    };
                    (read::decide(&standing, &item, *text, &seen, now), seen)
                }
            };
            let committed = self.store.commit_read(lease, &decision, &seen, since, now).await;
            committed.map_err(|(error, _)| error).expect("the reading is committed");
        }
    }

    async fn send(&self, now: Timestamp) {
        for lease in self.store.claim_sends(&Self::claim(now)).await.expect("deliveries are due") {
            let delivery = lease.job().clone();
            let plan =
                self.config.channels.iter().find(|plan| plan.name == delivery.channel).expect("it is configured");
            let letterhead = &self.config.letterhead;
            let frozen = delivery.frozen.clone().unwrap_or_else(|| {
                let Told::Alert { alert, rules, .. } = &delivery.told else { panic!("an alert") };
                let telling = Telling {
                    alert,
                    rules,
                    receiver: &delivery.receiver,
                    id: &delivery.id,
                    sequence: delivery.sequence,
                    letterhead,
                    feedback: None,
                    now,
                };
                plan.channel.message(&telling).expect("it is rendered")
            });
            self.store.begin_attempt(&lease, &frozen, now).await.expect("the try is noted");
            let end = now + SignedDuration::from_secs(1);
            let (answer, pace) = match plan.channel.wire(&delivery.receiver, &frozen, letterhead, now) {
                Wire::Mail { .. } => (Answer::Accepted { text: "250 2.0.0 queued as 4Z6kD1".into() }, Pace::MAIL),
                Wire::Post { .. } => {
                    // The endpoint sleeps at the first call.
                    let status = if delivery.attempts == 0 { 503 } else { 204 };
                    let answer = HttpAnswer { status, retry_after: None, body: String::new() };
                    (plan.channel.answer(&answer, end), Pace::WEBHOOK)
                }
            };
            let decision = send::decide(&delivery, &answer, &pace, end);
            self.store.commit_send(lease, &decision, end).await.expect("the try is committed");
        }
    }
}

/// What the world answers to the reading of an item.
fn page(item: &Item) -> read::Reply {
    let link = item.entry.link.as_deref().expect("every item has an address");
    let url = Url::parse(link).expect("and it is one");
    let file = match url.path().rsplit('/').next() {
        Some("relatores") => "relatores.html",
        Some("mercado") => "mercado.html",
        Some("lista") => "wall.html",
        _ => "copy.html",
    };
    let bytes = data(file);
    let terms = Terms { now: "2030-01-01T00:00:00Z".parse().expect("a time"), site: None };
    let document = Document { url: &url, content_type: None, bytes: &bytes };
    let examined = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(article::STACK_BYTES);
        let examine = || article::examine(&document, &item.entry.title, &terms);
        thread.spawn_scoped(scope, examine).expect("a thread").join().expect("it is read")
    });
    match examined {
        (article, None) => {
            read::Reply::Article { article: Box::new(article), url: url.to_string(), proof: read::Proof::default() }
        }
        (article, Some(reason)) => {
            read::Reply::Refused { article: Box::new(article), reason, proof: read::Proof::Entry }
        }
    }
}

fn data(file: &str) -> Vec<u8> {
    fs::read(package().join("tests/data/documents").join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}
