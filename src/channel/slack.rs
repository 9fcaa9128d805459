//! `slack`: alerts to a Slack channel by an incoming webhook, as blocks.
//!
//! Limits and rules as read on 23 Nov 2026: 50 blocks, 3,000 characters a section, about one message a second; `&`, `<`
//! and `>` are escaped, and there is no way to escape `*`, `_`, `~` and backticks, so look-alikes stand for them. No
//! idempotency: after a broken connection a message may come twice. 404 `no_service` and 410 mean that it is gone.

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
    name: "slack",
    doc: "Posts to a Slack channel by an incoming webhook.",
    keys: &[Key {
        name: "slack",
        takes: Takes::Secret,
        required: true,
        doc: "The webhook's address, such as `https://hooks.slack.com/services/…`: a secret, as whoever has it can post.",
    }],
    examples: &["[channel.newsroom]\nslack = \"https://hooks.slack.example/services/T0/B0/invented\"\n"],
    needs_mail: false,
    build,
};

/// Longest section; Slack takes 3,000 characters.
const SECTION: usize = 2900;

struct Slack(Url);

fn build(settings: &Settings) -> Built {
    let url = chat::secret_address(settings, "slack").map_err(|complaint| vec![complaint])?;
    Ok(Arc::new(Chat { shown: chat::shown(&url), preset: Slack(url) }))
}

impl Preset for Slack {
    fn body(&self, saying: &Saying, _id: &str) -> Result<Vec<u8>, String> {
        let headline = match &saying.url {
            Some(url) => format!("<{}|{}>", escaped(url, false), text(&saying.headline)),
            None => format!("*{}*", text(&saying.headline)),
        };
        let section = |text: String| {
            let text = if text.len() > SECTION { within(&text, SECTION) } else { text };
            json!({ "type": "section", "text": { "type": "mrkdwn", "text": text, "verbatim": true } })
        };
        let mut blocks = vec![section(headline)];
        blocks.extend(saying.lines.iter().map(|line| section(text(line))));
        blocks.extend(saying.sentences.iter().map(|pieces| {
            section(format!("> {}", chat::sentence(pieces, text, |marked| format!("*{}*", text(marked)))))
        }));
        let foot = [saying.rules.join(", "), saying.origin.clone()];
        let foot: Vec<String> = foot.iter().filter(|part| !part.is_empty()).map(|part| text(part)).collect();
        blocks.push(json!({ "type": "context", "elements": [{ "type": "mrkdwn", "text": within(&foot.join(" · "), SECTION), "verbatim": true }] }));
        let message = json!({
            "text": within(&text(&saying.headline), SECTION),
            "blocks": blocks,
            "unfurl_links": false,
            "unfurl_media": false,
        });
        serde_json::to_vec(&message).map_err(|error| error.to_string())
    }

    fn call(&self, _frozen: &Frozen) -> (Method, Url, Vec<(&'static str, String)>) {
        (Method::Post, self.0.clone(), chat::json_headers())
    }

    fn gone(&self, answer: &HttpAnswer) -> bool {
        answer.status == 410 || answer.status == 404 && answer.body.contains("no_service")
    }
}

fn text(text: &str) -> String {
    escaped(text, true)
}

fn escaped(text: &str, words: bool) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '*' if words => escaped.push('∗'),
            '_' if words => escaped.push('ˍ'),
            '~' if words => escaped.push('∼'),
            '`' if words => escaped.push('ˋ'),
            _ => escaped.push(character),
        }
    }
    escaped
}
