//! Kinds of sources and channels that only these tests know, so that the messages of the real ones can change.

use crate::channel;
use crate::channel::Announcement;
use crate::channel::Answer;
use crate::channel::Channel;
use crate::channel::Frozen;
use crate::channel::HttpAnswer;
use crate::channel::Letterhead;
use crate::channel::Telling;
use crate::channel::Wire;
use crate::model::Reason;
use crate::model::setting::Complaint;
use crate::model::setting::Key;
use crate::model::setting::Settings;
use crate::model::setting::Takes;
use crate::source;
use crate::source::Document;
use crate::source::Listing;
use crate::source::Watch;
use jiff::Timestamp;
use secrecy::ExposeSecret;
use std::sync::Arc;
use url::Url;

pub static SOURCES: &[&source::Kind] = &[
    &source::Kind {
        name: "feed",
        doc: "A feed.",
        keys: &[key("feed", Takes::Text, true)],
        examples: &[],
        build: |settings| watch("feed", settings),
    },
    &source::Kind {
        name: "page",
        doc: "A page.",
        keys: &[
            key("page", Takes::Text, true),
            key("item", Takes::Text, true),
            key("title", Takes::Text, true),
            key("follow", Takes::Flag, false),
        ],
        examples: &[],
        build: |settings| watch("page", settings),
    },
];

pub static CHANNELS: &[&channel::Kind] = &[
    &channel::Kind {
        name: "email",
        doc: "Mail.",
        keys: &[key("email", Takes::Texts, true)],
        examples: &[],
        needs_mail: true,
        build: email,
    },
    &channel::Kind {
        name: "webhook",
        doc: "A webhook.",
        keys: &[key("webhook", Takes::Text, true), key("secret", Takes::Secret, true)],
        examples: &[],
        needs_mail: false,
        build: webhook,
    },
];

const fn key(name: &'static str, takes: Takes, required: bool) -> Key {
    Key { name, takes, required, doc: "what the kind says of it" }
}

struct Watched(Url);

fn watch(key: &'static str, settings: &Settings) -> Result<Arc<dyn Watch>, Vec<Complaint>> {
    let text = settings.text(key).expect("it is required");
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(Arc::new(Watched(url))),
        _ => {
            let scheme = text.find(':').unwrap_or(text.len());
            let complaint = Complaint::new(key, format!("`{text}` is not http"), "write `https://…`");
            Err(vec![Complaint { span: Some((0, scheme)), ..complaint }])
        }
    }
}

impl Watch for Watched {
    fn address(&self) -> &Url {
        &self.0
    }

    fn accept(&self) -> &'static str {
        "*/*"
    }

    fn listing(&self, _document: &Document<'_>) -> Result<Listing, Reason> {
        Ok(Listing::default())
    }
}

struct Mute(Vec<String>);

fn email(settings: &Settings) -> Result<Arc<dyn Channel>, Vec<Complaint>> {
    let receivers = settings.texts("email");
    let wrong = |(index, address): (usize, &String)| {
        let complaint = Complaint::new("email", format!("`{address}` is not an address"), "write `name@host`");
        (!address.contains('@')).then_some(Complaint { index: Some(index), ..complaint })
    };
    let complaints: Vec<Complaint> = receivers.iter().enumerate().filter_map(wrong).collect();
    if complaints.is_empty() { Ok(Arc::new(Mute(receivers.to_vec()))) } else { Err(complaints) }
}

/// Its complaint repeats the secret, as a careless kind might.
fn webhook(settings: &Settings) -> Result<Arc<dyn Channel>, Vec<Complaint>> {
    let secret = settings.secret("secret").expect("it is required").expose_secret();
    if secret.contains("refused") {
        return Err(vec![Complaint::new("secret", format!("`{secret}` is refused"), format!("not `{secret}`"))]);
    }
    Ok(Arc::new(Mute(settings.text("webhook").map(str::to_owned).into_iter().collect())))
}

impl Channel for Mute {
    fn receivers(&self) -> Vec<String> {
        self.0.clone()
    }

    fn message(&self, _telling: &Telling<'_>) -> Result<Frozen, String> {
        Err("mute".into())
    }
    fn notice(&self, _announcement: &Announcement<'_>) -> Result<Frozen, String> {
        Err("mute".into())
    }

    fn wire(&self, receiver: &str, _frozen: &Frozen, letterhead: &Letterhead, _now: Timestamp) -> Wire {
        Wire::Mail { from: letterhead.envelope_from.clone(), to: receiver.to_owned() }
    }

    fn answer(&self, _answer: &HttpAnswer, _now: Timestamp) -> Answer {
        Answer::Accepted { text: String::new() }
    }
}
