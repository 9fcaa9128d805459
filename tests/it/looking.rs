//! Pages that were told are looked at again: what changes of the told facts, a correction and a removal are told as
//! updates, with a diff, once; and nothing else is told.

use crate::world::Page;
use crate::world::World;
use crate::world::article;
use crate::world::entry;
use crate::world::python;
use serde_json::Value;
use std::collections::BTreeSet;

const TITLE: &str = "Twelve men were tortured in Puerto Claro";
const BODY: &str = "Twelve men say that they suffered torture at the port of Puerto Claro on Monday. Their lawyer, Inés \
    Quiroga, filed the complaint at the district court.";

/// A world in which one alert was told, and the page is looked at so long after it.
fn told(look_again: &str) -> World {
    let mut world = World::new();
    let configuration = format!("{}\n[evidence]\nlook_again = {look_again}\n", world.configuration());
    world.configure(&configuration);
    let link = world.site.article("/news/a", TITLE, BODY);
    world.site.serve("/", Page::html("<title>An invented paper</title><p>Today's news.</p>"));
    world.site.feed("/feed.xml", &[entry("a", TITLE, link)]);
    world.start();
    world.until("the alert", |world| world.mails.len() == 1 && world.calls.len() == 1);
    world
}

/// Lets so many looks happen, and the messages that they would have caused.
fn looks(world: &mut World, times: usize) {
    world.until_asked("/news/a", times);
    world.until_asked("/feed.xml", 2);
}

fn updated(world: &mut World) -> (Value, Value) {
    world.until("the update", |world| world.mails.len() == 2 && world.calls.len() == 2);
    (world.mails[1].clone(), world.calls[1].clone())
}

fn update(call: &Value) -> Value {
    let body: Value = match &call["body"] {
        Value::String(text) => serde_json::from_str(text).expect("JSON"),
        value => value.clone(),
    };
    assert_eq!(body["type"], "alert.updated");
    assert_eq!(body["data"]["revision"], 2);
    body["data"]["update"].clone()
}

fn why(world: &World) -> Value {
    let output = world.atalaya(&["why", "--json", &world.site.url("/news/a")]);
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn codes(why: &Value) -> Vec<&str> {
    why["looks"]
        .as_array()
        .expect("looks")
        .iter()
        .map(|look| look["reason"]["code"].as_str().expect("a code"))
        .collect()
}

#[test]
fn an_edit_of_what_matched_is_told_with_a_diff_once() {
    let mut world = told("[\"1s\", \"5s\", \"10s\"]");
    world
        .site
        .serve("/news/a", Page::html(article(TITLE, &BODY.replace("Twelve", "Fourteen").replace("Monday", "Friday"))));
    let (mail, call) = updated(&mut world);
    assert_eq!(World::header(&mail, "Subject"), format!("Update: {TITLE}"));
    assert_eq!(World::header(&mail, "In-Reply-To"), World::header(&world.mails[0], "Message-ID"));
    let raw = mail.to_string();
    assert!(raw.contains("[-Twelve-] {+Fourteen+} men say"), "{raw}");
    let update = update(&call);
    assert_eq!(update["kind"], "edited");
    let facts = update["facts"].to_string();
    assert!(facts.contains("twelve monday") && facts.contains("fourteen friday"), "{facts}");
    assert_eq!(update["diff"][0]["pieces"][0], serde_json::json!({"change": "removed", "text": "Twelve"}));
    looks(&mut world, 1);
    world.stop();
    assert_eq!((world.mails.len(), world.calls.len()), (2, 2));
    let why = why(&world);
    assert_eq!(codes(&why)[0], "updated", "{why}");
    assert!(codes(&why)[1..].iter().all(|code| *code == "unchanged"), "{why}");
    let told = String::from_utf8_lossy(&world.atalaya(&["why", &world.site.url("/news/a")]).stdout).into_owned();
    assert!(told.contains("looked at again: told as edited"), "{told}");
    let verified = world.atalaya(&["evidence", "verify", "--json"]);
    let verified: Value = serde_json::from_slice(&verified.stdout).expect("JSON");
    assert_eq!((&verified["records"], &verified["flaws"]), (&2.into(), &serde_json::json!([])), "{verified}");
    let out = world.state().with_file_name("case");
    let exported = world.atalaya(&["evidence", "export", "2", "--json", "--out", &out.display().to_string()]);
    let exported: Value = serde_json::from_slice(&exported.stdout).expect("JSON");
    assert_eq!(exported["records"], 2, "{exported}");
}

#[test]
fn typography_links_and_counters_are_no_update() {
    let mut world = told("[\"1s\"]");
    let page = article(TITLE, &BODY.replace("Inés", "Ine\u{301}s").replace(", filed", " – filed"))
        .replace("</article>", "<p>Read also: the harbour</p><p>17 comments</p></article>")
        .replace("An invented paper", "An invented paper, now with advertisements");
    world.site.serve("/news/a", Page::html(page));
    looks(&mut world, 1);
    world.stop();
    assert_eq!((world.mails.len(), world.calls.len()), (1, 1));
    let why = why(&world);
    assert!(codes(&why).iter().all(|code| ["unchanged", "no_fact_changed"].contains(code)), "{why}");
}

#[test]
fn a_notice_of_correction_is_told() {
    let mut world = told("[\"1s\"]");
    let notice = "Correction: an earlier version of this report misspelled the name of the lawyer.";
    world.site.serve("/news/a", Page::html(article(TITLE, &format!("{BODY}</p><p>{notice}"))));
    let (mail, call) = updated(&mut world);
    assert_eq!(World::header(&mail, "Subject"), format!("Corrected: {TITLE}"));
    let update = update(&call);
    assert_eq!(update["kind"], "corrected");
    assert!(update["facts"].to_string().contains(notice), "{update}");
    world.stop();
}

#[test]
fn a_page_that_is_gone_twice_is_told_as_removed_once_and_as_restored_when_it_is_back() {
    let mut world = told("[\"1s\", \"5s\", \"9s\", \"13s\", \"17s\"]");
    world.site.serve("/news/a", Page::status(404));
    let (mail, call) = updated(&mut world);
    assert_eq!(World::header(&mail, "Subject"), format!("Removed: {TITLE}"));
    assert_eq!(update(&call)["kind"], "removed");
    assert_eq!(codes(&why(&world)), ["doubtful", "updated"]);
    looks(&mut world, 1);
    world.site.article("/news/a", TITLE, BODY);
    world.until("that it is back", |world| world.mails.len() == 3 && world.calls.len() == 3);
    assert_eq!(World::header(&world.mails[2], "Subject"), format!("Restored: {TITLE}"));
    world.stop();
    assert_eq!(codes(&why(&world)), ["doubtful", "updated", "still_gone", "updated"]);
}

#[test]
fn a_page_that_is_gone_for_a_moment_is_not_told() {
    let mut world = told("[\"1s\"]");
    let back = Page::html(article(TITLE, BODY));
    world.site.serve_in_turn("/news/a", vec![Page::status(410), back]);
    looks(&mut world, 2);
    world.stop();
    assert_eq!((world.mails.len(), world.calls.len()), (1, 1));
    assert_eq!(codes(&why(&world))[..2], ["doubtful", "unchanged"]);
}

#[test]
fn an_outage_and_a_wall_are_no_removal_and_are_looked_at_again() {
    let wall = Page::html("<title>Just a moment...</title><p>Enable JavaScript and cookies to continue</p>");
    for page in [Page::status(503), Page::status(403), wall] {
        let mut world = told("[\"1s\", \"20s\"]");
        let back = Page::html(article(TITLE, BODY));
        world.site.serve_in_turn("/news/a", vec![page.clone(), page, back]);
        looks(&mut world, 3);
        world.stop();
        assert_eq!((world.mails.len(), world.calls.len()), (1, 1));
        let why = why(&world);
        assert_eq!(codes(&why)[2..], ["unchanged"], "{why}");
    }
}

#[test]
fn a_redirect_to_the_home_page_or_a_page_that_says_missing_is_a_removal() {
    let missing = Page::html("<title>Page not found</title><h1>Page not found</h1><p>Go back to the home page.</p>");
    for page in [Page::to(302, "/"), missing] {
        let mut world = told("[\"1s\"]");
        world.site.serve("/news/a", page);
        let (_, call) = updated(&mut world);
        assert_eq!(update(&call)["kind"], "removed");
        world.stop();
    }
}

#[test]
fn a_restart_between_looks_loses_nothing_and_repeats_nothing() {
    let mut world = told("[\"1s\", \"6s\", \"12s\"]");
    world.site.serve("/news/a", Page::html(article(TITLE, &BODY.replace("Twelve", "Thirty"))));
    updated(&mut world);
    world.kill();
    world.site.serve("/news/a", Page::html(article(TITLE, &BODY.replace("Twelve", "Forty"))));
    world.start();
    world.until("the second update", |world| tellings(world) == (3, 3));
    world.stop();
    world.start();
    world.until_asked("/feed.xml", 3);
    world.stop();
    assert_eq!(tellings(&world), (3, 3));
}

/// Mails and calls that a receiver takes for different ones: the kill may have come between the last byte and the commit.
fn tellings(world: &World) -> (usize, usize) {
    let mails: BTreeSet<String> = world.mails.iter().map(|mail| World::header(mail, "Message-ID")).collect();
    let calls: BTreeSet<String> = world.calls.iter().map(|call| call["id"].to_string()).collect();
    (mails.len(), calls.len())
}

#[test]
fn an_empty_list_looks_at_nothing_again() {
    let mut world = told("[]");
    world.site.serve("/news/a", Page::status(404));
    world.until_asked("/feed.xml", 3);
    world.stop();
    assert_eq!(world.site.heard_for("/news/a").len(), 1);
    let why = why(&world);
    assert_eq!((&why["looks"], &why["next_look"]), (&serde_json::json!([]), &Value::Null));
}

#[test]
fn another_way_of_reading_the_same_bytes_is_no_edit() {
    let mut world = told("[\"4s\"]");
    // As an older extractor might have read it.
    let older = "UPDATE article SET about = json_set(about, '$.title', 'Seven people fled over the hills by night')";
    let database = world.state().join("atalaya.db").display().to_string();
    let changed = python("spoil.py", &[&database, older]);
    assert!(changed.status.success(), "{}", String::from_utf8_lossy(&changed.stderr));
    looks(&mut world, 1);
    world.stop();
    assert_eq!((world.mails.len(), world.calls.len()), (1, 1));
    assert_eq!(codes(&why(&world)), ["unchanged"]);
}

#[test]
fn a_page_that_has_not_changed_need_not_be_sent_again_and_the_last_look_asks_for_it_all_the_same() {
    let mut world = World::new();
    let configuration = format!("{}\n[evidence]\nlook_again = [\"1s\", \"2s\", \"3s\"]\n", world.configuration());
    world.configure(&configuration);
    let page = |etag: &str| {
        let dated = Page::html(article(TITLE, BODY)).with(&format!("etag: {etag}"));
        dated.with("last-modified: Tue, 03 Mar 2026 10:00:00 GMT")
    };
    // The second 304 belongs to the ETag that the first look did not bring.
    world.site.serve_in_turn("/news/a", vec![page("\"one\""), Page::status(304), Page::status(304), page("\"two\"")]);
    let link = world.site.url("/news/a");
    world.site.feed("/feed.xml", &[entry("a", TITLE, link)]);
    world.start();
    world.until("the alert", |world| world.mails.len() == 1 && world.calls.len() == 1);
    looks(&mut world, 3);
    world.stop();
    let heard = world.site.heard_for("/news/a");
    let asked_with: Vec<_> = heard.iter().map(|heard| heard.header("if-none-match")).collect();
    assert_eq!(asked_with, [None, Some("\"one\""), Some("\"one\""), None]);
    assert_eq!(heard[1].header("if-modified-since"), Some("Tue, 03 Mar 2026 10:00:00 GMT"));
    assert_eq!((world.mails.len(), world.calls.len()), (1, 1));
    let why = why(&world);
    assert_eq!(codes(&why), ["unchanged", "unchanged", "unchanged"], "{why}");
}

#[test]
fn an_edit_under_a_new_etag_is_told_and_the_next_look_asks_with_that() {
    let mut world = World::new();
    let configuration = format!("{}\n[evidence]\nlook_again = [\"1s\", \"2s\", \"10s\"]\n", world.configuration());
    world.configure(&configuration);
    let edited = article(TITLE, &BODY.replace("Twelve", "Fourteen"));
    world.site.serve_in_turn(
        "/news/a",
        vec![
            Page::html(article(TITLE, BODY)).with("etag: \"one\""),
            Page::html(edited).with("etag: \"two\""),
            Page::status(304),
        ],
    );
    let link = world.site.url("/news/a");
    world.site.feed("/feed.xml", &[entry("a", TITLE, link)]);
    world.start();
    let (_, call) = updated(&mut world);
    assert_eq!(update(&call)["kind"], "edited");
    world.until_asked("/feed.xml", 3);
    world.stop();
    let heard = world.site.heard_for("/news/a");
    let asked_with: Vec<_> = heard.iter().map(|heard| heard.header("if-none-match")).collect();
    assert_eq!(asked_with, [None, Some("\"one\""), Some("\"two\"")]);
    assert_eq!(codes(&why(&world)), ["updated", "unchanged"]);
}
