//! A request → the whole answer, or why there is none. Redirects are followed here, one by one, each address judged.
//!
//! Limits hold on every path: bytes are counted behind the decompression, one deadline covers all hops, and the
//! connection's other end is judged once more after it answered.

use super::body;
use super::body::Bounds;
use super::body::Surplus;
use super::failure::FetchError;
use super::failure::Stage;
use super::failure::unanswered;
use super::guard;
use super::redirect::Chain;
use super::transport::ClientError;
use super::transport::Network;
use super::transport::Purpose;
use super::transport::Transport;
use super::transport::Unasked;
use crate::clock;
use crate::config::Egress;
use crate::evidence::Capture;
use crate::evidence::Exchange;
use crate::health::sign;
use crate::model::Digest;
use crate::model::Fault;
use crate::model::Proxy;
use crate::model::Reason;
use crate::poll::Validators;
use crate::schedule::wishes::Caching;
use async_trait::async_trait;
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
    stall: Duration,
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
    /// Whether [`Fetched::capture`] is wanted.
    pub capture: bool,
}

/// Says whether a redirect may be followed to another host.
#[async_trait]
pub trait Door: Send + Sync {
    /// Whether this address may be asked; else what helps, and why not.
    async fn admits(&self, url: &Url) -> Result<(), (Fault, Reason)>;
}

/// An answer: a status of 2xx, or 304 to a conditional request; to a look also 404 and 410.
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
    /// What was asked and answered, byte for byte, where that was wanted.
    pub capture: Option<Capture>,
    /// From the request to the end of the body, redirects included.
    pub elapsed: Duration,
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
            stall: egress.stall.unsigned_abs(),
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
        self.fetch(proxy, request, Surplus::Refused, None, Missing::Error).await
    }

    /// The same, but a redirect to another host is followed only when `door` opens. Its time counts for nothing.
    ///
    /// # Errors
    /// As for [`Client::get`], and [`FetchError::NotAdmitted`].
    pub async fn get_past(
        &self,
        door: &dyn Door,
        proxy: Option<&Proxy>,
        request: &Request<'_>,
    ) -> Result<Fetched, FetchError> {
        self.fetch(proxy, request, Surplus::Refused, Some(door), Missing::Error).await
    }

    /// The same as [`Client::get_by`], but of an answer that is longer than the limit the beginning is kept.
    ///
    /// # Errors
    /// As for [`Client::get`], without [`FetchError::TooLarge`].
    pub async fn beginning_by(&self, proxy: Option<&Proxy>, request: &Request<'_>) -> Result<Fetched, FetchError> {
        self.fetch(proxy, request, Surplus::CutOff, None, Missing::Error).await
    }

    /// The same as [`Client::get_by`] or, with a door, [`Client::get_past`], but a 404 or 410 is an answer like any other,
    /// with its body: what somebody wants to know who asks whether a page is still there.
    ///
    /// # Errors
    /// As for these.
    pub async fn look_by(
        &self,
        door: Option<&dyn Door>,
        proxy: Option<&Proxy>,
        request: &Request<'_>,
    ) -> Result<Fetched, FetchError> {
        self.fetch(proxy, request, Surplus::Refused, door, Missing::Answer).await
    }

    async fn fetch(
        &self,
        proxy: Option<&Proxy>,
        request: &Request<'_>,
        surplus: Surplus,
        door: Option<&dyn Door>,
        missing: Missing,
    ) -> Result<Fetched, FetchError> {
        let transport = self.network.by(proxy).map_err(|error| FetchError::NoWay { detail: error.to_string() })?;
        let began = Instant::now();
        let mut journey = Journey {
            chain: Chain::new(request.url.clone()),
            began,
            deadline: began + self.timeout,
            capture: request.capture.then(Capture::default),
            missing,
        };
        loop {
            let asked_at = clock::now();
            let response = ask(&transport, journey.chain.current(), request, journey.deadline).await?;
            let status = response.status().as_u16();
            let exchange =
                request.capture.then(|| self.exchange(journey.chain.current(), request, &response, asked_at));
            if !matches!(status, 301 | 302 | 303 | 307 | 308) {
                return self.answer(response, journey, exchange, request, surplus).await;
            }
            if let (Some(capture), Some(exchange)) = (&mut journey.capture, exchange) {
                capture.push(exchange, Vec::new());
            }
            let from = guard::host_of(journey.chain.current());
            journey.chain.follow(status, response.headers().get(header::LOCATION).map(HeaderValue::as_bytes))?;
            let to = journey.chain.current();
            let Some(door) = door.filter(|_| guard::host_of(to) != from) else { continue };
            let waiting = Instant::now();
            // What may not be asked at all is not asked about either.
            permitted(&transport, to)?;
            door.admits(to).await.map_err(|(fault, reason)| FetchError::NotAdmitted { fault, reason })?;
            journey.deadline += waiting.elapsed();
        }
    }

    /// What was asked, and the head of what was answered; the body is empty as yet.
    fn exchange(
        &self,
        url: &Url,
        request: &Request<'_>,
        response: &reqwest::Response,
        asked_at: Timestamp,
    ) -> Exchange {
        let fields = |headers: &HeaderMap| {
            let pairs = headers.iter();
            pairs.map(|(name, value)| (name.to_string(), latin_1(value.as_bytes()))).collect::<Vec<_>>()
        };
        let mut asked = fields(&headers(request));
        asked.push((header::USER_AGENT.to_string(), latin_1(self.network.agent().as_bytes())));
        Exchange {
            url: url.to_string(),
            peer: response.remote_addr().map(|peer| peer.ip().to_string()),
            asked_at,
            version: format!("{:?}", response.version()),
            request: asked,
            status: response.status().as_u16(),
            response: fields(response.headers()),
            body: Digest::of(b""),
            size: 0,
            rendered: false,
        }
    }

    async fn answer(
        &self,
        response: reqwest::Response,
        journey: Journey,
        exchange: Option<Exchange>,
        request: &Request<'_>,
        surplus: Surplus,
    ) -> Result<Fetched, FetchError> {
        let Journey { chain, began, deadline, mut capture, missing } = journey;
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
        let mitigated = text(HeaderName::from_static("cf-mitigated"));
        let gone = matches!(status.as_u16(), 404 | 410) && missing == Missing::Answer && mitigated.is_none();
        if !status.is_success() && !not_modified && !gone {
            let page = match mitigated {
                None if is_page(content_type.as_deref()) => body::read_start(response, START, deadline).await,
                _ => Vec::new(),
            };
            let wall = sign::wall(mitigated.as_deref(), &page);
            return Err(FetchError::Status { host, status: status.as_u16(), retry_after, date: caching.date, wall });
        }
        let limit = request.max_bytes.unwrap_or(self.max_bytes);
        let bounds = Bounds { limit, surplus, deadline, stall: self.stall };
        let mut wire = exchange.is_some().then(Vec::new);
        let body = if not_modified { Vec::new() } else { body::read(response, &host, bounds, wire.as_mut()).await? };
        if let (Some(capture), Some(exchange), Some(wire)) = (&mut capture, exchange, wire) {
            capture.push(Exchange { body: Digest::of(&wire), size: wire.len() as u64, ..exchange }, wire);
        }
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
            capture,
            elapsed,
        })
    }
}

/// Where a request is on its way, and what was seen of it.
struct Journey {
    chain: Chain,
    began: Instant,
    deadline: Instant,
    capture: Option<Capture>,
    missing: Missing,
}

/// What a 404 or 410 is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Missing {
    /// No answer.
    Error,
    /// An answer like any other.
    Answer,
}

/// One hop, up to the end of the answer's headers.
async fn ask(
    transport: &Transport,
    url: &Url,
    request: &Request<'_>,
    deadline: Instant,
) -> Result<reqwest::Response, FetchError> {
    permitted(transport, url)?;
    let host = guard::host_of(url);
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

/// What can be judged before a connection is made.
fn permitted(transport: &Transport, url: &Url) -> Result<(), FetchError> {
    transport.judge(url).map_err(|unasked| {
        let host = guard::host_of(url);
        match unasked {
            Unasked::Refused(refusal) => FetchError::Refused { host, refusal },
            Unasked::NoAuthorities(detail) => FetchError::NoAuthorities { host, detail },
        }
    })
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
    put(header::ACCEPT_ENCODING, if request.capture { body::OWN_CODING } else { body::CODINGS });
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

/// Every byte as the letter of its number: see `evidence::Fields`.
fn latin_1(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// A header as text, byte for byte. One that is not UTF-8 counts as absent, since it could not be sent back as it came,
/// and so does one that nobody would want to keep.
fn header_text(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    let bytes = headers.get(name)?.as_bytes();
    let text = std::str::from_utf8(bytes).ok()?;
    (bytes.len() <= LONGEST_HEADER_KEPT).then(|| text.to_owned())
}

/// Longest start of a refusal that is looked at.
const START: u64 = 32 << 10;

/// Whether an answer is a page for people.
fn is_page(content_type: Option<&str>) -> bool {
    content_type.is_some_and(|media_type| media_type.trim_start().to_ascii_lowercase().starts_with("text/html"))
}

async fn before<F: Future>(deadline: Instant, host: &str, during: Stage, work: F) -> Result<F::Output, FetchError> {
    let late = |_| FetchError::TimedOut { host: host.to_owned(), during };
    tokio::time::timeout_at(deadline, work).await.map_err(late)
}

#[cfg(test)]
mod tests {
    use super::FetchError;
    use super::Request;
    use super::ask;
    use crate::net::guard::Guard;
    use crate::net::transport::Transport;
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
        let request = Request { url: &url, accept: "*/*", validators: None, max_bytes: None, capture: false };
        let deadline = Instant::now() + Duration::from_secs(5);
        let error = ask(&transport, &url, &request, deadline).await.expect_err("loopback is denied");
        assert!(matches!(error, FetchError::Refused { .. }), "{error:?}");
    }
}
