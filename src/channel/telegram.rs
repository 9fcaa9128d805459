//! `telegram`: alerts to a Telegram chat by a bot, in HTML mode.
//!
//! As read on 23 Nov 2026: 4,096 characters behind the markup; about one message a second in a chat and 20 a minute in a
//! group; 429 says the pause as `parameters.retry_after`; 403 means that the bot was blocked or put out; a group that
//! became a supergroup is answered with `migrate_to_chat_id`. No idempotency.

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
use serde_json::json;
use std::sync::Arc;
use url::Url;

/// The kind.
pub static KIND: Kind = Kind {
    name: "telegram",
    doc: "Writes to a Telegram chat as a bot, which must be a member of it.",
    keys: &[
        Key { name: "telegram", takes: Takes::Secret, required: true, doc: "The bot's token: a secret." },
        Key {
            name: "chat",
            takes: Takes::Text,
            required: true,
            doc: "The chat's number, such as `-1001234567890`, or the name of a public channel, such as `@example`.",
        },
        Key {
            name: "server",
            takes: Takes::Text,
            required: false,
            doc: "The address of a Bot API server of your own; by default `https://api.telegram.org`.",
        },
    ],
    examples: &["[channel.alarm]\ntelegram = \"123456:invented\"\nchat = \"-1001234567890\"\n"],
    needs_mail: false,
    build,
};

/// Longest text in bytes with its markup, which is never fewer than characters behind it.
const LIMIT: usize = 4000;

struct Telegram {
    url: Url,
    chat: String,
}

fn build(settings: &Settings) -> Built {
    let mut complaints = Vec::new();
    let chat = settings.text("chat").unwrap_or_default().trim();
    let named = chat.strip_prefix('@').is_some_and(|name| !name.is_empty());
    if chat.parse::<i64>().is_err() && !named {
        let help = "write its number, such as \"-1001234567890\", or `@name`";
        complaints.push(Complaint::new("chat", format!("`{chat}` is no chat"), help));
    }
    let token = settings.secret("telegram").map(|token| token.expose_secret().trim()).unwrap_or_default();
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b":_-=".contains(&byte)) {
        complaints.push(Complaint::new(
            "telegram",
            "is no token of a bot",
            "write what @BotFather gave, such as `123456:…`",
        ));
    }
    match webhook::checked("server", settings.text("server").unwrap_or("https://api.telegram.org")) {
        Ok(mut url) if complaints.is_empty() => {
            if let Ok(mut path) = url.path_segments_mut() {
                path.pop_if_empty().push(&format!("bot{token}")).push("sendMessage");
            }
            Ok(Arc::new(Chat { shown: format!("telegram {chat}"), preset: Telegram { url, chat: chat.to_owned() } }))
        }
        server => {
            complaints.extend(server.err());
            Err(complaints)
        }
    }
}

impl Preset for Telegram {
    fn body(&self, saying: &Saying, _id: &str) -> Result<Vec<u8>, String> {
        saying.fitting(LIMIT, |saying| {
            let headline = match &saying.url {
                Some(url) => format!("<a href=\"{}\">{}</a>", chat::html(url), chat::html(&saying.headline)),
                None => format!("<b>{}</b>", chat::html(&saying.headline)),
            };
            let mut lines = vec![headline];
            lines.extend(saying.lines.iter().map(|line| chat::html(line)));
            lines.extend(saying.sentences.iter().map(|pieces| {
                let marked = |text: &str| format!("<b>{}</b>", chat::html(text));
                format!("<blockquote>{}</blockquote>", chat::sentence(pieces, chat::html, marked))
            }));
            let foot = [saying.rules.join(", "), saying.origin.clone()];
            let foot: Vec<&str> = foot.iter().filter(|part| !part.is_empty()).map(String::as_str).collect();
            lines.push(chat::html(&foot.join(" · ")));
            let message = json!({
                "chat_id": self.chat,
                "text": lines.join("\n"),
                "parse_mode": "HTML",
                "link_preview_options": { "is_disabled": true },
            });
            message.to_string().into_bytes()
        })
    }

    fn call(&self, _frozen: &Frozen) -> (Method, Url, Vec<(&'static str, String)>) {
        (Method::Post, self.url.clone(), chat::json_headers())
    }

    fn answer(&self, answer: &HttpAnswer, now: Timestamp) -> Answer {
        let body: Option<serde_json::Value> = serde_json::from_str(&answer.body).ok();
        let moved = body.as_ref().and_then(|body| body["parameters"]["migrate_to_chat_id"].as_i64());
        match (chat::meaning_with_pause(answer, now, |body| body["parameters"]["retry_after"].as_f64()), moved) {
            (Answer::Failed { fault, text, in_doubt }, Some(moved)) => Answer::Failed {
                fault,
                text: format!("{text}; the chat is now `{moved}`: write that as `chat`"),
                in_doubt,
            },
            (answer, _) => answer,
        }
    }

    fn gone(&self, answer: &HttpAnswer) -> bool {
        matches!(answer.status, 403 | 410)
    }
}
