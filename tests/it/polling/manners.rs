//! Lines 29 to 34: what a request says, and how much of an answer is taken.

use super::stage::Script;
use super::stage::Stage;
use super::stage::listing;
use super::stage::raw;
use super::stage::until;
use crate::world::Page;
use flate2::Compression;
use flate2::write::GzEncoder;
use flate2::write::ZlibEncoder;
use std::io::Write as _;
use std::time::Duration;

pub const SCRIPTS: &[Script] = &[
    Script {
        others: || vec![("/line-31/next?z=1&a=%7E", raw("").with("set-cookie: id=2"))],
        ..Script::new("line-31", |_| vec![Page::to(302, "/line-31/next?z=1&a=%7E").with("set-cookie: id=1; Path=/")])
    },
    Script::new("line-32", |url| ["gzip", "deflate", "zstd", "br"].iter().map(|coding| coded(coding, url)).collect()),
    Script::new("line-33-endless", |_| {
        vec![Page { endless: Some(Duration::ZERO), ..Page::xml(vec![b' '; 64 * 1024]) }]
    }),
    Script::new("line-33-drip", |_| vec![Page { endless: Some(Duration::from_millis(100)), ..Page::xml("<") }]),
    Script::new("line-33-silent", |_| vec![Page::silent()]),
    // Within the time for the whole, but slower than 1 KiB per `stall`.
    Script::new("line-33-trickle", |_| vec![Page { endless: Some(Duration::from_millis(20)), ..Page::xml("<") }]),
    Script::new("line-34", |url| {
        let partial = Page { status: 226, ..listing(&["b"], url) };
        let empty = Page { status: 226, ..raw("") };
        vec![
            listing(&["a"], url).with("etag: \"one\""),
            partial.with("etag: \"two\"").with("im: feed"),
            empty.with("etag: \"three\"").with("im: feed"),
            Page::status(304),
        ]
    }),
];

/// A feed whose one entry is named by the coding of its body.
fn coded(coding: &'static str, url: &dyn Fn(&str) -> String) -> Page {
    let page = listing(&[coding], url);
    let text = page.body.clone();
    let body = match coding {
        "gzip" => {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(&text).expect("memory");
            encoder.finish().expect("memory")
        }
        "deflate" => {
            let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(&text).expect("memory");
            encoder.finish().expect("memory")
        }
        // RFC 8878: magic, single segment with a size of two bytes (less 256), one raw block that is the last one.
        "zstd" => {
            let size = u16::try_from(text.len() - 256).expect("a small feed").to_le_bytes();
            let block = (u32::try_from(text.len()).expect("small") << 3 | 1).to_le_bytes();
            [&[0x28, 0xb5, 0x2f, 0xfd, 0x60][..], &size, &block[..3], &text].concat()
        }
        // RFC 7932: a 22-bit window, one uncompressed meta-block (its length less one in 16 bits), an empty last one.
        _ => {
            let bits = u32::try_from(text.len() - 1).expect("small") << 7 | 0b1011 | 1 << 23;
            [&bits.to_le_bytes()[..3], &text, &[0x03]].concat()
        }
    };
    Page { body, ..page }.with(&format!("content-encoding: {coding}"))
}

#[test]
fn line_29_only_what_is_watched_is_asked_for_and_only_with_get() {
    let stage = Stage::share();
    stage.heard("line-08", 3);
    for heard in stage.all_heard() {
        assert!(heard.head.starts_with("GET "), "{}", heard.head);
        let path = heard.path();
        assert!(
            path.starts_with("/line-") || path.starts_with("/article") || path == "/robots.txt",
            "a side request: {path}"
        );
    }
}

#[test]
fn line_30_one_user_agent_names_program_version_and_contact_to_all() {
    let stage = Stage::share();
    stage.heard("line-08", 2);
    let expected = format!("atalaya/{} (+https://tower.example/bot)", env!("CARGO_PKG_VERSION"));
    until("a page is read", || stage.all_heard().iter().any(|heard| heard.path() == "/article").then_some(()));
    for heard in stage.all_heard() {
        assert_eq!(heard.header("user-agent"), Some(expected.as_str()), "{}", heard.path());
    }
}

#[test]
fn line_31_no_cookie_no_referer_and_the_query_as_it_came() {
    let stage = Stage::share();
    let redirected = stage.heard("line-31/next?z=1&a=%7E", 2);
    for heard in redirected.iter().chain(&stage.heard("line-31", 2)) {
        assert_eq!((heard.header("cookie"), heard.header("referer")), (None, None), "{}", heard.head);
    }
}

#[test]
fn line_32_every_feed_type_and_coding_is_asked_for_and_read() {
    let stage = Stage::share();
    let heard = stage.heard("line-32", 4);
    let accept = heard[0].header("accept").expect("an Accept header");
    for media in ["application/rss+xml", "application/atom+xml", "application/feed+json", "*/*"] {
        assert!(accept.contains(media), "{accept}");
    }
    let codings = heard[0].header("accept-encoding").expect("an Accept-Encoding header");
    for coding in ["gzip", "br", "zstd", "deflate"] {
        assert!(codings.contains(coding), "{codings}");
    }
    let ids = "SELECT group_concat(entry_id, ' ') FROM (SELECT entry_id FROM item WHERE source = 'line-32' ORDER BY 1)";
    stage.until_told(ids, "br deflate gzip zstd");
}

#[test]
fn line_33_a_body_is_cut_by_size_time_and_rate() {
    let stage = Stage::share();
    for (source, code) in
        [("line-33-endless", "too_large"), ("line-33-drip", "timed_out"), ("line-33-silent", "timed_out")]
    {
        stage.heard(source, 1);
        stage.until_told(&format!("SELECT json_extract(reason, '$.code') FROM source WHERE name = '{source}'"), code);
    }
    let slow = "SELECT json_extract(reason, '$.detail') LIKE '%less than 1024 bytes%' FROM source WHERE name = 'line-33-trickle'";
    stage.until_told(slow, "1");
}

#[test]
fn line_34_a_delta_is_asked_for_with_validators_only_and_what_it_leaves_out_means_nothing() {
    let stage = Stage::share();
    let heard = stage.heard("line-34", 4);
    assert_eq!(heard[0].header("a-im"), None);
    assert_eq!(heard[1].header("a-im"), Some("feed"));
    assert_eq!(heard[2].header("if-none-match"), Some("\"two\""));
    assert_eq!(heard[3].header("if-none-match"), Some("\"three\""), "an empty delta is no empty feed");
    assert_eq!(stage.ask("SELECT COUNT(*) FROM item WHERE source = 'line-34'"), "2");
}
