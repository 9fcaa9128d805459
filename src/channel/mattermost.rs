//! `mattermost`: alerts to a Mattermost channel by an incoming webhook, as Markdown.
//!
//! As read on 23 Nov 2026: 16,383 characters a post. A mention such as `@channel` is broken by a character that is not
//! seen, as the service has no way to switch mentions off. No idempotency.

use super::Built;
use super::Frozen;
use super::HttpAnswer;
use super::Kind;
use super::Method;
use super::chat;
use super::chat::Chat;
use super::chat::Preset;
use super::chat::Saying;
use super::chat::within;
use crate::model::setting::Key;
use crate::model::setting::Settings;
use crate::model::setting::Takes;
use serde_json::json;
use std::sync::Arc;
use url::Url;

/// The kind.
pub static KIND: Kind = Kind {
    name: "mattermost",
    doc: "Posts to a Mattermost channel by an incoming webhook.",
    keys: &[Key {
        name: "mattermost",
        takes: Takes::Secret,
        required: true,
        doc: "The webhook's address, such as `https://chat.example.org/hooks/…`: a secret.",
    }],
    examples: &["[channel.team]\nmattermost = \"https://chat.example.org/hooks/invented\"\n"],
    needs_mail: false,
    build,
};

/// Longest post in bytes, which are never fewer than characters.
const LIMIT: usize = 16_000;

struct Mattermost(Url);

fn build(settings: &Settings) -> Built {
    let url = chat::secret_address(settings, "mattermost").map_err(|complaint| vec![complaint])?;
    Ok(Arc::new(Chat { shown: chat::shown(&url), preset: Mattermost(url) }))
}

impl Preset for Mattermost {
    fn body(&self, saying: &Saying, _id: &str) -> Result<Vec<u8>, String> {
        let headline = match &saying.url {
            Some(url) => format!("**[{}]({url})**", text(&saying.headline)),
            None => format!("**{}**", text(&saying.headline)),
        };
        let mut lines = vec![headline];
        lines.extend(saying.lines.iter().map(|line| text(line)));
        lines.extend(
            saying.sentences.iter().map(|pieces| {
                format!("> {}\n", chat::sentence(pieces, text, |marked| format!("**{}**", text(marked))))
            }),
        );
        let foot = [saying.rules.join(", "), saying.origin.clone()];
        let foot: Vec<String> = foot.iter().filter(|part| !part.is_empty()).map(|part| text(part)).collect();
        lines.push(foot.join(" · "));
        let message = json!({ "text": within(&lines.join("\n"), LIMIT) });
        serde_json::to_vec(&message).map_err(|error| error.to_string())
    }

    fn call(&self, _frozen: &Frozen) -> (Method, Url, Vec<(&'static str, String)>) {
        (Method::Post, self.0.clone(), chat::json_headers())
    }

    fn gone(&self, answer: &HttpAnswer) -> bool {
        // Mattermost answers so for a webhook that was deleted.
        answer.status == 410 || answer.status == 400 && answer.body.contains("web_hook.get_incoming")
    }
}

fn text(text: &str) -> String {
    // Only what its Markdown can escape: in front of anything else the backslash would be shown.
    chat::escaped(text, "\\`*_~|>#[]()-!", '\\').replace('@', "@\u{200b}")
}
