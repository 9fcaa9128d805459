//! What is read on saved pages, and how fast on one core: the half of `bench/articles` that needs the library.
//! `--read` takes `{"id", "url", "file"}` lines and prints what Atalaya and plain dom_smoothie make of each page, then
//! the pages per CPU second of both; `--blocks` prints what the judge of blocks is fitted to; `--hostile NUMBER` reads
//! one hostile page and prints its name, seconds and megabytes, or nothing when there are no more.
#![expect(clippy::print_stdout, reason = "it is a program that prints")]

use atalaya::article;
use atalaya::article::Terms;
use atalaya::clock;
use atalaya::model::Document;
use atalaya::text::language;
use dom_smoothie::Config;
use dom_smoothie::Readability;
use dom_smoothie::TextMode;
use serde_json::Value;
use serde_json::json;
use std::fs;
use std::io;
use std::io::BufRead;
use std::io::Read;
use std::panic::catch_unwind;
use std::thread;
use url::Url;

#[path = "../src/article/hostile.rs"]
mod hostile;

struct Page {
    id: Value,
    url: Url,
    bytes: Vec<u8>,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let work: Box<dyn FnOnce() + Send> = match *arguments {
        ["--read"] => Box::new(read),
        ["--blocks"] => Box::new(blocks),
        ["--hostile", number] => {
            let number = number.parse().expect("a number");
            Box::new(move || try_hostile(number))
        }
        // `cargo bench` and `cargo test` start it with nothing or options of their own.
        _ => return println!("articles: give --read, --blocks or --hostile NUMBER; bench/articles does all"),
    };
    let worker = thread::Builder::new().stack_size(article::STACK_BYTES).spawn(work);
    worker.expect("a thread").join().expect("no panic");
}

fn pages() -> Vec<Page> {
    let asked = io::stdin().lock().lines().map(|line| {
        let asked: Value = serde_json::from_str(&line.expect("standard input can be read")).expect("JSON");
        let file = fs::File::open(asked["file"].as_str().expect("a file")).expect("the file can be opened");
        let mut bytes = Vec::new();
        flate2::read::GzDecoder::new(file).read_to_end(&mut bytes).expect("gzip");
        let url = Url::parse(asked["url"].as_str().expect("an address")).expect("an address");
        Page { id: asked["id"].clone(), url, bytes }
    });
    asked.collect()
}

fn document(page: &Page) -> Document<'_> {
    Document { url: &page.url, content_type: None, bytes: &page.bytes }
}

/// Read now, and as any site.
fn terms() -> Terms<'static> {
    Terms { now: clock::now(), site: None }
}

fn read() {
    std::panic::set_hook(Box::new(|_| {}));
    let pages = pages();
    for page in &pages {
        let mut article = article::extract(&document(page), &terms());
        // As the daemon does.
        article.language = language::detect(&article.title, &article.text, article.language.as_ref());
        println!("{}", json!({"id": page.id, "atalaya": article, "dom_smoothie": plain(page)}));
    }
    let ours = rate(&pages, &|page| _ = article::extract(&document(page), &terms()));
    let theirs = rate(&pages, &|page| _ = plain(page));
    let slowest = slowest(&pages);
    println!("{}", json!({"speed": {"atalaya": ours, "dom_smoothie": theirs}, "p99": slowest}));
}

/// dom_smoothie as it comes, without our scan.
fn plain(page: &Page) -> String {
    let html = article::decode(&document(page));
    let attempt = catch_unwind(|| {
        let config = Config { text_mode: TextMode::Formatted, ..Config::default() };
        let mut reader = Readability::new(html.as_ref(), Some(page.url.as_str()), Some(config)).ok()?;
        Some(reader.parse().ok()?.text_content.to_string())
    });
    attempt.ok().flatten().unwrap_or_default()
}

/// Pages per CPU second: the best of three rounds is the one that others disturbed least.
fn rate(pages: &[Page], read: &dyn Fn(&Page)) -> f64 {
    let round = || {
        let began = cpu_seconds();
        pages.iter().for_each(read);
        cpu_seconds() - began
    };
    let best = (0..3).map(|_| round()).fold(f64::MAX, f64::min);
    pages.len() as f64 / best
}

/// The CPU milliseconds that 99 of 100 pages do not exceed, each at its best of three.
fn slowest(pages: &[Page]) -> f64 {
    let once = |page: &Page| {
        let began = cpu_seconds();
        _ = article::extract(&document(page), &terms());
        cpu_seconds() - began
    };
    let mut times: Vec<f64> = pages.iter().map(|page| (0..3).map(|_| once(page)).fold(f64::MAX, f64::min)).collect();
    times.sort_by(f64::total_cmp);
    times.get(times.len() * 99 / 100).map_or(0.0, |seconds| seconds * 1000.0)
}

/// What this thread has had of a processor.
fn cpu_seconds() -> f64 {
    let told = fs::read_to_string("/proc/thread-self/schedstat").expect("Linux tells");
    let nanoseconds: f64 = told.split(' ').next().and_then(|first| first.parse().ok()).expect("a number");
    nanoseconds / 1e9
}

fn blocks() {
    for page in pages() {
        let (columns, blocks) = article::rows(&document(&page), &terms());
        println!("{}", json!({"id": page.id, "columns": columns, "blocks": blocks}));
    }
}

fn try_hostile(number: usize) {
    let Some(form) = hostile::FORMS.get(number) else { return };
    let url = Url::parse("https://paper.example/a").expect("an address");
    let bytes = (form.page)(form.bytes);
    let before = peak_megabytes();
    let began = cpu_seconds();
    let document = Document { url: &url, content_type: form.content_type, bytes: &bytes };
    let (article, _) = article::examine(&document, "", &terms());
    let seconds = cpu_seconds() - began;
    let grown = peak_megabytes() - before;
    println!(
        "{}",
        json!({"name": form.name, "seconds": seconds, "megabytes": grown, "page": bytes.len(), "warnings": article.warnings})
    );
}

fn peak_megabytes() -> f64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux tells");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    line.trim().trim_end_matches(" kB").parse::<f64>().expect("a number") / 1024.0
}
