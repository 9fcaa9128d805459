//! (answer, item) → what it says and what that is worth. Extraction and judgement each run where they may take long.

use super::Shared;
use crate::article;
use crate::article::quality;
use crate::article::quality::Listed;
use crate::article::quality::Quality;
use crate::article::quality::Reading;
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
use std::sync::Arc;
use tracing::error;

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
    let page = Arc::clone(fetched);
    let extracting = tokio::task::spawn_blocking(move || {
        let document = document(&page);
        article::media::is_page(&document).map(|()| Article { basis, ..article::extract(&document) })
    });
    let article = match extracting.await {
        Ok(Ok(article)) => article,
        Ok(Err(reason)) => return Ok(none(reason, basis)),
        Err(panic) => {
            error!(error = %panic, url = %fetched.url, "extracting panicked");
            return Ok(none(Reason::EmptyPage, basis));
        }
    };
    let repeated = match story::text_hash(&article.text) {
        Some(hash) => shared.store.repeated(item, &hash).await?,
        None => 0,
    };
    let (page, item) = (Arc::clone(fetched), item.clone());
    let judging = tokio::task::spawn_blocking(move || {
        let refused = judge(&article, &item, &page, repeated);
        Examined { article, refused }
    });
    Ok(judging.await.unwrap_or_else(|panic| {
        error!(error = %panic, url = %fetched.url, "judging what was extracted panicked");
        none(Reason::EmptyPage, basis)
    }))
}

fn judge(article: &Article, item: &Item, page: &Fetched, repeated: usize) -> Option<Reason> {
    let document = document(page);
    let html = article::decode(&document);
    let text = read::text_of_entry(item);
    let listed = Listed { title: &item.entry.title, link: item.entry.link.as_deref(), text: &text };
    let reading = Reading { article, html: &html, url: Some(&page.url), listed, repeated };
    let quality = match article.basis {
        Basis::Page | Basis::Rendering => quality::judge(&reading),
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
