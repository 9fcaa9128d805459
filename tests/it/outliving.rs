//! The daemon outlives dead hosts, bad reloads and sudden death.

use crate::world::Page;
use crate::world::RULE;
use crate::world::World;
use crate::world::command;
use crate::world::entry;
use serde_json::Value;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Duration;
use std::time::Instant;

#[test]
fn a_dead_host_delays_no_other_source() {
    let mut world = World::new();
    // Hosts that take connections and never answer: three feeds, and the items of a fourth.
    world.site.serve("/silent", Page::silent());
    let mut configuration = world.configuration().replace("timeout = \"5s\"", "timeout = \"25s\"\nconcurrency = 8");
    configuration.push_str("\n[egress.hosts]\n");
    for name in ["dead-1", "dead-2", "dead-3", "dead-items"] {
        let _written = writeln!(configuration, "\"{name}.example\" = \"127.0.0.1\"");
    }
    for number in 1..=3 {
        let url = world.site.url_at(&format!("dead-{number}.example"), "/silent");
        let _written = write!(configuration, "\n[source.dead-{number}]\nfeed = \"{url}\"\nevery = \"1s\"\n");
    }
    let dead: Vec<_> = (0..20)
        .map(|number| {
            entry(
                &format!("d{number}"),
                "Dead",
                world.site.url_at("dead-items.example", "/silent") + &format!("?{number}"),
            )
        })
        .collect();
    for number in 0..20 {
        world.site.serve(&format!("/silent?{number}"), Page::silent());
    }
    world.site.feed("/dead-items.xml", &dead);
    let url = world.site.url("/dead-items.xml");
    let _written =
        write!(configuration, "\n[source.dead-items]\nfeed = \"{url}\"\nevery = \"1h\"\nfirst_poll = \"all\"\n");
    world.configure(&configuration);
    world.site.feed("/feed.xml", &[]);
    world.start();
    world.until("the dead are asked", |world| {
        world.asked.iter().filter(|path| path.starts_with("/silent?")).count() >= 4
            && world.asked.iter().filter(|path| *path == "/silent").count() == 3
    });
    let link = world.site.article("/a", "A report", "It speaks of torture.");
    world.site.feed("/feed.xml", &[entry("a", "A report", link)]);
    let begun = Instant::now();
    world.until("the alert", |world| world.mails.len() == 1 && world.calls.len() == 1);
    assert!(begun.elapsed() < Duration::from_secs(10), "the alert waited for the dead: {:?}", begun.elapsed());
    world.signal("KILL");
}

#[test]
fn a_reload_with_errors_changes_nothing_and_says_so() {
    let mut world = World::new();
    world.site.feed("/feed.xml", &[]);
    world.start();
    world.until_asked("/feed.xml", 1);
    let good = world.configuration();
    world.configure(&good.replace("every = \"1s\"", "evry = \"1s\""));
    world.signal("HUP");
    world.until("the refusal is said", |world| world.notified.iter().any(|line| line.contains("reload refused")));
    let log = world.log();
    assert!(log.contains("atalaya.toml:") && log.contains("evry"), "{log}");
    let link = world.site.article("/a", "A report", "It speaks of torture.");
    world.site.feed("/feed.xml", &[entry("a", "A report", link)]);
    world.until("the old configuration still tells", |world| world.mails.len() == 1 && world.calls.len() == 1);
    world.configure(&good);
    world.stop();
}

#[test]
fn a_reload_puts_new_rules_and_sources_in_force_and_repeats_nothing() {
    let mut world = World::new();
    let link = world.site.article("/a", "A report", "It speaks of torture.");
    world.site.feed("/feed.xml", &[entry("a", "A report", link)]);
    world.start();
    world.until("the first alert", |world| world.mails.len() == 1 && world.calls.len() == 1);
    let link = world.site.article("/c", "A strike", "The dockers begin a strike.");
    world.site.feed("/second.xml", &[entry("c", "A strike", link)]);
    let mut configuration = world.configuration();
    let url = world.site.url("/second.xml");
    let _written = write!(
        configuration,
        "\n[source.second]\nfeed = \"{url}\"\nevery = \"1s\"\nfirst_poll = \"all\"\n\n[rule.strikes]\nmatch = 'strike'\n"
    );
    world.configure(&configuration);
    world.signal("HUP");
    world.until("the new rule tells of the new source", |world| world.mails.len() == 2 && world.calls.len() == 2);
    assert_eq!(world.calls[1]["body"]["data"]["rules"][0]["name"], "strikes");
    world.until_asked("/feed.xml", 2);
    assert_eq!((world.mails.len(), world.calls.len()), (2, 2));
    let reloading = world.notified.iter().find(|line| line.contains("RELOADING=1")).expect("it says RELOADING=1");
    assert!(reloading.contains("MONOTONIC_USEC="), "{reloading}");
    world.stop();
}

#[test]
fn a_configuration_with_errors_does_not_start_and_exits_with_78() {
    let world = World::new();
    fs::write(world.config_file(), "[source.x]\nfed = \"https://paper.example/feed\"\n").expect("written");
    let output = command().args(["run", "--config"]).arg(world.config_file()).output().expect("it runs");
    assert_eq!(output.status.code(), Some(78));
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(text.contains("atalaya.toml:2:1") && text.contains("feed"), "{text}");
}

#[test]
fn the_watchdog_is_fed() {
    let mut world = World::new();
    world.site.feed("/feed.xml", &[]);
    world.start();
    world.until("WATCHDOG=1 with a status", |world| {
        world.notified.iter().any(|line| line.contains("WATCHDOG=1") && line.contains("STATUS=1 sources"))
    });
    world.stop();
    world.until("STOPPING=1", |world| world.notified.iter().any(|line| line.contains("STOPPING=1")));
}

#[test]
fn a_restored_backup_tells_again_under_the_same_ids_only() {
    let mut world = World::new();
    let mut entries = Vec::new();
    let mut add = |world: &World, number: usize| {
        let path = format!("/{number}");
        let link = world.site.article(&path, &format!("Report {number}"), &format!("Torture, case number {number}."));
        entries.push(entry(&path, &format!("Report {number}"), link));
        world.site.feed("/feed.xml", &entries);
    };
    add(&world, 1);
    world.start();
    world.until("the first alert", |world| world.mails.len() == 1 && world.calls.len() == 1);
    world.stop();
    let (state, backup) = (world.state(), world.state().with_extension("backup"));
    copy_folder(&state, &backup);
    add(&world, 2);
    add(&world, 3);
    world.start();
    world.until("three alerts", |world| world.mails.len() == 3 && world.calls.len() == 3);
    world.stop();

    fs::remove_dir_all(&state).expect("the newer state goes");
    copy_folder(&backup, &state);
    add(&world, 4);
    world.start();
    world
        .until("what the backup does not know is told again", |world| world.mails.len() == 6 && world.calls.len() == 6);
    world.until_asked("/feed.xml", 2);
    world.stop();
    let ids: BTreeSet<String> = world.mails.iter().map(|mail| World::header(mail, "message-id")).collect();
    let calls: BTreeSet<String> = world.calls.iter().map(|call| call["id"].to_string()).collect();
    assert_eq!((ids.len(), calls.len()), (4, 4), "one id per story, however often it was sent");
}

#[test]
fn two_daemons_on_one_store_tell_everything_once() {
    let mut world = World::new();
    let entries: Vec<_> = (0..40)
        .map(|number| {
            let path = format!("/{number}");
            let text = format!("Torture, case number {number} of forty.");
            entry(&path, &format!("Report {number}"), world.site.article(&path, &format!("Report {number}"), &text))
        })
        .collect();
    world.site.feed("/feed.xml", &entries);
    // A lease that ends under a slow machine is another promise: see the store's own stories.
    let configuration = world.configuration().replace("lease = \"1s\"", "lease = \"1m\"");
    world.configure(&configuration);
    let mut second = world.spawn();
    world.start();
    world.until("forty alerts", |world| world.mails.len() >= 40 && world.calls.len() >= 40);
    world.until_asked("/feed.xml", 2);
    world.stop();
    second.kill().expect("it can be killed");
    second.wait().expect("it ends");
    assert_eq!((world.mails.len(), world.calls.len()), (40, 40));
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for file in fs::read_dir(from).expect("the folder is there") {
        let file = file.expect("a file");
        fs::copy(file.path(), to.join(file.file_name())).expect("copied");
    }
}

/// Kills in one test. The issue asks for 50 in the suite.
const KILLS: usize = 60;

#[test]
fn sixty_kills_at_random_moments_lose_nothing_and_show_no_second_message_id() {
    let mut world = World::new();
    // Some alerts have two rules and two receivers, so that a torn telling would show.
    let configuration = world
        .configuration()
        .replace("email = [\"ana@example.org\"]", "email = [\"ana@example.org\", \"eva@example.org\"]")
        .replace(RULE, &format!("{RULE}\n[rule.prison]\nmatch = 'prison'\n"));
    world.configure(&configuration);
    let mut entries = Vec::new();
    let mut chance = 0x9e37_79b9_7f4a_7c15_u64 ^ u64::from(std::process::id());
    let mut random = move |below: u64| {
        chance ^= chance << 13;
        chance ^= chance >> 7;
        chance ^= chance << 17;
        chance % below
    };
    for round in 0..KILLS {
        for part in 0..2 {
            let path = format!("/{round}-{part}");
            // No two texts alike: this is about death, not about copies.
            let body = format!("Report number {round}.{part} speaks of torture in prison {}.", round * 2 + part);
            let title = format!("Report {round}.{part}");
            let link = world.site.article(&path, &title, &body);
            entries.push(entry(&path, &title, link));
        }
        world.site.feed("/feed.xml", &entries);
        world.start_without_waiting();
        // Death comes behind a few events, which are requests, mails and calls, or in the silence between them.
        for _ in 0..random(14) {
            world.one_event(Duration::from_millis(20 + random(200)));
        }
        world.kill();
    }
    let expected: BTreeSet<String> = entries.iter().map(|(_, title, _)| title.clone()).collect();
    world.start();
    let told = |world: &World, receiver: &str| -> BTreeSet<String> {
        let to = |mail: &&Value| mail["to"][0] == receiver;
        world.mails.iter().filter(to).map(subject_of).collect()
    };
    world.until("every report is told to everybody", |world| {
        let called: BTreeSet<String> =
            world.calls.iter().filter_map(|call| call["body"]["data"]["title"].as_str().map(str::to_owned)).collect();
        called == expected && told(world, "ana@example.org") == expected && told(world, "eva@example.org") == expected
    });
    world.until_asked("/feed.xml", 2);
    world.stop();

    let mut ids: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    let mut bytes: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for mail in &world.mails {
        let id = World::header(mail, "message-id");
        let receiver = mail["to"][0].as_str().expect("a receiver").to_owned();
        ids.entry((receiver, subject_of(mail))).or_default().insert(id.clone());
        bytes.entry(id).or_default().insert(mail["raw"].as_str().expect("bytes").to_owned());
    }
    for call in &world.calls {
        let id = call["id"].as_str().expect("an id").to_owned();
        let title = call["body"]["data"]["title"].as_str().expect("a title").to_owned();
        ids.entry(("webhook".into(), title)).or_default().insert(id.clone());
        bytes.entry(id).or_default().insert(call["body"].to_string());
    }
    assert_eq!(ids.len(), expected.len() * 3);
    for (telling, ids) in &ids {
        assert_eq!(ids.len(), 1, "{telling:?} was told under {ids:?}");
    }
    for (id, bytes) in &bytes {
        assert_eq!(bytes.len(), 1, "{id} had more than one content");
    }
    let again = world.mails.len() + world.calls.len() - ids.len();
    println!("{KILLS} kills, {} tellings, {again} sent again under the same id", ids.len());
    let ledger = world.ledger_adds_up();
    assert_eq!(ledger["states"], serde_json::json!({ "judged": expected.len() }), "{ledger}");
    assert_eq!(ledger["delivery_states"], serde_json::json!({ "done": ids.len() }), "{ledger}");
}

/// The report's title in a mail's subject.
fn subject_of(mail: &Value) -> String {
    let subject = World::header(mail, "subject");
    let at = subject.find("Report ").unwrap_or_else(|| panic!("no report in {subject}"));
    subject[at..].split(' ').take(2).collect::<Vec<_>>().join(" ")
}
