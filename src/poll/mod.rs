//! The first decision: (source, its state, reply, known entries, now) → new items and the next check. Pure.
//!
//! One idea a file: what becomes of entries, when a wish is granted, when validators are believed, when a move is kept, how long a pause is,
//! which hosts are one service, and how the overdue are spread out.

use crate::health::Diagnosis;
use crate::health::Observation;
use crate::health::gap::ReadBack;
use crate::model::Entry;
use crate::model::Fault;
use crate::model::ItemState;
use crate::model::Reason;
use crate::schedule::Question;
use crate::schedule::Schedule;
use crate::schedule::allot::Allotment;
use crate::schedule::habits::Habits;
use crate::schedule::wishes::Caching;
use crate::source::Listing;
use crate::source::SourcePlan;
use crate::source::host_key;
use jiff::SignedDuration;
use jiff::Timestamp;
use std::collections::HashSet;
use url::Url;

pub mod back;
pub mod backoff;
pub mod early;
mod entries;
mod gap;
pub mod moves;
pub mod service;
pub mod spread;
pub mod validators;

pub use backoff::Pause;
pub use backoff::Scope;
pub use moves::Home;
pub use validators::Condition;
pub use validators::Trust;
pub use validators::Validators;

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
    /// How far its validators are believed.
    pub trust: Trust,
    /// Where it lives by now, if it has moved.
    pub home: Home,
    /// When it answered 410: it is not asked again until its address changes or it was switched off and on.
    pub gone_at: Option<Timestamp>,
    /// When it publishes, and when its server wants to be asked.
    pub habits: Habits,
}

impl SourceState {
    /// Where a source is asked that is configured to be at `configured`.
    pub fn address(&self, configured: &Url) -> Url {
        self.home.address(configured)
    }
}

/// What the world answered to a poll.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "there is one of it per poll")]
pub enum Reply {
    /// 304.
    Unchanged {
        /// Those of the 304, where it has any.
        validators: Validators,
        /// How it came.
        course: Course,
    },
    /// An answer that was read.
    Listing {
        /// What it lists.
        listing: Listing,
        /// Those of the answer.
        validators: Validators,
        /// How it came.
        course: Course,
    },
    /// No answer, or one that cannot be read.
    Failed {
        /// What helps.
        fault: Fault,
        /// What happened.
        reason: Reason,
    },
}

/// How an answer came about.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Course {
    /// With or without a condition.
    pub condition: Condition,
    /// Where the address that was asked has moved for good, by this answer's redirects.
    pub moved: Option<Url>,
    /// How long it is fresh.
    pub caching: Caching,
    /// 226: only what is new was sent, and an absent entry means nothing (RFC 3229).
    pub partial: bool,
    /// How older pages were read back, where the answer had nothing in common with what was listed before. All else is of
    /// the newest page.
    pub back: Option<ReadBack>,
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
    /// What the server asked for, beyond this source.
    pub pause: Option<Pause>,
    /// The host that is asked next, when it is known: the key of politeness.
    pub host: Option<String>,
    /// What the answer says of the source's health; `health::decide` fills it in.
    pub health: Diagnosis,
}

impl Reply {
    /// The same for `health::decide`; `known` and `state` as for [`decide`].
    pub fn seen<'a>(&'a self, known: &'a HashSet<String>, state: &'a SourceState) -> Observation<'a> {
        // A move that was kept is one all the same: the configuration still has the old address.
        let moved = |course: &'a Course| {
            let kept = || state.home.moved_to.as_deref().and_then(host_in);
            course.moved.as_ref().and_then(Url::host_str).or_else(kept)
        };
        match self {
            Self::Failed { reason, .. } => Observation::Failed { reason },
            Self::Unchanged { course, .. } => Observation::Unchanged { moved: moved(course) },
            Self::Listing { course, listing, .. } => Observation::Listed {
                entries: &listing.entries,
                known,
                first: state.polls == 0,
                partial: course.partial,
                back: course.back.as_ref(),
                moved: moved(course),
            },
        }
    }
}

/// The host of an address that was parsed before.
fn host_in(address: &str) -> Option<&str> {
    let behind = address.split_once("://")?.1;
    behind.split(['/', '?', '#']).next()?.rsplit('@').next()
}

/// What is asked of sources that share one fetch (their plans ask the same): whether with a condition, and the states
/// from which their decisions are made. A re-check is noted before it is made: one that fails counts, too.
pub fn prepare(states: &mut [SourceState], now: Timestamp) -> Condition {
    let condition = validators::condition(states, now);
    if condition == Condition::Recheck {
        for state in states {
            state.trust.rechecked_at = Some(now);
        }
    }
    condition
}

/// Decides what a poll changes. `known` holds those ids of the listing that the source has listed before; `allotment`
/// is how the budget of requests is shared out.
pub fn decide(
    plan: &SourcePlan,
    state: &SourceState,
    reply: Reply,
    known: &HashSet<String>,
    allotment: Allotment,
    now: Timestamp,
) -> Decision {
    let regular = |habits: &Habits| {
        plan.schedule.next(&Question { name: plan.name.as_str(), now, habits, allotment, heed: plan.heed })
    };
    let mut decision = match reply {
        Reply::Unchanged { validators, course } => {
            let mut habits = state.habits.clone();
            habits.rhythm.observe(&[], now);
            habits.caching = habits.caching.updated(course.caching.clone());
            let regular = regular(&habits);
            let heard = SourceState {
                habits,
                // RFC 9111 §4.3.4: what a 304 names replaces what is stored.
                validators: state.validators.updated(validators),
                trust: state.trust.unchanged(now),
                ..heard(state, now)
            };
            settle(heard, &course, false, Decision::quiet(Reason::NotModified, regular), now)
        }
        Reply::Listing { listing, validators, course } => {
            let quiet = match (listing.entries.is_empty(), course.partial) {
                (true, false) => Reason::NoEntries,
                _ => Reason::NothingNew,
            };
            let back = course.back.as_ref();
            // Of what older pages list, the server was not asked before.
            let own = back.and_then(|back| listing.entries.get(..back.own)).unwrap_or(&listing.entries);
            let (trust, doubt) = state.trust.listed(state, &validators, &course, own, known, now);
            // An empty list may be a slip of the server: its validators would hide the next full one behind a 304.
            let validators = if quiet == Reason::NoEntries { Validators::default() } else { validators };
            let items = entries::new_items(plan, state, listing.entries, known, back, now);
            let mut habits = Habits { wishes: listing.wishes, caching: course.caching.clone(), ..state.habits.clone() };
            habits.rhythm.observe(&entries::times(state, &items, now), now);
            let regular = regular(&habits);
            let heard = SourceState { validators, trust, habits, ..heard(state, now) };
            let reason = match items.len() {
                0 => quiet,
                count => Reason::NewEntries { count },
            };
            let mut warnings = listing.warnings;
            warnings.extend(doubt.map(str::to_owned));
            let mut found = Decision { items, title: listing.title, warnings, ..Decision::quiet(reason, regular) };
            if let Some(back) = back {
                gap::note(&mut found, back, &state.address(plan.watch.address()), now);
            }
            settle(heard, &course, true, found, now)
        }
        Reply::Failed { fault, reason } => {
            // What the last good answer said of its freshness is spent; the feed's hours and days still hold.
            let habits = Habits { caching: Caching::default(), ..state.habits.clone() };
            failed(plan, state, fault, reason, regular(&habits), now)
        }
    };
    decision.host = host_key(&decision.state.address(plan.watch.address()));
    decision
}

/// The state of a source that answered.
fn heard(state: &SourceState, now: Timestamp) -> SourceState {
    SourceState { polls: state.polls + 1, failures: 0, heard_at: Some(now), gone_at: None, ..state.clone() }
}

/// What an answer says about the source's place.
fn settle(state: SourceState, course: &Course, parsed: bool, decision: Decision, now: Timestamp) -> Decision {
    let (home, kept) = state.home.answered(course.moved.as_ref(), parsed, now);
    let mut decision = Decision { state: SourceState { home, ..state }, ..decision };
    if let Some(kept) = kept {
        // They belong to the address that was asked so far.
        decision.state.validators = Validators::default();
        decision.warnings.push(format!("has moved for good and is asked at {kept} from now on"));
    }
    decision
}

/// The state stays, but for what the failure says.
fn failed(
    plan: &SourcePlan,
    state: &SourceState,
    fault: Fault,
    reason: Reason,
    regular: Timestamp,
    now: Timestamp,
) -> Decision {
    let failures = state.failures.saturating_add(1);
    let moved = state.home.moved_to.is_some();
    let home = state.home.failed(failures);
    let gone = reason == Reason::Status { status: 410 } && !moved;
    let pause = backoff::asked_for(fault, &reason, &state.address(plan.watch.address()), now);
    let next_at = backoff::after(plan, failures, now).max(regular);
    let next_at = match (&pause, fault) {
        (Some(pause), _) => next_at.max(pause.until),
        (None, Fault::Throttled { until: Some(until) }) => next_at.max(until),
        (None, _) => next_at,
    };
    let mut next = SourceState { failures, gone_at: gone.then_some(now), ..state.clone() };
    if home != state.home {
        next.validators = Validators::default();
    }
    next.home = home;
    let mut decision = Decision { state: next, pause, ..Decision::quiet(reason, next_at) };
    if gone {
        decision.warnings.push("is gone for good by its server's word (410) and is not asked any more".to_owned());
    }
    decision
}

impl Decision {
    /// The same for a source whose hub pushes: polling goes on as a safety net, four times slower, but at least every
    /// six hours, at least as often as the operator says, and never sooner than without the hub (W3C WebSub §5.3;
    /// NewsBlur).
    pub fn pushed(self, schedule: &Schedule, now: Timestamp) -> Self {
        let wait = self.next_at.duration_since(now);
        let longest = SignedDuration::from_hours(6).min(schedule.at_most().unwrap_or(SignedDuration::MAX));
        let slow = (wait * 4).min(longest).max(wait);
        Self { next_at: now.saturating_add(slow).unwrap_or(self.next_at), ..self }
    }

    /// A decision about nothing but the time.
    fn quiet(reason: Reason, next_at: Timestamp) -> Self {
        Self {
            items: Vec::new(),
            state: SourceState::default(),
            next_at,
            reason,
            title: None,
            warnings: Vec::new(),
            pause: None,
            host: None,
            health: Diagnosis::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SourceName;
    use crate::model::Wishes;
    use crate::schedule::allot::Share;
    use crate::source::Document;
    use crate::source::FirstPoll;
    use crate::source::Watch;
    use jiff::SignedDuration;
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

    pub(super) fn plan(first_poll: FirstPoll) -> SourcePlan {
        SourcePlan {
            name: SourceName::new("paper"),
            label: None,
            kind: "feed",
            watch: Arc::new(Nowhere(Url::parse("https://paper.example/feed").expect("a URL"))),
            schedule: Schedule::Every(SignedDuration::from_mins(15)),
            first_poll,
            heed: SignedDuration::from_hours(24),
            proxy: None,
            robots: true,
            render: crate::source::Render::Never,
            instead: crate::source::Instead::default(),
        }
    }

    pub(super) fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    pub(super) fn entry(id: &str, published: Option<&str>) -> Entry {
        Entry {
            id: id.into(),
            link: Some(format!("https://paper.example/{id}")),
            published: published.map(at),
            ..Entry::default()
        }
    }

    pub(super) fn listing(entries: Vec<Entry>) -> Reply {
        Reply::Listing {
            listing: Listing { entries, ..Listing::default() },
            validators: Validators::default(),
            course: Course::default(),
        }
    }

    pub(super) const NOW: &str = "2026-11-24T12:00:00Z";

    #[test]
    fn a_first_poll_never_floods() {
        let entries = vec![
            entry("fresh", Some("2026-11-24T08:00:00Z")),
            entry("old", Some("2026-11-20T08:00:00Z")),
            entry("undated", None),
        ];
        let plan = plan(FirstPoll::Within(SignedDuration::from_hours(24)));
        let decision =
            decide(&plan, &SourceState::default(), listing(entries), &HashSet::new(), Allotment::default(), at(NOW));
        let states: Vec<_> = decision.items.iter().map(|item| item.state).collect();
        assert_eq!(states, [ItemState::Waiting, ItemState::TooOld, ItemState::Baseline]);
        assert_eq!(decision.items[1].reason, Some(Reason::OlderThanFirstPoll { hours: 100 }));
        assert_eq!(decision.reason, Reason::NewEntries { count: 3 });
    }

    #[test]
    fn after_the_first_poll_age_does_not_matter() {
        let state = SourceState { polls: 1, ..SourceState::default() };
        let entries = vec![entry("late", Some("2020-01-01T00:00:00Z")), entry("undated", None)];
        let decision = decide(
            &plan(FirstPoll::Baseline),
            &state,
            listing(entries),
            &HashSet::new(),
            Allotment::default(),
            at(NOW),
        );
        assert!(decision.items.iter().all(|item| item.state == ItemState::Waiting));
    }

    #[test]
    fn known_and_repeated_entries_stay_silent() {
        let known = HashSet::from(["a".to_owned()]);
        let entries = vec![entry("a", None), entry("b", None), entry("b", None)];
        let decision = decide(
            &plan(FirstPoll::All),
            &SourceState::default(),
            listing(entries),
            &known,
            Allotment::default(),
            at(NOW),
        );
        assert_eq!(decision.items.len(), 1);
        assert_eq!(decision.items[0].entry.id, "b");
    }

    #[test]
    fn an_empty_listing_is_not_called_nothing_new() {
        let decision = decide(
            &plan(FirstPoll::All),
            &SourceState::default(),
            listing(Vec::new()),
            &HashSet::new(),
            Allotment::default(),
            at(NOW),
        );
        assert_eq!(decision.reason, Reason::NoEntries);
    }

    #[test]
    fn line_05_failures_lengthen_the_pause_and_keep_the_validators() {
        let validators = Validators { etag: Some("\"x\"".into()), last_modified: None };
        let state = SourceState { polls: 3, validators: validators.clone(), failures: 7, ..SourceState::default() };
        let failed = Reply::Failed { fault: Fault::Transient, reason: Reason::Status { status: 500 } };
        let decision = decide(&plan(FirstPoll::All), &state, failed, &HashSet::new(), Allotment::default(), at(NOW));
        assert_eq!(decision.state.failures, 8);
        assert_eq!(decision.state.validators, validators);
        assert_eq!(decision.next_at, at("2026-11-24T14:08:00Z"));
    }

    #[test]
    fn a_source_whose_hub_pushes_is_polled_slowly_all_the_same() {
        let decide = || {
            let unchanged = Reply::Unchanged { validators: Validators::default(), course: Course::default() };
            decide(
                &plan(FirstPoll::All),
                &SourceState::default(),
                unchanged,
                &HashSet::new(),
                Allotment::default(),
                at(NOW),
            )
        };
        let wait = decide().next_at.duration_since(at(NOW));
        assert_eq!(decide().pushed(&plan(FirstPoll::All).schedule, at(NOW)).next_at.duration_since(at(NOW)), wait * 4);
        let long = Decision { next_at: at("2026-11-26T12:00:00Z"), ..decide() };
        assert_eq!(long.clone().pushed(&plan(FirstPoll::All).schedule, at(NOW)).next_at, long.next_at);
    }

    #[test]
    fn no_hub_makes_a_source_wait_longer_than_the_operator_lets_it() {
        let share = |hours| Share {
            weight: 1.0,
            floor: SignedDuration::from_mins(15),
            at_most: SignedDuration::from_hours(hours),
        };
        for (wait, at_most, expected) in [(1, 3, 3), (1, 4, 4), (2, 12, 6), (2, 2, 2), (5, 3, 5)] {
            let decision = Decision::quiet(Reason::NotModified, at(NOW) + SignedDuration::from_hours(wait));
            let pushed = decision.pushed(&Schedule::Adaptive(share(at_most)), at(NOW));
            let slow = pushed.next_at.duration_since(at(NOW)).as_hours();
            assert_eq!(slow, expected, "{wait} h by its own rhythm, {at_most} h at most");
        }
    }

    #[test]
    fn line_18_the_servers_wish_for_a_pause_is_kept() {
        let until = at("2026-11-24T18:00:00Z");
        let failed =
            Reply::Failed { fault: Fault::Throttled { until: Some(until) }, reason: Reason::Status { status: 429 } };
        let decision = decide(
            &plan(FirstPoll::All),
            &SourceState::default(),
            failed,
            &HashSet::new(),
            Allotment::default(),
            at(NOW),
        );
        let wait = decision.next_at.duration_since(at(NOW));
        assert!(decision.next_at >= until && wait <= SignedDuration::from_hours(7), "{wait}");
    }

    #[test]
    fn a_304_keeps_the_validator_that_it_does_not_name() {
        let state = SourceState {
            polls: 1,
            validators: Validators { etag: Some("\"a\"".into()), last_modified: Some("Mon".into()) },
            failures: 2,
            ..SourceState::default()
        };
        let unchanged = Reply::Unchanged {
            validators: Validators { etag: Some("\"b\"".into()), last_modified: None },
            course: Course::default(),
        };
        let decision = decide(&plan(FirstPoll::All), &state, unchanged, &HashSet::new(), Allotment::default(), at(NOW));
        assert_eq!(decision.state.validators.etag.as_deref(), Some("\"b\""));
        assert_eq!(decision.state.validators.last_modified.as_deref(), Some("Mon"));
        assert_eq!(decision.state.failures, 0);
    }

    #[test]
    fn a_feed_s_wish_outlives_the_304s_that_cannot_repeat_it() {
        let wishes = Wishes { ttl: Some("120".into()), ..Wishes::default() };
        let read = Reply::Listing {
            listing: Listing { wishes, ..Listing::default() },
            validators: Validators::default(),
            course: Course::default(),
        };
        let plan = plan(FirstPoll::All);
        let unchanged = Reply::Unchanged { validators: Validators::default(), course: Course::default() };
        let mut state = SourceState::default();
        for reply in [read, unchanged] {
            let decision = decide(&plan, &state, reply, &HashSet::new(), Allotment::default(), at(NOW));
            assert_eq!(decision.next_at, at("2026-11-24T14:00:00Z"));
            state = decision.state;
        }
    }

    #[test]
    fn what_the_first_poll_lists_without_a_date_says_nothing_of_the_rhythm() {
        let per_hour = |polls| {
            let state = SourceState { polls, ..SourceState::default() };
            let entries = vec![entry("one", None), entry("two", None)];
            let plan = plan(FirstPoll::All);
            let decision = decide(&plan, &state, listing(entries), &HashSet::new(), Allotment::default(), at(NOW));
            decision.state.habits.rhythm.per_hour()
        };
        assert!(per_hour(1) > 2.0 * per_hour(0), "{} {}", per_hour(1), per_hour(0));
    }
}
