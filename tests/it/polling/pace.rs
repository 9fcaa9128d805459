//! Lines 15 to 17: spread out, one fetch for all who ask the same, one connection and a gap for each host.

use super::stage::ask;
use super::stage::listing;
use super::stage::until;
use super::stage::world;
use super::validators::until_heard;
use crate::world::Page;
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
