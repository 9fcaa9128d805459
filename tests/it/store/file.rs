//! What only a store in a folder promises: the folder, the schema, reading beside a daemon.

use super::Folder;
use super::Place as _;
use super::words::*;
use atalaya::store::Store as _;
use atalaya::store::StoreError;
use atalaya::store::sqlite::SqliteStore;
use std::os::unix::fs::PermissionsExt as _;

#[tokio::test]
async fn folder_and_database_are_for_their_owner_only() {
    let folder = Folder::new();
    let state = folder.0.path().join("var/atalaya");
    let store = SqliteStore::open(&state).await.unwrap();
    store.ping(at(0)).await.unwrap();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&state), 0o700);
    for file in ["atalaya.db", "atalaya.db-wal", "atalaya.db-shm"] {
        assert_eq!(mode(&state.join(file)), 0o600, "{file}");
    }
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_named() {
    let folder = Folder::new();
    std::fs::write(folder.0.path().join("file"), "").unwrap();
    let error = SqliteStore::open(&folder.0.path().join("file/state")).await.unwrap_err();
    assert!(matches!(&error, StoreError::Folder { .. }), "{error}");
    assert!(error.to_string().contains("file/state"), "{error}");
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_an_older_one_only_for_reports() {
    let folder = Folder::new();
    folder.open().await.close().await;
    folder
        .sql(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
             VALUES (9999, 'from the future', 1, x'00', 0)",
        )
        .await;
    for error in [
        SqliteStore::open(folder.0.path()).await.unwrap_err(),
        SqliteStore::open_read_only(folder.0.path()).await.unwrap_err(),
    ] {
        assert!(matches!(error, StoreError::NewerSchema { found: 9999, .. }), "{error}");
    }
    folder.sql("DELETE FROM _sqlx_migrations").await;
    let error = SqliteStore::open_read_only(folder.0.path()).await.unwrap_err();
    assert!(matches!(error, StoreError::OlderSchema { found: 0, .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_that_open_an_empty_folder_at_once_both_get_a_store() {
    for _ in 0..10 {
        let folder = Folder::new();
        let open = || {
            let path = folder.0.path().to_owned();
            tokio::spawn(async move { SqliteStore::open(&path).await })
        };
        let (one, two) = tokio::join!(open(), open());
        for store in [one.unwrap(), two.unwrap()] {
            sums_hold(&store.expect("the store opens")).await;
        }
    }
}

#[tokio::test]
async fn a_report_reads_beside_a_writer_and_changes_nothing() {
    let folder = Folder::new();
    let store = folder.open().await;
    let lease = reading(&*store, "one", "a").await;
    let report = SqliteStore::open_read_only(folder.0.path()).await.unwrap();
    assert_eq!(report.ledger().await.unwrap().listed, 1);
    let judged = told(lease.job(), &["courts"], &["ana@paper.example"]);
    judge(&*store, lease, judged, 1).await;
    assert_eq!(report.ledger().await.unwrap(), store.ledger().await.unwrap(), "it sees what was committed since");
    assert!(report.claim_sends(&claim("report", 1)).await.is_err());
    assert!(report.ping(at(1)).await.is_err());
    report.close().await;
    sums_hold(&*store).await;
}

#[tokio::test]
async fn a_report_works_when_no_daemon_runs_and_leaves_nothing_behind() {
    let folder = Folder::new();
    let store = folder.open().await;
    listed(&*store, vec![entry("one", "herald.example")]).await;
    store.close().await;
    let files = || {
        let mut names: Vec<_> =
            std::fs::read_dir(folder.0.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let before = files();
    assert_eq!(before, ["atalaya.db"]);
    let report = SqliteStore::open_read_only(folder.0.path()).await.unwrap();
    assert_eq!(report.ledger().await.unwrap().listed, 1);
    report.close().await;
    assert_eq!(files(), before);
}

#[tokio::test]
async fn a_report_without_a_database_says_so_and_makes_none() {
    let folder = Folder::new();
    let error = SqliteStore::open_read_only(folder.0.path()).await.unwrap_err();
    assert!(matches!(&error, StoreError::NoDatabase { .. }), "{error}");
    assert!(error.to_string().contains("atalaya.db"), "{error}");
    assert_eq!(std::fs::read_dir(folder.0.path()).unwrap().count(), 0);
}
