//! (an answer, what was listed before) → whether entries passed between two polls unseen, and how soon the next poll must
//! be so that none does. Pure.

use super::Health;
use super::Sight;
use super::wrong;
use crate::model::Entry;
use crate::model::Fault;
use crate::model::Reason;
use crate::model::TroubleKind;
use crate::model::notice::Strand;
use jiff::SignedDuration;
use jiff::Timestamp;
use serde::Deserialize;
use serde::Serialize;
use std::collections::HashSet;

/// An answer of fewer entries has no window.
const FEWEST: usize = 3;

/// The last answer that had nothing in common with what was listed before.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Gap {
    pub seen_at: Timestamp,
    /// Half the window.
    pub ask_within: Option<SignedDuration>,
}

/// How older pages were read back after such an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadBack {
    /// Entries of the newest page, which stand first in the listing.
    pub own: usize,
    /// Older pages that were read.
    pub pages: usize,
    /// New entries that they added.
    pub added: usize,
    /// The ids of those among them that are from before the gap.
    pub before: HashSet<String>,
    /// Why no more were read.
    pub end: End,
}

/// Why reading back ended.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    /// What was listed before was reached: nothing is missed.
    Met,
    /// The last page names no other.
    NoMore,
    /// A page that was read before came again, by its address or by its entries.
    Circle,
    /// As many pages were read as are read at most.
    Limit,
    /// The pages are at another site.
    Elsewhere {
        /// Its host.
        host: String,
    },
    /// The poll took too long.
    Late,
    /// A page could not be read.
    Failed {
        /// What helps.
        fault: Fault,
        /// What happened.
        reason: Reason,
    },
}

impl ReadBack {
    /// A fragment for people: how far it went.
    pub fn said(&self) -> String {
        let Self { pages, added, .. } = self;
        let entries = if *added == 1 { "entry" } else { "entries" };
        let read = match pages {
            0 => String::new(),
            1 => format!("1 older page with {added} new {entries} was read; "),
            _ => format!("{pages} older pages with {added} new {entries} were read; "),
        };
        let end = match &self.end {
            End::Met => "none is missed".to_owned(),
            End::NoMore if *pages == 0 => "no older pages are offered".to_owned(),
            End::NoMore => "no older one is offered".to_owned(),
            End::Circle => "the next repeats what was read".to_owned(),
            End::Limit => "more are not read at once".to_owned(),
            End::Elsewhere { host } => format!("older pages are at another site, {host}, and not asked for"),
            End::Late => "there was no time for more".to_owned(),
            End::Failed { reason, .. } => format!("an older page could not be read: {reason}"),
        };
        read + &end
    }

    /// Whether nothing was missed after all.
    pub fn is_whole(&self) -> bool {
        self.end == End::Met
    }
}

/// The entries of the newest page.
pub(super) fn newest<'a>(entries: &'a [Entry], back: Option<&ReadBack>) -> &'a [Entry] {
    back.and_then(|back| entries.get(..back.own)).unwrap_or(entries)
}

/// Whether entries may have passed between two polls. When older pages brought all of them, it is no trouble, but the
/// source is asked sooner all the same. A gap that stays open is trouble until a day, or the time after which operators
/// are told (`after`), went by without another: each by itself would be told and taken back all the time.
pub(super) fn look(
    health: &mut Health,
    entries: &[Entry],
    known: &HashSet<String>,
    back: Option<&ReadBack>,
    after: SignedDuration,
    now: Timestamp,
) -> Option<(Strand, Sight)> {
    let page = newest(entries, back);
    if page.is_empty() {
        return None;
    }
    let nothing_known = !page.iter().any(|entry| known.contains(&entry.id));
    if let Some(listed_at) = health.listed_at.filter(|_| nothing_known && page.len() >= FEWEST) {
        let times = || page.iter().filter_map(|entry| entry.published.or(entry.updated)).filter(|time| *time <= now);
        let dated = times().max().zip(times().min()).map(|(newest, oldest)| newest.duration_since(oldest));
        let window = dated.filter(SignedDuration::is_positive).into_iter().chain([now.duration_since(listed_at)]).min();
        health.gap = Some(Gap { seen_at: now, ask_within: window.map(|window| window / 2) });
        if !back.is_some_and(ReadBack::is_whole) {
            let back = back.map_or_else(|| "no older pages are offered".to_owned(), ReadBack::said);
            return Some(wrong(TroubleKind::Gap, Reason::NothingInCommon { entries: page.len(), back }, now));
        }
    }
    calm(health, after, now);
    let open = health.troubles.iter().find(|trouble| trouble.kind == TroubleKind::Gap)?;
    (now.duration_since(open.seen_at) >= after).then_some((Strand::Whole, Sight::Right))
}

/// After `after` without a gap the source's own rhythm says again when it is asked.
pub(super) fn calm(health: &mut Health, after: SignedDuration, now: Timestamp) {
    health.gap = health.gap.filter(|gap| now.duration_since(gap.seen_at) < after);
}
