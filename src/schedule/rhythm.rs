//! (new items of each poll, now) → how often a source publishes, and at which hours of the week. Pure, learned online.
//!
//! Two exponentially forgetting counts give the level (a long memory, corrected by a short one), and a count per hour of
//! the week (UTC) gives the shape, shrunk to the hour of the day and to evenness while little is known (the estimate of
//! Sia, Cho & Cho 2007, made robust). A burst counts for little until it comes back at the same hour.

use jiff::SignedDuration;
use jiff::Timestamp;
use serde::Deserialize;
use serde::Serialize;

/// Hours of a week.
pub const WEEK: usize = 168;

/// After so many days half of the long memory is forgotten.
const LONG_HALF_LIFE: f64 = 28.0;

/// After so many days half of the short memory is forgotten.
const SHORT_HALF_LIFE: f64 = 2.0;

/// The prior of a source of which nothing is known: so many items …
const PRIOR_ITEMS: f64 = 0.5;

/// … in so many days.
const PRIOR_DAYS: f64 = 1.0;

/// So many days of the long level stand beside the short memory.
const SHORT_PRIOR_DAYS: f64 = 2.0;

/// An hour's items count in full up to this number, and above it up to as many times what was expected of the hour.
const BURST: f64 = 4.0;

/// Silence longer than this is ours, not the source's: it was not asked.
const UNHEARD: SignedDuration = SignedDuration::from_hours(48);

/// How far back the first listing tells of the rhythm.
const FIRST_LOOK: SignedDuration = SignedDuration::from_hours(28 * 24);

/// When a source publishes, as far as it was watched. Less than 2 kB of JSON.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Rhythm {
    /// When it was first heard.
    since: Option<Timestamp>,
    /// Up to when its items are known.
    until: Option<Timestamp>,
    /// The day (since 1970) up to which memory has faded.
    faded: i64,
    /// Days of the long memory.
    #[serde(serialize_with = "rounded")]
    days: f64,
    /// Days of the short memory.
    #[serde(serialize_with = "rounded")]
    late_days: f64,
    /// Items of the short memory.
    #[serde(serialize_with = "rounded")]
    late_items: f64,
    /// Items of the long memory, by the hour of the week, Monday 00:00 UTC first; empty before the first item.
    #[serde(serialize_with = "all_rounded", skip_serializing_if = "Vec::is_empty")]
    hours: Vec<f64>,
}

impl Rhythm {
    /// Learns from one answer: the times of all its items that were never listed before, `now` for one without a date.
    /// An answer without such items teaches as much. The first answer tells of the weeks before it, too.
    pub fn observe(&mut self, items: &[Timestamp], now: Timestamp) {
        let from = match self.until {
            Some(until) => until.max(back(now, UNHEARD)),
            None => {
                let earliest = back(now, FIRST_LOOK);
                items.iter().copied().filter(|time| (earliest..now).contains(time)).min().unwrap_or(now)
            }
        };
        let first = self.until.is_none();
        self.since = self.since.or(Some(now));
        self.until = Some(self.until.map_or(now, |until| until.max(now)));
        if now < from {
            // The clock was set back: nothing is learned until it is where it was.
            return;
        }
        if first {
            self.faded = day(now);
        }
        self.fade(now);
        let mut times: Vec<Timestamp> = items
            .iter()
            .filter(|time| !first || **time >= from)
            .map(|time| if (from..=now).contains(time) { *time } else { middle(from, now) })
            .collect();
        times.sort_unstable();
        let mut hours = times.chunk_by(|one, other| hour(*one) == hour(*other)).peekable();
        if hours.peek().is_some() && self.hours.len() != WEEK {
            self.hours = vec![0.0; WEEK];
        }
        let profile = self.profile();
        let level = self.per_hour();
        for together in hours {
            let cell = hour(together[0]).rem_euclid(WEEK as i64) as usize;
            let counted = count(together.len()).min(BURST * (1.0 + level * profile[cell]));
            self.hours[cell] += counted;
            if now.duration_since(together[0]) < SignedDuration::from_hours(7 * 24) {
                self.late_items += counted;
            }
        }
        let days = now.duration_since(from).as_secs_f64() / 86_400.0;
        self.days += days;
        self.late_days += days.min(7.0);
    }

    /// Whether it was watched for a day: before, it says little.
    pub fn is_known(&self, now: Timestamp) -> bool {
        self.since.is_some_and(|since| now.duration_since(since) >= SignedDuration::from_hours(24))
    }

    /// Items per hour, over a whole week.
    pub fn per_hour(&self) -> f64 {
        let long = (self.hours.iter().sum::<f64>() + PRIOR_ITEMS) / (self.days + PRIOR_DAYS);
        let late = (self.late_items + SHORT_PRIOR_DAYS * long) / (self.late_days + SHORT_PRIOR_DAYS);
        0.5 * (long + late) / 24.0
    }

    /// What each hour of the week has of it, Monday 00:00 UTC first; 1 on average.
    pub fn profile(&self) -> [f64; WEEK] {
        let total: f64 = self.hours.iter().sum();
        if total <= 0.0 || self.hours.len() != WEEK {
            return [1.0; WEEK];
        }
        let smooth = |hours: usize, at: &dyn Fn(usize) -> f64, index: usize| {
            0.25 * at((index + hours - 1) % hours) + 0.5 * at(index) + 0.25 * at((index + 1) % hours)
        };
        let mut of_day = [0.0; 24];
        for (index, items) in self.hours.iter().enumerate() {
            of_day[index % 24] += items;
        }
        // An item in each hour of the day stands against what was counted, and two of these against an hour of the week.
        let even = total / 24.0;
        let daily: [f64; 24] =
            std::array::from_fn(|index| (smooth(24, &|hour| of_day[hour], index) + 1.0) / (even + 1.0));
        let weight = 2.0;
        let mean = total / WEEK as f64;
        // Before three weeks were seen, a weekday may be bare by chance.
        let trust = (self.days / 21.0).min(1.0);
        let mut profile: [f64; WEEK] = std::array::from_fn(|index| {
            let weekly = smooth(WEEK, &|hour| self.hours[hour], index);
            let shrunk = (weekly + weight * daily[index % 24]) / (mean + weight);
            (trust * shrunk + (1.0 - trust) * daily[index % 24]).max(0.02)
        });
        let scale = WEEK as f64 / profile.iter().sum::<f64>();
        profile.iter_mut().for_each(|share| *share *= scale);
        profile
    }

    /// How many items are to be expected between two times.
    pub fn expected(&self, from: Timestamp, to: Timestamp) -> f64 {
        if to <= from {
            return 0.0;
        }
        let profile = self.profile();
        let level = self.per_hour();
        let (start, end) = (hours_since_monday(from), hours_since_monday(to));
        let weeks = ((end - start) / WEEK as f64).floor();
        let mut sum = weeks * WEEK as f64;
        let mut at = start + weeks * WEEK as f64;
        while at < end {
            let next = (at.floor() + 1.0).min(end);
            sum += (next - at) * profile[hour_index(at)];
            at = next;
        }
        sum * level
    }

    /// Lets memory fade, by whole days, so that rounding on the disk never keeps anything alive.
    fn fade(&mut self, now: Timestamp) {
        let today = day(now);
        let days = today - self.faded;
        if days <= 0 {
            return;
        }
        self.faded = today;
        #[expect(clippy::cast_precision_loss, reason = "days since 1970 are few")]
        let days = days as f64;
        let (long, short) = ((-days / LONG_HALF_LIFE).exp2(), (-days / SHORT_HALF_LIFE).exp2());
        self.days *= long;
        self.hours.iter_mut().for_each(|items| *items *= long);
        self.late_days *= short;
        self.late_items *= short;
    }
}

/// Hours since Monday, 5 January 1970, 00:00 UTC, with their fraction.
pub(super) fn hours_since_monday(time: Timestamp) -> f64 {
    time.duration_since(Timestamp::UNIX_EPOCH).as_secs_f64() / 3600.0 - 96.0
}

/// The place in a [`Rhythm::profile`] of a time in [`hours_since_monday`].
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 167")]
pub(super) fn hour_index(hours: f64) -> usize {
    (hours.floor().rem_euclid(WEEK as f64) as usize).min(WEEK - 1)
}

/// The hour, counted from a Monday.
fn hour(time: Timestamp) -> i64 {
    time.as_second().div_euclid(3600) - 96
}

fn day(time: Timestamp) -> i64 {
    time.as_second().div_euclid(86_400)
}

fn back(time: Timestamp, by: SignedDuration) -> Timestamp {
    time.saturating_sub(by).unwrap_or(Timestamp::MIN)
}

fn middle(from: Timestamp, to: Timestamp) -> Timestamp {
    from.saturating_add(to.duration_since(from) / 2).unwrap_or(to)
}

fn count(number: usize) -> f64 {
    u32::try_from(number).unwrap_or(u32::MAX).into()
}

/// Three digits are more than an estimate holds.
fn three_digits(number: f64) -> f64 {
    let scale = match number {
        number if number >= 100.0 => 1.0,
        number if number >= 10.0 => 10.0,
        number if number >= 1.0 => 100.0,
        _ => 1000.0,
    };
    (number * scale).round() / scale
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn rounded<S: serde::Serializer>(number: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64((number * 1e6).round() / 1e6)
}

fn all_rounded<S: serde::Serializer>(numbers: &[f64], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(numbers.iter().map(|number| three_digits(*number)))
}
#[cfg(test)]
mod tests {
    use super::Rhythm;
    use jiff::Timestamp;
    use proptest::prelude::*;

    /// Hours after a Monday, 00:00 UTC.
    fn at(hours: f64) -> Timestamp {
        Timestamp::from_millisecond(1_790_553_600_000 + (hours * 3_600_000.0) as i64).expect("a time")
    }

    /// Polled every hour for some days, of a source that publishes so many items in each hour.
    fn polled(days: usize, items: impl Fn(usize) -> usize) -> Rhythm {
        let mut rhythm = Rhythm::default();
        rhythm.observe(&[], at(0.0));
        for hour in 0..days * 24 {
            let time = at(hour as f64 + 0.5);
            rhythm.observe(&vec![time; items(hour)], at(hour as f64 + 1.0));
        }
        rhythm
    }

    #[test]
    fn a_steady_rate_is_learned() {
        let rhythm = polled(28, |_| 3);
        assert!((rhythm.per_hour() - 3.0).abs() < 0.3, "{}", rhythm.per_hour());
        let expected = rhythm.expected(at(672.25), at(672.25 + 168.0));
        assert!((expected / rhythm.per_hour() - 168.0).abs() < 0.01, "{expected}");
    }

    #[test]
    fn the_hours_and_days_of_publishing_are_learned() {
        // From 8 to 17 on working days.
        let rhythm = polled(42, |hour| usize::from((8..17).contains(&(hour % 24)) && hour / 24 % 7 < 5) * 2);
        let at_noon = |day: f64| rhythm.expected(at(1008.0 + day * 24.0 + 12.0), at(1008.0 + day * 24.0 + 13.0));
        let at_night = rhythm.expected(at(1008.0 + 2.0), at(1008.0 + 3.0));
        assert!(at_noon(1.0) > 8.0 * at_night, "{} {at_night}", at_noon(1.0));
        assert!(at_noon(1.0) > 2.0 * at_noon(5.0), "{} {}", at_noon(1.0), at_noon(5.0));
    }

    #[test]
    fn one_burst_does_not_make_a_busy_source() {
        let quiet = polled(28, |hour| usize::from(hour % 24 == 12));
        let mut burst = quiet.clone();
        burst.observe(&vec![at(672.5); 500], at(673.0));
        assert!(burst.per_hour() < 3.0 * quiet.per_hour(), "{} {}", burst.per_hour(), quiet.per_hour());
    }

    #[test]
    fn a_long_silence_makes_a_source_slow_but_never_forgotten() {
        let rhythm = polled(28 + 90, |hour| usize::from(hour < 28 * 24));
        assert!(rhythm.per_hour() < 0.1 && rhythm.per_hour() > 0.0, "{}", rhythm.per_hour());
        let mut again = rhythm.clone();
        for hour in 2832..2832 + 48 {
            again.observe(&[at(f64::from(hour) + 0.5)], at(f64::from(hour) + 1.0));
        }
        assert!(again.per_hour() > 4.0 * rhythm.per_hour(), "{} {}", again.per_hour(), rhythm.per_hour());
    }

    #[test]
    fn a_time_in_which_nobody_asked_is_not_taken_for_silence() {
        let mut rhythm = polled(28, |_| 1);
        let before = rhythm.per_hour();
        rhythm.observe(&[], at(672.0 + 30.0 * 24.0));
        assert!(rhythm.per_hour() > 0.5 * before, "{} {before}", rhythm.per_hour());
    }

    #[test]
    fn the_first_answer_tells_of_the_weeks_before_it() {
        let dated: Vec<Timestamp> = (0..20).map(|day| at(f64::from(day) * 12.0)).collect();
        let mut rhythm = Rhythm::default();
        rhythm.observe(&dated, at(240.0));
        assert!((rhythm.per_hour() * 24.0 - 2.0).abs() < 0.4, "{}", rhythm.per_hour() * 24.0);
        assert!(!rhythm.is_known(at(241.0)) && rhythm.is_known(at(264.0)));
    }

    #[test]
    fn it_is_small_and_survives_the_disk() {
        let rhythm = polled(60, |hour| hour % 41);
        let json = serde_json::to_string(&rhythm).expect("JSON");
        assert!(json.len() < 2000, "{} bytes", json.len());
        let back: Rhythm = serde_json::from_str(&json).expect("it reads back");
        assert!((back.per_hour() / rhythm.per_hour() - 1.0).abs() < 0.01);
    }

    #[test]
    fn rounding_on_the_disk_keeps_nothing_alive() {
        let mut rhythm = polled(28, |_| 1);
        let before = rhythm.per_hour();
        for hour in 672..672 + 90 * 24 {
            rhythm.observe(&[], at(f64::from(hour) + 1.0));
            rhythm = serde_json::from_str(&serde_json::to_string(&rhythm).expect("JSON")).expect("it reads back");
        }
        assert!(rhythm.per_hour() < 0.12 * before, "{} {before}", rhythm.per_hour());
    }

    proptest! {
        #[test]
        fn no_history_breaks_it(polls in proptest::collection::vec(
            (-1e6_f64..1e6, proptest::collection::vec(-1e6_f64..1e6, 0..9)), 0..40,
        )) {
            let mut rhythm = Rhythm::default();
            for (now, items) in polls {
                let items: Vec<Timestamp> = items.into_iter().map(at).collect();
                rhythm.observe(&items, at(now));
                prop_assert!(rhythm.per_hour().is_finite() && rhythm.per_hour() > 0.0);
                let profile = rhythm.profile();
                prop_assert!(profile.iter().all(|share| share.is_finite() && *share > 0.0));
                prop_assert!((profile.iter().sum::<f64>() - 168.0).abs() < 1e-6);
            }
        }
    }
}
