//! (address, headers, body) → the answer, over one fresh and guarded connection. Redirects are answers, never followed.

use crate::channel::HttpAnswer;
use crate::channel::Method;
use crate::config::Egress;
use crate::model::Fault;
use crate::net::guard;
use crate::net::guard::Refusal;
use crate::net::transport;
use crate::net::transport::ClientError;
use crate::net::transport::Network;
use crate::net::transport::Purpose;
use crate::net::transport::Transport;
use crate::net::transport::Unasked;
use ipnet::IpNet;
use reqwest::header;
use reqwest::header::HeaderMap;
use reqwest::header::HeaderName;
use reqwest::header::HeaderValue;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use url::Host;
use url::Url;

/// From the connection to the end of the answer: Standard Webhooks asks for 15 to 30 seconds.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Receivers whose TLS sessions are remembered.
const SERVERS_REMEMBERED: usize = 256;

/// How much of an answer's body is kept.
const BODY: usize = 1024;

/// Posts messages.
#[derive(Clone, Debug)]
pub struct Poster {
    /// By `egress.proxy` where there is one.
    transport: Transport,
    /// For receivers that the operator has put on a map: `egress.hosts`, and addresses that `egress.allow` opens. A
    /// proxy outside could not reach those of an intranet.
    direct: Transport,
    known: Arc<Vec<String>>,
    opened: Arc<Vec<IpNet>>,
    timeout: Duration,
}

/// Why there is no answer. Texts name the host only: the rest of the address may be a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PostError {
    /// The guard refused the address or all that its name resolves to. Nothing was sent.
    #[error("{host}: {refusal}")]
    Refused {
        /// Of the address.
        host: String,
        /// Why.
        refusal: Refusal,
    },
    /// This machine knows no certificate authority. Nothing was sent.
    #[error(
        "{host} cannot be asked over https: {detail}; install the ca-certificates package or set `egress.extra_ca`"
    )]
    NoAuthorities {
        /// Of the address.
        host: String,
        /// What was missing.
        detail: String,
    },
    /// A header that cannot be sent. Nothing was sent.
    #[error("the header `{name}` holds what no header may hold")]
    Header {
        /// Its name; the value may be a secret.
        name: &'static str,
    },
    /// No connection: name, route, TLS, or not in time. Nothing was sent.
    #[error("{host}: {cause}")]
    Unreachable {
        /// Of the address.
        host: String,
        /// What the network said.
        cause: String,
    },
    /// The connection stood, and then no answer came: the receiver may have the message.
    #[error("{host}: no answer: {cause}")]
    Unanswered {
        /// Of the address.
        host: String,
        /// What happened.
        cause: String,
    },
}

impl PostError {
    /// What helps.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Refused { .. } | Self::Header { .. } => Fault::Permanent,
            Self::NoAuthorities { .. } | Self::Unreachable { .. } | Self::Unanswered { .. } => Fault::Transient,
        }
    }

    /// Whether the receiver may have the message all the same.
    pub fn in_doubt(&self) -> bool {
        matches!(self, Self::Unanswered { .. })
    }
}

impl Poster {
    /// A poster that reaches what `egress` lets it reach and gives itself out as `user_agent`.
    ///
    /// # Errors
    /// What is wrong with the configuration.
    pub fn new(egress: &Egress, user_agent: &str) -> Result<Self, ClientError> {
        let network = Network::new(egress, user_agent, Purpose::Post, SERVERS_REMEMBERED)?;
        let known = egress.hosts.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
        Ok(Self {
            transport: network.by(egress.proxy.as_ref())?,
            direct: network.by(None)?,
            known: Arc::new(known),
            opened: Arc::new(egress.allow.clone()),
            timeout: TIMEOUT,
        })
    }

    /// Posts `body` once. Any status is an answer.
    ///
    /// # Errors
    /// Why there is no answer, and whether the message may have arrived.
    pub async fn post(
        &self,
        url: &Url,
        headers: &[(&'static str, String)],
        body: &[u8],
    ) -> Result<HttpAnswer, PostError> {
        self.send(Method::Post, url, headers, body).await
    }

    /// [`Poster::post`] by another method.
    ///
    /// # Errors
    /// As for [`Poster::post`].
    pub async fn send(
        &self,
        method: Method,
        url: &Url,
        headers: &[(&'static str, String)],
        body: &[u8],
    ) -> Result<HttpAnswer, PostError> {
        let deadline = Instant::now() + self.timeout;
        let host = guard::host_of(url);
        let transport = self.way(url);
        transport.judge(url).map_err(|unasked| match unasked {
            Unasked::Refused(refusal) => PostError::Refused { host: host.clone(), refusal },
            Unasked::NoAuthorities(detail) => PostError::NoAuthorities { host: host.clone(), detail },
        })?;
        let method = match method {
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
        };
        let request = transport.client.request(method, url.clone()).headers(header_map(headers)?).body(body.to_vec());
        let answered = tokio::time::timeout_at(deadline, request.send()).await;
        let response = match answered {
            Err(_) => {
                let cause = format!("{} seconds have passed", self.timeout.as_secs());
                return Err(PostError::Unanswered { host, cause });
            }
            Ok(Err(error)) => return Err(unanswered(host, &error)),
            Ok(Ok(response)) => response,
        };
        let peer_refusal = response.remote_addr().and_then(|peer| transport.judge_peer(peer.ip()).err());
        if let Some(refusal) = peer_refusal {
            return Err(PostError::Refused { host, refusal });
        }
        let status = response.status().as_u16();
        let retry_after =
            response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let body = beginning(response, deadline).await;
        Ok(HttpAnswer { status, retry_after, body })
    }

    fn way(&self, url: &Url) -> &Transport {
        let on_the_map = match url.host() {
            Some(Host::Domain(name)) => self.known.iter().any(|known| known == name),
            Some(Host::Ipv4(address)) => self.opened.iter().any(|range| range.contains(&IpAddr::V4(address))),
            Some(Host::Ipv6(address)) => self.opened.iter().any(|range| range.contains(&IpAddr::V6(address))),
            None => false,
        };
        if on_the_map { &self.direct } else { &self.transport }
    }
}

fn header_map(headers: &[(&'static str, String)]) -> Result<HeaderMap, PostError> {
    let mut map = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers {
        let bad = |_| PostError::Header { name };
        let key = HeaderName::from_bytes(name.as_bytes()).map_err(|_| PostError::Header { name })?;
        let mut value = HeaderValue::from_str(value).map_err(bad)?;
        // Signatures and tokens: kept out of the library's own debug texts.
        value.set_sensitive(true);
        map.insert(key, value);
    }
    Ok(map)
}

/// The answer's first kilobyte. The status has been heard, so whatever goes wrong now only shortens the text.
async fn beginning(mut response: reqwest::Response, deadline: Instant) -> String {
    let mut bytes = Vec::with_capacity(BODY);
    while bytes.len() < BODY {
        match tokio::time::timeout_at(deadline, response.chunk()).await {
            Ok(Ok(Some(chunk))) => bytes.extend_from_slice(&chunk[..chunk.len().min(BODY - bytes.len())]),
            _ => break,
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn unanswered(host: String, error: &reqwest::Error) -> PostError {
    if let Some(refused) = transport::refusal(error) {
        return PostError::Refused { host, refusal: refused.refusal.clone() };
    }
    let cause = transport::innermost(error);
    if error.is_connect() { PostError::Unreachable { host, cause } } else { PostError::Unanswered { host, cause } }
}

#[cfg(test)]
mod tests {
    use super::PostError;
    use super::Poster;
    use crate::model::Fault;
    use crate::net::guard::Guard;
    use crate::net::transport::Transport;
    use std::sync::Arc;
    use std::time::Duration;
    use tokio::net::TcpListener;
    use url::Url;

    #[tokio::test]
    async fn a_receiver_that_stays_silent_leaves_the_message_in_doubt() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = Url::parse(&format!("http://{}/hook", listener.local_addr().expect("bound"))).expect("a URL");
        let guard = Guard::new(vec!["127.0.0.1/32".parse().expect("a range")]);
        let transport = Transport::unguarded(reqwest::Client::new(), guard);
        let poster = Poster {
            direct: transport.clone(),
            transport,
            known: Arc::default(),
            opened: Arc::default(),
            timeout: Duration::from_millis(300),
        };
        let error = poster.post(&url, &[], b"{}").await.expect_err("nobody answers");
        assert!(matches!(error, PostError::Unanswered { .. }), "{error:?}");
        assert!(error.in_doubt());
        assert_eq!(error.fault(), Fault::Transient);
        drop(listener);
    }
}
