//! `alertmanager`: alerts to Prometheus Alertmanager by its API v2, which groups, silences and routes them.
//!
//! Its identity of an alert is the set of labels: all that is told of one story has one set, so that a second copy
//! changes nothing. An article ends by itself after an hour; a trouble ends when its end is told.

use super::Built;
use super::Frozen;
use super::Kind;
use super::Method;
use super::chat;
use super::chat::Chat;
use super::chat::Preset;
use super::chat::Saying;
use super::webhook;
use crate::model::setting::Key;
use crate::model::setting::Settings;
use crate::model::setting::Takes;
use crate::render::payload::TEST;
use jiff::SignedDuration;
use secrecy::ExposeSecret;
use secrecy::SecretString;
use serde_json::json;
use std::sync::Arc;
use url::Url;

/// The kind.
pub static KIND: Kind = Kind {
    name: "alertmanager",
    doc: "Posts to Prometheus Alertmanager, which groups, silences and routes.",
    keys: &[
        Key {
            name: "alertmanager",
            takes: Takes::Text,
            required: true,
            doc: "Its address, such as `http://127.0.0.1:9093`; one inside needs `egress.allow`.",
        },
        Key {
            name: "access_token",
            takes: Takes::Secret,
            required: false,
            doc: "A bearer token, where a proxy asks for one.",
        },
    ],
    examples: &["[channel.operations]\nalertmanager = \"http://127.0.0.1:9093\"\n"],
    needs_mail: false,
    build,
};

/// How long an article is active: one that is told again within it is the same alert.
const ACTIVE: SignedDuration = SignedDuration::from_hours(1);

/// How long a test is active.
const TRIAL: SignedDuration = SignedDuration::from_mins(5);

/// How long a trouble is active when nobody tells its end.
const TROUBLE: SignedDuration = SignedDuration::from_hours(24 * 7);

struct Alertmanager {
    url: Url,
    token: Option<SecretString>,
}

fn build(settings: &Settings) -> Built {
    let mut url = webhook::checked("alertmanager", settings.text("alertmanager").unwrap_or_default())
        .map_err(|complaint| vec![complaint])?;
    let shown = webhook::shown(&url);
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(["api", "v2", "alerts"]);
    }
    let preset = Alertmanager { url, token: settings.secret("access_token").cloned() };
    Ok(Arc::new(Chat { shown, preset }))
}

impl Preset for Alertmanager {
    fn body(&self, saying: &Saying, _id: &str) -> Result<Vec<u8>, String> {
        let test = saying.r#type == TEST;
        let told = saying.r#type.starts_with("alert.");
        let name = match (told, saying.r#type.starts_with("endpoint.")) {
            _ if test => "AtalayaTest",
            (true, _) => "AtalayaArticle",
            (false, true) => "AtalayaEndpoint",
            (false, false) => "AtalayaSource",
        };
        let last = match (told, saying.over) {
            _ if test => saying.at.saturating_add(TRIAL),
            (true, _) => saying.at.saturating_add(ACTIVE),
            (false, true) => Ok(saying.at),
            (false, false) => saying.at.saturating_add(TROUBLE),
        }
        .map_err(|error| error.to_string())?;
        let mut alert = json!({
            "labels": { "alertname": name, "severity": "info", "subject": saying.key() },
            "annotations": {
                "summary": saying.headline,
                "description": saying.plain(8000),
                "rules": saying.rules.join(", "),
            },
            "endsAt": last.to_string(),
        });
        if !saying.over {
            alert["startsAt"] = saying.at.to_string().into();
        }
        if let Some(url) = &saying.url {
            alert["generatorURL"] = url.as_str().into();
        }
        serde_json::to_vec(&json!([alert])).map_err(|error| error.to_string())
    }

    fn call(&self, _frozen: &Frozen) -> (Method, Url, Vec<(&'static str, String)>) {
        let mut headers = chat::json_headers();
        if let Some(token) = &self.token {
            headers.push(("authorization", format!("Bearer {}", token.expose_secret().trim())));
        }
        (Method::Post, self.url.clone(), headers)
    }
}
