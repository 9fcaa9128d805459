//! codes → words for people: languages, times, reasons.

use crate::model::Language;
use crate::model::Reason;
use crate::model::UpdateKind;
use crate::model::alert::EntityTold;
use jiff::Timestamp;

/// The English name of a language, or its code in capitals.
pub fn language(language: &Language) -> String {
    let code = language.as_str();
    NAMES.iter().find(|(known, _)| *known == code).map_or_else(|| code.to_ascii_uppercase(), |(_, name)| (*name).into())
}

/// What a subject says before the headline.
pub fn update(kind: UpdateKind) -> &'static str {
    match kind {
        UpdateKind::Edited => "Update",
        UpdateKind::Corrected => "Corrected",
        UpdateKind::Removed => "Removed",
        UpdateKind::Restored => "Restored",
    }
}

/// `rtl` for languages that are written from right to left, else `ltr`.
pub fn direction(language: &Language) -> &'static str {
    match language.as_str() {
        "ar" | "dv" | "fa" | "he" | "iw" | "ku" | "ps" | "sd" | "ug" | "ur" | "yi" => "rtl",
        _ => "ltr",
    }
}

/// A time for people, in UTC: readers of one alert sit in many zones.
pub fn time(time: Timestamp) -> String {
    time.strftime("%a %-d %b %Y, %H:%M UTC").to_string()
}

/// How long `later` comes after `earlier`: `37 s`, `4 min`, `3 h`, `2 days`; `0 s` when it does not.
pub fn between(earlier: Timestamp, later: Timestamp) -> String {
    let seconds = later.duration_since(earlier).as_secs().max(0);
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7199 => format!("{} min", seconds / 60),
        7200..=172_799 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// The reason with the titles of entities instead of their names: `@court (ICC)` → `International Criminal Court (ICC)`.
pub fn reason(reason: &Reason, entities: &[EntityTold]) -> String {
    let text = reason.to_string();
    let mut words = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find('@') {
        words.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let end = rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-'))).unwrap_or(rest.len());
        let (name, behind) = rest.split_at(end);
        match entities.iter().find(|entity| entity.name.as_str() == name) {
            Some(entity) => words.push_str(&entity.label),
            None => {
                words.push('@');
                words.push_str(name);
            }
        }
        rest = behind;
    }
    words.push_str(rest);
    words
}

static NAMES: &[(&str, &str)] = &[
    ("ar", "Arabic"),
    ("bg", "Bulgarian"),
    ("ca", "Catalan"),
    ("cs", "Czech"),
    ("da", "Danish"),
    ("de", "German"),
    ("el", "Greek"),
    ("en", "English"),
    ("es", "Spanish"),
    ("eu", "Basque"),
    ("fa", "Persian"),
    ("fi", "Finnish"),
    ("fr", "French"),
    ("gl", "Galician"),
    ("he", "Hebrew"),
    ("hi", "Hindi"),
    ("hu", "Hungarian"),
    ("id", "Indonesian"),
    ("it", "Italian"),
    ("ja", "Japanese"),
    ("ko", "Korean"),
    ("nl", "Dutch"),
    ("no", "Norwegian"),
    ("pl", "Polish"),
    ("ps", "Pashto"),
    ("pt", "Portuguese"),
    ("ro", "Romanian"),
    ("ru", "Russian"),
    ("sv", "Swedish"),
    ("tr", "Turkish"),
    ("uk", "Ukrainian"),
    ("ur", "Urdu"),
    ("vi", "Vietnamese"),
    ("zh", "Chinese"),
];

#[cfg(test)]
mod tests {
    use super::between;
    use super::direction;
    use super::language;
    use super::reason;
    use super::time;
    use crate::model::EntityName;
    use crate::model::Language;
    use crate::model::Reason;
    use crate::model::alert::EntityTold;

    #[test]
    fn a_reason_speaks_of_entities_by_their_titles() {
        let court = EntityTold {
            name: EntityName::new("court"),
            label: "International Criminal Court".into(),
            forms: vec!["CPI".into()],
            mentions: 2,
        };
        let matched = |because: &str| Reason::Matched { because: because.into() };
        for (because, words) in [
            ("@court (CPI) and \"torture\"", "International Criminal Court (CPI) and \"torture\""),
            ("@courthouse", "@courthouse"),
            ("a@", "a@"),
        ] {
            assert_eq!(reason(&matched(because), std::slice::from_ref(&court)), words);
        }
    }

    #[test]
    fn languages_have_names_and_directions() {
        let code = |code: &str| Language::parse(code).expect("a language");
        assert_eq!(language(&code("es")), "Spanish");
        assert_eq!(language(&code("qq")), "QQ");
        assert_eq!(direction(&code("fa")), "rtl");
        assert_eq!(direction(&code("pt")), "ltr");
    }

    #[test]
    fn a_pause_is_told_in_one_unit() {
        let at = |seconds| jiff::Timestamp::from_second(seconds).expect("a time");
        for (seconds, words) in
            [(-5, "0 s"), (37, "37 s"), (119, "119 s"), (120, "2 min"), (7200, "2 h"), (200_000, "2 days")]
        {
            assert_eq!(between(at(1000), at(1000 + seconds)), words);
        }
    }

    #[test]
    fn a_time_says_its_zone() {
        let moment = "2026-11-23T06:41:07Z".parse().expect("a time");
        assert_eq!(time(moment), "Mon 23 Nov 2026, 06:41 UTC");
    }
}
