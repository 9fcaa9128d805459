//! `pagerduty`: incidents by the Events API v2.
//!
//! As read on 23 Nov 2026: a summary of 1,024 characters, a key of 255. All that is told of one story has one
//! `dedup_key`, so that a later telling goes into the same incident; the end of a trouble resolves what its beginning
//! opened. 429 is obeyed.

use super::Built;
use super::Frozen;
use super::Kind;
use super::Method;
use super::chat;
use super::chat::Chat;
use super::chat::Preset;
use super::chat::Saying;
use super::chat::within;
use super::webhook;
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
    name: "pagerduty",
    doc: "Opens and resolves incidents by PagerDuty's Events API v2.",
    keys: &[
        Key {
            name: "pagerduty",
            takes: Takes::Secret,
            required: true,
            doc: "The service's integration key: a secret.",
        },
        Key {
            name: "server",
            takes: Takes::Text,
            required: false,
            doc: "The address of the API; by default `https://events.pagerduty.com`, for Europe `https://events.eu.pagerduty.com`.",
        },
        Key {
            name: "severity",
            takes: Takes::Text,
            required: false,
            doc: "`critical`, `error`, `warning`, which is the default, or `info`.",
        },
    ],
    examples: &["[channel.duty]\npagerduty = \"inventedinventedinventedinvented\"\nseverity = \"info\"\n"],
    needs_mail: false,
    build,
};

const SEVERITIES: [&str; 4] = ["critical", "error", "warning", "info"];

struct PagerDuty {
    url: Url,
    key: SecretString,
    severity: &'static str,
}

fn build(settings: &Settings) -> Built {
    let mut complaints = Vec::new();
    let wanted = settings.text("severity").unwrap_or("warning").trim();
    let severity = SEVERITIES.into_iter().find(|severity| *severity == wanted);
    if severity.is_none() {
        let help = format!("write one of {}", SEVERITIES.join(", "));
        complaints.push(Complaint::new("severity", format!("`{wanted}` is no severity"), help));
    }
    let server = webhook::checked("server", settings.text("server").unwrap_or("https://events.pagerduty.com"));
    match (server, severity, settings.secret("pagerduty")) {
        (Ok(mut url), Some(severity), Some(key)) => {
            let shown = url.origin().ascii_serialization();
            if let Ok(mut path) = url.path_segments_mut() {
                path.pop_if_empty().extend(["v2", "enqueue"]);
            }
            Ok(Arc::new(Chat { shown, preset: PagerDuty { url, key: key.clone(), severity } }))
        }
        (server, ..) => {
            complaints.extend(server.err());
            Err(complaints)
        }
    }
}

impl Preset for PagerDuty {
    fn body(&self, saying: &Saying, id: &str) -> Result<Vec<u8>, String> {
        let key = self.key.expose_secret().trim();
        let event = if saying.over {
            json!({ "routing_key": key, "event_action": "resolve", "dedup_key": saying.key() })
        } else {
            let mut event = json!({
                "routing_key": key,
                "event_action": "trigger",
                "dedup_key": saying.key(),
                "client": "Atalaya",
                "payload": {
                    "summary": within(&saying.headline, 1000),
                    "source": within(&saying.origin, 500),
                    "severity": self.severity,
                    "timestamp": saying.at.to_string(),
                    "class": saying.r#type,
                    "custom_details": { "id": id, "text": saying.plain(8000), "rules": saying.rules },
                },
            });
            if let Some(url) = &saying.url {
                event["links"] = json!([{ "href": url, "text": "The article" }]);
            }
            event
        };
        serde_json::to_vec(&event).map_err(|error| error.to_string())
    }

    fn call(&self, _frozen: &Frozen) -> (Method, Url, Vec<(&'static str, String)>) {
        (Method::Post, self.url.clone(), chat::json_headers())
    }
}
