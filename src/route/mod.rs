//! Subscriptions and people: (matched rules, who subscribed, now) → who is told of which rules, and when. Nothing is
//! dropped: what is not told now is held, and [`gather`] says later what becomes of it.

use crate::model::ChannelName;
use crate::model::DeliveryId;
use crate::model::Language;
use crate::model::Level;
use crate::model::Notice;
use crate::model::PersonName;
use crate::model::Reason;
use crate::model::RuleName;
use crate::model::SourceName;
use crate::model::SubscriptionName;
use crate::story::hexadecimal;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

pub mod gather;
mod person;
pub mod rhythm;
mod silence;

pub use person::Caps;
pub use person::People;
pub use person::Person;
pub use rhythm::Quiet;
pub use rhythm::Rhythm;
pub use rhythm::Zone;
pub use silence::Match;
pub use silence::Silence;
pub use silence::muted;

/// One `[subscription.NAME]` of the configuration, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// Its name.
    pub name: SubscriptionName,
    /// The rules that it covers.
    pub rules: Covers,
    /// The languages of articles; empty for all. An article whose language nobody knows is told.
    pub languages: Vec<Language>,
    /// The sources; empty for all.
    pub sources: Vec<SourceName>,
    /// Where its alerts go.
    pub channels: Vec<ChannelName>,
    /// Who gets them, groups resolved.
    pub who: Vec<PersonName>,
    /// When.
    pub rhythm: Rhythm,
}

/// Which rules a subscription covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Covers {
    /// Every rule, also those that are written later: `rules = "all"`.
    All,
    /// These.
    Rules(Vec<RuleName>),
}

impl Subscription {
    /// One that tells these channels everything about these rules at once.
    pub fn new(name: SubscriptionName, rules: Covers, channels: Vec<ChannelName>) -> Self {
        Self {
            name,
            rules,
            languages: Vec::new(),
            sources: Vec::new(),
            channels,
            who: Vec::new(),
            rhythm: Rhythm::AtOnce,
        }
    }

    /// Whether it covers the rule.
    pub fn covers(&self, rule: &RuleName) -> bool {
        match &self.rules {
            Covers::All => true,
            Covers::Rules(rules) => rules.contains(rule),
        }
    }

    /// Whether it takes what this source says in this language.
    pub fn takes(&self, source: &SourceName, language: Option<&Language>) -> bool {
        (self.sources.is_empty() || self.sources.contains(source))
            && (self.languages.is_empty() || language.is_none_or(|language| self.languages.contains(language)))
    }
}

/// What is to be told.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The rules that matched.
    pub rules: &'a [RuleName],
    /// Its source.
    pub source: &'a SourceName,
    /// Its language.
    pub language: Option<&'a Language>,
}

/// How one receiver is told.
#[derive(Clone, Debug, PartialEq)]
pub struct Route {
    /// The channel.
    pub channel: ChannelName,
    /// Its receiver.
    pub receiver: String,
    /// Who that is, where it is a person.
    pub person: Option<PersonName>,
    /// Of which rules: of all that any of the subscriptions covers.
    pub rules: Vec<RuleName>,
    /// The subscriptions that take it.
    pub subscriptions: Vec<SubscriptionName>,
    /// How pressing it is.
    pub level: Level,
    /// When.
    pub when: When,
}

/// When a receiver is told.
#[derive(Clone, Debug, PartialEq)]
pub enum When {
    /// Now.
    Now,
    /// It is held: nothing is dropped.
    Later {
        /// With what else it is told: what this subscription gathers, or, for `None`, all of a person's that is told at
        /// once but for quiet hours and caps.
        lane: Option<SubscriptionName>,
        /// When it is due.
        due: Timestamp,
        /// Why it waits.
        why: Reason,
    },
}

/// The subscriptions that take something for a receiver, each with the rules that it covers.
type Takers<'a> = Vec<(&'a Subscription, Vec<RuleName>)>;

/// Who is told of which of the matched rules, and when: every matching subscription is served, and each receiver is told
/// once, of all the rules that any of its subscriptions covers, by the one that tells first. `receivers` gives the
/// receivers of a channel.
pub fn route(
    subject: &Subject<'_>,
    subscriptions: &[Subscription],
    people: &People,
    receivers: impl Fn(&ChannelName) -> Vec<String>,
    now: Timestamp,
) -> Vec<Route> {
    let mut told: BTreeMap<(ChannelName, String), Takers<'_>> = BTreeMap::new();
    for subscription in subscriptions.iter().filter(|it| it.takes(subject.source, subject.language)) {
        let covered: Vec<RuleName> = subject.rules.iter().filter(|rule| subscription.covers(rule)).cloned().collect();
        if covered.is_empty() {
            continue;
        }
        for place in recipients(subscription, people, &receivers) {
            told.entry(place).or_default().push((subscription, covered.clone()));
        }
    }
    told.into_iter()
        .map(|((channel, receiver), takers)| {
            let mut rules: Vec<RuleName> = takers.iter().flat_map(|(_, rules)| rules.iter().cloned()).collect();
            rules.sort();
            rules.dedup();
            let level = people.level(&rules);
            let person = people.reached(&channel);
            let subscriptions: Vec<&Subscription> = takers.iter().map(|(subscription, _)| *subscription).collect();
            Route {
                person: person.map(|person| person.name.clone()),
                when: when(&subscriptions, person, level, now),
                subscriptions: subscriptions.iter().map(|it| it.name.clone()).collect(),
                channel,
                receiver,
                rules,
                level,
            }
        })
        .collect()
}

/// Everybody whom a subscription tells, each once: a channel and one of its receivers.
pub fn recipients(
    subscription: &Subscription,
    people: &People,
    receivers: impl Fn(&ChannelName) -> Vec<String>,
) -> BTreeSet<(ChannelName, String)> {
    let of_channel = |channel: &ChannelName| {
        let channel = channel.clone();
        receivers(&channel).into_iter().map(move |receiver| (channel.clone(), receiver))
    };
    let persons = subscription.who.iter().filter_map(|name| people.person(name));
    subscription
        .channels
        .iter()
        .flat_map(of_channel)
        .chain(persons.map(|person| (person.channel.clone(), person.receiver.clone())))
        .collect()
}

/// The first moment at which any of the subscriptions tells. What is urgent waits for none of them.
fn when(subscriptions: &[&Subscription], person: Option<&Person>, level: Level, now: Timestamp) -> When {
    let first = subscriptions
        .iter()
        .map(|subscription| (due(subscription, person, now), *subscription))
        .min_by_key(|(due, _)| *due);
    match first {
        Some((until, subscription)) if subscription.rhythm != Rhythm::AtOnce && level != Level::Urgent => {
            let why = match subscription.rhythm {
                Rhythm::Digest { .. } => Reason::WaitsForDigest { until },
                _ => Reason::WaitsForGroup { until },
            };
            When::Later { lane: Some(subscription.name.clone()), due: until, why }
        }
        _ => at_once(person, level, now),
    }
}

fn due(subscription: &Subscription, person: Option<&Person>, now: Timestamp) -> Timestamp {
    match &subscription.rhythm {
        Rhythm::AtOnce => now,
        Rhythm::Grouped { wait, .. } => now.saturating_add(*wait).unwrap_or(Timestamp::MAX),
        Rhythm::Digest { cron, zone } => {
            let zone = person.map_or(zone, |person| &person.zone);
            rhythm::next_digest(cron, zone, now).unwrap_or(now)
        }
    }
}

/// A person may have quiet hours, which what is urgent passes, and caps, which nothing passes.
fn at_once(person: Option<&Person>, level: Level, now: Timestamp) -> When {
    let Some(person) = person else { return When::Now };
    match person.quiet_until(now).filter(|_| level != Level::Urgent) {
        Some(until) => When::Later { lane: None, due: until, why: Reason::QuietHours { until } },
        None if person.caps.is_none() => When::Now,
        None => When::Later { lane: None, due: now, why: Reason::Capped { cap: person.caps.words() } },
    }
}

/// The identity of one telling: the same for the same rules, story, revision and receiver, on every machine and day.
pub fn delivery_id(
    rules: &[RuleName],
    story_key: &str,
    revision: u32,
    channel: &ChannelName,
    receiver: &str,
) -> DeliveryId {
    let mut names: Vec<&str> = rules.iter().map(RuleName::as_str).collect();
    names.sort_unstable();
    // Unit and record separators cannot occur in names, addresses or numbers, so no two tellings read alike.
    let telling = format!("{}\u{1e}{story_key}\u{1e}{revision}\u{1e}{channel}\u{1e}{receiver}", names.join("\u{1f}"));
    DeliveryId(hexadecimal(telling.as_bytes(), 16))
}

/// The identity of one notice to one receiver: the same for the same troubles, on every machine and day.
pub fn notice_id(notice: &Notice, channel: &ChannelName, receiver: &str) -> DeliveryId {
    let telling = format!("notice\u{1e}{}\u{1e}{channel}\u{1e}{receiver}", notice.keys().join("\u{1d}"));
    DeliveryId(hexadecimal(telling.as_bytes(), 16))
}

/// The identity of a message that stands for many alerts: the same for the same receiver, subscription and alerts, on every
/// machine and day. `named` is each alert's story, revision and rules; `due` is the time of a digest, which may be empty.
pub fn bulletin_id(
    channel: &ChannelName,
    receiver: &str,
    subscription: Option<&SubscriptionName>,
    due: Option<Timestamp>,
    mut named: Vec<String>,
) -> DeliveryId {
    named.sort_unstable();
    let subscription = subscription.map_or("", SubscriptionName::as_str);
    let due = due.map(|due| due.as_microsecond().to_string()).unwrap_or_default();
    let alerts = named.join("\u{1d}");
    let telling = format!("bulletin\u{1e}{channel}\u{1e}{receiver}\u{1e}{subscription}\u{1e}{due}\u{1e}{alerts}");
    DeliveryId(hexadecimal(telling.as_bytes(), 16))
}

#[cfg(test)]
mod tests;
