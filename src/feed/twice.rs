//! Text that was encoded as UTF-8 twice → the text. Many a feed generator takes UTF-8 for windows-1252 and encodes it
//! again (`MaracaÃ­bo`): no rule would find a word with an accent there.

use super::entries::Raw;
use encoding_rs::WINDOWS_1252;

/// Longer texts stay as they are: a copy of each would take the memory that one answer may have.
const LONGEST: usize = 256 * 1024;

/// Mends each text of an entry by itself; says whether any was encoded twice.
pub fn mend(raw: &mut Raw) -> bool {
    let options = [&mut raw.summary, &mut raw.content].into_iter().flatten();
    let texts = options.chain([&mut raw.title]).chain(&mut raw.authors).chain(&mut raw.tags);
    let mut mended = false;
    for text in texts {
        if let Some(once) = once(text) {
            *text = once;
            mended = true;
        }
    }
    mended
}

/// The text, when all its letters are those of windows-1252 and their bytes are UTF-8 beyond ASCII: nobody writes that
/// by chance. `None` when it was encoded once.
pub fn once(text: &str) -> Option<String> {
    if text.len() > LONGEST || text.is_ascii() {
        return None;
    }
    let (bytes, _, unmappable) = WINDOWS_1252.encode(text);
    if unmappable {
        return None;
    }
    String::from_utf8(bytes.into_owned()).ok()
}

#[cfg(test)]
mod tests {
    use super::once;

    #[test]
    fn text_that_was_encoded_twice_is_read_as_it_was_meant() {
        for (given, meant) in [
            ("tortura en CumanÃ¡", "tortura en Cumaná"),
            ("detenciÃ³n â\u{20ac}\u{153}arbitrariaâ\u{20ac}\u{9d}", "detención “arbitraria”"),
            ("Ã\u{81}vila", "Ávila"),
        ] {
            assert_eq!(once(given).as_deref(), Some(meant), "{given}");
        }
    }

    #[test]
    fn other_text_stays() {
        for text in ["", "plain", "Cumaná y Maracaíbo", "Ação em São Paulo", "Ãx", "“CumanÃ¡” Ω", "naïve café — «sí»"]
        {
            assert_eq!(once(text), None, "{text}");
        }
    }
}
