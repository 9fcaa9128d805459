//! A time as feeds and pages write it → an instant. RFC 3339 and RFC 2822, what people make of them, and dates with
//! the month's name in the languages of the feeds that were measured. A time without a zone is read as UTC.

use jiff::SignedDuration;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::borrow::Cow;

/// The instant that `text` names, or `None` when it names none.
pub fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if text.is_empty() || text.len() > 100 {
        return None;
    }
    let text = spaced(text);
    epoch(&text).or_else(|| numeric(&text)).or_else(|| named(&text)).filter(plausible)
}

/// The signs that stand behind year, month, day, hour and minute in Chinese, Japanese and Korean, as those of numbers.
fn spaced(text: &str) -> Cow<'_, str> {
    const SIGNS: [(&str, &str); 12] = [
        ("年", "-"),
        ("月", "-"),
        ("日", " "),
        ("년", "-"),
        ("월", "-"),
        ("일", " "),
        ("時", ":"),
        ("时", ":"),
        ("시", ":"),
        ("分", ":"),
        ("분", ":"),
        ("秒", " "),
    ];
    if text.is_ascii() || !SIGNS.iter().any(|(sign, _)| text.contains(sign)) {
        return Cow::Borrowed(text);
    }
    let written = SIGNS.iter().fold(text.to_owned(), |text, (sign, mark)| text.replace(sign, mark));
    Cow::Owned(written.replace("- ", "-").replace(": ", ":").trim_end_matches(':').to_owned())
}

/// Before the web or after this century somebody made a mistake, and no date is better than a wrong one.
fn plausible(time: &Timestamp) -> bool {
    (0..4_102_444_800).contains(&time.as_second())
}

/// Seconds, milli- or microseconds since 1970; a fraction of a second is passed over.
fn epoch(text: &str) -> Option<Timestamp> {
    let whole = match text.split_once('.') {
        Some((whole, fraction)) if whole.len() > 8 && fraction.bytes().all(|byte| byte.is_ascii_digit()) => whole,
        _ => text,
    };
    let number: i64 = whole.parse().ok()?;
    match whole.len() {
        9 | 10 => Timestamp::from_second(number).ok(),
        12 | 13 => Timestamp::from_millisecond(number).ok(),
        15 | 16 => Timestamp::from_microsecond(number).ok(),
        _ => None,
    }
}

/// `2025-11-04T10:00:00.5+01:00`, `2025-11-04 10:00`, `2025/11/04`, `04.11.2025 10:00`, `11/4/2025 10:00:00 AM`.
fn numeric(text: &str) -> Option<Timestamp> {
    let end =
        text.find(|letter: char| !letter.is_ascii_digit() && !matches!(letter, '-' | '.' | '/')).unwrap_or(text.len());
    let (head, mut rest) = text.split_at(end);
    let separator = head.chars().find(|letter| !letter.is_ascii_digit());
    // 20251104T100000, 20251104100000
    let compact = match separator {
        None if head.len() == 14 => head.get(8..10).zip(head.get(10..12)).zip(head.get(12..)),
        None if head.len() == 8 && rest.starts_with('T') => rest.get(1..3).zip(rest.get(3..5)).zip(rest.get(5..)),
        _ => None,
    };
    let spelled: String;
    if let Some(((hours, minutes), seconds)) =
        compact.filter(|((hours, minutes), _)| is_number(hours) && is_number(minutes))
    {
        spelled = format!("{hours}:{minutes}:{seconds}");
        rest = &spelled;
    }
    let date = match separator {
        None if head.len() == 8 || head.len() == 14 => civil(&head[..4], &head[4..6], &head[6..8])?,
        None => return None,
        Some(separator) => {
            let parts: Vec<&str> = head.trim_end_matches(separator).split(separator).collect();
            let (first, second, third) = match parts.as_slice() {
                [first, second, third] => (first, second, third),
                // A month of a year begins with its first day.
                [first, second] if first.len() == 4 && rest.is_empty() => (first, second, &"1"),
                _ => return None,
            };
            match separator {
                _ if first.len() == 4 => civil(first, second, third)?,
                // The dot is European; the slash is American unless the first number cannot be a month.
                '/' => civil(third, first, second).or_else(|| civil(third, second, first))?,
                _ => civil(third, second, first)?,
            }
        }
    };
    rest = rest.trim_start_matches(['T', 't', ',', ' ']);
    rest = rest.strip_prefix("- ").unwrap_or(rest);
    let (time, zone) = clock(rest)?;
    instant(date, time, zone)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
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
    let mut short_time = None;
    let mut zone = "";
    let tokens = text
        .split(|letter: char| letter.is_whitespace() || matches!(letter, ',' | '(' | ')'))
        .filter(|token| !token.is_empty());
    for token in tokens {
        let digits_first = token.starts_with(|letter: char| letter.is_ascii_digit());
        if time.is_empty() && token.contains(':') && digits_first {
            // From the time on there is only the half of the day, the zone and (asctime) the year.
            time = text.find(token).map_or(token, |at| &text[at..]);
        } else if short_time.is_none() && numbers.len() >= 2 && month.is_some() && short_clock(token).is_some() {
            short_time = short_clock(token);
        } else if !time.is_empty() && (offset(token).is_some() || token.starts_with("Etc/")) {
            zone = token;
        } else if digits_first && !token.contains('-') {
            numbers.push(token.trim_end_matches(|letter: char| !letter.is_ascii_digit()));
        } else if token.contains('-') && token.split('-').any(is_number) {
            for part in token.split('-') {
                match is_number(part) {
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
        // A month of a year begins with its first day.
        [year] if year.len() == 4 => (&"1", year),
        _ => return None,
    };
    let date = civil(year, &month.to_string(), day)?;
    let (clock_time, mut shift) = match time {
        "" => (short_time.unwrap_or_default(), SignedDuration::ZERO),
        _ => clock(time)?,
    };
    if !zone.is_empty() {
        shift = offset(zone).unwrap_or_default();
    }
    instant(date, clock_time, shift)
}

/// `10h`, `10h30` and `10.30`, as French, Portuguese and Nordic dates have them behind the year.
fn short_clock(token: &str) -> Option<SignedDuration> {
    let (hours, minutes) = token.split_once(['h', 'H', '.'])?;
    if hours.len() > 2 || !is_number(hours) || !(is_number(minutes) || (minutes.is_empty() && !token.ends_with('.'))) {
        return None;
    }
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().unwrap_or(0));
    (hours <= 24 && minutes < 60).then(|| SignedDuration::from_mins(hours * 60 + minutes))
}

/// The first letters of the months' names, without accents where they differ early enough.
const MONTHS: [&[&str]; 12] = [
    &["jan", "ene", "gen", "ian", "янв", "січ", "sty", "oca", "ιαν"],
    &["feb", "fev", "fév", "fevr", "фев", "лют", "lut", "şub", "úno", "φεβ"],
    &["mar", "mär", "már", "mrz", "mrt", "maar", "мар", "бер", "bře", "μαρ", "μάρ"],
    &["apr", "ápr", "abr", "avr", "апр", "кві", "kwi", "nis", "dub", "απρ"],
    &["may", "mai", "mag", "maj", "máj", "mei", "mej", "май", "мая", "тра", "kvě", "μαΐ", "μάι", "μαι"],
    &["jun", "jún", "iun", "giu", "juin", "июн", "чер", "cze", "haz", "čvn", "červn", "ιουν"],
    &["jul", "júl", "iul", "lug", "juil", "июл", "лип", "lip", "tem", "čvc", "červe", "ιουλ"],
    &["aug", "ago", "aoû", "aou", "авг", "сер", "sie", "ağu", "srp", "αυγ", "αύγ"],
    &["sep", "set", "sze", "сен", "вер", "wrz", "eyl", "zář", "σεπ"],
    &["oct", "okt", "out", "ott", "окт", "жов", "paź", "eki", "říj", "οκτ"],
    &["nov", "noi", "ноя", "лис", "lis", "kas", "νοε", "νοέ"],
    &["dec", "dic", "dez", "des", "déc", "дек", "гру", "gru", "ara", "pro", "δεκ"],
];

/// The number of the month that begins so; of two that fit the longer beginning counts.
fn month_of(word: &str) -> Option<i8> {
    let word = word.to_lowercase();
    let fits = |names: &[&str]| names.iter().filter(|name| word.starts_with(**name)).map(|name| name.len()).max();
    (1..)
        .zip(MONTHS)
        .filter_map(|(number, names)| Some((fits(names)?, number)))
        .max_by_key(|(length, _)| *length)
        .map(|(_, number)| number)
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
            "2025-12-02T10:00:00Z",
            "2025-12-02T11:00:00+01:00",
            "2025-12-02T11:00:00+0100",
            "2025-12-02T10:00:00.123Z",
            "2025-12-02 10:00:00",
            "2025-12-02T10:00:00+00:0",
            "20251202T100000",
            "1764669600",
            "1764669600000",
            "Tue, 02 Dec 2025 10:00:00 GMT",
            "Tue, 02 Dec 2025 11:00:00 CET",
            "Tue, 02 Dec 2025 11:00:00 GMT+1",
            "Tue, 02 Dec 2025 10:00:00",
            "Tue, 2 Dec 25 10:00:00 Z",
            "Tue Dec  2 10:00:00 2025",
            "Tue, 02 Dec 2025 10:00:00 Etc/GMT",
            "Tuesday, 02 December 2025 10:00:00 GMT",
            "02-Dec-2025 10:00",
            "12/2/2025 10:00:00 AM",
            "02.12.2025 10:00",
            "mar, 02 dic 2025 10:00:00 GMT",
            "Di, 02 Dez 2025 11:00:00 +0100",
            "Вт, 02 дек 2025 13:00:00 +0300",
            "2 de diciembre de 2025, 10:00",
            "December 2, 2025, 10:00 am",
            "martes, 2 de diciembre de 2025 10:00",
            "terça-feira, 2 de dezembro de 2025 10:00",
            "mar., 02 déc. 2025 10:00:00 +0000",
            "2 décembre 2025 à 10h00",
            "le 2 décembre 2025, 10h",
            "Dienstag, 2. Dezember 2025, 10:00 Uhr",
            "wt., 02 gru 2025 11:00:00 +0100",
            "2 dicembre 2025 10:00",
            "2 december 2025 10:00",
            "2 desember 2025 10.00",
            "02 грудня 2025 10:00",
            "2025年12月02日 10:00",
            "2025년 12월 2일 10:00",
            "2025-12-02T10:00Z",
            "2025-12-02T05:00:00-05",
            "2025-12-02T10:00:00 Z",
            "2025-12-02T10:00:00,123Z",
            "2025-12-02 10:00:00 UTC",
            "2025-12-02 10:00:00 +0000 UTC",
            "2025-12-02 11:00:00 +01:00",
            "2025-12-02T10:00:00.000000Z",
            "2025-12-02T10:00:00Z[UTC]",
            "20251202T100000Z",
            "20251202100000",
            "2025/12/02 10:00:00",
            "2025.12.02 10:00",
            "1764669600.25",
            "1764669600000000",
            "Tue, 02 Dec 2025 10:00:00 +0000 (UTC)",
            "Tue, 02 Dec 2025 05:00:00 EST",
            "Tue, 02 Dec 2025 5:00 AM EST",
            "Tue, 02-Dec-2025 10:00:00 GMT",
            "Tue Dec 2 10:00:00 UTC 2025",
            "Tue Dec 02 10:00:00 +0000 2025",
            "Dec 2, 2025 5:00 AM EST",
            "Tue,  2 Dec\n 2025\t10:00:00 +0000",
            "Tue, 02 Dec 2025 10:00:00 UTC+0",
            "Tue, 02 Dec 2025 13:00:00 MSK",
            "Tue, 02 Dec 2025 10:00:00Z",
            "2025-12-02T12:00:00 EET",
            "Tue 02 Dec 2025 10:00",
            "2 Dec 2025 at 10:00 am",
            "12/02/2025 - 10:00",
        ] {
            let found = parse(text).map(|time| time.as_second());
            assert!(found == Some(1_764_669_600), "{text}: {found:?}");
        }
    }

    #[test]
    fn the_end_of_a_day_is_the_start_of_the_next() {
        for (text, expected) in [
            ("Tue, 02 Dec 2025 24:00:00 GMT", "2025-12-03T00:00:00Z"),
            ("2025-12-02T24:00:00Z", "2025-12-03T00:00:00Z"),
            ("2025-12-02T23:59:60Z", "2025-12-03T00:00:00Z"),
            ("2025-12-02", "2025-12-02T00:00:00Z"),
            ("2025-12", "2025-12-01T00:00:00Z"),
            ("December 2025", "2025-12-01T00:00:00Z"),
            ("Tue, 12 Aug 2025 10:00:00 BST", "2025-08-12T09:00:00Z"),
            ("Sept. 5, 2025", "2025-09-05T00:00:00Z"),
        ] {
            assert_eq!(parse(text).map(|time| time.to_string()).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_names_no_moment_gives_none() {
        for text in
            ["", "soon", "yesterday", "0000-00-00", "2025-13-40", "12", "Tue, 99 Dec 2025", "0001-01-01T00:00:00Z"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
