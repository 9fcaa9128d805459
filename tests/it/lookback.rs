//! Rules that look back: the archive is judged once, told in one message, and a death half-way changes nothing.

use crate::world::RULE;
use crate::world::World;
use crate::world::entry;
use serde_json::Value;

const LATER: &str = "[rule.harbour]\nlabel = \"Harbours\"\nmatch = 'lighthouse'\nsince = \"30d\"\n";

/// A world that has read so many articles of a harbour, one of them told for another rule, and one of something else.
fn read(count: usize) -> World {
    let mut world = World::new();
    let mut entries: Vec<_> = (0..count)
        .map(|number| {
            let (path, title) = (format!("/{number}"), format!("Report {number}"));
            let more = if number == 0 { " It speaks of torture." } else { "" };
            let body = format!("The ship number {number} lies in the lighthouse.{more}");
            entry(&path, &title, world.site.article(&path, &title, &body))
        })
        .collect();
    entries.push(entry("other", "Weather", world.site.article("/other", "Weather", "It rains.")));
    world.site.feed("/feed.xml", &entries);
    world.start();
    world.until("everything is read", |world| {
        let ledger: Value = serde_json::from_slice(&world.atalaya(&["ledger", "--json"]).stdout).unwrap_or_default();
        ledger["states"]["judged"] == count + 1
    });
    world.until("the first is told", |world| world.mails.len() == 1 && world.calls.len() == 1);
    world
}

fn with(world: &mut World, rule: &str) {
    let configuration = world.configuration().replace(RULE, &format!("{RULE}{rule}"));
    world.configure(&configuration);
}

#[test]
fn what_a_new_rule_finds_in_the_archive_is_told_in_one_message() {
    let mut world = read(5);
    with(&mut world, LATER);
    world.signal("HUP");
    world.until("one mail and one call more", |world| world.mails.len() == 2 && world.calls.len() == 2);
    let mail = world.mails[1].clone();
    assert_eq!(World::header(&mail, "subject"), "5 earlier articles: Harbours");
    for part in ["text", "html"] {
        let text = mail[part].as_str().expect("both parts");
        for number in 0..5 {
            assert!(
                text.contains(&format!("Report {number}")) && text.contains(&world.site.url(&format!("/{number}")))
            );
        }
        assert!(!text.contains("Weather"), "{text}");
    }
    let data = &world.calls[1]["body"]["data"];
    assert_eq!(data["earlier"]["articles"].as_array().map(Vec::len), Some(5), "{data:#}");
    let ledger = world.ledger_adds_up();
    assert_eq!((&ledger["outcomes"]["alerted"], &ledger["matched"]), (&6.into(), &6.into()), "{ledger:#}");
    let why = world.atalaya(&["why", &world.site.url("/3"), "--json"]);
    let why: Value = serde_json::from_slice(&why.stdout).expect("JSON");
    assert_eq!(why["outcomes"][0]["reason"]["code"], "looked_back", "{why:#}");

    // What comes from now on is told by itself, and neither a restart nor a reload tells the list again.
    world.stop();
    world.start();
    world.signal("HUP");
    let link = world.site.article("/new", "A new one", "Another lighthouse.");
    world.site.feed("/feed.xml", &[entry("new", "A new one", link)]);
    world.until("the new one is told", |world| world.mails.len() >= 3 && world.calls.len() >= 3);
    assert_eq!(World::header(&world.mails[2], "subject"), "A new one");
    world.until_asked("/feed.xml", 3);
    assert_eq!((world.mails.len(), world.calls.len()), (3, 3));

    // A changed rule looks back again, over what it did not match before.
    let changed = world.configuration().replace("match = 'lighthouse'", "match = 'lighthouse OR rains'");
    world.configure(&changed);
    world.signal("HUP");
    world.until("the rest is told", |world| world.mails.len() == 4 && world.calls.len() == 4);
    assert_eq!(World::header(&world.mails[3], "subject"), "1 earlier article: Harbours");
    world.stop();
}

#[test]
fn a_death_half_way_leaves_nothing_out_and_tells_nothing_twice() {
    let mut world = read(140);
    with(&mut world, LATER);
    world.signal("HUP");
    world.until("a batch is written", |world| world.log().contains("looked back over a batch"));
    world.kill();
    world.ledger_adds_up();
    world.start();
    world.until("the list is told", |world| world.mails.len() == 2 && world.calls.len() == 2);
    assert_eq!(World::header(&world.mails[1], "subject"), "140 earlier articles: Harbours");
    assert_eq!(world.ledger_adds_up()["outcomes"]["alerted"], 141);
    world.until_asked("/feed.xml", 3);
    assert_eq!((world.mails.len(), world.calls.len()), (2, 2));
    world.stop();
}

#[test]
fn a_rule_without_subscribers_is_judged_and_held() {
    let mut world = read(3);
    let narrow = world.configuration().replace("rules = \"all\"", "rules = [\"torture\"]");
    world.configure(&narrow);
    with(&mut world, LATER);
    world.signal("HUP");
    world.until("it is judged and held", |world| {
        let ledger: Value = serde_json::from_slice(&world.atalaya(&["ledger", "--json"]).stdout).unwrap_or_default();
        ledger["outcomes"]["held"] == 3
    });
    world.until("the telling is over", |world| world.log().contains("rules have looked back"));
    world.until_asked("/feed.xml", 2);
    assert_eq!((world.mails.len(), world.calls.len()), (1, 1));
    world.stop();
}
