//! The archive: judged articles in the order of their judging, page by page. `(judged_at, item_id)` is indexed, so a page
//! costs the same at the end as at the beginning, and what is written meanwhile moves nothing.

use super::SqliteStore;
use super::value::count;
use super::value::from_json;
use super::value::limit;
use super::value::micros;
use super::value::time;
use crate::backtest::Archived;
use crate::model::Article;
use crate::model::Entry;
use crate::model::Item;
use crate::model::ItemId;
use crate::model::Reason;
use crate::model::SourceName;
use crate::model::StoryId;
use crate::store::Page;
use crate::store::StoreError;
use jiff::Timestamp;
use serde::Deserialize;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

/// One page.
pub(super) async fn page(store: &SqliteStore, page: &Page, most: usize) -> Result<Vec<Archived>, StoreError> {
    let rows = sqlx::query(
        "SELECT article.item_id, article.story_id, article.relation, article.final_url, article.judged_at,
             article.about, article.text, article.sketch, item.source, item.entry, item.listed_at, item.state
         FROM article JOIN item ON item.id = article.item_id
         WHERE (article.judged_at, article.item_id) > (?1, ?2) AND article.judged_at < ?3
         ORDER BY article.judged_at, article.item_id LIMIT ?4",
    )
    .bind(micros(page.after.0))
    .bind(page.after.1.0)
    .bind(micros(page.until))
    .bind(limit(most))
    .fetch_all(&store.readers)
    .await?;
    // The entries hold whole texts: reading them is work, and none for a thread of the runtime.
    let reading = tokio::task::spawn_blocking(move || rows.iter().map(archived).collect::<Result<Vec<_>, _>>());
    match reading.await {
        Ok(read) => read,
        Err(panic) => std::panic::resume_unwind(panic.into_panic()),
    }
}

/// How many articles were judged in this time.
pub(super) async fn size(store: &SqliteStore, since: Timestamp, until: Timestamp) -> Result<u64, StoreError> {
    let size = sqlx::query_scalar("SELECT COUNT(*) FROM article WHERE judged_at >= ?1 AND judged_at < ?2")
        .bind(micros(since))
        .bind(micros(until))
        .fetch_one(&store.readers)
        .await?;
    count("article", size)
}

/// What of an entry rules see and people are shown. Its texts are the longest part of the row and are skipped.
#[derive(Deserialize)]
struct Shown {
    id: String,
    link: Option<String>,
    #[serde(default)]
    place: Option<String>,
    published: Option<Timestamp>,
    #[serde(default)]
    authors: Vec<String>,
    #[serde(default)]
    tags: Vec<String>,
}

/// An article from the columns that [`page`] selects.
pub(super) fn archived(row: &SqliteRow) -> Result<Archived, StoreError> {
    let shown: Shown = from_json("item.entry", row.try_get("entry")?)?;
    let mut article: Article = from_json("article.about", row.try_get("about")?)?;
    article.text = row.try_get("text")?;
    let relation: Reason = from_json("article.relation", row.try_get("relation")?)?;
    Ok(Archived {
        item: Item {
            id: ItemId(row.try_get("item_id")?),
            source: SourceName::new(row.try_get::<String, _>("source")?),
            entry: Entry {
                id: shown.id,
                link: shown.link,
                place: shown.place,
                published: shown.published,
                authors: shown.authors,
                tags: shown.tags,
                ..Entry::default()
            },
            listed_at: time("item.listed_at", row.try_get("listed_at")?)?,
            attempts: 0,
        },
        unread: row.try_get::<&str, _>("state")? == "unreadable",
        article,
        final_url: row.try_get("final_url")?,
        story: StoryId(row.try_get("story_id")?),
        copy_of: match relation {
            Reason::SameAddress { item } | Reason::SameText { item } => Some(item),
            _ => None,
        },
        judged_at: time("article.judged_at", row.try_get("judged_at")?)?,
        sketch: row.try_get("sketch")?,
    })
}
