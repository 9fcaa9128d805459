//! No silence goes unnoticed: operators are told of a source's trouble once, when its kind changes and when it is over,
//! and readers never are.

use crate::world::Page;
use crate::world::RULE;
use crate::world::SECRET;
use crate::world::World;
use crate::world::entry;
use crate::world::feed;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// A world with readers and operators, whose notices are due after `after` and wait `group` for each other.
fn world(sources: &[(&str, &str)], after: &str, group: &str) -> World {
    let mut world = World::new();
    let mut tables = String::new();
    for (name, path) in sources {
        let _written = write!(
            tables,
            "[source.{name}]\nfeed = \"{}\"\nevery = \"1s\"\nfirst_poll = \"all\"\n\n",
            world.site.url(path)
        );
    }
    let readers = world.tellings("ana@example.org", "/200/readers");
    let hook = readers.split('"').find(|part| part.ends_with("/200/readers")).expect("the hook's address").to_owned();
    world.configure(&format!(
        "{}\n{tables}{readers}\n{RULE}\n[channel.ops-mail]\nemail = [\"ops@example.org\"]\n\n[channel.ops-hook]\n\
         webhook = \"{}\"\nsecret = \"{SECRET}\"\n\n[operators]\nchannels = [\"ops-mail\", \"ops-hook\"]\n\
         after = \"{after}\"\ngroup = \"{group}\"\n",
        world.outside(),
        hook.replace("/200/readers", "/200/ops")
    ));
    world
}

fn notices(world: &World) -> Vec<&Value> {
    world.calls.iter().filter(|call| call["path"] == "/200/ops").map(|call| &call["body"]).collect()
}

/// What a notice says of its sources: name → kind.
fn kinds(notice: &Value) -> BTreeMap<String, String> {
    let sources = notice["data"]["sources"].as_array().expect("sources");
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    sources.iter().map(|source| (text(&source["name"]), text(&source["kind"]))).collect()
}

fn nobody_else_was_told(world: &World) {
    for mail in &world.mails {
        assert_eq!(mail["to"], serde_json::json!(["ops@example.org"]), "{mail:#}");
    }
    for call in &world.calls {
        assert_eq!(call["path"], "/200/ops", "{call:#}");
        assert_eq!(call["error"], Value::Null, "the official library refuses the signature");
    }
}

#[test]
fn operators_are_told_once_and_again_when_the_kind_changes_and_when_it_is_over() {
    let mut world = world(&[("paper", "/feed.xml")], "1s", "100ms");
    let listed = feed(&[entry("a", "Council meets", world.site.url("/a"))]);
    world.site.serve("/feed.xml", Page::xml(listed.clone()));
    world.site.article("/a", "Council meets", "Nothing of the kind was said.");
    world.start();
    world.until_asked("/feed.xml", 1);
    world.site.serve("/feed.xml", Page::status(500));
    world.until("a first notice", |world| notices(world).len() == 1 && world.mails.len() == 1);
    world.site.serve("/feed.xml", Page::html("<!doctype html><title>An invented portal</title><p>Welcome"));
    world.until("a second notice", |world| notices(world).len() == 2 && world.mails.len() == 2);
    world.site.serve("/feed.xml", Page::xml(listed));
    world.until("the end", |world| notices(world).len() == 3 && world.mails.len() == 3);
    world.until_asked("/feed.xml", 3);
    nobody_else_was_told(&world);

    let told = notices(&world);
    let types: Vec<&str> = told.iter().filter_map(|notice| notice["type"].as_str()).collect();
    assert_eq!(types, ["source.failing", "source.failing", "source.recovered"]);
    let kinds: Vec<String> = told.iter().map(|notice| kinds(notice)["paper"].clone()).collect();
    assert_eq!(kinds, ["failing", "html", "html"]);
    let source = |at: usize| &told[at]["data"]["sources"][0];
    assert_eq!(source(0)["reason"]["code"], "status");
    assert_eq!(source(1)["since"], source(0)["since"], "it is one trouble");
    assert_eq!(source(2)["since"], source(0)["since"]);
    assert!(source(2)["until"].is_string(), "{}", source(2));

    let subjects: Vec<String> = world.mails.iter().map(|mail| World::header(mail, "subject")).collect();
    assert_eq!(
        subjects,
        ["paper cannot be read", "paper answers with a web page instead of a feed", "paper is all right again"]
    );
    let threads: Vec<String> = world.mails.iter().map(|mail| World::header(mail, "references")).collect();
    assert!(threads.iter().all(|thread| *thread == threads[0]), "one thread: {threads:?}");
    for part in ["text", "html"] {
        let text = world.mails[0][part].as_str().expect("both parts");
        assert!(text.contains("500"), "{text}");
    }
    let list = String::from_utf8(world.atalaya(&["outbox", "list"]).stdout).expect("text");
    assert!(list.contains("paper is all right again") && list.contains("ops@example.org"), "{list}");
    world.stop();
}

#[test]
fn trouble_that_passes_in_time_is_told_to_nobody() {
    let mut world = world(&[("paper", "/feed.xml")], "20s", "100ms");
    let listed = feed(&[entry("a", "Council meets", world.site.url("/a"))]);
    world.site.serve_in_turn("/feed.xml", vec![Page::status(500), Page::xml(listed)]);
    world.start();
    world.until_asked("/feed.xml", 3);
    let status = status(&world);
    assert_eq!(status["troubles"], serde_json::json!([]));
    world.stop();
    assert_eq!((world.mails.len(), world.calls.len()), (0, 0));
}

#[test]
fn each_trouble_is_named() {
    let mut world = world(
        &[("empty", "/empty"), ("gone", "/gone"), ("portal", "/portal"), ("shy", "/shy"), ("walled", "/walled")],
        "1s",
        "4s",
    );
    world.site.serve("/empty", Page::xml(feed(&[])));
    world.site.serve("/gone", Page::status(410));
    world.site.serve("/portal", Page::html("<!doctype html><title>Log in to the invented network</title>"));
    let mut mitigated = Page::status(403);
    mitigated.headers.push("cf-mitigated: challenge".into());
    world.site.serve("/walled", mitigated);
    let mut shy = Page::html("<!DOCTYPE html><html><head><title>Just a moment...</title></head></html>");
    shy.status = 503;
    world.site.serve("/shy", shy);
    world.start();
    world.until("one notice", |world| notices(world).len() == 1 && world.mails.len() == 1);
    let expected = [("empty", "empty"), ("gone", "gone"), ("portal", "html"), ("shy", "wall"), ("walled", "wall")];
    assert_eq!(kinds(notices(&world)[0]), expected.map(|(name, kind)| (name.to_owned(), kind.to_owned())).into());
    nobody_else_was_told(&world);
    let status = status(&world);
    let troubles = status["troubles"].as_array().expect("troubles");
    assert_eq!(troubles.len(), 5, "{status:#}");
    assert!(troubles.iter().all(|trouble| trouble["told"] == true && trouble["since"].is_string()), "{status:#}");
    world.stop();
}

#[test]
fn a_hundred_sources_that_fail_together_are_one_message() {
    let names: Vec<(String, String)> = (0..100).map(|n| (format!("paper-{n:02}"), format!("/feed/{n}"))).collect();
    let sources: Vec<(&str, &str)> = names.iter().map(|(name, path)| (name.as_str(), path.as_str())).collect();
    let mut world = world(&sources, "4s", "4s");
    world.start();
    world.until("one notice", |world| notices(world).len() == 1 && world.mails.len() == 1);
    world.until_asked("/feed/7", 1);
    nobody_else_was_told(&world);
    assert_eq!((notices(&world).len(), world.mails.len()), (1, 1));
    assert_eq!(World::header(&world.mails[0], "subject"), "100 sources are in trouble");
    for part in ["text", "html"] {
        let text = world.mails[0][part].as_str().expect("both parts");
        for (name, _) in &names {
            assert!(text.contains(name), "{name} is not in the {part} part");
        }
    }
    let data = &notices(&world)[0]["data"];
    let told = data["sources"].as_array().expect("sources").len() as u64 + data["omitted"].as_u64().expect("a number");
    assert_eq!(told, 100);
    world.stop();
}

#[test]
fn a_restart_and_a_kill_in_between_repeat_nothing() {
    let mut world = world(&[("paper", "/feed.xml")], "1s", "100ms");
    world.start();
    world.until("a notice", |world| notices(world).len() == 1 && world.mails.len() == 1);
    world.stop();
    world.start();
    world.until_asked("/feed.xml", 1);
    world.kill();
    world.start();
    world.until_asked("/feed.xml", 1);
    world.stop();
    assert_eq!((notices(&world).len(), world.mails.len()), (1, 1));
}

#[test]
fn without_operators_a_failing_source_is_warned_of_by_check_and_shown_by_status() {
    let mut world = World::new();
    let check = world.atalaya(&["check"]);
    assert!(check.status.success());
    let said = [check.stdout, check.stderr].concat();
    assert!(String::from_utf8_lossy(&said).contains("nobody is told when a source fails"));
    world.start();
    world.until_asked("/feed.xml", 2);
    let status = status(&world);
    assert_eq!(status["troubles"][0]["kind"], "failing");
    assert_eq!(status["troubles"][0]["told"], false);
    world.stop();
    assert_eq!((world.mails.len(), world.calls.len()), (0, 0));
}

fn status(world: &World) -> Value {
    let output = world.atalaya(&["status", "--json"]);
    serde_json::from_slice(&output.stdout).expect("the status is JSON")
}
