//! bulletin → the JSON that a webhook carries: `docs/schemas/digest.ready.1.json`.
//!
//! No input makes it longer than [`LIMIT`]: texts are shortened, lists are cut from behind, and `omitted` counts what is
//! missing. `sums` counts everything, what is missing included.

use super::super::line::clean;
use super::super::payload::PayloadError;
use super::super::payload::Why;
use crate::model::Bulletin;
use crate::model::Level;
use crate::model::Reason;
use crate::model::UpdateKind;
use crate::model::bulletin::Line;
use crate::model::bulletin::Occasion;
use crate::model::bulletin::StoryTold;
use jiff::Timestamp;
use serde::Deserialize;
use serde::Serialize;

/// Longest body in bytes. More than Standard Webhooks advises for one event, since it stands for thousands.
pub const LIMIT: usize = 256_000;

/// The value of `type`.
pub const TYPE: &str = "digest.ready";

/// The value of `schema`.
pub const SCHEMA: &str = "urn:atalaya:schema:digest.ready:1";

/// The body of a webhook.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DigestPayload {
    /// [`TYPE`].
    pub r#type: String,
    /// When it was put together; the same at every try.
    pub timestamp: Timestamp,
    /// [`SCHEMA`].
    pub schema: String,
    /// What is told.
    pub data: DigestData,
}

/// What is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DigestData {
    /// Why alerts were put together.
    pub occasion: Occasion,
    /// Of which subscription.
    pub subscription: Option<String>,
    /// When the last one ended, or watching began.
    pub since: Timestamp,
    /// When it was put together.
    pub until: Timestamp,
    /// The stories, the most pressing first.
    pub stories: Vec<StoryData>,
    /// Told in other messages.
    pub elsewhere: Vec<LineData>,
    /// Copies of stories that were told before.
    pub folded: Vec<LineData>,
    /// What a silence muted.
    pub muted: Vec<LineData>,
    /// What was heard and what was not: in digests.
    pub listening: Option<ListeningData>,
    /// How many there are of each.
    pub sums: Sums,
    /// How many of these are left out above.
    pub omitted: Sums,
}

/// A story.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoryData {
    /// The story's identity.
    pub story_key: String,
    /// The headline.
    pub title: String,
    /// Where a reader finds it.
    pub url: String,
    /// The source: its name in the configuration.
    pub source: String,
    /// The name that the site gives itself.
    pub site_name: Option<String>,
    /// ISO 639-1.
    pub language: Option<String>,
    /// When it was published, by its own account.
    pub published: Option<Timestamp>,
    /// How pressing its most pressing rule is.
    pub level: Level,
    /// The rules that matched, by name.
    pub rules: Vec<String>,
    /// The sentence that matched first.
    pub excerpt: Option<String>,
    /// Set when the page could not be read and the feed's own text was judged.
    pub unread: Option<Why>,
    /// Set when its page changed after it was told.
    pub update: Option<UpdateKind>,
    /// How many alerts this stands for.
    pub alerts: usize,
    /// Others that carry it.
    pub carried: Vec<LineData>,
}

/// An article in one line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LineData {
    /// Its headline.
    pub title: String,
    /// Where it is.
    pub url: Option<String>,
    /// Its source.
    pub source: String,
    /// Why it stands here.
    pub reason: Option<Why>,
}

/// The proof of listening.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ListeningData {
    /// Items that were read and judged.
    pub read: u64,
    /// Sources that were heard.
    pub heard: Vec<HeardData>,
    /// How many sources were not due.
    pub resting: u64,
    /// Sources that were not heard.
    pub not_heard: Vec<NotHeardData>,
    /// Pages that could not be read.
    pub unread: Vec<LineData>,
    /// Rules that are silent for longer than usual.
    pub silent_rules: Vec<SilentData>,
}

/// A source that was heard.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HeardData {
    /// Its name in the configuration.
    pub source: String,
    /// How many items of it were read.
    pub read: u64,
}

/// A source that was not heard.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NotHeardData {
    /// Its name in the configuration.
    pub source: String,
    /// When it was heard last.
    pub since: Option<Timestamp>,
    /// What its last poll said.
    pub reason: Option<Why>,
}

/// A rule that is silent for longer than usual.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SilentData {
    /// Its name in the configuration.
    pub rule: String,
    /// When it matched last.
    pub since: Timestamp,
    /// How long it waits from one match to the next, on average, in seconds.
    pub usual_seconds: i64,
}

/// A number for each list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sums {
    /// Of `stories`.
    pub stories: usize,
    /// Of `elsewhere`.
    pub elsewhere: usize,
    /// Of `folded`.
    pub folded: usize,
    /// Of `muted`.
    pub muted: usize,
    /// Of `listening.unread`.
    pub unread: usize,
    /// Alerts that the stories stand for; of `omitted`, those of stories that are left out.
    pub alerts: usize,
}

/// Longest name in characters.
const NAME: usize = 100;

/// Longest headline in characters.
const TITLE: usize = 240;

/// The payload of a bulletin, as JSON of at most [`LIMIT`] bytes.
///
/// # Errors
/// When it cannot be written as JSON.
pub fn json(bulletin: &Bulletin) -> Result<Vec<u8>, PayloadError> {
    let unread = bulletin.listening.as_ref().map_or(0, |it| it.unread.len());
    let sums = Sums {
        stories: bulletin.stories.len(),
        elsewhere: bulletin.elsewhere.len(),
        folded: bulletin.folded.len(),
        muted: bulletin.muted.len(),
        unread,
        alerts: bulletin.alerts(),
    };
    // Each round keeps half of what the last one kept.
    let mut most = 1_000;
    loop {
        let data = data(bulletin, sums, most);
        let payload = DigestPayload { r#type: TYPE.into(), timestamp: bulletin.until, schema: SCHEMA.into(), data };
        let bytes = serde_json::to_vec(&payload)?;
        if bytes.len() <= LIMIT || most == 0 {
            return Ok(bytes);
        }
        most /= 2;
    }
}

fn data(bulletin: &Bulletin, sums: Sums, most: usize) -> DigestData {
    let stories: Vec<StoryData> = bulletin.stories.iter().take(most).map(|told| story(told, most)).collect();
    let lines = |lines: &[Line]| lines.iter().take(most).map(line).collect::<Vec<_>>();
    let listening = bulletin.listening.as_ref().map(|heard| ListeningData {
        read: heard.read,
        heard: heard
            .heard
            .iter()
            .take(most)
            .map(|(source, read)| HeardData { source: source.to_string(), read: *read })
            .collect(),
        resting: heard.resting,
        not_heard: heard
            .not_heard
            .iter()
            .take(most)
            .map(|it| NotHeardData {
                source: it.source.to_string(),
                since: it.since,
                reason: it.reason.as_ref().map(why),
            })
            .collect(),
        unread: lines(&heard.unread),
        silent_rules: heard
            .silent_rules
            .iter()
            .take(most)
            .map(|it| SilentData { rule: it.rule.to_string(), since: it.since, usual_seconds: it.usual.as_secs() })
            .collect(),
    });
    let told: usize = stories.iter().map(|story| story.alerts).sum();
    let left = |all: usize| all.saturating_sub(most);
    DigestData {
        occasion: bulletin.occasion,
        subscription: bulletin.subscription.as_ref().map(ToString::to_string),
        since: bulletin.since,
        until: bulletin.until,
        omitted: Sums {
            stories: sums.stories - stories.len(),
            elsewhere: left(sums.elsewhere),
            folded: left(sums.folded),
            muted: left(sums.muted),
            unread: left(sums.unread),
            alerts: sums.alerts - told,
        },
        stories,
        elsewhere: lines(&bulletin.elsewhere),
        folded: lines(&bulletin.folded),
        muted: lines(&bulletin.muted),
        listening,
        sums,
    }
}

fn story(told: &StoryTold, most: usize) -> StoryData {
    StoryData {
        story_key: told.story_key.clone(),
        title: clean(&told.title, TITLE),
        url: clean(&told.url, 2000),
        source: told.source.to_string(),
        site_name: told.site_name.as_deref().map(|name| clean(name, NAME)),
        language: told.language.as_ref().map(|language| language.as_str().to_owned()),
        published: told.published,
        level: told.level,
        rules: told.rules.iter().take(60).map(|rule| rule.name.to_string()).collect(),
        excerpt: told.excerpt.as_ref().map(|excerpt| clean(&excerpt.text, 400)),
        unread: told.unread.as_ref().map(why),
        update: told.update,
        alerts: told.alerts,
        carried: told.carried.iter().take(most.min(50)).map(line).collect(),
    }
}

fn line(line: &Line) -> LineData {
    LineData {
        title: clean(&line.title, TITLE),
        url: line.url.as_deref().map(|url| clean(url, 2000)),
        source: line.source.to_string(),
        reason: line.reason.as_ref().map(why),
    }
}

fn why(reason: &Reason) -> Why {
    Why { code: reason.code().into(), text: clean(&reason.to_string(), 300) }
}
