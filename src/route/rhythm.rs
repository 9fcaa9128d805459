//! When a subscription tells: at once, in groups, or by digest; and the hours at which a person is left alone.

use crate::schedule::Schedule;
use crate::schedule::ScheduleError;
use jiff::SignedDuration;
use jiff::Timestamp;
use jiff::civil::Time;
use jiff::tz::TimeZone;

/// When a subscription tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Rhythm {
    /// Each alert as soon as it is judged.
    #[default]
    AtOnce,
    /// Together with what comes soon after it, as Alertmanager's `group_wait` and `group_interval` do.
    Grouped {
        /// How long the first of a group waits for others.
        wait: SignedDuration,
        /// The shortest time between two groups.
        every: SignedDuration,
    },
    /// At the times of a cron expression, in the zone of whoever is told.
    Digest {
        /// The expression, checked.
        cron: String,
        /// The zone for receivers that have none of their own.
        zone: Zone,
    },
}

/// A time zone with its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    /// A name of the time zone database.
    pub name: String,
    /// What it says.
    pub zone: TimeZone,
}

impl Default for Zone {
    fn default() -> Self {
        Self { name: "UTC".into(), zone: TimeZone::UTC }
    }
}

impl Zone {
    /// The zone of that name.
    ///
    /// # Errors
    /// When the time zone database does not know it.
    pub fn new(name: &str) -> Result<Self, ScheduleError> {
        Ok(Self { name: name.to_owned(), zone: Schedule::zone(name)? })
    }
}

/// The next time of a cron expression behind `now`: once on a day on which the clock jumps over it (as soon as the clock
/// has jumped), and once on a day on which the clock shows it twice. `None` when expression or zone is none: a checked
/// configuration has no such.
pub fn next_digest(cron: &str, zone: &Zone, now: Timestamp) -> Option<Timestamp> {
    Schedule::cron(cron, &zone.name).ok().map(|schedule| schedule.first(now, "", 1))
}

/// Hours of each day at which a person is left alone, by the clock on their wall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quiet {
    /// When they begin.
    pub from: Time,
    /// When they end; on the next day when this is not behind `from`.
    pub to: Time,
}

impl Quiet {
    /// `22:00-07:00`; `None` when it is none. `24:00` is the end of the day.
    pub fn parse(text: &str) -> Option<Self> {
        let (from, to) = text.split_once('-')?;
        let (from, to) = (clock(from)?, clock(to)?);
        (from != to).then_some(Self { from, to })
    }

    /// When they end, if `now` is within them.
    pub fn ends(&self, zone: &TimeZone, now: Timestamp) -> Option<Timestamp> {
        let local = now.to_zoned(zone.clone());
        let time = local.time();
        let within =
            if self.from < self.to { self.from <= time && time < self.to } else { self.from <= time || time < self.to };
        let day = if self.from >= self.to && time >= self.from { local.date().tomorrow().ok()? } else { local.date() };
        let end = day.to_datetime(self.to).to_zoned(zone.clone()).ok()?.timestamp();
        (within && end > now).then_some(end)
    }
}

fn clock(text: &str) -> Option<Time> {
    let (hour, minute) = text.trim().split_once(':')?;
    let number = |text: &str| (text.len() == 2).then(|| text.parse::<i8>().ok()).flatten();
    match (number(hour)?, number(minute)?) {
        (24, 0) => Some(Time::midnight()),
        (hour, minute) => Time::new(hour, minute, 0, 0).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    fn zone(name: &str) -> Zone {
        Zone::new(name).expect("a zone")
    }

    /// All digests between two moments, by the clock on the wall.
    fn digests(cron: &str, name: &str, from: &str, to: &str) -> Vec<String> {
        let zone = zone(name);
        let mut now = at(from);
        let mut all = Vec::new();
        loop {
            now = next_digest(cron, &zone, now).expect("a time");
            if now > at(to) {
                return all;
            }
            all.push(now.to_zoned(zone.zone.clone()).strftime("%d %H:%M %z").to_string());
        }
    }

    #[test]
    fn a_digest_comes_once_on_the_days_on_which_the_clock_is_changed() {
        // Madrid: 29 March 2026, 02:00 becomes 03:00; 25 October 2026, 03:00 becomes 02:00.
        let madrid = |cron, from, to| digests(cron, "Europe/Madrid", from, to);
        let spring = ("2026-03-28T00:00Z", "2026-03-30T12:00Z");
        assert_eq!(madrid("0 8 * * *", spring.0, spring.1), ["28 08:00 +0100", "29 08:00 +0200", "30 08:00 +0200"]);
        assert_eq!(madrid("30 2 * * *", spring.0, spring.1), ["28 02:30 +0100", "29 03:00 +0200", "30 02:30 +0200"]);
        let autumn = ("2026-10-24T00:00Z", "2026-10-26T12:00Z");
        assert_eq!(madrid("0 8 * * *", autumn.0, autumn.1), ["24 08:00 +0200", "25 08:00 +0100", "26 08:00 +0100"]);
        assert_eq!(madrid("30 2 * * *", autumn.0, autumn.1), ["24 02:30 +0200", "25 02:30 +0200", "26 02:30 +0100"]);
        // Santiago: 6 September 2026, 00:00 becomes 01:00; 5 April 2026, 00:00 becomes 23:00 of the day before.
        let santiago = |cron, from, to| digests(cron, "America/Santiago", from, to);
        let spring = ("2026-09-05T11:00Z", "2026-09-07T12:00Z");
        assert_eq!(santiago("0 8 * * *", spring.0, spring.1), ["05 08:00 -0400", "06 08:00 -0300", "07 08:00 -0300"]);
        assert_eq!(santiago("0 0 * * *", spring.0, spring.1), ["06 01:00 -0300", "07 00:00 -0300"]);
        let autumn = ("2026-04-04T12:00Z", "2026-04-06T12:00Z");
        assert_eq!(santiago("30 23 * * *", autumn.0, autumn.1), ["04 23:30 -0300", "05 23:30 -0400"]);
        // Caracas never changes its clock.
        let caracas = digests("0 8 * * *", "America/Caracas", "2026-03-28T13:00Z", "2026-03-30T13:00Z");
        assert_eq!(caracas, ["29 08:00 -0400", "30 08:00 -0400"]);
    }

    #[test]
    fn quiet_hours_end_by_the_clock_on_the_wall() {
        let night = Quiet::parse("22:00-07:00").expect("quiet hours");
        let noon = Quiet::parse("12:00-13:30").expect("quiet hours");
        let evening = Quiet::parse("20:00-24:00").expect("quiet hours");
        let ends = |quiet: Quiet, name: &str, now: &str| quiet.ends(&zone(name).zone, at(now)).map(|at| at.to_string());
        for (quiet, name, now, end) in [
            (night, "America/Caracas", "2026-11-24T02:00:00Z", Some("2026-11-24T11:00:00Z")),
            (night, "America/Caracas", "2026-11-24T10:59:59Z", Some("2026-11-24T11:00:00Z")),
            (night, "America/Caracas", "2026-11-24T11:00:00Z", None),
            (noon, "Europe/Madrid", "2026-11-24T11:00:00Z", Some("2026-11-24T12:30:00Z")),
            (noon, "Europe/Madrid", "2026-11-24T10:59:00Z", None),
            (evening, "UTC", "2026-11-24T23:59:59Z", Some("2026-11-25T00:00:00Z")),
            (evening, "UTC", "2026-11-24T00:00:00Z", None),
            // The night in which the clock goes forward is an hour shorter.
            (night, "Europe/Madrid", "2026-03-28T22:00:00Z", Some("2026-03-29T05:00:00Z")),
            (night, "Europe/Madrid", "2026-10-24T22:00:00Z", Some("2026-10-25T06:00:00Z")),
        ] {
            assert_eq!(ends(quiet, name, now).as_deref(), end, "{name} {now}");
        }
    }

    #[test]
    fn what_is_no_pair_of_hours_is_refused() {
        for text in ["", "22:00", "22-07", "22:00-22:00", "25:00-07:00", "22:60-07:00", "2:00-07:00", "24:01-07:00"] {
            assert_eq!(Quiet::parse(text), None, "{text}");
        }
    }
}
