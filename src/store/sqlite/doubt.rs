//! (a text that a source gives for entry after entry) → the items that were judged on it are undecided again.

use super::SqliteStore;
use super::value::json;
use super::value::micros;
use super::work::shrink;
use crate::model::Item;
use crate::model::Reason;
use crate::store::StoreError;
use jiff::Timestamp;
use sqlx::SqliteConnection;

pub(super) async fn doubt(
    store: &SqliteStore,
    item: &Item,
    text_hash: &str,
    others: usize,
    now: Timestamp,
) -> Result<usize, StoreError> {
    let mut transaction = store.write().await?;
    // Whoever sees it again learns nothing new, and must not have the others read for ever.
    let noted = note(&mut transaction, item, text_hash, item.id.0, now).await?;
    if !noted {
        return Ok(0);
    }
    let judged: Vec<(i64, i64, bool)> = sqlx::query_as(
        "SELECT item.id, article.story_id, EXISTS (SELECT 1 FROM alert WHERE alert.item_id = item.id)
         FROM article JOIN item ON item.id = article.item_id
         WHERE article.text_hash = ?1 AND item.source = ?2 AND item.id <> ?3 AND item.state = 'judged'
             AND COALESCE(json_extract(article.about, '$.basis'), 'page') <> 'feed'",
    )
    .bind(text_hash)
    .bind(item.source.as_str())
    .bind(item.id.0)
    .fetch_all(&mut *transaction)
    .await?;
    let reason = Reason::RepeatedText { items: others };
    let mut undecided = 0;
    let stories: Vec<i64> = judged.iter().map(|(_, story, _)| *story).collect();
    for (id, _, told) in judged {
        match told {
            // One other may be the page of the same article under another headline: what was told of it stands.
            true if others < 2 => continue,
            true => keep_what_was_told(&mut transaction, id, &reason, now).await?,
            false => take_back(&mut transaction, id, now).await?,
        }
        undecided += 1;
        note(&mut transaction, item, text_hash, id, now).await?;
        sqlx::query("INSERT INTO read_try (item_id, at, reason) VALUES (?, ?, ?)")
            .bind(id)
            .bind(micros(now))
            .bind(json(&reason))
            .execute(&mut *transaction)
            .await?;
    }
    sqlx::query(
        "DELETE FROM story WHERE id IN (SELECT value FROM json_each(?1))
         AND NOT EXISTS (SELECT 1 FROM article WHERE story_id = story.id)",
    )
    .bind(json(&stories))
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(undecided)
}

/// Notes that an item gave the text; false when that was known.
async fn note(
    connection: &mut SqliteConnection,
    of: &Item,
    text_hash: &str,
    item: i64,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let noted = sqlx::query(
        "INSERT INTO wall (source, text_hash, item_id, seen_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
    )
    .bind(of.source.as_str())
    .bind(text_hash)
    .bind(item)
    .bind(micros(now))
    .execute(connection)
    .await?;
    Ok(noted.rows_affected() > 0)
}

/// Its article decides nothing any more, and it is read again.
async fn take_back(connection: &mut SqliteConnection, item: i64, now: Timestamp) -> Result<(), StoreError> {
    let matched: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM verdict WHERE item_id = ?")
        .bind(item)
        .fetch_one(&mut *connection)
        .await?;
    let unmatched = unmatched(connection, item).await?;
    for query in [
        "DELETE FROM outcome WHERE item_id = ?",
        "DELETE FROM verdict WHERE item_id = ?",
        "DELETE FROM address WHERE item_id = ?",
        "DELETE FROM article WHERE item_id = ?",
    ] {
        sqlx::query(query).bind(item).execute(&mut *connection).await?;
    }
    sqlx::query("UPDATE item SET state = 'waiting', reason = NULL, settled_at = NULL, next_at = ?2 WHERE id = ?1")
        .bind(item)
        .bind(micros(now))
        .execute(&mut *connection)
        .await?;
    shrink(connection, "judged_rules", unmatched + matched).await?;
    shrink(connection, "matched", matched).await
}

/// As when the page could not be read and what there was is enough for a yes: only that stands.
async fn keep_what_was_told(
    connection: &mut SqliteConnection,
    item: i64,
    reason: &Reason,
    now: Timestamp,
) -> Result<(), StoreError> {
    let unmatched = unmatched(connection, item).await?;
    sqlx::query("UPDATE article SET unmatched = '[]', text_hash = NULL WHERE item_id = ?")
        .bind(item)
        .execute(&mut *connection)
        .await?;
    let gave_up = Reason::GaveUp { attempts: 1, last: Box::new(reason.clone()) };
    sqlx::query(
        "UPDATE item SET state = 'unreadable', reason = ?2, attempts = MAX(attempts, 1), settled_at = ?3 WHERE id = ?1",
    )
    .bind(item)
    .bind(json(&gave_up))
    .bind(micros(now))
    .execute(&mut *connection)
    .await?;
    shrink(connection, "judged_rules", unmatched).await
}

async fn unmatched(connection: &mut SqliteConnection, item: i64) -> Result<i64, StoreError> {
    let count = sqlx::query_scalar("SELECT json_array_length(unmatched) FROM article WHERE item_id = ?");
    Ok(count.bind(item).fetch_one(connection).await?)
}
