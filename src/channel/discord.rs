//! `discord`: alerts to a Discord channel by a webhook, as an embed that mentions nobody.
//!
//! Limits as read on 23 Nov 2026: a title of 256 characters, a description of 4,096, 6,000 in all embeds, a footer of
//! 2,048. `?wait=true` makes the answer one about the message. 429 says the pause as `retry_after` in seconds; 404 means
//! that the webhook was deleted. No idempotency.

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
use super::chat::within;
use crate::model::setting::Key;
use crate::model::setting::Settings;
use crate::model::setting::Takes;
use crate::render::line::clean;
use jiff::Timestamp;
use serde_json::json;
use std::sync::Arc;
use url::Url;

/// The kind.
pub static KIND: Kind = Kind {
    name: "discord",
    doc: "Posts to a Discord channel by a webhook.",
    keys: &[Key {
        name: "discord",
        takes: Takes::Secret,
        required: true,
        doc: "The webhook's address, such as `https://discord.com/api/webhooks/…`: a secret.",
    }],
    examples: &["[channel.volunteers]\ndiscord = \"https://discord.example/api/webhooks/1/invented\"\n"],
    needs_mail: false,
    build,
};

/// Longest title in characters.
const TITLE: usize = 256;

/// Longest description in bytes, which are never fewer than characters.
const DESCRIPTION: usize = 4000;

struct Discord(Url);

fn build(settings: &Settings) -> Built {
    let mut url = chat::secret_address(settings, "discord").map_err(|complaint| vec![complaint])?;
    let shown = chat::shown(&url);
    url.query_pairs_mut().append_pair("wait", "true");
    Ok(Arc::new(Chat { shown, preset: Discord(url) }))
}

impl Preset for Discord {
    fn body(&self, saying: &Saying, _id: &str) -> Result<Vec<u8>, String> {
        let mut lines: Vec<String> = saying.lines.iter().map(|line| text(line)).collect();
        lines.extend(
            saying
                .sentences
                .iter()
                .map(|pieces| format!("> {}", chat::sentence(pieces, text, |marked| format!("**{}**", text(marked))))),
        );
        if !saying.rules.is_empty() {
            lines.push(text(&saying.rules.join(", ")));
        }
        let mut embed = json!({
            // Titles show no markup but for escapes, so these letters are counted.
            "title": title(&saying.headline),
            "description": within(&lines.join("\n"), DESCRIPTION),
            "footer": { "text": within(&saying.origin, 1000) },
            "timestamp": saying.at.to_string(),
        });
        if let Some(url) = &saying.url {
            embed["url"] = url.as_str().into();
        }
        let message = json!({ "embeds": [embed], "allowed_mentions": { "parse": [] } });
        serde_json::to_vec(&message).map_err(|error| error.to_string())
    }

    fn call(&self, _frozen: &Frozen) -> (Method, Url, Vec<(&'static str, String)>) {
        (Method::Post, self.0.clone(), chat::json_headers())
    }

    fn answer(&self, answer: &HttpAnswer, now: Timestamp) -> Answer {
        chat::meaning_with_pause(answer, now, |body| body["retry_after"].as_f64())
    }

    fn gone(&self, answer: &HttpAnswer) -> bool {
        matches!(answer.status, 404 | 410)
    }
}

fn text(text: &str) -> String {
    chat::escaped(text, "\\`*_~|<>#[]()-:@", '\\')
}

/// An escaped title that is not too long.
fn title(headline: &str) -> String {
    let mut longest = TITLE;
    loop {
        let title = text(&clean(headline, longest));
        if title.chars().count() <= TITLE {
            return title;
        }
        longest = longest.saturating_sub(16).max(1);
    }
}
