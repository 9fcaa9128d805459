//! `Egress` → the HTTP clients under [`super::Client`] and `deliver::http`: guarded, without redirects, cookies or retries
//! of their own, directly or through a proxy that the configuration names.

use super::guard::Guard;
use super::guard::Refusal;
use super::resolve::NameRefused;
use super::resolve::Resolver;
use super::tls::Tls;
use crate::config::Egress;
use crate::model::Proxy;
use reqwest::header::HeaderValue;
use std::collections::HashMap;
use std::error::Error;
use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;
use url::Url;

/// How long an idle connection is kept: enough for the next page of a host after its gap, and less than the five seconds
/// after which common servers close one, so that a request does not run into a closing door.
const IDLE: Duration = Duration::from_secs(4);

/// Idle connections that are kept of one host; over TLS each holds 45 kB.
const MOST_IDLE: usize = 2;

/// Well below `deliver::http`'s deadline, so that when that passes the connection stood and the message is in doubt.
const LONGEST_POST_CONNECT: Duration = Duration::from_secs(10);

/// Longest header list over HTTP/2, in bytes; over HTTP/1 the library's own limits hold.
const MOST_HEADER_BYTES: u32 = 64 * 1024;

/// In characters.
const LONGEST_CAUSE: usize = 300;

/// A client that connects only to what its guard lets pass.
#[derive(Clone, Debug)]
pub(crate) struct Transport {
    pub(crate) client: reqwest::Client,
    pub(crate) guard: Guard,
    no_authorities: Option<String>,
    /// Whether a proxy stands between, which then looks up the names.
    proxied: bool,
}

/// All ways out of one configuration: directly, and one transport per distinct proxy. They share the TLS sessions.
#[derive(Debug)]
pub(crate) struct Network {
    egress: Egress,
    agent: HeaderValue,
    purpose: Purpose,
    tls: Tls,
    transports: Mutex<HashMap<Option<Proxy>, Transport>>,
}

/// What a transport is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Answers are decompressed, connections used again.
    Fetch,
    /// A fresh connection each time: one that an idle partner has closed in the meantime would leave it in doubt
    /// whether the request arrived.
    Post,
}

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// `egress.extra_ca` cannot be read.
    #[error("`egress.extra_ca` {} cannot be read: {detail}", path.display())]
    ExtraCaUnreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        detail: std::io::Error,
    },
    /// `egress.extra_ca` holds no usable certificate.
    #[error("`egress.extra_ca` {} is no PEM file with certificates: {detail}", path.display())]
    ExtraCaMalformed {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// The user agent holds bytes that no header may hold.
    #[error("the user agent {0:?} cannot be sent as a header: `contact` may hold visible ASCII only")]
    UserAgent(String),
    /// `[rendering]` names no service that could be asked.
    #[error("[rendering]: {0}")]
    Rendering(String),
    /// The library refused.
    #[error("the HTTP client cannot be built: {0}")]
    Library(String),
}

impl Transport {
    fn new(
        egress: &Egress,
        agent: &HeaderValue,
        purpose: Purpose,
        tls: &Tls,
        proxy: Option<&Proxy>,
    ) -> Result<Self, ClientError> {
        let guard = Guard::new(egress.allow.clone());
        let library = |error: reqwest::Error| ClientError::Library(innermost(&error));
        let builder = builder(egress, purpose).user_agent(agent.clone()).tls_backend_preconfigured(tls.config.clone());
        let resolver = Resolver::new(guard.clone(), &egress.hosts);
        let builder = match proxy {
            None => builder.dns_resolver(resolver),
            Some(proxy) => {
                let through = reqwest::Proxy::all(proxy.address().clone()).map_err(library)?;
                builder.proxy(through).dns_resolver(resolver.of_the_proxy_alone(proxy.name()))
            }
        };
        let client = builder.build().map_err(library)?;
        Ok(Self { client, guard, no_authorities: tls.no_authorities.clone(), proxied: proxy.is_some() })
    }

    /// Any client with any guard, to test what the guard does behind it.
    #[cfg(test)]
    pub(crate) fn unguarded(client: reqwest::Client, guard: Guard) -> Self {
        Self { client, guard, no_authorities: None, proxied: false }
    }

    /// Judges what can be judged before a connection is made. A name that a proxy looks up is the proxy's to judge; but
    /// the one that by RFC 6761 §6.3 is an address all the same must not lead into the proxy's own machine.
    pub(crate) fn judge(&self, url: &Url) -> Result<(), Unasked> {
        self.guard.judge_url(url).map_err(Unasked::Refused)?;
        if self.proxied && is_localhost(url) {
            self.guard.judge_address(IpAddr::V4(Ipv4Addr::LOCALHOST)).map_err(Unasked::Refused)?;
        }
        match &self.no_authorities {
            Some(detail) if url.scheme() == "https" => Err(Unasked::NoAuthorities(detail.clone())),
            _ => Ok(()),
        }
    }

    /// Judges the other end of a connection that stands; a proxy is where the operator put it.
    pub(crate) fn judge_peer(&self, peer: IpAddr) -> Result<(), Refusal> {
        if self.proxied { Ok(()) } else { self.guard.judge_address(peer) }
    }

    /// Whether answers must tell where they came from.
    pub(crate) fn peer_is_known(&self) -> bool {
        !self.proxied
    }
}

impl Network {
    /// `servers_remembered` is for how many servers TLS sessions are kept.
    pub(crate) fn new(
        egress: &Egress,
        user_agent: &str,
        purpose: Purpose,
        servers_remembered: usize,
    ) -> Result<Self, ClientError> {
        let agent = HeaderValue::from_str(user_agent).map_err(|_| ClientError::UserAgent(user_agent.to_owned()))?;
        let tls = Tls::new(egress, servers_remembered)?;
        Ok(Self { egress: egress.clone(), agent, purpose, tls, transports: Mutex::default() })
    }

    /// By which name it asks.
    pub(crate) fn agent(&self) -> &HeaderValue {
        &self.agent
    }

    /// The transport of a way, built when it is first asked for.
    pub(crate) fn by(&self, proxy: Option<&Proxy>) -> Result<Transport, ClientError> {
        // A thread that died inside left no half-made transport: each is put in whole.
        let mut transports = self.transports.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(transport) = transports.get(&proxy.cloned()) {
            return Ok(transport.clone());
        }
        let transport = Transport::new(&self.egress, &self.agent, self.purpose, &self.tls, proxy)?;
        transports.insert(proxy.cloned(), transport.clone());
        Ok(transport)
    }
}

fn is_localhost(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let host = host.strip_suffix('.').unwrap_or(host);
    host == "localhost" || host.ends_with(".localhost")
}

/// Why an address was not asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unasked {
    Refused(Refusal),
    NoAuthorities(String),
}

/// The refusal of the resolver at the root of an error, if there is one.
pub(crate) fn refusal(error: &reqwest::Error) -> Option<&NameRefused> {
    causes(error).find_map(|cause| cause.downcast_ref::<NameRefused>())
}

/// The beginning of the text at the root of an error. The outer ones repeat the whole address, which may hold a secret;
/// the root may repeat what a server sent, such as a thousand names of a certificate.
pub(crate) fn innermost(error: &reqwest::Error) -> String {
    let text = causes(error).last().map_or_else(|| "no cause was given".to_owned(), ToString::to_string);
    shortened(&text)
}

fn shortened(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).take(LONGEST_CAUSE).collect()
}

/// What is wrong with the certificate that a handshake failed at, if that is why it failed.
pub(crate) fn bad_certificate(error: &reqwest::Error) -> Option<String> {
    let failed = causes(error).find_map(of_tls)?;
    matches!(failed, rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented)
        .then(|| shortened(&failed.to_string()))
}

/// The error of the TLS library. An `io::Error` gives as its source that of the error which it wraps, not that error.
fn of_tls<'a>(cause: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    let mut cause = cause;
    loop {
        if let Some(found) = cause.downcast_ref::<rustls::Error>() {
            return Some(found);
        }
        cause = cause.downcast_ref::<std::io::Error>()?.get_ref()?;
    }
}

fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    std::iter::successors(error.source(), |cause: &&(dyn Error + 'static)| (*cause).source())
}

fn builder(egress: &Egress, purpose: Purpose) -> reqwest::ClientBuilder {
    let builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        // None of the environment's: only what the configuration names.
        .no_proxy()
        .retry(reqwest::retry::never())
        .http2_max_header_list_size(MOST_HEADER_BYTES)
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(MOST_IDLE);
    let connect_timeout = egress.connect_timeout.unsigned_abs();
    match purpose {
        // What comes as gzip is unpacked by `net::body`.
        Purpose::Fetch => builder.connect_timeout(connect_timeout).no_gzip(),
        Purpose::Post => builder
            .connect_timeout(connect_timeout.min(LONGEST_POST_CONNECT))
            .pool_max_idle_per_host(0)
            .no_gzip()
            .no_brotli()
            .no_zstd()
            .no_deflate(),
    }
}
