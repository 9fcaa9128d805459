//! Claims pages that were told, looks at them again, and commits what `look::decide` says.

use super::Shared;
use super::examining;
use super::examining::Examined;
use super::manners;
use super::reading;
use super::rendering;
use super::work;
use super::work::Gate;
use super::work::Pulse;
use crate::article;
use crate::article::Terms;
use crate::article::site;
use crate::clock;
use crate::evidence::Keep;
use crate::evidence::Record;
use crate::evidence::pack;
use crate::health::sign;
use crate::look;
use crate::look::Decision;
use crate::look::Look;
use crate::look::Reply;
use crate::look::Standing;
use crate::model::Article;
use crate::model::Basis;
use crate::model::Digest;
use crate::model::Document;
use crate::model::Fault;
use crate::model::Item;
use crate::model::Reason;
use crate::net::Door;
use crate::net::client::Request;
use crate::poll::Pause;
use crate::poll::Scope;
use crate::poll::Validators;
use crate::poll::backoff;
use crate::read;
use crate::source::Render;
use crate::source::host_key;
use crate::store::Lease;
use crate::store::StoreError;
use crate::store::Work;
use jiff::Timestamp;
use std::sync::Arc;
use tracing::debug;
use tracing::error;
use tracing::info;
use tracing::warn;
use url::Url;

/// Looks under way at once: they are in no hurry, and polls and readings go first.
const SLOTS: usize = 8;

/// Turns until the tower stops.
pub async fn attend(shared: Arc<Shared>, pulse: Arc<Pulse>) {
    work::attend(
        shared,
        pulse,
        Work::Look,
        |_| SLOTS,
        async |shared, claim| shared.store.claim_looks(claim).await,
        |_, look: &Look| link(look).as_ref().and_then(host_key),
        |shared, lease, gate| match gate {
            Gate::Open => Box::pin(look(shared, lease)),
            Gate::Shut(until) => Box::pin(put_back(shared, lease, until)),
        },
    )
    .await;
}

fn link(look: &Look) -> Option<Url> {
    look.item.entry.link.as_deref().and_then(|link| Url::parse(link).ok())
}

/// Its site must not be asked for a while.
async fn put_back(shared: Arc<Shared>, lease: Lease<Look>, until: Timestamp) {
    let item = lease.job().item.id;
    if let Err(error) = shared.store.put_back_look(lease, until).await {
        error!(%error, %item, "a look could not be put back; it is due when its lease ends");
    }
}

/// One look, from lease to commit.
async fn look(shared: Arc<Shared>, lease: Lease<Look>) {
    let look = lease.job().clone();
    let tower = shared.tower.load_full();
    let switched_off = tower.config.evidence.look_again.is_empty();
    let reply = match switched_off {
        true => Reply::Failed { fault: Fault::Permanent, reason: Reason::SwitchedOff },
        false => match ask(&shared, &look).await {
            Ok(reply) => reply,
            Err(error) => return error!(%error, item = %look.item.id, "a pause could not be noted"),
        },
    };
    let now = clock::now();
    let deciding = {
        let look = match reread(&shared, &look).await {
            Ok(Some(article)) => look.clone().reread(article),
            Ok(None) => look.clone(),
            Err(error) => return error!(%error, item = %look.item.id, "what was told could not be looked up"),
        };
        let silences = super::gathering::silences(&shared, &tower, now).await;
        tokio::task::spawn_blocking(move || {
            let standing = Standing {
                rules: &tower.rules,
                subscriptions: &tower.config.subscriptions,
                people: &tower.config.people,
                silences: &silences,
                channels: &tower.config.channels,
                steps: &tower.config.evidence.look_again,
                retry: &tower.config.reading.retry,
                keep: tower.config.evidence.keep,
            };
            look::decide(&standing, &look, reply, now)
        })
    };
    let decision = match deciding.await {
        Ok(decision) => decision,
        Err(panic) => return error!(error = %panic, item = %look.item.id, "comparing panicked"),
    };
    match shared.store.commit_look(lease, &decision, now).await {
        Ok(()) => tell(&shared, &look, &decision),
        Err((StoreError::Stale, Some(lease))) => {
            debug!(item = %look.item.id, "its story was told anew in the meantime, looking again");
            put_back(shared, lease, now).await;
        }
        Err((StoreError::LeaseLost, _)) => warn!(item = %look.item.id, "the look took longer than its lease"),
        Err((error, _)) => error!(%error, item = %look.item.id, "a look could not be committed"),
    }
}

/// The told text, read anew from the bytes that were kept of it.
async fn reread(shared: &Shared, look: &Look) -> Result<Option<Article>, StoreError> {
    let Some(kept) = shared.store.evidence_of(look.alert).await? else { return Ok(None) };
    let told = Digest::of(look.article.text.as_bytes());
    let mut records =
        kept.records.iter().filter_map(|link| serde_json::from_str::<Record>(link.record.as_deref()?).ok());
    // Of a feed's text the bytes are the entry's, whatever its page said.
    let record = records.find(|record| record.text == told && record.method != read::FROM_FEED);
    let exchange = record.and_then(|record| record.exchanges.into_iter().next_back());
    let Some(exchange) = exchange.filter(|exchange| !exchange.rendered && exchange.status == 200) else {
        return Ok(None);
    };
    let Some(packed) = shared.store.evidence_body(&exchange.body).await? else { return Ok(None) };
    let tower = shared.tower.load_full();
    let most = tower.config.egress.max_bytes;
    let reading = tokio::task::spawn_blocking(move || {
        let bytes = exchange.decoded(&pack::unpack(&packed).ok()?, most)?;
        let url = Url::parse(&exchange.url).ok()?;
        let document = Document { url: &url, content_type: exchange.header("content-type"), bytes: &bytes };
        let terms = Terms { now: exchange.asked_at, site: site::of(&tower.config.sites, &url) };
        Some(article::extract(&document, &terms))
    });
    Ok(reading.await.unwrap_or_default())
}

/// Logs what was committed and wakes the senders.
fn tell(shared: &Shared, look: &Look, decision: &Decision) {
    let link = look.item.entry.link.as_deref().unwrap_or_default();
    let (item, source, reason) = (look.item.id, &look.item.source, &decision.reason);
    if decision.alert.is_none() {
        return debug!(%item, %source, code = reason.code(), next = ?decision.after.at, link, "looked at again: {reason}");
    }
    info!(%item, %source, code = reason.code(), link, "looked at again: {reason}");
    shared.nudges.send.notify_one();
    shared.nudges.gather.notify_one();
}

/// Fetches and extracts; every trouble of the world becomes a reply.
async fn ask(shared: &Shared, look: &Look) -> Result<Reply, StoreError> {
    let Some(url) = link(look) else {
        return Ok(Reply::Failed { fault: Fault::Permanent, reason: Reason::NoAddress });
    };
    let reply = fetch(shared, look, &url).await;
    let now = clock::now();
    if let Reply::Failed { fault, reason } = &reply
        && let Some(Pause { key, until, scope: Scope::All }) = backoff::asked_for(*fault, reason, &url, now)
    {
        shared.gates.pause(&key, until);
        shared.store.pause(&key, until, now).await?;
    }
    Ok(reply)
}

async fn fetch(shared: &Shared, look: &Look, url: &Url) -> Reply {
    let tower = shared.tower.load_full();
    // Only its source says by which way a page may be asked, and whether robots.txt is to be obeyed.
    let Some(plan) = tower.source(&look.item.source) else {
        return Reply::Failed { fault: Fault::Transient, reason: Reason::SourceGone };
    };
    let proxy = plan.proxy.as_ref();
    if plan.robots
        && let Err((fault, reason)) = manners::permitted(shared, &tower, proxy, url).await
    {
        return Reply::Failed { fault, reason };
    }
    let capture = tower.config.evidence.keep != Keep::Nothing;
    // What scripts fetch changes without the page.
    let condition = (plan.render != Render::Always).then(|| look.condition(tower.config.evidence.look_again.len()));
    let validators = condition.flatten();
    let request = Request { url, accept: reading::ACCEPT, validators, max_bytes: None, capture };
    let robots = manners::Robots { shared, tower: &tower, proxy };
    let door = plan.robots.then_some(&robots as &dyn Door);
    let mut fetched = match tower.client.look_by(door, proxy, &request).await {
        Ok(fetched) => fetched,
        Err(error) => return Reply::Failed { fault: error.fault(clock::now()), reason: error.reason() },
    };
    if fetched.not_modified {
        return Reply::NotModified;
    }
    let mut capture = fetched.capture.take().unwrap_or_default();
    let mut validators = fetched.validators.clone();
    if matches!(fetched.status, 404 | 410) {
        return match sign::wall(None, &fetched.body) {
            Some(sign) => {
                let detail = format!("answered {}, and {sign}", fetched.status);
                Reply::Failed { fault: Fault::Transient, reason: Reason::Wall { detail } }
            }
            None => Reply::Gone { status: fetched.status, capture },
        };
    }
    let item = &look.item;
    let fetched = Arc::new(fetched);
    let examined = match examining::examine(shared, item, &fetched, Basis::Page).await {
        Ok(examined) => examined,
        Err(error) => return unknown(item, &error),
    };
    let Examined { mut article, mut refused } = examined;
    if plan.render.applies(refused.as_ref()) {
        let shown = match rendering::show(shared, &tower, url, &fetched).await {
            Ok(page) => Arc::new(page),
            Err(error) => {
                let reason = rendering::in_vain(refused.as_ref(), &error);
                return Reply::Failed { fault: Fault::Transient, reason };
            }
        };
        capture.push_rendered(url, &shown.body, clock::now());
        validators = Validators::default();
        let read = match examining::examine(shared, item, &shown, Basis::Rendering).await {
            Ok(read) => read,
            Err(error) => return unknown(item, &error),
        };
        article = Article { method: format!("rendered: {}", read.article.method), ..read.article };
        refused = read.refused.map(|reason| rendering::still(refused, reason));
    }
    Reply::Page { article: Box::new(article), url: fetched.url.to_string(), refused, capture, validators }
}

/// The store could not say what else the source gave: the page is looked at again.
fn unknown(item: &Item, error: &StoreError) -> Reply {
    error!(%error, item = %item.id, "a page that was looked at could not be judged");
    Reply::Failed { fault: Fault::Transient, reason: Reason::EmptyPage }
}
