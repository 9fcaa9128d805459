//! The first decision: (source, its state, reply, known entries, now) → new items and the next check. Pure.

use crate::health::Diagnosis;
use crate::health::Observation;
use crate::model::Entry;
use crate::model::Fault;
use crate::model::ItemState;
use crate::model::Reason;
use crate::source::FirstPoll;
use crate::source::Listing;
use crate::source::SourcePlan;
use crate::source::host_key;
use crate::story::address;
use jiff::SignedDuration;
use jiff::Timestamp;
use std::collections::HashSet;
use url::Url;

/// What the store remembers of a source between polls.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SourceState {
    /// How many polls were answered and read. Zero means that the next one is the first.
    pub polls: u64,
    /// To be sent back byte for byte.
    pub validators: Validators,
    /// Failures since the last success.
    pub failures: u32,
    /// When it was last heard.
    pub heard_at: Option<Timestamp>,
}

/// What a server gave to ask "has it changed?" with. Both are of one answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Validators {
    /// The ETag header, quotes and `W/` included.
    pub etag: Option<String>,
    /// The Last-Modified header.
    pub last_modified: Option<String>,
}

/// What the world answered to a poll.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// 304.
    Unchanged {
        /// Where the address has moved for good, if it has.
        moved: Option<Url>,
        /// Those of the 304, where it has any.
        validators: Validators,
    },
    /// An answer that was read.
    Listing {
        /// Where the address has moved for good, if it has.
        moved: Option<Url>,
        /// What it lists.
        listing: Listing,
        /// Those of the answer.
        validators: Validators,
    },
    /// No answer, or one that cannot be read.
    Failed {
        /// What helps.
        fault: Fault,
        /// What happened.
        reason: Reason,
    },
}

/// An entry that becomes an item.
#[derive(Clone, Debug, PartialEq)]
pub struct NewItem {
    /// What was listed.
    pub entry: Entry,
    /// Waiting, baseline or too old.
    pub state: ItemState,
    /// Why it is not waiting.
    pub reason: Option<Reason>,
    /// The host of its link: the key of politeness.
    pub host: Option<String>,
    /// Its link in canonical form (`story::address`): the key under which a twin is found.
    pub address_key: Option<String>,
}

/// All that one poll changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// Entries never seen before.
    pub items: Vec<NewItem>,
    /// The source's new state.
    pub state: SourceState,
    /// When it is asked again.
    pub next_at: Timestamp,
    /// What happened.
    pub reason: Reason,
    /// The name that the source gives itself, when the reply told it.
    pub title: Option<String>,
    /// What was odd about the answer.
    pub warnings: Vec<String>,
    /// What the answer says of the source's health; `health::decide` fills it in.
    pub health: Diagnosis,
}

impl Reply {
    /// The same for `health::decide`; `known` and `state` as for [`decide`].
    pub fn seen<'a>(&'a self, known: &'a HashSet<String>, state: &SourceState) -> Observation<'a> {
        match self {
            Self::Failed { reason, .. } => Observation::Failed { reason },
            Self::Unchanged { moved, .. } => Observation::Unchanged { moved: moved.as_ref().and_then(Url::host_str) },
            Self::Listing { moved, listing, .. } => Observation::Listed {
                entries: &listing.entries,
                known,
                first: state.polls == 0,
                moved: moved.as_ref().and_then(Url::host_str),
            },
        }
    }
}

/// Longest pause after failures.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_hours(24);

/// Decides what a poll changes. `known` holds those ids of the listing that the source has listed before.
pub fn decide(
    plan: &SourcePlan,
    state: &SourceState,
    reply: Reply,
    known: &HashSet<String>,
    now: Timestamp,
) -> Decision {
    let regular = plan.schedule.next(now, plan.name.as_str());
    match reply {
        Reply::Unchanged { validators, .. } => {
            let state = SourceState {
                polls: state.polls + 1,
                // RFC 9111 §4.3.4: what a 304 names replaces what is stored.
                validators: Validators {
                    etag: validators.etag.or_else(|| state.validators.etag.clone()),
                    last_modified: validators.last_modified.or_else(|| state.validators.last_modified.clone()),
                },
                failures: 0,
                heard_at: Some(now),
            };
            Decision::quiet(state, regular, Reason::NotModified)
        }
        Reply::Listing { listing, validators, .. } => {
            let reason_when_nothing_new =
                if listing.entries.is_empty() { Reason::NoEntries } else { Reason::NothingNew };
            let items = new_items(plan, state, listing.entries, known, now);
            let reason = match items.len() {
                0 => reason_when_nothing_new,
                count => Reason::NewEntries { count },
            };
            let state = SourceState { polls: state.polls + 1, validators, failures: 0, heard_at: Some(now) };
            Decision {
                items,
                title: listing.title,
                warnings: listing.warnings,
                ..Decision::quiet(state, regular, reason)
            }
        }
        Reply::Failed { fault, reason } => {
            let failures = state.failures.saturating_add(1);
            let next_at = after_failure(plan, failures, fault, now).max(regular);
            let state = SourceState { failures, ..state.clone() };
            Decision::quiet(state, next_at, reason)
        }
    }
}

impl Decision {
    /// The same for a source whose hub pushes: polling goes on as a safety net, four times slower, but at least every
    /// six hours and never sooner than without the hub (W3C WebSub §5.3; NewsBlur).
    pub fn pushed(self, now: Timestamp) -> Self {
        let wait = self.next_at.duration_since(now);
        let slow = (wait * 4).min(SignedDuration::from_hours(6)).max(wait);
        Self { next_at: now.saturating_add(slow).unwrap_or(self.next_at), ..self }
    }

    /// A decision without items.
    fn quiet(state: SourceState, next_at: Timestamp, reason: Reason) -> Self {
        Self {
            items: Vec::new(),
            state,
            next_at,
            reason,
            title: None,
            warnings: Vec::new(),
            health: Diagnosis::default(),
        }
    }
}

/// The entries that were never listed before, each with the state that it starts in.
fn new_items(
    plan: &SourcePlan,
    state: &SourceState,
    entries: Vec<Entry>,
    known: &HashSet<String>,
    now: Timestamp,
) -> Vec<NewItem> {
    let mut seen = HashSet::new();
    entries
        .into_iter()
        .filter(|entry| !known.contains(&entry.id) && seen.insert(entry.id.clone()))
        .map(|entry| {
            let reason = if state.polls == 0 { left_alone(plan.first_poll, &entry, now) } else { None };
            let state = match reason {
                None => ItemState::Waiting,
                Some(Reason::OlderThanFirstPoll { .. }) => ItemState::TooOld,
                Some(_) => ItemState::Baseline,
            };
            NewItem {
                state,
                reason,
                host: entry.link.as_deref().and_then(|link| Url::parse(link).ok()).and_then(|url| host_key(&url)),
                address_key: entry.link.as_deref().and_then(address::canonical),
                entry,
            }
        })
        .collect()
}

/// Why the first poll of a source leaves an entry alone; `None` when it is to be read.
fn left_alone(first_poll: FirstPoll, entry: &Entry, now: Timestamp) -> Option<Reason> {
    let reach = match first_poll {
        FirstPoll::All => return None,
        FirstPoll::Baseline => return Some(Reason::BeforeWatching),
        FirstPoll::Within(reach) => reach,
    };
    // An entry that was changed lately is news, even if it was published long ago.
    let Some(latest) = entry.published.max(entry.updated) else { return Some(Reason::BeforeWatching) };
    let age = now.duration_since(latest);
    (age > reach).then(|| Reason::OlderThanFirstPoll { hours: age.as_hours() })
}

/// The pause doubles with each failure, from one minute to a day, and is never shorter than the server asked for.
fn after_failure(plan: &SourcePlan, failures: u32, fault: Fault, now: Timestamp) -> Timestamp {
    let doubled = SignedDuration::from_mins(1)
        .checked_mul(1_i32 << failures.saturating_sub(1).min(20))
        .unwrap_or(LONGEST_PAUSE)
        .min(LONGEST_PAUSE);
    let pause = match plan.schedule.interval() {
        // Somebody who asks every two seconds wants to know soon that the source is back.
        Some(interval) => doubled.min(interval * (1 << failures.min(10))).min(LONGEST_PAUSE),
        None => doubled,
    };
    let at = now.saturating_add(pause).unwrap_or(now);
    match fault {
        Fault::Throttled { until: Some(until) } => at.max(until),
        _ => at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SourceName;
    use crate::schedule::Schedule;
    use crate::source::Document;
    use crate::source::Watch;
    use std::sync::Arc;

    struct Nowhere(Url);

    impl Watch for Nowhere {
        fn address(&self) -> &Url {
            &self.0
        }
        fn accept(&self) -> &'static str {
            "*/*"
        }
        fn listing(&self, _: &Document<'_>) -> Result<Listing, Reason> {
            Ok(Listing::default())
        }
    }

    fn plan(first_poll: FirstPoll) -> SourcePlan {
        SourcePlan {
            name: SourceName::new("paper"),
            label: None,
            kind: "feed",
            watch: Arc::new(Nowhere(Url::parse("https://paper.example/feed").expect("a URL"))),
            schedule: Schedule::Every(SignedDuration::from_mins(15)),
            first_poll,
        }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    fn entry(id: &str, published: Option<&str>) -> Entry {
        Entry {
            id: id.into(),
            link: Some(format!("https://paper.example/{id}")),
            published: published.map(at),
            ..Entry::default()
        }
    }

    fn listing(entries: Vec<Entry>) -> Reply {
        Reply::Listing {
            listing: Listing { entries, ..Listing::default() },
            validators: Validators::default(),
            moved: None,
        }
    }

    const NOW: &str = "2026-11-24T12:00:00Z";

    #[test]
    fn a_first_poll_never_floods() {
        let entries = vec![
            entry("fresh", Some("2026-11-24T08:00:00Z")),
            entry("old", Some("2026-11-20T08:00:00Z")),
            entry("undated", None),
        ];
        let plan = plan(FirstPoll::Within(SignedDuration::from_hours(24)));
        let decision = decide(&plan, &SourceState::default(), listing(entries), &HashSet::new(), at(NOW));
        let states: Vec<_> = decision.items.iter().map(|item| item.state).collect();
        assert_eq!(states, [ItemState::Waiting, ItemState::TooOld, ItemState::Baseline]);
        assert_eq!(decision.items[1].reason, Some(Reason::OlderThanFirstPoll { hours: 100 }));
        assert_eq!(decision.reason, Reason::NewEntries { count: 3 });
    }

    #[test]
    fn after_the_first_poll_age_does_not_matter() {
        let state = SourceState { polls: 1, ..SourceState::default() };
        let entries = vec![entry("late", Some("2020-01-01T00:00:00Z")), entry("undated", None)];
        let decision = decide(&plan(FirstPoll::Baseline), &state, listing(entries), &HashSet::new(), at(NOW));
        assert!(decision.items.iter().all(|item| item.state == ItemState::Waiting));
    }

    #[test]
    fn known_and_repeated_entries_stay_silent() {
        let known = HashSet::from(["a".to_owned()]);
        let entries = vec![entry("a", None), entry("b", None), entry("b", None)];
        let decision = decide(&plan(FirstPoll::All), &SourceState::default(), listing(entries), &known, at(NOW));
        assert_eq!(decision.items.len(), 1);
        assert_eq!(decision.items[0].entry.id, "b");
    }

    #[test]
    fn an_empty_listing_is_not_called_nothing_new() {
        let decision =
            decide(&plan(FirstPoll::All), &SourceState::default(), listing(Vec::new()), &HashSet::new(), at(NOW));
        assert_eq!(decision.reason, Reason::NoEntries);
    }

    #[test]
    fn failures_lengthen_the_pause_and_keep_the_validators() {
        let validators = Validators { etag: Some("\"x\"".into()), last_modified: None };
        let state = SourceState { polls: 3, validators: validators.clone(), failures: 7, heard_at: None };
        let failed = Reply::Failed { fault: Fault::Transient, reason: Reason::Status { status: 500 } };
        let decision = decide(&plan(FirstPoll::All), &state, failed, &HashSet::new(), at(NOW));
        assert_eq!(decision.state.failures, 8);
        assert_eq!(decision.state.validators, validators);
        assert_eq!(decision.next_at, at("2026-11-24T14:08:00Z"));
    }

    #[test]
    fn a_source_whose_hub_pushes_is_polled_slowly_all_the_same() {
        let decide = || {
            let unchanged = Reply::Unchanged { validators: Validators::default(), moved: None };
            decide(&plan(FirstPoll::All), &SourceState::default(), unchanged, &HashSet::new(), at(NOW))
        };
        let wait = decide().next_at.duration_since(at(NOW));
        assert_eq!(decide().pushed(at(NOW)).next_at.duration_since(at(NOW)), wait * 4);
        let long = Decision { next_at: at("2026-11-26T12:00:00Z"), ..decide() };
        assert_eq!(long.clone().pushed(at(NOW)).next_at, long.next_at);
    }

    #[test]
    fn the_servers_wish_for_a_pause_is_kept() {
        let until = at("2026-11-24T18:00:00Z");
        let failed =
            Reply::Failed { fault: Fault::Throttled { until: Some(until) }, reason: Reason::Status { status: 429 } };
        let decision = decide(&plan(FirstPoll::All), &SourceState::default(), failed, &HashSet::new(), at(NOW));
        assert_eq!(decision.next_at, until);
    }

    #[test]
    fn a_304_keeps_the_validator_that_it_does_not_name() {
        let state = SourceState {
            polls: 1,
            validators: Validators { etag: Some("\"a\"".into()), last_modified: Some("Mon".into()) },
            failures: 2,
            heard_at: None,
        };
        let unchanged = Reply::Unchanged {
            validators: Validators { etag: Some("\"b\"".into()), last_modified: None },
            moved: None,
        };
        let decision = decide(&plan(FirstPoll::All), &state, unchanged, &HashSet::new(), at(NOW));
        assert_eq!(decision.state.validators.etag.as_deref(), Some("\"b\""));
        assert_eq!(decision.state.validators.last_modified.as_deref(), Some("Mon"));
        assert_eq!(decision.state.failures, 0);
    }
}
