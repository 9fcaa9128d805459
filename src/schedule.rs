//! (policy, history, reply, now) → next check. Pure; the only place that says when a source is asked again.

use croner::Cron;
use croner::parser::CronParser;
use croner::parser::Seconds;
use croner::parser::Year;
use jiff::SignedDuration;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::fmt;

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
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let cron = parser.parse(expression).map_err(|error| ScheduleError::NotCron(error.to_string()))?;
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
                let error = error.trim_end_matches('.');
                let mut letters = error.chars();
                let first = letters.next().map(|letter| letter.to_lowercase().to_string()).unwrap_or_default();
                write!(formatter, "not a cron expression: {first}{}", letters.as_str())
            }
            Self::Never => formatter.write_str("the time of the cron expression never comes"),
            Self::UnknownZone => formatter.write_str("the time zone is unknown"),
        }
    }
}

impl std::error::Error for ScheduleError {}

#[cfg(test)]
mod tests {
    use super::Schedule;
    use super::ScheduleError;
    use jiff::SignedDuration;

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
