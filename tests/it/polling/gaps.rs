//! Line 40: two polls without a common entry. Older pages are read back, and the source is asked sooner.

use super::stage::Script;
use super::stage::Stage;
use super::stage::ask;
use super::stage::change;
use super::stage::until;
use super::stage::world;
use crate::world::Page;
use atalaya::clock::now;
use jiff::SignedDuration;
use std::fmt::Write as _;
use std::time::Duration;

/// An Atom feed with these entries, after this head.
fn atom(head: &str, ids: &[&str]) -> Page {
    let mut entries = String::new();
    for id in ids {
        let _written = write!(
            entries,
            "<entry><id>{id}</id><title>Title of {id}</title><link href=\"/article\"/><summary>A teaser.</summary></entry>"
        );
    }
    Page::xml(format!(
        "<?xml version=\"1.0\"?><feed xmlns=\"http://www.w3.org/2005/Atom\"><title>An invented paper</title>{head}{entries}</feed>"
    ))
}

/// The same with a link of the feed.
fn linked(relation: &str, address: &str, ids: &[&str]) -> Page {
    atom(&format!("<link rel=\"{relation}\" href=\"{address}\"/>"), ids)
}

/// RSS as WordPress makes it.
fn wordpress(ids: &[&str]) -> Page {
    let mut items = String::new();
    for id in ids {
        let _written = write!(items, "<item><guid isPermaLink=\"false\">{id}</guid><title>{id}</title></item>");
    }
    Page::xml(format!(
        "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>An invented blog</title>\
         <link>http://blog.example/</link><generator>https://wordpress.org/?v=6.9</generator>{items}</channel></rss>"
    ))
}

pub const SCRIPTS: &[Script] = &[
    Script {
        others: || {
            vec![
                ("/line-40-archive/2", linked("prev-archive", "/line-40-archive/1", &["f", "e"])),
                ("/line-40-archive/1", linked("prev-archive", "/line-40-archive/0", &["d", "c", "b", "z"])),
            ]
        },
        ..Script::new("line-40-archive", |_| {
            vec![
                atom("", &["c", "b", "a"]),
                linked("prev-archive", "/line-40-archive/2", &["i", "h", "g"]).with("etag: \"after the gap\""),
            ]
        })
    },
    Script {
        others: || {
            vec![(
                "/line-40-next?after=4&n=3",
                Page::xml(
                    "{\"version\":\"https://jsonfeed.org/version/1.1\",\"next_url\":\"/line-40-next?after=1\",\
                     \"items\":[{\"id\":\"4\"},{\"id\":\"3\"},{\"id\":\"2\"}]}",
                ),
            )]
        },
        ..Script::new("line-40-next", |_| {
            vec![atom("", &["3", "2", "1"]), linked("next", "/line-40-next?after=4&amp;n=3", &["7", "6", "5"])]
        })
    },
    Script {
        others: || {
            vec![
                ("/line-40-wordpress?paged=2", wordpress(&["6", "5"])),
                ("/line-40-wordpress?paged=3", wordpress(&["4", "3"])),
            ]
        },
        ..Script::new("line-40-wordpress", |_| {
            vec![wordpress(&["3", "2", "1"]), wordpress(&["4", "3", "2"]), wordpress(&["9", "8", "7"])]
        })
    },
    Script::new("line-40-none", |_| vec![atom("", &["c", "b", "a"]), atom("", &["f", "e", "d"])]),
    Script {
        others: || {
            vec![
                ("/line-40-circle/2", linked("next", "/line-40-circle/3", &["d"])),
                ("/line-40-circle/3", linked("next", "/line-40-circle/2", &["e"])),
            ]
        },
        ..Script::new("line-40-circle", |_| {
            vec![atom("", &["c", "b", "a"]), linked("next", "/line-40-circle/2", &["h", "g", "f"])]
        })
    },
    Script {
        others: || {
            let page = |number: usize| wordpress(&[["p2", "p3", "p4", "p5", "p6", "p7"][number - 2]]);
            vec![
                ("/line-40-long?paged=2", page(2)),
                ("/line-40-long?paged=3", page(3)),
                ("/line-40-long?paged=4", page(4)),
                ("/line-40-long?paged=5", page(5)),
                ("/line-40-long?paged=6", page(6)),
                ("/line-40-long?paged=7", page(7)),
            ]
        },
        ..Script::new("line-40-long", |_| vec![wordpress(&["c", "b", "a"]), wordpress(&["z", "y", "x"])])
    },
    Script {
        others: || vec![("/line-40-elsewhere/other", atom("", &["c", "planted"]))],
        ..Script::new("line-40-elsewhere", |url| {
            let other = url("/line-40-elsewhere/other").replace("line-40-elsewhere.test", "line-40-none.test");
            vec![atom("", &["c", "b", "a"]), linked("prev-archive", &other, &["f", "e", "d"])]
        })
    },
    Script {
        others: || {
            let endless = Page { endless: Some(Duration::ZERO), ..Page::xml(vec![b' '; 1 << 20]) };
            vec![("/line-40-endless/2", endless)]
        },
        ..Script::new("line-40-endless", |_| {
            vec![atom("", &["c", "b", "a"]), linked("next", "/line-40-endless/2", &["f", "e", "d"])]
        })
    },
    Script {
        others: || vec![("/line-40-throttled/2", Page::status(429))],
        ..Script::new("line-40-throttled", |_| {
            vec![atom("", &["c", "b", "a"]), linked("next", "/line-40-throttled/2", &["f", "e", "d"])]
        })
    },
];

/// Waits until a source has so many items, and two polls more: none follows.
fn items(stage: &Stage, source: &str, count: usize) {
    let question = format!("SELECT COUNT(*) FROM item WHERE source = '{source}'");
    stage.until_told(&question, &count.to_string());
    let polls = stage.heard(source, 1).len();
    stage.heard(source, polls + 2);
    assert_eq!(stage.ask(&question), count.to_string());
}

/// How often a path was asked for.
fn asked(stage: &Stage, path: &str) -> usize {
    stage.all_heard().iter().filter(|heard| heard.path() == path).count()
}

/// What health remembers of a source.
fn health(stage: &Stage, source: &str) -> String {
    stage.ask(&format!("SELECT health FROM source WHERE name = '{source}'"))
}

#[test]
fn line_40_archives_are_read_back_to_a_known_entry() {
    let stage = Stage::share();
    items(&stage, "line-40-archive", 10);
    for (page, times) in [("2", 1), ("1", 1), ("0", 0)] {
        assert_eq!(asked(&stage, &format!("/line-40-archive/{page}")), times, "{page}");
    }
    let heard = stage.heard("line-40-archive", 3);
    assert_eq!(heard[2].header("if-none-match"), Some("\"after the gap\""), "those of the newest page");
    let before = "SELECT group_concat(entry_id) FROM item WHERE source = 'line-40-archive' AND state = 'baseline'";
    assert_eq!(stage.ask(before), "z", "what was there before is no news");
    let health = health(&stage, "line-40-archive");
    assert!(!health.contains("nothing_in_common") && health.contains("ask_within"), "{health}");
    let said = "none of its 3 entries was listed before: 2 older pages with 3 new entries were read; none is missed";
    assert!(stage.log().contains(said));
}

#[test]
fn line_40_next_pages_of_atom_and_json_are_read_back() {
    let stage = Stage::share();
    items(&stage, "line-40-next", 7);
    assert_eq!(asked(&stage, "/line-40-next?after=4&n=3"), 1);
    assert_eq!(asked(&stage, "/line-40-next?after=1"), 0);
}

#[test]
fn line_40_wordpress_is_paged_after_a_gap_and_never_without_one() {
    let stage = Stage::share();
    items(&stage, "line-40-wordpress", 9);
    let heard = stage.all_heard();
    let paths: Vec<&str> =
        heard.iter().map(|heard| heard.path()).filter(|path| path.starts_with("/line-40-wordpress")).take(5).collect();
    let (feed, page) = ("/line-40-wordpress", |number| format!("/line-40-wordpress?paged={number}"));
    assert_eq!(paths, [feed, feed, feed, &page(2), &page(3)]);
    assert_eq!((asked(&stage, &page(2)), asked(&stage, &page(3))), (1, 1), "and not again");
}

#[test]
fn line_40_without_a_way_back_operators_are_told_so() {
    let stage = Stage::share();
    items(&stage, "line-40-none", 6);
    let health = health(&stage, "line-40-none");
    assert!(health.contains("nothing_in_common") && health.contains("no older pages are offered"), "{health}");
    let said = "none of its 3 entries was listed before, so that some may have been missed: no older pages are offered";
    assert!(stage.log().contains(said));
}

#[test]
fn line_40_a_circle_of_pages_ends() {
    let stage = Stage::share();
    items(&stage, "line-40-circle", 8);
    assert_eq!((asked(&stage, "/line-40-circle/2"), asked(&stage, "/line-40-circle/3")), (1, 1));
    let health = health(&stage, "line-40-circle");
    assert!(health.contains("2 older pages with 2 new entries were read; the next repeats what was read"), "{health}");
}

#[test]
fn line_40_five_older_pages_are_the_most() {
    let stage = Stage::share();
    items(&stage, "line-40-long", 11);
    assert_eq!((asked(&stage, "/line-40-long?paged=6"), asked(&stage, "/line-40-long?paged=7")), (1, 0));
    let health = health(&stage, "line-40-long");
    assert!(health.contains("5 older pages with 5 new entries were read; more are not read at once"), "{health}");
}

#[test]
fn line_40_another_site_is_not_asked_for_older_pages() {
    let stage = Stage::share();
    items(&stage, "line-40-elsewhere", 6);
    assert_eq!(asked(&stage, "/line-40-elsewhere/other"), 0);
    let health = health(&stage, "line-40-elsewhere");
    assert!(health.contains("older pages are at another site, line-40-none.test, and not asked for"), "{health}");
}

#[test]
fn line_40_an_endless_older_page_costs_four_megabytes_and_no_entry() {
    let stage = Stage::share();
    items(&stage, "line-40-endless", 6);
    assert_eq!(asked(&stage, "/line-40-endless/2"), 1);
    let health = health(&stage, "line-40-endless");
    assert!(health.contains("an older page could not be read: the answer is longer than 4194304 bytes"), "{health}");
}

#[test]
fn line_40_a_429_for_an_older_page_pauses_the_host_and_costs_no_entry() {
    let stage = Stage::share();
    stage.until_told("SELECT COUNT(*) FROM item WHERE source = 'line-40-throttled'", "6");
    let hours = "SELECT (ends - CAST(unixepoch('subsec') * 1000000 AS INTEGER)) / 3590000000 FROM pause WHERE key LIKE '.line-40-throttled.test:%'";
    until("the pause is written down", || matches!(stage.ask(hours).as_str(), "1" | "2").then_some(()));
    stage.heard("line-40-none", 6);
    assert_eq!((stage.heard("line-40-throttled", 2).len(), asked(&stage, "/line-40-throttled/2")), (2, 1));
}

#[test]
fn line_40_after_a_gap_the_next_poll_is_within_half_the_window() {
    let mut world = world(&[("paper", "paper.test", "/feed")], "");
    let text = world.configuration().replace("every = \"1s\"\n", "at_most = \"3h\"\n");
    world.configure(&text);
    let dated = |ids: [&str; 3]| {
        let polled_at = now();
        let items: String = ids
            .iter()
            .zip([0, 30, 60])
            .map(|(id, age)| {
                let date =
                    (polled_at - SignedDuration::from_mins(age)).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
                format!(
                    "<item><guid>{id}</guid><title>{id}</title><link>/article</link><pubDate>{date}</pubDate></item>"
                )
            })
            .collect();
        super::stage::raw(&items)
    };
    world.site.serve_in_turn("/feed", vec![dated(["a", "b", "c"]), dated(["d", "e", "f"])]);
    world.start();
    let database = world.state().join("atalaya.db");
    let polled =
        |times: &str| until("it was polled", || (ask(&database, "SELECT polls FROM source") == times).then_some(()));
    polled("1");
    let minutes = || ask(&database, "SELECT wait / 60000000 FROM source").parse::<u64>().expect("a number");
    assert!((53..=67).contains(&minutes()), "an hour at first: {}", minutes());
    world.stop();
    // Two hours pass.
    let ago = now() - SignedDuration::from_hours(2);
    change(
        &database,
        &format!("UPDATE source SET next_at = next_at - 7200000000, health = json_set(health, '$.listed_at', '{ago}')"),
    );
    world.start();
    polled("2");
    assert_eq!(minutes(), 30, "its three entries span an hour");
}
