//! `Egress` → the HTTP client under [`super::Client`] and `deliver::http`: guarded, without redirects, proxies, cookies
//! or retries of its own.

use super::guard::Guard;
use super::guard::Refusal;
use super::resolve::NameRefused;
use super::resolve::Resolver;
use crate::config::Egress;
use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;
use url::Url;

/// How long an idle connection is kept: enough for the next page of a host after its gap, and less than the five seconds
/// after which common servers close one, so that a request does not run into a closing door.
const IDLE: Duration = Duration::from_secs(4);

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
    /// Why https cannot be asked: there is no certificate authority that could be trusted.
    no_authorities: Option<String>,
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
    /// The library refused.
    #[error("the HTTP client cannot be built: {0}")]
    Library(String),
}

impl Transport {
    /// Reads `egress.extra_ca` and the system's certificate authorities. A machine without any still asks over http.
    pub(crate) fn new(egress: &Egress, user_agent: &str, purpose: Purpose) -> Result<Self, ClientError> {
        let guard = Guard::new(egress.allow.clone());
        let agent = reqwest::header::HeaderValue::from_str(user_agent)
            .map_err(|_| ClientError::UserAgent(user_agent.to_owned()))?;
        let extra = extra_authorities(egress)?;
        let builder = || builder(egress, &guard, purpose).user_agent(agent.clone());
        let (client, no_authorities) = match builder().tls_certs_merge(extra).build() {
            Ok(client) => (client, None),
            Err(error) => match &egress.extra_ca {
                Some(path) => {
                    return Err(ClientError::ExtraCaMalformed { path: path.clone(), detail: innermost(&error) });
                }
                // What fails here is the reading of the system's authorities; without any the rest must hold.
                None => {
                    let client = builder()
                        .tls_certs_only([])
                        .build()
                        .map_err(|error| ClientError::Library(innermost(&error)))?;
                    (client, Some(innermost(&error)))
                }
            },
        };
        Ok(Self { client, guard, no_authorities })
    }

    /// Any client with any guard, to test what the guard does behind it.
    #[cfg(test)]
    pub(crate) fn unguarded(client: reqwest::Client, guard: Guard) -> Self {
        Self { client, guard, no_authorities: None }
    }

    /// Judges what can be judged before a connection is made.
    pub(crate) fn judge(&self, url: &Url) -> Result<(), Unasked> {
        self.guard.judge_url(url).map_err(Unasked::Refused)?;
        match &self.no_authorities {
            Some(detail) if url.scheme() == "https" => Err(Unasked::NoAuthorities(detail.clone())),
            _ => Ok(()),
        }
    }
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
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).take(LONGEST_CAUSE).collect()
}

fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    std::iter::successors(error.source(), |cause: &&(dyn Error + 'static)| (*cause).source())
}

fn builder(egress: &Egress, guard: &Guard, purpose: Purpose) -> reqwest::ClientBuilder {
    let builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .no_proxy()
        .retry(reqwest::retry::never())
        .dns_resolver(Resolver::new(guard.clone(), &egress.hosts))
        .http2_max_header_list_size(MOST_HEADER_BYTES)
        .pool_idle_timeout(IDLE);
    let connect_timeout = egress.connect_timeout.unsigned_abs();
    match purpose {
        Purpose::Fetch => builder.connect_timeout(connect_timeout),
        Purpose::Post => builder
            .connect_timeout(connect_timeout.min(LONGEST_POST_CONNECT))
            .pool_max_idle_per_host(0)
            .no_gzip()
            .no_brotli()
            .no_zstd()
            .no_deflate(),
    }
}

fn extra_authorities(egress: &Egress) -> Result<Vec<reqwest::Certificate>, ClientError> {
    let Some(path) = &egress.extra_ca else { return Ok(Vec::new()) };
    let pem = std::fs::read(path).map_err(|detail| ClientError::ExtraCaUnreadable { path: path.clone(), detail })?;
    let malformed = |detail: String| ClientError::ExtraCaMalformed { path: path.clone(), detail };
    let authorities = reqwest::Certificate::from_pem_bundle(&pem).map_err(|error| malformed(innermost(&error)))?;
    if authorities.is_empty() {
        return Err(malformed("it holds no certificate".to_owned()));
    }
    Ok(authorities)
}
