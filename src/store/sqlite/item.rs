//! Items: claimed when due, and what readings decided: of each its article, verdicts, story, alert and deliveries in one
//! transaction, several readings in the same where they end at one moment.

use super::SqliteStore;
use super::digest;
use super::evidence;
use super::look;
use super::lookalike;
use super::queue;
use super::together::Job;
use super::value::count;
use super::value::from_json;
use super::value::json;
use super::value::lease_end;
use super::value::limit;
use super::value::micros;
use super::value::time;
use super::work::grow;
use super::work::readable;
use crate::model::Article;
use crate::model::Basis;
use crate::model::Item;
use crate::model::ItemId;
use crate::model::ItemState;
use crate::model::Outcome;
use crate::model::OutcomeKind;
use crate::model::Reason;
use crate::model::RuleName;
use crate::model::SourceName;
use crate::poll::Validators;
use crate::read::Decision;
use crate::read::Judged;
use crate::read::NewAlert;
use crate::store::Claim;
use crate::store::Lease;
use crate::store::StoreError;
use crate::story::Lookalike;
use crate::story::Relation;
use jiff::Timestamp;
use sqlx::QueryBuilder;
use sqlx::Row as _;
use sqlx::Sqlite;
use sqlx::SqliteConnection;
use sqlx::query_builder::Separated;
use sqlx::sqlite::SqliteRow;
use std::collections::HashMap;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

/// Articles of one statement: each number of rows is a statement of its own that the connection remembers.
const ROWS: usize = 16;

pub(super) async fn claim(store: &SqliteStore, claim: &Claim<'_>) -> Result<Vec<Lease<Item>>, StoreError> {
    let Some(picked) = queue::look(&store.readers, &queue::ITEMS, claim).await? else { return Ok(Vec::new()) };
    let rows = sqlx::query(
        "UPDATE item SET state = 'reading', owner = ?1, lease_until = ?2, fence = fence + 1
         WHERE id IN (SELECT value FROM json_each(?3)) AND due_at <= ?4
         RETURNING id, source, entry, listed_at, attempts, fence, next_at, rowid AS number",
    )
    .bind(claim.owner)
    .bind(micros(lease_end(claim)))
    .bind(&picked)
    .bind(micros(claim.now))
    .fetch_all(&store.writer)
    .await?;
    readable(queue::longest_due_first(rows)?.iter().map(|row| lease(row, claim)))
}

/// The fence stays as it is: without an owner the old lease fits no longer.
pub(super) async fn put_back(store: &SqliteStore, lease: &Lease<Item>, at: Timestamp) -> Result<(), StoreError> {
    let back = sqlx::query(
        "UPDATE item SET state = 'waiting', owner = NULL, lease_until = NULL, next_at = MAX(next_at, ?4)
         WHERE id = ?1 AND owner = ?2 AND fence = ?3",
    )
    .bind(lease.job.id.0)
    .bind(&lease.owner)
    .bind(lease.fence)
    .bind(micros(at))
    .execute(&store.writer)
    .await?;
    if back.rows_affected() == 0 { Err(StoreError::LeaseLost) } else { Ok(()) }
}

fn lease(row: &SqliteRow, claim: &Claim<'_>) -> Result<Lease<Item>, StoreError> {
    Ok(Lease { job: item(row)?, owner: claim.owner.to_owned(), fence: row.try_get("fence")?, until: lease_end(claim) })
}

/// An item from its columns `id`, `source`, `entry`, `listed_at` and `attempts`.
pub(super) fn item(row: &SqliteRow) -> Result<Item, StoreError> {
    Ok(Item {
        id: ItemId(row.try_get("id")?),
        source: SourceName::new(row.try_get::<String, _>("source")?),
        entry: from_json("item.entry", row.try_get("entry")?)?,
        listed_at: time("item.listed_at", row.try_get("listed_at")?)?,
        attempts: count("item.attempts", row.try_get("attempts")?)?,
    })
}

/// What one reading decided, on its way into the database.
pub(super) struct Reading {
    item: ItemId,
    owner: String,
    fence: i64,
    decision: Decision,
    seen: Vec<Lookalike>,
    since: Timestamp,
    now: Timestamp,
}

impl Reading {
    pub(super) fn new(
        lease: &Lease<Item>,
        decision: &Decision,
        seen: &[Lookalike],
        since: Timestamp,
        now: Timestamp,
    ) -> Self {
        let (decision, seen) = (decision.clone(), seen.to_vec());
        Self { item: lease.job.id, owner: lease.owner.clone(), fence: lease.fence, decision, seen, since, now }
    }

    fn failed(&self) -> Option<&Reason> {
        match &self.decision {
            Decision::Judged(_) => None,
            Decision::Again { reason, .. } | Decision::Unreadable { reason, .. } => Some(reason),
        }
    }

    fn judged(&self) -> Option<&Judged> {
        match &self.decision {
            Decision::Judged(judged) => Some(judged),
            Decision::Again { .. } => None,
            Decision::Unreadable { judged, .. } => judged.as_deref(),
        }
    }

    /// The item's own row after the reading: what ends its lease.
    fn push(&self, row: &mut Separated<'_, Sqlite, &'static str>) {
        let (state, again_at) = match &self.decision {
            Decision::Judged(_) => (ItemState::Judged, None),
            Decision::Again { at, .. } => (ItemState::Waiting, Some(*at)),
            Decision::Unreadable { .. } => (ItemState::Unreadable, None),
        };
        row.push_bind(self.item.0)
            .push_bind(&self.owner)
            .push_bind(self.fence)
            .push_bind(state.as_str())
            .push_bind(self.failed().map(json))
            .push_bind(i64::from(self.failed().is_some()))
            .push_bind(again_at.map(micros))
            .push_bind(again_at.is_none().then(|| micros(self.now)));
    }

    /// What other readings may know it by: its addresses, its text and its story.
    fn marks(&self) -> impl Iterator<Item = &str> {
        self.judged().into_iter().flat_map(|judged| {
            let (Relation::New { key } | Relation::Copy { key, .. }) = &judged.relation;
            judged
                .fingerprint
                .addresses
                .iter()
                .chain(&judged.fingerprint.text)
                .map(String::as_str)
                .chain([key.as_str()])
        })
    }

    fn tells(&self) -> bool {
        self.judged().is_some_and(|judged| judged.alert.is_some())
    }

    fn is_weighed(&self) -> bool {
        self.judged().is_some_and(|judged| judged.weighed)
    }
}

impl Job for Reading {
    type Answer = Result<(), StoreError>;

    /// Nobody notices it in a reading, and most of what a commit costs is shared by all that come.
    const PATIENCE: Duration = Duration::from_millis(15);

    /// In as few transactions as there are readings that bear on each other: what one writes is what the next looks up.
    async fn write(store: &SqliteStore, batch: &[Arc<Self>]) -> Result<Vec<Self::Answer>, StoreError> {
        let mut answers: Vec<Option<Self::Answer>> = batch.iter().map(|_| None).collect();
        while answers.iter().any(Option::is_none) {
            let apart = apart(batch, &answers);
            let readings: Vec<&Self> = apart.iter().map(|at| &*batch[*at]).collect();
            for (at, answer) in apart.into_iter().zip(commit(store, &readings).await?) {
                answers[at] = Some(answer);
            }
        }
        Ok(answers.into_iter().flatten().collect())
    }
}

/// Of those without an answer, the first and all others that bear neither on it nor on each other.
fn apart(batch: &[Arc<Reading>], answers: &[Option<Result<(), StoreError>>]) -> Vec<usize> {
    let mut taken = Vec::new();
    let mut marks: HashSet<&str> = HashSet::new();
    let mut tells = false;
    for (at, reading) in batch.iter().enumerate().filter(|(at, _)| answers[*at].is_none()) {
        // Who is weighed looks up all that was told.
        if reading.marks().any(|mark| marks.contains(mark)) || (tells && reading.is_weighed()) {
            continue;
        }
        marks.extend(reading.marks());
        tells |= reading.tells();
        taken.push(at);
    }
    taken
}

/// One transaction for readings that do not bear on each other.
async fn commit(store: &SqliteStore, readings: &[&Reading]) -> Result<Vec<Result<(), StoreError>>, StoreError> {
    let mut transaction = store.write().await?;
    let stale = stale(&mut transaction, readings).await?;
    let fresh: Vec<&Reading> = readings.iter().copied().filter(|it| !stale.contains(&it.item)).collect();
    let held = settle(&mut transaction, &fresh).await?;
    let written: Vec<&Reading> = fresh.into_iter().filter(|reading| held.contains(&reading.item)).collect();
    for reading in &written {
        let Some(reason) = reading.failed() else { continue };
        sqlx::query("INSERT INTO read_try (item_id, at, reason) VALUES (?, ?, ?)")
            .bind(reading.item.0)
            .bind(micros(reading.now))
            .bind(json(reason))
            .execute(&mut *transaction)
            .await?;
    }
    insert_judged(&mut transaction, &written).await?;
    transaction.commit().await?;
    let answer = |reading: &&Reading| match reading.item {
        item if stale.contains(&item) => Err(StoreError::Stale),
        item if held.contains(&item) => Ok(()),
        _ => Err(StoreError::LeaseLost),
    };
    Ok(readings.iter().map(answer).collect())
}

/// Those whose look-alikes are not what they were decided by. Most have none, and one question says so for all.
async fn stale(connection: &mut SqliteConnection, readings: &[&Reading]) -> Result<HashSet<ItemId>, StoreError> {
    let judged = || readings.iter().filter_map(|reading| Some((reading, reading.judged()?)));
    let Some(since) = judged().map(|(reading, _)| reading.since).min() else { return Ok(HashSet::new()) };
    let addresses: Vec<&String> = judged().flat_map(|(_, judged)| &judged.fingerprint.addresses).collect();
    let texts: Vec<&String> = judged().filter_map(|(_, judged)| judged.fingerprint.text.as_ref()).collect();
    let known: Vec<String> = sqlx::query_scalar(
        "SELECT key FROM address WHERE key IN (SELECT value FROM json_each(?1))
         UNION ALL
         SELECT text_hash FROM article WHERE text_hash IN (SELECT value FROM json_each(?2)) AND judged_at > ?3",
    )
    .bind(json(&addresses))
    .bind(json(&texts))
    .bind(micros(since))
    .fetch_all(&mut *connection)
    .await?;
    let known: HashSet<&str> = known.iter().map(String::as_str).collect();
    let mut stale = HashSet::new();
    for (reading, judged) in judged() {
        let fingerprint = &judged.fingerprint;
        let alike = fingerprint.addresses.iter().chain(&fingerprint.text).any(|mark| known.contains(mark.as_str()));
        if (alike || judged.weighed || !reading.seen.is_empty())
            && lookalike::find(connection, fingerprint, judged.weighed, reading.since).await? != reading.seen
        {
            stale.insert(reading.item);
        }
    }
    Ok(stale)
}

/// Ends the leases, and returns the items whose lease it was. This comes first: who lost it must write nothing.
async fn settle(connection: &mut SqliteConnection, readings: &[&Reading]) -> Result<HashSet<ItemId>, StoreError> {
    let mut held = HashSet::new();
    for readings in readings.chunks(ROWS) {
        // As rows and not as JSON, which would be read anew for each column.
        let mut query =
            QueryBuilder::new("WITH new (item, owner, fence, state, reason, failed, again_at, settled_at) AS (");
        query.push_values(readings, |mut row, reading| reading.push(&mut row));
        query.push(
            ") UPDATE item SET state = new.state, reason = new.reason, attempts = attempts + new.failed,
                 next_at = COALESCE(new.again_at, next_at), settled_at = new.settled_at, owner = NULL, lease_until = NULL
             FROM new WHERE item.id = new.item AND item.owner = new.owner AND item.fence = new.fence
             RETURNING id",
        );
        let settled: Vec<i64> = query.build_query_scalar().fetch_all(&mut *connection).await?;
        held.extend(settled.into_iter().map(ItemId));
    }
    Ok(held)
}

async fn insert_judged(connection: &mut SqliteConnection, readings: &[&Reading]) -> Result<(), StoreError> {
    let judged: Vec<(&Reading, &Judged)> =
        readings.iter().filter_map(|reading| Some((*reading, reading.judged()?))).collect();
    if judged.is_empty() {
        return Ok(());
    }
    let stories = stories(connection, &judged).await?;
    insert_articles(connection, &judged, &stories).await?;
    insert_addresses(connection, &judged).await?;
    let verdicts = judged.iter().map(|(_, judged)| judged.judgement.verdicts.len()).sum();
    grow(connection, "judged_rules", verdicts).await?;
    let mut matched = 0;
    for ((reading, judged), story) in judged.iter().zip(stories) {
        matched += insert_verdicts(connection, reading.item, judged).await?;
        insert_told(connection, reading.item, story, judged, reading.now).await?;
    }
    grow(connection, "matched", matched).await
}

/// What rests on an article: most have nothing of it.
async fn insert_told(
    connection: &mut SqliteConnection,
    item: ItemId,
    story: i64,
    judged: &Judged,
    now: Timestamp,
) -> Result<(), StoreError> {
    if let Some(kept) = &judged.evidence {
        evidence::insert(connection, item, kept, now).await?;
    }
    let alert = match &judged.alert {
        Some(alert) => Some(insert_alert(connection, item, story, alert, now).await?),
        None => None,
    };
    if let Some(at) = judged.alert.as_ref().and_then(|alert| alert.look_at) {
        look::plan(connection, item, &validators(judged), at, now).await?;
    }
    insert_outcomes(connection, item, story, alert, &judged.outcomes).await
}

/// With what the page can be asked whether it has changed since: only where what was judged is what its address answered.
fn validators(judged: &Judged) -> Validators {
    let answer = judged.evidence.as_ref().and_then(|kept| kept.record.exchanges.last());
    let is_page = matches!(judged.article.basis, Basis::Page | Basis::Pdf);
    let answer = answer.filter(|answer| is_page && !answer.rendered && answer.status == 200);
    let header = |name: &str| answer.and_then(|answer| answer.header(name)).map(str::to_owned);
    Validators { etag: header("etag"), last_modified: header("last-modified") }
}

/// The rows of the stories, in the order of the readings. A key that is there already (two items that share nothing but
/// the key, or a backup that was put back) is the same story.
async fn stories(connection: &mut SqliteConnection, judged: &[(&Reading, &Judged)]) -> Result<Vec<i64>, StoreError> {
    let new: Vec<(&str, &str, i64, i64)> = judged
        .iter()
        .filter_map(|(reading, judged)| match &judged.relation {
            Relation::New { key } => {
                Some((key.as_str(), judged.article.title.as_str(), reading.item.0, micros(reading.now)))
            }
            Relation::Copy { .. } => None,
        })
        .collect();
    let rows = if new.is_empty() {
        Vec::new()
    } else {
        // `DO NOTHING` would return nothing.
        sqlx::query_as::<_, (String, i64)>(
            "INSERT INTO story (key, title, first_item, created_at)
             SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?1) WHERE true
             ON CONFLICT (key) DO UPDATE SET key = excluded.key
             RETURNING key, id",
        )
        .bind(json(&new))
        .fetch_all(connection)
        .await?
    };
    let numbers: HashMap<&str, i64> = rows.iter().map(|(key, id)| (key.as_str(), *id)).collect();
    judged
        .iter()
        .map(|(_, judged)| match &judged.relation {
            Relation::Copy { story, .. } => Ok(story.0),
            Relation::New { key } => numbers.get(key.as_str()).copied().ok_or_else(|| StoreError::Corrupt {
                place: "story.key",
                detail: format!("{key} is not there, though it was just written"),
            }),
        })
        .collect()
}

async fn insert_articles(
    connection: &mut SqliteConnection,
    judged: &[(&Reading, &Judged)],
    stories: &[i64],
) -> Result<(), StoreError> {
    let rows: Vec<_> = judged.iter().zip(stories).collect();
    for rows in rows.chunks(ROWS) {
        let mut query = QueryBuilder::new(
            "INSERT INTO article
                 (item_id, story_id, relation, final_url, canonical_url, text_hash, judged_at, unmatched, about, text,
                 alternate, sketch) ",
        );
        query.push_values(rows, |mut row, ((reading, judged), story)| {
            let no = judged.judgement.verdicts.iter().filter(|verdict| !verdict.matched);
            let unmatched: Vec<(&RuleName, &Reason)> = no.map(|verdict| (&verdict.rule, &verdict.reason)).collect();
            row.push_bind(reading.item.0)
                .push_bind(**story)
                .push_bind(json(&judged.relation.reason()))
                .push_bind(&judged.final_url)
                .push_bind(&judged.article.canonical_url)
                .push_bind(&judged.fingerprint.text)
                .push_bind(micros(reading.now))
                .push_bind(json(&unmatched))
                .push_bind(json(&Article { text: String::new(), ..judged.article.clone() }))
                .push_bind(&judged.article.text)
                .push_bind(judged.alternate.as_ref().map(json))
                .push_bind(&judged.sketch);
        });
        query.build().execute(&mut *connection).await?;
    }
    Ok(())
}

async fn insert_addresses(connection: &mut SqliteConnection, judged: &[(&Reading, &Judged)]) -> Result<(), StoreError> {
    let addresses: Vec<(&str, i64)> = judged
        .iter()
        .flat_map(|(reading, judged)| judged.fingerprint.addresses.iter().map(|key| (key.as_str(), reading.item.0)))
        .collect();
    if addresses.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO address (key, item_id) SELECT value ->> 0, value ->> 1 FROM json_each(?1) WHERE true
         ON CONFLICT DO NOTHING",
    )
    .bind(json(&addresses))
    .execute(connection)
    .await?;
    Ok(())
}

/// The verdicts that say yes. Returns how many.
async fn insert_verdicts(
    connection: &mut SqliteConnection,
    item: ItemId,
    judged: &Judged,
) -> Result<usize, StoreError> {
    let mut matched = 0;
    for (position, verdict) in judged.judgement.verdicts.iter().enumerate().filter(|(_, verdict)| verdict.matched) {
        sqlx::query("INSERT INTO verdict (item_id, rule, position, reason, mentions) VALUES (?, ?, ?, ?, ?)")
            .bind(item.0)
            .bind(verdict.rule.as_str())
            .bind(limit(position))
            .bind(json(&verdict.reason))
            .bind(json(&verdict.mentions))
            .execute(&mut *connection)
            .await?;
        matched += 1;
    }
    Ok(matched)
}

async fn insert_outcomes(
    connection: &mut SqliteConnection,
    item: ItemId,
    story: i64,
    alert: Option<i64>,
    outcomes: &[Outcome],
) -> Result<(), StoreError> {
    for outcome in outcomes {
        let in_alert = outcome.is_in_alert();
        sqlx::query("INSERT INTO outcome (item_id, rule, kind, reason, alert_id) VALUES (?, ?, ?, ?, ?)")
            .bind(item.0)
            .bind(outcome.rule.as_str())
            .bind(outcome.kind.as_str())
            .bind(json(&outcome.reason))
            .bind(alert.filter(|_| in_alert))
            .execute(&mut *connection)
            .await?;
        // What is held will be told: a copy of it is no news.
        if in_alert && outcome.kind != OutcomeKind::Muted {
            sqlx::query("INSERT INTO story_told (story_id, rule) VALUES (?, ?) ON CONFLICT DO NOTHING")
                .bind(story)
                .bind(outcome.rule.as_str())
                .execute(&mut *connection)
                .await?;
        }
    }
    Ok(())
}

pub(super) async fn insert_alert(
    connection: &mut SqliteConnection,
    item: ItemId,
    story: i64,
    new: &NewAlert,
    now: Timestamp,
) -> Result<i64, StoreError> {
    let id = sqlx::query(
        "INSERT INTO alert (item_id, story_id, revision, title, created_at, alert) VALUES (?, ?, ?, ?, ?, ?)",
    )
    .bind(item.0)
    .bind(story)
    .bind(new.alert.revision)
    .bind(&new.alert.title)
    .bind(micros(now))
    .bind(json(&new.alert))
    .execute(&mut *connection)
    .await?
    .last_insert_rowid();
    let mut made = 0;
    for delivery in &new.deliveries {
        let written = sqlx::query(
            "INSERT INTO delivery (id, alert_id, channel, receiver, rules, state, created_at, next_at)
             VALUES (?1, ?2, ?3, ?4, ?5, 'waiting', ?6, ?6)
             ON CONFLICT (id) DO NOTHING",
        )
        .bind(delivery.id.as_str())
        .bind(id)
        .bind(delivery.channel.as_str())
        .bind(&delivery.receiver)
        .bind(json(&delivery.rules))
        .bind(micros(now))
        .execute(&mut *connection)
        .await?;
        made += usize::from(written.rows_affected() == 1);
        sqlx::query("INSERT INTO alert_delivery (alert_id, delivery_id) VALUES (?, ?) ON CONFLICT DO NOTHING")
            .bind(id)
            .bind(delivery.id.as_str())
            .execute(&mut *connection)
            .await?;
    }
    grow(connection, "deliveries", made).await?;
    digest::hold(connection, id, &new.held, now).await?;
    Ok(id)
}
