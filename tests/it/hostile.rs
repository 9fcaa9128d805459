//! Whatever a hostile or broken server sends, the answer is bounded in time and memory, or an error, never a half.

use crate::fetching::MIB;
use crate::fetching::ask;
use crate::fetching::ask_path;
use crate::fetching::client;
use crate::fetching::egress;
use crate::fetching::gzip;
use crate::site::Reply;
use crate::site::Site;
use crate::site::Then;
use crate::world::PATIENCE;
use atalaya::config::Egress;
use atalaya::model::Fault;
use atalaya::net::Client;
use atalaya::net::FetchError;
use atalaya::net::Request;
use atalaya::poll::Validators;
use jiff::SignedDuration;
use std::time::Duration;
use std::time::Instant;
use url::Url;

fn hurried(milliseconds: i64) -> Client {
    client(&Egress { timeout: SignedDuration::from_millis(milliseconds), ..egress() })
}

// ── limits ──

/// The most memory that this process ever held, in bytes.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("0 kB");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1024
}

/// A coding's name, how a stream of it begins, and a block that unpacks to zeros and may stand any number of times: it
/// refers to nothing before itself and ends at a whole byte.
fn bombs() -> Vec<(&'static str, Vec<u8>, Vec<u8>, usize)> {
    let mut block = Vec::with_capacity(MIB as usize);
    flate2::Compress::new(flate2::Compression::best(), false)
        .compress_vec(&vec![0; MIB as usize], &mut block, flate2::FlushCompress::Sync)
        .expect("memory does not fail");
    // RFC 8878: magic, no size, a window of 128 MiB; then blocks of 128 KiB of one repeated byte, four bytes each.
    let zstd_block = [&(((128 * 1024_u32) << 3) | 0b010).to_le_bytes()[..3], &[0]].concat();
    vec![
        ("gzip", vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255], block.clone(), 1024),
        ("deflate", vec![0x78, 0xda], block, 1024),
        ("zstd", vec![0x28, 0xb5, 0x2f, 0xfd, 0, (27 - 10) << 3], zstd_block.repeat(8), 1024),
    ]
}

#[tokio::test]
async fn a_bomb_of_any_coding_stays_at_the_cap() {
    // 1 GiB each, a thousand times the cap.
    for (coding, beginning, block, times) in bombs() {
        let site = Site::new(move |_| {
            let head = format!("HTTP/1.1 200 X\r\nContent-Encoding: {coding}\r\nConnection: close\r\n\r\n");
            let then = Then::Repeat(block.clone(), times, Duration::ZERO);
            Reply::raw([head.as_bytes(), &beginning].concat(), then)
        })
        .await;
        let began = Instant::now();
        let before = peak_memory();
        let error = ask_path(&site, "/").await.expect_err(coding);
        assert!(matches!(error, FetchError::TooLarge { limit: MIB, .. }), "{coding}: {error:?}");
        assert_eq!(error.fault(jiff::Timestamp::UNIX_EPOCH), Fault::Permanent);
        let grown = peak_memory() - before;
        assert!(grown < 64 * MIB, "{coding}: {grown} bytes more than before");
        assert!(began.elapsed() < Duration::from_secs(10), "{coding}: {:?}", began.elapsed());
    }
}

#[tokio::test]
async fn a_body_may_be_as_long_as_the_cap_and_no_byte_longer() {
    let site = Site::new(|heard| {
        let length = heard.path().trim_start_matches('/').parse().expect("a number");
        Reply::raw(
            [b"HTTP/1.1 200 X\r\nConnection: close\r\n\r\n".as_slice(), &vec![b'x'; length]].concat(),
            Then::Close,
        )
    })
    .await;
    let client = client(&egress());
    for (length, passes) in [(5000, true), (5001, false)] {
        let url = site.url("paper.example", &format!("/{length}"));
        let answer = client
            .get(&Request { url: &url, accept: "*/*", validators: None, max_bytes: Some(5000), capture: false })
            .await;
        match answer {
            Ok(fetched) => assert!(passes && fetched.body.len() == length),
            Err(error) => assert!(!passes && matches!(error, FetchError::TooLarge { limit: 5000, .. }), "{error:?}"),
        }
    }
}

#[tokio::test]
async fn an_announced_giant_is_not_even_begun() {
    let site = Site::new(|_| Reply::raw("HTTP/1.1 200 X\r\nContent-Length: 99999999999\r\n\r\nx", Then::Silence)).await;
    let error = ask_path(&site, "/").await.expect_err("too large");
    assert!(matches!(error, FetchError::TooLarge { .. }), "{error:?}");
}

#[tokio::test]
async fn a_slow_drip_meets_the_total_deadline() {
    let site = Site::new(|heard| {
        let drip = Then::Repeat(b"x".to_vec(), 250, Duration::from_millis(20));
        match heard.path().as_str() {
            "/head" => Reply::raw("HTTP/1.1 200 X\r\nX: ", drip),
            _ => Reply::raw("HTTP/1.1 200 X\r\nContent-Length: 250\r\n\r\n", drip),
        }
    })
    .await;
    for path in ["/head", "/body"] {
        let began = Instant::now();
        let error = ask(&hurried(700), &site.url("paper.example", path)).await.expect_err("too slow");
        assert!(matches!(error, FetchError::TimedOut { .. }), "{error:?}");
        assert_eq!(error.fault(jiff::Timestamp::UNIX_EPOCH), Fault::Transient);
        assert!(began.elapsed() < Duration::from_secs(3), "{path}: {:?}", began.elapsed());
    }
}

#[tokio::test]
async fn a_body_that_trickles_is_left_long_before_the_deadline_and_one_that_is_only_late_is_not() {
    let stall = SignedDuration::from_millis(300);
    let client = client(&Egress { stall, ..egress() });
    let site = Site::new(|heard| match heard.path().as_str() {
        "/drip" => Reply::raw(
            "HTTP/1.1 200 X\r\nContent-Length: 9999\r\n\r\n",
            Then::Repeat(b"x".to_vec(), 9999, Duration::from_millis(10)),
        ),
        "/stopped" => Reply::raw([b"HTTP/1.1 200 X\r\n\r\n".as_slice(), &[b'x'; 5000]].concat(), Then::Silence),
        "/steady" => Reply::raw(
            "HTTP/1.1 200 X\r\nContent-Length: 20000\r\nConnection: close\r\n\r\n",
            Then::Repeat(vec![b'x'; 500], 40, Duration::from_millis(20)),
        ),
        _ => Reply::raw(
            "HTTP/1.1 200 X\r\nContent-Length: 4\r\nConnection: close\r\n\r\n",
            Then::Later(b"late".to_vec(), Duration::from_millis(700)),
        ),
    })
    .await;
    for path in ["/drip", "/stopped"] {
        let began = Instant::now();
        let error = ask(&client, &site.url("paper.example", path)).await.expect_err(path);
        assert!(matches!(error, FetchError::TooSlow { .. }), "{path}: {error:?}");
        assert_eq!(error.fault(jiff::Timestamp::UNIX_EPOCH), Fault::Transient);
        assert_eq!(error.reason().code(), "timed_out");
        assert!(error.to_string().contains("less than 1024 bytes of the answer's body within 300ms"), "{error}");
        assert!(began.elapsed() < Duration::from_secs(5), "{path}: {:?}", began.elapsed());
    }
    for (path, length) in [("/steady", 20_000), ("/late", 4)] {
        let body = ask(&client, &site.url("paper.example", path)).await.expect(path).body;
        assert_eq!(body.len(), length, "{path}");
    }
}

#[tokio::test]
async fn one_deadline_covers_all_hops() {
    // Each hop takes 300 ms, less than the deadline alone; three are more.
    let site = Site::new(|heard| {
        let next = heard.path().trim_start_matches('/').parse::<usize>().expect("a number") + 1;
        Reply::to(302, &format!("/{next}")).after(Duration::from_millis(300))
    })
    .await;
    let error = ask(&hurried(700), &site.url("paper.example", "/1")).await.expect_err("too slow");
    assert!(matches!(error, FetchError::TimedOut { .. }), "{error:?}");
    assert!((2..=3).contains(&site.requests().len()), "{} hops", site.requests().len());
}

#[tokio::test]
async fn a_server_that_says_nothing_meets_the_deadline() {
    let site = Site::new(|_| Reply::raw("", Then::Silence)).await;
    let error = ask(&hurried(300), &site.url("paper.example", "/")).await.expect_err("silence");
    assert!(matches!(error, FetchError::TimedOut { .. }), "{error:?}");
}

// ── what is broken ──

#[tokio::test]
async fn what_is_broken_is_an_error_and_never_half_an_answer() {
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("a body shorter than announced", b"HTTP/1.1 200 X\r\nContent-Length: 100\r\n\r\nhalf".to_vec()),
        ("a chunk without an end", b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhalf".to_vec()),
        ("chunks without a last one", b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n".to_vec()),
        ("a chunk size that is no number", b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n".to_vec()),
        (
            "plain text called gzip",
            b"HTTP/1.1 200 X\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nplain".to_vec(),
        ),
        ("half a gzip body", {
            let body = gzip(&vec![7; 5000]);
            let head = b"HTTP/1.1 200 X\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n";
            [head.as_slice(), &body[..body.len() / 2]].concat()
        }),
        ("two lengths", b"HTTP/1.1 200 X\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx".to_vec()),
        ("no HTTP", b"SSH-2.0-OpenSSH_9.9\r\n".to_vec()),
        ("nothing", Vec::new()),
        ("one giant header", [b"HTTP/1.1 200 X\r\nX: ".as_slice(), &vec![b'x'; 2 * MIB as usize]].concat()),
        ("ten thousand headers", {
            let headers = "X: y\r\n".repeat(10_000);
            format!("HTTP/1.1 200 X\r\n{headers}Content-Length: 0\r\n\r\n").into_bytes()
        }),
    ];
    for (fault, bytes) in cases {
        let site = Site::new(move |_| Reply::raw(bytes.clone(), Then::Close)).await;
        let error = ask_path(&site, "/").await.expect_err(fault);
        assert!(matches!(error, FetchError::Broken { .. }), "{fault}: {error:?}");
        assert_eq!(error.fault(jiff::Timestamp::UNIX_EPOCH), Fault::Transient, "{fault}");
    }
}

#[tokio::test]
async fn a_connection_that_the_server_closed_meanwhile_is_not_missed() {
    let site =
        Site::new(|_| Reply::raw("HTTP/1.1 200 X\r\nContent-Length: 4\r\n\r\nnews", Then::CloseWithCaller)).await;
    let client = client(&egress());
    for asked in 1..=5 {
        assert_eq!(ask(&client, &site.url("paper.example", "/")).await.expect("an answer").body, b"news");
        // The closing has arrived: the promise is not about a race.
        tokio::time::timeout(PATIENCE, site.until_closed(asked)).await.expect("the client closes its side");
    }
    assert_eq!(site.connections(), 5);
}

#[tokio::test]
async fn nobody_at_home_may_pass() {
    let port = Site::new(|_| Reply::raw("", Then::Close)).await.port();
    let url = Url::parse(&format!("http://paper.example:{port}/")).expect("a URL");
    let error = ask(&client(&egress()), &url).await.expect_err("nobody listens");
    assert!(matches!(error, FetchError::Unreachable { .. }), "{error:?}");
    assert_eq!(error.fault(jiff::Timestamp::UNIX_EPOCH), Fault::Transient);
}

#[tokio::test]
async fn no_error_repeats_more_of_an_address_than_its_host() {
    let site = Site::new(|heard| match heard.path().split('?').next() {
        Some("/geheim/status") => Reply::whole(404, "", b""),
        Some("/geheim/loop") => Reply::to(302, "/geheim/loop?token=geheim"),
        Some("/geheim/broken") => Reply::raw("no http", Then::Close),
        Some("/geheim/refused") => Reply::to(302, "http://127.0.0.2/?token=geheim"),
        Some("/geheim/credentials") => Reply::to(302, "http://geheim:geheim@paper.example/"),
        Some("/geheim/large") => Reply::raw("HTTP/1.1 200 X\r\nContent-Length: 99999999\r\n\r\n", Then::Close),
        _ => Reply::raw("", Then::Silence),
    })
    .await;
    for path in ["status", "loop", "broken", "refused", "credentials", "large", "silence"] {
        let url = site.url("paper.example", &format!("/geheim/{path}?token=geheim"));
        let error = ask(&hurried(1000), &url).await.expect_err(path);
        for text in [error.to_string(), error.reason().to_string(), format!("{error:?}")] {
            assert!(!text.contains("geheim"), "{path}: {text}");
        }
    }
}

#[tokio::test]
async fn nothing_of_what_a_server_sends_makes_a_long_text_to_keep() {
    let long = "x".repeat(100_000);
    let location = move |start: &str| format!("{start}{long}.example/");
    let site = Site::new(move |heard| match heard.path().as_str() {
        "/host" => Reply::to(302, &location("http://")),
        "/scheme" => Reply::to(302, &location("").replace(".example/", "://a/")),
        "/path" => Reply::to(302, &location("/")),
        "/circle" => Reply::to(302, "/circle"),
        _ => Reply::whole(200, &format!("ETag: \"{0}\"\r\nContent-Type: {0}\r\n", location("")), b"news"),
    })
    .await;
    for path in ["/host", "/scheme", "/path", "/circle"] {
        let error = ask_path(&site, path).await.expect_err(path);
        assert!(error.reason().to_string().len() < 600 && format!("{error:?}").len() < 1200, "{path}");
    }
    let fetched = ask_path(&site, "/").await.expect("an answer");
    assert_eq!((fetched.validators, fetched.content_type), (Validators::default(), None));
}
