//! `template`: whatever a service wants, by a template of the operator's own, checked against samples at every load.

use super::Built;
use super::Frozen;
use super::Kind;
use super::Method;
use super::chat;
use super::chat::Chat;
use super::chat::Preset;
use super::chat::Saying;
use crate::model::setting::Complaint;
use crate::model::setting::Key;
use crate::model::setting::Settings;
use crate::model::setting::Takes;
use crate::render::line::Piece;
use crate::render::line::joined;
use jiff::Timestamp;
use minijinja::AutoEscape;
use minijinja::Environment;
use minijinja::UndefinedBehavior;
use minijinja::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use url::Url;

/// The kind.
pub static KIND: Kind = Kind {
    name: "template",
    doc: "Posts what a template of your own makes (minijinja, which is like Jinja2). It is tried at every load on an article, an update, a source in trouble and a test, all with hostile letters; with a JSON `content_type` each must come out as JSON.",
    keys: &[
        Key {
            name: "template",
            takes: Takes::Text,
            required: true,
            doc: "The body. It has `type`, `id`, `headline`, `url`, `origin`, `rules`, `sentences`, `lines`, `text`, `subject`, `over` and `at`; `{{ headline | tojson }}` writes a JSON string with its quotes.",
        },
        Key {
            name: "post_to",
            takes: Takes::Secret,
            required: true,
            doc: "Where to post: a secret, as it often holds a token.",
        },
        Key {
            name: "content_type",
            takes: Takes::Text,
            required: false,
            doc: "The Content-Type; by default `application/json`.",
        },
        Key {
            name: "authorization",
            takes: Takes::Secret,
            required: false,
            doc: "The value of the Authorization header.",
        },
    ],
    examples: &[
        "[channel.own]\ntemplate = '{\"text\": {{ text | tojson }}, \"link\": {{ url | tojson }}}'\npost_to = \"https://bot.example.org/in\"\n",
    ],
    needs_mail: false,
    build,
};

/// Longest body in bytes.
const LIMIT: usize = 100_000;

/// What a template may use.
const NAMES: [&str; 12] =
    ["type", "id", "headline", "url", "origin", "rules", "sentences", "lines", "text", "subject", "over", "at"];

/// Longest text in bytes.
const TEXT: usize = 8000;

struct Template {
    environment: Environment<'static>,
    url: Url,
    content_type: String,
    authorization: Option<secrecy::SecretString>,
}

fn build(settings: &Settings) -> Built {
    let mut complaints = Vec::new();
    let content_type = settings.text("content_type").unwrap_or("application/json").trim().to_owned();
    if !content_type.contains('/') || !content_type.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        let message = format!("`{content_type}` is no content type");
        complaints.push(Complaint::new("content_type", message, "write such as `application/json` or `text/plain`"));
    }
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.add_filter("tojson", json);
    let text = settings.text("template").unwrap_or_default();
    let parsed = environment.add_template_owned("body", text.to_owned());
    let help = "the manual lists what a template may use: docs/presets.md";
    match parsed.and_then(|()| environment.get_template("body")) {
        Err(error) => complaints.push(Complaint::new("template", said(&error), help)),
        Ok(template) => {
            let mut unknown: Vec<String> = template.undeclared_variables(false).into_iter().collect();
            let known = |name: &str| NAMES.contains(&name) || environment.globals().any(|(global, _)| global == name);
            unknown.retain(|name| !known(name));
            unknown.sort_unstable();
            if let Some(name) = unknown.first() {
                let message = format!("uses `{name}`, which is not there; there is {}", NAMES.join(", "));
                complaints.push(Complaint::new("template", message, help));
            }
        }
    }
    let url = match chat::secret_address(settings, "post_to") {
        Ok(url) => url,
        Err(complaint) => {
            complaints.push(complaint);
            return Err(complaints);
        }
    };
    let authorization = settings.secret("authorization").cloned();
    let preset = Template { environment, url, content_type, authorization };
    if complaints.is_empty() {
        for (what, sample) in samples() {
            if let Err(wrong) = preset.body(&sample, "msg_0123456789abcdef") {
                complaints.push(Complaint::new("template", format!("fails on {what}: {wrong}"), help));
                break;
            }
        }
    }
    if complaints.is_empty() { Ok(Arc::new(Chat { shown: chat::shown(&preset.url), preset })) } else { Err(complaints) }
}

impl Preset for Template {
    fn body(&self, saying: &Saying, id: &str) -> Result<Vec<u8>, String> {
        let template = self.environment.get_template("body").map_err(|error| said(&error))?;
        let body = template.render(values(saying, id)).map_err(|error| said(&error))?;
        if body.len() > LIMIT {
            return Err(format!("the body has {} bytes, and {LIMIT} are allowed", body.len()));
        }
        if self.content_type.contains("json")
            && let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(&body)
        {
            return Err(format!("what comes out is not JSON: {error}"));
        }
        Ok(body.into_bytes())
    }

    fn call(&self, _frozen: &Frozen) -> (Method, Url, Vec<(&'static str, String)>) {
        let mut headers = vec![("content-type", self.content_type.clone())];
        if let Some(authorization) = &self.authorization {
            use secrecy::ExposeSecret;
            headers.push(("authorization", authorization.expose_secret().trim().to_owned()));
        }
        (Method::Post, self.url.clone(), headers)
    }
}

fn values(saying: &Saying, id: &str) -> Value {
    let sentences: Vec<String> = saying.sentences.iter().map(|pieces| joined(pieces)).collect();
    Value::from(BTreeMap::from([
        ("type", Value::from(saying.r#type)),
        ("id", Value::from(id)),
        ("headline", Value::from(saying.headline.as_str())),
        ("url", Value::from(saying.url.clone())),
        ("origin", Value::from(saying.origin.as_str())),
        ("rules", Value::from(saying.rules.clone())),
        ("sentences", Value::from(sentences)),
        ("lines", Value::from(saying.lines.clone())),
        ("text", Value::from(saying.plain(TEXT))),
        ("subject", Value::from(saying.key())),
        ("over", Value::from(saying.over)),
        ("at", Value::from(saying.at.to_string())),
    ]))
}

/// A value as JSON. What is not there is a fault and no `null`.
fn json(value: Value) -> Result<String, minijinja::Error> {
    if value.is_undefined() {
        return Err(minijinja::Error::from(minijinja::ErrorKind::UndefinedError));
    }
    serde_json::to_string(&value)
        .map_err(|error| minijinja::Error::new(minijinja::ErrorKind::BadSerialization, error.to_string()))
}

/// An error in one lower-case line.
fn said(error: &minijinja::Error) -> String {
    let text = error.detail().map_or_else(|| error.kind().to_string(), |detail| format!("{}: {detail}", error.kind()));
    match error.line() {
        Some(line) => format!("{text} (line {line} of the template)"),
        None => text,
    }
}

/// What every template must be able to write, with letters that break a careless one.
fn samples() -> [(&'static str, Saying); 4] {
    let hostile = "“Quotes” \"double\" 'single' \\ {{ braces }} <b> & ñ";
    let article = Saying {
        subject: "https://paper.example/1".into(),
        r#type: crate::render::payload::MATCHED,
        over: false,
        headline: hostile.into(),
        url: Some("https://paper.example/1?a=%22b%22&c=d".into()),
        origin: format!("The {hostile} Paper · Spanish"),
        rules: vec![hostile.into()],
        sentences: vec![vec![
            Piece { text: format!("{hostile} "), marked: false },
            Piece { text: hostile.into(), marked: true },
        ]],
        lines: Vec::new(),
        at: Timestamp::UNIX_EPOCH,
    };
    let update = Saying {
        r#type: crate::render::payload::UPDATED,
        headline: format!("Corrected: {hostile}"),
        url: None,
        lines: vec![hostile.into()],
        ..article.clone()
    };
    let trouble = Saying {
        r#type: crate::render::notice::RECOVERED,
        over: true,
        url: None,
        rules: Vec::new(),
        sentences: Vec::new(),
        lines: vec![hostile.into()],
        ..article.clone()
    };
    let test = Saying { r#type: crate::render::payload::TEST, over: false, lines: Vec::new(), ..trouble.clone() };
    [("an article", article), ("an update", update), ("a source that is all right again", trouble), ("a test", test)]
}
