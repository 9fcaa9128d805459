//! Lists of feeds: what is exported is imported as it was, what is no list is refused with its place.

use crate::world::command;
use std::fs;
use std::path::Path;
use std::process::Output;

fn run(folder: &Path, arguments: &[&str]) -> Output {
    command().args(arguments).current_dir(folder).output().expect("the program runs")
}

fn told(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("answers are UTF-8")
}

fn complaint(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

const SOURCES: &str = "[source.faro]\nfeed = \"https://faro.example/rss\"\nlabel = \"El \\\"Faro\\\" & Compañía\"\n\n\
    [source.Gaceta_2]\nfeed = \"https://gaceta.example/?feed=rss2&lang=es\"\n\n\
    [source.vela]\nfeed = \"http://vela.example/atom.xml\"\nlabel = \"vela\"\n";

#[test]
fn what_is_exported_is_imported_as_it_was() {
    let folder = tempfile::tempdir().expect("a folder");
    let page = "\n[source.hearings]\nwatch = \"https://court.example/hearings\"\n";
    fs::write(folder.path().join("atalaya.toml"), format!("{SOURCES}{page}")).expect("written");
    let exported = run(folder.path(), &["export", "--opml"]);
    assert!(exported.status.success(), "{}", complaint(&exported));
    assert!(complaint(&exported).contains("hearings (watch)"), "{}", complaint(&exported));

    let elsewhere = tempfile::tempdir().expect("a folder");
    fs::write(elsewhere.path().join("feeds.opml"), told(&exported)).expect("written");
    let imported = run(elsewhere.path(), &["import", "feeds.opml"]);
    assert!(imported.status.success(), "{}", complaint(&imported));
    let parse = |text: &str| text.parse::<toml::Table>().expect("TOML");
    assert_eq!(parse(&told(&imported)), parse(SOURCES));

    fs::write(elsewhere.path().join("atalaya.toml"), told(&imported)).expect("written");
    let again = run(elsewhere.path(), &["export", "--opml"]);
    assert_eq!(told(&again), told(&exported));
}

#[test]
fn a_list_goes_into_a_file_once_and_what_is_watched_is_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let list = "<opml version=\"2.0\"><body><outline text=\"Prensa\">\
        <outline text=\"Faro\" xmlUrl=\"http://faro.example/rss/\"/><outline text=\"Nueva\" xmlUrl=\"https://nueva.example/rss\"/>\
        </outline></body></opml>";
    fs::write(folder.path().join("feeds.opml"), list).expect("written");
    fs::write(folder.path().join("atalaya.toml"), "include = [\"sources.toml\"]\n").expect("written");
    fs::write(folder.path().join("sources.toml"), SOURCES).expect("written");
    for round in 1..=2 {
        let imported = run(folder.path(), &["import", "feeds.opml", "--into", "sources.toml"]);
        assert!(imported.status.success(), "{}", complaint(&imported));
        assert!(complaint(&imported).contains("as [source.faro]: left out"), "{}", complaint(&imported));
        let text = fs::read_to_string(folder.path().join("sources.toml")).expect("it is there");
        let expected =
            format!("{SOURCES}\n# Prensa\n[source.nueva]\nfeed = \"https://nueva.example/rss\"\nlabel = \"Nueva\"\n");
        assert_eq!(text, expected, "round {round}");
    }
    let checked = run(folder.path(), &["check"]);
    assert!(checked.status.success(), "{}{}", told(&checked), complaint(&checked));
}

#[test]
fn what_is_no_list_is_refused_with_its_place_and_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("feeds.opml"), "<opml>\n<body>\n <outline text=\"a\">\n</body></opml>")
        .expect("written");
    let refused = run(folder.path(), &["import", "feeds.opml", "--into", "sources.toml"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(complaint(&refused).starts_with("atalaya: feeds.opml:4:"), "{}", complaint(&refused));
    assert!(!folder.path().join("sources.toml").exists());
    let missing = run(folder.path(), &["import", "absent.opml"]);
    assert_eq!(missing.status.code(), Some(74));
    assert!(complaint(&missing).contains("absent.opml"), "{}", complaint(&missing));
}
