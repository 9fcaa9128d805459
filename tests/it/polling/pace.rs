//! Lines 15 to 17: spread out, one fetch for all who ask the same, one connection and a gap for each host.

use super::stage::ask;
use super::stage::change;
use super::stage::listing;
use super::stage::until;
use super::stage::world;
use super::validators::until_heard;
use crate::world::Page;
use crate::world::World;
use serde_json::Value;
use std::collections::HashSet;
use std::fmt::Write as _;
use std::time::Duration;

#[test]
fn line_15_first_polls_are_spread_and_later_ones_drift_apart() {
    let names: Vec<(String, String, String)> =
        (0..20).map(|number| (format!("s{number}"), format!("s{number}.test"), format!("/s{number}"))).collect();
    let sources: Vec<_> = names.iter().map(|(a, b, c)| (a.as_str(), b.as_str(), c.as_str())).collect();
    let mut world = world(&sources, "");
    for (_, _, path) in &sources {
        let url = |path: &str| world.site.url(path);
        world.site.serve(path, listing(&["a"], &url));
    }
    world.start();
    let heard = |path: &str, count: usize| {
        until("it is asked", || {
            let heard = world.site.heard_for(path);
            (heard.len() >= count).then_some(heard)
        })
    };
    let firsts: Vec<_> = sources.iter().map(|(_, _, path)| heard(path, 1)[0].at).collect();
    let width = *firsts.iter().max().expect("some") - *firsts.iter().min().expect("some");
    assert!(width > Duration::from_millis(300), "all at once: {width:?}");
    let database = world.state().join("atalaya.db");
    let waits = || {
        ask(
            &database,
            "SELECT COUNT(DISTINCT wait) || ' ' || (MIN(wait) >= 1000000) || ' ' || (MAX(wait) <= 1100000) FROM source WHERE polls > 0",
        )
    };
    until("each has its own pace", || (waits() == "20 1 1").then_some(()));
}

#[test]
fn line_16_sources_with_one_address_cost_one_fetch() {
    let sources = [("one", "paper.test", "/feed"), ("two", "paper.test", "/feed"), ("three", "paper.test", "/feed")];
    let mut world = world(&sources, "");
    let url = |path: &str| world.site.url_at("paper.test", path);
    let first = listing(&["a", "b"], &url).with("etag: \"one\"");
    world.site.serve_in_turn("/feed", vec![first, Page::status(304), listing(&["c"], &url)]);
    world.start();
    until_heard(&mut world, "/feed", 3);
    let database = world.state().join("atalaya.db");
    let items = "SELECT group_concat(count) FROM (SELECT COUNT(*) AS count FROM item GROUP BY source)";
    until("each has every entry", || (ask(&database, items) == "3,3,3").then_some(()));
    let heard = world.site.heard_for("/feed");
    assert_eq!(heard[1].header("if-none-match"), Some("\"one\""), "what one fetch gave holds for all");
    for pair in heard.windows(2) {
        let gap = pair[1].at - pair[0].at;
        assert!(gap > Duration::from_millis(950), "a second fetch within the interval: {gap:?}");
    }
    world.stop();
}

/// What `atalaya poll --json` says of each source, and its exit status.
fn polled(world: &World, arguments: &[&str]) -> (Vec<Value>, Option<i32>) {
    let output = world.atalaya(&[&["poll", "--json"], arguments].concat());
    let lines = String::from_utf8(output.stdout).expect("text");
    (lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect(), output.status.code())
}

/// Two sources at one address and one elsewhere, asked hourly, each heard once.
fn hourly(first: Page) -> World {
    let sources = [("one", "paper.test", "/feed"), ("two", "paper.test", "/feed"), ("other", "other.test", "/other")];
    let mut world = world(&sources, "");
    world.configure(&world.configuration().replace("every = \"1s\"", "every = \"1h\""));
    let url = |path: &str| world.site.url_at("paper.test", path);
    world.site.serve_in_turn("/feed", vec![first, listing(&["a", "b"], &url)]);
    world.site.serve("/other", listing(&["a"], &url));
    world.start();
    let database = world.state().join("atalaya.db");
    let heard = "SELECT COUNT(*) FROM source WHERE reason IS NOT NULL AND owner IS NULL";
    until("each was polled once", || (ask(&database, heard) == "3").then_some(()));
    world
}

/// As if all that was asked for had been `minutes` ago.
fn pass(world: &World, minutes: u32) {
    let statement = format!("UPDATE source SET asked_at = asked_at - {minutes} * 60000000");
    change(&world.state().join("atalaya.db"), &statement);
}

#[test]
fn line_16_a_wish_is_granted_with_a_condition_and_once_for_all_who_ask_the_same() {
    let url = |path: &str| format!("http://paper.test{path}");
    let mut world = hourly(listing(&["a"], &url).with("etag: \"one\""));
    pass(&world, 20);
    let (answers, code) = polled(&world, &["one", "two", "--wait"]);
    assert_eq!(code, Some(0), "{answers:?}");
    for answer in &answers {
        assert!(answer["poll"] == "due" && answer["hold"].is_null() || answer["poll"] == "under_way", "{answer}");
        assert_eq!(answer["outcome"]["reason"]["code"], "new_entries", "{answer}");
    }
    let heard = world.site.heard_for("/feed");
    assert_eq!(heard.len(), 2, "one fetch for both wishes");
    assert_eq!(heard[1].header("if-none-match"), Some("\"one\""));

    // And not again within the floor, however often it is wished.
    for _ in 0..3 {
        let (answers, code) = polled(&world, &["two"]);
        assert_eq!(code, Some(0));
        assert_eq!((&answers[0]["hold"]["why"], &answers[0]["hold"]["seconds"]), (&"floor".into(), &900.into()));
    }
    pass(&world, 20);
    assert_eq!(polled(&world, &["other", "--wait"]).1, Some(0));
    assert_eq!(world.site.heard_for("/feed").len(), 2);
    assert_eq!(world.site.heard_for("/other").len(), 2);
    world.stop();
}

#[test]
fn line_16_no_wish_ends_a_pause_and_only_wishes_pass_over_what_failures_made() {
    let mut world = hourly(Page::status(429).with("retry-after: 7200"));
    pass(&world, 20);
    let (answers, _) = polled(&world, &["two"]);
    assert_eq!(answers[0]["hold"]["why"], "pause", "{answers:?}");
    let people = world.atalaya(&["poll", "two"]);
    let told = String::from_utf8_lossy(&people.stdout).into_owned();
    assert!(told.contains("asked 20 min") && told.contains("is paused until"), "{told}");

    world.site.serve("/other", Page::status(404));
    let (answers, code) = polled(&world, &["other", "--wait"]);
    assert_eq!((code, &answers[0]["outcome"]["reason"]["status"]), (Some(1), &404.into()), "{answers:?}");
    pass(&world, 20);
    let url = |path: &str| world.site.url_at("paper.test", path);
    world.site.serve("/other", listing(&["a", "b"], &url));
    let (answers, code) = polled(&world, &["other", "--wait"]);
    assert_eq!((code, &answers[0]["outcome"]["failures"]), (Some(0), &0.into()), "{answers:?}");
    assert_eq!(world.site.heard_for("/feed").len(), 1, "paused all the while");
    world.stop();
}

#[test]
fn line_16_a_wish_waits_in_the_store_for_the_next_daemon_and_an_unknown_name_is_said() {
    let url = |path: &str| format!("http://paper.test{path}");
    let mut world = hourly(listing(&["a"], &url));
    world.stop();
    pass(&world, 20);
    let unknown = world.atalaya(&["poll", "one", "oter", "t"]);
    let complaint = String::from_utf8_lossy(&unknown.stderr).into_owned();
    assert_eq!(unknown.status.code(), Some(1));
    assert!(complaint.contains("`oter`: did you mean `other`?"), "{complaint}");
    assert!(complaint.contains("`t`: did you mean `other`, `two`?"), "{complaint}");
    let database = world.state().join("atalaya.db");
    let soon = "SELECT COUNT(*) FROM source WHERE next_at < CAST(unixepoch() AS INTEGER) * 1000000 + 60000000";
    assert_eq!(ask(&database, soon), "0", "a wish with a fault changes nothing");
    assert_eq!(polled(&world, &["one"]).1, Some(0));
    world.start();
    until_heard(&mut world, "/feed", 2);
    assert_eq!(world.site.heard_for("/other").len(), 1);
    world.stop();
}

#[test]
fn line_16_sources_that_share_a_sitemap_share_its_parts() {
    let sources = [("one", "paper.test", "/index"), ("two", "paper.test", "/index"), ("three", "paper.test", "/index")];
    let mut world = world(&sources, "");
    world.configure(&world.configuration().replace("feed = ", "sitemap = "));
    let url = |path: &str| world.site.url_at("paper.test", path);
    let parts = ["/part-1", "/part-2"];
    let index: String = parts.iter().map(|part| format!("<sitemap><loc>{}</loc></sitemap>", url(part))).collect();
    world.site.serve("/index", Page::xml(format!("<sitemapindex>{index}</sitemapindex>")));
    for part in parts {
        world.site.serve(
            part,
            Page::xml(format!(
                "<urlset xmlns:news=\"http://www.google.com/schemas/sitemap-news/0.9\"><url><loc>{}</loc><news:news>\
             <news:publication_date>2026-03-04T08:00:00Z</news:publication_date><news:title>A report</news:title>\
             </news:news></url></urlset>",
                url(&format!("/article?{part}"))
            )),
        );
    }
    world.start();
    let database = world.state().join("atalaya.db");
    let items = "SELECT group_concat(count) FROM (SELECT COUNT(*) AS count FROM item GROUP BY source)";
    until("each has the pages of every part", || (ask(&database, items) == "2,2,2").then_some(()));
    until_heard(&mut world, "/index", 3);
    world.stop();
    let polls = world.site.heard_for("/index").len();
    for part in parts {
        let asked = world.site.heard_for(part).len();
        assert!((1..=polls).contains(&asked), "{part} was asked for {asked} times in {polls} polls");
    }
}

#[test]
fn line_17_polls_and_reads_of_a_host_share_one_connection_and_its_gap() {
    let sources = [("one", "paper.test", "/one"), ("two", "paper.test", "/two")];
    let mut world = world(&sources, "gap = \"300ms\"\nconnections = 1");
    let mut items = String::new();
    for number in 0..4 {
        let path = format!("/page-{number}");
        let link = world.site.url_at("paper.test", &path);
        world.site.serve(&path, Page::html(crate::world::article(&path, "Nothing.")));
        let _written = write!(items, "<item><guid>{path}</guid><title>{path}</title><link>{link}</link></item>");
    }
    world.site.serve("/one", super::stage::raw(&items));
    world.site.serve("/two", super::stage::raw(""));
    world.start();
    until("all pages are read", || {
        let heard = world.site.heard();
        let pages: HashSet<_> =
            heard.iter().map(|heard| heard.path()).filter(|path| path.starts_with("/page")).collect();
        (pages.len() == 4 && heard.iter().any(|heard| heard.path() == "/two")).then_some(())
    });
    let heard = world.site.heard();
    for pair in heard.windows(2) {
        let gap = pair[1].at - pair[0].at;
        assert!(gap >= Duration::from_millis(295), "{} after {}: {gap:?}", pair[1].path(), pair[0].path());
    }
}
