//! What is remembered of a source's own time: when it publishes, and when its server wants to be asked. Pure.

use super::allot::Share;
use super::rhythm::Rhythm;
use super::wishes;
use super::wishes::Caching;
use crate::model::listing::Wishes;
use jiff::SignedDuration;
use jiff::Timestamp;
use serde::Deserialize;
use serde::Serialize;

/// Below this no wish of a server's lowers the floor: five minutes are short for anybody's server.
const LOWEST_FLOOR: SignedDuration = SignedDuration::from_mins(5);

/// Of one source; kept with it as JSON.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Habits {
    /// When it publishes.
    pub rhythm: Rhythm,
    /// What the feed says of itself: of its last answer that was read, since a 304 has no body.
    pub wishes: Wishes,
    /// How long the last answer is fresh.
    pub caching: Caching,
}

impl Habits {
    /// `at`, put off to when the server wants to be asked. Freshness and the feed's pause put it off to `heed` from
    /// `now` at most; skipped hours and days are passed over wholly when `heed` is a day or longer, which is the default.
    /// `late` from 0 to 1 spreads those who wait for the same full hour.
    pub fn put_off(&self, at: Timestamp, now: Timestamp, heed: SignedDuration, late: f64) -> Timestamp {
        let after = |pause: SignedDuration| now.saturating_add(pause).unwrap_or(Timestamp::MAX);
        let heeded = after(self.pause(now).unwrap_or_default().min(heed));
        let at = at.max(heeded);
        let open = wishes::open(&self.wishes, at);
        if open == at {
            return at;
        }
        let spread = SignedDuration::from_secs(600).as_secs_f64() * late.clamp(0.0, 1.0);
        let open = open.saturating_add(SignedDuration::from_secs_f64(spread)).unwrap_or(open);
        if heed >= SignedDuration::from_hours(24) { open } else { open.min(after(heed)).max(at) }
    }

    /// The share of a source with these habits: its floor is lower where the server lets everybody ask more often, and
    /// higher where it wants to be left alone, so that the budget goes to those who can use it.
    pub fn share(&self, share: Share, now: Timestamp, heed: SignedDuration) -> Share {
        let mut share = share;
        if let Some(fresh) = self.caching.fresh_for(now) {
            share.floor = share.floor.min(fresh.max(LOWEST_FLOOR));
        }
        if let Some(pause) = self.pause(now) {
            let pause = pause.min(heed);
            share.floor = share.floor.max(pause);
            share.at_most = share.at_most.max(pause);
        }
        share
    }

    fn pause(&self, now: Timestamp) -> Option<SignedDuration> {
        self.caching.fresh_for(now).max(wishes::pause(&self.wishes))
    }
}

#[cfg(test)]
mod tests {
    use super::Habits;
    use crate::model::listing::Wishes;
    use crate::schedule::Question;
    use crate::schedule::Schedule;
    use crate::schedule::allot::Allotment;
    use crate::schedule::allot::Share;
    use crate::schedule::wishes::Caching;
    use jiff::SignedDuration;
    use jiff::Timestamp;
    use proptest::prelude::*;

    const DAY: SignedDuration = SignedDuration::from_hours(24);

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    fn habits(max_age: &str, ttl: &str, skip_hours: &[&str]) -> Habits {
        Habits {
            caching: Caching { cache_control: Some(format!("max-age={max_age}")), ..Caching::default() },
            wishes: Wishes {
                ttl: Some(ttl.into()),
                skip_hours: skip_hours.iter().map(|hour| (*hour).to_owned()).collect(),
                ..Wishes::default()
            },
            ..Habits::default()
        }
    }

    fn share() -> Share {
        Share { weight: 1.0, floor: SignedDuration::from_mins(15), at_most: SignedDuration::from_hours(3) }
    }

    #[test]
    fn the_longest_wish_counts_up_to_what_is_heeded() {
        let now = at("2026-03-04T10:00:00Z");
        for (max_age, ttl, skip, heed, expected) in [
            ("0", "0", &[][..], DAY, "2026-03-04T10:20:00Z"),
            ("600", "0", &[], DAY, "2026-03-04T10:20:00Z"),
            ("3600", "30", &[], DAY, "2026-03-04T11:00:00Z"),
            ("3600", "90", &[], DAY, "2026-03-04T11:30:00Z"),
            ("31536000", "0", &[], DAY, "2026-03-05T10:00:00Z"),
            ("3600", "90", &[], SignedDuration::from_mins(30), "2026-03-04T10:30:00Z"),
            ("3600", "90", &["10", "11"], SignedDuration::ZERO, "2026-03-04T10:20:00Z"),
            ("0", "0", &["10", "11"], DAY, "2026-03-04T12:00:00Z"),
            ("0", "0", &["10", "11"], SignedDuration::from_mins(30), "2026-03-04T10:30:00Z"),
        ] {
            let at_last = habits(max_age, ttl, skip).put_off(at("2026-03-04T10:20:00Z"), now, heed, 0.0);
            assert_eq!(at_last, at(expected), "{max_age} {ttl} {skip:?}");
        }
    }

    #[test]
    fn those_who_wait_for_the_same_hour_do_not_come_at_its_first_second() {
        let habits = habits("0", "0", &["10"]);
        let now = at("2026-03-04T10:00:00Z");
        assert_eq!(habits.put_off(now, now, DAY, 0.5), at("2026-03-04T11:05:00Z"));
    }

    #[test]
    fn a_short_max_age_lowers_the_floor_to_five_minutes_and_a_long_pause_raises_it() {
        let now = at("2026-03-04T10:00:00Z");
        let minutes = |max_age, ttl| {
            let share = habits(max_age, ttl, &[]).share(share(), now, DAY);
            (share.floor.as_secs() / 60, share.at_most.as_secs() / 60)
        };
        assert_eq!(minutes("0", "0"), (15, 180));
        assert_eq!(minutes("60", "0"), (5, 180));
        assert_eq!(minutes("480", "0"), (8, 180));
        assert_eq!(minutes("60", "60"), (60, 180));
        assert_eq!(minutes("60", "600"), (600, 600));
    }

    proptest! {
        #[test]
        fn no_check_is_before_the_wish_and_none_above_at_most_without_one(
            max_age in 0_i64..200_000, ttl in 0_i64..3000, second in 0_i64..1_000_000, kind in 0..3,
        ) {
            let now = Timestamp::from_second(1_790_553_600 + second).expect("a time");
            let habits = habits(&max_age.to_string(), &ttl.to_string(), &[]);
            let schedule = match kind {
                0 => Schedule::Adaptive(share()),
                1 => Schedule::Every(SignedDuration::from_mins(5)),
                _ => Schedule::cron("*/20 * * * *", "UTC").expect("a cron expression"),
            };
            let question =
                Question { name: "paper", now, habits: &habits, allotment: Allotment::default(), heed: DAY };
            let pause = schedule.next(&question).duration_since(now);
            let wish = SignedDuration::from_secs(max_age.max(ttl * 60)).min(DAY);
            prop_assert!(pause >= wish, "{pause:?} before {wish:?}");
            prop_assert!(pause <= wish.max(SignedDuration::from_hours(3)), "{pause:?} above {wish:?}");
        }
    }
}
