//! (alert, the receiver's rules) → subject, text and HTML: both parts hold the same items.
//!
//! No input makes the HTML longer than [`HTML_LIMIT`]: what does not fit is shortened, and lists say how many more there
//! are. Nothing in it is loaded from anywhere.

use super::earlier;
use super::frame;
use super::line::Piece;
use super::line::clean;
use super::line::joined;
use super::line::pieces;
use super::words;
use crate::model::Alert;
use crate::model::Field;
use crate::model::RuleName;
use crate::model::Update;
use crate::model::alert::RuleTold;
use minijinja::Value;
use minijinja::context;
use url::Url;

/// Longest HTML part in bytes. Gmail cuts off behind about 102 kB.
pub const HTML_LIMIT: usize = 90_000;

/// Longest subject in characters.
pub const SUBJECT_LIMIT: usize = 150;

/// A rendered mail before it has headers and encodings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// One line, at most [`SUBJECT_LIMIT`] characters.
    pub subject: String,
    /// The `text/plain` part, lines ended by `\n`.
    pub text: String,
    /// The `text/html` part, lines ended by `\n`.
    pub html: String,
}

/// Why there is no letter.
#[derive(Debug, thiserror::Error)]
pub enum LetterError {
    /// The receiver subscribed to none of the alert's rules.
    #[error("the alert holds none of the receiver's rules")]
    NoRule,
    /// A template is broken.
    #[error("the mail's template failed: {0}")]
    Template(#[from] minijinja::Error),
}

/// Where a receiver can answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Links<'a> {
    /// Says that it was not relevant.
    pub feedback: Option<&'a str>,
}

/// Renders `alert` for a `receiver` who subscribed to `rules`; other rules of the alert, and sentences that were chosen
/// only for them, are not shown. `prefix` stands before the subject.
///
/// # Errors
/// When none of `rules` is in the alert, or a template fails.
pub fn letter(
    alert: &Alert,
    rules: &[RuleName],
    receiver: &str,
    prefix: Option<&str>,
    links: Links<'_>,
) -> Result<Letter, LetterError> {
    let told: Vec<&RuleTold> = alert.rules.iter().filter(|rule| rules.contains(&rule.name)).collect();
    if told.is_empty() {
        return Err(LetterError::NoRule);
    }
    if let Some(list) = &alert.earlier {
        return earlier::letter(alert, list, &told, receiver, prefix);
    }
    let templates = frame::templates()?;

    let subject = subject(alert, prefix);
    for sizes in SIZES {
        let context = context(alert, &told, receiver, &subject, links, sizes);
        let html = templates.get_template("mail.html")?.render(&context)?;
        if html.len() < HTML_LIMIT || sizes.last {
            let text = templates.get_template("mail.txt")?.render(&context)?;
            return Ok(Letter { subject, text, html });
        }
    }
    unreachable!("the last of SIZES returns")
}

/// How much of each list and field is shown.
struct Sizes {
    title: usize,
    rules: usize,
    reason: usize,
    excerpts: usize,
    excerpt: usize,
    entities: usize,
    forms: usize,
    facts: usize,
    lines: usize,
    line: usize,
    address: usize,
    last: bool,
}

/// The first is what people get; the others are for alerts that somebody blew up.
static SIZES: &[Sizes] = &[
    Sizes {
        title: 300,
        rules: 20,
        reason: 400,
        excerpts: 12,
        excerpt: 600,
        entities: 16,
        forms: 6,
        facts: 12,
        lines: 12,
        line: 900,
        address: 4000,
        last: false,
    },
    Sizes {
        title: 200,
        rules: 6,
        reason: 120,
        excerpts: 3,
        excerpt: 200,
        entities: 6,
        forms: 2,
        facts: 4,
        lines: 4,
        line: 300,
        address: 1500,
        last: true,
    },
];

/// Longest label, name or form of a word.
const NAME: usize = 100;

fn subject(alert: &Alert, prefix: Option<&str>) -> String {
    let title = clean(&alert.title, SUBJECT_LIMIT);
    let title = if title.is_empty() { format!("No headline, from {}", site(alert)) } else { title };
    let title = match &alert.update {
        Some(update) => clean(&format!("{}: {title}", words::update(update.kind)), SUBJECT_LIMIT),
        None => title,
    };
    match prefix {
        Some(prefix) => clean(&format!("{prefix} {title}"), SUBJECT_LIMIT),
        None => title,
    }
}

fn site(alert: &Alert) -> String {
    let name = alert.site_name.as_deref().map(|name| clean(name, NAME)).unwrap_or_default();
    if name.is_empty() { clean(alert.source.as_str(), NAME) } else { name }
}

fn context(alert: &Alert, told: &[&RuleTold], receiver: &str, subject: &str, links: Links<'_>, sizes: &Sizes) -> Value {
    let title = clean(&alert.title, sizes.title);
    let untitled = title.is_empty();
    let rules: Vec<Value> = told
        .iter()
        .take(sizes.rules)
        .map(|rule| {
            context! {
                label => clean(&rule.label, NAME),
                reason => clean(&words::reason(&rule.reason, &alert.entities), sizes.reason),
            }
        })
        .collect();
    let chosen: Vec<_> = alert
        .excerpts
        .iter()
        .filter(|excerpt| excerpt.rules.iter().any(|name| told.iter().any(|rule| rule.name == *name)))
        .collect();
    let shown: Vec<(Field, Vec<Piece>)> = chosen
        .iter()
        .take(sizes.excerpts)
        .map(|excerpt| (excerpt.field, pieces(excerpt, sizes.excerpt)))
        .filter(|(_, pieces)| !pieces.is_empty())
        .collect();
    let preview = shown.first().map(|(_, pieces)| clean(&joined(pieces), 140)).unwrap_or_default();
    let entities: Vec<Value> = alert
        .entities
        .iter()
        .take(sizes.entities)
        .map(|entity| {
            let forms: Vec<String> = entity.forms.iter().take(sizes.forms).map(|form| clean(form, NAME)).collect();
            context! { label => clean(&entity.label, NAME), forms => forms, mentions => entity.mentions }
        })
        .collect();
    let address = address(&alert.url, sizes.address);
    context! {
        subject,
        preview,
        title => if untitled { "No headline".to_owned() } else { title },
        language => alert.language.as_ref().map(words::language),
        code => alert.language.as_ref().map(|language| language.as_str()),
        direction => alert.language.as_ref().map_or("auto", |language| words::direction(language)),
        site => site(alert),
        source => clean(alert.source.as_str(), NAME),
        byline => alert.byline.as_deref().map(|byline| clean(byline, NAME)).filter(|byline| !byline.is_empty()),
        published => alert.published.map(words::time),
        listed => words::time(alert.listed_at),
        judged_after => words::between(alert.listed_at, alert.judged_at),
        link => address.link,
        address => address.shown,
        revision => alert.revision,
        // A page that could not be read says so in a line of its own.
        judged_on => alert.basis.in_words().filter(|_| alert.unread.is_none()),
        unread => alert.unread.as_ref().map(|reason| clean(&reason.to_string(), sizes.reason)),
        update => alert.update.as_ref().map(|update| changes(update, sizes)),
        copy_of => alert.copy_of.as_deref().map(|title| clean(title, sizes.title)),
        more_rules => told.len().saturating_sub(sizes.rules),
        rules,
        more_excerpts => chosen.len().saturating_sub(sizes.excerpts),
        excerpts => shown.iter().map(|(field, pieces)| excerpt(*field, pieces)).collect::<Vec<_>>(),
        more_entities => alert.entities.len().saturating_sub(sizes.entities),
        entities,
        receiver => clean(receiver, NAME),
        feedback => links.feedback,
    }
}

/// What became of the page, for both parts.
fn changes(update: &Update, sizes: &Sizes) -> Value {
    let facts: Vec<String> = update.facts.iter().take(sizes.facts).map(|fact| clean(fact, sizes.reason)).collect();
    let lines: Vec<Value> = update
        .diff
        .iter()
        .take(sizes.lines)
        .map(|line| {
            let mut room = sizes.line;
            let mut pieces: Vec<Value> = Vec::new();
            for piece in &line.pieces {
                let text = clean(&piece.text, room);
                if text.is_empty() {
                    break;
                }
                room = room.saturating_sub(text.chars().count());
                pieces.push(context! { text, change => piece.change.as_str() });
            }
            context! { headline => line.headline, pieces }
        })
        .collect();
    context! {
        kind => update.kind.as_str(),
        what => words::update(update.kind),
        before => words::time(update.before),
        more_facts => update.facts.len().saturating_sub(sizes.facts),
        facts,
        more_lines => update.diff.len().saturating_sub(sizes.lines) + update.more,
        lines,
    }
}

fn excerpt(field: Field, pieces: &[Piece]) -> Value {
    let pieces: Vec<Value> =
        pieces.iter().map(|piece| context! { text => piece.text.as_str(), marked => piece.marked }).collect();
    context! { pieces, headline => field == Field::Title }
}

struct Address {
    /// What a click opens: only http and https, and only when it fits.
    link: Option<String>,
    /// The same for eyes.
    shown: String,
}

fn address(text: &str, longest: usize) -> Address {
    match Url::parse(text.trim()) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.as_str().len() <= longest => {
            let bare = url.as_str().split_once("://").map_or(url.as_str(), |(_, rest)| rest);
            Address { link: Some(url.as_str().to_owned()), shown: clean(bare.trim_end_matches('/'), 90) }
        }
        _ => Address { link: None, shown: clean(text, 200) },
    }
}

#[cfg(test)]
mod tests;
