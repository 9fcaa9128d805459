//! Two texts → the sentences that differ, word by word.

use super::facts::prose;
use super::share::letters;
use crate::model::Article;
use crate::model::update::Change;
use crate::model::update::DiffLine;
use crate::model::update::DiffPiece;
use crate::text::sentence;
use similar::Algorithm;
use similar::DiffOp;
use similar::capture_diff_slices;

/// Lines that are told; of more, how many there are.
const MOST: usize = 12;

/// Words of a sentence that are compared. More in a row are no sentence.
const LONGEST: usize = 120;

/// Sentences of a text that are compared: far more than articles have.
const SENTENCES: usize = 2_000;

/// The places where the texts differ, and how many more there are than told. Letters and digits count; links and counters
/// around the article do not.
pub(super) fn diff(old: &Article, new: &Article) -> (Vec<DiffLine>, usize) {
    let mut lines = Vec::new();
    if letters(&old.title) != letters(&new.title) {
        lines.push(DiffLine { headline: true, pieces: words(&old.title, &new.title) });
    }
    let (old_text, new_text) = (prose(&old.text, &new.text), prose(&new.text, &old.text));
    let (before, now) = (sentences(&old_text), sentences(&new_text));
    let keys = |sentences: &[&str]| -> Vec<String> { sentences.iter().map(|sentence| letters(sentence)).collect() };
    for change in capture_diff_slices(Algorithm::Myers, &keys(&before), &keys(&now)) {
        if matches!(change, DiffOp::Equal { .. }) {
            continue;
        }
        let (gone, come) = (&before[change.old_range()], &now[change.new_range()]);
        for at in 0..gone.len().max(come.len()) {
            let pair = [gone.get(at), come.get(at)].map(|sentence| sentence.copied().unwrap_or_default());
            lines.push(DiffLine { headline: false, pieces: words(pair[0], pair[1]) });
        }
    }
    lines.retain(|line| line.pieces.iter().any(|piece| piece.change != Change::Kept));
    let more = lines.len().saturating_sub(MOST);
    lines.truncate(MOST);
    (lines, more)
}

fn sentences(text: &str) -> Vec<&str> {
    let ranges = sentence::sentences(text).into_iter().map(|range| text[range].trim());
    ranges.filter(|sentence| sentence.chars().any(char::is_alphanumeric)).take(SENTENCES).collect()
}

/// One sentence and what became of it.
fn words(old: &str, new: &str) -> Vec<DiffPiece> {
    let (before, now): (Vec<&str>, Vec<&str>) =
        (old.split_whitespace().take(LONGEST).collect(), new.split_whitespace().take(LONGEST).collect());
    let mut pieces: Vec<DiffPiece> = Vec::new();
    let mut push = |change: Change, words: &[&str]| match pieces.last_mut() {
        _ if words.is_empty() => {}
        Some(last) if last.change == change => {
            last.text.push(' ');
            last.text.push_str(&words.join(" "));
        }
        _ => pieces.push(DiffPiece { change, text: words.join(" ") }),
    };
    let changes = capture_diff_slices(Algorithm::Myers, &before, &now);
    let kept: usize =
        changes.iter().filter(|change| matches!(change, DiffOp::Equal { .. })).map(|it| it.new_range().len()).sum();
    if kept * 4 < before.len().min(now.len()) {
        // Two sentences, not two states of one: word by word nobody could read it.
        push(Change::Removed, &before);
        push(Change::Added, &now);
        return pieces;
    }
    for change in changes {
        if matches!(change, DiffOp::Equal { .. }) {
            push(Change::Kept, &now[change.new_range()]);
        } else {
            push(Change::Removed, &before[change.old_range()]);
            push(Change::Added, &now[change.new_range()]);
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::MOST;
    use super::diff;
    use crate::model::Article;
    use crate::model::update::DiffLine;

    fn article(title: &str, text: &str) -> Article {
        Article { title: title.into(), text: text.into(), ..Article::default() }
    }

    fn shown(lines: &[DiffLine]) -> Vec<String> {
        let line = |line: &DiffLine| -> String {
            let pieces = line.pieces.iter().map(|piece| format!("{}:{}", piece.change.as_str(), piece.text));
            pieces.collect::<Vec<_>>().join(" | ")
        };
        lines.iter().map(line).collect()
    }

    #[test]
    fn a_changed_word_is_shown_in_its_sentence_and_nothing_else() {
        let old = article("Relatores", "Doce hombres fueron detenidos. La audiencia sigue.\n\nNadie habló.");
        let new = article(
            "Relatores",
            "Catorce hombres fueron detenidos. La audiencia sigue.\n\nNadie habló. Nada más se sabe.",
        );
        let (lines, more) = diff(&old, &new);
        assert_eq!(
            shown(&lines),
            ["removed:Doce | added:Catorce | kept:hombres fueron detenidos.", "added:Nada más se sabe."]
        );
        assert_eq!(more, 0);
    }

    #[test]
    fn links_around_the_article_are_not_shown_and_long_lists_are_counted() {
        let old = article("A", "Uno dos tres cuatro.");
        let new = article("B", "Uno dos tres cuatro.\n\nLea también: el puerto\n\n12 comentarios");
        assert_eq!(shown(&diff(&old, &new).0), ["removed:A | added:B"]);
        let many: String = (0..40).map(|n| format!("La frase {n} dice esto y aquello.\n\n")).collect();
        let (lines, more) = diff(&article("A", ""), &article("A", &many));
        assert_eq!((lines.len(), more), (MOST, 40 - MOST));
    }
}
