//! (alert or notice) → what a chat message says, in clean and bounded words; and the channel that posts it by a preset.
//!
//! A preset is one file: the address, the limits and the escaping of one service. Every text in a [`Saying`] is one line
//! without control characters and direction overrides; what a service takes for markup is the preset's to escape.

use super::Announcement;
use super::Answer;
use super::Channel;
use super::Frozen;
use super::HttpAnswer;
use super::Letterhead;
use super::Method;
use super::Telling;
use super::Test;
use super::Wire;
use super::webhook;
use crate::model::Alert;
use crate::model::Fault;
use crate::model::Notice;
use crate::model::NoticeEvent;
use crate::model::RuleName;
use crate::model::setting::Complaint;
use crate::model::setting::Settings;
use crate::render::line::Piece;
use crate::render::line::clean;
use crate::render::line::pieces;
use crate::render::words;
use crate::schedule::retry_after;
use crate::story::hexadecimal;
use jiff::SignedDuration;
use jiff::Timestamp;
use secrecy::ExposeSecret;
use url::Url;

/// Longest headline in characters.
const HEADLINE: usize = 300;

/// Longest sentence in characters.
const SENTENCE: usize = 500;

/// Sentences of one message.
const SENTENCES: usize = 3;

/// Lines about sources, or about what changed, in one message.
const LINES: usize = 10;

/// Longest address that is linked; a longer one is left out.
const ADDRESS: usize = 1500;

/// What one message says.
#[derive(Clone, Debug, PartialEq)]
pub struct Saying {
    /// What the message is about: the same for everything about one story, or about one trouble and its end.
    pub subject: String,
    /// The payload's `type`.
    pub r#type: &'static str,
    /// Whether a trouble is over.
    pub over: bool,
    /// One line.
    pub headline: String,
    /// Where a reader finds it; an `http` or `https` address in its encoded form.
    pub url: Option<String>,
    /// Who says so, when, in which language.
    pub origin: String,
    /// Titles of the rules that matched.
    pub rules: Vec<String>,
    /// Sentences that matched, with the words that did.
    pub sentences: Vec<Vec<Piece>>,
    /// Other lines: what changed, or what is wrong with which source.
    pub lines: Vec<String>,
    /// When it came about.
    pub at: Timestamp,
}

/// One service that takes chat messages or incidents.
pub(super) trait Preset: Send + Sync + 'static {
    /// The body; `id` is the message's own.
    fn body(&self, saying: &Saying, id: &str) -> Result<Vec<u8>, String>;
    /// Where it goes, and with what.
    fn call(&self, frozen: &Frozen) -> (Method, Url, Vec<(&'static str, String)>);
    /// What an answer means.
    fn answer(&self, answer: &HttpAnswer, now: Timestamp) -> Answer {
        webhook::meaning(answer, now)
    }
    /// Whether the service wants no more from this address.
    fn gone(&self, answer: &HttpAnswer) -> bool {
        answer.status == 410
    }
}

/// A channel by a preset.
pub(super) struct Chat<P> {
    /// What people and the store see of the address.
    pub shown: String,
    /// The service.
    pub preset: P,
}

impl<P: Preset> Chat<P> {
    fn frozen(&self, saying: &Saying, id: String) -> Result<Frozen, String> {
        let bytes = self.preset.body(saying, &id)?;
        Ok(Frozen { id, bytes })
    }
}

impl<P: Preset> Channel for Chat<P> {
    fn receivers(&self) -> Vec<String> {
        vec![self.shown.clone()]
    }

    fn message(&self, telling: &Telling<'_>) -> Result<Frozen, String> {
        self.frozen(&of_alert(telling.alert, telling.rules), format!("msg_{}", telling.id))
    }

    fn notice(&self, announcement: &Announcement<'_>) -> Result<Frozen, String> {
        self.frozen(&of_notice(announcement.notice), format!("msg_{}", announcement.id))
    }

    fn wire(&self, _receiver: &str, frozen: &Frozen, _letterhead: &Letterhead, _now: Timestamp) -> Wire {
        let (method, url, mut headers) = self.preset.call(frozen);
        headers.push(("user-agent", concat!("Atalaya/", env!("CARGO_PKG_VERSION")).to_owned()));
        Wire::Post { method, url, headers }
    }

    fn answer(&self, answer: &HttpAnswer, now: Timestamp) -> Answer {
        self.preset.answer(answer, now)
    }

    fn gone(&self, answer: &HttpAnswer) -> bool {
        self.preset.gone(answer)
    }

    fn test(&self, test: &Test<'_>) -> Result<Frozen, String> {
        self.frozen(&of_test(test), test.id.to_owned())
    }
}

/// What is said of an alert to whoever subscribed to `rules`.
pub(super) fn of_alert(alert: &Alert, rules: &[RuleName]) -> Saying {
    let headline = match clean(&alert.title, HEADLINE) {
        title if title.is_empty() => "(no title)".to_owned(),
        title => title,
    };
    let headline = match &alert.update {
        Some(update) => format!("{}: {headline}", words::update(update.kind)),
        None => headline,
    };
    let site = alert.site_name.as_deref().map(|name| clean(name, 80)).filter(|name| !name.is_empty());
    let origin = [
        Some(site.unwrap_or_else(|| clean(alert.source.as_str(), 80))),
        alert.language.as_ref().map(words::language),
        alert.published.map(words::time),
        alert.unread.as_ref().map(|_| "the page could not be read: judged on the feed's own text".to_owned()),
        alert.copy_of.as_deref().map(|title| format!("also told: {}", clean(title, 120))),
    ];
    Saying {
        subject: alert.story_key.clone(),
        r#type: if alert.update.is_some() { crate::render::payload::UPDATED } else { crate::render::payload::MATCHED },
        over: false,
        headline,
        url: address(&alert.url),
        origin: origin.into_iter().flatten().collect::<Vec<String>>().join(" · "),
        rules: alert
            .rules
            .iter()
            .filter(|rule| rules.contains(&rule.name))
            .take(LINES)
            .map(|rule| clean(&rule.label, 80))
            .collect(),
        sentences: alert
            .excerpts
            .iter()
            .filter(|excerpt| excerpt.rules.iter().any(|rule| rules.contains(rule)))
            .take(SENTENCES)
            .map(|excerpt| pieces(excerpt, SENTENCE))
            .collect(),
        lines: alert
            .update
            .iter()
            .flat_map(|update| &update.facts)
            .take(SENTENCES)
            .map(|fact| clean(fact, SENTENCE))
            .collect(),
        at: alert.judged_at,
    }
}

/// What is said of a notice.
pub(super) fn of_notice(notice: &Notice) -> Saying {
    let over = notice.event == NoticeEvent::Recovered;
    let mut lines: Vec<String> = notice
        .remarks
        .iter()
        .take(LINES)
        .map(|remark| {
            let (name, says) = (clean(remark.source.as_str(), 80), remark.kind.says());
            let reason = clean(&remark.reason.to_string(), 200);
            if over {
                format!("{name}: {reason}")
            } else {
                format!("{name} {says}: {reason}. {}", remark.kind.remedy())
            }
        })
        .collect();
    let more = notice.remarks.len().saturating_sub(LINES);
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    if let Some(endpoint) = &notice.endpoint {
        lines.push(clean(&endpoint.reason.to_string(), 200));
        if !over {
            lines.push(endpoint.trouble.remedy().to_owned());
        }
    }
    // Without the event, so that the end of a trouble has the subject of its beginning.
    let mut subjects: Vec<String> =
        notice.remarks.iter().map(|remark| format!("{} {}", remark.source, remark.since)).collect();
    subjects.extend(notice.endpoint.iter().map(|endpoint| format!("{} {}", endpoint.channel, endpoint.since)));
    subjects.sort_unstable();
    Saying {
        subject: format!("trouble {}", subjects.join(" ")),
        r#type: match (notice.endpoint.is_some(), over) {
            (false, false) => crate::render::notice::FAILING,
            (false, true) => crate::render::notice::RECOVERED,
            (true, false) => crate::render::notice::ENDPOINT_FAILING,
            (true, true) => crate::render::notice::ENDPOINT_RECOVERED,
        },
        over,
        headline: clean(&notice.title(), HEADLINE),
        url: None,
        origin: "for whoever runs this Atalaya".to_owned(),
        rules: Vec::new(),
        sentences: Vec::new(),
        lines,
        at: notice.made_at,
    }
}

/// What a test says.
pub(super) fn of_test(test: &Test<'_>) -> Saying {
    Saying {
        subject: format!("test {}", test.channel),
        r#type: crate::render::payload::TEST,
        over: false,
        headline: format!("A test of the channel {}", clean(test.channel.as_str(), 80)),
        url: None,
        origin: "Atalaya".to_owned(),
        rules: Vec::new(),
        sentences: Vec::new(),
        lines: vec!["Nothing has happened: somebody tries whether messages arrive.".to_owned()],
        at: test.now,
    }
}

impl Saying {
    /// All of it without markup, one line each, in at most `longest` bytes of UTF-8; the link stays whole.
    pub fn plain(&self, longest: usize) -> String {
        let mut lines = vec![self.headline.clone()];
        lines.extend(self.lines.iter().cloned());
        lines.extend(self.sentences.iter().map(|pieces| format!("“{}”", crate::render::line::joined(pieces))));
        if !self.rules.is_empty() {
            lines.push(self.rules.join(", "));
        }
        lines.push(self.origin.clone());
        let link = self.url.as_ref().map(|url| format!("\n{url}")).unwrap_or_default();
        let text = within(&lines.join("\n"), longest.saturating_sub(link.len()));
        text + &link
    }

    /// The whole of it by `write`, with fewer sentences and lines until it takes at most `longest` bytes.
    pub fn fitting(&self, longest: usize, write: impl Fn(&Self) -> Vec<u8>) -> Result<Vec<u8>, String> {
        let mut saying = self.clone();
        loop {
            let bytes = write(&saying);
            if bytes.len() <= longest {
                return Ok(bytes);
            }
            if saying.sentences.pop().is_none() && saying.lines.pop().is_none() && saying.url.take().is_none() {
                return Err(format!("the message has {} bytes, and {longest} are allowed", bytes.len()));
            }
        }
    }

    /// The subject as a key that every service takes: letters and digits, of one length.
    pub fn key(&self) -> String {
        format!("atalaya-{}", hexadecimal(self.subject.as_bytes(), 16))
    }
}

/// At most `longest` bytes of `text`, whole characters, the last `…` when something was cut.
pub(super) fn within(text: &str, longest: usize) -> String {
    if text.len() <= longest {
        return text.to_owned();
    }
    let mut end = longest.saturating_sub('…'.len_utf8());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…", text[..end].trim_end())
}

/// A link that may be shown: `http` or `https`, encoded, and without the letters that end a link in some markup.
fn address(text: &str) -> Option<String> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())?;
    let mut encoded = String::new();
    for character in url.as_str().chars() {
        match character {
            '|' => encoded.push_str("%7C"),
            '(' => encoded.push_str("%28"),
            ')' => encoded.push_str("%29"),
            '[' if !encoded.ends_with("//") => encoded.push_str("%5B"),
            '\'' => encoded.push_str("%27"),
            '*' => encoded.push_str("%2A"),
            '`' => encoded.push_str("%60"),
            _ => encoded.push(character),
        }
    }
    (encoded.len() <= ADDRESS).then_some(encoded)
}

/// What stands for a credential while a configuration is only looked at; see `config::secret`.
const STAND_IN: &str = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

/// The secret address of a service, given for `key`.
pub(super) fn secret_address(settings: &Settings, key: &'static str) -> Result<Url, Complaint> {
    let secret = settings.secret(key).map(|secret| secret.expose_secret().trim()).unwrap_or_default();
    if secret == STAND_IN {
        return webhook::checked(key, "https://not-read.invalid/");
    }
    let url = webhook::checked(key, secret)?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Complaint::new(key, "has a user name or password", "these services take none: leave them out"));
    }
    Ok(url)
}

/// The host alone: in these addresses the path is the password.
pub(super) fn shown(url: &Url) -> String {
    format!("{}/…", url.origin().ascii_serialization())
}

/// The headers of a JSON body.
pub(super) fn json_headers() -> Vec<(&'static str, String)> {
    vec![("content-type", "application/json".to_owned())]
}

/// [`webhook::meaning`] for services that say the pause in their body: `pause` finds it there.
pub(super) fn meaning_with_pause(
    answer: &HttpAnswer,
    now: Timestamp,
    pause: impl Fn(&serde_json::Value) -> Option<f64>,
) -> Answer {
    let meant = webhook::meaning(answer, now);
    let seconds = (answer.status == 429)
        .then(|| serde_json::from_str(&answer.body).ok())
        .flatten()
        .and_then(|body| pause(&body))
        .filter(|seconds| seconds.is_finite() && *seconds >= 0.0);
    match (meant, seconds) {
        (Answer::Failed { fault: Fault::Throttled { until }, text, in_doubt }, Some(seconds)) => {
            let pause = SignedDuration::try_from_secs_f64(seconds).unwrap_or(retry_after::LONGEST);
            let named = now.saturating_add(pause.min(retry_after::LONGEST)).ok();
            Answer::Failed { fault: Fault::Throttled { until: until.max(named) }, text, in_doubt }
        }
        (meant, _) => meant,
    }
}

/// `text` with `before` in front of every character of `special`.
pub(super) fn escaped(text: &str, special: &str, before: char) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if special.contains(character) {
            escaped.push(before);
        }
        escaped.push(character);
    }
    escaped
}

/// `text` for HTML.
pub(super) fn html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            _ => escaped.push(character),
        }
    }
    escaped
}

/// Sentences as one line each: `mark` makes the words that matched stand out, `plain` escapes the others.
pub(super) fn sentence(pieces: &[Piece], plain: impl Fn(&str) -> String, mark: impl Fn(&str) -> String) -> String {
    pieces.iter().map(|piece| if piece.marked { mark(&piece.text) } else { plain(&piece.text) }).collect()
}

#[cfg(test)]
mod tests;
