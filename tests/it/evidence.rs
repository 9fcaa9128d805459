//! What an alert rests on is kept byte for byte, comes out as a WARC file that other people's tools read, and no byte of
//! it can change unseen.

use crate::world::Page;
use crate::world::World;
use crate::world::article;
use crate::world::entry;
use crate::world::python;
use serde_json::Value;
use std::fs;
use std::process::Output;

/// A world in which one alert was told: its page stands behind a redirect and comes packed.
fn told() -> World {
    let mut world = World::new();
    let page = article("Report", "The word torture stands here, and señora with it.");
    world.site.serve("/moved", Page::to(302, "/report"));
    world.site.serve(
        "/report",
        Page::html(gzip(page.as_bytes())).with("Content-Encoding: gzip").with("X-Served-By: press-7"),
    );
    let other = world.site.article("/b", "Other", "Nothing of the kind.");
    let link = world.site.url("/moved");
    world.site.feed("/feed.xml", &[entry("a", "Report", link), entry("b", "Other", other)]);
    world.start();
    world.until("the alert", |world| world.mails.len() == 1 && world.calls.len() == 1);
    world.until("the other page is read", |world| world.asked.iter().any(|path| path == "/b"));
    world.until_asked("/feed.xml", 2);
    world.stop();
    world
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write as _;
    let mut packer = GzEncoder::new(Vec::new(), Compression::default());
    packer.write_all(bytes).expect("a Vec takes everything");
    packer.finish().expect("a Vec takes everything")
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn warc(file: &str) -> Vec<Value> {
    let output = python("warc.py", &[file]);
    assert!(output.status.success(), "{}", text(&output));
    let lines = String::from_utf8(output.stdout).expect("text");
    lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[test]
fn an_alert_s_page_comes_out_as_a_warc_file_that_warcio_reads_and_checks() {
    let world = told();
    let out = world.state().with_file_name("case");
    let exported = world.atalaya(&["evidence", "export", "1", "--out", &out.display().to_string()]);
    assert!(exported.status.success(), "{}", text(&exported));
    let records = warc(&out.join("alert-1.warc.gz").display().to_string());
    let of = |kind: &str| -> Vec<&Value> { records.iter().filter(|record| record["type"] == kind).collect() };
    let answers = of("response");
    assert_eq!(answers.len(), 2, "the redirect and the page: {records:?}");
    assert_eq!((&answers[0]["uri"], &answers[0]["status"]), (&world.site.url("/moved").into(), &"302".into()));
    assert_eq!(answers[1]["uri"], world.site.url("/report"));
    assert_eq!(answers[1]["headers"]["x-served-by"], "press-7");
    assert_eq!(answers[1]["headers"]["content-encoding"], "gzip", "the bytes are those of the wire");
    let body = answers[1]["body"].as_str().expect("a body");
    assert_eq!(body, article("Report", "The word torture stands here, and señora with it."));
    let asked = of("request");
    assert!(asked[1]["headers"]["user-agent"].as_str().is_some_and(|agent| agent.starts_with("atalaya/")), "{asked:?}");
    let resources = of("resource");
    assert!(
        resources.iter().any(|it| it["body"].as_str().is_some_and(|body| body.contains("señora"))),
        "{resources:?}"
    );
    let page = fs::read_to_string(out.join("alert-1.html")).expect("a page for people");
    assert!(page.contains("press-7") && page.contains("señora"), "{page}");
    // By the article's address as well, and the same bytes each time.
    let again = world.state().with_file_name("again");
    let link = world.site.url("/moved");
    let exported = world.atalaya(&["evidence", "export", &link, "--out", &again.display().to_string()]);
    assert!(exported.status.success(), "{}", text(&exported));
    let read = |folder: &std::path::Path| fs::read(folder.join("alert-1.warc.gz")).expect("a file");
    assert_eq!(read(&out), read(&again));
}

#[test]
fn what_no_rule_matched_is_not_kept_and_an_unknown_alert_is_said_to_be_one() {
    let world = told();
    let verified: Value =
        serde_json::from_slice(&world.atalaya(&["evidence", "verify", "--json"]).stdout).expect("JSON");
    assert_eq!((&verified["records"], &verified["bodies"]), (&1.into(), &2.into()), "{verified}");
    let missing = world.atalaya(&["evidence", "export", "99"]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(text(&missing).contains("no alert is known for `99`"), "{}", text(&missing));
}

#[test]
fn a_single_changed_byte_is_found_wherever_it_stands() {
    let world = told();
    let whole = world.atalaya(&["evidence", "verify"]);
    assert_eq!(whole.status.code(), Some(0), "{}", text(&whole));
    let database = world.state().join("atalaya.db");
    let kept = fs::read(&database).expect("the database");
    let body = "UPDATE evidence_body SET packed = CAST(substr(packed, 1, 20) || x'00' || substr(packed, 22) AS BLOB)
        WHERE size > 100 AND substr(packed, 21, 1) <> x'00'";
    for (change, says) in [
        ("UPDATE evidence SET record = replace(record, 'press-7', 'press-8')", "record 1 was changed"),
        ("UPDATE evidence SET digest = randomblob(32)", "record 1 was changed"),
        ("UPDATE evidence SET link = randomblob(32)", "record 1 does not follow from the one before"),
        ("UPDATE evidence SET record = NULL", "record 1 was removed, and an alert rests on it"),
        ("UPDATE evidence SET number = 2", "record 1 to 1 are missing"),
        ("DELETE FROM evidence_body WHERE size > 100", "is missing"),
        (body, "was changed"),
    ] {
        fs::write(&database, &kept).expect("the database again");
        let spoilt = python("spoil.py", &[&database.display().to_string(), change]);
        assert!(spoilt.status.success(), "{}", text(&spoilt));
        let verified = world.atalaya(&["evidence", "verify"]);
        assert_eq!(verified.status.code(), Some(1), "{change}: {}", text(&verified));
        assert!(text(&verified).contains(says), "{change}: {}", text(&verified));
    }
}

#[test]
fn a_day_s_root_is_printed_and_its_time_stamp_request_is_one_for_openssl() {
    let world = told();
    let roots: Value = serde_json::from_slice(&world.atalaya(&["evidence", "root", "--json"]).stdout).expect("JSON");
    let (day, root) = (roots["day"].as_str().expect("a day"), roots["root"].as_str().expect("a root"));
    let file = world.state().with_file_name("day.tsq").display().to_string();
    let asked = world.atalaya(&["evidence", "root", "--day", day, "--request", &file]);
    assert!(asked.status.success(), "{}", text(&asked));
    assert!(text(&asked).contains("is not over"), "{}", text(&asked));
    let shown = std::process::Command::new("openssl")
        .args(["ts", "-query", "-in", &file, "-text"])
        .output()
        .expect("openssl, which the tests install");
    let shown = text(&shown);
    assert!(shown.contains("Hash Algorithm: sha256") && shown.contains("Certificate required: yes"), "{shown}");
    let digits: String = shown
        .lines()
        .filter_map(|line| line.trim().strip_prefix("00").filter(|line| line.contains(" - ")))
        .flat_map(|line| line.split(" - ").nth(1).unwrap_or_default().split("   ").next().unwrap_or_default().chars())
        .filter(char::is_ascii_hexdigit)
        .collect();
    assert_eq!(digits, root, "{shown}");
}
