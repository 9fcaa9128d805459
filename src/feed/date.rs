//! A time as feeds and pages write it → an instant. RFC 3339 and RFC 2822, what people make of them, and dates with
//! the month's name in the languages of the feeds that were measured. A time without a zone is read as UTC.

use jiff::SignedDuration;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// The instant that `text` names, or `None` when it names none.
pub fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if text.is_empty() || text.len() > 100 {
        return None;
    }
    epoch(text).or_else(|| numeric(text)).or_else(|| named(text)).filter(plausible)
}

/// Before the web or after this century somebody made a mistake, and no date is better than a wrong one.
fn plausible(time: &Timestamp) -> bool {
    (0..4_102_444_800).contains(&time.as_second())
}

/// Seconds or milliseconds since 1970.
fn epoch(text: &str) -> Option<Timestamp> {
    let number: i64 = text.parse().ok()?;
    match text.len() {
        9 | 10 => Timestamp::from_second(number).ok(),
        12 | 13 => Timestamp::from_millisecond(number).ok(),
        _ => None,
    }
}

/// `2025-11-04T10:00:00.5+01:00`, `2025-11-04 10:00`, `2025/11/04`, `04.11.2025 10:00`, `11/4/2025 10:00:00 AM`.
fn numeric(text: &str) -> Option<Timestamp> {
    let end =
        text.find(|letter: char| !letter.is_ascii_digit() && !matches!(letter, '-' | '.' | '/')).unwrap_or(text.len());
    let (head, mut rest) = text.split_at(end);
    let separator = head.chars().find(|letter| !letter.is_ascii_digit());
    // 20251104T100000
    let compact_time = separator.is_none() && rest.len() >= 7 && rest.starts_with('T');
    let spelled: String;
    if compact_time && let (Some(hours), Some(minutes)) = (rest.get(1..3), rest.get(3..5)) {
        spelled = format!("{hours}:{minutes}:{}", &rest[5..]);
        rest = &spelled;
    }
    let date = match separator {
        None if head.len() == 8 => civil(&head[..4], &head[4..6], &head[6..])?,
        None => return None,
        Some(separator) => {
            let parts: Vec<&str> = head.trim_end_matches(separator).split(separator).collect();
            let [first, second, third] = parts.as_slice() else { return None };
            match separator {
                _ if first.len() == 4 => civil(first, second, third)?,
                // The dot is European; the slash is American unless the first number cannot be a month.
                '/' => civil(third, first, second).or_else(|| civil(third, second, first))?,
                _ => civil(third, second, first)?,
            }
        }
    };
    rest = rest.trim_start_matches(['T', 't', ',', ' ']);
    let (time, zone) = clock(rest)?;
    instant(date, time, zone)
}

fn civil(year: &str, month: &str, day: &str) -> Option<Date> {
    let digits = year.len();
    let year: i16 = year.parse().ok()?;
    let year = match year {
        _ if digits > 2 => year,
        0..70 => year + 2000,
        70..100 => year + 1900,
        _ => year,
    };
    Date::new(year, month.parse().ok()?, day.parse().ok()?).ok()
}

/// Time since midnight and distance from UTC at the start of `text`; `None` when it is something else than a time.
fn clock(text: &str) -> Option<(SignedDuration, SignedDuration)> {
    let text = text.trim();
    let end =
        text.find(|letter: char| !letter.is_ascii_digit() && !matches!(letter, ':' | '.' | ',')).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    if digits.is_empty() {
        return Some((SignedDuration::ZERO, offset(rest).unwrap_or_default()));
    }
    let mut parts = digits.split(':');
    let hour: i64 = parts.next()?.parse().ok()?;
    let minute: i64 = parts.next()?.get(..2)?.parse().ok()?;
    let second: i64 = parts.next().and_then(|part| part.get(..2)?.parse().ok()).unwrap_or(0);
    let mut rest = rest.trim_start();
    let half = rest.get(..2).map(str::to_ascii_lowercase);
    let hour = match half.as_deref() {
        Some("pm") if hour < 12 => hour + 12,
        Some("am") if hour == 12 => 0,
        _ => hour,
    };
    if matches!(half.as_deref(), Some("am" | "pm")) {
        rest = rest[2..].trim_start();
    }
    // 24:00 is the end of the day (ISO 8601).
    let valid = (0..=24).contains(&hour) && (0..60).contains(&minute) && (0..=60).contains(&second);
    let time = SignedDuration::from_secs(hour * 3600 + minute * 60 + second);
    valid.then(|| (time, offset(rest).unwrap_or_default()))
}

/// The distance from UTC that a zone's text names: `Z`, `+01:00`, `-0330`, `+1`, `GMT+1`, `CET`, `Etc/GMT`.
fn offset(text: &str) -> Option<SignedDuration> {
    let text = text.trim().trim_start_matches(['(', '[']);
    let name_length = text.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (name, rest) = text.split_at(name_length);
    if let Some(sign) = rest.chars().next().filter(|letter| matches!(letter, '+' | '-'))
        && (name.is_empty() || ["GMT", "UTC", "UT"].iter().any(|known| known.eq_ignore_ascii_case(name)))
    {
        let digits: String = rest[1..].chars().take_while(|letter| letter.is_ascii_digit() || *letter == ':').collect();
        let (hours, minutes) = match digits.split_once(':') {
            Some((hours, minutes)) => (hours, minutes),
            None if digits.len() > 2 => digits.split_at(digits.len() - 2),
            None => (digits.as_str(), "0"),
        };
        let minutes: i64 = hours.parse::<i64>().ok()? * 60 + minutes.parse::<i64>().unwrap_or(0);
        let minutes = if sign == '-' { -minutes } else { minutes };
        return (minutes.abs() <= 14 * 60).then(|| SignedDuration::from_mins(minutes));
    }
    ZONES
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, minutes)| SignedDuration::from_mins(*minutes))
}

/// Zone abbreviations by what news feeds mean by them, in minutes.
const ZONES: &[(&str, i64)] = &[
    ("Z", 0),
    ("UT", 0),
    ("UTC", 0),
    ("GMT", 0),
    ("WET", 0),
    ("WEST", 60),
    ("BST", 60),
    ("CET", 60),
    ("MEZ", 60),
    ("CEST", 120),
    ("MESZ", 120),
    ("EET", 120),
    ("EEST", 180),
    ("MSK", 180),
    ("MSD", 240),
    ("IST", 330),
    ("HKT", 480),
    ("SGT", 480),
    ("JST", 540),
    ("KST", 540),
    ("AEST", 600),
    ("AEDT", 660),
    ("NZST", 720),
    ("NZDT", 780),
    ("EST", -300),
    ("EDT", -240),
    ("CST", -360),
    ("CDT", -300),
    ("MST", -420),
    ("MDT", -360),
    ("PST", -480),
    ("PDT", -420),
    ("AST", -240),
    ("ADT", -180),
    ("VET", -240),
    ("BRT", -180),
    ("ART", -180),
    ("COT", -300),
    ("PET", -300),
    ("CLT", -240),
    ("CLST", -180),
];

/// `Tue, 04 Nov 2025 10:00:00 GMT`, `Tue Nov  4 10:00:00 2025`, `4 de noviembre de 2025`, `November 4, 2025, 10:00 am`.
fn named(text: &str) -> Option<Timestamp> {
    let mut month = None;
    let mut numbers: Vec<&str> = Vec::new();
    let mut time = "";
    let mut zone = "";
    let tokens = text
        .split(|letter: char| letter.is_whitespace() || matches!(letter, ',' | '(' | ')'))
        .filter(|token| !token.is_empty());
    for token in tokens {
        if token.contains(':') && token.starts_with(|letter: char| letter.is_ascii_digit()) {
            // From the time on there is only the half of the day, the zone and (asctime) the year.
            time = &text[token.as_ptr() as usize - text.as_ptr() as usize..];
        } else if !time.is_empty() && (offset(token).is_some() || token.starts_with("Etc/")) {
            zone = token;
        } else if token.starts_with(|letter: char| letter.is_ascii_digit()) && !token.contains('-') {
            numbers.push(token.trim_end_matches(|letter: char| !letter.is_ascii_digit()));
        } else if token.contains('-') {
            for part in token.split('-') {
                match part.bytes().all(|byte| byte.is_ascii_digit()) {
                    true => numbers.push(part),
                    false => month = month_of(part).or(month),
                }
            }
        } else {
            // "mar" is March and Tuesday: the day of the week stands first, so the last one is the month.
            month = month_of(token).or(month);
        }
    }
    let month = month?;
    let numbers: Vec<&str> = numbers.into_iter().filter(|number| !number.is_empty()).collect();
    let (day, year) = match numbers.as_slice() {
        [first, second, ..] if first.len() == 4 => (second, first),
        [first, second, ..] => (first, second),
        _ => return None,
    };
    let date = civil(year, &month.to_string(), day)?;
    let (clock_time, mut shift) = match time {
        "" => (SignedDuration::ZERO, SignedDuration::ZERO),
        _ => clock(time)?,
    };
    if !zone.is_empty() {
        shift = offset(zone).unwrap_or_default();
    }
    instant(date, clock_time, shift)
}

/// The first letters of the months' names, without accents where they differ early enough.
const MONTHS: [&[&str]; 12] = [
    &["jan", "ene", "gen", "janv", "янв", "sty", "oca"],
    &["feb", "fev", "fév", "fevr", "фев", "lut", "şub"],
    &["mar", "mär", "mrz", "maar", "мар"],
    &["apr", "abr", "avr", "апр", "kwi", "nis"],
    &["may", "mai", "mag", "maj", "mei", "май", "мая", "mayo"],
    &["jun", "giu", "juin", "июн", "cze", "haz"],
    &["jul", "lug", "juil", "июл", "lip", "tem"],
    &["aug", "ago", "aoû", "aou", "авг", "sie", "ağu"],
    &["sep", "set", "сен", "wrz", "eyl"],
    &["oct", "okt", "out", "ott", "окт", "paź", "eki"],
    &["nov", "ноя", "lis", "kas"],
    &["dec", "dic", "dez", "déc", "дек", "gru", "ara"],
];

fn month_of(word: &str) -> Option<i8> {
    let word = word.to_lowercase();
    (1..).zip(MONTHS).find(|(_, names)| names.iter().any(|name| word.starts_with(name))).map(|(number, _)| number)
}

fn instant(date: Date, time: SignedDuration, offset: SignedDuration) -> Option<Timestamp> {
    let midnight = date.to_zoned(TimeZone::UTC).ok()?.timestamp();
    midnight.checked_add(time).ok()?.checked_sub(offset).ok()
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn one_moment_is_read_in_all_its_spellings() {
        for text in [
            "2025-11-04T10:00:00Z",
            "2025-11-04T11:00:00+01:00",
            "2025-11-04T11:00:00+0100",
            "2025-11-04T10:00:00.123Z",
            "2025-11-04 10:00:00",
            "2025-11-04T10:00:00+00:0",
            "20251104T100000",
            "1762250400",
            "1762250400000",
            "Tue, 04 Nov 2025 10:00:00 GMT",
            "Tue, 04 Nov 2025 11:00:00 CET",
            "Tue, 04 Nov 2025 11:00:00 GMT+1",
            "Tue, 04 Nov 2025 10:00:00",
            "Tue, 4 Nov 25 10:00:00 Z",
            "Tue Nov  4 10:00:00 2025",
            "Tue, 04 Nov 2025 10:00:00 Etc/GMT",
            "Tuesday, 04 November 2025 10:00:00 GMT",
            "04-Nov-2025 10:00",
            "11/4/2025 10:00:00 AM",
            "04.11.2025 10:00",
            "mar, 04 nov 2025 10:00:00 GMT",
            "Di, 04 Nov 2025 11:00:00 +0100",
            "Вт, 04 ноя 2025 13:00:00 +0300",
            "4 de noviembre de 2025, 10:00",
            "November 4, 2025, 10:00 am",
            "martes, 4 de noviembre de 2025 10:00",
        ] {
            assert_eq!(parse(text).map(|time| time.as_second()), Some(1_762_250_400), "{text}");
        }
    }

    #[test]
    fn what_names_no_moment_gives_none() {
        for text in
            ["", "soon", "yesterday", "0000-00-00", "2025-13-40", "12", "Tue, 99 Nov 2025", "0001-01-01T00:00:00Z"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
