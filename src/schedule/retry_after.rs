//! (Retry-After, Date, now) → the time at which a server will listen again. Pure.

use jiff::SignedDuration;
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;

/// The longest pause that is granted: servers have been seen to ask for 88 hours, some for years.
pub const LONGEST: SignedDuration = SignedDuration::from_hours(48);

/// When a server will listen again (RFC 9110 §10.2.3): seconds from now, or an HTTP date, which is read by the server's
/// own clock when its Date header tells it. At most [`LONGEST`] ahead; `None` for what cannot be read or is past.
pub fn until(retry_after: &str, date: Option<&str>, now: Timestamp) -> Option<Timestamp> {
    let text = retry_after.trim();
    let pause = if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit are a long time, too.
        SignedDuration::from_secs(text.parse().unwrap_or(i64::MAX))
    } else {
        let server_now = date.and_then(http_date).unwrap_or(now);
        http_date(text)?.duration_since(server_now)
    };
    pause.is_positive().then(|| now.saturating_add(pause.min(LONGEST)).unwrap_or(Timestamp::MAX))
}

/// An HTTP date in its three forms (RFC 9110 §5.6.7).
fn http_date(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    // A weekday that does not fit the date is the server's slip and changes nothing.
    if let Ok(timestamp) = rfc2822::DateTimeParser::new().relaxed_weekday(true).parse_timestamp(text) {
        return Some(timestamp);
    }
    ["%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"].iter().find_map(|format| {
        let moment = strtime::parse(format, text).ok()?.to_datetime().ok()?;
        Some(moment.to_zoned(TimeZone::UTC).ok()?.timestamp())
    })
}

#[cfg(test)]
mod tests {
    use super::until;
    use jiff::Timestamp;

    #[test]
    fn seconds_and_all_forms_of_dates_are_read_capped_and_garbage_is_ignored() {
        let now: Timestamp = "2026-03-04T10:00:00Z".parse().expect("a time");
        for (header, date, expected) in [
            ("120", None, Some("2026-03-04T10:02:00Z")),
            (" 120 ", None, Some("2026-03-04T10:02:00Z")),
            ("0", None, None),
            ("-5", None, None),
            ("1.5", None, None),
            ("soon", None, None),
            ("", None, None),
            ("316800", None, Some("2026-03-06T10:00:00Z")),
            ("99999999999999999999999", None, Some("2026-03-06T10:00:00Z")),
            ("Wed, 04 Mar 2026 10:30:00 GMT", None, Some("2026-03-04T10:30:00Z")),
            ("Wednesday, 04-Mar-26 10:30:00 GMT", None, Some("2026-03-04T10:30:00Z")),
            ("Wed Mar  4 10:30:00 2026", None, Some("2026-03-04T10:30:00Z")),
            ("Wed, 04 Mar 2026 09:30:00 GMT", None, None),
            ("Wed, 04 Mar 2036 10:30:00 GMT", None, Some("2026-03-06T10:00:00Z")),
            // A server whose clock is an hour behind means ten minutes all the same.
            ("Wed, 04 Mar 2026 09:10:00 GMT", Some("Wed, 04 Mar 2026 09:00:00 GMT"), Some("2026-03-04T10:10:00Z")),
            ("Wed, 04 Mar 2026 10:10:00 GMT", Some("yesterday"), Some("2026-03-04T10:10:00Z")),
        ] {
            let expected = expected.map(|text| text.parse::<Timestamp>().expect("a time"));
            assert_eq!(until(header, date, now), expected, "{header:?} at {date:?}");
        }
    }
}
