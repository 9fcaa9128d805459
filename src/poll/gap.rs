//! (a decision, a gap) → what is said of it, and a sooner next check. Pure.

use super::Decision;
use super::backoff;
use crate::health::gap::End;
use crate::health::gap::ReadBack;
use crate::model::TroubleKind;
use crate::schedule::Schedule;
use crate::source::SourcePlan;
use jiff::SignedDuration;
use jiff::Timestamp;
use url::Url;

/// Notes how older pages were read back: what that means to people, and to the host when it asked for a pause.
pub(super) fn note(decision: &mut Decision, back: &ReadBack, asked: &Url, now: Timestamp) {
    if back.is_whole() {
        decision.warnings.push(format!("none of its {} entries was listed before: {}", back.own, back.said()));
    }
    if let End::Failed { fault, reason } = &back.end
        && let Some(pause) = backoff::asked_for(*fault, reason, asked, now)
    {
        decision.next_at = decision.next_at.max(pause.until);
        decision.pause = Some(pause);
    }
}

impl Decision {
    /// The same after `health` was noted in it. While gaps are feared, a source whose rhythm is learned is asked within
    /// half of what its answer spans, as far as its floor, its `at_most` and its server's wishes let it; a schedule that
    /// the operator fixed stays, and the warning says which interval would do. A gap that stayed open is warned of.
    pub fn after_gap(mut self, plan: &SourcePlan, now: Timestamp) -> Self {
        let health = &self.health.health;
        let just_now = health.gap_at() == Some(now);
        let open = health.troubles().iter().find(|trouble| trouble.kind == TroubleKind::Gap && trouble.seen_at == now);
        self.warnings.extend(open.map(|trouble| trouble.reason.to_string()));
        let Some(within) = health.ask_within() else { return self };
        match &plan.schedule {
            // Failures and pauses that were asked for go before.
            Schedule::Adaptive(_) if self.state.failures > 0 || self.pause.is_some() => {}
            Schedule::Adaptive(share) => {
                let share = self.state.habits.share(*share, now, plan.heed);
                let wait = within.max(share.floor).min(share.at_most.max(share.floor));
                let soon = now.saturating_add(wait).unwrap_or(Timestamp::MAX);
                self.next_at = self.next_at.min(self.state.habits.put_off(soon, now, plan.heed, 0.0));
            }
            Schedule::Every(interval) if just_now && *interval > within => {
                self.warnings
                    .push(format!("entries pass between two polls: `every = \"{}\"` would see them", words(within)));
            }
            Schedule::Cron { .. } if just_now && self.next_at.duration_since(now) > within => {
                self.warnings
                    .push(format!("its cron times are too far apart: it would take one every {}", words(within)));
            }
            Schedule::Every(_) | Schedule::Cron { .. } => {}
        }
        self
    }
}

/// A duration as the configuration has it, rounded down.
fn words(duration: SignedDuration) -> String {
    match duration.as_secs() {
        seconds @ ..120 => format!("{}s", seconds.max(1)),
        seconds @ 120..7200 => format!("{}m", seconds / 60),
        seconds => format!("{}h", seconds / 3600),
    }
}

#[cfg(test)]
mod tests {
    use crate::health;
    use crate::health::Health;
    use crate::health::gap::End;
    use crate::health::gap::ReadBack;
    use crate::model::Entry;
    use crate::model::Fault;
    use crate::model::ItemState;
    use crate::model::Reason;
    use crate::model::SourceName;
    use crate::poll::Course;
    use crate::poll::Decision;
    use crate::poll::Reply;
    use crate::poll::SourceState;
    use crate::poll::Validators;
    use crate::poll::decide;
    use crate::poll::tests::*;
    use crate::schedule::Schedule;
    use crate::schedule::allot::Allotment;
    use crate::schedule::allot::Share;
    use crate::source::FirstPoll;
    use crate::source::Listing;
    use jiff::SignedDuration;
    use jiff::Timestamp;
    use std::collections::HashSet;

    fn minutes(count: i64) -> SignedDuration {
        SignedDuration::from_mins(count)
    }

    /// What three polls are to be like.
    struct Source {
        schedule: Schedule,
        state: SourceState,
        health: Health,
        known: HashSet<String>,
        now: Timestamp,
    }

    impl Source {
        fn new(schedule: Schedule) -> Self {
            let (state, health, known) = (SourceState::default(), Health::default(), HashSet::new());
            let mut source = Self { schedule, state, health, known, now: at(NOW) };
            source.lists(&["a", "b", "c"], Course::default());
            source.now += SignedDuration::from_hours(3);
            source
        }

        fn adaptive() -> Self {
            let at_most = SignedDuration::from_hours(3);
            Self::new(Schedule::Adaptive(Share { weight: 1.0, floor: minutes(15), at_most }))
        }

        /// Lists entries of which each is half an hour older than the one before, the first of now.
        fn lists(&mut self, ids: &[&str], course: Course) -> Decision {
            let dated = ids.iter().zip(0..);
            let entries: Vec<Entry> = dated
                .map(|(id, age)| Entry { published: Some(self.now - minutes(30 * age)), ..entry(id, None) })
                .collect();
            let listing = Listing { entries, ..Listing::default() };
            self.answers(Reply::Listing { listing, validators: Validators::default(), course })
        }

        fn answers(&mut self, reply: Reply) -> Decision {
            let plan = crate::source::SourcePlan { schedule: self.schedule.clone(), ..plan(FirstPoll::All) };
            let name = SourceName::new("paper");
            let subject = health::Subject { source: &name, label: None, host: "paper.example" };
            let seen = reply.seen(&self.known, &self.state);
            let health = health::decide(&self.health, subject, seen, None, self.now);
            let found = decide(&plan, &self.state, reply, &self.known, Allotment::default(), self.now);
            let decision = Decision { health, ..found }.after_gap(&plan, self.now);
            self.known.extend(decision.items.iter().map(|item| item.entry.id.clone()));
            (self.state, self.health) = (decision.state.clone(), decision.health.health.clone());
            decision
        }

        fn wait(&self, decision: &Decision) -> SignedDuration {
            decision.next_at.duration_since(self.now)
        }
    }

    fn back(own: usize, end: End) -> Course {
        let before = HashSet::from(["old".to_owned()]);
        Course { back: Some(ReadBack { own, pages: 1, added: 1, before, end }), ..Course::default() }
    }

    #[test]
    fn line_40_the_interval_is_half_the_window_until_a_day_went_by_without_a_gap() {
        let mut source = Source::adaptive();
        let gap = source.lists(&["d", "e", "f"], Course::default());
        assert_eq!(source.wait(&gap), minutes(30));
        source.now = gap.next_at;
        let met = source.lists(&["g", "d", "e"], Course::default());
        assert!(source.wait(&met) <= minutes(30));
        source.now += SignedDuration::from_hours(25);
        let calm = source.lists(&["h", "g", "d"], Course::default());
        assert!(source.wait(&calm) > minutes(30), "{}", source.wait(&calm));
    }

    #[test]
    fn line_40_half_the_window_is_bounded_by_the_floor_and_the_server_s_wishes() {
        let mut source = Source::adaptive();
        source.now -= SignedDuration::from_hours(2) + minutes(50);
        let soon = source.lists(&["d", "e", "f"], Course::default());
        assert_eq!(source.wait(&soon), minutes(15), "ten minutes after the last poll: half of that is below the floor");

        let mut source = Source::adaptive();
        let caching = crate::schedule::wishes::Caching {
            cache_control: Some("max-age=3000".into()),
            ..crate::schedule::wishes::Caching::default()
        };
        let fresh = source.lists(&["d", "e", "f"], Course { caching, ..Course::default() });
        assert_eq!(source.wait(&fresh), minutes(50));

        source.now = fresh.next_at;
        let failed = source.answers(Reply::Failed { fault: Fault::Transient, reason: Reason::Status { status: 500 } });
        assert!(source.wait(&failed) > minutes(30), "a failure lengthens the pause");
    }

    #[test]
    fn line_40_a_fixed_schedule_stays_and_the_interval_that_would_do_is_named() {
        let cron = Schedule::cron("0 */6 * * *", "UTC").expect("a cron expression");
        for (schedule, said) in [
            (Schedule::Every(minutes(120)), Some("`every = \"30m\"`")),
            (Schedule::Every(minutes(15)), None),
            (cron, Some("one every 30m")),
        ] {
            let mut source = Source::new(schedule.clone());
            let gap = source.lists(&["d", "e", "f"], Course::default());
            if let Schedule::Every(interval) = schedule {
                assert!(source.wait(&gap) >= interval);
            }
            let warnings = gap.warnings.join("\n");
            assert!(warnings.contains("no older pages are offered"), "{warnings}");
            assert_eq!(said.is_some(), gap.warnings.len() == 2, "{warnings}");
            assert!(said.is_none_or(|said| warnings.contains(said)), "{warnings}");
            source.now = gap.next_at;
            assert_eq!(source.lists(&["g", "d"], Course::default()).warnings, Vec::<String>::new(), "said once");
        }
    }

    #[test]
    fn line_40_entries_of_older_pages_become_items_and_those_from_before_the_gap_do_not_wait() {
        let mut source = Source::adaptive();
        let filled = source.lists(&["d", "e", "f", "g", "old"], back(3, End::Met));
        let states: Vec<_> = filled.items.iter().map(|item| item.state).collect();
        assert_eq!(states[..4], [ItemState::Waiting; 4]);
        assert_eq!((states[4], filled.items[4].reason.clone()), (ItemState::Baseline, Some(Reason::BeforeGap)));
        assert!(filled.warnings[0].ends_with("1 older page with 1 new entry was read; none is missed"));
        assert_eq!(source.wait(&filled), minutes(30), "of the newest page alone");
        assert_eq!(filled.health.health.troubles(), []);
    }

    #[test]
    fn line_40_a_429_for_an_older_page_is_a_pause_and_costs_no_entry() {
        let mut source = Source::adaptive();
        let end = End::Failed { fault: Fault::Throttled { until: None }, reason: Reason::Status { status: 429 } };
        let paused = source.lists(&["d", "e", "f"], back(3, end));
        assert_eq!(paused.items.len(), 3);
        assert!(paused.pause.is_some() && source.wait(&paused) >= minutes(60));
    }
}
