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
