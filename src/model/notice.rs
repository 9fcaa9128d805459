//! What operators are told of sources, never readers: trouble, and its end.

use super::ChannelName;
use super::Reason;
use super::SourceName;
use jiff::Timestamp;
use serde::Deserialize;
use serde::Serialize;

/// What is wrong with a source. The same kind is told once; another kind is told again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TroubleKind {
    /// It answers that it is gone for good (410).
    Gone,
    /// Its certificate is not accepted.
    Certificate,
    /// Its robots.txt forbids it.
    Robots,
    /// It shows a test for robots, a consent form or a login.
    Wall,
    /// It answers with an HTML page instead of a feed.
    Html,
    /// Any other failure.
    Failing,
    /// It lists nothing, or far less than usual.
    Empty,
    /// It listed nothing new for longer than its history allows.
    Quiet,
    /// Two polls had no entry in common: some may have been missed between them.
    Gap,
    /// It has moved for good: the configured address still works, but may not for ever.
    Moved,
}

/// Troubles of one strand replace each other; troubles of several strands stand side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Strand {
    /// Whether it can be read at all.
    Hearing,
    /// Whether news comes.
    News,
    /// Whether all of it is seen.
    Whole,
    /// Where it is.
    Place,
}

impl TroubleKind {
    /// Every kind, the gravest first.
    pub const ALL: [Self; 10] = [
        Self::Gone,
        Self::Certificate,
        Self::Robots,
        Self::Wall,
        Self::Html,
        Self::Failing,
        Self::Empty,
        Self::Quiet,
        Self::Gap,
        Self::Moved,
    ];

    /// The name in the store, in logs and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::Certificate => "certificate",
            Self::Robots => "robots",
            Self::Wall => "wall",
            Self::Html => "html",
            Self::Failing => "failing",
            Self::Empty => "empty",
            Self::Quiet => "quiet",
            Self::Gap => "gap",
            Self::Moved => "moved",
        }
    }

    /// The kind of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// What it says, behind the source's name.
    pub fn says(self) -> &'static str {
        match self {
            Self::Gone => "is gone for good",
            Self::Certificate => "has a certificate that is not accepted",
            Self::Robots => "forbids robots to read it",
            Self::Wall => "shows a wall to robots",
            Self::Html => "answers with a web page instead of a feed",
            Self::Failing => "cannot be read",
            Self::Empty => "lists far less than usual",
            Self::Quiet => "has been silent for longer than usual",
            Self::Gap => "lists more between two polls than it shows",
            Self::Moved => "has moved for good",
        }
    }

    /// What an operator can do about it: a sentence.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::Gone => "It is asked no more until its address is changed. Find its new address, or remove it.",
            Self::Certificate => {
                "Look whether the site renewed its certificate. A private authority goes into `egress.extra_ca`."
            }
            Self::Robots => "Ask the site for leave, or watch another address of it.",
            Self::Wall => "Ask the site to let this Atalaya through, or watch another address of it.",
            Self::Html => "Open the address: the feed may have moved, or a portal may stand in between.",
            Self::Failing => "It is asked again by itself, at least once a day.",
            Self::Empty => "Open the address: an empty feed, or a selector that fits no longer, looks like this.",
            Self::Quiet => "Open the address: it may have stopped, or serve an old copy.",
            Self::Gap => "Ask it more often (`every`), so that nothing passes between two polls.",
            Self::Moved => "Write the new address into the configuration.",
        }
    }

    /// The question that it answers badly.
    pub fn strand(self) -> Strand {
        match self {
            Self::Quiet => Strand::News,
            Self::Gap => Strand::Whole,
            Self::Moved => Strand::Place,
            _ => Strand::Hearing,
        }
    }
}

/// Whether trouble is told, or its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeEvent {
    /// Something is wrong.
    Failing,
    /// It is right again.
    Recovered,
}

impl NoticeEvent {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Failing, Self::Recovered];

    /// The name in the store, in logs and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Failing => "failing",
            Self::Recovered => "recovered",
        }
    }

    /// The event of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.as_str() == name)
    }
}

/// One source's part of a notice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Remark {
    /// Its name in the configuration.
    pub source: SourceName,
    /// Its title for people.
    pub label: Option<String>,
    /// The host of its address. The whole address may hold a token.
    pub host: String,
    /// Whether trouble is told, or its end.
    pub event: NoticeEvent,
    /// What is, or was, wrong.
    pub kind: TroubleKind,
    /// When the trouble began, whatever its kind was then.
    pub since: Timestamp,
    /// What happened last, or what ended it.
    pub reason: Reason,
    /// 0 for the first telling, then the number of the reminder.
    pub reminder: u32,
    /// When it ended.
    pub until: Option<Timestamp>,
}

impl Remark {
    /// The same for the same telling, on every machine and day.
    pub fn key(&self) -> String {
        let (event, kind, since) = (self.event.as_str(), self.kind.as_str(), self.since.as_microsecond());
        format!("{}\u{1f}{event}\u{1f}{kind}\u{1f}{since}\u{1f}{}", self.source, self.reminder)
    }
}

/// What is told of an endpoint: a channel that posts to one address.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EndpointRemark {
    /// The channel.
    pub channel: ChannelName,
    /// Its address without anything secret.
    pub receiver: String,
    /// What is, or was, wrong.
    pub trouble: EndpointTrouble,
    /// When the trouble began.
    pub since: Timestamp,
    /// Calls in a row that it did not take.
    pub failures: u32,
    /// What happened last.
    pub reason: Reason,
    /// When it ended.
    pub until: Option<Timestamp>,
}

/// What is wrong with an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EndpointTrouble {
    /// It does not take what is posted; one call at a time tries whether it does again.
    Failing,
    /// It wants no more, or failed for too long: nothing is posted until somebody asks for it.
    Off,
}

impl EndpointTrouble {
    /// The name in the store, in logs and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Failing => "failing",
            Self::Off => "off",
        }
    }

    /// What it says, behind the channel's name.
    pub fn says(self) -> &'static str {
        match self {
            Self::Failing => "does not take what is posted to it",
            Self::Off => "is switched off",
        }
    }

    /// What an operator can do about it: a sentence.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::Failing => "It is tried again by itself, one call at a time; nothing is lost meanwhile.",
            Self::Off => {
                "Mend the address and reload, or `atalaya webhook replay --since TIME --channel NAME` when it wants calls again."
            }
        }
    }
}

impl EndpointRemark {
    /// The same for the same telling, on every machine and day.
    pub fn key(&self, event: NoticeEvent) -> String {
        let (event, trouble, since) = (event.as_str(), self.trouble.as_str(), self.since.as_microsecond());
        format!("endpoint\u{1f}{}\u{1f}{event}\u{1f}{trouble}\u{1f}{since}", self.channel)
    }
}

/// What one message tells: all remarks of one event that became due together, or what became of one endpoint. Never
/// empty.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Notice {
    /// Whether trouble is told, or its end.
    pub event: NoticeEvent,
    /// In the order of the sources' names.
    pub remarks: Vec<Remark>,
    /// When it was put together.
    pub made_at: Timestamp,
    /// Set when it tells of an endpoint; then there are no remarks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<EndpointRemark>,
}

impl Notice {
    /// What makes it this notice and no other, sorted: the same on every machine and day.
    pub fn keys(&self) -> Vec<String> {
        let endpoint = self.endpoint.iter().map(|endpoint| endpoint.key(self.event));
        let mut keys: Vec<String> = self.remarks.iter().map(Remark::key).chain(endpoint).collect();
        keys.sort_unstable();
        keys
    }

    /// One line that names the source, or how many; or the endpoint.
    pub fn title(&self) -> String {
        if let Some(endpoint) = &self.endpoint {
            return match self.event {
                NoticeEvent::Failing => format!("{} {}", endpoint.channel, endpoint.trouble.says()),
                NoticeEvent::Recovered => format!("{} takes what is posted to it again", endpoint.channel),
            };
        }
        let (one, many) = match self.event {
            NoticeEvent::Failing => ("", "sources are in trouble"),
            NoticeEvent::Recovered => ("is all right again", "sources are all right again"),
        };
        match self.remarks.as_slice() {
            [remark] if self.event == NoticeEvent::Failing => format!("{} {}", remark.source, remark.kind.says()),
            [remark] => format!("{} {one}", remark.source),
            remarks => format!("{} {many}", remarks.len()),
        }
    }
}
