//! (rhythms, weights, budget) → how the allowed requests are shared, and each source's next check. Pure.
//!
//! The mean delay of an item is least at a given number of requests when each source is asked in proportion to the
//! square root of its (weighted) rate: Sia, Cho & Cho 2007 for feeds, after Cho & Garcia-Molina 2003. With the rate of
//! the hour instead of the week's mean, a source is asked often when it publishes and seldom when it sleeps.

use super::rhythm::Rhythm;
use super::rhythm::WEEK;
use super::rhythm::hour_index;
use super::rhythm::hours_since_monday;
use jiff::SignedDuration;
use jiff::Timestamp;

/// The interval of a source that is not known yet.
pub const START: SignedDuration = SignedDuration::from_mins(60);

/// What one source may claim.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share {
    /// How much an item of it matters, against 1 for others.
    pub weight: f64,
    /// Shortest interval.
    pub floor: SignedDuration,
    /// Longest interval.
    pub at_most: SignedDuration,
}

/// How the budget is shared out: one number for all sources, so that every node that reads the same rhythms has the
/// same.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Allotment {
    /// The square root of a weighted rate (items per hour) over this is the number of requests per hour.
    stretch: f64,
}

impl Default for Allotment {
    /// One request an hour for a source of one item an hour.
    fn default() -> Self {
        Self { stretch: 1.0 }
    }
}

impl Allotment {
    /// Shares out `budget`, the mean number of requests per source and hour. Bounds come first: with the shortest
    /// intervals of all sources the budget may not be used up, with their longest it may not suffice.
    pub fn among<'a>(sources: impl IntoIterator<Item = (&'a Rhythm, Share)>, budget: f64, now: Timestamp) -> Self {
        let mut wanted = 0.0;
        let mut fixed = 0.0;
        let mut known: Vec<([f64; WEEK], Share)> = Vec::new();
        for (rhythm, share) in sources {
            wanted += budget;
            if rhythm.is_known(now) {
                known.push((roots(rhythm, share.weight), share));
            } else {
                fixed += 1.0 / hours(share.start());
            }
        }
        if known.is_empty() {
            return Self::default();
        }
        let requests = |stretch: f64| -> f64 {
            let of = |(roots, share): &([f64; WEEK], Share)| {
                let (least, most) = share.frequencies();
                roots.iter().map(|root| (root / stretch).clamp(least, most)).sum::<f64>() / WEEK as f64
            };
            fixed + known.iter().map(of).sum::<f64>()
        };
        // Requests fall as the stretch grows: halve the range (of logarithms) until it is narrower than a thousandth.
        let (mut low, mut high) = (-14.0_f64, 14.0_f64);
        for _ in 0..16 {
            let half = 0.5 * (low + high);
            if requests(half.exp()) > wanted { low = half } else { high = half }
        }
        Self { stretch: (0.5 * (low + high)).exp() }
    }

    /// When a source that was asked at `now` is to be asked again: as soon as the requests per hour that it may have
    /// add up to `share_of_one`, which is 1 but for a jitter. Never outside the share's bounds.
    pub fn next(&self, rhythm: &Rhythm, share: Share, now: Timestamp, share_of_one: f64) -> Timestamp {
        let after = |interval: SignedDuration| now.saturating_add(interval).unwrap_or(Timestamp::MAX);
        let (floor, at_most) = share.bounds();
        if !rhythm.is_known(now) {
            return after(seconds(share.start().as_secs_f64() * share_of_one).clamp(floor, at_most));
        }
        let roots = roots(rhythm, share.weight);
        let (least, most) = share.frequencies();
        let start = hours_since_monday(now);
        let (mut at, mut left) = (start, share_of_one);
        while at - start < hours(at_most) {
            let frequency = (roots[hour_index(at)] / self.stretch).clamp(least, most);
            // Not the next whole hour alone: at the very end of one, the step must not be lost to rounding.
            let step = (at.floor() + 1.0 - at).max(1e-6);
            if left <= frequency * step {
                at += left / frequency;
                break;
            }
            left -= frequency * step;
            at += step;
        }
        after(seconds((at - start) * 3600.0).clamp(floor, at_most))
    }
}

impl Share {
    /// Shortest and longest interval. An operator who asks for "at most ten minutes" insists on less than the floor.
    pub fn bounds(&self) -> (SignedDuration, SignedDuration) {
        (self.floor.min(self.at_most), self.at_most)
    }

    /// The first interval.
    fn start(&self) -> SignedDuration {
        let (floor, at_most) = self.bounds();
        START.clamp(floor, at_most)
    }

    /// Fewest and most requests per hour.
    fn frequencies(&self) -> (f64, f64) {
        let (floor, at_most) = self.bounds();
        (1.0 / hours(at_most), 1.0 / hours(floor))
    }
}

fn roots(rhythm: &Rhythm, weight: f64) -> [f64; WEEK] {
    let level = rhythm.per_hour() * weight;
    rhythm.profile().map(|share| (level * share).sqrt())
}

fn hours(duration: SignedDuration) -> f64 {
    duration.as_secs_f64().max(1.0) / 3600.0
}

fn seconds(seconds: f64) -> SignedDuration {
    SignedDuration::try_from_secs_f64(seconds).unwrap_or(SignedDuration::MAX)
}
