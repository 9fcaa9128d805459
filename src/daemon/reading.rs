//! Claims items, reads their pages, and commits what `read::decide` says.

use super::Shared;
use super::manners;
use super::work;
use super::work::Pulse;
use crate::article;
use crate::article::Terms;
use crate::article::site;
use crate::clock;
use crate::model::Document;
use crate::model::Fault;
use crate::model::Item;
use crate::model::Reason;
use crate::net::client::Request;
use crate::poll::Pause;
use crate::poll::Scope;
use crate::poll::backoff;
use crate::read;
use crate::read::Decision;
use crate::read::Ground;
use crate::read::Reply;
use crate::read::Standing;
use crate::source::host_key;
use crate::store::Lease;
use crate::store::StoreError;
use crate::store::Work;
use crate::story::address;
use std::sync::Arc;
use tracing::debug;
use tracing::error;
use tracing::info;
use tracing::warn;
use url::Url;

/// What is asked for when an article is read.
const ACCEPT: &str = "text/html, application/xhtml+xml;q=0.9, */*;q=0.5";

/// Turns until the tower stops.
pub async fn attend(shared: Arc<Shared>, pulse: Arc<Pulse>) {
    work::attend(
        shared,
        pulse,
        Work::Read,
        |shared| shared.tower.load().config.egress.concurrency,
        async |shared, claim| shared.store.claim_reads(claim).await,
        |_, item: &Item| link(item).as_ref().and_then(host_key),
        |shared, lease| Box::pin(read(shared, lease)),
    )
    .await;
}

fn link(item: &Item) -> Option<Url> {
    item.entry.link.as_deref().and_then(|link| Url::parse(link).ok())
}

/// One reading, from lease to commit.
async fn read(shared: Arc<Shared>, mut lease: Lease<Item>) {
    let item = lease.job().clone();
    let ground = match settle(&shared, &item).await {
        Ok(ground) => ground,
        Err(error) => return error!(%error, item = %item.id, "a twin could not be looked up"),
    };
    let tower = shared.tower.load_full();
    let now = clock::now();
    let since = now.saturating_sub(tower.config.reading.copies_within).unwrap_or(now);
    // A twin may be judged between the look and the commit; then the look is repeated. Each round means that somebody
    // else got further, so the loop ends.
    loop {
        let (decision, seen) = match &ground {
            Ground::Again { at, reason } => (Decision::Again { at: *at, reason: reason.clone() }, Vec::new()),
            Ground::Text(text) => {
                let seen = match shared.store.lookalikes(&text.fingerprint, since).await {
                    Ok(seen) => seen,
                    Err(error) => return error!(%error, item = %item.id, "look-alikes could not be looked up"),
                };
                let decision = {
                    let (tower, item, text, seen) =
                        (Arc::clone(&tower), item.clone(), text.as_ref().clone(), seen.clone());
                    tokio::task::spawn_blocking(move || {
                        let standing = Standing {
                            rules: &tower.rules,
                            subscriptions: &tower.config.subscriptions,
                            channels: &tower.config.channels,
                            retry: &tower.config.reading.retry,
                        };
                        read::decide(&standing, &item, text, &seen, now)
                    })
                    .await
                };
                match decision {
                    Ok(decision) => (decision, seen),
                    Err(panic) => return error!(error = %panic, item = %item.id, "judging panicked"),
                }
            }
        };
        match shared.store.commit_read(lease, &decision, &seen, since, now).await {
            Ok(()) => return tell(&shared, &item, &decision),
            Err((StoreError::Stale, Some(back))) => {
                debug!(item = %item.id, "a copy was judged in the meantime, deciding again");
                lease = back;
            }
            Err((StoreError::LeaseLost, _)) => return warn!(item = %item.id, "the reading took longer than its lease"),
            Err((error, _)) => return error!(%error, item = %item.id, "a reading could not be committed"),
        }
    }
}

/// What the item is judged on: what it brings along, else what its page says.
async fn settle(shared: &Shared, item: &Item) -> Result<Ground, StoreError> {
    if let Some(ground) = read::brought(item) {
        return Ok(ground);
    }
    let reply = ask(shared, item).await?;
    let now = clock::now();
    if let (Reply::Failed { fault, reason }, Some(url)) = (&reply, link(item))
        && let Some(Pause { key, until, scope: Scope::All }) = backoff::asked_for(*fault, reason, &url, now)
    {
        shared.gates.pause(&key, until);
        shared.store.pause(&key, until, now).await?;
    }
    Ok(read::ground(item, reply, &shared.tower.load().config.reading.retry, now))
}

/// Logs what was committed and wakes the senders.
fn tell(shared: &Shared, item: &Item, decision: &Decision) {
    let link = item.entry.link.as_deref().or(item.entry.place.as_deref()).unwrap_or_default();
    let judged = match decision {
        Decision::Again { at, reason } => {
            return info!(item = %item.id, source = %item.source, code = reason.code(), %at, link, "not read yet: {reason}");
        }
        Decision::Judged(judged) => Some(judged),
        Decision::Unreadable { reason, judged } => {
            warn!(item = %item.id, source = %item.source, code = reason.code(), link, "could not be read: {reason}");
            judged.as_ref()
        }
    };
    let Some(judged) = judged else { return };
    if judged.outcomes.is_empty() {
        return debug!(item = %item.id, source = %item.source, link, "judged: no rule matched");
    }
    for outcome in &judged.outcomes {
        info!(item = %item.id, source = %item.source, rule = %outcome.rule, code = outcome.reason.code(), link, "{}: {}", outcome.kind.as_str(), outcome.reason);
    }
    if judged.alert.is_some() {
        shared.nudges.send.notify_one();
    }
}

/// Fetches and extracts; every trouble of the world becomes a reply.
async fn ask(shared: &Shared, item: &Item) -> Result<Reply, StoreError> {
    let Some(url) = link(item) else {
        return Ok(Reply::Failed { fault: Fault::Permanent, reason: Reason::NoAddress });
    };
    if let Some(key) = address::canonical(url.as_str())
        && let Some((article, url)) = shared.store.article_at(&key).await?
    {
        return Ok(Reply::Article { article: Box::new(article), url });
    }
    let tower = shared.tower.load_full();
    // Only its source says by which way a page may be asked, and whether robots.txt is to be obeyed.
    let Some(plan) = tower.source(&item.source) else {
        return Ok(Reply::Failed { fault: Fault::Transient, reason: Reason::SourceGone });
    };
    let proxy = plan.proxy.as_ref();
    if plan.robots
        && let Err((fault, reason)) = manners::permitted(shared, &tower, proxy, &url).await
    {
        return Ok(Reply::Failed { fault, reason });
    }
    let request = Request { url: &url, accept: ACCEPT, validators: None, max_bytes: None };
    let fetched = match tower.client.get_by(proxy, &request).await {
        Ok(fetched) => fetched,
        Err(error) => return Ok(Reply::Failed { fault: error.fault(clock::now()), reason: error.reason() }),
    };
    let url = fetched.url.to_string();
    let listed_title = item.entry.title.clone();
    let extracting = tokio::task::spawn_blocking(move || {
        let document =
            Document { url: &fetched.url, content_type: fetched.content_type.as_deref(), bytes: &fetched.body };
        let terms = Terms { now: clock::now(), site: site::of(&tower.config.sites, &fetched.url) };
        article::examine(&document, &listed_title, &terms)
    });
    Ok(match extracting.await {
        Ok((article, None)) => Reply::Article { article: Box::new(article), url },
        Ok((_, Some(reason @ Reason::NotAPage { .. }))) => Reply::Failed { fault: Fault::Permanent, reason },
        Ok((_, Some(reason))) => Reply::Failed { fault: Fault::Transient, reason },
        Err(panic) => {
            error!(item = %item.id, error = %panic, "extracting panicked");
            Reply::Failed { fault: Fault::Transient, reason: Reason::EmptyPage }
        }
    })
}
