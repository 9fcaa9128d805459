//! (a lane, what waits in it, what happened since its last message, now) → messages, and what waits on. Pure.
//!
//! A lane is what one receiver gets of one subscription, or, without one, all that a person gets at once. Its work is
//! leased like an item's, so that the messages of one receiver are decided one after the other and a cap is exact. What
//! waits is either told or postponed: nothing leaves a lane otherwise.

use super::People;
use super::Person;
use super::Rhythm;
use super::Subscription;
use super::Zone;
use super::bulletin_id;
use super::delivery_id;
use super::person::Caps;
use super::rhythm::next_digest;
use crate::model::Alert;
use crate::model::AlertId;
use crate::model::Bulletin;
use crate::model::ChannelName;
use crate::model::DeliveryId;
use crate::model::Level;
use crate::model::Reason;
use crate::model::RuleName;
use crate::model::SubscriptionName;
use crate::model::Tongue;
use crate::model::bulletin::Line;
use crate::model::bulletin::Listening;
use crate::model::bulletin::Occasion;
use crate::model::bulletin::RuleNamed;
use crate::model::bulletin::StoryTold;
use jiff::SignedDuration;
use jiff::Timestamp;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// The most alerts that one message stands for; what is more follows in the next.
pub const MOST: usize = 10_000;

/// One lane as the store has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Lane {
    /// Its row.
    pub id: i64,
    /// The channel.
    pub channel: ChannelName,
    /// The receiver.
    pub receiver: String,
    /// What it gathers; `None` for what a person is told at once.
    pub subscription: Option<SubscriptionName>,
    /// When its last message ended, or it began.
    pub since: Timestamp,
    /// When its last message was made.
    pub flushed_at: Option<Timestamp>,
    /// When it was due.
    pub due_at: Timestamp,
    /// When its messages of the last hour were made.
    pub sent: Vec<Timestamp>,
    /// Up to where the last digest told what became of matches, and of tries to read.
    pub seen: Seen,
}

/// Row numbers up to which a digest has told: what comes later has larger ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Of outcomes.
    pub outcomes: i64,
    /// Of tries to read.
    pub tries: i64,
}

/// An alert that waits in a lane.
#[derive(Clone, Debug, PartialEq)]
pub struct Waiting {
    /// Its row.
    pub id: i64,
    /// The alert's row.
    pub alert_id: AlertId,
    /// What is to be told.
    pub alert: Alert,
    /// Of which of its rules.
    pub rules: Vec<RuleName>,
    /// How pressing it is.
    pub level: Level,
    /// When it was held.
    pub held_at: Timestamp,
    /// Until when.
    pub due_at: Timestamp,
    /// Why.
    pub why: Reason,
}

/// What happened beside what waits, since the last message.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Account {
    /// Others that carry a story, by its key.
    pub carried: BTreeMap<String, Vec<Line>>,
    /// Told in other messages.
    pub elsewhere: Vec<Line>,
    /// Copies of stories that were told before.
    pub folded: Vec<Line>,
    /// What silences muted.
    pub muted: Vec<Line>,
    /// What was heard and what was not.
    pub listening: Option<Listening>,
    /// Up to where this tells.
    pub seen: Seen,
}

/// What the configuration in force says of a lane.
#[derive(Clone, Copy, Debug)]
pub struct Policy<'a> {
    /// The subscription that it gathers, if that is still there.
    pub subscription: Option<&'a Subscription>,
    /// Who is reached so.
    pub person: Option<&'a Person>,
}

/// The policy of a lane.
pub fn policy<'a>(lane: &Lane, subscriptions: &'a [Subscription], people: &'a People) -> Policy<'a> {
    let named = |name: &SubscriptionName| subscriptions.iter().find(|it| it.name == *name);
    Policy { subscription: lane.subscription.as_ref().and_then(named), person: people.reached(&lane.channel) }
}

impl Policy<'_> {
    /// Whether messages of this lane are digests.
    pub fn is_digest(&self) -> bool {
        self.subscription.is_some_and(|it| matches!(it.rhythm, Rhythm::Digest { .. }))
    }

    /// The zone in which its times are told.
    pub fn zone(&self) -> Zone {
        match (self.person, self.subscription.map(|it| &it.rhythm)) {
            (Some(person), _) => person.zone.clone(),
            (None, Some(Rhythm::Digest { zone, .. })) => zone.clone(),
            _ => Zone::default(),
        }
    }
}

/// What follows for a lane.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decision {
    /// Alerts that go out on their own.
    pub alone: Vec<Alone>,
    /// At most one.
    pub bulletin: Option<NewBulletin>,
    /// What waits on: the row, until when, and why.
    pub postponed: Vec<(i64, Timestamp, Reason)>,
    /// When the lane is due even if nothing waits in it.
    pub next_at: Option<Timestamp>,
    /// When its messages of the last hour were made, these included.
    pub sent: Vec<Timestamp>,
    /// Up to where it has told, if it told a digest.
    pub seen: Option<Seen>,
}

/// An alert that goes out as a message of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Alone {
    /// The row that waited.
    pub held: i64,
    /// The alert's row.
    pub alert: AlertId,
    /// The delivery.
    pub id: DeliveryId,
    /// Of which rules.
    pub rules: Vec<RuleName>,
}

/// A message for many.
#[derive(Clone, Debug, PartialEq)]
pub struct NewBulletin {
    /// The delivery.
    pub id: DeliveryId,
    /// What it tells.
    pub bulletin: Bulletin,
    /// The rows that waited.
    pub held: Vec<i64>,
}

/// Decides what goes out of a lane now. `waiting` is all that waits in it, the longest first, or [`MOST`] of it.
pub fn decide(lane: &Lane, policy: &Policy<'_>, waiting: &[Waiting], account: Account, now: Timestamp) -> Decision {
    let sent = lane.sent.iter().filter(|at| at.saturating_add(Caps::WINDOW).is_ok_and(|end| end > now)).copied();
    let decision = Decision { sent: sent.collect(), ..Decision::default() };
    match (policy.subscription.map(|it| &it.rhythm), policy.person) {
        (Some(Rhythm::Digest { cron, .. }), _) => {
            let seen = account.seen;
            let bulletin = bulletin(lane, policy, Occasion::Digest, waiting, account, now);
            let next_at = next_digest(cron, &policy.zone(), now);
            Decision { next_at, seen: Some(seen), ..told(decision, bulletin, now) }
        }
        (Some(Rhythm::Grouped { every, .. }), person) => {
            grouped(lane, policy, person, *every, waiting, account, decision, now)
        }
        // Its subscription or its person is no longer configured, or tells at once by now: what waited is told.
        (_, None) | (Some(Rhythm::AtOnce), _) => {
            together(lane, policy, Occasion::Group, waiting, account, decision, now)
        }
        (None, Some(person)) => at_once(lane, policy, person, waiting, account, decision, now),
    }
}

#[expect(clippy::too_many_arguments, reason = "a lane's whole state and policy, in one place only")]
fn grouped(
    lane: &Lane,
    policy: &Policy<'_>,
    person: Option<&Person>,
    every: SignedDuration,
    waiting: &[Waiting],
    account: Account,
    decision: Decision,
    now: Timestamp,
) -> Decision {
    let urgent = waiting.iter().any(|it| it.level == Level::Urgent);
    let opens = lane.flushed_at.map(|at| at.saturating_add(every).unwrap_or(Timestamp::MAX)).unwrap_or(now);
    let all = |until: Timestamp, why: Reason| waiting.iter().map(|it| (it.id, until, why.clone())).collect();
    match person.and_then(|person| person.quiet_until(now)) {
        Some(until) if !urgent => Decision { postponed: all(until, Reason::QuietHours { until }), ..decision },
        _ if opens > now => Decision { postponed: all(opens, Reason::WaitsForGroup { until: opens }), ..decision },
        _ => together(lane, policy, Occasion::Group, waiting, account, decision, now),
    }
}

fn at_once(
    lane: &Lane,
    policy: &Policy<'_>,
    person: &Person,
    waiting: &[Waiting],
    account: Account,
    mut decision: Decision,
    now: Timestamp,
) -> Decision {
    let (mut ready, later): (Vec<&Waiting>, Vec<&Waiting>) = match person.quiet_until(now) {
        Some(until) => {
            let (ready, quiet): (Vec<&Waiting>, Vec<&Waiting>) =
                waiting.iter().partition(|it| it.level == Level::Urgent);
            decision.postponed.extend(quiet.iter().map(|it| (it.id, until, Reason::QuietHours { until })));
            ready.into_iter().partition(|it| it.due_at <= now)
        }
        None => waiting.iter().partition(|it| it.due_at <= now),
    };
    // What has a later time keeps it; the store looks at all that waits.
    drop(later);
    if ready.is_empty() {
        return decision;
    }
    ready.sort_by_key(|it| (Reverse(it.level), it.id));
    let (room, opens) = person.caps.room(&decision.sent, now);
    let capped = |waiting: &Waiting| (waiting.id, opens, Reason::Capped { cap: person.caps.words() });
    if room == 0 {
        decision.postponed.extend(ready.into_iter().map(capped));
        return decision;
    }
    // What had to wait is told in one message, with all that has come since.
    if let Some(waited) = ready.iter().find(|it| it.due_at > it.held_at) {
        let occasion = if matches!(waited.why, Reason::Capped { .. }) { Occasion::Cap } else { Occasion::Quiet };
        let ready: Vec<Waiting> = ready.into_iter().cloned().collect();
        return together(lane, policy, occasion, &ready, account, decision, now);
    }
    let rest = ready.split_off(room.min(ready.len()));
    for waiting in ready {
        decision.alone.push(alone(lane, waiting));
        decision.sent.push(now);
    }
    if !rest.is_empty() {
        let (_, opens) = person.caps.room(&decision.sent, now);
        let why = Reason::Capped { cap: person.caps.words() };
        decision.postponed.extend(rest.into_iter().map(|it| (it.id, opens, why.clone())));
    }
    decision
}

/// All in one message; a single one as the alert that it is.
fn together(
    lane: &Lane,
    policy: &Policy<'_>,
    occasion: Occasion,
    waiting: &[Waiting],
    account: Account,
    mut decision: Decision,
    now: Timestamp,
) -> Decision {
    match waiting {
        [] => decision,
        [one] => {
            decision.alone.push(alone(lane, one));
            decision.sent.push(now);
            decision
        }
        several => told(decision, bulletin(lane, policy, occasion, several, account, now), now),
    }
}

fn told(mut decision: Decision, bulletin: NewBulletin, now: Timestamp) -> Decision {
    decision.bulletin = Some(bulletin);
    decision.sent.push(now);
    decision
}

fn alone(lane: &Lane, waiting: &Waiting) -> Alone {
    let Waiting { alert, rules, .. } = waiting;
    Alone {
        held: waiting.id,
        alert: waiting.alert_id,
        id: delivery_id(rules, &alert.story_key, alert.revision, &lane.channel, &lane.receiver),
        rules: rules.clone(),
    }
}

/// Puts the message together: all that waits, story by story.
pub fn bulletin(
    lane: &Lane,
    policy: &Policy<'_>,
    occasion: Occasion,
    waiting: &[Waiting],
    mut account: Account,
    now: Timestamp,
) -> NewBulletin {
    let named = waiting.iter().map(|it| {
        let mut rules: Vec<&str> = it.rules.iter().map(RuleName::as_str).collect();
        rules.sort_unstable();
        format!("{}\u{1f}{}\u{1f}{}", it.alert.story_key, it.alert.revision, rules.join("\u{1f}"))
    });
    let due = (occasion == Occasion::Digest).then_some(lane.due_at);
    let id = bulletin_id(&lane.channel, &lane.receiver, lane.subscription.as_ref(), due, named.collect());
    let bulletin = Bulletin {
        occasion,
        subscription: lane.subscription.clone(),
        tongue: policy.person.map_or(Tongue::default(), |person| person.tongue),
        zone: policy.zone().name,
        plain: policy.person.is_some_and(|person| person.plain),
        since: lane.since,
        until: now,
        stories: stories(waiting, &mut account.carried),
        elsewhere: account.elsewhere,
        folded: account.folded,
        muted: account.muted,
        listening: account.listening,
    };
    NewBulletin { id, bulletin, held: waiting.iter().map(|it| it.id).collect() }
}

fn stories(waiting: &[Waiting], carried: &mut BTreeMap<String, Vec<Line>>) -> Vec<StoryTold> {
    let mut stories: Vec<StoryTold> = Vec::new();
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for it in waiting {
        let told = story(it);
        match places.get(it.alert.story_key.as_str()) {
            None => {
                places.insert(&it.alert.story_key, stories.len());
                stories.push(told);
            }
            Some(place) => add(&mut stories[*place], told),
        }
    }
    for story in &mut stories {
        let others = carried.remove(&story.story_key).unwrap_or_default();
        story.carried.extend(others.into_iter().filter(|line| line.url.as_deref() != Some(&story.url)));
    }
    stories.sort_by_key(|story| Reverse(story.level));
    stories
}

/// A later alert of a story: what it says is newer, and what the first said stands with it.
fn add(story: &mut StoryTold, told: StoryTold) {
    let earlier = std::mem::replace(story, told);
    if earlier.url != story.url {
        let (title, url, source) = (earlier.title, Some(earlier.url), earlier.source);
        story.carried.push(Line { title, url, source, reason: None });
    }
    story.carried.splice(0..0, earlier.carried);
    story.alerts += earlier.alerts;
    story.level = story.level.max(earlier.level);
    story.excerpt = story.excerpt.take().or(earlier.excerpt);
    for rule in earlier.rules {
        if !story.rules.iter().any(|it| it.name == rule.name) {
            story.rules.push(rule);
        }
    }
}

fn story(waiting: &Waiting) -> StoryTold {
    let Waiting { alert, rules, level, .. } = waiting;
    let told = alert.rules.iter().filter(|rule| rules.contains(&rule.name));
    let chosen = alert.excerpts.iter().find(|it| it.rules.iter().any(|rule| rules.contains(rule)));
    StoryTold {
        story_key: alert.story_key.clone(),
        title: alert.title.clone(),
        url: alert.url.clone(),
        source: alert.source.clone(),
        site_name: alert.site_name.clone(),
        language: alert.language.clone(),
        published: alert.published,
        level: *level,
        rules: told
            .map(|rule| RuleNamed { name: rule.name.clone(), label: rule.label.clone(), reason: rule.reason.clone() })
            .collect(),
        excerpt: chosen.cloned(),
        unread: alert.unread.clone(),
        update: alert.update.as_ref().map(|update| update.kind),
        alerts: 1,
        carried: Vec::new(),
    }
}

/// How far back a rule's usual pace is looked for.
pub const MEMORY: SignedDuration = SignedDuration::from_hours(24 * 90);

/// When a rule matched within [`MEMORY`], in short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Past {
    /// How often.
    pub matches: u64,
    /// The first time.
    pub first: Timestamp,
    /// The last time.
    pub last: Timestamp,
    /// The longest time between two.
    pub longest: SignedDuration,
}

/// The usual time from one match to the next, if the rule has been silent for longer than that explains: longer than ever
/// within [`MEMORY`], longer than a day, and so long that matches at the usual pace, independent of each other, would be
/// silent so long once in a hundred times (4.6 times the usual: -ln 0.01). Five matches are the least that say what is
/// usual.
pub fn silent_for(past: &Past, now: Timestamp) -> Option<SignedDuration> {
    let gaps = i32::try_from(past.matches.checked_sub(1)?).ok()?;
    if gaps < 4 {
        return None;
    }
    let usual = past.last.duration_since(past.first) / gaps;
    let silent = now.duration_since(past.last);
    let odd = silent > usual * 46 / 10 && silent > past.longest && silent > SignedDuration::from_hours(24);
    odd.then_some(usual)
}

#[cfg(test)]
mod tests;
