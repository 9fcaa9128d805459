//! (address) → the ways of its items through the ledger; and the merges, for a display that follows along.

use super::SqliteStore;
use super::item::item;
use super::look;
use super::lookalike::article;
use super::outbox::delivery_row;
use super::value::count;
use super::value::from_json;
use super::value::named;
use super::value::optional_from_json;
use super::value::time;
use crate::model::Item;
use crate::model::ItemState;
use crate::model::Outcome;
use crate::model::OutcomeKind;
use crate::model::Reason;
use crate::model::RuleName;
use crate::model::SourceName;
use crate::model::Verdict;
use crate::store::ArticleAccount;
use crate::store::MergeRow;
use crate::store::StoreError;
use crate::store::Way;
use jiff::Timestamp;
use sqlx::Row as _;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

pub(super) async fn ways(store: &SqliteStore, url: &str, address_key: &str) -> Result<Vec<Way>, StoreError> {
    let mut transaction = store.read().await?;
    let items = sqlx::query(
        "SELECT * FROM item WHERE id IN (
             SELECT id FROM item WHERE link = ?1
             UNION SELECT id FROM item WHERE address_key = ?2
             UNION SELECT item_id FROM address WHERE key = ?2
             UNION SELECT item_id FROM article WHERE final_url = ?1
             UNION SELECT item_id FROM article WHERE canonical_url = ?1)
         ORDER BY id",
    )
    .bind(url)
    .bind(address_key)
    .fetch_all(&mut *transaction)
    .await?;
    let mut ways = Vec::with_capacity(items.len());
    for row in &items {
        ways.push(way(&mut transaction, row).await?);
    }
    Ok(ways)
}

async fn way(connection: &mut SqliteConnection, row: &SqliteRow) -> Result<Way, StoreError> {
    let item: Item = item(row)?;
    let state = named("item.state", row.try_get("state")?, ItemState::parse)?;
    let next_at = time("item.next_at", row.try_get("next_at")?)?;
    let id = item.id.0;
    let (article, verdicts) = article_and_verdicts(connection, id).await?;
    let (looks, next_look) = look::of(connection, id).await?;
    Ok(Way {
        item,
        state,
        reason: optional_from_json("item.reason", row.try_get("reason")?)?,
        next_at: (state == ItemState::Waiting).then_some(next_at),
        tries: tries(connection, id).await?,
        article,
        verdicts,
        outcomes: outcomes(connection, id).await?,
        deliveries: sqlx::query(
            "SELECT delivery.*, alert.title
             FROM alert JOIN alert_delivery ON alert_delivery.alert_id = alert.id
                 JOIN delivery ON delivery.id = alert_delivery.delivery_id
             WHERE alert.item_id = ? ORDER BY delivery.created_at, delivery.rowid",
        )
        .bind(id)
        .fetch_all(&mut *connection)
        .await?
        .iter()
        .map(delivery_row)
        .collect::<Result<_, _>>()?,
        looks,
        next_look,
    })
}

async fn tries(connection: &mut SqliteConnection, item: i64) -> Result<Vec<(Timestamp, Reason)>, StoreError> {
    let rows: Vec<(i64, String)> = sqlx::query_as("SELECT at, reason FROM read_try WHERE item_id = ? ORDER BY id")
        .bind(item)
        .fetch_all(connection)
        .await?;
    rows.into_iter()
        .map(|(at, reason)| Ok((time("read_try.at", at)?, from_json("read_try.reason", &reason)?)))
        .collect()
}

/// The verdicts stand in the order in which they were given, although yes and no are kept in two places.
async fn article_and_verdicts(
    connection: &mut SqliteConnection,
    item: i64,
) -> Result<(Option<ArticleAccount>, Vec<Verdict>), StoreError> {
    let row = sqlx::query(
        "SELECT article.*, story.key, story.title
         FROM article JOIN story ON story.id = article.story_id WHERE article.item_id = ?",
    )
    .bind(item)
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else { return Ok((None, Vec::new())) };
    let account = ArticleAccount {
        article: article(&row)?,
        final_url: row.try_get("final_url")?,
        alternate: optional_from_json("article.alternate", row.try_get("alternate")?)?,
        judged_at: time("article.judged_at", row.try_get("judged_at")?)?,
        story_key: row.try_get("key")?,
        story_title: row.try_get("title")?,
        relation: from_json("article.relation", row.try_get("relation")?)?,
    };
    let unmatched: Vec<(RuleName, Reason)> = from_json("article.unmatched", row.try_get("unmatched")?)?;
    let mut verdicts: Vec<Verdict> = unmatched
        .into_iter()
        .map(|(rule, reason)| Verdict { rule, matched: false, reason, mentions: Vec::new() })
        .collect();
    let matched =
        sqlx::query("SELECT rule, position, reason, mentions FROM verdict WHERE item_id = ? ORDER BY position")
            .bind(item)
            .fetch_all(connection)
            .await?;
    for row in &matched {
        let position: usize = count("verdict.position", row.try_get("position")?)?;
        let verdict = Verdict {
            rule: RuleName::new(row.try_get::<String, _>("rule")?),
            matched: true,
            reason: from_json("verdict.reason", row.try_get("reason")?)?,
            mentions: from_json("verdict.mentions", row.try_get("mentions")?)?,
        };
        verdicts.insert(position.min(verdicts.len()), verdict);
    }
    Ok((Some(account), verdicts))
}

async fn outcomes(connection: &mut SqliteConnection, item: i64) -> Result<Vec<Outcome>, StoreError> {
    let rows = sqlx::query("SELECT rule, kind, reason FROM outcome WHERE item_id = ? ORDER BY id")
        .bind(item)
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Outcome {
                rule: RuleName::new(row.try_get::<String, _>("rule")?),
                kind: named("outcome.kind", row.try_get("kind")?, OutcomeKind::parse)?,
                reason: from_json("outcome.reason", row.try_get("reason")?)?,
            })
        })
        .collect()
}

pub(super) async fn merges_after(store: &SqliteStore, after: i64) -> Result<Vec<MergeRow>, StoreError> {
    let rows = sqlx::query(
        "SELECT outcome.id, outcome.rule, item.source, article.about, '' AS text, article.relation,
             COALESCE(item.link, article.final_url) AS url, story.title AS story_title
         FROM outcome JOIN item ON item.id = outcome.item_id JOIN article ON article.item_id = outcome.item_id
             JOIN story ON story.id = article.story_id
         WHERE outcome.kind = 'merged' AND outcome.id > ? ORDER BY outcome.id",
    )
    .bind(after)
    .fetch_all(&store.readers)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(MergeRow {
                row: row.try_get("id")?,
                source: SourceName::new(row.try_get::<String, _>("source")?),
                title: article(row)?.title,
                url: row.try_get("url")?,
                story_title: row.try_get("story_title")?,
                rule: RuleName::new(row.try_get::<String, _>("rule")?),
                relation: from_json("article.relation", row.try_get("relation")?)?,
            })
        })
        .collect()
}
