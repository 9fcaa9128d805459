//! What a message may tell beside what waits: who else carries a story, what became of other matches of the same rules,
//! what was heard and what was not. All of the moment of the caller's transaction.

use super::value::count;
use super::value::from_json;
use super::value::json;
use super::value::micros;
use super::value::named;
use super::value::optional_from_json;
use super::value::optional_time;
use super::value::time;
use crate::model::Entry;
use crate::model::Language;
use crate::model::OutcomeKind;
use crate::model::Reason;
use crate::model::RuleName;
use crate::model::SourceName;
use crate::model::bulletin::Line;
use crate::model::bulletin::Listening;
use crate::model::bulletin::NotHeard;
use crate::model::bulletin::SilentRule;
use crate::route::Subscription;
use crate::route::gather;
use crate::route::gather::Account;
use crate::route::gather::Lane;
use crate::route::gather::Past;
use crate::route::gather::Seen;
use crate::route::gather::Waiting;
use crate::store::StoreError;
use jiff::SignedDuration;
use jiff::Timestamp;
use sqlx::Row as _;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use std::collections::BTreeMap;
use std::collections::HashSet;

/// `digest` is the subscription whose digest is made; other messages only tell who else carries a story.
pub(super) async fn account(
    connection: &mut SqliteConnection,
    lane: &Lane,
    waiting: &[Waiting],
    digest: Option<&Subscription>,
    now: Timestamp,
) -> Result<Account, StoreError> {
    let mut account = Account { carried: carried(connection, waiting).await?, ..Account::default() };
    let Some(subscription) = digest else { return Ok(account) };
    let (outcomes, tries) = sqlx::query_as(
        "SELECT (SELECT COALESCE(MAX(id), 0) FROM outcome), (SELECT COALESCE(MAX(id), 0) FROM read_try)",
    )
    .fetch_one(&mut *connection)
    .await?;
    account.seen = Seen { outcomes, tries };
    matches(connection, lane, waiting, subscription, &mut account).await?;
    account.listening = Some(listening(connection, lane, subscription, account.seen, now).await?);
    Ok(account)
}

/// The articles of the stories that wait.
async fn carried(
    connection: &mut SqliteConnection,
    waiting: &[Waiting],
) -> Result<BTreeMap<String, Vec<Line>>, StoreError> {
    let keys: Vec<&str> = waiting.iter().map(|it| it.alert.story_key.as_str()).collect();
    let rows = sqlx::query(
        "SELECT story.key, item.source, item.link, article.final_url, article.about ->> '$.title' AS title,
             article.relation AS reason
         FROM story JOIN article ON article.story_id = story.id JOIN item ON item.id = article.item_id
         WHERE story.key IN (SELECT value FROM json_each(?)) ORDER BY article.judged_at, item.id",
    )
    .bind(json(&keys))
    .fetch_all(connection)
    .await?;
    let mut carried: BTreeMap<String, Vec<Line>> = BTreeMap::new();
    for row in &rows {
        carried.entry(row.try_get("key")?).or_default().push(line(row)?);
    }
    Ok(carried)
}

/// A line from the columns `title`, `link`, `final_url`, `source` and `reason`.
fn line(row: &SqliteRow) -> Result<Line, StoreError> {
    let (link, answered): (Option<String>, String) = (row.try_get("link")?, row.try_get("final_url")?);
    Ok(Line {
        title: row.try_get::<Option<String>, _>("title")?.unwrap_or_default(),
        url: link.or(Some(answered)).filter(|url| !url.is_empty()),
        source: SourceName::new(row.try_get::<String, _>("source")?),
        reason: optional_from_json("outcome.reason", row.try_get("reason")?)?,
    })
}

/// What became of the matches of the subscription's rules since its last digest, besides what waits here.
async fn matches(
    connection: &mut SqliteConnection,
    lane: &Lane,
    waiting: &[Waiting],
    subscription: &Subscription,
    account: &mut Account,
) -> Result<(), StoreError> {
    let rows = sqlx::query(
        "SELECT outcome.item_id, outcome.rule, outcome.kind, outcome.reason, outcome.alert_id, story.key,
             item.source, item.link, article.final_url, article.about ->> '$.title' AS title,
             article.about ->> '$.language' AS language
         FROM outcome JOIN article ON article.item_id = outcome.item_id JOIN story ON story.id = article.story_id
             JOIN item ON item.id = outcome.item_id
         WHERE outcome.id > ?1 AND outcome.id <= ?2 AND (outcome.kind <> 'held' OR outcome.alert_id IS NOT NULL)
         ORDER BY outcome.id",
    )
    .bind(lane.seen.outcomes)
    .bind(account.seen.outcomes)
    .fetch_all(connection)
    .await?;
    let here: HashSet<i64> = waiting.iter().map(|it| it.alert_id.0).collect();
    let stories: HashSet<&str> = waiting.iter().map(|it| it.alert.story_key.as_str()).collect();
    let mut named_already = HashSet::new();
    for row in &rows {
        let rule = RuleName::new(row.try_get::<String, _>("rule")?);
        let source = SourceName::new(row.try_get::<String, _>("source")?);
        let language = row.try_get::<Option<&str>, _>("language")?.and_then(Language::parse);
        if !subscription.covers(&rule) || !subscription.takes(&source, language.as_ref()) {
            continue;
        }
        let kind = named("outcome.kind", row.try_get("kind")?, OutcomeKind::parse)?;
        let alert: Option<i64> = row.try_get("alert_id")?;
        let list = match kind {
            OutcomeKind::Muted => &mut account.muted,
            OutcomeKind::Merged if stories.contains(row.try_get::<&str, _>("key")?) => continue,
            OutcomeKind::Merged => &mut account.folded,
            OutcomeKind::Alerted | OutcomeKind::Held if alert.is_some_and(|alert| here.contains(&alert)) => continue,
            OutcomeKind::Alerted | OutcomeKind::Held => &mut account.elsewhere,
        };
        if named_already.insert((row.try_get::<i64, _>("item_id")?, kind == OutcomeKind::Muted)) {
            list.push(line(row)?);
        }
    }
    Ok(())
}

async fn listening(
    connection: &mut SqliteConnection,
    lane: &Lane,
    subscription: &Subscription,
    seen: Seen,
    now: Timestamp,
) -> Result<Listening, StoreError> {
    let rows = sqlx::query(
        "SELECT name, heard_at, reason, failures, wait,
             (SELECT COUNT(*) FROM item WHERE item.source = source.name AND state = 'judged' AND settled_at > ?1
                  AND settled_at <= ?2) AS items
         FROM source WHERE watched = 1 ORDER BY name",
    )
    .bind(micros(lane.since))
    .bind(micros(now))
    .fetch_all(&mut *connection)
    .await?;
    let mut listening = Listening::default();
    for row in &rows {
        let source = SourceName::new(row.try_get::<String, _>("name")?);
        if !subscription.takes(&source, None) {
            continue;
        }
        let items: u64 = count("item.settled_at", row.try_get("items")?)?;
        listening.read += items;
        let heard_at = optional_time("source.heard_at", row.try_get("heard_at")?)?;
        if heard_at.is_some_and(|at| at > lane.since) {
            listening.heard.push((source, items));
            continue;
        }
        let wait = SignedDuration::from_micros(row.try_get("wait")?);
        let failing = row.try_get::<i64, _>("failures")? > 0;
        let missed = heard_at.is_none_or(|at| at.saturating_add(wait * 2).is_ok_and(|late| late < now));
        if failing || missed {
            let reason: Option<Reason> = optional_from_json("source.reason", row.try_get("reason")?)?;
            listening.not_heard.push(NotHeard { source, since: heard_at, reason });
        } else {
            listening.resting += 1;
        }
    }
    listening.unread = unread(connection, lane, subscription, seen).await?;
    listening.silent_rules = silent_rules(connection, subscription, now).await?;
    Ok(listening)
}

/// Items that were given up since the last digest: their last try was made since.
async fn unread(
    connection: &mut SqliteConnection,
    lane: &Lane,
    subscription: &Subscription,
    seen: Seen,
) -> Result<Vec<Line>, StoreError> {
    let rows = sqlx::query(
        "SELECT item.source, item.entry, item.link, item.reason FROM item
         WHERE item.state = 'unreadable'
             AND item.id IN (SELECT item_id FROM read_try WHERE id > ?1 AND id <= ?2) ORDER BY item.id",
    )
    .bind(lane.seen.tries)
    .bind(seen.tries)
    .fetch_all(connection)
    .await?;
    let mut lines = Vec::new();
    for row in &rows {
        let source = SourceName::new(row.try_get::<String, _>("source")?);
        if subscription.takes(&source, None) {
            let entry: Entry = from_json("item.entry", row.try_get("entry")?)?;
            let reason = optional_from_json("item.reason", row.try_get("reason")?)?;
            lines.push(Line { title: entry.title, url: row.try_get("link")?, source, reason });
        }
    }
    Ok(lines)
}

async fn silent_rules(
    connection: &mut SqliteConnection,
    subscription: &Subscription,
    now: Timestamp,
) -> Result<Vec<SilentRule>, StoreError> {
    let mut silent = Vec::new();
    for (rule, past) in pasts(connection, now).await? {
        if subscription.covers(&rule)
            && let Some(usual) = gather::silent_for(&past, now)
        {
            silent.push(SilentRule { rule, since: past.last, usual });
        }
    }
    Ok(silent)
}

/// When each rule matched, in short.
async fn pasts(connection: &mut SqliteConnection, now: Timestamp) -> Result<Vec<(RuleName, Past)>, StoreError> {
    let rows = sqlx::query(
        "SELECT rule, COUNT(*) AS count, MIN(at) AS first, MAX(at) AS last, MAX(gap) AS longest FROM (
             SELECT rule, judged_at AS at,
                 judged_at - LAG(judged_at) OVER (PARTITION BY rule ORDER BY judged_at) AS gap
             FROM verdict JOIN article ON article.item_id = verdict.item_id WHERE judged_at > ?)
         GROUP BY rule ORDER BY rule",
    )
    .bind(micros(now.saturating_sub(gather::MEMORY).unwrap_or(Timestamp::MIN)))
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| {
            let longest: Option<i64> = row.try_get("longest")?;
            let past = Past {
                matches: count("verdict.rule", row.try_get("count")?)?,
                first: time("article.judged_at", row.try_get("first")?)?,
                last: time("article.judged_at", row.try_get("last")?)?,
                longest: SignedDuration::from_micros(longest.unwrap_or(0)),
            };
            Ok((RuleName::new(row.try_get::<String, _>("rule")?), past))
        })
        .collect()
}
