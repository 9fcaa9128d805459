//! The commands that an operator types: each answers, with the exit code that `--help` tells.

use crate::world::World;
use crate::world::command;
use crate::world::entry;
use serde_json::Value;
use sqlx::Connection as _;
use sqlx::SqliteConnection;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Output;

fn run(folder: &Path, arguments: &[&str]) -> Output {
    command().args(arguments).current_dir(folder).output().expect("the program runs")
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("an exit code")
}

fn told(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("answers are UTF-8")
}

fn complaint(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn lines(output: &Output) -> Vec<Value> {
    told(output).lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

/// A world in which one article was told and another could not be read.
fn one_told_one_unreadable() -> (World, String, String) {
    let mut world = World::new();
    let told = world.site.article("/told", "A report", "It speaks of torture.");
    let gone = world.site.url("/gone");
    let entries = [entry("t", "A report", told.clone()), entry("g", "A notice that was taken back", gone.clone())];
    world.site.feed("/feed.xml", &entries);
    world.start();
    world.until("mail and webhook", |world| world.mails.len() == 1 && world.calls.len() == 1);
    // Once for each try, and by then the item is settled or about to be.
    world.until("the page is given up", |world| {
        let ledger: Value = serde_json::from_slice(&world.atalaya(&["ledger", "--json"]).stdout).unwrap_or_default();
        ledger["states"]["unreadable"] == 1
    });
    world.stop();
    (world, told, gone)
}

#[test]
fn init_writes_for_its_owner_alone_and_replaces_nothing_unasked() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    let first = run(at, &["init"]);
    assert_eq!(code(&first), 0, "{}", complaint(&first));
    let file = at.join("atalaya.toml");
    assert_eq!(fs::metadata(&file).expect("it is there").permissions().mode() & 0o777, 0o600);
    let checked = run(at, &["check"]);
    assert_eq!(code(&checked), 0, "{}{}", told(&checked), complaint(&checked));

    fs::write(&file, "mine").expect("it can be written");
    let second = run(at, &["init"]);
    assert_eq!(code(&second), 1);
    assert!(complaint(&second).contains("--force"));
    assert_eq!(fs::read_to_string(&file).expect("it is there"), "mine");
    assert_eq!(code(&run(at, &["init", "--force"])), 0);
    assert_ne!(fs::read_to_string(&file).expect("it is there"), "mine");

    assert_eq!(code(&run(at, &["init", "other.toml"])), 0);
    assert_eq!(code(&run(at, &["check", "--config", "other.toml"])), 0);
    let nowhere = run(at, &["init", "missing/other.toml"]);
    assert_eq!(code(&nowhere), 74);
    assert!(complaint(&nowhere).contains("missing/other.toml"));
}

#[test]
fn check_says_everything_that_is_wrong_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    let faulty = "lease = \"soon\"\n\n[source.paper]\nfead = \"https://paper.example/feed\"\n\n[rule.torture]\nmatch = 'torture AND ('\n";
    fs::write(at.join("atalaya.toml"), faulty).expect("a file");
    let people = run(at, &["check"]);
    assert_eq!(code(&people), 78);
    for needed in ["atalaya.toml:1:", "atalaya.toml:4:", "atalaya.toml:7:", "did you mean `feed`?"] {
        assert!(told(&people).contains(needed), "no {needed} in\n{}", told(&people));
    }
    assert!(complaint(&people).contains("errors"), "{}", complaint(&people));

    let programs = run(at, &["check", "--json"]);
    assert_eq!(code(&programs), 78);
    let found = lines(&programs);
    let places: Vec<_> = found.iter().filter(|it| it["severity"] == "error").map(|it| it["line"].as_u64()).collect();
    for line in [1, 4, 7] {
        assert!(places.contains(&Some(line)), "{found:#?}");
    }
    for diagnostic in &found {
        for key in ["file", "line", "column", "severity", "message", "help"] {
            assert!(diagnostic.get(key).is_some(), "no {key} in {diagnostic}");
        }
    }
    let daemon = run(at, &["run"]);
    assert_eq!(code(&daemon), 78, "a faulty configuration does not start");
    assert!(!at.join("state").exists());
    assert_eq!(code(&run(at, &["check", "--config", "missing.toml"])), 78);
}

#[test]
fn why_retells_the_way_of_a_known_item_and_knows_no_other() {
    let (world, told_link, gone) = one_told_one_unreadable();
    let known = world.atalaya(&["why", &format!("{told_link}?utm_source=mail")]);
    assert_eq!(code(&known), 0, "{}", complaint(&known));
    for needed in
        ["A report", &told_link, "listed by paper", "read from", "+ rule torture", "alerted", "ana@example.org"]
    {
        assert!(told(&known).contains(needed), "no {needed} in\n{}", told(&known));
    }
    let as_json = lines(&world.atalaya(&["why", &told_link, "--json"]));
    assert_eq!((&as_json[0]["state"], &as_json[0]["verdicts"][0]["matched"]), (&"judged".into(), &true.into()));
    let unreadable = world.atalaya(&["why", &gone]);
    assert_eq!(code(&unreadable), 0);
    assert!(told(&unreadable).contains("state: unreadable"), "{}", told(&unreadable));
    assert!(!told(&unreadable).contains("rule torture"), "no verdict was given before the body was read");
    let unknown = world.atalaya(&["why", "https://nobody.example/x"]);
    assert_eq!(code(&unknown), 1);
    assert!(complaint(&unknown).contains("https://nobody.example/x was never listed"));
    assert_eq!(told(&unknown), "");
}

#[test]
fn status_lists_what_could_not_be_read() {
    let (world, _, gone) = one_told_one_unreadable();
    let people = world.atalaya(&["status"]);
    assert_eq!(code(&people), 0);
    for needed in ["1 watched", "1 could not be read", "A notice that was taken back", &gone, "0 given up"] {
        assert!(told(&people).contains(needed), "no {needed} in\n{}", told(&people));
    }
    let status = &lines(&world.atalaya(&["status", "--json"]))[0];
    assert_eq!(status["unreadable_total"], 1);
    assert_eq!(status["sources"], 1);
}

#[tokio::test]
async fn the_ledger_does_not_add_up_when_a_row_is_missing() {
    let (world, ..) = one_told_one_unreadable();
    let well = world.atalaya(&["ledger"]);
    assert_eq!(code(&well), 0);
    assert!(told(&well).contains("The ledger adds up."), "{}", told(&well));
    let rows = [
        ("item", "WHERE state = 'unreadable'"),
        ("delivery", "WHERE channel = 'desk'"),
        ("outcome", ""),
        ("verdict", ""),
    ];
    let copies = tempfile::tempdir().expect("a folder");
    for (table, which) in rows {
        let copy = copies.path().join(format!("without-{table}"));
        fs::create_dir(&copy).expect("a folder");
        for file in fs::read_dir(world.state()).expect("the state") {
            let file = file.expect("a file");
            fs::copy(file.path(), copy.join(file.file_name())).expect("it can be copied");
        }
        let address = format!("sqlite://{}", copy.join("atalaya.db").display());
        let mut database = SqliteConnection::connect(&address).await.expect("the database opens");
        sqlx::query("PRAGMA foreign_keys = OFF").execute(&mut database).await.expect("a pragma");
        let deletion = format!("DELETE FROM {table} {which}");
        let deleted = sqlx::query(sqlx::AssertSqlSafe(deletion)).execute(&mut database).await.expect("a deletion");
        assert_eq!(deleted.rows_affected(), 1, "{table}");
        database.close().await.expect("the database closes");
        let state = copy.to_string_lossy().into_owned();
        let ledger = world.atalaya(&["ledger", "--state", &state]);
        assert_eq!(code(&ledger), 1, "{table}: {}", told(&ledger));
        assert!(told(&ledger).contains("does NOT add up"), "{table}");
        assert!(!complaint(&ledger).is_empty(), "{table}: which sum is told");
        let as_json = world.atalaya(&["ledger", "--json", "--state", &state]);
        assert_eq!(code(&as_json), 1);
        assert!(lines(&as_json)[0]["faults"].as_array().is_some_and(|faults| !faults.is_empty()));
    }
}

#[test]
fn a_delivery_that_was_given_up_is_shown_and_can_be_tried_again() {
    let mut world = World::new();
    let ana_is_refused_once = world.configuration().replace("ana@example.org", "550.1@example.org");
    world.configure(&ana_is_refused_once);
    let link = world.site.article("/a", "A report", "It speaks of torture.");
    world.site.feed("/feed.xml", &[entry("a", "A report", link)]);
    world.start();
    world.until("a refusal and a call", |world| world.refusals.len() == 1 && world.calls.len() == 1);
    let given_up = |world: &World| lines(&world.atalaya(&["outbox", "list", "--only", "given-up", "--json"]));
    // The refusal is committed a moment after it was heard.
    world.until_asked("/feed.xml", 1);
    world.until("it is given up", |world| given_up(world).len() == 1);
    let row = given_up(&world).remove(0);
    assert_eq!((&row["state"], &row["receiver"]), (&"given_up".into(), &"550.1@example.org".into()));
    let id = row["id"].as_str().expect("an id").to_owned();

    let list = told(&world.atalaya(&["outbox", "list"]));
    assert!(list.contains("550.1@example.org") && list.contains("given_up") && list.contains("done"), "{list}");
    let desk = lines(&world.atalaya(&["outbox", "list", "--json", "--channel", "desk"]));
    assert_eq!(desk.len(), 1);
    let shown = world.atalaya(&["outbox", "show", &id[..8]]);
    assert_eq!(code(&shown), 0);
    for needed in ["A report", "550", "Subject:", "Message-ID:"] {
        assert!(told(&shown).contains(needed), "no {needed} in\n{}", told(&shown));
    }
    assert_eq!(lines(&world.atalaya(&["outbox", "show", &id, "--json"]))[0]["id"], id.as_str());
    assert_eq!(code(&world.atalaya(&["outbox", "show", "zzzz"])), 1);
    assert!(told(&world.atalaya(&["status"])).contains("outbox retry"), "status says what can be done");

    let retried = world.atalaya(&["outbox", "retry", "all"]);
    assert_eq!((code(&retried), told(&retried).as_str()), (0, "1 delivery is due now\n"), "{}", complaint(&retried));
    world.until("the mail", |world| world.mails.len() == 1);
    world.stop();
    assert_eq!(given_up(&world), Vec::<Value>::new());
    assert_eq!(code(&world.atalaya(&["outbox", "retry", "all"])), 1, "there is nothing left to try");
    assert_eq!(world.calls.len(), 1);
}

#[test]
fn a_missing_database_is_said_and_not_made() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    let commands: [&[&str]; 6] = [
        &["why", "https://paper.example/a"],
        &["ledger"],
        &["status"],
        &["outbox", "list"],
        &["outbox", "show", "1"],
        &["outbox", "retry", "all"],
    ];
    for arguments in commands {
        let output = run(at, &[arguments, &["--state", "state"]].concat());
        assert_eq!(code(&output), 74, "{arguments:?}");
        assert!(complaint(&output).contains("there is no database at state"), "{}", complaint(&output));
        assert_eq!(told(&output), "");
        assert!(!at.join("state").exists(), "{arguments:?} made something");
    }
    // Neither does a folder without one become a store.
    fs::create_dir(at.join("state")).expect("a folder");
    assert_eq!(code(&run(at, &["outbox", "retry", "all", "--state", "state"])), 74);
    assert_eq!(fs::read_dir(at.join("state")).expect("the folder").count(), 0);
}

#[test]
fn help_tells_the_exit_codes_and_every_command() {
    let folder = tempfile::tempdir().expect("a folder");
    let help = told(&run(folder.path(), &["--help"]));
    for needed in ["Exit codes:", "0 ", "1 ", "2 ", "74 ", "78 "] {
        assert!(help.contains(needed), "no {needed} in\n{help}");
    }
    for name in ["demo", "init", "check", "run", "why", "ledger", "status", "outbox", "try"] {
        assert!(help.lines().any(|line| line.trim_start().starts_with(name)), "{name}");
        let output = run(folder.path(), &[name, "--help"]);
        assert_eq!(code(&output), 0, "{name}");
        assert!(told(&output).contains("Usage:"), "{name}");
    }
    assert_eq!(code(&run(folder.path(), &["wach"])), 2);
    assert!(complaint(&run(folder.path(), &["ledgre"])).contains("ledger"), "a slip is answered with a suggestion");
}
