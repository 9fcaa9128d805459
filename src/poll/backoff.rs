//! (failure, now) → how long a source waits, and whether its server asked for more. Pure.

use super::service;
use super::spread;
use crate::model::Fault;
use crate::model::Reason;
use crate::source::SourcePlan;
use crate::source::host_key;
use jiff::SignedDuration;
use jiff::Timestamp;
use url::Url;

/// Longest pause after failures. It is never given up: feeds come back.
pub const LONGEST: SignedDuration = SignedDuration::from_hours(24);

/// What a 429 without a readable Retry-After means.
pub const WITHOUT_RETRY_AFTER: SignedDuration = SignedDuration::from_hours(1);

/// What waited for the end of one pause comes back within this time, or within the pause's own length when that is
/// shorter.
const RESUMPTION: SignedDuration = SignedDuration::from_hours(1);

/// A pause that a server asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pause {
    /// Who is not asked: a host key, or one that begins with a dot for a domain and all hosts below it.
    pub key: String,
    /// Until then.
    pub until: Timestamp,
    /// When it comes into force.
    pub scope: Scope,
}

/// How far a pause reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Nothing that the key names is asked (429: the caller as such is too much).
    All,
    /// The source pauses; its host does when a second source of the host pauses at the same time (503: one script may
    /// be down while the site stands).
    IfAnother,
}

/// When a source is asked again after `failures` in a row: the pause doubles from one minute to a day, and never grows
/// faster than the source's own interval doubles.
pub fn after(plan: &SourcePlan, failures: u32, now: Timestamp) -> Timestamp {
    let doubled = |first: SignedDuration| first.saturating_mul(1_i32 << failures.min(21)).min(LONGEST);
    let pause = doubled(SignedDuration::from_secs(30));
    let pause = match plan.schedule.interval() {
        // Somebody who asks every two seconds wants to know soon that the source is back.
        Some(interval) => pause.min(doubled(interval)),
        None => pause,
    };
    now.saturating_add(pause).unwrap_or(now)
}

/// What the server at `asked` wants beyond an ordinary pause. The end is put off by up to an hour, so that what waited
/// does not come back at one moment.
pub fn asked_for(fault: Fault, reason: &Reason, asked: &Url, now: Timestamp) -> Option<Pause> {
    let Fault::Throttled { until } = fault else { return None };
    let host = host_key(asked)?;
    let (key, until, scope) = match reason {
        Reason::Status { status: 429 } => {
            let until = until.unwrap_or_else(|| now.saturating_add(WITHOUT_RETRY_AFTER).unwrap_or(now));
            (service::key(&host), until, Scope::All)
        }
        _ => (host, until?, Scope::IfAnother),
    };
    let width = until.duration_since(now).min(RESUMPTION);
    let until = until.saturating_add(spread::part(width, &key, until.as_second())).unwrap_or(until);
    Some(Pause { key, until, scope })
}

#[cfg(test)]
mod tests {
    use super::Scope;
    use super::asked_for;
    use crate::model::Fault;
    use crate::model::Reason;
    use crate::poll::Reply;
    use crate::poll::SourceState;
    use crate::poll::decide;
    use crate::poll::tests::*;
    use crate::schedule::allot::Allotment;
    use crate::source::FirstPoll;
    use jiff::SignedDuration;
    use jiff::Timestamp;
    use std::collections::HashSet;
    use url::Url;

    fn pause(status: u16, until: Option<Timestamp>, url: &str) -> Option<super::Pause> {
        let url = Url::parse(url).expect(url);
        asked_for(Fault::Throttled { until }, &Reason::Status { status }, &url, at(NOW))
    }

    #[test]
    fn line_18_a_429_without_retry_after_is_an_hour_at_least() {
        let pause = pause(429, None, "https://paper.example/feed").expect("a pause");
        let wait = pause.until.duration_since(at(NOW));
        assert!(wait >= SignedDuration::from_hours(1) && wait <= SignedDuration::from_hours(2), "{wait}");
        assert_eq!(pause.scope, Scope::All);
    }

    #[test]
    fn line_19_a_429_of_one_subdomain_pauses_the_whole_service() {
        for (url, key) in [
            ("https://ana.blogs.example/rss", ".blogs.example"),
            ("https://ana.paper.co.uk:8443/rss", ".paper.co.uk:8443"),
            ("https://ana.github.io/feed", ".github.io"),
            ("http://127.0.0.1:9000/feed", "127.0.0.1:9000"),
        ] {
            assert_eq!(pause(429, None, url).expect("a pause").key, key, "{url}");
        }
    }

    #[test]
    fn line_20_a_503_pauses_its_host_only_if_another_source_pauses() {
        let until = Some(at("2026-11-24T12:10:00Z"));
        let pause = pause(503, until, "https://ana.blogs.example/rss").expect("a pause");
        assert_eq!((pause.key.as_str(), pause.scope), ("ana.blogs.example", Scope::IfAnother));
    }

    #[test]
    fn line_21_resumption_is_spread_over_an_hour_or_the_length_of_the_pause() {
        let spread = |until: Timestamp| -> Vec<SignedDuration> {
            (0..200)
                .map(|n| pause(429, Some(until), &format!("https://paper{n}.example/")).expect("a pause").until)
                .map(|end| end.duration_since(until))
                .collect()
        };
        for (until, width) in [
            ("2026-11-26T12:00:00Z", SignedDuration::from_hours(1)),
            ("2026-11-24T12:00:10Z", SignedDuration::from_secs(10)),
        ] {
            let waits = spread(at(until));
            assert!(waits.iter().all(|wait| !wait.is_negative() && *wait <= width), "never before the end");
            let early = waits.iter().filter(|wait| **wait < width / 2).count();
            assert!((50..150).contains(&early), "{early} of 200 in the first half of {width}");
        }
    }

    #[test]
    fn line_22_the_pause_grows_to_a_day_and_a_success_ends_it() {
        let mut state = SourceState { polls: 1, ..SourceState::default() };
        let mut now = at(NOW);
        let mut waits = Vec::new();
        for _ in 0..30 {
            let failed = Reply::Failed { fault: Fault::Transient, reason: Reason::Status { status: 404 } };
            let decision = decide(&plan(FirstPoll::All), &state, failed, &HashSet::new(), Allotment::default(), now);
            waits.push(decision.next_at.duration_since(now));
            (state, now) = (decision.state, decision.next_at);
        }
        assert!(waits.windows(2).all(|pair| pair[1] >= pair[0] - SignedDuration::from_mins(2)), "{waits:?}");
        assert_eq!(waits.last(), Some(&SignedDuration::from_hours(24)), "for good, and never longer");
        let decision =
            decide(&plan(FirstPoll::All), &state, listing(Vec::new()), &HashSet::new(), Allotment::default(), now);
        assert_eq!(decision.state.failures, 0);
        assert!(decision.next_at.duration_since(now) < SignedDuration::from_mins(17));
    }

    #[test]
    fn line_22_even_the_most_impatient_schedule_backs_off_to_a_day() {
        let mut often = plan(FirstPoll::All);
        often.schedule = crate::schedule::Schedule::Every(SignedDuration::from_secs(1));
        assert_eq!(super::after(&often, 1, at(NOW)), at("2026-11-24T12:00:02Z"));
        assert_eq!(super::after(&often, 40, at(NOW)), at("2026-11-25T12:00:00Z"));
    }

    #[test]
    fn line_27_a_410_ends_the_polling_but_not_at_an_address_that_was_only_moved_to() {
        let gone = || Reply::Failed { fault: Fault::Transient, reason: Reason::Status { status: 410 } };
        let decision = decide(
            &plan(FirstPoll::All),
            &SourceState::default(),
            gone(),
            &HashSet::new(),
            Allotment::default(),
            at(NOW),
        );
        assert_eq!(decision.state.gone_at, Some(at(NOW)));
        assert!(decision.warnings[0].contains("410"));
        let mut moved = SourceState { failures: 2, ..SourceState::default() };
        moved.home.moved_to = Some("https://new.example/".into());
        let decision = decide(&plan(FirstPoll::All), &moved, gone(), &HashSet::new(), Allotment::default(), at(NOW));
        assert_eq!(decision.state.gone_at, None);
        assert_eq!(decision.state.home.moved_to, None, "the configured address is asked next");
    }
}
