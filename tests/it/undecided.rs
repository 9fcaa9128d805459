//! Undecided is not unmatched: what cannot be read is tried again, then listed as unreadable, and never counted as a no.

use crate::world::Page;
use crate::world::World;
use crate::world::article;
use crate::world::entry;
use serde_json::Value;
use std::fmt::Write as _;

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
    assert!(why.contains("a consent form instead of the article"), "{why}");
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

// ── each way in which a page can fail, its class named, and what rescues it ──

const PAID: &str = "<!doctype html><html><head><title>The quiet ward</title></head><body><h1>The quiet ward</h1>\
    <p>Subscribe to continue reading. Already a subscriber? Get unlimited access and cancel anytime.</p></body></html>";

const LOST: &str = "<!doctype html><html><head><title>Página no encontrada - El Faro</title></head><body>\
    <p>La página que buscas no existe.</p></body></html>";

const LOGIN: &str = "<!doctype html><html><head><title>An invented paper</title></head><body>\
    <form><p>Please log in to read on.</p><p>Forgot your password?</p></form></body></html>";

const ROBOT: &str = "<!doctype html><html><head><title>Just a moment...</title></head><body>\
    <p>Verify you are human by completing the action below.</p></body></html>";

const TITLE: &str = "The quiet ward of Northmarch";

/// How a page fails, and the code of its class.
fn faults() -> Vec<(&'static str, Page)> {
    vec![
        ("status", Page::status(403)),
        ("timed_out", Page::silent()),
        ("consent_wall", Page::html(CONSENT)),
        ("empty_page", Page::html("")),
        ("needs_scripts", Page::html(EMPTY)),
        (
            "needs_scripts",
            Page::html(EMPTY.replace("<div", "<noscript>Activa JavaScript para ver esta página.</noscript><div")),
        ),
        (
            "needs_scripts",
            Page::html(EMPTY.replace("<div", "<noscript>Ative o JavaScript para ver esta página.</noscript><div")),
        ),
        ("paywall", Page::html(PAID)),
        ("login_wall", Page::html(LOGIN)),
        ("bot_wall", Page::html(ROBOT)),
        ("error_page", Page::html(LOST)),
    ]
}

/// The feed of one entry, with the field for whole texts filled.
fn feed_with_content(link: &str, content: &str) -> Page {
    let mut xml = crate::world::feed(&[entry("a", TITLE, link)]);
    let at = xml.find("</item>").expect("an item");
    let mut field = String::new();
    write!(field, "<content:encoded xmlns:content=\"http://purl.org/rss/1.0/modules/content/\"><![CDATA[{content}]]></content:encoded>")
        .expect("a string takes all");
    xml.insert_str(at, &field);
    Page::xml(xml)
}

/// A whole article of a feed, in which the keyword stands at the end only.
fn whole(last: &str) -> String {
    let paragraph = "<p>The ward was built for the fishermen of the old harbour, and for forty years nobody but them and \
        the two nurses who lived above it saw what its rooms were used for after the lights of the quay had gone out.</p>";
    format!("{}<p>{last}</p>", paragraph.repeat(4))
}

/// A world whose one entry has a page that fails so.
fn failing(page: Page, reading: &str) -> (World, String) {
    let mut world = World::new();
    let configuration = world
        .configuration()
        .replace("timeout = \"5s\"", "timeout = \"400ms\"")
        .replace("retry = [\"100ms\", \"200ms\"]", &format!("retry = [\"100ms\", \"200ms\"]\n{reading}"));
    world.configure(&configuration);
    world.site.serve("/a", page);
    let link = world.site.url("/a");
    world.site.feed("/feed.xml", &[entry("a", TITLE, link.clone())]);
    (world, link)
}

fn why(world: &World, link: &str) -> Value {
    let output = world.atalaya(&["why", "--json", link]);
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[test]
fn every_way_to_fail_ends_unreadable_and_listed_with_its_class_named() {
    for (code, page) in faults() {
        let (mut world, link) = failing(page, "");
        world.start();
        world.until_asked("/a", 3);
        world.until_asked("/feed.xml", 2);
        world.stop();
        let ledger = world.ledger_adds_up();
        assert_eq!(ledger["states"]["unreadable"], 1, "{code}: {ledger}");
        assert_eq!(ledger["unmatched_verdicts"], 0, "{code}: nothing was judged: {ledger}");
        let status = world.atalaya(&["status", "--json"]);
        let status: Value = serde_json::from_slice(&status.stdout).expect("JSON");
        assert_eq!(status["unreadable"][0]["title"], TITLE, "{code}: {status:#}");
        assert_eq!(status["unreadable"][0]["reason"]["last"]["code"], code, "{status:#}");
        assert!(world.mails.is_empty(), "{code}");
        assert_eq!(why(&world, &link)["tries"].as_array().map(Vec::len), Some(3), "{code}");
    }
}

#[test]
fn a_feed_that_gives_the_whole_text_rescues_every_page_and_the_verdict_says_so() {
    for (code, page) in faults() {
        let (mut world, link) = failing(page, "");
        world.site.serve("/feed.xml", feed_with_content(&link, &whole("The court heard of torture.")));
        world.start();
        world.until("it is told", |world| world.mails.len() == 1 && world.calls.len() == 1);
        world.stop();
        let way = why(&world, &link);
        assert_eq!(way["state"], "judged", "{code}: {way:#}");
        assert_eq!(way["article"]["article"]["basis"], "feed", "{code}: {way:#}");
        assert_eq!(way["article"]["alternate"]["reason"]["code"], code, "{way:#}");
        assert_eq!(world.calls[0]["body"]["data"]["unread"], Value::Null, "{code}");
        assert_eq!(world.calls[0]["body"]["data"]["basis"], "feed", "{code}");
        let mail = world.mails[0]["text"].as_str().unwrap_or_default();
        assert!(mail.contains("Judged on the text in the feed"), "{mail}");
    }
}

#[test]
fn a_feed_s_whole_text_is_enough_for_a_no_and_a_teaser_is_not() {
    for (content, state, verdicts) in [
        (whole("The court heard of the weather."), "judged", 1),
        (whole("The court heard of the weather […]"), "unreadable", 0),
        ("<p>The court heard of the weather.</p>".to_owned(), "unreadable", 0),
    ] {
        let (mut world, link) = failing(Page::html(PAID), "");
        world.site.serve("/feed.xml", feed_with_content(&link, &content));
        world.start();
        world.until_asked("/a", 1);
        world.until_asked("/feed.xml", 4);
        world.stop();
        assert_eq!(world.ledger_adds_up()["unmatched_verdicts"], verdicts, "{content}");
        assert_eq!(why(&world, &link)["state"], state, "{content}");
    }
    // Without its switch it is not used.
    let (mut world, link) = failing(Page::html(PAID), "instead = []");
    world.site.serve("/feed.xml", feed_with_content(&link, &whole("The court heard of torture.")));
    world.start();
    world.until_asked("/a", 3);
    world.until_asked("/feed.xml", 2);
    world.stop();
    assert_eq!(why(&world, &link)["state"], "unreadable");
}

#[test]
fn other_versions_that_the_page_declares_rescue_it_where_they_are_switched_on() {
    for (way, link) in [
        ("amp", "<link rel=amphtml href=/other>"),
        ("print", "<link rel=alternate media=print href=/other>"),
        ("alternate", "<link rel=alternate media=handheld href=/other>"),
    ] {
        let (mut world, address) = failing(Page::html(CONSENT.replace("<head>", &format!("<head>{link}"))), "");
        world.site.article("/other", TITLE, "The court heard of torture.");
        world.start();
        world.until("it is told", |world| world.mails.len() == 1 && world.calls.len() == 1);
        world.stop();
        assert_eq!(world.calls[0]["body"]["data"]["basis"], way);
        let told = why(&world, &address);
        assert_eq!(told["article"]["article"]["basis"], way, "{told:#}");
        assert!(told["article"]["final_url"].as_str().is_some_and(|url| url.ends_with("/other")), "{told:#}");
        assert_eq!(told["tries"][0][1]["code"], "consent_wall", "{told:#}");
        // What is kept is the page that was judged.
        let kept = world.atalaya(&["evidence", "export", "1", "--json"]);
        assert!(kept.status.success(), "{}", String::from_utf8_lossy(&kept.stderr));
        let kept: Value = serde_json::from_slice(&kept.stdout).expect("JSON");
        let shown = std::fs::read_to_string(
            world.state().parent().expect("a folder").join(kept["page"].as_str().expect("a file")),
        );
        let shown = shown.expect("it is written");
        assert!(shown.contains("other") && shown.contains("heard of torture"), "{shown}");

        let (mut world, _) =
            failing(Page::html(CONSENT.replace("<head>", &format!("<head>{link}"))), "instead = [\"feed\"]");
        world.site.article("/other", TITLE, "The court heard of torture.");
        world.start();
        world.until_asked("/a", 3);
        world.until_asked("/feed.xml", 2);
        world.stop();
        assert!(!world.asked.contains(&"/other".to_owned()), "{:?}", world.asked);
    }
}

#[test]
fn a_mirror_rescues_every_page_and_one_that_knows_nothing_is_a_try() {
    for (code, page) in faults() {
        let (mut world, link) = failing(page, "");
        let mirror = format!("retry = [\"100ms\", \"200ms\"]\nmirror = \"{}\"", world.site.url("/mirror?of={url}"));
        let configuration = world.configuration().replace("retry = [\"100ms\", \"200ms\"]", &mirror);
        world.configure(&configuration);
        let encoded: String = url::form_urlencoded::byte_serialize(link.as_bytes()).collect();
        let unknown = article("An archive", "This archive holds no such page, but much else that may be of interest.");
        world.site.serve_in_turn(
            &format!("/mirror?of={encoded}"),
            vec![Page::html(unknown), Page::html(article(TITLE, "The court heard of torture."))],
        );
        world.start();
        world.until("it is told", |world| world.mails.len() == 1 && world.calls.len() == 1);
        world.stop();
        assert_eq!(world.calls[0]["body"]["data"]["basis"], "mirror", "{code}");
        let told = why(&world, &link);
        assert_eq!(told["article"]["article"]["basis"], "mirror", "{code}: {told:#}");
        let codes: Vec<&str> =
            told["tries"].as_array().expect("tries").iter().filter_map(|it| it[1]["code"].as_str()).collect();
        assert!(codes.contains(&"in_its_place") && codes.contains(&code), "{told:#}");
    }
}

#[test]
fn a_site_that_wants_no_robots_is_not_read_at_a_mirror_either() {
    let (mut world, link) = failing(Page::html("x"), "");
    let mirror = format!("retry = [\"100ms\"]\nmirror = \"{}\"", world.site.url("/mirror?of={url}"));
    let configuration = world.configuration().replace("retry = [\"100ms\", \"200ms\"]", &mirror);
    world.configure(&configuration);
    world.site.serve("/robots.txt", Page::html("User-agent: *\nDisallow: /a\n"));
    world.start();
    world.until_asked("/feed.xml", 4);
    world.stop();
    assert!(world.asked.iter().all(|path| !path.starts_with("/mirror") && path != "/a"), "{:?}", world.asked);
    assert_eq!(why(&world, &link)["state"], "unreadable");
}

#[test]
fn a_page_shorter_than_its_feed_is_not_what_is_judged() {
    let (mut world, link) = failing(Page::html(article(TITLE, "The fishermen.")), "");
    let long = whole("The court heard of torture.").repeat(2);
    world.site.serve("/feed.xml", feed_with_content(&link, &long));
    world.start();
    world.until("it is told", |world| world.mails.len() == 1);
    world.stop();
    let told = why(&world, &link);
    assert_eq!(told["article"]["article"]["basis"], "feed", "{told:#}");
    let besides = &told["article"]["alternate"];
    assert!(besides["text"].as_str().is_some_and(|text| text.contains("The fishermen.")), "{told:#}");
    // Both are kept, and shown to whoever looks for what the alert rests on.
    let kept = world.atalaya(&["evidence", "export", "1", "--json"]);
    let kept: Value = serde_json::from_slice(&kept.stdout).expect("JSON");
    let folder = world.state().parent().expect("a folder").to_owned();
    let page = std::fs::read_to_string(folder.join(kept["page"].as_str().expect("a file"))).expect("it is written");
    assert!(page.contains("<th>judged on<td>the text in the feed"), "{page}");
    let (judged, besides) = page.split_once("Read besides, and not judged: the page itself").expect("both");
    assert!(judged.contains("heard of torture") && !judged.contains("The fishermen."), "{judged}");
    assert!(besides.contains("The fishermen.") && besides.contains("<h3>200 http"), "{besides}");
}

#[test]
fn one_text_for_entry_after_entry_is_no_article() {
    let mut world = World::new();
    let notice = article("An invented paper", "Our readers see this notice for a while.");
    let entries: Vec<_> = (0..4)
        .map(|number| {
            let path = format!("/{number}");
            world.site.serve(&path, Page::html(notice.clone()));
            entry(
                &path,
                &format!("Headline about harbour number {number}{number}{number}{number}"),
                world.site.url(&path),
            )
        })
        .collect();
    world.site.feed("/feed.xml", &entries);
    let configuration = world.configuration().replace("connections = 4", "connections = 1");
    world.configure(&configuration);
    world.start();
    world.until_asked("/3", 1);
    world.until_asked("/feed.xml", 3);
    world.stop();
    let status = world.atalaya(&["status", "--json"]);
    let status: Value = serde_json::from_slice(&status.stdout).expect("JSON");
    assert_eq!(status["unreadable"][0]["reason"]["last"]["code"], "repeated_text", "{status:#}");
}

/// A world in which so many entries are listed; the first answers of their pages are one notice, then come `after`.
fn walled(count: usize, connections: usize, titles: impl Fn(usize) -> String, after: Option<&str>) -> World {
    let mut world = World::new();
    let notice = article("An invented paper", "Our readers see this notice for a while.");
    let entries: Vec<_> = (0..count)
        .map(|number| {
            let path = format!("/{number}");
            let mut answers = vec![Page::html(notice.clone())];
            answers.extend(after.map(|text| Page::html(article(&titles(number), text))));
            world.site.serve_in_turn(&path, answers);
            entry(&path, &titles(number), world.site.url(&path))
        })
        .collect();
    world.site.feed("/feed.xml", &entries);
    let configuration = world.configuration().replace("connections = 4", &format!("connections = {connections}"));
    world.configure(&configuration);
    world
}

fn headline(number: usize) -> String {
    format!("Headline about harbour number {number}{number}{number}{number}")
}

#[test]
fn what_was_judged_on_a_wall_before_it_was_known_for_one_is_read_again_and_told() {
    let mut world = walled(4, 1, headline, Some("The court heard of torture."));
    world.start();
    world.until("all four are told, the first one too", |world| world.mails.len() == 4);
    world.stop();
    assert_eq!(world.ledger_adds_up()["states"]["judged"], 4);
    // The first had been judged on the notice, and its way says so.
    let ways: Vec<Value> = (0..4).map(|number| why(&world, &world.site.url(&format!("/{number}")))).collect();
    for way in &ways {
        assert_eq!(way["tries"][0][1]["code"], "repeated_text", "{way:#}");
        assert_eq!(way["article"]["article"]["basis"], "page", "{way:#}");
    }
}

#[test]
fn a_wall_that_stays_leaves_no_verdict_on_its_text_be_they_read_one_by_one_or_at_once() {
    for connections in [1, 4] {
        let mut world = walled(3, connections, headline, None);
        world.start();
        world.until_asked("/feed.xml", 2);
        world.until("all are given up", |world| {
            (0..3).all(|number| world.asked.iter().filter(|path| **path == format!("/{number}")).count() >= 3)
        });
        world.until_asked("/feed.xml", 3);
        world.stop();
        let ledger = world.ledger_adds_up();
        assert_eq!(ledger["states"]["unreadable"], 3, "{connections}: {ledger}");
        assert_eq!(ledger["unmatched_verdicts"], 0, "{connections}: {ledger}");
        assert!(world.mails.is_empty());
    }
}

#[test]
fn what_was_told_on_a_wall_s_page_stands_and_is_listed_as_unreadable() {
    let titles = |number: usize| match number {
        // What is listed last is read first.
        3 => "Torture in the harbour of Northmarch".to_owned(),
        other => headline(other),
    };
    let mut world = walled(4, 1, titles, None);
    world.start();
    world.until("the title is told", |world| world.mails.len() == 1);
    world.until("the others are given up", |world| {
        (0..3).all(|number| world.asked.iter().filter(|path| **path == format!("/{number}")).count() >= 3)
    });
    world.until_asked("/feed.xml", 2);
    world.stop();
    let ledger = world.ledger_adds_up();
    assert_eq!(ledger["states"]["unreadable"], 4, "{ledger}");
    assert_eq!(ledger["matched"], 1, "{ledger}");
    assert_eq!(ledger["unmatched_verdicts"], 0, "{ledger}");
    assert_eq!(world.mails.len(), 1);
}

/// A PDF file with one line of text, written by hand; its offsets are found by the reader itself.
fn pdf(line: &str) -> Vec<u8> {
    let content = format!("BT /F1 12 Tf 72 720 Td ({line}) Tj ET");
    let objects = [
        "<</Type/Catalog/Pages 2 0 R>>".to_owned(),
        "<</Type/Pages/Kids[3 0 R]/Count 1>>".to_owned(),
        "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>".to_owned(),
        format!("<</Length {}>>\nstream\n{content}\nendstream", content.len()),
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>".to_owned(),
    ];
    let mut file = "%PDF-1.4\n".to_owned();
    let mut offsets = Vec::new();
    for (number, object) in (1..).zip(&objects) {
        offsets.push(file.len());
        write!(file, "{number} 0 obj\n{object}\nendobj\n").expect("a string takes all");
    }
    let start = file.len();
    file.push_str("xref\n0 6\n0000000000 65535 f \n");
    for offset in offsets {
        writeln!(file, "{offset:010} 00000 n ").expect("a string takes all");
    }
    write!(file, "trailer\n<</Size 6/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n").expect("a string takes all");
    file.into_bytes()
}

#[test]
fn a_pdf_file_is_read_and_a_broken_one_is_listed() {
    let line = "The report of the ombudswoman of Northmarch on the ward by the old harbour, in which the families, their lawyers and \
        two doctors who had examined the men say what became of them, speaks of torture in nine cases out of ten.";
    let file = pdf(line);
    for (bytes, state) in [(file.clone(), "judged"), (file[..file.len() / 3].to_vec(), "unreadable")] {
        let mut page = Page::html(bytes);
        page.headers = vec!["content-type: application/pdf".into()];
        let (mut world, link) = failing(page, "");
        world.start();
        world.until_asked("/a", 1);
        match state {
            "judged" => world.until("it is told", |world| world.mails.len() == 1 && world.calls.len() == 1),
            _ => world.until_asked("/feed.xml", 3),
        }
        world.stop();
        let way = why(&world, &link);
        assert_eq!(way["state"], state, "{way:#}");
        match state {
            "judged" => {
                assert_eq!(way["article"]["article"]["method"], "pdf", "{way:#}");
                assert_eq!(way["article"]["article"]["basis"], "pdf", "{way:#}");
                assert_eq!(world.calls[0]["body"]["data"]["basis"], "pdf");
                assert_eq!(way["article"]["article"]["title"], TITLE, "{way:#}");
            }
            _ => assert_eq!(way["reason"]["last"]["code"], "pdf_unreadable", "{way:#}"),
        }
    }
}
