//! A configuration made ready for work: rules compiled, clients built. Everything here can fail, so it is built before
//! anything is swapped.

use crate::channel::ChannelPlan;
use crate::config::Config;
use crate::deliver::http::Poster;
use crate::deliver::smtp::RelayError;
use crate::deliver::smtp::Smtp;
use crate::model::ChannelName;
use crate::model::SourceName;
use crate::net::Renderer;
use crate::net::client::Client;
use crate::net::transport::ClientError;
use crate::rule::RuleSet;
use crate::source::SourcePlan;
use jiff::SignedDuration;
use std::collections::BTreeSet;

/// What is in force.
pub struct Tower {
    /// As it was checked.
    pub config: Config,
    /// Compiled.
    pub rules: RuleSet,
    /// For polls and pages.
    pub client: Client,
    /// For pages that scripts build, where a service renders them.
    pub renderer: Option<Renderer>,
    /// For webhooks.
    pub poster: Poster,
    /// For mail, where any is sent.
    pub smtp: Option<Smtp>,
}

/// Why a checked configuration cannot be put into force on this machine.
#[derive(Debug, thiserror::Error)]
pub enum TowerError {
    /// The HTTP client could not be built.
    #[error("the HTTP client: {0}")]
    Client(#[from] ClientError),
    /// The mail client could not be built.
    #[error("the mail client: {0}")]
    Smtp(#[from] RelayError),
}

impl Tower {
    /// Builds all that can fail.
    ///
    /// # Errors
    /// When this machine does not give what the configuration needs, such as certificate authorities.
    pub fn build(config: Config) -> Result<Self, TowerError> {
        let agent = user_agent(config.contact.as_deref());
        Ok(Self {
            rules: RuleSet::compile(config.entities.clone(), config.rules.clone()),
            client: Client::for_sources(&config.egress, &agent, config.sources.len())?,
            renderer: config
                .rendering
                .as_ref()
                .map(|rendering| Renderer::new(rendering, &config.egress, &agent))
                .transpose()?,
            poster: Poster::new(&config.egress, &agent)?,
            smtp: config.mail.as_ref().map(Smtp::new).transpose()?,
            config,
        })
    }

    /// The source of that name.
    pub fn source(&self, name: &SourceName) -> Option<&SourcePlan> {
        self.config.sources.iter().find(|plan| plan.name == *name)
    }

    /// The channel of that name.
    pub fn channel(&self, name: &ChannelName) -> Option<&ChannelPlan> {
        self.config.channels.iter().find(|plan| plan.name == *name)
    }

    /// Everybody who is told of trouble, each once.
    pub fn operators(&self) -> Vec<(ChannelName, String)> {
        self.receivers(self.config.operators.iter().flat_map(|operators| &operators.channels))
    }

    /// Who is told of it when none of these was reached.
    pub fn fallback(&self) -> Vec<(ChannelName, String)> {
        self.receivers(self.config.operators.iter().flat_map(|operators| &operators.fallback))
    }

    fn receivers<'a>(&self, channels: impl Iterator<Item = &'a ChannelName>) -> Vec<(ChannelName, String)> {
        let plans = channels.filter_map(|name| self.channel(name));
        let all: BTreeSet<(ChannelName, String)> = plans
            .flat_map(|plan| plan.channel.receivers().into_iter().map(|receiver| (plan.name.clone(), receiver)))
            .collect();
        all.into_iter().collect()
    }

    /// How far ahead a notice looks for others that would be due soon: they go along. What fails for one reason is found
    /// out over the time that passes between two polls.
    pub fn gather_along(&self) -> SignedDuration {
        self.config.operators.as_ref().map_or(SignedDuration::ZERO, |operators| operators.policy.after / 4)
    }
}

/// `atalaya/VERSION (+contact)`: the same for every site, so that its administrator knows who is asking.
pub fn user_agent(contact: Option<&str>) -> String {
    match contact {
        Some(contact) => format!("atalaya/{} (+{contact})", env!("CARGO_PKG_VERSION")),
        None => format!("atalaya/{}", env!("CARGO_PKG_VERSION")),
    }
}
