//! Lines 24 to 26: redirects.

use super::stage::Script;
use super::stage::Stage;
use super::stage::ask;
use super::stage::change;
use super::stage::listing;
use super::stage::until;
use super::stage::world;
use super::validators::until_heard;
use crate::world::Page;

pub const SCRIPTS: &[Script] = &[
    Script {
        others: || vec![("/line-25/new", Page::to(302, "/line-25/today")), ("/line-25/today", super::stage::raw(""))],
        ..Script::new("line-25", |_| vec![Page::to(301, "/line-25/new")])
    },
    Script {
        others: || vec![("/line-25-for-now/today", super::stage::raw(""))],
        ..Script::new("line-25-for-now", |_| {
            [302, 303, 307].map(|status| Page::to(status, "/line-25-for-now/today")).into()
        })
    },
    Script {
        others: || {
            const HOPS: [(&str, &str); 6] = [
                ("/line-26-1", "/line-26-2"),
                ("/line-26-2", "/line-26-3"),
                ("/line-26-3", "/line-26-4"),
                ("/line-26-4", "/line-26-5"),
                ("/line-26-5", "/line-26-6"),
                ("/line-26-6", "/article"),
            ];
            HOPS.map(|(from, to)| (from, Page::to(302, to))).into()
        },
        ..Script::new("line-26-far", |_| vec![Page::to(302, "/line-26-1")])
    },
    Script {
        others: || vec![("/line-26-back", Page::to(301, "/line-26-loop"))],
        ..Script::new("line-26-loop", |_| vec![Page::to(301, "/line-26-back")])
    },
    Script::new("line-26-inside", |_| vec![Page::to(302, "http://10.0.0.1/feed")]),
];

#[test]
fn line_24_a_stable_move_is_kept_and_asked_directly() {
    let mut world = world(&[("paper", "paper.test", "/old")], "");
    let url = |path: &str| world.site.url_at("paper.test", path);
    world.site.serve("/old", Page::to(301, "/new"));
    world.site.serve("/new", listing(&["a"], &url));
    world.start();
    let database = world.state().join("atalaya.db");
    until("the move is watched", || {
        ask(&database, "SELECT json_extract(moving, '$.polls') >= 2 FROM source").eq("1").then_some(())
    });
    assert_eq!(ask(&database, "SELECT moved_to FROM source"), "", "not yet kept");
    world.stop();
    // Two days later.
    change(&database, "UPDATE source SET moving = json_set(moving, '$.since', '2020-01-01T00:00:00Z')");
    world.start();
    until("the move is kept", || ask(&database, "SELECT moved_to FROM source").ends_with("/new").then_some(()));
    let old = world.site.heard_for("/old").len();
    let new = world.site.heard_for("/new").len();
    until_heard(&mut world, "/new", new + 2);
    assert_eq!(world.site.heard_for("/old").len(), old, "the old address is not asked any more");
    assert!(world.log().contains("has moved for good and is asked at"));
    // And over a restart.
    world.stop();
    let new = world.site.heard_for("/new").len();
    world.start();
    until_heard(&mut world, "/new", new + 1);
    assert_eq!(world.site.heard_for("/old").len(), old);
    assert_eq!(ask(&database, "SELECT COUNT(*) FROM item"), "1");
    world.stop();
}

#[test]
fn line_25_of_a_mixed_chain_only_the_permanent_head_is_kept() {
    let stage = Stage::share();
    stage.heard("line-25", 2);
    let expected = stage.url_at("line-25.test", "/line-25/new");
    stage.until_told("SELECT json_extract(moving, '$.to') FROM source WHERE name = 'line-25'", &expected);
    let followed = stage.heard("line-25-for-now/today", 3);
    assert!(followed.len() >= 3, "302, 303 and 307 are followed");
    let home = "SELECT COALESCE(moving, moved_to, 'at home') FROM source WHERE name = 'line-25-for-now'";
    assert_eq!(stage.ask(home), "at home");
}

#[test]
fn line_26_long_chains_circles_and_ways_inside_are_refused() {
    let stage = Stage::share();
    for (source, code) in
        [("line-26-far", "bad_redirect"), ("line-26-loop", "bad_redirect"), ("line-26-inside", "address_refused")]
    {
        stage.heard(source, 1);
        stage.until_told(&format!("SELECT json_extract(reason, '$.code') FROM source WHERE name = '{source}'"), code);
    }
    assert!(stage.all_heard().iter().all(|heard| heard.path() != "/line-26-6"), "the sixth hop is not made");
}
