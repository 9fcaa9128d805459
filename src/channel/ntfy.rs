//! `ntfy`: alerts to phones by an ntfy server.
//!
//! As read on 23 Nov 2026: a message of 4,096 bytes, beyond which it becomes an attachment; priorities 1 to 5; a title is
//! plain text. No markup, so nothing is escaped. No idempotency.

use super::Built;
use super::Frozen;
use super::Kind;
use super::Method;
use super::chat;
use super::chat::Chat;
use super::chat::Preset;
use super::chat::Saying;
use super::chat::within;
use crate::model::setting::Complaint;
use crate::model::setting::Key;
use crate::model::setting::Settings;
use crate::model::setting::Takes;
use secrecy::ExposeSecret;
use secrecy::SecretString;
use serde_json::json;
use std::sync::Arc;
use url::Url;

/// The kind.
pub static KIND: Kind = Kind {
    name: "ntfy",
    doc: "Publishes to a topic of an ntfy server, which pushes to phones.",
    keys: &[
        Key {
            name: "ntfy",
            takes: Takes::Secret,
            required: true,
            doc: "The topic's address, such as `https://ntfy.example.org/TOPIC`: a secret, unless the server asks for a token.",
        },
        Key { name: "access_token", takes: Takes::Secret, required: false, doc: "The server's access token." },
    ],
    examples: &["[channel.phone]\nntfy = \"https://ntfy.example.org/invented-topic\"\n"],
    needs_mail: false,
    build,
};

/// Longest message in bytes.
const MESSAGE: usize = 4000;

struct Ntfy {
    server: Url,
    topic: String,
    token: Option<SecretString>,
}

fn build(settings: &Settings) -> Built {
    let url = chat::secret_address(settings, "ntfy").map_err(|complaint| vec![complaint])?;
    let segments: Vec<String> =
        url.path_segments().into_iter().flatten().filter(|part| !part.is_empty()).map(str::to_owned).collect();
    let Some((topic, above)) = segments.split_last() else {
        if url.host_str() == Some("not-read.invalid") {
            let preset = Ntfy { server: url.clone(), topic: "not-read".into(), token: None };
            return Ok(Arc::new(Chat { shown: chat::shown(&url), preset }));
        }
        return Err(vec![Complaint::new("ntfy", "names no topic", "write `https://ntfy.example.org/TOPIC`")]);
    };
    let mut server = url.clone();
    server.set_query(None);
    server.set_path(&format!("/{}", above.join("/")));
    let preset = Ntfy { server, topic: topic.clone(), token: settings.secret("access_token").cloned() };
    Ok(Arc::new(Chat { shown: chat::shown(&url), preset }))
}

impl Preset for Ntfy {
    fn body(&self, saying: &Saying, _id: &str) -> Result<Vec<u8>, String> {
        let body = Saying { url: None, ..saying.clone() };
        let message = body.plain(MESSAGE);
        let (title, message) = message.split_once('\n').unwrap_or((&message, ""));
        let mut published = json!({
            "topic": self.topic,
            "title": within(title, 250),
            "message": if message.is_empty() { title } else { message },
            "priority": if saying.over { 2 } else { 3 },
        });
        if let Some(url) = &saying.url {
            published["click"] = url.as_str().into();
        }
        serde_json::to_vec(&published).map_err(|error| error.to_string())
    }

    fn call(&self, _frozen: &Frozen) -> (Method, Url, Vec<(&'static str, String)>) {
        let mut headers = chat::json_headers();
        if let Some(token) = &self.token {
            headers.push(("authorization", format!("Bearer {}", token.expose_secret().trim())));
        }
        (Method::Post, self.server.clone(), headers)
    }
}
