//! A folder → a store: makes what is missing, brings the schema up to date, refuses what it does not know.

use super::SqliteStore;
use super::together::Queue;
use crate::store::StoreError;
use sqlx::SqliteConnection;
use sqlx::SqlitePool;
use sqlx::migrate::Migrator;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::sqlite::SqliteJournalMode;
use sqlx::sqlite::SqlitePoolOptions;
use sqlx::sqlite::SqliteSynchronous;
use std::fs::DirBuilder;
use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;
use tokio::time::Instant;

/// The database's name in its folder.
const FILE: &str = "atalaya.db";

/// How long a statement waits for another process that writes (`atalaya outbox retry` beside a daemon).
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// The pause before a database that somebody else is opening is tried again.
const BETWEEN_TRIES: Duration = Duration::from_millis(20);

/// Readers never wait for the writer; three are enough for the loops' questions and a report.
const READERS: u32 = 3;

static MIGRATIONS: Migrator = sqlx::migrate!("src/store/sqlite/migrations");

impl SqliteStore {
    /// Opens the database in this folder for reading and writing. Makes the folder (for its owner only) and the
    /// database where they are missing, and brings an older schema up to date.
    ///
    /// # Errors
    /// [`StoreError::NewerSchema`] when a newer Atalaya wrote it, [`StoreError::Folder`] when the folder cannot be
    /// made or written in, else what the database said.
    pub async fn open(directory: &Path) -> Result<Self, StoreError> {
        make(directory).map_err(|error| StoreError::Folder { path: directory.to_owned(), error })?;
        let options = SqliteConnectOptions::new()
            .filename(directory.join(FILE))
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT);
        let writer = first_connection(&options).await?;
        // All in one transaction: two programs that start together do not both make the tables.
        let mut transaction = writer.begin_with("BEGIN IMMEDIATE").await?;
        let (found, known) = schema(&mut transaction).await?;
        if found > known {
            return Err(StoreError::NewerSchema { found, known });
        }
        MIGRATIONS.run_direct(None, &mut *transaction, false).await.map_err(sqlx::Error::from)?;
        transaction.commit().await?;
        let readers = pool(READERS).connect_with(options.pragma("query_only", "true")).await?;
        Ok(Self { writer, readers, settling: Queue::default(), reading: Queue::default() })
    }

    /// Opens the database in this folder for reports, also while a daemon writes. Makes and changes nothing: every
    /// method that writes gives an error.
    ///
    /// # Errors
    /// [`StoreError::NoDatabase`] when there is none, [`StoreError::NewerSchema`] or [`StoreError::OlderSchema`] when
    /// it is not of this program's schema, else what the database said.
    pub async fn open_read_only(directory: &Path) -> Result<Self, StoreError> {
        let path = directory.join(FILE);
        if !path.is_file() {
            return Err(StoreError::NoDatabase { path });
        }
        // Not opened as a read-only file: such a connection makes the two files beside a WAL database and cannot take
        // them away again. `query_only` refuses every write all the same.
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(false)
            .busy_timeout(BUSY_TIMEOUT)
            .pragma("query_only", "true");
        let readers = pool(1).connect_with(options).await?;
        let mut connection = readers.acquire().await?;
        let (found, known) = schema(&mut connection).await?;
        drop(connection);
        if found > known {
            return Err(StoreError::NewerSchema { found, known });
        }
        if found < known {
            return Err(StoreError::OlderSchema { found, known });
        }
        Ok(Self { writer: readers.clone(), readers, settling: Queue::default(), reading: Queue::default() })
    }
}

/// The database is for its owner only, even in a folder that somebody else made for all to see: it names the people
/// who get alerts. SQLite gives the files beside it the same mode.
fn make(directory: &Path) -> std::io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    // Never opened when it is there: closing it would end the locks of a connection that this process has to it.
    match OpenOptions::new().create_new(true).write(true).mode(0o600).open(directory.join(FILE)) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// The connection that puts the database into WAL mode. SQLite does not wait for others with that, whatever the busy
/// timeout, so of two programs that open a new database at once one may have to try again.
async fn first_connection(options: &SqliteConnectOptions) -> Result<SqlitePool, sqlx::Error> {
    let deadline = Instant::now() + BUSY_TIMEOUT;
    loop {
        match pool(1).connect_with(options.clone()).await {
            Err(error) if is_busy(&error) && Instant::now() < deadline => tokio::time::sleep(BETWEEN_TRIES).await,
            other => return other,
        }
    }
}

/// `SQLITE_BUSY` in any of its extended forms.
fn is_busy(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    code.and_then(|code| code.parse::<u32>().ok()).is_some_and(|code| code & 0xff == 5)
}

/// Connections are made once and kept: each has a thread and a cache of prepared statements.
fn pool(size: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new().max_connections(size).idle_timeout(None).max_lifetime(None).test_before_acquire(false)
}

/// The database's schema (0 when it is new) and this program's.
async fn schema(connection: &mut SqliteConnection) -> Result<(i64, i64), StoreError> {
    let known = MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0);
    let exists: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = '_sqlx_migrations')")
            .fetch_one(&mut *connection)
            .await?;
    if !exists {
        return Ok((0, known));
    }
    let found: Option<i64> =
        sqlx::query_scalar("SELECT MAX(version) FROM _sqlx_migrations").fetch_one(&mut *connection).await?;
    Ok((found.unwrap_or(0), known))
}

#[cfg(test)]
mod tests {
    use super::MIGRATIONS;
    use super::SqliteStore;
    use crate::store::Store as _;
    use sqlx::SqlitePool;
    use sqlx::migrate::Migrator;
    use sqlx::sqlite::SqliteConnectOptions;
    use std::borrow::Cow;

    #[tokio::test]
    async fn a_database_of_the_first_schema_keeps_its_deliveries_and_its_articles_are_found() {
        let folder = tempfile::TempDir::new().expect("a temporary folder");
        let options = SqliteConnectOptions::new()
            .filename(folder.path().join(super::FILE))
            .create_if_missing(true)
            .foreign_keys(true);
        let old = SqlitePool::connect_with(options).await.expect("a database");
        let first = MIGRATIONS.iter().take(1).cloned().collect();
        Migrator { migrations: Cow::Owned(first), ..Migrator::DEFAULT }.run(&old).await.expect("the first schema");
        sqlx::raw_sql(
            "INSERT INTO source (name, address, host, watched, registered_at, next_at)
                 VALUES ('herald', 'https://herald.example/', 'herald.example', 1, 0, 0);
             INSERT INTO item (id, source, entry_id, host, state, listed_at, next_at, settled_at, entry)
                 VALUES (1, 'herald', 'one', '', 'judged', 0, 0, 0, '{}');
             INSERT INTO story (id, key, title, first_item, created_at) VALUES (1, 'key', 'title', 1, 0);
             INSERT INTO article (item_id, story_id, relation, final_url, judged_at, unmatched, about, text)
                 VALUES (1, 1, '{}', '', 0, '[]', '{}', 'The hall opens.');
             INSERT INTO alert (id, item_id, story_id, revision, title, created_at, alert)
                 VALUES (1, 1, 1, 1, 'title', 0, '{}');
             INSERT INTO delivery (id, alert_id, channel, receiver, rules, state, created_at, next_at)
                 VALUES ('ff', 1, 'mail', 'ana@example.org', '[]', 'waiting', 0, 5);
             INSERT INTO alert_delivery (alert_id, delivery_id) VALUES (1, 'ff');
             INSERT INTO delivery_try (delivery_id, fence, begun_at) VALUES ('ff', 1, 0);",
        )
        .execute(&old)
        .await
        .expect("rows");
        old.close().await;
        let store = SqliteStore::open(folder.path()).await.expect("it is brought up to date");
        let kept: (String, i64, i64) = sqlx::query_as(
            "SELECT delivery.id, delivery.due_at, (SELECT COUNT(*) FROM pragma_foreign_key_check)
             FROM delivery JOIN delivery_try ON delivery_id = delivery.id JOIN alert_delivery USING (delivery_id)",
        )
        .fetch_one(&store.readers)
        .await
        .expect("the delivery is there");
        assert_eq!(kept, ("ff".to_owned(), 5, 0));
        assert_eq!(store.index(10).await.expect("what was there is indexed"), 1);
        let found: i64 = sqlx::query_scalar(
            "SELECT COUNT(*) FROM search JOIN indexed ON doc = search.rowid WHERE search MATCH 'hall'",
        )
        .fetch_one(&store.readers)
        .await
        .expect("the index answers");
        assert_eq!(found, 1);
    }

    async fn pragma(pool: &SqlitePool, name: &'static str) -> i64 {
        sqlx::query_scalar(name).fetch_one(pool).await.expect("a pragma answers")
    }

    #[tokio::test]
    async fn a_commit_is_on_the_disk_and_readers_cannot_write() {
        let folder = tempfile::TempDir::new().expect("a temporary folder");
        let store = SqliteStore::open(folder.path()).await.expect("the store opens");
        assert_eq!(pragma(&store.writer, "PRAGMA synchronous").await, 2, "FULL");
        assert_eq!(pragma(&store.writer, "PRAGMA foreign_keys").await, 1);
        assert_eq!(pragma(&store.readers, "PRAGMA query_only").await, 1);
        let mode: String =
            sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&store.readers).await.expect("a pragma answers");
        assert_eq!(mode, "wal");
    }
}
