//! `teams`: alerts to Microsoft Teams by a Workflows address, as an Adaptive Card.
//!
//! As read on 23 Nov 2026: about 28 kB a message; 202 means accepted, not shown; the flow ends with the account of whoever
//! made it, which is then answered with 401 or 404. The old "Office 365 connectors" are retired and not supported. No
//! idempotency.

use super::Built;
use super::Frozen;
use super::Kind;
use super::Method;
use super::chat;
use super::chat::Chat;
use super::chat::Preset;
use super::chat::Saying;
use crate::model::setting::Key;
use crate::model::setting::Settings;
use crate::model::setting::Takes;
use serde_json::json;
use std::sync::Arc;
use url::Url;

/// The kind.
pub static KIND: Kind = Kind {
    name: "teams",
    doc: "Posts to a Microsoft Teams channel or chat by a workflow that begins with a webhook request.",
    keys: &[Key {
        name: "teams",
        takes: Takes::Secret,
        required: true,
        doc: "The workflow's address, with its `sig`: a secret.",
    }],
    examples: &[
        "[channel.office]\nteams = \"https://prod-1.logic.example/workflows/invented/triggers/manual/paths/invoke?sig=invented\"\n",
    ],
    needs_mail: false,
    build,
};

/// Longest body in bytes.
const LIMIT: usize = 27_000;

struct Teams(Url);

fn build(settings: &Settings) -> Built {
    let url = chat::secret_address(settings, "teams").map_err(|complaint| vec![complaint])?;
    Ok(Arc::new(Chat { shown: chat::shown(&url), preset: Teams(url) }))
}

impl Preset for Teams {
    fn body(&self, saying: &Saying, _id: &str) -> Result<Vec<u8>, String> {
        saying.fitting(LIMIT, |saying| {
            let block = |text: String| json!({ "type": "TextBlock", "text": text, "wrap": true });
            let mut head = block(text(&saying.headline));
            head["size"] = "Medium".into();
            head["weight"] = "Bolder".into();
            let mut body = vec![head];
            body.extend(saying.lines.iter().map(|line| block(text(line))));
            body.extend(
                saying
                    .sentences
                    .iter()
                    .map(|pieces| block(chat::sentence(pieces, text, |marked| format!("**{}**", text(marked))))),
            );
            let foot = [saying.rules.join(", "), saying.origin.clone()];
            let foot: Vec<String> = foot.iter().filter(|part| !part.is_empty()).map(|part| text(part)).collect();
            let mut foot = block(foot.join(" · "));
            foot["isSubtle"] = true.into();
            foot["size"] = "Small".into();
            body.push(foot);
            let mut card = json!({
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.4",
                "body": body,
            });
            if let Some(url) = &saying.url {
                card["actions"] = json!([{ "type": "Action.OpenUrl", "title": "Open the article", "url": url }]);
            }
            let message = json!({
                "type": "message",
                "attachments": [{ "contentType": "application/vnd.microsoft.card.adaptive", "content": card }],
            });
            message.to_string().into_bytes()
        })
    }

    fn call(&self, _frozen: &Frozen) -> (Method, Url, Vec<(&'static str, String)>) {
        (Method::Post, self.0.clone(), chat::json_headers())
    }
}

/// Cards take a part of Markdown, and `{{` begins a function.
fn text(text: &str) -> String {
    chat::escaped(&text.replace("{{", "{ {"), "\\`*_~[]()#<>", '\\')
}
