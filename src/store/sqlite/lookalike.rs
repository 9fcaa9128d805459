//! (fingerprint) → judged items that share an address or the text; (address) → an article that need not be read again.

use super::SqliteStore;
use super::value::from_json;
use super::value::json;
use super::value::micros;
use super::value::time;
use crate::model::Article;
use crate::model::ItemId;
use crate::model::StoryId;
use crate::store::StoreError;
use crate::story::Fingerprint;
use crate::story::Lookalike;
use jiff::Timestamp;
use sqlx::Row as _;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

/// Takes a connection, because a commit asks again inside its transaction.
pub(super) async fn find(
    connection: &mut SqliteConnection,
    fingerprint: &Fingerprint,
    since: Timestamp,
) -> Result<Vec<Lookalike>, StoreError> {
    let rows = sqlx::query(
        "SELECT article.item_id, article.story_id, article.text_hash, article.judged_at, story.key, story.title,
             (SELECT json_group_array(key ORDER BY key) FROM address WHERE item_id = article.item_id) AS addresses,
             (SELECT json_group_array(rule ORDER BY rule) FROM story_told WHERE story_id = story.id) AS told
         FROM article JOIN story ON story.id = article.story_id
         WHERE article.item_id IN (
             SELECT item_id FROM address WHERE key IN (SELECT value FROM json_each(?1))
             UNION
             SELECT item_id FROM article WHERE text_hash = ?2 AND judged_at > ?3)
         ORDER BY article.judged_at, article.item_id",
    )
    .bind(json(&fingerprint.addresses))
    .bind(&fingerprint.text)
    .bind(micros(since))
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
    })
}

/// Only of items whose page was read: the feed's own text, which an unreadable item may have been told by, is no reason
/// not to ask the site.
pub(super) async fn article_at(
    store: &SqliteStore,
    address_key: &str,
) -> Result<Option<(ItemId, Article, String)>, StoreError> {
    let row = sqlx::query(
        "SELECT item.id, article.about, article.text, article.final_url
         FROM address JOIN item ON item.id = address.item_id JOIN article ON article.item_id = item.id
         WHERE address.key = ? AND item.state = 'judged'
         ORDER BY article.judged_at DESC, item.id DESC LIMIT 1",
    )
    .bind(address_key)
    .fetch_optional(&store.readers)
    .await?;
    row.map(|row| Ok((ItemId(row.try_get("id")?), article(&row)?, row.try_get("final_url")?))).transpose()
}

/// An article from its columns `about` and `text`.
pub(super) fn article(row: &SqliteRow) -> Result<Article, StoreError> {
    let mut article: Article = from_json("article.about", row.try_get("about")?)?;
    article.text = row.try_get("text")?;
    Ok(article)
}
