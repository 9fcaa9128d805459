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

#[cfg(test)]
mod tests {
    use super::Allotment;
    use super::Share;
    use crate::schedule::rhythm::Rhythm;
    use jiff::SignedDuration;
    use jiff::Timestamp;
    use proptest::prelude::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_790_553_600 + seconds).expect("a time")
    }

    fn share(floor: i64, at_most: i64) -> Share {
        Share { weight: 1.0, floor: SignedDuration::from_mins(floor), at_most: SignedDuration::from_mins(at_most) }
    }

    /// Two weeks of a source that publishes at one hour of each day so many items.
    fn rhythm(hour: i64, items: usize) -> Rhythm {
        let mut rhythm = Rhythm::default();
        for polled in 0..14 * 24 {
            let items = vec![at(polled * 3600); if polled % 24 == hour { items } else { 0 }];
            rhythm.observe(&items, at(polled * 3600 + 1800));
        }
        rhythm
    }

    const NOW: i64 = 14 * 86_400;

    #[test]
    fn a_new_source_starts_at_an_hour_within_its_bounds() {
        let next = |share| {
            Allotment::default().next(&Rhythm::default(), share, at(0), 1.0).duration_since(at(0)).as_secs() / 60
        };
        assert_eq!((next(share(15, 180)), next(share(90, 180)), next(share(15, 20))), (60, 90, 20));
    }

    #[test]
    fn four_times_the_weight_is_asked_twice_as_often() {
        let rhythm = rhythm(12, 4);
        let wide = share(1, 100_000);
        let next = |weight| {
            let next = Allotment { stretch: 0.05 }.next(&rhythm, Share { weight, ..wide }, at(NOW + 43_200), 1.0);
            next.duration_since(at(NOW + 43_200)).as_secs_f64()
        };
        assert!((next(1.0) / next(4.0) - 2.0).abs() < 0.2, "{} {}", next(1.0), next(4.0));
    }

    #[test]
    fn an_operator_who_asks_for_less_than_the_floor_insists() {
        let next = Allotment { stretch: 1e-6 }.next(&rhythm(12, 4), share(15, 5), at(NOW), 1.0);
        assert_eq!(next, at(NOW + 300));
    }

    #[test]
    fn the_budget_is_met_and_every_node_comes_to_the_same() {
        let rhythms: Vec<Rhythm> = (0..24).map(|hour| rhythm(hour, (hour * hour) as usize / 12)).collect();
        let claims = || rhythms.iter().map(|rhythm| (rhythm, share(15, 180)));
        for budget in [0.6, 1.0, 2.0] {
            let allotment = Allotment::among(claims(), budget, at(NOW));
            assert_eq!(allotment, Allotment::among(claims(), budget, at(NOW)));
            let mut requests = 0_u32;
            for rhythm in &rhythms {
                let mut now = at(NOW);
                while now < at(NOW + 7 * 86_400) {
                    now = allotment.next(rhythm, share(15, 180), now, 1.0);
                    requests += 1;
                }
            }
            let mean = f64::from(requests) / (24.0 * 168.0);
            assert!((mean / budget - 1.0).abs() < 0.1, "{mean} of {budget}");
        }
    }

    proptest! {
        #[test]
        fn no_check_is_outside_its_bounds(
            stretch in 1e-4_f64..1e4, hour in 0_i64..24, items in 0_usize..50, floor in 1_i64..100, more in 0_i64..2000,
            start in 0_i64..700_000, jitter in 0.9_f64..1.1, weight in 0.01_f64..100.0,
        ) {
            let share = Share { weight, ..share(floor, floor + more) };
            let now = at(NOW + start);
            let pause = Allotment { stretch }.next(&rhythm(hour, items), share, now, jitter).duration_since(now);
            prop_assert!(pause >= share.floor && pause <= share.at_most, "{pause:?} {share:?}");
        }
    }
}
