//! Whatever a feed's bytes are, reading them takes little memory beyond themselves, and time in proportion to their
//! length. The largest that the client lets through is 16 MiB.

use atalaya::feed;
use atalaya::model::Document;
use atalaya::model::Listing;
use std::process::Command;
use std::time::Duration;
use url::Url;

const MIB: usize = 1 << 20;

/// The document, for the process that measures it.
const FILE: &str = "ATALAYA_FEED_FILE";

/// What can take long and keeps nothing.
const ONLY_SLOW: &[&str] = &[
    "nested_items",
    "nested_and_closed",
    "bare_ampersands",
    "many_open_sections",
    "sections_that_swallow",
    "many_open_comments",
    "open_attributes",
    "document_types",
    "end_tags",
    "a_long_link",
    "json_nested",
];

/// A document of about that length.
type Build = fn(usize) -> Vec<u8>;

const CASES: &[(&str, Build)] = &[
    ("tiny_items", |length| rss(&"<item/>".repeat(length / 7))),
    ("items_with_a_guid", |length| {
        let items: String = (0..length / 32).map(|number| format!("<item><guid>{number:08}</guid></item>")).collect();
        rss(&items)
    }),
    ("nested_tags", |length| rss(&format!("<item><title>x</title>{}", "<a>".repeat(length / 3)))),
    ("nested_items", |length| rss(&"<item>".repeat(length / 6))),
    ("nested_and_closed", |length| rss(&format!("{}{}", "<a>".repeat(length / 7), "</a>".repeat(length / 7)))),
    ("ampersands", |length| rss(&format!("<item><description>{}</description></item>", "&amp;".repeat(length / 5)))),
    ("ampersands_in_a_title", |length| rss(&format!("<item><title>{}</title></item>", "&amp;".repeat(length / 5)))),
    ("bare_ampersands", |length| rss(&format!("<item><title>{}</title></item>", "&".repeat(length)))),
    ("an_open_section", |length| rss(&format!("<item><title>x</title><description><![CDATA[{}", "a".repeat(length)))),
    ("many_open_sections", |length| rss(&format!("<item><title>x</title>{}", "<![CDATA[".repeat(length / 9)))),
    ("sections_that_swallow", |length| rss(&"<item><title><![CDATA[".repeat(length / 22))),
    ("many_open_comments", |length| rss(&format!("<item><title>x</title></item>{}", "<!--".repeat(length / 4)))),
    ("open_attributes", |length| rss(&"<item a=\"".repeat(length / 9))),
    ("one_tag_of_attributes", |length| rss(&format!("<item {}>", "a=b ".repeat(length / 4)))),
    ("own_entities", |length| {
        let own = format!("<!DOCTYPE rss [<!ENTITY a \"{}\"><!ENTITY b \"&a;&a;\">]>", "x".repeat(200));
        let text = format!("<item><title>x</title><description>{}</description></item>", "&a;&b;".repeat(length / 6));
        [own.into_bytes(), rss(&text)].concat()
    }),
    ("document_types", |length| rss(&"<!DOCTYPE a [".repeat(length / 13))),
    ("links_in_one_item", |length| {
        rss(&format!("<item>{}</item>", "<link>http://a.example/</link>".repeat(length / 30)))
    }),
    ("categories_in_one_item", |length| rss(&format!("<item>{}</item>", "<category>a</category>".repeat(length / 22)))),
    ("namespaces", |length| {
        let items: String =
            (0..length / 32).map(|number| format!("<a xmlns:a{number}=\"http://purl.org/dc/\"/>")).collect();
        rss(&items)
    }),
    ("bases", |length| rss(&"<a xml:base=\"b/\">".repeat(length / 17))),
    ("a_long_guid", |length| rss(&format!("<item><guid>{}</guid></item>", "a".repeat(length)))),
    ("a_long_link", |length| rss(&format!("<item><link>http://a.example/{}</link></item>", "a".repeat(length)))),
    ("one_letter_in_windows_1252", |length| {
        let mut bytes = rss("<item><title>x</title><description>");
        bytes.extend(std::iter::repeat_n(0x80, length));
        bytes
    }),
    ("inline_markup", |length| rss(&format!("<item><description>{}</description></item>", "<p>a".repeat(length / 4)))),
    ("end_tags", |length| rss(&format!("<item><title>x</title>{}", "</a>".repeat(length / 4)))),
    ("json_numbers", |length| json(&"0,".repeat(length / 2))),
    ("json_items", |length| json(&"{\"id\":1},".repeat(length / 9))),
    ("json_tags", |length| json(&format!("{{\"id\":1,\"tags\":[{}0]}},", "\"a\",".repeat(length / 4)))),
    ("json_nested", |length| json(&"[".repeat(length))),
];

fn rss(items: &str) -> Vec<u8> {
    format!("<rss><channel><title>t</title>{items}").into_bytes()
}

fn json(items: &str) -> Vec<u8> {
    format!("{{\"version\":\"https://jsonfeed.org/version/1.1\",\"items\":[{items}0]}}").into_bytes()
}

fn read(bytes: &[u8]) -> Option<Listing> {
    let url = Url::parse("https://feeds.example.test/all.xml").expect("an address");
    feed::read(&Document { url: &url, content_type: None, bytes }).ok()
}

/// The most memory that this process ever held, in bytes.
fn peak_memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux tells it");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("it is told");
    line.trim().trim_end_matches(" kB").parse::<usize>().expect("a number") * 1024
}

/// A process of its own for each case, since memory is measured by the most that it ever held.
#[test]
fn a_document_takes_no_more_than_64_mib_beyond_itself() {
    let program = std::env::current_exe().expect("this program");
    let file = tempfile::NamedTempFile::new().expect("a file");
    for (name, build) in CASES.iter().filter(|(name, _)| !ONLY_SLOW.contains(name)) {
        std::fs::write(file.path(), build(16 * MIB)).expect("a file can be written");
        let measured = Command::new(&program)
            .args(["--exact", "feed_limits::measures_one_file", "--nocapture", "--test-threads=1"])
            .env(FILE, file.path())
            .output()
            .expect("this program can be started");
        let told = String::from_utf8_lossy(&measured.stdout).into_owned();
        assert!(measured.status.success(), "{name}: {told}{}", String::from_utf8_lossy(&measured.stderr));
        let grown = told.lines().find_map(|line| line.trim().split("grown=").nth(1)).expect("it tells its growth");
        let grown: usize = grown.trim().parse().expect("a number");
        assert!(grown < 64 * MIB, "{name}: {} MiB beyond the document", grown / MIB);
    }
}

/// Does nothing unless a file is named: the measuring half of the test above.
#[test]
fn measures_one_file() {
    let Ok(file) = std::env::var(FILE) else { return };
    let bytes = std::fs::read(file).expect("the file");
    let before = peak_memory();
    let listing = read(&bytes);
    println!("grown={}", peak_memory() - before);
    drop(listing);
}

/// How long this thread was really running.
fn time_on_a_core() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux tells it");
    Duration::from_nanos(told.split(' ').next().and_then(|first| first.parse().ok()).expect("a number"))
}

#[test]
fn twice_the_length_takes_no_more_than_twice_the_time_and_a_half() {
    for (name, build) in CASES {
        let (short, long) = (build(MIB / 4), build(MIB / 2));
        let once = |bytes: &[u8]| {
            let began = time_on_a_core();
            let _ = read(bytes);
            time_on_a_core() - began
        };
        // The machine does other things too: the quickest of several times is the document's own.
        let (mut half, mut whole) = (Duration::MAX, Duration::MAX);
        for _ in 0..3 {
            half = half.min(once(&short));
            whole = whole.min(once(&long));
        }
        let linear = whole <= half * 5 / 2 + Duration::from_millis(10);
        assert!(linear, "{name}: {half:?} for half, {whole:?} for the whole");
    }
}

#[test]
fn a_feed_of_more_items_than_memory_holds_says_which_were_not_read() {
    let items: String = (0..400_000).map(|number| format!("<item><guid>{number:08}</guid></item>")).collect();
    let listing = read(&rss(&items)).expect("a feed");
    let unread = listing.warnings.iter().find(|warning| warning.contains("were not read"));
    assert!(listing.entries.len() > 50_000, "{}", listing.entries.len());
    assert!(unread.is_some_and(|warning| warning.contains("of 400000 entries")), "{:?}", listing.warnings);
}

#[test]
fn long_texts_are_left_out_before_any_entry_is() {
    let text = "x".repeat(1000);
    let items: String = (0..60_000)
        .map(|number| format!("<item><guid>{number}</guid><description>{text}</description></item>"))
        .collect();
    let listing = read(&rss(&items)).expect("a feed");
    assert_eq!(listing.entries.len(), 60_000);
    assert!(listing.warnings.iter().any(|warning| warning.contains("texts of")), "{:?}", listing.warnings);
}
