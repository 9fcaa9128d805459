//! Exchanges and texts → a WARC 1.1 file (ISO 28500:2017), which web archives and their tools read. Each record is a gzip
//! member of its own where the file is packed, as annex D wants it. The same input gives the same bytes: ids are made
//! from what they name.

use super::Exchange;
use super::Fields;
use crate::model::Digest;
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use std::fmt::Write as _;
use std::io::Write as _;
use url::Url;

/// A WARC file in the making.
#[derive(Debug)]
pub struct Warc {
    bytes: Vec<u8>,
    packed: bool,
    /// The id of the last answer.
    answer: Option<String>,
}

/// A record's own header fields.
struct Head<'a> {
    kind: &'static str,
    uri: Option<&'a str>,
    at: Timestamp,
    media_type: &'a str,
    more: Vec<(&'static str, String)>,
}

impl Warc {
    /// An empty file; `packed` for one that is called `.warc.gz`.
    pub fn new(packed: bool) -> Self {
        Self { bytes: Vec::new(), packed, answer: None }
    }

    /// Begins with who made the file (§6.2). `software` as `atalaya/0.1.0`, `about` says what it holds.
    pub fn info(&mut self, software: &str, about: &str, at: Timestamp) {
        let block = format!(
            "software: {}\r\nformat: WARC File Format 1.1\r\ndescription: {}\r\n",
            harmless(software),
            harmless(about)
        );
        let head = Head { kind: "warcinfo", uri: None, at, media_type: "application/warc-fields", more: Vec::new() };
        self.record(head, block.as_bytes());
    }

    /// Adds an answer and the request that it answers (§6.3, §6.4), or what a page was rendered to (§6.7).
    pub fn exchange(&mut self, exchange: &Exchange, body: &[u8]) {
        if exchange.rendered {
            let more = self.answer.iter().map(|id| ("WARC-Refers-To", id.clone())).collect();
            let (uri, at) = (Some(exchange.url.as_str()), exchange.asked_at);
            self.record(Head { kind: "conversion", uri, at, media_type: "text/html", more }, body);
            return;
        }
        let Exchange { url, peer, asked_at, version, request, status, response, .. } = exchange;
        let mut answer = encode(&format!("HTTP/1.1 {status} \r\n"), response, Some(body.len()));
        answer.extend_from_slice(body);
        let target = Url::parse(url).ok();
        let path = target.as_ref().map_or("/", |url| &url[url::Position::BeforePath..url::Position::AfterQuery]);
        let host = target.as_ref().and_then(|url| url.host_str().map(|host| (host, url.port())));
        let mut asked = request.clone();
        if let Some((host, port)) = host
            && !asked.iter().any(|(name, _)| name.eq_ignore_ascii_case("host"))
        {
            let port = port.map(|port| format!(":{port}")).unwrap_or_default();
            asked.insert(0, ("host".into(), format!("{host}{port}")));
        }
        let question = encode(&format!("GET {path} HTTP/1.1\r\n"), &asked, None);
        let mut more = vec![("WARC-Payload-Digest", digest(body))];
        if let Some(peer) = peer {
            more.push(("WARC-IP-Address", peer.clone()));
        }
        if version.starts_with("HTTP/2") {
            more.push(("WARC-Protocol", "h2".into()));
        }
        let media_type = "application/http;msgtype=response";
        let head = Head { kind: "response", uri: Some(url), at: *asked_at, media_type, more };
        let id = self.record(head, &answer);
        let more = vec![("WARC-Concurrent-To", id.clone())];
        self.answer = Some(id);
        let media_type = "application/http;msgtype=request";
        self.record(Head { kind: "request", uri: Some(url), at: *asked_at, media_type, more }, &question);
    }

    /// Adds a text of ours (§6.5) under an address of ours, such as `urn:atalaya:alert:7`.
    pub fn resource(&mut self, uri: &str, media_type: &str, at: Timestamp, block: &[u8]) {
        self.record(Head { kind: "resource", uri: Some(uri), at, media_type, more: Vec::new() }, block);
    }

    /// The file.
    pub fn finish(self) -> Vec<u8> {
        self.bytes
    }

    /// Writes a record and returns its id.
    fn record(&mut self, head: Head<'_>, block: &[u8]) -> String {
        let uri = head.uri.map(harmless);
        let block_digest = digest(block);
        let name = format!("{} {} {} {block_digest}", head.kind, uri.as_deref().unwrap_or_default(), head.at);
        let id = format!("<urn:uuid:{}>", uuid(&name));
        let mut text = String::from("WARC/1.1\r\n");
        let mut field = |name: &str, value: &str| {
            write!(text, "{name}: {value}\r\n").expect("a String takes everything");
        };
        field("WARC-Type", head.kind);
        if let Some(uri) = &uri {
            field("WARC-Target-URI", uri);
        }
        field("WARC-Record-ID", &id);
        field("WARC-Date", &head.at.to_string());
        field("WARC-Block-Digest", &block_digest);
        for (name, value) in &head.more {
            field(name, &harmless(value));
        }
        field("Content-Type", head.media_type);
        field("Content-Length", &block.len().to_string());
        let whole = [text.as_bytes(), b"\r\n", block, b"\r\n\r\n"].concat();
        if self.packed {
            let mut packer = GzEncoder::new(&mut self.bytes, Compression::default());
            packer.write_all(&whole).and_then(|()| packer.finish().map(drop)).expect("a Vec takes everything");
        } else {
            self.bytes.extend_from_slice(&whole);
        }
        id
    }
}

/// Start line and fields as they went over the wire; bodies are stored without the chunks of HTTP/1.1, those of redirects
/// not at all, and a reader that looked for them would stumble.
fn encode(start: &str, fields: &Fields, body: Option<usize>) -> Vec<u8> {
    let mut bytes = start.as_bytes().to_vec();
    for (name, value) in fields {
        let length = value.trim().parse::<usize>().ok();
        if name.eq_ignore_ascii_case("transfer-encoding")
            || (name.eq_ignore_ascii_case("content-length") && body.is_some_and(|body| Some(body) != length))
        {
            bytes.extend_from_slice(b"x-archive-orig-");
        }
        bytes.extend_from_slice(name.as_bytes());
        bytes.extend_from_slice(b": ");
        // Latin-1: see `Fields`.
        bytes.extend(value.chars().filter(|letter| !matches!(letter, '\r' | '\n')).map(|letter| letter as u8));
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"\r\n");
    bytes
}

/// On one line.
fn harmless(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).collect()
}

/// `sha256:` and the digest in base32 (RFC 4648 §6), as WARC tools write and check it.
fn digest(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let digest = Digest::of(bytes);
    let mut text = String::from("sha256:");
    for five in digest.as_bytes().chunks(5) {
        let bits = five.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte)) << (8 * (5 - five.len()));
        let letters = (five.len() * 8).div_ceil(5);
        text.extend((0..8).map(|index| match index < letters {
            true => char::from(LETTERS[(bits >> (35 - 5 * index)) as usize & 31]),
            false => '=',
        }));
    }
    text
}

/// A UUID of version 8 (RFC 9562 §5.8) over a name.
fn uuid(name: &str) -> String {
    let digest = Digest::of(name.as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest.as_bytes()[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let text: String = bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    [&text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]].join("-")
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::Warc;
    use super::digest;
    use flate2::read::MultiGzDecoder;
    use std::io::Read as _;

    fn file(packed: bool) -> Vec<u8> {
        let (record, bodies) = sample::record();
        let mut warc = Warc::new(packed);
        warc.info("atalaya/0.1.0", "alert 1\r\nforged: yes", record.taken_at);
        for exchange in &record.exchanges {
            let body = bodies.iter().find(|body| body.len() as u64 == exchange.size).expect("a body");
            warc.exchange(exchange, body);
        }
        warc.resource("urn:atalaya:record:1", "application/json", record.taken_at, record.to_json().as_bytes());
        warc.finish()
    }

    #[test]
    fn a_digest_is_written_as_the_tools_write_it() {
        assert_eq!(digest(b""), "sha256:4OYMIQUY7QOBJGX36TEJS35ZEQT24QPEMSNZGTFESWMRW6CSXBKQ====");
    }

    #[test]
    fn every_record_says_its_length_and_a_packed_file_is_the_same_in_members() {
        let plain = file(false);
        let mut unpacked = Vec::new();
        MultiGzDecoder::new(&file(true)[..]).read_to_end(&mut unpacked).expect("gzip members");
        assert_eq!(unpacked, plain);
        let (mut rest, mut kinds) = (&plain[..], Vec::new());
        while !rest.is_empty() {
            let end = rest.windows(4).position(|four| four == b"\r\n\r\n").expect("an end of the head") + 4;
            let head = std::str::from_utf8(&rest[..end]).expect("text");
            let value = |name: &str| {
                head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).unwrap_or_default().to_owned()
            };
            let length: usize = value("Content-Length").parse().expect("a length");
            assert_eq!(value("WARC-Block-Digest"), digest(&rest[end..end + length]));
            assert_eq!(&rest[end + length..end + length + 4], b"\r\n\r\n");
            kinds.push(value("WARC-Type"));
            rest = &rest[end + length + 4..];
        }
        assert_eq!(kinds, ["warcinfo", "response", "request", "response", "request", "resource"]);
        assert_eq!(file(false), plain);
    }

    #[test]
    fn an_answer_cannot_forge_a_field_or_name_chunks_that_are_not_there() {
        let text = String::from_utf8_lossy(&file(false)).into_owned();
        assert!(!text.contains("\r\nforged:"), "{text}");
        assert!(text.contains("\r\nx-archive-orig-transfer-encoding: chunked\r\n"), "{text}");
        assert!(text.contains("GET /a HTTP/1.1\r\nhost: faro.example\r\naccept: text/html\r\n"), "{text}");
    }
}
