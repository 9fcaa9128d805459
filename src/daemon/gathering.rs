//! Claims lanes in which something is due, and commits what `gather::decide` says: the messages that stand for what was
//! held, and what waits on.

use super::Shared;
use super::tower::Tower;
use super::work;
use super::work::Pulse;
use crate::clock;
use crate::route;
use crate::route::Rhythm;
use crate::route::Silence;
use crate::route::gather;
use crate::route::gather::Lane;
use crate::route::rhythm::next_digest;
use crate::store::LanePlan;
use crate::store::Lease;
use crate::store::StoreError;
use crate::store::Work;
use jiff::Timestamp;
use std::sync::Arc;
use tracing::debug;
use tracing::error;
use tracing::info;
use tracing::warn;

/// Lanes under way at once: each may hold thousands of alerts in memory.
const SLOTS: usize = 4;

/// Turns until the tower stops.
pub async fn attend(shared: Arc<Shared>, pulse: Arc<Pulse>) {
    work::attend(
        shared,
        pulse,
        Work::Gather,
        |_| SLOTS,
        async |shared, claim| shared.store.claim_lanes(claim).await,
        |_, _: &Lane| None,
        |shared, lease, _| Box::pin(gather(shared, lease)),
    )
    .await;
}

async fn gather(shared: Arc<Shared>, lease: Lease<Lane>) {
    let now = clock::now();
    let tower = shared.tower.load_full();
    let lane = lease.job().clone();
    let policy = gather::policy(&lane, &tower.config.subscriptions, &tower.config.people);
    let digest = policy.subscription.filter(|_| policy.is_digest());
    let (waiting, account) = match shared.store.material(&lane, digest, now).await {
        Ok(material) => material,
        Err(error) => return error!(%error, lane = lane.id, "what waits could not be looked up"),
    };
    let deciding = {
        let (lane, tower) = (lane.clone(), Arc::clone(&tower));
        tokio::task::spawn_blocking(move || {
            let policy = gather::policy(&lane, &tower.config.subscriptions, &tower.config.people);
            gather::decide(&lane, &policy, &waiting, account, now)
        })
    };
    let decision = match deciding.await {
        Ok(decision) => decision,
        Err(panic) => return error!(error = %panic, lane = lane.id, "gathering panicked"),
    };
    let (channel, receiver) = (&lane.channel, &lane.receiver);
    match shared.store.commit_gather(lease, &decision, now).await {
        Ok(_) => {
            if let Some(new) = &decision.bulletin {
                let (alerts, stories) = (new.bulletin.alerts(), new.bulletin.stories.len());
                info!(delivery = %new.id, %channel, receiver, alerts, stories, "told together");
            }
            debug!(%channel, receiver, alone = decision.alone.len(), postponed = decision.postponed.len(), "gathered");
            if decision.bulletin.is_some() || !decision.alone.is_empty() {
                shared.nudges.send.notify_one();
            }
        }
        Err(StoreError::LeaseLost) => warn!(%channel, receiver, "gathering took longer than its lease"),
        Err(error) => error!(%error, %channel, receiver, "what was gathered could not be committed"),
    }
}

/// The digests that the configuration asks for.
pub fn lanes(tower: &Tower, now: Timestamp) -> Vec<LanePlan> {
    let mut lanes = Vec::new();
    for subscription in &tower.config.subscriptions {
        let Rhythm::Digest { cron, zone } = &subscription.rhythm else { continue };
        let receivers = |name: &_| tower.channel(name).map(|plan| plan.channel.receivers()).unwrap_or_default();
        for (channel, receiver) in route::recipients(subscription, &tower.config.people, receivers) {
            let zone = tower.config.people.reached(&channel).map_or(zone, |person| &person.zone);
            let Some(next_at) = next_digest(cron, zone, now) else { continue };
            let rhythm = format!("{cron} {}", zone.name);
            lanes.push(LanePlan { channel, receiver, subscription: subscription.name.clone(), rhythm, next_at });
        }
    }
    lanes
}

/// All silences in force: those of the configuration and those of the command line. When these cannot be looked up nothing
/// is muted by them: an alert too many does less harm than one too few.
pub async fn silences(shared: &Shared, tower: &Tower, now: Timestamp) -> Vec<Silence> {
    let mut silences = tower.config.silences.clone();
    match shared.store.silences(now).await {
        Ok(others) => silences.extend(others),
        Err(error) => error!(%error, "silences could not be looked up"),
    }
    silences
}
