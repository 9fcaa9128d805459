//! text → `Config`, or all that is wrong with it. A configuration with any error never starts and never replaces one.

use crate::article::site::Site;
use crate::channel::ChannelPlan;
use crate::channel::Letterhead;
use crate::evidence::Keep;
use crate::evidence::Retention;
use crate::model::Proxy;
use crate::model::RuleName;
use crate::route::People;
use crate::route::Silence;
use crate::route::Subscription;
use crate::rule::EntitySpec;
use crate::rule::RuleSpec;
use crate::source::Instead;
use crate::source::SourcePlan;
use crate::story::Thresholds;
use ipnet::IpNet;
use jiff::SignedDuration;
use secrecy::SecretString;
use std::path::PathBuf;

mod cases;
mod channels;
mod definitions;
mod diagnostic;
pub mod duration;
mod entities;
mod environment;
mod examples;
mod files;
mod instead;
pub mod keys;
mod kinds;
mod load;
mod mail;
mod node;
mod operators;
pub mod packs;
mod people;
mod place;
mod proxies;
pub mod render;
mod rendering;
mod rules;
mod secret;
mod settings;
mod silences;
mod sites;
mod sources;
mod subscriptions;
mod table;
mod volume;

pub use diagnostic::Diagnostic;
pub use diagnostic::Diagnostics;
pub use diagnostic::Severity;
pub use environment::Environment;
pub use examples::example;
pub use examples::minimal;
pub use load::Loaded;
pub use load::load;
pub use load::state;
pub use operators::Operators;
pub use place::Place;
pub use place::SourceFile;
pub(crate) use silences::parse_moment;
pub(crate) use table::closest;

/// A checked configuration. Nothing in it can be wrong by itself.
#[derive(Clone)]
pub struct Config {
    /// The file that was loaded.
    pub file: PathBuf,
    /// The directory of the database; `state`, else the service manager's `STATE_DIRECTORY`, else `./state` beside the file.
    pub state: PathBuf,
    /// An address under which an administrator of a watched site finds out who is asking; part of the user agent.
    pub contact: Option<String>,
    /// How long the work of a process that died stays reserved; a process that lives renews it.
    pub lease: SignedDuration,
    /// How the world is reached.
    pub egress: Egress,
    /// How sites are treated.
    pub politeness: Politeness,
    /// How often sources are asked that learn their own rhythm.
    pub polling: Polling,
    /// How pages are tried again.
    pub reading: Reading,
    /// What is kept of the pages that were read.
    pub evidence: Evidence,
    /// Who runs the scripts of pages that need them, if anybody does.
    pub rendering: Option<Rendering>,
    /// `[site.NAME]`: how the pages of some hosts are read.
    pub sites: Vec<Site>,
    /// From where on articles are alike.
    pub stories: Thresholds,
    /// What is answered over HTTP, if anything is.
    pub web: Option<Web>,
    /// How mail is sent; present when any channel needs it.
    pub mail: Option<MailRelay>,
    /// Who sends.
    pub letterhead: Letterhead,
    /// `[source.NAME]`, in the order of their names.
    pub sources: Vec<SourcePlan>,
    /// `[entity.NAME]`, in the order of their names.
    pub entities: Vec<EntitySpec>,
    /// `[rule.NAME]`, in the order of their names.
    pub rules: Vec<RuleSpec>,
    /// Rules that look back over what was read before, by `since`.
    pub lookbacks: Vec<Lookback>,
    /// `[channel.NAME]`, in the order of their names.
    pub channels: Vec<ChannelPlan>,
    /// `[subscription.NAME]`, in the order of their names.
    pub subscriptions: Vec<Subscription>,
    /// `[person.NAME]`, and the levels of rules.
    pub people: People,
    /// `[silence.NAME]`, in the order of their names.
    pub silences: Vec<Silence>,
    /// `[volume]`: how much mail a new configuration may cause, if that is limited.
    pub volume: Option<Volume>,
    /// `[operators]`: who is told when a source fails.
    pub operators: Option<Operators>,
}

/// `[egress]`: how the world is reached, and what of it may be.
#[derive(Clone, Debug, PartialEq)]
pub struct Egress {
    /// Special-purpose ranges that are opened all the same, such as an intranet's.
    pub allow: Vec<IpNet>,
    /// Names that are not looked up: `[egress.hosts]`, lower case, to an address.
    pub hosts: Vec<(String, std::net::IpAddr)>,
    /// Through which the world is asked where a source does not say otherwise; `None` for directly.
    pub proxy: Option<Proxy>,
    /// A PEM file with certificate authorities that are trusted besides the system's.
    pub extra_ca: Option<PathBuf>,
    /// For the connection alone.
    pub connect_timeout: SignedDuration,
    /// For the whole answer.
    pub timeout: SignedDuration,
    /// The longest in which less than a kibibyte of a body that has begun may come.
    pub stall: SignedDuration,
    /// Longest answer in bytes, after decompression.
    pub max_bytes: u64,
    /// Requests under way at once, polls and readings each.
    pub concurrency: usize,
}

/// `[politeness]`: how sites are treated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Politeness {
    /// From the end of one request to a host to the start of the next.
    pub gap: SignedDuration,
    /// Connections to one host at once.
    pub connections: usize,
}

/// `[polling]`: how often sources are asked that learn their own rhythm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Polling {
    /// Requests per source and hour, on average over all of them.
    pub budget: f64,
    /// Shortest interval of a source that says nothing of its own.
    pub floor: SignedDuration,
    /// Longest interval of a source that says nothing of its own.
    pub at_most: SignedDuration,
    /// The longest that the wishes of a server may put off a check.
    pub heed: SignedDuration,
}

/// `[evidence]`: what is kept of the pages that were read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Which readings.
    pub keep: Keep,
    /// For how long.
    pub retention: Retention,
    /// How long after its alert a page is looked at again, ascending; empty for never.
    pub look_again: Vec<SignedDuration>,
}

/// `[web]`: what is answered over HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Web {
    /// Where it listens; a reverse proxy with TLS stands before it.
    pub listen: std::net::SocketAddr,
    /// The address under which the world reaches it, without a path. Without one, no hub is subscribed to.
    pub public: Option<String>,
}

/// `since` of a rule: how far it looks back when it is new or changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lookback {
    /// The rule.
    pub rule: RuleName,
    /// How far.
    pub since: SignedDuration,
    /// Query, languages, score and `since` as one text: when it is another, the rule looks back again.
    pub definition: String,
}

/// `[volume]`: how much mail a new configuration may cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Volume {
    /// For one receiver, on the busiest day.
    pub mails_per_day: u64,
    /// A busiest day that the operator saw and accepts all the same; 0 for none.
    pub accept: u64,
    /// How far the archive is replayed.
    pub back: SignedDuration,
}

/// `[reading]`: how pages that cannot be read are tried again.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// The pause before each further try; when they are used up the item is unreadable.
    pub retry: Vec<SignedDuration>,
    /// How long a text is remembered for finding its copies.
    pub copies_within: SignedDuration,
    /// What stands in for a page that gives no article, where a source does not say otherwise.
    pub instead: Instead,
}

/// `[rendering]`: a browser service that the operator runs, for pages that scripts build.
#[derive(Clone)]
pub struct Rendering {
    /// What is asked; `{url}` in it stands for the address of the page, percent-encoded.
    pub url: String,
    /// The value of the Authorization header.
    pub authorization: Option<SecretString>,
    /// For one page.
    pub timeout: SignedDuration,
    /// Pages that are rendered at once.
    pub concurrency: usize,
}

/// `[mail]`: the relay that takes our mail.
#[derive(Clone)]
pub struct MailRelay {
    /// Host name or address.
    pub server: String,
    /// Port; by default 465, 587 or 25 after `security`.
    pub port: u16,
    /// How the connection is protected.
    pub security: MailSecurity,
    /// Login name.
    pub username: Option<String>,
    /// Its password.
    pub password: Option<SecretString>,
    /// A PEM file with certificate authorities that are trusted besides the system's.
    pub extra_ca: Option<PathBuf>,
}

/// How a connection to the relay is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailSecurity {
    /// Implicit TLS (RFC 8314), port 465: the default.
    Tls,
    /// STARTTLS, required, port 587.
    StartTls,
    /// None: only to a loopback address.
    Plain,
}

#[cfg(test)]
mod tests;
