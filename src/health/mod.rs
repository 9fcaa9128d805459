//! (what was known of a source, what a poll showed, now) → its troubles, and what operators are to be told. Pure.
//!
//! The remarks of a decision say what should be told at present, at every poll anew; the store tells each of them once and
//! withdraws what was not told yet when it is no longer so. So nothing here needs to know what was sent.

use crate::model::Entry;
use crate::model::NoticeEvent;
use crate::model::Reason;
use crate::model::Remark;
use crate::model::SourceName;
use crate::model::TroubleKind;
use crate::model::notice::Strand;
use gap::Gap;
use gap::ReadBack;
use jiff::SignedDuration;
use jiff::Timestamp;
use rhythm::Rhythm;
use serde::Deserialize;
use serde::Serialize;
use std::collections::HashSet;

mod fold;
pub mod gap;
mod rhythm;
pub mod sign;

pub use fold::UNHEARD;
pub use fold::fold;

/// When operators are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// How long trouble lasts before it is told.
    pub after: SignedDuration,
    /// How long a remark waits for others, so that they go out as one message.
    pub group: SignedDuration,
    /// The pause between reminders; none by default.
    pub remind: Option<SignedDuration>,
}

impl Default for Policy {
    fn default() -> Self {
        Self { after: SignedDuration::from_hours(24), group: SignedDuration::from_mins(10), remind: None }
    }
}

/// What is remembered of a source's health: one value in the store.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Health {
    rhythm: Rhythm,
    /// How many entries its answers have, and when that was last looked at.
    usual_entries: Option<(f64, Timestamp)>,
    /// The last answer that listed anything.
    listed_at: Option<Timestamp>,
    /// At most one of each strand.
    troubles: Vec<Trouble>,
    /// The last gap, until one is no longer feared.
    gap: Option<Gap>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trouble {
    /// What.
    pub kind: TroubleKind,
    /// Since when anything of its strand is wrong.
    pub since: Timestamp,
    /// When it was last seen.
    pub seen_at: Timestamp,
    /// What was seen then.
    pub reason: Reason,
}

/// Who is spoken of.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The source's name.
    pub source: &'a SourceName,
    /// Its title for people.
    pub label: Option<&'a str>,
    /// The host of its address.
    pub host: &'a str,
}

/// What one poll showed.
#[derive(Clone, Copy, Debug)]
pub enum Observation<'a> {
    /// No answer, or one that cannot be read.
    Failed {
        /// What happened.
        reason: &'a Reason,
    },
    /// Nothing changed since the last answer.
    Unchanged {
        /// The host to which it has moved for good, if it has.
        moved: Option<&'a str>,
    },
    /// An answer that was read.
    Listed {
        /// What it lists.
        entries: &'a [Entry],
        /// Those of their ids that were listed before.
        known: &'a HashSet<String>,
        /// Whether this is the first answer that was ever read: what it lists is no news.
        first: bool,
        /// Only what is new was sent (226, RFC 3229): an absent entry means nothing.
        partial: bool,
        /// How older pages were read back, whose entries stand behind those of the newest page.
        back: Option<&'a ReadBack>,
        /// The host to which it has moved for good, if it has.
        moved: Option<&'a str>,
    },
}

/// What follows from one poll.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Diagnosis {
    /// To be remembered.
    pub health: Health,
    /// All that should be told of the source at present, most of it told long ago.
    pub remarks: Vec<(Remark, Due)>,
}

/// When a remark may go out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// From then on it goes along with others.
    pub at: Timestamp,
    /// From then on it goes even alone.
    pub alone_at: Timestamp,
}

impl Health {
    /// What is wrong, the gravest first.
    pub fn troubles(&self) -> &[Trouble] {
        &self.troubles
    }

    /// How soon the source must be asked again so that nothing passes between two polls: half the time that its answer
    /// spans. `None` when nothing was missed lately. For the schedule, which has its own limits.
    pub fn ask_within(&self) -> Option<SignedDuration> {
        self.gap?.ask_within
    }

    /// When two polls had nothing in common for the last time, whether or not older pages filled the gap. `None` when that
    /// is long ago.
    pub fn gap_at(&self) -> Option<Timestamp> {
        Some(self.gap?.seen_at)
    }

    /// The last answer that listed anything.
    pub fn listed_at(&self) -> Option<Timestamp> {
        self.listed_at
    }
}

/// The kind of trouble that a failure is.
pub fn kind_of(reason: &Reason) -> TroubleKind {
    match reason {
        Reason::Status { status: 410 } => TroubleKind::Gone,
        Reason::Wall { .. } => TroubleKind::Wall,
        Reason::HtmlPage { .. } => TroubleKind::Html,
        Reason::NoEntries | Reason::SelectorEmpty { .. } | Reason::Shrunk { .. } => TroubleKind::Empty,
        Reason::Certificate { .. } => TroubleKind::Certificate,
        _ if reason.code().starts_with("robots") => TroubleKind::Robots,
        _ => TroubleKind::Failing,
    }
}

/// Decides what a poll says of a source's health. Without a `policy` nobody is told; all else stays the same.
pub fn decide(
    before: &Health,
    subject: Subject<'_>,
    seen: Observation<'_>,
    policy: Option<&Policy>,
    now: Timestamp,
) -> Diagnosis {
    let mut health = before.clone();
    let after = policy.map_or(Policy::default().after, |policy| policy.after);
    let (sights, new) = look(&mut health, seen, after, now);
    let mut ended = Vec::new();
    for (strand, sight) in sights {
        let place = health.troubles.iter().position(|trouble| trouble.kind.strand() == strand);
        match (sight, place) {
            (Sight::Wrong { kind, reason, since }, None) => {
                health.troubles.push(Trouble { kind, since, seen_at: now, reason });
            }
            (Sight::Wrong { kind, reason, .. }, Some(place)) => {
                let trouble = &mut health.troubles[place];
                *trouble = Trouble { kind, since: trouble.since, seen_at: now, reason };
            }
            (Sight::Right, Some(place)) => ended.push(health.troubles.remove(place)),
            (Sight::Right, None) => {}
        }
    }
    health.troubles.sort_by_key(|trouble| trouble.kind);
    let remarks = match policy {
        None => Vec::new(),
        Some(policy) => {
            let open = health.troubles.iter().flat_map(|trouble| failing(subject, trouble, policy, now));
            open.chain(ended.iter().map(|trouble| recovered(subject, trouble, new, policy, now))).collect()
        }
    };
    Diagnosis { health, remarks }
}

/// What an observation says of one strand; a strand that it says nothing of stays as it is.
enum Sight {
    Right,
    Wrong { kind: TroubleKind, reason: Reason, since: Timestamp },
}

fn wrong(kind: TroubleKind, reason: Reason, since: Timestamp) -> (Strand, Sight) {
    (kind.strand(), Sight::Wrong { kind, reason, since })
}

/// What is seen, strand by strand, and how many entries are new. Learns from it.
fn look(
    health: &mut Health,
    seen: Observation<'_>,
    after: SignedDuration,
    now: Timestamp,
) -> (Vec<(Strand, Sight)>, usize) {
    let (moved, mut sights, new) = match seen {
        Observation::Failed { reason } => {
            return (vec![wrong(kind_of(reason), reason.clone(), now)], 0);
        }
        // The copy that the server speaks of was judged when it came: too few entries stay too few.
        Observation::Unchanged { moved } => {
            gap::calm(health, after, now);
            let empty = health.troubles.iter().any(|trouble| trouble.kind == TroubleKind::Empty);
            let hearing = if empty { Vec::new() } else { vec![(Strand::Hearing, Sight::Right)] };
            (moved, hearing, 0)
        }
        Observation::Listed { entries, known, first, partial, back, moved } => {
            let from_before = |entry: &Entry| back.is_some_and(|back| back.before.contains(&entry.id));
            let is_new = |entry: &&Entry| !known.contains(&entry.id) && !from_before(entry);
            let new: Vec<&Entry> = entries.iter().filter(is_new).collect();
            let too_few = if partial { None } else { shrunk(health, gap::newest(entries, back).len(), now) };
            let hearing = match too_few {
                Some(reason) => wrong(TroubleKind::Empty, reason, now),
                None => (Strand::Hearing, Sight::Right),
            };
            let mut sights = vec![hearing];
            if !partial && !first {
                sights.extend(gap::look(health, entries, known, back, after, now));
            }
            learn(health, &new, first, now);
            if !entries.is_empty() {
                health.listed_at = Some(now);
            }
            (moved, sights, if first { 0 } else { new.len() })
        }
    };
    sights.push(quiet(health, now));
    sights.push(match moved {
        Some(to) => wrong(TroubleKind::Moved, Reason::MovedForGood { to: to.to_owned() }, now),
        None => (Strand::Place, Sight::Right),
    });
    (sights, new)
}

/// Why an answer of this many entries is one of too few. What is usual follows slowly, so that a source which changed for
/// good is all right again after days, and one that fails at night is not forgotten by morning.
fn shrunk(health: &mut Health, entries: usize, now: Timestamp) -> Option<Reason> {
    /// What is usual is half forgotten after this many seconds: five days.
    const HALF: f64 = 5.0 * 86_400.0;
    if entries == 0 {
        return Some(Reason::NoEntries);
    }
    #[expect(clippy::cast_precision_loss, reason = "no answer holds 2^52 entries")]
    let count = entries as f64;
    let Some((usual, at)) = health.usual_entries else {
        health.usual_entries = Some((count, now));
        return None;
    };
    let weight = 1.0 - 0.5_f64.powf(now.duration_since(at).as_secs_f64().max(0.0) / HALF);
    health.usual_entries = Some((usual + (count - usual) * weight, now));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a mean of counts")]
    let whole = usual.round() as usize;
    (usual >= 10.0 && count * 5.0 < usual).then_some(Reason::Shrunk { entries, usual: whole })
}

/// Takes the times of new entries into the rhythm. Dates of the first answer are history; later ones may be wrong or
/// late, so that what counts for silence is when something new was seen.
fn learn(health: &mut Health, new: &[&Entry], first: bool, now: Timestamp) {
    let date = |entry: &&Entry| entry.published.or(entry.updated).map(|time| time.min(now));
    let times = if first {
        new.iter().filter_map(date).collect()
    } else {
        new.iter().map(|entry| date(entry).unwrap_or(now)).collect()
    };
    health.rhythm.note(times);
    if !first && !new.is_empty() || health.rhythm.silent_since().is_none() {
        health.rhythm.heard(now);
    }
}

fn quiet(health: &Health, now: Timestamp) -> (Strand, Sight) {
    let Some((since, allowed)) = health.rhythm.silent_since().zip(health.rhythm.allows()) else {
        return (Strand::News, Sight::Right);
    };
    let silence = now.duration_since(since);
    if silence <= allowed {
        return (Strand::News, Sight::Right);
    }
    let usual_minutes = health.rhythm.usual().as_mins();
    let reason = Reason::Silent { hours: silence.as_hours(), usual_minutes };
    (Strand::News, Sight::Wrong { kind: TroubleKind::Quiet, reason, since })
}

/// What should be told of a trouble: it, and the last reminder that is due.
fn failing(subject: Subject<'_>, trouble: &Trouble, policy: &Policy, now: Timestamp) -> Vec<(Remark, Due)> {
    let at = match trouble.kind {
        // Nobody need wait for what is certain; and a silence or a gap has been waited for.
        TroubleKind::Gone | TroubleKind::Quiet | TroubleKind::Gap => trouble.since,
        _ => later(trouble.since, policy.after),
    };
    let reminders = policy
        .remind
        .filter(|pause| pause.is_positive())
        .and_then(|pause| u32::try_from(now.duration_since(at).as_millis() / pause.as_millis()).ok())
        .unwrap_or(0);
    let remark = |reminder| Remark {
        source: subject.source.clone(),
        label: subject.label.map(str::to_owned),
        host: subject.host.to_owned(),
        event: NoticeEvent::Failing,
        kind: trouble.kind,
        since: trouble.since,
        reason: trouble.reason.clone(),
        reminder,
        until: None,
    };
    let mut remarks = vec![(remark(0), due(at.max(trouble.since), policy))];
    if reminders > 0 {
        remarks.push((remark(reminders), due(now, policy)));
    }
    remarks
}

fn recovered(subject: Subject<'_>, trouble: &Trouble, new: usize, policy: &Policy, now: Timestamp) -> (Remark, Due) {
    let remark = Remark {
        source: subject.source.clone(),
        label: subject.label.map(str::to_owned),
        host: subject.host.to_owned(),
        event: NoticeEvent::Recovered,
        kind: trouble.kind,
        since: trouble.since,
        reason: Reason::AllRight { new },
        reminder: 0,
        until: Some(now),
    };
    (remark, due(now, policy))
}

fn due(at: Timestamp, policy: &Policy) -> Due {
    Due { at, alone_at: later(at, policy.group) }
}

fn later(time: Timestamp, pause: SignedDuration) -> Timestamp {
    time.saturating_add(pause).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests;
