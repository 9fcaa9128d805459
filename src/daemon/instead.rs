//! A page that gives no article → what stands in for it, in the order of the configuration. Every address is asked as a
//! page is: past the address guard, by its source's way, as robots.txt allows, inside the gate of its host, within the
//! limits in size and time. What is asked in vain is noted as a try.

use super::Shared;
use super::examining;
use super::manners;
use super::reading::ACCEPT;
use super::rendering;
use super::tower::Tower;
use super::work;
use crate::article;
use crate::article::declared;
use crate::clock;
use crate::evidence::Capture;
use crate::evidence::Keep;
use crate::model::Article;
use crate::model::Basis;
use crate::model::Document;
use crate::model::Fault;
use crate::model::Item;
use crate::model::Reason;
use crate::net::client::Fetched;
use crate::net::client::Request;
use crate::read;
use crate::read::Proof;
use crate::read::Reply;
use crate::source::SourcePlan;
use crate::source::host_key;
use crate::store::StoreError;
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// The page that was asked, and what came of it.
pub struct Asked<'a> {
    /// In force when it was asked.
    pub tower: &'a Tower,
    /// Its source.
    pub plan: &'a SourcePlan,
    /// Its item.
    pub item: &'a Item,
    /// Its address. The caller is inside the gate of its host.
    pub url: &'a Url,
    /// What it answered, if it answered with success.
    pub answer: Option<(Arc<Fetched>, Capture)>,
    /// What that says, if it says anything.
    pub article: Option<Article>,
    /// Why it is not the article.
    pub reason: Reason,
    /// What helps.
    pub fault: Fault,
}

/// Asks one after the other until one gives the article; else gives the page's own trouble back.
///
/// # Errors
/// When the store fails.
pub async fn settle(
    shared: &Shared,
    mut asked: Asked<'_>,
    tries: &mut Vec<(Timestamp, Reason)>,
) -> Result<Reply, StoreError> {
    if !read::turns_elsewhere(asked.fault, &asked.reason, asked.item.attempts) {
        return Ok(asked.in_vain());
    }
    let versions = asked.answer.as_ref().map(|(page, _)| declared_by(page)).unwrap_or_default();
    let before = (clock::now(), asked.reason.clone());
    for way in &asked.plan.instead.ways {
        let found = match way {
            // The decision takes it from the item.
            Basis::Feed if read::is_whole_in_feed(asked.item, asked.article.as_ref(), &asked.reason) => break,
            Basis::Rendering => render(shared, &mut asked).await?,
            Basis::Amp | Basis::Print | Basis::Alternate | Basis::Mirror if read::may_ask_elsewhere(&asked.reason) => {
                let address = match way {
                    Basis::Mirror => asked.plan.instead.at_mirror(asked.url),
                    _ => versions.iter().find(|(basis, _)| basis == way).map(|(_, url)| url.clone()),
                };
                match address {
                    Some(address) => elsewhere(shared, &asked, *way, &address, tries).await?,
                    None => None,
                }
            }
            _ => None,
        };
        if let Some(reply) = found {
            // What the page itself said is else told by the decision.
            tries.insert(0, before);
            return Ok(reply);
        }
    }
    Ok(asked.in_vain())
}

impl Asked<'_> {
    fn in_vain(self) -> Reply {
        let Self { article, reason, fault, answer, .. } = self;
        match (article, fault) {
            (Some(article), Fault::Transient) => {
                let proof = answer.map_or(Proof::Entry, |(_, capture)| Proof::Capture(Arc::new(capture)));
                Reply::Refused { article: Box::new(article), reason, proof }
            }
            _ => Reply::Failed { fault, reason },
        }
    }
}

fn declared_by(page: &Fetched) -> Vec<(Basis, Url)> {
    let document = Document { url: &page.url, content_type: page.content_type.as_deref(), bytes: &page.body };
    declared::versions(&article::decode(&document), &page.url)
}

/// The page as a browser shows it, where that is what it needs.
async fn render(shared: &Shared, asked: &mut Asked<'_>) -> Result<Option<Reply>, StoreError> {
    let Some((page, capture)) = &asked.answer else { return Ok(None) };
    if asked.article.as_ref().is_some_and(|article| article.basis == Basis::Rendering)
        || !asked.plan.render.applies(Some(&asked.reason))
    {
        return Ok(None);
    }
    match rendered(shared, asked.tower, asked.item, asked.url, page, capture.clone(), Some(&asked.reason)).await? {
        Ok(reply) => Ok(Some(reply)),
        Err(reason) => {
            asked.reason = reason;
            Ok(None)
        }
    }
}

/// Has a page rendered that answered, and reads what comes of it; the inner error is why there is no article.
pub async fn rendered(
    shared: &Shared,
    tower: &Tower,
    item: &Item,
    url: &Url,
    page: &Arc<Fetched>,
    mut capture: Capture,
    refused: Option<&Reason>,
) -> Result<Result<Reply, Reason>, StoreError> {
    let shown = match rendering::show(shared, tower, url, page).await {
        Ok(shown) => Arc::new(shown),
        Err(error) => return Ok(Err(rendering::in_vain(refused, &error))),
    };
    capture.push_rendered(url, &shown.body, clock::now());
    let examined = examining::examine(shared, item, &shown, Basis::Rendering).await?;
    if let Some(reason) = examined.refused {
        return Ok(Err(rendering::still(refused.cloned(), reason)));
    }
    let article = Article { method: format!("rendered: {}", examined.article.method), ..examined.article };
    let proof = Proof::Capture(Arc::new(capture));
    Ok(Ok(Reply::Article { article: Box::new(article), url: shown.url.to_string(), proof }))
}

/// Asks another address for the article.
async fn elsewhere(
    shared: &Shared,
    asked: &Asked<'_>,
    way: Basis,
    url: &Url,
    tries: &mut Vec<(Timestamp, Reason)>,
) -> Result<Option<Reply>, StoreError> {
    let last = match fetch(shared, asked, url).await {
        Err(reason) => reason,
        Ok(mut fetched) => {
            let capture = fetched.capture.take().unwrap_or_default();
            let fetched = Arc::new(fetched);
            let examined = examining::examine(shared, asked.item, &fetched, way).await?;
            match examined.refused {
                Some(reason) => reason,
                None => {
                    return Ok(Some(Reply::Article {
                        article: Box::new(examined.article),
                        url: fetched.url.to_string(),
                        proof: Proof::Capture(Arc::new(capture)),
                    }));
                }
            }
        }
    };
    tries.push((clock::now(), Reason::InItsPlace { way, url: url.to_string(), last: Box::new(last) }));
    Ok(None)
}

async fn fetch(shared: &Shared, asked: &Asked<'_>, url: &Url) -> Result<Fetched, Reason> {
    let (tower, plan) = (asked.tower, asked.plan);
    let proxy = plan.proxy.as_ref();
    let pass = match host_key(url) {
        Some(host) if Some(&host) != host_key(asked.url).as_ref() => {
            // Waited for within bounds: two that stand in each other's gates would wait for ever.
            let patience = Duration::try_from(tower.config.egress.timeout).unwrap_or_default();
            let entering = tokio::time::timeout(patience, work::enter(shared, &host)).await;
            Some(entering.map_err(|_| Reason::TimedOut { detail: format!("{host} is busy") })?)
        }
        // The caller is inside its gate, and has just asked.
        _ => {
            tokio::time::sleep(tower.config.politeness.gap.unsigned_abs()).await;
            None
        }
    };
    let answer = async {
        if plan.robots {
            manners::permitted(shared, tower, proxy, url).await.map_err(|(_, reason)| reason)?;
        }
        let capture = tower.config.evidence.keep != Keep::Nothing;
        let request = Request { url, accept: ACCEPT, validators: None, max_bytes: None, capture };
        let answer = match plan.robots {
            true => tower.client.get_past(&manners::Robots { shared, tower, proxy }, proxy, &request).await,
            false => tower.client.get_by(proxy, &request).await,
        };
        answer.map_err(|error| error.reason())
    }
    .await;
    if let Some(pass) = pass {
        pass.leave(clock::now());
    }
    answer
}
