//! What an answer said, byte for byte → a record that can be shown to a court. A [`Capture`] is one reading: every hop
//! with both heads, the body as it came over the wire, and what was read out of it. It becomes a [`Record`] (plain JSON
//! that names bodies by their SHA-256), records are linked in a [`chain`], and [`warc`] and [`page`] write them out.

use self::pack::Packed;
use crate::model::Digest;
use crate::model::Entry;
use crate::model::ItemId;
use crate::model::SourceName;
use flate2::read::MultiGzDecoder;
use jiff::SignedDuration;
use jiff::Timestamp;
use serde::Deserialize;
use serde::Serialize;
use std::io::Read as _;
use url::Url;

pub mod chain;
pub mod pack;
pub mod page;
pub mod stamp;
pub mod warc;

/// Header fields in the order in which they were sent, names as they were sent. Bytes above 0x7f are Latin-1
/// (RFC 9110 §5.5), so that every byte comes back.
pub type Fields = Vec<(String, String)>;

/// One request and its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    /// The address that was asked.
    pub url: String,
    /// The address of the machine that answered, where no proxy stood between.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<String>,
    /// When the request was sent.
    pub asked_at: Timestamp,
    /// As `HTTP/1.1`.
    pub version: String,
    /// The request's header fields.
    pub request: Fields,
    /// The status code.
    pub status: u16,
    /// The answer's header fields.
    pub response: Fields,
    /// The body as it came over the wire, compressed where `Content-Encoding` says so.
    pub body: Digest,
    /// Its length in bytes.
    pub size: u64,
    /// The body is what the operator's rendering service made of the page; heads there are none.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rendered: bool,
}

/// One reading of a page: the way there, and the bodies that came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capture {
    /// Redirects first, the answer last.
    pub exchanges: Vec<Exchange>,
    /// The bodies; equal ones once.
    pub bodies: Vec<Vec<u8>>,
}

/// Why something is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An item was judged on it.
    Reading,
    /// A page that was told of was looked at again.
    Look,
}

impl Kind {
    /// The name in the store and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reading => "reading",
            Self::Look => "look",
        }
    }
}

/// What is kept of one reading, besides the bodies. Its JSON is what the chain holds: a field that is added later must
/// be left out of the JSON when it is empty, so that old records keep their bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Why.
    pub kind: Kind,
    /// The item.
    pub item: ItemId,
    /// The source that listed it.
    pub source: SourceName,
    /// What the source said of it.
    pub entry: Entry,
    /// When it was listed.
    pub listed_at: Timestamp,
    /// When it was read.
    pub taken_at: Timestamp,
    /// Which extractor gave the text that was judged.
    pub method: String,
    /// The SHA-256 of that text.
    pub text: Digest,
    /// The way to the page. Empty when the entry's own text was judged.
    pub exchanges: Vec<Exchange>,
    /// The item whose reading was used, when the page had been read a moment before for another source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_for: Option<ItemId>,
}

/// Which readings are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keep {
    /// Those that a rule matched.
    #[default]
    Matched,
    /// All.
    Everything,
    /// None: an alert is then no more than its own words.
    Nothing,
}

impl Keep {
    /// Every choice with its name in the configuration.
    pub const ALL: [(&str, Self); 3] =
        [("matched", Self::Matched), ("everything", Self::Everything), ("nothing", Self::Nothing)];

    /// Whether a reading is kept of which this is known.
    pub fn holds(self, matched: bool) -> bool {
        match self {
            Self::Matched => matched,
            Self::Everything => true,
            Self::Nothing => false,
        }
    }
}

/// How long records are kept that no alert rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// At most so long.
    pub age: SignedDuration,
    /// All records together, those that are told included, in bytes as they are stored.
    pub bytes: u64,
}

/// What is stored of one reading.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// What is known of it.
    pub record: Record,
    /// The bodies that its exchanges name.
    pub bodies: Vec<Packed>,
}

impl Record {
    /// The bytes that are hashed and stored.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("names, texts and times are JSON")
    }
}

impl Exchange {
    /// What a reader of the page got: the body without its Content-Encoding, at most `most` bytes. `None` when it is none
    /// that is asked for, or broken.
    pub fn decoded(&self, body: &[u8], most: u64) -> Option<Vec<u8>> {
        match self.header("content-encoding").map(|value| value.trim().to_ascii_lowercase()).as_deref() {
            None | Some("" | "identity") => Some(body.to_vec()),
            Some("gzip" | "x-gzip") => {
                let mut bytes = Vec::new();
                MultiGzDecoder::new(body).take(most).read_to_end(&mut bytes).ok()?;
                Some(bytes)
            }
            Some(_) => None,
        }
    }

    /// The first value of a field of the answer.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut fields = self.response.iter();
        fields.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

impl Capture {
    /// Adds the page as the rendering service shows it.
    pub fn push_rendered(&mut self, url: &Url, body: &[u8], at: Timestamp) {
        let exchange = Exchange {
            url: url.to_string(),
            peer: None,
            asked_at: at,
            version: String::new(),
            request: Vec::new(),
            status: 200,
            response: Vec::new(),
            body: Digest::of(body),
            size: body.len() as u64,
            rendered: true,
        };
        self.push(exchange, body.to_vec());
    }

    /// Adds an exchange with its body.
    pub fn push(&mut self, exchange: Exchange, body: Vec<u8>) {
        if !self.exchanges.iter().any(|known| known.body == exchange.body) {
            self.bodies.push(body);
        }
        self.exchanges.push(exchange);
    }
}

#[cfg(test)]
pub(crate) mod sample {
    use super::*;

    /// A redirect and an answer.
    pub(crate) fn record() -> (Record, Vec<Vec<u8>>) {
        let at: Timestamp = "2026-03-05T10:15:30.25Z".parse().expect("a time");
        let page = b"<title>Informe</title><p>La fiscal de Puerto Claro present\xc3\xb3 las pruebas.".to_vec();
        let mut capture = Capture::default();
        let hop = |url: &str, status, response: &[(&str, &str)], body: &[u8]| Exchange {
            url: url.into(),
            peer: Some("192.0.2.7".into()),
            asked_at: at,
            version: "HTTP/1.1".into(),
            request: vec![("accept".into(), "text/html".into()), ("user-agent".into(), "atalaya".into())],
            status,
            response: response.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
            body: Digest::of(body),
            size: body.len() as u64,
            rendered: false,
        };
        let moved = hop("http://faro.example/a", 301, &[("location", "https://faro.example/a")], b"");
        capture.push(moved, Vec::new());
        let fields = [("content-type", "text/html; charset=utf-8"), ("transfer-encoding", "chunked")];
        capture.push(hop("https://faro.example/a", 200, &fields, &page), page);
        let record = Record {
            kind: Kind::Reading,
            item: ItemId(7),
            source: SourceName::new("faro"),
            entry: Entry { id: "a".into(), title: "Informe <b>".into(), ..Entry::default() },
            listed_at: at,
            taken_at: at,
            method: "sample".into(),
            text: Digest::of("La fiscal de Puerto Claro presentó las pruebas.".as_bytes()),
            exchanges: capture.exchanges,
            read_for: None,
        };
        (record, capture.bodies)
    }
}
