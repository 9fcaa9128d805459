//! What one message tells that stands for many alerts: a digest, a group, the end of quiet hours, or what a cap folded.
//!
//! It holds all that the message needs, so that it can be rendered on any later day.

use super::Excerpt;
use super::Language;
use super::Level;
use super::Reason;
use super::RuleName;
use super::SourceName;
use super::SubscriptionName;
use super::UpdateKind;
use jiff::SignedDuration;
use jiff::Timestamp;
use serde::Deserialize;
use serde::Serialize;

/// The language of our own words in a message; what was found is told in its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Tongue {
    /// English.
    #[default]
    #[serde(rename = "en")]
    English,
    /// Spanish.
    #[serde(rename = "es")]
    Spanish,
    /// Portuguese.
    #[serde(rename = "pt")]
    Portuguese,
}

impl Tongue {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::English, Self::Spanish, Self::Portuguese];

    /// ISO 639-1.
    pub fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Spanish => "es",
            Self::Portuguese => "pt",
        }
    }

    /// The one of that code.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tongue| tongue.code() == code)
    }
}

/// Why alerts were put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Occasion {
    /// A digest was due. It is told even when nothing was found.
    Digest,
    /// They came close together.
    Group,
    /// Quiet hours are over.
    Quiet,
    /// There were more than a person wants to get one by one.
    Cap,
}

/// One message about many alerts, to one receiver.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bulletin {
    /// Why.
    pub occasion: Occasion,
    /// Of which subscription; none for what several of a person's subscriptions would have told at once.
    pub subscription: Option<SubscriptionName>,
    /// The language of our own words.
    pub tongue: Tongue,
    /// The receiver's time zone, a name of the time zone database.
    pub zone: String,
    /// Whether the receiver wants text alone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub plain: bool,
    /// When the last one ended, or watching began.
    pub since: Timestamp,
    /// When it was put together.
    pub until: Timestamp,
    /// What is told, story by story: the most pressing first, then in the order in which they came.
    pub stories: Vec<StoryTold>,
    /// What was told to somebody in other messages since: of the same rules.
    #[serde(default)]
    pub elsewhere: Vec<Line>,
    /// Copies of stories that were told before, and are not among `stories`.
    #[serde(default)]
    pub folded: Vec<Line>,
    /// What a silence muted.
    #[serde(default)]
    pub muted: Vec<Line>,
    /// What was heard, and what was not: in digests.
    #[serde(default)]
    pub listening: Option<Listening>,
}

impl Bulletin {
    /// How many alerts it tells.
    pub fn alerts(&self) -> usize {
        self.stories.iter().map(|story| story.alerts).sum()
    }
}

/// One story of a bulletin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoryTold {
    /// The story's identity.
    pub story_key: String,
    /// The headline of its newest alert here.
    pub title: String,
    /// Where a reader finds it.
    pub url: String,
    /// The source.
    pub source: SourceName,
    /// The name that the site gives itself.
    pub site_name: Option<String>,
    /// The article's language.
    pub language: Option<Language>,
    /// When it was published, by its own account.
    pub published: Option<Timestamp>,
    /// How pressing its most pressing rule is.
    pub level: Level,
    /// The receiver's rules that matched.
    pub rules: Vec<RuleNamed>,
    /// The sentence that matched first.
    pub excerpt: Option<Excerpt>,
    /// Set when the page could not be read and the feed's own text was judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unread: Option<Reason>,
    /// Set when its page changed after it was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub update: Option<UpdateKind>,
    /// How many alerts this stands for.
    pub alerts: usize,
    /// Others that carry it.
    #[serde(default)]
    pub carried: Vec<Line>,
}

/// A rule, by its title for people.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RuleNamed {
    /// Its name.
    pub name: RuleName,
    /// Its title for people.
    pub label: String,
    /// Why it matched.
    pub reason: Reason,
}

/// An article in one line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Its headline.
    pub title: String,
    /// Where it is.
    pub url: Option<String>,
    /// Its source.
    pub source: SourceName,
    /// Why it stands here.
    pub reason: Option<Reason>,
}

/// The proof of listening.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Listening {
    /// Items that were read and judged.
    pub read: u64,
    /// Sources that were heard, each with how many items of it were read.
    pub heard: Vec<(SourceName, u64)>,
    /// How many were not due to be asked.
    #[serde(default)]
    pub resting: u64,
    /// Sources that were not heard.
    pub not_heard: Vec<NotHeard>,
    /// Pages that could not be read.
    pub unread: Vec<Line>,
    /// Rules that have found nothing for longer than ever before.
    pub silent_rules: Vec<SilentRule>,
}

/// A source that was not heard.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NotHeard {
    /// Which.
    pub source: SourceName,
    /// When it was heard last, if it ever was.
    pub since: Option<Timestamp>,
    /// What its last poll said.
    pub reason: Option<Reason>,
}

/// A rule that has found nothing for longer than usual.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SilentRule {
    /// Which.
    pub rule: RuleName,
    /// When it matched last.
    pub since: Timestamp,
    /// How long it waits from one match to the next, on average.
    pub usual: SignedDuration,
}
