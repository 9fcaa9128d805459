//! What a store tells people: the ledger, the status, an item's way, the outbox. Plain values, JSON by serde.

use crate::evidence::chain::Link;
use crate::model::Alert;
use crate::model::AlertId;
use crate::model::Alternate;
use crate::model::Article;
use crate::model::Bulletin;
use crate::model::ChannelName;
use crate::model::DeliveryId;
use crate::model::EndpointTrouble;
use crate::model::Item;
use crate::model::ItemState;
use crate::model::Notice;
use crate::model::Outcome;
use crate::model::OutcomeKind;
use crate::model::Reason;
use crate::model::RuleName;
use crate::model::SourceName;
use crate::model::SubscriptionName;
use crate::model::TroubleKind;
use crate::model::Verdict;
use crate::send::DeliveryState;
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;

/// The sums of law 1. Left sides are counters that grow in the transaction that makes a thing; right sides are counted
/// from the things themselves. A lost or doubled row makes them differ.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Ledger {
    /// Entries ever listed as new.
    pub listed: u64,
    /// Items by state.
    pub states: BTreeMap<ItemState, u64>,
    /// Verdicts ever given: rules × judged items.
    pub judged_rules: u64,
    /// Verdict rows that say yes.
    pub matched_verdicts: u64,
    /// Verdict rows that say no.
    pub unmatched_verdicts: u64,
    /// Matches ever made.
    pub matched: u64,
    /// Matches by what became of them.
    pub outcomes: BTreeMap<OutcomeKind, u64>,
    /// Deliveries ever made.
    pub deliveries: u64,
    /// Deliveries by state.
    pub delivery_states: BTreeMap<DeliveryState, u64>,
    /// Alerts ever held for a receiver.
    pub held: u64,
    /// Of these, how many wait, and how many were told later.
    pub held_states: BTreeMap<HeldState, u64>,
    /// Items that have no row where their state asks for one (a judged item without an article, an alerted outcome
    /// without an alert, an alert without a delivery). Each a sentence with its id.
    pub orphans: Vec<String>,
}

impl Ledger {
    /// Every sum that does not add up, as a sentence; empty when all do.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let mut sum = |name: &str, whole: u64, parts: u64| {
            if whole != parts {
                faults.push(format!("{name} is {whole}, its parts sum to {parts}"));
            }
        };
        sum("listed", self.listed, self.states.values().sum());
        sum("verdicts", self.judged_rules, self.matched_verdicts + self.unmatched_verdicts);
        sum("matched", self.matched, self.outcomes.values().sum());
        sum("matching verdicts", self.matched_verdicts, self.matched);
        sum("deliveries", self.deliveries, self.delivery_states.values().sum());
        sum("held", self.held, self.held_states.values().sum());
        faults.extend(self.orphans.iter().cloned());
        faults
    }
}

/// Where an alert stands that was held for a receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HeldState {
    /// It waits.
    Waiting,
    /// It is in a delivery.
    Told,
}

impl HeldState {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Waiting, Self::Told];

    /// The name in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Told => "told",
        }
    }

    /// The state of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// An alert that waits for a receiver.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HeldRow {
    /// The channel.
    pub channel: ChannelName,
    /// The receiver.
    pub receiver: String,
    /// With what it is told; none for what a person is told at once.
    pub subscription: Option<SubscriptionName>,
    /// The headline.
    pub title: String,
    /// The rules.
    pub rules: Vec<RuleName>,
    /// When it was held.
    pub held_at: Timestamp,
    /// Until when.
    pub due_at: Timestamp,
    /// Why.
    pub why: Reason,
}

/// A match that a silence muted.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MutedRow {
    /// The rule.
    pub rule: RuleName,
    /// The headline.
    pub title: String,
    /// Where it is.
    pub url: Option<String>,
    /// The source.
    pub source: SourceName,
    /// When it was judged.
    pub at: Timestamp,
    /// Which silence, whose, and why.
    pub why: Reason,
}

/// How the tower stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Status {
    /// Sources watched.
    pub sources: u64,
    /// Of these, due now.
    pub sources_due: u64,
    /// Items waiting or being read.
    pub items_waiting: u64,
    /// Items read since midnight UTC.
    pub judged_today: u64,
    /// Items that could not be read, newest first, at most 20.
    pub unreadable: Vec<UnreadableRow>,
    /// How many could not be read in all.
    pub unreadable_total: u64,
    /// Deliveries waiting or being sent.
    pub outbox_waiting: u64,
    /// Deliveries given up.
    pub outbox_given_up: u64,
    /// Every watched source whose last poll failed.
    pub failing: Vec<SourceRow>,
    /// What is wrong with the watched sources, in the order of their names.
    pub troubles: Vec<TroubleRow>,
    /// When anything was last heard.
    pub heard_at: Option<Timestamp>,
}

/// One trouble of one source.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TroubleRow {
    /// The source.
    pub source: SourceName,
    /// What is wrong.
    pub kind: TroubleKind,
    /// Since when.
    pub since: Timestamp,
    /// What was last seen of it.
    pub reason: Reason,
    /// Whether operators were told of it, under whatever kind.
    pub told: bool,
}

/// A source in the status.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SourceRow {
    /// Its name.
    pub name: SourceName,
    /// Failures since the last success.
    pub failures: u32,
    /// When it was last heard.
    pub heard_at: Option<Timestamp>,
    /// When it is asked again.
    pub next_at: Timestamp,
    /// What happened at the last poll.
    pub reason: Option<Reason>,
}

/// An item that could not be read.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UnreadableRow {
    /// Its source.
    pub source: SourceName,
    /// Its title in the feed.
    pub title: String,
    /// Its address.
    pub link: Option<String>,
    /// Why.
    pub reason: Reason,
    /// Since when.
    pub at: Timestamp,
}

/// One item's way through the ledger.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Way {
    /// The item.
    pub item: Item,
    /// Where it stands.
    pub state: ItemState,
    /// Why it stands there, where there is more to say than the state.
    pub reason: Option<Reason>,
    /// When it is asked for next, while it is waiting.
    pub next_at: Option<Timestamp>,
    /// Every try that failed.
    pub tries: Vec<(Timestamp, Reason)>,
    /// What was read, without being judged anew.
    pub article: Option<ArticleAccount>,
    /// One per rule that existed when it was judged.
    pub verdicts: Vec<Verdict>,
    /// One per match.
    pub outcomes: Vec<Outcome>,
    /// What was told, and to whom.
    pub deliveries: Vec<DeliveryRow>,
    /// What was found when the page was looked at again.
    pub looks: Vec<LookRow>,
    /// When it is looked at next, if it is.
    pub next_look: Option<Timestamp>,
}

/// One look at a page that was told.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LookRow {
    /// When.
    pub at: Timestamp,
    /// What was found.
    pub reason: Reason,
    /// The alert that told it, if it was told.
    pub alert: Option<AlertId>,
}

/// An article in an item's way.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ArticleAccount {
    /// What was read.
    pub article: Article,
    /// The address that answered.
    pub final_url: String,
    /// What was read besides and not judged, unless it is the entry's own text.
    pub alternate: Option<Alternate>,
    /// When it was judged.
    pub judged_at: Timestamp,
    /// The story that it belongs to.
    pub story_key: String,
    /// The story's headline.
    pub story_title: String,
    /// Why it belongs there.
    pub relation: Reason,
}

/// Which deliveries to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeliveryFilter {
    /// Only those in this state.
    pub state: Option<DeliveryState>,
    /// Only those of this channel.
    pub channel: Option<ChannelName>,
    /// At most this many.
    pub limit: usize,
}

/// A delivery in a list.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DeliveryRow {
    /// Its identity.
    pub id: DeliveryId,
    /// The channel.
    pub channel: ChannelName,
    /// The receiver.
    pub receiver: String,
    /// The rules that it tells.
    pub rules: Vec<RuleName>,
    /// The headline.
    pub title: String,
    /// Where it stands.
    pub state: DeliveryState,
    /// Tries begun.
    pub attempts: u32,
    /// When it was committed.
    pub created_at: Timestamp,
    /// When it is tried next, while waiting.
    pub next_at: Option<Timestamp>,
    /// What happened last.
    pub reason: Option<Reason>,
    /// The Message-ID or webhook-id, once frozen.
    pub message_id: Option<String>,
}

/// Everything about one delivery.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DeliveryAccount {
    /// The row.
    #[serde(flatten)]
    pub row: DeliveryRow,
    /// What is told, when it is a story.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alert: Option<Alert>,
    /// What is told, when it is for operators.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notice: Option<Notice>,
    /// What is told, when it is many alerts in one message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<Bulletin>,
    /// Every try: begun, ended, what happened. A try without an end is in doubt.
    pub tries: Vec<DeliveryTry>,
    /// The rendered message as text, once frozen.
    pub message: Option<String>,
}

/// One try of a delivery.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DeliveryTry {
    /// When it began.
    pub begun_at: Timestamp,
    /// When its answer was committed; absent when the process died in between.
    pub ended_at: Option<Timestamp>,
    /// What happened.
    pub reason: Option<Reason>,
    /// The status of an answer over HTTP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The first kilobyte of that answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// How long it took, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub took_ms: Option<i64>,
}

/// How an endpoint stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EndpointRow {
    /// The channel.
    pub channel: ChannelName,
    /// Its address without anything secret.
    pub receiver: String,
    /// What is wrong; absent when all is well.
    pub trouble: Option<EndpointTrouble>,
    /// Since when, or since when all is well.
    pub since: Timestamp,
    /// Calls in a row that were not taken.
    pub failures: u32,
    /// Until then nothing is posted, and behind it one call at a time.
    pub rests_until: Option<Timestamp>,
    /// What happened last.
    pub reason: Option<Reason>,
    /// When a call was last taken.
    pub answered_at: Option<Timestamp>,
    /// Deliveries that wait for it.
    pub waiting: u64,
    /// Deliveries that were given up.
    pub given_up: u64,
}

/// What is to be sent again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replay {
    /// One delivery that was settled, done or given up; its id may be shortened.
    One(String),
    /// Those of a channel that were made since a time.
    Since {
        /// Which channel.
        channel: ChannelName,
        /// From then on.
        since: Timestamp,
        /// Those that were taken, too; else only those that were given up or wait.
        done: bool,
    },
}

/// A copy that was merged into a story.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MergeRow {
    /// Grows with every outcome.
    pub row: i64,
    /// The source of the copy.
    pub source: SourceName,
    /// The copy's headline.
    pub title: String,
    /// The copy's address.
    pub url: String,
    /// The story's headline.
    pub story_title: String,
    /// The rule.
    pub rule: RuleName,
    /// Why it is a copy.
    pub relation: Reason,
}

/// What an alert rests on.
#[derive(Clone, Debug, PartialEq)]
pub struct AlertEvidence {
    /// What was told.
    pub alert: Alert,
    /// What was judged.
    pub article: Article,
    /// What was read besides and not judged, when the item was read.
    pub alternate: Option<Alternate>,
    /// What is kept of its readings, oldest first. Empty when nothing was kept.
    pub records: Vec<Link>,
}

/// What retention removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trimmed {
    /// Records.
    pub records: usize,
    /// Their bodies' bytes, as stored.
    pub bytes: u64,
    /// There may be more to remove.
    pub more: bool,
}

/// Which alerts are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AlertFilter {
    /// Those of the items under this address: as given, and in canonical form. `None` for all.
    pub url: Option<(String, String)>,
    /// At most so many.
    pub limit: usize,
}

/// An alert in a list.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AlertRow {
    /// Its number.
    pub alert: AlertId,
    /// When it was made.
    pub created_at: Timestamp,
    /// Its headline.
    pub title: String,
    /// Where the article is.
    pub url: String,
    /// How many records are kept of what it rests on.
    pub records: usize,
}
