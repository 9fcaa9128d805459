//! What Atalaya answers over HTTP: the callback of WebSub hubs, links in what it told, and receivers that fetch what they
//! missed. The caller binds and says when to stop.
//!
//! It is meant to stand behind a reverse proxy that speaks TLS. Everything that comes in is hostile: bodies are capped,
//! requests have a deadline, and only so many are answered at once.

use crate::channel::ChannelPlan;
use crate::channel::Letterhead;
use crate::store::Store;
use axum::Router;
use axum::routing::get;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tracing::error;

mod events;
mod feedback;
pub mod signed;
mod websub;

use signed::Signer;

/// Requests that are answered at once; more wait.
const AT_ONCE: usize = 64;

/// The channels that are in force, and who sends by them.
pub type Channels = Arc<dyn Fn() -> (Vec<ChannelPlan>, Letterhead) + Send + Sync>;

/// What the handlers share.
struct Desk {
    store: Arc<dyn Store>,
    /// Rung when a source became due.
    polls: Arc<Notify>,
    signer: Signer,
    channels: Channels,
    places: Semaphore,
}

/// Answers until `stop` is cancelled. `polls` is rung when a hub made a source due; `signer` knows the links; `channels`
/// gives those in force.
pub async fn serve(
    listener: TcpListener,
    store: Arc<dyn Store>,
    polls: Arc<Notify>,
    signer: Signer,
    channels: Channels,
    stop: CancellationToken,
) {
    let desk = Arc::new(Desk { store, polls, signer, channels, places: Semaphore::new(AT_ONCE) });
    let router = Router::new()
        .route("/websub/{token}", get(websub::confirm).post(websub::deliver))
        .route("/feedback/{token}", get(feedback::ask).post(feedback::record))
        .route("/v1/events", get(events::list))
        .with_state(desk);
    if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned()).await {
        error!(%error, "the web server stopped");
    }
}
