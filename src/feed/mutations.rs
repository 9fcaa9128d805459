//! Spoilt feeds: whatever is done to a document, reading it neither panics nor hangs, and gives the same twice. A short
//! run is part of the suite; `ATALAYA_MUTATIONS=10000000 cargo test --release --lib feed::mutations -- --nocapture` is the
//! long one, and `ATALAYA_SEED` gives it another beginning.

use super::read;
use super::sitemap;
use crate::model::Document;
use crate::model::Listing;
use crate::model::Reason;
use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::time::Duration;
use std::time::Instant;
use url::Url;

macro_rules! fixtures {
    ($($name:literal),* $(,)?) => { &[$(include_bytes!(concat!("../../tests/data/feeds/", $name))),*] };
}

const FIXTURES: &[&[u8]] = fixtures![
    "well_formed.rss",
    "well_formed.atom",
    "well_formed.json",
    "atom_0_3.atom",
    "rdf_item_without_link.rdf",
    "cdata_not_closed.rss",
    "cut_in_the_middle.rss",
    "links_are_relative.rss",
    "undefined_entities_and_bare_ampersands.rss",
    "mail_beside_wide_letters_and_a_huge_duration.rss",
    "no_version_and_a_namespace_of_its_own.rss",
    "utf16_with_mark.rss",
    "windows_1252_undeclared.rss",
    "everything_at_once.rss",
    "xhtml_and_base.atom",
    "news_sitemap.xml",
    "not_a_feed/page.html",
];

/// What breaks readers.
const PIECES: &[&[u8]] = &[
    b"<",
    b">",
    b"&",
    b"\"",
    b"'",
    b"/",
    b"=",
    b":",
    b"]]>",
    b"<![CDATA[",
    b"<!--",
    b"-->",
    b"<?",
    b"?>",
    b"</",
    b"/>",
    b"<!DOCTYPE a [",
    b"<!ENTITY a \"b\">",
    b"&a;",
    b"&amp;",
    b"&#",
    b"&#x",
    b"&#xD83D;",
    b"&#0;",
    b";",
    b"<item>",
    b"</item>",
    b"<item",
    b"<entry>",
    b"</entry>",
    b"</channel>",
    b"</rss>",
    b"<title>",
    b"</title>",
    b"<link>",
    b"<link href=\"",
    b"<guid>",
    b"<description>",
    b"<content type=\"xhtml\">",
    b" mode=\"base64\"",
    b" xml:base=\"../",
    b" xmlns:x=\"http://www.w3.org/2005/Atom\"",
    b"<x:title>",
    b"<author><name>",
    b"\0",
    b"\xff\xfe",
    b"\xfe\xff",
    b"\xef\xbb\xbf",
    b"\xc3",
    b"\xe2\x82",
    "\u{3000}".as_bytes(),
    "\u{1f600}".as_bytes(),
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b"\"items\":",
    b"null",
    b"1e999",
    b"\\ud800",
    b"<url>",
    b"<news:title>",
    b"<loc>",
    b"24:00:00",
    b"-",
    b"99999999999",
    b"Mon, 31 Feb",
    b"encoding=\"utf-16\"",
    b"encoding=\"iso-2022-jp\"",
    b"\x1b$B",
    b"<a><a><a><a><a><a><a><a>",
    b"http://[",
];

/// xorshift64*: the same inputs for the same seed, on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let rolled = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(rolled).unwrap_or_default() % sides.max(1)
    }

    fn spoil(&mut self, bytes: &mut Vec<u8>) {
        let at = self.roll(bytes.len() + 1);
        let to = (at + self.roll(40)).min(bytes.len());
        match self.roll(8) {
            0 if at < bytes.len() => bytes[at] = u8::try_from(self.roll(256)).unwrap_or_default(),
            1 => drop(bytes.drain(at..to)),
            2 => bytes.truncate(at),
            3 => {
                let again = bytes[at..to].to_vec();
                bytes.splice(at..at, again);
            }
            4 => {
                let other = FIXTURES[self.roll(FIXTURES.len())];
                let from = self.roll(other.len());
                let until = (from + self.roll(120)).min(other.len());
                bytes.splice(at..at, other[from..until].iter().copied());
            }
            5 => {
                let piece = PIECES[self.roll(PIECES.len())];
                let times = self.roll(6);
                bytes.splice(at..at, piece.repeat(times));
            }
            _ => {
                let piece = PIECES[self.roll(PIECES.len())];
                bytes.splice(at..to, piece.iter().copied());
            }
        }
    }
}

fn listing(bytes: &[u8], address: &Url) -> Result<Listing, Reason> {
    let document = Document { url: address, content_type: None, bytes };
    if bytes.starts_with(b"<urlset") { sitemap::read(&document) } else { read(&document) }
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(otherwise)
}

#[test]
fn a_spoilt_document_neither_panics_nor_hangs_nor_changes_its_mind() {
    let address = Url::parse("https://feeds.example.test/all.xml").expect("an address");
    let (count, seed) = (number("ATALAYA_MUTATIONS", 20_000), number("ATALAYA_SEED", 20_251_124));
    let mut dice = Dice(seed.max(1));
    let mut slowest = (Duration::ZERO, Vec::new());
    let (mut feeds, mut entries) = (0_u64, 0_usize);
    for turn in 0..count {
        let mut bytes = FIXTURES[dice.roll(FIXTURES.len())].to_vec();
        for _ in 0..=dice.roll(6) {
            dice.spoil(&mut bytes);
        }
        let began = Instant::now();
        let found = catch_unwind(AssertUnwindSafe(|| listing(&bytes, &address)));
        let elapsed = began.elapsed();
        let Ok(found) = found else { panic!("turn {turn}: a panic over {:?}", String::from_utf8_lossy(&bytes)) };
        if let Ok(found) = &found {
            feeds += 1;
            entries += found.entries.len();
            let nameless = found.entries.iter().find(|entry| entry.id.is_empty());
            assert_eq!(nameless, None, "turn {turn}: {:?}", String::from_utf8_lossy(&bytes));
        }
        if turn % 64 == 0 {
            assert_eq!(listing(&bytes, &address), found, "turn {turn}: {:?}", String::from_utf8_lossy(&bytes));
        }
        if elapsed > slowest.0 {
            // Somebody else may have had the processor: the quickest of three counts.
            let again = (0..2).map(|_| {
                let began = Instant::now();
                drop(listing(&bytes, &address));
                began.elapsed()
            });
            let quickest = again.fold(elapsed, Duration::min);
            if quickest > slowest.0 {
                slowest = (quickest, bytes);
            }
        }
    }
    println!(
        "{count} inputs, {feeds} read as feeds with {entries} entries, no panic; slowest {:?} for {} bytes",
        slowest.0,
        slowest.1.len()
    );
    assert!(slowest.0 < Duration::from_secs(2), "{:?}: {:?}", slowest.0, String::from_utf8_lossy(&slowest.1));
}
