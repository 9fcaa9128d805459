//! A folder → a store: makes what is missing, brings the schema up to date, refuses what it does not know.

use super::SqliteStore;
use crate::store::StoreError;
use sqlx::SqliteConnection;
use sqlx::migrate::Migrator;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::sqlite::SqliteJournalMode;
use sqlx::sqlite::SqlitePoolOptions;
use sqlx::sqlite::SqliteSynchronous;
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::time::Duration;

/// The database's name in its folder.
const FILE: &str = "atalaya.db";

/// How long a statement waits for another process that writes (`atalaya outbox retry` beside a daemon).
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Readers never wait for the writer; three are enough for the loops' questions and a report.
const READERS: u32 = 3;

static MIGRATIONS: Migrator = sqlx::migrate!("src/store/sqlite/migrations");

impl SqliteStore {
    /// Opens the database in this folder for reading and writing. Makes the folder (for its owner only) and the
    /// database where they are missing, and brings an older schema up to date.
    ///
    /// # Errors
    /// [`StoreError::NewerSchema`] when a newer Atalaya wrote it, [`StoreError::Folder`] when the folder cannot be
    /// made, else what the database said.
    pub async fn open(directory: &Path) -> Result<Self, StoreError> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)
            .map_err(|error| StoreError::Folder { path: directory.to_owned(), error })?;
        let options = SqliteConnectOptions::new()
            .filename(directory.join(FILE))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT);
        let writer = pool(1).connect_with(options.clone()).await?;
        let mut connection = writer.acquire().await?;
        let (found, known) = schema(&mut connection).await?;
        if found > known {
            return Err(StoreError::NewerSchema { found, known });
        }
        MIGRATIONS.run_direct(None, &mut *connection, false).await.map_err(sqlx::Error::from)?;
        drop(connection);
        let readers = pool(READERS).connect_with(options.pragma("query_only", "true")).await?;
        Ok(Self { writer, readers })
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
        Ok(Self { writer: readers.clone(), readers })
    }
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
