//! Whether a page may be read, as its site wishes (robots.txt), asked within the pass of its host.

use super::Shared;
use super::tower::Tower;
use crate::clock;
use crate::model::Fault;
use crate::model::Proxy;
use crate::model::Reason;
use crate::net::Door;
use crate::net::robots;
use crate::source::host_key;
use async_trait::async_trait;
use jiff::SignedDuration;
use std::time::Duration;
use url::Url;

/// The door of every other host that a page redirects to: the site behind it is asked what robots may read, as the first
/// one was. For what robots.txt is obeyed for.
pub struct Robots<'a> {
    /// Of the daemon.
    pub shared: &'a Shared,
    /// In force when the page was asked for.
    pub tower: &'a Tower,
    /// The way of its source.
    pub proxy: Option<&'a Proxy>,
}

#[async_trait]
impl Door for Robots<'_> {
    async fn admits(&self, url: &Url) -> Result<(), (Fault, Reason)> {
        permitted(self.shared, self.tower, self.proxy, url).await
    }
}

/// How long a wish for slowness is kept: as long as robots.txt is remembered.
const WISH: SignedDuration = SignedDuration::from_hours(24);

/// Returns when the page may be asked for: at once, or after the gap when robots.txt had to be asked for first. The
/// caller is inside the host's gate, so the gap is kept here.
pub async fn permitted(
    shared: &Shared,
    tower: &Tower,
    proxy: Option<&Proxy>,
    url: &Url,
) -> Result<(), (Fault, Reason)> {
    let now = clock::now();
    let word = shared.robots.ask(&tower.client, proxy, url, now).await;
    if let (Some(delay), Some(host)) = (word.delay, host_key(url)) {
        shared.gates.slow(&host, delay, now.saturating_add(WISH).unwrap_or(now));
    }
    word.may?;
    let gap = tower.config.politeness.gap.max(word.delay.unwrap_or_default()).min(robots::LONGEST_DELAY);
    if word.asked && !gap.is_zero() {
        tokio::time::sleep(Duration::try_from(gap).unwrap_or_default()).await;
    }
    Ok(())
}
