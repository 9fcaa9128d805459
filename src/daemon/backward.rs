//! Rules with `since` judge what was read before they were there: in small batches behind the readings, and what they find
//! is told as one message. Everything that is done stands in the store, so a restart goes on where the last process was.

use super::Shared;
use super::tower::Tower;
use crate::backtest::Archived;
use crate::backtest::earlier;
use crate::clock;
use crate::config::Lookback as Configured;
use crate::model::ItemId;
use crate::model::StoryId;
use crate::model::Verdict;
use crate::store::Lookback;
use crate::store::LookedBack;
use crate::store::StoreError;
use crate::store::Wanted;
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tracing::debug;
use tracing::error;
use tracing::info;

/// Articles of one batch: readings that are to be committed wait that long at most.
const BATCH: usize = 128;

/// How often it is looked whether a rule is new.
const EVERY: Duration = Duration::from_secs(1);

/// The pause after the store failed.
const AFTER_A_FAULT: Duration = Duration::from_secs(30);

/// What a turn was good for.
enum Turn {
    /// No rule looks back.
    Idle,
    /// Readings by the configuration before may still end.
    Waiting,
    /// A batch was judged.
    Judged,
}

/// Turns until the tower stops.
pub async fn attend(shared: Arc<Shared>) {
    let mut done = None;
    while !shared.stop.is_cancelled() {
        let begun = Instant::now();
        let tower = shared.tower.load_full();
        let pause = if done.as_ref().is_some_and(|done| Arc::ptr_eq(done, &tower)) {
            EVERY
        } else {
            match turn(&shared, &tower).await {
                Ok(Turn::Idle) => {
                    done = Some(tower);
                    EVERY
                }
                Ok(Turn::Waiting) => EVERY,
                // Half of the time belongs to the readings.
                Ok(Turn::Judged) => begun.elapsed(),
                Err(error) => {
                    error!(%error, "a rule could not look back; it goes on later");
                    AFTER_A_FAULT
                }
            }
        };
        tokio::select! {
            () = shared.stop.cancelled() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// One batch of one rule, or the telling.
async fn turn(shared: &Arc<Shared>, tower: &Arc<Tower>) -> Result<Turn, StoreError> {
    let now = clock::now();
    // A reading that began by the configuration before is committed within its lease.
    let until = now.saturating_add(tower.config.lease).unwrap_or(now);
    let wanted: Vec<Wanted> = tower.config.lookbacks.iter().map(|lookback| wanted(lookback, now)).collect();
    let under_way = shared.store.begin_lookbacks(&wanted, until, now).await?;
    if let Some(lookback) = under_way.iter().find(|lookback| !is_early(lookback, now)).or(under_way.first()) {
        return judge(shared, tower, lookback, now).await;
    }
    let Some(untold) = shared.store.untold_lookbacks().await? else { return Ok(Turn::Idle) };
    let config = &tower.config;
    let alert = earlier::summary(
        &tower.rules,
        &config.subscriptions,
        &config.people,
        &config.channels,
        &untold.articles,
        &untold.identity,
        now,
    );
    if shared.store.tell_lookbacks(&untold, alert.as_ref(), now).await? {
        let deliveries = alert.as_ref().map_or(0, |alert| alert.deliveries.len());
        info!(articles = untold.articles.len(), deliveries, "rules have looked back");
        shared.nudges.send.notify_one();
    }
    Ok(Turn::Judged)
}

fn wanted(lookback: &Configured, now: Timestamp) -> Wanted {
    Wanted {
        rule: lookback.rule.clone(),
        definition: lookback.definition.clone(),
        since: now.checked_sub(lookback.since).unwrap_or(Timestamp::MIN),
    }
}

/// Whether its end is still to come.
fn is_early(lookback: &Lookback, now: Timestamp) -> bool {
    now < lookback.page.until
}

async fn judge(
    shared: &Arc<Shared>,
    tower: &Arc<Tower>,
    lookback: &Lookback,
    now: Timestamp,
) -> Result<Turn, StoreError> {
    let articles = shared.store.archive(&lookback.page, BATCH).await?;
    let next = articles.last().map(|last| (last.judged_at, last.item.id));
    if next.is_none() && is_early(lookback, now) {
        return Ok(Turn::Waiting);
    }
    let Some(place) = tower.rules.rules().iter().position(|rule| rule.name == lookback.rule) else {
        return Ok(Turn::Waiting);
    };
    let verdicts = {
        let tower = Arc::clone(tower);
        let judging = tokio::task::spawn_blocking(move || {
            let judge = |article: Archived| {
                let verdict = tower.rules.judge_rule(place, &article.text())?;
                Some((article.item.id, article.story, article.unread, verdict))
            };
            articles.into_iter().filter_map(judge).collect::<Vec<(ItemId, StoryId, bool, Verdict)>>()
        });
        match judging.await {
            Ok(verdicts) => verdicts,
            Err(panic) => std::panic::resume_unwind(panic.into_panic()),
        }
    };
    let covered = tower.config.subscriptions.iter().any(|subscription| subscription.covers(&lookback.rule));
    let articles = verdicts.len();
    if shared.store.commit_lookback(lookback, &LookedBack { verdicts, covered, next }).await? {
        debug!(rule = %lookback.rule, articles, "looked back over a batch");
    }
    Ok(Turn::Judged)
}
