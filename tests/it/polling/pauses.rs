//! Lines 18 to 22, 27 and 28: what a server asks for is done, and trouble makes patient.

use super::stage::Script;
use super::stage::Stage;
use super::stage::ask;
use super::stage::change;
use super::stage::listing;
use super::stage::until;
use super::stage::world;
use super::validators::until_heard;
use crate::world::Page;
use std::time::Duration;

pub const SCRIPTS: &[Script] = &[
    Script::new("line-21", |_| vec![Page::status(429).with("retry-after: 316800")]),
    Script::new("line-21-garbage", |url| vec![Page::status(503).with("retry-after: soon"), listing(&["a"], url)]),
    Script::new("line-22", |url| vec![Page::status(500), Page::status(404), listing(&["a"], url)]),
    Script::new("line-27", |url| vec![listing(&["a"], url), Page::status(410)]),
    Script::new("line-28", |url| {
        let portal = "<!doctype html><html><head><title>Log in</title></head><body>Please log in.</body></html>";
        vec![listing(&["a"], url).with("etag: \"feed\""), Page::html(portal).with("etag: \"portal\"")]
    }),
];

#[test]
fn line_18_a_429_pauses_its_host_for_an_hour_and_over_a_restart() {
    let mut world = world(
        &[("loud", "paper.test", "/loud"), ("quiet", "paper.test", "/quiet"), ("other", "other.test", "/other")],
        "",
    );
    let url = |path: &str| world.site.url_at("paper.test", path);
    world.site.serve_in_turn("/loud", vec![listing(&["a"], &url), Page::status(429)]);
    world.site.serve("/quiet", listing(&["a"], &url));
    world.site.serve("/other", listing(&["a"], &url));
    world.start();
    until_heard(&mut world, "/loud", 2);
    let database = world.state().join("atalaya.db");
    let hours = "SELECT (ends - CAST(unixepoch('subsec') * 1000000 AS INTEGER)) / 3590000000 FROM pause WHERE key = 'paper.test' OR key LIKE '.%'";
    until("the pause is written down", || matches!(ask(&database, hours).as_str(), "1" | "2").then_some(()));
    let quiet = world.site.heard_for("/quiet").len();
    let other = world.site.heard_for("/other").len();
    until_heard(&mut world, "/other", other + 2);
    assert!(world.site.heard_for("/quiet").len() <= quiet + 1, "its host pauses");
    world.stop();
    let quiet = world.site.heard_for("/quiet").len();
    let other = world.site.heard_for("/other").len();
    world.start();
    until_heard(&mut world, "/other", other + 2);
    assert_eq!(world.site.heard_for("/quiet").len(), quiet, "and pauses after a restart");
    assert_eq!(world.site.heard_for("/loud").len(), 2);
    world.stop();
}

/// Two claims race with the beginning of a pause: as if the store did not know yet which hosts they ask.
#[test]
fn line_18_who_was_claimed_when_a_pause_began_keeps_nobody_waiting() {
    let sources = [("ana", "ana.test", "/ana"), ("luz", "luz.test", "/luz"), ("other", "other.test", "/other")];
    let mut world = world(&sources, "");
    world.configure(&world.configuration().replace("[egress]\n", "[egress]\nconcurrency = 2\n"));
    let url = |path: &str| world.site.url("/article").replace("/article", path);
    for (_, _, path) in sources {
        world.site.serve(path, listing(&["a"], &url));
    }
    world.start();
    for (_, _, path) in sources {
        until_heard(&mut world, path, 1);
    }
    world.stop();
    let database = world.state().join("atalaya.db");
    let port = world.site.url("").rsplit(':').next().expect("a port").trim_end_matches('/').to_owned();
    change(
        &database,
        &format!(
            "UPDATE source SET host = 'unknown-' || name, next_at = 0 WHERE name <> 'other';
             INSERT INTO pause SELECT column1, (unixepoch() + 8) * 1000000
                 FROM (VALUES ('ana.test:{port}'), ('luz.test:{port}'));"
        ),
    );
    let before = world.site.heard().len();
    world.start();
    until("the others go on, and at the end of their pause they come back", || {
        let heard = world.site.heard();
        let of =
            |path: &str| heard[before..].iter().filter(|heard| heard.path() == path).map(|heard| heard.at).collect();
        let (ana, luz, other): (Vec<_>, Vec<_>, Vec<_>) = (of("/ana"), of("/luz"), of("/other"));
        let back = *ana.first()?.min(luz.first()?);
        let meanwhile = other.iter().filter(|at| **at < back).count();
        assert!(meanwhile >= 3, "{meanwhile} polls of a host that does not pause");
        Some(())
    });
    let asked = "SELECT COUNT(*) FROM source WHERE asked_at > heard_at + 1000000";
    until("what was not asked is not written down as asked", || (ask(&database, asked) == "0").then_some(()));
    world.stop();
}

#[test]
fn line_19_a_429_of_one_subdomain_pauses_its_service() {
    let sources = [
        ("ana", "ana.blogs.test", "/ana"),
        ("luz", "luz.blogs.test", "/luz"),
        ("other", "blogs-of-others.test", "/other"),
    ];
    let mut world = world(&sources, "");
    let url = |path: &str| world.site.url(path);
    world.site.serve("/ana", Page::status(429).with("retry-after: 7200"));
    world.site.serve("/luz", listing(&["a"], &url));
    world.site.serve("/other", listing(&["a"], &url));
    world.start();
    until_heard(&mut world, "/ana", 1);
    let database = world.state().join("atalaya.db");
    until("the pause is written down", || {
        ask(&database, "SELECT key FROM pause").starts_with(".blogs.test:").then_some(())
    });
    let luz = world.site.heard_for("/luz").len();
    let other = world.site.heard_for("/other").len();
    until_heard(&mut world, "/other", other + 3);
    assert!(world.site.heard_for("/luz").len() <= luz + 1, "its service pauses");
    world.stop();
}

#[test]
fn line_20_a_503_pauses_its_feed_and_the_host_only_after_a_second_feed() {
    let sources = [
        ("one", "paper.test", "/one"),
        ("two", "paper.test", "/two"),
        ("three", "paper.test", "/three"),
        ("other", "other.test", "/other"),
    ];
    let mut world = world(&sources, "");
    let url = |path: &str| world.site.url_at("paper.test", path);
    world.site.serve("/one", Page::status(503).with("retry-after: 600"));
    for path in ["/two", "/three", "/other"] {
        world.site.serve(path, listing(&["a"], &url));
    }
    world.start();
    until_heard(&mut world, "/one", 1);
    let two = world.site.heard_for("/two").len();
    until_heard(&mut world, "/two", two + 2);
    assert_eq!(world.site.heard_for("/one").len(), 1, "the feed pauses");
    world.site.serve("/two", Page::status(503).with("retry-after: 600"));
    let database = world.state().join("atalaya.db");
    until("the host pauses", || ask(&database, "SELECT key FROM pause").starts_with("paper.test:").then_some(()));
    let three = world.site.heard_for("/three").len();
    let other = world.site.heard_for("/other").len();
    until_heard(&mut world, "/other", other + 2);
    assert!(world.site.heard_for("/three").len() <= three + 1, "two feeds of it cannot: the host pauses");
    world.stop();
}

#[test]
fn line_21_retry_after_is_capped_and_garbage_ignored() {
    let stage = Stage::share();
    stage.heard("line-21", 1);
    let hours = |source: &str| {
        format!(
            "SELECT (next_at - CAST(unixepoch('subsec') * 1000000 AS INTEGER)) / 3600000000 FROM source WHERE name = '{source}'"
        )
    };
    until("88 hours become 48 and up to one", || {
        matches!(stage.ask(&hours("line-21")).as_str(), "47" | "48").then_some(())
    });
    let heard = stage.heard("line-21-garbage", 2);
    assert!(heard[1].at - heard[0].at < Duration::from_secs(60), "seconds, not an hour");
}

#[test]
fn line_22_the_pause_grows_with_each_failure_and_ends_with_a_success() {
    let stage = Stage::share();
    let heard = stage.heard("line-22", 3);
    assert!(heard[1].at - heard[0].at >= Duration::from_millis(1900));
    assert!(heard[2].at - heard[1].at >= Duration::from_millis(3900));
    stage.until_told("SELECT failures FROM source WHERE name = 'line-22'", "0");
    let heard = stage.heard("line-22", 4);
    assert!(heard[3].at - heard[2].at < Duration::from_millis(7900), "a third failure would wait eight seconds");
}

#[test]
fn line_27_a_410_ends_the_polling_and_says_so() {
    let stage = Stage::share();
    stage.until_told("SELECT gone_at IS NOT NULL AND due_at IS NULL FROM source WHERE name = 'line-27'", "1");
    let others = stage.heard("line-08", 1).len();
    stage.heard("line-08", others + 3);
    assert_eq!(stage.heard("line-27", 2).len(), 2);
    assert!(stage.log().contains("is gone for good by its server's word (410)"));
    assert_eq!(stage.ask("SELECT json_extract(reason, '$.status') FROM source WHERE name = 'line-27'"), "410");
}

#[test]
fn line_27_a_source_that_was_gone_is_asked_again_when_it_is_switched_off_and_on() {
    let mut world = world(&[("paper", "paper.test", "/feed"), ("other", "other.test", "/other")], "");
    let url = |path: &str| world.site.url_at("paper.test", path);
    world.site.serve_in_turn("/feed", vec![Page::status(410), listing(&["a"], &url)]);
    world.site.serve("/other", listing(&["a"], &url));
    world.start();
    let database = world.state().join("atalaya.db");
    until("it is gone", || {
        (ask(&database, "SELECT gone_at IS NOT NULL FROM source WHERE name = 'paper'") == "1").then_some(())
    });
    let on = world.configuration();
    world.configure(&on.replace("[source.paper]\n", "[source.paper]\nenabled = false\n"));
    world.signal("HUP");
    until("it is off", || (ask(&database, "SELECT watched FROM source WHERE name = 'paper'") == "0").then_some(()));
    assert_eq!(world.site.heard_for("/feed").len(), 1);
    world.configure(&on);
    world.signal("HUP");
    until_heard(&mut world, "/feed", 2);
    world.stop();
}

#[test]
fn line_28_a_web_page_instead_of_a_feed_is_an_error_and_the_old_state_stays() {
    let stage = Stage::share();
    let heard = stage.heard("line-28", 3);
    assert_eq!(heard[2].header("if-none-match"), Some("\"feed\""));
    assert!(heard[2].at - heard[1].at >= Duration::from_millis(1900), "and it is asked less often");
    let row = "SELECT polls || ' ' || json_extract(reason, '$.code') || ' ' || (failures > 0) FROM source WHERE name = 'line-28'";
    stage.until_told(row, "1 html_page 1");
    assert_eq!(stage.ask("SELECT COUNT(*) FROM item WHERE source = 'line-28'"), "1");
}
