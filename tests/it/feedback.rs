//! "Not relevant": an unguessable link in each message, that records only what a person confirms, and outlives a restart.

use crate::world::World;
use crate::world::entry;
use serde_json::Value;
use std::fmt::Write as _;
use std::io::Read as _;
use std::io::Write as _;
use std::net::TcpListener;
use std::net::TcpStream;
use std::process::Output;

/// A world whose web server listens, and in which one article was told. Gives the port too.
fn told_once() -> (World, u16) {
    let mut world = World::new();
    let port = TcpListener::bind(("127.0.0.1", 0)).expect("a port").local_addr().expect("an address").port();
    let mut configuration = world.configuration();
    let _written =
        write!(configuration, "\n[web]\nlisten = \"127.0.0.1:{port}\"\npublic = \"http://127.0.0.1:{port}/\"\n");
    world.configure(&configuration);
    let link = world.site.article("/a", "A report of 3 &lt; 5 &amp; more", "It speaks of torture.");
    world.site.feed("/feed.xml", &[entry("a", "A report", link)]);
    world.start();
    world.until("mail and webhook", |world| world.mails.len() == 1 && world.calls.len() == 1);
    (world, port)
}

/// One request over a socket: status and the whole answer.
fn ask(port: u16, method: &str, path: &str, head: &str, body: &[u8]) -> (u16, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
    write!(stream, "{method} {path} HTTP/1.1\r\nhost: tower.example\r\nconnection: close\r\n{head}\r\n")
        .expect("heard");
    // A server that refuses may close before it has read all.
    let _refused = stream.write_all(body);
    let mut answer = Vec::new();
    let _reset = stream.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
    (status, answer)
}

fn lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8(output.stdout.clone()).expect("answers are UTF-8");
    text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

fn said(world: &World) -> Vec<Value> {
    lines(&world.atalaya(&["feedback", "--json"]))
}

#[test]
fn a_link_in_each_message_records_what_a_person_confirms() {
    let (mut world, port) = told_once();
    let public = format!("http://127.0.0.1:{port}/feedback/");
    let text = world.mails[0]["text"].as_str().expect("a text part").to_owned();
    let link = text.split_whitespace().find(|word| word.starts_with(&public)).expect("a link in the text").to_owned();
    assert!(world.mails[0]["html"].as_str().expect("an HTML part").contains(&format!("href=\"{link}\"")));
    let other = world.calls[0]["body"]["data"]["feedback_url"].as_str().expect("a link in the payload").to_owned();
    assert!(other.starts_with(&public) && other != link, "each receiver has a link of its own");
    let path = |link: &str| link[format!("http://127.0.0.1:{port}").len()..].to_owned();

    // What programs do that check mail changes nothing.
    for method in ["GET", "HEAD", "GET"] {
        let (status, answer) = ask(port, method, &path(&link), "", b"");
        assert_eq!(status, 200, "{answer}");
        assert!(method == "HEAD" || answer.contains("A report of 3 &lt; 5 &amp; more"), "{answer}");
        assert!(answer.contains("content-security-policy: default-src 'none'"), "{answer}");
    }
    assert!(said(&world).is_empty());

    // The link outlives a restart.
    world.stop();
    world.start();
    let empty = "content-length: 0\r\n";
    for _ in 0..2 {
        let (status, answer) = ask(port, "POST", &path(&link), empty, b"");
        assert_eq!((status, answer.contains("Noted: not relevant")), (200, true), "{answer}");
    }
    let rows = said(&world);
    assert_eq!(rows.len(), 1, "twice is as once: {rows:#?}");
    for (key, value) in [("rule", "torture".into()), ("relevant", Value::Bool(false)), ("by", "ana@example.org".into())]
    {
        assert_eq!(rows[0][key], value, "{key}");
    }
    assert_eq!(ask(port, "POST", &path(&other), empty, b"").0, 200);
    assert_eq!(said(&world).len(), 2);
    world.stop();
}

#[test]
fn strangers_get_nothing_and_floods_are_refused() {
    let (mut world, port) = told_once();
    let link = world.calls[0]["body"]["data"]["feedback_url"].as_str().expect("a link").to_owned();
    let path = link[format!("http://127.0.0.1:{port}").len()..].to_owned();
    let (subject, tag) = path.rsplit_once('.').expect("subject and signature");
    let swapped = tag.chars().rev().collect::<String>();
    let long = "x".repeat(5_000);
    for wrong in [
        "/feedback/".to_owned(),
        "/feedback/x".to_owned(),
        format!("/feedback/{long}"),
        "/feedback/%00%ff.%2e".to_owned(),
        subject.to_owned(),
        format!("{subject}."),
        format!("{subject}.{swapped}"),
        format!("{path}A"),
    ] {
        for method in ["GET", "POST"] {
            let (status, answer) = ask(port, method, &wrong, "content-length: 0\r\n", b"");
            assert!(matches!(status, 400 | 404), "{method} {wrong}: {answer}");
        }
    }
    let megabyte = vec![b'x'; 1 << 20];
    let head = format!("content-length: {}\r\n", megabyte.len());
    let status = ask(port, "POST", &path, &head, &megabyte).0;
    assert!(matches!(status, 413 | 0), "{status}");
    assert!(said(&world).is_empty());
    assert_eq!(ask(port, "GET", &path, "", b"").0, 200, "and the server still answers");
    world.stop();
}

#[test]
fn feedback_is_given_and_listed_on_the_command_line() {
    let (mut world, _) = told_once();
    let give = |world: &World, more: &[&str]| world.atalaya(&[&["feedback", "--by", "eva"], more].concat());
    assert_eq!(give(&world, &["1", "no", "--note", "a novel"]).status.code(), Some(0));
    assert_eq!(give(&world, &["1", "yes", "--rule", "torture"]).status.code(), Some(0));
    let rows = said(&world);
    assert_eq!(rows.len(), 1, "the last word counts: {rows:#?}");
    assert_eq!((&rows[0]["relevant"], &rows[0]["by"], &rows[0]["note"]), (&true.into(), &"eva".into(), &Value::Null));
    assert_eq!(give(&world, &["99", "no"]).status.code(), Some(1));
    assert_eq!(give(&world, &["1", "no", "--rule", "other"]).status.code(), Some(1));
    assert_eq!(give(&world, &["1"]).status.code(), Some(2));
    assert_eq!(give(&world, &["1", "perhaps"]).status.code(), Some(2));
    let listed = String::from_utf8(world.atalaya(&["feedback"]).stdout).expect("UTF-8");
    assert!(listed.contains("torture: relevant") && listed.contains("said eva"), "{listed}");
    world.stop();
}

#[test]
fn suggestions_come_from_what_people_said_and_change_nothing() {
    let mut world = World::new();
    let mut entries = Vec::new();
    for number in 0..12 {
        let (path, title) = (format!("/{number}"), format!("Piece {number}"));
        let word = if number < 6 { "novel" } else { "prison" };
        let link = world.site.article(&path, &title, &format!("The {word} number {number} speaks of torture."));
        entries.push(entry(&path, &title, link));
    }
    world.site.feed("/feed.xml", &entries);
    world.start();
    world.until("all are told", |world| world.mails.len() == 12 && world.calls.len() == 12);
    let few = world.atalaya(&["suggest", "torture"]);
    let complaint = String::from_utf8_lossy(&few.stderr).into_owned();
    assert_eq!((few.status.code(), complaint.contains("too little is known")), (Some(1), true), "{complaint}");
    let alerts = lines(&world.atalaya(&["evidence", "list", "--json"]));
    for alert in &alerts {
        let title = alert["title"].as_str().expect("a title");
        let number: usize = title.trim_start_matches("Piece ").parse().expect("a number");
        let answer = if number < 6 { "no" } else { "yes" };
        let given = world.atalaya(&["feedback", &alert["alert"].to_string(), answer]);
        assert_eq!(given.status.code(), Some(0));
    }
    let before = world.configuration();
    let output = world.atalaya(&["suggest", "--json"]);
    let proposals = lines(&output);
    let novel = proposals.iter().find(|line| line["word"] == "novel");
    let novel = novel.unwrap_or_else(|| panic!("{proposals:#?}{}", String::from_utf8_lossy(&output.stderr)));
    for (key, value) in [("rule", "torture".into()), ("remedy", "not".into()), ("lost", Value::from(6))] {
        assert_eq!(novel[key], value, "{key}");
    }
    assert_eq!(
        (&novel["lost_irrelevant"], &novel["lost_relevant"], &novel["gained"]),
        (&6.into(), &0.into(), &0.into())
    );
    assert!(proposals.iter().all(|line| line["word"] != "torture"), "{proposals:#?}");
    let text = String::from_utf8(world.atalaya(&["suggest"]).stdout).expect("UTF-8");
    assert!(
        text.contains("NOT novel in `match`") && text.contains("6 lost, of them 0 called relevant and 6 not"),
        "{text}"
    );
    assert_eq!(std::fs::read_to_string(world.config_file()).expect("it is there"), before);
    assert_eq!(world.atalaya(&["suggest", "nothing"]).status.code(), Some(1));
    world.stop();
}
