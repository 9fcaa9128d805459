//! `matrix`: alerts to a Matrix room, as notices, by the client API.
//!
//! As read on 23 Nov 2026: an event of 64 KiB; 429 says the pause as `retry_after_ms`. The transaction id is the
//! message's own, so that a second try after a broken connection is not shown twice.

use super::Answer;
use super::Built;
use super::Frozen;
use super::HttpAnswer;
use super::Kind;
use super::Method;
use super::chat;
use super::chat::Chat;
use super::chat::Preset;
use super::chat::Saying;
use super::webhook;
use crate::model::setting::Complaint;
use crate::model::setting::Key;
use crate::model::setting::Settings;
use crate::model::setting::Takes;
use jiff::Timestamp;
use secrecy::ExposeSecret;
use secrecy::SecretString;
use serde_json::json;
use std::sync::Arc;
use url::Url;

/// The kind.
pub static KIND: Kind = Kind {
    name: "matrix",
    doc: "Writes to a Matrix room as the user whose token is given, who must have joined it.",
    keys: &[
        Key {
            name: "matrix",
            takes: Takes::Text,
            required: true,
            doc: "The address of the user's home server, such as `https://matrix.example.org`.",
        },
        Key { name: "room", takes: Takes::Text, required: true, doc: "The room's id, such as `!abc:example.org`." },
        Key { name: "access_token", takes: Takes::Secret, required: true, doc: "The user's access token." },
    ],
    examples: &[
        "[channel.room]\nmatrix = \"https://matrix.example.org\"\nroom = \"!invented:example.org\"\naccess_token = \"invented\"\n",
    ],
    needs_mail: false,
    build,
};

/// Longest body in bytes: half of what an event may have, as the text stands in it twice.
const LIMIT: usize = 50_000;

struct Matrix {
    /// Of the room, up to the transaction id.
    url: Url,
    token: SecretString,
}

fn build(settings: &Settings) -> Built {
    let server = webhook::checked("matrix", settings.text("matrix").unwrap_or_default());
    let room = settings.text("room").unwrap_or_default().trim();
    let mut complaints = Vec::new();
    if !room.starts_with('!') || room.contains(char::is_whitespace) {
        let help = "write the id that begins with `!`, as the room's settings show it; an alias with `#` may move";
        complaints.push(Complaint::new("room", format!("`{room}` is no id of a room"), help));
    }
    match (server, settings.secret("access_token")) {
        (Ok(mut url), Some(token)) if complaints.is_empty() => {
            let shown = format!("{} {room}", url.origin().ascii_serialization());
            if let Ok(mut path) = url.path_segments_mut() {
                path.pop_if_empty().extend(["_matrix", "client", "v3", "rooms", room, "send", "m.room.message"]);
            }
            Ok(Arc::new(Chat { shown, preset: Matrix { url, token: token.clone() } }))
        }
        (server, _) => {
            complaints.extend(server.err());
            Err(complaints)
        }
    }
}

impl Preset for Matrix {
    fn body(&self, saying: &Saying, _id: &str) -> Result<Vec<u8>, String> {
        saying.fitting(LIMIT, |saying| {
            let headline = match &saying.url {
                Some(url) => format!("<a href=\"{}\">{}</a>", chat::html(url), chat::html(&saying.headline)),
                None => format!("<strong>{}</strong>", chat::html(&saying.headline)),
            };
            let mut html = vec![headline];
            html.extend(saying.lines.iter().map(|line| chat::html(line)));
            html.extend(saying.sentences.iter().map(|pieces| {
                let marked = |text: &str| format!("<strong>{}</strong>", chat::html(text));
                format!("<blockquote>{}</blockquote>", chat::sentence(pieces, chat::html, marked))
            }));
            let foot = [saying.rules.join(", "), saying.origin.clone()];
            let foot: Vec<&str> = foot.iter().filter(|part| !part.is_empty()).map(String::as_str).collect();
            html.push(chat::html(&foot.join(" · ")));
            let event = json!({
                "msgtype": "m.notice",
                "body": saying.plain(LIMIT / 4),
                "format": "org.matrix.custom.html",
                "formatted_body": html.join("<br>"),
                // Nobody is mentioned, `@room` neither.
                "m.mentions": {},
            });
            event.to_string().into_bytes()
        })
    }

    fn call(&self, frozen: &Frozen) -> (Method, Url, Vec<(&'static str, String)>) {
        let mut url = self.url.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.push(&frozen.id);
        }
        let mut headers = chat::json_headers();
        headers.push(("authorization", format!("Bearer {}", self.token.expose_secret().trim())));
        (Method::Put, url, headers)
    }

    fn answer(&self, answer: &HttpAnswer, now: Timestamp) -> Answer {
        chat::meaning_with_pause(answer, now, |body| Some(body["retry_after_ms"].as_f64()? / 1000.0))
    }
}
