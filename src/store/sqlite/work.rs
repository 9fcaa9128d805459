//! What all kinds of work share: when the next is due, giving leases back, and the pulse.

use super::SqliteStore;
use super::notice;
use super::queue;
use super::value::limit;
use super::value::micros;
use super::value::optional_time;
use crate::store::Lease;
use crate::store::StoreError;
use crate::store::Work;
use jiff::Timestamp;
use sqlx::SqliteConnection;

pub(super) async fn next_due(store: &SqliteStore, work: Work) -> Result<Option<Timestamp>, StoreError> {
    let queue = match work {
        Work::Poll => &queue::SOURCES,
        Work::Read => &queue::ITEMS,
        Work::Send => &queue::DELIVERIES,
        Work::Look => &queue::LOOKS,
        Work::Gather => &queue::LANES,
    };
    let due = queue::next_due(&store.readers, queue).await?;
    let notice = if work == Work::Send { notice::next_due(&store.readers).await? } else { None };
    optional_time("due_at", due.into_iter().chain(notice).min())
}

/// The fence stays as it is: without an owner the old lease fits no longer, and the next claim raises it.
pub(super) async fn renew(store: &SqliteStore, owner: &str, until: Timestamp) -> Result<(), StoreError> {
    let mut transaction = store.write().await?;
    for query in [
        "UPDATE source SET lease_until = ? WHERE owner = ?",
        "UPDATE item SET lease_until = ? WHERE state = 'reading' AND owner = ?",
        "UPDATE delivery SET lease_until = ? WHERE state = 'sending' AND owner = ?",
        "UPDATE look SET lease_until = ? WHERE owner = ?",
        "UPDATE lane SET lease_until = ? WHERE owner = ?",
    ] {
        sqlx::query(query).bind(micros(until)).bind(owner).execute(&mut *transaction).await?;
    }
    Ok(transaction.commit().await?)
}

pub(super) async fn release(store: &SqliteStore, owner: &str) -> Result<(), StoreError> {
    let mut transaction = store.write().await?;
    for query in [
        "UPDATE source SET owner = NULL, lease_until = NULL WHERE owner = ?",
        "UPDATE item SET state = 'waiting', owner = NULL, lease_until = NULL WHERE state = 'reading' AND owner = ?",
        "UPDATE delivery SET state = 'waiting', owner = NULL, lease_until = NULL WHERE state = 'sending' AND owner = ?",
        "UPDATE look SET owner = NULL, lease_until = NULL WHERE owner = ?",
        "UPDATE lane SET owner = NULL, lease_until = NULL WHERE owner = ?",
    ] {
        sqlx::query(query).bind(owner).execute(&mut *transaction).await?;
    }
    Ok(transaction.commit().await?)
}

pub(super) async fn ping(store: &SqliteStore, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO pulse (id, at) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET at = excluded.at")
        .bind(micros(now))
        .execute(&store.writer)
        .await?;
    sqlx::query_scalar::<_, i64>("SELECT at FROM pulse").fetch_one(&store.readers).await?;
    Ok(())
}

/// What was claimed, without the rows that cannot be read: these must not stop the others. They are said loudly and stay
/// leased, to be tried again when the lease ends. When nothing else was claimed, the first of them is the error.
pub(super) fn readable<T>(
    claimed: impl Iterator<Item = Result<Lease<T>, StoreError>>,
) -> Result<Vec<Lease<T>>, StoreError> {
    let mut leases = Vec::new();
    let mut unreadable = Vec::new();
    for lease in claimed {
        match lease {
            Ok(lease) => leases.push(lease),
            Err(error) => unreadable.push(error),
        }
    }
    if leases.is_empty() && !unreadable.is_empty() {
        return Err(unreadable.swap_remove(0));
    }
    for error in unreadable {
        tracing::error!(%error, "work was claimed that cannot be read");
    }
    Ok(leases)
}

/// Lets one of the ledger's left sides grow, inside the transaction that makes the things.
pub(super) async fn grow(
    connection: &mut SqliteConnection,
    counter: &'static str,
    by: usize,
) -> Result<(), StoreError> {
    if by > 0 {
        sqlx::query("UPDATE counter SET value = value + ? WHERE name = ?")
            .bind(limit(by))
            .bind(counter)
            .execute(connection)
            .await?;
    }
    Ok(())
}

/// The same for what is taken back.
pub(super) async fn shrink(
    connection: &mut SqliteConnection,
    counter: &'static str,
    by: i64,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE counter SET value = value - ? WHERE name = ?")
        .bind(by)
        .bind(counter)
        .execute(connection)
        .await?;
    Ok(())
}
