//! (policy, history, reply, now) → next check. Pure; the only place that says when a source is asked again.

use allot::Allotment;
use allot::Share;
use croner::Cron;
use croner::errors::CronError;
use croner::parser::CronParser;
use croner::parser::Seconds;
use croner::parser::Year;
use habits::Habits;
use jiff::SignedDuration;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::fmt;

pub mod allot;
pub mod habits;
pub mod retry_after;
pub mod rhythm;
pub mod wishes;

/// The floor where the operator set none.
const FLOOR: SignedDuration = SignedDuration::from_mins(15);

/// When a source is asked.
#[derive(Clone, Debug)]
pub enum Schedule {
    /// At this interval.
    Every(SignedDuration),
    /// At the times of a cron expression, in a time zone.
    Cron {
        /// The expression.
        cron: Box<Cron>,
        /// The zone that its fields are in.
        zone: TimeZone,
    },
    /// As the source's own rhythm and the budget say.
    Adaptive(Share),
}

/// What a schedule is asked with.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The source's name: sources that are asked together drift apart.
    pub name: &'a str,
    /// When it was asked.
    pub now: Timestamp,
    /// What is remembered of it.
    pub habits: &'a Habits,
    /// How the budget is shared out.
    pub allotment: Allotment,
    /// How far the server's own wishes may put off a check.
    pub heed: SignedDuration,
}

impl Schedule {
    /// When a source that answered at `now` is asked again: never before the server wishes.
    pub fn next(&self, question: &Question<'_>) -> Timestamp {
        let Question { name, now, habits, heed, .. } = *question;
        let late = f64::from(spread(name, !now.as_second())) / f64::from(u32::MAX);
        habits.put_off(self.own(question), now, heed, late)
    }

    /// When a source that was asked at `now` is asked again, whatever its server wishes. A fixed interval is lengthened
    /// by up to a tenth, different for each name and time, so that sources drift apart; it is never shortened. An
    /// interval that was learned is lengthened or shortened by up to a tenth within its bounds. Cron times are kept to
    /// the second.
    pub fn own(&self, question: &Question<'_>) -> Timestamp {
        let Question { name, now, habits, allotment, heed } = *question;
        match self {
            Self::Adaptive(share) => {
                let jitter = 0.9 + 0.2 * f64::from(spread(name, now.as_second())) / f64::from(u32::MAX);
                allotment.next(&habits.rhythm, habits.share(*share, now, heed), now, jitter)
            }
            Self::Every(interval) => {
                let seed = spread(name, now.as_second());
                now.saturating_add(*interval + fraction(*interval, seed, 10)).unwrap_or(Timestamp::MAX)
            }
            Self::Cron { cron, zone } => occurrence(cron, zone, now),
        }
    }

    /// When a source that was never asked is first due. Many new sources are spread out, 50 ms apart on average.
    pub fn first(&self, now: Timestamp, name: &str, sources: usize) -> Timestamp {
        let interval = match self {
            Self::Every(interval) => *interval,
            Self::Adaptive(_) => allot::START,
            Self::Cron { cron, zone } => return occurrence(cron, zone, now),
        };
        let width = SignedDuration::from_millis(50 * i64::try_from(sources).unwrap_or(i64::MAX / 50)).min(interval);
        now.saturating_add(fraction(width, spread(name, 0), 1)).unwrap_or(now)
    }

    /// The shortest time between two requests, whoever wishes the second: a quarter of an hour, unless the operator
    /// chose another floor or a shorter interval (checklist of docs/polling.md, line 12).
    pub fn floor(&self) -> SignedDuration {
        match self {
            Self::Every(interval) => FLOOR.min(*interval),
            Self::Cron { .. } => FLOOR,
            Self::Adaptive(share) => share.bounds().0,
        }
    }

    /// The longest time between two checks, where the operator set one.
    pub fn at_most(&self) -> Option<SignedDuration> {
        match self {
            Self::Adaptive(share) => Some(share.at_most),
            Self::Every(_) | Self::Cron { .. } => None,
        }
    }

    /// The interval, where it is a fixed one.
    pub fn interval(&self) -> Option<SignedDuration> {
        match self {
            Self::Every(interval) => Some(*interval),
            Self::Cron { .. } | Self::Adaptive(_) => None,
        }
    }
}

/// Why something is no schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScheduleError {
    /// Shorter than [`Schedule::SHORTEST`].
    TooOften,
    /// Not a cron expression of five fields; holds what the reader said.
    NotCron(String),
    /// A cron expression whose time never comes, such as 30 February.
    Never,
    /// Not a name of the time zone database.
    UnknownZone,
}

impl Schedule {
    /// The shortest interval.
    pub const SHORTEST: SignedDuration = SignedDuration::from_secs(1);

    /// A schedule with a fixed interval.
    ///
    /// # Errors
    /// When it is shorter than [`Schedule::SHORTEST`].
    pub fn every(interval: SignedDuration) -> Result<Self, ScheduleError> {
        if interval < Self::SHORTEST { Err(ScheduleError::TooOften) } else { Ok(Self::Every(interval)) }
    }

    /// A schedule from a cron expression of five fields (minute, hour, day of month, month, day of week) or a nickname
    /// such as `@hourly`, and a name of the time zone database such as `America/Caracas`.
    ///
    /// # Errors
    /// When either cannot be read, or the time never comes.
    pub fn cron(expression: &str, zone: &str) -> Result<Self, ScheduleError> {
        let zone = Self::zone(zone)?;
        let fields = expression.split_whitespace().count();
        if fields != 5 && !expression.trim_start().starts_with('@') {
            return Err(ScheduleError::NotCron(format!("it has {fields} fields where five are due")));
        }
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let cron = parser.parse(expression).map_err(|error| ScheduleError::NotCron(said(error)))?;
        // Any start will do: five fields repeat within 28 years or never come true.
        cron.find_next_occurrence(&Timestamp::UNIX_EPOCH.to_zoned(zone.clone()), false)
            .map_err(|_| ScheduleError::Never)?;
        Ok(Self::Cron { cron: Box::new(cron), zone })
    }

    /// The time zone of a name.
    ///
    /// # Errors
    /// When the time zone database does not know it.
    pub fn zone(name: &str) -> Result<TimeZone, ScheduleError> {
        TimeZone::get(name).map_err(|_| ScheduleError::UnknownZone)
    }
}

impl ScheduleError {
    /// What to write instead.
    pub fn help(&self) -> &'static str {
        match self {
            Self::TooOften => "write at least \"1s\"; most sites ask not to be called more often than every \"5m\"",
            Self::NotCron(_) => {
                "write five fields: minute, hour, day of month, month, day of week, such as \"0 7 * * MON-FRI\" for \
                 seven o'clock on working days"
            }
            Self::Never => "write a day that its month has",
            Self::UnknownZone => {
                "write a name of the time zone database, such as \"America/Caracas\", \"Europe/Madrid\" or \"UTC\""
            }
        }
    }
}

impl fmt::Display for ScheduleError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooOften => formatter.write_str("the interval is shorter than a second"),
            Self::NotCron(error) => {
                write!(formatter, "not a cron expression: {error}")
            }
            Self::Never => formatter.write_str("the time of the cron expression never comes"),
            Self::UnknownZone => formatter.write_str("the time zone is unknown"),
        }
    }
}

impl std::error::Error for ScheduleError {}

/// What the reader of cron expressions says, as a fragment.
fn said(error: CronError) -> String {
    let text = match error {
        CronError::InvalidPattern(text) | CronError::IllegalCharacters(text) | CronError::ComponentError(text) => text,
        other => other.to_string(),
    };
    let mut letters = text.trim_end_matches('.').chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

/// The first time of a cron expression after `now`.
fn occurrence(cron: &Cron, zone: &TimeZone, now: Timestamp) -> Timestamp {
    cron.find_next_occurrence(&now.to_zoned(zone.clone()), false).map_or(Timestamp::MAX, |next| next.timestamp())
}

/// `seed` out of 2^32 of `width / divisor`.
fn fraction(width: SignedDuration, seed: u32, divisor: i128) -> SignedDuration {
    let nanos = width.as_nanos() * i128::from(seed) / (1_i128 << 32) / divisor;
    SignedDuration::from_nanos_i128(nanos)
}

/// FNV-1a over name and salt, 32 bits: even enough to spread, the same on every machine.
fn spread(name: &str, salt: i64) -> u32 {
    name.bytes()
        .chain(salt.to_le_bytes())
        .fold(0x811c_9dc5, |hash: u32, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    /// The next check of a source of which nothing is known and whose server wishes nothing.
    fn next(schedule: &Schedule, now: Timestamp, name: &str) -> Timestamp {
        let (habits, allotment, heed) = (Habits::default(), Allotment::default(), SignedDuration::from_hours(24));
        schedule.next(&Question { name, now, habits: &habits, allotment, heed })
    }

    #[test]
    fn an_interval_is_never_shortened_and_lengthened_by_a_tenth_at_most() {
        let now = at("2026-11-24T12:00:00Z");
        let schedule = Schedule::Every(SignedDuration::from_mins(10));
        let waits: Vec<_> =
            (0..200).map(|n| next(&schedule, now, &format!("source-{n}")).duration_since(now)).collect();
        assert!(waits.iter().all(|wait| *wait >= SignedDuration::from_mins(10)));
        assert!(waits.iter().all(|wait| *wait <= SignedDuration::from_mins(11)));
        assert!(waits.iter().max() > waits.iter().min(), "all sources at the same second");
    }

    #[test]
    fn a_thousand_new_sources_do_not_start_together_but_the_first_starts_at_once() {
        let now = at("2026-11-24T12:00:00Z");
        let schedule = Schedule::Every(SignedDuration::from_mins(15));
        let mut firsts: Vec<_> =
            (0..1000).map(|n| schedule.first(now, &format!("source-{n}"), 1000).duration_since(now)).collect();
        firsts.sort();
        assert!(firsts[0] < SignedDuration::from_secs(1));
        assert!(firsts[999] > SignedDuration::from_secs(30));
    }

    #[test]
    fn a_cron_time_in_the_spring_gap_fires_once_behind_it() {
        let cron = "30 2 * * *".parse::<Cron>().expect("a cron expression");
        let zone = TimeZone::get("Europe/Madrid").expect("a zone");
        let schedule = Schedule::Cron { cron: Box::new(cron), zone };
        // 2026-03-29: 02:00 becomes 03:00 in Madrid.
        let first = next(&schedule, at("2026-03-28T12:00:00Z"), "x");
        assert_eq!(first, at("2026-03-29T01:00:00Z"));
        assert_eq!(next(&schedule, first, "x"), at("2026-03-30T00:30:00Z"));
    }

    #[test]
    fn an_interval_below_a_second_is_refused() {
        assert!(Schedule::every(SignedDuration::from_secs(1)).is_ok());
        assert_eq!(Schedule::every(SignedDuration::from_millis(999)).map(drop), Err(ScheduleError::TooOften));
    }

    #[test]
    fn cron_expressions_have_five_fields_and_come_true() {
        for good in ["*/15 * * * *", "0 7 * * MON-FRI", "@hourly", "0 0 29 2 *"] {
            assert_eq!(Schedule::cron(good, "America/Caracas").map(drop), Ok(()), "{good}");
        }
        for bad in ["", "* * * *", "0 0 7 * * *", "61 * * * *", "every day", "0 7 * * MONDAYS"] {
            assert!(matches!(Schedule::cron(bad, "UTC"), Err(ScheduleError::NotCron(_))), "{bad}");
        }
        assert_eq!(Schedule::cron("0 0 30 2 *", "UTC").map(drop), Err(ScheduleError::Never));
        assert_eq!(Schedule::cron("0 7 * * *", "America/Karakas").map(drop), Err(ScheduleError::UnknownZone));
    }
}
