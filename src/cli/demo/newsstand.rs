//! Papers → web servers on loopback, one port each, so that every paper is a host of its own.
//!
//! Only what the daemon could ask for is answered: feeds (with ETag, 304 and gzip), pages, robots.txt; and each paper
//! misbehaves as its file says.

use super::edition;
use super::edition::Moment;
use super::page;
use super::papers;
use super::papers::Answers;
use super::papers::Article;
use super::papers::Dialect;
use super::papers::Fault;
use super::papers::Paper;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::Method;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::Response;
use jiff::Timestamp;
use std::collections::HashMap;
use std::hash::BuildHasher as _;
use std::hash::BuildHasherDefault;
use std::hash::DefaultHasher;
use std::io;
use std::io::Write as _;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

#[cfg(test)]
mod tests;

/// The servers. They stop at [`Newsstand::close`].
pub struct Newsstand {
    stalls: Vec<Stall>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

/// Where one paper is to be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stall {
    /// Short name, fit for `[source.NAME]`.
    pub name: String,
    /// The name that the paper gives itself.
    pub title: String,
    /// Its address without a path: `http://127.0.0.1:PORT`.
    pub base: String,
    /// What is to be watched.
    pub watch: Watch,
}

/// What of a paper is to be watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Watch {
    /// This feed.
    Feed {
        /// Its address.
        url: String,
    },
    /// This page, because the paper has no feed.
    Page {
        /// Its address.
        url: String,
        /// The CSS selector of one article in the list.
        item: &'static str,
        /// The selector of its link, inside the item.
        link: &'static str,
        /// The selector of its headline, inside the item.
        title: &'static str,
    },
}

/// What all servers share.
struct Press {
    papers: Vec<Paper>,
    bases: Vec<String>,
    opened: Timestamp,
    /// How often each paper's path was asked for, for those that answer differently the first time.
    asked: Mutex<HashMap<(usize, String), u64>>,
}

impl Newsstand {
    /// Binds a port of 127.0.0.1 for each paper and serves them. `opened` is the moment from which articles appear,
    /// and to which their dates are relative: now.
    ///
    /// # Errors
    /// When no port can be bound, or a paper cannot be read.
    pub async fn start(opened: Timestamp) -> io::Result<Self> {
        let papers = papers::all().map_err(io::Error::other)?;
        let mut listeners = Vec::with_capacity(papers.len());
        let mut bases = Vec::with_capacity(papers.len());
        for _ in &papers {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
            bases.push(format!("http://{}", listener.local_addr()?));
            listeners.push(listener);
        }
        let stalls = papers.iter().zip(&bases).map(|(paper, base)| stall(paper, base)).collect();
        let press = Arc::new(Press { papers, bases, opened, asked: Mutex::default() });
        let stop = CancellationToken::new();
        let tasks = TaskTracker::new();
        for (number, listener) in listeners.into_iter().enumerate() {
            let router = Router::new().fallback(serve).with_state((Arc::clone(&press), number));
            let stopped = stop.clone().cancelled_owned();
            tasks.spawn(async move {
                if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(stopped).await {
                    tracing::error!(%error, "a paper of the newsstand stopped");
                }
            });
        }
        tasks.close();
        Ok(Self { stalls, stop, tasks })
    }

    /// Where each paper is to be had.
    pub fn stalls(&self) -> &[Stall] {
        &self.stalls
    }

    /// Stops serving, after the answers that are under way.
    pub async fn close(self) {
        self.stop.cancel();
        self.tasks.wait().await;
    }
}

fn stall(paper: &Paper, base: &str) -> Stall {
    let url = format!("{base}{}", paper.path);
    let watch = match paper.dialect {
        Dialect::Page => Watch::Page { url, item: page::ITEM, link: page::LINK, title: page::TITLE },
        _ => Watch::Feed { url },
    };
    Stall { name: paper.name.clone(), title: paper.title.clone(), base: base.to_owned(), watch }
}

async fn serve(State((press, number)): State<(Arc<Press>, usize)>, request: Request) -> Response {
    let Some(paper) = press.papers.get(number) else { return plain(StatusCode::NOT_FOUND, "no such paper") };
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return plain(StatusCode::METHOD_NOT_ALLOWED, "only GET");
    }
    let moment = Moment {
        papers: &press.papers,
        bases: &press.bases,
        opened: press.opened,
        elapsed: crate::clock::now().duration_since(press.opened).as_secs(),
    };
    let path = request.uri().path();
    let whole = request.uri().path_and_query().map_or(path, |whole| whole.as_str());
    let asked_before = press.count(number, whole);
    if path == paper.path {
        if paper.has(Fault::Sometimes503) && asked_before % 3 == 1 {
            return plain(StatusCode::SERVICE_UNAVAILABLE, "the server is busy");
        }
        return feed(paper, edition::edition(&moment, paper), request.headers());
    }
    if path == "/robots.txt" {
        return plain(StatusCode::OK, "User-agent: *\nAllow: /\n");
    }
    if let Some(article) = article_at(&moment, paper, path, whole) {
        return page(&moment, paper, article, asked_before);
    }
    match path {
        "/" => html(StatusCode::OK, paper, page::home(&moment, paper)),
        _ => plain(StatusCode::NOT_FOUND, "not found"),
    }
}

impl Press {
    /// How often this was asked for before.
    fn count(&self, paper: usize, path: &str) -> u64 {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let times = asked.entry((paper, path.to_owned())).or_default();
        *times += 1;
        *times - 1
    }
}

/// The article of this paper under this path. A query counts only where the paper's own addresses have one.
fn article_at<'p>(moment: &Moment<'_>, paper: &'p Paper, path: &str, whole: &str) -> Option<&'p Article> {
    moment.visible(paper).filter(|article| article.elsewhere.is_none()).find(|article| {
        match article.path.contains('?') {
            true => {
                whole == article.path || whole.strip_prefix(&article.path).is_some_and(|rest| rest.starts_with('&'))
            }
            false => path == article.path,
        }
    })
}

fn page(moment: &Moment<'_>, paper: &Paper, article: &Article, asked_before: u64) -> Response {
    match article.answers {
        Answers::RefusedFirst if asked_before == 0 => plain(StatusCode::FORBIDDEN, "forbidden"),
        Answers::Page | Answers::RefusedFirst => html(StatusCode::OK, paper, page::article(moment, paper, article)),
        Answers::Wall => html(StatusCode::OK, paper, page::wall(paper)),
        Answers::Gone => plain(StatusCode::NOT_FOUND, "not found"),
    }
}

fn feed(paper: &Paper, bytes: Vec<u8>, asked: &HeaderMap) -> Response {
    let text = |name| asked.get(name).and_then(|value: &header::HeaderValue| value.to_str().ok());
    let etag = format!("W/\"{:016x}\"", BuildHasherDefault::<DefaultHasher>::default().hash_one(&bytes));
    let validators = !paper.has(Fault::NoValidators);
    let mut answer = Response::builder().header(header::CONTENT_TYPE, edition::media_type(paper));
    if validators {
        answer = answer.header(header::ETAG, &etag);
        if text(header::IF_NONE_MATCH) == Some(&etag) {
            return built(answer.status(StatusCode::NOT_MODIFIED).body(Body::empty()));
        }
    }
    if text(header::ACCEPT_ENCODING).is_some_and(|encodings| encodings.contains("gzip")) {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        if let Ok(packed) = encoder.write_all(&bytes).and_then(|()| encoder.finish()) {
            return built(answer.header(header::CONTENT_ENCODING, "gzip").body(Body::from(packed)));
        }
    }
    built(answer.body(Body::from(bytes)))
}

fn html(status: StatusCode, paper: &Paper, text: String) -> Response {
    let media_type = if paper.has(Fault::Windows1252) { "text/html" } else { "text/html; charset=utf-8" };
    let bytes = edition::encode(paper, text);
    built(Response::builder().status(status).header(header::CONTENT_TYPE, media_type).body(Body::from(bytes)))
}

fn plain(status: StatusCode, text: &'static str) -> Response {
    built(
        Response::builder()
            .status(status)
            .header(header::CONTENT_TYPE, "text/plain; charset=utf-8")
            .body(Body::from(text)),
    )
}

fn built(answer: Result<Response, axum::http::Error>) -> Response {
    answer.unwrap_or_else(|error| {
        tracing::error!(%error, "an answer of the newsstand could not be built");
        let mut failed = Response::new(Body::empty());
        *failed.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        failed
    })
}
