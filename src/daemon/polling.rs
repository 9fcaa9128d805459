//! Claims sources that are due, asks them, and commits what `poll::decide` says.

use super::Shared;
use super::further;
use super::manners;
use super::rendering;
use super::work;
use super::work::Gate;
use super::work::Pulse;
use crate::clock;
use crate::health;
use crate::model::Document;
use crate::model::Entry;
use crate::model::Fault;
use crate::model::Reason;
use crate::model::SourceName;
use crate::net::RenderError;
use crate::net::client::Fetched;
use crate::net::client::Request;
use crate::net::failure::FetchError;
use crate::poll;
use crate::poll::Condition;
use crate::poll::Course;
use crate::poll::Reply;
use crate::poll::SourceState;
use crate::push;
use crate::push::Hub;
use crate::source::SourcePlan;
use crate::source::host_key;
use crate::store::Claim;
use crate::store::Lease;
use crate::store::PollJob;
use crate::store::StoreError;
use crate::store::Work;
use jiff::SignedDuration;
use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::time::Instant;
use tracing::debug;
use tracing::error;
use tracing::info;
use tracing::warn;
use url::Url;

/// IM Used: the answer holds what is new alone.
const PARTIAL: u16 = 226;

/// A claim this long after the last one was made after a sleep of the machine, or by another clock. The loop itself
/// sleeps for seconds.
const LEAP: SignedDuration = SignedDuration::from_mins(1);

/// Turns until the tower stops.
pub async fn attend(shared: Arc<Shared>, pulse: Arc<Pulse>) {
    work::attend(
        shared,
        pulse,
        Work::Poll,
        |shared| shared.tower.load().config.egress.concurrency,
        async |shared, claim| claim_polls(shared, claim).await,
        |shared, job: &PollJob| {
            let tower = shared.tower.load();
            tower.source(&job.source).and_then(|plan| host_key(&job.state.address(plan.watch.address())))
        },
        |shared, lease, gate| match gate {
            Gate::Open => Box::pin(poll(shared, lease)),
            Gate::Shut(until) => Box::pin(put_back(shared, lease, until)),
        },
    )
    .await;
}

/// Claims; after a leap of the clock, what was due meanwhile is not asked all at once.
async fn claim_polls(shared: &Shared, claim: &Claim<'_>) -> Result<Vec<Lease<PollJob>>, StoreError> {
    let before = shared.claimed_at.swap(claim.now.as_second(), Ordering::Relaxed);
    if before != 0 && (claim.now.as_second() - before).abs() > LEAP.as_secs() {
        let overdue = shared.store.spread_overdue(claim.now).await?;
        info!(overdue, "the clock leapt: overdue sources are spread out");
    }
    shared.store.claim_polls(claim).await
}

/// Its host must not be asked for a while.
async fn put_back(shared: Arc<Shared>, lease: Lease<PollJob>, until: Timestamp) {
    let source = lease.job().source.clone();
    debug!(%source, %until, "put back: its host is not to be asked yet");
    if let Err(error) = shared.store.put_back_poll(lease, until).await {
        error!(%error, %source, "a source could not be put back; it is due at its usual time");
    }
}

/// A source that takes part in a fetch.
pub(super) struct Party {
    pub(super) lease: Lease<PollJob>,
    pub(super) plan: SourcePlan,
    pub(super) state: SourceState,
}

/// Further documents that one of several sources asked for in a poll that they share: the others ask for the same.
pub(super) type Documents = HashMap<Url, Arc<Result<Fetched, FetchError>>>;

/// One fetch for one source or for several that ask the same, from lease to commit.
async fn poll(shared: Arc<Shared>, lease: Lease<PollJob>) {
    let tower = shared.tower.load_full();
    let riders = lease.riders();
    let mut parties: Vec<Party> = std::iter::once(lease)
        .chain(riders)
        // A source that a reload removed in the meantime: its lease just ends.
        .filter_map(|lease| {
            let plan = tower.source(&lease.job().source)?.clone();
            Some(Party { state: lease.job().state.clone(), lease, plan })
        })
        .collect();
    let Some(leader) = parties.first() else { return };
    let leading = leader.plan.clone();
    let url = leader.state.address(leading.watch.address());
    let accept = leading.watch.accept();
    let mut states: Vec<SourceState> = parties.iter().map(|party| party.state.clone()).collect();
    let condition = poll::prepare(&mut states, clock::now());
    for (party, state) in parties.iter_mut().zip(states) {
        party.state = state;
    }
    // Sources share a fetch only when they ask the same in the same way, so the first speaks for all.
    if let Err((fault, reason)) = permitted(&shared, &leading, &url).await {
        for party in parties {
            commit(&shared, party, Reply::Failed { fault, reason: reason.clone() }, None).await;
        }
        return;
    }
    let began = Instant::now();
    let request = Request { url: &url, accept, validators: condition.validators(), max_bytes: None, capture: false };
    let proxy = leading.proxy.as_ref();
    let answer = if obeys_robots(&leading) {
        let door = manners::Robots { shared: &shared, tower: &tower, proxy };
        tower.client.get_past(&door, proxy, &request).await
    } else {
        tower.client.get_by(proxy, &request).await
    };
    let answer = Arc::new(answer);
    let mut shown = None;
    let mut documents = (parties.len() > 1).then(Documents::new);
    for party in parties {
        let (reply, hub) = reply(&party.plan, &answer, &condition).await;
        let reply = with_scripts(&shared, &party.plan, &url, &answer, reply, &mut shown).await;
        let answered = answer.as_ref().as_ref().map_or(&url, |fetched| &fetched.url);
        let reply = further::ask(&shared, &party, &url, answered, reply, began, &mut documents).await;
        // A hub is told our public address: not for a source whose server must not see who is watching.
        let hub = hub.filter(|_| party.plan.proxy.is_none());
        commit(&shared, party, reply, hub).await;
    }
}

/// An answer with the scripts of its page run, or why not.
type Shown = Result<Arc<Result<Fetched, FetchError>>, RenderError>;

/// What a watched page says once its scripts have run, where that is called for. `shown` is what those that share the
/// fetch have of it already.
async fn with_scripts(
    shared: &Shared,
    plan: &SourcePlan,
    asked: &Url,
    answer: &Result<Fetched, FetchError>,
    reply: Reply,
    shown: &mut Option<Shown>,
) -> Reply {
    let unread = match &reply {
        Reply::Failed { reason, .. } => Some(reason.clone()),
        _ => None,
    };
    let Ok(fetched) = answer else { return reply };
    if !plan.watch.is_page() || !plan.render.applies(unread.as_ref()) {
        return reply;
    }
    let shown = match shown {
        Some(shown) => shown,
        None => {
            let page = rendering::show(shared, &shared.tower.load_full(), asked, fetched).await;
            shown.insert(page.map(|page| Arc::new(Ok(page))))
        }
    };
    let failed = |reason| Reply::Failed { fault: Fault::Transient, reason };
    match shown {
        Err(error) => failed(rendering::in_vain(unread.as_ref(), error)),
        Ok(page) => match self::reply(plan, page, &Condition::default()).await.0 {
            Reply::Failed { reason, .. } => failed(rendering::still(unread, reason)),
            read => read,
        },
    }
}

/// Whether robots.txt is obeyed. What is offered for subscription is not asked about.
fn obeys_robots(plan: &SourcePlan) -> bool {
    plan.robots && !plan.watch.is_subscription()
}

/// Whether robots.txt lets us watch a page.
async fn permitted(shared: &Shared, plan: &SourcePlan, url: &Url) -> Result<(), (Fault, Reason)> {
    if !obeys_robots(plan) {
        return Ok(());
    }
    manners::permitted(shared, &shared.tower.load_full(), plan.proxy.as_ref(), url).await.map_err(|(fault, reason)| {
        // A page that we watch may be opened to robots again: it is asked for again, ever more seldom.
        (if fault == Fault::Permanent { Fault::Transient } else { fault }, reason)
    })
}

/// Decides and writes down what an answer means to one source.
async fn commit(shared: &Shared, party: Party, reply: Reply, hub: Option<Hub>) {
    let Party { lease, plan, state } = party;
    let source = &plan.name;
    let ids: Vec<String> = match &reply {
        Reply::Listing { listing, .. } => listing.entries.iter().map(|entry: &Entry| entry.id.clone()).collect(),
        _ => Vec::new(),
    };
    let known = match shared.store.known_entries(source, &ids).await {
        Ok(known) => known,
        Err(error) => return error!(%error, %source, "known entries could not be looked up"),
    };
    let now = clock::now();
    let failed = matches!(reply, Reply::Failed { .. });
    let health = diagnose(shared, &plan, lease.job(), reply.seen(&known, &state), now);
    let mut decision =
        poll::Decision { health, ..poll::decide(&plan, &state, reply, &known, **shared.allotment.load(), now) };
    if !failed && lease.job().push.as_ref().is_some_and(|push| push.is_active(now)) {
        decision = decision.pushed(&plan.schedule, now);
    }
    let decision = decision.after_gap(&plan, now);
    let settled = decision.state.home != state.home || decision.state.trust.fault != state.trust.fault || failed;
    for warning in &decision.warnings {
        // Said when there is something new to it, not every quarter of an hour.
        if state.polls == 0 || !decision.items.is_empty() || settled {
            warn!(%source, "{warning}");
        } else {
            debug!(%source, "{warning}");
        }
    }
    match shared.store.commit_poll(lease, &decision, now).await {
        Ok(waiting) => {
            let (reason, next_at) = (&decision.reason, decision.next_at);
            if failed {
                warn!(%source, code = reason.code(), failures = decision.state.failures, %next_at, "poll failed: {reason}");
            } else if decision.items.is_empty() {
                debug!(%source, code = reason.code(), %next_at, "polled: {reason}");
            } else {
                info!(%source, code = reason.code(), waiting, %next_at, "polled: {reason}");
            }
            if decision.pause.is_some()
                && let Err(error) = super::pauses(&*shared.store, &shared.gates).await
            {
                error!(%error, %source, "the pauses of its host could not be looked up");
            }
            if waiting > 0 {
                shared.nudges.read.notify_one();
            }
            if !decision.health.remarks.is_empty() {
                shared.nudges.send.notify_one();
            }
            if let Some(hub) = hub
                && let Err(error) = subscribe(shared, source, &hub).await
            {
                error!(%error, %source, "its hub could not be noted; the next poll finds it again");
            }
        }
        Err(StoreError::LeaseLost) => warn!(%source, "the poll took longer than its lease"),
        Err(error) => error!(%error, %source, "a poll could not be committed"),
    }
}

/// What the answer says of the source's health, and what operators are to be told of it.
fn diagnose(
    shared: &Shared,
    plan: &SourcePlan,
    job: &PollJob,
    seen: health::Observation<'_>,
    now: Timestamp,
) -> health::Diagnosis {
    let host = host_key(plan.watch.address()).unwrap_or_default();
    let subject = health::Subject { source: &plan.name, label: plan.label.as_deref(), host: &host };
    let tower = shared.tower.load();
    let policy = tower.config.operators.as_ref().map(|operators| &operators.policy);
    health::decide(&job.health, subject, seen, policy, now)
}

/// Notes the hub that a feed names, where the configuration has a public address for its callback.
async fn subscribe(shared: &Shared, source: &SourceName, hub: &Hub) -> Result<(), StoreError> {
    if shared.tower.load().config.web.as_ref().is_none_or(|web| web.public.is_none()) {
        return Ok(());
    }
    let known = shared.store.push_of(source).await?;
    let mut chance = [0_u8; 48];
    aws_lc_rs::rand::fill(&mut chance).expect("the system's source of randomness works");
    if let Some(push) = push::wanted(known.as_ref(), source, hub, &chance, clock::now()) {
        shared.store.save_push(&push).await?;
        shared.nudges.push.notify_one();
    }
    Ok(())
}

/// Reads an answer as one source reads it; every trouble becomes a reply. With the hub that the answer names.
pub(super) async fn reply(
    plan: &SourcePlan,
    answer: &Arc<Result<Fetched, FetchError>>,
    condition: &Condition,
) -> (Reply, Option<Hub>) {
    let fetched = match answer.as_ref() {
        Ok(fetched) => fetched,
        Err(error) => return (Reply::Failed { fault: error.fault(clock::now()), reason: error.reason() }, None),
    };
    let validators = fetched.validators.clone();
    let course = Course {
        condition: condition.clone(),
        moved: fetched.moved.clone(),
        caching: fetched.caching.clone(),
        partial: fetched.status == PARTIAL,
        back: None,
    };
    if fetched.not_modified {
        return (Reply::Unchanged { validators, course }, None);
    }
    let (watch, answer) = (Arc::clone(&plan.watch), Arc::clone(answer));
    let reading = tokio::task::spawn_blocking(move || {
        let fetched = answer.as_ref().as_ref().ok()?;
        let hub = push::find(&fetched.links, &fetched.body, &fetched.url);
        let document =
            Document { url: &fetched.url, content_type: fetched.content_type.as_deref(), bytes: &fetched.body };
        Some((watch.listing(&document).map_err(|reason| health::sign::name(&document, reason)), hub))
    });
    match reading.await {
        Ok(Some((Ok(listing), hub))) => (Reply::Listing { listing, validators, course }, hub),
        Ok(Some((Err(reason), _))) => (Reply::Failed { fault: Fault::Transient, reason }, None),
        Ok(None) => (unread(), None),
        Err(panic) => {
            error!(source = %plan.name, error = %panic, "the reader of this source panicked");
            (unread(), None)
        }
    }
}

fn unread() -> Reply {
    Reply::Failed { fault: Fault::Transient, reason: Reason::NotAFeed { detail: "its reader failed".into() } }
}
