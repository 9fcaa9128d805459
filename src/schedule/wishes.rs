//! (HTTP caching headers, what the feed says of itself, now) → how long the server wants to be left alone. Pure.
//!
//! Nonsense is ignored: a feed that says "0", "always" or "every minute" has said nothing. `sy:updateBase` is not read:
//! nearly all feeds that have it name the same full hour, at which everybody else asks too.

use super::retry_after::http_date;
use crate::model::listing::Wishes;
use jiff::SignedDuration;
use jiff::Timestamp;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde::Serialize;

/// The headers of one answer that say how long it is fresh, as they came.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Caching {
    /// Cache-Control.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_control: Option<String>,
    /// Age.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age: Option<String>,
    /// Expires.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// Date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
}

impl Caching {
    /// These headers after a 304, whose own replace them (RFC 9111 §4.3.4). Its age and date are of the 304 itself.
    pub fn updated(&self, of_304: Self) -> Self {
        Self {
            cache_control: of_304.cache_control.or_else(|| self.cache_control.clone()),
            expires: of_304.expires.or_else(|| self.expires.clone()),
            ..of_304
        }
    }

    /// How long the answer is still fresh (RFC 9111 §4.2): max-age, else Expires − Date, less Age. `None` when it says
    /// nothing, or that it is stale at once.
    pub fn fresh_for(&self, now: Timestamp) -> Option<SignedDuration> {
        let lifetime = match self.max_age() {
            MaxAge::Given(lifetime) => lifetime,
            MaxAge::Never => return None,
            MaxAge::Absent => {
                let date = self.date.as_deref().and_then(http_date).unwrap_or(now);
                http_date(self.expires.as_deref()?)?.duration_since(date)
            }
        };
        let age = self.age.as_deref().and_then(delta_seconds).unwrap_or_default();
        Some(lifetime.saturating_sub(age)).filter(SignedDuration::is_positive)
    }

    fn max_age(&self) -> MaxAge {
        let directives = self.cache_control.as_deref().unwrap_or_default().split(',').map(|directive| {
            let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
            (name.trim().to_ascii_lowercase(), value.trim().trim_matches('"'))
        });
        let mut max_age = MaxAge::Absent;
        for (name, value) in directives {
            match name.as_str() {
                "no-cache" | "no-store" => return MaxAge::Never,
                "max-age" if max_age == MaxAge::Absent => {
                    // RFC 9111 §4.2.1: a max-age that is no number makes the answer stale.
                    max_age = delta_seconds(value).map_or(MaxAge::Never, MaxAge::Given);
                }
                _ => {}
            }
        }
        max_age
    }
}

#[derive(Clone, Copy, PartialEq)]
enum MaxAge {
    Given(SignedDuration),
    Never,
    Absent,
}

/// The pause between two checks that the feed asks for: the longest of `ttl` and `sy:updatePeriod` over
/// `sy:updateFrequency`.
pub fn pause(wishes: &Wishes) -> Option<SignedDuration> {
    let ttl = wishes.ttl.as_deref().and_then(whole).map(SignedDuration::from_mins);
    let period = wishes.update_period.as_deref().and_then(period).map(|period| {
        let times = wishes.update_frequency.as_deref().and_then(whole).unwrap_or(1);
        // More often than every minute is no wish for a pause.
        period / i32::try_from(times).unwrap_or(i32::MAX)
    });
    ttl.max(period).filter(|pause| *pause >= SignedDuration::from_mins(1))
}

/// The first time from `at` on that is in none of the hours and on none of the days (GMT) on which the feed does not
/// want to be asked. Hours or days that cover everything are ignored.
pub fn open(wishes: &Wishes, at: Timestamp) -> Timestamp {
    let mut hours = [false; 24];
    for hour in wishes.skip_hours.iter().filter_map(|hour| hour.trim().parse::<usize>().ok()) {
        // RSS 0.91 counted from 1 to 24.
        if hour <= 24 {
            hours[hour % 24] = true;
        }
    }
    let mut days = [false; 7];
    for day in wishes.skip_days.iter().filter_map(|day| weekday(day)) {
        days[usize::from(day.to_monday_zero_offset().unsigned_abs())] = true;
    }
    if hours.iter().all(|skipped| *skipped) {
        hours = [false; 24];
    }
    if days.iter().all(|skipped| *skipped) {
        days = [false; 7];
    }
    let closed = |time: Timestamp| {
        let time = time.to_zoned(TimeZone::UTC);
        let day = usize::from(time.weekday().to_monday_zero_offset().unsigned_abs());
        hours[usize::from(time.hour().unsigned_abs())] || days[day]
    };
    let mut open = at;
    // A week has 168 hours, one of which is open.
    for _ in 0..168 {
        if !closed(open) {
            break;
        }
        let seconds = (open.as_second().div_euclid(3600) + 1) * 3600;
        open = Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX);
    }
    open
}

fn period(text: &str) -> Option<SignedDuration> {
    let hours = match text.trim().to_lowercase().as_str() {
        "hourly" | "hour" => 1,
        // The most common slips.
        "daily" | "dayly" | "day" => 24,
        "weekly" | "week" => 7 * 24,
        "monthly" | "month" => 30 * 24,
        "yearly" | "year" | "annually" => 365 * 24,
        _ => return None,
    };
    Some(SignedDuration::from_hours(hours))
}

fn weekday(text: &str) -> Option<Weekday> {
    let text = text.trim().to_lowercase();
    let days = [
        ("monday", Weekday::Monday),
        ("tuesday", Weekday::Tuesday),
        ("wednesday", Weekday::Wednesday),
        ("thursday", Weekday::Thursday),
        ("friday", Weekday::Friday),
        ("saturday", Weekday::Saturday),
        ("sunday", Weekday::Sunday),
    ];
    days.into_iter().find(|(name, _)| *name == text || (text.len() == 3 && name.starts_with(&text))).map(|(_, day)| day)
}

/// A whole number from 1 on; what is longer than any clock is the longest.
fn whole(text: &str) -> Option<i64> {
    let text = text.trim();
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(i64::MAX).min(1 << 30)).filter(|number| *number > 0)
}

/// RFC 9111 §1.2.2.
fn delta_seconds(text: &str) -> Option<SignedDuration> {
    let text = text.trim();
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| SignedDuration::from_secs(text.parse().unwrap_or(i64::MAX).min(1 << 31)))
}

#[cfg(test)]
mod tests {
    use super::Caching;
    use super::open;
    use super::pause;
    use crate::model::listing::Wishes;
    use jiff::Timestamp;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    fn text(text: &str) -> Option<String> {
        (!text.is_empty()).then(|| text.to_owned())
    }

    #[test]
    fn freshness_is_max_age_less_age_else_expires_less_date() {
        let date = "Wed, 04 Mar 2026 10:00:00 GMT";
        let now = at("2026-03-04T10:00:00Z");
        for (cache_control, age, expires, date, fresh) in [
            ("max-age=600", "", "", date, Some(600)),
            ("public, MAX-AGE=\"600\"", "", "", "", Some(600)),
            ("max-age=600", "200", "", date, Some(400)),
            ("max-age=600", "600", "", date, None),
            ("max-age=600", "soon", "", date, Some(600)),
            ("max-age=600", "", "Wed, 04 Mar 2026 22:00:00 GMT", date, Some(600)),
            ("s-maxage=600", "", "", date, None),
            ("max-age=0", "", "Wed, 04 Mar 2026 22:00:00 GMT", date, None),
            ("no-cache, max-age=600", "", "", date, None),
            ("max-age=600, no-store", "", "", date, None),
            ("max-age=ten", "", "Wed, 04 Mar 2026 22:00:00 GMT", date, None),
            ("max-age=60, max-age=600", "", "", date, Some(60)),
            ("max-age=-1", "", "", date, None),
            ("public", "", "Wed, 04 Mar 2026 10:30:00 GMT", date, Some(1800)),
            // The server's clock is an hour behind.
            ("", "", "Wed, 04 Mar 2026 09:30:00 GMT", "Wed, 04 Mar 2026 09:00:00 GMT", Some(1800)),
            ("", "60", "Wed, 04 Mar 2026 10:30:00 GMT", "", Some(1740)),
            ("", "", "0", date, None),
            ("", "", "-1", date, None),
            ("", "", "Thu, 01 Jan 1970 00:00:00 GMT", date, None),
            ("", "", "", "", None),
        ] {
            let caching = Caching {
                cache_control: text(cache_control),
                age: text(age),
                expires: text(expires),
                date: text(date),
            };
            assert_eq!(caching.fresh_for(now).map(|fresh| fresh.as_secs()), fresh, "{caching:?}");
        }
    }

    #[test]
    fn a_304_renews_freshness_and_brings_its_own_age_and_date() {
        let known = Caching {
            cache_control: text("max-age=600"),
            age: text("599"),
            expires: None,
            date: text("Wed, 04 Mar 2026 10:00:00 GMT"),
        };
        let now = at("2026-03-04T11:00:00Z");
        let silent = known.updated(Caching::default());
        assert_eq!(silent.fresh_for(now).map(|fresh| fresh.as_secs()), Some(600));
        let changed = known.updated(Caching { cache_control: text("max-age=60"), age: text("10"), ..known.clone() });
        assert_eq!(changed.fresh_for(now).map(|fresh| fresh.as_secs()), Some(50));
    }

    #[test]
    fn a_feed_s_pause_is_the_longest_that_it_names_and_nonsense_is_none() {
        for (ttl, update_period, update_frequency, minutes) in [
            ("60", "", "", Some(60)),
            (" 60 ", "", "", Some(60)),
            ("0", "", "", None),
            ("0.1", "", "", None),
            ("-5", "", "", None),
            ("soon", "", "", None),
            ("", "hourly", "1", Some(60)),
            ("", "hourly", "4", Some(15)),
            ("", " Daily ", "", Some(1440)),
            ("", "dayly", "2", Some(720)),
            ("", "hourly", "0", Some(60)),
            ("", "hourly", "0.1", Some(60)),
            ("", "always", "1", None),
            ("", "minutely", "1", None),
            ("", "hourly", "3600", None),
            ("30", "hourly", "1", Some(60)),
            ("90", "hourly", "1", Some(90)),
            ("", "", "2", None),
        ] {
            let wishes = Wishes {
                ttl: text(ttl),
                update_period: text(update_period),
                update_frequency: text(update_frequency),
                ..Wishes::default()
            };
            assert_eq!(pause(&wishes).map(|pause| pause.as_secs() / 60), minutes, "{wishes:?}");
        }
        let endless = Wishes { ttl: text("99999999999999999999"), ..Wishes::default() };
        assert!(pause(&endless).is_some());
    }

    #[test]
    fn skipped_hours_and_days_are_passed_over_unless_they_are_all() {
        let all_hours: Vec<String> = (0..24).map(|hour| hour.to_string()).collect();
        let names = ["Monday", "tuesday", "Wed", "Thursday", "Friday", "Saturday", "Sunday"];
        // A Friday.
        let friday = "2026-03-06T22:30:00Z";
        for (hours, days, expected) in [
            (&["22", "23"][..], &[][..], "2026-03-07T00:00:00Z"),
            (&["22", "23", "24"], &[], "2026-03-07T01:00:00Z"),
            (&["22"], &["Saturday", "Sunday"], "2026-03-06T23:00:00Z"),
            (&["22", "23"], &["Saturday", "Sunday"], "2026-03-09T00:00:00Z"),
            (&["late", "25", "-1"], &["Holiday"], friday),
            (&["21"], &["Saturday"], friday),
            (&[], &names, friday),
        ] {
            let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
            let wishes = Wishes { skip_hours: owned(hours), skip_days: owned(days), ..Wishes::default() };
            assert_eq!(open(&wishes, at(friday)), at(expected), "{wishes:?}");
        }
        let wishes = Wishes { skip_hours: all_hours, ..Wishes::default() };
        assert_eq!(open(&wishes, at(friday)), at(friday));
    }
}
