//! What is listed and matches is told by mail and by webhook, once, and a restart repeats nothing.

use crate::world::Page;
use crate::world::World;
use crate::world::entry;
use crate::world::feed;
use serde_json::Value;

/// The one alert that both receivers have of a world with one matching article.
fn both_arrived(world: &World) -> bool {
    world.mails.len() == 1 && world.calls.len() == 1
}

#[test]
fn an_alert_arrives_by_mail_and_by_verified_webhook() {
    let mut world = World::new();
    let link = world.site.article(
        "/a",
        "Families wait outside the prison",
        "Two men said that they were victims of torture, \u{201c}every night\u{201d}.",
    );
    world.site.feed("/feed.xml", &[entry("a", "Families wait outside the prison", link.clone())]);
    world.start();
    world.until("mail and webhook", both_arrived);

    let mail = &world.mails[0];
    assert_eq!(mail["to"], serde_json::json!(["ana@example.org"]));
    assert_eq!(World::header(mail, "to"), "ana@example.org");
    assert_eq!(World::header(mail, "from"), "Atalaya <alerts@tower.example>");
    assert_eq!(World::header(mail, "auto-submitted"), "auto-generated");
    assert!(World::header(mail, "subject").contains("Families wait outside the prison"));
    assert!(World::header(mail, "message-id").ends_with("@tower.example>"));
    for part in ["text", "html"] {
        let text = mail[part].as_str().expect("both parts");
        for needed in ["victims of", "every night", "Torture", &link] {
            assert!(text.contains(needed), "{needed} is not in the {part} part:\n{text}");
        }
    }
    assert!(mail["html"].as_str().is_some_and(|html| html.contains(">torture</mark>")), "{}", mail["html"]);

    let call = &world.calls[0];
    assert_eq!(call["error"], Value::Null, "the official library refuses the signature");
    assert_eq!(call["body"]["type"], "alert.matched");
    let data = &call["body"]["data"];
    assert_eq!(data["url"], link.as_str());
    assert_eq!(data["rules"][0]["name"], "torture");
    assert_eq!(data["source"], "paper");
    let excerpt = &data["excerpts"][0];
    let mark = &excerpt["marks"][0];
    assert_eq!(mark["text"], "torture", "{excerpt}");
    world.stop();
}

#[test]
fn the_body_is_read_though_title_and_teaser_say_nothing() {
    let mut world = World::new();
    let quiet = world.site.article("/quiet", "Council meets", "Nothing of the kind was said.");
    let link = world.site.article("/a", "Council meets again", "The report speaks of tortura in four places.");
    world.site.feed("/feed.xml", &[entry("q", "Council meets", quiet), entry("a", "Council meets again", link)]);
    world.start();
    world.until("mail and webhook", both_arrived);
    world.until_asked("/feed.xml", 2);
    assert_eq!((world.mails.len(), world.calls.len()), (1, 1));
    world.stop();
    let ledger = world.ledger_adds_up();
    assert_eq!(ledger["states"]["judged"], 2);
    assert_eq!(ledger["matched"], 1);
}

#[test]
fn a_restart_repeats_nothing() {
    let mut world = World::new();
    let link = world.site.article("/a", "A report", "It speaks of torture.");
    world.site.feed("/feed.xml", &[entry("a", "A report", link)]);
    world.start();
    world.until("mail and webhook", both_arrived);
    world.stop();
    for _ in 0..3 {
        world.start();
        world.until_asked("/feed.xml", 2);
        world.stop();
    }
    assert_eq!((world.mails.len(), world.calls.len()), (1, 1));
    assert_eq!(world.asked.iter().filter(|path| *path == "/a").count(), 1, "the page was read once");
}

#[test]
fn an_edited_title_and_a_new_date_are_no_new_article() {
    let mut world = World::new();
    let link = world.site.article("/a", "A report", "It speaks of torture.");
    world.site.serve_in_turn(
        "/feed.xml",
        vec![
            Page::xml(feed(&[entry("a", "A report", link.clone())])),
            Page::xml(feed(&[entry("a", "UPDATED: a report", link)])),
        ],
    );
    world.start();
    world.until("mail and webhook", both_arrived);
    world.until_asked("/feed.xml", 3);
    assert_eq!((world.mails.len(), world.calls.len()), (1, 1));
    world.stop();
}

#[test]
fn one_article_under_two_addresses_and_one_text_in_two_papers_are_told_once() {
    let mut world = World::new();
    let text = "Prosecutors opened a file on torture in the military prison.";
    let first = world.site.article("/a", "Prosecutors open a file", text);
    let copy = world.site.article("/other/b", "Prosecutors open a file", text);
    world.site.feed(
        "/feed.xml",
        &[
            entry("1", "Prosecutors open a file", first.clone()),
            entry("2", "Prosecutors open a file", format!("{first}?utm_source=rss&utm_medium=feed")),
            entry("3", "A file is opened", copy),
        ],
    );
    world.start();
    world.until("mail and webhook", both_arrived);
    world.until_asked("/feed.xml", 3);
    world.stop();
    assert_eq!((world.mails.len(), world.calls.len()), (1, 1));
    let ledger = world.ledger_adds_up();
    assert_eq!(ledger["outcomes"], serde_json::json!({ "alerted": 1, "merged": 2 }), "{ledger}");
    // Whichever is judged first is the original; the others are its copies.
    let why: String = ["/a", "/other/b"]
        .map(|path| String::from_utf8_lossy(&world.atalaya(&["why", &world.site.url(path)]).stdout).into_owned())
        .concat();
    assert!(why.contains("the same text as item"), "{why}");
}

#[test]
fn every_receiver_gets_a_mail_of_its_own_and_one_refusal_costs_nobody_else() {
    let mut world = World::new();
    let tellings = world.tellings("ana@example.org", "/200").replace(
        "email = [\"ana@example.org\"]",
        "email = [\"550@example.org\", \"ana@example.org\", \"451.1@example.org\"]",
    );
    let configuration = world.configuration().replace(&world.tellings("ana@example.org", "/200"), &tellings);
    world.configure(&configuration);
    let link = world.site.article("/a", "A report", "It speaks of torture.");
    world.site.feed("/feed.xml", &[entry("a", "A report", link)]);
    world.start();
    world.until("ana's mail and both refusals", |world| world.mails.len() == 1 && world.refusals.len() == 2);
    assert_eq!(world.mails[0]["to"], serde_json::json!(["ana@example.org"]));
    world.stop();
    let output = world.atalaya(&["outbox", "list", "--json"]);
    let states: Vec<(String, String)> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON"))
        .map(|row| {
            (row["receiver"].as_str().unwrap_or_default().into(), row["state"].as_str().unwrap_or_default().into())
        })
        .collect();
    for expected in [("ana@example.org", "done"), ("550@example.org", "given_up"), ("451.1@example.org", "waiting")] {
        assert!(states.contains(&(expected.0.into(), expected.1.into())), "{expected:?} is not in {states:?}");
    }
    // The operator asks for another try of the one that waits: the server takes it now, with the same Message-ID.
    let waiting = String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON"))
        .find(|row| row["state"] == "waiting")
        .expect("one waits");
    let id = waiting["id"].as_str().expect("an id");
    assert!(world.atalaya(&["outbox", "retry", id]).status.success());
    world.start();
    world.until("the late mail", |world| world.mails.len() == 2);
    assert_eq!(World::header(&world.mails[1], "message-id"), waiting["message_id"].as_str().expect("frozen"));
    world.stop();
}

#[test]
fn a_failing_webhook_is_called_again_with_the_same_id_and_body() {
    let mut world = World::new();
    let configuration = world.configuration().replace("/200\"", "/500x1\"");
    world.configure(&configuration);
    let link = world.site.article("/a", "A report", "It speaks of torture.");
    world.site.feed("/feed.xml", &[entry("a", "A report", link)]);
    world.start();
    world.until("two calls", |world| world.calls.len() == 2);
    assert_eq!(world.calls[0]["id"], world.calls[1]["id"]);
    assert_eq!(world.calls[0]["body"], world.calls[1]["body"]);
    for call in &world.calls {
        assert_eq!(call["error"], Value::Null);
    }
    let time = |call: &Value| call["headers"]["webhook-timestamp"].as_str().and_then(|text| text.parse::<i64>().ok());
    assert!(time(&world.calls[0]) < time(&world.calls[1]), "the timestamp is renewed at each try");
    world.stop();
}
