//! `atalaya search`: finds what the daemon read, says what is wrong with a query, and is not misled by sudden death.

use crate::world::World;
use crate::world::command;
use crate::world::entry;
use serde_json::Value;
use std::process::Output;

/// A world in which three articles were read, whose rule matched one of them, and whose daemon was killed right after.
fn killed_after_reading() -> World {
    let mut world = World::new();
    let told = world.site.article("/told", "Un informe", "Habla de torture en la prisión. Nada más se supo.");
    let other = world.site.article("/other", "Otra cosa", "Una PRISION sin noticias.");
    let third = world.site.article("/third", "\u{1b}[31mRojo", "El tercero habla de 北京大学.");
    let entries = [entry("t", "Un informe", told), entry("o", "Otra cosa", other), entry("h", "Rojo", third)];
    world.site.feed("/feed.xml", &entries);
    world.start();
    world.until("everything is judged", |world| {
        let ledger: Value = serde_json::from_slice(&world.atalaya(&["ledger", "--json"]).stdout).unwrap_or_default();
        ledger["states"]["judged"] == 3
    });
    world.kill();
    world
}

fn code(output: &Output) -> Option<i32> {
    output.status.code()
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

#[test]
fn what_was_committed_before_a_kill_is_found() {
    let mut world = killed_after_reading();
    let search = |world: &World| {
        let mut found = lines(&world.atalaya(&["search", "prision", "--json"]));
        found.sort_by_key(|line| line["title"].to_string());
        found
    };
    let found = search(&world);
    assert_eq!(found.len(), 2, "{found:#?}");
    assert_eq!((&found[0]["title"], &found[1]["title"]), (&"Otra cosa".into(), &"Un informe".into()));
    assert_eq!(found[1]["rules"], serde_json::json!(["torture"]));
    assert_eq!(found[1]["excerpts"][0]["marks"][0]["text"], "prisión");
    assert_eq!(found[1]["source"], "paper");
    // The next daemon brings the index up to date, and nothing changes for those who ask.
    world.start();
    world.until("the ledger is asked again", |world| {
        serde_json::from_slice::<Value>(&world.atalaya(&["ledger", "--json"]).stdout).is_ok()
    });
    assert_eq!(search(&world), found);
    world.stop();
    assert_eq!(search(&world), found, "beside no daemon, too");
    world.ledger_adds_up();
}

#[test]
fn people_see_where_it_stands_without_control_characters() {
    let world = killed_after_reading();
    let found = world.atalaya(&["search", "tortur* -sin"]);
    assert_eq!(code(&found), Some(0), "{}", complaint(&found));
    let text = told(&found);
    for needed in ["Un informe\n", "  paper  http", "matched: torture", "Habla de torture en la prisión.\n"] {
        assert!(text.contains(needed), "no {needed} in\n{text}");
    }
    let red = told(&world.atalaya(&["search", "lang:es OR 北京 OR rojo"]));
    assert!(!red.contains('\u{1b}'), "{red:?}");
    assert!(told(&world.atalaya(&["search", "京大"])).contains("北京大学"));
    let limited = world.atalaya(&["search", "prision", "--limit", "1"]);
    assert_eq!((code(&limited), told(&limited).matches("  paper  http").count()), (Some(0), 1));
    assert!(complaint(&limited).contains("there are more"), "{}", complaint(&limited));
}

#[test]
fn the_exit_code_says_whether_anything_was_found_and_whether_the_query_was_one() {
    let world = killed_after_reading();
    for (arguments, expected, said) in [
        (&["search", "prision"][..], 0, ""),
        (&["search", "nowhere"], 1, "nothing was found"),
        (&["search", "prision", "--source", "other"], 1, "nothing was found"),
        (&["search", "prision", "--until", "2001-01-01"], 1, "nothing was found"),
        (&["search", "prision", "--since", "7d"], 0, ""),
        (&["search", "@nobody"], 2, "there is no entity `nobody`"),
        (&["search", "prision AND"], 2, "`AND` has nothing to its right"),
        (&["search", "prision", "--since", "yesterday"], 2, "`yesterday` is no time"),
        (&["search", ""], 2, "the query is empty"),
    ] {
        let ran = world.atalaya(arguments);
        assert_eq!(code(&ran), Some(expected), "{arguments:?}: {}{}", told(&ran), complaint(&ran));
        assert!(complaint(&ran).contains(said), "{arguments:?}: {}", complaint(&ran));
    }
    let faulty = complaint(&world.atalaya(&["search", "prisión NEAR/3 cárcel"]));
    assert!(faulty.contains("  prisión NEAR/3 cárcel\n  ^^^^^^^^^^^^^^^^^^^^^\n  help: leave it out"), "{faulty}");
}

#[test]
fn a_search_without_a_store_fails_and_makes_none() {
    let folder = tempfile::tempdir().expect("a folder");
    let ran = command()
        .args(["search", "x", "--state", "state"])
        .current_dir(folder.path())
        .output()
        .expect("the program runs");
    assert_eq!(code(&ran), Some(74), "{}", complaint(&ran));
    assert!(!folder.path().join("state").exists());
}
