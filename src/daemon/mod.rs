//! Configuration and store → a running tower. Five loops claim, ask, decide and commit; this file starts and stops
//! them and swaps the configuration under them. The caller brings the store and the signals, so a test, the demo and
//! the service run the same daemon.
//!
//! The store's due query is the scheduler: a loop sleeps until the next work is due, and a nudge only wakes it sooner.

use crate::backtest;
use crate::backtest::volume;
use crate::clock;
use crate::config::Config;
use crate::net::gate::Gates;
use crate::net::robots::Robots;
use crate::schedule::Question;
use crate::schedule::Schedule;
use crate::schedule::allot::Allotment;
use crate::schedule::habits::Habits;
use crate::source::Render;
use crate::source::SourcePlan;
use crate::store::Registration;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::Work;
use crate::web;
use crate::web::signed;
use crate::web::signed::Signer;
use arc_swap::ArcSwap;
use jiff::SignedDuration;
use jiff::Timestamp;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::debug;
use tracing::error;
use tracing::info;
use tracing::warn;

mod backward;
mod examining;
mod further;
mod gathering;
mod indexing;
mod instead;
mod keeping;
mod looking;
mod manners;
mod polling;
mod pushing;
mod reading;
mod rendering;
pub mod replaying;
mod sending;
pub mod service;
pub mod tower;
mod work;

use service::Service;
use tower::Tower;
use work::Pulse;

/// How long what is in flight may take to finish after a stop was asked for. `TimeoutStopSec` of the service is longer.
const GRACE: Duration = Duration::from_secs(30);

/// How often the budget of requests is shared out anew: rhythms change slowly.
const REALLOT: SignedDuration = SignedDuration::from_hours(1);

/// Why a daemon ended by itself.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// The store failed at the start.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The configuration asks for what this machine does not give.
    #[error(transparent)]
    Tower(#[from] tower::TowerError),
    /// The configuration would cause more mail than its `[volume]` allows.
    #[error("{0}")]
    Volume(String),
}

/// What the loops share.
struct Shared {
    store: Arc<dyn Store>,
    tower: ArcSwap<Tower>,
    gates: Gates,
    allotment: ArcSwap<Allotment>,
    robots: Robots,
    owner: String,
    nudges: Nudges,
    signer: Signer,
    stop: CancellationToken,
    /// When polls were last claimed, in seconds: a leap shows a sleep of the machine or another clock.
    claimed_at: AtomicI64,
}

/// One bell per loop.
#[derive(Default)]
struct Nudges {
    poll: Arc<Notify>,
    read: Notify,
    send: Notify,
    push: Notify,
    look: Notify,
    gather: Notify,
}

impl Nudges {
    fn of(&self, work: Work) -> &Notify {
        match work {
            Work::Poll => &self.poll,
            Work::Read => &self.read,
            Work::Send => &self.send,
            Work::Look => &self.look,
            Work::Gather => &self.gather,
        }
    }

    fn all(&self) {
        for work in Work::ALL {
            self.of(work).notify_one();
        }
    }
}

/// Runs until `stop` is cancelled. `reloads` brings configurations that were read and checked; one that cannot be put
/// into force is refused with a log line and the old one stays. `owner` names this process in leases: it must be
/// unique among all processes that share the store. `web` is the bound listener of `[web]`, if there is that table.
///
/// # Errors
/// When the store or the network's set-up fails at the start. Afterwards faults are logged and outlived.
pub async fn run(
    config: Config,
    store: Arc<dyn Store>,
    owner: String,
    mut reloads: mpsc::Receiver<Config>,
    web: Option<TcpListener>,
    stop: CancellationToken,
    service: Service,
) -> Result<(), DaemonError> {
    let tower = Tower::build(config)?;
    store.register_sources(&registrations(&tower), clock::now()).await?;
    store.register_lanes(&gathering::lanes(&tower, clock::now()), clock::now()).await?;
    let overdue = store.spread_overdue(clock::now()).await?;
    debug!(overdue, "overdue sources are spread out");
    let gates = Gates::new(tower.config.politeness);
    pauses(&*store, &gates).await?;
    let allotment = allot(&*store, &tower).await?;
    let shared = Arc::new(Shared {
        store: Arc::clone(&store),
        gates,
        allotment: ArcSwap::from_pointee(allotment),
        robots: Robots::default(),
        tower: ArcSwap::from_pointee(tower),
        owner,
        nudges: Nudges::default(),
        signer: signer(&*store).await?,
        stop: stop.clone(),
        claimed_at: AtomicI64::new(0),
    });
    let pulse = Arc::new(Pulse::new(clock::now()));
    let loops = [
        tokio::spawn(polling::attend(Arc::clone(&shared), Arc::clone(&pulse))),
        tokio::spawn(reading::attend(Arc::clone(&shared), Arc::clone(&pulse))),
        tokio::spawn(sending::attend(Arc::clone(&shared), Arc::clone(&pulse))),
        tokio::spawn(looking::attend(Arc::clone(&shared), Arc::clone(&pulse))),
        tokio::spawn(gathering::attend(Arc::clone(&shared), Arc::clone(&pulse))),
        tokio::spawn(pushing::attend(Arc::clone(&shared))),
        tokio::spawn(keeping::attend(Arc::clone(&shared))),
        tokio::spawn(indexing::attend(Arc::clone(&shared))),
        tokio::spawn(backward::attend(Arc::clone(&shared))),
    ];
    let web = web.map(|listener| {
        let tower = Arc::clone(&shared);
        let channels: web::Channels = Arc::new(move || {
            let tower = tower.tower.load();
            (tower.config.channels.clone(), tower.config.letterhead.clone())
        });
        let (polls, signer) = (Arc::clone(&shared.nudges.poll), shared.signer.clone());
        tokio::spawn(web::serve(listener, Arc::clone(&store), polls, signer, channels, stop.clone()))
    });
    let keeper = tokio::spawn(keep(Arc::clone(&shared), Arc::clone(&pulse), service));
    {
        let tower = shared.tower.load();
        info!(
            sources = tower.config.sources.len(),
            rules = tower.config.rules.len(),
            channels = tower.config.channels.len(),
            "the tower stands"
        );
        service.ready(&headline(&tower));
    }

    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            Some(config) = reloads.recv() => {
                service.reloading();
                match reload(&shared, config).await {
                    Ok(()) => {
                        let tower = shared.tower.load();
                        info!(sources = tower.config.sources.len(), rules = tower.config.rules.len(), "the new configuration is in force");
                        service.ready(&headline(&tower));
                    }
                    Err(error) => {
                        error!(%error, "the new configuration was refused, the old one stays in force");
                        service.ready(&format!("reload refused, the old configuration stays in force: {error}"));
                    }
                }
            }
        }
    }

    service.stopping();
    info!("stopping: what is under way is finished");
    for task in loops {
        // Each loop ends by itself within the grace; a panic in one of them is in the log already.
        if let Err(error) = task.await {
            error!(%error, "a loop did not end well");
        }
    }
    if let Some(web) = web
        && let Err(error) = web.await
    {
        error!(%error, "the web server did not end well");
    }
    keeper.abort();
    if let Some(smtp) = &shared.tower.load().smtp {
        smtp.close().await;
    }
    if let Err(error) = store.release(&shared.owner).await {
        warn!(%error, "leases were not given back; they end by themselves");
    }
    store.close().await;
    info!("stopped");
    Ok(())
}

/// What makes and checks the links of this installation. Its key is made at the first start and kept with the ledger, so that
/// links outlive restarts, and a restored backup knows its own.
async fn signer(store: &dyn Store) -> Result<Signer, StoreError> {
    let mut fresh = [0_u8; signed::KEY];
    aws_lc_rs::rand::fill(&mut fresh).expect("the system's source of randomness works");
    Ok(Signer::new(&store.secret("links", &fresh).await?))
}

/// Puts pauses into force that servers asked for: this process before a restart, or another on the same store.
async fn pauses(store: &dyn Store, gates: &Gates) -> Result<(), StoreError> {
    for (key, until) in store.pauses(clock::now()).await? {
        gates.pause(&key, until);
    }
    Ok(())
}

/// Builds everything that can fail, then swaps.
async fn reload(shared: &Shared, config: Config) -> Result<(), DaemonError> {
    if config.state != shared.tower.load().config.state {
        warn!("`state` has changed; the database stays where it is until the next start");
    }
    let listens = |config: &Config| config.web.as_ref().map(|web| web.listen);
    if listens(&config) != listens(&shared.tower.load().config) {
        warn!("`listen` of [web] has changed; it is put into force by the next start");
    }
    let tower = Tower::build(config)?;
    check_volume(shared, &tower).await?;
    shared.store.register_sources(&registrations(&tower), clock::now()).await?;
    shared.store.register_lanes(&gathering::lanes(&tower, clock::now()), clock::now()).await?;
    shared.allotment.store(Arc::new(allot(&*shared.store, &tower).await?));
    shared.gates.treat(tower.config.politeness);
    let before = shared.tower.swap(Arc::new(tower));
    shared.nudges.all();
    if let Some(smtp) = &before.smtp {
        smtp.close().await;
    }
    Ok(())
}

/// Replays the archive where the configuration sets itself a budget of mails. A tower that stops does not wait for that.
async fn check_volume(shared: &Shared, tower: &Tower) -> Result<(), DaemonError> {
    let Some(budget) = &tower.config.volume else { return Ok(()) };
    let standing = Arc::new(backtest::Standing::with(&tower.config, tower.rules.clone()));
    let exceeded = tokio::select! {
        () = shared.stop.cancelled() => return Err(DaemonError::Volume("the tower stops".into())),
        exceeded = replaying::exceeded(&*shared.store, standing, budget, clock::now()) => exceeded?,
    };
    if exceeded.is_empty() { Ok(()) } else { Err(DaemonError::Volume(volume::refusal(budget, &exceeded))) }
}

/// The sources as the store needs to know them.
fn registrations(tower: &Tower) -> Vec<Registration> {
    let now = clock::now();
    let count = tower.config.sources.len();
    let nothing_known = Habits::default();
    tower
        .config
        .sources
        .iter()
        .map(|plan| Registration {
            name: plan.name.clone(),
            address: plan.watch.address().to_string(),
            host: crate::source::host_key(plan.watch.address()).unwrap_or_default(),
            first_due: plan.schedule.first(now, plan.name.as_str(), count),
            asks: asks(plan),
            wait: plan.schedule.next(&question(plan, &nothing_known, now)).duration_since(now),
        })
        .collect()
}

/// Sources of which this is the same share one fetch: they ask the same, and by the same way. A proxy's login is part of
/// the way (it may choose the country), but no secret is kept: its fingerprint stands for it.
fn asks(plan: &SourcePlan) -> String {
    let way = plan.proxy.as_ref().map(|proxy| format!(" by {proxy}#{}", proxy.fingerprint())).unwrap_or_default();
    let manners = if plan.robots { "" } else { " without robots" };
    let shown = if plan.render == Render::Always { " rendered" } else { "" };
    format!("{} {}{way}{manners}{shown}", plan.kind, plan.watch.address())
}

/// When a source of which nothing is known is asked again.
fn question<'a>(plan: &'a SourcePlan, habits: &'a Habits, now: Timestamp) -> Question<'a> {
    Question { name: plan.name.as_str(), now, habits, allotment: Allotment::default(), heed: plan.heed }
}

/// How the budget of requests is shared out among the sources that are asked as their own rhythm says. Every node that
/// shares the store comes to the same.
async fn allot(store: &dyn Store, tower: &Tower) -> Result<Allotment, StoreError> {
    let now = clock::now();
    let nothing_known = Habits::default();
    let habits = store.habits().await?;
    let claims = tower.config.sources.iter().filter_map(|plan| match &plan.schedule {
        Schedule::Adaptive(share) => {
            let habits = habits.get(&plan.name).unwrap_or(&nothing_known);
            Some((&habits.rhythm, habits.share(*share, now, plan.heed)))
        }
        Schedule::Every(_) | Schedule::Cron { .. } => None,
    });
    Ok(Allotment::among(claims, tower.config.polling.budget, now))
}

fn headline(tower: &Tower) -> String {
    format!("{} sources, {} rules", tower.config.sources.len(), tower.config.rules.len())
}

/// Renews the leases of this process, shows the service manager how it stands, and feeds its watchdog as long as the
/// store answers and all loops turn.
async fn keep(shared: Arc<Shared>, pulse: Arc<Pulse>, service: Service) {
    let mut allotted_at = clock::now();
    loop {
        let lease = shared.tower.load().config.lease;
        let third = Duration::try_from(lease / 3).unwrap_or(Duration::from_secs(1));
        let wait =
            service.watchdog_interval().map_or(third, |interval| third.min(interval)).min(Duration::from_secs(20));
        tokio::time::sleep(wait).await;
        let now = clock::now();
        let until = now.saturating_add(lease).unwrap_or(now);
        if let Err(error) = shared.store.renew(&shared.owner, until).await {
            error!(%error, "leases could not be renewed");
            continue;
        }
        if let Err(error) = pauses(&*shared.store, &shared.gates).await {
            error!(%error, "pauses could not be looked up");
        }
        // A loop sleeps for seconds at most, so that one that has not turned for minutes is stuck.
        if let Some(stuck) = pulse.stuck(now, SignedDuration::from_mins(3)) {
            error!(?stuck, "a loop has not turned for three minutes");
            continue;
        }
        if now.duration_since(allotted_at) >= REALLOT {
            allotted_at = now;
            match allot(&*shared.store, &shared.tower.load_full()).await {
                Ok(allotment) => shared.allotment.store(Arc::new(allotment)),
                Err(error) => error!(%error, "the budget of requests could not be shared out anew"),
            }
        }
        match shared.store.status(now).await {
            Ok(status) => service.alive(&format!(
                "{} sources, {} due, {} items to read, outbox {}",
                status.sources, status.sources_due, status.items_waiting, status.outbox_waiting
            )),
            Err(error) => error!(%error, "the store does not answer"),
        }
    }
}
