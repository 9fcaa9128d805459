//! (answer, item) → what it says and what that is worth. Extraction and judgement each run where they may take long.

use super::Shared;
use crate::article;
use crate::article::Terms;
use crate::article::quality;
use crate::article::quality::Listed;
use crate::article::quality::Quality;
use crate::article::quality::Reading;
use crate::article::site;
use crate::clock;
use crate::model::Article;
use crate::model::Basis;
use crate::model::Document;
use crate::model::Item;
use crate::model::Reason;
use crate::net::client::Fetched;
use crate::read;
use crate::source;
use crate::store::StoreError;
use crate::story;
use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::sync::oneshot;
use tracing::error;
use tracing::info;

/// How long a PDF file may take.
const PDF_TIMEOUT: Duration = Duration::from_secs(20);

/// Files that are read at once.
static PLACES: Semaphore = Semaphore::const_new(2);

/// The method of a text from a PDF file.
pub const PDF: &str = "pdf";

/// What an answer gave.
pub struct Examined {
    /// What it says.
    pub article: Article,
    /// Why that is not the article, if it is not.
    pub refused: Option<Reason>,
}

/// Extracts and judges an answer. `basis` is what was asked for.
///
/// # Errors
/// When the store cannot say what else the source gave.
pub async fn examine(
    shared: &Shared,
    item: &Item,
    fetched: &Arc<Fetched>,
    basis: Basis,
) -> Result<Examined, StoreError> {
    if article::pdf::is_pdf(&document(fetched)) {
        return match read_pdf(Arc::clone(fetched)).await {
            Ok(article) => {
                // What files call themselves is often what their template was called.
                let title = if item.entry.title.is_empty() { article.title } else { item.entry.title.clone() };
                let basis = if basis == Basis::Page { Basis::Pdf } else { basis };
                let judged = judged(Article { basis, title, ..article }, item, fetched, 0);
                beside_others(shared, item, fetched, judged).await
            }
            Err(reason) => Ok(none(reason, basis)),
        };
    }
    let (page, tower, own) = (Arc::clone(fetched), shared.tower.load_full(), item.clone());
    let examining = tokio::task::spawn_blocking(move || {
        let document = document(&page);
        let terms = Terms { now: clock::now(), site: site::of(&tower.config.sites, &page.url) };
        article::media::is_page(&document)?;
        Ok(judged(Article { basis, ..article::extract(&document, &terms) }, &own, &page, 0))
    });
    match examining.await {
        Ok(Ok(judged)) => beside_others(shared, item, fetched, judged).await,
        Ok(Err(reason)) => Ok(none(reason, basis)),
        Err(panic) => {
            error!(error = %panic, url = %fetched.url, "extracting panicked");
            Ok(none(Reason::EmptyPage, basis))
        }
    }
}

/// An extraction with what it is worth, and the hash of its text.
struct Judged {
    examined: Examined,
    hash: Option<String>,
}

fn judged(article: Article, item: &Item, page: &Fetched, repeated: usize) -> Judged {
    let refused = judge(&article, item, page, repeated);
    Judged { hash: story::text_hash(&article.text), examined: Examined { article, refused } }
}

/// What an extraction is worth, seen beside what else its source gave: nearly always something else, and then the
/// judgement stands.
async fn beside_others(
    shared: &Shared,
    item: &Item,
    fetched: &Arc<Fetched>,
    Judged { examined, hash }: Judged,
) -> Result<Examined, StoreError> {
    let Some(hash) = hash else { return Ok(examined) };
    let repeated = shared.store.repeated(item, &hash).await?;
    if repeated == 0 {
        return Ok(examined);
    }
    let (page, own, basis) = (Arc::clone(fetched), item.clone(), examined.article.basis);
    let judging = tokio::task::spawn_blocking(move || judged(examined.article, &own, &page, repeated).examined);
    let examined = judging.await.unwrap_or_else(|panic| {
        error!(error = %panic, url = %fetched.url, "judging what was extracted panicked");
        none(Reason::EmptyPage, basis)
    });
    // What was judged on the same text before it was known for what it is, is undecided again.
    if let Some(Reason::RepeatedText { items }) = examined.refused {
        let undecided = shared.store.doubt(item, &hash, items, clock::now()).await?;
        if undecided > 0 {
            info!(source = %item.source, undecided, "a text stands in the place of its articles: what was judged on it is read again");
            shared.nudges.read.notify_one();
        }
    }
    Ok(examined)
}

/// Reads a PDF file on a thread of its own: its reader may hang, and a thread that does is left behind, to end between
/// two pages or never. It keeps its place, so that no more of them pile up than there are.
async fn read_pdf(page: Arc<Fetched>) -> Result<Article, Reason> {
    let fault = |detail: &str| Reason::PdfUnreadable { detail: detail.to_owned() };
    let place = tokio::time::timeout(PDF_TIMEOUT, PLACES.acquire()).await;
    // The semaphore is never closed.
    let Ok(Ok(place)) = place else { return Err(fault("other files take too long")) };
    let (send, receive) = oneshot::channel();
    let expired = Arc::new(AtomicBool::new(false));
    let stop = Arc::clone(&expired);
    let reading = std::thread::Builder::new().name("pdf".into()).stack_size(article::STACK_BYTES).spawn(move || {
        let bounds = article::pdf::Bounds { expired: &|| stop.load(Ordering::Relaxed) };
        let read = article::pdf::read(&document(&page), bounds);
        drop(place);
        // Nobody listens any more when the time is over.
        let _late = send.send(read);
    });
    if reading.is_err() {
        return Err(fault("no thread could be had"));
    }
    match tokio::time::timeout(PDF_TIMEOUT, receive).await {
        Ok(Ok(read)) => read,
        Ok(Err(_)) => Err(fault("its reader broke down over it")),
        Err(_) => {
            expired.store(true, Ordering::Relaxed);
            Err(fault("it took too long"))
        }
    }
}

fn judge(article: &Article, item: &Item, page: &Fetched, repeated: usize) -> Option<Reason> {
    let document = document(page);
    // Of a file nothing is shown but what was extracted.
    let html = if article.method == PDF { Cow::default() } else { article::decode(&document) };
    let text = read::text_of_entry(item);
    let listed = Listed { title: &item.entry.title, link: item.entry.link.as_deref(), text: &text };
    let reading = Reading { article, html: &html, url: Some(&page.url), listed, repeated };
    let quality = match article.basis {
        Basis::Page | Basis::Pdf | Basis::Rendering => quality::judge(&reading),
        _ => quality::judge_stand_in(&reading),
    };
    match quality {
        Quality::Good => None,
        // An empty page that scripts would fill is called by that name.
        Quality::Refused(Reason::EmptyPage) => {
            let scripts = source::unreadable(&document).filter(|it| matches!(it, Reason::NeedsScripts { .. }));
            Some(scripts.unwrap_or(Reason::EmptyPage))
        }
        Quality::Refused(reason) => Some(reason),
    }
}

fn document(page: &Fetched) -> Document<'_> {
    Document { url: &page.url, content_type: page.content_type.as_deref(), bytes: &page.body }
}

fn none(reason: Reason, basis: Basis) -> Examined {
    let article = Article { method: "none".into(), basis, ..Article::default() };
    Examined { article, refused: Some(reason) }
}
