//! Sources without a feed, through the daemon: what appears on a page is told by its own words, once, and nothing else is.

use crate::world::Page;
use crate::world::RULE;
use crate::world::World;
use serde_json::Value;

fn page(blocks: &[&str]) -> Page {
    let blocks: String = blocks.iter().map(|block| format!("<p>{block}</p>")).collect();
    Page::html(format!(
        "<!doctype html><html><head><title>Hearings</title></head><body><main>{blocks}</main></body></html>"
    ))
}

fn world(source: &str) -> World {
    let mut world = World::new();
    let tellings = world.tellings("ana@example.org", "/200");
    world.configure(&format!("{}\n[source.court]\n{source}every = \"1s\"\n\n{tellings}\n{RULE}", world.outside()));
    world
}

#[test]
fn each_added_block_is_told_by_itself_and_the_page_is_asked_for_by_polls_alone() {
    let mut world = world("");
    let url = world.site.url("/hearings");
    let configuration = world
        .configuration()
        .replace("[source.court]\n", &format!("[source.court]\nwatch = \"{url}\"\nignore = [\".hits\"]\n"));
    world.configure(&configuration);
    let first = "Monday: the case of torture in the harbour.";
    let (second, third) = ("Tuesday: torture at the quarry.", "Wednesday: torture &amp; <b>ill-treatment</b> at sea.");
    world.site.serve("/hearings", page(&[first, "Visits: 1"]));
    world.start();
    world.until_asked("/hearings", 2);
    assert!(world.mails.is_empty(), "what was there before is the baseline");
    // Two new ones at once, and one without the word; the known one moves.
    world.site.serve("/hearings", page(&[second, third, "Thursday: a dispute about fences.", first]));
    world.until("two mails and two calls", |world| world.mails.len() == 2 && world.calls.len() == 2);
    // A block that goes and comes back is no news.
    world.site.serve("/hearings", page(&[third]));
    world.until_asked("/hearings", 2);
    world.site.serve("/hearings", page(&[first, second, third]));
    world.until_asked("/hearings", 3);
    world.stop();
    assert_eq!((world.mails.len(), world.calls.len()), (2, 2));
    assert!(world.asked.iter().all(|path| path == "/hearings" || path == "/robots.txt"), "{:?}", world.asked);
    let ledger = world.ledger_adds_up();
    assert_eq!((&ledger["states"]["baseline"], &ledger["states"]["judged"]), (&Value::from(2), &Value::from(3)));
    let said = serde_json::to_string(&world.calls).expect("JSON");
    assert!(said.contains("#:~:text=Tuesday%3A%20torture%20at%20the%20quarry."), "{said}");
    assert!(said.contains("Wednesday: torture & ill-treatment at sea."), "{said}");
    let place = format!("{url}#:~:text=Tuesday%3A%20torture%20at%20the%20quarry.");
    let why = world.atalaya(&["why", &place]);
    let told = String::from_utf8_lossy(&why.stdout).into_owned();
    assert!(why.status.success() && told.contains("Tuesday: torture at the quarry."), "{told}");
}

#[test]
fn items_of_a_json_document_are_read_at_their_links_or_judged_by_their_own_text() {
    let mut world = world("");
    let url = world.site.url("/api");
    let link = world.site.article("/a", "A report", "It speaks of torture.");
    let keys = format!(
        "json = \"{url}\"\nitems = \"/rows\"\nid = \"/n\"\nlink = \"/url\"\ntitle = \"/t\"\ntext = \"/x\"\nfirst_poll = \"all\"\n"
    );
    let configuration = world.configuration().replace("[source.court]\n", &format!("[source.court]\n{keys}"));
    world.configure(&configuration);
    let answer = serde_json::json!({ "rows": [
        { "n": 1, "url": link, "t": "A report" },
        { "n": 2, "t": "A notice", "x": "<p>On torture in custody.</p>" },
        { "n": 3, "t": "Another", "x": "On fences." },
    ]});
    let headers = vec!["content-type: application/json".to_owned()];
    world.site.serve("/api", Page { headers, ..Page::html(answer.to_string()) });
    world.start();
    world.until("two mails", |world| world.mails.len() == 2 && world.calls.len() == 2);
    world.until_asked("/api", 2);
    world.stop();
    assert_eq!((world.mails.len(), world.asked.iter().filter(|path| *path == "/a").count()), (2, 1));
    let ledger = world.ledger_adds_up();
    assert_eq!(ledger["states"]["judged"], 3, "{ledger}");
}

#[test]
fn a_page_that_scripts_build_and_a_selector_that_chooses_nothing_are_told_apart_and_tell_nobody() {
    let mut world = world("");
    let url = world.site.url("/hearings");
    let keys = format!("page = \"{url}\"\nitem = \"article.hearing\"\n");
    let configuration = world.configuration().replace("[source.court]\n", &format!("[source.court]\n{keys}"));
    world.configure(&configuration);
    let shell = Page::html(
        "<!doctype html><title>Hearings</title><body><div id=\"root\"></div><script src=\"/app.js\"></script>",
    );
    world.site.serve_in_turn("/hearings", vec![shell, page(&["torture"])]);
    world.start();
    world.until_asked("/hearings", 3);
    world.stop();
    let log = world.log();
    assert!(log.contains("needs_scripts") && log.contains("> and 1 script"), "{log}");
    assert!(log.contains("selector_empty") && log.contains("article.hearing"), "{log}");
    assert!(world.mails.is_empty() && world.calls.is_empty());
}
