//! Rules that look back: batches of verdicts for articles that were judged before the rule was there, and what they found
//! as one alert. A batch moves its rule's place in the archive in the transaction that writes its verdicts, so that a death
//! in between repeats nothing and leaves nothing out.

use super::SqliteStore;
use super::archive;
use super::item;
use super::value::from_json;
use super::value::json;
use super::value::limit;
use super::value::micros;
use super::value::time;
use super::work::grow;
use crate::model::ItemId;
use crate::model::Reason;
use crate::model::RuleName;
use crate::model::StoryId;
use crate::model::Verdict;
use crate::read::NewAlert;
use crate::store::Lookback;
use crate::store::LookedBack;
use crate::store::Page;
use crate::store::StoreError;
use crate::store::Untold;
use crate::store::Wanted;
use jiff::Timestamp;
use sqlx::Row as _;
use sqlx::SqliteConnection;
use std::collections::BTreeMap;

/// Begins what is new or changed, forgets what is not wanted any more, and gives what is under way.
pub(super) async fn begin(
    store: &SqliteStore,
    wanted: &[Wanted],
    until: Timestamp,
    now: Timestamp,
) -> Result<Vec<Lookback>, StoreError> {
    let mut transaction = store.write().await?;
    let names: Vec<&RuleName> = wanted.iter().map(|wanted| &wanted.rule).collect();
    sqlx::query("DELETE FROM lookback WHERE rule NOT IN (SELECT value FROM json_each(?))")
        .bind(json(&names))
        .execute(&mut *transaction)
        .await?;
    for wanted in wanted {
        let first = Page::from(wanted.since, until);
        sqlx::query(
            "INSERT INTO lookback (rule, definition, state, begun_at, after_at, after_item, until)
             VALUES (?1, ?2, 'judging', ?3, ?4, ?5, ?6)
             ON CONFLICT (rule) DO UPDATE SET definition = ?2, state = 'judging', begun_at = ?3, after_at = ?4,
                 after_item = ?5, until = ?6
             WHERE definition <> ?2",
        )
        .bind(wanted.rule.as_str())
        .bind(&wanted.definition)
        .bind(micros(now))
        .bind(micros(first.after.0))
        .bind(first.after.1.0)
        .bind(micros(until))
        .execute(&mut *transaction)
        .await?;
    }
    let rows = sqlx::query(
        "SELECT rule, definition, after_at, after_item, until FROM lookback WHERE state = 'judging' ORDER BY rule",
    )
    .fetch_all(&mut *transaction)
    .await?;
    transaction.commit().await?;
    rows.iter()
        .map(|row| {
            let after = time("lookback.after_at", row.try_get("after_at")?)?;
            Ok(Lookback {
                rule: RuleName::new(row.try_get::<String, _>("rule")?),
                definition: row.try_get("definition")?,
                page: Page {
                    after: (after, ItemId(row.try_get("after_item")?)),
                    until: time("lookback.until", row.try_get("until")?)?,
                },
            })
        })
        .collect()
}

/// Writes a batch. Returns false, and writes nothing, when another process was faster or the rule was changed meanwhile.
pub(super) async fn commit(store: &SqliteStore, lookback: &Lookback, found: &LookedBack) -> Result<bool, StoreError> {
    let mut transaction = store.write().await?;
    let next = found.next.unwrap_or(lookback.page.after);
    let moved = sqlx::query(
        "UPDATE lookback SET after_at = ?5, after_item = ?6, state = ?7
         WHERE rule = ?1 AND definition = ?2 AND after_at = ?3 AND after_item = ?4 AND state = 'judging'",
    )
    .bind(lookback.rule.as_str())
    .bind(&lookback.definition)
    .bind(micros(lookback.page.after.0))
    .bind(lookback.page.after.1.0)
    .bind(micros(next.0))
    .bind(next.1.0)
    .bind(if found.next.is_some() { "judging" } else { "judged" })
    .execute(&mut *transaction)
    .await?;
    if moved.rows_affected() == 0 {
        return Ok(false);
    }
    for (item, story, unread, verdict) in &found.verdicts {
        write(&mut transaction, (*item, *story), *unread, verdict, found.covered).await?;
    }
    transaction.commit().await?;
    Ok(true)
}

/// A yes stays as it is. A no of an earlier text of the rule makes room for the new verdict.
async fn write(
    connection: &mut SqliteConnection,
    (item, story): (ItemId, StoryId),
    unread: bool,
    verdict: &Verdict,
    covered: bool,
) -> Result<(), StoreError> {
    let rule = verdict.rule.as_str();
    let row = sqlx::query(
        "SELECT unmatched, (SELECT COUNT(*) FROM verdict WHERE item_id = ?1) AS matched,
             EXISTS (SELECT 1 FROM verdict WHERE item_id = ?1 AND rule = ?2) AS known,
             EXISTS (SELECT 1 FROM story_told WHERE story_id = ?3 AND rule = ?2) AS told
         FROM article WHERE item_id = ?1",
    )
    .bind(item.0)
    .bind(rule)
    .bind(story.0)
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else { return Ok(()) };
    if row.try_get("known")? || (unread && !verdict.matched) {
        return Ok(());
    }
    let mut unmatched: Vec<(RuleName, Reason)> = from_json("article.unmatched", row.try_get("unmatched")?)?;
    let before = unmatched.len();
    unmatched.retain(|(name, _)| *name != verdict.rule);
    let was_no = unmatched.len() < before;
    let position = unmatched.len() + usize::try_from(row.try_get::<i64, _>("matched")?).unwrap_or(0);
    if !verdict.matched {
        unmatched.push((verdict.rule.clone(), verdict.reason.clone()));
    }
    if was_no || !verdict.matched {
        sqlx::query("UPDATE article SET unmatched = ? WHERE item_id = ?")
            .bind(json(&unmatched))
            .bind(item.0)
            .execute(&mut *connection)
            .await?;
    }
    grow(connection, "judged_rules", usize::from(!was_no)).await?;
    if !verdict.matched {
        return Ok(());
    }
    sqlx::query("INSERT INTO verdict (item_id, rule, position, reason, mentions) VALUES (?, ?, ?, ?, ?)")
        .bind(item.0)
        .bind(rule)
        .bind(limit(position))
        .bind(json(&verdict.reason))
        .bind(json(&verdict.mentions))
        .execute(&mut *connection)
        .await?;
    grow(connection, "matched", 1).await?;
    let (kind, reason) = if row.try_get("told")? {
        ("merged", Reason::AlreadyTold)
    } else if covered {
        ("held", Reason::LookedBack)
    } else {
        ("held", Reason::NobodySubscribed)
    };
    sqlx::query("INSERT INTO outcome (item_id, rule, kind, reason) VALUES (?, ?, ?, ?)")
        .bind(item.0)
        .bind(rule)
        .bind(kind)
        .bind(json(&reason))
        .execute(&mut *connection)
        .await?;
    if reason == Reason::LookedBack {
        // It is going to be told: its copies are copies from now on.
        sqlx::query("INSERT INTO story_told (story_id, rule) VALUES (?, ?) ON CONFLICT DO NOTHING")
            .bind(story.0)
            .bind(rule)
            .execute(connection)
            .await?;
    }
    Ok(())
}

/// What is to be told, once no rule is under way; nothing as long as one is.
pub(super) async fn untold(store: &SqliteStore) -> Result<Option<Untold>, StoreError> {
    let mut transaction = store.read().await?;
    let rows: Vec<(String, String, i64, String)> =
        sqlx::query_as("SELECT rule, definition, begun_at, state FROM lookback ORDER BY rule")
            .fetch_all(&mut *transaction)
            .await?;
    let judged: Vec<_> = rows.iter().filter(|row| row.3 == "judged").collect();
    if judged.is_empty() || rows.iter().any(|row| row.3 == "judging") {
        return Ok(None);
    }
    let identity = judged.iter().map(|row| format!("{}\u{1f}{}\u{1f}{}", row.0, row.1, row.2)).collect::<Vec<_>>();
    let rules: Vec<RuleName> = judged.iter().map(|row| RuleName::new(&row.0)).collect();
    let rows = sqlx::query(
        "SELECT article.item_id, article.story_id, article.relation, article.final_url, article.judged_at,
             article.about, '' AS text, NULL AS sketch, item.source, item.entry, item.listed_at, item.state,
             json_group_array(outcome.rule ORDER BY outcome.rule) AS rules
         FROM outcome JOIN article ON article.item_id = outcome.item_id JOIN item ON item.id = outcome.item_id
         WHERE outcome.kind = 'held' AND outcome.reason ->> '$.code' = 'looked_back'
             AND outcome.rule IN (SELECT value FROM json_each(?))
         GROUP BY article.item_id ORDER BY article.judged_at DESC, article.item_id DESC",
    )
    .bind(json(&rules))
    .fetch_all(&mut *transaction)
    .await?;
    let articles = rows
        .iter()
        .map(|row| Ok((archive::archived(row)?, from_json("outcome.rule", row.try_get("rules")?)?)))
        .collect::<Result<Vec<(_, Vec<RuleName>)>, StoreError>>()?;
    Ok(Some(Untold { rules, identity: identity.join("\u{1e}"), articles }))
}

/// Writes the one alert of what [`untold`] gave, and the outcomes with it; those of rules that nobody is told of any more stay
/// held. Returns false, and writes nothing, when it was told meanwhile.
pub(super) async fn tell(
    store: &SqliteStore,
    untold: &Untold,
    alert: Option<&NewAlert>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let mut transaction = store.write().await?;
    let told = sqlx::query(
        "UPDATE lookback SET state = 'told' WHERE state = 'judged' AND rule IN (SELECT value FROM json_each(?))",
    )
    .bind(json(&untold.rules))
    .execute(&mut *transaction)
    .await?;
    if told.rows_affected() == 0 {
        return Ok(false);
    }
    let names: Vec<&RuleName> =
        alert.iter().flat_map(|alert| alert.alert.rules.iter().map(|rule| &rule.name)).collect();
    let mut number = None;
    let mut by_item: BTreeMap<ItemId, Vec<(&RuleName, bool)>> = BTreeMap::new();
    for (article, rules) in &untold.articles {
        let id = article.item.id;
        for rule in rules {
            by_item.entry(id).or_default().push((rule, names.contains(&rule)));
        }
        if let (None, Some(alert)) = (number, alert)
            && rules.iter().any(|rule| names.contains(&rule))
        {
            // An alert belongs to an item: the newest of those that it tells of.
            number = Some(item::insert_alert(&mut transaction, id, article.story.0, alert, now).await?);
        }
    }
    for (id, rules) in by_item {
        for (rule, told) in rules {
            let (kind, reason) =
                if told { ("alerted", Reason::LookedBack) } else { ("held", Reason::NobodySubscribed) };
            sqlx::query(
                "UPDATE outcome SET kind = ?3, reason = ?4, alert_id = ?5
                 WHERE item_id = ?1 AND rule = ?2 AND kind = 'held'",
            )
            .bind(id.0)
            .bind(rule.as_str())
            .bind(kind)
            .bind(json(&reason))
            .bind(number.filter(|_| told))
            .execute(&mut *transaction)
            .await?;
        }
    }
    transaction.commit().await?;
    Ok(true)
}
