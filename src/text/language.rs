//! (title, body, what the source declares) → the language. The detector knows sixteen languages and needs about sixty
//! characters to be sure; below that, and for a language that it cannot know, the declaration stands.

use crate::model::Language;
use whichlang::Lang;
use whichlang::detect_language;

/// The language of title and body together; `None` when they are too short and nothing is declared.
pub fn detect(title: &str, body: &str, declared: Option<&Language>) -> Option<Language> {
    let mut sample = String::with_capacity(SAMPLE_BYTES + 1);
    sample.push_str(prefix(title, SAMPLE_BYTES));
    sample.push('\n');
    sample.push_str(prefix(body, SAMPLE_BYTES.saturating_sub(sample.len())));
    let letters = sample.chars().filter(|character| character.is_alphabetic()).take(FEWEST_LETTERS).count();
    let unknown_to_detector = declared.is_some_and(|language| !KNOWN.contains(&language.as_str()));
    if letters < FEWEST_LETTERS || unknown_to_detector {
        return declared.cloned();
    }
    // Only Japanese has these letters, and the detector takes it for Chinese where many words are of Chinese ones.
    let kana = sample.chars().filter(|letter| matches!(letter, '\u{3041}'..='\u{30ff}')).count();
    if kana * 50 > sample.chars().filter(|letter| letter.is_alphabetic()).count() {
        return Language::parse("ja");
    }
    // The detector was trained on running text; a headline in capitals misleads it.
    Language::parse(two_letters(detect_language(&sample.to_lowercase())))
}

/// Takes `es`, `es-VE`, and also three-letter codes such as `spa`; `None` for anything else.
pub fn from_tag(tag: &str) -> Option<Language> {
    if let Some(language) = Language::parse(tag) {
        return Some(language);
    }
    let primary = tag.trim().split(['-', '_']).next()?.to_ascii_lowercase();
    let index = THREE_LETTERS.binary_search_by_key(&primary.as_str(), |&(three, _)| three).ok()?;
    Language::parse(THREE_LETTERS[index].1)
}

const SAMPLE_BYTES: usize = 4096;
/// About sixty characters of text.
const FEWEST_LETTERS: usize = 48;

const KNOWN: [&str; 16] =
    ["ar", "zh", "de", "en", "fr", "hi", "it", "ja", "ko", "nl", "pt", "ru", "es", "sv", "tr", "vi"];

fn two_letters(language: Lang) -> &'static str {
    match language {
        Lang::Ara => "ar",
        Lang::Cmn => "zh",
        Lang::Deu => "de",
        Lang::Eng => "en",
        Lang::Fra => "fr",
        Lang::Hin => "hi",
        Lang::Ita => "it",
        Lang::Jpn => "ja",
        Lang::Kor => "ko",
        Lang::Nld => "nl",
        Lang::Por => "pt",
        Lang::Rus => "ru",
        Lang::Spa => "es",
        Lang::Swe => "sv",
        Lang::Tur => "tr",
        Lang::Vie => "vi",
    }
}

fn prefix(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

/// ISO 639-2 and 639-3 codes (both forms where there are two) of languages that have a two-letter code; sorted.
#[rustfmt::skip]
const THREE_LETTERS: [(&str, &str); 78] = [
    ("afr", "af"), ("alb", "sq"), ("ara", "ar"), ("arm", "hy"), ("aym", "ay"), ("aze", "az"), ("baq", "eu"),
    ("bel", "be"), ("ben", "bn"), ("bos", "bs"), ("bul", "bg"), ("cat", "ca"), ("ces", "cs"), ("chi", "zh"),
    ("cmn", "zh"), ("cze", "cs"), ("dan", "da"), ("deu", "de"), ("dut", "nl"), ("ell", "el"), ("eng", "en"),
    ("est", "et"), ("eus", "eu"), ("fas", "fa"), ("fin", "fi"), ("fra", "fr"), ("fre", "fr"), ("geo", "ka"),
    ("ger", "de"), ("gle", "ga"), ("glg", "gl"), ("gre", "el"), ("grn", "gn"), ("hat", "ht"), ("heb", "he"),
    ("hin", "hi"), ("hrv", "hr"), ("hun", "hu"), ("hye", "hy"), ("ice", "is"), ("ind", "id"), ("isl", "is"),
    ("ita", "it"), ("jpn", "ja"), ("kat", "ka"), ("kor", "ko"), ("lav", "lv"), ("lit", "lt"), ("mac", "mk"),
    ("may", "ms"), ("mkd", "mk"), ("msa", "ms"), ("nld", "nl"), ("nor", "no"), ("per", "fa"), ("pol", "pl"),
    ("por", "pt"), ("que", "qu"), ("ron", "ro"), ("rum", "ro"), ("rus", "ru"), ("slk", "sk"), ("slo", "sk"),
    ("slv", "sl"), ("spa", "es"), ("sqi", "sq"), ("srp", "sr"), ("swe", "sv"), ("tam", "ta"), ("tgl", "tl"),
    ("tha", "th"), ("tur", "tr"), ("ukr", "uk"), ("urd", "ur"), ("vie", "vi"), ("wel", "cy"), ("yue", "zh"),
    ("zho", "zh"),
];

#[cfg(test)]
mod tests {
    use super::THREE_LETTERS;
    use super::detect;
    use super::from_tag;
    use crate::model::Language;

    fn language(code: &str) -> Language {
        Language::parse(code).expect("a code")
    }

    #[test]
    fn japanese_with_many_chinese_letters_is_japanese() {
        let body = "港湾労働組合中央執行委員会は九日、賃金交渉妥結を発表した。港湾管理会社幹部、国土交通省担当者、組合代表三者会談で合意、全国主要港湾作業再開は十日午前六時予定。";
        assert_eq!(detect("", body, None), Language::parse("ja"));
        let chinese = "港口工会中央执行委员会九日宣布工资谈判达成协议。港口管理公司负责人、交通部官员与工会代表三方会谈后同意，全国主要港口定于十日上午六时恢复作业，各方表示满意。";
        assert_eq!(detect("", chinese, None), Language::parse("zh"));
    }

    #[test]
    fn a_text_of_a_paragraph_tells_its_language() {
        for (code, text) in [
            ("en", "The families asked the judges to hear them before the end of the month, their lawyer said."),
            ("es", "Las familias pidieron a los jueces que las escuchen antes de fin de mes, dijo su abogada."),
            ("pt", "As famílias pediram aos juízes que as ouçam antes do fim do mês, disse a sua advogada."),
            ("pt", "AS FAMÍLIAS PEDIRAM AOS JUÍZES QUE AS OUÇAM ANTES DO FIM DO MÊS, DISSE A SUA ADVOGADA."),
        ] {
            assert_eq!(detect("", text, None), Some(language(code)), "{text}");
            assert_eq!(detect("", text, Some(&language("en"))), Some(language(code)), "the text outweighs its label");
        }
    }

    #[test]
    fn a_short_text_has_the_language_that_is_declared() {
        assert_eq!(detect("No hay nada", "", Some(&language("es"))), Some(language("es")));
        assert_eq!(detect("No hay nada", "", None), None);
    }

    #[test]
    fn a_language_that_the_detector_cannot_know_is_believed() {
        let text = "Les famílies van demanar als jutges que les escoltin abans de final de mes, va dir l'advocada.";
        assert_eq!(detect("", text, Some(&language("ca"))), Some(language("ca")));
    }

    #[test]
    fn codes_of_two_and_three_letters_are_understood() {
        assert!(THREE_LETTERS.is_sorted());
        for (tag, code) in [("spa", "es"), ("ES-ve", "es"), ("por_BR", "pt"), ("fre", "fr"), (" eng ", "en")] {
            assert_eq!(from_tag(tag), Some(language(code)), "{tag}");
        }
        assert_eq!(from_tag("xyz"), None);
        assert_eq!(from_tag(""), None);
    }
}
