//! Claims sources that are due, asks them, and commits what `poll::decide` says.

use super::Shared;
use super::work;
use super::work::Pulse;
use crate::clock;
use crate::health;
use crate::model::Document;
use crate::model::Entry;
use crate::model::Fault;
use crate::model::Reason;
use crate::model::SourceName;
use crate::net::client::Request;
use crate::poll;
use crate::poll::Reply;
use crate::poll::Validators;
use crate::push;
use crate::push::Hub;
use crate::source::SourcePlan;
use crate::source::host_key;
use crate::store::Lease;
use crate::store::PollJob;
use crate::store::StoreError;
use crate::store::Work;
use jiff::Timestamp;
use std::sync::Arc;
use tracing::debug;
use tracing::error;
use tracing::info;
use tracing::warn;

/// Turns until the tower stops.
pub async fn attend(shared: Arc<Shared>, pulse: Arc<Pulse>) {
    work::attend(
        shared,
        pulse,
        Work::Poll,
        |shared| shared.tower.load().config.egress.concurrency,
        async |shared, claim| shared.store.claim_polls(claim).await,
        |shared, job: &PollJob| shared.tower.load().source(&job.source).and_then(|plan| host_key(plan.watch.address())),
        |shared, lease| Box::pin(poll(shared, lease)),
    )
    .await;
}

/// One poll, from lease to commit.
async fn poll(shared: Arc<Shared>, lease: Lease<PollJob>) {
    let job = lease.job().clone();
    // A source that a reload removed in the meantime: its lease just ends.
    let Some(plan) = shared.tower.load().source(&job.source).cloned() else { return };
    let (reply, hub) = ask(&shared, &plan, &job.state.validators).await;
    let ids: Vec<String> = match &reply {
        Reply::Listing { listing, .. } => listing.entries.iter().map(|entry: &Entry| entry.id.clone()).collect(),
        _ => Vec::new(),
    };
    let known = match shared.store.known_entries(&job.source, &ids).await {
        Ok(known) => known,
        Err(error) => return error!(%error, source = %job.source, "known entries could not be looked up"),
    };
    let now = clock::now();
    if let (Reply::Failed { fault: Fault::Throttled { until: Some(until) }, .. }, Some(host)) =
        (&reply, host_key(plan.watch.address()))
    {
        shared.gates.pause(&host, *until);
    }
    let failed = matches!(reply, Reply::Failed { .. });
    let health = diagnose(&shared, &plan, &job, reply.seen(&known, &job.state), now);
    let mut decision = poll::Decision { health, ..poll::decide(&plan, &job.state, reply, &known, now) };
    if !failed {
        match shared.store.push_of(&job.source).await {
            Ok(Some(push)) if push.is_active(now) => decision = decision.pushed(now),
            Ok(_) => {}
            Err(error) => error!(%error, source = %job.source, "its subscription could not be looked up"),
        }
    }
    for warning in &decision.warnings {
        // Said when there is something new to it, not every quarter of an hour.
        if job.state.polls == 0 || !decision.items.is_empty() {
            warn!(source = %job.source, "{warning}");
        } else {
            debug!(source = %job.source, "{warning}");
        }
    }
    match shared.store.commit_poll(lease, &decision, now).await {
        Ok(waiting) => {
            let (source, reason, next_at) = (&job.source, &decision.reason, decision.next_at);
            if failed {
                warn!(%source, code = reason.code(), failures = decision.state.failures, %next_at, "poll failed: {reason}");
            } else if decision.items.is_empty() {
                debug!(%source, code = reason.code(), %next_at, "polled: {reason}");
            } else {
                info!(%source, code = reason.code(), waiting, %next_at, "polled: {reason}");
            }
            if waiting > 0 {
                shared.nudges.read.notify_one();
            }
            if !decision.health.remarks.is_empty() {
                shared.nudges.send.notify_one();
            }
            if let Some(hub) = hub
                && let Err(error) = subscribe(&shared, &job.source, &hub).await
            {
                error!(%error, source = %job.source, "its hub could not be noted; the next poll finds it again");
            }
        }
        Err(StoreError::LeaseLost) => warn!(source = %job.source, "the poll took longer than its lease"),
        Err(error) => error!(%error, source = %job.source, "a poll could not be committed"),
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

/// Fetches and reads; every trouble becomes a reply. With the hub that the answer names.
async fn ask(shared: &Shared, plan: &SourcePlan, validators: &Validators) -> (Reply, Option<Hub>) {
    let tower = shared.tower.load_full();
    let request = Request {
        url: plan.watch.address(),
        accept: plan.watch.accept(),
        validators: Some(validators),
        max_bytes: None,
    };
    let fetched = match tower.client.get(&request).await {
        Ok(fetched) => fetched,
        Err(error) => return (Reply::Failed { fault: error.fault(clock::now()), reason: error.reason() }, None),
    };
    let validators = fetched.validators.clone();
    if fetched.not_modified {
        return (Reply::Unchanged { validators, moved: fetched.moved }, None);
    }
    let moved = fetched.moved.clone();
    let watch = Arc::clone(&plan.watch);
    let reading = tokio::task::spawn_blocking(move || {
        let hub = push::find(&fetched.links, &fetched.body, &fetched.url);
        let document =
            Document { url: &fetched.url, content_type: fetched.content_type.as_deref(), bytes: &fetched.body };
        (watch.listing(&document).map_err(|reason| health::sign::name(&document, reason)), hub)
    });
    match reading.await {
        Ok((Ok(listing), hub)) => (Reply::Listing { listing, validators, moved }, hub),
        Ok((Err(reason), _)) => (Reply::Failed { fault: Fault::Transient, reason }, None),
        Err(panic) => {
            error!(source = %plan.name, error = %panic, "the reader of this source panicked");
            let reason = Reason::NotAFeed { detail: "its reader failed".into() };
            (Reply::Failed { fault: Fault::Transient, reason }, None)
        }
    }
}
