//! (state, answer, now) → whether the next request carries a condition, and how far the server's "not modified" is
//! believed. Pure.
//!
//! Some servers stay at 304 for good, others give the same ETag to different content. Where 304s last four times longer
//! than the feed is usually quiet, one request in eight days goes out without a condition. When it brings what was
//! there before the last 304, the validators are stuck; when it brings something new under the old ETag, they lie.
//! Either is named, and for eight days the source is asked without a condition: an alert must not wait for a cache.

use super::Course;
use super::SourceState;
use crate::model::Entry;
use jiff::SignedDuration;
use jiff::Timestamp;
use serde::Deserialize;
use serde::Serialize;
use std::collections::HashSet;

/// Between two unconditional re-checks, and how long proven bad validators are left out.
pub const RECHECK: SignedDuration = SignedDuration::from_hours(8 * 24);

/// 304s must last this many times the usual gap before they are doubted.
const DOUBT_AFTER: i32 = 4;

/// And never less than this: a feed that publishes by the minute may rest for a night.
const SOONEST_DOUBT: SignedDuration = SignedDuration::from_hours(24);

/// The usual gap between entries of a feed whose dates do not tell it.
const UNKNOWN_GAP: SignedDuration = SignedDuration::from_hours(48);

/// An entry this much older than a poll was there when the server answered it, clocks and caches included.
const SURELY_THERE: SignedDuration = SignedDuration::from_mins(10);

/// What a server gave to ask "has it changed?" with. Both are of one answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Validators {
    /// The ETag header, quotes and `W/` included.
    pub etag: Option<String>,
    /// The Last-Modified header.
    pub last_modified: Option<String>,
}

/// How a request is made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Condition {
    /// Without a condition: there is none, or it is not to be trusted.
    #[default]
    Plain,
    /// With these.
    Conditional(Validators),
    /// Without the condition that there is, to see whether 304s are true.
    Recheck,
}

/// What is known of a server's validators.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Trust {
    /// The usual time between two entries, by their dates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usual_gap: Option<SignedDuration>,
    /// The first of the 304s that have come without a break.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unchanged_since: Option<Timestamp>,
    /// The last request that left the condition out to see.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rechecked_at: Option<Timestamp>,
    /// Until when no condition is sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distrusted_until: Option<Timestamp>,
    /// What was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<ValidatorFault>,
}

/// What is wrong with a server's validators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ValidatorFault {
    /// It said "not modified" although there was something new.
    Stuck,
    /// It gave the same validators to different content.
    Lying,
}

impl ValidatorFault {
    /// A sentence about the source, without its subject.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Stuck => {
                "said \"not modified\" although something was new; it is asked without a condition for eight days"
            }
            Self::Lying => {
                "gave one ETag or Last-Modified to different content; it is asked without a condition for eight days"
            }
        }
    }
}

impl Validators {
    /// These, with what a 304 named put in their place.
    pub fn updated(&self, named: Self) -> Self {
        Self {
            etag: named.etag.or_else(|| self.etag.clone()),
            last_modified: named.last_modified.or_else(|| self.last_modified.clone()),
        }
    }

    /// Whether both answers were given the same: by the ETag where both have one, else by Last-Modified.
    fn same_as(&self, other: &Self) -> bool {
        match (&self.etag, &other.etag) {
            (Some(mine), Some(theirs)) => mine == theirs,
            (None, None) => self.last_modified.is_some() && self.last_modified == other.last_modified,
            _ => false,
        }
    }
}

impl Condition {
    /// What goes into the request.
    pub fn validators(&self) -> Option<&Validators> {
        match self {
            Self::Conditional(validators) => Some(validators),
            Self::Plain | Self::Recheck => None,
        }
    }
}

/// How sources that share one fetch are asked: with a condition only when it holds for every one of them, since a 304
/// tells nothing to one that never saw the content.
pub(super) fn condition(states: &[SourceState], now: Timestamp) -> Condition {
    let Some(first) = states.first() else { return Condition::Plain };
    let agreed = states.iter().all(|state| state.polls > 0 && state.validators == first.validators);
    if first.validators == Validators::default() || !agreed || states.iter().any(|state| state.trust.is_gone(now)) {
        return Condition::Plain;
    }
    if states.iter().any(|state| state.trust.is_in_doubt(now)) {
        return Condition::Recheck;
    }
    Condition::Conditional(first.validators.clone())
}

impl Trust {
    fn is_gone(&self, now: Timestamp) -> bool {
        self.distrusted_until.is_some_and(|until| now < until)
    }

    fn is_in_doubt(&self, now: Timestamp) -> bool {
        let Some(since) = self.unchanged_since else { return false };
        let long = self.usual_gap.unwrap_or(UNKNOWN_GAP).saturating_mul(DOUBT_AFTER).max(SOONEST_DOUBT);
        now.duration_since(since) > long && self.rechecked_at.is_none_or(|last| now.duration_since(last) >= RECHECK)
    }

    /// After a 304.
    pub(super) fn unchanged(&self, now: Timestamp) -> Self {
        Self { unchanged_since: self.unchanged_since.or(Some(now)), ..self.clone() }
    }

    /// After an answer, and what is to be said of the validators when that is new.
    pub(super) fn listed(
        &self,
        state: &SourceState,
        answered: &Validators,
        course: &Course,
        entries: &[Entry],
        known: &HashSet<String>,
        now: Timestamp,
    ) -> (Self, Option<&'static str>) {
        let fresh = || entries.iter().filter(|entry| !known.contains(&entry.id));
        let surprise = state.polls > 0 && fresh().next().is_some();
        let lies = surprise && state.validators.same_as(answered);
        let then = state.heard_at.and_then(|heard| heard.checked_sub(SURELY_THERE).ok());
        let was_there = |entry: &Entry| {
            let latest = entry.published.max(entry.updated);
            latest.zip(then).is_some_and(|(latest, then)| latest < then && self.unchanged_since.is_some())
        };
        let stuck = surprise && course.condition == Condition::Recheck && fresh().any(was_there);
        let found = match (lies, stuck) {
            (true, _) => Some(ValidatorFault::Lying),
            (false, true) => Some(ValidatorFault::Stuck),
            (false, false) => None,
        };
        // News that came under new validators, in answer to a condition, speaks for the server.
        let honest = surprise && matches!(course.condition, Condition::Conditional(_));
        let trust = Self {
            usual_gap: usual_gap(entries, now).or(self.usual_gap),
            unchanged_since: None,
            rechecked_at: self.rechecked_at,
            distrusted_until: match found {
                Some(_) => Some(now.saturating_add(RECHECK).unwrap_or(Timestamp::MAX)),
                None => self.distrusted_until.filter(|until| now < *until),
            },
            fault: if honest { found } else { found.or(self.fault) },
        };
        let said = if trust.fault == self.fault { None } else { trust.fault.map(ValidatorFault::sentence) };
        (trust, said)
    }
}

/// The mean time between the dated entries of a listing; `None` for fewer than three.
fn usual_gap(entries: &[Entry], now: Timestamp) -> Option<SignedDuration> {
    let dates = || entries.iter().filter_map(|entry| entry.published.or(entry.updated)).filter(|date| *date <= now);
    let gaps = i32::try_from(dates().count()).ok()?.checked_sub(1).filter(|gaps| *gaps >= 2)?;
    Some(dates().max()?.duration_since(dates().min()?) / gaps)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::poll::Reply;
    use crate::poll::decide;
    use crate::poll::prepare;
    use crate::poll::tests::*;
    use crate::schedule::allot::Allotment;
    use crate::source::FirstPoll;
    use crate::source::Listing;

    fn etag(text: &str) -> Validators {
        Validators { etag: Some(text.into()), last_modified: None }
    }

    /// A source that lists something every twelve hours and was heard at noon.
    fn steady() -> SourceState {
        let dates = ["2026-11-23T00:00:00Z", "2026-11-23T12:00:00Z", "2026-11-24T00:00:00Z", "2026-11-24T12:00:00Z"];
        let entries = dates.iter().map(|date| entry(date, Some(date))).collect();
        let listing = Listing { entries, ..Listing::default() };
        let reply = Reply::Listing { listing, validators: etag("\"a\""), course: Course::default() };
        let state = SourceState { polls: 1, ..SourceState::default() };
        decide(&plan(FirstPoll::All), &state, reply, &HashSet::new(), Allotment::default(), at(NOW)).state
    }

    /// Polls every half hour for `days`, always 304 to a condition; returns when it was asked without one.
    fn weeks_of_304(mut state: SourceState, days: i64) -> (SourceState, Vec<Timestamp>) {
        let mut plain = Vec::new();
        let mut now = at(NOW);
        for _ in 0..days * 48 {
            now += SignedDuration::from_mins(30);
            let mut states = [state.clone()];
            let condition = prepare(&mut states, now);
            let [prepared] = states;
            let reply = if condition.validators().is_some() {
                Reply::Unchanged {
                    validators: Validators::default(),
                    course: Course { condition, ..Course::default() },
                }
            } else {
                plain.push(now);
                let listing = Listing { entries: vec![entry("2026-11-24T12:00:00Z", None)], ..Listing::default() };
                Reply::Listing { listing, validators: etag("\"a\""), course: Course { condition, ..Course::default() } }
            };
            let known = HashSet::from(["2026-11-24T12:00:00Z".to_owned()]);
            state = decide(&plan(FirstPoll::All), &prepared, reply, &known, Allotment::default(), now).state;
        }
        (state, plain)
    }

    #[test]
    fn line_07_a_quiet_feed_is_rechecked_once_in_eight_days_at_most() {
        assert_eq!(steady().trust.usual_gap, Some(SignedDuration::from_hours(12)));
        let (state, plain) = weeks_of_304(steady(), 60);
        assert!(plain[0].duration_since(at(NOW)) > SignedDuration::from_hours(48), "4 × 12 h: {}", plain[0]);
        assert!(plain[0].duration_since(at(NOW)) < SignedDuration::from_hours(50), "{}", plain[0]);
        assert!(plain.windows(2).all(|pair| pair[1].duration_since(pair[0]) >= RECHECK), "{plain:?}");
        assert_eq!(plain.len(), 8, "in 60 days: {plain:?}");
        assert_eq!(state.trust.fault, None, "a server that told the truth is not accused");
    }

    #[test]
    fn line_07_304s_within_four_usual_gaps_are_believed() {
        let (_, plain) = weeks_of_304(steady(), 2);
        assert_eq!(plain, []);
    }

    #[test]
    fn line_07_a_feed_that_publishes_by_the_minute_may_rest_for_a_night() {
        let mut state = steady();
        state.trust.usual_gap = Some(SignedDuration::from_mins(1));
        state.trust.unchanged_since = Some(at(NOW));
        let asked = |hours: i64| prepare(&mut [state.clone()], at(NOW) + SignedDuration::from_hours(hours));
        assert!(matches!(asked(12), Condition::Conditional(_)));
        assert_eq!(asked(25), Condition::Recheck);
    }

    #[test]
    fn line_07_a_recheck_that_fails_counts() {
        let mut state = steady();
        state.trust.unchanged_since = Some(at(NOW));
        let mut states = [state];
        let now = at("2026-12-01T12:00:00Z");
        assert_eq!(prepare(&mut states, now), Condition::Recheck);
        let [prepared] = states;
        let failed = Reply::Failed {
            fault: crate::model::Fault::Transient,
            reason: crate::model::Reason::Status { status: 500 },
        };
        let state = decide(&plan(FirstPoll::All), &prepared, failed, &HashSet::new(), Allotment::default(), now).state;
        let later = at("2026-12-03T12:00:00Z");
        assert!(matches!(prepare(&mut [state], later), Condition::Conditional(_)));
    }

    fn answer_to_recheck(validators: Validators, news: &str) -> SourceState {
        let mut state = steady();
        state.trust.unchanged_since = Some(at("2026-11-24T12:30:00Z"));
        state.heard_at = Some(at("2026-12-01T11:30:00Z"));
        let now = at("2026-12-01T12:00:00Z");
        let mut states = [state];
        let condition = prepare(&mut states, now);
        assert_eq!(condition, Condition::Recheck);
        let [prepared] = states;
        let listing = Listing { entries: vec![entry("news", Some(news))], ..Listing::default() };
        let reply = Reply::Listing { listing, validators, course: Course { condition, ..Course::default() } };
        decide(&plan(FirstPoll::All), &prepared, reply, &HashSet::new(), Allotment::default(), now).state
    }

    #[test]
    fn line_07_a_server_stuck_at_304_is_named_and_not_believed_for_eight_days() {
        let state = answer_to_recheck(etag("\"b\""), "2026-11-29T00:00:00Z");
        assert_eq!(state.trust.fault, Some(ValidatorFault::Stuck));
        assert_eq!(condition(std::slice::from_ref(&state), at("2026-12-09T11:00:00Z")), Condition::Plain);
        let again = condition(&[state], at("2026-12-09T13:00:00Z"));
        assert_eq!(again, Condition::Conditional(etag("\"b\"")), "it gets another chance");
    }

    #[test]
    fn line_07_news_of_the_last_minutes_accuse_nobody() {
        let state = answer_to_recheck(etag("\"b\""), "2026-12-01T11:55:00Z");
        assert_eq!(state.trust.fault, None);
    }

    #[test]
    fn line_07_one_etag_for_different_content_is_a_lie_and_named() {
        let state = answer_to_recheck(etag("\"a\""), "2026-12-01T11:55:00Z");
        assert_eq!(state.trust.fault, Some(ValidatorFault::Lying));
        assert_eq!(condition(&[state], at("2026-12-02T12:00:00Z")), Condition::Plain);
    }

    #[test]
    fn line_16_a_shared_fetch_has_a_condition_only_when_it_holds_for_all() {
        let old = steady();
        let conditional = Condition::Conditional(etag("\"a\""));
        assert_eq!(condition(&[old.clone(), old.clone()], at(NOW)), conditional);
        assert_eq!(condition(&[old.clone(), SourceState::default()], at(NOW)), Condition::Plain);
        let other = SourceState { validators: etag("\"x\""), ..old.clone() };
        assert_eq!(condition(&[old, other], at(NOW)), Condition::Plain);
    }
}
