//! Undecided is not unmatched: what cannot be read is tried again, then listed as unreadable, and never counted as a no.

use crate::world::Page;
use crate::world::World;
use crate::world::article;
use crate::world::entry;
use serde_json::Value;

const CONSENT: &str = "<!doctype html><html><head><title>Before you continue</title></head><body><h1>Before you continue</h1>\
    <p>We value your privacy. We and our partners store and access information on your device.</p>\
    <button>Accept all</button><button>Reject all</button></body></html>";

const EMPTY: &str = "<!doctype html><html><head><title>A paper</title></head><body><div id=\"root\"></div>\
    <script src=\"/app.js\"></script></body></html>";

fn ledger_of(fault: Page, title: &str) -> (World, Value) {
    let mut world = World::new();
    world.site.serve("/a", fault);
    let readable = world.site.article("/b", "Readable", "A readable page about torture.");
    let link = world.site.url("/a");
    world.site.feed("/feed.xml", &[entry("a", title, link), entry("b", "Readable", readable)]);
    world.start();
    world.until("the unreadable page is asked for three times", |world| {
        world.asked.iter().filter(|path| *path == "/a").count() == 3 && !world.mails.is_empty()
    });
    world.until_asked("/feed.xml", 2);
    world.stop();
    let ledger = world.ledger_adds_up();
    (world, ledger)
}

#[test]
fn a_page_that_answers_403_or_503_or_500_ends_unreadable_and_listed() {
    for status in [403, 500, 503] {
        let (world, ledger) = ledger_of(Page::status(status), "Silent title");
        assert_eq!(ledger["states"]["unreadable"], 1, "{status}: {ledger}");
        assert_eq!(ledger["states"]["judged"], 1, "{status}: {ledger}");
        let status_text = String::from_utf8_lossy(&world.atalaya(&["status"]).stdout).into_owned();
        assert!(status_text.contains("Silent title") && status_text.contains(&status.to_string()), "{status_text}");
    }
}

#[test]
fn a_consent_wall_and_an_empty_page_are_not_taken_for_the_article() {
    for page in [CONSENT, EMPTY, ""] {
        let (_world, ledger) = ledger_of(Page::html(page), "Silent title");
        assert_eq!(ledger["states"]["unreadable"], 1, "{ledger}");
    }
}

#[test]
fn a_page_that_never_answers_ends_unreadable() {
    let mut world = World::new();
    let configuration = world.configuration().replace("timeout = \"5s\"", "timeout = \"300ms\"");
    world.configure(&configuration);
    world.site.serve("/a", Page::silent());
    let link = world.site.url("/a");
    world.site.feed("/feed.xml", &[entry("a", "Silent title", link)]);
    world.start();
    world.until_asked("/a", 3);
    world.until_asked("/feed.xml", 2);
    world.stop();
    assert_eq!(world.ledger_adds_up()["states"]["unreadable"], 1);
}

#[test]
fn a_page_that_opens_at_the_second_try_is_read() {
    let mut world = World::new();
    world.site.serve_in_turn(
        "/a",
        vec![Page::status(403), Page::html(CONSENT), Page::html(article("Late", "At last: the word torture is here."))],
    );
    let link = world.site.url("/a");
    world.site.feed("/feed.xml", &[entry("a", "Silent title", link.clone())]);
    world.start();
    world.until("the alert", |world| world.mails.len() == 1 && world.calls.len() == 1);
    world.stop();
    let why = String::from_utf8_lossy(&world.atalaya(&["why", &link]).stdout).into_owned();
    assert!(why.contains("not read: the server answered 403"), "{why}");
    assert!(why.contains("a wall instead of what was asked for"), "{why}");
}

#[test]
fn a_title_that_matches_is_told_though_its_page_cannot_be_read() {
    let (world, ledger) = ledger_of(Page::status(403), "Torture in the title");
    assert_eq!(ledger["states"]["unreadable"], 1, "{ledger}");
    assert_eq!(ledger["matched"], 2, "{ledger}");
    let told = world.mails.iter().find(|mail| World::header(mail, "subject").contains("Torture in the title"));
    let told = told.expect("the title was told");
    assert!(told["text"].as_str().is_some_and(|text| text.contains("could not be read")), "{}", told["text"]);
}
