//! (plan, what is remembered, now) → when a source may be asked because somebody wishes it, and what forbids it sooner.
//! Pure.
//!
//! A wish makes a source due sooner and nothing else: the shortest interval, what its server wishes and the pauses that
//! servers asked for hold as for every poll (FRB030, 070). Only the pause that failures make is passed over: whoever
//! asks may just have mended what failed.

use crate::model::Reason;
use crate::schedule::allot::Share;
use crate::schedule::habits::Habits;
use crate::schedule::wishes::Caching;
use crate::source::SourcePlan;
use jiff::SignedDuration;
use jiff::Timestamp;
use serde::Serialize;

/// How a source stands for whoever wishes it polled.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// When it was last asked, or a source that shares its fetch was.
    pub asked_at: Option<Timestamp>,
    /// Whether it is being asked at this moment, by itself or with another.
    pub is_asked: bool,
    /// When it is due.
    pub next_at: Timestamp,
    /// When the pause ends that its server asked for, and whom it holds for: a host or, with a dot in front, a domain.
    pub pause: Option<(String, Timestamp)>,
    /// When it answered 410.
    pub gone_at: Option<Timestamp>,
    /// Failures since the last success.
    pub failures: u32,
    /// When it was last heard.
    pub heard_at: Option<Timestamp>,
    /// What its last poll came to.
    pub reason: Option<Reason>,
    /// What is known of its own time.
    pub habits: Habits,
    /// Grows with each claim: a wish that was decided before one is no longer right behind it.
    pub fence: i64,
}

/// What keeps a source from being asked at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "why")]
pub enum Hold {
    /// It was asked a short while ago.
    Floor {
        /// The shortest interval, in seconds.
        seconds: i64,
    },
    /// Its server called its last answer good for so long, or wishes not to be asked at this hour.
    Wish,
    /// Its server asked for a pause.
    Pause {
        /// Who is not asked: a host or, with a dot in front, a domain and all hosts below it.
        key: String,
    },
}

/// When a source may be asked, and what forbids it sooner.
#[derive(Clone, Debug, PartialEq)]
pub struct Turn {
    /// The time, `now` or later.
    pub at: Timestamp,
    /// What holds it until then; `None` for at once.
    pub hold: Option<Hold>,
}

/// The earliest time at which politeness lets a source be asked. The longest hold is the one that is named.
pub fn earliest(plan: &SourcePlan, standing: &Standing, now: Timestamp) -> Turn {
    let mut turn = Turn { at: now, hold: None };
    let mut put_off = |at: Timestamp, hold: Hold| {
        if at > turn.at {
            turn = Turn { at, hold: Some(hold) };
        }
    };
    if let Some(asked_at) = standing.asked_at.map(|asked_at| asked_at.min(now)) {
        // What the last good answer said of its freshness is spent by a failure.
        let caching = if standing.failures == 0 { standing.habits.caching.clone() } else { Caching::default() };
        let habits = Habits { caching, ..standing.habits.clone() };
        let (floor, at_most) = (plan.schedule.floor(), SignedDuration::MAX);
        // The server's wish for more is the next hold; here it counts where it allows less.
        let floor = floor.min(habits.share(Share { weight: 1.0, floor, at_most }, asked_at, plan.heed).floor);
        let free = asked_at.saturating_add(floor).unwrap_or(Timestamp::MAX);
        put_off(free, Hold::Floor { seconds: floor.as_secs() });
        put_off(habits.put_off(free.max(now), asked_at, plan.heed, 0.0), Hold::Wish);
    }
    if let Some((key, until)) = &standing.pause {
        put_off(*until, Hold::Pause { key: key.clone() });
    }
    turn
}

#[cfg(test)]
mod tests {
    use super::Hold;
    use super::Standing;
    use super::earliest;
    use crate::poll::tests::*;
    use crate::schedule::Schedule;
    use crate::schedule::habits::Habits;
    use crate::schedule::wishes::Caching;
    use crate::source::FirstPoll;
    use crate::source::SourcePlan;
    use jiff::SignedDuration;
    use jiff::Timestamp;

    fn hourly() -> SourcePlan {
        SourcePlan { schedule: Schedule::Every(SignedDuration::from_hours(1)), ..plan(FirstPoll::All) }
    }

    fn ago(minutes: i64) -> Timestamp {
        at(NOW) - SignedDuration::from_mins(minutes)
    }

    fn standing(asked: Option<i64>) -> Standing {
        Standing {
            asked_at: asked.map(ago),
            is_asked: false,
            next_at: ago(-30),
            pause: None,
            gone_at: None,
            failures: 0,
            heard_at: asked.map(ago),
            reason: None,
            habits: Habits::default(),
            fence: 1,
        }
    }

    fn with_max_age(seconds: u32) -> Habits {
        let cache_control = Some(format!("max-age={seconds}"));
        Habits { caching: Caching { cache_control, ..Caching::default() }, ..Habits::default() }
    }

    /// Minutes from now, and the hold.
    fn of(standing: &Standing) -> (i64, Option<Hold>) {
        let turn = earliest(&hourly(), standing, at(NOW));
        (turn.at.duration_since(at(NOW)).as_mins(), turn.hold)
    }

    #[test]
    fn line_16_a_wish_is_granted_at_once_but_not_within_the_floor() {
        let floor = Some(Hold::Floor { seconds: 900 });
        assert_eq!(of(&standing(None)), (0, None));
        assert_eq!(of(&standing(Some(15))), (0, None));
        assert_eq!(of(&standing(Some(14))), (1, floor.clone()));
        assert_eq!(of(&standing(Some(-5))), (15, floor), "a clock that was ahead makes it no later");
        let often = SourcePlan { schedule: Schedule::Every(SignedDuration::from_mins(2)), ..plan(FirstPoll::All) };
        assert_eq!(earliest(&often, &standing(Some(1)), at(NOW)).at, ago(-1), "the operator insists on less");
    }

    #[test]
    fn line_16_what_the_server_said_of_its_answer_holds_for_a_wish_too() {
        let fresh = |seconds, failures| Standing { habits: with_max_age(seconds), failures, ..standing(Some(20)) };
        assert_eq!(of(&fresh(3600, 0)), (40, Some(Hold::Wish)));
        assert_eq!(of(&fresh(3600, 1)), (0, None), "a failure spends it");
        let stale_soon = Standing { habits: with_max_age(60), ..standing(Some(4)) };
        assert_eq!(of(&stale_soon), (1, Some(Hold::Floor { seconds: 300 })), "who allows more gets more");
    }

    #[test]
    fn line_16_no_wish_ends_a_pause_that_a_server_asked_for() {
        let key = || ".paper.example".to_owned();
        let pausing = Standing { pause: Some((key(), ago(-600))), ..standing(Some(1)) };
        assert_eq!(of(&pausing), (600, Some(Hold::Pause { key: key() })));
        let over = Standing { pause: Some((key(), ago(1))), ..standing(None) };
        assert_eq!(of(&over), (0, None));
    }
}
