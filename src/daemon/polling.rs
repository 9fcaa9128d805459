//! Claims sources that are due, asks them, and commits what `poll::decide` says.

use super::Shared;
use super::manners;
use super::work;
use super::work::Pulse;
use crate::clock;
use crate::model::Document;
use crate::model::Entry;
use crate::model::Fault;
use crate::model::Reason;
use crate::model::SourceName;
use crate::net::client::Fetched;
use crate::net::client::Request;
use crate::poll;
use crate::poll::Reply;
use crate::poll::Validators;
use crate::push;
use crate::push::Hub;
use crate::schedule::wishes::Caching;
use crate::source::Listing;
use crate::source::SourcePlan;
use crate::source::host_key;
use crate::store::Lease;
use crate::store::PollJob;
use crate::store::StoreError;
use crate::store::Work;
use std::sync::Arc;
use tokio::time::Instant;
use tracing::debug;
use tracing::error;
use tracing::info;
use tracing::warn;
use url::Url;

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
    let mut decision = poll::decide(&plan, &job.state, reply, &known, **shared.allotment.load(), now);
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
    let began = Instant::now();
    let failed = |(fault, reason)| (Reply::Failed { fault, reason }, None);
    if plan.robots
        && !plan.watch.is_subscription()
        && let Err((fault, reason)) =
            manners::permitted(shared, &shared.tower.load_full(), plan.proxy.as_ref(), plan.watch.address()).await
    {
        // A page that we watch may be opened to robots again: it is asked for again, ever more seldom.
        let fault = if fault == Fault::Permanent { Fault::Transient } else { fault };
        return failed((fault, reason));
    }
    let fetched = match fetch(shared, plan, plan.watch.address(), Some(validators)).await {
        Ok(fetched) => fetched,
        Err(trouble) => return failed(trouble),
    };
    let (validators, caching) = (fetched.validators.clone(), fetched.caching.clone());
    if fetched.not_modified {
        return (Reply::Unchanged { validators, caching }, None);
    }
    match read(plan, fetched).await {
        Ok((listing, hub)) if listing.further.is_empty() => (Reply::Listing { listing, validators, caching }, hub),
        Ok((listing, hub)) => (ask_further(shared, plan, listing, began).await, hub),
        Err(trouble) => failed(trouble),
    }
}

/// Asks for the documents that an answer names and adds what they list. The gate of the source's host is held already:
/// requests to it keep its gap; another host's gate is entered for each.
async fn ask_further(shared: &Shared, plan: &SourcePlan, mut listing: Listing, began: Instant) -> Reply {
    let own_host = host_key(plan.watch.address());
    let mut failure = None;
    let mut read_parts = 0;
    for (index, url) in std::mem::take(&mut listing.further).into_iter().enumerate() {
        // The lease ends, and then all was in vain: what is left out stands in the next poll's answer again.
        if began.elapsed() > shared.tower.load().config.lease.unsigned_abs() / 2 && index > 0 {
            listing.warnings.push(format!("{url} and those behind it were not asked for: the poll took too long"));
            break;
        }
        let host = host_key(&url);
        let pass = match &host {
            Some(other) if host != own_host => Some(work::enter(shared, other).await),
            _ => {
                tokio::time::sleep(shared.tower.load().config.politeness.gap.unsigned_abs()).await;
                None
            }
        };
        let fetched = fetch(shared, plan, &url, None).await;
        if let Some(pass) = pass {
            pass.leave(clock::now());
        }
        let part = match fetched {
            Ok(fetched) => read(plan, fetched).await,
            Err(failed) => Err(failed),
        };
        match part {
            Ok((part, _)) => {
                read_parts += 1;
                listing.warnings.extend(part.warnings.into_iter().map(|warning| format!("{url}: {warning}")));
                listing.entries.extend(part.entries);
            }
            Err((fault, reason)) => {
                listing.warnings.push(format!("{url}: {reason}"));
                let pause = matches!(fault, Fault::Throttled { .. });
                failure = Some((fault, reason));
                if pause {
                    break;
                }
            }
        }
    }
    match failure {
        Some((fault, reason)) if read_parts == 0 => Reply::Failed { fault, reason },
        // "Not modified" of the first document would say nothing of the others: they are asked for at every poll.
        _ => Reply::Listing { listing, validators: Validators::default(), caching: Caching::default() },
    }
}

async fn fetch(
    shared: &Shared,
    plan: &SourcePlan,
    url: &Url,
    validators: Option<&Validators>,
) -> Result<Fetched, (Fault, Reason)> {
    let tower = shared.tower.load_full();
    let request = Request { url, accept: plan.watch.accept(), validators, max_bytes: None };
    tower
        .client
        .get_by(plan.proxy.as_ref(), &request)
        .await
        .map_err(|error| (error.fault(clock::now()), error.reason()))
}

async fn read(plan: &SourcePlan, fetched: Fetched) -> Result<(Listing, Option<Hub>), (Fault, Reason)> {
    let proxied = plan.proxy.as_ref();
    let watch = Arc::clone(&plan.watch);
    let reading = tokio::task::spawn_blocking(move || {
        let hub = push::find(&fetched.links, &fetched.body, &fetched.url);
        let listing = watch.listing(&Document {
            url: &fetched.url,
            content_type: fetched.content_type.as_deref(),
            bytes: &fetched.body,
        });
        (listing, hub)
    });
    match reading.await {
        Ok((listing, hub)) => {
            // A hub is told our public address: not for a source whose server must not see who is watching.
            listing
                .map(|listing| (listing, hub.filter(|_| proxied.is_none())))
                .map_err(|reason| (Fault::Transient, reason))
        }
        Err(panic) => {
            error!(source = %plan.name, error = %panic, "the reader of this source panicked");
            Err((Fault::Transient, Reason::NotAFeed { detail: "its reader failed".into() }))
        }
    }
}
