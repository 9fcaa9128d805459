//! The address of a page that was asked → the page as a browser shows it, made by a service that the operator runs.
//!
//! The contract: GET `url` of `[rendering]`, in which `{url}` stands for the page's address, percent-encoded; 200 with
//! text/html is the page, anything else is none. The service is where the operator put it, so no guard judges its own
//! address; the page's is judged here once more. Which addresses its scripts ask for is the service's to limit.

use super::guard::Guard;
use super::guard::Refusal;
use super::resolve::Resolver;
use super::tls::Tls;
use super::transport;
use super::transport::ClientError;
use crate::config::Egress;
use crate::config::Rendering;
use reqwest::header;
use reqwest::header::HeaderValue;
use secrecy::ExposeSecret;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use url::Url;
use url::form_urlencoded;

/// The one service is asked again and again.
const SERVERS_REMEMBERED: usize = 1;

/// Asks the rendering service. Cheap to clone; all clones share its places.
#[derive(Clone, Debug)]
pub struct Renderer {
    client: reqwest::Client,
    guard: Guard,
    template: String,
    authorization: Option<HeaderValue>,
    timeout: Duration,
    max_bytes: u64,
    places: Arc<Semaphore>,
}

/// A page after its scripts have run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// The Content-Type header of the service's answer.
    pub content_type: Option<String>,
    /// HTML.
    pub body: Vec<u8>,
}

/// Why there is none. Texts name neither the service's address nor the page's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// The guard refused the page's address.
    #[error("the page's address is not handed on: {0}")]
    Refused(Refusal),
    /// All places were taken for as long as a rendering may take.
    #[error("the rendering service had no place within {0:?}")]
    Busy(Duration),
    /// No whole answer in time.
    #[error("the rendering service gave no page within {0:?}")]
    TimedOut(Duration),
    /// No connection, or one that broke.
    #[error("the rendering service cannot be asked: {0}")]
    Unreachable(String),
    /// Another status than 200.
    #[error("the rendering service answered {0}")]
    Status(u16),
    /// Something else than HTML.
    #[error("the rendering service gave {0} instead of a page")]
    NotAPage(String),
    /// Longer than `egress.max_size`.
    #[error("the rendering service gave more than {0} bytes")]
    TooLarge(u64),
}

impl Renderer {
    /// Asks as `rendering` says, under the name of `user_agent`; of `egress` it has authorities, names and the longest
    /// answer.
    ///
    /// # Errors
    /// What is wrong with the configuration.
    pub fn new(rendering: &Rendering, egress: &Egress, user_agent: &str) -> Result<Self, ClientError> {
        let library = |error: reqwest::Error| ClientError::Library(transport::innermost(&error));
        let agent = HeaderValue::from_str(user_agent).map_err(|_| ClientError::UserAgent(user_agent.to_owned()))?;
        let guard = Guard::new(egress.allow.clone());
        let service =
            Url::parse(&address(&rendering.url, "x")).map_err(|error| ClientError::Rendering(error.to_string()))?;
        let resolver = Resolver::new(guard.clone(), &egress.hosts);
        let timeout = rendering.timeout.unsigned_abs();
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .no_proxy()
            .retry(reqwest::retry::never())
            .user_agent(agent)
            .tls_backend_preconfigured(Tls::new(egress, SERVERS_REMEMBERED)?.config)
            .dns_resolver(resolver.of_the_proxy_alone(service.domain()))
            .connect_timeout(egress.connect_timeout.unsigned_abs())
            .build()
            .map_err(library)?;
        let authorization = match &rendering.authorization {
            None => None,
            Some(secret) => {
                let what = "`authorization` of [rendering] holds what no header may hold";
                let value = HeaderValue::from_str(secret.expose_secret());
                let mut value = value.map_err(|_| ClientError::Rendering(what.to_owned()))?;
                value.set_sensitive(true);
                Some(value)
            }
        };
        Ok(Self {
            client,
            guard,
            template: rendering.url.clone(),
            authorization,
            timeout,
            max_bytes: egress.max_bytes,
            places: Arc::new(Semaphore::new(rendering.concurrency)),
        })
    }

    /// The longest that one page may take.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// The page at an address that [`super::Client`] asked before: it resolved to what may be asked, and answered.
    ///
    /// # Errors
    /// Why there is no page.
    pub async fn render(&self, page: &Url) -> Result<Rendered, RenderError> {
        self.guard.judge_url(page).map_err(RenderError::Refused)?;
        let place = tokio::time::timeout(self.timeout, self.places.acquire()).await;
        // The semaphore is never closed.
        let Ok(Ok(_place)) = place else { return Err(RenderError::Busy(self.timeout)) };
        let deadline = Instant::now() + self.timeout;
        match tokio::time::timeout_at(deadline, self.ask(page)).await {
            Ok(answer) => answer,
            Err(_) => Err(RenderError::TimedOut(self.timeout)),
        }
    }

    async fn ask(&self, page: &Url) -> Result<Rendered, RenderError> {
        let broken = |error: reqwest::Error| RenderError::Unreachable(transport::innermost(&error));
        let mut request = self.client.get(address(&self.template, page.as_str())).header(header::ACCEPT, "text/html");
        if let Some(authorization) = &self.authorization {
            request = request.header(header::AUTHORIZATION, authorization.clone());
        }
        let mut response = request.send().await.map_err(broken)?;
        if response.status().as_u16() != 200 {
            return Err(RenderError::Status(response.status().as_u16()));
        }
        let content_type = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let content_type = content_type.map(str::to_owned);
        if !content_type.as_deref().is_some_and(is_html) {
            let given = content_type.unwrap_or_else(|| "something without a Content-Type".to_owned());
            return Err(RenderError::NotAPage(given.chars().take(100).collect()));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(broken)? {
            if body.len() as u64 + chunk.len() as u64 > self.max_bytes {
                return Err(RenderError::TooLarge(self.max_bytes));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Rendered { content_type, body })
    }
}

/// The address that is asked: the template with the page's address, so encoded that it is one value of a query or one
/// segment of a path.
fn address(template: &str, page: &str) -> String {
    // Of a parsed URL's letters only `*-._` and the alphanumeric ones stay as they are: no space becomes a plus.
    let encoded: String = form_urlencoded::byte_serialize(page.as_bytes()).collect();
    template.replace("{url}", &encoded)
}

fn is_html(content_type: &str) -> bool {
    let media_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    matches!(media_type.as_str(), "text/html" | "application/xhtml+xml")
}

#[cfg(test)]
mod tests {
    use super::address;
    use super::is_html;
    use url::Url;

    #[test]
    fn the_address_of_the_page_is_one_value_whatever_it_holds() {
        let page = Url::parse("https://paper.example/a b?x=1&y=a+b#ñ").expect("a URL");
        let asked = address("http://127.0.0.1:3000/content?url={url}&wait=2", page.as_str());
        let asked = Url::parse(&asked).expect("a URL");
        let pairs: Vec<_> = asked.query_pairs().into_owned().collect();
        assert_eq!(pairs, [("url".to_owned(), page.to_string()), ("wait".to_owned(), "2".to_owned())]);
        let in_path = address("http://127.0.0.1/render/{url}", page.as_str());
        assert_eq!(Url::parse(&in_path).expect("a URL").path_segments().expect("a path").count(), 2);
    }

    #[test]
    fn only_html_is_a_page() {
        for (given, page) in [
            ("text/html", true),
            ("Text/HTML; charset=utf-8", true),
            ("application/xhtml+xml", true),
            ("application/json", false),
            ("text/htmlx", false),
        ] {
            assert_eq!(is_html(given), page, "{given}");
        }
    }
}
