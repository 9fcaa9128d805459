//! (fingerprint) → judged items that share an address or the text; (address) → an article that need not be read again.

use super::SqliteStore;
use super::value::count;
use super::value::from_json;
use super::value::json;
use super::value::micros;
use super::value::optional_from_json;
use super::value::time;
use crate::model::Article;
use crate::model::Item;
use crate::model::ItemId;
use crate::model::Language;
use crate::model::Reason;
use crate::model::SourceName;
use crate::model::StoryId;
use crate::store::Lease;
use crate::store::StoreError;
use crate::story::Fingerprint;
use crate::story::Lookalike;
use jiff::Timestamp;
use sqlx::Row as _;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

const FIND: &str =
    "SELECT article.item_id, article.story_id, article.text_hash, article.judged_at, story.key, story.title,
         item.source, article.about ->> '$.language' AS language, CASE WHEN ?4 THEN article.sketch END AS sketch,
         CASE WHEN ?4 THEN (SELECT json_group_array(excerpt.value ->> '$.text')
             FROM alert JOIN json_each(alert.alert, '$.excerpts') AS excerpt
             WHERE alert.item_id = article.item_id AND excerpt.value ->> '$.field' = 'body') END AS said,
         (SELECT json_group_array(key ORDER BY key) FROM address WHERE item_id = article.item_id) AS addresses,
         (SELECT json_group_array(rule ORDER BY rule) FROM story_told WHERE story_id = story.id) AS told
     FROM article JOIN story ON story.id = article.story_id JOIN item ON item.id = article.item_id
     WHERE article.item_id IN (
         SELECT item_id FROM address WHERE key IN (SELECT value FROM json_each(?1))
         UNION
         SELECT item_id FROM article WHERE text_hash = ?2 AND judged_at > ?3
         UNION
         SELECT item_id FROM alert WHERE ?4 AND created_at > ?3)
     ORDER BY +article.judged_at, article.item_id";

/// Takes a connection, because a commit asks again inside its transaction.
pub(super) async fn find(
    connection: &mut SqliteConnection,
    fingerprint: &Fingerprint,
    told: bool,
    since: Timestamp,
) -> Result<Vec<Lookalike>, StoreError> {
    let rows = sqlx::query(FIND)
        .bind(json(&fingerprint.addresses))
        .bind(&fingerprint.text)
        .bind(micros(since))
        .bind(told)
        .fetch_all(connection)
        .await?;
    rows.iter().map(lookalike).collect()
}

fn lookalike(row: &SqliteRow) -> Result<Lookalike, StoreError> {
    Ok(Lookalike {
        item: ItemId(row.try_get("item_id")?),
        story: StoryId(row.try_get("story_id")?),
        story_key: row.try_get("key")?,
        fingerprint: Fingerprint {
            addresses: from_json("address.key", row.try_get("addresses")?)?,
            text: row.try_get("text_hash")?,
        },
        judged_at: time("article.judged_at", row.try_get("judged_at")?)?,
        told: from_json("story_told.rule", row.try_get("told")?)?,
        title: row.try_get("title")?,
        source: SourceName::new(row.try_get::<String, _>("source")?),
        language: row.try_get::<Option<&str>, _>("language")?.and_then(Language::parse),
        sketch: row.try_get("sketch")?,
        said: optional_from_json("alert.alert", row.try_get("said")?)?.unwrap_or_default(),
    })
}

/// The `+`s keep the planner, which knows no figures of the tables, from walking through all judged items, or through all
/// articles in the order of their times.
const ARTICLE_AT: &str = "SELECT item.id, article.about, article.text, article.final_url
     FROM address JOIN item ON item.id = address.item_id JOIN article ON article.item_id = item.id
     WHERE address.key = ? AND +item.state = 'judged'
         AND COALESCE(json_extract(article.about, '$.basis'), 'page') <> 'feed'
     ORDER BY +article.judged_at DESC, item.id DESC LIMIT 1";

/// Only of items whose page was read: the feed's own text, by which another item was judged or told, is no reason not to
/// ask the site.
pub(super) async fn article_at(
    store: &SqliteStore,
    address_key: &str,
) -> Result<Option<(ItemId, Article, String)>, StoreError> {
    let row = sqlx::query(ARTICLE_AT).bind(address_key).fetch_optional(&store.readers).await?;
    row.map(|row| Ok((ItemId(row.try_get("id")?), article(&row)?, row.try_get("final_url")?))).transpose()
}

/// How many other entries of the source, each with another title, gave this text.
pub(super) async fn repeated(store: &SqliteStore, item: &Item, text_hash: &str) -> Result<usize, StoreError> {
    let titles: i64 = sqlx::query_scalar(
        "SELECT COUNT(DISTINCT json_extract(item.entry, '$.title'))
         FROM (SELECT item_id FROM article WHERE text_hash = ?1
               UNION ALL
               SELECT item_id FROM wall WHERE source = ?2 AND text_hash = ?1) AS gave
             JOIN item ON item.id = gave.item_id
         WHERE item.source = ?2 AND item.id <> ?3 AND json_extract(item.entry, '$.title') <> ?4",
    )
    .bind(text_hash)
    .bind(item.source.as_str())
    .bind(item.id.0)
    .bind(&item.entry.title)
    .fetch_one(&store.readers)
    .await?;
    count("article.text_hash", titles)
}

/// Writes down what was tried in place of the page. A lease that went to another writes nothing.
pub(super) async fn note_tries(
    store: &SqliteStore,
    lease: &Lease<Item>,
    tries: &[(Timestamp, Reason)],
) -> Result<(), StoreError> {
    let mut transaction = store.write().await?;
    for (at, reason) in tries {
        sqlx::query(
            "INSERT INTO read_try (item_id, at, reason)
             SELECT id, ?4, ?5 FROM item WHERE id = ?1 AND owner = ?2 AND fence = ?3",
        )
        .bind(lease.job.id.0)
        .bind(&lease.owner)
        .bind(lease.fence)
        .bind(micros(*at))
        .bind(json(reason))
        .execute(&mut *transaction)
        .await?;
    }
    Ok(transaction.commit().await?)
}

/// An article from its columns `about` and `text`.
pub(super) fn article(row: &SqliteRow) -> Result<Article, StoreError> {
    let mut article: Article = from_json("article.about", row.try_get("about")?)?;
    article.text = row.try_get("text")?;
    Ok(article)
}

#[cfg(test)]
mod tests {
    use super::ARTICLE_AT;
    use super::FIND;
    use super::SqliteStore;
    use sqlx::Row as _;

    /// How the database goes about a query.
    async fn plan(store: &SqliteStore, query: &str) -> Vec<String> {
        let explained = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {query}"));
        let rows = sqlx::query(explained).fetch_all(&store.readers).await.expect("a plan");
        rows.iter().map(|row| row.get("detail")).collect()
    }

    #[tokio::test]
    async fn what_each_reading_asks_does_not_take_longer_the_more_was_read() {
        let folder = tempfile::TempDir::new().expect("a temporary folder");
        let store = SqliteStore::open(folder.path()).await.expect("the store opens");
        for query in [ARTICLE_AT, FIND] {
            let plan = plan(&store, query).await;
            let walks = |step: &String| {
                step.starts_with("SCAN item")
                    || step.starts_with("SCAN article")
                    || step.contains("item_state")
                    || step.contains("article_judged")
            };
            assert!(!plan.iter().any(walks), "{plan:#?}");
        }
    }
}
