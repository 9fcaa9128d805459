//! The archive, page by page → verdicts of several configurations, in the order of the first judging. The next page is read
//! while all cores judge this one. Commands and the daemon replay through here.

use crate::backtest;
use crate::backtest::Archived;
use crate::backtest::Excess;
use crate::backtest::Replay;
use crate::backtest::Standing;
use crate::backtest::volume;
use crate::config::Volume;
use crate::model::Verdict;
use crate::store::Page;
use crate::store::Store;
use crate::store::StoreError;
use jiff::Timestamp;
use std::sync::Arc;
use std::thread;

/// Articles of a page: enough work for all cores, and a few megabytes.
const PAGE: usize = 512;

/// Judges every article judged from `since` to before `until` by each of `standings` and hands it to `take` with the
/// verdicts that say yes, one list per standing. `progress` hears after each page how many articles were taken.
///
/// # Errors
/// When the store cannot be read.
pub async fn replay(
    store: &dyn Store,
    since: Timestamp,
    until: Timestamp,
    standings: &[Arc<Standing>],
    mut take: impl FnMut(&Archived, &[Vec<Verdict>]),
    mut progress: impl FnMut(usize),
) -> Result<(), StoreError> {
    let mut page = Page::from(since, until);
    let mut articles = store.archive(&page, PAGE).await?;
    while let Some(last) = articles.last() {
        page.after = (last.judged_at, last.item.id);
        let full = articles.len() == PAGE;
        let judging = {
            let standings = standings.to_vec();
            tokio::task::spawn_blocking(move || {
                let verdicts = judge(&articles, &standings);
                (articles, verdicts)
            })
        };
        let (judged, next) =
            tokio::join!(judging, async { if full { store.archive(&page, PAGE).await } else { Ok(Vec::new()) } });
        let (judged, verdicts) = judged.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()));
        for place in backtest::in_order(&judged) {
            take(&judged[place], &verdicts[place]);
        }
        progress(judged.len());
        articles = next?;
    }
    Ok(())
}

/// The receivers who would have got more mail than the budget allows in the time that it looks back over.
///
/// # Errors
/// When the store cannot be read.
pub async fn exceeded(
    store: &dyn Store,
    standing: Arc<Standing>,
    budget: &Volume,
    now: Timestamp,
) -> Result<Vec<Excess>, StoreError> {
    let since = now.checked_sub(budget.back).unwrap_or(Timestamp::MIN);
    let first = since.checked_sub(standing.reaches_back()).unwrap_or(Timestamp::MIN);
    let mut replay = Replay::new(Arc::clone(&standing), since);
    let take = |article: &Archived, verdicts: &[Vec<Verdict>]| {
        replay.take(article, &verdicts[0]);
    };
    self::replay(store, first, now, &[standing], take, |_| {}).await?;
    Ok(volume::exceeded(budget, replay.figures()))
}

/// By article and standing.
fn judge(articles: &[Archived], standings: &[Arc<Standing>]) -> Vec<Vec<Vec<Verdict>>> {
    let one = |article: &Archived| standings.iter().map(|standing| standing.matches(article)).collect();
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let share = articles.len().div_ceil(cores).max(1);
    thread::scope(|scope| {
        let parts: Vec<_> = articles
            .chunks(share)
            .map(|part| scope.spawn(move || part.iter().map(one).collect::<Vec<Vec<Vec<Verdict>>>>()))
            .collect();
        parts
            .into_iter()
            .flat_map(|part| part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    })
}
