//! Lines 1 to 8: what a server gave goes back to it, and nothing else does.

use super::stage::Script;
use super::stage::Stage;
use super::stage::ask;
use super::stage::change;
use super::stage::listing;
use super::stage::world;
use crate::world::Page;
use crate::world::World;

const ODD_ETAG: &str = "W/\"v 1,;=%41-é\"";
const ODD_DATE: &str = "thu, 1 jan 70 00:00:00 gmt-gzip";

fn tagged(page: Page, etag: &str) -> Page {
    page.with(&format!("etag: \"{etag}\""))
}

fn unchanged() -> Page {
    Page::status(304)
}

pub const SCRIPTS: &[Script] = &[
    Script::new("line-01", |url| {
        let first = listing(&["a"], url).with(&format!("ETag: {ODD_ETAG}")).with(&format!("Last-Modified: {ODD_DATE}"));
        vec![first, unchanged()]
    }),
    Script::new("line-02", |url| {
        let dated = listing(&["a"], url).with("last-modified: Tue, 24 Nov 2026 08:00:00 GMT");
        vec![tagged(listing(&["a"], url), "one"), dated, unchanged()]
    }),
    Script::new("line-03", |url| {
        vec![tagged(listing(&["a"], url), "one"), tagged(listing(&["a"], url), "two"), unchanged()]
    }),
    Script::new("line-04", |url| {
        let first = tagged(listing(&["a"], url), "one").with("last-modified: Tue, 24 Nov 2026 08:00:00 GMT");
        vec![first, tagged(unchanged(), "two"), unchanged()]
    }),
    Script::new("line-06", |url| {
        vec![
            tagged(listing(&["a"], url), "good"),
            tagged(Page::xml("out of memory"), "bad"),
            tagged(listing(&["a", "b"], url), "next"),
        ]
    }),
    Script::new("line-08", |url| vec![listing(&["a", "b"], url)]),
];

#[test]
fn line_01_validators_go_back_byte_for_byte() {
    let heard = Stage::share().heard("line-01", 3);
    assert_eq!((heard[0].header("if-none-match"), heard[0].header("if-modified-since")), (None, None));
    for request in &heard[1..3] {
        assert_eq!(request.header("if-none-match"), Some(ODD_ETAG));
        assert_eq!(request.header("if-modified-since"), Some(ODD_DATE));
    }
}

#[test]
fn line_02_a_200_without_etag_clears_the_old_etag() {
    let heard = Stage::share().heard("line-02", 3);
    assert_eq!(heard[1].header("if-none-match"), Some("\"one\""));
    assert_eq!(heard[2].header("if-none-match"), None);
    assert_eq!(heard[2].header("if-modified-since"), Some("Tue, 24 Nov 2026 08:00:00 GMT"));
}

#[test]
fn line_03_validators_are_replaced_though_the_body_is_the_same() {
    assert_eq!(Stage::share().heard("line-03", 3)[2].header("if-none-match"), Some("\"two\""));
}

#[test]
fn line_04_the_headers_of_a_304_update_what_is_stored() {
    let heard = Stage::share().heard("line-04", 3);
    assert_eq!(heard[2].header("if-none-match"), Some("\"two\""));
    assert_eq!(heard[2].header("if-modified-since"), Some("Tue, 24 Nov 2026 08:00:00 GMT"), "kept");
}

#[test]
fn line_05_validators_outlive_errors_and_restarts_but_not_another_address() {
    let mut world = world(&[("paper", "paper.test", "/feed")], "");
    let url = |path: &str| world.site.url_at("paper.test", path);
    let first = tagged(listing(&["a"], &url), "one");
    world.site.serve_in_turn("/feed", vec![first, Page::status(500), unchanged()]);
    world.start();
    until_heard(&mut world, "/feed", 2);
    world.stop();
    world.start();
    until_heard(&mut world, "/feed", 3);
    let heard = world.site.heard_for("/feed");
    for request in &heard[1..] {
        assert_eq!(request.header("if-none-match"), Some("\"one\""));
    }
    world.site.serve("/elsewhere", Page::status(404));
    let configuration = world.configuration().replace("/feed\"", "/elsewhere\"");
    world.configure(&configuration);
    world.signal("HUP");
    until_heard(&mut world, "/elsewhere", 1);
    assert_eq!(world.site.heard_for("/elsewhere")[0].header("if-none-match"), None);
}

#[test]
fn line_06_a_200_that_did_not_parse_never_installs_validators() {
    let stage = Stage::share();
    let heard = stage.heard("line-06", 3);
    assert_eq!(heard[1].header("if-none-match"), Some("\"good\""));
    assert_eq!(heard[2].header("if-none-match"), Some("\"good\""), "those of what was read");
    stage.until_told("SELECT COUNT(*) FROM item WHERE source = 'line-06'", "2");
}

#[test]
fn line_07_a_server_stuck_at_304_is_asked_without_a_condition_once_and_named() {
    let mut world = world(&[("paper", "paper.test", "/feed")], "");
    let url = |path: &str| world.site.url_at("paper.test", path);
    world.site.serve_in_turn("/feed", vec![tagged(listing(&["a"], &url), "one"), unchanged()]);
    world.start();
    until_heard(&mut world, "/feed", 2);
    world.stop();
    let database = world.state().join("atalaya.db");
    // A month of 304s.
    let trust = r#"{"usual_gap":"PT6H","unchanged_since":"2020-01-01T00:00:00Z"}"#;
    change(&database, &format!("UPDATE source SET trust = '{trust}', next_at = 0"));
    let old_news = super::stage::raw(
        "<item><guid>b</guid><title>B</title><link>http://paper.example/b</link>\
         <pubDate>Wed, 01 Jul 2020 08:00:00 GMT</pubDate></item>",
    );
    world.site.serve_in_turn("/feed", vec![tagged(old_news, "two"), unchanged()]);
    let before = world.site.heard_for("/feed").len();
    world.start();
    until_heard(&mut world, "/feed", before + 2);
    let heard = world.site.heard_for("/feed");
    assert_eq!(heard[before].header("if-none-match"), None, "to see whether it is true");
    assert_eq!(heard[before + 1].header("if-none-match"), None, "proven: not believed for eight days");
    assert!(ask(&database, "SELECT trust FROM source").contains("\"stuck\""));
    assert!(
        world.log().contains("said \\\"not modified\\\" although")
            || world.log().contains("said \"not modified\" although"),
        "{}",
        world.log()
    );
}

#[test]
fn line_08_a_known_body_is_no_work() {
    let stage = Stage::share();
    stage.heard("line-08", 4);
    assert_eq!(stage.ask("SELECT COUNT(*) FROM item WHERE source = 'line-08'"), "2");
    assert_eq!(stage.ask("SELECT json_extract(reason, '$.code') FROM source WHERE name = 'line-08'"), "nothing_new");
}

/// Waits until a path was asked for so often, from the beginning.
pub fn until_heard(world: &mut World, path: &str, count: usize) {
    world.until(&format!("{path} is asked for {count} times"), |world| world.site.heard_for(path).len() >= count);
}
