//! Short ways to say what the stories are about: invented papers, items, articles and rules.

use atalaya::model::Alert;
use atalaya::model::Article;
use atalaya::model::Basis;
use atalaya::model::ChannelName;
use atalaya::model::DeliveryId;
use atalaya::model::Entry;
use atalaya::model::Field;
use atalaya::model::Item;
use atalaya::model::ItemState;
use atalaya::model::Judgement;
use atalaya::model::Mention;
use atalaya::model::Outcome;
use atalaya::model::OutcomeKind;
use atalaya::model::Reason;
use atalaya::model::RuleName;
use atalaya::model::SourceName;
use atalaya::model::Verdict;
use atalaya::poll;
use atalaya::poll::NewItem;
use atalaya::poll::SourceState;
use atalaya::read;
use atalaya::read::Judged;
use atalaya::read::NewAlert;
use atalaya::read::NewDelivery;
use atalaya::store::Claim;
use atalaya::store::Lease;
use atalaya::store::Registration;
use atalaya::store::Store;
use atalaya::store::StoreError;
use atalaya::story::CopyReason;
use atalaya::story::Fingerprint;
use atalaya::story::Lookalike;
use atalaya::story::Relation;
use jiff::SignedDuration;
use jiff::Timestamp;

/// So many seconds into the story; negative ones are before it.
pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).expect("a year that has come")
}

/// A claim for a minute, of up to a hundred.
pub fn claim(owner: &str, seconds: i64) -> Claim<'_> {
    Claim { owner, now: at(seconds), lease: SignedDuration::from_secs(60), limit: 100, per_host: 100, busy_hosts: &[] }
}

pub fn source(name: &str) -> Registration {
    Registration {
        name: SourceName::new(name),
        address: format!("https://{name}.example/feed"),
        host: format!("{name}.example"),
        first_due: at(0),
        asks: format!("feed https://{name}.example/feed"),
        wait: SignedDuration::from_secs(900),
    }
}

/// An entry `id` whose page stands on `host`, to be read.
pub fn entry(id: &str, host: &str) -> NewItem {
    let link = format!("https://{host}/{id}");
    NewItem {
        entry: Entry { id: id.into(), link: Some(link.clone()), title: format!("Title of {id}"), ..Entry::default() },
        state: ItemState::Waiting,
        reason: None,
        host: Some(host.into()),
        address_key: Some(link),
    }
}

pub fn found(items: Vec<NewItem>, now: i64) -> poll::Decision {
    poll::Decision {
        state: SourceState { polls: 1, heard_at: Some(at(now)), ..SourceState::default() },
        next_at: at(now + 900),
        reason: Reason::NewEntries { count: items.len() },
        title: Some("The Hill Herald".into()),
        warnings: Vec::new(),
        health: atalaya::health::Diagnosis::default(),
        pause: None,
        host: None,
        items,
    }
}

/// Registers the source `herald` and lists these at second 0.
pub async fn listed(store: &dyn Store, items: Vec<NewItem>) {
    store.register_sources(&[source("herald")], at(0)).await.expect("sources are registered");
    let lease = only(store.claim_polls(&claim("lister", 0)).await.expect("a claim"));
    store.commit_poll(lease, &found(items, 0), at(0)).await.expect("a poll is committed");
}

/// One item `id` on its own host, held by `owner`.
pub async fn reading(store: &dyn Store, id: &str, owner: &str) -> Lease<Item> {
    listed(store, vec![entry(id, "herald.example")]).await;
    only(store.claim_reads(&claim(owner, 0)).await.expect("a claim"))
}

/// These items on one host, held by one owner.
pub async fn all_reading(store: &dyn Store, ids: &[&str]) -> Vec<Lease<Item>> {
    listed(store, ids.iter().map(|id| entry(id, "herald.example")).collect()).await;
    store.claim_reads(&claim("a", 0)).await.expect("a claim")
}

pub fn only<T>(mut all: Vec<T>) -> T {
    assert_eq!(all.len(), 1, "there should be one");
    all.remove(0)
}

pub fn rule(name: &str) -> RuleName {
    RuleName::new(name)
}

pub fn yes(name: &str) -> Verdict {
    let mention = Mention { entity: None, field: Field::Body, start: 4, end: 8, text: "hall".into() };
    Verdict {
        rule: rule(name),
        matched: true,
        reason: Reason::Matched { because: "\"hall\"".into() },
        mentions: vec![mention],
    }
}

pub fn no(name: &str) -> Verdict {
    Verdict { rule: rule(name), matched: false, reason: Reason::NothingFound, mentions: Vec::new() }
}

/// An article that nobody told of before, with the address of its item and a text of its own, and no verdict.
pub fn article(item: &Item) -> Judged {
    let link = item.entry.link.clone().expect("an item with a link");
    Judged {
        article: Article {
            title: format!("Headline of {}", item.entry.id),
            text: format!("The hall of {} opens.\n\nMany came.", item.entry.id),
            canonical_url: Some(format!("{link}?declared")),
            method: "test".into(),
            ..Article::default()
        },
        final_url: format!("{link}?answered"),
        alternate: None,
        fingerprint: Fingerprint { addresses: vec![link.clone()], text: Some(format!("text of {}", item.entry.id)) },
        relation: Relation::New { key: format!("story of {link}") },
        judgement: Judgement::default(),
        outcomes: Vec::new(),
        alert: None,
        sketch: None,
        weighed: false,
        evidence: None,
    }
}

/// The same with a match of these rules that is told to these receivers.
pub fn told(item: &Item, rules: &[&str], receivers: &[&str]) -> Judged {
    let mut judged = article(item);
    judged.judgement.verdicts = rules.iter().map(|name| yes(name)).collect();
    judged.judgement.verdicts.push(no("weather"));
    tell(&mut judged, item, rules, receivers);
    judged
}

/// Adds outcomes and an alert.
pub fn tell(judged: &mut Judged, item: &Item, rules: &[&str], receivers: &[&str]) {
    let rules: Vec<RuleName> = rules.iter().map(|name| rule(name)).collect();
    let story_key = match &judged.relation {
        Relation::New { key } | Relation::Copy { key, .. } => key.clone(),
    };
    judged.outcomes.extend(rules.iter().map(|rule| Outcome {
        rule: rule.clone(),
        kind: OutcomeKind::Alerted,
        reason: Reason::Told,
    }));
    judged.alert = Some(NewAlert {
        alert: Alert {
            story_key: story_key.clone(),
            revision: 1,
            rules: Vec::new(),
            entities: Vec::new(),
            excerpts: Vec::new(),
            title: judged.article.title.clone(),
            url: item.entry.link.clone().unwrap_or_default(),
            source: item.source.clone(),
            site_name: None,
            byline: None,
            language: None,
            published: None,
            listed_at: item.listed_at,
            judged_at: at(1),
            unread: None,
            basis: Basis::Page,
            copy_of: None,
            update: None,
            earlier: None,
        },
        held: Vec::new(),
        look_at: None,
        deliveries: receivers
            .iter()
            .map(|receiver| NewDelivery {
                id: delivery_id(&story_key, &rules, receiver),
                channel: ChannelName::new("mail"),
                receiver: (*receiver).into(),
                rules: rules.clone(),
            })
            .collect(),
    });
}

/// Derived, as the real one is.
fn delivery_id(story_key: &str, rules: &[RuleName], receiver: &str) -> DeliveryId {
    let said = format!("{story_key} {rules:?} {receiver}");
    let hash =
        |seed: u64| said.bytes().fold(seed, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    DeliveryId(format!("{:016x}{:016x}", hash(0xcbf2_9ce4_8422_2325), hash(0x9e37_79b9_7f4a_7c15)))
}

/// The relation to the first look-alike.
pub fn copy_of(seen: &[Lookalike], why: CopyReason) -> Relation {
    let first = &seen[0];
    Relation::Copy {
        story: first.story,
        key: first.story_key.clone(),
        of: first.item,
        title: first.title.clone(),
        told: first.told.clone(),
        why,
    }
}

/// Judged as a copy: every rule that the story was told for is merged.
pub fn merged(item: &Item, seen: &[Lookalike], rules: &[&str]) -> Judged {
    let mut judged = article(item);
    judged.relation = copy_of(seen, CopyReason::Text);
    judged.fingerprint.text = seen[0].fingerprint.text.clone();
    judged.judgement.verdicts = rules.iter().map(|name| yes(name)).collect();
    judged.outcomes = rules
        .iter()
        .map(|name| Outcome { rule: rule(name), kind: OutcomeKind::Merged, reason: Reason::AlreadyTold })
        .collect();
    judged
}

/// Commits with the look-alikes of this moment.
pub async fn judge(store: &dyn Store, lease: Lease<Item>, judged: Judged, seconds: i64) {
    let seen = lookalikes(store, &judged.fingerprint).await;
    commit(store, lease, judged, &seen, seconds).await.expect("a judgement is committed");
}

pub async fn commit(
    store: &dyn Store,
    lease: Lease<Item>,
    judged: Judged,
    seen: &[Lookalike],
    seconds: i64,
) -> Result<(), (StoreError, Option<Lease<Item>>)> {
    store.commit_read(lease, &read::Decision::Judged(Box::new(judged)), seen, at(-100), at(seconds)).await
}

pub async fn lookalikes(store: &dyn Store, fingerprint: &Fingerprint) -> Vec<Lookalike> {
    store.lookalikes(fingerprint, false, at(-100)).await.expect("an answer")
}

/// The promise at the end of every story.
pub async fn sums_hold(store: &dyn Store) {
    assert_eq!(store.ledger().await.expect("a ledger").faults(), Vec::<String>::new());
}
