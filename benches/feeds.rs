//! How fast feeds are read on one core, and how feed-rs alone reads them: the half of `bench/feeds` that needs the
//! library. `--time FOLDER` reads each file of a folder again and again and prints MB/s of both as JSON; `--feed-rs
//! FILE…` prints what feed-rs alone makes of each file, one line of `atalaya try feed --json` each.
#![expect(clippy::print_stdout, reason = "it is a program that prints")]

use atalaya::feed;
use atalaya::feed::charset;
use atalaya::model::Document;
use serde_json::json;
use std::fs;
use std::panic::catch_unwind;
use std::time::Duration;
use std::time::Instant;
use url::Url;

const ADDRESS: &str = "http://no-address.invalid/";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.split_first() {
        Some((mode, files)) if mode == "--feed-rs" => files.iter().for_each(|file| println!("{}", by_feed_rs(file))),
        Some((mode, [folder])) if mode == "--time" => time(folder),
        // `cargo bench` and `cargo test` start it with nothing or options of their own.
        _ => println!("feeds: give --time FOLDER or --feed-rs FILE…; bench/feeds does both"),
    }
}

fn time(folder: &str) {
    let mut files: Vec<Vec<u8>> = Vec::new();
    for file in fs::read_dir(folder).expect("the folder can be read") {
        files.push(fs::read(file.expect("it can be listed").path()).expect("a file can be read"));
    }
    let megabytes = files.iter().map(Vec::len).sum::<usize>() as f64 / 1e6;
    let rate = |read: &dyn Fn(&[u8])| {
        // The best of several rounds is the one that others disturbed least.
        let began = Instant::now();
        let mut best = f64::MAX;
        let mut rounds = 0;
        while rounds < 5 || (began.elapsed() < Duration::from_secs(5) && rounds < 50) {
            let round = Instant::now();
            files.iter().for_each(|bytes| read(bytes));
            best = best.min(round.elapsed().as_secs_f64());
            rounds += 1;
        }
        megabytes / best
    };
    let address = Url::parse(ADDRESS).expect("an address");
    let ours = rate(&|bytes| _ = feed::read(&Document { url: &address, content_type: None, bytes }));
    std::panic::set_hook(Box::new(|_| {}));
    let theirs = rate(&|bytes| _ = parse(bytes));
    println!("{}", json!({"atalaya": ours, "feed-rs": theirs}));
}

fn parse(bytes: &[u8]) -> Option<feed_rs::model::Feed> {
    let (text, _) = charset::decode(bytes, None, charset::xml_label(bytes));
    catch_unwind(|| {
        let parser = feed_rs::parser::Builder::new().base_uri(Some(ADDRESS)).sanitize_content(false).build();
        parser.parse(text.trim_start().as_bytes()).ok()
    })
    .ok()?
}

fn by_feed_rs(file: &str) -> serde_json::Value {
    let Some(feed) = parse(&fs::read(file).expect("a file can be read")) else {
        return json!({"file": file, "error": "refused"});
    };
    let entries: Vec<_> = feed
        .entries
        .into_iter()
        .map(|entry| {
            let link =
                entry.links.iter().find(|link| link.rel.as_deref().is_none_or(|relation| relation == "alternate"));
            json!({
                "id": entry.id,
                "title": entry.title.map(|text| text.content),
                "link": link.map(|link| &link.href),
                "published": entry.published.map(|time| time.to_rfc3339()),
                "updated": entry.updated.map(|time| time.to_rfc3339()),
                "summary": entry.summary.map(|text| text.content),
                "content": entry.content.and_then(|content| content.body),
            })
        })
        .collect();
    json!({"file": file, "entries": entries, "warnings": []})
}
