//! The turn that all loops share: claim what is due and fits, start it, sleep until more is due.

use super::GRACE;
use super::Shared;
use crate::clock;
use crate::net::gate::Pass;
use crate::store::Claim;
use crate::store::Lease;
use crate::store::StoreError;
use crate::store::Work;
use jiff::SignedDuration;
use jiff::Timestamp;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tracing::error;

/// The longest sleep: whatever a nudge or a due time misses is found then, such as what `atalaya outbox retry` or another
/// node made due. The question that is asked is answered from an index.
const LONGEST_SLEEP: Duration = Duration::from_secs(5);

/// The pause before a busy gate is tried again.
const AT_A_GATE: Duration = Duration::from_millis(20);

/// How long those that end wait for others to end, so that one claim serves them all.
const TOGETHER: Duration = Duration::from_millis(20);
/// The pause before an endpoint is looked at again that has as much under way as it may. Calls that end wake the loop.
const AT_AN_ENDPOINT: SignedDuration = SignedDuration::from_millis(500);

/// Deliveries of one channel that are under way at once.
const OF_A_CHANNEL: usize = 8;

/// No source is due again earlier after its poll: `Schedule::SHORTEST`.
const SOON: Duration = Duration::from_secs(1);

/// The pause after the store failed.
const AFTER_A_FAULT: Duration = Duration::from_secs(1);

/// How long a job that was claimed keeps its slot while its gate is shut. One that would wait longer is given back, so
/// that its host's pause is nobody else's.
const PATIENCE: SignedDuration = SignedDuration::from_secs(1);

/// What a job that was claimed finds at the gate of the site that it asks.
pub enum Gate {
    /// It goes ahead.
    Open,
    /// Until then nothing is asked: it is to be given back.
    Shut(Timestamp),
}

/// When each loop last turned, for the watchdog.
pub struct Pulse([AtomicI64; Work::ALL.len()]);

impl Pulse {
    /// All loops turned at `now`.
    pub fn new(now: Timestamp) -> Self {
        Self(std::array::from_fn(|_| AtomicI64::new(now.as_second())))
    }

    fn beat(&self, work: Work, now: Timestamp) {
        self.0[work as usize].store(now.as_second(), Ordering::Relaxed);
    }

    /// A loop that has not turned for `longest`.
    pub fn stuck(&self, now: Timestamp, longest: SignedDuration) -> Option<Work> {
        Work::ALL
            .into_iter()
            .find(|work| now.as_second() - self.0[*work as usize].load(Ordering::Relaxed) > longest.as_secs())
    }
}

/// Turns until the stop token is cancelled, then waits for what was started, up to the grace.
///
/// `claim` takes due work; `host` names the site that a job will ask, if it asks one; `carry_out` does the job and
/// commits it, or gives it back when the gate is shut.
pub async fn attend<J, C, H, D>(
    shared: Arc<Shared>,
    pulse: Arc<Pulse>,
    work: Work,
    slots: impl Fn(&Shared) -> usize,
    claim: C,
    host: H,
    carry_out: D,
) where
    J: Send + Sync + 'static,
    C: AsyncFn(&Shared, &Claim<'_>) -> Result<Vec<Lease<J>>, StoreError>,
    H: Fn(&Shared, &J) -> Option<String>,
    D: Fn(Arc<Shared>, Lease<J>, Gate) -> futures_util::future::BoxFuture<'static, ()> + Copy + Send + 'static,
{
    let mut tasks: JoinSet<()> = JoinSet::new();
    while !shared.stop.is_cancelled() {
        let now = clock::now();
        pulse.beat(work, now);
        let free = slots(&shared).saturating_sub(tasks.len());
        let claimed = if free == 0 {
            Vec::new()
        } else {
            let (busy_hosts, per_host, lease) = {
                let tower = shared.tower.load();
                let asks_sites = !matches!(work, Work::Send | Work::Gather);
                let busy = if asks_sites { shared.gates.busy(now) } else { Vec::new() };
                let per_host = match work {
                    Work::Send => OF_A_CHANNEL,
                    Work::Gather => free,
                    _ => tower.config.politeness.connections,
                };
                (busy, per_host, tower.config.lease)
            };
            let wanted = Claim { owner: &shared.owner, now, lease, limit: free, per_host, busy_hosts: &busy_hosts };
            match claim(&shared, &wanted).await {
                Ok(claimed) => claimed,
                Err(error) => {
                    error!(%error, ?work, "work could not be claimed");
                    tokio::select! {
                        () = tokio::time::sleep(AFTER_A_FAULT) => {}
                        () = shared.stop.cancelled() => {}
                    }
                    continue;
                }
            }
        };
        let more = claimed.len() == free && free > 0;
        for lease in claimed {
            // At once and not in the task, so that the next claim sees the host busy.
            let entered = host(&shared, lease.job()).map(|host| shared.gates.enter(&host, now).ok_or(host));
            let shared = Arc::clone(&shared);
            tasks.spawn(async move {
                let pass = match entered {
                    Some(Ok(pass)) => Some(pass),
                    Some(Err(host)) => match enter_soon(&shared, &host).await {
                        Ok(pass) => Some(pass),
                        Err(opens) => return carry_out(shared, lease, Gate::Shut(opens)).await,
                    },
                    None => None,
                };
                carry_out(shared, lease, Gate::Open).await;
                if let Some(pass) = pass {
                    pass.leave(clock::now());
                }
            });
        }
        if more {
            reap(&mut tasks, work);
            continue;
        }
        let (sleep, idle) = if free == 0 { (LONGEST_SLEEP, false) } else { until_due(&shared, work).await };
        let mut wake = Instant::now() + sleep;
        loop {
            tokio::select! {
                () = shared.stop.cancelled() => break,
                () = shared.nudges.of(work).notified() => break,
                Some(ended) = tasks.join_next() => {
                    report(ended, work);
                    // Those that end one by one need one look together. When nothing was due that a poll kept waiting,
                    // its own source is not due again so soon.
                    let look = if idle && work == Work::Poll { SOON } else { TOGETHER };
                    wake = wake.min(Instant::now() + look);
                }
                () = tokio::time::sleep_until(wake) => break,
            }
        }
        reap(&mut tasks, work);
    }
    let finish = async {
        while let Some(ended) = tasks.join_next().await {
            report(ended, work);
        }
    };
    if tokio::time::timeout(GRACE, finish).await.is_err() {
        error!(?work, "what was under way did not finish in time; it becomes due again");
    }
}

/// Goes in at the gate of a host, or tells when to come back: the claim left out hosts that were busy, but another loop
/// was quicker, or a pause began.
pub async fn enter_soon(shared: &Shared, host: &str) -> Result<Pass, Timestamp> {
    let latest = clock::now().saturating_add(PATIENCE).unwrap_or(Timestamp::MAX);
    loop {
        let now = clock::now();
        if let Some(pass) = shared.gates.enter(host, now) {
            return Ok(pass);
        }
        let opens = shared.gates.opens(host, now);
        if opens > latest || now > latest || shared.stop.is_cancelled() {
            // Never at once: it would only be claimed again.
            return Err(opens.max(now.saturating_add(PATIENCE).unwrap_or(now)));
        }
        tokio::time::sleep(AT_A_GATE).await;
    }
}

/// Waits at the gate of a host. The claim left out hosts that were busy, so this is the exception: another loop was
/// quicker.
pub async fn enter(shared: &Shared, host: &str) -> Pass {
    loop {
        if let Some(pass) = shared.gates.enter(host, clock::now()) {
            return pass;
        }
        tokio::time::sleep(AT_A_GATE).await;
    }
}

/// How long until the next work is due, or a host may be asked again; and whether nothing is due now.
async fn until_due(shared: &Shared, work: Work) -> (Duration, bool) {
    let due = match shared.store.next_due(work).await {
        Ok(due) => due,
        Err(error) => {
            error!(%error, ?work, "the next work could not be looked up");
            return (AFTER_A_FAULT, false);
        }
    };
    let now = clock::now();
    let Some(due) = due else { return (LONGEST_SLEEP, true) };
    // Due, and still not claimed: its host is busy. Ends of tasks wake the loop; gaps between requests do not.
    let at = match work {
        _ if due > now => due,
        Work::Send => now.saturating_add(AT_AN_ENDPOINT).unwrap_or(now),
        _ => shared.gates.next_free(now).unwrap_or(due),
    };
    let sleep = Duration::try_from(at.duration_since(now)).unwrap_or_default();
    (sleep.clamp(Duration::from_millis(20), LONGEST_SLEEP), due > now)
}

fn reap(tasks: &mut JoinSet<()>, work: Work) {
    while let Some(ended) = tasks.try_join_next() {
        report(ended, work);
    }
}

fn report(ended: Result<(), tokio::task::JoinError>, work: Work) {
    if let Err(error) = ended {
        error!(%error, ?work, "a job failed; it becomes due again when its lease ends");
    }
}
