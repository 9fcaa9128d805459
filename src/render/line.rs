//! hostile text → one clean line of bounded length; excerpt → pieces, marked or not.

use crate::model::Excerpt;

/// A stretch of an excerpt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Its text, cleaned.
    pub text: String,
    /// Whether it is one of the words that matched.
    pub marked: bool,
}

/// Makes one line of `text`: white space folded to single spaces, without control characters and without the invisible
/// characters that change what a reader sees, at most `longest` characters, the last of them `…` when something was cut.
pub fn clean(text: &str, longest: usize) -> String {
    shorten(folded(text, longest.saturating_add(2)).trim(), longest)
}

/// The excerpt cut at its marks, cleaned, at most about `longest` characters around the first mark. Marks that do not
/// fit the text are left out.
pub fn pieces(excerpt: &Excerpt, longest: usize) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut at = 0;
    for &(start, end) in &excerpt.marks {
        if start < at || end <= start {
            continue;
        }
        let (Some(before), Some(marked)) = (excerpt.text.get(at..start), excerpt.text.get(start..end)) else {
            continue;
        };
        pieces.push(Piece { text: folded(before, usize::MAX), marked: false });
        pieces.push(Piece { text: folded(marked, usize::MAX), marked: true });
        at = end;
    }
    pieces.push(Piece { text: folded(&excerpt.text[at..], usize::MAX), marked: false });
    pieces.retain(|piece| !piece.text.is_empty());
    if let Some(first) = pieces.first_mut() {
        first.text = first.text.trim_start().to_owned();
    }
    if let Some(last) = pieces.last_mut() {
        last.text = last.text.trim_end().to_owned();
    }
    pieces.retain(|piece| !piece.text.is_empty());
    window(pieces, longest)
}

/// The whole text of `pieces`.
pub fn joined(pieces: &[Piece]) -> String {
    pieces.iter().map(|piece| piece.text.as_str()).collect()
}

/// One line of `text`, a space at either end kept as one; no more than about `longest` characters of it.
fn folded(text: &str, longest: usize) -> String {
    let mut line = String::new();
    let mut space = false;
    let mut length = 0;
    for character in text.chars() {
        if character.is_whitespace() {
            space = true;
        } else if !deceives(character) {
            if std::mem::take(&mut space) {
                line.push(' ');
                length += 1;
            }
            line.push(character);
            length += 1;
            if length > longest {
                return line;
            }
        }
    }
    if space {
        line.push(' ');
    }
    line
}

/// Control characters, and those that are not seen but reorder or hide what is (Unicode TR36, "Trojan Source"). Joiners
/// and direction marks stay: Persian, emoji and mixed text need them.
fn deceives(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' // direction overrides, embeddings, isolates
            | '\u{200b}' | '\u{2060}'..='\u{2064}' | '\u{206a}'..='\u{206f}' | '\u{feff}' | '\u{ad}' // not seen
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}') // annotations, tags
}

fn shorten(text: &str, longest: usize) -> String {
    if text.chars().count() <= longest {
        return text.to_owned();
    }
    let kept: String = text.chars().take(longest.saturating_sub(1)).collect();
    // Whole words look better, as long as that costs little; languages without spaces are cut anywhere.
    let cut = match kept.rfind(' ') {
        Some(space) if kept.len() - space <= 24 && space > 0 => &kept[..space],
        _ => kept.as_str(),
    };
    format!("{}…", cut.trim_end())
}

/// Keeps what stands around the first mark when the whole is too long.
fn window(pieces: Vec<Piece>, longest: usize) -> Vec<Piece> {
    let length: usize = pieces.iter().map(|piece| piece.text.chars().count()).sum();
    if length <= longest {
        return pieces;
    }
    let lead: usize = longest / 3;
    let before: usize =
        pieces.iter().take_while(|piece| !piece.marked).map(|piece| piece.text.chars().count()).sum::<usize>();
    let skip = if before >= length { 0 } else { before.saturating_sub(lead) };
    let mut left_out = skip;
    let mut room = longest;
    let mut kept: Vec<Piece> = Vec::new();
    for piece in pieces {
        let count = piece.text.chars().count();
        if left_out >= count {
            left_out -= count;
            continue;
        }
        let text: String = piece.text.chars().skip(left_out).take(room).collect();
        left_out = 0;
        room -= text.chars().count();
        if !text.is_empty() {
            kept.push(Piece { text, marked: piece.marked });
        }
        if room == 0 {
            break;
        }
    }
    if skip > 0
        && let Some(first) = kept.first_mut()
    {
        first.text = format!("…{}", first.text.trim_start());
    }
    if room == 0
        && skip + longest < length
        && let Some(last) = kept.last_mut()
    {
        last.text = format!("{}…", last.text.trim_end());
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::Piece;
    use super::clean;
    use super::joined;
    use super::pieces;
    use crate::model::Excerpt;
    use crate::model::Field;

    fn excerpt(text: &str, marks: &[(usize, usize)]) -> Excerpt {
        Excerpt { field: Field::Body, text: text.into(), marks: marks.to_vec(), rules: Vec::new() }
    }

    #[test]
    fn nothing_that_reorders_hides_or_breaks_a_line_stays() {
        assert_eq!(clean("  a\r\nBcc: b\tc\u{2028}d ", 80), "a Bcc: b c d");
        assert_eq!(clean("gpj.\u{202e}exe \u{2066}x\u{2069}\u{0}\u{7f}\u{200b}\u{feff}", 80), "gpj.exe x");
        assert_eq!(
            clean("\u{645}\u{6cc}\u{200c}\u{62e}", 80),
            "\u{645}\u{6cc}\u{200c}\u{62e}",
            "Persian keeps its joiner"
        );
    }

    #[test]
    fn a_long_line_is_cut_at_a_word_and_says_so() {
        let cut = clean("one two three four five", 12);
        assert_eq!(cut, "one two…");
        assert_eq!(clean(&"文".repeat(200), 150).chars().count(), 150);
        assert_eq!(clean("short", 5), "short");
        assert_eq!(clean("  short \n ", 5), "short");
        assert_eq!(clean(" short x", 5), "shor…");
    }

    #[test]
    fn marks_become_pieces() {
        let found = pieces(&excerpt("La CPI  abre una investigación", &[(3, 6)]), 300);
        assert_eq!(
            found,
            [
                Piece { text: "La ".into(), marked: false },
                Piece { text: "CPI".into(), marked: true },
                Piece { text: " abre una investigación".into(), marked: false },
            ]
        );
    }

    #[test]
    fn marks_that_do_not_fit_lose_no_text() {
        for marks in [&[(1, 2)][..], &[(0, 999)], &[(5, 3)], &[(4, 6), (0, 3)]] {
            assert_eq!(joined(&pieces(&excerpt("ñandú azul", marks), 300)), "ñandú azul", "{marks:?}");
        }
    }

    #[test]
    fn a_long_sentence_is_kept_around_its_first_mark() {
        let text = format!("{} CPI {}", "antes ".repeat(200), "después ".repeat(200));
        let start = text.find("CPI").expect("it is there");
        let found = pieces(&excerpt(&text, &[(start, start + 3)]), 120);
        assert!(found.iter().any(|piece| piece.marked && piece.text == "CPI"));
        let whole = joined(&found);
        assert!(whole.chars().count() <= 122, "{whole}");
        assert!(whole.starts_with('…') && whole.ends_with('…'), "{whole}");
    }
}
