//! A page that scripts are to build → the same as the service of `[rendering]` shows it, for commands: which pages go there,
//! and what is asked before, is as in the daemon.

use crate::clock;
use crate::config::Config;
use crate::daemon::tower::user_agent;
use crate::model::Reason;
use crate::net::Client;
use crate::net::Renderer;
use crate::net::client::Fetched;
use crate::net::render::Rendered;
use crate::net::robots::Robots;
use crate::source::Render;
use crate::source::SourcePlan;
use crate::source::host_key;
use std::time::Duration;
use url::Url;

/// Asks the service.
pub struct Stage<'a> {
    config: &'a Config,
    renderer: Renderer,
    client: Client,
    robots: Robots,
}

impl<'a> Stage<'a> {
    /// The service of a configuration; `None` where it has none.
    ///
    /// # Errors
    /// When this machine does not give what the configuration needs.
    pub fn of(config: &'a Config) -> anyhow::Result<Option<Self>> {
        let Some(rendering) = &config.rendering else { return Ok(None) };
        let agent = user_agent(config.contact.as_deref());
        let renderer = Renderer::new(rendering, &config.egress, &agent)?;
        let client = Client::new(&config.egress, &agent)?;
        Ok(Some(Self { config, renderer, client, robots: Robots::default() }))
    }

    /// The page at this address after its scripts have run, if it is one that is rendered for this reason: as the source
    /// says that watches something of its host, else where no proxy hides who asks.
    ///
    /// # Errors
    /// In words, why it is not shown.
    pub async fn show(&self, url: &Url, unread: &Reason) -> Option<Result<Rendered, String>> {
        let plan = self.config.sources.iter().find(|plan| host_key(plan.watch.address()) == host_key(url));
        let usual = if self.config.egress.proxy.is_some() { Render::Never } else { Render::WhenNeeded };
        let render = plan.map_or(usual, |plan| plan.render);
        if !render.applies(Some(unread)) {
            return None;
        }
        Some(self.ask(url, plan).await)
    }

    async fn ask(&self, url: &Url, plan: Option<&SourcePlan>) -> Result<Rendered, String> {
        if plan.is_none_or(|plan| plan.robots) {
            let proxy = plan.map_or(self.config.egress.proxy.as_ref(), |plan| plan.proxy.as_ref());
            let word = self.robots.ask(&self.client, proxy, url, clock::now()).await;
            word.may.map_err(|(_, reason)| reason.to_string())?;
        }
        // The service asks the page's host once more.
        tokio::time::sleep(self.config.politeness.gap.unsigned_abs().min(Duration::from_secs(60))).await;
        self.renderer.render(url).await.map_err(|error| error.to_string())
    }

    /// An answer with what the service shows in the place of its body.
    ///
    /// # Errors
    /// As for [`Stage::show`].
    pub async fn shown(&self, fetched: &Fetched, unread: &Reason) -> Option<Result<Fetched, String>> {
        let shown = self.show(&fetched.url, unread).await?;
        let replaced =
            |shown: Rendered| Fetched { content_type: shown.content_type, body: shown.body, ..fetched.clone() };
        Some(shown.map(replaced))
    }
}
