//! The times of a source's entries → how long it may be silent. A small statistic of its own: what is usual now, and the
//! longest pause that was seen, both slowly forgotten.

use jiff::SignedDuration;
use jiff::Timestamp;
use serde::Deserialize;
use serde::Serialize;

/// How much a new pause moves the usual one, once there are enough.
const WEIGHT: f64 = 1.0 / 16.0;
/// Fewer pauses are no history.
const FEWEST: u32 = 6;
/// A shorter history knows no weekend.
const SHORTEST_HISTORY: SignedDuration = SignedDuration::from_hours(7 * 24);
/// No silence shorter than this is spoken of.
const SHORTEST_SILENCE: f64 = 86_400.0;
/// The longest pause counts for half after this many seconds: two months.
const FORGOTTEN: f64 = 60.0 * 86_400.0;

/// When a source lists something new, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Rhythm {
    /// The usual pause, in seconds.
    usual: f64,
    /// The longest pause, in seconds, forgotten over months.
    longest: f64,
    /// How many pauses were seen.
    pauses: u32,
    /// The first entry's time.
    began: Option<Timestamp>,
    /// The last entry's time.
    last: Option<Timestamp>,
    /// When an entry was last seen to be new.
    news: Option<Timestamp>,
}

impl Rhythm {
    /// Takes the times of entries that are new. Those before the last one known say nothing.
    pub fn note(&mut self, mut times: Vec<Timestamp>) {
        times.sort_unstable();
        for time in times {
            let Some(last) = self.last else {
                self.began = Some(time);
                self.last = Some(time);
                continue;
            };
            let pause = time.duration_since(last).as_secs_f64();
            if pause < 1.0 {
                continue;
            }
            self.pauses = self.pauses.saturating_add(1);
            self.usual += (pause - self.usual) * WEIGHT.max(1.0 / f64::from(self.pauses));
            self.longest = pause.max(self.longest * 0.5_f64.powf(pause / FORGOTTEN));
            self.last = Some(time);
        }
    }

    /// Something new was listed now, whatever date it bears.
    pub fn heard(&mut self, now: Timestamp) {
        self.news = Some(now);
        self.began = self.began.or(Some(now));
        self.last = self.last.or(Some(now));
    }

    /// Since when nothing new came.
    pub fn silent_since(&self) -> Option<Timestamp> {
        self.last.max(self.news)
    }

    /// The usual pause.
    pub fn usual(&self) -> SignedDuration {
        SignedDuration::try_from_secs_f64(self.usual).unwrap_or(SignedDuration::MAX)
    }

    /// The silence that its history allows: five usual pauses, half as much again as the longest that was seen, and a
    /// day at least. `None` while there is too little history to say.
    pub fn allows(&self) -> Option<SignedDuration> {
        let history = self.last?.duration_since(self.began?);
        if self.pauses < FEWEST || history < SHORTEST_HISTORY {
            return None;
        }
        let seconds = (5.0 * self.usual).max(1.5 * self.longest).max(SHORTEST_SILENCE);
        SignedDuration::try_from_secs_f64(seconds).ok()
    }
}
