//! Asks hubs for subscriptions that are due: new ones, and those whose lease nears its end.

use super::Shared;
use crate::clock;
use crate::push::Push;
use crate::store::StoreError;
use jiff::SignedDuration;
use std::sync::Arc;
use std::time::Duration;
use tracing::debug;
use tracing::error;
use tracing::warn;
use url::Url;

/// How often the store is asked for due subscriptions: nothing here is urgent.
const EVERY: Duration = Duration::from_secs(5);

/// Hubs that are asked at once.
const AT_ONCE: usize = 16;

/// When a subscription that was claimed is due again if this process dies over it.
const AGAIN: SignedDuration = SignedDuration::from_mins(10);

/// Turns until the tower stops. Does nothing as long as the configuration names no public address.
pub async fn attend(shared: Arc<Shared>) {
    while !shared.stop.is_cancelled() {
        let public = shared.tower.load().config.web.as_ref().and_then(|web| web.public.clone());
        if let Some(public) = public
            && let Err(error) = turn(&shared, &public).await
        {
            error!(%error, "subscriptions could not be looked up");
        }
        tokio::select! {
            () = shared.stop.cancelled() => {}
            () = shared.nudges.push.notified() => {}
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

async fn turn(shared: &Shared, public: &str) -> Result<(), StoreError> {
    let now = clock::now();
    let again = now.saturating_add(AGAIN).unwrap_or(now);
    let due = shared.store.claim_pushes(now, again, AT_ONCE).await?;
    futures_util::future::join_all(due.iter().map(|push| async {
        if let Err(error) = ask(shared, push, public).await {
            error!(%error, source = %push.source, "a subscription could not be kept");
        }
    }))
    .await;
    Ok(())
}

/// Asks one hub. It may verify before it answers, so the state is written before and read again behind.
async fn ask(shared: &Shared, push: &Push, public: &str) -> Result<(), StoreError> {
    let again = push.next_at.max(clock::now().saturating_add(AGAIN).unwrap_or(push.next_at));
    shared.store.save_push(&Push { next_at: again, ..push.asking() }).await?;
    let answer = match Url::parse(&push.hub) {
        Ok(hub) => {
            let headers = [("content-type", "application/x-www-form-urlencoded".to_owned())];
            let form = push.request(public);
            shared
                .tower
                .load_full()
                .poster
                .post(&hub, &headers, form.as_bytes())
                .await
                .map_err(|error| error.to_string())
        }
        Err(error) => Err(format!("the hub's address is none: {error}")),
    };
    let status = match answer {
        Ok(answer) => Some(answer.status),
        Err(error) => {
            warn!(source = %push.source, hub = push.hub, "the hub did not answer, polling goes on: {error}");
            None
        }
    };
    debug!(source = %push.source, hub = push.hub, ?status, "the hub was asked");
    // Another subscription may have taken its place in the meantime; then this answer is of no interest.
    match shared.store.push_of(&push.source).await? {
        Some(current) if current.token == push.token => {
            shared.store.save_push(&current.answered(status, clock::now())).await
        }
        _ => Ok(()),
    }
}
