//! Claims items, reads their pages, and commits what `read::decide` says.

use super::Shared;
use super::examining;
use super::examining::Examined;
use super::instead;
use super::instead::Asked;
use super::manners;
use super::work;
use super::work::Gate;
use super::work::Pulse;
use crate::clock;
use crate::evidence::Keep;
use crate::model::Article;
use crate::model::Basis;
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
use crate::read::Proof;
use crate::read::Reply;
use crate::read::Standing;
use crate::read::Trying;
use crate::source::Render;
use crate::source::host_key;
use crate::store::Lease;
use crate::store::StoreError;
use crate::store::Work;
use crate::story::Lookalike;
use crate::story::address;
use jiff::Timestamp;
use std::sync::Arc;
use tracing::debug;
use tracing::error;
use tracing::info;
use tracing::warn;
use url::Url;

/// What is asked for when an article is read.
pub const ACCEPT: &str = "text/html, application/xhtml+xml;q=0.9, */*;q=0.5";

/// Turns until the tower stops.
pub async fn attend(shared: Arc<Shared>, pulse: Arc<Pulse>) {
    work::attend(
        shared,
        pulse,
        Work::Read,
        |shared| shared.tower.load().config.egress.concurrency,
        async |shared, claim| shared.store.claim_reads(claim).await,
        |_, item: &Item| link(item).as_ref().and_then(host_key),
        |shared, lease, gate| match gate {
            Gate::Open => Box::pin(read(shared, lease)),
            Gate::Shut(until) => Box::pin(put_back(shared, lease, until)),
        },
    )
    .await;
}

fn link(item: &Item) -> Option<Url> {
    item.entry.link.as_deref().and_then(|link| Url::parse(link).ok())
}

/// Its site must not be asked for a while.
async fn put_back(shared: Arc<Shared>, lease: Lease<Item>, until: Timestamp) {
    let item = lease.job().id;
    if let Err(error) = shared.store.put_back_read(lease, until).await {
        error!(%error, %item, "an item could not be put back; it is due when its lease ends");
    }
}

/// One reading, from lease to commit.
async fn read(shared: Arc<Shared>, mut lease: Lease<Item>) {
    let item = lease.job().clone();
    let mut ground = match settle(&shared, &lease, Again::IfNeeded).await {
        Ok(ground) => ground,
        Err(error) => return error!(%error, item = %item.id, "a twin could not be looked up"),
    };
    let tower = shared.tower.load_full();
    let now = clock::now();
    let since = now.saturating_sub(tower.config.reading.copies_within).unwrap_or(now);
    let mut asked_anew = false;
    let mut before: Option<Vec<Lookalike>> = None;
    // A twin may be judged between the look and the commit; then the look is repeated. Each round means that somebody
    // else got further, so the loop ends.
    loop {
        let (decision, seen) = match &ground {
            Ground::Again { at, reason } => (Decision::Again { at: *at, reason: reason.clone() }, Vec::new()),
            Ground::Text(text) => {
                let seen = match shared.store.lookalikes(&text.fingerprint, text.weighed, since).await {
                    Ok(seen) => seen,
                    Err(error) => return error!(%error, item = %item.id, "look-alikes could not be looked up"),
                };
                if before.as_ref().is_some_and(|before| gives_the_same(&item, text, &seen, before)) {
                    // Whether that text is an article is another question now.
                    return put_back(shared, lease, now).await;
                }
                let silences = super::gathering::silences(&shared, &tower, now).await;
                let decision = {
                    let (tower, item, text, seen) =
                        (Arc::clone(&tower), item.clone(), text.as_ref().clone(), seen.clone());
                    tokio::task::spawn_blocking(move || {
                        let standing = Standing {
                            rules: &tower.rules,
                            subscriptions: &tower.config.subscriptions,
                            people: &tower.config.people,
                            silences: &silences,
                            channels: &tower.config.channels,
                            retry: &tower.config.reading.retry,
                            keep: tower.config.evidence.keep,
                            look_again: &tower.config.evidence.look_again,
                            stories: &tower.config.stories,
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
        // Only what would be told is compared with all that was told: it is rare, and the comparison is not.
        if let (Ground::Text(text), Decision::Judged(judged)) = (&mut ground, &decision)
            && judged.alert.is_some()
            && !text.weighed
        {
            text.weighed = true;
            continue;
        }
        if !asked_anew && tells_of_what_is_not_kept(&shared, &ground, &decision).await {
            asked_anew = true;
            // When the page does not answer any more, what was read for the twin is told all the same.
            if let Ok(Ground::Text(text)) = settle(&shared, &lease, Again::Always).await
                && text.unread.is_none()
            {
                ground = Ground::Text(text);
                continue;
            }
        }
        match shared.store.commit_read(lease, &decision, &seen, since, now).await {
            Ok(()) => return tell(&shared, &item, &decision),
            Err((StoreError::Stale, Some(back))) => {
                debug!(item = %item.id, "a copy was judged in the meantime, deciding again");
                lease = back;
                before = Some(seen);
            }
            Err((StoreError::LeaseLost, _)) => return warn!(item = %item.id, "the reading took longer than its lease"),
            Err((error, _)) => return error!(%error, item = %item.id, "a reading could not be committed"),
        }
    }
}

/// Whether its source gave the same text for another item since.
fn gives_the_same(item: &Item, text: &read::Text, seen: &[Lookalike], before: &[Lookalike]) -> bool {
    let same = |it: &&Lookalike| it.source == item.source && it.fingerprint.text == text.fingerprint.text;
    let is_new = |it: &Lookalike| before.iter().all(|known| known.item != it.item);
    text.article.basis != Basis::Feed
        && matches!(text.proof, Proof::Capture(_))
        && text.fingerprint.text.is_some()
        && seen.iter().filter(same).any(is_new)
}

/// Whether a page is asked that was read a moment before for another source.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Again {
    IfNeeded,
    Always,
}

/// Whether an alert would rest on the reading of a twin of which nothing was kept, since no rule matched it then.
async fn tells_of_what_is_not_kept(shared: &Shared, ground: &Ground, decision: &Decision) -> bool {
    let (Ground::Text(text), Decision::Judged(judged)) = (ground, decision) else { return false };
    let Proof::ReadFor(twin) = text.proof else { return false };
    if judged.alert.is_none() || judged.evidence.is_none() {
        return false;
    }
    match shared.store.has_evidence(twin).await {
        Ok(kept) => !kept,
        Err(error) => {
            error!(%error, item = %twin, "its evidence could not be looked up");
            false
        }
    }
}

/// What the item is judged on: what it brings along, else what its page says.
async fn settle(shared: &Shared, lease: &Lease<Item>, again: Again) -> Result<Ground, StoreError> {
    let item = lease.job();
    if let Some(ground) = read::brought(item) {
        return Ok(ground);
    }
    let mut tries = Vec::new();
    let reply = ask(shared, item, again, &mut tries).await?;
    if !tries.is_empty() {
        shared.store.note_tries(lease, &tries).await?;
    }
    let now = clock::now();
    if let (Reply::Failed { fault, reason }, Some(url)) = (&reply, link(item))
        && let Some(Pause { key, until, scope: Scope::All }) = backoff::asked_for(*fault, reason, &url, now)
    {
        shared.gates.pause(&key, until);
        shared.store.pause(&key, until, now).await?;
    }
    let tower = shared.tower.load();
    let feed = tower.source(&item.source).is_none_or(|plan| plan.instead.ways.contains(&Basis::Feed));
    Ok(read::ground(item, reply, &Trying { retry: &tower.config.reading.retry, feed }, now))
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
        shared.nudges.gather.notify_one();
        shared.nudges.look.notify_one();
    }
}

/// Fetches, extracts and judges; every trouble of the world becomes a reply, and what was asked besides a try.
async fn ask(
    shared: &Shared,
    item: &Item,
    again: Again,
    tries: &mut Vec<(Timestamp, Reason)>,
) -> Result<Reply, StoreError> {
    let Some(url) = link(item) else {
        return Ok(Reply::Failed { fault: Fault::Permanent, reason: Reason::NoAddress });
    };
    if again == Again::IfNeeded
        && let Some(key) = address::canonical(url.as_str())
        && let Some((twin, article, url)) = shared.store.article_at(&key).await?
    {
        return Ok(Reply::Article { article: Box::new(article), url, proof: Proof::ReadFor(twin) });
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
    let capture = tower.config.evidence.keep != Keep::Nothing;
    let request = Request { url: &url, accept: ACCEPT, validators: None, max_bytes: None, capture };
    let answer = match plan.robots {
        true => tower.client.get_past(&manners::Robots { shared, tower: &tower, proxy }, proxy, &request).await,
        false => tower.client.get_by(proxy, &request).await,
    };
    let mut asked = Asked {
        tower: &tower,
        plan,
        item,
        url: &url,
        answer: None,
        article: None,
        reason: Reason::EmptyPage,
        fault: Fault::Transient,
    };
    let mut fetched = match answer {
        Ok(fetched) => fetched,
        Err(error) => {
            (asked.fault, asked.reason) = (error.fault(clock::now()), error.reason());
            return instead::settle(shared, asked, tries).await;
        }
    };
    let capture = fetched.capture.take().unwrap_or_default();
    let fetched = Arc::new(fetched);
    let Examined { article, mut refused } = examining::examine(shared, item, &fetched, Basis::Page).await?;
    if plan.render == Render::Always && article.method != examining::PDF && plan.render.applies(refused.as_ref()) {
        let shown = instead::rendered(shared, &tower, item, &url, &fetched, capture.clone(), refused.as_ref()).await?;
        match shown {
            Ok(reply) => return Ok(reply),
            Err(reason) => {
                refused = Some(reason);
                asked.article = Some(Article { basis: Basis::Rendering, ..Article::default() });
            }
        }
    }
    let Some(reason) = refused else {
        let (url, proof) = (fetched.url.to_string(), Proof::Capture(Arc::new(capture)));
        return Ok(Reply::Article { article: Box::new(article), url, proof });
    };
    if matches!(reason, Reason::NotAPage { .. } | Reason::PdfUnreadable { .. }) {
        asked.fault = Fault::Permanent;
    }
    asked.reason = reason;
    asked.article.get_or_insert(article);
    asked.answer = Some((fetched, capture));
    instead::settle(shared, asked, tries).await
}
