//! An answer → the same with what further documents list: the parts that it names, or older pages after a gap. Both go
//! one document after the other through the same politeness, within half of the lease.

use super::Shared;
use super::polling::Documents;
use super::polling::Party;
use super::polling::reply;
use super::work;
use crate::clock;
use crate::health::gap::ReadBack;
use crate::model::Entry;
use crate::model::Fault;
use crate::model::Reason;
use crate::net::FetchError;
use crate::net::client::Fetched;
use crate::net::client::Request;
use crate::poll::Condition;
use crate::poll::Reply;
use crate::poll::Validators;
use crate::poll::back;
use crate::poll::back::WayBack;
use crate::source::Listing;
use crate::source::SourcePlan;
use crate::source::host_key;
use crate::store::StoreError;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tracing::error;
use url::Url;

/// Asks for the documents that belong to a reply and adds what they list. The gate of the host of `asked` is held
/// already: requests to it keep its gap; another host's gate is entered for each. `answered` is the address that answered,
/// `began` when the poll did. `documents` holds the parts that another source of this poll has asked for, and gets the new
/// ones.
pub(super) async fn ask(
    shared: &Shared,
    party: &Party,
    asked: &Url,
    answered: &Url,
    reply: Reply,
    began: Instant,
    documents: &mut Option<Documents>,
) -> Reply {
    let Reply::Listing { mut listing, validators, mut course } = reply else { return reply };
    let mut round = Round { shared, plan: &party.plan, own_host: host_key(asked), began, requests: 0, documents };
    if !listing.further.is_empty() {
        return match round.parts(&mut listing).await {
            Some((fault, reason)) => Reply::Failed { fault, reason },
            // "Not modified" of the first document would say nothing of the others: they are asked for at every poll.
            None => Reply::Listing { listing, validators: Validators::default(), course },
        };
    }
    let health = &party.lease.job().health;
    if let Some(way) = WayBack::begin(asked, answered, health, &party.state, &listing, &course) {
        match round.older(&mut listing, way).await {
            Ok(back) => course.back = back,
            Err(error) => error!(%error, source = %party.plan.name, "known entries could not be looked up"),
        }
    }
    Reply::Listing { listing, validators, course }
}

/// The further requests of one poll.
struct Round<'a> {
    shared: &'a Shared,
    plan: &'a SourcePlan,
    own_host: Option<String>,
    began: Instant,
    requests: usize,
    documents: &'a mut Option<Documents>,
}

/// What became of one of them.
enum Answer {
    Listing(Box<Listing>),
    /// Nothing was sent.
    Unchanged,
    Failed(Fault, Reason),
    /// The address that answered, after redirects, is not to be read.
    Elsewhere(Reason),
}

impl Round<'_> {
    /// Adds what the parts list that an answer names. The failure of the last one when none could be read.
    async fn parts(&mut self, listing: &mut Listing) -> Option<(Fault, Reason)> {
        let (mut failure, mut read_parts) = (None, 0);
        for url in std::mem::take(&mut listing.further) {
            // What is left out stands in the next poll's answer again.
            let Some(answer) = self.request(&url, None, |_| true).await else {
                listing.warnings.push(format!("{url} and those behind it were not asked for: the poll took too long"));
                break;
            };
            match answer {
                Answer::Listing(part) => {
                    read_parts += 1;
                    listing.warnings.extend(part.warnings.into_iter().map(|warning| format!("{url}: {warning}")));
                    listing.entries.extend(part.entries);
                }
                Answer::Unchanged | Answer::Elsewhere(_) => {}
                Answer::Failed(fault, reason) => {
                    listing.warnings.push(format!("{url}: {reason}"));
                    let pause = matches!(fault, Fault::Throttled { .. });
                    failure = Some((fault, reason));
                    if pause {
                        break;
                    }
                }
            }
        }
        failure.filter(|_| read_parts == 0)
    }

    /// Where the answer has nothing in common with what was listed before, adds what older pages list.
    async fn older(&mut self, listing: &mut Listing, mut way: WayBack) -> Result<Option<ReadBack>, StoreError> {
        if !self.known(&listing.entries).await?.is_empty() {
            return Ok(None);
        }
        while let Some(url) = way.next_page() {
            match self.request(&url, Some(back::LONGEST_PAGE), |answered| way.is_trusted(answered)).await {
                None => way.stop(),
                Some(Answer::Listing(page)) => {
                    let known = self.known(&page.entries).await?;
                    way.take(*page, &known);
                }
                Some(Answer::Unchanged) => way.take(Listing::default(), &HashSet::new()),
                Some(Answer::Failed(fault, reason)) => way.fail(fault, reason),
                Some(Answer::Elsewhere(reason)) => way.fail(Fault::Permanent, reason),
            }
        }
        let (entries, back) = way.finish();
        listing.entries.extend(entries);
        Ok(Some(back))
    }

    async fn known(&self, entries: &[Entry]) -> Result<HashSet<String>, StoreError> {
        let ids: Vec<String> = entries.iter().map(|entry| entry.id.clone()).collect();
        self.shared.store.known_entries(&self.plan.name, &ids).await
    }

    /// One request; `None` when there is no time left for it: the lease would end, and then all were in vain. The first
    /// is always made.
    async fn request(
        &mut self,
        url: &Url,
        max_bytes: Option<u64>,
        may_answer: impl Fn(&Url) -> bool,
    ) -> Option<Answer> {
        // A part, and not cut short: what others got of it is the same.
        if max_bytes.is_none()
            && let Some(answer) = self.documents.as_ref().and_then(|documents| documents.get(url)).cloned()
        {
            return Some(self.read(&answer, may_answer).await);
        }
        let tower = self.shared.tower.load_full();
        let left = (tower.config.lease.unsigned_abs() / 2).saturating_sub(self.began.elapsed());
        if left.is_zero() && self.requests > 0 {
            return None;
        }
        self.requests += 1;
        let host = host_key(url);
        let pass = match &host {
            // Two polls may wait for each other's host: not for ever.
            Some(other) if host != self.own_host => {
                let patience = left.max(Duration::from_millis(100));
                let Ok(pass) = tokio::time::timeout(patience, work::enter(self.shared, other)).await else {
                    let detail = format!("waiting for {other}, which is busy or pauses");
                    return Some(Answer::Failed(Fault::Transient, Reason::TimedOut { detail }));
                };
                Some(pass)
            }
            _ => {
                tokio::time::sleep(tower.config.politeness.gap.unsigned_abs()).await;
                None
            }
        };
        let request = Request { url, accept: self.plan.watch.accept(), validators: None, max_bytes, capture: false };
        let answer = Arc::new(tower.client.get_by(self.plan.proxy.as_ref(), &request).await);
        if let Some(pass) = pass {
            pass.leave(clock::now());
        }
        if let (Some(documents), None) = (self.documents.as_mut(), max_bytes) {
            documents.insert(url.clone(), Arc::clone(&answer));
        }
        Some(self.read(&answer, may_answer).await)
    }

    async fn read(&self, answer: &Arc<Result<Fetched, FetchError>>, may_answer: impl Fn(&Url) -> bool) -> Answer {
        if let Ok(fetched) = answer.as_ref()
            && !may_answer(&fetched.url)
        {
            let host = fetched.url.host_str().unwrap_or_default();
            let detail = format!("to another site, {host}");
            return Answer::Elsewhere(Reason::BadRedirect { detail });
        }
        match reply(self.plan, answer, &Condition::default()).await.0 {
            Reply::Listing { listing, .. } => Answer::Listing(Box::new(listing)),
            Reply::Unchanged { .. } => Answer::Unchanged,
            Reply::Failed { fault, reason } => Answer::Failed(fault, reason),
        }
    }
}
