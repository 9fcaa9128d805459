//! (home, redirects of an answer, now) → where a source lives. Pure.
//!
//! A permanent redirect is followed at once and kept only when it has been the same in three polls over two days and
//! what stands there could be read: portals and broken deployments answer 301, too.

use jiff::SignedDuration;
use jiff::Timestamp;
use serde::Deserialize;
use serde::Serialize;
use url::Url;

/// Polls that must have seen the same redirect.
const POLLS: u32 = 3;

/// For this long.
const STABLE: SignedDuration = SignedDuration::from_hours(48);

/// Failures at a kept address before the configured one is asked again.
const PATIENCE: u32 = 3;

/// Where a source lives, as far as that differs from its configuration.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Home {
    /// The address that is asked instead of the configured one.
    pub moved_to: Option<String>,
    /// A permanent redirect that is not yet kept.
    pub moving: Option<Moving>,
}

/// A permanent redirect under watch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Moving {
    /// Where it points.
    pub to: String,
    /// Since when it is seen without a break.
    pub since: Timestamp,
    /// In how many polls.
    pub polls: u32,
    /// Whether what stands there was read.
    pub parsed: bool,
}

impl Home {
    /// What is asked.
    pub fn address(&self, configured: &Url) -> Url {
        self.moved_to.as_deref().and_then(|moved| Url::parse(moved).ok()).unwrap_or_else(|| configured.clone())
    }

    /// After an answer that came by the permanent redirect `moved`, if by one; with the address that is kept from now on
    /// when the redirect has proved stable. A 304 proves that the redirect stands, an answer that was `parsed` that a
    /// feed stands behind it.
    pub(super) fn answered(&self, moved: Option<&Url>, parsed: bool, now: Timestamp) -> (Self, Option<String>) {
        let Some(to) = moved.map(Url::to_string) else {
            return (Self { moving: None, ..self.clone() }, None);
        };
        let moving = match &self.moving {
            Some(before) if before.to == to => {
                Moving { polls: before.polls.saturating_add(1), parsed: before.parsed || parsed, ..before.clone() }
            }
            _ => Moving { to: to.clone(), since: now, polls: 1, parsed },
        };
        if moving.polls >= POLLS && moving.parsed && now.duration_since(moving.since) >= STABLE {
            return (Self { moved_to: Some(to.clone()), moving: None }, Some(to));
        }
        (Self { moving: Some(moving), ..self.clone() }, None)
    }

    /// After so many failures in a row. A kept address that fails again and again is left for the configured one.
    pub(super) fn failed(&self, failures: u32) -> Self {
        if failures >= PATIENCE && self.moved_to.is_some() { Self::default() } else { self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::Home;
    use super::Moving;
    use crate::model::Fault;
    use crate::model::Reason;
    use crate::poll::Course;
    use crate::poll::Reply;
    use crate::poll::SourceState;
    use crate::poll::Validators;
    use crate::poll::decide;
    use crate::poll::tests::*;
    use crate::schedule::allot::Allotment;
    use crate::source::FirstPoll;
    use crate::source::Listing;
    use jiff::SignedDuration;
    use std::collections::HashSet;
    use url::Url;

    const NEW: &str = "https://new.example/feed";

    fn by_301(to: Option<&str>) -> Reply {
        let moved = to.map(|to| Url::parse(to).expect(to));
        let validators = Validators { etag: Some("\"n\"".into()), last_modified: None };
        let listing = Listing { entries: vec![entry("a", None)], ..Listing::default() };
        Reply::Listing { listing, validators, course: Course { moved, ..Course::default() } }
    }

    /// What a source that was redirected at these hours thinks of its home.
    fn after(polls: &[(i64, Reply)]) -> SourceState {
        polls.iter().cloned().fold(SourceState { polls: 1, ..SourceState::default() }, |state, (hour, reply)| {
            let now = at(NOW) + SignedDuration::from_hours(hour);
            decide(&plan(FirstPoll::All), &state, reply, &HashSet::new(), Allotment::default(), now).state
        })
    }

    #[test]
    fn line_24_a_permanent_redirect_is_kept_after_three_polls_over_two_days() {
        let early = after(&[(0, by_301(Some(NEW))), (1, by_301(Some(NEW))), (47, by_301(Some(NEW)))]);
        assert_eq!(early.home.moved_to, None, "47 hours");
        let few = after(&[(0, by_301(Some(NEW))), (72, by_301(Some(NEW)))]);
        assert_eq!(few.home.moved_to, None, "two polls");
        let kept = after(&[(0, by_301(Some(NEW))), (1, by_301(Some(NEW))), (48, by_301(Some(NEW)))]);
        assert_eq!(kept.home, Home { moved_to: Some(NEW.into()), moving: None });
        let configured = Url::parse("https://paper.example/feed").expect("a URL");
        assert_eq!(kept.address(&configured).as_str(), NEW);
        assert_eq!(kept.validators, Validators::default(), "a new address begins without validators (line 5)");
    }

    #[test]
    fn line_24_a_redirect_that_changes_or_stops_begins_anew() {
        let other = "https://other.example/feed";
        for (what, between) in [("elsewhere", by_301(Some(other))), ("not at all", by_301(None))] {
            let state =
                after(&[(0, by_301(Some(NEW))), (1, by_301(Some(NEW))), (24, between), (50, by_301(Some(NEW)))]);
            assert_eq!(state.home.moved_to, None, "{what}");
            assert_eq!(state.home.moving.map(|moving: Moving| moving.polls), Some(1), "{what}");
        }
    }

    #[test]
    fn line_24_what_was_never_read_is_not_kept() {
        let moved = Url::parse(NEW).ok();
        let unread =
            Reply::Unchanged { validators: Validators::default(), course: Course { moved, ..Course::default() } };
        let state = after(&[(0, unread.clone()), (24, unread.clone()), (49, unread)]);
        assert_eq!(state.home.moved_to, None);
        let portal =
            Reply::Failed { fault: Fault::Transient, reason: Reason::NotAFeed { detail: "a web page".into() } };
        let state = after(&[(0, portal.clone()), (24, portal.clone()), (49, portal)]);
        assert_eq!(state.home, Home::default());
    }

    #[test]
    fn line_24_a_kept_address_that_fails_three_times_is_left_for_the_configured_one() {
        let kept = [(0, by_301(Some(NEW))), (1, by_301(Some(NEW))), (48, by_301(Some(NEW)))];
        let down = Reply::Failed { fault: Fault::Transient, reason: Reason::Status { status: 404 } };
        let mut polls = kept.to_vec();
        polls.extend([(49, down.clone()), (50, down.clone())]);
        assert_eq!(after(&polls).home.moved_to.as_deref(), Some(NEW));
        polls.push((51, down));
        assert_eq!(after(&polls).home, Home::default());
    }

    #[test]
    fn line_25_what_is_redirected_for_now_is_never_kept() {
        let state = after(&[(0, by_301(None)), (24, by_301(None)), (49, by_301(None)), (100, by_301(None))]);
        assert_eq!(state.home, Home::default());
    }
}
