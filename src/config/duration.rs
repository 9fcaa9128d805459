//! `"15m"`, `"1h30m"`, `"250ms"` → a duration; `"16 MiB"` → bytes.

use jiff::SignedDuration;

/// What is wrong with a value, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// A lower-case fragment without a full stop.
    pub message: String,
    /// The remedy.
    pub help: String,
}

/// Reads a duration of units `ms`, `s`, `m`, `h`, `d`, each at most once and largest first. Days have 24 hours.
///
/// # Errors
/// When it is none, negative, or longer than 10,000 days.
pub fn duration(text: &str) -> Result<SignedDuration, Refusal> {
    let refuse = |message: String| Refusal {
        message,
        help: "write a number with its unit: ms, s, m, h or d, such as \"30s\", \"15m\", \"1h30m\" or \"2d\"".into(),
    };
    const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];
    const LONGEST: u64 = 10_000 * 86_400_000;
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(refuse("the duration is empty".into()));
    }
    let mut total: u64 = 0;
    let mut last_unit = None;
    while !rest.is_empty() {
        let digits = rest.find(|character: char| !character.is_ascii_digit()).unwrap_or(rest.len());
        let number = &rest[..digits];
        rest = rest[digits..].trim_start();
        let letters = rest.find(|character: char| !character.is_ascii_alphabetic()).unwrap_or(rest.len());
        let unit = &rest[..letters];
        rest = rest[letters..].trim_start();
        if number.is_empty() {
            return Err(refuse(format!("`{text}` is not a duration")));
        }
        if unit.is_empty() {
            return Err(refuse(format!("`{text}` has no unit")));
        }
        let Some(order) = UNITS.iter().position(|(name, _)| *name == unit) else {
            return Err(refuse(format!("`{unit}` is not a unit of time")));
        };
        if last_unit.is_some_and(|last| last >= order) {
            return Err(refuse(format!("the units of `{text}` are not in order, largest first, each once")));
        }
        last_unit = Some(order);
        let milliseconds = number.parse::<u64>().ok().and_then(|number| number.checked_mul(UNITS[order].1));
        total = milliseconds
            .and_then(|milliseconds| milliseconds.checked_add(total))
            .filter(|total| *total <= LONGEST)
            .ok_or_else(|| refuse(format!("`{text}` is longer than 10000 days")))?;
    }
    Ok(SignedDuration::from_millis(i64::try_from(total).expect("at most LONGEST")))
}

const UNITS: [(&str, u64); 9] = [
    ("B", 1),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
];

/// Reads a number of bytes: `"500 kB"`, `"16 MiB"`, `"1 GiB"`.
///
/// # Errors
/// When it is none.
pub fn size(text: &str) -> Result<u64, Refusal> {
    let refuse = |message: String| Refusal {
        message,
        help: "write a number with its unit: B, kB, MB, GB, TB, KiB, MiB, GiB or TiB, such as \"16 MiB\"".into(),
    };
    let trimmed = text.trim();
    let digits = trimmed.find(|character: char| !character.is_ascii_digit()).unwrap_or(trimmed.len());
    let unit = trimmed[digits..].trim_start();
    let Some((_, factor)) = UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit)) else {
        return Err(refuse(if unit.is_empty() {
            format!("`{text}` has no unit")
        } else {
            format!("`{text}` is not a size")
        }));
    };
    trimmed[..digits]
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(*factor))
        .ok_or_else(|| refuse(format!("`{text}` is not a size")))
}

/// The shortest form that [`size`] reads back.
pub fn size_text(size: u64) -> String {
    let whole = UNITS.iter().filter(|(_, factor)| size >= *factor && size.is_multiple_of(*factor));
    let forms = whole.map(|(unit, factor)| format!("{} {unit}", size / factor));
    forms.min_by_key(String::len).unwrap_or_else(|| format!("{size} B"))
}

/// The shortest form that [`duration`] reads back.
pub fn duration_text(duration: SignedDuration) -> String {
    let mut rest = u64::try_from(duration.as_millis()).unwrap_or(0);
    let mut out = String::new();
    for (unit, length) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)] {
        if rest >= length {
            out.push_str(&format!("{}{unit}", rest / length));
            rest %= length;
        }
    }
    if out.is_empty() { "0s".into() } else { out }
}

#[cfg(test)]
mod tests {
    use super::duration;
    use super::duration_text;
    use super::size;
    use proptest::prelude::*;

    #[test]
    fn durations_are_read_with_their_units() {
        for (text, milliseconds) in [
            ("250ms", 250),
            ("30s", 30_000),
            ("15m", 900_000),
            ("2h", 7_200_000),
            ("1d", 86_400_000),
            ("1h30m", 5_400_000),
            ("1h 30m", 5_400_000),
            ("15 m", 900_000),
            ("0s", 0),
        ] {
            assert_eq!(duration(text).map(|read| read.as_millis()), Ok(milliseconds), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_refused_with_a_remedy() {
        for text in
            ["", "15", "m", "-5m", "5 minutes", "5m1h", "5m5m", "1.5h", "99999999999999999999d", "20000d", "5µs"]
        {
            let refusal = duration(text).expect_err(text);
            assert!(!refusal.help.is_empty());
        }
    }

    #[test]
    fn sizes_are_read_with_their_units() {
        assert_eq!(size("16 MiB"), Ok(16 << 20));
        assert_eq!(size("500kb"), Ok(500_000));
        for text in ["16", "", "16 MiBs", "-1 MiB", "1.5 MiB", "99999999999999 GiB"] {
            assert!(size(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_written_duration_reads_back(milliseconds in 0_i64..864_000_000_000) {
            let written = jiff::SignedDuration::from_millis(milliseconds);
            prop_assert_eq!(duration(&duration_text(written)), Ok(written));
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC*") {
            drop(duration(&text));
            drop(size(&text));
        }
    }
}
