//! The full-text index: filled in batches from what waits for it, asked together with what still waits. So a reading's
//! commit writes one small row for it and no more, and a search misses nothing that is committed.

use super::SqliteStore;
use super::lookalike::article;
use super::value::from_json;
use super::value::json;
use super::value::limit;
use super::value::time;
use crate::model::Article;
use crate::model::Entry;
use crate::model::ItemId;
use crate::model::SourceName;
use crate::search::Columns;
use crate::search::Subject;
use crate::store::Find;
use crate::store::Finds;
use crate::store::Inquiry;
use crate::store::Order;
use crate::store::StoreError;
use jiff::Timestamp;
use sqlx::Row as _;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use tracing::error;
use tracing::warn;

/// Numbers within one second of `indexed.doc`.
const WITHIN_SECOND: i64 = 1 << 16;

/// Among how many of the newest that match the best are looked for: each has to be weighed.
const MOST_RANKED: i64 = 10_000;

/// How many waiting articles are held at once while a search reads them.
const AT_ONCE: i64 = 200;

/// All that a find is made of. The caller adds what it selects by.
const ARTICLES: &str =
    "article.item_id, article.about, article.text, article.judged_at, article.final_url, item.source, item.entry,
    item.listed_at, (SELECT json_group_array(rule ORDER BY rule) FROM verdict WHERE item_id = article.item_id) AS rules
    FROM article JOIN item ON item.id = article.item_id";

/// An article on its way into the index.
struct Waiting {
    number: i64,
    item: i64,
    second: i64,
    columns: Columns,
}

/// Moves up to `most` waiting articles into the index. Returns how many.
pub(super) async fn index(store: &SqliteStore, most: usize) -> Result<usize, StoreError> {
    let rows = sqlx::query(
        "SELECT unindexed.number, article.item_id, article.about, article.text, article.judged_at, item.source,
             item.listed_at
         FROM unindexed JOIN article ON article.item_id = unindexed.item_id JOIN item ON item.id = article.item_id
         ORDER BY unindexed.number LIMIT ?",
    )
    .bind(limit(most))
    .fetch_all(&store.readers)
    .await?;
    if rows.is_empty() {
        return Ok(0);
    }
    // Folding takes longer than everything else here: it neither holds the writer nor a thread of the runtime.
    let folding = tokio::task::spawn_blocking(move || rows.iter().map(waiting).collect::<Result<Vec<_>, _>>());
    let mut waiting = match folding.await {
        Ok(folded) => folded?,
        Err(panic) => std::panic::resume_unwind(panic.into_panic()),
    };
    // The index writes a segment for each run of growing numbers.
    waiting.sort_by_key(|waiting| (waiting.second, waiting.item));
    let mut transaction = store.write().await?;
    for waiting in &waiting {
        insert(&mut transaction, waiting).await?;
    }
    transaction.commit().await?;
    Ok(waiting.len())
}

fn waiting(row: &SqliteRow) -> Result<Waiting, StoreError> {
    let item: i64 = row.try_get("item_id")?;
    // Its words are found all the same, and nothing waits behind it.
    let article = article(row).or_else(|error| {
        warn!(item, %error, "an article is indexed without its title");
        Ok::<_, StoreError>(Article { text: row.try_get("text")?, ..Article::default() })
    })?;
    let source = SourceName::new(row.try_get::<String, _>("source")?);
    let subject =
        Subject { title: &article.title, body: &article.text, source: &source, language: article.language.as_ref() };
    let columns = Columns::of(&subject);
    let listed_at = time("item.listed_at", row.try_get("listed_at")?)?;
    let judged_at = time("article.judged_at", row.try_get("judged_at")?)?;
    Ok(Waiting {
        number: row.try_get("number")?,
        item,
        second: date(&article, listed_at, judged_at).as_second(),
        columns,
    })
}

/// One that changed, was removed or was indexed by another process since it was read is left out: its number is gone.
async fn insert(connection: &mut SqliteConnection, waiting: &Waiting) -> Result<(), StoreError> {
    let taken =
        sqlx::query("DELETE FROM unindexed WHERE number = ?").bind(waiting.number).execute(&mut *connection).await?;
    if taken.rows_affected() == 0 {
        return Ok(());
    }
    let doc = free(connection, waiting.second).await?;
    sqlx::query("INSERT INTO indexed (doc, item_id) VALUES (?, ?)")
        .bind(doc)
        .bind(waiting.item)
        .execute(&mut *connection)
        .await?;
    sqlx::query("INSERT INTO search (rowid, title, body, about) VALUES (?, ?, ?, ?)")
        .bind(doc)
        .bind(&waiting.columns.title)
        .bind(&waiting.columns.body)
        .bind(&waiting.columns.about)
        .execute(connection)
        .await?;
    Ok(())
}

/// The first number behind all of that second; if it has no more, one of a second that has.
async fn free(connection: &mut SqliteConnection, second: i64) -> Result<i64, StoreError> {
    let mut first = doc(second);
    loop {
        let last: Option<i64> = sqlx::query_scalar("SELECT MAX(doc) FROM indexed WHERE doc >= ?1 AND doc < ?2")
            .bind(first)
            .bind(first + WITHIN_SECOND)
            .fetch_one(&mut *connection)
            .await?;
        match last {
            None => return Ok(first),
            Some(last) if last + 1 < first + WITHIN_SECOND => return Ok(last + 1),
            Some(_) => first += WITHIN_SECOND,
        }
    }
}

/// The least number of a second.
fn doc(second: i64) -> i64 {
    second.saturating_mul(WITHIN_SECOND)
}

/// What an article's date is for people who look for it.
fn date(article: &Article, listed_at: Timestamp, judged_at: Timestamp) -> Timestamp {
    let date = article.published.filter(|published| *published <= judged_at).unwrap_or(listed_at);
    Timestamp::from_second(date.as_second()).unwrap_or(date)
}

/// Asks the index, and what waits for it, at one moment.
pub(super) async fn search(store: &SqliteStore, inquiry: &Inquiry<'_>) -> Result<Finds, StoreError> {
    let mut transaction = store.read().await?;
    let most = inquiry.limit.saturating_add(1);
    let (mut finds, unindexed) = waiting_finds(&mut transaction, inquiry, most).await?;
    finds.extend(indexed_finds(&mut transaction, inquiry, most).await?);
    if inquiry.order == Order::Newest {
        newest_first(&mut finds);
    }
    let more = finds.len() > inquiry.limit;
    finds.truncate(inquiry.limit);
    Ok(Finds { finds, more, unindexed })
}

/// Of one second the one that was listed last.
fn newest_first(finds: &mut [Find]) {
    finds.sort_by_key(|find| std::cmp::Reverse((find.date, find.item)));
}

async fn indexed_finds(
    connection: &mut SqliteConnection,
    inquiry: &Inquiry<'_>,
    most: usize,
) -> Result<Vec<Find>, StoreError> {
    let query = match inquiry.order {
        Order::Newest => {
            "SELECT rowid FROM search WHERE search MATCH ?1 AND rowid >= ?2 AND rowid < ?3 ORDER BY rowid DESC LIMIT ?4"
        }
        Order::Rank => {
            "SELECT rowid FROM search WHERE search MATCH ?1 AND rowid >= ?2 AND rowid < ?3 ORDER BY rank LIMIT ?4"
        }
    };
    let expression = inquiry.search.expression();
    let mut first = inquiry.since.map_or(i64::MIN, |since| doc(since.as_second()));
    let behind = inquiry.until.map_or(i64::MAX, |until| doc(until.as_second()));
    if inquiry.order == Order::Rank {
        let oldest: Option<i64> = sqlx::query_scalar(
            "SELECT rowid FROM search WHERE search MATCH ?1 AND rowid >= ?2 AND rowid < ?3
             ORDER BY rowid DESC LIMIT 1 OFFSET ?4",
        )
        .bind(&expression)
        .bind(first)
        .bind(behind)
        .bind(MOST_RANKED - 1)
        .fetch_optional(&mut *connection)
        .await?;
        first = oldest.unwrap_or(first);
    }
    let docs: Vec<i64> = sqlx::query_scalar(query)
        .bind(&expression)
        .bind(first)
        .bind(behind)
        .bind(limit(most))
        .fetch_all(&mut *connection)
        .await?;
    let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
        "SELECT {ARTICLES} JOIN indexed ON indexed.item_id = article.item_id
             JOIN json_each(?) AS chosen ON chosen.value = indexed.doc
         ORDER BY chosen.key"
    )))
    .bind(json(&docs))
    .fetch_all(connection)
    .await?;
    legible(&rows)
}

/// The newest `most` of those that are not in the index yet, the newest first, and how many were read for it.
async fn waiting_finds(
    connection: &mut SqliteConnection,
    inquiry: &Inquiry<'_>,
    most: usize,
) -> Result<(Vec<Find>, usize), StoreError> {
    let (mut finds, mut read, mut behind) = (Vec::new(), 0, 0);
    loop {
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
            "SELECT unindexed.number, {ARTICLES} JOIN unindexed ON unindexed.item_id = article.item_id
             WHERE unindexed.number > ? ORDER BY unindexed.number LIMIT ?"
        )))
        .bind(behind)
        .bind(AT_ONCE)
        .fetch_all(&mut *connection)
        .await?;
        let Some(last) = rows.last() else { return Ok((finds, read)) };
        behind = last.try_get("number")?;
        read += rows.len();
        finds.extend(legible(&rows)?.into_iter().filter(|find| {
            let second = find.date.as_second();
            inquiry.since.is_none_or(|since| second >= since.as_second())
                && inquiry.until.is_none_or(|until| second < until.as_second())
                && inquiry.search.accepts(&Subject {
                    title: &find.article.title,
                    body: &find.article.text,
                    source: &find.source,
                    language: find.article.language.as_ref(),
                })
        }));
        newest_first(&mut finds);
        finds.truncate(most);
    }
}

/// What cannot be read back hides nothing else: it is logged, and is the search's error only when there is nothing else.
fn legible(rows: &[SqliteRow]) -> Result<Vec<Find>, StoreError> {
    let (mut finds, mut fault) = (Vec::with_capacity(rows.len()), None);
    for row in rows {
        match find(row) {
            Ok(find) => finds.push(find),
            Err(error) => {
                error!(%error, "an article that was found cannot be read");
                fault = Some(error);
            }
        }
    }
    match fault {
        Some(error) if finds.is_empty() => Err(error),
        _ => Ok(finds),
    }
}

fn find(row: &SqliteRow) -> Result<Find, StoreError> {
    let article = article(row)?;
    let entry: Entry = from_json("item.entry", row.try_get("entry")?)?;
    let listed_at = time("item.listed_at", row.try_get("listed_at")?)?;
    let judged_at = time("article.judged_at", row.try_get("judged_at")?)?;
    let url = match entry.link.or(entry.place) {
        Some(url) => url,
        None => row.try_get("final_url")?,
    };
    Ok(Find {
        item: ItemId(row.try_get("item_id")?),
        source: SourceName::new(row.try_get::<String, _>("source")?),
        url,
        date: date(&article, listed_at, judged_at),
        listed_at,
        judged_at,
        article,
        rules: from_json("verdict.rule", row.try_get("rules")?)?,
    })
}
