//! (claim) → the rows to lease: the longest due first, few of each host. One queue per kind of work.
//!
//! Mostly the longest-due rows are of many hosts and a short look along the due index finds enough. When they are not,
//! because one host has a hundred thousand rows in front of all others, a walk from host to host takes the first rows
//! of each, so that this host costs the others nothing.

use super::value::json;
use super::value::limit;
use super::value::micros;
use crate::poll::service;
use crate::store::Claim;
use crate::store::StoreError;
use sqlx::Row as _;
use sqlx::SqliteConnection;
use sqlx::SqlitePool;
use sqlx::sqlite::SqliteRow;
use std::collections::HashMap;

/// The questions that find due rows of one table.
pub(super) struct Queue {
    /// When the next row is due.
    next: &'static str,
    /// The longest-due rows with their hosts.
    first: &'static str,
    /// The longest-due rows of each host.
    walk: &'static str,
}

macro_rules! queue {
    ($table:literal, $host:literal) => {
        Queue {
            next: concat!("SELECT due_at FROM ", $table, " WHERE due_at IS NOT NULL ORDER BY due_at LIMIT 1"),
            first: concat!(
                "SELECT rowid, ",
                $host,
                " FROM ",
                $table,
                " WHERE due_at <= ?1 ORDER BY due_at, rowid LIMIT ?2"
            ),
            walk: concat!(
                "WITH RECURSIVE host (name) AS (
                     SELECT * FROM (SELECT ",
                $host,
                " FROM ",
                $table,
                " WHERE due_at IS NOT NULL
                                    ORDER BY ",
                $host,
                " LIMIT 1)
                     UNION ALL
                     SELECT (SELECT next.",
                $host,
                " FROM ",
                $table,
                " AS next
                             WHERE next.due_at IS NOT NULL AND next.",
                $host,
                " > host.name
                             ORDER BY next.",
                $host,
                " LIMIT 1)
                     FROM host WHERE host.name IS NOT NULL)
                 SELECT job.rowid FROM host CROSS JOIN ",
                $table,
                " AS job ON job.rowid IN (
                     SELECT due.rowid FROM ",
                $table,
                " AS due WHERE due.",
                $host,
                " = host.name AND due.due_at <= ?1
                     ORDER BY due.due_at, due.rowid LIMIT ?3)
                 WHERE NOT EXISTS (
                     SELECT 1 FROM json_each(?4) AS busy
                     WHERE busy.value = host.name
                        OR (busy.value LIKE '.%' AND substr('.' || host.name, -length(busy.value)) = busy.value))
                 ORDER BY job.due_at, job.rowid LIMIT ?2"
            ),
        }
    };
}

/// Sources to be polled.
pub(super) const SOURCES: Queue = queue!("source", "host");
/// Items to be read.
pub(super) const ITEMS: Queue = queue!("item", "host");
/// Pages that were told, to be looked at again.
pub(super) const LOOKS: Queue = queue!("look", "host");
/// Deliveries to be sent.
pub(super) const DELIVERIES: Queue = queue!("delivery", "channel");

/// What is gathered for a receiver.
pub(super) const LANES: Queue = queue!("lane", "channel");

/// When the next row is due. A reader answers it: a claim that would find nothing needs no write transaction, and every
/// job that ends makes its loop look for more.
pub(super) async fn next_due(readers: &SqlitePool, queue: &Queue) -> Result<Option<i64>, StoreError> {
    Ok(sqlx::query_scalar(queue.next).fetch_optional(readers).await?)
}

/// Whether anything is due at the time of the claim.
pub(super) async fn is_due(readers: &SqlitePool, queue: &Queue, claim: &Claim<'_>) -> Result<bool, StoreError> {
    Ok(next_due(readers, queue).await?.is_some_and(|due| due <= micros(claim.now)))
}

/// What this claim would get, as a JSON list of row numbers, by a reader's word: somebody else may take it meanwhile.
/// `None` when it is nothing.
pub(super) async fn look(readers: &SqlitePool, queue: &Queue, claim: &Claim<'_>) -> Result<Option<String>, StoreError> {
    let picked = pick(&mut *readers.acquire().await?, queue, claim).await?;
    Ok((picked != "[]").then_some(picked))
}

/// `RETURNING` gives rows in no order; they need `next_at` and the row number as `number`.
pub(super) fn longest_due_first(rows: Vec<SqliteRow>) -> Result<Vec<SqliteRow>, StoreError> {
    let mut keyed = Vec::with_capacity(rows.len());
    for row in rows {
        keyed.push((row.try_get::<i64, _>("next_at")?, row.try_get::<i64, _>("number")?, row));
    }
    keyed.sort_by_key(|(next_at, number, _)| (*next_at, *number));
    Ok(keyed.into_iter().map(|(_, _, row)| row).collect())
}

/// The rows that this claim gets, as a JSON list of row numbers.
pub(super) async fn pick(
    connection: &mut SqliteConnection,
    queue: &Queue,
    claim: &Claim<'_>,
) -> Result<String, StoreError> {
    let look = claim.limit.saturating_mul(4);
    let longest_due: Vec<(i64, String)> =
        sqlx::query_as(queue.first).bind(micros(claim.now)).bind(limit(look)).fetch_all(&mut *connection).await?;
    let saw_all = longest_due.len() < look;
    let picked = share(longest_due, claim);
    if saw_all || picked.len() == claim.limit {
        return Ok(json(&picked));
    }
    let picked: Vec<i64> = sqlx::query_scalar(queue.walk)
        .bind(micros(claim.now))
        .bind(limit(claim.limit))
        .bind(limit(claim.per_host))
        .bind(json(claim.busy_hosts))
        .fetch_all(connection)
        .await?;
    Ok(json(&picked))
}

/// From the front, as many as the claim and each host may have.
fn share(longest_due: Vec<(i64, String)>, claim: &Claim<'_>) -> Vec<i64> {
    let mut taken: HashMap<String, usize> =
        claim.busy_hosts.iter().map(|host| (host.clone(), claim.per_host)).collect();
    let domains: Vec<&String> = claim.busy_hosts.iter().filter(|key| key.starts_with('.')).collect();
    let mut picked = Vec::new();
    for (row, host) in longest_due {
        if domains.iter().any(|key| service::covers(key, &host)) {
            continue;
        }
        let of_host = taken.entry(host).or_default();
        if *of_host < claim.per_host && picked.len() < claim.limit {
            *of_host += 1;
            picked.push(row);
        }
    }
    picked
}
