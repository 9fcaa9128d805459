//! Asking is polite: conditional, recognisable, without traces, over redirects that are followed within reason.

use crate::site::Heard;
use crate::site::Reply;
use crate::site::Site;
use crate::site::Then;
use atalaya::config::Egress;
use atalaya::net::Client;
use atalaya::net::ClientError;
use atalaya::net::FetchError;
use atalaya::net::Fetched;
use atalaya::net::Request;
use atalaya::net::redirect::BadRedirect;
use atalaya::poll::Validators;
use jiff::SignedDuration;
use std::io::Write;
use url::Url;

pub const MIB: u64 = 1024 * 1024;

/// Opens 127.0.0.1 alone, under the names of invented papers.
pub fn egress() -> Egress {
    let loopback = "127.0.0.1".parse().expect("an address");
    Egress {
        allow: vec!["127.0.0.1/32".parse().expect("a range")],
        hosts: ["paper.example", "other.example"].map(|name| (name.to_owned(), loopback)).to_vec(),
        proxy: None,
        extra_ca: None,
        connect_timeout: SignedDuration::from_secs(2),
        timeout: SignedDuration::from_secs(20),
        stall: SignedDuration::from_secs(10),
        max_bytes: MIB,
        concurrency: 4,
    }
}

pub async fn ask(client: &Client, url: &Url) -> Result<Fetched, FetchError> {
    client.get(&Request { url, accept: "text/html", validators: None, max_bytes: None, capture: false }).await
}

pub async fn ask_path(site: &Site, path: &str) -> Result<Fetched, FetchError> {
    ask(&client(&egress()), &site.url("paper.example", path)).await
}

pub fn client(egress: &Egress) -> Client {
    Client::new(egress, "Atalaya/0 (+https://tower.example/contact)").expect("a client")
}

fn validators(etag: Option<&str>, last_modified: Option<&str>) -> Validators {
    Validators { etag: etag.map(str::to_owned), last_modified: last_modified.map(str::to_owned) }
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).expect("memory does not fail");
    encoder.finish().expect("memory does not fail")
}

// ── politeness ──

#[tokio::test]
async fn validators_go_back_byte_for_byte() {
    for (etag, last_modified) in [
        ("\"abc\"", "Wed, 04 Mar 2026 10:00:00 GMT"),
        ("W/\"a b'c\"", "wed, 4 mar 2026 10:00:00 +0000"),
        ("unquoted", "2026-03-04"),
        ("\"\"", "0"),
        ("\"ñandú-\u{2014}\"", "mañana"),
        ("\"x\", \"y\"", "Thu, 01 Jan 1970 00:00:00 GMT-gzip"),
    ] {
        let site = Site::new(move |heard| match heard.header("if-none-match").is_empty() {
            true => Reply::whole(200, &format!("ETag: {etag}\r\nLast-Modified: {last_modified}\r\n"), b"news"),
            false => Reply::raw("HTTP/1.1 304 X\r\nETag: \"fresh\"\r\n\r\n", Then::Next),
        })
        .await;
        let url = site.url("paper.example", "/feed");
        let client = client(&egress());
        let first = ask(&client, &url).await.expect("an answer");
        assert_eq!(first.validators, validators(Some(etag), Some(last_modified)));
        let known = Some(&first.validators);
        let again =
            client.get(&Request { url: &url, accept: "*/*", validators: known, max_bytes: None, capture: false }).await;
        let again = again.expect("an answer");
        assert!(again.not_modified && again.body.is_empty() && again.status == 304);
        assert_eq!(again.validators, validators(Some("\"fresh\""), None));
        let requests = site.requests();
        assert_eq!(requests[1].header("if-none-match"), [etag.as_bytes()]);
        assert_eq!(requests[1].header("if-modified-since"), [last_modified.as_bytes()]);
    }
}

#[tokio::test]
async fn validators_are_those_of_one_answer_alone() {
    let site = Site::new(|_| Reply::whole(200, "Last-Modified: today\r\n", b"news")).await;
    let url = site.url("paper.example", "/");
    let old = validators(Some("\"old\""), None);
    let request = Request { url: &url, accept: "*/*", validators: Some(&old), max_bytes: None, capture: false };
    let fetched = client(&egress()).get(&request).await.expect("an answer");
    assert!(!fetched.not_modified);
    assert_eq!(fetched.validators, validators(None, Some("today")));
}

#[tokio::test]
async fn a_304_to_a_question_without_condition_is_no_answer() {
    let site = Site::new(|_| Reply::raw("HTTP/1.1 304 X\r\n\r\n", Then::Next)).await;
    let url = site.url("paper.example", "/");
    for known in [None, Some(&Validators::default())] {
        let request = Request { url: &url, accept: "*/*", validators: known, max_bytes: None, capture: false };
        let error = client(&egress()).get(&request).await.expect_err("nothing was answered");
        assert!(matches!(error, FetchError::Status { status: 304, .. }), "{error:?}");
    }
}

#[tokio::test]
async fn every_request_tells_who_asks_and_nothing_of_where_it_was() {
    let site = Site::new(|heard| match heard.path().as_str() {
        "/start?b=2&a=1" => Reply::whole(302, "Set-Cookie: id=7; Path=/\r\nLocation: /next\r\n", b""),
        "/next" => Reply::whole(301, "Set-Cookie: id=8\r\nLocation: /end\r\n", b""),
        _ => Reply::whole(200, "Set-Cookie: id=9\r\n", b"news"),
    })
    .await;
    let client = client(&egress());
    for _ in 0..2 {
        ask(&client, &site.url("paper.example", "/start?b=2&a=1")).await.expect("an answer");
    }
    let requests = site.requests();
    assert_eq!(requests.len(), 6);
    for request in &requests {
        assert_eq!(request.header("user-agent"), [b"Atalaya/0 (+https://tower.example/contact)"]);
        assert_eq!(request.header("accept"), [b"text/html"]);
        assert!(request.head.starts_with(b"GET "));
        let expected = ["user-agent", "accept", "accept-encoding", "host"];
        let head = String::from_utf8_lossy(&request.head).into_owned();
        for line in head.lines().skip(1).filter(|line| !line.is_empty()) {
            let name = line.split(':').next().unwrap_or_default().to_ascii_lowercase();
            assert!(expected.contains(&name.as_str()), "unexpected header {line}");
        }
    }
    let accepted = String::from_utf8(requests[0].header("accept-encoding").remove(0)).expect("text");
    for coding in ["gzip", "br", "zstd", "deflate"] {
        assert!(accepted.contains(coding), "{accepted}");
    }
}

#[tokio::test]
async fn every_coding_that_is_asked_for_is_understood() {
    let text = b"hello world";
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    zlib.write_all(text).expect("memory does not fail");
    let length = text.len() as u8;
    // RFC 8878: magic, single segment with its size, one raw block that is the last one.
    let zstd = [&[0x28, 0xb5, 0x2f, 0xfd, 0x20, length, (length << 3) | 1, 0, 0][..], text].concat();
    // RFC 7932: a 22-bit window, one uncompressed meta-block, an empty last one.
    let brotli = [&[0x0b, (length - 1) / 2, 0x80][..], text, &[0x03]].concat();
    let bodies = [("gzip", gzip(text)), ("deflate", zlib.finish().expect("memory")), ("zstd", zstd), ("br", brotli)];
    for (coding, body) in bodies {
        let site = Site::new(move |_| Reply::whole(200, &format!("Content-Encoding: {coding}\r\n"), &body)).await;
        assert_eq!(ask_path(&site, "/").await.expect(coding).body, text, "{coding}");
    }
}

#[tokio::test]
async fn a_gzip_body_of_several_members_is_read_whole() {
    // RFC 1952 §2.2: members follow one another without a word between them; servers that add to a file write so.
    let body = [gzip(b"first, "), gzip(b"second, "), gzip(b""), gzip(b"third")].concat();
    for (coding, chunked) in [("gzip", false), ("gzip", true), ("x-gzip", false)] {
        let body = body.clone();
        let site = Site::new(move |_| {
            let coding = format!("Content-Encoding: {coding}\r\n");
            if !chunked {
                return Reply::whole(200, &coding, &body);
            }
            let chunks: Vec<u8> = body
                .chunks(7)
                .flat_map(|it| [format!("{:x}\r\n", it.len()).as_bytes(), it, b"\r\n"].concat())
                .collect();
            let head = format!("HTTP/1.1 200 X\r\n{coding}Transfer-Encoding: chunked\r\n\r\n");
            Reply::raw([head.as_bytes(), &chunks, b"0\r\n\r\n"].concat(), Then::Next)
        })
        .await;
        assert_eq!(ask_path(&site, "/").await.expect(coding).body, b"first, second, third", "{coding} {chunked}");
    }
}

// ── redirects ──

fn countdown(heard: &Heard) -> Reply {
    match heard.path().trim_start_matches('/').parse::<usize>() {
        Ok(0) | Err(_) => Reply::whole(200, "Content-Type: text/html\r\n", b"arrived"),
        Ok(left) => Reply::to(302, &format!("/{}", left - 1)),
    }
}

#[tokio::test]
async fn five_redirects_are_followed_and_six_are_not() {
    let site = Site::new(countdown).await;
    let fetched = ask_path(&site, "/5#part").await.expect("five are allowed");
    assert_eq!(fetched.body, b"arrived");
    assert_eq!(fetched.url, site.url("paper.example", "/0"));
    assert_eq!(fetched.moved, None);
    let error = ask_path(&site, "/6").await.expect_err("six are not");
    assert!(matches!(error, FetchError::Redirect(BadRedirect::TooMany { .. })), "{error:?}");
    assert_eq!(site.requests().len(), 6 + 6);
}

#[tokio::test]
async fn a_circle_of_redirects_ends_at_its_first_turn() {
    let site = Site::new(|heard| Reply::to(302, if heard.path() == "/a" { "/b" } else { "/a" })).await;
    let error = ask_path(&site, "/a").await.expect_err("a circle");
    assert!(matches!(error, FetchError::Redirect(BadRedirect::Loop { .. })), "{error:?}");
    assert_eq!(site.requests().len(), 2);
}

#[tokio::test]
async fn a_move_for_good_is_told_apart_from_a_detour() {
    let site = Site::new(|heard| match heard.path().as_str() {
        "/old" => Reply::to(301, "/new"),
        "/new" => Reply::to(302, "/today"),
        _ => Reply::whole(200, "", b"news"),
    })
    .await;
    let fetched = ask_path(&site, "/old").await.expect("an answer");
    assert_eq!(fetched.url, site.url("paper.example", "/today"));
    assert_eq!(fetched.moved, Some(site.url("paper.example", "/new")));
}

#[tokio::test]
async fn the_validators_of_a_feed_that_redirects_reach_the_server_that_gave_them() {
    let site = Site::new(|heard| match heard.path().as_str() {
        "/old" => Reply::to(301, "/new"),
        _ if heard.header("if-none-match") == [b"\"v1\""] => Reply::raw("HTTP/1.1 304 X\r\n\r\n", Then::Next),
        _ => Reply::whole(200, "ETag: \"v1\"\r\n", b"news"),
    })
    .await;
    let url = site.url("paper.example", "/old");
    let known = validators(Some("\"v1\""), None);
    let request = Request { url: &url, accept: "*/*", validators: Some(&known), max_bytes: None, capture: false };
    assert!(client(&egress()).get(&request).await.expect("an answer").not_modified);
}

// ── the machine ──

#[test]
fn an_unusable_extra_authority_is_a_configuration_error() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in [
        ("empty.pem", ""),
        ("prose.pem", "not a certificate"),
        ("broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("a file");
        let error = Client::new(&Egress { extra_ca: Some(path), ..egress() }, "x").expect_err(name);
        assert!(matches!(error, ClientError::ExtraCaMalformed { .. }), "{name}: {error:?}");
    }
    let missing = Some(folder.path().join("missing.pem"));
    let error = Client::new(&Egress { extra_ca: missing, ..egress() }, "x").expect_err("no file");
    assert!(matches!(error, ClientError::ExtraCaUnreadable { .. }), "{error:?}");
}

#[test]
fn a_user_agent_that_cannot_be_sent_is_a_configuration_error() {
    let error = Client::new(&egress(), "Atalaya\r\nX: y").expect_err("two lines");
    assert!(matches!(error, ClientError::UserAgent(_)), "{error:?}");
}

/// Runs the ignored test `name` of this binary in a process of its own, with these variables.
pub fn in_a_process_of_its_own(name: &str, variables: &[(&str, &str)]) -> String {
    let mut command = std::process::Command::new(std::env::current_exe().expect("this binary"));
    command.args(["--exact", name, "--ignored", "--nocapture"]);
    let output = command.envs(variables.iter().copied()).output().expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
    text
}

#[test]
fn a_machine_without_authorities_asks_over_http_and_says_why_not_over_https() {
    let nowhere = [("SSL_CERT_FILE", "/nowhere/bundle.pem"), ("SSL_CERT_DIR", "/nowhere/certs")];
    in_a_process_of_its_own("fetching::without_authorities", &nowhere);
}

#[tokio::test]
#[ignore = "needs an environment of its own: run by a_machine_without_authorities_…"]
async fn without_authorities() {
    let site = Site::new(|_| Reply::whole(200, "", b"news")).await;
    let client = client(&egress());
    assert_eq!(ask(&client, &site.url("paper.example", "/")).await.expect("http works").body, b"news");
    let url = Url::parse(&format!("https://paper.example:{}/", site.port())).expect("a URL");
    let error = ask(&client, &url).await.expect_err("https cannot be trusted");
    assert!(matches!(error, FetchError::NoAuthorities { .. }), "{error:?}");
    assert!(error.to_string().contains("ca-certificates"), "{error}");
}

#[test]
fn no_proxy_of_the_environment_sees_a_request() {
    let proxy = "http://127.0.0.1:9";
    let variables = ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];
    in_a_process_of_its_own("fetching::past_the_proxy", &variables.map(|name| (name, proxy)));
}

#[tokio::test]
#[ignore = "needs an environment of its own: run by no_proxy_of_the_environment_…"]
async fn past_the_proxy() {
    let site = Site::new(|_| Reply::whole(200, "", b"news")).await;
    assert_eq!(ask_path(&site, "/").await.expect("asked directly").body, b"news");
}
