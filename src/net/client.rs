//! A request → the whole answer, or why there is none. Redirects are followed here, one by one, each address judged.
//!
//! Limits hold on every path: bytes are counted behind the decompression, one deadline covers all hops, and the
//! connection's other end is judged once more after it answered.

use super::guard;
use super::guard::Refusal;
use super::redirect::BadRedirect;
use super::redirect::Chain;
use super::transport;
use super::transport::ClientError;
use super::transport::Network;
use super::transport::Purpose;
use super::transport::Transport;
use super::transport::Unasked;
use crate::config::Egress;
use crate::health::sign;
use crate::model::Fault;
use crate::model::Proxy;
use crate::model::Reason;
use crate::poll::Validators;
use crate::schedule::retry_after;
use crate::schedule::wishes::Caching;
use jiff::Timestamp;
use reqwest::StatusCode;
use reqwest::header;
use reqwest::header::HeaderMap;
use reqwest::header::HeaderName;
use reqwest::header::HeaderValue;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use url::Url;

/// In bytes; real ETags are shorter by a factor of ten.
const LONGEST_HEADER_KEPT: usize = 2048;

/// Link headers; more are somebody's joke.
const MOST_LINKS_KEPT: usize = 32;
/// Servers whose TLS sessions are remembered, however few sources there are.
const FEWEST_SERVERS_REMEMBERED: usize = 4096;

/// Longer deadlines are none.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(24 * 3600);

/// Asks for feeds and pages. Cheap to clone; connections are shared.
#[derive(Clone, Debug)]
pub struct Client {
    network: Arc<Network>,
    default: Option<Proxy>,
    timeout: Duration,
    max_bytes: u64,
}

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The address.
    pub url: &'a Url,
    /// The value of the Accept header.
    pub accept: &'a str,
    /// Sent back byte for byte as If-None-Match and If-Modified-Since; `None` asks unconditionally.
    pub validators: Option<&'a Validators>,
    /// Instead of `egress.max_bytes`.
    pub max_bytes: Option<u64>,
}

/// An answer: a status of 2xx, or 304 to a conditional request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// The address that answered, after redirects.
    pub url: Url,
    /// Where the address that was asked for has moved for good (301, 308), if it has.
    pub moved: Option<Url>,
    /// The status code.
    pub status: u16,
    /// Nothing changed since the answer that the validators came from.
    pub not_modified: bool,
    /// The Content-Type header.
    pub content_type: Option<String>,
    /// The ETag and Last-Modified headers of this very answer.
    pub validators: Validators,
    /// The headers that say how long the answer is fresh.
    pub caching: Caching,
    /// The values of the Link headers (RFC 8288), at most 32.
    pub links: Vec<String>,
    /// The Retry-After header.
    pub retry_after: Option<String>,
    /// Decompressed.
    pub body: Vec<u8>,
    /// From the request to the end of the body, redirects included.
    pub elapsed: Duration,
}

/// Why there is no answer. Texts name hosts, never whole addresses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The guard refused the address, what its name resolves to, or the other end of the connection.
    #[error("{host}: {refusal}")]
    Refused {
        /// Of the address.
        host: String,
        /// Why.
        refusal: Refusal,
    },
    /// This machine knows no certificate authority, so that nobody's https can be trusted.
    #[error(
        "{host} cannot be asked over https: {detail}; install the ca-certificates package or set `egress.extra_ca`"
    )]
    NoAuthorities {
        /// Of the address.
        host: String,
        /// What was missing.
        detail: String,
    },
    /// The way to the proxy cannot be made ready.
    #[error("{detail}")]
    NoWay {
        /// What was wrong.
        detail: String,
    },
    /// The deadline passed.
    #[error("{host}: no end of {during} in time")]
    TimedOut {
        /// Of the address that was asked when it passed.
        host: String,
        /// What was under way.
        during: Stage,
    },
    /// No connection: name, route, TLS.
    #[error("{host}: {cause}")]
    Unreachable {
        /// Of the address.
        host: String,
        /// What the network said.
        cause: String,
    },
    /// The connection broke, or what came over it is not HTTP.
    #[error("{host}: broken off during {during}: {cause}")]
    Broken {
        /// Of the address.
        host: String,
        /// What was under way.
        during: Stage,
        /// What was wrong.
        cause: String,
    },
    /// A status that is no success.
    #[error("{host} answered {status}")]
    Status {
        /// Of the address that answered.
        host: String,
        /// The status code.
        status: u16,
        /// The Retry-After header.
        retry_after: Option<String>,
        /// The Date header, by which a date in Retry-After is read.
        date: Option<String>,
        /// By what the answer was recognised as a wall against robots, if it is one.
        wall: Option<String>,
    },
    /// The body is longer than the limit.
    #[error("{host}: the answer is longer than {limit} bytes")]
    TooLarge {
        /// Of the address.
        host: String,
        /// The limit, after decompression.
        limit: u64,
    },
    /// A redirect that is not followed.
    #[error(transparent)]
    Redirect(#[from] BadRedirect),
}

/// What becomes of an answer that is longer than the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Surplus {
    /// It is no answer.
    Refused,
    /// Its beginning is the answer.
    CutOff,
}

/// What a request is busy with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Name, connection, TLS.
    Connecting,
    /// From the request's first byte to the end of the answer's headers.
    Waiting,
    /// The answer's body.
    Reading,
}

impl std::fmt::Display for Stage {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Connecting => "the connecting",
            Self::Waiting => "the waiting for an answer",
            Self::Reading => "the answer's body",
        })
    }
}

impl Client {
    /// A client that reaches what `egress` lets it reach and gives itself out as `user_agent`.
    ///
    /// # Errors
    /// What is wrong with the configuration. A machine without certificate authorities is no error here: http still
    /// works, and https is answered with [`FetchError::NoAuthorities`].
    pub fn new(egress: &Egress, user_agent: &str) -> Result<Self, ClientError> {
        Self::for_sources(egress, user_agent, 0)
    }

    /// The same for so many sources: their TLS sessions are all remembered.
    ///
    /// # Errors
    /// As for [`Client::new`].
    pub fn for_sources(egress: &Egress, user_agent: &str, sources: usize) -> Result<Self, ClientError> {
        // A source and the pages that it lists are often of two hosts.
        let servers = sources.saturating_mul(2).max(FEWEST_SERVERS_REMEMBERED);
        let network = Network::new(egress, user_agent, Purpose::Fetch, servers)?;
        network.by(egress.proxy.as_ref())?;
        Ok(Self {
            network: Arc::new(network),
            default: egress.proxy.clone(),
            timeout: egress.timeout.unsigned_abs().min(LONGEST_TIMEOUT),
            max_bytes: egress.max_bytes,
        })
    }

    /// Asks once, following redirects, and reads the answer to its end: through `egress.proxy` where there is one.
    ///
    /// # Errors
    /// Why there is no answer; [`FetchError::fault`] says what helps.
    pub async fn get(&self, request: &Request<'_>) -> Result<Fetched, FetchError> {
        self.get_by(self.default.as_ref(), request).await
    }

    /// The same by the way of one source ([`SourcePlan::proxy`]): through this proxy, or directly.
    ///
    /// [`SourcePlan::proxy`]: crate::source::SourcePlan::proxy
    ///
    /// # Errors
    /// As for [`Client::get`].
    pub async fn get_by(&self, proxy: Option<&Proxy>, request: &Request<'_>) -> Result<Fetched, FetchError> {
        self.fetch(proxy, request, Surplus::Refused).await
    }

    /// The same, but of an answer that is longer than the limit the beginning is kept.
    ///
    /// # Errors
    /// As for [`Client::get`], without [`FetchError::TooLarge`].
    pub async fn beginning_by(&self, proxy: Option<&Proxy>, request: &Request<'_>) -> Result<Fetched, FetchError> {
        self.fetch(proxy, request, Surplus::CutOff).await
    }

    async fn fetch(
        &self,
        proxy: Option<&Proxy>,
        request: &Request<'_>,
        surplus: Surplus,
    ) -> Result<Fetched, FetchError> {
        let transport = self.network.by(proxy).map_err(|error| FetchError::NoWay { detail: error.to_string() })?;
        let began = Instant::now();
        let deadline = began + self.timeout;
        let mut chain = Chain::new(request.url.clone());
        loop {
            let response = ask(&transport, chain.current(), request, deadline).await?;
            let status = response.status().as_u16();
            if !matches!(status, 301 | 302 | 303 | 307 | 308) {
                return self.answer(response, chain, request, surplus, began, deadline).await;
            }
            chain.follow(status, response.headers().get(header::LOCATION).map(HeaderValue::as_bytes))?;
        }
    }

    async fn answer(
        &self,
        response: reqwest::Response,
        chain: Chain,
        request: &Request<'_>,
        surplus: Surplus,
        began: Instant,
        deadline: Instant,
    ) -> Result<Fetched, FetchError> {
        let host = guard::host_of(chain.current());
        let status = response.status();
        let text = |name: HeaderName| header_text(response.headers(), name);
        let (content_type, retry_after) = (text(header::CONTENT_TYPE), text(header::RETRY_AFTER));
        let links = response.headers().get_all(header::LINK).iter();
        let links = links.filter_map(|value| value.to_str().ok().filter(|text| text.len() <= LONGEST_HEADER_KEPT));
        let links = links.take(MOST_LINKS_KEPT).map(str::to_owned).collect();
        let validators = Validators { etag: text(header::ETAG), last_modified: text(header::LAST_MODIFIED) };
        let caching = Caching {
            cache_control: text(header::CACHE_CONTROL),
            age: text(header::AGE),
            expires: text(header::EXPIRES),
            date: text(header::DATE),
        };
        // A server that answers 304 to a question without a condition has said nothing.
        let not_modified = status == StatusCode::NOT_MODIFIED
            && request.validators.is_some_and(|known| *known != Validators::default());
        if !status.is_success() && !not_modified {
            let mitigated = text(HeaderName::from_static("cf-mitigated"));
            let page = match mitigated {
                None if is_page(content_type.as_deref()) => read_start(response, deadline).await,
                _ => Vec::new(),
            };
            let wall = sign::wall(mitigated.as_deref(), &page);
            return Err(FetchError::Status { host, status: status.as_u16(), retry_after, date: caching.date, wall });
        }
        let limit = request.max_bytes.unwrap_or(self.max_bytes);
        let body = if not_modified { Vec::new() } else { read_body(response, limit, surplus, &host, deadline).await? };
        let url = chain.current().clone();
        let moved = chain.moved().cloned();
        let status = status.as_u16();
        let elapsed = began.elapsed();
        Ok(Fetched {
            url,
            moved,
            status,
            not_modified,
            content_type,
            validators,
            caching,
            links,
            retry_after,
            body,
            elapsed,
        })
    }
}

/// One hop, up to the end of the answer's headers.
async fn ask(
    transport: &Transport,
    url: &Url,
    request: &Request<'_>,
    deadline: Instant,
) -> Result<reqwest::Response, FetchError> {
    let host = guard::host_of(url);
    transport.judge(url).map_err(|unasked| match unasked {
        Unasked::Refused(refusal) => FetchError::Refused { host: host.clone(), refusal },
        Unasked::NoAuthorities(detail) => FetchError::NoAuthorities { host: host.clone(), detail },
    })?;
    let sending = transport.client.get(url.clone()).headers(headers(request)).send();
    let response = before(deadline, &host, Stage::Waiting, sending).await?;
    let response = response.map_err(|error| unanswered(&host, &error))?;
    match response.remote_addr().map(|peer| transport.judge_peer(peer.ip())) {
        None if transport.peer_is_known() => Err(FetchError::Broken {
            host,
            during: Stage::Waiting,
            cause: "the other end of the connection is unknown".to_owned(),
        }),
        Some(Err(refusal)) => Err(FetchError::Refused { host, refusal }),
        None | Some(Ok(())) => Ok(response),
    }
}

impl FetchError {
    /// What helps. A page that is refused or missing (401, 403, 404, 410, 451) may be a wall that passes or an article
    /// that is published late, so it is tried again; how often, the caller's list of retries says.
    pub fn fault(&self, now: Timestamp) -> Fault {
        match self {
            Self::Refused { .. } | Self::TooLarge { .. } => Fault::Permanent,
            Self::NoAuthorities { .. }
            | Self::NoWay { .. }
            | Self::TimedOut { .. }
            | Self::Unreachable { .. }
            | Self::Broken { .. }
            | Self::Redirect(_) => Fault::Transient,
            Self::Status { status, retry_after, date, .. } => {
                let until = retry_after.as_deref().and_then(|text| retry_after::until(text, date.as_deref(), now));
                match status {
                    429 => Fault::Throttled { until },
                    503 if until.is_some() => Fault::Throttled { until },
                    401 | 403 | 404 | 408 | 410 | 421 | 423 | 425 | 451 => Fault::Transient,
                    400..=499 => Fault::Permanent,
                    _ => Fault::Transient,
                }
            }
        }
    }

    /// What goes into the ledger.
    pub fn reason(&self) -> Reason {
        let detail = self.to_string();
        match self {
            Self::Refused { .. } => Reason::AddressRefused { detail },
            Self::TimedOut { .. } => Reason::TimedOut { detail },
            Self::NoAuthorities { .. } | Self::NoWay { .. } | Self::Unreachable { .. } | Self::Broken { .. } => {
                Reason::ConnectionFailed { detail }
            }
            Self::Status { status, wall: Some(sign), .. } => {
                Reason::Wall { detail: format!("answered {status}, and {sign}") }
            }
            Self::Status { status, .. } => Reason::Status { status: *status },
            Self::TooLarge { limit, .. } => Reason::TooLarge { limit: *limit },
            Self::Redirect(_) => Reason::BadRedirect { detail },
        }
    }
}

fn headers(request: &Request<'_>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let mut put = |name: HeaderName, value: &str| {
        // What no header can hold did not come from one: it is left out, and the server answers in full.
        if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
            headers.insert(name, value);
        }
    };
    put(header::ACCEPT, request.accept);
    if let Some(validators) = request.validators {
        if let Some(etag) = &validators.etag {
            put(header::IF_NONE_MATCH, etag);
            // RFC 3229: the server may answer 226 with the new entries alone. It needs to know which we have.
            put(HeaderName::from_static("a-im"), "feed");
        }
        if let Some(last_modified) = &validators.last_modified {
            put(header::IF_MODIFIED_SINCE, last_modified);
        }
    }
    headers
}

/// A header as text, byte for byte. One that is not UTF-8 counts as absent, since it could not be sent back as it came,
/// and so does one that nobody would want to keep.
fn header_text(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    let bytes = headers.get(name)?.as_bytes();
    let text = std::str::from_utf8(bytes).ok()?;
    (bytes.len() <= LONGEST_HEADER_KEPT).then(|| text.to_owned())
}

async fn read_body(
    mut response: reqwest::Response,
    limit: u64,
    surplus: Surplus,
    host: &str,
    deadline: Instant,
) -> Result<Vec<u8>, FetchError> {
    let too_large = || FetchError::TooLarge { host: host.to_owned(), limit };
    // Known beforehand only for answers that are not compressed.
    let announced = response.content_length().unwrap_or(0);
    if announced > limit && surplus == Surplus::Refused {
        return Err(too_large());
    }
    // What is announced need not come: no more is set aside than a usual page needs.
    let mut body = Vec::with_capacity(usize::try_from(announced.min(256 * 1024)).unwrap_or(0));
    loop {
        let chunk = before(deadline, host, Stage::Reading, response.chunk()).await?;
        let chunk = chunk.map_err(|error| FetchError::Broken {
            host: host.to_owned(),
            during: Stage::Reading,
            cause: transport::innermost(&error),
        })?;
        let Some(chunk) = chunk else { return Ok(body) };
        if body.len() as u64 + chunk.len() as u64 > limit {
            match surplus {
                Surplus::Refused => return Err(too_large()),
                Surplus::CutOff => {
                    let room = usize::try_from(limit).unwrap_or(usize::MAX).saturating_sub(body.len());
                    body.extend_from_slice(&chunk[..room.min(chunk.len())]);
                    return Ok(body);
                }
            }
        }
        body.extend_from_slice(&chunk);
    }
}

/// Longest start of a refusal that is looked at.
const START: usize = 32 << 10;

/// Whether an answer is a page for people.
fn is_page(content_type: Option<&str>) -> bool {
    content_type.is_some_and(|media_type| media_type.trim_start().to_ascii_lowercase().starts_with("text/html"))
}

/// The start of a refusal's page: as much as comes soon. A refusal is one without it, too.
async fn read_start(mut response: reqwest::Response, deadline: Instant) -> Vec<u8> {
    let mut start = Vec::new();
    while start.len() < START {
        match tokio::time::timeout_at(deadline, response.chunk()).await {
            Ok(Ok(Some(chunk))) => start.extend_from_slice(&chunk[..chunk.len().min(START - start.len())]),
            _ => break,
        }
    }
    start
}

async fn before<F: Future>(deadline: Instant, host: &str, during: Stage, work: F) -> Result<F::Output, FetchError> {
    let late = |_| FetchError::TimedOut { host: host.to_owned(), during };
    tokio::time::timeout_at(deadline, work).await.map_err(late)
}

fn unanswered(host: &str, error: &reqwest::Error) -> FetchError {
    let host = host.to_owned();
    if let Some(refused) = transport::refusal(error) {
        return FetchError::Refused { host, refusal: refused.refusal.clone() };
    }
    match (error.is_connect(), error.is_timeout()) {
        (true, true) => FetchError::TimedOut { host, during: Stage::Connecting },
        (true, false) => FetchError::Unreachable { host, cause: transport::innermost(error) },
        (false, true) => FetchError::TimedOut { host, during: Stage::Waiting },
        (false, false) => FetchError::Broken { host, during: Stage::Waiting, cause: transport::innermost(error) },
    }
}

#[cfg(test)]
mod tests {
    use super::FetchError;
    use super::Request;
    use super::ask;
    use crate::model::Fault;
    use crate::net::guard::Guard;
    use crate::net::transport::Transport;
    use jiff::Timestamp;
    use std::time::Duration;
    use tokio::io::AsyncReadExt;
    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpListener;
    use tokio::time::Instant;
    use url::Url;

    #[tokio::test]
    async fn an_answer_from_a_denied_address_is_refused_even_when_the_resolver_let_it_pass() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("bound").port();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret").await;
        });
        // The library's own resolver stands for a hole in ours.
        let transport = Transport::unguarded(reqwest::Client::new(), Guard::default());
        let url = Url::parse(&format!("http://localhost:{port}/")).expect("a URL");
        let request = Request { url: &url, accept: "*/*", validators: None, max_bytes: None };
        let deadline = Instant::now() + Duration::from_secs(5);
        let error = ask(&transport, &url, &request, deadline).await.expect_err("loopback is denied");
        assert!(matches!(error, FetchError::Refused { .. }), "{error:?}");
    }

    #[test]
    fn a_status_tells_what_helps() {
        let now: Timestamp = "2026-03-04T10:00:00Z".parse().expect("a time");
        let in_a_minute: Timestamp = "2026-03-04T10:01:00Z".parse().expect("a time");
        for (status, retry_after, fault) in [
            (429, Some("60"), Fault::Throttled { until: Some(in_a_minute) }),
            (429, None, Fault::Throttled { until: None }),
            (429, Some("later"), Fault::Throttled { until: None }),
            (503, Some("60"), Fault::Throttled { until: Some(in_a_minute) }),
            (503, None, Fault::Transient),
            (500, None, Fault::Transient),
            (502, Some("60"), Fault::Transient),
            (401, None, Fault::Transient),
            (403, None, Fault::Transient),
            (404, None, Fault::Transient),
            (410, None, Fault::Transient),
            (451, None, Fault::Transient),
            (400, None, Fault::Permanent),
            (405, None, Fault::Permanent),
            (406, None, Fault::Permanent),
            (414, None, Fault::Permanent),
            (304, None, Fault::Transient),
        ] {
            let retry_after = retry_after.map(str::to_owned);
            let error =
                FetchError::Status { host: "paper.example".into(), status, retry_after, date: None, wall: None };
            assert_eq!(error.fault(now), fault, "{status}");
        }
    }
}
