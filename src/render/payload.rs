//! (alert, the receiver's rules) → the JSON that a webhook carries: `docs/schemas/alert.matched.1.json`, and
//! `alert.updated.1.json` for what became of a page that was told before.
//!
//! No input makes it longer than [`LIMIT`]: long fields are shortened, lists are cut, and `omitted` counts what is missing.

use super::line::clean;
use crate::model::Alert;
use crate::model::Basis;
use crate::model::Excerpt;
use crate::model::Field;
use crate::model::RuleName;
use crate::model::Update;
use crate::model::UpdateKind;
use crate::model::alert::Earlier;
use crate::model::alert::EarlierArticle;
use crate::model::alert::RuleTold;
use crate::model::update::DiffLine;
use crate::model::update::DiffPiece;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;

/// Longest body in bytes; Standard Webhooks advises 20 kB.
pub const LIMIT: usize = 20_000;

/// The value of `type` for a story.
pub const MATCHED: &str = "alert.matched";

/// The value of `type` for what became of a page that was told before.
pub const UPDATED: &str = "alert.updated";

/// The value of `schema`: `$id` of the JSON Schema of a type; its number changes when a receiver would have to.
pub fn schema_id(name: &str) -> String {
    format!("urn:atalaya:schema:{name}:1")
}

/// A story that matched rules, or what became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Payload {
    /// What is told, and how `data` is made.
    pub r#type: String,
    /// When the alert came about; the same at every try.
    pub timestamp: Timestamp,
    /// The `$id` of this schema.
    pub schema: String,
    /// The number of this event among all of its endpoint, from 1 and without gaps.
    #[schemars(range(min = 1))]
    pub sequence: u64,
    /// The alert.
    pub data: Data,
}

/// What is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Data {
    /// The story's identity: the same for all that is told of it.
    #[schemars(length(min = 1))]
    pub story_key: String,
    /// 1 for the first telling.
    #[schemars(range(min = 1))]
    pub revision: u32,
    /// The receiver's rules that matched.
    #[schemars(length(min = 1))]
    pub rules: Vec<Rule>,
    /// The entities found, most mentioned first.
    pub entities: Vec<Entity>,
    /// The sentences that matched.
    pub excerpts: Vec<Sentence>,
    /// The headline.
    pub title: String,
    /// Where a reader finds it.
    pub url: String,
    /// The source that listed it first: its name in the configuration.
    pub source: String,
    /// The name that the site gives itself.
    pub site_name: Option<String>,
    /// As the page prints it.
    pub byline: Option<String>,
    /// ISO 639-1.
    pub language: Option<String>,
    /// When it was published, by its own account.
    pub published: Option<Timestamp>,
    /// When Atalaya listed it.
    pub listed_at: Timestamp,
    /// When it was judged.
    pub judged_at: Timestamp,
    /// Which text was judged: `page`, or what stood in for it.
    pub basis: Basis,
    /// Set when the page could not be read and the feed's own text was judged.
    pub unread: Option<Why>,
    /// Set when this is a copy of a story told before for other rules: that story's headline.
    pub copy_of: Option<String>,
    /// Set when this tells what became of a page that was told before.
    pub update: Option<Change>,
    /// Set when this tells in one list what rules found by looking back; `title` then says how much.
    pub earlier: Option<EarlierTold>,
    /// Where the receiver can say that it was not relevant.
    pub feedback_url: Option<String>,
    /// How much did not fit.
    pub omitted: Omitted,
}

/// What rules found that looked back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EarlierTold {
    /// Articles that the receiver's rules found, the newest first.
    pub articles: Vec<EarlierArticle>,
    /// How many did not fit.
    pub omitted: usize,
}

/// What became of a page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// `edited`, `corrected`, `removed` or `restored`.
    pub kind: UpdateKind,
    /// When the text was read that this is compared with.
    pub before: Timestamp,
    /// What changed, in words.
    pub facts: Vec<String>,
    /// The sentences that differ.
    pub diff: Vec<DiffLine>,
}

/// A rule that matched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Rule {
    /// Its name in the configuration.
    pub name: String,
    /// Its title for people.
    pub label: String,
    /// Why it matched.
    pub reason: Why,
}

/// A reason, for programs and for people.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Why {
    /// Stable.
    pub code: String,
    /// In words.
    pub text: String,
}

/// An entity that was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Entity {
    /// Its name in the configuration.
    pub name: String,
    /// Its title for people.
    pub label: String,
    /// The forms in which the article has it.
    pub forms: Vec<String>,
    /// How many mentions.
    pub mentions: usize,
}

/// A sentence that matched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Sentence {
    /// Where it stands.
    pub field: Field,
    /// The sentence.
    pub text: String,
    /// What matched in it, ascending.
    pub marks: Vec<Mark>,
    /// The receiver's rules for which it was chosen.
    pub rules: Vec<String>,
}

/// Words of a sentence that matched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Mark {
    /// Offset of the first byte in the sentence's UTF-8.
    pub start: usize,
    /// Offset behind the last byte.
    pub end: usize,
    /// The bytes between.
    pub text: String,
}

/// That calls arrive: nothing else is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TestPayload {
    /// What is told, and how `data` is made.
    pub r#type: String,
    /// When somebody asked for it.
    pub timestamp: Timestamp,
    /// The `$id` of this schema.
    pub schema: String,
    /// Nothing that is told.
    pub data: TestData,
}

/// Whose endpoint is tried.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TestData {
    /// The channel's name in the configuration.
    pub channel: String,
    /// For people.
    pub text: String,
}

/// The value of `type` for a test.
pub const TEST: &str = "endpoint.test";

/// A body that tells nothing but that calls arrive.
///
/// # Errors
/// When it cannot be written as JSON.
pub fn test(channel: &str, now: Timestamp) -> Result<Vec<u8>, PayloadError> {
    let payload = TestPayload {
        r#type: TEST.into(),
        timestamp: now,
        schema: schema_id(TEST),
        data: TestData { channel: clean(channel, NAME), text: "A test of the endpoint: nothing has happened.".into() },
    };
    Ok(serde_json::to_vec(&payload)?)
}

/// A body as CloudEvents 1.0 carries it, structured: the same `data`, and its envelope in the attributes. `id` is the
/// message's, `domain` that of the sender.
///
/// # Errors
/// When the body is no payload.
pub fn cloud_event(body: &[u8], id: &str, domain: &str) -> Result<Vec<u8>, PayloadError> {
    let body: serde_json::Value = serde_json::from_slice(body)?;
    let mut event = serde_json::json!({
        "specversion": "1.0",
        "id": id,
        "source": format!("urn:atalaya:{domain}"),
        "type": format!("org.atalaya.{}.v1", body["type"].as_str().unwrap_or_default()),
        "time": body["timestamp"],
        "datacontenttype": "application/json",
        "dataschema": body["schema"],
    });
    if let Some(story) = body["data"]["story_key"].as_str() {
        event["subject"] = story.into();
    }
    if let Some(sequence) = body["sequence"].as_u64() {
        // The extension of that name takes a string.
        event["sequence"] = sequence.to_string().into();
    }
    event["data"] = body["data"].clone();
    Ok(serde_json::to_vec(&event)?)
}

/// How many entries of each list did not fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Omitted {
    /// Of `rules`.
    pub rules: usize,
    /// Of `entities`.
    pub entities: usize,
    /// Of `excerpts`.
    pub excerpts: usize,
    /// Of `update.diff`.
    pub diff: usize,
}

/// The payload of `alert` for a receiver who subscribed to `rules`, as JSON of at most [`LIMIT`] bytes. `sequence` is its
/// number among all that this endpoint is told; `feedback` is where the receiver can answer.
///
/// # Errors
/// When none of `rules` is in the alert.
pub fn json(alert: &Alert, rules: &[RuleName], sequence: u64, feedback: Option<&str>) -> Result<Vec<u8>, PayloadError> {
    let mut payload = payload(alert, rules, sequence);
    payload.data.feedback_url = feedback.map(str::to_owned);
    if payload.data.rules.is_empty() {
        return Err(PayloadError::NoRule);
    }
    loop {
        let bytes = serde_json::to_vec(&payload)?;
        if bytes.len() <= LIMIT || !lighten(&mut payload.data) {
            return Ok(bytes);
        }
    }
}

/// Why there is no payload.
#[derive(Debug, thiserror::Error)]
pub enum PayloadError {
    /// The receiver subscribed to none of the alert's rules.
    #[error("the alert holds none of the receiver's rules")]
    NoRule,
    /// It cannot be written as JSON.
    #[error("the alert cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

/// Longest name or label in characters.
const NAME: usize = 100;

/// Longest list; no body holds more, and nobody's hostile page makes us work for it.
const LIST: usize = 60;

fn payload(alert: &Alert, rules: &[RuleName], sequence: u64) -> Payload {
    let name = if alert.update.is_some() { UPDATED } else { MATCHED };
    let told: Vec<&RuleTold> = alert.rules.iter().filter(|rule| rules.contains(&rule.name)).collect();
    let chosen = |excerpt: &Excerpt| told.iter().any(|rule| excerpt.rules.contains(&rule.name));
    let excerpts = alert.excerpts.iter().filter(|excerpt| chosen(excerpt)).count();
    let why = |reason: &crate::model::Reason| Why { code: reason.code().into(), text: clean(&reason.to_string(), 400) };
    let optional = |text: &Option<String>, longest| text.as_deref().map(|text| clean(text, longest));
    Payload {
        r#type: name.into(),
        timestamp: alert.judged_at,
        schema: schema_id(name),
        sequence,
        data: Data {
            story_key: alert.story_key.clone(),
            revision: alert.revision,
            rules: told
                .iter()
                .take(LIST)
                .map(|rule| Rule {
                    name: rule.name.as_str().into(),
                    label: clean(&rule.label, NAME),
                    reason: why(&rule.reason),
                })
                .collect(),
            entities: alert
                .entities
                .iter()
                .take(LIST)
                .map(|entity| Entity {
                    name: entity.name.as_str().into(),
                    label: clean(&entity.label, NAME),
                    forms: entity.forms.iter().take(10).map(|form| clean(form, NAME)).collect(),
                    mentions: entity.mentions,
                })
                .collect(),
            excerpts: alert
                .excerpts
                .iter()
                .filter(|excerpt| chosen(excerpt))
                .take(LIST)
                .map(|excerpt| sentence(excerpt, rules))
                .collect(),
            title: clean(&alert.title, 500),
            url: alert.url.clone(),
            source: alert.source.as_str().into(),
            site_name: optional(&alert.site_name, NAME),
            byline: optional(&alert.byline, 200),
            language: alert.language.as_ref().map(|language| language.as_str().into()),
            published: alert.published,
            listed_at: alert.listed_at,
            judged_at: alert.judged_at,
            basis: alert.basis,
            unread: alert.unread.as_ref().map(why),
            copy_of: optional(&alert.copy_of, 500),
            update: alert.update.as_ref().map(change),
            earlier: alert.earlier.as_ref().map(|earlier| list(earlier, rules)),
            feedback_url: None,
            omitted: Omitted {
                rules: told.len().saturating_sub(LIST),
                entities: alert.entities.len().saturating_sub(LIST),
                excerpts: excerpts.saturating_sub(LIST),
                diff: alert.update.as_ref().map_or(0, |update| update.more + update.diff.len().saturating_sub(LIST)),
            },
        },
    }
}

fn list(earlier: &Earlier, rules: &[RuleName]) -> EarlierTold {
    let mine: Vec<&EarlierArticle> =
        earlier.articles.iter().filter(|article| article.rules.iter().any(|rule| rules.contains(rule))).collect();
    let articles = mine.iter().take(LIST).map(|article| EarlierArticle {
        title: clean(&article.title, 200),
        url: clean(&article.url, 1000),
        rules: article.rules.iter().filter(|rule| rules.contains(rule)).cloned().collect(),
        ..(*article).clone()
    });
    EarlierTold { articles: articles.collect(), omitted: mine.len().saturating_sub(LIST) + earlier.more }
}

fn change(update: &Update) -> Change {
    let line = |line: &DiffLine| DiffLine {
        headline: line.headline,
        pieces: line
            .pieces
            .iter()
            .take(LIST)
            .map(|piece| DiffPiece { change: piece.change, text: clean(&piece.text, 800) })
            .collect(),
    };
    Change {
        kind: update.kind,
        before: update.before,
        facts: update.facts.iter().take(20).map(|fact| clean(fact, 400)).collect(),
        diff: update.diff.iter().take(LIST).map(line).collect(),
    }
}

fn sentence(excerpt: &Excerpt, rules: &[RuleName]) -> Sentence {
    let mut text = String::new();
    let mut marks = Vec::new();
    for piece in super::line::pieces(excerpt, 800) {
        let start = text.len();
        text.push_str(&piece.text);
        if piece.marked {
            marks.push(Mark { start, end: text.len(), text: piece.text });
        }
    }
    let rules = excerpt.rules.iter().filter(|rule| rules.contains(rule)).map(|rule| rule.as_str().into()).collect();
    Sentence { field: excerpt.field, text, marks, rules }
}

/// Takes the least important thing away; false when nothing is left to take.
fn lighten(data: &mut Data) -> bool {
    let lines = data.update.as_mut().map(|update| &mut update.diff).filter(|lines| !lines.is_empty());
    if let Some(lines) = lines.filter(|lines| lines.len() > 6) {
        lines.pop();
        data.omitted.diff += 1;
    } else if data.excerpts.len() > 3 {
        data.excerpts.pop();
        data.omitted.excerpts += 1;
    } else if data.entities.len() > 5 {
        data.entities.pop();
        data.omitted.entities += 1;
    } else if data.rules.len() > 5 {
        // The sentences of that rule name it no longer.
        if let Some(gone) = data.rules.pop() {
            data.excerpts.iter_mut().for_each(|excerpt| excerpt.rules.retain(|rule| *rule != gone.name));
        }
        data.omitted.rules += 1;
    } else if data.excerpts.pop().is_some() {
        data.omitted.excerpts += 1;
    } else if data.update.as_mut().is_some_and(|update| update.diff.pop().is_some()) {
        data.omitted.diff += 1;
    } else if data.entities.pop().is_some() {
        data.omitted.entities += 1;
    } else if data.url.len() > 2000 {
        data.url = clean(&data.url, 1000);
    } else if let Some(earlier) = data.earlier.as_mut().filter(|earlier| earlier.articles.len() > 1) {
        earlier.articles.pop();
        earlier.omitted += 1;
    } else if data.rules.len() > 1 {
        data.rules.pop();
        data.omitted.rules += 1;
    } else {
        return false;
    }
    true
}

pub mod schema;

#[cfg(test)]
pub(super) mod tests;
